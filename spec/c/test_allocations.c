/*
 * test_allocations: every allocation of the core fails once, in the whole life of a client: made, given endpoints,
 * fired with everything that an event can have, delivered, recorded, polled, read back, closed and given back.
 *
 * Threads make the order of allocations a little different each time, so what is failed is not the same twice; it goes
 * on until no allocation is left to fail.
 */
#include <stdlib.h>

#include "check.h"
#include "history_reader.h"
#include "loopback.h"
#include "memory_faults.h"
#include "scene_client.h"
#include "slowness.h"

enum { EVENTS = 4, UNHIT_ENOUGH = 3, TEXT_SIZE = 600 };

static struct loopback *loopback;
static struct blackhole blackhole;
static struct scene scene;

/* What one life came to. */
struct life {
  iw_client *client;
  iw_endpoint *full, *plain, *nowhere;
  char ids[EVENTS][IW_ID_SIZE]; /* "": not accepted */
  unsigned failures;            /* calls that said that something is missing */
  unsigned results, unrecorded; /* deliveries polled; those of them that the history did not have yet */
};

static bool is_slow(void) {
  return spec_slowness() > 10;
}

static void make_endpoints(struct life *life) {
  char url[LOOPBACK_URL_SIZE], error[IW_ERROR_SIZE];
  const iw_header headers[] = {{"X-One", "1", false}, {"X-Secret", "a-secret-value", true}, {"X-Empty", "", false}};
  const char *allow[] = {"127.0.0.0/8", "fd00::/8"};
  iw_endpoint_options full = {.url = loopback_url(loopback, "/200?a=secret-token", url),
                              .token = "secret-token",
                              .headers = headers,
                              .header_count = 3,
                              .public_only = true,
                              .allow = allow,
                              .allow_count = 2,
                              .ca_file = "/dev/null"};
  error[0] = '\0';
  life->full = iw_endpoint_new(life->client, &full, error);
  if (life->full == NULL) life->failures += CHECK(strncmp(error, "memory: ", 8) == 0);
  life->plain =
      iw_endpoint_new(life->client, &(iw_endpoint_options){.url = loopback_url(loopback, "/404", url)}, error);
  if (life->plain == NULL) life->failures += CHECK(strncmp(error, "memory: ", 8) == 0);
  snprintf(url, sizeof url, "http://127.0.0.1:%u/", blackhole.port);
  life->nowhere = iw_endpoint_new(life->client, &(iw_endpoint_options){.url = url, .timeout = 0.01}, error);
  if (life->nowhere == NULL) life->failures += CHECK(strncmp(error, "memory: ", 8) == 0);
}

static void fire(struct life *life, int number, const iw_event *event) {
  iw_result result = iw_client_fire(life->client, event, life->ids[number]);
  if (result == IW_OK) return;
  CHECK(result == IW_MEMORY || result == IW_SYSTEM);
  life->ids[number][0] = '\0';
  life->failures++;
}

static void fire_all(struct life *life) {
  static const char body[] = "{\"name\":\"John\",\"phone\":\"+84901234567\"}", stored[] = "{\"phone\":\"[redacted]\"}";
  const iw_secret secrets[] = {{"+84901234567", 12}, {"John", 4}};
  iw_request requests[3];
  size_t count = 0;
  if (life->full != NULL)
    requests[count++] = (iw_request){.endpoint = life->full,
                                     .body = body,
                                     .body_length = sizeof body - 1,
                                     .stored_body = stored,
                                     .stored_body_length = sizeof stored - 1};
  if (life->plain != NULL)
    requests[count++] = (iw_request){.endpoint = life->plain, .body = body, .body_length = sizeof body - 1};
  if (life->plain != NULL)
    requests[count++] = (iw_request){.endpoint = life->plain, .refused = IW_MAP_ERROR, .message = "map.lua: John"};
  iw_event event = {.intent = "test",
                    .session = "session",
                    .slots = stored,
                    .slots_length = sizeof stored - 1,
                    .error = "rule.lua:1: John is missing",
                    .note = "text of John was repaired",
                    .secrets = secrets,
                    .secret_count = 2,
                    .requests = requests,
                    .request_count = count};
  fire(life, 0, &event);
  fire(life, 1, &event);
  fire(life, 2, &(iw_event){.intent = "test"});
  iw_request never = {.endpoint = life->nowhere, .body = "{}", .body_length = 2};
  fire(life, 3, &(iw_event){.intent = "test", .requests = &never, .request_count = life->nowhere != NULL});
}

static void take_results(struct life *life) {
  iw_delivery delivery;
  void *held = NULL;
  for (int i = 0; i < EVENTS; i++) {
    if (life->ids[i][0] == '\0') continue;
    CHECK(iw_client_wait(life->client, life->ids[i], 20) == IW_OK);
    while (iw_client_poll(life->client, life->ids[i], &held, &delivery)) {
      life->results++;
      if (!delivery.recorded) life->unrecorded++;
      if (delivery.cause != NULL && strcmp(delivery.cause, "memory") == 0) life->failures++;
    }
  }
  iw_poll_end(&held);
}

