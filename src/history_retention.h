/*
 * history_retention: deletes what is older than it is to be kept, a little at a time.
 */
#ifndef INTENT_WEBHOOK_HISTORY_RETENTION_H
#define INTENT_WEBHOOK_HISTORY_RETENTION_H

#include "history_file.h"

#pragma GCC visibility push(hidden)

enum {
  HISTORY_RETENTION_BATCH = 300,
  HISTORY_ERASED_DAYS = 30 /* so long it is remembered that an event was erased while a delivery was on its way */
};

/*
 * In one transaction, deletes at most HISTORY_RETENTION_BATCH events that are older than `before_us`, oldest records
 * first. `more`: there may be others. Returns an SQLite code.
 */
int history_retention_step(struct history_file *file, int64_t before_us, bool *more);

/* Forgets which events were erased, when that was HISTORY_ERASED_DAYS ago. Returns an SQLite code. */
int history_retention_forget_erased(struct history_file *file, int64_t now_us);

#pragma GCC visibility pop
#endif
