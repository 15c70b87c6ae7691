/*
 * listener: see listener.h.
 *
 * A request goes through libmicrohttpd's callbacks in this order: begin (the request line), receive (once with the
 * head, then with each piece of the body, then with nothing: it is complete; with a delay a last time when that is
 * over), end. An exchange is what lives from begin to end; its request leaves it when it is queued.
 *
 * The lock guards the exchanges that are waiting, and `closing`. libmicrohttpd is never called with the lock held,
 * since it has locks of its own.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_sigmask, strerror_r */
#endif
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "listener_queue.h"
#include "memory.h"
#include "thread.h"

enum { HEAD_LIMIT = 64 * 1024, PORT_LAST = 65535 };

static const double LONGEST_DELAY = 3600;

struct exchange {
  struct exchange *next; /* among those that wait for their time */
  struct MHD_Connection *connection;
  struct listener_request *request; /* NULL once it is queued or refused */
  int64_t due_us;                   /* monotonic; when to answer */
  bool begun, refused, cut_off;
};

struct listener {
  struct MHD_Daemon *daemon;
  struct MHD_Response *answer, *refusal;
  unsigned status, port;
  int64_t delay_us;
  pid_t owner; /* the process that opened it */

  struct listener_queue queue;

  uv_mutex_t lock;
  uv_cond_t waiting_changed;               /* for the timer: somebody waits, or closing */
  struct exchange *waiting, *waiting_last; /* by due_us, since the delay is the same for all */
  uv_thread_t timer;
  bool timer_started, closing;
};

/* For the two passes over the headers that libmicrohttpd has parsed: measure, then copy. */
struct head_writer {
  struct listener_header *headers; /* NULL while measuring */
  char *text;
  size_t header_count, text_length;
};

static struct listener_text head_put(struct head_writer *writer, const char *bytes, size_t length) {
  struct listener_text text = {.bytes = "", .length = length};
  if (writer->headers) {
    char *place = writer->text + writer->text_length;
    if (length) memcpy(place, bytes, length);
    place[length] = '\0';
    text.bytes = place;
  }
  writer->text_length += length + 1;
  return text;
}

static enum MHD_Result put_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t value_length) {
  (void)kind;
  struct head_writer *writer = context;
  struct listener_header header = {.name = head_put(writer, name, name_length)};
  header.value = head_put(writer, value, value_length);
  if (writer->headers) writer->headers[writer->header_count] = header;
  writer->header_count++;
  return MHD_YES;
}

static bool request_copy_head(struct listener *listener, struct listener_request *request,
                              struct MHD_Connection *connection, const char *method, const char *version) {
  struct head_writer writer = {0};
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, put_header, &writer);
  size_t headers_size = writer.header_count * sizeof *writer.headers;
  size_t size = headers_size + writer.text_length + strlen(method) + strlen(version) + 2;
  if (!listener_queue_hold(&listener->queue, request, size + strlen(request->target))) return false;
  request->head = memory_alloc(size);
  if (!request->head) return false;
  /* The allocation is aligned for the headers, which come first. */
  writer = (struct head_writer){.headers = (void *)request->head, .text = request->head + headers_size};
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, put_header, &writer);
  request->headers = writer.headers;
  request->header_count = writer.header_count;
  request->method = head_put(&writer, method, strlen(method));
  request->version = head_put(&writer, version, strlen(version));
  return true;
}

/* --- waiting for the answer's time --- */

/* The connection rests until the timer, or the end, wakes it. */
static void exchange_wait(struct listener *listener, struct exchange *exchange) {
  exchange->due_us = clock_monotonic_us() + listener->delay_us;
  MHD_suspend_connection(exchange->connection);
  uv_mutex_lock(&listener->lock);
  bool closing = listener->closing;
  if (!closing) {
    exchange->next = NULL;
    if (listener->waiting_last)
      listener->waiting_last->next = exchange;
    else
      listener->waiting = exchange;
    listener->waiting_last = exchange;
    uv_cond_signal(&listener->waiting_changed);
  }
  uv_mutex_unlock(&listener->lock);
  if (closing) {
    exchange->cut_off = true;
    MHD_resume_connection(exchange->connection);
  }
}

/* Wakes the first that waits; with the lock held on entry and on return. */
static void wake_first(struct listener *listener) {
  struct exchange *exchange = listener->waiting;
  exchange->cut_off = listener->closing;
  listener->waiting = exchange->next;
  if (!listener->waiting) listener->waiting_last = NULL;
  uv_mutex_unlock(&listener->lock);
  MHD_resume_connection(exchange->connection); /* from here on the exchange may end at any moment */
  uv_mutex_lock(&listener->lock);
}

