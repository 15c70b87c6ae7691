/*
 * history_overview: how the endpoints do, over the last hour, day or week, as JSON.
 *
 * Answered from the counts that the writer keeps by the minute (history_rollup.h), never from the events, so that a
 * million of them make no difference.
 */
#ifndef INTENT_WEBHOOK_HISTORY_OVERVIEW_H
#define INTENT_WEBHOOK_HISTORY_OVERVIEW_H

#include <sqlite3.h>
#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum history_span {
  HISTORY_HOUR, /* 60 steps of a minute */
  HISTORY_DAY,  /* 144 steps of 10 minutes */
  HISTORY_WEEK  /* 168 steps of an hour */
};

enum { HISTORY_OVERVIEW_ENDPOINTS = 50 };

/*
 * Appends {"span", "from", "step", "delivered", "failed", "endpoints", "causes", "pending", "oldest_pending",
 * "events"}; docs/page.md has each field. The last step is that of now_us; database NULL: there are no events.
 * Returns an SQLite code, of which the connection has the message.
 */
int history_overview_run(sqlite3 *database, enum history_span span, int64_t now_us, struct buffer *out);

#pragma GCC visibility pop
#endif
