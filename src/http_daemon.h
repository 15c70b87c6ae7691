/*
 * http_daemon: libmicrohttpd, started as the listener and the server need it: on one address, in a thread of its own
 * in which every signal is blocked, with connections that may be suspended (http_pause.h). A forked child does not keep
 * the port (http_socket.h).
 */
#ifndef INTENT_WEBHOOK_HTTP_DAEMON_H
#define INTENT_WEBHOOK_HTTP_DAEMON_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "http_socket.h"

#pragma GCC visibility push(hidden)

enum { HTTP_DAEMON_ERROR_SIZE = 256 };

struct http_daemon_options {
  const char *address; /* an IPv4 or IPv6 address */
  unsigned port;       /* up to 65535; 0: any that is free */
  MHD_AccessHandlerCallback receive;
  void *context;
  const struct MHD_OptionItem *options; /* the rest, as for MHD_OPTION_ARRAY */
};

struct http_daemon {
  struct MHD_Daemon *http; /* NULL: not started */
  struct http_socket listening;
  unsigned port;
};

enum http_daemon_result {
  HTTP_DAEMON_OK,
  HTTP_DAEMON_INVALID, /* an option is wrong; error begins with its name */
  HTTP_DAEMON_ADDRESS, /* cannot listen there: taken, not this machine's, or not permitted */
  HTTP_DAEMON_SYSTEM   /* no thread or no descriptors */
};

/* Whether the options can be right, without starting anything. Otherwise a sentence is in error. */
bool http_daemon_check(const struct http_daemon_options *options, char error[HTTP_DAEMON_ERROR_SIZE]);

/* A sentence is in error when the result is not HTTP_DAEMON_OK; then the daemon is not started. */
enum http_daemon_result http_daemon_start(struct http_daemon *daemon, const struct http_daemon_options *options,
                                          char error[HTTP_DAEMON_ERROR_SIZE]);

/* Ends every request, and the thread. In the process that started it; of one that is not started, nothing. */
void http_daemon_stop(struct http_daemon *daemon);

/* Whether only this machine reaches the address: one of 127.0.0.0/8, or ::1. Not what is no address. */
bool http_address_is_loopback(const char *address);

#pragma GCC visibility pop
#endif
