/*
 * server_connection: the connections of a server, from their first byte to their last.
 *
 * A connection takes turns: it receives a request, has it worked on, sends the answer, piece by piece, and receives
 * again. libmicrohttpd's callbacks come in this order: notify (it has started), begin (the request line), receive (once
 * with the head, then with each piece of the body, then with nothing: it is complete; then again each time that it was
 * woken), read_piece, end (of the request), notify (it is closed).
 *
 * All of that is in libmicrohttpd's thread, which owns the connections. The lock guards what the thread that watches
 * the time looks at: a connection's descriptor, turn and deadline.
 */
#ifndef INTENT_WEBHOOK_SERVER_CONNECTION_H
#define INTENT_WEBHOOK_SERVER_CONNECTION_H

#include "http_pause.h"
#include "http_socket.h"
#include "server.h"
#include "server_request.h"

#pragma GCC visibility push(hidden)

enum server_turn { SERVER_RECEIVING, SERVER_WORKING, SERVER_SENDING };

struct server_connections;

struct server_connection {
  struct server_connections *all;
  struct MHD_Connection *http;
  struct http_pause pause; /* while the page works on its request, and while the answer is held back */

  struct http_socket socket; /* not open: nobody has this place */
  enum server_turn turn;
  int64_t since_us;    /* monotonic; when the turn began */
  int64_t deadline_us; /* monotonic; when the client must have done its part; 0: it is not the client's turn */

  struct server_request request;
  struct page_call *call;
  bool has_head, held_back, asks_again;
  size_t sent; /* bytes of the piece */
};

struct server_connections {
  const struct page_functions *functions;
  struct page *page;
  int64_t idle_us, receive_us;
  struct server_refusal_answer refusals[SERVER_REFUSAL_COUNT];
  struct http_pauses pauses;
  uv_mutex_t lock;
  unsigned count;
  struct server_connection places[SERVER_CONNECTIONS];
};

/* What libmicrohttpd calls. The context is the struct server_connections. */
void server_connection_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                              enum MHD_ConnectionNotificationCode code);
void *server_connection_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result server_connection_receive(void *context, struct MHD_Connection *connection, const char *url,
                                          const char *method, const char *version, const char *upload,
                                          size_t *upload_size, void **slot);
void server_connection_end(void *context, struct MHD_Connection *connection, void **slot,
                           enum MHD_RequestTerminationCode code);

/* What the thread that watches the time calls: ends those whose time is up, and calls whose client has gone. */
void server_connections_look(void *context);

#pragma GCC visibility pop
#endif
