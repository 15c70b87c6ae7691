/*
 * history_json: see history_json.h.
 */
#include "history_json.h"

#include <string.h>

#include "history_brief.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum field_kind {
  FIELD_TEXT,
  FIELD_LONG, /* text that is cut in brief */
  FIELD_INTEGER,
  FIELD_TIME, /* microseconds in the file, seconds in JSON */
  FIELD_BOOLEAN,
  FIELD_BODY, /* a blob, which is no UTF-8 text, goes under another key as base64 */
  FIELD_JSON  /* an object; cut in brief */
};

struct field {
  const char *name; /* key, and the column's name */
  enum field_kind kind;
  const char *sql; /* what to select, when it is no column of the table */
};

static const struct field event_fields[] = {
    {"seq", FIELD_INTEGER, NULL}, {"id", FIELD_TEXT, NULL},      {"time", FIELD_TIME, NULL},
    {"intent", FIELD_TEXT, NULL}, {"session", FIELD_TEXT, NULL}, {"slots", FIELD_JSON, NULL},
    {"error", FIELD_LONG, NULL},  {"note", FIELD_LONG, NULL},
};

const char history_json_columns[] = "events.seq, events.id, events.time, events.intent, events.session, events.slots, "
                                    "events.error, events.note";

static const struct field delivery_fields[] = {
    {"number", FIELD_INTEGER, NULL},
    {"url", FIELD_TEXT, NULL},
    {"status", FIELD_TEXT, NULL},
    {"cause", FIELD_TEXT, NULL},
    {"message", FIELD_TEXT, NULL},
    {"finished", FIELD_TIME, NULL},
    {"http_status", FIELD_INTEGER, HISTORY_LAST_ATTEMPT("http_status")},
    {"total_us", FIELD_INTEGER, HISTORY_LAST_ATTEMPT("total_us")},
};

static const struct field attempt_fields[] = {
    {"started", FIELD_TIME, NULL},
    {"method", FIELD_TEXT, NULL},
    {"url", FIELD_TEXT, NULL},
    {"request_headers", FIELD_TEXT, NULL},
    {"request_body", FIELD_BODY, NULL},
    {"http_status", FIELD_INTEGER, NULL},
    {"response_headers", FIELD_TEXT, NULL},
    {"response_body", FIELD_BODY, NULL},
    {"response_length", FIELD_INTEGER, NULL},
    {"truncated", FIELD_BOOLEAN, NULL},
    {"remote_address", FIELD_TEXT, NULL},
    {"http_version", FIELD_TEXT, NULL},
    {"tls_version", FIELD_TEXT, NULL},
    {"name_lookup_us", FIELD_INTEGER, NULL},
    {"connect_us", FIELD_INTEGER, NULL},
    {"tls_us", FIELD_INTEGER, NULL},
    {"first_byte_us", FIELD_INTEGER, NULL},
    {"total_us", FIELD_INTEGER, NULL},
    {"cause", FIELD_TEXT, NULL},
    {"message", FIELD_TEXT, NULL},
    {"body_cause", FIELD_TEXT, NULL},
    {"resent", FIELD_BOOLEAN, NULL},
};

/* ---- columns ---- */

static void write_base64(struct json *json, const unsigned char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  struct buffer text = {0};
  for (size_t i = 0; i < length; i += 3) {
    size_t count = length - i < 3 ? length - i : 3;
    unsigned three = (unsigned)bytes[i] << 16;
    if (count > 1) three |= (unsigned)bytes[i + 1] << 8;
    if (count > 2) three |= bytes[i + 2];
    char four[4] = {digits[three >> 18], digits[three >> 12 & 63], count > 1 ? digits[three >> 6 & 63] : '=',
                    count > 2 ? digits[three & 63] : '='};
    buffer_append(&text, four, sizeof four);
  }
  json_string(json, text.bytes, text.length);
  if (text.failed) json->out->failed = true;
  buffer_free(&text);
}

static void write_blob(struct json *json, const char *name, sqlite3_stmt *row, int column) {
  struct buffer key = {0};
  buffer_text(&key, name);
  buffer_text(&key, "_base64");
  json_null(json);
  json_key(json, key.bytes, key.length);
  write_base64(json, sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column));
  if (key.failed) json->out->failed = true;
  buffer_free(&key);
}

static void write_text(struct json *json, sqlite3_stmt *row, int column,
                       void (*write)(struct json *json, const char *text, size_t length)) {
  const void *bytes = sqlite3_column_blob(row, column); /* text as it is; the length is asked for afterwards */
  write(json, bytes ? bytes : "", (size_t)sqlite3_column_bytes(row, column));
}

/* One that is not NULL. */
static void write_value(struct json *json, const struct field *field, sqlite3_stmt *row, int column) {
  switch (field->kind) {
  case FIELD_INTEGER: json_integer(json, sqlite3_column_int64(row, column)); break;
  case FIELD_TIME: json_number(json, (double)sqlite3_column_int64(row, column) / 1e6); break;
  case FIELD_BOOLEAN: json_boolean(json, sqlite3_column_int(row, column) != 0); break;
  case FIELD_JSON: write_text(json, row, column, json_raw); break;
  case FIELD_TEXT:
  case FIELD_LONG:
  case FIELD_BODY: write_text(json, row, column, json_string); break;
  }
}

