/*
 * http_socket: the sockets of the daemons (http_daemon.h) that run in this process, for the fork: a child closes its
 * copies of them, so that it keeps neither a port nor a connection, but for one that is just being accepted or closed.
 *
 * Set up once, by the first daemon: pins the shared object in memory, since the fork handlers stay, and registers them.
 */
#ifndef INTENT_WEBHOOK_HTTP_SOCKET_H
#define INTENT_WEBHOOK_HTTP_SOCKET_H

#pragma GCC visibility push(hidden)

struct http_socket {                /* stays where it is while it is open */
  struct http_socket *next, **link; /* among those that are open; what points to this one */
  int descriptor;                   /* -1: not open, or never known */
};

/*
 * Forks wait from the first to the second; another thread's calls do, too. During a fork daemons neither accept nor
 * close a connection, also while other handlers wait for their threads to park. A daemon starts and stops in between,
 * since a child would not know of its port otherwise.
 */
void http_sockets_stop_forks(void);
void http_sockets_let_fork(void);

/* From any thread, while the descriptor is open. Not in a forked child with what it has inherited. */
void http_socket_add(struct http_socket *socket, int descriptor);
void http_socket_remove(struct http_socket *socket);

#pragma GCC visibility pop
#endif
