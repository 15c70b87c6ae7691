/*
 * test_history: history.c, history_writer.c, history_record.c and history_retention.c when all goes well (with
 * history_file.c, history_schema.c and the fixture's needs). Trouble: test_history_trouble.c; forks:
 * test_history_fork.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history.h"
#include "history_fixture.h"
#include "history_path.h"
#include "history_record.h"
#include "memory.h"
#include "memory_faults.h"
#include "slowness.h"

static const char *const secrets[] = {"abc123token", "key-Ümlaut-9", NULL};
static const char *folder, *path;
static struct history *history;
static struct endpoint *endpoint;

/* A new file, its history and an endpoint, with nothing counted. */
static void begin(int64_t keep_us) {
  static char kept[512];
  char error[HISTORY_ERROR_SIZE];
  folder = fixture_folder(NULL);
  snprintf(kept, sizeof kept, "%s/h.db", folder);
  path = kept;
  history = history_acquire(path, keep_us, error);
  CHECK(history != NULL);
  endpoint = fixture_endpoint("http://127.0.0.1:8080/hooks/appointments", secrets);
  fixture_on_recorded = NULL;
  memset(&fixture_told, 0, sizeof fixture_told);
}

/* Everything written, nothing left open or allocated. */
static void end(void) {
  if (history) history_release(history);
  history = NULL;
  CHECK(history_finish_all(10000));
  CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
  CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) != 0);
  fixture_endpoint_free(endpoint);
  CHECK(memory_faults_outstanding() == 0);
}

/* Hands over and forgets. */
static void record(const struct fixture_event *fields, int http_status) {
  struct event *event = fixture_record(history, fields, http_status);
  CHECK(event != NULL);
  if (event) event_release(event);
}

static void hand_over(struct event *event, unsigned number) {
  event_hold(event);
  history_delivery(history, &event->deliveries[number - 1]);
}

static bool await_waiting_none(void) {
  struct history_stats stats;
  for (unsigned i = 0; i < 20000; i++) {
    history_read_stats(history, &stats);
    if (stats.waiting == 0) return true;
    usleep(500);
  }
  return false;
}

/* Whether the bytes occur in any file of the folder. */
static bool on_disk(const char *bytes) {
  bool found = false;
  DIR *entries = opendir(folder);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    FILE *file = fopen(fixture_path(folder, entry->d_name), "r");
    static char content[8 << 20];
    size_t length = file ? fread(content, 1, sizeof content, file) : 0;
    if (file) fclose(file);
    if (memmem(content, length, bytes, strlen(bytes))) found = true;
  }
  if (entries) closedir(entries);
  return found;
}

/* ---- what is written ---- */

