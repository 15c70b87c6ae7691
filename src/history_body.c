/*
 * history_body: see history_body.h.
 */
#include "history_body.h"

#define SELECT_BODY(column)                                                                                     \
  "SELECT " column " FROM attempts WHERE event = (SELECT seq FROM events WHERE id = ?1) AND number = ?2 ORDER " \
  "BY seq LIMIT 1 OFFSET ?3"

int history_body_run(sqlite3 *database, const char *id, int64_t delivery, int64_t attempt, enum history_body which,
                     struct buffer *out, bool *found) {
  static const char *const statements[] = {
      [HISTORY_REQUEST_BODY] = SELECT_BODY("request_body"), [HISTORY_RESPONSE_BODY] = SELECT_BODY("response_body")};
  sqlite3_stmt *row;
  *found = false;
  if (attempt < 1) return SQLITE_OK; /* SQLite takes a negative offset for none */
  int code = sqlite3_prepare_v2(database, statements[which], -1, &row, NULL);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
  sqlite3_bind_int64(row, 2, delivery);
  sqlite3_bind_int64(row, 3, attempt - 1);
  if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL) {
    const void *bytes = sqlite3_column_blob(row, 0); /* of a text too; the length is asked for afterwards */
    int length = sqlite3_column_bytes(row, 0);
    if (bytes) buffer_append(out, bytes, (size_t)length);
    *found = bytes || length == 0;
  }
  code = sqlite3_finalize(row); /* the error of the step, if there was one */
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}
