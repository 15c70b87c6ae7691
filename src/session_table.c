/*
 * session_table: see session_table.h.
 *
 * A version is the time of its commit by the system's clock, or one more than the last where that clock went back. So a
 * session that ended and began anew under the same id has another one, and who still holds the old one is told.
 */
#include "session_table.h"

#include <stdio.h>

#include "clock.h"

enum { VERSION_BITS = 53 }; /* as many as Lua's floats hold */

/*
 * The version in the first column. One that is none of ours, where somebody else has written to the file, is 0, so that
 * a put can replace it.
 */
static int64_t version_in(sqlite3_stmt *prepared) {
  int64_t version = sqlite3_column_int64(prepared, 0);
  return version > 0 && version < INT64_C(1) << VERSION_BITS ? version : 0;
}

static int prepare(struct session_table *table) {
  static const char *const texts[SESSION_STATEMENT_COUNT] = {
#define SESSION_STATEMENT_TEXT(name, sql) [SESSION_##name] = (sql),
      SESSION_STATEMENTS(SESSION_STATEMENT_TEXT)
#undef SESSION_STATEMENT_TEXT
  };
  int code = SQLITE_OK;
  for (int i = 0; code == SQLITE_OK && i < SESSION_STATEMENT_COUNT; i++)
    code =
        sqlite3_prepare_v3(table->file.database, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &table->statements[i], NULL);
  return code;
}

/* A statement that is left would keep the connection alive. */
static void finalize(struct session_table *table) {
  for (int i = 0; i < SESSION_STATEMENT_COUNT; i++) {
    sqlite3_finalize(table->statements[i]);
    table->statements[i] = NULL;
  }
}

