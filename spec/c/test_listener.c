/*
 * test_listener: the listener without memory and from several threads. In a forked child: test_http_fork. What it does
 * otherwise: spec/listener_spec.lua.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "listener.h"
#include "memory_faults.h"
#include "thread.h"

static const char post[] =
    "POST /x?y HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";

/* Sends one request; its answer's status, or 0 when the connection ended without one. */
static int post_once(unsigned port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int status = 0, connection = socket(AF_INET, SOCK_STREAM, 0);
  char answer[512];
  size_t length = 0;
  if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
      send(connection, post, sizeof post - 1, MSG_NOSIGNAL) == sizeof post - 1) {
    ssize_t got;
    while (length < sizeof answer - 1 && (got = recv(connection, answer + length, sizeof answer - 1 - length, 0)) > 0)
      length += (size_t)got;
    answer[length] = '\0';
    if (length > 12) status = atoi(answer + 9);
  }
  close(connection);
  return status;
}

/* Returns the listener that was opened, or NULL after an honest failure. */
static struct listener *open_one(double delay) {
  struct listener_header header = {.name = {"X-H", 3}, .value = {"v", 1}};
  struct listener_options options = {.delay = delay, .body = {"b", 1}, .headers = &header, .header_count = 1};
  struct listener *listener;
  char error[LISTENER_ERROR_SIZE] = "";
  enum listener_result result = listener_open(&listener, &options, error);
  CHECK((result == LISTENER_OK) == (listener != NULL));
  if (!listener) CHECK((result == LISTENER_MEMORY || result == LISTENER_SYSTEM) && error[0] != '\0');
  return listener;
}

static void post_many(void *port) {
  for (int i = 0; i < 50; i++) post_once(*(unsigned *)port);
}

int main(void) {
  memory_faults_install();

  TEST("opening without memory says so and leaves nothing behind") {
    for (unsigned nth = 1;; nth++) {
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      struct listener *listener = open_one(0.001);
      bool hit = memory_faults_hit();
      memory_faults_fail(0, MEMORY_FAULTS_ONCE);
      CHECK(hit == (listener == NULL));
      listener_close(listener);
      CHECK(memory_faults_outstanding() == 0);
      if (!hit) break;
    }
  }

  TEST("a request for which there is no memory gets 503 or no answer, is not queued, and the next one is served") {
    struct listener *listener = open_one(0);
    for (unsigned nth = 1;; nth++) {
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      int status = post_once(listener_port(listener));
      bool hit = memory_faults_hit();
      memory_faults_fail(0, MEMORY_FAULTS_ONCE);
      struct listener_request *request = listener_take(listener, 0);
      CHECK(hit ? status == 503 || status == 0 : status == 200);
      CHECK((request != NULL) == !hit);
      listener_request_free(request);
      if (!hit) break;
    }
    listener_close(listener);
    CHECK(memory_faults_outstanding() == 0);
  }

  TEST("requests come in from many threads while one takes them, with a delay, until it is closed") {
    struct listener *listener = open_one(0.001);
    unsigned port = listener_port(listener), taken = 0;
    uv_thread_t threads[4];
    for (size_t i = 0; i < 4; i++) CHECK(thread_start(&threads[i], "post", post_many, &port));
    while (taken < 150) {
      struct listener_request *request = listener_take(listener, 5);
      if (!CHECK(request != NULL)) break;
      CHECK_BYTES(request->body.bytes, request->body.length, "body");
      listener_request_free(request);
      taken++;
    }
    listener_close(listener); /* some of them are cut off */
    for (size_t i = 0; i < 4; i++) uv_thread_join(&threads[i]);
    CHECK(memory_faults_outstanding() == 0);
  }

  return check_finish();
}
