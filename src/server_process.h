/*
 * server_process: what servers are to the process that they were opened in.
 *
 * Set up once, by the first server: pins the shared object in memory, since the fork handlers stay, and registers them.
 * A forked child closes its copies of the servers' descriptors, so that it keeps neither a port nor a connection.
 * Servers start to listen and stop while no fork can happen, since a child would not know of their ports in between.
 */
#ifndef INTENT_WEBHOOK_SERVER_PROCESS_H
#define INTENT_WEBHOOK_SERVER_PROCESS_H

#include "server_connection.h"

#pragma GCC visibility push(hidden)

struct server {
  struct server *next; /* among those that are open in this process */
  pid_t owner;         /* the process that opened it */
  struct MHD_Daemon *daemon;
  int listening; /* descriptor */
  unsigned port;
  struct server_connections connections;
};

/* Forks wait from the first to the second; another thread's calls do, too. */
void server_process_stop_forks(void);
void server_process_let_fork(void);

/* While forks wait: from its listening to its stopping. In a forked child there are none. */
void server_process_add(struct server *server);
void server_process_remove(struct server *server);

#pragma GCC visibility pop
#endif
