/*
 * loopback: see loopback.h.
 *
 * One thread, epoll. `lock` guards the figures and what is asked of the thread; the connections are the thread's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TARGET_SIZE = 64, MOST_TARGETS = 64, EVENTS = 64, BACKLOG = 4096, READ_BYTES = 65536, LARGE = 65536 };

struct target {
  char name[TARGET_SIZE];
  unsigned requests, waiting, most_waiting;
};

struct connection {
  struct connection *next, *previous;
  int socket;
  char *bytes; /* of a request, as far as it has come */
  size_t length, capacity;
  struct target *target; /* of the request that waits for its answer; NULL: none does */
  int status;
  int64_t due_us; /* INT64_MAX: when it is told so, or never */
  bool held, large;
};

struct loopback {
  pthread_t thread;
  int listener, epoll, wake;
  unsigned port;
  struct connection *connections;

  pthread_mutex_t lock;
  bool runs, stop, release;
  struct target all, targets[MOST_TARGETS];
  unsigned target_count, accepted, open;
};

static _Noreturn void give_up(const char *what) {
  fprintf(stderr, "loopback: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- figures; with the lock ---- */

static struct target *find(struct loopback *loopback, const char *name) {
  if (name == NULL) return &loopback->all;
  for (unsigned i = 0; i < loopback->target_count; i++)
    if (strcmp(loopback->targets[i].name, name) == 0) return &loopback->targets[i];
  return NULL;
}

static struct target *find_or_add(struct loopback *loopback, const char *name) {
  struct target *target = find(loopback, name);
  if (target != NULL) return target;
  if (loopback->target_count == MOST_TARGETS) give_up("too many targets");
  target = &loopback->targets[loopback->target_count++];
  snprintf(target->name, sizeof target->name, "%s", name);
  return target;
}

static void count_in(struct target *target) {
  target->requests++;
  if (++target->waiting > target->most_waiting) target->most_waiting = target->waiting;
}

/* ---- connections ---- */

static void watch(struct loopback *loopback, int socket, void *what) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
  if (epoll_ctl(loopback->epoll, EPOLL_CTL_ADD, socket, &event) != 0) give_up("epoll_ctl");
}

static void accept_one(struct loopback *loopback) {
  int socket = accept4(loopback->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket < 0) return;
  int on = 1, room = 2 * LARGE;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room); /* an answer is sent at once */
  struct connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) give_up("memory");
  connection->socket = socket;
  connection->next = loopback->connections;
  if (connection->next != NULL) connection->next->previous = connection;
  loopback->connections = connection;
  pthread_mutex_lock(&loopback->lock);
  loopback->accepted++;
  loopback->open++;
  pthread_mutex_unlock(&loopback->lock);
  watch(loopback, socket, connection);
}

static void answered(struct loopback *loopback, struct connection *connection) {
  if (connection->target == NULL) return;
  connection->target->waiting--;
  loopback->all.waiting--;
  connection->target = NULL;
}

static void disconnect(struct loopback *loopback, struct connection *connection) {
  if (connection->previous != NULL)
    connection->previous->next = connection->next;
  else
    loopback->connections = connection->next;
  if (connection->next != NULL) connection->next->previous = connection->previous;
  pthread_mutex_lock(&loopback->lock);
  answered(loopback, connection);
  loopback->open--;
  pthread_mutex_unlock(&loopback->lock);
  epoll_ctl(loopback->epoll, EPOLL_CTL_DEL, connection->socket, NULL); /* a forked child may have it open too */
  close(connection->socket);
  free(connection->bytes);
  free(connection);
}

/* Answers, when it is time. */
static void answer(struct loopback *loopback, struct connection *connection, bool release) {
  if (connection->target == NULL) return;
  if (!(release && connection->held) && now_us() < connection->due_us) return;
  static char text[128 + LARGE]; /* the thread's */
  int body = connection->large ? LARGE : 2;
  int length = snprintf(text, sizeof text, "HTTP/1.1 %03d X\r\nContent-Length: %d\r\n\r\n%-*s", connection->status,
                        body, body, "OK");
  connection->length = 0;
  pthread_mutex_lock(&loopback->lock);
  answered(loopback, connection);
  pthread_mutex_unlock(&loopback->lock);
  (void)!send(connection->socket, text, (size_t)length, MSG_NOSIGNAL); /* whoever has gone does not mind */
}

