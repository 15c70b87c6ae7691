/*
 * history_rollup: how many deliveries were finished and how many attempts made in each minute, counted by the writer in
 * the transaction that records them. So counts and rows agree whatever happens, and questions about a million
 * events read a few thousand counts.
 *
 * Attempts are counted by how long they took, in buckets whose bounds grow by 6 to 14 %: 10, 11, 12, 13, 14, 15, 16,
 * 18, 20, and so on to 90, then 100, 110, and so on. A bucket is named by its upper bound in microseconds, which
 * belongs to it. The bounds that Prometheus's histograms have (5 ms, 10 ms, 25 ms, ...) are among them, so that these
 * come out exact.
 *
 * Counts are never lost: as they age, those of ten minutes become one, then those of an hour, and after eight days they
 * are added to minute 0. So the sum over all minutes only grows.
 */
#ifndef INTENT_WEBHOOK_HISTORY_ROLLUP_H
#define INTENT_WEBHOOK_HISTORY_ROLLUP_H

#include "event.h"
#include "history_file.h"

#pragma GCC visibility push(hidden)

enum {
  ROLLUP_MINUTE_US = 60 * 1000 * 1000,
  ROLLUP_TENS_AFTER = 2 * 60,   /* minutes; counts older than that are of ten minutes, from a multiple of ten on */
  ROLLUP_HOURS_AFTER = 26 * 60, /* the same for hours */
  ROLLUP_DAYS_KEPT = 8,         /* then they are in minute 0 */
  ROLLUP_DECADE = 24,           /* buckets in each power of ten */
  ROLLUP_BUCKETS = 9 * ROLLUP_DECADE, /* what took longer than the last bound, 2.5 hours, is in the last one */
  ROLLUP_SLOTS = 256
};

/* What some deliveries or attempts have in common, and how many they are. */
struct history_count {
  const struct endpoint *endpoint; /* NULL: the slot is free */
  bool of_attempts;
  enum cause cause;
  int64_t minute;
  int64_t outcome; /* deliveries: enum delivery_status; attempts: the bucket's bound */
  int64_t count, total_us;
};

/*
 * The counts of one transaction that are not written yet. All zero is none. When two want the same slot, the first is
 * written.
 */
struct history_rollup {
  struct history_count slots[ROLLUP_SLOTS];
  struct buffer url; /* of the count that is written, redacted; `failed` says that there was no memory for it */
};

/* The minute of a time; never 0, which is not a time. */
int64_t history_rollup_minute(int64_t time_us);

/* The number of the bucket that total_us falls into, from 0, and the bound of a bucket. */
unsigned history_rollup_bucket(int64_t total_us);
int64_t history_rollup_bound(unsigned bucket);

/* What an attempt of that bucket took; of one that took more than 100 us, at most 6.7 % off. */
int64_t history_rollup_middle(unsigned bucket);

/* Within a transaction. Each returns an SQLite code; SQLITE_NOMEM also stands for a URL that could not be redacted. */
int history_rollup_add_delivery(struct history_rollup *rollup, struct history_file *file,
                                const struct delivery *delivery);
int history_rollup_add_attempt(struct history_rollup *rollup, struct history_file *file,
                               const struct delivery *delivery);
int history_rollup_write(struct history_rollup *rollup, struct history_file *file);

/* Forgets what is not written. The second also gives the memory back. */
void history_rollup_clear(struct history_rollup *rollup);
void history_rollup_free(struct history_rollup *rollup);

/* Within a transaction: takes out of the counts what the file holds of an event, which is to be recorded again. */
int history_rollup_take_out(struct history_file *file, int64_t event);

/* Gives a connection the SQL function rollup_bucket(total_us): the bound of its bucket; 0 for NULL. */
int history_rollup_enter(sqlite3 *database);

/*
 * In one transaction, sums up some of what has aged. now_us: wall clock. `more`: there may be others. Takes no lock
 * when there is nothing to do. Returns an SQLite code.
 */
int history_rollup_age(struct history_file *file, int64_t now_us, bool *more);

#pragma GCC visibility pop
#endif
