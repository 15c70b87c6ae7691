/*
 * history_erase: see history_erase.h.
 *
 * Events are found some hundred at a time without holding the write lock, and erased in a transaction of their own.
 * seqs are never given twice, so what was found is still what it was, or is gone.
 *
 * The writer brings an event back that it does not find when a delivery of it finishes. So one with a delivery on its
 * way leaves its seq and time in erased_events, which the writer asks.
 *
 * secure_delete overwrites what is deleted, in the WAL first. At the end the WAL is emptied, and copies that SQLite
 * left elsewhere are overwritten (history_scrub.h). Both need a moment in which nobody else reads an older state, or
 * writes. Emptying keeps writers out while it waits for such a moment, so it waits often, and briefly.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "history_erase.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "history_schema.h"
#include "history_scrub.h"
#include "history_search.h"

enum {
  BATCH = 256,
  PROGRESS_STEPS = 1000,
  BUSY_US = 500,
  BUSY_SPREAD_US = 2000,
  CLEAR_US = 5000000,  /* so long it is tried to clear the files */
  EMPTY_WAL_US = 30000 /* so long others may be kept waiting by one try */
};

#define IN HISTORY_SEARCH_FUNCTION

/* The next events with a seq above :after. */
static const char find_id[] = "SELECT seq FROM events WHERE id = :text AND seq > :after";
static const char find_session[] =
    "SELECT events.seq FROM event_spans CROSS JOIN events INDEXED BY events_session"
    " ON events.seq" HISTORY_TO_SPAN " = +event_spans.span"
    " WHERE event_spans.span >= :after" HISTORY_TO_SPAN " AND events.session = :text AND events.seq > :after"
    " ORDER BY event_spans.span, events.seq";
static const char find_containing[] =
    "SELECT seq FROM events WHERE seq > :after AND (" IN "(slots, id, intent, session, error, note)"
    " OR EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq AND " IN "(url, message))"
    " OR EXISTS (SELECT 1 FROM attempts WHERE attempts.event = events.seq AND " IN
    "(url, request_headers, request_body, response_headers, response_body, message))) ORDER BY seq";

/* What is done to each event that was found. */
static const char *const erase_one[] = {
    ("INSERT OR REPLACE INTO erased_events (event, time, erased) SELECT seq, time, :now FROM events WHERE seq = :seq"
     " AND EXISTS (SELECT 1 FROM deliveries WHERE event = :seq AND finished IS NULL)"),
    "DELETE FROM attempts WHERE event = :seq",
    "DELETE FROM deliveries WHERE event = :seq",
    "DELETE FROM events WHERE seq = :seq",
};
enum { ERASE_STEPS = sizeof erase_one / sizeof *erase_one };

static const char session_of_name[] = "FROM sessions WHERE id = :text";
static const char session_containing[] = "FROM sessions WHERE " IN "(id, body)";

/* Counts keep their sum under another name when the URL has the text in it. */
static const char find_counts[] =
    "SELECT EXISTS (SELECT 1 FROM delivery_minutes WHERE url <> '[erased]' AND " IN "(url))"
    " OR EXISTS (SELECT 1 FROM attempt_minutes WHERE url <> '[erased]' AND " IN "(url))";
static const char rename_counts[] =
    "INSERT INTO delivery_minutes (minute, url, status, cause, count)"
    " SELECT minute, '[erased]', status, cause, count FROM delivery_minutes WHERE url <> '[erased]' AND " IN "(url)"
    " ON CONFLICT (minute, url, status, cause) DO UPDATE SET count = count + excluded.count;"
    "DELETE FROM delivery_minutes WHERE url <> '[erased]' AND " IN "(url);"
    "INSERT INTO attempt_minutes (minute, url, bucket, cause, count, total_us)"
    " SELECT minute, '[erased]', bucket, cause, count, total_us FROM attempt_minutes"
    " WHERE url <> '[erased]' AND " IN "(url)"
    " ON CONFLICT (minute, url, bucket, cause) DO UPDATE SET count = count + excluded.count,"
    " total_us = total_us + excluded.total_us;"
    "DELETE FROM attempt_minutes WHERE url <> '[erased]' AND " IN "(url)";

