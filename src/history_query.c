/*
 * history_query: see history_query.h.
 */
#include "history_query.h"

#include <string.h>

#include "history_json.h"
#include "history_list.h"

/* The time of the last event that was looked at. */
static int write_searched_to(struct history_json *answer, const struct history_list *list) {
  sqlite3_stmt *row;
  json_key(&answer->json, "searched_to", strlen("searched_to"));
  if (!list->ended_early) {
    json_null(&answer->json);
    return SQLITE_OK;
  }
  int code = sqlite3_prepare_v2(answer->database, "SELECT time FROM events WHERE seq = ?1", -1, &row, NULL);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_int64(row, 1, list->looked_at);
  if (sqlite3_step(row) == SQLITE_ROW)
    json_number(&answer->json, (double)sqlite3_column_int64(row, 0) / 1e6);
  else
    json_null(&answer->json);
  return sqlite3_finalize(row);
}

static int write_events(struct history_json *answer, struct history_list *list) {
  int code;
  json_key(&answer->json, "events", strlen("events"));
  json_begin_array(&answer->json);
  while ((code = history_list_step(list)) == SQLITE_ROW) {
    code = history_json_event(answer, list->rows);
    if (code != SQLITE_OK) return code;
  }
  json_end_array(&answer->json);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_list(struct history_json *answer, const struct history_query *query) {
  struct history_list list;
  int code = history_list_open(&list, answer->database, query, history_json_columns);
  answer->brief = query->brief;
  json_begin_object(&answer->json);
  if (code == SQLITE_OK) code = write_events(answer, &list);
  json_key(&answer->json, "next", strlen("next"));
  if (list.next)
    json_integer(&answer->json, list.next);
  else
    json_null(&answer->json);
  if (code == SQLITE_OK && (list.every_one || list.ended_early)) code = write_searched_to(answer, &list);
  json_end_object(&answer->json);
  history_list_close(&list);
  return code;
}

static int write_one(struct history_json *answer, const char *id) {
  sqlite3_stmt *row = NULL;
  struct buffer sql = {0};
  buffer_text(&sql, "SELECT ");
  buffer_text(&sql, history_json_columns);
  buffer_append(&sql, " FROM events WHERE id = ?1", sizeof " FROM events WHERE id = ?1");
  int code = sql.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(answer->database, sql.bytes, -1, &row, NULL);
  buffer_free(&sql);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
  code = sqlite3_step(row);
  if (code == SQLITE_ROW)
    code = history_json_event(answer, row);
  else if (code == SQLITE_DONE)
    json_null(&answer->json);
  sqlite3_finalize(row);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int history_query_run(sqlite3 *database, const struct history_query *query, struct buffer *out) {
  struct history_json answer = {0};
  int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL); /* one state of the file for all that is read */
  if (code == SQLITE_OK) code = history_json_open(&answer, database, query->id != NULL, out);
  if (code == SQLITE_OK) code = query->id ? write_one(&answer, query->id) : write_list(&answer, query);
  history_json_close(&answer);
  sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}

void history_query_nothing(const struct history_query *query, struct buffer *out) {
  if (query->id)
    buffer_text(out, "null");
  else if (history_list_looks_at_every_one(query))
    buffer_text(out, "{\"events\":[],\"next\":null,\"searched_to\":null}");
  else
    buffer_text(out, "{\"events\":[],\"next\":null}");
}