/* Returns whether it was cut. */
static bool write_brief(struct json *json, const struct field *field, sqlite3_stmt *row, int column) {
  const char *text = sqlite3_column_blob(row, column);
  size_t length = (size_t)sqlite3_column_bytes(row, column);
  if (!text) text = "";
  if (field->kind == FIELD_JSON) return history_brief_slots(json, text, length);
  if (field->kind == FIELD_LONG) return history_brief_text(json, text, length);
  write_value(json, field, row, column);
  return false;
}

/* Returns whether something was cut. */
static bool write_fields(struct history_json *answer, const struct field *fields, size_t count, sqlite3_stmt *row) {
  struct json *json = &answer->json;
  bool cut = false;
  for (int i = 0; i < (int)count; i++) {
    int type = sqlite3_column_type(row, i);
    json_key(json, fields[i].name, strlen(fields[i].name));
    if (type == SQLITE_NULL)
      json_null(json);
    else if (fields[i].kind == FIELD_BODY && type == SQLITE_BLOB)
      write_blob(json, fields[i].name, row, i);
    else if (answer->brief)
      cut = write_brief(json, &fields[i], row, i) || cut;
    else
      write_value(json, &fields[i], row, i);
  }
  return cut;
}

/* ---- statements ---- */

/* "SELECT", the columns of a table, and the rest. Returns an SQLite code. */
static int prepare(sqlite3 *database, const char *table, const struct field *fields, size_t count, const char *rest,
                   sqlite3_stmt **statement) {
  struct buffer sql = {0};
  for (size_t i = 0; i < count; i++) {
    buffer_text(&sql, i ? ", " : "SELECT ");
    if (fields[i].sql) {
      buffer_text(&sql, fields[i].sql);
      continue;
    }
    buffer_text(&sql, table);
    buffer_byte(&sql, '.');
    buffer_text(&sql, fields[i].name);
  }
  buffer_text(&sql, rest);
  buffer_byte(&sql, '\0');
  int code = sql.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(database, sql.bytes, -1, statement, NULL);
  buffer_free(&sql);
  return code;
}

int history_json_open(struct history_json *answer, sqlite3 *database, bool attempts, struct buffer *out) {
  *answer = (struct history_json){.database = database, .json.out = out};
  int code = prepare(database, "deliveries", delivery_fields, COUNT(delivery_fields),
                     " FROM deliveries WHERE event = ?1 ORDER BY number", &answer->deliveries);
  if (code != SQLITE_OK || !attempts) return code;
  return prepare(database, "attempts", attempt_fields, COUNT(attempt_fields),
                 " FROM attempts WHERE event = ?1 AND number = ?2 ORDER BY seq", &answer->attempts);
}

void history_json_close(struct history_json *answer) {
  sqlite3_finalize(answer->deliveries);
  sqlite3_finalize(answer->attempts);
}

/* ---- an event ---- */

/* Resets the statement whatever came. */
static int finish_rows(sqlite3_stmt *statement, int code) {
  sqlite3_reset(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_attempts(struct history_json *answer, int64_t event, int64_t number) {
  struct json *json = &answer->json;
  json_key(json, "attempts", strlen("attempts"));
  json_begin_array(json);
  sqlite3_bind_int64(answer->attempts, 1, event);
  sqlite3_bind_int64(answer->attempts, 2, number);
  int code;
  while ((code = sqlite3_step(answer->attempts)) == SQLITE_ROW) {
    json_begin_object(json);
    write_fields(answer, attempt_fields, COUNT(attempt_fields), answer->attempts);
    json_end_object(json);
  }
  json_end_array(json);
  return finish_rows(answer->attempts, code);
}

static int write_deliveries(struct history_json *answer, int64_t event) {
  struct json *json = &answer->json;
  json_key(json, "deliveries", strlen("deliveries"));
  json_begin_array(json);
  sqlite3_bind_int64(answer->deliveries, 1, event);
  int code;
  while ((code = sqlite3_step(answer->deliveries)) == SQLITE_ROW) {
    json_begin_object(json);
    write_fields(answer, delivery_fields, COUNT(delivery_fields), answer->deliveries);
    if (answer->attempts) {
      code = write_attempts(answer, event, sqlite3_column_int64(answer->deliveries, 0));
      if (code != SQLITE_OK) break;
    }
    json_end_object(json);
  }
  json_end_array(json);
  return finish_rows(answer->deliveries, code);
}

int history_json_event(struct history_json *answer, sqlite3_stmt *row) {
  struct json *json = &answer->json;
  json_begin_object(json);
  if (write_fields(answer, event_fields, COUNT(event_fields), row)) {
    json_key(json, "cut", strlen("cut"));
    json_boolean(json, true);
  }
  int code = write_deliveries(answer, sqlite3_column_int64(row, 0));
  json_end_object(json);
  return code;
}
