/*
 * history_retention: see history_retention.h.
 *
 * The spans say where old events are, also when a clock went back. A span whose old events are gone gets its times
 * anew; one without events goes, but for the newest, which remembers the highest seq.
 */
#include "history_retention.h"

#include "history_schema.h"

static int shrink_span(struct history_file *file, int64_t span) {
  sqlite3_stmt *statement = file->statements[HISTORY_SHRINK_SPAN];
  sqlite3_bind_int64(statement, 1, span);
  sqlite3_bind_int64(statement, 2, span << HISTORY_SPAN_SHIFT);
  sqlite3_bind_int64(statement, 3, (span + 1) << HISTORY_SPAN_SHIFT);
  int code = history_file_run(file, HISTORY_SHRINK_SPAN);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_int64(file->statements[HISTORY_DELETE_SPAN], 1, span);
  return history_file_run(file, HISTORY_DELETE_SPAN);
}

/* Deletes old events of one span, at most *room, which it lowers. */
static int empty_span(struct history_file *file, int64_t span, int64_t before_us, int *room) {
  sqlite3_stmt *statement = file->statements[HISTORY_OLD_EVENT];
  int64_t from = span << HISTORY_SPAN_SHIFT;
  for (; *room > 0; --*room) {
    int64_t seq;
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, (span + 1) << HISTORY_SPAN_SHIFT);
    sqlite3_bind_int64(statement, 3, before_us);
    int code = history_file_ask(file, HISTORY_OLD_EVENT, &seq);
    if (code != SQLITE_ROW) return code == SQLITE_OK ? shrink_span(file, span) : code;
    code = history_file_erase(file, seq);
    if (code != SQLITE_OK) return code;
    from = seq + 1;
  }
  return SQLITE_OK;
}

static int delete_old(struct history_file *file, int64_t before_us, bool *more) {
  int code = SQLITE_OK, room = HISTORY_RETENTION_BATCH;
  while (code == SQLITE_OK && room > 0) {
    int64_t span;
    sqlite3_bind_int64(file->statements[HISTORY_OLD_SPAN], 1, before_us);
    code = history_file_ask(file, HISTORY_OLD_SPAN, &span);
    if (code != SQLITE_ROW) break;
    code = empty_span(file, span, before_us, &room);
  }
  *more = room == 0;
  return code;
}

int history_retention_step(struct history_file *file, int64_t before_us, bool *more) {
  int64_t span;
  *more = false;
  sqlite3_bind_int64(file->statements[HISTORY_OLD_SPAN], 1, before_us);
  int code = history_file_ask(file, HISTORY_OLD_SPAN, &span); /* no write lock when there is nothing to do */
  if (code != SQLITE_ROW) return code;
  code = history_file_run(file, HISTORY_BEGIN);
  if (code == SQLITE_OK) code = delete_old(file, before_us, more);
  if (code == SQLITE_OK) code = history_file_run(file, HISTORY_COMMIT);
  history_file_roll_back(file);
  return code;
}

int history_retention_forget_erased(struct history_file *file, int64_t now_us) {
  int64_t before_us = now_us - HISTORY_ERASED_DAYS * INT64_C(24) * 3600 * 1000000, event;
  sqlite3_bind_int64(file->statements[HISTORY_OLD_ERASED], 1, before_us);
  int code = history_file_ask(file, HISTORY_OLD_ERASED, &event);
  if (code != SQLITE_ROW) return code;
  sqlite3_bind_int64(file->statements[HISTORY_DELETE_ERASED], 1, before_us);
  return history_file_run(file, HISTORY_DELETE_ERASED);
}
