/*
 * history_tally: see history_tally.h.
 *
 * Counts come in the order of minutes, so that an endpoint comes again and again; a hash table finds it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "history_tally.h"

#include <string.h>

#include "memory.h"

static const char BEFORE_HOST[] = "://";

/* ---- endpoints ---- */

struct history_tally_endpoint **history_tally_endpoints(const struct history_tally *tally, size_t *count) {
  *count = tally->endpoints.length / sizeof(struct history_tally_endpoint *);
  return (struct history_tally_endpoint **)(void *)tally->endpoints.bytes;
}

/* FNV-1a. */
static uint32_t hash(const char *bytes, size_t length) {
  uint32_t mixed = 2166136261u;
  for (size_t i = 0; i < length; i++) mixed = (mixed ^ (unsigned char)bytes[i]) * 16777619u;
  return mixed;
}

/* The place of that name, or the free one where it would be. There is always a free one. */
static uint32_t *find_place(const struct history_tally *tally, const char *name, size_t length) {
  size_t count;
  struct history_tally_endpoint **endpoints = history_tally_endpoints(tally, &count);
  uint32_t *places = buffer_numbers(&tally->places), last = buffer_number_count(&tally->places) - 1;
  for (uint32_t at = hash(name, length) & last;; at = (at + 1) & last) {
    if (!places[at]) return &places[at];
    const struct history_tally_endpoint *endpoint = endpoints[places[at] - 1];
    if (endpoint->length == length && memcmp(endpoint->name, name, length) == 0) return &places[at];
  }
}

/* At least twice as many places as endpoints, a power of two. */
static bool make_places(struct history_tally *tally, size_t endpoint_count) {
  enum { FIRST_PLACES = 64 };
  size_t size = buffer_number_count(&tally->places), count;
  if (size >= 2 * endpoint_count && size) return true;
  if (!buffer_zero(&tally->places, (size ? 2 * size : FIRST_PLACES) * sizeof(uint32_t))) return false;
  struct history_tally_endpoint **endpoints = history_tally_endpoints(tally, &count);
  for (size_t i = 0; i < count; i++) *find_place(tally, endpoints[i]->name, endpoints[i]->length) = (uint32_t)i + 1;
  return true;
}

static struct history_tally_endpoint *add_endpoint(struct history_tally *tally, const char *name, size_t length) {
  size_t count;
  struct history_tally_endpoint *endpoint = memory_zeroed(sizeof *endpoint);
  if (endpoint) endpoint->name = memory_copy(name, length);
  if (!endpoint || !endpoint->name) {
    memory_free(endpoint);
    return NULL;
  }
  endpoint->length = length;
  buffer_push(&tally->endpoints, &endpoint, sizeof(struct history_tally_endpoint *));
  if (tally->endpoints.failed) {
    memory_free(endpoint->name);
    memory_free(endpoint);
    return NULL;
  }
  history_tally_endpoints(tally, &count);
  *find_place(tally, name, length) = (uint32_t)count;
  return endpoint;
}

/* The part of a URL that is the endpoint's name. The paths and queries of webhooks can be secrets. */
static size_t host_length(const char *url, size_t length) {
  const char *host = memmem(url, length, BEFORE_HOST, strlen(BEFORE_HOST));
  size_t at = host ? (size_t)(host - url) + strlen(BEFORE_HOST) : 0;
  while (at < length && url[at] != '/' && url[at] != '?' && url[at] != '#') at++;
  return at;
}

/* NULL: there is no memory. */
static struct history_tally_endpoint *endpoint_of(struct history_tally *tally, sqlite3_stmt *row, int column) {
  size_t count;
  const char *url = sqlite3_column_blob(row, column);
  size_t length = (size_t)sqlite3_column_bytes(row, column);
  if (!url) url = "";
  if (tally->by_host) length = host_length(url, length);
  const struct history_tally_endpoint *latest = tally->latest;
  if (latest && latest->length == length && memcmp(latest->name, url, length) == 0) return tally->latest;
  struct history_tally_endpoint **endpoints = history_tally_endpoints(tally, &count);
  if (!make_places(tally, count + 1)) return NULL;
  uint32_t place = *find_place(tally, url, length);
  tally->latest = place ? endpoints[place - 1] : add_endpoint(tally, url, length);
  return tally->latest;
}

void history_tally_endpoint_add(struct history_tally_endpoint *endpoint, const struct history_tally_endpoint *other) {
  endpoint->delivered += other->delivered;
  endpoint->failed += other->failed;
  endpoint->total_us += other->total_us;
  for (size_t i = 0; i < CAUSE_COUNT; i++) endpoint->attempts[i] += other->attempts[i];
  for (size_t i = 0; i < ROLLUP_BUCKETS; i++) endpoint->buckets[i] += other->buckets[i];
}

