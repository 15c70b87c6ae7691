/*
 * receiver: an HTTP receiver whose answers take as long as told, for the two figures that nginx cannot give.
 *
 *     receiver PORT_FILE REPORT_FILE ADDRESSES DELAY_MS
 *
 * Listens on 127.0.0.1 to 127.0.0.ADDRESSES, one free port for all, and writes it to PORT_FILE. Answers every request
 * with 200, DELAY_MS after it came in; requests for /hang never. Ends when its standard input ends, and then writes to
 * REPORT_FILE, one line: requests, the most that waited for an answer at once, and of the requests whose phone is a
 * stamp (CLOCK_MONOTONIC in microseconds, when the event was fired) how many there were, and the median and the 99th
 * percentile of the microseconds that they took to get here.
 *
 * One thread, epoll. One request at a time on a connection, of at most REQUEST_LIMIT bytes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_LIMIT = 2000, EVENTS = 256, BACKLOG = 4096, PORT_TRIES = 20 };

struct connection {
  struct connection *next; /* in the list of answers that are due */
  int socket;              /* -1: closed while its answer was due */
  bool listening, waiting;
  int64_t due_us;
  size_t length;
  char request[REQUEST_LIMIT + 1];
};

static struct {
  int epoll;
  int64_t delay_us;
  struct connection *first_due, *last_due;
  long requests, waiting, most_waiting;
  int64_t *latencies;
  size_t latency_count, latency_capacity;
} receiver;

static _Noreturn void give_up(const char *what) {
  fprintf(stderr, "receiver: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct connection *watch(int socket, bool listening) {
  struct connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) give_up("memory");
  connection->socket = socket;
  connection->listening = listening;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(receiver.epoll, EPOLL_CTL_ADD, socket, &event) != 0) give_up("epoll_ctl");
  return connection;
}

/* A socket that listens on 127.0.0.`number`, or -1 when that port is taken there. Port 0: any, which is written back.
 */
static int listen_on(unsigned number, uint16_t *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number - 1);
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) give_up("socket");
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return close(listener), -1;
  if (listen(listener, BACKLOG) != 0) give_up("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) give_up("getsockname");
  *port = ntohs(address.sin_port);
  return listener;
}

/* One port that is free on every address. */
static uint16_t listen_everywhere(unsigned addresses) {
  static int listeners[256];
  for (int try = 0; try < PORT_TRIES; try++) {
    uint16_t port = 0;
    unsigned open = 0;
    while (open < addresses && (listeners[open] = listen_on(open + 1, &port)) >= 0) open++;
    if (open == addresses) {
      for (unsigned i = 0; i < addresses; i++) watch(listeners[i], true);
      return port;
    }
    while (open > 0) close(listeners[--open]);
  }
  give_up("no port is free on every address");
}

