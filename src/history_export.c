/*
 * history_export: see history_export.h.
 *
 * A piece ends with query->limit events, or with the event that takes it over PIECE_BYTES, since an event can be large.
 */
#include "history_export.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "history_json.h"
#include "history_list.h"

enum { PIECE_BYTES = 1024 * 1024 };

static const char head[] =
    "time,id,intent,session,slots,delivery,url,status,http_status,cause,message,finished,total_us\r\n";

/* Their order is that of the first columns in the head line. */
static const char event_columns[] = "events.seq, events.time, events.id, events.intent, events.session, events.slots, "
                                    "coalesce(events.error, events.note)";
enum event_column { EVENT_SEQ, EVENT_TIME, EVENT_ID, EVENT_INTENT, EVENT_SESSION, EVENT_SLOTS, EVENT_REASON };

/* Their order is that of the others. */
static const char select_deliveries[] = "SELECT number, url, status, " HISTORY_LAST_ATTEMPT(
    "http_status") ", cause, message, finished, " HISTORY_LAST_ATTEMPT("total_us") " FROM deliveries WHERE event = ?1 "
                                                                                   "ORDER BY number";
enum delivery_column { DELIVERY_STATUS = 2, DELIVERY_MESSAGE = 5, DELIVERY_FINISHED = 6, DELIVERY_COLUMNS = 8 };

/* What a spreadsheet, in some language, takes for the beginning of a formula, or skips in front of one. */
static bool begins_formula(const char *text, size_t length) {
  static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}; /* ＝ ＋ － ＠ */
  if (length == 0) return false;
  if (memchr("=+-@\t\r\n", *text, 7)) return true;
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    if (length >= 3 && memcmp(text, wide[i], 3) == 0) return true;
  return false;
}

/* Also for programs that separate by something else than commas. */
static bool needs_quotes(const char *text, size_t length) {
  static const char separators[] = "\",;|\t\r\n";
  for (const char *separator = separators; *separator; separator++)
    if (length && memchr(text, *separator, length)) return true;
  return length > 0 && (*text == ' ' || text[length - 1] == ' ');
}

static void write_text(struct buffer *out, const char *text, size_t length) {
  const char *quote, *end = text + length;
  bool quotes = needs_quotes(text, length);
  if (quotes) buffer_byte(out, '"');
  if (begins_formula(text, length)) buffer_byte(out, '\'');
  while (quotes && (quote = memchr(text, '"', (size_t)(end - text)))) {
    buffer_append(out, text, (size_t)(quote + 1 - text));
    buffer_byte(out, '"');
    text = quote + 1;
  }
  buffer_append(out, text, (size_t)(end - text));
  if (quotes) buffer_byte(out, '"');
}

/* ISO 8601, UTC, with milliseconds. */
static void write_time(struct buffer *out, int64_t time_us) {
  enum { SECOND_US = 1000000 };
  int64_t rest_us = time_us % SECOND_US;
  if (rest_us < 0) rest_us += SECOND_US;
  time_t seconds = (time_t)((time_us - rest_us) / SECOND_US);
  struct tm fields;
  char text[80];
  if (!gmtime_r(&seconds, &fields)) return;
  size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields);
  snprintf(text + length, sizeof text - length, ".%03dZ", (int)(rest_us / 1000));
  buffer_text(out, text);
}

static void write_column(struct buffer *out, sqlite3_stmt *row, int column) {
  if (sqlite3_column_type(row, column) == SQLITE_INTEGER) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)sqlite3_column_int64(row, column));
    buffer_text(out, number);
    return;
  }
  const char *text = sqlite3_column_blob(row, column); /* the length is asked for afterwards */
  size_t length = (size_t)sqlite3_column_bytes(row, column);
  if (text) write_text(out, text, length);
}

