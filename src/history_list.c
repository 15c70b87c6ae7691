/*
 * history_list: see history_list.h.
 *
 * A list is read through the one index that fits the question best (`paths`), which gives its rows in the order of seq;
 * the other conditions are checked row by row, and reading stops with the page. INDEXED BY makes SQLite keep to that
 * whatever it believes about the data. A range of time first becomes a range of seq, by event_spans.
 *
 * With search_us, the first thing that is checked in a row is the time, by an SQL function: LOOK. It fails when the
 * time is over; then all events before that row's are done with.
 */
#include "history_list.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "history_schema.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOOK         "history_look"

enum given {
  GIVEN_INTENT = 1,
  GIVEN_STATUS = 2,
  GIVEN_SESSION = 4,
  GIVEN_URL = 8,
  GIVEN_FEW = 16, /* a status that few deliveries have, as a rule: any but "delivered" */
  GIVEN_NONE = 32 /* "recorded": no delivery */
};

static unsigned given_of(const struct history_query *query) {
  unsigned status = 0;
  if (query->status && strcmp(query->status, "recorded") == 0)
    status = GIVEN_NONE;
  else if (query->status)
    status = GIVEN_STATUS | (strcmp(query->status, "delivered") == 0 ? 0u : GIVEN_FEW);
  return status | (query->intent ? GIVEN_INTENT : 0u) | (query->session ? GIVEN_SESSION : 0u) |
         (query->url ? GIVEN_URL : 0u);
}

bool history_list_looks_at_every_one(const struct history_query *query) {
  bool searches = query->search && *query->search;
  return query->seq_count == 0 && (searches || given_of(query) & GIVEN_NONE);
}

/* ---- the statement ---- */

#define BY_SEQ   " WHERE events.seq BETWEEN :first AND :last"
#define BY_EVENT " CROSS JOIN events ON events.seq = deliveries.event WHERE deliveries.event BETWEEN :first AND :last"

/*
 * The first that fits is taken: what it needs is given, and so the index is narrow. The index for sessions is one for
 * each span (history_schema.c); without the plus, SQLite would compare as integers, which the index does not know.
 */
static const struct path {
  unsigned needs;
  bool by_delivery;
  const char *from;
} paths[] = {
    {GIVEN_SESSION, false,
     " FROM event_spans CROSS JOIN events INDEXED BY events_session ON events.seq" HISTORY_TO_SPAN
     " = +event_spans.span" BY_SEQ " AND event_spans.span BETWEEN :first" HISTORY_TO_SPAN " AND :last" HISTORY_TO_SPAN},
    {GIVEN_INTENT | GIVEN_STATUS, true, " FROM deliveries INDEXED BY deliveries_intent_status" BY_EVENT},
    {GIVEN_FEW, true, " FROM deliveries INDEXED BY deliveries_status" BY_EVENT},
    {GIVEN_URL, true, " FROM deliveries INDEXED BY deliveries_url" BY_EVENT},
    {GIVEN_STATUS, true, " FROM deliveries INDEXED BY deliveries_status" BY_EVENT},
    {GIVEN_INTENT, false, " FROM events INDEXED BY events_intent" BY_SEQ},
    {0, false, " FROM events" BY_SEQ},
};

/* What is checked, where it is given. Several conditions on deliveries have to hold for one and the same. */
static const struct condition {
  unsigned given;
  bool of_delivery;
  const char *sql;
} conditions[] = {
    {GIVEN_SESSION, false, " AND events.session = :session"},
    {GIVEN_INTENT, false, " AND events.intent = :intent"},
    {GIVEN_NONE, false, " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq)"},
    {GIVEN_INTENT, true, " AND deliveries.intent = :intent"},
    {GIVEN_STATUS, true, " AND deliveries.status = :status"},
    {GIVEN_URL, true, " AND deliveries.url = :url"},
};

static void add_conditions(struct buffer *sql, unsigned given, bool of_delivery) {
  for (size_t i = 0; i < COUNT(conditions); i++)
    if (conditions[i].given & given && conditions[i].of_delivery == of_delivery) buffer_text(sql, conditions[i].sql);
}

static void add_order(struct buffer *sql, const struct path *path, bool oldest_first) {
  const char *direction = oldest_first ? " ASC" : " DESC";
  buffer_text(sql, " ORDER BY ");
  if (path->needs & GIVEN_SESSION) {
    buffer_text(sql, "event_spans.span");
    buffer_text(sql, direction);
    buffer_text(sql, ", ");
  }
  buffer_text(sql, path->by_delivery ? "deliveries.event" : "events.seq");
  buffer_text(sql, direction);
}

/* Everything behind the columns. */
static void add_question(struct buffer *sql, const struct history_list *list) {
  const struct history_query *query = list->query;
  unsigned given = given_of(query);
  const struct path *path = paths;
  while ((path->needs & given) != path->needs || (path->by_delivery && given & GIVEN_NONE)) path++;
  buffer_text(sql, path->from);
  if (query->search_us > 0)
    buffer_text(sql, path->by_delivery ? " AND " LOOK "(deliveries.event)" : " AND " LOOK "(events.seq)");
  add_conditions(sql, given, path->by_delivery);
  if (query->since_us) buffer_text(sql, " AND events.time >= :since");
  if (query->until_us) buffer_text(sql, " AND events.time < :until");
  if (!path->by_delivery && given & (GIVEN_STATUS | GIVEN_URL)) {
    buffer_text(sql, " AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq");
    add_conditions(sql, given & ~(unsigned)GIVEN_INTENT, true);
    buffer_byte(sql, ')');
  }
  if (list->search.needle_count > 0) {
    buffer_text(sql, " AND (");
    buffer_text(sql, history_search_in_event);
    buffer_text(sql, " OR ");
    buffer_text(sql, history_search_in_attempts);
    buffer_byte(sql, ')');
  }
  add_order(sql, path, query->after_seq > 0);
}

