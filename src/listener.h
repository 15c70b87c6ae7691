/*
 * listener: an HTTP server that keeps what it is sent and answers as told. For trying out webhooks; no part of sending.
 *
 * libmicrohttpd's thread receives. A request that has come in full is queued for listener_take, at once, and answered
 * after the delay, which holds up no other request; where there is a delay a second thread watches the time.
 *
 * Limits: LISTENER_CONNECTIONS at once (more wait in the kernel's backlog); request heads up to 64 KiB (then 431 or
 * 413, by libmicrohttpd); LISTENER_REQUESTS requests and LISTENER_BYTES, those being received included, wait to be
 * taken. What goes beyond is answered 503 and forgotten.
 *
 * Fork: the child does not keep the port, nor the connections. Requests are the parent's to take; the child may only
 * close the listener, which there gives back memory.
 */
#ifndef INTENT_WEBHOOK_LISTENER_H
#define INTENT_WEBHOOK_LISTENER_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

enum {
  LISTENER_CONNECTIONS = 20000,
  LISTENER_REQUESTS = 1000,
  LISTENER_BYTES = 64 * 1024 * 1024,
  LISTENER_ERROR_SIZE = 256
};

struct listener;

struct listener_text { /* may hold any byte; NUL-terminated besides */
  const char *bytes;
  size_t length;
};

struct listener_header {
  struct listener_text name, value;
};

struct listener_options {
  const char *address; /* an IPv4 or IPv6 address; NULL: 127.0.0.1 */
  unsigned port;       /* up to 65535; 0: any that is free */
  unsigned status;     /* 200 to 599; 0: 200 */
  double delay;        /* seconds before the answer, up to 3600 */
  struct listener_text body;
  const struct listener_header *headers; /* added to the answer; not Content-Length, Connection or Transfer-Encoding */
  size_t header_count;
};

/* One request as it came; belongs to whoever took it. */
struct listener_request {
  struct listener_request *next; /* link of the queue */
  char *target;                  /* as in the request line, not decoded */
  struct listener_text method, version;
  const struct listener_header *headers; /* in the order in which they came */
  size_t header_count;
  struct listener_text body;

  char *head; /* the memory behind method, version and headers */
  char *body_bytes;
  size_t body_capacity, held; /* held: bytes counted against LISTENER_BYTES */
};

enum listener_result {
  LISTENER_OK,
  LISTENER_INVALID, /* an option is wrong; error begins with its name */
  LISTENER_ADDRESS, /* cannot listen there: taken, not this machine's, or not permitted */
  LISTENER_MEMORY,
  LISTENER_SYSTEM /* no thread or no descriptors */
};

/* Copies the options and listens. *listener is NULL, with a sentence in error, when the result is not LISTENER_OK. */
enum listener_result listener_open(struct listener **listener, const struct listener_options *options,
                                   char error[LISTENER_ERROR_SIZE]);

unsigned listener_port(const struct listener *listener);

/*
 * The oldest request, waited for up to `timeout` seconds; NULL when none came, and at once in a forked child. For
 * listener_request_free.
 */
struct listener_request *listener_take(struct listener *listener, double timeout);
void listener_request_free(struct listener_request *request);

/* Ends at once: what waits for its answer is cut off, what was not taken is dropped. Nobody may be in listener_take. */
void listener_close(struct listener *listener);

#pragma GCC visibility pop
#endif
