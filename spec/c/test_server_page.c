/*
 * test_server_page: the server around the page that there is, asked by many at once: what neither shows alone.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "intent_webhook.h"
#include "memory_faults.h"
#include "scene.h"
#include "server_scene.h"
#include "thread.h"

enum { EVENTS = 1500, CLIENTS = 4, ROUNDS = 12 };

static const char *const targets[] = {
    "/api/export?format=jsonl",
    "/",
    "/api/export?format=csv",
    "/api/events",
    "/api/export?format=jsonl",
    "/metrics",
    "/api/names",
    "/api/export?format=csv",
    "/api/overview",
    "/healthz",
};
enum { TARGETS = sizeof targets / sizeof *targets };

static void record_events(const char *path) {
  static char slots[1000];
  char error[IW_ERROR_SIZE], id[IW_ID_SIZE];
  int length = snprintf(slots, sizeof slots, "{\"text\":\"%0900d\"}", 0);
  const iw_event event = {.intent = "note", .slots = slots, .slots_length = (size_t)length};
  iw_client *client = iw_client_new(&(iw_client_options){.history = path}, error);
  for (int i = 0; i < EVENTS; i++) iw_client_fire(client, &event, id);
  iw_client_flush(client, 20);
  iw_client_free(client);
}

struct crowd {
  unsigned port;
  atomic_uint right, wrong;
};

/* Asks for everything, and each time once more without waiting for the answer. */
static void ask_for_all(void *context) {
  struct crowd *crowd = context;
  char *answer = malloc(SCENE_ANSWER_SIZE);
  for (size_t i = 0; i < ROUNDS * TARGETS; i++) {
    int status = server_scene_get(crowd->port, targets[i % TARGETS], answer);
    atomic_fetch_add(status == 200 ? &crowd->right : &crowd->wrong, 1);
    int leaving = server_scene_connect(crowd->port);
    if (leaving < 0) continue;
    server_scene_ask(leaving, targets[i % TARGETS]);
    close(leaving);
  }
  free(answer);
}

static struct server *open_page(const char *path, struct page **page) {
  char error[IW_ERROR_SIZE], reason[SERVER_ERROR_SIZE];
  struct server *server = NULL;
  if (!CHECK(page_new(page, &(struct page_options){.history = path}, error) == PAGE_NEW_OK)) return NULL;
  struct server_options options = {.functions = &page_functions, .page = *page};
  CHECK(server_open(&server, &options, reason) == SERVER_OK);
  return server;
}

static void run(const char *path, bool closed_under_them) {
  struct page *page;
  struct server *server = open_page(path, &page);
  if (!server) return;
  struct crowd crowd = {.port = server_port(server)};
  uv_thread_t threads[CLIENTS];
  for (size_t i = 0; i < CLIENTS; i++) CHECK(thread_start(&threads[i], "ask", ask_for_all, &crowd));
  while (closed_under_them && atomic_load(&crowd.right) < ROUNDS * TARGETS) sched_yield();
  if (closed_under_them) server_close(server);
  for (size_t i = 0; i < CLIENTS; i++) uv_thread_join(&threads[i]);
  CHECK((atomic_load(&crowd.wrong) > 0) == closed_under_them);
  if (!closed_under_them) server_close(server);
  page_release(page);
}

int main(void) {
  struct scene scene;
  scene_begin(&scene);
  memory_faults_install();
  record_events(scene.history);

  TEST("many ask for everything at once, and many do not wait for the answer") run(scene.history, false);

  TEST("the page's files are compressed for who takes that, as two headers may say") {
    struct page *page;
    struct server *server = open_page(scene.history, &page);
    char *answer = malloc(SCENE_ANSWER_SIZE);
    CHECK(server_scene_status(server_port(server),
                              "GET /app.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Encoding: br\r\n"
                              "Accept-Encoding: gzip\r\n\r\n",
                              answer) == 200);
    CHECK(strstr(answer, "\r\nContent-Encoding: gzip\r\n") && !strstr(answer, "import"));
    CHECK(server_scene_get(server_port(server), "/app.js", answer) == 200);
    CHECK(!strstr(answer, "\r\nContent-Encoding:") && strstr(answer, "import"));
    free(answer);
    server_close(server);
    page_release(page);
  }

  long before = memory_faults_outstanding(); /* the client that wrote the history has ended by now */
  TEST("it is closed under them, and nothing is left of it") {
    run(scene.history, true);
    CHECK(memory_faults_outstanding() == before);
  }

  scene_end(&scene);
  return check_finish();
}