static int prepare(struct history_list *list, const char *columns) {
  struct buffer sql = {0};
  buffer_text(&sql, "SELECT ");
  buffer_text(&sql, columns);
  if (list->query->seq_count > 0)
    buffer_text(&sql, " FROM events WHERE events.seq = :first");
  else
    add_question(&sql, list);
  buffer_byte(&sql, '\0');
  int code = sql.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(list->database, sql.bytes, -1, &list->rows, NULL);
  buffer_free(&sql);
  return code;
}

/* ---- what is bound ---- */

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

/* Leaves of the range what can be of the time asked for; first > last when there is nothing. */
static int narrow_by_time(sqlite3 *database, const struct history_query *query, struct seq_range *range) {
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

static int bind_all(struct history_list *list) {
  const struct history_query *query = list->query;
  struct seq_range range = {1, INT64_MAX};
  int code = SQLITE_OK;
  if (query->after_seq > 0) range.first = query->after_seq < INT64_MAX ? query->after_seq + 1 : INT64_MAX;
  if (query->before_seq > 0) range.last = query->before_seq - 1;
  if (query->since_us || query->until_us) code = narrow_by_time(list->database, query, &range);
  if (query->url && given_of(query) & GIVEN_NONE) range.last = 0;
  bind_text(list->rows, ":intent", query->intent);
  bind_text(list->rows, ":status", query->status);
  bind_text(list->rows, ":session", query->session);
  bind_text(list->rows, ":url", query->url);
  bind_integer(list->rows, ":first", range.first);
  bind_integer(list->rows, ":last", range.last);
  bind_integer(list->rows, ":since", query->since_us);
  bind_integer(list->rows, ":until", query->until_us);
  return code;
}

/* ---- the time ---- */

static void look(sqlite3_context *context, int count, sqlite3_value **values) {
  struct history_list *list = sqlite3_user_data(context);
  int64_t seq = sqlite3_value_int64(values[0]);
  (void)count;
  if (seq != list->looked_at) {
    list->ended_early = list->looked_at && clock_monotonic_us() >= list->deadline_us;
    if (list->ended_early) {
      sqlite3_result_error_code(context, SQLITE_ABORT);
      return;
    }
    list->looked_at = seq;
  }
  sqlite3_result_int(context, 1);
}

static int enter(struct history_list *list) {
  int code = SQLITE_OK;
  if (list->query->search_us > 0)
    code = sqlite3_create_function_v2(list->database, LOOK, 1, SQLITE_UTF8, list, look, NULL, NULL, NULL);
  if (code == SQLITE_OK && list->search.needle_count > 0) code = history_search_enter(&list->search, list->database);
  return code;
}

/* ---- rows ---- */

static int compare_seqs(const void *first, const void *second) {
  int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
  return a < b ? 1 : a > b ? -1 : 0;
}

int history_list_open(struct history_list *list, sqlite3 *database, const struct history_query *query,
                      const char *columns) {
  *list = (struct history_list){.database = database, .query = query};
  if (query->seq_count > 0) {
    list->seq_count = query->seq_count < HISTORY_READER_SEQS ? query->seq_count : HISTORY_READER_SEQS;
    memcpy(list->seqs, query->seqs, list->seq_count * sizeof *list->seqs);
    qsort(list->seqs, list->seq_count, sizeof *list->seqs, compare_seqs);
    return prepare(list, columns);
  }
  if (query->search && !history_search_open(&list->search, query->search)) return SQLITE_NOMEM;
  list->every_one = history_list_looks_at_every_one(query);
  list->deadline_us = clock_monotonic_us() + query->search_us;
  int code = enter(list);
  if (code == SQLITE_OK) code = prepare(list, columns);
  return code == SQLITE_OK ? bind_all(list) : code;
}

static int step_seqs(struct history_list *list) {
  int code = SQLITE_DONE;
  while (code == SQLITE_DONE && (size_t)list->given < list->seq_count) {
    sqlite3_reset(list->rows);
    int64_t seq = list->seqs[list->given++];
    if (seq == list->given_seq) continue;
    bind_integer(list->rows, ":first", seq);
    code = sqlite3_step(list->rows);
    list->given_seq = seq;
  }
  return code;
}

static int end_page(struct history_list *list, int64_t next) {
  list->next = next;
  return SQLITE_DONE;
}

/* Rows that repeat an event, since several of its deliveries fit, follow each other. One beyond the page: more. */
int history_list_step(struct history_list *list) {
  int limit = list->query->limit, code;
  if (list->query->seq_count > 0) return step_seqs(list);
  if (limit < 1) limit = 1;
  if (limit > HISTORY_READER_LIMIT) limit = HISTORY_READER_LIMIT;
  bool full = list->given == limit;
  if (full && list->every_one) return end_page(list, list->given_seq);
  do code = sqlite3_step(list->rows);
  while (code == SQLITE_ROW && sqlite3_column_int64(list->rows, 0) == list->given_seq);
  if (list->ended_early) return end_page(list, list->looked_at);
  if (code != SQLITE_ROW) return code;
  if (full) return end_page(list, list->given_seq);
  list->given_seq = sqlite3_column_int64(list->rows, 0);
  list->given++;
  return SQLITE_ROW;
}

void history_list_close(struct history_list *list) {
  sqlite3_finalize(list->rows);
  if (list->database) {
    history_search_enter(NULL, list->database);
    sqlite3_create_function_v2(list->database, LOOK, 1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
  }
  history_search_close(&list->search);
  *list = (struct history_list){0};
}
