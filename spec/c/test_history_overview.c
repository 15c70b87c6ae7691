/*
 * test_history_overview: history_overview.c, history_tally.c and history_waiting.c, against what the rows say when they
 * are all counted again. (history*.c and the fixture's needs)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history.h"
#include "history_chance.h"
#include "history_file.h"
#include "history_fixture.h"
#include "history_overview.h"
#include "history_rollup.h"
#include "memory_faults.h"

enum { WEEK = 7 * 24 * 60, TEXT_SIZE = 65536 };

static char path[512];

static const struct {
  const char *name;
  long long step, steps; /* minutes; how many */
} spans[] = {{"hour", 1, 60}, {"day", 10, 144}, {"week", 60, 168}};

/* What SQL says about the file. */
__attribute__((format(printf, 1, 2))) static const char *sql(const char *format, ...) {
  char text[3000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return fixture_sql(path, text);
}

/* A file with nothing in it. */
static void new_file(void) {
  struct history_file file = {0};
  snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
  CHECK(history_file_open(&file, path) == SQLITE_OK);
  history_file_close(&file, true);
}

/* In static memory. */
static const char *ask(size_t span, int64_t now_us) {
  static char text[TEXT_SIZE];
  struct buffer answer = {0};
  sqlite3 *database = NULL;
  CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
  CHECK(history_overview_run(database, (enum history_span)span, now_us, &answer) == SQLITE_OK);
  CHECK(sqlite3_get_autocommit(database));
  CHECK(sqlite3_close(database) == SQLITE_OK);
  snprintf(text, sizeof text, "%.*s", (int)answer.length, answer.bytes);
  buffer_free(&answer);
  return text;
}

/* A part of an answer, by an expression in SQL in which it is ?1; NULL is "-". In one of eight static buffers. */
static const char *pick(const char *answer, const char *expression) {
  static char texts[8][TEXT_SIZE], query[1000];
  static unsigned next;
  char *text = texts[next++ % 8];
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;
  CHECK(sqlite3_open(":memory:", &database) == SQLITE_OK);
  snprintf(query, sizeof query, "SELECT coalesce(%s, '-')", expression);
  CHECK(sqlite3_prepare_v2(database, query, -1, &statement, NULL) == SQLITE_OK);
  sqlite3_bind_text(statement, 1, answer, -1, SQLITE_STATIC);
  bool found = CHECK(sqlite3_step(statement) == SQLITE_ROW);
  snprintf(text, TEXT_SIZE, "%s", found ? (const char *)sqlite3_column_text(statement, 0) : "");
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return text;
}

/* ---- counting again ---- */

static const char *steps_again(const char *status, long long from, long long step, long long steps) {
  return sql("WITH RECURSIVE steps (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM steps WHERE n < %lld),"
             " counts (n, count) AS (SELECT (finished / 60000000 - %lld) / %lld, count(*) FROM deliveries"
             " WHERE status = '%s' AND finished >= %lld * 60000000 GROUP BY 1)"
             "SELECT '[' || group_concat(coalesce(count, 0)) || ']' FROM steps LEFT JOIN counts USING (n)",
             steps - 1, from, step, status, from);
}

static const char *endpoints_again(long long from) {
  return sql("SELECT json_group_array(json_object('url', url, 'delivered', delivered, 'failed', failed, 'attempts',"
             " (SELECT count(*) FROM attempts WHERE attempts.url = found.url AND started >= %lld * 60000000)))"
             " FROM (SELECT url, sum(status = 'delivered') AS delivered, sum(status = 'failed') AS failed"
             " FROM deliveries WHERE finished >= %lld * 60000000 GROUP BY url ORDER BY count(*) DESC, url) AS found",
             from, from);
}

static const char *causes_again(long long from) {
  return sql("SELECT json_group_array(json_array(cause, count)) FROM (SELECT cause, count(*) AS count FROM deliveries"
             " WHERE status = 'failed' AND finished >= %lld * 60000000 GROUP BY cause ORDER BY count DESC, cause)",
             from);
}

/* The time that so many in a hundred attempts did not exceed, by sorting all. */
static double percentile_again(const char *url, int percent, long long from) {
  return atof(sql("WITH took (us) AS (SELECT total_us FROM attempts WHERE url = '%s' AND total_us NOT NULL"
                  " AND started >= %lld * 60000000)"
                  "SELECT us FROM took ORDER BY us LIMIT 1 OFFSET (SELECT (count(*) * %d + 99) / 100 - 1 FROM took)",
                  url, from, percent));
}

static void check_percentiles(const char *answer, long long from) {
  static const int percents[] = {50, 95, 99};
  for (int i = 0; i < CHANCE_ENDPOINTS; i++)
    for (size_t j = 0; j < sizeof percents / sizeof *percents; j++) {
      char part[80];
      snprintf(part, sizeof part, "json_extract(?1, '$.endpoints[%d].url')", i);
      const char *url = pick(answer, part);
      snprintf(part, sizeof part, "json_extract(?1, '$.endpoints[%d].p%d_us')", i, percents[j]);
      double told = atof(pick(answer, part)), exact = percentile_again(url, percents[j], from);
      if (!CHECK(exact > 100 ? told > 0.933 * exact && told < 1.067 * exact : told <= 100))
        printf("     %s p%d: %f, not %f\n", url, percents[j], told, exact);
    }
}

static void check_answer(size_t span, int64_t now_us) {
  const char *answer = ask(span, now_us);
  long long step = spans[span].step, steps = spans[span].steps;
  long long from = now_us / ROLLUP_MINUTE_US / step * step - (steps - 1) * step;
  char expected[100];
  snprintf(expected, sizeof expected, "[\"%s\",%lld,%lld]", spans[span].name, from * 60, step * 60);
  CHECK_TEXT(pick(answer, "json_extract(?1, '$.span', '$.from', '$.step')"), expected);
  CHECK_TEXT(pick(answer, "json_extract(?1, '$.delivered')"), steps_again("delivered", from, step, steps));
  CHECK_TEXT(pick(answer, "json_extract(?1, '$.failed')"), steps_again("failed", from, step, steps));
  CHECK_TEXT(pick(answer, "(SELECT json_group_array(json_remove(value, '$.p50_us', '$.p95_us', '$.p99_us'))"
                          " FROM json_each(?1, '$.endpoints'))"),
             endpoints_again(from));
  CHECK_TEXT(pick(answer, "(SELECT json_group_array(json_extract(value, '$.cause', '$.count')) FROM"
                          " (SELECT value FROM json_each(?1, '$.causes')"
                          " ORDER BY json_extract(value, '$.count') DESC, json_extract(value, '$.cause')))"),
             causes_again(from));
  CHECK_TEXT(pick(answer, "json_extract(?1, '$.pending')"),
             sql("SELECT count(*) FROM deliveries WHERE status IN ('pending', 'retrying', 'paused')"));
  CHECK_TEXT(pick(answer, "CAST(1000000 * json_extract(?1, '$.oldest_pending') AS INTEGER)"),
             sql("SELECT min(time) FROM events JOIN deliveries ON event = seq WHERE status IN ('pending', 'retrying',"
                 " 'paused')"));
  CHECK_TEXT(pick(answer, "json_extract(?1, '$.events')"),
             sql("SELECT count(*) FROM events WHERE time >= %lld * 60000000", from));
  check_percentiles(answer, from);
}

/* A history of nine days, whose clock is anything but steady. */
static void record(int64_t now_us) {
  char error[HISTORY_ERROR_SIZE];
  snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
  struct history *history = history_acquire(path, 0, error);
  chance_make_endpoints();
  memset(&fixture_told, 0, sizeof fixture_told);
  unsigned deliveries = chance_record(history, 10000, WEEK + 2 * 24 * 60);
  deliveries += chance_record(history, 3000, 60);
  for (unsigned i = 0; i < 7; i++) {
    struct event *event = fixture_record(history,
                                         &(struct fixture_event){.endpoint = chance_endpoints[0],
                                                                 .deliveries = 2,
                                                                 .time_us = now_us - (40 - i) * ROLLUP_MINUTE_US},
                                         0);
    if (CHECK(event != NULL)) event_release(event);
  }
  CHECK(fixture_await(&fixture_told.deliveries_stored, deliveries));
  CHECK(fixture_await(&fixture_told.events_stored, 13007));
  history_release(history);
  CHECK(history_finish_all(10000));
  chance_free_endpoints();
}

static void test_figures(void) {
  TEST("hour, day and week are what the rows say, before the counts have aged and after") {
    int64_t now_us = clock_wall_us();
    record(now_us);
    for (size_t span = 0; span < 3; span++) check_answer(span, now_us);
    struct history_file file = {0};
    bool more = true;
    CHECK(history_file_open(&file, path) == SQLITE_OK);
    while (more && CHECK(history_rollup_age(&file, now_us, &more) == SQLITE_OK)) {}
    history_file_close(&file, true);
    for (size_t span = 0; span < 3; span++) check_answer(span, now_us);
  }
  TEST("what is not finished is pending, retrying or paused; unknown is not waited for") {
    new_file();
    static const char *const statuses[] = {"unknown", "paused", "retrying", "pending", "delivered", "failed"};
    for (int i = 0; i < 6; i++)
      CHECK_TEXT(sql("INSERT INTO events VALUES (%d, 'id%d', %d000000, 'intent', NULL, '{}', NULL, NULL);"
                     "INSERT INTO deliveries VALUES (%d, 1, 'intent', 'u', '%s', NULL, NULL, NULL)",
                     i + 1, i, i + 10, i + 1, statuses[i]),
                 "");
    CHECK_TEXT(pick(ask(0, 60000000000), "json_extract(?1, '$.pending', '$.oldest_pending')"), "[3,11]");
  }
  TEST("causes come with what to do, most first, and of as many in the order of the list") {
    new_file();
    CHECK_TEXT(sql("INSERT INTO delivery_minutes VALUES (1000, 'u', 'failed', 'tls_expired', 2),"
                   " (1000, 'v', 'failed', 'tls_expired', 1), (1000, 'u', 'failed', 'queue_full', 3),"
                   " (1000, 'u', 'failed', 'status_5xx', 4), (999, 'u', 'failed', 'status_5xx', 5),"
                   " (1000, 'u', 'delivered', '', 6), (1000, 'u', 'failed', 'of a later version', 1)"),
               "");
    CHECK_TEXT(
        pick(ask(0, 1000 * (int64_t)ROLLUP_MINUTE_US), "json_extract(?1, '$.causes')"),
        "[{\"cause\":\"status_5xx\",\"sentence\":\"The endpoint failed with a 5xx status: look into its "
        "log.\",\"count\":9},"
        "{\"cause\":\"queue_full\",\"sentence\":\"The endpoint's queue was full: raise queue_limit or "
        "queue_bytes, or find out why the endpoint is slow.\",\"count\":3},"
        "{\"cause\":\"tls_expired\",\"sentence\":\"The certificate has expired or is not valid yet: renew it, or "
        "check this machine's clock.\",\"count\":3},"
        "{\"cause\":\"internal\",\"sentence\":\"The HTTP library refused the request; the message says "
        "why.\",\"count\":1}]");
  }
  TEST("an endpoint has no percentile of what nobody measured, and there are at most 50, most deliveries first") {
    new_file();
    CHECK_TEXT(sql("WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 300)"
                   "INSERT INTO delivery_minutes SELECT 1000, 'http://h/' || n, 'delivered', '', 1000 + n FROM n;"
                   "INSERT INTO attempt_minutes VALUES (1000, 'http://h/300', 0, '', 3, 0),"
                   " (1000, 'http://h/299', 100, '', 1, 99)"),
               "");
    const char *answer = ask(1, 1009 * (int64_t)ROLLUP_MINUTE_US);
    CHECK_TEXT(pick(answer, "json_array_length(?1, '$.endpoints')"), "50");
    CHECK_TEXT(pick(answer, "json_extract(?1, '$.endpoints[0]')"),
               "{\"url\":\"http://h/300\",\"delivered\":1300,\"failed\":0,\"attempts\":3,\"p50_us\":null,"
               "\"p95_us\":null,\"p99_us\":null}");
    CHECK_TEXT(pick(answer, "json_extract(?1, '$.endpoints[1]')"),
               "{\"url\":\"http://h/299\",\"delivered\":1299,\"failed\":0,\"attempts\":1,\"p50_us\":95,"
               "\"p95_us\":95,\"p99_us\":95}");
    CHECK_TEXT(pick(answer, "json_extract(?1, '$.endpoints[49].url')"), "http://h/251");
  }
  TEST("events are those that were recorded, whether they are still there or not") {
    new_file();
    CHECK_TEXT(sql("WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 20000)"
                   "INSERT INTO events SELECT n, 'id' || n, 60000000000 + n * 1000000, 'i', NULL, '{}', NULL, NULL"
                   " FROM n;"
                   "INSERT INTO event_spans SELECT seq >> 12, min(time), max(time), max(seq) FROM events GROUP BY 1"),
               "");
    int64_t now_us = 60000000000 + 20000 * (int64_t)1000000;
    CHECK_TEXT(pick(ask(2, now_us), "json_extract(?1, '$.events')"), "20000");
    long long from = (now_us / ROLLUP_MINUTE_US - 59) * ROLLUP_MINUTE_US;
    CHECK_TEXT(pick(ask(0, now_us), "json_extract(?1, '$.events')"),
               sql("SELECT count(*) FROM events WHERE time >= %lld", from));
    CHECK_TEXT(sql("DELETE FROM events WHERE seq %% 2 = 1"), "");
    CHECK_TEXT(pick(ask(2, now_us), "json_extract(?1, '$.events')"), "19999"); /* the first one may not be of now */
  }
}

static int steps_left;

/* Stops SQLite once. */
static int stop_once(void *context) {
  (void)context;
  return steps_left > 0 && --steps_left == 0;
}

static void test_stopped(void) {
  TEST("what is stopped while it counts says so, wherever it is") {
    sqlite3 *database = NULL;
    int64_t now_us = 60000000000 + 20000 * (int64_t)1000000;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    sqlite3_progress_handler(database, 100, stop_once, NULL);
    bool stopped = true;
    for (int nth = 1; stopped && nth < 10000; nth++) {
      struct buffer answer = {0};
      steps_left = nth;
      int code = history_overview_run(database, HISTORY_HOUR, now_us, &answer);
      stopped = steps_left == 0;
      if (!CHECK(code == (stopped ? SQLITE_INTERRUPT : SQLITE_OK))) printf("  %d, stopped at %d\n", code, nth);
      buffer_free(&answer);
      steps_left = 0;
      if (!sqlite3_get_autocommit(database)) sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    }
    CHECK(!stopped);
    sqlite3_close(database);
  }
}

static void test_nothing(void) {
  static const char expected[] = "[\"day\",600,[],[],0,null,0]",
                    parts[] = "json_extract(?1, '$.span', '$.step', '$.endpoints', '$.causes', '$.pending',"
                              " '$.oldest_pending', '$.events')",
                    sums[] = "(SELECT count(*) || '|' || sum(value) FROM json_each(?1, '$.delivered'))";
  TEST("an empty file, and none, are zeros") {
    new_file();
    CHECK_TEXT(pick(ask(1, clock_wall_us()), parts), expected);
    struct buffer answer = {0};
    CHECK(history_overview_run(NULL, HISTORY_DAY, clock_wall_us(), &answer) == SQLITE_OK);
    buffer_byte(&answer, '\0');
    CHECK_TEXT(pick(answer.bytes, parts), expected);
    CHECK_TEXT(pick(answer.bytes, sums), "144|0");
    buffer_free(&answer);
  }
  TEST("each allocation failing in turn is said, and nothing is leaked") {
    new_file();
    CHECK_TEXT(sql("WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 100)"
                   "INSERT INTO delivery_minutes SELECT 1000, 'http://h/' || n, 'failed', 'memory', n FROM n"),
               "");
    sqlite3 *database = NULL;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    struct buffer whole = {0};
    CHECK(history_overview_run(database, HISTORY_HOUR, 1000 * (int64_t)ROLLUP_MINUTE_US, &whole) == SQLITE_OK);
    bool hit = true;
    for (unsigned nth = 1; hit && nth < 1000; nth++) {
      struct buffer answer = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      int code = history_overview_run(database, HISTORY_HOUR, 1000 * (int64_t)ROLLUP_MINUTE_US, &answer);
      hit = memory_faults_hit();
      CHECK(code == (hit ? SQLITE_NOMEM : SQLITE_OK));
      if (code == SQLITE_OK) CHECK(answer.length == whole.length && !memcmp(answer.bytes, whole.bytes, whole.length));
      buffer_free(&answer);
      if (!sqlite3_get_autocommit(database)) sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    }
    CHECK(!hit);
    buffer_free(&whole);
    sqlite3_close(database);
    CHECK(memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_figures();
  test_stopped();
  test_nothing();
  return check_finish();
}
