/*
 * transport: one HTTP request by libcurl, one outcome.
 *
 * A transfer is an easy handle set up for one endpoint and used for one delivery after the other. It watches the wire
 * through libcurl's callbacks, fills the delivery's attempt, and turns libcurl's result into a cause. It knows nothing
 * of queues and loops; the sender adds it to its multi handle and takes it out again.
 *
 * Limits: the whole call within the endpoint's timeout; response heads up to 256 KiB; 64 KiB of the body are kept, then
 * the transfer ends.
 */
#ifndef INTENT_WEBHOOK_TRANSPORT_H
#define INTENT_WEBHOOK_TRANSPORT_H

#include <curl/curl.h>

#include "endpoint.h"

#pragma GCC visibility push(hidden)

enum { TRANSPORT_HEAD_LIMIT = 256 * 1024, TRANSPORT_BODY_LIMIT = 64 * 1024, TRANSPORT_IDLE_SECONDS = 4 };

/* What a transfer needs from the sender: how sockets are opened and closed. */
struct transport {
  CURLSH *share; /* TLS sessions and names, kept between transfers; one thread only */
  curl_closesocket_callback close_socket;
  void *close_context;
  bool (*socket_opened)(void *context, curl_socket_t socket); /* false: no memory, it is closed again */
};

struct transfer {
  struct transfer *next, *previous; /* in its endpoint's lane */
  CURL *easy;
  const struct transport *transport;
  struct endpoint *endpoint;
  struct delivery *delivery; /* NULL while idle */
  int64_t started_us;        /* monotonic */
  /* the response as it comes in */
  size_t head_bytes;
  int64_t announced; /* Content-Length; -1 none */
  int64_t body_bytes;
  unsigned requests_seen;
  int64_t connected_us; /* when TLS began; -1 not yet */
  bool resolving, forbidden, no_memory, head_begun, head_complete, conflicting_length, ended_by_us;
  enum cause ended_cause;
  char error[CURL_ERROR_SIZE];
};

/* A handle for the endpoint, or NULL when there is no memory. */
struct transfer *transfer_new(const struct transport *transport, struct endpoint *endpoint);
void transfer_free(struct transfer *transfer);

/* Prepares the request for the delivery, which the transfer borrows until transfer_finish. False: no memory. */
bool transfer_begin(struct transfer *transfer, struct delivery *delivery);

/* Turns libcurl's result into the delivery's outcome (attempt, cause, status, finished_us) and lets go of it. */
void transfer_finish(struct transfer *transfer, CURLcode result);

/* The same for a transfer that is given up before libcurl ended it. */
void transfer_abandon(struct transfer *transfer, enum cause cause);

#pragma GCC visibility pop
#endif