static int64_t sum(const int64_t *numbers, size_t count) {
  int64_t all = 0;
  for (size_t i = 0; i < count; i++) all += numbers[i];
  return all;
}

int64_t history_tally_endpoint_attempts(const struct history_tally_endpoint *endpoint) {
  return sum(endpoint->attempts, CAUSE_COUNT);
}

int64_t history_tally_endpoint_timed(const struct history_tally_endpoint *endpoint) {
  return sum(endpoint->buckets, ROLLUP_BUCKETS);
}

int64_t history_tally_endpoint_percentile(const struct history_tally_endpoint *endpoint, int percent) {
  int64_t all = history_tally_endpoint_timed(endpoint), rank = (all * percent + 99) / 100, passed = 0;
  for (unsigned bucket = 0; bucket < ROLLUP_BUCKETS; bucket++) {
    passed += endpoint->buckets[bucket];
    if (passed >= rank && passed > 0) return history_rollup_middle(bucket);
  }
  return -1;
}

/* ---- reading ---- */

/* One that is not known, of a later version, counts as internal. */
static enum cause cause_in(sqlite3_stmt *row, int column) {
  const char *code = (const char *)sqlite3_column_text(row, column);
  if (!code || !*code) return CAUSE_NONE;
  for (enum cause cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++)
    if (strcmp(cause_code(cause), code) == 0) return cause;
  return CAUSE_INTERNAL;
}

/* minute, url, status, cause, count */
static bool add_deliveries(struct history_tally *tally, sqlite3_stmt *row) {
  struct history_tally_endpoint *endpoint = endpoint_of(tally, row, 1);
  const char *status = (const char *)sqlite3_column_text(row, 2);
  if (!endpoint || !status) return false;
  bool delivered = strcmp(status, "delivered") == 0;
  int64_t count = sqlite3_column_int64(row, 4);
  if (!delivered && strcmp(status, "failed") != 0) return true;
  *(delivered ? &endpoint->delivered : &endpoint->failed) += count;
  if (!delivered) tally->causes[cause_in(row, 3)] += count;
  int64_t step = tally->step ? (sqlite3_column_int64(row, 0) - tally->from) / tally->step : HISTORY_TALLY_STEPS;
  if (step < HISTORY_TALLY_STEPS) (delivered ? tally->delivered : tally->failed)[step] += count;
  return true;
}

/* minute, url, bucket, cause, count, total_us */
static bool add_attempts(struct history_tally *tally, sqlite3_stmt *row) {
  struct history_tally_endpoint *endpoint = endpoint_of(tally, row, 1);
  if (!endpoint) return false;
  int64_t bucket = sqlite3_column_int64(row, 2), count = sqlite3_column_int64(row, 4);
  endpoint->attempts[cause_in(row, 3)] += count;
  if (bucket > 0) endpoint->buckets[history_rollup_bucket(bucket)] += count;
  endpoint->total_us += sqlite3_column_int64(row, 5);
  return true;
}

static int read_table(struct history_tally *tally, sqlite3 *database, const char *sql,
                      bool (*add)(struct history_tally *tally, sqlite3_stmt *row)) {
  sqlite3_stmt *rows;
  int code = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_int64(rows, 1, tally->from);
  sqlite3_bind_int64(rows, 2, tally->before ? tally->before : INT64_MAX);
  bool added = true;
  while (added && sqlite3_step(rows) == SQLITE_ROW) added = add(tally, rows);
  code = sqlite3_finalize(rows);
  return added ? code : SQLITE_NOMEM;
}

int history_tally_read(struct history_tally *tally, sqlite3 *database) {
  int code = read_table(tally, database,
                        "SELECT minute, url, status, cause, count FROM delivery_minutes"
                        " WHERE minute >= ?1 AND minute < ?2",
                        add_deliveries);
  if (code != SQLITE_OK) return code;
  return read_table(tally, database,
                    "SELECT minute, url, bucket, cause, count, total_us FROM attempt_minutes"
                    " WHERE minute >= ?1 AND minute < ?2",
                    add_attempts);
}

void history_tally_free(struct history_tally *tally) {
  size_t count;
  struct history_tally_endpoint **endpoints = history_tally_endpoints(tally, &count);
  for (size_t i = 0; i < count; i++) {
    memory_free(endpoints[i]->name);
    memory_free(endpoints[i]);
  }
  buffer_free(&tally->endpoints);
  buffer_free(&tally->places);
}
