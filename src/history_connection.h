/*
 * history_connection: a history file opened for reading, in the calling thread. It never writes, and never creates a
 * file.
 *
 * Waits while another program keeps the file for itself, as long as the patience of whoever asks allows. Opening costs
 * a fraction of a millisecond, so a connection is for one question: it then crosses no fork, keeps no deleted file
 * alive and does not hold up the writer's clean-up.
 */
#ifndef INTENT_WEBHOOK_HISTORY_CONNECTION_H
#define INTENT_WEBHOOK_HISTORY_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>

#include "history.h"
#include "history_schema.h"

#pragma GCC visibility push(hidden)

enum history_found {
  HISTORY_OPEN,
  HISTORY_NOTHING, /* no file, or an empty one: there are no events */
  HISTORY_NO_MEMORY,
  HISTORY_FAILED
};

/* Asked every 1000 steps of SQLite, and while another program has the file. What it stops gives SQLITE_INTERRUPT or
 * SQLITE_BUSY. */
struct history_patience {
  bool (*must_stop)(void *context);
  void *context;
};

/*
 * Whether there is something at the path, which is not opened. HISTORY_FAILED, with a sentence in error: nobody can
 * tell, or this process must not read any history (history_file_forbid).
 */
enum history_found history_connection_look(const char *path, char error[HISTORY_ERROR_SIZE]);

/*
 * The path is absolute. patience is borrowed until the connection is closed. *database is NULL unless HISTORY_OPEN.
 * HISTORY_NO_MEMORY and HISTORY_FAILED leave a sentence in error, without the path: no history, of another version, not
 * readable, patience at its end.
 */
enum history_found history_connection_open(const char *path, const struct history_patience *patience,
                                           sqlite3 **database, char error[HISTORY_ERROR_SIZE]);
void history_connection_close(sqlite3 *database);

/*
 * history_schema_look (history_schema.h), for who does not bring a file up to date: an older one is SQLITE_SCHEMA too.
 * With that code there is a sentence in error.
 */
int history_connection_look_inside(sqlite3 *database, enum history_schema_state *state, char error[HISTORY_ERROR_SIZE]);

/* Writes a sentence for an SQLite code that a question returned. database may be NULL. */
void history_connection_explain(sqlite3 *database, int code, char error[HISTORY_ERROR_SIZE]);

#pragma GCC visibility pop
#endif
