/*
 * server_process: see server_process.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_NODELETE */
#endif
#include "server_process.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

/* The only state of the module: the servers that are open, for the fork handlers, which nobody can hand anything. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct server *list;
static bool set_up;

static void before_fork(void) {
  pthread_mutex_lock(&list_lock);
}

static void after_fork_in_parent(void) {
  pthread_mutex_unlock(&list_lock);
}

/* No locks of the servers': threads that are not here may have held them. */
static void after_fork_in_child(void) {
  for (struct server *server = list; server; server = server->next) {
    close(server->listening);
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
      int descriptor = atomic_load(&server->connections.places[i].descriptor);
      if (descriptor >= 0) close(descriptor);
    }
  }
  list = NULL;
  pthread_mutex_init(&list_lock, NULL);
}

static void pin(void) {
  Dl_info place;
  if (dladdr((void *)&list_lock, &place) != 0 && place.dli_fname != NULL)
    dlopen(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE); /* the handle is kept on purpose */
}

void server_process_stop_forks(void) {
  pthread_mutex_lock(&list_lock);
  if (!set_up) {
    pin();
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    set_up = true;
  }
}

void server_process_let_fork(void) {
  pthread_mutex_unlock(&list_lock);
}

void server_process_add(struct server *server) {
  server->next = list;
  list = server;
}

void server_process_remove(struct server *server) {
  for (struct server **link = &list; *link; link = &(*link)->next)
    if (*link == server) {
      *link = server->next;
      break;
    }
}
