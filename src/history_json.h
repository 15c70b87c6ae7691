/*
 * history_json: events of an open history file, with their deliveries and attempts, as JSON. The field names are the
 * columns' names; units: docs/history.md.
 */
#ifndef INTENT_WEBHOOK_HISTORY_JSON_H
#define INTENT_WEBHOOK_HISTORY_JSON_H

#include <sqlite3.h>

#include "json.h"

#pragma GCC visibility push(hidden)

/* An SQL expression over a row of `deliveries`. */
#define HISTORY_LAST_ATTEMPT(column)                                                                                 \
  "(SELECT " column " FROM attempts WHERE attempts.event = deliveries.event AND attempts.number = deliveries.number" \
  " ORDER BY attempts.seq DESC LIMIT 1)"

/* All zero is closed. */
struct history_json {
  sqlite3 *database; /* borrowed */
  struct json json;  /* where to; for what stands around the events */
  bool brief;        /* events for a glance (history_brief.h); those that were cut say "cut":true */
  sqlite3_stmt *deliveries, *attempts;
};

/* `attempts`: each delivery has its attempts. Returns an SQLite code; to be closed in any case. */
int history_json_open(struct history_json *answer, sqlite3 *database, bool attempts, struct buffer *out);
void history_json_close(struct history_json *answer);

/* What history_json_event needs to be selected, in this order, from the table `events`; the first is its seq. */
extern const char history_json_columns[];

/* Writes the event of a row of such a statement. Returns an SQLite code. */
int history_json_event(struct history_json *answer, sqlite3_stmt *row);

#pragma GCC visibility pop
#endif
