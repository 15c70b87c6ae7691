/*
 * history_overview: see history_overview.h.
 */
#include "history_overview.h"

#include <stdlib.h>
#include <string.h>

#include "history_schema.h"
#include "history_tally.h"
#include "history_waiting.h"
#include "json.h"

static const struct span {
  const char *name;
  int64_t step, steps; /* minutes; how many */
} spans[] = {{"hour", 1, 60}, {"day", 10, 144}, {"week", 60, HISTORY_TALLY_STEPS}};

/* What an overview is made of. */
struct overview {
  const struct span *span;
  struct history_tally tally;
  struct history_waiting waiting;
  int64_t events;
};

/* ---- events ---- */

/* Events of one span of seqs since a time, that are there. */
static const char count_span[] = "SELECT count(*) FROM events WHERE seq >= ?1 AND seq < ?2 AND time >= ?3";

/* The spans with events since a time; with the first seq that is there in those of which all are as new. */
static const char find_spans[] = "SELECT span, last_seq, CASE WHEN earliest >= ?1"
                                 " THEN (SELECT min(seq) FROM events WHERE seq >= span" HISTORY_FROM_SPAN ") END"
                                 " FROM event_spans WHERE latest >= ?1";

/*
 * Adds how many of a span are new. Those in between may have been deleted since, and were recorded all the same.
 * Returns an SQLite code.
 */
static int add_events_of(sqlite3_stmt *span, sqlite3_stmt *count, int64_t since_us, int64_t *events) {
  int64_t first = sqlite3_column_int64(span, 0) << HISTORY_SPAN_SHIFT, last = sqlite3_column_int64(span, 1);
  if (sqlite3_column_type(span, 2) != SQLITE_NULL) {
    int64_t seq = sqlite3_column_int64(span, 2);
    if (seq <= last) *events += last - seq + 1;
    return SQLITE_OK;
  }
  sqlite3_bind_int64(count, 1, first);
  sqlite3_bind_int64(count, 2, last + 1);
  sqlite3_bind_int64(count, 3, since_us);
  if (sqlite3_step(count) == SQLITE_ROW) *events += sqlite3_column_int64(count, 0);
  return sqlite3_reset(count); /* the error of the step, if there was one */
}

static int count_events(sqlite3 *database, int64_t since_us, int64_t *events) {
  sqlite3_stmt *span = NULL, *count = NULL;
  int code = sqlite3_prepare_v2(database, find_spans, -1, &span, NULL);
  if (code == SQLITE_OK) code = sqlite3_prepare_v2(database, count_span, -1, &count, NULL);
  if (code == SQLITE_OK) {
    sqlite3_bind_int64(span, 1, since_us);
    while (code == SQLITE_OK && sqlite3_step(span) == SQLITE_ROW) code = add_events_of(span, count, since_us, events);
  }
  int found = sqlite3_finalize(span);
  sqlite3_finalize(count);
  return code == SQLITE_OK ? found : code;
}

/* ---- as JSON ---- */

/* Where an event was recorded again after its counts had aged, one may be below zero until they age, too. */
static void write_steps(struct json *json, const char *key, const int64_t *counts, int64_t steps) {
  json_key(json, key, strlen(key));
  json_begin_array(json);
  for (int64_t i = 0; i < steps; i++) json_integer(json, counts[i] > 0 ? counts[i] : 0);
  json_end_array(json);
}

static int compare_numbers(int64_t more, int64_t less) {
  return more > less ? -1 : more < less;
}

static int compare_endpoints(const void *one, const void *other) {
  const struct history_tally_endpoint *a = *(struct history_tally_endpoint *const *)one,
                                      *b = *(struct history_tally_endpoint *const *)other;
  int order = compare_numbers(a->delivered + a->failed, b->delivered + b->failed);
  return order ? order : strcmp(a->name, b->name);
}

