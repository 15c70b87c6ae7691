/*
 * history_questions: see history_questions.h.
 */
#include "history_questions.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_fixture.h"

struct questions questions;

const char *const questions_intents[3] = {"book", "order", "refund"};
const char *const questions_sessions[3] = {NULL, "chat-1", "chat-2"};
const char *const questions_statuses[7] = {"delivered", "failed",  "pending", "retrying",
                                           "paused",    "unknown", "recorded"};

bool questions_begin(void) {
  char error[HISTORY_ERROR_SIZE];
  questions.folder = fixture_folder(NULL);
  snprintf(questions.path, sizeof questions.path, "%s", fixture_path(questions.folder, "h.db"));
  questions.history = history_acquire(questions.path, 0, error);
  questions.endpoint = fixture_endpoint("http://127.0.0.1:8080/hook", NULL);
  questions.other = fixture_endpoint("https://example.org/hook", NULL);
  questions.reader = history_reader_open(questions.path, error);
  memset(&fixture_told, 0, sizeof fixture_told);
  return questions.history && questions.reader;
}

bool questions_close_history(void) {
  if (questions.history) history_release(questions.history);
  questions.history = NULL;
  return history_finish_all(10000);
}

bool questions_end(void) {
  bool finished = questions_close_history();
  history_reader_close(questions.reader);
  questions.reader = NULL;
  fixture_endpoint_free(questions.endpoint);
  fixture_endpoint_free(questions.other);
  return finished;
}

bool questions_record(const struct fixture_event *fields, int http_status) {
  struct event *event = fixture_record(questions.history, fields, http_status);
  if (event) event_release(event);
  return event != NULL;
}

bool questions_await_events(unsigned count) {
  history_hurry(questions.history, true);
  bool stored = fixture_await(&fixture_told.events_stored, count);
  history_hurry(questions.history, false);
  return stored;
}

bool questions_await_all(void) {
  struct history_stats stats;
  do history_read_stats(questions.history, &stats);
  while (stats.waiting > 0 && !*stats.error);
  return !*stats.error;
}

const char *questions_ask(const struct history_query *query) {
  static char text[2 << 20];
  char error[HISTORY_ERROR_SIZE];
  struct buffer out = {0};
  enum history_answer answer = history_reader_ask(questions.reader, query, 10000, &out, error);
  size_t length = strlen(questions.path);
  bool named = strncmp(error, questions.path, length) == 0;
  if (answer == HISTORY_ANSWERED)
    snprintf(text, sizeof text, "%.*s", (int)out.length, out.bytes);
  else
    snprintf(text, sizeof text, "%s: %s%s", answer == HISTORY_TOO_SLOW ? "too slow" : "unreadable", named ? "FILE" : "",
             error + (named ? length : 0));
  buffer_free(&out);
  return text;
}

const char *questions_all_of(const char *json, const char *before) {
  static char found[64 * 1024];
  size_t length = 0;
  found[0] = '\0';
  for (const char *at = json; (at = strstr(at, before));) {
    at += strlen(before);
    size_t count = strcspn(at, ",}]");
    length += (size_t)snprintf(found + length, sizeof found - length, "%s%.*s", length ? " " : "", (int)count, at);
  }
  return found;
}

const char *questions_seqs(const struct history_query *query) {
  return questions_all_of(questions_ask(query), "{\"seq\":");
}

/* ---- the mixture ---- */

/* The next event gets a seq above that. */
static void jump_to_seq(unsigned recorded, const char *seq) {
  char sql[100];
  questions_await_events(recorded);
  snprintf(sql, sizeof sql, "UPDATE event_spans SET last_seq = %s WHERE span = (SELECT max(span) FROM event_spans)",
           seq);
  fixture_sql(questions.path, sql);
}

static bool record_one(unsigned i) {
  static const char *const slots[] = {"{\"customer_name\":\"Ann\"}", "{\"customer_name\":\"NEEDLEWORK \\\"Bob\\\"\"}"};
  static const int statuses[] = {200, 404, 0};
  int64_t time_us = 1700000000000000 + (int64_t)i * 1000000 - (i % 50 == 0 ? 100000000 : 0);
  struct event *event =
      fixture_record(questions.history,
                     &(struct fixture_event){.intent = questions_intents[random() % 3],
                                             .session = questions_sessions[random() % 3],
                                             .slots = slots[random() % 10 == 0],
                                             .note = random() % 20 == 0 ? "a Needle in a note" : NULL,
                                             .error = random() % 20 == 0 ? "map.lua:1: no needle here" : NULL,
                                             .endpoint = random() % 2 ? questions.endpoint : questions.other,
                                             .deliveries = (unsigned)(random() % 3),
                                             .time_us = time_us},
                     0);
  if (!event) return false;
  for (unsigned j = 0; j < event->delivery_count; j++) {
    int status = statuses[random() % 3];
    if (!status) continue;
    fixture_finish(&event->deliveries[j], status);
    if (random() % 20 == 0) buffer_text(&event->deliveries[j].attempt.response_body, ", needle");
    event_hold(event);
    history_delivery(questions.history, &event->deliveries[j]);
  }
  event_release(event);
  return true;
}

