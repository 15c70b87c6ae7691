/*
 * history_metrics: what Prometheus asks for, in its text format (version 0.0.4).
 *
 * Counters begin with the file and never go back: the writer keeps them (history_rollup.h), in the file, so that they
 * are the same from every process and after a restart.
 */
#ifndef INTENT_WEBHOOK_HISTORY_METRICS_H
#define INTENT_WEBHOOK_HISTORY_METRICS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* More endpoints than that are counted together, as "other". */
enum { HISTORY_METRICS_ENDPOINTS = 100 };

/* What the client in this process has in memory, when there is one. */
struct history_metrics_queue {
  bool known;
  uint64_t deliveries, bytes;
};

/*
 * Appends all metrics. database NULL: there are no events yet. An endpoint is named by scheme, host and port, since the
 * paths of webhooks can be secrets. Returns an SQLite code, of which the connection has the message.
 */
int history_metrics_run(sqlite3 *database, int64_t now_us, const struct history_metrics_queue *queue,
                        struct buffer *out);

#pragma GCC visibility pop
#endif