static void write_endpoint(struct json *json, const struct history_tally_endpoint *endpoint) {
  static const struct {
    const char *key;
    int percent;
  } percentiles[] = {{"p50_us", 50}, {"p95_us", 95}, {"p99_us", 99}};
  json_begin_object(json);
  json_key(json, "url", strlen("url"));
  json_string(json, endpoint->name, endpoint->length);
  json_integer_field(json, "delivered", endpoint->delivered);
  json_integer_field(json, "failed", endpoint->failed);
  json_integer_field(json, "attempts", history_tally_endpoint_attempts(endpoint));
  for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
    int64_t took_us = history_tally_endpoint_percentile(endpoint, percentiles[i].percent);
    json_key(json, percentiles[i].key, strlen(percentiles[i].key));
    if (took_us >= 0)
      json_integer(json, took_us);
    else
      json_null(json);
  }
  json_end_object(json);
}

static void write_endpoints(struct json *json, const struct history_tally *tally) {
  size_t count;
  struct history_tally_endpoint **endpoints = history_tally_endpoints(tally, &count);
  if (count) qsort(endpoints, count, sizeof *endpoints, compare_endpoints);
  json_key(json, "endpoints", strlen("endpoints"));
  json_begin_array(json);
  for (size_t i = 0; i < count && i < HISTORY_OVERVIEW_ENDPOINTS; i++) write_endpoint(json, endpoints[i]);
  json_end_array(json);
}

/* Most first; of as many, in the order of cause.h. */
static void write_causes(struct json *json, int64_t counts[CAUSE_COUNT]) {
  json_key(json, "causes", strlen("causes"));
  json_begin_array(json);
  for (;;) {
    enum cause most = CAUSE_NONE;
    for (enum cause cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
      if (counts[cause] > (most == CAUSE_NONE ? 0 : counts[most])) most = cause;
    if (most == CAUSE_NONE) break;
    json_begin_object(json);
    json_text_field(json, "cause", cause_code(most));
    json_text_field(json, "sentence", cause_sentence(most));
    json_integer_field(json, "count", counts[most]);
    json_end_object(json);
    counts[most] = 0;
  }
  json_end_array(json);
}

static void write(struct overview *overview, struct buffer *out) {
  struct json json = {.out = out};
  const struct history_waiting *waiting = &overview->waiting;
  json_begin_object(&json);
  json_text_field(&json, "span", overview->span->name);
  json_integer_field(&json, "from", overview->tally.from * 60);
  json_integer_field(&json, "step", overview->span->step * 60);
  write_steps(&json, "delivered", overview->tally.delivered, overview->span->steps);
  write_steps(&json, "failed", overview->tally.failed, overview->span->steps);
  write_endpoints(&json, &overview->tally);
  write_causes(&json, overview->tally.causes);
  json_integer_field(&json, "pending",
                     waiting->counts[HISTORY_WAITING_PENDING] + waiting->counts[HISTORY_WAITING_RETRYING] +
                         waiting->counts[HISTORY_WAITING_PAUSED]);
  json_key(&json, "oldest_pending", strlen("oldest_pending"));
  if (waiting->oldest_us)
    json_number(&json, (double)waiting->oldest_us / 1e6);
  else
    json_null(&json);
  json_integer_field(&json, "events", overview->events);
  json_end_object(&json);
}

/* ---- reading ---- */

static int read(struct overview *overview, sqlite3 *database) {
  int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL); /* one moment for all that is read */
  if (code == SQLITE_OK) code = history_tally_read(&overview->tally, database);
  if (code == SQLITE_OK) code = history_waiting_read(database, &overview->waiting);
  if (code == SQLITE_OK) code = count_events(database, overview->tally.from * ROLLUP_MINUTE_US, &overview->events);
  if (code == SQLITE_OK) code = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
  return code; /* after a failure, the transaction ends with the connection, which keeps its error message until then */
}

int history_overview_run(sqlite3 *database, enum history_span span, int64_t now_us, struct buffer *out) {
  struct overview overview = {.span = &spans[span]};
  struct history_tally *tally = &overview.tally;
  int64_t step = overview.span->step, last = history_rollup_minute(now_us) / step * step;
  tally->step = step;
  tally->before = last + step;
  tally->from = tally->before - step * overview.span->steps;
  int code = database ? read(&overview, database) : SQLITE_OK;
  if (code == SQLITE_OK) write(&overview, out);
  history_tally_free(tally);
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}
