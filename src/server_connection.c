/*
 * server_connection: see server_connection.h.
 */
#include "server_connection.h"

#include <stdint.h>
#include <sys/socket.h>

#include "clock.h"
#include "memory.h"

enum {
  SECOND_US = 1000 * 1000,
  SLOWEST_BYTES = 16 * 1024 /* a second */,
  PIECE_BLOCK = 16 * 1024,
  ASK_AGAIN_US = 50 * 1000
};

static void take_turn(struct server_connection *connection, enum server_turn turn, int64_t most_us) {
  struct server_connections *all = connection->all;
  int64_t now = clock_monotonic_us();
  uv_mutex_lock(&all->lock);
  connection->turn = turn;
  connection->since_us = now;
  connection->deadline_us = most_us ? now + most_us : 0;
  uv_mutex_unlock(&all->lock);
}

static void take_turn_sending(struct server_connection *connection, size_t bytes) {
  take_turn(connection, SERVER_SENDING, connection->all->receive_us + (int64_t)bytes * SECOND_US / SLOWEST_BYTES);
}

/* --- the page's answer --- */

/* In a thread of the page's. */
static void piece_done(void *context) {
  struct server_connection *connection = context;
  http_pause_wake(&connection->all->pauses, &connection->pause);
}

static enum MHD_Result refuse(struct server_connection *connection, struct MHD_Connection *http,
                              enum server_refusal refusal) {
  const struct server_refusal_answer *answer = &connection->all->refusals[refusal];
  take_turn_sending(connection, 0);
  return MHD_queue_response(http, answer->status, answer->response);
}

static enum MHD_Result start_call(struct server_connection *connection, struct MHD_Connection *http,
                                  const char *method) {
  struct server_connections *all = connection->all;
  struct page_request asked;
  enum server_refusal refusal = server_request_read(&connection->request, http, method, &asked);
  if (refusal != SERVER_NOT_REFUSED) return refuse(connection, http, refusal);
  take_turn(connection, SERVER_WORKING, 0);
  /* first, since the call may be done before start returns */
  if (!http_pause_begin(&all->pauses, &connection->pause, http, HTTP_PAUSE_UNTIL_WOKEN)) return MHD_NO;
  connection->call = all->functions->start(all->page, &asked, piece_done, connection);
  if (!connection->call) http_pause_wake(&all->pauses, &connection->pause);
  return MHD_YES;
}

/* "Name: value" lines. False: out of memory. */
static bool add_headers(struct MHD_Response *http, const struct buffer *headers) {
  char *lines = memory_copy(headers->length ? headers->bytes : "", headers->length);
  bool added = lines != NULL;
  for (char *name = lines, *end; added && (end = strstr(name, "\r\n")) != NULL; name = end + 2) {
    *end = '\0';
    char *colon = strstr(name, ": ");
    if (!colon) continue;
    *colon = '\0';
    added = MHD_add_response_header(http, name, colon + 2) == MHD_YES;
  }
  memory_free(lines);
  return added;
}

/* The connection pauses meanwhile; when the page has too much to do, it is asked again when the pause is over. */
static ssize_t ask_for_piece(struct server_connection *connection) {
  struct server_connections *all = connection->all;
  take_turn(connection, SERVER_WORKING, 0);
  if (!http_pause_begin(&all->pauses, &connection->pause, connection->http, HTTP_PAUSE_UNTIL_WOKEN))
    return MHD_CONTENT_READER_END_WITH_ERROR;
  connection->sent = 0;
  connection->asks_again = !all->functions->more(connection->call);
  if (connection->asks_again) http_pause_until(&all->pauses, &connection->pause, clock_monotonic_us() + ASK_AGAIN_US);
  return 0;
}

/* A body of several pieces, a bit at a time. */
static ssize_t read_piece(void *context, uint64_t position, char *bytes, size_t most) {
  (void)position;
  struct server_connection *connection = context;
  if (connection->pause.cut_off) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (connection->asks_again) return ask_for_piece(connection);
  const struct page_response *response = connection->all->functions->response(connection->call);
  if (response->broken) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (connection->turn == SERVER_WORKING) take_turn_sending(connection, response->body.length);
  size_t left = response->body.length - connection->sent;
  if (left == 0) return response->more ? ask_for_piece(connection) : MHD_CONTENT_READER_END_OF_STREAM;
  if (left < most) most = left;
  memcpy(bytes, response->body.bytes + connection->sent, most);
  connection->sent += most;
  return (ssize_t)most;
}

/* libmicrohttpd only reads what is persistent, but does not say so in the type. The call outlives the sending. */
static struct MHD_Response *make_response(struct server_connection *connection, const struct page_response *response) {
  if (response->more)
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BLOCK, read_piece, connection, NULL);
  return MHD_create_response_from_buffer(response->body.length, (void *)(uintptr_t)response->body.bytes,
                                         MHD_RESPMEM_PERSISTENT);
}

