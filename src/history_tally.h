/*
 * history_tally: the counts of a history (history_rollup.h), summed up for each endpoint.
 */
#ifndef INTENT_WEBHOOK_HISTORY_TALLY_H
#define INTENT_WEBHOOK_HISTORY_TALLY_H

#include <sqlite3.h>

#include "buffer.h"
#include "cause.h"
#include "history_rollup.h"

#pragma GCC visibility push(hidden)

enum { HISTORY_TALLY_STEPS = 168 };

/* What was counted for one endpoint. */
struct history_tally_endpoint {
  char *name; /* NUL-terminated */
  size_t length;
  int64_t delivered, failed;
  int64_t attempts[CAUSE_COUNT];             /* by cause */
  int64_t buckets[ROLLUP_BUCKETS], total_us; /* of those of which it is known how long they took */
};

/* All zero, but for what is wanted, is empty. */
struct history_tally {
  bool by_host;         /* an endpoint is scheme, host and port, instead of the whole URL */
  int64_t from, before; /* minutes: only those from <= minute < before; before 0: all */
  int64_t step;         /* minutes in each step of the following; 0: they are not wanted */
  int64_t delivered[HISTORY_TALLY_STEPS], failed[HISTORY_TALLY_STEPS];
  int64_t causes[CAUSE_COUNT];           /* of failed deliveries */
  struct buffer endpoints;               /* struct history_tally_endpoint *, in the order in which they were found */
  struct history_tally_endpoint *latest; /* the one that was found last: a minute has several counts of one */
  struct buffer places;                  /* numbers: a hash table of 1 + index into the endpoints; 0 is free */
};

/* Reads the counts. Returns an SQLite code. To be freed in any case. */
int history_tally_read(struct history_tally *tally, sqlite3 *database);
void history_tally_free(struct history_tally *tally);

/* The endpoints, of which the caller may change the order when all is read. */
struct history_tally_endpoint **history_tally_endpoints(const struct history_tally *tally, size_t *count);

/* Adds what was counted for one endpoint to another. */
void history_tally_endpoint_add(struct history_tally_endpoint *endpoint, const struct history_tally_endpoint *other);

/* The number of attempts; of those of which it is known how long they took. */
int64_t history_tally_endpoint_attempts(const struct history_tally_endpoint *endpoint);
int64_t history_tally_endpoint_timed(const struct history_tally_endpoint *endpoint);

/* How long attempts took at most, in microseconds, but for the slowest ones: `percent` of them. -1: there is none. */
int64_t history_tally_endpoint_percentile(const struct history_tally_endpoint *endpoint, int percent);

#pragma GCC visibility pop
#endif