static void test_rows(void) {
  TEST("an event, its delivery and its attempt are written with every column") {
    begin(0);
    record(&(struct fixture_event){.endpoint = endpoint,
                                   .deliveries = 1,
                                   .time_us = 1700000000123456,
                                   .session = "chat-7",
                                   .slots = "{\"name\":\"J\\u00fcrgen\"}",
                                   .error = "map: boom",
                                   .note = "text repaired"},
           201);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT seq, length(id), time, intent, session, slots, error, note FROM events"),
               "1|36|1700000000123456|book_appointment|chat-7|{\"name\":\"J\\u00fcrgen\"}|map: boom|text repaired");
    CHECK_TEXT(fixture_sql(path, "SELECT event, number, intent, url, status, cause, message FROM deliveries"),
               "1|1|book_appointment|http://127.0.0.1:8080/hooks/appointments|delivered|-|-");
    CHECK_TEXT(
        fixture_sql(path,
                    "SELECT finished - started, method, attempts.url, request_body, http_status, response_body FROM "
                    "attempts JOIN deliveries USING (event, number)"),
        "1500|POST|http://127.0.0.1:8080/hooks/appointments|{\"name\":\"J\\u00fcrgen\"}|201|ok");
    CHECK_TEXT(fixture_sql(path, "SELECT response_length, truncated, remote_address, http_version, tls_version, "
                                 "name_lookup_us, connect_us, tls_us, first_byte_us, total_us, cause, message, "
                                 "body_cause, resent FROM attempts"),
               "2|0|127.0.0.1:8080|1.1|-|10|100|-|1400|1500|-|-|-|0");
    CHECK_TEXT(fixture_sql(path, "SELECT request_headers FROM attempts"),
               "POST /hooks/appointments HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
               "User-Agent: rag-go-intent-webhook/1.0\r\nAuthorization: [redacted]\r\nContent-Length: 89\r\n\r\n");
    CHECK_TEXT(fixture_sql(path, "SELECT substr(response_headers, 1, 15) FROM attempts"), "HTTP/1.1 200 OK");
    CHECK_TEXT(fixture_sql(path, "SELECT * FROM event_spans"), "0|1700000000123456|1700000000123456|1");
    end();
  }
  TEST("an event without a delivery is written too") {
    begin(0);
    record(&(struct fixture_event){.note = "the intent has no action"}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT session, error, note FROM events"), "-|-|the intent has no action");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM deliveries"), "0");
    end();
  }
  TEST("a delivery is pending until it is finished, and a failure has its cause and a sentence") {
    begin(0);
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 3}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT number, status, cause, message, finished FROM deliveries"),
               "1|pending|-|-|-\n2|pending|-|-|-\n3|pending|-|-|-");
    fixture_finish(&event->deliveries[1], 404);
    hand_over(event, 2);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    fixture_refuse(&event->deliveries[2], CAUSE_MAP_ERROR, "slots.lua:3: boom with abc123token");
    hand_over(event, 3);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
    CHECK_TEXT(fixture_sql(path, "SELECT number, status, cause, message, finished > 0 FROM deliveries"),
               "1|pending|-|-|-\n"
               "2|failed|status_4xx|The endpoint refused the request with a 4xx status: its response says why.|1\n"
               "3|failed|map_error|The action's map function raised an error: see the event's error for the traceback. "
               "slots.lua:3: boom with [redacted]|1");
    CHECK_TEXT(fixture_sql(path, "SELECT number, http_status, cause FROM attempts"), "2|404|status_4xx");
    event_release(event);
    end();
  }
  TEST("what never came is NULL, and an empty body is not") {
    begin(0);
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 2}, 0);
    struct attempt *attempt = &event->deliveries[0].attempt;
    fixture_refuse(&event->deliveries[0], CAUSE_CONNECT_REFUSED, "connect: refused");
    attempt->made = true;
    attempt->cause = CAUSE_CONNECT_REFUSED;
    attempt->name_lookup_us = attempt->connect_us = attempt->tls_us = attempt->first_byte_us = -1;
    attempt->response_length = -1;
    hand_over(event, 1);
    fixture_finish(&event->deliveries[1], 204);
    buffer_clear(&event->deliveries[1].attempt.response_body);
    event->deliveries[1].attempt.body_cause = CAUSE_BODY_CUT;
    event->deliveries[1].attempt.resent = event->deliveries[1].attempt.truncated = true;
    hand_over(event, 2);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
    CHECK_TEXT(fixture_sql(path, "SELECT http_status, request_headers, response_headers, response_body, "
                                 "response_length, remote_address, http_version, name_lookup_us, connect_us, "
                                 "first_byte_us, cause, message FROM attempts WHERE number = 1"),
               "-|-|-|-|-|-|-|-|-|-|connect_refused|connect: refused");
    CHECK_TEXT(fixture_sql(path, "SELECT message FROM deliveries WHERE number = 1"),
               "Nothing listens at that address and port: is the endpoint running?");
    CHECK_TEXT(fixture_sql(path, "SELECT typeof(response_body), response_body, body_cause, truncated, resent "
                                 "FROM attempts WHERE number = 2"),
               "text||body_cut|1|1");
    event_release(event);
    end();
  }
  TEST("bytes that are no text are stored as they are, as a blob") {
    begin(0);
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 3}, 0);
    static const char *const bodies[] = {"caf\xe9", "a\0b", "\xc3\xa9\xf0\x9f\x98\x80"};
    static const size_t lengths[] = {4, 3, 6};
    for (unsigned i = 0; i < 3; i++) {
      fixture_finish(&event->deliveries[i], 200);
      buffer_clear(&event->deliveries[i].attempt.response_body);
      buffer_append(&event->deliveries[i].attempt.response_body, bodies[i], lengths[i]);
      hand_over(event, i + 1);
    }
    CHECK(fixture_await(&fixture_told.deliveries_stored, 3));
    CHECK_TEXT(fixture_sql(path, "SELECT typeof(response_body), hex(response_body) FROM attempts ORDER BY number"),
               "blob|636166E9\nblob|610062\ntext|C3A9F09F9880");
    event_release(event);
    end();
  }
}

