/*
 * history_rollup: see history_rollup.h.
 */
#include "history_rollup.h"

#include "clock.h"
#include "endpoint.h"
#include "history_row.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- buckets ---- */

/* The bounds of the first decade. */
static const int64_t bounds[ROLLUP_DECADE] = {10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 25, 28,
                                              30, 33, 36, 40, 45, 50, 55, 60, 65, 70, 80, 90};

unsigned history_rollup_bucket(int64_t total_us) {
  unsigned bucket = 0;
  int64_t unit = 1;
  while (total_us > bounds[ROLLUP_DECADE - 1] * unit && bucket + ROLLUP_DECADE < ROLLUP_BUCKETS) {
    bucket += ROLLUP_DECADE;
    unit *= 10;
  }
  for (unsigned i = 0; i < ROLLUP_DECADE; i++)
    if (total_us <= bounds[i] * unit) return bucket + i;
  return ROLLUP_BUCKETS - 1;
}

int64_t history_rollup_bound(unsigned bucket) {
  int64_t bound = bounds[bucket % ROLLUP_DECADE];
  for (unsigned decade = bucket / ROLLUP_DECADE; decade > 0; decade--) bound *= 10;
  return bound;
}

/* The harmonic mean is as far from one bound as from the other, in proportion to them. */
int64_t history_rollup_middle(unsigned bucket) {
  double bound = (double)history_rollup_bound(bucket);
  double below = bucket ? (double)history_rollup_bound(bucket - 1) : bound;
  return (int64_t)(2 * bound * below / (bound + below) + 0.5);
}

/* ---- counting ---- */

int64_t history_rollup_minute(int64_t time_us) {
  return time_us < ROLLUP_MINUTE_US ? 1 : time_us / ROLLUP_MINUTE_US;
}

static int write_count(struct history_rollup *rollup, struct history_file *file, struct history_count *count) {
  enum history_statement statement = count->of_attempts ? HISTORY_COUNT_ATTEMPTS : HISTORY_COUNT_DELIVERIES;
  struct history_row row = {.statement = file->statements[statement], .scratch = &rollup->url};
  buffer_clear(row.scratch);
  struct history_piece url =
      history_row_redact_string(&row, endpoint_url(count->endpoint), endpoint_redaction(count->endpoint), NULL);
  if (row.scratch->failed) return SQLITE_NOMEM;
  history_row_integer(&row, count->minute);
  history_row_piece(&row, url);
  if (count->of_attempts)
    history_row_integer(&row, count->outcome);
  else
    history_row_string(&row, delivery_status_text((enum delivery_status)count->outcome));
  history_row_string(&row, count->cause == CAUSE_NONE ? "" : cause_code(count->cause));
  history_row_integer(&row, count->count);
  if (count->of_attempts) history_row_integer(&row, count->total_us);
  count->endpoint = NULL;
  return history_file_run(file, statement);
}

static bool is_same(const struct history_count *one, const struct history_count *other) {
  return one->endpoint == other->endpoint && one->of_attempts == other->of_attempts && one->cause == other->cause &&
         one->minute == other->minute && one->outcome == other->outcome;
}

/* Its place is from the upper bits of a product, which depend on all bits of the factors. */
static struct history_count *slot_of(struct history_rollup *rollup, const struct history_count *count) {
  uint64_t mixed = (uint64_t)(uintptr_t)count->endpoint >> 4;
  mixed = (mixed ^ (uint64_t)count->minute) * UINT64_C(0x9e3779b97f4a7c15);
  mixed = (mixed ^ (uint64_t)count->outcome ^ (uint64_t)count->cause << 48) * UINT64_C(0x9e3779b97f4a7c15);
  return &rollup->slots[(mixed >> 40 ^ count->of_attempts) % ROLLUP_SLOTS];
}

static int add(struct history_rollup *rollup, struct history_file *file, const struct history_count *count) {
  struct history_count *slot = slot_of(rollup, count);
  if (slot->endpoint && !is_same(slot, count)) {
    int code = write_count(rollup, file, slot);
    if (code != SQLITE_OK) return code;
  }
  if (slot->endpoint) {
    slot->count += count->count;
    slot->total_us += count->total_us;
  } else {
    *slot = *count;
  }
  return SQLITE_OK;
}

int history_rollup_add_delivery(struct history_rollup *rollup, struct history_file *file,
                                const struct delivery *delivery) {
  return add(rollup, file,
             &(struct history_count){.endpoint = delivery->endpoint,
                                     .cause = delivery->cause,
                                     .minute = history_rollup_minute(delivery->finished_us),
                                     .outcome = delivery->status,
                                     .count = 1});
}

int history_rollup_add_attempt(struct history_rollup *rollup, struct history_file *file,
                               const struct delivery *delivery) {
  const struct attempt *attempt = &delivery->attempt;
  bool known = attempt->total_us >= 0;
  return add(
      rollup, file,
      &(struct history_count){.endpoint = delivery->endpoint,
                              .of_attempts = true,
                              .cause = attempt->cause,
                              .minute = history_rollup_minute(attempt->started_us),
                              .outcome = known ? history_rollup_bound(history_rollup_bucket(attempt->total_us)) : 0,
                              .count = 1,
                              .total_us = known ? attempt->total_us : 0});
}

