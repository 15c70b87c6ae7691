/*
 * history_query: see history_query.h.
 *
 * A list is read through the one index that fits the question best (`paths`), which gives its rows in the order of seq;
 * the other conditions are checked row by row, and reading stops with the page. INDEXED BY makes SQLite keep to that
 * whatever it believes about the data. A range of time first becomes a range of seq, by event_spans.
 */
#include "history_query.h"

#include <string.h>

#include "history_schema.h"
#include "json.h"

enum field_kind {
  FIELD_TEXT,
  FIELD_INTEGER,
  FIELD_TIME, /* microseconds in the file, seconds in JSON */
  FIELD_BOOLEAN,
  FIELD_BODY, /* a blob, which is no UTF-8 text, goes under another key as base64 */
  FIELD_JSON
};

struct field {
  const char *name; /* of the column, and key */
  enum field_kind kind;
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct field event_fields[] = {
    {"seq", FIELD_INTEGER},  {"id", FIELD_TEXT},    {"time", FIELD_TIME},  {"intent", FIELD_TEXT},
    {"session", FIELD_TEXT}, {"slots", FIELD_JSON}, {"error", FIELD_TEXT}, {"note", FIELD_TEXT},
};

static const struct field delivery_fields[] = {
    {"number", FIELD_INTEGER}, {"url", FIELD_TEXT},     {"status", FIELD_TEXT},
    {"cause", FIELD_TEXT},     {"message", FIELD_TEXT}, {"finished", FIELD_TIME},
};

static const struct field attempt_fields[] = {
    {"started", FIELD_TIME},
    {"method", FIELD_TEXT},
    {"url", FIELD_TEXT},
    {"request_headers", FIELD_TEXT},
    {"request_body", FIELD_BODY},
    {"http_status", FIELD_INTEGER},
    {"response_headers", FIELD_TEXT},
    {"response_body", FIELD_BODY},
    {"response_length", FIELD_INTEGER},
    {"truncated", FIELD_BOOLEAN},
    {"remote_address", FIELD_TEXT},
    {"http_version", FIELD_TEXT},
    {"tls_version", FIELD_TEXT},
    {"name_lookup_us", FIELD_INTEGER},
    {"connect_us", FIELD_INTEGER},
    {"tls_us", FIELD_INTEGER},
    {"first_byte_us", FIELD_INTEGER},
    {"total_us", FIELD_INTEGER},
    {"cause", FIELD_TEXT},
    {"message", FIELD_TEXT},
    {"body_cause", FIELD_TEXT},
    {"resent", FIELD_BOOLEAN},
};

/* ---- rows to JSON ---- */

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

static void write_value(struct json *json, const struct field *field, sqlite3_stmt *row, int column) {
  int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) {
    json_null(json);
    return;
  }
  if (field->kind == FIELD_BODY && type == SQLITE_BLOB) {
    write_blob(json, field->name, row, column);
    return;
  }
  const void *bytes;
  switch (field->kind) {
  case FIELD_INTEGER: json_integer(json, sqlite3_column_int64(row, column)); break;
  case FIELD_TIME: json_number(json, (double)sqlite3_column_int64(row, column) / 1e6); break;
  case FIELD_BOOLEAN: json_boolean(json, sqlite3_column_int(row, column) != 0); break;
  case FIELD_JSON:
    bytes = sqlite3_column_blob(row, column); /* text as it is; the length is asked for afterwards */
    json_raw(json, bytes, (size_t)sqlite3_column_bytes(row, column));
    break;
  case FIELD_TEXT:
  case FIELD_BODY:
    bytes = sqlite3_column_blob(row, column);
    json_string(json, bytes ? bytes : "", (size_t)sqlite3_column_bytes(row, column));
    break;
  }
}

static void write_fields(struct json *json, const struct field *fields, size_t count, sqlite3_stmt *row) {
  for (size_t i = 0; i < count; i++) {
    json_key(json, fields[i].name, strlen(fields[i].name));
    write_value(json, &fields[i], row, (int)i);
  }
}

/* ---- statements ---- */

