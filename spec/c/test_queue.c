/*
 * test_queue: what bounds a client and keeps its endpoints apart.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sqlite3.h>
#include <stdlib.h>

#include "check.h"
#include "loopback.h"
#include "scene_client.h"
#include "transport.h"

static struct loopback *loopback;

static iw_client *client_with(const char *history, size_t queue_limit, size_t queue_bytes) {
  char error[IW_ERROR_SIZE];
  iw_client_options options = {.history = history, .queue_limit = queue_limit, .queue_bytes = queue_bytes};
  iw_client *client = iw_client_new(&options, error);
  if (!CHECK(client != NULL)) exit(1);
  return client;
}

static iw_endpoint *endpoint_at(iw_client *client, const char *path, unsigned in_flight) {
  char url[LOOPBACK_URL_SIZE], error[IW_ERROR_SIZE];
  iw_endpoint_options options = {.url = loopback_url(loopback, path, url), .in_flight = in_flight};
  iw_endpoint *endpoint = iw_endpoint_new(client, &options, error);
  if (!CHECK(endpoint != NULL)) exit(1);
  return endpoint;
}

static iw_stats stats_of(iw_client *client) {
  iw_stats stats;
  iw_client_stats(client, &stats);
  return stats;
}

/* Cuts off what hangs; the rest is in the file when it returns. */
static void end(iw_client *client) {
  iw_client_close(client, 0, NULL);
  CHECK(iw_client_close(client, 20.0 * (double)spec_slowness(), NULL) == IW_OK);
  iw_client_free(client);
}

/* As another program would. */
static sqlite3 *lock_history(const char *history) {
  sqlite3 *other = NULL;
  CHECK(sqlite3_open(history, &other) == SQLITE_OK);
  sqlite3_busy_timeout(other, 1000);
  CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
  return other;
}

