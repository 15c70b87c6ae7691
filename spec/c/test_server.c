/*
 * test_server: the server around a page that is a fake: its connections, limits, memory and threads. With the page that
 * there is: spec/server_spec.lua.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "memory_faults.h"
#include "server_scene.h"
#include "thread.h"

enum { CLIENTS = 4, REQUESTS = 50 };

static bool await(unsigned (*figure)(void), unsigned value) {
  struct timespec pause = {.tv_nsec = 1000 * 1000};
  for (int64_t end = clock_monotonic_us() + SCENE_PATIENCE_SECONDS * 1000000; clock_monotonic_us() < end;) {
    if (figure() == value) return true;
    nanosleep(&pause, NULL);
  }
  return false;
}

struct crowd {
  unsigned port;
  atomic_uint answered, wrong;
};

static void get_many(void *context) {
  static const struct {
    const char *target;
    int status;
  } kinds[] = {{"/echo", 200}, {"/pieces/3/5000", 200}, {"/delay/1", 401}, {"/busy", 503}, {"/bytes/50000", 200}};
  struct crowd *crowd = context;
  char *answer = malloc(SCENE_ANSWER_SIZE);
  for (size_t i = 0; i < REQUESTS; i++) {
    size_t kind = i % (sizeof kinds / sizeof *kinds);
    bool right = server_scene_get(crowd->port, kinds[kind].target, answer) == kinds[kind].status;
    atomic_fetch_add(right ? &crowd->answered : &crowd->wrong, 1);
  }
  free(answer);
}

static bool nothing_left(void) {
  return CHECK(fake_page_open() == 0) && CHECK(fake_page_held() == 0) && CHECK(memory_faults_outstanding() == 0);
}

int main(void) {
  static char answer[SCENE_ANSWER_SIZE];
  memory_faults_install();

  TEST("opening without memory says so and leaves nothing behind") {
    for (unsigned nth = 1;; nth++) {
      char error[SERVER_ERROR_SIZE] = "";
      enum server_result result;
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      struct server *server = server_scene_try((struct server_options){0}, &result, error);
      bool hit = memory_faults_hit();
      CHECK(hit == (server == NULL));
      if (hit) CHECK((result == SERVER_MEMORY || result == SERVER_SYSTEM) && error[0] != '\0');
      server_close(server);
      nothing_left();
      if (!hit) break;
    }
  }

  TEST("a request for which there is no memory gets 503 or no answer, and the next one is served") {
    static const char post[] = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";
    struct server *server = server_scene_open(0);
    for (unsigned nth = 1;; nth++) {
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      int status = server_scene_status(server_port(server), post, answer);
      bool hit = memory_faults_hit();
      CHECK(hit ? status == 503 || status == 0 : status == 200);
      CHECK(server_scene_get(server_port(server), "/", answer) == 200);
      if (!hit) break;
    }
    server_close(server);
    nothing_left();
  }

  TEST("the page gets the request as it came, and its status, headers and body are sent") {
    struct server *server = server_scene_open(0);
    CHECK(server_scene_status(
              server_port(server),
              "POST /a%2F../b?c=%20&d HTTP/1.1\r\nhost: h:1\r\nORIGIN: http://h:1\r\nSec-Fetch-Site: none\r\n"
              "Authorization: Bearer t\r\nCookie: a=b; c=d\r\nIf-None-Match: \"x\"\r\nX-Forwarded-Proto: https\r\n"
              "Content-Length: 5\r\nConnection: close\r\n\r\na=b&c",
              answer) == 200);
    CHECK_TEXT(server_scene_body_of(answer),
               "POST /a%2F../b?c=%20&d host=h:1 origin=http://h:1 site=none token=Bearer t "
               "cookie=a=b; c=d match=\"x\" secure=1 body=5:a=b&c");
    CHECK(strstr(answer, "\r\nX-Fake: yes\r\n") && strstr(answer, "\r\nContent-Type: text/plain\r\n"));
    CHECK(server_scene_status(server_port(server), "GET / HTTP/1.0\r\n\r\n", answer) == 200);
    CHECK_TEXT(server_scene_body_of(answer), "GET / host= origin= site= token= cookie= match= secure=0 body=0:");
    CHECK(server_scene_status(server_port(server), "HEAD /bytes/70 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                              answer) == 200);
    CHECK(strstr(answer, "\r\nContent-Length: 70\r\n") && *server_scene_body_of(answer) == '\0');
    server_close(server);
    nothing_left();
  }

  TEST("what is too large, or comes twice, is refused; of a body no more is kept than it takes to see that") {
    struct server *server = server_scene_open(0);
    static char large[80 * 1024];
    char *end = large + snprintf(large, sizeof large, "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
    for (int i = 0; i < 180; i++)
      end += snprintf(end, (size_t)(large + sizeof large - end), "X-Filler-%03d: %080d\r\n", i, i);
    strcpy(end, "\r\n");
    CHECK(server_scene_status(server_port(server), large, answer) == 431 && strstr(answer, "\"too_large\""));
    strcpy(large + 14 * 1024, "\r\n\r\n");
    CHECK(server_scene_status(server_port(server), large, answer) == 200);
    end = large + snprintf(large, sizeof large, "GET /");
    memset(end, 'a', 70 * 1024);
    strcpy(end + 9 * 1024, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    CHECK(server_scene_status(server_port(server), large, answer) == 200 &&
          strlen(answer) > 9 * 1024); /* for the page to refuse */
    memset(end, 'a', 70 * 1024);
    strcpy(end + 70 * 1024, " HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(server_scene_status(server_port(server), large, answer) == 414 ||
          server_scene_status_of(answer) == 0); /* before it is read to its end */
    end = large + snprintf(large, sizeof large,
                           "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n");
    memset(end, 'b', 60000);
    end[60000] = '\0';
    CHECK(server_scene_status(server_port(server), large, answer) == 200 && strstr(answer, "body=16385:"));
    CHECK(server_scene_status(server_port(server), "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\nConnection: close\r\n\r\n",
                              answer) == 400);
    CHECK(server_scene_status(server_port(server),
                              "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
                              "Connection: close\r\n\r\n0\r\n\r\n",
                              answer) == 400);
    CHECK(server_scene_status(server_port(server), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", answer) == 400);
    CHECK(server_scene_get(server_port(server), "/busy", answer) == 503 && strstr(answer, "\"busy\""));
    server_close(server);
    nothing_left();
  }

  TEST("a connection is kept for further requests, which are answered in their order") {
    struct server *server = server_scene_open(0);
    int client = server_scene_connect(server_port(server));
    server_scene_ask(client, "/first");
    server_scene_ask(client, "/pieces/2/10");
    server_scene_say(client, "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    CHECK(server_scene_hear(client, answer, NULL) > 0);
    const char *first = strstr(answer, "GET /first"), *second = strstr(answer, "xxxx."),
               *third = strstr(answer, "/last");
    CHECK(first && second && third && first < second && second < third);
    close(client);
    server_close(server);
    nothing_left();
  }

  TEST("a body of several pieces is sent in chunks, or to the end of a connection that knows none") {
    struct server *server = server_scene_open(0);
    CHECK(server_scene_get(server_port(server), "/pieces/3/10", answer) == 200);
    CHECK(strstr(answer, "Transfer-Encoding: chunked"));
    CHECK_TEXT(server_scene_body_of(answer), "A\r\nxxxxxxxxx.\r\nA\r\nxxxxxxxxx.\r\nA\r\nxxxxxxxxx.\r\n0\r\n\r\n");
    CHECK(server_scene_status(server_port(server), "GET /pieces/2/10 HTTP/1.0\r\n\r\n", answer) == 200);
    CHECK_TEXT(server_scene_body_of(answer), "xxxxxxxxx.xxxxxxxxx.");
    server_close(server);
    nothing_left();
  }

  TEST("a piece for which the page has no time is asked for again") {
    struct server *server = server_scene_open(0);
    CHECK(server_scene_get(server_port(server), "/late/3/10", answer) == 200);
    CHECK_TEXT(server_scene_body_of(answer), "A\r\nxxxxxxxxx.\r\nA\r\nxxxxxxxxx.\r\nA\r\nxxxxxxxxx.\r\n0\r\n\r\n");
    server_close(server);
    nothing_left();
  }

  TEST("a piece that fails ends the connection, so that the client can tell") {
    struct server *server = server_scene_open(0);
    CHECK(server_scene_get(server_port(server), "/broken/3", answer) == 200);
    size_t length = strlen(answer);
    CHECK(length > 2000 && length < 3000 && strcmp(answer + length - 5, "0\r\n\r\n") != 0);
    server_close(server);
    nothing_left();
  }

  TEST("an answer that is held back holds up no other") {
    struct server *server = server_scene_open(0);
    int held[20];
    int64_t begin = clock_monotonic_us();
    for (size_t i = 0; i < 20; i++)
      server_scene_ask(held[i] = server_scene_connect(server_port(server)), "/delay/3000");
    CHECK(await(fake_page_open, 20));
    CHECK(server_scene_get(server_port(server), "/echo", answer) == 200);
    CHECK(clock_monotonic_us() - begin < 2900 * 1000);
    for (size_t i = 0; i < 20; i++) {
      CHECK(server_scene_hear(held[i], answer, "\r\n\r\n") > 0 && server_scene_status_of(answer) == 401);
      close(held[i]);
    }
    int64_t taken = clock_monotonic_us() - begin;
    CHECK(taken >= 1000 * 1000 && taken < 5 * 1000 * 1000);
    server_close(server);
    nothing_left();
  }

  TEST("a call is given up when its client goes away") {
    struct server *server = server_scene_open(0);
    int client = server_scene_connect(server_port(server));
    server_scene_ask(client, "/hold");
    CHECK(await(fake_page_waiting, 1));
    close(client);
    CHECK(await(fake_page_open, 0));
    client = server_scene_connect(server_port(server));
    server_scene_ask(client, "/delay/60000");
    CHECK(await(fake_page_open, 1));
    close(client);
    CHECK(await(fake_page_open, 0));
    CHECK(server_scene_get(server_port(server), "/echo", answer) == 200); /* in a place that was somebody else's */
    server_close(server);
    nothing_left();
  }

  TEST("pieces are made as they are read, and a reader that stops is cut off") {
    struct server *server = server_scene_open(1);
    int client = server_scene_connect(server_port(server));
    unsigned before = fake_page_pieces();
    server_scene_ask(client, "/pieces/100/1000000");
    CHECK(await(fake_page_open, 1));
    CHECK(await(fake_page_open, 0)); /* after the second that it may rest */
    CHECK(fake_page_pieces() - before < 50);
    close(client);
    server_close(server);
    nothing_left();
  }

  TEST("a request has to be complete in time, however often a bit of it comes") {
    struct server *server = server_scene_open(1);
    struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    static const char *const beginnings[] = {
        "", "GET / HTTP/1.1\r\nX: ", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
      int client = server_scene_connect(server_port(server));
      int64_t begin = clock_monotonic_us();
      server_scene_say(client, beginnings[i]);
      while (server_scene_say(client, "x") && clock_monotonic_us() - begin < 10 * 1000 * 1000) nanosleep(&pause, NULL);
      int64_t taken = clock_monotonic_us() - begin;
      CHECK(taken > 900 * 1000 && taken < 8 * 1000 * 1000);
      close(client);
    }
    server_close(server);
    nothing_left();
  }

  TEST("when all places are taken by those that say nothing, they are closed for those that do") {
    struct server *server = server_scene_open(60);
    int silent[SERVER_CONNECTIONS];
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++) silent[i] = server_scene_connect(server_port(server));
    int64_t begin = clock_monotonic_us();
    CHECK(server_scene_get(server_port(server), "/echo", answer) == 200);
    CHECK(clock_monotonic_us() - begin < 10 * 1000 * 1000);
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++) close(silent[i]);
    server_close(server);
    nothing_left();
  }

  TEST("many clients at once get their answers") {
    struct server *server = server_scene_open(0);
    struct crowd crowd = {.port = server_port(server)};
    uv_thread_t threads[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) CHECK(thread_start(&threads[i], "get", get_many, &crowd));
    for (size_t i = 0; i < CLIENTS; i++) uv_thread_join(&threads[i]);
    CHECK(atomic_load(&crowd.wrong) == 0);
    server_close(server);
    nothing_left();
  }

  TEST("it is closed while many clients ask") {
    struct server *server = server_scene_open(0);
    struct crowd crowd = {.port = server_port(server)};
    uv_thread_t threads[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) CHECK(thread_start(&threads[i], "get", get_many, &crowd));
    while (atomic_load(&crowd.answered) < CLIENTS * REQUESTS / 4) sched_yield();
    server_close(server);
    for (size_t i = 0; i < CLIENTS; i++) uv_thread_join(&threads[i]);
    CHECK(atomic_load(&crowd.wrong) > 0);
    nothing_left();
  }

  TEST("closing gives up what is being worked on, held back, or sent") {
    struct server *server = server_scene_open(0);
    int clients[3] = {server_scene_connect(server_port(server)), server_scene_connect(server_port(server)),
                      server_scene_connect(server_port(server))};
    server_scene_ask(clients[0], "/hold");
    server_scene_ask(clients[1], "/delay/60000");
    server_scene_ask(clients[2], "/pieces/1000/100000");
    CHECK(await(fake_page_open, 3) && await(fake_page_waiting, 1));
    int64_t begin = clock_monotonic_us();
    server_close(server);
    CHECK(clock_monotonic_us() - begin < 20 * 1000 * 1000);
    for (size_t i = 0; i < 3; i++) close(clients[i]);
    nothing_left();
  }

  TEST("an address that others reach needs a token; wrong options and a taken port say so") {
    char error[SERVER_ERROR_SIZE] = "";
    enum server_result result;
    CHECK(!server_scene_try((struct server_options){.address = "0.0.0.0"}, &result, error) && result == SERVER_INVALID);
    CHECK_TEXT(error, "token: is needed on any address but loopback");
    CHECK(!server_scene_try((struct server_options){.address = "::"}, &result, error) && result == SERVER_INVALID);
    CHECK(!server_scene_try((struct server_options){.address = "localhost"}, &result, error) &&
          result == SERVER_INVALID);
    CHECK_TEXT(error, "address: must be an IPv4 or IPv6 address");
    CHECK(!server_scene_try((struct server_options){.port = 65536}, &result, error) && result == SERVER_INVALID);
    struct server_options everywhere = {.address = "0.0.0.0", .page = fake_page(true)};
    struct server *server = server_scene_try(everywhere, &result, error);
    CHECK(result == SERVER_OK);
    server_close(server);
    fake_page(false);
    server = server_scene_try((struct server_options){.address = "127.0.0.2"}, &result, error);
    CHECK(result == SERVER_OK);
    struct server_options taken = {.address = "127.0.0.2", .port = server_port(server)};
    CHECK(!server_scene_try(taken, &result, error) && result == SERVER_ADDRESS);
    server_close(server);
    nothing_left();
  }

  return check_finish();
}
