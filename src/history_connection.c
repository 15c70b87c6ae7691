/*
 * history_connection: see history_connection.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "history_connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history_file.h"

enum { BUSY_US = 1000, PROGRESS_STEPS = 1000 };

static bool must_stop(const struct history_patience *patience) {
  return patience->must_stop(patience->context);
}

static int on_progress(void *argument) {
  return must_stop(argument);
}

/* Another process may be recovering or deleting the WAL; that does not take long. */
static int on_busy(void *argument, int tries) {
  (void)tries;
  if (must_stop(argument)) return 0;
  usleep(BUSY_US);
  return 1;
}

void history_connection_explain(sqlite3 *database, int code, char error[HISTORY_ERROR_SIZE]) {
  const char *advice;
  switch (code & 0xff) {
  case SQLITE_NOTADB: advice = "The file is not an SQLite database"; break;
  case SQLITE_CORRUPT: advice = "The history file is damaged: repair it with sqlite3's .recover"; break;
  case SQLITE_NOMEM: advice = "There was not enough memory to read the history"; break;
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
    advice =
        "The history file cannot be opened: reading needs the permission to read it and, unless its writer runs, to "
        "create files in its folder";
    break;
  default: advice = "The history file cannot be read"; break;
  }
  bool last = database && sqlite3_extended_errcode(database) == code; /* nothing else was done with it since */
  snprintf(error, HISTORY_ERROR_SIZE, "%s (%s).", advice, last ? sqlite3_errmsg(database) : sqlite3_errstr(code));
}

int history_connection_look_inside(sqlite3 *database, enum history_schema_state *state,
                                   char error[HISTORY_ERROR_SIZE]) {
  int code = history_schema_look(database, state, error, HISTORY_ERROR_SIZE);
  if (code != SQLITE_OK || *state != HISTORY_SCHEMA_OLDER) return code;
  snprintf(error, HISTORY_ERROR_SIZE,
           "The history file is of an older version: start a client with it once, which brings it up to date.");
  return SQLITE_SCHEMA;
}

static enum history_found failure(int code) {
  return (code & 0xff) == SQLITE_NOMEM ? HISTORY_NO_MEMORY : HISTORY_FAILED;
}

/* Whether the open file is a history of ours with something in it. Returns an SQLite code. */
static int look(sqlite3 *database, const struct history_patience *patience, enum history_found *found,
                char error[HISTORY_ERROR_SIZE]) {
  enum history_schema_state state = HISTORY_SCHEMA_EMPTY;
  sqlite3_progress_handler(database, PROGRESS_STEPS, on_progress, (void *)(uintptr_t)patience);
  sqlite3_busy_handler(database, on_busy, (void *)(uintptr_t)patience);
  int code = history_connection_look_inside(database, &state, error);
  if (code != SQLITE_OK && code != SQLITE_SCHEMA) history_connection_explain(database, code, error);
  *found = code != SQLITE_OK ? failure(code) : state == HISTORY_SCHEMA_EMPTY ? HISTORY_NOTHING : HISTORY_OPEN;
  return code;
}

/* One try. Returns an SQLite code. */
static int try_open(const char *path, const struct history_patience *patience, sqlite3 **database,
                    enum history_found *found, char error[HISTORY_ERROR_SIZE]) {
  int code = sqlite3_open_v2(path, database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  *found = failure(code);
  if (code == SQLITE_OK)
    code = look(*database, patience, found, error);
  else
    history_connection_explain(*database, code, error);
  if (*found == HISTORY_OPEN) return code;
  sqlite3_close_v2(*database);
  *database = NULL;
  return code;
}

enum history_found history_connection_look(const char *path, char error[HISTORY_ERROR_SIZE]) {
  struct stat status;
  if (history_file_forbidden(error)) return HISTORY_FAILED;
  if (stat(path, &status) == 0) /* an empty one was just created; see history_file.c for why it is not opened */
    return status.st_size == 0 ? HISTORY_NOTHING : HISTORY_OPEN;
  if (errno == ENOENT || errno == ENOTDIR) return HISTORY_NOTHING;
  snprintf(error, HISTORY_ERROR_SIZE, "The history file cannot be opened (%s).", strerror(errno));
  return HISTORY_FAILED;
}

enum history_found history_connection_open(const char *path, const struct history_patience *patience,
                                           sqlite3 **database, char error[HISTORY_ERROR_SIZE]) {
  *database = NULL;
  error[0] = '\0';
  enum history_found found = history_connection_look(path, error);
  if (found != HISTORY_OPEN) return found;
  /* Where waiting for a lock could be waiting for each other, SQLite says busy without asking the handler. */
  while ((try_open(path, patience, database, &found, error) & 0xff) == SQLITE_BUSY &&
         on_busy((void *)(uintptr_t)patience, 0)) {}
  return found;
}

void history_connection_close(sqlite3 *database) {
  sqlite3_close_v2(database);
}
