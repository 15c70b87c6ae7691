/*
 * test_client: firing, waiting, polling, closing and freeing through the core's own interface. Limits: test_queue.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "check.h"
#include "loopback.h"
#include "scene_client.h"
#include "slowness.h"

enum { THREADS = 8, EVENTS_EACH = 100 };

static struct loopback *loopback;
static unsigned threads_at_rest;

/* An endpoint on the loopback receiver. */
static iw_endpoint *endpoint_at(iw_client *client, const char *path) {
  char url[LOOPBACK_URL_SIZE];
  return scene_endpoint(client, loopback_url(loopback, path, url));
}

static void close_and_free(iw_client *client) {
  CHECK(iw_client_close(client, 10, NULL) == IW_OK);
  iw_client_free(client);
}

static iw_stats stats_of(iw_client *client) {
  iw_stats stats;
  iw_client_stats(client, &stats);
  return stats;
}

/* The one result of an event, which has to be there. The caller ends `held`. */
static iw_delivery result_of(iw_client *client, const char *id, void **held) {
  iw_delivery delivery = {.number = 99};
  CHECK(iw_client_wait(client, id, 10) == IW_OK);
  CHECK(iw_client_poll(client, id, held, &delivery));
  return delivery;
}

static bool is_readable(int descriptor, int timeout_ms) {
  struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
  return poll(&waiting, 1, timeout_ms) == 1 && waiting.revents == POLLIN;
}

struct firing {
  iw_client *client;
  iw_endpoint *endpoint;
  unsigned accepted;
};

static void *fire_many(void *argument) {
  struct firing *firing = argument;
  char id[IW_ID_SIZE];
  for (int n = 0; n < EVENTS_EACH; n++) {
    if (scene_fire(firing->client, firing->endpoint, NULL, n, id) == IW_OK) firing->accepted++;
    if (n % 10 == 0) {
      iw_client_wait(firing->client, id, 10);
      scene_drain(firing->client, NULL);
    }
  }
  return NULL;
}

