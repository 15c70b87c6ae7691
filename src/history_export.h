/*
 * history_export: the events of a list written out to take along, piece by piece, so that an export of any size needs
 * no memory and keeps no connection open. Paging is by seq: what is recorded meanwhile changes nothing.
 *
 * JSON Lines: an event a line, as docs/history.md says, with deliveries and attempts.
 *
 * CSV (RFC 4180, UTF-8): a head line, then a row for each delivery, or one for an event without. A text that a
 * spreadsheet would take for a formula, since it begins with = + - @, a tab or a line break, has a ' before it.
 */
#ifndef INTENT_WEBHOOK_HISTORY_EXPORT_H
#define INTENT_WEBHOOK_HISTORY_EXPORT_H

#include <sqlite3.h>

#include "buffer.h"
#include "history_reader.h"

#pragma GCC visibility push(hidden)

enum history_export_format { HISTORY_EXPORT_JSONL, HISTORY_EXPORT_CSV };

/*
 * Appends one piece: query->limit events from query->before_seq on, newest first; CSV's head line when that is 0. With
 * search_us a piece may have fewer events, or none. *next_seq: the before_seq of the next piece, 0 after the last one.
 * database NULL: there are no events. Returns an SQLite code; after a failure, what was appended is not whole.
 */
int history_export_run(sqlite3 *database, const struct history_query *query, enum history_export_format format,
                       struct buffer *out, int64_t *next_seq);

#pragma GCC visibility pop
#endif