static void run_timer(void *context) {
  struct listener *listener = context;
  uv_mutex_lock(&listener->lock);
  while (!listener->closing) {
    if (!listener->waiting) {
      uv_cond_wait(&listener->waiting_changed, &listener->lock);
      continue;
    }
    int64_t left_us = listener->waiting->due_us - clock_monotonic_us();
    if (left_us > 0)
      uv_cond_timedwait(&listener->waiting_changed, &listener->lock, (uint64_t)left_us * 1000);
    else
      wake_first(listener);
  }
  uv_mutex_unlock(&listener->lock);
}

/* --- what libmicrohttpd calls, in its thread --- */

/* The rest of it is read and thrown away; then it is answered 503. */
static void exchange_refuse(struct listener *listener, struct exchange *exchange) {
  listener_queue_drop(&listener->queue, exchange->request);
  exchange->request = NULL;
  exchange->refused = true;
}

/* NULL, for no memory, makes receive end the connection. */
static void *begin(void *context, const char *target, struct MHD_Connection *connection) {
  (void)context;
  struct exchange *exchange = memory_zeroed(sizeof *exchange);
  if (!exchange) return NULL;
  exchange->connection = connection;
  exchange->request = listener_request_new(target);
  exchange->refused = !exchange->request;
  return exchange;
}

static void end(void *context, struct MHD_Connection *connection, void **exchange_slot,
                enum MHD_RequestTerminationCode code) {
  (void)connection, (void)code;
  struct exchange *exchange = *exchange_slot;
  *exchange_slot = NULL;
  if (!exchange) return;
  struct listener *listener = context;
  listener_queue_drop(&listener->queue, exchange->request);
  memory_free(exchange);
}

static enum MHD_Result receive(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **exchange_slot) {
  (void)url; /* decoded and without the query; begin has seen the target itself */
  struct listener *listener = context;
  struct exchange *exchange = *exchange_slot;
  if (!exchange || exchange->cut_off) return MHD_NO;
  struct listener_request *request = exchange->request; /* NULL once it is queued or refused */
  if (!exchange->begun) {
    exchange->begun = true;
    if (request && !request_copy_head(listener, request, connection, method, version))
      exchange_refuse(listener, exchange);
    return MHD_YES;
  }
  if (*upload_size) {
    if (request && !listener_queue_append(&listener->queue, request, upload, *upload_size))
      exchange_refuse(listener, exchange);
    *upload_size = 0;
    return MHD_YES;
  }
  if (request && !listener_queue_put(&listener->queue, request)) {
    exchange_refuse(listener, exchange);
  } else if (request) {
    exchange->request = NULL;
    if (listener->delay_us > 0) {
      exchange_wait(listener, exchange);
      return MHD_YES;
    }
  }
  return exchange->refused ? MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, listener->refusal)
                           : MHD_queue_response(connection, listener->status, listener->answer);
}

/* --- opening and closing --- */

static enum listener_result refuse(char error[LISTENER_ERROR_SIZE], enum listener_result result, const char *sentence) {
  snprintf(error, LISTENER_ERROR_SIZE, "%s", sentence);
  return result;
}

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

static bool text_has_control(struct listener_text text) {
  for (size_t i = 0; i < text.length; i++) {
    unsigned char byte = (unsigned char)text.bytes[i];
    if ((byte < ' ' && byte != '\t') || byte == 0x7f) return true;
  }
  return false;
}

/* libmicrohttpd only reads what it is told to copy, but does not say so in the type. */
static struct MHD_Response *make_answer(struct listener_text body) {
  return MHD_create_response_from_buffer(body.length, (void *)(uintptr_t)body.bytes, MHD_RESPMEM_MUST_COPY);
}

static enum listener_result make_answers(struct listener *listener, const struct listener_options *options,
                                         char error[LISTENER_ERROR_SIZE]) {
  static const char full[] = "The listener's queue is full.\n";
  listener->answer = make_answer(options->body);
  listener->refusal = make_answer((struct listener_text){.bytes = full, .length = sizeof full - 1});
  if (!listener->answer || !listener->refusal) return refuse(error, LISTENER_MEMORY, "Not enough memory.");
  for (size_t i = 0; i < options->header_count; i++) {
    const struct listener_header *header = &options->headers[i];
    if (text_has_control(header->name) || text_has_control(header->value) ||
        MHD_add_response_header(listener->answer, header->name.bytes, header->value.bytes) != MHD_YES) {
      snprintf(error, LISTENER_ERROR_SIZE, "headers: \"%.100s\" cannot be added to the answer", header->name.bytes);
      return LISTENER_INVALID;
    }
  }
  return LISTENER_OK;
}

static bool make_locks(struct listener *listener) {
  if (uv_mutex_init(&listener->lock) != 0) return false;
  if (uv_cond_init(&listener->waiting_changed) == 0) {
    if (listener_queue_init(&listener->queue)) return true;
    uv_cond_destroy(&listener->waiting_changed);
  }
  uv_mutex_destroy(&listener->lock);
  return false;
}