static void test_redaction(void) {
  TEST("no secret reaches the disk, wherever it stands: not the database, the WAL or the SHM") {
    begin(0);
    struct event *event = fixture_event(&(struct fixture_event){.endpoint = endpoint,
                                                                .deliveries = 1,
                                                                .secret = "+84901234567",
                                                                .slots = "{\"phone\":\"[redacted]\"}",
                                                                .error = "at +84901234567",
                                                                .note = "for +84901234567"});
    struct delivery *delivery = &event->deliveries[0];
    struct attempt *attempt = &delivery->attempt;
    delivery->body = "{\"phone\":\"+84901234567\"}";
    fixture_finish(delivery, 404);
    buffer_text(&attempt->request_head, "X-Api-Key: short\r\nX-Other: key-Ümlaut-9\r\n");
    buffer_text(&attempt->response_head, "Set-Cookie: sid=cookie-secret\r\nX-Echo: +84901234567 abc123token\r\n");
    buffer_text(&attempt->response_body, "you sent +84901234567 with abc123token and key-\\u00dcmlaut-9");
    snprintf(attempt->message, sizeof attempt->message, "failed for abc123token");
    event_hold(event);
    CHECK(history_event(history, event));
    hand_over(event, 1);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    static const char *const never[] = {"abc123token", "84901234567", "mlaut-9", "cookie-secret", "short"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) CHECK(!on_disk(never[i]));
    CHECK(on_disk("you sent [redacted] with [redacted] and [redacted]"));
    CHECK_TEXT(fixture_sql(path, "SELECT error, note FROM events"), "at [redacted]|for [redacted]");
    CHECK_TEXT(fixture_sql(path, "SELECT message FROM attempts"), "failed for [redacted]");
    event_release(event);
    end();
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) CHECK(!on_disk(never[i]));
  }
  TEST("a secret in the endpoint's URL is replaced too") {
    begin(0);
    fixture_endpoint_free(endpoint);
    endpoint = fixture_endpoint("http://127.0.0.1/hook?key=abc123token", secrets);
    record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT deliveries.url, attempts.url FROM deliveries JOIN attempts USING (event)"),
               "http://127.0.0.1/hook?key=[redacted]|http://127.0.0.1/hook?key=[redacted]");
    CHECK(!on_disk("abc123token"));
    end();
  }
}

/* ---- when, and who is told ---- */

static int compare(const void *first, const void *second) {
  int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
  return a < b ? -1 : a > b;
}

enum { ROUNDS = 21 };