static void read_back(struct life *life) {
  char error[HISTORY_ERROR_SIZE] = "";
  struct buffer answer = {0};
  struct history_reader *reader = history_reader_open(scene.history, error);
  if (reader == NULL) {
    life->failures += CHECK(error[0] != '\0');
    return;
  }
  struct history_query queries[] = {{.id = life->ids[0]}, {.intent = "test", .status = "delivered", .limit = 5}};
  for (int i = 0; i < 2; i++) {
    buffer_clear(&answer);
    enum history_answer outcome = history_reader_ask(reader, &queries[i], 10000, &answer, error);
    if (outcome == HISTORY_ANSWERED && !answer.failed)
      CHECK(answer.length > 0);
    else
      life->failures += CHECK(outcome != HISTORY_TOO_SLOW && error[0] != '\0');
  }
  buffer_free(&answer);
  history_reader_close(reader);
}

/* What was accepted and polled as recorded has to stand in the file, with all that belongs to it. */
static unsigned count_missing(const struct life *life) {
  unsigned missing = 0;
  char sql[TEXT_SIZE];
  for (int i = 0; i < EVENTS; i++) {
    snprintf(sql, sizeof sql, "SELECT count(*) FROM events WHERE id = '%s'", life->ids[i]);
    if (life->ids[i][0] != '\0' && scene_count(scene.history, sql) != 1) missing++;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM events JOIN deliveries ON event = seq"
             " WHERE id = '%s' AND status = 'pending'",
             life->ids[i]);
    CHECK(scene_count(scene.history, sql) <= 0);
  }
  return missing;
}

/* From beginning to end, the nth allocation failing. Whether it came to that. */
static bool live(unsigned nth, enum memory_faults_mode mode, struct life *life) {
  char error[IW_ERROR_SIZE] = "";
  memset(life, 0, sizeof *life);
  memory_faults_fail(nth, mode);
  life->client = iw_client_new(&(iw_client_options){.history = scene.history}, error);
  if (life->client == NULL) {
    bool hit = memory_faults_hit();
    life->failures += CHECK(hit && error[0] != '\0');
    return hit;
  }
  if (iw_client_start(life->client, 10, error) != IW_OK) life->failures += CHECK(error[0] != '\0');
  make_endpoints(life);
  fire_all(life);
  take_results(life);
  read_back(life);
  bool hit = memory_faults_hit();
  CHECK(iw_client_close(life->client, 20, NULL) == IW_OK);
  iw_stats stats;
  iw_client_stats(life->client, &stats);
  CHECK(stats.queued == 0 && stats.in_flight == 0 && stats.unrecorded == 0 && stats.bytes == 0);
  unsigned missing = count_missing(life);
  if (missing > 0) CHECK(life->unrecorded > 0 && stats.history_error[0] != '\0');
  if (life->unrecorded > 0) life->failures++;
  iw_client_free(life->client);
  return hit;
}

static void fail_each(enum memory_faults_mode mode, unsigned threads_at_rest) {
  /* a valgrind run takes a sample, another one each time that something changes */
  unsigned step = is_slow() ? 7 : 1, hits = 0, told = 0, unhit = 0;
  long kept = 0;
  for (unsigned nth = 1; unhit < UNHIT_ENOUGH; nth += step) {
    struct life life;
    bool hit = live(nth, mode, &life);
    hits += hit;
    unhit = hit ? 0 : unhit + 1;
    told += life.failures > 0;
    if (!hit && !CHECK(life.failures == 0 && life.results == 8)) printf("     without a fault: %u\n", life.results);
    scene_settle(&scene, threads_at_rest);
    long outstanding = memory_faults_outstanding();
    if (!CHECK(outstanding <= 1)) {
      printf("     allocation %u: %ld blocks are left\n", nth, outstanding - kept);
      kept = outstanding;
      if (outstanding > 20) break;
    }
  }
  CHECK(hits > (step > 1 ? 10 : 60));
  CHECK(told > hits / 3);
  printf("     %u allocations were failed, %u of them were noticed by the host\n", hits, told);
}

int main(void) {
  scene_watchdog(is_slow() ? 600 : 200);
  memory_faults_install();
  scene_begin(&scene);
  loopback = loopback_start();
  blackhole_open(&blackhole);
  unsigned threads = scene_threads();
  TEST("each allocation fails once: it is told or made up for, nothing is lost, nothing leaks") {
    fail_each(MEMORY_FAULTS_ONCE, threads);
  }
  TEST("from each allocation on all fail: what was accepted is accounted for, nothing leaks") {
    fail_each(MEMORY_FAULTS_ONWARDS, threads);
  }
  TEST("afterwards everything works, and the history is sound") {
    struct life life;
    CHECK(!live(0, MEMORY_FAULTS_ONCE, &life) && life.failures == 0 && life.results == 8);
    CHECK(scene_is_sound(scene.history));
  }
  blackhole_close(&blackhole);
  loopback_stop(loopback);
  scene_end(&scene);
  return check_finish();
}
