/*
 * http_socket: see http_socket.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_NODELETE */
#endif
#include "http_socket.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

/*
 * The only state of the module: the sockets that are open, for the fork handlers, which nobody can hand anything. Two
 * locks, taken in this order: while a daemon stops, with forks held up, its thread takes its connections off the list.
 */
static pthread_mutex_t fork_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct http_socket *list;
static bool set_up; /* fork_lock guards it */

static void before_fork(void) {
  pthread_mutex_lock(&fork_lock);
  pthread_mutex_lock(&list_lock);
}

static void after_fork_in_parent(void) {
  pthread_mutex_unlock(&list_lock);
  pthread_mutex_unlock(&fork_lock);
}

/* No other locks: threads that are not here may have held them. */
static void after_fork_in_child(void) {
  for (struct http_socket *socket = list; socket; socket = socket->next) close(socket->descriptor);
  list = NULL;
  pthread_mutex_init(&list_lock, NULL);
  pthread_mutex_init(&fork_lock, NULL);
}

static void pin(void) {
  Dl_info place;
  if (dladdr((void *)&list_lock, &place) != 0 && place.dli_fname != NULL)
    dlopen(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE); /* the handle is kept on purpose */
}

void http_sockets_stop_forks(void) {
  pthread_mutex_lock(&fork_lock);
  if (!set_up) {
    pin();
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    set_up = true;
  }
}

void http_sockets_let_fork(void) {
  pthread_mutex_unlock(&fork_lock);
}

void http_socket_add(struct http_socket *socket, int descriptor) {
  pthread_mutex_lock(&list_lock);
  socket->descriptor = descriptor;
  socket->next = list;
  socket->link = &list;
  if (list) list->link = &socket->next;
  list = socket;
  pthread_mutex_unlock(&list_lock);
}

void http_socket_remove(struct http_socket *socket) {
  pthread_mutex_lock(&list_lock);
  *socket->link = socket->next;
  if (socket->next) socket->next->link = socket->link;
  socket->descriptor = -1;
  pthread_mutex_unlock(&list_lock);
}