/* Nobody keeps a place that others wait for. */
static bool give_up_place(struct server_connections *all, struct MHD_Response *http) {
  uv_mutex_lock(&all->lock);
  bool full = all->count == SERVER_CONNECTIONS;
  uv_mutex_unlock(&all->lock);
  return !full || MHD_add_response_header(http, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

static enum MHD_Result answer(struct server_connection *connection, struct MHD_Connection *http) {
  struct server_connections *all = connection->all;
  if (!connection->call) return refuse(connection, http, SERVER_REFUSED_BUSY);
  const struct page_response *response = all->functions->response(connection->call);
  if (response->delay_ms > 0 && !connection->held_back) {
    connection->held_back = true;
    int64_t due_us = clock_monotonic_us() + (int64_t)response->delay_ms * 1000;
    return http_pause_begin(&all->pauses, &connection->pause, http, due_us) ? MHD_YES : MHD_NO;
  }
  struct MHD_Response *made = make_response(connection, response);
  if (!made) return refuse(connection, http, SERVER_REFUSED_MEMORY);
  enum MHD_Result result = MHD_NO;
  if (add_headers(made, &response->headers) && give_up_place(all, made)) {
    take_turn_sending(connection, response->body.length);
    result = MHD_queue_response(http, (unsigned)response->status, made);
  }
  MHD_destroy_response(made);
  return result;
}

/* --- what libmicrohttpd calls --- */

static struct server_connection *free_place(struct server_connections *all) {
  for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
    if (all->places[i].socket.descriptor < 0) return &all->places[i];
  return NULL;
}

static void started(struct server_connections *all, struct MHD_Connection *http, void **socket_context) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
  struct server_connection *connection = info ? free_place(all) : NULL;
  *socket_context = connection; /* NULL, which libmicrohttpd's limit excludes, ends it with its first request */
  if (!connection) return;
  connection->http = http;
  connection->pause = (struct http_pause){0};
  take_turn(connection, SERVER_RECEIVING, all->receive_us);
  uv_mutex_lock(&all->lock);
  http_socket_add(&connection->socket, info->connect_fd);
  bool first = all->count++ == 0;
  uv_mutex_unlock(&all->lock);
  if (first) http_pauses_look(&all->pauses, true);
}

static void closed(struct server_connections *all, struct server_connection *connection) {
  if (!connection) return;
  uv_mutex_lock(&all->lock);
  http_socket_remove(&connection->socket);
  bool last = --all->count == 0;
  uv_mutex_unlock(&all->lock);
  if (last) http_pauses_look(&all->pauses, false);
}

void server_connection_notify(void *context, struct MHD_Connection *http, void **socket_context,
                              enum MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_STARTED)
    started(context, http, socket_context);
  else
    closed(context, *socket_context);
}

void *server_connection_begin(void *context, const char *target, struct MHD_Connection *http) {
  (void)context;
  const union MHD_ConnectionInfo *socket = MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  struct server_connection *connection = socket ? socket->socket_context : NULL;
  if (connection) server_request_begin(&connection->request, target);
  return connection;
}

enum MHD_Result server_connection_receive(void *context, struct MHD_Connection *http, const char *url,
                                          const char *method, const char *version, const char *upload,
                                          size_t *upload_size, void **slot) {
  (void)context, (void)url, (void)version; /* the url is decoded; begin has seen the target itself */
  struct server_connection *connection = *slot;
  if (!connection || connection->pause.cut_off) return MHD_NO;
  if (!connection->has_head) {
    connection->has_head = true;
    return MHD_YES;
  }
  if (*upload_size) {
    server_request_append(&connection->request, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  if (connection->turn == SERVER_RECEIVING) return start_call(connection, http, method);
  return answer(connection, http);
}

void server_connection_end(void *context, struct MHD_Connection *http, void **slot,
                           enum MHD_RequestTerminationCode code) {
  (void)http, (void)code;
  struct server_connections *all = context;
  struct server_connection *connection = *slot;
  *slot = NULL;
  if (!connection) return;
  all->functions->free(connection->call); /* from here on nobody else knows the connection */
  connection->call = NULL;
  server_request_free(&connection->request);
  connection->has_head = connection->held_back = connection->asks_again = false;
  connection->sent = 0;
  take_turn(connection, SERVER_RECEIVING, all->idle_us + all->receive_us); /* a rest, and the next request */
}

/* --- what the watching thread calls --- */

/* Whether the client has closed its side; what waits to be read after that, a further request, hides it. */
static bool has_gone(int descriptor) {
  char byte;
  return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool is_overdue(const struct server_connection *connection, int64_t now, bool full) {
  if (connection->deadline_us == 0) return false;
  return connection->deadline_us < now ||
         (full && connection->turn == SERVER_RECEIVING && connection->since_us + SECOND_US < now);
}

/* A descriptor is closed after its place is free, for which the lock is needed: so here it is the connection's. */
void server_connections_look(void *context) {
  struct server_connections *all = context;
  int64_t now = clock_monotonic_us();
  uv_mutex_lock(&all->lock);
  bool full = all->count == SERVER_CONNECTIONS;
  for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
    struct server_connection *connection = &all->places[i];
    int descriptor = connection->socket.descriptor;
    if (descriptor < 0) continue;
    bool left = connection->turn == SERVER_RECEIVING && has_gone(descriptor);
    if (left || is_overdue(connection, now, full)) {
      shutdown(descriptor, SHUT_RDWR);
      connection->deadline_us = 0;
    } else if (connection->turn == SERVER_WORKING && has_gone(descriptor)) {
      http_pause_cut(&all->pauses, &connection->pause);
    }
  }
  uv_mutex_unlock(&all->lock);
}