struct eraser {
  sqlite3 *database;
  const struct history_erasure *erasure;
  const struct history_patience *patience;
  struct history_search search;
  sqlite3_stmt *find, *steps[ERASE_STEPS];
  int64_t busy_until_us; /* monotonic; 0: as long as patience lasts */
  int64_t after;         /* all events up to this seq have been looked at */
  int64_t *events, *sessions;
  int64_t found[BATCH];
  int found_count;
};

/* ---- waiting ---- */

static int on_progress(void *argument) {
  const struct eraser *eraser = argument;
  return eraser->patience->must_stop(eraser->patience->context);
}

/* Short sleeps of different lengths, so that the writer and we take turns. */
static int on_busy(void *argument, int tries) {
  (void)tries;
  const struct eraser *eraser = argument;
  if (on_progress(argument) || (eraser->busy_until_us && clock_monotonic_us() > eraser->busy_until_us)) return 0;
  usleep((useconds_t)(BUSY_US + clock_monotonic_us() % BUSY_SPREAD_US));
  return 1;
}

/* ---- statements ---- */

static int run(struct eraser *eraser, const char *sql) {
  return sqlite3_exec(eraser->database, sql, NULL, NULL, NULL);
}

static void bind_integer(sqlite3_stmt *statement, const char *name, int64_t value) {
  int parameter = sqlite3_bind_parameter_index(statement, name);
  if (parameter) sqlite3_bind_int64(statement, parameter, value);
}

