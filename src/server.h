/*
 * server: a page (page.h) on a port: HTTP/1.1 for browsers and scrapers, by libmicrohttpd.
 *
 * libmicrohttpd's thread has the connections. A complete request becomes a call of the page's, whose threads work on it
 * while the connection is suspended; so one that takes long holds up no other. A second thread watches the time. The
 * page is reached through its table of functions only: it lives in another shared object.
 *
 * Limits: SERVER_CONNECTIONS at once (more wait in the kernel's backlog; when all are taken, those that have sent
 * nothing complete for a second are closed); heads of SERVER_HEAD_BYTES (431); targets and bodies as page.h says (414,
 * 413); a connection on which nothing happens for idle_seconds; receive_seconds for a request, from its first byte to
 * its last; a reader that takes less than 16 KiB/s over half a minute. A client that goes away has its call given up.
 *
 * Fork: the child does not keep the port, nor the connections. It may only close the server, which there gives back
 * memory.
 */
#ifndef INTENT_WEBHOOK_SERVER_H
#define INTENT_WEBHOOK_SERVER_H

#include "page_call.h"

#pragma GCC visibility push(hidden)

enum {
  SERVER_CONNECTIONS = 100,
  SERVER_HEAD_BYTES = 16 * 1024,
  SERVER_IDLE_SECONDS = 15,
  SERVER_RECEIVE_SECONDS = 30,
  SERVER_ERROR_SIZE = 256
};

struct server;

struct server_options {
  const struct page_functions *functions;
  struct page *page;   /* the server holds it on its own */
  const char *address; /* an IPv4 or IPv6 address; NULL: 127.0.0.1. Any but loopback needs a page with a token */
  unsigned port;       /* up to 65535; 0: any that is free */
  unsigned idle_seconds, receive_seconds; /* 0: as above */
};

enum server_result {
  SERVER_OK,
  SERVER_INVALID, /* an option is wrong; error begins with its name */
  SERVER_ADDRESS, /* cannot listen there: taken, not this machine's, or not permitted */
  SERVER_MEMORY,
  SERVER_SYSTEM /* no thread or no descriptors */
};

/* *server is NULL, with a sentence in error, when the result is not SERVER_OK. */
enum server_result server_open(struct server **server, const struct server_options *options,
                               char error[SERVER_ERROR_SIZE]);

unsigned server_port(const struct server *server);

/* Ends at once: what is being worked on is given up, what is being sent is cut off. NULL is none. */
void server_close(struct server *server);

#pragma GCC visibility pop
#endif