static void add_columns(struct buffer *sql, const char *table, const struct field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    buffer_text(sql, i ? ", " : "SELECT ");
    buffer_text(sql, table);
    buffer_byte(sql, '.');
    buffer_text(sql, fields[i].name);
  }
}

/* Gives the memory of sql back. Returns an SQLite code. */
static int prepare(sqlite3 *database, struct buffer *sql, sqlite3_stmt **statement) {
  buffer_byte(sql, '\0');
  int code = sql->failed ? SQLITE_NOMEM : sqlite3_prepare_v2(database, sql->bytes, -1, statement, NULL);
  buffer_free(sql);
  return code;
}

static int prepare_fields(sqlite3 *database, const char *table, const struct field *fields, size_t count,
                          const char *rest, sqlite3_stmt **statement) {
  struct buffer sql = {0};
  add_columns(&sql, table, fields, count);
  buffer_text(&sql, rest);
  return prepare(database, &sql, statement);
}

/* An answer while it is put together. */
struct answer {
  sqlite3 *database;
  const struct history_query *query;
  struct json json;
  sqlite3_stmt *deliveries, *attempts; /* attempts NULL: not asked for */
};

static int open_answer(struct answer *answer) {
  int code = prepare_fields(answer->database, "deliveries", delivery_fields, COUNT(delivery_fields),
                            " FROM deliveries WHERE event = ?1 ORDER BY number", &answer->deliveries);
  if (code != SQLITE_OK || !answer->query->id) return code;
  return prepare_fields(answer->database, "attempts", attempt_fields, COUNT(attempt_fields),
                        " FROM attempts WHERE event = ?1 AND number = ?2 ORDER BY seq", &answer->attempts);
}

static void close_answer(struct answer *answer) {
  sqlite3_finalize(answer->deliveries);
  sqlite3_finalize(answer->attempts);
}

/* ---- an event ---- */

