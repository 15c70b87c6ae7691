/*
 * test_history_metrics: history_metrics.c, read line by line as Prometheus reads it, and against what the rows say.
 * (history*.c and the fixture's needs)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
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
#include "history_metrics.h"
#include "history_rollup.h"
#include "intent_webhook.h"
#include "memory_faults.h"

static char path[512];

__attribute__((format(printf, 1, 2))) static const char *sql(const char *format, ...) {
  char text[3000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return fixture_sql(path, text);
}

static void new_file(void) {
  struct history_file file = {0};
  snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
  CHECK(history_file_open(&file, path) == SQLITE_OK);
  history_file_close(&file, true);
}

/* ---- reading the format ---- */

struct sample {
  char series[400]; /* name and labels as they stand there, without the space behind them */
  double value;
};

/* A whole answer, parsed. */
struct samples {
  struct sample *all;
  size_t count, room;
  char family[200], type[20]; /* of the lines that are read */
};

static bool is_name(const char *at, const char *end) {
  if (at == end || !(isalpha((unsigned char)*at) || *at == '_')) return false;
  while (at < end && (isalnum((unsigned char)*at) || *at == '_')) at++;
  return at == end;
}

/* Behind the labels that begin at `at`, or NULL when they are malformed. */
static const char *skip_labels(const char *at) {
  do {
    const char *name = ++at;
    while (*at && *at != '=') at++;
    if (!is_name(name, at) || at[1] != '"') return NULL;
    for (at += 2; *at != '"'; at++) {
      if (!*at) return NULL;
      if (*at == '\\' && !strchr("\\\"n", *++at)) return NULL;
    }
    at++;
  } while (*at == ',');
  return *at == '}' ? at + 1 : NULL;
}

static const struct sample *find(const struct samples *samples, const char *series) {
  for (size_t i = 0; i < samples->count; i++)
    if (strcmp(samples->all[i].series, series) == 0) return &samples->all[i];
  return NULL;
}

static bool belongs_to_family(const struct samples *samples, const char *name, size_t length) {
  static const char *const suffixes[] = {"_bucket", "_sum", "_count"};
  size_t family = strlen(samples->family);
  if (length < family || strncmp(name, samples->family, family) != 0) return false;
  if (strcmp(samples->type, "histogram") != 0) return length == family;
  for (size_t i = 0; i < 3; i++)
    if (strncmp(name + family, suffixes[i], length - family) == 0 && strlen(suffixes[i]) == length - family)
      return true;
  return false;
}

static bool read_sample(struct samples *samples, const char *line) {
  const char *at = line + strcspn(line, "{ ");
  char *end;
  if (!is_name(line, at) || !belongs_to_family(samples, line, (size_t)(at - line))) return false;
  if (*at == '{') at = skip_labels(at);
  if (!at || *at != ' ' || at - line >= (long)sizeof samples->all->series) return false;
  if (samples->count == samples->room) {
    samples->room = samples->room ? 2 * samples->room : 64;
    samples->all = realloc(samples->all, samples->room * sizeof *samples->all);
  }
  struct sample *sample = &samples->all[samples->count];
  snprintf(sample->series, sizeof sample->series, "%.*s", (int)(at - line), line);
  if (find(samples, sample->series)) return false; /* twice */
  samples->count++;
  sample->value = strtod(at + 1, &end);
  return end > at + 1 && *end == '\0' && sample->value >= 0;
}

/* HELP and TYPE of a family stand before its samples, which stand together. */
static bool read_comment(struct samples *samples, const char *line, const char *next) {
  char name[200], type[20];
  if (sscanf(line, "# HELP %199s", name) == 1) {
    snprintf(samples->family, sizeof samples->family, "%s", name);
    return strstr(next, "# TYPE ") == next;
  }
  if (sscanf(line, "# TYPE %199s %19s", name, type) != 2 || strcmp(name, samples->family) != 0) return false;
  snprintf(samples->type, sizeof samples->type, "%s", type);
  size_t length = strlen(name);
  bool total = length > 6 && strcmp(name + length - 6, "_total") == 0;
  return strncmp(name, "intent_webhook_", 15) == 0 && (strcmp(type, "counter") == 0) == total &&
         (total || strcmp(type, "gauge") == 0 || strcmp(type, "histogram") == 0);
}