/* The median time from hand-over to the owner's being told, with pauses between so that the writer is idle. */
static int64_t median_latency_us(void) {
  int64_t times[ROUNDS];
  for (unsigned i = 0; i < ROUNDS; i++) {
    unsigned before = atomic_load(&fixture_told.events_stored);
    usleep(15000);
    int64_t started = clock_monotonic_us();
    record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 0);
    while (atomic_load(&fixture_told.events_stored) == before && clock_monotonic_us() - started < 5000000) usleep(100);
    times[i] = clock_monotonic_us() - started;
  }
  qsort(times, ROUNDS, sizeof *times, compare);
  return times[ROUNDS / 2];
}

static atomic_uint events_seen, deliveries_seen, out_of_order, inserted_final;

static void watch_order(struct event *event, struct delivery *delivery, bool stored) {
  if (!stored) atomic_fetch_add(&out_of_order, 1);
  if (event) {
    atomic_fetch_add(&events_seen, 1);
    if (history_record_seq(event) != atomic_load(&events_seen)) atomic_fetch_add(&out_of_order, 1);
    return;
  }
  atomic_fetch_add(&deliveries_seen, 1);
  if (history_record_seq(delivery->event) != atomic_load(&deliveries_seen)) atomic_fetch_add(&out_of_order, 1);
  if (history_record_seq(delivery->event) > atomic_load(&events_seen)) atomic_fetch_add(&out_of_order, 1);
  if (delivery->history.inserted_final) atomic_fetch_add(&inserted_final, 1);
}

static void test_when(void) {
  TEST("an event is in the file within 50 ms while its delivery is still on its way, and at once in a hurry") {
    begin(0);
    char error[HISTORY_ERROR_SIZE];
    CHECK(history_start(history, 5000, error));
    int64_t patient = median_latency_us();
    history_hurry(history, true);
    int64_t hurried = median_latency_us();
    history_hurry(history, false);
    CHECK(patient >= HISTORY_WINDOW_MS * 1000 && patient < 50000 * spec_slowness());
    CHECK(hurried < patient);
    CHECK_TEXT(fixture_sql(path, "SELECT DISTINCT status FROM deliveries"), "pending");
    end();
  }
  TEST("a hurry that comes later ends the wait for company") {
    begin(0);
    record(&(struct fixture_event){.note = "first"}, 0);
    history_hurry(history, true);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    history_hurry(history, false);
    end();
  }
  TEST("owners are told once for each record, in order, an event before its deliveries") {
    begin(0);
    atomic_store(&events_seen, 0);
    atomic_store(&deliveries_seen, 0);
    atomic_store(&out_of_order, 0);
    atomic_store(&inserted_final, 0);
    fixture_on_recorded = watch_order;
    enum { EVENTS = 3000 };
    for (unsigned i = 0; i < EVENTS; i++) record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, EVENTS));
    CHECK(atomic_load(&fixture_told.events_stored) == EVENTS);
    CHECK(atomic_load(&fixture_told.deliveries_stored) == EVENTS);
    CHECK(atomic_load(&fixture_told.events_failed) == 0 && atomic_load(&fixture_told.deliveries_failed) == 0);
    CHECK(atomic_load(&out_of_order) == 0);
    CHECK(atomic_load(&inserted_final) > EVENTS / 2); /* finished within the batch: one write instead of two */
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK(stats.recorded == 2 * EVENTS && stats.waiting == 0 && stats.dropped == 0);
    CHECK_TEXT(stats.error, "");
    end();
  }
}

static void *produce(void *argument) {
  enum { EVENTS = 2500 };
  (void)argument;
  for (unsigned i = 0; i < EVENTS; i++) {
    struct event *event = fixture_event(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1});
    event_hold(event);
    history_event(history, event);
    if (i % 3 == 0) usleep(50); /* so that some finish in a later batch */
    fixture_finish(&event->deliveries[0], 200);
    history_delivery(history, &event->deliveries[0]);
  }
  return NULL;
}

