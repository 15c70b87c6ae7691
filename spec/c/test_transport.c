/*
 * test_transport: connecting without end and without descriptors, seen from the outside. What a request becomes
 * otherwise: spec/failure_spec.lua and its neighbours.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <sys/resource.h>

#include "check.h"
#include "loopback.h"
#include "memory_faults.h"
#include "scene_client.h"

static struct loopback *loopback;

static iw_endpoint *endpoint_with(iw_client *client, const char *url, double timeout, unsigned in_flight) {
  char error[IW_ERROR_SIZE];
  iw_endpoint_options options = {.url = url, .timeout = timeout, .in_flight = in_flight};
  iw_endpoint *endpoint = iw_endpoint_new(client, &options, error);
  if (!CHECK(endpoint != NULL)) exit(1);
  return endpoint;
}

static void close_and_free(iw_client *client) {
  CHECK(iw_client_close(client, 30, NULL) == IW_OK);
  iw_client_free(client);
}

/* Sets the soft limit of descriptors and returns the one before. */
static rlim_t limit_descriptors(rlim_t most) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  rlim_t before = limit.rlim_cur;
  limit.rlim_cur = most;
  setrlimit(RLIMIT_NOFILE, &limit);
  return before;
}

/* Takes every result of the client; how many failed for that cause. */
static unsigned count_failed(iw_client *client, const char *cause) {
  iw_delivery delivery;
  void *held = NULL;
  unsigned count = 0;
  while (iw_client_poll(client, NULL, &held, &delivery))
    if (!delivery.delivered && strcmp(delivery.cause, cause) == 0) count++;
  iw_poll_end(&held);
  return count;
}

int main(void) {
  scene_watchdog(120);
  memory_faults_install();
  struct scene scene;
  struct blackhole blackhole;
  char id[IW_ID_SIZE], url[LOOPBACK_URL_SIZE], nowhere[LOOPBACK_URL_SIZE];
  scene_begin(&scene);
  loopback = loopback_start();
  blackhole_open(&blackhole);
  snprintf(nowhere, sizeof nowhere, "http://127.0.0.1:%u/", blackhole.port);
  unsigned threads = scene_threads(), descriptors = 0;

  TEST("connecting without end stops at the timeout, and leaves no socket behind") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = endpoint_with(client, nowhere, 0.2, 10);
    iw_endpoint *good = scene_endpoint(client, loopback_url(loopback, "/200?good", url));
    for (int n = 0; n < 30; n++) CHECK(scene_fire(client, endpoint, good, n, id) == IW_OK);
    CHECK(iw_client_flush(client, 20) == IW_OK);
    CHECK(count_failed(client, "connect_timeout") == 30 && loopback_requests(loopback, "/200?good") == 30);
    close_and_free(client);
    AWAIT(scene_threads() == threads && loopback_open(loopback) == 0, 10);
    descriptors = scene_descriptors(); /* from now on: libuv keeps a pipe for the whole process */
  }
  AWAIT(scene_threads() == threads, 10);
  TEST("with few descriptors what is above the limit waits, and every endpoint has its turn") {
    char error[IW_ERROR_SIZE];
    iw_client *client = scene_client(scene.history);
    rlim_t before = limit_descriptors(80);
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    limit_descriptors(before); /* the receiver needs as many */
    iw_endpoint *endpoints[4];
    static const char *const paths[] = {"/200/200?a", "/200/200?b", "/200/200?c", "/200/200?d"};
    for (int i = 0; i < 4; i++) endpoints[i] = endpoint_with(client, loopback_url(loopback, paths[i], url), 10, 64);
    for (int n = 0; n < 400; n++) CHECK(scene_fire(client, endpoints[n / 100], NULL, n, id) == IW_OK);
    AWAIT(loopback_requests(loopback, paths[0]) == 100, 20);
    CHECK(loopback_requests(loopback, paths[3]) > 20);
    close_and_free(client);
    unsigned most = 0;
    for (int i = 0; i < 4; i++) {
      CHECK(loopback_requests(loopback, paths[i]) == 100);
      most += loopback_most_waiting(loopback, paths[i]) > 0;
    }
    CHECK(most == 4 && loopback_most_waiting(loopback, NULL) == 80 / 2);
  }
  AWAIT(scene_threads() == threads, 10);
  TEST("without any descriptor a delivery fails with what the system says, and the next ones go on") {
    iw_client *client = scene_client(scene.history);
    iw_endpoint *endpoint = scene_endpoint(client, loopback_url(loopback, "/200?last", url));
    char error[IW_ERROR_SIZE];
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    rlim_t before = limit_descriptors(3);
    CHECK(scene_fire(client, endpoint, NULL, 1, id) == IW_OK);
    CHECK(iw_client_wait(client, id, 10) == IW_OK);
    limit_descriptors(before);
    CHECK(count_failed(client, "connect_failed") == 1);
    CHECK(scene_fire(client, endpoint, NULL, 2, id) == IW_OK);
    CHECK(iw_client_wait(client, id, 10) == IW_OK && count_failed(client, "connect_failed") == 0);
    close_and_free(client);
    CHECK(loopback_requests(loopback, "/200?last") == 1);
  }
  TEST("in the end there is no thread, no descriptor and no memory left") {
    AWAIT(scene_threads() == threads && scene_descriptors() == descriptors, 10);
    scene_settle(&scene, threads);
    CHECK(memory_faults_outstanding() <= 1);
    CHECK(scene_is_sound(scene.history));
  }
  blackhole_close(&blackhole);
  loopback_stop(loopback);
  scene_end(&scene);
  return check_finish();
}