static void free_locks(struct listener *listener) {
  listener_queue_destroy(&listener->queue);
  uv_cond_destroy(&listener->waiting_changed);
  uv_mutex_destroy(&listener->lock);
}

static enum listener_result start_daemon(struct listener *listener, const struct sockaddr_storage *address,
                                         const char *text, unsigned port, char error[LISTENER_ERROR_SIZE]) {
  unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  if (address->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  /* The thread inherits the mask: the host's signals are for the host's threads. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  errno = 0;
  listener->daemon = MHD_start_daemon(
      flags, (uint16_t)port, NULL, NULL, receive, listener, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)address,
      MHD_OPTION_URI_LOG_CALLBACK, begin, listener, MHD_OPTION_NOTIFY_COMPLETED, end, listener,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)LISTENER_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      (size_t)HEAD_LIMIT, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)SOMAXCONN, MHD_OPTION_END);
  int reason = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!listener->daemon) {
    bool address_trouble = reason == EADDRINUSE || reason == EADDRNOTAVAIL || reason == EACCES;
    char words[128];
    snprintf(error, LISTENER_ERROR_SIZE, "cannot listen on %s port %u: %s", text, port,
             reason ? strerror_r(reason, words, sizeof words) : "the HTTP server could not be started");
    return address_trouble ? LISTENER_ADDRESS : LISTENER_SYSTEM;
  }
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT);
  listener->port = info ? info->port : port;
  return LISTENER_OK;
}

enum listener_result listener_open(struct listener **opened, const struct listener_options *options,
                                   char error[LISTENER_ERROR_SIZE]) {
  *opened = NULL;
  const char *text = options->address ? options->address : "127.0.0.1";
  unsigned status = options->status ? options->status : MHD_HTTP_OK;
  struct sockaddr_storage address;
  if (options->port > PORT_LAST) return refuse(error, LISTENER_INVALID, "port: must be from 0 to 65535");
  if (!parse_address(&address, text, options->port))
    return refuse(error, LISTENER_INVALID, "address: must be an IPv4 or IPv6 address");
  if (status < 200 || status > 599) return refuse(error, LISTENER_INVALID, "status: must be from 200 to 599");
  if (!(options->delay >= 0 && options->delay <= LONGEST_DELAY))
    return refuse(error, LISTENER_INVALID, "delay: must be from 0 to 3600 seconds");

  struct listener *listener = memory_zeroed(sizeof *listener);
  if (!listener) return refuse(error, LISTENER_MEMORY, "Not enough memory.");
  listener->status = status;
  listener->delay_us = (int64_t)(options->delay * 1e6);
  listener->owner = getpid();
  if (!make_locks(listener)) {
    memory_free(listener);
    return refuse(error, LISTENER_SYSTEM, "The system has no lock to give.");
  }

  enum listener_result result = make_answers(listener, options, error);
  if (result == LISTENER_OK && listener->delay_us > 0) {
    listener->timer_started = thread_start(&listener->timer, "iw-listener", run_timer, listener);
    if (!listener->timer_started) result = refuse(error, LISTENER_SYSTEM, "The listener's thread cannot be started.");
  }
  if (result == LISTENER_OK) result = start_daemon(listener, &address, text, options->port, error);
  if (result == LISTENER_OK)
    *opened = listener;
  else
    listener_close(listener);
  return result;
}

struct listener_request *listener_take(struct listener *listener, double timeout) {
  return listener_queue_take(&listener->queue, timeout);
}

unsigned listener_port(const struct listener *listener) {
  return listener->port;
}

/*
 * The order matters:
 *   1. closing: from here on nothing starts to wait for its time
 *   2. the timer ends, so that nobody else wakes
 *   3. whoever waits is woken, since libmicrohttpd cannot stop with connections suspended
 *   4. libmicrohttpd stops: it ends every exchange, and its thread
 */
void listener_close(struct listener *listener) {
  if (!listener || listener->owner != getpid()) return; /* a child has neither the threads nor the locks' owners */
  uv_mutex_lock(&listener->lock);
  listener->closing = true;
  uv_cond_signal(&listener->waiting_changed);
  uv_mutex_unlock(&listener->lock);
  if (listener->timer_started) uv_thread_join(&listener->timer);
  uv_mutex_lock(&listener->lock);
  while (listener->waiting) wake_first(listener);
  uv_mutex_unlock(&listener->lock);
  if (listener->daemon) MHD_stop_daemon(listener->daemon);
  if (listener->answer) MHD_destroy_response(listener->answer);
  if (listener->refusal) MHD_destroy_response(listener->refusal);
  free_locks(listener);
  memory_free(listener);
}
