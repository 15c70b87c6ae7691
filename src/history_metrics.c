/*
 * history_metrics: see history_metrics.h.
 *
 * Endpoints stand in alphabetical order. When there are too many, those that come last in it are counted together, so
 * that what is counted there never gets less when others are added.
 */
#include "history_metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_tally.h"
#include "history_waiting.h"
#include "intent_webhook.h"

/* Upper bounds of the histogram, which are bounds of buckets. */
static const struct {
  int64_t bound_us;
  const char *text;
} bounds[] = {
    {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},
    {250000, "0.25"}, {500000, "0.5"},  {1000000, "1"},   {2500000, "2.5"}, {5000000, "5"},
    {10000000, "10"}, {30000000, "30"}, {60000000, "60"},
};

/* ---- the format ---- */

__attribute__((format(printf, 2, 3))) static void print(struct buffer *out, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length > 0) buffer_append(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void begin(struct buffer *out, const char *name, const char *type, const char *help) {
  print(out, "# HELP intent_webhook_%s %s\n# TYPE intent_webhook_%s %s\n", name, help, name, type);
}

static void gauge(struct buffer *out, const char *name, const char *help, uint64_t value) {
  begin(out, name, "gauge", help);
  print(out, "intent_webhook_%s %" PRIu64 "\n", name, value);
}

static void escape(struct buffer *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\n')
      buffer_text(out, "\\n");
    else if (text[i] == '\\' || text[i] == '"')
      print(out, "\\%c", text[i]);
    else
      buffer_byte(out, text[i]);
  }
}

/* The beginning of a line, up to where another label may follow. */
static void line(struct buffer *out, const char *name, const struct history_tally_endpoint *endpoint) {
  print(out, "intent_webhook_%s{endpoint=\"", name);
  escape(out, endpoint->name, endpoint->length);
  buffer_byte(out, '"');
}

static void seconds(struct buffer *out, int64_t us) {
  print(out, "%" PRId64 ".%06d", us / 1000000, (int)(us % 1000000));
}

/* ---- what was counted ---- */

static void write_deliveries(struct buffer *out, const struct history_tally_endpoint *endpoint) {
  line(out, "deliveries_total", endpoint);
  print(out, ",outcome=\"delivered\"} %" PRId64 "\n", endpoint->delivered);
  line(out, "deliveries_total", endpoint);
  print(out, ",outcome=\"failed\"} %" PRId64 "\n", endpoint->failed);
}

static void write_attempts(struct buffer *out, const struct history_tally_endpoint *endpoint) {
  for (enum cause cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
    if (cause != CAUSE_NONE && endpoint->attempts[cause] == 0) continue;
    line(out, "attempts_total", endpoint);
    print(out, ",cause=\"%s\"} %" PRId64 "\n", cause_code(cause), endpoint->attempts[cause]);
  }
}

static void write_durations(struct buffer *out, const struct history_tally_endpoint *endpoint) {
  int64_t passed = 0;
  unsigned bucket = 0;
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    for (; bucket < ROLLUP_BUCKETS && history_rollup_bound(bucket) <= bounds[i].bound_us; bucket++)
      passed += endpoint->buckets[bucket];
    line(out, "attempt_duration_seconds_bucket", endpoint);
    print(out, ",le=\"%s\"} %" PRId64 "\n", bounds[i].text, passed);
  }
  int64_t all = history_tally_endpoint_timed(endpoint);
  line(out, "attempt_duration_seconds_bucket", endpoint);
  print(out, ",le=\"+Inf\"} %" PRId64 "\n", all);
  line(out, "attempt_duration_seconds_sum", endpoint);
  buffer_text(out, "} ");
  seconds(out, endpoint->total_us);
  buffer_byte(out, '\n');
  line(out, "attempt_duration_seconds_count", endpoint);
  print(out, "} %" PRId64 "\n", all);
}

static int compare(const void *one, const void *other) {
  return strcmp((*(struct history_tally_endpoint *const *)one)->name,
                (*(struct history_tally_endpoint *const *)other)->name);
}

/* Returns how many endpoints are left. `rest` stands for the last of them, then. */
static size_t join_rest(struct history_tally_endpoint **endpoints, size_t count, struct history_tally_endpoint *rest) {
  if (count) qsort(endpoints, count, sizeof *endpoints, compare);
  if (count <= HISTORY_METRICS_ENDPOINTS) return count;
  for (size_t i = HISTORY_METRICS_ENDPOINTS; i < count; i++) history_tally_endpoint_add(rest, endpoints[i]);
  return HISTORY_METRICS_ENDPOINTS;
}

