/*
 * history_waiting: the deliveries of a history that are not finished.
 */
#ifndef INTENT_WEBHOOK_HISTORY_WAITING_H
#define INTENT_WEBHOOK_HISTORY_WAITING_H

#include <sqlite3.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum history_waiting_status {
  HISTORY_WAITING_PENDING,
  HISTORY_WAITING_RETRYING,
  HISTORY_WAITING_PAUSED,
  HISTORY_WAITING_UNKNOWN,
  HISTORY_WAITING_STATUSES
};

/* As the history has them. */
extern const char *const history_waiting_statuses[HISTORY_WAITING_STATUSES];

struct history_waiting {
  int64_t counts[HISTORY_WAITING_STATUSES]; /* of deliveries */
  int64_t oldest_us; /* of pending, retrying and paused ones, the first event's time; 0: there is none */
};

/* Returns an SQLite code. */
int history_waiting_read(sqlite3 *database, struct history_waiting *waiting);

#pragma GCC visibility pop
#endif
