/*
 * host_states: a C program that embeds Lua 5.4 and uses the built module in many states and threads.
 *
 *     host_states CPATH PATH
 *
 * CPATH and PATH are put in front of package.cpath and package.path. Ends like a C test: "N passed, N failed".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "check.h"
#include "loopback.h"
#include "scene.h"
#include "slowness.h"

enum { MOST_STATES = 1000, THREADS = 8, CHILD_S = 60 };

static const char script[] =
    "local cpath, path, url, history, count, ending = ...\n"
    "package.cpath, package.path = cpath .. ';' .. package.cpath, path .. ';' .. package.path\n"
    "local webhook = require 'intent_webhook'\n"
    "local client = assert(webhook.new {\n"
    "  history = history,\n"
    "  intents = { { name = 'test', slots = { 'n' }, actions = { { webhook = url } } } },\n"
    "})\n"
    "local accepted = 0\n"
    "for n = 1, count do\n"
    "  if client:fire('test', { n = n }) then accepted = accepted + 1 end\n"
    "end\n"
    "if ending == 'close' then\n"
    "  assert(client:close(30))\n"
    "  assert(client:stats().delivered == accepted and #client:poll() == accepted)\n"
    "elseif ending == 'keep' then\n"
    "  kept = client\n"
    "end\n"
    "return accepted\n";

static const char *cpath, *path;
static int state_count = MOST_STATES; /* in turn; and of all threads together */
static struct loopback *loopback;

/* One life of a state. */
struct life {
  const char *history, *target; /* what it posts to */
  int events;
  const char *ending; /* "close": closes its client; "keep": a global; "": leaves it to the collector */
  lua_State *L;       /* open after life_begin */
  int accepted;
};

static bool life_begin(struct life *life) {
  char url[LOOPBACK_URL_SIZE];
  lua_State *L = life->L = luaL_newstate();
  if (L == NULL) return false;
  luaL_openlibs(L);
  if (luaL_loadbuffer(L, script, sizeof script - 1, "=script") != LUA_OK) return false;
  lua_pushstring(L, cpath);
  lua_pushstring(L, path);
  lua_pushstring(L, loopback_url(loopback, life->target, url));
  lua_pushstring(L, life->history);
  lua_pushinteger(L, life->events);
  lua_pushstring(L, life->ending);
  if (lua_pcall(L, 6, 1, 0) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return false;
  }
  life->accepted = (int)lua_tointeger(L, -1);
  return life->accepted == life->events;
}

static bool live(struct life *life) {
  bool good = life_begin(life);
  lua_close(life->L);
  return good;
}

static void *live_in_thread(void *argument) {
  return live(argument) ? argument : NULL;
}

static int64_t count(const char *history, const char *query) {
  char sql[256];
  snprintf(sql, sizeof sql,
           "SELECT count(*) FROM deliveries JOIN attempts USING (event, number)"
           " WHERE status = 'delivered' AND deliveries.url LIKE '%%%s'",
           query);
  return scene_count(history, sql);
}

/* Two lives at once. */
static void live_together(struct life lives[2]) {
  pthread_t threads[2];
  void *good;
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, live_in_thread, &lives[i]) == 0);
  for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], &good) == 0 && good != NULL);
}

static void *live_many(void *argument) {
  const char *history = argument;
  for (int i = 0; i < state_count / THREADS; i++) {
    struct life life = {.history = history, .target = "/200/1?many", .events = 4, .ending = i % 2 ? "close" : ""};
    if (!live(&life)) return NULL;
  }
  return argument;
}

/* In a child: two states are open and deliveries under way when the process ends. */
static void end_in_the_middle(const char *history) {
  struct life lives[] = {{.history = history, .target = "/200/200?exit", .events = 20, .ending = "keep"},
                         {.history = history, .target = "/200/200?exit", .events = 20, .ending = ""}};
  scene_watchdog(CHILD_S);
  bool good = life_begin(&lives[0]) && life_begin(&lives[1]);
  exit(good ? 0 : 1);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s CPATH PATH\n", argv[0]);
    return 2;
  }
  cpath = argv[1];
  path = argv[2];
  if (spec_slowness() > 1) state_count = MOST_STATES / 5;
  scene_watchdog(280);
  struct scene scene, other;
  scene_begin(&scene);
  scene_begin(&other);
  loopback = loopback_start();
  unsigned threads = scene_threads();

  TEST("a process that ends with open states and deliveries under way loses none") {
#ifdef CANNOT_FORK
    SKIP("a sanitizer's own locks may be held at the fork, and are then held in the child for ever");
    continue;
#endif
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) end_in_the_middle(scene.history);
    CHECK(scene_exit_status(child, CHILD_S) == 0);
    CHECK(count(scene.history, "?exit") == 40);
  }
  TEST("two states on two threads use one history file at once") {
    struct life lives[] = {
        {.history = scene.history, .target = "/200/2?same", .events = 100, .ending = "close"},
        {.history = scene.history, .target = "/200/2?same", .events = 100, .ending = "close"},
    };
    live_together(lives);
    CHECK(count(scene.history, "?same") == 200);
  }
  TEST("two states on two threads use two history files at once") {
    struct life lives[] = {
        {.history = scene.history, .target = "/200/2?different", .events = 100, .ending = "close"},
        {.history = other.history, .target = "/200/2?different", .events = 100, .ending = "close"},
    };
    live_together(lives);
    CHECK(count(scene.history, "?different") == 100 && count(other.history, "?different") == 100);
  }
  TEST("a state is closed with deliveries under way: they go on, and are recorded") {
    struct life lives[] = {{.history = scene.history, .target = "/200/300?closed", .events = 50, .ending = ""},
                           {.history = scene.history, .target = "/200/300?closed", .events = 50, .ending = "keep"}};
    CHECK(live(&lives[0]) && live(&lives[1]));
    CHECK(count(scene.history, "?closed") < 100);
    AWAIT(count(scene.history, "?closed") == 100, 20);
    AWAIT(scene_threads() == threads, 20);
  }
  TEST("1,000 states, where it is not too slow, in turn") {
    unsigned descriptors = scene_descriptors();
    for (int i = 0; i < state_count; i++) {
      struct life life = {.history = scene.history, .target = "/200?turn", .events = 2, .ending = i % 2 ? "close" : ""};
      CHECK(live(&life));
    }
    AWAIT(count(scene.history, "?turn") == 2 * state_count, 20);
    AWAIT(scene_threads() == threads && scene_descriptors() <= descriptors, 20);
  }
  TEST("8 threads with as many states together") {
    pthread_t ids[THREADS];
    void *good;
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, live_many, scene.history) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], &good) == 0 && good != NULL);
    AWAIT(count(scene.history, "?many") == state_count / THREADS * THREADS * 4, 30);
  }
  TEST("in the end both files are sound, and no thread is left") {
    AWAIT(scene_threads() == threads, 20);
    CHECK(scene_is_sound(scene.history) && scene_is_sound(other.history));
  }
  loopback_stop(loopback);
  scene_end(&scene);
  scene_end(&other);
  return check_finish();
}
