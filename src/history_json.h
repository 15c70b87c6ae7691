/*
 * history_json: events of an open history file, with their deliveries and attempts, as JSON. The field names are the
 * columns' names; units: docs/history.md.
 */
#ifndef INTENT_WEBHOOK_HISTORY_JSON_H
#define INTENT_WEBHOOK_HISTORY_JSON_H

#include <sqlite3.h>

#include "json.h"

#pragma GCC visibility push(hidden)

/* All zero is closed. */
struct history_json {
  sqlite3 *database; /* borrowed */
  struct json json;  /* where to; for what stands around the events */
  sqlite3_stmt *deliveries, *attempts;
};

/* `attempts`: each delivery has its attempts. Returns an SQLite code; to be closed in any case. */
int history_json_open(struct history_json *answer, sqlite3 *database, bool attempts, struct buffer *out);
void history_json_close(struct history_json *answer);

/*
 * Prepares "SELECT COLUMNS" and `rest`, which begins with " FROM" and joins the table `events`; the columns are what
 * history_json_event needs, the first is events.seq. Returns an SQLite code.
 */
int history_json_select(const struct history_json *answer, const char *rest, sqlite3_stmt **statement);

/* Writes the event of a row of such a statement. Returns an SQLite code. */
int history_json_event(struct history_json *answer, sqlite3_stmt *row);

#pragma GCC visibility pop
#endif