static void test_firing(struct scene *scene) {
  char id[IW_ID_SIZE], sql[256], text[IW_ERROR_SIZE];
  TEST("a client that is not used starts no thread and makes no file") {
    iw_client *client = scene_client(scene->history);
    endpoint_at(client, "/200");
    CHECK(scene_threads() == threads_at_rest);
    CHECK(scene_count(scene->history, "SELECT 1") == -1);
    CHECK(iw_client_flush(client, 0) == IW_OK);
    close_and_free(client);
    CHECK(scene_count(scene->history, "SELECT 1") == -1);
  }
  TEST("fire gives an id at once, while the endpoint takes its time") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/1500");
    CHECK(iw_client_start(client, 10, text) == IW_OK);
    int64_t start_us = scene_now_us();
    CHECK(scene_fire(client, endpoint, NULL, 1, id) == IW_OK);
    CHECK(scene_now_us() - start_us < 1200000);
    CHECK(strlen(id) == IW_ID_SIZE - 1);
    CHECK(scene_drain(client, NULL) == 0);
    void *held = NULL;
    iw_delivery delivery = result_of(client, id, &held);
    CHECK(delivery.delivered && delivery.recorded && delivery.number == 1 && delivery.http_status == 200);
    CHECK(delivery.cause == NULL && delivery.sentence == NULL && delivery.message == NULL && delivery.session == NULL);
    CHECK(delivery.seconds >= 1.5 && delivery.seconds < 10);
    CHECK_TEXT(delivery.id, id);
    CHECK_TEXT(delivery.intent, "test");
    CHECK(strstr(delivery.url, "/200/1500") != NULL);
    CHECK(!iw_client_poll(client, id, &held, &delivery));
    close_and_free(client);
    snprintf(sql, sizeof sql, "SELECT status FROM events JOIN deliveries ON event = seq WHERE id = '%s'", id);
    CHECK_TEXT(scene_text(scene->history, sql, text, sizeof text), "delivered");
  }
  TEST("an id and a time that the caller gives are kept") {
    iw_client *client = scene_client(scene->history);
    char given[IW_ID_SIZE];
    iw_id_new(given, 1700000000123456);
    iw_event event = {.intent = "test", .session = "s-1", .id = given, .time_us = 1700000000123456, .note = "a note"};
    CHECK(iw_client_fire(client, &event, id) == IW_OK);
    CHECK_TEXT(id, given);
    close_and_free(client);
    snprintf(sql, sizeof sql, "SELECT time || session || note || slots FROM events WHERE id = '%s'", id);
    CHECK_TEXT(scene_text(scene->history, sql, text, sizeof text), "1700000000123456s-1a note{}");
  }
  TEST("an event without a webhook is recorded, and is a result with number 0") {
    iw_client *client = scene_client(scene->history);
    CHECK(scene_fire(client, NULL, NULL, 1, id) == IW_OK);
    void *held = NULL;
    iw_delivery delivery = result_of(client, id, &held);
    iw_poll_end(&held);
    CHECK(delivery.number == 0 && delivery.url == NULL && delivery.recorded && !delivery.delivered);
    close_and_free(client);
    snprintf(sql, sizeof sql, "SELECT count(event) FROM events LEFT JOIN deliveries ON event = seq WHERE id = '%s'",
             id);
    CHECK(scene_count(scene->history, sql) == 0);
  }
  TEST("a delivery has the number that its request gives, in results and in the file") {
    iw_client *client = scene_client(scene->history);
    char url[LOOPBACK_URL_SIZE];
    loopback_url(loopback, "/200?numbered", url);
    iw_endpoint *endpoint = scene_endpoint(client, url);
    iw_request requests[] = {
        {.endpoint = endpoint, .body = "{}", .body_length = 2, .number = 2},
        {.endpoint = endpoint, .body = "{}", .body_length = 2, .number = 5},
    };
    CHECK(iw_client_fire(client, &(iw_event){.intent = "test", .requests = requests, .request_count = 2}, id) == IW_OK);
    CHECK(iw_client_wait(client, id, 10) == IW_OK);
    void *held = NULL;
    iw_delivery delivery;
    unsigned sum = 0;
    while (iw_client_poll(client, id, &held, &delivery)) sum += delivery.number;
    CHECK(sum == 7);
    iw_poll_end(&held);
    close_and_free(client);
    snprintf(sql, sizeof sql, "SELECT group_concat(number) FROM events JOIN deliveries ON event = seq WHERE id = '%s'",
             id);
    CHECK_TEXT(scene_text(scene->history, sql, text, sizeof text), "2,5");
  }
  TEST("what is disabled or refused before is recorded as failed, and nothing is sent") {
    iw_client *client = scene_client(scene->history);
    char url[LOOPBACK_URL_SIZE];
    loopback_url(loopback, "/200?never", url);
    iw_endpoint *disabled = iw_endpoint_new(client, &(iw_endpoint_options){.url = url, .disabled = true}, text);
    iw_request requests[] = {
        {.endpoint = disabled, .body = "{}", .body_length = 2},
        {.endpoint = scene_endpoint(client, url), .refused = IW_MAP_ERROR, .message = "map.lua:1: why"},
        {.endpoint = scene_endpoint(client, url), .refused = IW_PAYLOAD_INVALID, .message = "payload.a: a function"},
    };
    iw_event event = {.intent = "test", .requests = requests, .request_count = 3};
    CHECK(iw_client_fire(client, &event, id) == IW_OK);
    CHECK(iw_client_wait(client, id, 10) == IW_OK);
    static const char *const causes[] = {"endpoint_disabled", "map_error", "payload_invalid"};
    void *held = NULL;
    iw_delivery delivery;
    for (unsigned i = 0; i < 3 && CHECK(iw_client_poll(client, id, &held, &delivery)); i++) {
      CHECK(!delivery.delivered && delivery.number == i + 1 && delivery.http_status == 0 && delivery.seconds == 0);
      CHECK_TEXT(delivery.cause, causes[i]);
      CHECK_TEXT(delivery.message, requests[i].message);
    }
    iw_poll_end(&held);
    close_and_free(client);
    CHECK(loopback_requests(loopback, "/200?never") == 0);
    snprintf(sql, sizeof sql,
             "SELECT message FROM events JOIN deliveries ON event = seq WHERE id = '%s' AND number = 2", id);
    CHECK(strstr(scene_text(scene->history, sql, text, sizeof text), "map.lua:1: why") != NULL);
  }
}