static void parse(struct samples *samples, char *text) {
  *samples = (struct samples){0};
  size_t length = strlen(text);
  CHECK(length > 0 && text[length - 1] == '\n');
  for (char *line = text; *line;) {
    char *end = strchr(line, '\n');
    if (!CHECK(end != NULL)) return;
    *end = '\0';
    bool good = *line == '#' ? read_comment(samples, line, end + 1) : read_sample(samples, line);
    if (!CHECK(good)) printf("     %s\n", line);
    line = end + 1;
  }
}

static void read_metrics(struct samples *samples, sqlite3 *database, const struct history_metrics_queue *queue,
                         int64_t now_us) {
  struct buffer answer = {0};
  CHECK(history_metrics_run(database, now_us, queue, &answer) == SQLITE_OK);
  buffer_byte(&answer, '\0');
  parse(samples, answer.bytes);
  buffer_free(&answer);
}

static void ask(struct samples *samples) {
  sqlite3 *database = NULL;
  CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
  read_metrics(samples, database, NULL, clock_wall_us());
  CHECK(sqlite3_get_autocommit(database));
  CHECK(sqlite3_close(database) == SQLITE_OK);
}

static void forget(struct samples *samples) {
  free(samples->all);
  *samples = (struct samples){0};
}

/* -1: there is no such series. */
static double value(const struct samples *samples, const char *series) {
  const struct sample *sample = find(samples, series);
  return sample ? sample->value : -1;
}

static bool begins_with(const char *text, const char *beginning) {
  return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* ---- what they say ---- */

static const struct {
  const char *name, *like;
} hosts[] = {{"http://127.0.0.1:8080", "http://127.0.0.1:8080/%"}, {"https://example.org", "https://example.org/%"}};

static void check_histogram(const struct samples *samples, const char *host, const char *like) {
  static const struct {
    const char *le;
    long long us;
  } bounds[] = {{"0.005", 5000},  {"0.01", 10000},  {"0.025", 25000}, {"0.05", 50000},    {"0.1", 100000},
                {"0.25", 250000}, {"0.5", 500000},  {"1", 1000000},   {"2.5", 2500000},   {"5", 5000000},
                {"10", 10000000}, {"30", 30000000}, {"60", 60000000}, {"+Inf", INT64_MAX}};
  char series[300];
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    snprintf(series, sizeof series, "intent_webhook_attempt_duration_seconds_bucket{endpoint=\"%s\",le=\"%s\"}", host,
             bounds[i].le);
    CHECK(value(samples, series) ==
          atof(sql("SELECT count(*) FROM attempts WHERE url LIKE '%s' AND total_us <= %lld", like, bounds[i].us)));
  }
  snprintf(series, sizeof series, "intent_webhook_attempt_duration_seconds_count{endpoint=\"%s\"}", host);
  CHECK(value(samples, series) == atof(sql("SELECT count(total_us) FROM attempts WHERE url LIKE '%s'", like)));
  snprintf(series, sizeof series, "intent_webhook_attempt_duration_seconds_sum{endpoint=\"%s\"}", host);
  double sum = value(samples, series) - atof(sql("SELECT sum(total_us) FROM attempts WHERE url LIKE '%s'", like)) / 1e6;
  CHECK(sum < 1e-6 && sum > -1e-6);
}

static void check_counters(const struct samples *samples, const char *host, const char *like) {
  static const char *const outcomes[] = {"delivered", "failed"};
  static const char *const causes[] = {"none", "status_4xx"};
  char series[300];
  for (size_t i = 0; i < 2; i++) {
    snprintf(series, sizeof series, "intent_webhook_deliveries_total{endpoint=\"%s\",outcome=\"%s\"}", host,
             outcomes[i]);
    CHECK(value(samples, series) ==
          atof(sql("SELECT count(*) FROM deliveries WHERE url LIKE '%s' AND status = '%s'", like, outcomes[i])));
    snprintf(series, sizeof series, "intent_webhook_attempts_total{endpoint=\"%s\",cause=\"%s\"}", host, causes[i]);
    CHECK(value(samples, series) == atof(sql("SELECT count(*) FROM attempts WHERE url LIKE '%s' AND"
                                             " coalesce(cause, 'none') = '%s'",
                                             like, causes[i])));
  }
}

/* Records that many events by chance, of the last hours. */
static void record(unsigned events) {
  char error[HISTORY_ERROR_SIZE];
  struct history *history = history_acquire(path, 0, error);
  chance_make_endpoints();
  memset(&fixture_told, 0, sizeof fixture_told);
  unsigned deliveries = chance_record(history, events, 500);
  CHECK(fixture_await(&fixture_told.deliveries_stored, deliveries));
  history_release(history);
  CHECK(history_finish_all(10000));
  chance_free_endpoints();
}