static void test_threads(void) {
  TEST("four threads hand over at once: all is written, seqs have no gap, and the spans know every time") {
    begin(0);
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, produce, NULL) == 0);
    for (unsigned i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 10000));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), min(seq), max(seq), count(DISTINCT id) FROM events"),
               "10000|1|10000|10000");
    CHECK_TEXT(fixture_sql(path, "SELECT status, count(*) FROM deliveries GROUP BY 1"), "delivered|10000");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), count(DISTINCT event) FROM attempts"), "10000|10000");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM events LEFT JOIN event_spans ON span = seq >> 12 "
                                 "WHERE span IS NULL OR time NOT BETWEEN earliest AND latest OR seq > last_seq"),
               "0");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(last_seq) FROM event_spans"), "3|10000");
    end();
  }
}

/* ---- paths, sharing, ending ---- */

static char flicker[512];
static atomic_bool flickers;

static void *create_and_remove(void *unused) {
  while (flickers) {
    FILE *file = fopen(flicker, "w");
    if (file) fclose(file);
    unlink(flicker);
  }
  return unused;
}

static void test_paths(void) {
  char error[HISTORY_ERROR_SIZE];
  TEST("whatever names the same file gives the same history") {
    begin(0);
    char spelled[1024], before[512];
    CHECK(getcwd(before, sizeof before) != NULL);
    snprintf(spelled, sizeof spelled, "%s/../%s/./h.db", folder, strrchr(folder, '/') + 1);
    struct history *same = history_acquire(spelled, 0, error);
    CHECK(same == history);
    CHECK(chdir(folder) == 0);
    struct history *relative = history_acquire("h.db", 0, error);
    CHECK(relative == history);
    CHECK(history_start(history, 5000, error));
    CHECK(symlink("h.db", "link") == 0);
    struct history *linked = history_acquire("link", 0, error);
    CHECK(linked == history);
    CHECK(chdir(before) == 0);
    struct history *other = history_acquire(fixture_path(folder, "other.db"), 0, error);
    CHECK(other && other != history);
    history_release(same);
    history_release(relative);
    history_release(linked);
    history_release(other);
    end();
  }
  TEST("a path that cannot be a history is refused with a sentence, and nothing is created") {
    folder = fixture_folder(NULL);
    CHECK(mkfifo(fixture_path(folder, "fifo"), 0600) == 0);
    CHECK(symlink("nowhere", fixture_path(folder, "dangling")) == 0);
    static const char *const names[] = {"fifo", "dangling", "missing/h.db", "", "fifo/h.db", "."};
    static const char *const complaints[] = {"is not a regular file",
                                             "is a symbolic link to nothing",
                                             "the folder does not exist: create it first",
                                             "is not a regular file",
                                             "Not a directory",
                                             "is not a regular file"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      error[0] = '\0';
      CHECK(history_acquire(fixture_path(folder, names[i]), 0, error) == NULL);
      CHECK(strstr(error, complaints[i]) != NULL);
    }
    CHECK(history_acquire("", 0, error) == NULL);
    char longest[300];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK(history_acquire(fixture_path(folder, longest), 0, error) == NULL);
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("a file that another process creates while its path is looked at is no link to nothing") {
    folder = fixture_folder(NULL);
    snprintf(flicker, sizeof flicker, "%s/h.db", folder);
    pthread_t other;
    flickers = true;
    CHECK(pthread_create(&other, NULL, create_and_remove, NULL) == 0);
    bool mistaken = false;
    for (unsigned i = 0; i < 20000 && !mistaken; i++) {
      error[0] = '\0';
      memory_free(history_path_resolve(flicker, error));
      mistaken = strstr(error, "is a symbolic link to nothing") != NULL;
    }
    flickers = false;
    pthread_join(other, NULL);
    CHECK(!mistaken);
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("a folder or file without permission is refused with a sentence") {
    folder = fixture_folder(NULL);
    bool root = geteuid() == 0;
    CHECK(chmod(folder, 0555) == 0);
    if (root) CHECK(setreuid(65534, 0) == 0); /* access asks for the real user */
    CHECK(history_acquire(fixture_path(folder, "h.db"), 0, error) == NULL);
    CHECK(strstr(error, "files may not be created in the folder") != NULL);
    if (root) CHECK(setreuid(0, 0) == 0);
  }
  TEST("a history that was released and is acquired again goes on, and its file is closed in between") {
    begin(0);
    for (unsigned i = 1; i <= 20; i++) {
      record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
      history_release(history);
      if (i % 2) CHECK(history_finish_all(10000));
      history = history_acquire(path, 0, error);
      CHECK(history != NULL);
    }
    CHECK(fixture_await(&fixture_told.deliveries_stored, 20));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(seq) FROM events"), "20|20");
    end();
  }
  TEST("releasing writes all that was handed over") {
    begin(0);
    for (unsigned i = 0; i < 1000; i++) record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
    history_release(history);
    history = NULL;
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1000));
    end();
  }
  TEST("a release that waits finds the file written and closed, when it was the last one") {
    begin(0);
    for (unsigned i = 1; i <= 20; i++) {
      struct history *same = history_hold(history);
      record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
      CHECK(fixture_await(&fixture_told.deliveries_stored, i));
      history_release_closed(same, 3600 * (int64_t)1000000); /* not the last one: it does not wait */
      CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) == 0);
      record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 0}, 0);
      history_release_closed(history, 20 * (int64_t)1000000);
      CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) != 0);
      history = history_acquire(path, 0, error);
      CHECK(history != NULL);
    }
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM events"), "40");
    history_release_closed(history, 0); /* has no thread */
    history = NULL;
    end();
  }
  TEST("everything is written and closed by the finish, though somebody still holds the history; it can go on later") {
    begin(0);
    for (unsigned i = 0; i < 1000; i++) record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
    CHECK(history_finish_all(10000));
    CHECK(atomic_load(&fixture_told.deliveries_stored) == 1000);
    CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) != 0);
    record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1001));
    end();
  }
  TEST("nothing is created before the first record, and nothing when there was none") {
    folder = fixture_folder(NULL);
    history = history_acquire(fixture_path(folder, "h.db"), 0, error);
    CHECK(access(fixture_path(folder, "h.db"), F_OK) != 0);
    history_release(history);
    history = NULL;
    CHECK(access(fixture_path(folder, "h.db"), F_OK) != 0);
    CHECK(memory_faults_outstanding() == 0);
  }
}