static void write_counts(struct buffer *out, const struct history_tally *tally) {
  static const struct {
    const char *name, *type, *help;
    void (*write)(struct buffer *out, const struct history_tally_endpoint *endpoint);
  } families[] = {
      {"deliveries_total", "counter", "Deliveries that were finished.", write_deliveries},
      {"attempts_total", "counter", "HTTP requests that were made, by the cause why they were no success.",
       write_attempts},
      {"attempt_duration_seconds", "histogram", "How long HTTP requests took, from the start to the end of the answer.",
       write_durations},
  };
  size_t all;
  char rest_name[] = "other";
  struct history_tally_endpoint rest = {.name = rest_name, .length = strlen(rest_name)};
  struct history_tally_endpoint **endpoints = history_tally_endpoints(tally, &all);
  size_t count = join_rest(endpoints, all, &rest);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    begin(out, families[i].name, families[i].type, families[i].help);
    for (size_t j = 0; j < count; j++) families[i].write(out, endpoints[j]);
    if (count < all) families[i].write(out, &rest);
  }
}

/* ---- what is there now ---- */

static void write_waiting(struct buffer *out, const struct history_waiting *waiting, int64_t now_us) {
  begin(out, "pending_deliveries", "gauge", "Deliveries that are not finished, by status.");
  for (int i = 0; i < HISTORY_WAITING_STATUSES; i++)
    print(out, "intent_webhook_pending_deliveries{status=\"%s\"} %" PRId64 "\n", history_waiting_statuses[i],
          waiting->counts[i]);
  int64_t age_us = waiting->oldest_us ? now_us - waiting->oldest_us : 0;
  begin(out, "oldest_pending_age_seconds", "gauge",
        "How long ago the oldest event fired that has a delivery on its way; 0 without one.");
  buffer_text(out, "intent_webhook_oldest_pending_age_seconds ");
  seconds(out, age_us > 0 ? age_us : 0);
  buffer_byte(out, '\n');
}

static void write_process(struct buffer *out, const struct history_metrics_queue *queue) {
  begin(out, "build_info", "gauge", "The version of intent-webhook.");
  print(out, "intent_webhook_build_info{version=\"%s\"} 1\n", IW_VERSION);
  if (!queue || !queue->known) return;
  gauge(out, "queue_deliveries", "Deliveries in this process's memory, waiting or on the wire.", queue->deliveries);
  gauge(out, "queue_bytes", "Bytes of memory that events and their deliveries in this process hold.", queue->bytes);
}

/* ---- reading ---- */

struct metrics {
  struct history_tally tally;
  struct history_waiting waiting;
  uint64_t file_bytes;
};

static int read_size(sqlite3 *database, uint64_t *bytes) {
  sqlite3_stmt *statement;
  int code = sqlite3_prepare_v2(database, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", -1,
                                &statement, NULL);
  if (code != SQLITE_OK) return code;
  if (sqlite3_step(statement) == SQLITE_ROW) *bytes = (uint64_t)sqlite3_column_int64(statement, 0);
  return sqlite3_finalize(statement);
}

static int read(struct metrics *metrics, sqlite3 *database) {
  int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL); /* one moment for all that is read */
  if (code == SQLITE_OK) code = history_tally_read(&metrics->tally, database);
  if (code == SQLITE_OK) code = history_waiting_read(database, &metrics->waiting);
  if (code == SQLITE_OK) code = read_size(database, &metrics->file_bytes);
  if (code == SQLITE_OK) code = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
  return code; /* after a failure, the transaction ends with the connection, which keeps its error message until then */
}

int history_metrics_run(sqlite3 *database, int64_t now_us, const struct history_metrics_queue *queue,
                        struct buffer *out) {
  struct metrics metrics = {.tally = {.by_host = true}};
  int code = database ? read(&metrics, database) : SQLITE_OK;
  if (code == SQLITE_OK) {
    write_counts(out, &metrics.tally);
    write_waiting(out, &metrics.waiting, now_us);
    gauge(out, "history_file_bytes", "Size of the history file, without its WAL.", metrics.file_bytes);
    write_process(out, queue);
  }
  history_tally_free(&metrics.tally);
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}