static void test_values(void) {
  TEST("every line is as Prometheus wants it, and what is counted is what the rows say") {
    struct samples samples;
    snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
    record(3000);
    ask(&samples);
    for (size_t i = 0; i < 2; i++) {
      check_counters(&samples, hosts[i].name, hosts[i].like);
      check_histogram(&samples, hosts[i].name, hosts[i].like);
    }
    CHECK(value(&samples, "intent_webhook_build_info{version=\"" IW_VERSION "\"}") == 1);
    CHECK(value(&samples, "intent_webhook_history_file_bytes") >= 100000);
    CHECK(value(&samples, "intent_webhook_oldest_pending_age_seconds") == 0);
    CHECK(find(&samples, "intent_webhook_queue_bytes") == NULL);
    forget(&samples);
  }
  TEST("what is not finished is counted by status, with the age of the oldest") {
    struct samples samples;
    new_file();
    static const char *const statuses[] = {"unknown", "paused", "retrying", "pending"};
    int64_t now_us = clock_wall_us();
    for (int i = 0; i < 10; i++)
      CHECK_TEXT(sql("INSERT INTO events VALUES (%d, 'id%d', %lld, 'intent', NULL, '{}', NULL, NULL);"
                     "INSERT INTO deliveries VALUES (%d, 1, 'intent', 'u', '%s', NULL, NULL, NULL)",
                     i + 1, i, (long long)now_us - 90000000 + i * 1000000, i + 1, statuses[i % 4]),
                 "");
    sqlite3 *database = NULL;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    read_metrics(&samples, database, &(struct history_metrics_queue){.known = true, .deliveries = 7, .bytes = 8000},
                 now_us);
    CHECK(sqlite3_close(database) == SQLITE_OK);
    CHECK(value(&samples, "intent_webhook_pending_deliveries{status=\"unknown\"}") == 3);
    CHECK(value(&samples, "intent_webhook_pending_deliveries{status=\"paused\"}") == 3);
    CHECK(value(&samples, "intent_webhook_pending_deliveries{status=\"retrying\"}") == 2);
    CHECK(value(&samples, "intent_webhook_pending_deliveries{status=\"pending\"}") == 2);
    CHECK(value(&samples, "intent_webhook_oldest_pending_age_seconds") == 89);
    CHECK(value(&samples, "intent_webhook_queue_deliveries") == 7);
    CHECK(value(&samples, "intent_webhook_queue_bytes") == 8000);
    forget(&samples);
  }
  TEST("without a file there is the version, and nothing is pending") {
    struct samples samples;
    read_metrics(&samples, NULL, &(struct history_metrics_queue){.known = false}, clock_wall_us());
    CHECK(value(&samples, "intent_webhook_build_info{version=\"" IW_VERSION "\"}") == 1);
    CHECK(value(&samples, "intent_webhook_pending_deliveries{status=\"pending\"}") == 0);
    CHECK(value(&samples, "intent_webhook_oldest_pending_age_seconds") == 0);
    CHECK(value(&samples, "intent_webhook_history_file_bytes") == 0);
    CHECK(samples.count == 7);
    forget(&samples);
  }
}

