/*
 * listener: see listener.h.
 *
 * A request goes through libmicrohttpd's callbacks in this order: begin (the request line), receive (once with the
 * head, then with each piece of the body, then with nothing: it is complete; with a delay a last time when that is
 * over), end. An exchange is what lives from begin to end; its request leaves it when it is queued. Before the first of
 * a connection and after its last there is notify.
 */
#include "listener.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http_daemon.h"
#include "http_pause.h"
#include "http_socket.h"
#include "listener_queue.h"
#include "memory.h"

enum { HEAD_LIMIT = 64 * 1024 };
_Static_assert((int)LISTENER_ERROR_SIZE == (int)HTTP_DAEMON_ERROR_SIZE, "one takes the other's sentences");

static const double LONGEST_DELAY = 3600;

struct exchange {
  struct http_pause pause;          /* until the answer's time */
  struct listener_request *request; /* NULL once it is queued or refused */
  bool begun, refused;
};

struct listener {
  struct http_daemon daemon;
  struct MHD_Response *answer, *refusal;
  unsigned status;
  int64_t delay_us;
  pid_t owner; /* the process that opened it */

  struct listener_queue queue;
  struct http_pauses pauses;
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

/* --- what libmicrohttpd calls, in its thread --- */

/* Without memory for its socket a connection ends with its first request. */
static void notify(void *context, struct MHD_Connection *connection, void **socket_slot,
                   enum MHD_ConnectionNotificationCode code) {
  (void)context;
  struct http_socket *socket = *socket_slot;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *socket_slot = socket = info ? memory_zeroed(sizeof *socket) : NULL;
    if (socket) http_socket_add(socket, info->connect_fd);
  } else if (socket) {
    http_socket_remove(socket);
    memory_free(socket);
  }
}

/* The rest of it is read and thrown away; then it is answered 503. */
static void exchange_refuse(struct listener *listener, struct exchange *exchange) {
  listener_queue_drop(&listener->queue, exchange->request);
  exchange->request = NULL;
  exchange->refused = true;
}

/* NULL, for no memory, makes receive end the connection. */
static void *begin(void *context, const char *target, struct MHD_Connection *connection) {
  (void)context;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  if (!info || !info->socket_context) return NULL;
  struct exchange *exchange = memory_zeroed(sizeof *exchange);
  if (!exchange) return NULL;
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
  if (!exchange || exchange->pause.cut_off) return MHD_NO;
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
      int64_t due_us = clock_monotonic_us() + listener->delay_us;
      return http_pause_begin(&listener->pauses, &exchange->pause, connection, due_us) ? MHD_YES : MHD_NO;
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
  if (!http_pauses_init(&listener->pauses)) return false;
  if (listener_queue_init(&listener->queue)) return true;
  http_pauses_destroy(&listener->pauses);
  return false;
}

static void free_locks(struct listener *listener) {
  listener_queue_destroy(&listener->queue);
  http_pauses_destroy(&listener->pauses);
}

static enum listener_result start_daemon(struct listener *listener, struct http_daemon_options *options,
                                         char error[LISTENER_ERROR_SIZE]) {
  static const enum listener_result results[] = {[HTTP_DAEMON_OK] = LISTENER_OK,
                                                 [HTTP_DAEMON_INVALID] = LISTENER_INVALID,
                                                 [HTTP_DAEMON_ADDRESS] = LISTENER_ADDRESS,
                                                 [HTTP_DAEMON_SYSTEM] = LISTENER_SYSTEM};
  const struct MHD_OptionItem more[] = {
      {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)notify, NULL},
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin, listener},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)end, listener},
      {MHD_OPTION_CONNECTION_LIMIT, LISTENER_CONNECTIONS, NULL},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_LIMIT, NULL},
      {MHD_OPTION_LISTEN_BACKLOG_SIZE, SOMAXCONN, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  options->receive = receive;
  options->context = listener;
  options->options = more;
  return results[http_daemon_start(&listener->daemon, options, error)];
}

enum listener_result listener_open(struct listener **opened, const struct listener_options *options,
                                   char error[LISTENER_ERROR_SIZE]) {
  *opened = NULL;
  unsigned status = options->status ? options->status : MHD_HTTP_OK;
  struct http_daemon_options daemon = {.address = options->address ? options->address : "127.0.0.1",
                                       .port = options->port};
  if (!http_daemon_check(&daemon, error)) return LISTENER_INVALID;
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
  if (result == LISTENER_OK && listener->delay_us > 0 &&
      !http_pauses_start(&listener->pauses, "iw-listener", NULL, NULL))
    result = refuse(error, LISTENER_SYSTEM, "The listener's thread cannot be started.");
  if (result == LISTENER_OK) result = start_daemon(listener, &daemon, error);
  if (result == LISTENER_OK)
    *opened = listener;
  else
    listener_close(listener);
  return result;
}

struct listener_request *listener_take(struct listener *listener, double timeout) {
  return listener->owner == getpid() ? listener_queue_take(&listener->queue, timeout) : NULL;
}

unsigned listener_port(const struct listener *listener) {
  return listener->daemon.port;
}

/* A child has neither the threads nor the locks' owners, and its sockets are closed. */
void listener_close(struct listener *listener) {
  if (!listener) return;
  if (listener->owner == getpid()) {
    http_pauses_end(&listener->pauses);
    http_daemon_stop(&listener->daemon); /* ends every exchange */
    if (listener->answer) MHD_destroy_response(listener->answer);
    if (listener->refusal) MHD_destroy_response(listener->refusal);
    free_locks(listener);
  }
  memory_free(listener);
}