/* Resets the statement whatever came. */
static int finish_rows(sqlite3_stmt *statement, int code) {
  sqlite3_reset(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_attempts(struct answer *answer, int64_t event, int64_t number) {
  struct json *json = &answer->json;
  json_key(json, "attempts", strlen("attempts"));
  json_begin_array(json);
  sqlite3_bind_int64(answer->attempts, 1, event);
  sqlite3_bind_int64(answer->attempts, 2, number);
  int code;
  while ((code = sqlite3_step(answer->attempts)) == SQLITE_ROW) {
    json_begin_object(json);
    write_fields(json, attempt_fields, COUNT(attempt_fields), answer->attempts);
    json_end_object(json);
  }
  json_end_array(json);
  return finish_rows(answer->attempts, code);
}

static int write_deliveries(struct answer *answer, int64_t event) {
  struct json *json = &answer->json;
  json_key(json, "deliveries", strlen("deliveries"));
  json_begin_array(json);
  sqlite3_bind_int64(answer->deliveries, 1, event);
  int code;
  while ((code = sqlite3_step(answer->deliveries)) == SQLITE_ROW) {
    json_begin_object(json);
    write_fields(json, delivery_fields, COUNT(delivery_fields), answer->deliveries);
    if (answer->attempts) {
      code = write_attempts(answer, event, sqlite3_column_int64(answer->deliveries, 0));
      if (code != SQLITE_OK) break;
    }
    json_end_object(json);
  }
  json_end_array(json);
  return finish_rows(answer->deliveries, code);
}

static int write_event(struct answer *answer, sqlite3_stmt *row) {
  json_begin_object(&answer->json);
  write_fields(&answer->json, event_fields, COUNT(event_fields), row);
  int code = write_deliveries(answer, sqlite3_column_int64(row, 0));
  json_end_object(&answer->json);
  return code;
}

/* ---- lists ---- */

enum given { GIVEN_INTENT = 1, GIVEN_STATUS = 2, GIVEN_SESSION = 4, GIVEN_URL = 8 };

static unsigned given_of(const struct history_query *query) {
  return (query->intent ? GIVEN_INTENT : 0u) | (query->status ? GIVEN_STATUS : 0u) |
         (query->session ? GIVEN_SESSION : 0u) | (query->url ? GIVEN_URL : 0u);
}

#define BY_SEQ      " WHERE events.seq BETWEEN :first AND :last"
#define BY_EVENT    " CROSS JOIN events ON events.seq = deliveries.event WHERE deliveries.event BETWEEN :first AND :last"
#define SEQ_ORDER   " ORDER BY events.seq DESC"
#define EVENT_ORDER " ORDER BY deliveries.event DESC"

/*
 * The first that fits is taken: what it needs is given, and so the index is narrow. The index for sessions is one for
 * each span (history_schema.c); without the plus, SQLite would compare as integers, which the index does not know.
 */
static const struct path {
  unsigned needs;
  bool by_delivery;
  const char *from, *order;
} paths[] = {
    {GIVEN_SESSION, false,
     " FROM event_spans CROSS JOIN events INDEXED BY events_session ON events.seq >> 12 = +event_spans.span" BY_SEQ
     " AND event_spans.span BETWEEN :first >> 12 AND :last >> 12",
     " ORDER BY event_spans.span DESC, events.seq DESC"},
    {GIVEN_INTENT | GIVEN_STATUS, true, " FROM deliveries INDEXED BY deliveries_intent_status" BY_EVENT, EVENT_ORDER},
    {GIVEN_URL, true, " FROM deliveries INDEXED BY deliveries_url" BY_EVENT, EVENT_ORDER},
    {GIVEN_STATUS, true, " FROM deliveries INDEXED BY deliveries_status" BY_EVENT, EVENT_ORDER},
    {GIVEN_INTENT, false, " FROM events INDEXED BY events_intent" BY_SEQ, SEQ_ORDER},
    {0, false, " FROM events" BY_SEQ, SEQ_ORDER},
};

/* What is checked, where it is given. Several conditions on deliveries have to hold for one and the same. */
static const struct condition {
  unsigned given;
  bool of_delivery;
  const char *sql;
} conditions[] = {
    {GIVEN_SESSION, false, " AND events.session = :session"}, {GIVEN_INTENT, false, " AND events.intent = :intent"},
    {GIVEN_INTENT, true, " AND deliveries.intent = :intent"}, {GIVEN_STATUS, true, " AND deliveries.status = :status"},
    {GIVEN_URL, true, " AND deliveries.url = :url"},
};

static void add_conditions(struct buffer *sql, unsigned given, bool of_delivery) {
  for (size_t i = 0; i < COUNT(conditions); i++)
    if (conditions[i].given & given && conditions[i].of_delivery == of_delivery) buffer_text(sql, conditions[i].sql);
}

static void add_list(struct buffer *sql, const struct history_query *query) {
  unsigned given = given_of(query);
  const struct path *path = paths;
  while ((path->needs & given) != path->needs) path++;
  add_columns(sql, "events", event_fields, COUNT(event_fields));
  buffer_text(sql, path->from);
  add_conditions(sql, given, path->by_delivery);
  if (!path->by_delivery && given & (GIVEN_STATUS | GIVEN_URL)) {
    buffer_text(sql, " AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq");
    add_conditions(sql, given & ~(unsigned)GIVEN_INTENT, true);
    buffer_byte(sql, ')');
  }
  if (query->since_us) buffer_text(sql, " AND events.time >= :since");
  if (query->until_us) buffer_text(sql, " AND events.time < :until");
  buffer_text(sql, path->order);
}

static void bind_text(sqlite3_stmt *statement, const char *name, const char *text) {
  int parameter = sqlite3_bind_parameter_index(statement, name);
  if (parameter && text) sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

static void bind_integer(sqlite3_stmt *statement, const char *name, int64_t value) {
  int parameter = sqlite3_bind_parameter_index(statement, name);
  if (parameter) sqlite3_bind_int64(statement, parameter, value);
}

struct seq_range {
  int64_t first, last;
};

/* Where events of the time asked for can be; nowhere when first > last. */
static int find_range(sqlite3 *database, const struct history_query *query, struct seq_range *range) {
  *range = (struct seq_range){1, query->before_seq > 0 ? query->before_seq - 1 : INT64_MAX};
  if (!query->since_us && !query->until_us) return SQLITE_OK;
  sqlite3_stmt *statement;
  int code = sqlite3_prepare_v2(
      database, "SELECT min(span), max(span) FROM event_spans WHERE latest >= :since AND earliest < :until", -1,
      &statement, NULL);
  if (code != SQLITE_OK) return code;
  bind_integer(statement, ":since", query->since_us ? query->since_us : INT64_MIN);
  bind_integer(statement, ":until", query->until_us ? query->until_us : INT64_MAX);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    if (sqlite3_column_type(statement, 0) == SQLITE_NULL) {
      range->last = 0;
    } else {
      int64_t first = sqlite3_column_int64(statement, 0) << HISTORY_SPAN_SHIFT;
      int64_t last = ((sqlite3_column_int64(statement, 1) + 1) << HISTORY_SPAN_SHIFT) - 1;
      if (first > range->first) range->first = first;
      if (last < range->last) range->last = last;
    }
  }
  return sqlite3_finalize(statement);
}

/* Rows that repeat an event (several of its deliveries fit) follow each other. One more than the page shows if there
 * are more. */
static int write_page(struct answer *answer, sqlite3_stmt *rows) {
  int64_t previous = 0;
  int limit = answer->query->limit, written = 0, code;
  bool more = false;
  if (limit < 1) limit = 1;
  if (limit > HISTORY_READER_LIMIT) limit = HISTORY_READER_LIMIT;
  while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
    int64_t seq = sqlite3_column_int64(rows, 0);
    if (seq == previous) continue;
    more = written == limit;
    if (more) break;
    code = write_event(answer, rows);
    if (code != SQLITE_OK) return code;
    previous = seq;
    written++;
  }
  json_end_array(&answer->json);
  json_key(&answer->json, "next", strlen("next"));
  if (more)
    json_integer(&answer->json, previous);
  else
    json_null(&answer->json);
  return more || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_rows(struct answer *answer) {
  const struct history_query *query = answer->query;
  struct seq_range range;
  int code = find_range(answer->database, query, &range);
  if (code != SQLITE_OK) return code;
  struct buffer sql = {0};
  sqlite3_stmt *rows = NULL;
  add_list(&sql, query);
  code = prepare(answer->database, &sql, &rows);
  if (code != SQLITE_OK) return code;
  bind_text(rows, ":intent", query->intent);
  bind_text(rows, ":status", query->status);
  bind_text(rows, ":session", query->session);
  bind_text(rows, ":url", query->url);
  bind_integer(rows, ":first", range.first);
  bind_integer(rows, ":last", range.last);
  bind_integer(rows, ":since", query->since_us);
  bind_integer(rows, ":until", query->until_us);
  code = write_page(answer, rows);
  sqlite3_finalize(rows);
  return code;
}

static int write_list(struct answer *answer) {
  json_begin_object(&answer->json);
  json_key(&answer->json, "events", strlen("events"));
  json_begin_array(&answer->json);
  int code = write_rows(answer);
  json_end_object(&answer->json);
  return code;
}

static int write_one(struct answer *answer) {
  sqlite3_stmt *row = NULL;
  int code = prepare_fields(answer->database, "events", event_fields, COUNT(event_fields),
                            " FROM events WHERE id = :id", &row);
  if (code != SQLITE_OK) return code;
  bind_text(row, ":id", answer->query->id);
  code = sqlite3_step(row);
  if (code == SQLITE_ROW)
    code = write_event(answer, row);
  else if (code == SQLITE_DONE)
    json_null(&answer->json);
  sqlite3_finalize(row);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int history_query_run(sqlite3 *database, const struct history_query *query, struct buffer *out) {
  struct answer answer = {.database = database, .query = query, .json.out = out};
  int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL); /* one state of the file for all that is read */
  if (code == SQLITE_OK) code = open_answer(&answer);
  if (code == SQLITE_OK) code = query->id ? write_one(&answer) : write_list(&answer);
  close_answer(&answer);
  sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}

void history_query_nothing(const struct history_query *query, struct buffer *out) {
  buffer_text(out, query->id ? "null" : "{\"events\":[],\"next\":null}");
}