static void test_waiting(struct scene *scene) {
  char id[IW_ID_SIZE], other[IW_ID_SIZE];
  TEST("wait tells unknown, not yet, and taken") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/1500");
    CHECK(iw_client_wait(client, "018bcfe5-687b-7a5e-8000-000000000000", 5) == IW_UNKNOWN);
    CHECK(scene_fire(client, endpoint, NULL, 1, id) == IW_OK);
    int64_t start_us = scene_now_us();
    CHECK(iw_client_wait(client, id, 0) == IW_TIMEOUT);
    CHECK(iw_client_wait(client, id, -1) == IW_TIMEOUT);
    CHECK(scene_now_us() - start_us < 1200000);
    CHECK(iw_client_wait(client, id, 0.05) == IW_TIMEOUT);
    CHECK(scene_now_us() - start_us >= 50000);
    CHECK(iw_client_wait(client, id, 1e300) == IW_OK);
    CHECK(iw_client_wait(client, id, 0) == IW_OK);
    CHECK(scene_drain(client, id) == 1);
    CHECK(iw_client_wait(client, id, 5) == IW_UNKNOWN);
    close_and_free(client);
  }
  TEST("results come in the order in which they finished, and an event's own by its id") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *slow = endpoint_at(client, "/200/300"), *fast = endpoint_at(client, "/204");
    CHECK(scene_fire(client, slow, NULL, 1, id) == IW_OK && scene_fire(client, fast, slow, 2, other) == IW_OK);
    CHECK(iw_client_wait(client, other, 10) == IW_OK && iw_client_wait(client, id, 10) == IW_OK);
    iw_delivery delivery;
    void *held = NULL;
    CHECK(iw_client_poll(client, NULL, &held, &delivery));
    CHECK_TEXT(delivery.id, other);
    CHECK(delivery.number == 1 && delivery.http_status == 204);
    CHECK(iw_client_poll(client, other, &held, &delivery));
    CHECK_TEXT(delivery.id, other);
    CHECK(delivery.number == 2);
    CHECK(!iw_client_poll(client, other, &held, &delivery));
    CHECK(iw_client_poll(client, NULL, &held, &delivery));
    CHECK_TEXT(delivery.id, id);
    iw_poll_end(&held);
    CHECK(scene_drain(client, NULL) == 0);
    close_and_free(client);
  }
  TEST("the descriptor for event loops is readable as long as there are results, and the same each time") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/50?fd");
    int descriptor = iw_client_fd(client);
    void *held = NULL;
    iw_delivery delivery;
    CHECK(descriptor >= 0 && iw_client_fd(client) == descriptor && !is_readable(descriptor, 0));
    CHECK(scene_fire(client, endpoint, NULL, 1, id) == IW_OK && scene_fire(client, endpoint, NULL, 2, id) == IW_OK);
    CHECK(is_readable(descriptor, 10000));
    CHECK(iw_client_flush(client, 10) == IW_OK);
    CHECK(iw_client_poll(client, NULL, &held, &delivery) && is_readable(descriptor, 0));
    CHECK(iw_client_poll(client, NULL, &held, &delivery) && !is_readable(descriptor, 0));
    CHECK(scene_fire(client, endpoint, NULL, 3, id) == IW_OK && iw_client_flush(client, 10) == IW_OK);
    iw_poll_end(&held);
    close_and_free(client); /* with a result that nobody took */
    CHECK(fcntl(descriptor, F_GETFD) < 0);
  }
  TEST("the descriptor is readable at once when results are there before it") {
    iw_client *client = scene_client(scene->history);
    CHECK(scene_fire(client, NULL, NULL, 1, id) == IW_OK && iw_client_flush(client, 10) == IW_OK);
    CHECK(is_readable(iw_client_fd(client), 0));
    close_and_free(client);
  }
  TEST("flush waits until nothing is under way") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/300");
    CHECK(scene_fire(client, endpoint, endpoint, 1, id) == IW_OK);
    CHECK(iw_client_flush(client, 0.02) == IW_TIMEOUT);
    iw_stats stats = stats_of(client);
    CHECK(stats.fired == 1 && stats.delivered == 0 && stats.queued + stats.in_flight == 2 && stats.bytes > 0);
    CHECK(iw_client_flush(client, 10) == IW_OK);
    stats = stats_of(client);
    CHECK(stats.delivered == 2 && stats.failed == 0 && stats.queued == 0 && stats.in_flight == 0);
    CHECK(stats.unrecorded == 0 && stats.bytes > 0 && stats.history_waiting == 0 && stats.history_recorded >= 3);
    CHECK(scene_drain(client, NULL) == 2 && stats_of(client).bytes == 0);
    close_and_free(client);
  }
  TEST("an event is in the file within 50 ms of being fired, while its endpoint hangs") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/hang?row");
    char sql[256], error[IW_ERROR_SIZE];
    int64_t allowed_us = 50000 * spec_slowness();
    unsigned late = 0;
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    for (int n = 0; n < 20; n++) {
      int64_t start_us = scene_now_us();
      CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
      snprintf(sql, sizeof sql,
               "SELECT count(*) FROM events JOIN deliveries ON event = seq WHERE id = '%s' AND status = 'pending'", id);
      AWAIT(scene_count(scene->history, sql) == 1, 10);
      late += scene_now_us() - start_us > allowed_us;
    }
    CHECK(late < 10); /* the machine may have had something else to do */
    size_t cut = 0;
    CHECK(iw_client_close(client, 0, &cut) == IW_TIMEOUT && cut == 20);
    iw_client_free(client);
  }
}

