/*
 * server: see server.h.
 */
#include "server.h"

#include <stdio.h>
#include <unistd.h>

#include "http_daemon.h"
#include "memory.h"
#include "server_connection.h"

/* What a connection has for its request's head and the answer's: twice and more what the head may have. */
enum { POOL_BYTES = 64 * 1024 };
_Static_assert((int)SERVER_ERROR_SIZE == (int)HTTP_DAEMON_ERROR_SIZE, "one takes the other's sentences");

struct server {
  pid_t owner; /* the process that opened it */
  struct http_daemon daemon;
  struct server_connections connections;
};

static enum server_result fail(char error[SERVER_ERROR_SIZE], enum server_result result, const char *sentence) {
  snprintf(error, SERVER_ERROR_SIZE, "%s", sentence);
  return result;
}

static enum server_result check(const struct server_options *options, const struct http_daemon_options *daemon,
                                char error[SERVER_ERROR_SIZE]) {
  if (options->functions->version != PAGE_FUNCTIONS_VERSION ||
      options->functions->response_size != sizeof(struct page_response))
    return fail(error, SERVER_SYSTEM, "The page's module and the server's are not of the same version.");
  if (!http_daemon_check(daemon, error)) return SERVER_INVALID;
  if (!http_address_is_loopback(daemon->address) && !options->functions->has_token(options->page))
    return fail(error, SERVER_INVALID, "token: is needed on any address but loopback");
  return SERVER_OK;
}

static bool make_locks(struct server_connections *connections) {
  if (!http_pauses_init(&connections->pauses)) return false;
  if (uv_mutex_init(&connections->lock) == 0) return true;
  http_pauses_destroy(&connections->pauses);
  return false;
}

static void free_locks(struct server_connections *connections) {
  uv_mutex_destroy(&connections->lock);
  http_pauses_destroy(&connections->pauses);
}

static void set_up(struct server_connections *connections, const struct server_options *options) {
  unsigned idle = options->idle_seconds ? options->idle_seconds : SERVER_IDLE_SECONDS;
  unsigned receive = options->receive_seconds ? options->receive_seconds : SERVER_RECEIVE_SECONDS;
  connections->functions = options->functions;
  connections->page = options->functions->hold(options->page);
  connections->idle_us = (int64_t)idle * 1000 * 1000;
  connections->receive_us = (int64_t)receive * 1000 * 1000;
  for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
    connections->places[i].all = connections;
    connections->places[i].socket.descriptor = -1;
  }
}

static enum server_result start(struct server *server, struct http_daemon_options *daemon,
                                char error[SERVER_ERROR_SIZE]) {
  struct server_connections *connections = &server->connections;
  const struct MHD_OptionItem options[] = {
      {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)server_connection_notify, connections},
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)server_connection_begin, connections},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)server_connection_end, connections},
      {MHD_OPTION_CONNECTION_LIMIT, SERVER_CONNECTIONS, NULL},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL},
      {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(connections->idle_us / (1000 * 1000)), NULL},
      {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  daemon->receive = server_connection_receive;
  daemon->context = connections;
  daemon->options = options;
  if (!server_refusals_make(connections->refusals)) return fail(error, SERVER_MEMORY, "Not enough memory.");
  if (!http_pauses_start(&connections->pauses, "iw-server", server_connections_look, connections))
    return fail(error, SERVER_SYSTEM, "The server's thread cannot be started.");
  enum http_daemon_result result = http_daemon_start(&server->daemon, daemon, error);
  if (result == HTTP_DAEMON_OK) return SERVER_OK;
  return result == HTTP_DAEMON_ADDRESS ? SERVER_ADDRESS : SERVER_SYSTEM;
}

enum server_result server_open(struct server **opened, const struct server_options *options,
                               char error[SERVER_ERROR_SIZE]) {
  *opened = NULL;
  struct http_daemon_options daemon = {.address = options->address ? options->address : "127.0.0.1",
                                       .port = options->port};
  enum server_result result = check(options, &daemon, error);
  if (result != SERVER_OK) return result;
  struct server *server = memory_zeroed(sizeof *server);
  if (!server) return fail(error, SERVER_MEMORY, "Not enough memory.");
  server->owner = getpid();
  if (!make_locks(&server->connections)) {
    memory_free(server);
    return fail(error, SERVER_SYSTEM, "The system has no lock to give.");
  }
  set_up(&server->connections, options);
  result = start(server, &daemon, error);
  if (result == SERVER_OK)
    *opened = server;
  else
    server_close(server);
  return result;
}

unsigned server_port(const struct server *server) {
  return server->daemon.port;
}

/*
 * The order matters:
 *   1. no pause begins any more, and those that there are end: libmicrohttpd cannot stop while one lasts
 *   2. libmicrohttpd stops: it ends every request, which gives its call up, and its thread
 *   3. nobody uses the page any more
 * A child has neither the threads nor the locks' owners, and its descriptors are closed.
 */
void server_close(struct server *server) {
  if (!server) return;
  struct server_connections *connections = &server->connections;
  if (server->owner == getpid()) {
    http_pauses_end(&connections->pauses);
    http_daemon_stop(&server->daemon);
    server_refusals_free(connections->refusals);
    free_locks(connections);
  }
  connections->functions->release(connections->page);
  memory_free(server);
}