static void test_endpoints(void) {
  TEST("an endpoint is scheme, host and port; no path and no query is told, and no name breaks a line") {
    struct samples samples;
    new_file();
    static const char *const urls[][2] = {
        {"https://a.example/services/SECRET", "https://a.example"},
        {"https://b.example:8443?key=SECRET", "https://b.example:8443"},
        {"http://[::1]:80/SECRET/x", "http://[::1]:80"},
        {"https://c.example#SECRET", "https://c.example"},
        {"http://q\"b\\s\n/SECRET", "http://q\\\"b\\\\s\\n"},
        {"[erased]", "[erased]"},
        {"[redacted]/SECRET", "[redacted]"},
        {"", ""},
    };
    enum { URLS = sizeof urls / sizeof *urls };
    for (size_t i = 0; i < URLS; i++)
      CHECK_TEXT(sql("INSERT INTO delivery_minutes VALUES (0, '%s', 'delivered', '', %zu)", urls[i][0], i + 1), "");
    ask(&samples);
    for (size_t i = 0; i < URLS; i++) {
      char series[300];
      snprintf(series, sizeof series, "intent_webhook_deliveries_total{endpoint=\"%s\",outcome=\"delivered\"}",
               urls[i][1]);
      CHECK(value(&samples, series) == (double)(i + 1));
    }
    for (size_t i = 0; i < samples.count; i++) CHECK(strstr(samples.all[i].series, "SECRET") == NULL);
    forget(&samples);
  }
  TEST("URLs of one host are counted together, and of more than a hundred hosts the rest is") {
    struct samples samples;
    new_file();
    CHECK_TEXT(sql("WITH RECURSIVE n (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n WHERE n < 999)"
                   "INSERT INTO delivery_minutes SELECT 1000 + n %% 7, printf('http://h%%03d/%%d', n / 8, n), 'failed',"
                   " 'memory', 1 FROM n"),
               "");
    ask(&samples);
    CHECK(value(&samples, "intent_webhook_deliveries_total{endpoint=\"http://h000\",outcome=\"failed\"}") == 8);
    CHECK(value(&samples, "intent_webhook_deliveries_total{endpoint=\"http://h099\",outcome=\"failed\"}") == 8);
    CHECK(find(&samples, "intent_webhook_deliveries_total{endpoint=\"http://h100\",outcome=\"failed\"}") == NULL);
    CHECK(value(&samples, "intent_webhook_deliveries_total{endpoint=\"other\",outcome=\"failed\"}") == 200);
    CHECK(value(&samples, "intent_webhook_deliveries_total{endpoint=\"other\",outcome=\"delivered\"}") == 0);
    forget(&samples);
  }
}

/* Whether nothing that counts is less than it was. */
static void check_grown(const struct samples *before, const struct samples *now) {
  for (size_t i = 0; i < before->count; i++) {
    const struct sample *sample = &before->all[i];
    if (begins_with(sample->series, "intent_webhook_deliveries") ||
        begins_with(sample->series, "intent_webhook_attempt"))
      if (!CHECK(value(now, sample->series) >= sample->value)) printf("     %s\n", sample->series);
  }
}

static void test_monotonic(void) {
  TEST("no counter ever goes back: not while counts age, nor when events are deleted, nor when they are forgotten") {
    struct samples before, now;
    snprintf(path, sizeof path, "%s/h.db", fixture_folder(NULL));
    record(500);
    ask(&before);
    for (int i = 0; i < 12; i++) {
      struct history_file file = {0};
      bool more = true;
      if (i % 3 == 0) record(100);
      if (i % 4 == 0)
        sql("DELETE FROM attempts WHERE event < 100 * %d; DELETE FROM deliveries WHERE event < 100 * %d;"
            "DELETE FROM events WHERE seq < 100 * %d",
            i, i, i);
      CHECK(history_file_open(&file, path) == SQLITE_OK);
      int64_t now_us = clock_wall_us() + i * (int64_t)1200 * ROLLUP_MINUTE_US;
      while (more && CHECK(history_rollup_age(&file, now_us, &more) == SQLITE_OK)) {
        ask(&now);
        check_grown(&before, &now);
        forget(&before);
        before = now;
      }
      history_file_close(&file, true);
    }
    CHECK(value(&before, "intent_webhook_deliveries_total{endpoint=\"https://example.org\",outcome=\"failed\"}") > 50);
    CHECK(atol(sql("SELECT count(*) FROM delivery_minutes WHERE minute = 0")) > 0);
    forget(&before);
  }
}

static void test_memory(void) {
  TEST("each allocation failing in turn is said, and nothing is leaked") {
    new_file();
    CHECK_TEXT(sql("WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 120)"
                   "INSERT INTO attempt_minutes SELECT 1000, 'http://h' || n, 10, '', n, 0 FROM n"),
               "");
    sqlite3 *database = NULL;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    bool hit = true;
    for (unsigned nth = 1; hit && nth < 1000; nth++) {
      struct buffer answer = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      int code = history_metrics_run(database, 1, NULL, &answer);
      hit = memory_faults_hit();
      CHECK(code == (hit ? SQLITE_NOMEM : SQLITE_OK));
      buffer_free(&answer);
      if (!sqlite3_get_autocommit(database)) sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    }
    CHECK(!hit);
    sqlite3_close(database);
    CHECK(memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_values();
  test_endpoints();
  test_monotonic();
  test_memory();
  return check_finish();
}
