/*
 * test_exit: a process ends in the middle of things. Each test is a child process; what it counts is in memory that it
 * shares with this one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "loopback.h"
#include "scene_client.h"

enum { THREADS = 4, CHILD_S = 60 };

static struct loopback *loopback;
static struct scene scene;

static struct shared {
  atomic_uint accepted;
  atomic_int result, other_result, closed;
  _Atomic int64_t exit_us, ended_us; /* when exit was called, and when the core's handler had ended */
} * shared;

static iw_client *client;
static iw_endpoint *endpoint;

static void begin(const char *path) {
  char url[LOOPBACK_URL_SIZE];
  scene_watchdog(CHILD_S);
  client = scene_client(scene.history);
  endpoint = scene_endpoint(client, loopback_url(loopback, path, url));
}

static iw_result fire(void) {
  char id[IW_ID_SIZE];
  iw_result result = scene_fire(client, endpoint, NULL, 1, id);
  if (result == IW_OK) shared->accepted++;
  return result;
}

/* Runs after the core's own handler, which is registered with the first client. */
static void note_end(void) {
  shared->ended_us = scene_now_us();
}

/*
 * Runs a child to its end; its exit status, and how long the core's handler took. Not the whole child: under valgrind
 * and sanitizers it takes a second before and after.
 */
static int run(void (*child_main)(void), double *seconds) {
  AWAIT(loopback_open(loopback) == 0, 10); /* then its thread sleeps while we fork */
  memset(shared, 0, sizeof *shared);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    atexit(note_end);
    child_main();
    shared->exit_us = scene_now_us();
    exit(0);
  }
  int status = scene_exit_status(child, CHILD_S);
  *seconds = (double)(shared->ended_us - shared->exit_us) / 1e6;
  return status;
}

static int64_t count(const char *query, const char *condition) {
  char sql[256];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM deliveries WHERE url LIKE '%%%s' AND %s", query, condition);
  return scene_count(scene.history, sql);
}

static void *fire_until_the_end(void *argument) {
  while (fire() != IW_SYSTEM) usleep(500);
  return argument;
}

static void exit_while_threads_fire(void) {
  begin("/200/1?threads");
  for (int i = 0; i < THREADS; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, fire_until_the_end, NULL);
  }
  usleep(200000);
}

static void exit_while_it_hangs(void) {
  begin("/hang?exit");
  for (int i = 0; i < 100; i++) fire();
}

static void exit_after_free(void) {
  begin("/200/300?freed");
  for (int i = 0; i < 10; i++) fire();
  iw_client_free(client);
}

static void exit_after_close(void) {
  begin("/200?closed");
  fire();
  shared->closed = iw_client_close(client, 10, NULL) == IW_OK;
}

/* Runs after the core's own handler, like note_end. */
static void late_handler(void) {
  char id[IW_ID_SIZE], url[LOOPBACK_URL_SIZE], error[IW_ERROR_SIZE];
  shared->result = (int)fire();
  iw_client *late = scene_client(scene.history);
  iw_endpoint *late_endpoint = scene_endpoint(late, loopback_url(loopback, "/200?late", url));
  shared->other_result = (int)scene_fire(late, late_endpoint, NULL, 1, id);
  if (iw_client_start(late, 1, error) != IW_SYSTEM) shared->other_result = 99;
  shared->closed = iw_client_close(late, 1, NULL) == IW_OK && iw_client_close(client, 1, NULL) == IW_OK;
  iw_client_free(late);
  iw_client_free(client);
}

static void fire_in_late_handler(void) {
  atexit(late_handler);
  begin("/200/50?early");
  for (int i = 0; i < 5; i++) fire();
}

static void killed(void) {
  begin("/hang?killed");
  iw_stats stats = {.history_recorded = 0};
  for (fire(); stats.history_recorded == 0; scene_rest()) iw_client_stats(client, &stats);
  raise(SIGKILL);
}

int main(void) {
  scene_watchdog(280);
  scene_begin(&scene);
  loopback = loopback_start();
  double seconds;
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  TEST("threads that fire while the process exits lose nothing that was accepted") {
    CHECK(run(exit_while_threads_fire, &seconds) == 0 && seconds < 6);
    int64_t recorded = count("?threads", "status = 'delivered' OR cause = 'process_exit'");
    /* a thread may have come to its end between being told and counting */
    CHECK(shared->accepted > THREADS && recorded >= shared->accepted && recorded <= shared->accepted + THREADS);
    CHECK(count("?threads", "status = 'pending'") == 0);
  }
  TEST("what hangs at exit gets two seconds, and is recorded as process_exit") {
    CHECK(run(exit_while_it_hangs, &seconds) == 0 && seconds > 1.5 && seconds < 6);
    CHECK(shared->accepted == 100 && count("?exit", "status = 'failed' AND cause = 'process_exit'") == 100);
  }
  TEST("what is under way when its client was given back is finished at exit") {
    CHECK(run(exit_after_free, &seconds) == 0 && seconds < 1.9);
    CHECK(count("?freed", "status = 'delivered'") == 10);
  }
  TEST("after a close there is nothing to wait for at exit") {
    CHECK(run(exit_after_close, &seconds) == 0 && seconds < 1.5 && shared->closed == 1);
    CHECK(count("?closed", "status = 'delivered'") == 1);
  }
  TEST("who fires after the core has ended is told so, and can close and give back") {
    CHECK(run(fire_in_late_handler, &seconds) == 0 && seconds < 6);
    CHECK(shared->result == IW_SYSTEM && shared->other_result == IW_SYSTEM && shared->closed == 1);
    CHECK(shared->accepted == 5 && count("?early", "status = 'delivered'") == 5 && count("?late", "1") == 0);
  }
  TEST("a process that is killed leaves a sound file, with what it had recorded") {
    CHECK(run(killed, &seconds) == 128 + SIGKILL);
    CHECK(count("?killed", "status = 'pending'") == 1);
    CHECK(run(exit_after_close, &seconds) == 0);
    CHECK(scene_is_sound(scene.history));
  }
  loopback_stop(loopback);
  scene_end(&scene);
  return check_finish();
}
