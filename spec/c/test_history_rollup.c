/*
 * test_history_rollup: history_rollup.c, and that its counts and the rows agree whatever happens to the writer: no
 * lock, no room, no memory, a commit that fails too late, kill -9, other processes, files that are moved. (history*.c
 * and the fixture's needs)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "fake_process.h"
#include "history.h"
#include "history_chance.h"
#include "history_file.h"
#include "history_fixture.h"
#include "history_rollup.h"
#include "memory_faults.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { HOUR = 60 };

static char path[512];
static struct history *history;

static void begin_at(const char *place) {
  char error[HISTORY_ERROR_SIZE];
  if (place != path) snprintf(path, sizeof path, "%s", place);
  history = history_acquire(path, 0, error);
  CHECK(history != NULL);
  chance_make_endpoints();
  fixture_on_recorded = NULL;
  memset(&fixture_told, 0, sizeof fixture_told);
}

static void begin(void) {
  begin_at(fixture_path(fixture_folder(NULL), "h.db"));
}

static void end(void) {
  if (history) history_release(history);
  history = NULL;
  CHECK(history_finish_all(10000));
  chance_free_endpoints();
  CHECK(memory_faults_outstanding() == 0);
}

static void start(void) {
  char error[HISTORY_ERROR_SIZE];
  CHECK(history_start(history, 5000, error));
}

/* ---- counting again ---- */

static void check_nothing(const char *what, const char *sql) {
  if (!CHECK_TEXT(fixture_sql(path, sql), "")) printf("     %s\n", what);
}

#define DELIVERIES_COUNTED "SELECT minute, url, status, cause, count FROM delivery_minutes WHERE count <> 0"
#define DELIVERIES_AGAIN                                                                   \
  "SELECT finished / 60000000, url, status, coalesce(cause, ''), count(*) FROM deliveries" \
  " WHERE status IN ('delivered', 'failed') GROUP BY 1, 2, 3, 4"
#define ATTEMPTS_COUNTED \
  "SELECT minute, url, cause, sum(count), sum(total_us) FROM attempt_minutes GROUP BY 1, 2, 3 HAVING sum(count) <> 0"
#define ATTEMPTS_AGAIN                                                                                      \
  "SELECT started / 60000000, url, coalesce(cause, ''), count(*), coalesce(sum(total_us), 0) FROM attempts" \
  " GROUP BY 1, 2, 3"

/* Whether the counts are what the rows say, while nothing has aged. */
static void check_counts(void) {
  check_nothing("counted, but not there: delivery", DELIVERIES_COUNTED " EXCEPT " DELIVERIES_AGAIN " LIMIT 5");
  check_nothing("not counted: delivery", DELIVERIES_AGAIN " EXCEPT " DELIVERIES_COUNTED " LIMIT 5");
  check_nothing("counted, but not there: attempt", ATTEMPTS_COUNTED " EXCEPT " ATTEMPTS_AGAIN " LIMIT 5");
  check_nothing("not counted: attempt", ATTEMPTS_AGAIN " EXCEPT " ATTEMPTS_COUNTED " LIMIT 5");
  check_nothing("by how long they took", /* Prometheus's bounds, by hand */
                "WITH bounds (bound) AS (VALUES (5000), (10000), (25000), (50000), (100000), (250000), (500000),"
                " (1000000), (2500000), (5000000), (10000000), (30000000), (60000000), (9000000000))"
                "SELECT bound, url, (SELECT sum(count) FROM attempt_minutes WHERE attempt_minutes.url = urls.url"
                " AND bucket > 0 AND bucket <= bound) AS counted, (SELECT count(*) FROM attempts"
                " WHERE attempts.url = urls.url AND total_us <= bound) AS again"
                " FROM bounds, (SELECT DISTINCT url FROM attempts) AS urls"
                " WHERE coalesce(counted, 0) <> again");
}

static void check_all(unsigned deliveries) {
  char expected[32];
  snprintf(expected, sizeof expected, "%u", deliveries);
  CHECK_TEXT(fixture_sql(path, "SELECT sum(count) FROM delivery_minutes"), expected);
  check_counts();
}

/* ---- buckets ---- */

