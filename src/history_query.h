/*
 * history_query: one question to an open history file, answered as JSON. Reads only; any connection will do.
 */
#ifndef INTENT_WEBHOOK_HISTORY_QUERY_H
#define INTENT_WEBHOOK_HISTORY_QUERY_H

#include <sqlite3.h>

#include "buffer.h"
#include "history_reader.h"

#pragma GCC visibility push(hidden)

/* Appends the answer (see history_reader_ask). Returns an SQLite code; after a failure, what was appended is not whole.
 */
int history_query_run(sqlite3 *database, const struct history_query *query, struct buffer *out);

/* Appends what the answer is while nothing has been recorded. */
void history_query_nothing(const struct history_query *query, struct buffer *out);

#pragma GCC visibility pop
#endif