/* What the path says. */
static void decide(struct connection *connection, const char *path, bool release) {
  connection->due_us = INT64_MAX;
  connection->status = 200;
  connection->held = strncmp(path, "/hold", 5) == 0;
  connection->large = strncmp(path, "/large", 6) == 0;
  if (strncmp(path, "/hang", 5) == 0 || (connection->held && !release)) return;
  connection->due_us = now_us();
  if (connection->held || connection->large) return;
  char *end;
  connection->status = (int)strtol(path + 1, &end, 10);
  if (*end == '/') connection->due_us += strtol(end + 1, NULL, 10) * 1000;
}

static bool request_is_complete(const struct connection *connection) {
  const char *end = strstr(connection->bytes, "\r\n\r\n");
  if (end == NULL) return false;
  const char *length = strcasestr(connection->bytes, "\r\nContent-Length:");
  size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
  return connection->length >= (size_t)(end + 4 - connection->bytes) + body;
}

static void take_request(struct loopback *loopback, struct connection *connection) {
  char target[TARGET_SIZE] = "";
  const char *space = strchr(connection->bytes, ' ');
  if (space != NULL) snprintf(target, sizeof target, "%.*s", (int)strcspn(space + 1, " \r\n"), space + 1);
  pthread_mutex_lock(&loopback->lock);
  connection->target = find_or_add(loopback, target);
  count_in(connection->target);
  count_in(&loopback->all);
  bool release = loopback->release;
  pthread_mutex_unlock(&loopback->lock);
  decide(connection, target, release);
  answer(loopback, connection, release);
}

static void receive(struct loopback *loopback, struct connection *connection) {
  if (connection->capacity - connection->length < READ_BYTES) {
    connection->capacity = connection->length + 2 * READ_BYTES;
    connection->bytes = realloc(connection->bytes, connection->capacity);
    if (connection->bytes == NULL) give_up("memory");
  }
  ssize_t got = recv(connection->socket, connection->bytes + connection->length, READ_BYTES - 1, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    disconnect(loopback, connection);
    return;
  }
  connection->length += (size_t)got;
  connection->bytes[connection->length] = '\0';
  if (connection->target == NULL && request_is_complete(connection)) take_request(loopback, connection);
}

/* ---- the thread ---- */

static int next_timeout_ms(const struct loopback *loopback) {
  int64_t due_us = INT64_MAX;
  for (const struct connection *connection = loopback->connections; connection != NULL; connection = connection->next)
    if (connection->target != NULL && connection->due_us < due_us) due_us = connection->due_us;
  if (due_us == INT64_MAX) return -1;
  int64_t left_us = due_us - now_us();
  return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
}

static void *run(void *argument) {
  struct loopback *loopback = argument;
  bool stop = false;
  pthread_mutex_lock(&loopback->lock);
  loopback->runs = true;
  pthread_mutex_unlock(&loopback->lock);
  while (!stop) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loopback->epoll, events, EVENTS, next_timeout_ms(loopback));
    for (int i = 0; i < count; i++) {
      uint64_t wakes;
      if (events[i].data.ptr == &loopback->wake)
        (void)!read(loopback->wake, &wakes, sizeof wakes);
      else if (events[i].data.ptr == &loopback->listener)
        accept_one(loopback);
      else
        receive(loopback, events[i].data.ptr);
    }
    pthread_mutex_lock(&loopback->lock);
    stop = loopback->stop;
    bool release = loopback->release;
    pthread_mutex_unlock(&loopback->lock);
    for (struct connection *connection = loopback->connections; connection != NULL; connection = connection->next)
      answer(loopback, connection, release);
  }
  while (loopback->connections != NULL) disconnect(loopback, loopback->connections);
  return NULL;
}

/* ---- a port that never answers ---- */

