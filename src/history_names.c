/*
 * history_names: see history_names.h.
 */
#include "history_names.h"

#include <string.h>

#include "json.h"

/* sql gives the first name behind ?1 in an index. An empty name is none. */
static int write_names(struct json *json, sqlite3 *database, const char *key, const char *sql) {
  sqlite3_stmt *statement;
  struct buffer name = {0};
  int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  json_key(json, key, strlen(key));
  json_begin_array(json);
  for (int count = 0; count < HISTORY_NAMES_LIMIT; count++) {
    sqlite3_bind_text(statement, 1, name.length ? name.bytes : "", (int)name.length, SQLITE_STATIC);
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW) break;
    buffer_clear(&name);
    const char *bytes = sqlite3_column_blob(statement, 0);
    buffer_append(&name, bytes, (size_t)sqlite3_column_bytes(statement, 0));
    sqlite3_reset(statement);
    if (name.failed) code = SQLITE_NOMEM;
    if (name.failed) break;
    json_string(json, name.bytes, name.length);
  }
  json_end_array(json);
  sqlite3_finalize(statement);
  buffer_free(&name);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int history_names_run(sqlite3 *database, struct buffer *out) {
  struct json json = {.out = out};
  json_begin_object(&json);
  int code =
      write_names(&json, database, "intents",
                  "SELECT intent FROM events INDEXED BY events_intent WHERE intent > ?1 ORDER BY intent LIMIT 1");
  if (code == SQLITE_OK)
    code = write_names(&json, database, "urls",
                       "SELECT url FROM deliveries INDEXED BY deliveries_url WHERE url > ?1 ORDER BY url LIMIT 1");
  json_end_object(&json);
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}
