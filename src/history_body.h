/*
 * history_body: the body of one request or response, byte for byte as it is stored.
 */
#ifndef INTENT_WEBHOOK_HISTORY_BODY_H
#define INTENT_WEBHOOK_HISTORY_BODY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum history_body { HISTORY_REQUEST_BODY, HISTORY_RESPONSE_BODY };

/*
 * Appends the body of an event's delivery, by its number, and of its attempt, counted from 1. *found is false when
 * there is no such attempt, or nothing stored for it. Returns an SQLite code.
 */
int history_body_run(sqlite3 *database, const char *id, int64_t delivery, int64_t attempt, enum history_body which,
                     struct buffer *out, bool *found);

#pragma GCC visibility pop
#endif
