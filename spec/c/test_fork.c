/*
 * test_fork: a process forks with a client, in use or not yet.
 *
 * What the children do is checked by their exit status: 0, or the number of the step that failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "loopback.h"
#include "scene_client.h"
#include "slowness.h"

enum { MOST_CHILDREN = 50, MOST_AT_ONCE = 6, CHILD_EVENTS = 3, CHILD_S = 60 };

static struct loopback *loopback;
static struct scene scene;

static iw_endpoint *endpoint_at(iw_client *client, const char *path) {
  char url[LOOPBACK_URL_SIZE];
  return scene_endpoint(client, loopback_url(loopback, path, url));
}

/* Delivered and recorded, by what the path's end says. */
static int64_t count_delivered(const char *query) {
  char sql[256];
  snprintf(sql, sizeof sql,
           "SELECT count(*) FROM deliveries JOIN attempts USING (event, number)"
           " WHERE status = 'delivered' AND http_status = 200 AND deliveries.url LIKE '%%%s'",
           query);
  return scene_count(scene.history, sql);
}

/* Without buffered output of the parent's, which the child would print again. */
static pid_t fork_quietly(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) scene_watchdog(CHILD_S);
  return child;
}

/* In a child: fires on an inherited client and sees it delivered and recorded. The step that failed, or 0. */
static int use(iw_client *client, iw_endpoint *endpoint) {
  char id[IW_ID_SIZE];
  iw_delivery delivery;
  void *held = NULL;
  if (scene_fire(client, endpoint, NULL, 1, id) != IW_OK) return 1;
  if (iw_client_wait(client, id, 30) != IW_OK) return 2;
  if (!iw_client_poll(client, id, &held, &delivery)) return 3;
  if (!delivery.delivered || !delivery.recorded) return 4;
  iw_poll_end(&held);
  return 0;
}

/* The same, and then ends the client. */
static int use_up(iw_client *client, iw_endpoint *endpoint) {
  int failed = use(client, endpoint);
  if (failed != 0) return failed;
  iw_stats stats;
  iw_client_stats(client, &stats);
  if (stats.fired != 1 || stats.delivered != 1 || stats.failed != 0 || stats.bytes != 0) return 5;
  if (iw_client_close(client, 30, NULL) != IW_OK) return 6;
  iw_client_free(client);
  return 0;
}

static void check_child(pid_t child) {
  int status = scene_exit_status(child, CHILD_S);
  if (!CHECK(status == 0)) printf("     its status, or the step that failed: %d\n", status);
}

static void close_and_free(iw_client *client) {
  CHECK(iw_client_close(client, 30, NULL) == IW_OK);
  iw_client_free(client);
}

static bool is_readable(int descriptor) {
  struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
  return poll(&waiting, 1, 0) == 1;
}