static void test_buckets(void) {
  TEST("bounds of buckets grow by at most a seventh, and every time is in the one bucket that it belongs to") {
    for (unsigned bucket = 1; bucket < ROLLUP_BUCKETS; bucket++) {
      int64_t below = history_rollup_bound(bucket - 1), bound = history_rollup_bound(bucket);
      CHECK(bound > below && (double)bound <= 1.15 * (double)below);
      CHECK(history_rollup_bucket(bound) == bucket && history_rollup_bucket(below + 1) == bucket);
      int64_t middle = history_rollup_middle(bucket);
      CHECK(middle > below - 1 && middle <= bound);
      if (below >= 100) CHECK((double)middle >= 0.933 * (double)bound && (double)middle <= 1.067 * (double)(below + 1));
    }
    CHECK(history_rollup_bucket(0) == 0 && history_rollup_bucket(10) == 0 && history_rollup_bucket(11) == 1);
    CHECK(history_rollup_bound(ROLLUP_BUCKETS - 1) == 9000000000);
    CHECK(history_rollup_bucket(9000000001) == ROLLUP_BUCKETS - 1);
    CHECK(history_rollup_bucket(INT64_MAX) == ROLLUP_BUCKETS - 1);
  }
  TEST("the bounds that Prometheus's histograms have are among them") {
    static const int64_t usual[] = {5000,    10000,   25000,   50000,    100000,   250000,  500000,
                                    1000000, 2500000, 5000000, 10000000, 30000000, 60000000};
    for (size_t i = 0; i < COUNT(usual); i++) CHECK(history_rollup_bound(history_rollup_bucket(usual[i])) == usual[i]);
  }
}

/* ---- counts and rows ---- */

static void test_counts(void) {
  TEST("counts are what the rows say, whatever came in: refused, failed, late, with a secret in the URL") {
    begin();
    unsigned deliveries = chance_record(history, 3000, HOUR);
    CHECK(fixture_await(&fixture_told.deliveries_stored, deliveries));
    check_all(deliveries);
    CHECK_TEXT(fixture_sql(path, "SELECT DISTINCT url FROM delivery_minutes ORDER BY url"),
               "http://127.0.0.1:8080/hook\nhttp://127.0.0.1:8080/other\nhttps://example.org/[redacted]/in");
    CHECK(strcmp(fixture_sql(path, "SELECT count(*) FROM delivery_minutes WHERE cause = 'queue_full'"), "0") != 0);
    CHECK(strcmp(fixture_sql(path, "SELECT count(*) FROM deliveries LEFT JOIN attempts USING (event, number)"
                                   " WHERE attempts.seq IS NULL"),
                 "0") != 0);
    end();
  }
  TEST("what is on its way is not counted") {
    begin();
    struct event *event =
        fixture_record(history, &(struct fixture_event){.endpoint = chance_endpoints[0], .deliveries = 2}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT (SELECT count(*) FROM delivery_minutes), count(*) FROM attempt_minutes"),
               "0|0");
    chance_finish(&event->deliveries[1], HOUR);
    chance_hand_over(history, event, 1);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    check_all(1);
    event_release(event);
    end();
  }
  TEST("a batch may count more things than there is room for at once") {
    begin();
    struct event *events[2000];
    for (size_t i = 0; i < COUNT(events); i++) {
      events[i] =
          fixture_event(&(struct fixture_event){.endpoint = chance_endpoints[i % CHANCE_ENDPOINTS], .deliveries = 1});
      fixture_finish(&events[i]->deliveries[0], 200);
      events[i]->deliveries[0].finished_us -= (int64_t)i * ROLLUP_MINUTE_US;
      events[i]->deliveries[0].attempt.total_us = (int64_t)(i * i);
    }
    sqlite3 *other = NULL;
    start();
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    for (size_t i = 0; i < COUNT(events); i++) {
      event_hold(events[i]);
      CHECK(history_event(history, events[i]));
      history_delivery(history, &events[i]->deliveries[0]);
    }
    CHECK(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(other) == SQLITE_OK);
    CHECK(fixture_await(&fixture_told.deliveries_stored, COUNT(events)));
    check_all(COUNT(events));
    end();
  }
}

/* ---- trouble ---- */

/* SQLite's file system, whose flush of a WAL fails, after it was done, that often. */
static atomic_int flushes_to_fail;
static int (*flush)(sqlite3_file *, int);

static int flush_or_fail(sqlite3_file *file, int flags) {
  int code = flush(file, flags);
  int left = atomic_load(&flushes_to_fail);
  while (left > 0 && !atomic_compare_exchange_weak(&flushes_to_fail, &left, left - 1)) {}
  return left > 0 ? SQLITE_IOERR_FSYNC : code;
}

