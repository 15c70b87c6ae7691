/*
 * history_query: see history_query.h.
 *
 * A list is read through the one index that fits the question best (`paths`), which gives its rows in the order of seq;
 * the other conditions are checked row by row, and reading stops with the page. INDEXED BY makes SQLite keep to that
 * whatever it believes about the data. A range of time first becomes a range of seq, by event_spans.
 */
#include "history_query.h"

#include <string.h>

#include "history_json.h"
#include "history_schema.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum given {
  GIVEN_INTENT = 1,
  GIVEN_STATUS = 2,
  GIVEN_SESSION = 4,
  GIVEN_URL = 8,
  GIVEN_FEW = 16 /* a status that few deliveries have, as a rule: any but "delivered" */
};

static unsigned given_of(const struct history_query *query) {
  return (query->intent ? GIVEN_INTENT : 0u) | (query->status ? GIVEN_STATUS : 0u) |
         (query->session ? GIVEN_SESSION : 0u) | (query->url ? GIVEN_URL : 0u) |
         (query->status && strcmp(query->status, "delivered") != 0 ? GIVEN_FEW : 0u);
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
    {GIVEN_FEW, true, " FROM deliveries INDEXED BY deliveries_status" BY_EVENT, EVENT_ORDER},
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

/* Rows that repeat an event, since several of its deliveries fit, follow each other. One beyond the page: more. */
static int write_page(struct history_json *answer, const struct history_query *query, sqlite3_stmt *rows) {
  int64_t previous = 0;
  int limit = query->limit, written = 0, code;
  bool more = false;
  if (limit < 1) limit = 1;
  if (limit > HISTORY_READER_LIMIT) limit = HISTORY_READER_LIMIT;
  while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
    int64_t seq = sqlite3_column_int64(rows, 0);
    if (seq == previous) continue;
    more = written == limit;
    if (more) break;
    code = history_json_event(answer, rows);
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

static int prepare_list(const struct history_json *answer, const struct history_query *query, sqlite3_stmt **rows) {
  struct buffer sql = {0};
  add_list(&sql, query);
  buffer_byte(&sql, '\0');
  int code = sql.failed ? SQLITE_NOMEM : history_json_select(answer, sql.bytes, rows);
  buffer_free(&sql);
  return code;
}

static int write_rows(struct history_json *answer, const struct history_query *query) {
  struct seq_range range;
  sqlite3_stmt *rows = NULL;
  int code = find_range(answer->database, query, &range);
  if (code == SQLITE_OK) code = prepare_list(answer, query, &rows);
  if (code != SQLITE_OK) return code;
  bind_text(rows, ":intent", query->intent);
  bind_text(rows, ":status", query->status);
  bind_text(rows, ":session", query->session);
  bind_text(rows, ":url", query->url);
  bind_integer(rows, ":first", range.first);
  bind_integer(rows, ":last", range.last);
  bind_integer(rows, ":since", query->since_us);
  bind_integer(rows, ":until", query->until_us);
  code = write_page(answer, query, rows);
  sqlite3_finalize(rows);
  return code;
}

static int write_list(struct history_json *answer, const struct history_query *query) {
  json_begin_object(&answer->json);
  json_key(&answer->json, "events", strlen("events"));
  json_begin_array(&answer->json);
  int code = write_rows(answer, query);
  json_end_object(&answer->json);
  return code;
}

static int write_one(struct history_json *answer, const char *id) {
  sqlite3_stmt *row = NULL;
  int code = history_json_select(answer, " FROM events WHERE id = :id", &row);
  if (code != SQLITE_OK) return code;
  bind_text(row, ":id", id);
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
  buffer_text(out, query->id ? "null" : "{\"events\":[],\"next\":null}");
}