static void unlock_history(sqlite3 *other) {
  CHECK(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
  sqlite3_close(other);
}

static int64_t single_refusals(const struct scene *scene) {
  return scene_count(scene->history, "SELECT count(*) FROM deliveries WHERE cause = 'queue_full'");
}

static int64_t summed_refusals(const struct scene *scene) {
  return scene_count(scene->history, "SELECT total(CAST(note AS INTEGER)) FROM events"
                                     " WHERE note LIKE '% more events were refused%'");
}

static void test_limits(struct scene *scene) {
  char id[IW_ID_SIZE];
  TEST("at queue_limit fire refuses, records that, and takes events again when there is room") {
    iw_client *client = client_with(scene->history, 3, 0);
    iw_endpoint *endpoint = endpoint_at(client, "/200/300?limit", 1);
    for (int n = 0; n < 3; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    CHECK(scene_fire(client, endpoint, NULL, 3, id) == IW_FULL);
    iw_stats stats = stats_of(client);
    CHECK(stats.fired == 3 && stats.refused == 1 && stats.queued + stats.in_flight == 3);
    char sql[160], text[64];
    snprintf(sql, sizeof sql, "SELECT cause FROM events JOIN deliveries ON event = seq WHERE id = '%s'", id);
    AWAIT(strcmp(scene_text(scene->history, sql, text, sizeof text), "queue_full") == 0, 5);
    CHECK(iw_client_wait(client, id, 1) == IW_UNKNOWN);
    CHECK(iw_client_flush(client, 10) == IW_OK);
    CHECK(scene_fire(client, endpoint, NULL, 4, id) == IW_OK);
    CHECK(iw_client_close(client, 10, NULL) == IW_OK);
    CHECK(scene_drain(client, NULL) == 3 && stats_of(client).results_dropped == 1);
    iw_client_free(client);
    CHECK(loopback_requests(loopback, "/200/300?limit") == 4);
  }
  TEST("at queue_bytes fire refuses, whatever the number") {
    iw_client *client = client_with(scene->history, 1000, 100000);
    iw_endpoint *endpoint = endpoint_at(client, "/hang?bytes", 1);
    char *body = calloc(1, 40000);
    iw_request request = {.endpoint = endpoint, .body = memset(body, ' ', 40000), .body_length = 40000};
    iw_event event = {.intent = "test", .requests = &request, .request_count = 1};
    CHECK(iw_client_fire(client, &event, id) == IW_OK && iw_client_fire(client, &event, id) == IW_OK);
    CHECK(iw_client_fire(client, &event, id) == IW_FULL);
    request.body_length = 1000;
    CHECK(iw_client_fire(client, &event, id) == IW_OK);
    CHECK(stats_of(client).bytes > 81000 && stats_of(client).bytes <= 100000);
    request.body_length = 0;
    event.slots = body; /* everything that an event holds counts */
    event.slots_length = 20000;
    CHECK(iw_client_fire(client, &event, id) == IW_FULL);
    event.slots_length = 10000;
    CHECK(iw_client_fire(client, &event, id) == IW_OK);
    free(body);
    end(client);
  }
  TEST("results that nobody polls are bounded: the oldest go, and are counted") {
    iw_client *client = client_with(scene->history, 10, 0);
    iw_endpoint *endpoint = endpoint_at(client, "/200", 1);
    char ids[25][IW_ID_SIZE];
    for (int n = 0; n < 25; n++) {
      CHECK(scene_fire(client, endpoint, NULL, n, ids[n]) == IW_OK);
      CHECK(iw_client_wait(client, ids[n], 10) == IW_OK);
    }
    iw_stats stats = stats_of(client);
    CHECK(stats.delivered == 25 && stats.results_dropped == 15);
    CHECK(iw_client_wait(client, ids[14], 0) == IW_UNKNOWN && iw_client_wait(client, ids[15], 0) == IW_OK);
    iw_delivery delivery;
    void *held = NULL;
    for (int n = 15; n < 25 && CHECK(iw_client_poll(client, NULL, &held, &delivery)); n++)
      CHECK_TEXT(delivery.id, ids[n]);
    CHECK(!iw_client_poll(client, NULL, &held, &delivery));
    CHECK(stats_of(client).bytes == 0);
    end(client);
  }
  TEST("results are bounded in bytes too") {
    iw_client *client = client_with(scene->history, 1000, 100000);
    iw_endpoint *endpoint = endpoint_at(client, "/200", 1);
    char *body = calloc(1, 30000);
    iw_request request = {.endpoint = endpoint, .body = memset(body, ' ', 30000), .body_length = 30000};
    iw_event event = {.intent = "test", .requests = &request, .request_count = 1};
    for (int n = 0; n < 10; n++)
      CHECK(iw_client_fire(client, &event, id) == IW_OK && iw_client_flush(client, 10) == IW_OK);
    CHECK(stats_of(client).bytes <= 100000 && stats_of(client).results_dropped == 7);
    CHECK(scene_drain(client, NULL) == 3);
    free(body);
    end(client);
  }
  TEST("every refusal is in the history, one by one or as a number") {
    struct scene own;
    scene_begin(&own);
    iw_client *client = client_with(own.history, 1, 0);
    iw_endpoint *endpoint = endpoint_at(client, "/hang?refusals", 1);
    CHECK(scene_fire(client, endpoint, NULL, 0, id) == IW_OK);
    enum { REFUSALS = 2000 };
    for (int n = 0; n < REFUSALS; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_FULL);
    CHECK(stats_of(client).refused == REFUSALS);
    end(client);
    int64_t single = single_refusals(&own), summed = summed_refusals(&own);
    CHECK(single >= 100 && summed > 0 && single + summed == REFUSALS);
    scene_end(&own);
  }
}

static void test_isolation(struct scene *scene) {
  char id[IW_ID_SIZE];
  TEST("an endpoint that hangs fills only its own queue") {
    iw_client *client = client_with(scene->history, 20, 0);
    iw_endpoint *hanging = endpoint_at(client, "/hang?isolated", 4), *good = endpoint_at(client, "/200?isolated", 4);
    for (int n = 0; n < 20; n++) CHECK(scene_fire(client, hanging, NULL, n, id) == IW_OK);
    CHECK(scene_fire(client, hanging, NULL, 20, id) == IW_FULL);
    for (int n = 0; n < 30; n++) {
      CHECK(scene_fire(client, good, NULL, n, id) == IW_OK);
      CHECK(iw_client_wait(client, id, 10) == IW_OK && scene_drain(client, id) == 1);
    }
    CHECK(loopback_requests(loopback, "/200?isolated") == 30);
    CHECK(loopback_requests(loopback, "/hang?isolated") == 4);
    end(client);
  }
  TEST("an event that only some of its endpoints have room for goes to these") {
    iw_client *client = client_with(scene->history, 1, 0);
    iw_endpoint *full = endpoint_at(client, "/hang?partial", 1), *good = endpoint_at(client, "/200?partial", 1);
    CHECK(scene_fire(client, full, NULL, 1, id) == IW_OK);
    CHECK(scene_fire(client, full, good, 2, id) == IW_OK);
    CHECK(iw_client_wait(client, id, 10) == IW_OK);
    iw_delivery delivery;
    void *held = NULL;
    unsigned delivered = 0, refused = 0;
    /* with a limit of one, only the later one is still among the results */
    while (iw_client_poll(client, id, &held, &delivery))
      if (delivery.delivered)
        delivered += CHECK(delivery.number == 2);
      else
        refused += CHECK(delivery.number == 1 && strcmp(delivery.cause, "queue_full") == 0);
    CHECK(delivered == 1 && refused <= 1);
    CHECK(stats_of(client).refused == 0 && loopback_requests(loopback, "/200?partial") == 1);
    end(client);
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM events JOIN deliveries ON event = seq WHERE id = '%s'"
             " AND (status = 'delivered' OR cause = 'queue_full')",
             id);
    CHECK(scene_count(scene->history, sql) == 2);
  }
  TEST("an endpoint never sees more requests at once than its in_flight") {
    iw_client *client = client_with(scene->history, 0, 0);
    iw_endpoint *five = endpoint_at(client, "/200/20?five", 5), *one = endpoint_at(client, "/200/5?one", 1);
    for (int n = 0; n < 60; n++) CHECK(scene_fire(client, five, one, n, id) == IW_OK);
    CHECK(iw_client_close(client, 30, NULL) == IW_OK);
    iw_client_free(client);
    CHECK(loopback_requests(loopback, "/200/20?five") == 60 && loopback_requests(loopback, "/200/5?one") == 60);
    CHECK(loopback_most_waiting(loopback, "/200/20?five") == 5);
    CHECK(loopback_most_waiting(loopback, "/200/5?one") == 1);
  }
}

static void test_history_lock(void) {
  TEST("refused events that wait for the history are bounded in bytes: one of any size is kept, more as a number") {
    struct scene own;
    char id[IW_ID_SIZE], error[IW_ERROR_SIZE];
    scene_begin(&own);
    enum { REFUSALS = 20, BODY = 3 << 20 };
    iw_client *client = client_with(own.history, 1000, 1000);
    iw_endpoint *endpoint = endpoint_at(client, "/200?large", 1);
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    sqlite3 *other = lock_history(own.history);
    char *body = calloc(1, BODY);
    iw_request request = {.endpoint = endpoint, .body = memset(body, ' ', BODY), .body_length = BODY};
    iw_event event = {.intent = "test", .requests = &request, .request_count = 1};
    for (int n = 0; n < REFUSALS; n++) CHECK(iw_client_fire(client, &event, id) == IW_FULL);
    unlock_history(other);
    CHECK(iw_client_close(client, 20, NULL) == IW_OK);
    iw_client_free(client);
    CHECK(single_refusals(&own) == 1 && summed_refusals(&own) == REFUSALS - 1);
    free(body);
    scene_end(&own);
  }
  TEST("refused events with many actions are held until the last of their deliveries is in the file") {
    struct scene own;
    char error[IW_ERROR_SIZE];
    scene_begin(&own);
    enum { ACTIONS = 100, MOST_HELD = 101, AT_LEAST = 2000 };
    iw_client *client = client_with(own.history, 1, 0);
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    iw_request requests[ACTIONS];
    for (int i = 0; i < ACTIONS; i++)
      requests[i] = (iw_request){.endpoint = endpoint_at(client, "/hang?many", 1), .body = "{}", .body_length = 2};
    iw_event event = {.intent = "test", .requests = requests, .request_count = ACTIONS};
    char id[IW_ID_SIZE];
    CHECK(iw_client_fire(client, &event, id) == IW_OK);
    size_t most = 0, refused = 0;
    int64_t end_us = scene_now_us() + 1000000;
    while ((scene_now_us() < end_us || refused < AT_LEAST) && most <= MOST_HELD * ACTIONS) {
      for (int n = 0; n < 50; n++, refused++) CHECK(iw_client_fire(client, &event, id) == IW_FULL);
      if (stats_of(client).unrecorded > most) most = stats_of(client).unrecorded;
      scene_rest();
    }
    CHECK(most >= ACTIONS && most <= MOST_HELD * ACTIONS);
    end(client);
    int64_t single = single_refusals(&own), summed = summed_refusals(&own);
    CHECK(single >= (int64_t)most && summed > 0 && single / ACTIONS + summed == (int64_t)refused);
    scene_end(&own);
  }
  TEST("while another program keeps the history locked responses beyond queue_bytes are let go, and marked truncated") {
    struct scene own;
    char id[IW_ID_SIZE], error[IW_ERROR_SIZE];
    scene_begin(&own);
    enum { EVENTS = 50, BYTES = 200000 };
    iw_client *client = client_with(own.history, EVENTS, BYTES);
    iw_endpoint *endpoint = endpoint_at(client, "/large?let-go", 1);
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    sqlite3 *other = lock_history(own.history);
    for (int n = 0; n < EVENTS; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    AWAIT(stats_of(client).delivered == EVENTS, 20);
    CHECK(stats_of(client).bytes <= 2 * BYTES + TRANSPORT_HEAD_LIMIT + TRANSPORT_BODY_LIMIT); /* with results */
    unlock_history(other);
    CHECK(iw_client_close(client, 20, NULL) == IW_OK);
    iw_client_free(client);
    int64_t whole = scene_count(own.history, "SELECT count(*) FROM attempts WHERE NOT truncated AND http_status = 200"
                                             " AND length(response_body) = 65536");
    int64_t let_go = scene_count(own.history, "SELECT count(*) FROM attempts WHERE truncated AND http_status = 200"
                                              " AND coalesce(length(response_body), 0) = 0");
    CHECK(whole > 0 && let_go > 0 && whole + let_go == EVENTS);
    scene_end(&own);
  }
  TEST("while another program keeps the history locked memory is bounded, results say so, and nothing is lost") {
    struct scene own;
    char id[IW_ID_SIZE], error[IW_ERROR_SIZE];
    scene_begin(&own);
    iw_client *client = client_with(own.history, 10, 100000);
    iw_endpoint *endpoint = endpoint_at(client, "/200?locked", 0);
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    sqlite3 *other = lock_history(own.history);
    static char note[60001];
    memset(note, 'n', sizeof note - 1);
    CHECK(iw_client_fire(client, &(iw_event){.intent = "test", .note = note}, id) == IW_OK);
    CHECK(iw_client_fire(client, &(iw_event){.intent = "test", .note = note}, id) == IW_FULL);
    for (int n = 0; n < 9; n++) CHECK(scene_fire(client, NULL, NULL, n, id) == IW_OK);
    CHECK(scene_fire(client, NULL, NULL, 10, id) == IW_FULL);
    for (int n = 0; n < 10; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    AWAIT(loopback_requests(loopback, "/200?locked") == 10, 10);
    CHECK(scene_fire(client, endpoint, NULL, 10, id) == IW_FULL);
    AWAIT(stats_of(client).unrecorded == 11, 10); /* with the refused one */
    iw_delivery delivery = {.recorded = true};
    void *held = NULL;
    AWAIT(iw_client_poll(client, NULL, &held, &delivery), 20);
    iw_poll_end(&held);
    CHECK(!delivery.recorded && stats_of(client).history_error[0] != '\0');
    CHECK(iw_client_flush(client, 0) == IW_TIMEOUT);
    unlock_history(other);
    CHECK(iw_client_close(client, 20, NULL) == IW_OK);
    CHECK(stats_of(client).unrecorded == 0 && stats_of(client).history_error[0] == '\0');
    iw_client_free(client);
    CHECK(scene_count(own.history, "SELECT count(*) FROM events") == 23);
    CHECK(scene_count(own.history, "SELECT count(*) FROM attempts") == 10);
    scene_end(&own);
  }
}

static void test_connections(struct scene *scene) {
  TEST("a connection is used again within 4 seconds, and dropped after them, with and without other traffic") {
    AWAIT(loopback_open(loopback) == 0, 10); /* a sender may still end */
    struct loopback *quiet = loopback_start();
    char id[IW_ID_SIZE], url[LOOPBACK_URL_SIZE];
    iw_client *client = client_with(scene->history, 0, 0);
    iw_endpoint *rare = scene_endpoint(client, loopback_url(quiet, "/200", url));
    iw_endpoint *frequent = endpoint_at(client, "/200?frequent", 1);
    unsigned before = loopback_connections(loopback);
    for (int n = 0; n < 3; n++)
      CHECK(scene_fire(client, rare, NULL, n, id) == IW_OK && iw_client_flush(client, 10) == IW_OK);
    CHECK(loopback_connections(quiet) == 1 && loopback_open(quiet) == 1);
    int64_t start_us = scene_now_us();
    while (scene_now_us() - start_us < 15000000 && loopback_open(quiet) > 0) {
      CHECK(scene_fire(client, frequent, NULL, 1, id) == IW_OK && iw_client_flush(client, 10) == IW_OK);
      for (int i = 0; i < 200; i++) scene_rest();
    }
    int64_t open_us = scene_now_us() - start_us;
    CHECK(open_us > 3500000 && open_us < 12000000);
    CHECK(loopback_connections(loopback) == before + 1 && loopback_open(loopback) == 1);
    start_us = scene_now_us();
    AWAIT(loopback_open(loopback) == 0, 15);
    open_us = scene_now_us() - start_us;
    CHECK(open_us > 3000000 && open_us < 12000000);
    CHECK(scene_fire(client, rare, NULL, 4, id) == IW_OK && iw_client_flush(client, 10) == IW_OK);
    CHECK(loopback_connections(quiet) == 2 && stats_of(client).failed == 0);
    CHECK(iw_client_close(client, 10, NULL) == IW_OK);
    iw_client_free(client);
    AWAIT(loopback_open(quiet) == 0, 5);
    loopback_stop(quiet);
  }
}

int main(void) {
  scene_watchdog(300);
  struct scene scene;
  scene_begin(&scene);
  loopback = loopback_start();
  unsigned threads = scene_threads();

  test_limits(&scene);
  test_isolation(&scene);
  test_history_lock();
  test_connections(&scene);
  TEST("in the end the history is sound, and no thread is left") {
    AWAIT(scene_threads() == threads, 10);
    CHECK(scene_is_sound(scene.history));
  }
  loopback_stop(loopback);
  scene_end(&scene);
  return check_finish();
}