bool questions_record_mixture(void) {
  srandom(1);
  for (unsigned i = 0; i < QUESTIONS_EVENTS; i++) {
    if (i == QUESTIONS_EVENTS / 3) jump_to_seq(i, "9000");
    if (i == QUESTIONS_EVENTS * 2 / 3) jump_to_seq(i, "20000");
    if (!record_one(i)) return false;
  }
  if (!questions_await_events(QUESTIONS_EVENTS) || !questions_await_all()) return false;
  /* A second URL for some events, and statuses, which the fixture cannot make. */
  const char *error = fixture_sql(
      questions.path, "UPDATE deliveries SET url = 'https://example.org/hook' WHERE number = 2 AND event % 3 = 0;"
                      "UPDATE deliveries SET status = CASE event / 7 % 3 WHEN 0 THEN 'retrying' WHEN 1 THEN 'paused'"
                      " ELSE 'unknown' END WHERE status = 'pending' AND event % 2 = 0");
  return *error == '\0';
}

/* ---- what is expected ---- */

static void add(char *sql, const char *column, const char *value) {
  if (value) sprintf(sql + strlen(sql), " AND %s = '%s'", column, value);
}

static void add_number(char *sql, const char *condition, int64_t number) {
  if (number) sprintf(sql + strlen(sql), " AND %s %lld", condition, (long long)number);
}

static void add_search(char *sql, const char *search) {
  static const char *const in_event[] = {"slots", "id", "session", "error", "note"}, *const in_attempts[] = {
                                                                                         "url", "request_body",
                                                                                         "response_body"};
  strcat(sql, " AND (0");
  for (size_t i = 0; i < 5; i++) sprintf(sql + strlen(sql), " OR %s LIKE '%%%s%%'", in_event[i], search);
  strcat(sql, " OR seq IN (SELECT event FROM attempts WHERE 0");
  for (size_t i = 0; i < 3; i++) sprintf(sql + strlen(sql), " OR %s LIKE '%%%s%%'", in_attempts[i], search);
  strcat(sql, "))");
}

/* The one text that a statement gives, however long; in static memory. */
static const char *select_one(const char *sql) {
  static char text[64 * 1024];
  sqlite3 *database = questions_database();
  sqlite3_stmt *row = NULL;
  const unsigned char *found = NULL;
  sqlite3_busy_timeout(database, 5000);
  if (sqlite3_prepare_v2(database, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW)
    found = sqlite3_column_text(row, 0);
  snprintf(text, sizeof text, "%s", found ? (const char *)found : "");
  if (sqlite3_finalize(row) != SQLITE_OK) snprintf(text, sizeof text, "%s", sqlite3_errmsg(database));
  sqlite3_close(database);
  return text;
}

const char *questions_expected(const struct history_query *query) {
  char sql[3000] = "SELECT group_concat(seq, ' ') FROM (SELECT seq FROM events WHERE 1";
  bool recorded = query->status && strcmp(query->status, "recorded") == 0;
  add(sql, "intent", query->intent);
  add(sql, "session", query->session);
  add_number(sql, "time >=", query->since_us);
  add_number(sql, "time <", query->until_us);
  add_number(sql, "seq <", query->before_seq);
  add_number(sql, "seq >", query->after_seq);
  if (recorded) strcat(sql, " AND seq NOT IN (SELECT event FROM deliveries)");
  if (query->status || query->url) {
    strcat(sql, recorded && !query->url ? " AND (1" : " AND (seq IN (SELECT event FROM deliveries WHERE 1");
    if (!recorded) add(sql, "status", query->status);
    add(sql, "url", query->url);
    strcat(sql, recorded && !query->url ? ")" : "))");
  }
  if (query->search) add_search(sql, query->search);
  sprintf(sql + strlen(sql), " ORDER BY seq %s LIMIT %d)", query->after_seq ? "ASC" : "DESC", query->limit);
  return select_one(sql);
}

struct sqlite3 *questions_database(void) {
  sqlite3 *database = NULL;
  sqlite3_open_v2(questions.path, &database, SQLITE_OPEN_READONLY, NULL);
  return database;
}

/* event_spans has a row for each 4096 events and may be read as a whole. */
bool questions_plan_is_bad(struct sqlite3 *database, const char *sql, bool print) {
  char explain[8000];
  snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
  sqlite3_stmt *plan = NULL;
  bool bad = sqlite3_prepare_v2(database, explain, -1, &plan, NULL) != SQLITE_OK;
  if (bad && print) printf("     %s\n     %s\n", sqlite3_errmsg(database), sql);
  unsigned rows = 0;
  while (!bad && sqlite3_step(plan) == SQLITE_ROW) {
    const char *detail = (const char *)sqlite3_column_text(plan, 3);
    bool scans = strncmp(detail, "SCAN", 4) == 0 && strcmp(detail, "SCAN event_spans") != 0;
    rows++;
    if (scans || strstr(detail, "TEMP B-TREE")) {
      if (print) printf("     %s\n     %s\n", detail, sql);
      bad = true;
    }
  }
  sqlite3_finalize(plan);
  return bad || rows == 0;
}