static void bind_text(sqlite3_stmt *statement, const char *text) {
  int parameter = sqlite3_bind_parameter_index(statement, ":text");
  if (parameter) sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

static int prepare(struct eraser *eraser) {
  const struct history_erasure *erasure = eraser->erasure;
  const char *find = erasure->id ? find_id : erasure->session ? find_session : find_containing;
  int code = sqlite3_prepare_v2(eraser->database, find, -1, &eraser->find, NULL);
  for (int i = 0; code == SQLITE_OK && i < ERASE_STEPS; i++)
    code = sqlite3_prepare_v2(eraser->database, erase_one[i], -1, &eraser->steps[i], NULL);
  if (code == SQLITE_OK) bind_text(eraser->find, erasure->id ? erasure->id : erasure->session);
  return code;
}

/* Begins, and ends well or not at all. Returns an SQLite code. */
static int in_transaction(struct eraser *eraser, int (*work)(struct eraser *eraser)) {
  int code = run(eraser, "BEGIN IMMEDIATE");
  if (code != SQLITE_OK) return code;
  code = work(eraser);
  if (code == SQLITE_OK) code = run(eraser, "COMMIT");
  if (!sqlite3_get_autocommit(eraser->database)) run(eraser, "ROLLBACK");
  return code;
}

/* ---- events ---- */

static int find_batch(struct eraser *eraser) {
  int code = SQLITE_OK;
  eraser->found_count = 0;
  bind_integer(eraser->find, ":after", eraser->after);
  while (eraser->found_count < BATCH && (code = sqlite3_step(eraser->find)) == SQLITE_ROW)
    eraser->found[eraser->found_count++] = sqlite3_column_int64(eraser->find, 0);
  sqlite3_reset(eraser->find);
  if (eraser->found_count > 0) eraser->after = eraser->found[eraser->found_count - 1];
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int erase_event(struct eraser *eraser, int64_t seq) {
  int code = SQLITE_OK;
  for (int i = 0; code == SQLITE_OK && i < ERASE_STEPS; i++) {
    bind_integer(eraser->steps[i], ":seq", seq);
    bind_integer(eraser->steps[i], ":now", clock_wall_us());
    code = sqlite3_step(eraser->steps[i]);
    sqlite3_reset(eraser->steps[i]);
    if (code == SQLITE_DONE) code = SQLITE_OK;
  }
  return code;
}

static int erase_batch(struct eraser *eraser) {
  int code = SQLITE_OK;
  for (int i = 0; code == SQLITE_OK && i < eraser->found_count; i++) code = erase_event(eraser, eraser->found[i]);
  return code;
}

static int erase_events(struct eraser *eraser) {
  int code = SQLITE_OK;
  do {
    code = find_batch(eraser);
    if (code == SQLITE_OK && eraser->found_count > 0 && !eraser->erasure->dry_run)
      code = in_transaction(eraser, erase_batch);
    if (code == SQLITE_OK) *eraser->events += eraser->found_count;
  } while (code == SQLITE_OK && eraser->found_count == BATCH);
  return code;
}

/* ---- sessions on their way, and counts ---- */

static int erase_sessions(struct eraser *eraser) {
  const struct history_erasure *erasure = eraser->erasure;
  char sql[128];
  sqlite3_stmt *statement;
  if (erasure->id) return SQLITE_OK;
  snprintf(sql, sizeof sql, "%s %s", erasure->dry_run ? "SELECT count(*)" : "DELETE",
           erasure->session ? session_of_name : session_containing);
  int code = sqlite3_prepare_v2(eraser->database, sql, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  bind_text(statement, erasure->session);
  code = sqlite3_step(statement);
  if (code == SQLITE_ROW) *eraser->sessions = sqlite3_column_int64(statement, 0);
  if (code == SQLITE_DONE) *eraser->sessions = sqlite3_changes(eraser->database);
  return sqlite3_finalize(statement);
}

static int rename_urls(struct eraser *eraser) {
  return run(eraser, rename_counts);
}

/* Looks first without the lock, since there can be many counts. */
static int erase_urls(struct eraser *eraser) {
  sqlite3_stmt *statement;
  int code = sqlite3_prepare_v2(eraser->database, find_counts, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  bool found = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0);
  code = sqlite3_finalize(statement);
  return code == SQLITE_OK && found ? in_transaction(eraser, rename_urls) : code;
}

/* ---- what is left of it in the files ---- */

static int empty_wal(struct eraser *eraser) {
  eraser->busy_until_us = clock_monotonic_us() + EMPTY_WAL_US;
  return sqlite3_wal_checkpoint_v2(eraser->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) & 0xff;
}

static bool is_held_up(int code) {
  return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_INTERRUPT;
}

/* That others keep the file in use all the time is no failure; then `error` says what may be left. */
static int clear_files(struct eraser *eraser, char error[HISTORY_ERROR_SIZE]) {
  int64_t until_us = clock_monotonic_us() + CLEAR_US;
  int code;
  do {
    code = empty_wal(eraser);
    if (code == SQLITE_OK) code = history_scrub(eraser->database, eraser->patience) & 0xff;
    if (code == SQLITE_OK) code = empty_wal(eraser);
    if (is_held_up(code)) usleep((useconds_t)(BUSY_US + clock_monotonic_us() % EMPTY_WAL_US));
  } while (is_held_up(code) && clock_monotonic_us() < until_us && !on_progress(eraser));
  if (!is_held_up(code)) return code;
  snprintf(error, HISTORY_ERROR_SIZE,
           "Copies of what was erased may be left in the history file, since another program had it in use: erase the "
           "same once more when it has not.");
  return SQLITE_OK;
}

/* ---- all of it ---- */

static int erase(struct eraser *eraser, char error[HISTORY_ERROR_SIZE]) {
  bool dry_run = eraser->erasure->dry_run;
  int code = prepare(eraser);
  if (code == SQLITE_OK) code = erase_events(eraser);
  if (code == SQLITE_OK) code = erase_sessions(eraser);
  if (code == SQLITE_OK && !dry_run && eraser->erasure->containing) code = erase_urls(eraser);
  return code == SQLITE_OK && !dry_run ? clear_files(eraser, error) : code;
}

static void explain(sqlite3 *database, int code, char error[HISTORY_ERROR_SIZE]) {
  if (code == SQLITE_NOMEM)
    snprintf(error, HISTORY_ERROR_SIZE, "There was not enough memory to erase.");
  else if ((code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_CANTOPEN)
    snprintf(error, HISTORY_ERROR_SIZE, "Erasing needs the permission to write the history file and its folder (%s).",
             database ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  else
    history_connection_explain(database, code, error);
}

/* One try. Returns an SQLite code, with `error` when it is SQLITE_SCHEMA. */
static int try_open(struct eraser *eraser, const char *path, enum history_schema_state *state,
                    char error[HISTORY_ERROR_SIZE]) {
  int code = sqlite3_open_v2(path, &eraser->database,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  if (code != SQLITE_OK) return code;
  sqlite3_progress_handler(eraser->database, PROGRESS_STEPS, on_progress, eraser);
  sqlite3_busy_handler(eraser->database, on_busy, eraser);
  code = history_connection_look_inside(eraser->database, state, error);
  return code == SQLITE_OK ? run(eraser, "PRAGMA secure_delete = ON") : code;
}

/* The same; as history_connection_open does, it tries again where SQLite says busy without asking the handler. */
static int open_database(struct eraser *eraser, const char *path, enum history_schema_state *state,
                         char error[HISTORY_ERROR_SIZE]) {
  int code;
  while (((code = try_open(eraser, path, state, error)) & 0xff) == SQLITE_BUSY && on_busy(eraser, 0)) {
    sqlite3_close_v2(eraser->database);
    eraser->database = NULL;
    error[0] = '\0';
  }
  return code;
}

static void close_database(struct eraser *eraser) {
  sqlite3_finalize(eraser->find);
  for (int i = 0; i < ERASE_STEPS; i++) sqlite3_finalize(eraser->steps[i]);
  if (eraser->database) history_search_enter(NULL, eraser->database);
  sqlite3_close_v2(eraser->database);
  history_search_close(&eraser->search);
}

static enum history_erase_result erase_in(struct eraser *eraser, const char *path, char error[HISTORY_ERROR_SIZE]) {
  enum history_schema_state state = HISTORY_SCHEMA_EMPTY;
  const char *containing = eraser->erasure->containing;
  int code = !containing || history_search_open(&eraser->search, containing) ? SQLITE_OK : SQLITE_NOMEM;
  if (code == SQLITE_OK) code = open_database(eraser, path, &state, error);
  if (code == SQLITE_OK && state == HISTORY_SCHEMA_CURRENT) {
    if (containing) code = history_search_enter(&eraser->search, eraser->database);
    if (code == SQLITE_OK) code = erase(eraser, error);
  }
  int primary = code & 0xff;
  bool slow = primary == SQLITE_BUSY || primary == SQLITE_INTERRUPT;
  if (slow)
    snprintf(error, HISTORY_ERROR_SIZE,
             "Erasing took too long, and what is left was not erased: do it again. Does another program keep the "
             "history file locked?");
  else if (code != SQLITE_OK && code != SQLITE_SCHEMA)
    explain(eraser->database, code, error);
  close_database(eraser);
  return code == SQLITE_OK         ? HISTORY_ERASED
         : slow                    ? HISTORY_ERASE_TOO_SLOW
         : primary == SQLITE_NOMEM ? HISTORY_ERASE_NO_MEMORY
                                   : HISTORY_ERASE_FAILED;
}

enum history_erase_result history_erase(const char *path, const struct history_erasure *erasure,
                                        const struct history_patience *patience, int64_t *events, int64_t *sessions,
                                        char error[HISTORY_ERROR_SIZE]) {
  struct eraser eraser = {.erasure = erasure, .patience = patience, .events = events, .sessions = sessions};
  *events = *sessions = 0;
  error[0] = '\0';
  enum history_found found = history_connection_look(path, error);
  if (found == HISTORY_FAILED) return HISTORY_ERASE_FAILED;
  return found == HISTORY_NOTHING ? HISTORY_ERASED : erase_in(&eraser, path, error);
}