static void test_children(void) {
  char id[IW_ID_SIZE];
  TEST("a client that is not in use yet serves parent and child") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/200?unused");
    pid_t child = fork_quietly();
    if (child == 0) _exit(use_up(client, endpoint));
    CHECK(use(client, endpoint) == 0);
    check_child(child);
    CHECK(use(client, endpoint) == 0);
    close_and_free(client);
    CHECK(count_delivered("?unused") == 3);
  }
  TEST("a client in use serves the child, while what was under way stays the parent's") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/200?used"), *slow = endpoint_at(client, "/200/500?slow");
    CHECK(use(client, endpoint) == 0);
    for (int n = 0; n < 10; n++) CHECK(scene_fire(client, slow, NULL, n, id) == IW_OK);
    pid_t child = fork_quietly();
    if (child == 0) {
      if (scene_drain(client, NULL) != 0 || iw_client_wait(client, id, 5) != IW_UNKNOWN) _exit(10);
      _exit(use_up(client, endpoint));
    }
    check_child(child);
    CHECK(iw_client_flush(client, 30) == IW_OK && scene_drain(client, NULL) == 10);
    close_and_free(client);
    CHECK(count_delivered("?used") == 2 && count_delivered("?slow") == 10);
    CHECK(loopback_requests(loopback, "/200/500?slow") == 10);
  }
  TEST("the descriptor for event loops is each process's own") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/200?descriptor");
    int descriptor = iw_client_fd(client);
    CHECK(scene_fire(client, endpoint, NULL, 1, id) == IW_OK && iw_client_flush(client, 30) == IW_OK);
    pid_t child = fork_quietly();
    if (child == 0) {
      int own = iw_client_fd(client);
      if (own < 0 || is_readable(own)) _exit(101); /* the result is the parent's */
      if (scene_fire(client, endpoint, NULL, 2, id) != IW_OK || iw_client_flush(client, 30) != IW_OK) _exit(102);
      if (!is_readable(own) || scene_drain(client, NULL) != 1 || is_readable(own)) _exit(103);
      _exit(0);
    }
    check_child(child);
    CHECK(is_readable(descriptor) && scene_drain(client, NULL) == 1 && !is_readable(descriptor));
    close_and_free(client);
  }
  TEST("a child that ends with exit sends and records what it fired, without being asked to") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/100?exit");
    CHECK(use(client, endpoint) == 0);
    pid_t child = fork_quietly();
    if (child == 0) {
      for (int n = 0; n < 5; n++)
        if (scene_fire(client, endpoint, NULL, n, id) != IW_OK) _exit(1);
      exit(0);
    }
    check_child(child);
    CHECK(count_delivered("?exit") == 6);
    close_and_free(client);
  }
  TEST("a child that leaves the client alone ends at once, whatever hangs in the parent") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/hang?parent");
    for (int n = 0; n < 3; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    AWAIT(loopback_requests(loopback, "/hang?parent") == 3, 10);
    int64_t best_us = INT64_MAX; /* a busy machine may take its time now and then, a wait takes it each time */
    for (unsigned tries = 5; tries > 0 && best_us >= 1500000; tries--) {
      int64_t start_us = scene_now_us();
      pid_t child = fork_quietly();
      if (child == 0) {
        iw_client_free(client);
        exit(0);
      }
      check_child(child);
      if (scene_now_us() - start_us < best_us) best_us = scene_now_us() - start_us;
    }
    CHECK(best_us < 1500000);
    size_t cut = 0;
    CHECK(iw_client_close(client, 0, &cut) == IW_TIMEOUT && cut == 3);
    iw_client_free(client);
  }
  TEST("a grandchild goes on too, with an endpoint of its own") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/200?grand");
    CHECK(use(client, endpoint) == 0);
    pid_t child = fork_quietly();
    if (child == 0) {
      int failed = use(client, endpoint);
      if (failed != 0) _exit(failed);
      pid_t grandchild = fork();
      if (grandchild == 0) _exit(use_up(client, endpoint_at(client, "/200?grand")));
      failed = scene_exit_status(grandchild, CHILD_S);
      _exit(failed != 0 ? 20 + failed : use(client, endpoint));
    }
    check_child(child);
    close_and_free(client);
    CHECK(count_delivered("?grand") == 4);
  }
  TEST("a child does not keep the parent's connections open") {
    iw_client *client = scene_client(scene.history);
    AWAIT(loopback_open(loopback) == 0, 10);
    iw_endpoint *endpoint = endpoint_at(client, "/200/20?connections");
    for (int n = 0; n < 5; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    CHECK(iw_client_flush(client, 10) == IW_OK && loopback_open(loopback) > 0);
    pid_t child = fork_quietly();
    if (child == 0) {
      pause();
      _exit(0);
    }
    close_and_free(client);
    AWAIT(loopback_open(loopback) == 0, 10);
    kill(child, SIGKILL);
    CHECK(scene_exit_status(child, CHILD_S) == 128 + SIGKILL);
  }
  TEST("a child closes none of the host's own descriptors, whatever connections had their numbers") {
    struct blackhole blackhole;
    char url[LOOPBACK_URL_SIZE], error[IW_ERROR_SIZE];
    blackhole_open(&blackhole);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", blackhole.port);
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = iw_endpoint_new(client, &(iw_endpoint_options){.url = url, .timeout = 0.1}, error);
    for (int n = 0; n < 20; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    CHECK(iw_client_flush(client, 20) == IW_OK);
    int own[40];
    for (int i = 0; i < 40; i++) own[i] = open("/dev/null", O_RDONLY);
    pid_t child = fork_quietly();
    if (child == 0) {
      int closed = 0;
      for (int i = 0; i < 40; i++) closed += fcntl(own[i], F_GETFD) < 0;
      _exit(closed);
    }
    check_child(child);
    for (int i = 0; i < 40; i++) close(own[i]);
    close_and_free(client);
    blackhole_close(&blackhole);
  }
}

struct load {
  iw_client *client;
  iw_endpoint *endpoint;
  atomic_bool stop;
  unsigned accepted;
};

static void *fire_on(void *argument) {
  struct load *load = argument;
  char id[IW_ID_SIZE];
  while (!load->stop) {
    if (scene_fire(load->client, load->endpoint, NULL, 1, id) == IW_OK) load->accepted++;
    scene_drain(load->client, NULL);
    usleep(200);
  }
  return NULL;
}

/* Each client lives for a moment only, so that forks meet senders and writers at their beginning and end. */
static void *come_and_go(void *argument) {
  struct load *load = argument;
  while (!load->stop) {
    char id[IW_ID_SIZE];
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_at(client, "/200?go");
    if (scene_fire(client, endpoint, NULL, 1, id) == IW_OK) load->accepted++;
    if (load->accepted % 2) iw_client_close(client, 30, NULL);
    iw_client_free(client);
  }
  return NULL;
}

static int child_of_load(iw_client *client, iw_endpoint *endpoint, int number) {
  char id[IW_ID_SIZE];
  for (int n = 0; n < CHILD_EVENTS; n++)
    if (scene_fire(client, endpoint, NULL, n, id) != IW_OK) return 1;
  if (iw_client_close(client, 50, NULL) != IW_OK) return 2;
  if (number % 2) exit(0);
  return 0;
}

static void test_load(void) {
  struct load load = {.stop = false};
  pthread_t thread;
  int children_in_all = spec_slowness() > 1 ? 15 : MOST_CHILDREN, at_once = spec_slowness() > 1 ? 2 : MOST_AT_ONCE;
  TEST("many forks under load: nobody hangs, and all that was accepted is delivered and recorded") {
    load.client = scene_client(scene.history);
    load.endpoint = endpoint_at(load.client, "/200/2?load");
    iw_endpoint *endpoint = endpoint_at(load.client, "/200?children");
    CHECK(pthread_create(&thread, NULL, fire_on, &load) == 0);
    pid_t children[MOST_CHILDREN];
    for (int i = 0; i < children_in_all; i++) {
      usleep((useconds_t)(rand() % 4000));
      if (i >= at_once) check_child(children[i - at_once]);
      children[i] = fork_quietly();
      if (children[i] == 0) _exit(child_of_load(load.client, endpoint, i));
    }
    for (int i = children_in_all - at_once; i < children_in_all; i++) check_child(children[i]);
    load.stop = true;
    pthread_join(thread, NULL);
    close_and_free(load.client);
    CHECK(load.accepted > 0 && count_delivered("?load") == load.accepted);
    CHECK(count_delivered("?children") == children_in_all * CHILD_EVENTS);
  }
  TEST("forks while clients come and go in another thread") {
    load = (struct load){.stop = false};
    CHECK(pthread_create(&thread, NULL, come_and_go, &load) == 0);
    for (int i = 0; i < children_in_all; i++) {
      usleep((useconds_t)(rand() % 4000));
      pid_t child = fork_quietly();
      if (child == 0) {
        iw_client *client = scene_client(scene.history);
        _exit(use_up(client, endpoint_at(client, "/200?born")));
      }
      check_child(child);
    }
    load.stop = true;
    pthread_join(thread, NULL);
    CHECK(count_delivered("?born") == children_in_all);
    AWAIT(count_delivered("?go") == load.accepted, 20);
  }
}

/* Two that make the file at a time may take valgrind longer than a process waits for another. */
static void make_file(void) {
  pid_t child = fork_quietly();
  if (child == 0) {
    iw_client *client = scene_client(scene.history);
    _exit(use_up(client, endpoint_at(client, "/200?first")));
  }
  check_child(child);
}

int main(void) {
  scene_watchdog(280);
  scene_begin(&scene);
  loopback = loopback_start();
  unsigned threads = scene_threads();
  if (spec_slowness() > 1) TEST("the history is there") make_file();
  test_children();
  test_load();
  TEST("in the end the history is sound, and no thread is left") {
    AWAIT(scene_threads() == threads, 10);
    CHECK(scene_is_sound(scene.history));
  }
  loopback_stop(loopback);
  scene_end(&scene);
  return check_finish();
}