static int (*open_file)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

static int open_with_failures(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  static sqlite3_io_methods methods; /* of WALs; the same each time */
  int code = open_file(vfs, name, file, flags, out_flags);
  if (code != SQLITE_OK || !(flags & SQLITE_OPEN_WAL)) return code;
  if (!flush) {
    methods = *file->pMethods;
    flush = methods.xSync;
    methods.xSync = flush_or_fail;
  }
  file->pMethods = &methods;
  return code;
}

static void install_failures(void) {
  static sqlite3_vfs vfs;
  vfs = *sqlite3_vfs_find(NULL);
  vfs.zName = "failing";
  open_file = vfs.xOpen;
  vfs.xOpen = open_with_failures;
  CHECK(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

static void test_trouble(void) {
  TEST("a commit that fails after it has reached the disk counts once, and its rows are there once") {
    begin();
    unsigned deliveries = 0;
    for (unsigned round = 0; round < 20; round++) {
      deliveries += chance_record(history, 100, HOUR);
      atomic_store(&flushes_to_fail, 1);
      deliveries += chance_record(history, 100, HOUR);
      CHECK(fixture_await(&fixture_told.deliveries_stored, deliveries));
    }
    CHECK(atomic_load(&fixture_told.deliveries_failed) > 0);
    check_all(deliveries);
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM events"), "4000");
    CHECK_TEXT(fixture_sql(path, "SELECT event FROM attempts GROUP BY event, number HAVING count(*) > 1 LIMIT 1"), "");
    end();
  }
  TEST("the same for a delivery whose event had been there before") {
    begin();
    struct event *event =
        fixture_record(history, &(struct fixture_event){.endpoint = chance_endpoints[0], .deliveries = 2}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    atomic_store(&flushes_to_fail, 1);
    for (unsigned i = 0; i < 2; i++) {
      chance_finish(&event->deliveries[i], HOUR);
      chance_hand_over(history, event, i);
    }
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
    CHECK(atomic_load(&fixture_told.deliveries_failed) > 0);
    check_all(2);
    event_release(event);
    end();
  }
  TEST("batches that are rolled back, since there is no room, count once") {
    begin();
    start();
    struct rlimit limit, tight;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    tight = limit;
    tight.rlim_cur = 300 * 1024;
    CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    unsigned deliveries = chance_record(history, 2000, HOUR);
    CHECK(fixture_await(&fixture_told.deliveries_failed, 1));
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(fixture_await(&fixture_told.deliveries_stored, deliveries));
    check_all(deliveries);
    end();
  }
  TEST("each allocation failing in turn: what was counted is rolled back with the rest") {
    bool hit = true;
    for (unsigned nth = 1; hit && nth < 100; nth++) {
      begin();
      start();
      struct event *event = fixture_event(&(struct fixture_event){.endpoint = chance_endpoints[1], .deliveries = 1});
      fixture_finish(&event->deliveries[0], 404);
      event_hold(event);
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      if (!history_event(history, event)) CHECK(history_event(history, event));
      history_delivery(history, &event->deliveries[0]);
      CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
      hit = memory_faults_hit();
      check_all(1);
      end();
    }
    CHECK(!hit);
  }
}

/* ---- events that are written again ---- */

static void finish_one(struct event *event, unsigned number, unsigned stored) {
  fixture_finish(&event->deliveries[number], 200);
  chance_hand_over(history, event, number);
  CHECK(fixture_await(&fixture_told.deliveries_stored, stored));
}

static void test_written_again(void) {
  TEST("a delivery whose event stayed in another file is counted in the new one, with those that it brings along") {
    begin();
    struct event *event =
        fixture_record(history, &(struct fixture_event){.endpoint = chance_endpoints[0], .deliveries = 3}, 0);
    finish_one(event, 0, 1);
    check_all(1);
    char moved[600];
    snprintf(moved, sizeof moved, "%s-old", path);
    CHECK(rename(path, moved) == 0);
    finish_one(event, 2, 2);
    check_all(2);
    finish_one(event, 1, 3);
    check_all(3);
    event_release(event);
    end();
  }
  TEST("a delivery whose event was deleted meanwhile is counted; what was counted before is not counted again") {
    begin();
    struct event *event =
        fixture_record(history, &(struct fixture_event){.endpoint = chance_endpoints[0], .deliveries = 2}, 0);
    finish_one(event, 0, 1);
    CHECK_TEXT(fixture_sql(path, "DELETE FROM attempts; DELETE FROM deliveries; DELETE FROM events"), "");
    finish_one(event, 1, 2);
    CHECK_TEXT(fixture_sql(path, "SELECT sum(count) FROM delivery_minutes"), "2");
    CHECK_TEXT(fixture_sql(path, "SELECT sum(count) FROM attempt_minutes"), "2");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM deliveries"), "2");
    event_release(event);
    end();
  }
}

/* ---- processes ---- */

/* Says at told, if it is none below 0, that some are in the file. */
static void run_for(double seconds, int told) {
  enum { SOME = 500 };
  fake_process_generation++; /* we are a child */
  srandom((unsigned)getpid());
  begin_at(path);
  int64_t until = clock_monotonic_us() + (int64_t)(seconds * 1e6);
  unsigned deliveries = 0;
  while (clock_monotonic_us() < until) {
    deliveries += chance_record(history, 200, HOUR);
    while (deliveries - atomic_load(&fixture_told.deliveries_stored) > 1000) usleep(200);
    if (told < 0 || atomic_load(&fixture_told.deliveries_stored) < SOME) continue;
    CHECK(write(told, "", 1) == 1);
    told = -1;
  }
  end();
  fflush(stdout); /* what failed */
  _exit(check_state.failures == 0 ? 0 : 1);
}

static void test_processes(void) {
  TEST("after kill -9 the counts are those of the rows that are there") {
    snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
    for (unsigned round = 0; round < 5; round++) {
      int ends[2];
      char byte;
      CHECK(pipe(ends) == 0);
      fflush(stdout);
      pid_t child = fork();
      if (child == 0) run_for(100, ends[1]);
      close(ends[1]);
      CHECK(read(ends[0], &byte, 1) == 1);
      close(ends[0]);
      usleep((useconds_t)random() % 100000); /* at any moment of its work */
      kill(child, SIGKILL);
      waitpid(child, NULL, 0);
      check_counts();
    }
    CHECK(atol(fixture_sql(path, "SELECT sum(count) FROM attempt_minutes")) > 1000);
  }
  TEST("four processes that write one file count all that they write") {
    enum { PROCESSES = 4 };
    snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
    pid_t children[PROCESSES];
    fflush(stdout);
    for (unsigned i = 0; i < PROCESSES; i++)
      if ((children[i] = fork()) == 0) run_for(1.5, -1);
    for (unsigned i = 0; i < PROCESSES; i++) {
      int status = -1;
      waitpid(children[i], &status, 0);
      CHECK(status == 0);
    }
    check_counts();
  }
}

/* ---- ageing ---- */

static const int64_t NOW = 29000000; /* a minute of 2025 */

/* Counts by chance over the last twelve days, and more than those in the last hours. Kept in tables of the test, too.
 */
static void fill(void) {
  CHECK_TEXT(
      fixture_sql(
          path,
          "WITH RECURSIVE numbers (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM numbers WHERE n < 30000)"
          "INSERT OR IGNORE INTO delivery_minutes SELECT 29000000 - abs(random() % CASE n % 3 WHEN 0 THEN 17280 WHEN 1"
          " THEN 1800 ELSE 150 END), 'http://h/' || (n % 5), 'delivered', '', 1 + abs(random() % 9) FROM numbers;"
          "INSERT INTO attempt_minutes SELECT minute, url, bucket, '', count, count * 7 FROM delivery_minutes,"
          " (SELECT 10 AS bucket UNION SELECT 20);"
          "CREATE TABLE was_deliveries AS SELECT * FROM delivery_minutes;"
          "CREATE TABLE was_attempts AS SELECT * FROM attempt_minutes"),
      "");
}

/* What the sums over steps were, against what they are; what is older than `minutes` is not asked for. */
static void check_steps(const char *step, int64_t now, int64_t minutes) {
  char sql[700];
  static const char *const tables[] = {"delivery_minutes", "was_deliveries", "attempt_minutes", "was_attempts"};
  for (size_t i = 0; i < COUNT(tables); i++) {
    snprintf(sql, sizeof sql,
             "SELECT minute / %s, url, sum(count) FROM %s WHERE minute >= %lld GROUP BY 1, 2 EXCEPT"
             " SELECT minute / %s, url, sum(count) FROM %s WHERE minute >= %lld GROUP BY 1, 2 LIMIT 3",
             step, tables[i], (long long)(now - minutes), step, tables[i ^ 1], (long long)(now - minutes));
    check_nothing(tables[i], sql);
  }
}

static void age_all(struct history_file *file, int64_t now) {
  bool more = true;
  for (unsigned i = 0; more && i < 10000; i++)
    CHECK(history_rollup_age(file, now * ROLLUP_MINUTE_US, &more) == SQLITE_OK);
  CHECK(!more);
}

static void test_ageing(void) {
  TEST("counts get coarser as they age, the hour, the day and the week stay what they were, and none is ever lost") {
    snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
    struct history_file file = {0};
    CHECK(history_file_open(&file, path) == SQLITE_OK);
    fill();
    char sums[256];
    snprintf(sums, sizeof sums, "%s",
             fixture_sql(path, "SELECT (SELECT sum(count) FROM delivery_minutes), sum(count), sum(total_us)"
                               " FROM attempt_minutes"));
    static const int64_t later[] = {0, 1, 9, 10, 61, 600, 1440, 5000};
    for (size_t i = 0; i < COUNT(later); i++) {
      int64_t now = NOW + later[i];
      age_all(&file, now);
      CHECK_TEXT(fixture_sql(path, "SELECT (SELECT sum(count) FROM delivery_minutes), sum(count), sum(total_us)"
                                   " FROM attempt_minutes"),
                 sums);
      check_steps("1", now, 59);
      check_steps("10", now / 10 * 10, 1430);
      check_steps("60", now / 60 * 60, 167 * 60);
    }
    int64_t now = NOW + 5000;
    char sql[300];
    snprintf(
        sql, sizeof sql,
        "SELECT minute FROM delivery_minutes WHERE minute > 0 AND minute < %lld - 11520 - 60 OR (minute < %lld - 1620"
        " AND minute %% 60) OR (minute < %lld - 130 AND minute %% 10) LIMIT 3",
        (long long)now, (long long)now, (long long)now);
    CHECK_TEXT(fixture_sql(path, sql), "");
    CHECK(atol(fixture_sql(path, "SELECT count(DISTINCT minute) FROM attempt_minutes")) < 120 + 144 + 192 + 20);
    age_all(&file, NOW + 20000);
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(minute) FROM delivery_minutes"), "5|0");
    CHECK_TEXT(fixture_sql(path, "SELECT (SELECT sum(count) FROM delivery_minutes), sum(count), sum(total_us)"
                                 " FROM attempt_minutes"),
               sums);
    history_file_close(&file, true);
  }
  TEST("ageing is done in steps, and takes no lock when there is nothing to do") {
    snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
    struct history_file file = {0};
    CHECK(history_file_open(&file, path) == SQLITE_OK);
    fill();
    bool more = false;
    CHECK(history_rollup_age(&file, NOW * ROLLUP_MINUTE_US, &more) == SQLITE_OK && more);
    CHECK(sqlite3_total_changes(file.database) < 5000);
    age_all(&file, NOW);
    sqlite3 *other = NULL;
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(history_rollup_age(&file, NOW * ROLLUP_MINUTE_US, &more) == SQLITE_OK && !more);
    CHECK(history_rollup_age(&file, (NOW + 60) * ROLLUP_MINUTE_US, &more) == SQLITE_BUSY && !more);
    CHECK(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(other) == SQLITE_OK);
    history_file_close(&file, true);
  }
  TEST("the writer does it while it has nothing else to do, also where all events are kept") {
    begin();
    start();
    char sql[200];
    long long minute = (long long)history_rollup_minute(clock_wall_us()) - 2000;
    snprintf(sql, sizeof sql, "INSERT INTO delivery_minutes VALUES (%lld, 'u', 'delivered', '', 3)", minute | 1);
    CHECK_TEXT(fixture_sql(path, sql), "");
    history_release(history);
    CHECK(history_finish_all(10000)); /* and begins anew, with a look */
    char error[HISTORY_ERROR_SIZE];
    history = history_acquire(path, 0, error);
    start();
    const char *found = "";
    for (unsigned i = 0; i < 2000 && strcmp(found, "3") != 0; i++) {
      found = fixture_sql(path, "SELECT count FROM delivery_minutes WHERE minute % 60 = 0");
      usleep(5000);
    }
    CHECK_TEXT(found, "3");
    end();
  }
}

int main(void) {
  memory_faults_install();
  test_processes(); /* those that fork first, while there is no thread */
  test_buckets();
  test_counts();
  install_failures();
  test_trouble();
  test_written_again();
  test_ageing();
  return check_finish();
}
