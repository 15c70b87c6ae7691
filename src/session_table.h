/*
 * session_table: the sessions in a history file, one row each, over a connection of its own.
 *
 * All zero is a closed table. Only one thread uses it. Nothing here waits for another program's lock: that gives
 * SQLITE_BUSY at once. Codes are SQLite's primary ones; whatever fails leaves the reason, for people, in file.error.
 *
 * A commit does not wait for the disk (synchronous=NORMAL): a power cut may take the last messages of conversations
 * along, never the file. The history's own commits on other connections are as durable as before, since the flush of
 * each flushes all that stands in the WAL before it.
 */
#ifndef INTENT_WEBHOOK_SESSION_TABLE_H
#define INTENT_WEBHOOK_SESSION_TABLE_H

#include "history_file.h"
#include "session_seal.h"

#pragma GCC visibility push(hidden)

/* clang-format off */
#define SESSION_STATEMENTS(X) \
  X(BEGIN, "BEGIN IMMEDIATE") \
  X(COMMIT, "COMMIT") \
  X(GET, "SELECT version, expires, body FROM sessions WHERE id = ?1") \
  X(VERSION, "SELECT version, expires FROM sessions WHERE id = ?1") \
  X(PUT, "INSERT INTO sessions (id, version, updated, expires, body) VALUES (?1, ?2, ?3, ?4, ?5)" \
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version, updated = excluded.updated," \
    " expires = excluded.expires, body = excluded.body") \
  X(DELETE, "DELETE FROM sessions WHERE id = ?1") \
  X(DELETE_EXPIRED, "DELETE FROM sessions WHERE rowid IN" \
    " (SELECT rowid FROM sessions WHERE expires < ?1 ORDER BY expires LIMIT 4)")
/* clang-format on */

enum session_statement {
#define SESSION_STATEMENT_ENUM(name, sql) SESSION_##name,
  SESSION_STATEMENTS(SESSION_STATEMENT_ENUM)
#undef SESSION_STATEMENT_ENUM
      SESSION_STATEMENT_COUNT
};

struct session_table {
  struct history_file file;
  sqlite3_stmt *statements[SESSION_STATEMENT_COUNT];
  struct buffer sealed; /* kept for its memory */
};

/*
 * What is asked for, and what comes of it. `version` is what the row has, or must have: 0 is no row, or one that has
 * expired. Times are microseconds since 1970 by the host's clock.
 */
struct session_row {
  struct session_text id;
  const struct session_key *key; /* NULL: bodies stand as they are */
  int64_t version, now_us;
  int64_t expires_us;       /* put */
  struct session_text body; /* put; bytes NULL: delete */
};

enum session_found {
  SESSION_DONE,     /* get: there is one; put: it is there */
  SESSION_NONE,     /* get: nothing, or nothing any more */
  SESSION_CONFLICT, /* put: the version is another; nothing was changed */
  SESSION_SEALED    /* get: with another key, or with none; `version` is set */
};

/* Opens the file, creates it where there is none, and again when another has come to its place. */
int session_table_open(struct session_table *table, const char *path);

/* checkpoint false: leaves the WAL as it is. */
void session_table_close(struct session_table *table, const char *path, bool checkpoint);

int session_table_get(struct session_table *table, struct session_row *row, struct buffer *body,
                      enum session_found *found);

/* All or nothing. Deletes up to four sessions that have expired besides. */
int session_table_put(struct session_table *table, const struct session_row *row, enum session_found *found);

#pragma GCC visibility pop
#endif