int history_rollup_write(struct history_rollup *rollup, struct history_file *file) {
  int code = SQLITE_OK;
  for (size_t i = 0; code == SQLITE_OK && i < ROLLUP_SLOTS; i++)
    if (rollup->slots[i].endpoint) code = write_count(rollup, file, &rollup->slots[i]);
  return code;
}

void history_rollup_clear(struct history_rollup *rollup) {
  for (size_t i = 0; i < ROLLUP_SLOTS; i++) rollup->slots[i].endpoint = NULL;
  buffer_clear(&rollup->url);
}

void history_rollup_free(struct history_rollup *rollup) {
  history_rollup_clear(rollup);
  buffer_free(&rollup->url);
}

int history_rollup_take_out(struct history_file *file, int64_t event) {
  static const enum history_statement statements[] = {HISTORY_UNCOUNT_DELIVERIES, HISTORY_UNCOUNT_ATTEMPTS};
  int code = SQLITE_OK;
  for (size_t i = 0; code == SQLITE_OK && i < COUNT(statements); i++) {
    sqlite3_bind_int64(file->statements[statements[i]], 1, event);
    code = history_file_run(file, statements[i]);
  }
  return code;
}

/* ---- in SQL ---- */

static void bucket_in_sql(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  bool known = sqlite3_value_type(values[0]) != SQLITE_NULL;
  sqlite3_result_int64(context,
                       known ? history_rollup_bound(history_rollup_bucket(sqlite3_value_int64(values[0]))) : 0);
}

int history_rollup_enter(sqlite3 *database) {
  return sqlite3_create_function_v2(database, "rollup_bucket", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                    bucket_in_sql, NULL, NULL, NULL);
}

/* ---- ageing ---- */

enum { ROOM = 2000 }; /* rows that are moved in one transaction, about */

static const struct {
  enum history_statement find, move, remove;
} tables[] = {
    {HISTORY_AGED_DELIVERY_MINUTE, HISTORY_MOVE_DELIVERY_MINUTE, HISTORY_DELETE_DELIVERY_MINUTE},
    {HISTORY_AGED_ATTEMPT_MINUTE, HISTORY_MOVE_ATTEMPT_MINUTE, HISTORY_DELETE_ATTEMPT_MINUTE},
};

/* What is older than that, in minutes, goes to a multiple of the step; 0: to minute 0. */
static const struct age {
  int64_t after, step;
} ages[] = {{ROLLUP_DAYS_KEPT * 24 * 60, 0}, {ROLLUP_HOURS_AFTER, 60}, {ROLLUP_TENS_AFTER, 10}};

/* The first minute whose counts are to be moved at that age; those of a step at once. SQLITE_ROW: there is one. */
static int find_aged(struct history_file *file, enum history_statement find, const struct age *age, int64_t now,
                     int64_t *minute) {
  int64_t before = now - age->after;
  if (age->step) before -= before % age->step;
  sqlite3_bind_int64(file->statements[find], 1, before);
  sqlite3_bind_int64(file->statements[find], 2, age->step);
  return history_file_ask(file, find, minute);
}

static int move(struct history_file *file, size_t table, const struct age *age, int64_t minute, int *room) {
  sqlite3_bind_int64(file->statements[tables[table].move], 1, minute);
  sqlite3_bind_int64(file->statements[tables[table].move], 2, age->step ? minute - minute % age->step : 0);
  int code = history_file_run(file, tables[table].move);
  *room -= sqlite3_changes(file->database);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_int64(file->statements[tables[table].remove], 1, minute);
  return history_file_run(file, tables[table].remove);
}

/* Moves until *room is used up. look_only: nothing is moved, and no room left says that there would be something. */
static int age_counts(struct history_file *file, int64_t now, bool look_only, int *room) {
  int code = SQLITE_OK;
  for (size_t i = 0; i < COUNT(tables) * COUNT(ages); i++) {
    size_t table = i / COUNT(ages);
    const struct age *age = &ages[i % COUNT(ages)];
    int64_t minute;
    while ((code = find_aged(file, tables[table].find, age, now, &minute)) == SQLITE_ROW) {
      if (look_only) *room = 0;
      if (*room <= 0) return SQLITE_OK;
      code = move(file, table, age, minute, room);
      if (code != SQLITE_OK) return code;
    }
    if (code != SQLITE_OK) return code;
  }
  return code;
}

int history_rollup_age(struct history_file *file, int64_t now_us, bool *more) {
  int64_t now = history_rollup_minute(now_us);
  int room = 1;
  *more = false;
  int code = age_counts(file, now, true, &room);
  if (code != SQLITE_OK || room > 0) return code;
  room = ROOM;
  code = history_file_run(file, HISTORY_BEGIN);
  if (code == SQLITE_OK) code = age_counts(file, now, false, &room);
  if (code == SQLITE_OK) code = history_file_run(file, HISTORY_COMMIT);
  history_file_roll_back(file);
  *more = code == SQLITE_OK && room <= 0;
  return code;
}