static void write_event(struct buffer *out, sqlite3_stmt *event) {
  write_time(out, sqlite3_column_int64(event, EVENT_TIME));
  for (int column = EVENT_ID; column <= EVENT_SLOTS; column++) {
    buffer_byte(out, ',');
    write_column(out, event, column);
  }
}

/* An event without deliveries; why there are none stands in the place of the message. */
static void write_recorded(struct buffer *out, sqlite3_stmt *event) {
  write_event(out, event);
  for (int column = 0; column < DELIVERY_COLUMNS; column++) {
    buffer_byte(out, ',');
    if (column == DELIVERY_STATUS) buffer_text(out, "recorded");
    if (column == DELIVERY_MESSAGE) write_column(out, event, EVENT_REASON);
  }
  buffer_text(out, "\r\n");
}

static void write_delivery(struct buffer *out, sqlite3_stmt *event, sqlite3_stmt *delivery) {
  write_event(out, event);
  for (int column = 0; column < DELIVERY_COLUMNS; column++) {
    buffer_byte(out, ',');
    if (column == DELIVERY_FINISHED && sqlite3_column_type(delivery, column) != SQLITE_NULL)
      write_time(out, sqlite3_column_int64(delivery, column));
    else
      write_column(out, delivery, column);
  }
  buffer_text(out, "\r\n");
}

static int write_rows(struct buffer *out, sqlite3_stmt *event, sqlite3_stmt *deliveries) {
  int code, count = 0;
  sqlite3_bind_int64(deliveries, 1, sqlite3_column_int64(event, EVENT_SEQ));
  for (; (code = sqlite3_step(deliveries)) == SQLITE_ROW; count++) write_delivery(out, event, deliveries);
  sqlite3_reset(deliveries);
  if (code == SQLITE_DONE && count == 0) write_recorded(out, event);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_line(struct history_json *lines, sqlite3_stmt *event) {
  int code = history_json_event(lines, event);
  buffer_byte(lines->json.out, '\n');
  lines->json.comma = false;
  return code;
}

/* Until the page or the piece is full. */
static int write_piece(struct history_list *list, struct history_json *lines, sqlite3_stmt *deliveries,
                       struct buffer *out, int64_t *next_seq) {
  size_t most = out->length + PIECE_BYTES;
  int code = SQLITE_OK;
  while (code == SQLITE_OK && out->length < most) {
    code = history_list_step(list);
    if (code != SQLITE_ROW) break;
    code = deliveries ? write_rows(out, list->rows, deliveries) : write_line(lines, list->rows);
  }
  *next_seq = code == SQLITE_DONE ? list->next : list->given_seq;
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Within a transaction. */
static int write_events(sqlite3 *database, const struct history_query *query, bool csv, struct buffer *out,
                        int64_t *next_seq) {
  struct history_list list = {0};
  struct history_json lines = {0};
  sqlite3_stmt *deliveries = NULL;
  int code = csv ? sqlite3_prepare_v2(database, select_deliveries, -1, &deliveries, NULL)
                 : history_json_open(&lines, database, true, out);
  if (code == SQLITE_OK) code = history_list_open(&list, database, query, csv ? event_columns : history_json_columns);
  if (code == SQLITE_OK) code = write_piece(&list, &lines, deliveries, out, next_seq);
  history_list_close(&list);
  history_json_close(&lines);
  sqlite3_finalize(deliveries);
  return code;
}

int history_export_run(sqlite3 *database, const struct history_query *query, enum history_export_format format,
                       struct buffer *out, int64_t *next_seq) {
  bool csv = format == HISTORY_EXPORT_CSV;
  int64_t next = 0;
  int code = SQLITE_OK;
  if (csv && query->before_seq == 0) buffer_text(out, head);
  if (database) {
    code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL); /* one state of the file for all that is read */
    if (code == SQLITE_OK) code = write_events(database, query, csv, out, &next);
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  }
  *next_seq = next; /* not before: it may be the query's */
  return code == SQLITE_OK && out->failed ? SQLITE_NOMEM : code;
}