static int open_new(struct session_table *table, const char *path) {
  int code = history_file_open(&table->file, path);
  if (code != SQLITE_OK) return code;
  code = sqlite3_exec(table->file.database, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024", NULL, NULL, NULL);
  if (code == SQLITE_OK) code = prepare(table);
  if (code == SQLITE_OK) return SQLITE_OK;
  code = history_file_explain(&table->file, code);
  finalize(table);
  history_file_close(&table->file, false);
  return code;
}

/* When the file is not at its path any more: brings it up to date and closes it. */
static int keep_place(struct session_table *table, const char *path) {
  int moved = 0;
  sqlite3_file_control(table->file.database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (!moved) return SQLITE_OK;
  finalize(table);
  return history_file_keep_place(&table->file, path);
}

int session_table_open(struct session_table *table, const char *path) {
  if (table->file.database) {
    int code = keep_place(table, path);
    if (code != SQLITE_OK) return code;
  }
  if (table->statements[SESSION_GET]) return SQLITE_OK;
  history_file_close(&table->file, false); /* one that could not be brought up to date before */
  return open_new(table, path);
}

void session_table_close(struct session_table *table, const char *path, bool checkpoint) {
  if (table->file.database) keep_place(table, path);
  finalize(table);
  history_file_close(&table->file, checkpoint);
  buffer_free(&table->sealed);
}

static sqlite3_stmt *prepared_for(struct session_table *table, enum session_statement statement,
                                  struct session_text id) {
  sqlite3_stmt *prepared = table->statements[statement];
  sqlite3_bind_text(prepared, 1, id.bytes, (int)id.length, SQLITE_STATIC);
  return prepared;
}

/* What a statement came to, with its error explained. */
static int finish(struct session_table *table, sqlite3_stmt *prepared, int code) {
  if (code == SQLITE_DONE || code == SQLITE_ROW) code = SQLITE_OK;
  if (code != SQLITE_OK) code = history_file_explain(&table->file, code);
  sqlite3_reset(prepared);
  sqlite3_clear_bindings(prepared); /* what they point to is the caller's */
  return code;
}

/* Runs a statement that gives no row, with what is bound. */
static int run(struct session_table *table, enum session_statement statement) {
  sqlite3_stmt *prepared = table->statements[statement];
  return finish(table, prepared, sqlite3_step(prepared));
}

static int out_of_memory(struct session_table *table) {
  snprintf(table->file.error, sizeof table->file.error, "There was not enough memory for the session.");
  return SQLITE_NOMEM;
}

/* The body of the row that a statement stands on. */
static int take_body(struct session_table *table, sqlite3_stmt *prepared, const struct session_row *row,
                     struct buffer *body, enum session_found *found) {
  const char *bytes = sqlite3_column_blob(prepared, 2);
  struct session_text stored = {bytes, (size_t)sqlite3_column_bytes(prepared, 2)};
  *found = SESSION_DONE;
  if (!bytes) return sqlite3_errcode(table->file.database) == SQLITE_NOMEM ? out_of_memory(table) : SQLITE_OK;
  if (row->key) {
    if (!session_unseal(row->key, row->id, row->version, stored, body)) *found = SESSION_SEALED;
  } else if (sqlite3_column_type(prepared, 2) == SQLITE_BLOB) {
    *found = SESSION_SEALED;
  } else {
    buffer_append(body, stored.bytes, stored.length);
  }
  return body->failed ? out_of_memory(table) : SQLITE_OK;
}

int session_table_get(struct session_table *table, struct session_row *row, struct buffer *body,
                      enum session_found *found) {
  sqlite3_stmt *prepared = prepared_for(table, SESSION_GET, row->id);
  int code = sqlite3_step(prepared), taken = SQLITE_OK;
  row->version = 0;
  *found = SESSION_NONE;
  buffer_clear(body);
  if (code == SQLITE_ROW && sqlite3_column_int64(prepared, 1) >= row->now_us) {
    row->version = version_in(prepared);
    taken = take_body(table, prepared, row, body, found);
  }
  code = finish(table, prepared, code);
  return code == SQLITE_OK ? taken : code;
}

/* The version that the row has, 0 for none; `last` is the same also where it has expired. */
static int read_version(struct session_table *table, const struct session_row *row, int64_t *version, int64_t *last) {
  sqlite3_stmt *prepared = prepared_for(table, SESSION_VERSION, row->id);
  int code = sqlite3_step(prepared);
  *version = *last = 0;
  if (code == SQLITE_ROW) {
    *last = version_in(prepared);
    if (sqlite3_column_int64(prepared, 1) >= row->now_us) *version = *last;
  }
  return finish(table, prepared, code);
}

static int write_row(struct session_table *table, const struct session_row *row, int64_t last) {
  sqlite3_stmt *prepared = prepared_for(table, SESSION_PUT, row->id);
  int64_t version = clock_wall_us();
  if (version <= last) version = last + 1;
  sqlite3_bind_int64(prepared, 2, version);
  sqlite3_bind_int64(prepared, 3, row->now_us);
  sqlite3_bind_int64(prepared, 4, row->expires_us);
  if (!row->key) {
    sqlite3_bind_text(prepared, 5, row->body.bytes, (int)row->body.length, SQLITE_STATIC);
  } else if (session_seal(row->key, row->id, version, row->body, &table->sealed)) {
    sqlite3_bind_blob(prepared, 5, table->sealed.bytes, (int)table->sealed.length, SQLITE_STATIC);
  } else {
    sqlite3_clear_bindings(prepared);
    return out_of_memory(table);
  }
  return run(table, SESSION_PUT);
}

static int change_row(struct session_table *table, const struct session_row *row, int64_t last) {
  if (row->body.bytes) return write_row(table, row, last);
  prepared_for(table, SESSION_DELETE, row->id);
  return run(table, SESSION_DELETE);
}

static int delete_expired(struct session_table *table, int64_t now_us) {
  sqlite3_bind_int64(table->statements[SESSION_DELETE_EXPIRED], 1, now_us);
  return run(table, SESSION_DELETE_EXPIRED);
}

int session_table_put(struct session_table *table, const struct session_row *row, enum session_found *found) {
  int64_t version = 0, last = 0;
  int code = run(table, SESSION_BEGIN);
  if (code == SQLITE_OK) code = read_version(table, row, &version, &last);
  *found = version == row->version ? SESSION_DONE : SESSION_CONFLICT;
  if (code == SQLITE_OK && *found == SESSION_DONE) {
    code = change_row(table, row, last);
    if (code == SQLITE_OK) code = delete_expired(table, row->now_us);
    if (code == SQLITE_OK) code = run(table, SESSION_COMMIT);
  }
  history_file_roll_back(&table->file);
  return code;
}