/* ---- retention ---- */

static _Atomic int64_t fake_now_us;

static int64_t fake_wall(void) {
  return fake_now_us;
}

static const int64_t DAY_US = 86400 * (int64_t)1000000;

/* Whether the statement gives that text within ten seconds. */
static bool await_sql(const char *sql, const char *expected) {
  for (unsigned i = 0; i < 2000; i++) {
    if (strcmp(fixture_sql(path, sql), expected) == 0) return true;
    usleep(5000);
  }
  return false;
}

static void test_retention(void) {
  TEST("what is older than keep_us goes, oldest first, with its deliveries and attempts, and the rest stays") {
    fake_now_us = 1700000000 * (int64_t)1000000;
    clock_replace_wall(fake_wall);
    begin(30 * DAY_US);
    for (unsigned i = 0; i < 2000; i++) {
      record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 2}, 200);
      fake_now_us += DAY_US / 100;
    }
    CHECK(fixture_await(&fixture_told.deliveries_stored, 4000));
    CHECK(await_waiting_none());
    fake_now_us += 20 * DAY_US; /* now the first 1000 are more than 30 days old */
    record(&(struct fixture_event){.note = "wakes the writer"}, 0);
    CHECK(await_sql("SELECT min(seq) FROM events", "1001"));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(seq) FROM events"), "1001|2001");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), min(event) FROM deliveries"), "2000|1001");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), min(event) FROM attempts"), "2000|1001");
    CHECK_TEXT(fixture_sql(path, "SELECT span, earliest = (SELECT time FROM events WHERE seq = 1001) FROM event_spans"),
               "0|1");
    end();
    clock_replace_wall(NULL);
  }
  TEST("events whose clock was wrong are found among the others, and no seq is given twice") {
    fake_now_us = 1700000000 * (int64_t)1000000;
    clock_replace_wall(fake_wall);
    begin(DAY_US);
    for (unsigned i = 0; i < 9000; i++)
      record(&(struct fixture_event){.time_us = i % 7 == 0 ? 5 : fake_now_us, .note = "n"}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 9000));
    CHECK(await_sql("SELECT count(*) FROM events WHERE time = 5", "0"));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM events"), "7714");
    fake_now_us += 2 * DAY_US;
    record(&(struct fixture_event){.time_us = 6, .note = "wakes the writer, and is old itself"}, 0);
    CHECK(await_sql("SELECT count(*) FROM events", "0"));
    CHECK_TEXT(fixture_sql(path, "SELECT span, earliest, last_seq FROM event_spans"), "2|9223372036854775807|9001");
    record(&(struct fixture_event){.note = "new"}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 9002));
    CHECK_TEXT(fixture_sql(path, "SELECT seq FROM events"), "9002");
    end();
    clock_replace_wall(NULL);
  }
  TEST("clients that disagree get the longest, and 0 keeps all") {
    fake_now_us = 1700000000 * (int64_t)1000000;
    clock_replace_wall(fake_wall);
    begin(DAY_US);
    char error[HISTORY_ERROR_SIZE];
    struct history *longer = history_acquire(path, 10 * DAY_US, error), *shorter = history_acquire(path, 1, error);
    record(&(struct fixture_event){.time_us = fake_now_us - 5 * DAY_US}, 0);
    record(&(struct fixture_event){.time_us = fake_now_us - 15 * DAY_US}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 2));
    CHECK(await_sql("SELECT seq FROM events", "1"));
    struct history *forever = history_acquire(path, 0, error);
    record(&(struct fixture_event){.time_us = fake_now_us - 15 * DAY_US}, 0);
    fake_now_us += DAY_US / 2;
    record(&(struct fixture_event){.note = "wakes the writer"}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 4));
    history_release(longer);
    history_release(shorter);
    history_release(forever);
    end();
    CHECK_TEXT(fixture_sql(path, "SELECT group_concat(seq) FROM events"), "1,3,4");
    clock_replace_wall(NULL);
  }
  TEST("records go first: deleting is done in steps") {
    fake_now_us = 1700000000 * (int64_t)1000000;
    clock_replace_wall(fake_wall);
    begin(DAY_US);
    enum { EVENTS = 20000 };
    for (unsigned i = 0; i < EVENTS; i++) record(&(struct fixture_event){.note = "old"}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, EVENTS));
    fake_now_us += 2 * DAY_US;
    int64_t slowest_us = 0;
    bool overtaken = false; /* a record came in while old ones were still there */
    for (unsigned i = 1; i <= 20; i++) {
      int64_t started = clock_monotonic_us();
      record(&(struct fixture_event){.intent = "new"}, 0);
      CHECK(fixture_await(&fixture_told.events_stored, EVENTS + i));
      if (clock_monotonic_us() - started > slowest_us) slowest_us = clock_monotonic_us() - started;
      if (strcmp(fixture_sql(path, "SELECT count(*) > 0 FROM events WHERE note = 'old'"), "1") == 0) overtaken = true;
    }
    CHECK(overtaken);
    CHECK(slowest_us < 1000000 * spec_slowness());
    CHECK(await_sql("SELECT count(*) FROM events", "20"));
    end();
    clock_replace_wall(NULL);
  }
}

int main(void) {
  memory_faults_install();
  test_rows();
  test_redaction();
  test_when();
  test_threads();
  test_paths();
  test_retention();
  return check_finish();
}
