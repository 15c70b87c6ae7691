/*
 * http_daemon: libmicrohttpd, started as the listener and the server need it: on one address, in a thread of its own
 * in which every signal is blocked, with connections that may be suspended (http_pause.h).
 */
#ifndef INTENT_WEBHOOK_HTTP_DAEMON_H
#define INTENT_WEBHOOK_HTTP_DAEMON_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

enum { HTTP_DAEMON_ERROR_SIZE = 256 };

struct http_daemon_options {
  const char *address; /* an IPv4 or IPv6 address */
  unsigned port;       /* up to 65535; 0: any that is free */
  MHD_AccessHandlerCallback receive;
  void *context;
  const struct MHD_OptionItem *options; /* the rest, as for MHD_OPTION_ARRAY */
};

enum http_daemon_result {
  HTTP_DAEMON_OK,
  HTTP_DAEMON_INVALID, /* an option is wrong; error begins with its name */
  HTTP_DAEMON_ADDRESS, /* cannot listen there: taken, not this machine's, or not permitted */
  HTTP_DAEMON_SYSTEM   /* no thread or no descriptors */
};

/* Whether the options can be right, without starting anything. Otherwise a sentence is in error. */
bool http_daemon_check(const struct http_daemon_options *options, char error[HTTP_DAEMON_ERROR_SIZE]);

/* *daemon is for MHD_stop_daemon; NULL, with a sentence in error, when the result is not HTTP_DAEMON_OK. */
enum http_daemon_result http_daemon_start(struct MHD_Daemon **daemon, const struct http_daemon_options *options,
                                          char error[HTTP_DAEMON_ERROR_SIZE]);

unsigned http_daemon_port(struct MHD_Daemon *daemon);

/* Whether only this machine reaches the address: one of 127.0.0.0/8, or ::1. Not what is no address. */
bool http_address_is_loopback(const char *address);

#pragma GCC visibility pop
#endif