static void test_closing(struct scene *scene) {
  char id[IW_ID_SIZE], error[IW_ERROR_SIZE];
  TEST("close waits for what is under way, and then the client takes nothing more") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/200");
    CHECK(scene_fire(client, endpoint, NULL, 1, id) == IW_OK);
    size_t cut = 99;
    CHECK(iw_client_close(client, 10, &cut) == IW_OK && cut == 0);
    CHECK(scene_fire(client, endpoint, NULL, 2, id) == IW_CLOSED);
    CHECK(iw_client_start(client, 1, error) == IW_CLOSED);
    CHECK(iw_client_close(client, 10, NULL) == IW_OK);
    CHECK(scene_drain(client, NULL) == 1);
    CHECK(stats_of(client).delivered == 1);
    iw_client_free(client);
  }
  TEST("close cuts off what hangs, records it as that, and a second close has nothing to say") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = iw_endpoint_new(
        client, &(iw_endpoint_options){.url = loopback_url(loopback, "/hang?cut", error), .in_flight = 2}, error);
    for (int n = 0; n < 5; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    AWAIT(loopback_requests(loopback, "/hang?cut") == 2, 10);
    size_t cut = 0;
    int64_t start_us = scene_now_us();
    CHECK(iw_client_close(client, 0.1, &cut) == IW_TIMEOUT);
    CHECK(cut == 5 && scene_now_us() - start_us < 8000000);
    CHECK(iw_client_close(client, 0.1, &cut) == IW_OK && cut == 0);
    iw_delivery delivery;
    void *held = NULL;
    for (unsigned i = 0; i < 5 && CHECK(iw_client_poll(client, NULL, &held, &delivery)); i++) {
      CHECK(delivery.recorded);
      CHECK_TEXT(delivery.cause, "client_closed");
    }
    iw_poll_end(&held);
    iw_client_free(client);
    const char *sql = "SELECT count(*) FROM deliveries WHERE url LIKE '%/hang?cut' AND cause = 'client_closed'"
                      " AND status = 'failed'";
    CHECK(scene_count(scene->history, sql) == 5);
    sql = "SELECT count(*) FROM attempts WHERE url LIKE '%/hang?cut' AND cause = 'client_closed'";
    CHECK(scene_count(scene->history, sql) == 2);
  }
  TEST("a client that is given back goes on in the background until all is delivered and recorded") {
    AWAIT(scene_threads() == threads_at_rest && loopback_open(loopback) == 0, 10);
    unsigned descriptors = scene_descriptors();
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200/100?free");
    for (int n = 0; n < 20; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    iw_client_free(client);
    const char *sql = "SELECT count(*) FROM deliveries WHERE url LIKE '%?free' AND status = 'delivered'";
    AWAIT(scene_count(scene->history, sql) == 20, 10);
    AWAIT(scene_threads() == threads_at_rest && scene_descriptors() == descriptors, 10);
  }
  TEST("what a poll holds outlives the client's other results, and a client may be freed with results in it") {
    iw_client *client = scene_client(scene->history);
    iw_endpoint *endpoint = endpoint_at(client, "/200");
    iw_delivery delivery;
    void *held = NULL;
    for (int n = 0; n < 3; n++) CHECK(scene_fire(client, endpoint, NULL, n, id) == IW_OK);
    CHECK(iw_client_flush(client, 10) == IW_OK);
    CHECK(iw_client_poll(client, NULL, &held, &delivery));
    iw_client_free(client);
    CHECK_TEXT(delivery.intent, "test");
    iw_poll_end(&held);
    iw_poll_end(&held);
  }
}