/* The queue of a listener that accepts nobody is filled; the system then drops whatever else asks. */
void blackhole_open(struct blackhole *blackhole) {
  enum { SOCKETS = sizeof blackhole->sockets / sizeof *blackhole->sockets };
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  for (size_t i = 0; i < SOCKETS; i++) {
    int one = blackhole->sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one < 0) give_up("socket");
    if (i > 0) {
      (void)!connect(one, (struct sockaddr *)&address, length);
    } else if (bind(one, (struct sockaddr *)&address, length) != 0 || listen(one, 0) != 0 ||
               getsockname(one, (struct sockaddr *)&address, &length) != 0) {
      give_up("blackhole");
    }
  }
  blackhole->port = ntohs(address.sin_port);
}

void blackhole_close(struct blackhole *blackhole) {
  for (size_t i = 0; i < sizeof blackhole->sockets / sizeof *blackhole->sockets; i++) close(blackhole->sockets[i]);
}

/* ---- for the test ---- */

struct loopback *loopback_start(void) {
  struct loopback *loopback = calloc(1, sizeof *loopback);
  if (loopback == NULL) give_up("memory");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  loopback->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (loopback->listener < 0 || bind(loopback->listener, (struct sockaddr *)&address, length) != 0 ||
      listen(loopback->listener, BACKLOG) != 0 ||
      getsockname(loopback->listener, (struct sockaddr *)&address, &length) != 0)
    give_up("listen");
  loopback->port = ntohs(address.sin_port);
  loopback->epoll = epoll_create1(EPOLL_CLOEXEC);
  loopback->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (loopback->epoll < 0 || loopback->wake < 0) give_up("epoll");
  watch(loopback, loopback->listener, &loopback->listener);
  watch(loopback, loopback->wake, &loopback->wake);
  pthread_mutex_init(&loopback->lock, NULL);
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  if (pthread_create(&loopback->thread, NULL, run, loopback) != 0) give_up("thread");
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  /* A test may fork next, and a thread that just begins holds locks of the C library's, or of a sanitizer's. */
  for (bool runs = false; !runs; usleep(1000)) {
    pthread_mutex_lock(&loopback->lock);
    runs = loopback->runs;
    pthread_mutex_unlock(&loopback->lock);
  }
  return loopback;
}

static void tell(struct loopback *loopback, bool *what) {
  pthread_mutex_lock(&loopback->lock);
  *what = true;
  pthread_mutex_unlock(&loopback->lock);
  (void)!write(loopback->wake, &(uint64_t){1}, sizeof(uint64_t));
}

void loopback_stop(struct loopback *loopback) {
  tell(loopback, &loopback->stop);
  pthread_join(loopback->thread, NULL);
  close(loopback->listener);
  close(loopback->epoll);
  close(loopback->wake);
  pthread_mutex_destroy(&loopback->lock);
  free(loopback);
}

void loopback_release(struct loopback *loopback) {
  tell(loopback, &loopback->release);
}

const char *loopback_url(const struct loopback *loopback, const char *path, char url[LOOPBACK_URL_SIZE]) {
  snprintf(url, LOOPBACK_URL_SIZE, "http://127.0.0.1:%u%s", loopback->port, path);
  return url;
}

unsigned loopback_requests(struct loopback *loopback, const char *target) {
  pthread_mutex_lock(&loopback->lock);
  const struct target *found = find(loopback, target);
  unsigned requests = found != NULL ? found->requests : 0;
  pthread_mutex_unlock(&loopback->lock);
  return requests;
}

unsigned loopback_most_waiting(struct loopback *loopback, const char *target) {
  pthread_mutex_lock(&loopback->lock);
  const struct target *found = find(loopback, target);
  unsigned most = found != NULL ? found->most_waiting : 0;
  pthread_mutex_unlock(&loopback->lock);
  return most;
}

unsigned loopback_connections(struct loopback *loopback) {
  pthread_mutex_lock(&loopback->lock);
  unsigned accepted = loopback->accepted;
  pthread_mutex_unlock(&loopback->lock);
  return accepted;
}

unsigned loopback_open(struct loopback *loopback) {
  pthread_mutex_lock(&loopback->lock);
  unsigned open = loopback->open;
  pthread_mutex_unlock(&loopback->lock);
  return open;
}