static void accept_all(const struct connection *listener) {
  int socket;
  while ((socket = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    watch(socket, false);
  }
  if (errno != EAGAIN && errno != ECONNABORTED) give_up("accept");
}

static void drop(struct connection *connection) {
  close(connection->socket);
  connection->socket = -1;
  if (!connection->waiting) free(connection);
}

static void answer(struct connection *connection) {
  static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  if (write(connection->socket, response, sizeof response - 1) != sizeof response - 1) drop(connection);
}

static void answer_due(void) {
  int64_t now = receiver.first_due == NULL ? 0 : now_us();
  for (struct connection *connection; (connection = receiver.first_due) != NULL && connection->due_us <= now;) {
    receiver.first_due = connection->next;
    receiver.waiting--;
    connection->waiting = false;
    if (connection->socket < 0)
      free(connection);
    else
      answer(connection);
  }
}

static void note_latency(const char *body, int64_t arrived_us) {
  static const char key[] = "\"phone\":\"";
  const char *phone = strstr(body, key);
  if (phone == NULL || phone[sizeof key - 1] < '0' || phone[sizeof key - 1] > '9') return;
  if (receiver.latency_count == receiver.latency_capacity) {
    receiver.latency_capacity = receiver.latency_capacity * 2 + 1024;
    receiver.latencies = realloc(receiver.latencies, receiver.latency_capacity * sizeof *receiver.latencies);
    if (receiver.latencies == NULL) give_up("memory");
  }
  receiver.latencies[receiver.latency_count++] = arrived_us - strtoll(phone + sizeof key - 1, NULL, 10);
}

/* The request's length when all of it is there, or 0. */
static size_t request_length(const struct connection *connection) {
  static const char key[] = "\r\nContent-Length:";
  const char *body = strstr(connection->request, "\r\n\r\n");
  if (body == NULL) return 0;
  const char *length = strcasestr(connection->request, key);
  size_t whole = (size_t)(body + 4 - connection->request);
  if (length != NULL && length < body) whole += strtoul(length + sizeof key - 1, NULL, 10);
  return connection->length < whole ? 0 : whole;
}

static void receive(struct connection *connection) {
  ssize_t got = read(connection->socket, connection->request + connection->length, REQUEST_LIMIT - connection->length);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop(connection);
    return;
  }
  connection->length += (size_t)got;
  connection->request[connection->length] = '\0';
  if (request_length(connection) == 0) return;
  int64_t now = now_us();
  receiver.requests++;
  note_latency(connection->request, now);
  connection->length = 0;
  if (strncmp(connection->request, "POST /hang", 10) == 0) return;
  if (receiver.delay_us == 0) {
    answer(connection);
    return;
  }
  connection->due_us = now + receiver.delay_us;
  connection->waiting = true;
  connection->next = NULL;
  if (receiver.first_due == NULL)
    receiver.first_due = connection;
  else
    receiver.last_due->next = connection;
  receiver.last_due = connection;
  if (++receiver.waiting > receiver.most_waiting) receiver.most_waiting = receiver.waiting;
}

static int by_size(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static long latency_at(size_t percent) {
  return receiver.latency_count == 0 ? 0 : (long)receiver.latencies[(receiver.latency_count - 1) * percent / 100];
}

static void report(const char *path) {
  if (receiver.latency_count > 0) qsort(receiver.latencies, receiver.latency_count, sizeof(int64_t), by_size);
  FILE *file = fopen(path, "w");
  if (file == NULL) give_up(path);
  fprintf(file, "%ld %ld %zu %ld %ld\n", receiver.requests, receiver.most_waiting, receiver.latency_count,
          latency_at(50), latency_at(99));
  if (fclose(file) != 0) give_up(path);
}

int main(int count, char **arguments) {
  if (count != 5) return fprintf(stderr, "usage: receiver PORT_FILE REPORT_FILE ADDRESSES DELAY_MS\n"), 2;
  receiver.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (receiver.epoll < 0) give_up("epoll_create1");
  receiver.delay_us = strtoll(arguments[4], NULL, 10) * 1000;
  uint16_t port = listen_everywhere((unsigned)strtoul(arguments[3], NULL, 10) % 256);
  const struct connection *input = watch(STDIN_FILENO, false);

  FILE *file = fopen(arguments[1], "w");
  if (file == NULL || fprintf(file, "%u\n", port) < 0 || fclose(file) != 0) give_up(arguments[1]);

  for (;;) {
    struct epoll_event events[EVENTS];
    int64_t wait_us = receiver.first_due == NULL ? -1 : receiver.first_due->due_us - now_us();
    int timeout_ms = receiver.first_due == NULL ? -1 : wait_us <= 0 ? 0 : (int)(wait_us / 1000 + 1);
    int ready = epoll_wait(receiver.epoll, events, EVENTS, timeout_ms);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection == input) return report(arguments[2]), 0;
      if (connection->listening)
        accept_all(connection);
      else
        receive(connection);
    }
    answer_due();
  }
}
