/*
 * history_names: which intents and URLs occur in an open history file, as JSON.
 */
#ifndef INTENT_WEBHOOK_HISTORY_NAMES_H
#define INTENT_WEBHOOK_HISTORY_NAMES_H

#include <sqlite3.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum { HISTORY_NAMES_LIMIT = 200 };

/*
 * Appends {"intents":["..."...],"urls":["..."...]}: of events and of deliveries, each sorted by bytes, at most
 * HISTORY_NAMES_LIMIT of each. Skips from one name to the next in an index, so that the number of events does not
 * matter. Returns an SQLite code.
 */
int history_names_run(sqlite3 *database, struct buffer *out);

#pragma GCC visibility pop
#endif