static void test_history_file(struct scene *scene) {
  char id[IW_ID_SIZE], error[IW_ERROR_SIZE] = "";
  TEST("start opens the history and makes its file, for its owner only") {
    struct scene own;
    struct stat status;
    scene_begin(&own);
    iw_client *client = scene_client(own.history);
    CHECK(iw_client_start(client, 10, error) == IW_OK);
    CHECK(stat(own.history, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(iw_client_start(client, 1e300, error) == IW_OK);
    close_and_free(client);
    scene_end(&own);
  }
  TEST("a history that cannot be used is told with a reason, at once or at the start") {
    CHECK(iw_client_new(&(iw_client_options){.history = NULL}, error) == NULL);
    CHECK(strncmp(error, "history: ", 9) == 0);
    CHECK(iw_client_new(&(iw_client_options){.history = "/nowhere/at/all.db"}, error) == NULL);
    CHECK(strncmp(error, "history: ", 9) == 0);
    struct scene own;
    scene_begin(&own);
    FILE *file = fopen(own.history, "w");
    for (int i = 0; i < 2000; i++) fputs("no database ", file);
    fclose(file);
    iw_client *client = scene_client(own.history);
    error[0] = '\0';
    CHECK(iw_client_start(client, 10, error) == IW_HISTORY && error[0] != '\0');
    CHECK(scene_fire(client, endpoint_at(client, "/200"), NULL, 1, id) == IW_OK);
    void *held = NULL;
    iw_delivery delivery = result_of(client, id, &held);
    iw_poll_end(&held);
    CHECK(delivery.delivered && !delivery.recorded);
    iw_stats stats = stats_of(client);
    CHECK(stats.unrecorded == 1 && stats.history_error[0] != '\0');
    CHECK(iw_client_close(client, 0, NULL) == IW_TIMEOUT);
    remove(own.history); /* then a new file takes what waits */
    CHECK(iw_client_close(client, 10, NULL) == IW_OK);
    iw_client_free(client);
    CHECK(scene_count(own.history, "SELECT count(*) FROM attempts") == 1);
    scene_end(&own);
  }
  TEST("two clients share a history file, and two files are written at once") {
    struct scene own;
    scene_begin(&own);
    iw_client *clients[] = {scene_client(own.history), scene_client(own.history), scene_client(scene->history)};
    for (int i = 0; i < 3; i++) {
      iw_endpoint *endpoint = endpoint_at(clients[i], "/200/50?shared");
      for (int n = 0; n < 10; n++) CHECK(scene_fire(clients[i], endpoint, NULL, n, id) == IW_OK);
    }
    close_and_free(clients[0]);
    CHECK(iw_client_flush(clients[1], 10) == IW_OK && scene_drain(clients[1], NULL) == 10);
    close_and_free(clients[1]);
    close_and_free(clients[2]);
    const char *sql = "SELECT count(*) FROM attempts WHERE http_status = 200 AND url LIKE '%?shared'";
    CHECK(scene_count(own.history, sql) == 20 && scene_count(scene->history, sql) == 10);
    CHECK(scene_is_sound(own.history));
    scene_end(&own);
  }
}

int main(void) {
  scene_watchdog(300);
  struct scene scene;
  scene_begin(&scene);
  loopback = loopback_start();
  threads_at_rest = scene_threads();

  test_firing(&scene);
  test_waiting(&scene);
  test_closing(&scene);
  test_history_file(&scene);
  TEST("many threads fire, wait and poll on one client") {
    iw_client *client = scene_client(scene.history);
    struct firing firing[THREADS];
    pthread_t ids[THREADS];
    unsigned accepted = 0;
    for (unsigned i = 0; i < THREADS; i++) {
      firing[i] =
          (struct firing){.client = client, .endpoint = endpoint_at(client, i % 2 ? "/200?many" : "/200/1?many")};
      CHECK(pthread_create(&ids[i], NULL, fire_many, &firing[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
      pthread_join(ids[i], NULL);
      accepted += firing[i].accepted;
    }
    CHECK(accepted == THREADS * EVENTS_EACH);
    CHECK(iw_client_flush(client, 30) == IW_OK);
    CHECK(stats_of(client).delivered == accepted);
    close_and_free(client);
    const char *sql = "SELECT count(*) FROM deliveries WHERE url LIKE '%?many' AND status = 'delivered'";
    CHECK(scene_count(scene.history, sql) == accepted);
  }
  TEST("in the end the history is sound, and no thread is left") {
    AWAIT(scene_threads() == threads_at_rest, 10);
    CHECK(scene_is_sound(scene.history));
  }
  loopback_stop(loopback);
  scene_end(&scene);
  return check_finish();
}
