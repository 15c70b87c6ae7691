/*
 * http_daemon: see http_daemon.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_sigmask */
#endif
#include "http_daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PORT_LAST = 65535 };

static bool parse_address(struct sockaddr_storage *storage, const char *text, unsigned port) {
  *storage = (struct sockaddr_storage){0};
  struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    return true;
  }
  if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return true;
  }
  return false;
}

bool http_address_is_loopback(const char *address) {
  struct sockaddr_storage storage;
  if (!parse_address(&storage, address, 0)) return false;
  if (storage.ss_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&storage)->sin6_addr);
  return ntohl(((struct sockaddr_in *)&storage)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool http_daemon_check(const struct http_daemon_options *options, char error[HTTP_DAEMON_ERROR_SIZE]) {
  struct sockaddr_storage storage;
  const char *sentence = NULL;
  if (options->port > PORT_LAST)
    sentence = "port: must be from 0 to 65535";
  else if (!parse_address(&storage, options->address, options->port))
    sentence = "address: must be an IPv4 or IPv6 address";
  if (sentence) snprintf(error, HTTP_DAEMON_ERROR_SIZE, "%s", sentence);
  return !sentence;
}

/* While forks wait. */
static void started(struct http_daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon->http, MHD_DAEMON_INFO_LISTEN_FD);
  http_socket_add(&daemon->listening, info ? info->listen_fd : -1);
  info = MHD_get_daemon_info(daemon->http, MHD_DAEMON_INFO_BIND_PORT);
  daemon->port = info ? info->port : 0;
}

enum http_daemon_result http_daemon_start(struct http_daemon *daemon, const struct http_daemon_options *options,
                                          char error[HTTP_DAEMON_ERROR_SIZE]) {
  *daemon = (struct http_daemon){.listening.descriptor = -1};
  struct sockaddr_storage address;
  if (!http_daemon_check(options, error)) return HTTP_DAEMON_INVALID;
  parse_address(&address, options->address, options->port);
  unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  if (address.ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  /* The thread inherits the mask: the host's signals are for the host's threads. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  http_sockets_stop_forks();
  errno = 0;
  daemon->http = MHD_start_daemon(flags, (uint16_t)options->port, NULL, NULL, options->receive, options->context,
                                  MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&address, MHD_OPTION_ARRAY,
                                  options->options, MHD_OPTION_END);
  int reason = errno;
  if (daemon->http) started(daemon);
  http_sockets_let_fork();
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (daemon->http) return HTTP_DAEMON_OK;
  snprintf(error, HTTP_DAEMON_ERROR_SIZE, "cannot listen on %s port %u: %s", options->address, options->port,
           reason ? strerror(reason) : "the HTTP server could not be started");
  bool address_trouble = reason == EADDRINUSE || reason == EADDRNOTAVAIL || reason == EACCES;
  return address_trouble ? HTTP_DAEMON_ADDRESS : HTTP_DAEMON_SYSTEM;
}

void http_daemon_stop(struct http_daemon *daemon) {
  if (!daemon->http) return;
  http_sockets_stop_forks();
  http_socket_remove(&daemon->listening);
  MHD_stop_daemon(daemon->http);
  http_sockets_let_fork();
  daemon->http = NULL;
}
