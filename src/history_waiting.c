/*
 * history_waiting: see history_waiting.h.
 */
#include "history_waiting.h"

#include <stdbool.h>
#include <stddef.h>

const char *const history_waiting_statuses[HISTORY_WAITING_STATUSES] = {
    [HISTORY_WAITING_PENDING] = "pending",
    [HISTORY_WAITING_RETRYING] = "retrying",
    [HISTORY_WAITING_PAUSED] = "paused",
    [HISTORY_WAITING_UNKNOWN] = "unknown",
};

/* The index on the status has the deliveries in the order of events. */
static const char count_waiting[] =
    "SELECT count(*), (SELECT time FROM events WHERE seq = (SELECT event FROM deliveries INDEXED BY deliveries_status"
    " WHERE status = ?1 ORDER BY event LIMIT 1)) FROM deliveries INDEXED BY deliveries_status WHERE status = ?1";

int history_waiting_read(sqlite3 *database, struct history_waiting *waiting) {
  sqlite3_stmt *statement;
  *waiting = (struct history_waiting){0};
  int code = sqlite3_prepare_v2(database, count_waiting, -1, &statement, NULL);
  for (int i = 0; code == SQLITE_OK && i < HISTORY_WAITING_STATUSES; i++) {
    sqlite3_bind_text(statement, 1, history_waiting_statuses[i], -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW) {
      waiting->counts[i] = sqlite3_column_int64(statement, 0);
      int64_t time_us = sqlite3_column_int64(statement, 1);
      bool older = time_us && (!waiting->oldest_us || time_us < waiting->oldest_us);
      if (older && i != HISTORY_WAITING_UNKNOWN) waiting->oldest_us = time_us;
    }
    code = sqlite3_reset(statement);
  }
  sqlite3_finalize(statement);
  return code;
}
