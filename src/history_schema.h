/*
 * history_schema: the tables of the history file and how an older file becomes a current one. Meaning and unit of every
 * column: docs/history.md.
 */
#ifndef INTENT_WEBHOOK_HISTORY_SCHEMA_H
#define INTENT_WEBHOOK_HISTORY_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

enum {
  HISTORY_SCHEMA_VERSION = 3,
  HISTORY_APPLICATION_ID = 0x49574831 /* "IWH1" */
};

/*
 * span = seq >> 12: one row of event_spans for each 4096 seqs. In SQL, "seq" HISTORY_TO_SPAN: a reader has to write it
 * as the index events_session does. It is in every file, so it stays what it is.
 */
#define HISTORY_SPAN_SHIFT    12
#define HISTORY_TO_SPAN       " >> " HISTORY_LITERAL(HISTORY_SPAN_SHIFT)
#define HISTORY_FROM_SPAN     " << " HISTORY_LITERAL(HISTORY_SPAN_SHIFT)
#define HISTORY_LITERAL(name) HISTORY_QUOTED(name) /* what the name stands for */
#define HISTORY_QUOTED(word)  #word

/* What an SQLite file is to us. */
enum history_schema_state {
  HISTORY_SCHEMA_EMPTY, /* no tables, nobody's */
  HISTORY_SCHEMA_OLDER, /* a history of an earlier version */
  HISTORY_SCHEMA_CURRENT
};

/*
 * Changes nothing. Returns an SQLite code: SQLITE_SCHEMA for a file that is not ours or of a later version. Other than
 * SQLITE_OK with a sentence in error.
 */
int history_schema_look(sqlite3 *database, enum history_schema_state *state, char *error, size_t error_size);

/*
 * Brings an open file to the current schema: makes it a WAL file, creates the tables in an empty file, migrates an
 * older one step by step, each step in a transaction. A file that is not ours or of a later version is not touched, and
 * gives SQLITE_SCHEMA. Returns an SQLite code; other than SQLITE_OK with a sentence in error.
 */
int history_schema_apply(sqlite3 *database, char *error, size_t error_size);

#pragma GCC visibility pop
#endif
