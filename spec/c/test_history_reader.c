/*
 * test_history_reader: history_reader.c and history_query.c (with the rest of history*.c, json.c and the fixture's
 * needs).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history.h"
#include "history_fixture.h"
#include "history_query.h"
#include "history_reader.h"
#include "memory_faults.h"

static char path[512];
static const char *folder;
static struct history *history;
static struct history_reader *reader;
static struct endpoint *endpoint, *other;

static void begin(void) {
  char error[HISTORY_ERROR_SIZE];
  folder = fixture_folder(NULL);
  snprintf(path, sizeof path, "%s", fixture_path(folder, "h.db"));
  history = history_acquire(path, 0, error);
  endpoint = fixture_endpoint("http://127.0.0.1:8080/hook", NULL);
  other = fixture_endpoint("https://example.org/hook", NULL);
  reader = history_reader_open(path, error);
  CHECK(history && reader);
  memset(&fixture_told, 0, sizeof fixture_told);
}

static void close_history(void) {
  if (history) history_release(history);
  history = NULL;
  CHECK(history_finish_all(10000));
}

static void end(void) {
  close_history();
  history_reader_close(reader);
  fixture_endpoint_free(endpoint);
  fixture_endpoint_free(other);
  CHECK(memory_faults_outstanding() == 0);
}

static void record(const struct fixture_event *fields, int http_status) {
  struct event *event = fixture_record(history, fields, http_status);
  CHECK(event != NULL);
  if (event) event_release(event);
}

static bool await_events(unsigned count) {
  history_hurry(history, true);
  bool stored = fixture_await(&fixture_told.events_stored, count);
  history_hurry(history, false);
  return stored;
}

/* The answer, or the error, in which the file's path reads FILE; in static memory. */
static const char *ask(const struct history_query *query) {
  static char text[2 << 20];
  char error[HISTORY_ERROR_SIZE];
  struct buffer out = {0};
  enum history_answer answer = history_reader_ask(reader, query, 10000, &out, error);
  if (answer == HISTORY_ANSWERED)
    snprintf(text, sizeof text, "%.*s", (int)out.length, out.bytes);
  else
    snprintf(text, sizeof text, "%s: %s%s", answer == HISTORY_TOO_SLOW ? "too slow" : "unreadable",
             strstr(error, path) == error ? "FILE" : "", error + (strstr(error, path) == error ? strlen(path) : 0));
  buffer_free(&out);
  return text;
}

/* What follows the key `before` wherever it occurs, up to a comma or bracket, separated by spaces; in static memory. */
static const char *all_of(const char *json, const char *before) {
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

static const char *seqs(const struct history_query *query) {
  return all_of(ask(query), "{\"seq\":");
}

/* ---- answers ---- */

static void test_answers(void) {
  TEST("a list has its events newest first, with their deliveries, without attempts; times are seconds") {
    begin();
    struct event *event = fixture_record(
        history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 2, .time_us = 1700000000123456}, 0);
    fixture_refuse(&event->deliveries[1], CAUSE_QUEUE_FULL, NULL);
    event->deliveries[1].finished_us = 1700000001500000;
    event_hold(event);
    history_delivery(history, &event->deliveries[1]);
    record(&(struct fixture_event){.intent = "note \"it\"",
                                   .time_us = 1700000002000000,
                                   .session = "chat-1",
                                   .slots = "{}",
                                   .error = "boom\nat line 1",
                                   .note = "no action"},
           0);
    CHECK(await_events(2) && fixture_await(&fixture_told.deliveries_stored, 1));
    char expected[2000];
    const char *second_id = fixture_sql(path, "SELECT id FROM events WHERE seq = 2");
    snprintf(expected, sizeof expected,
             "{\"events\":[{\"seq\":2,\"id\":\"%s\",\"time\":1700000002,\"intent\":\"note \\\"it\\\"\","
             "\"session\":\"chat-1\",\"slots\":{},\"error\":\"boom\\nat line 1\",\"note\":\"no action\","
             "\"deliveries\":[]},"
             "{\"seq\":1,\"id\":\"%s\",\"time\":1700000000.123456,\"intent\":\"book_appointment\",\"session\":null,"
             "\"slots\":{\"customer_name\":\"John Doe\",\"phone\":\"+84901234567\"},\"error\":null,\"note\":null,"
             "\"deliveries\":["
             "{\"number\":1,\"url\":\"http://127.0.0.1:8080/hook\",\"status\":\"pending\",\"cause\":null,"
             "\"message\":null,\"finished\":null,\"http_status\":null,\"total_us\":null},"
             "{\"number\":2,\"url\":\"http://127.0.0.1:8080/hook\",\"status\":\"failed\",\"cause\":\"queue_full\","
             "\"message\":\"The endpoint's queue was full: raise queue_limit or queue_bytes, or find out why the "
             "endpoint is slow.\",\"finished\":1700000001.5,\"http_status\":null,\"total_us\":null}]}],\"next\":null}",
             second_id, event->id);
    CHECK_TEXT(ask(&(struct history_query){.limit = 10}), expected);
    event_release(event);
    end();
  }
  TEST("names that are not UTF-8 are recorded with U+FFFD, and found by what they were") {
    begin();
    record(&(struct fixture_event){.intent = "b\xffok", .session = "chat\xfe"}, 0);
    CHECK(await_events(1));
    CHECK_TEXT(fixture_sql(path, "SELECT typeof(intent), hex(intent), hex(session) FROM events"),
               "text|62EFBFBD6F6B|63686174EFBFBD");
    CHECK_TEXT(seqs(&(struct history_query){.intent = "b\xffok", .limit = 5}), "1");
    CHECK_TEXT(seqs(&(struct history_query){.session = "chat\xfe", .limit = 5}), "1");
    CHECK_TEXT(seqs(&(struct history_query){.session = "chat\xEF\xBF\xBD", .limit = 5}), "1");
    end();
  }
  TEST("one event by id has its attempts in full, and an unknown id is null") {
    begin();
    struct event *event = fixture_record(
        history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 1, .time_us = 1700000000123456}, 0);
    fixture_finish(&event->deliveries[0], 404);
    event->deliveries[0].finished_us = 1700000001250000;
    event->deliveries[0].attempt.started_us = 1700000001000001;
    event_hold(event);
    history_delivery(history, &event->deliveries[0]);
    CHECK(await_events(1) && fixture_await(&fixture_told.deliveries_stored, 1));
    char expected[4000];
    snprintf(expected, sizeof expected,
             "{\"seq\":1,\"id\":\"%s\",\"time\":1700000000.123456,\"intent\":\"book_appointment\",\"session\":null,"
             "\"slots\":{\"customer_name\":\"John Doe\",\"phone\":\"+84901234567\"},\"error\":null,\"note\":null,"
             "\"deliveries\":["
             "{\"number\":1,\"url\":\"http://127.0.0.1:8080/hook\",\"status\":\"failed\",\"cause\":\"status_4xx\","
             "\"message\":\"The endpoint refused the request with a 4xx status: its response says why.\","
             "\"finished\":1700000001.25,\"http_status\":404,\"total_us\":1500,\"attempts\":["
             "{\"started\":1700000001.000001,\"method\":\"POST\",\"url\":\"http://127.0.0.1:8080/hook\","
             "\"request_headers\":\"POST /hooks/appointments HTTP/1.1\\r\\nHost: 127.0.0.1:8080\\r\\nContent-Type: "
             "application/json\\r\\nUser-Agent: rag-go-intent-webhook/1.0\\r\\nAuthorization: "
             "[redacted]\\r\\nContent-Length: 89\\r\\n\\r\\n\","
             "\"request_body\":\"{\\\"customer_name\\\":\\\"John Doe\\\",\\\"phone\\\":\\\"+84901234567\\\"}\","
             "\"http_status\":404,\"response_headers\":\"HTTP/1.1 200 OK\\r\\nServer: nginx/1.22.1\\r\\nDate: Mon, 23 "
             "Nov 2026 16:00:00 GMT\\r\\nContent-Type: application/octet-stream\\r\\nContent-Length: "
             "2\\r\\nConnection: keep-alive\\r\\n\\r\\n\",\"response_body\":\"ok\",\"response_length\":2,"
             "\"truncated\":false,\"remote_address\":\"127.0.0.1:8080\",\"http_version\":\"1.1\",\"tls_version\":null,"
             "\"name_lookup_us\":10,\"connect_us\":100,\"tls_us\":null,\"first_byte_us\":1400,\"total_us\":1500,"
             "\"cause\":\"status_4xx\",\"message\":null,\"body_cause\":null,\"resent\":false}]}]}",
             event->id);
    CHECK_TEXT(ask(&(struct history_query){.id = event->id}), expected);
    CHECK_TEXT(ask(&(struct history_query){.id = "0190163d-8694-739b-aea5-966c26f8ad91"}), "null");
    CHECK_TEXT(ask(&(struct history_query){.id = "' OR 1 = 1 --"}), "null");
    event_release(event);
    end();
  }
  TEST("a body that is no text comes as base64, other text that is not UTF-8 is repaired") {
    begin();
    static const char *const bodies[] = {"\xff", "\xff\xfe", "\xff\xfe\xfd", "\xff\xfe\xfd\xfc", "plain"};
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 5}, 0);
    for (unsigned i = 0; i < 5; i++) {
      struct attempt *attempt = &event->deliveries[i].attempt;
      fixture_finish(&event->deliveries[i], 200);
      buffer_clear(&attempt->response_body);
      buffer_text(&attempt->response_body, bodies[i]);
      buffer_clear(&attempt->response_head);
      buffer_text(&attempt->response_head, "HTTP/1.1 200 Tr\xe8s bien\r\n\r\n");
      event_hold(event);
      history_delivery(history, &event->deliveries[i]);
    }
    CHECK(await_events(1) && fixture_await(&fixture_told.deliveries_stored, 5));
    const char *answer = ask(&(struct history_query){.id = event->id});
    CHECK_TEXT(all_of(answer, "\"response_body\":"), "null null null null \"plain\"");
    CHECK_TEXT(all_of(answer, "\"response_body_base64\":"), "\"/w==\" \"//4=\" \"//79\" \"//79/A==\"");
    CHECK(strstr(answer, "\"response_headers\":\"HTTP/1.1 200 Tr\xef\xbf\xbds bien\\r\\n\\r\\n\"") != NULL);
    event_release(event);
    end();
  }
}

/* ---- filters and pages ---- */

static const char *const intents[] = {"book", "order", "refund"};
static const char *const sessions[] = {NULL, "chat-1", "chat-2"};
static const int statuses[] = {200, 404, 0};
static const char *const status_names[] = {"delivered", "failed", "pending"};

enum { EVENTS = 600 };

/* The next event gets a seq above that. */
static void jump_to_seq(unsigned recorded, const char *seq) {
  char sql[100];
  CHECK(await_events(recorded));
  snprintf(sql, sizeof sql, "UPDATE event_spans SET last_seq = %s WHERE span = (SELECT max(span) FROM event_spans)",
           seq);
  fixture_sql(path, sql);
}

/* Events of every kind, in three spans, the times going back now and then, with none, one or two deliveries. */
static void record_mixture(void) {
  srandom(1);
  for (unsigned i = 0; i < EVENTS; i++) {
    if (i == EVENTS / 3) jump_to_seq(i, "9000");
    if (i == EVENTS * 2 / 3) jump_to_seq(i, "20000");
    int64_t time_us = 1700000000000000 + (int64_t)i * 1000000 - (i % 50 == 0 ? 100000000 : 0);
    struct event *event = fixture_record(history,
                                         &(struct fixture_event){.intent = intents[random() % 3],
                                                                 .session = sessions[random() % 3],
                                                                 .endpoint = random() % 2 ? endpoint : other,
                                                                 .deliveries = (unsigned)(random() % 3),
                                                                 .time_us = time_us},
                                         0);
    for (unsigned j = 0; j < event->delivery_count; j++) {
      int status = statuses[random() % 3];
      if (!status) continue;
      fixture_finish(&event->deliveries[j], status);
      event_hold(event);
      history_delivery(history, &event->deliveries[j]);
    }
    event_release(event);
  }
  CHECK(await_events(EVENTS));
  struct history_stats stats;
  do history_read_stats(history, &stats);
  while (stats.waiting > 0);
  /* A second URL for some events, which the fixture cannot make. */
  fixture_sql(path, "UPDATE deliveries SET url = 'https://example.org/hook' WHERE number = 2 AND event % 3 = 0");
}

static void add(char *sql, const char *column, const char *value) {
  if (value) sprintf(sql + strlen(sql), " AND %s = '%s'", column, value);
}

/* What the query must give, by a plain statement over everything. */
static const char *expected_seqs(const struct history_query *query) {
  char sql[2000] = "SELECT group_concat(seq, ' ') FROM (SELECT seq FROM events WHERE 1";
  add(sql, "intent", query->intent);
  add(sql, "session", query->session);
  if (query->since_us) sprintf(sql + strlen(sql), " AND time >= %lld", (long long)query->since_us);
  if (query->until_us) sprintf(sql + strlen(sql), " AND time < %lld", (long long)query->until_us);
  if (query->before_seq) sprintf(sql + strlen(sql), " AND seq < %lld", (long long)query->before_seq);
  if (query->status || query->url) {
    strcat(sql, " AND seq IN (SELECT event FROM deliveries WHERE 1");
    add(sql, "status", query->status);
    add(sql, "url", query->url);
    strcat(sql, ")");
  }
  sprintf(sql + strlen(sql), " ORDER BY seq DESC LIMIT %d)", query->limit);
  const char *rows = fixture_sql(path, sql);
  return strcmp(rows, "-") == 0 ? "" : rows;
}

static void test_filters(void) {
  TEST("every combination of filters gives what a plain statement over the whole file gives") {
    begin();
    record_mixture();
    static const int64_t sinces[] = {0, 1700000100000000, 1700000590000000, 1800000000000000},
                         untils[] = {0, 1700000300000000, 1699999950000000};
    unsigned wrong = 0, asked = 0, empty = 0;
    for (unsigned i = 0; i < 4 * 4 * 3 * 3 * 4 * 3 * 2; i++) {
      unsigned rest = i;
      struct history_query query = {.limit = 40};
      query.intent = rest % 4 == 3 ? NULL : intents[rest % 4];
      rest /= 4;
      query.status = rest % 4 == 3 ? NULL : status_names[rest % 4];
      rest /= 4;
      query.session = sessions[rest % 3];
      rest /= 3;
      query.url = rest % 3 == 2 ? NULL : rest % 3 ? "https://example.org/hook" : "http://127.0.0.1:8080/hook";
      rest /= 3;
      query.since_us = sinces[rest % 4];
      rest /= 4;
      query.until_us = untils[rest % 3];
      query.before_seq = rest / 3 ? 9150 : 0;
      const char *expected = expected_seqs(&query), *given = seqs(&query);
      asked++;
      if (!*given) empty++;
      if (strcmp(given, expected) != 0 && wrong++ < 5)
        printf("     intent %s status %s session %s url %s since %lld until %lld before %lld: %s, not %s\n",
               query.intent ? query.intent : "-", query.status ? query.status : "-",
               query.session ? query.session : "-", query.url ? query.url : "-", (long long)query.since_us,
               (long long)query.until_us, (long long)query.before_seq, given, expected);
    }
    CHECK(wrong == 0);
    CHECK(asked == 3456 && empty < asked * 3 / 4);
    end();
  }
  TEST("pages neither skip nor repeat, while events come in, and the last one says so") {
    begin();
    record_mixture();
    static const char *const kinds[] = {NULL, "failed"};
    for (unsigned i = 0; i < 2; i++) {
      struct history_query query = {.status = kinds[i], .limit = 7};
      struct history_query all = {.status = kinds[i], .limit = 1000};
      char whole[8000], pages[8000] = "";
      snprintf(whole, sizeof whole, "%s", expected_seqs(&all));
      for (unsigned page = 0; page < EVENTS; page++) {
        const char *answer = ask(&query);
        const char *next = strstr(answer, "\"next\":") + strlen("\"next\":");
        query.before_seq = strcmp(next, "null}") == 0 ? 0 : atol(next);
        const char *these = all_of(answer, "{\"seq\":");
        sprintf(pages + strlen(pages), "%s%s", *pages && *these ? " " : "", these);
        record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 404);
        if (!query.before_seq) break;
      }
      CHECK_TEXT(pages, whole);
      CHECK(query.before_seq == 0);
      struct history_stats stats;
      do history_read_stats(history, &stats);
      while (stats.waiting > 0);
    }
    end();
  }
  TEST("a page that ends with the last event has no next, and limits out of range are brought into it") {
    begin();
    for (unsigned i = 0; i < 1100; i++) record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1100));
    CHECK_TEXT(all_of(ask(&(struct history_query){.limit = 5, .before_seq = 6}), "\"next\":"), "null");
    CHECK_TEXT(all_of(ask(&(struct history_query){.limit = 5, .before_seq = 7}), "\"next\":"), "2");
    CHECK_TEXT(seqs(&(struct history_query){.limit = 0}), "1100");
    CHECK_TEXT(seqs(&(struct history_query){.limit = -5}), "1100");
    CHECK_TEXT(all_of(ask(&(struct history_query){.limit = 2000}), "\"next\":"), "101");
    CHECK_TEXT(seqs(&(struct history_query){.limit = 1, .before_seq = 1}), "");
    end();
  }
}

/* ---- plans ---- */

static struct buffer statements; /* separated by NUL */

static int note_statement(unsigned kind, void *argument, void *statement, void *sql) {
  (void)kind, (void)argument, (void)sql;
  const char *text = sqlite3_sql(statement);
  if (text && strncmp(text, "SELECT", 6) == 0) buffer_append(&statements, text, strlen(text) + 1);
  return 0;
}

/* A whole table or a sorter in its plan; event_spans has a row for 1024 events and may be read as a whole. */
static bool plan_is_bad(sqlite3 *database, const char *sql, bool print) {
  char explain[8000];
  snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
  sqlite3_stmt *plan = NULL;
  bool bad = sqlite3_prepare_v2(database, explain, -1, &plan, NULL) != SQLITE_OK;
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

static void test_plans(void) {
  TEST("no question reads a whole table or sorts") {
    begin();
    record_mixture();
    sqlite3 *database;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    sqlite3_trace_v2(database, SQLITE_TRACE_STMT, note_statement, NULL);
    for (unsigned i = 0; i < 64; i++) {
      struct history_query query = {.limit = 50};
      if (i & 1) query.intent = "book";
      if (i & 2) query.status = "failed";
      if (i & 4) query.session = "chat-1";
      if (i & 8) query.url = "https://example.org/hook";
      if (i & 16) query.since_us = 1700000100000000;
      if (i & 32) query.before_seq = 500;
      struct buffer out = {0};
      CHECK(history_query_run(database, &query, &out) == SQLITE_OK);
      buffer_free(&out);
    }
    struct buffer out = {0};
    CHECK(history_query_run(database, &(struct history_query){.id = fixture_sql(path, "SELECT max(id) FROM events")},
                            &out) == SQLITE_OK);
    buffer_free(&out);
    sqlite3_trace_v2(database, 0, NULL, NULL);
    unsigned count = 0, bad = 0;
    for (size_t at = 0; at < statements.length; at += strlen(statements.bytes + at) + 1, count++)
      bad += plan_is_bad(database, statements.bytes + at, true);
    CHECK(count > 128 && bad == 0);
    CHECK(plan_is_bad(database, "SELECT * FROM events WHERE note = 'x'", false)); /* it can fail */
    sqlite3_close(database);
    buffer_free(&statements);
    end();
  }
}

/* ---- the documentation ---- */

static void test_documentation(void) {
  TEST("every statement of docs/history.md can be run") {
    static char text[64 * 1024];
    FILE *file = fopen("docs/history.md", "r");
    if (!file) {
      SKIP("not run from the top of the repository");
      continue;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    begin();
    record_mixture();
    sqlite3 *database;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    unsigned statements_run = 0;
    for (char *at = text; (at = strstr(at, "```sql\n")); statements_run++) {
      char *sql = at + strlen("```sql\n"), *last = strstr(sql, "```"), *message = NULL;
      if (!CHECK(last != NULL)) break;
      *last = '\0';
      if (!CHECK(sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK)) printf("     %s: %s\n", message, sql);
      sqlite3_free(message);
      at = last + 1;
    }
    CHECK(statements_run >= 8);
    CHECK(!plan_is_bad(database,
                       "SELECT * FROM events WHERE session = 'chat-7' AND seq >> 12 IN (SELECT +span FROM event_spans)",
                       true));
    sqlite3_close(database);
    end();
  }
}

/* ---- files in every state ---- */

static void write_file(const char *name, const char *bytes, unsigned times) {
  FILE *file = fopen(name, "w");
  while (times--) fputs(bytes, file);
  fclose(file);
}

static void test_files(void) {
  TEST("a file that is not there, or is something else, gives a sentence, and nothing is created") {
    begin();
    CHECK_TEXT(
        ask(&(struct history_query){.limit = 1}),
        "unreadable: FILE: There is no history file (No such file or directory): has anything been recorded yet?");
    CHECK(access(path, F_OK) != 0);
    write_file(path, "notes ", 1000);
    CHECK_TEXT(ask(&(struct history_query){.limit = 1}),
               "unreadable: FILE: The file is not an SQLite database (file is not a database).");
    unlink(path);
    write_file(path, "", 0);
    fixture_sql(path, "CREATE TABLE a (b)");
    CHECK_TEXT(ask(&(struct history_query){.limit = 1}), "unreadable: FILE: The file is an SQLite database, but not a "
                                                         "history of intent-webhook: name another file.");
    unlink(path);
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1));
    fixture_sql(path, "PRAGMA user_version = 7");
    CHECK_TEXT(
        ask(&(struct history_query){.limit = 1}),
        "unreadable: FILE: The history file has schema version 7 and this intent-webhook knows versions up to 2: use "
        "a newer intent-webhook, or another file.");
    end();
  }
  TEST("a file that was only just created has no events yet") {
    begin();
    write_file(path, "", 0);
    CHECK_TEXT(ask(&(struct history_query){.limit = 1}), "{\"events\":[],\"next\":null}");
    CHECK_TEXT(ask(&(struct history_query){.id = "x"}), "null");
    fixture_sql(path, "PRAGMA journal_mode = WAL");
    CHECK_TEXT(ask(&(struct history_query){.limit = 1}), "{\"events\":[],\"next\":null}");
    end();
  }
  TEST("a file that its writer has closed can be read, and written again afterwards") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1));
    CHECK(history_finish_all(10000));
    CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) != 0);
    CHECK_TEXT(seqs(&(struct history_query){.limit = 5}), "1");
    struct stat status;
    if (stat(fixture_path(folder, "h.db-shm"), &status) == 0) CHECK((status.st_mode & 0777) == 0600);
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(2));
    CHECK_TEXT(seqs(&(struct history_query){.limit = 5}), "2 1");
    end();
  }
  TEST("a file that nobody writes, in a folder that may not be written, gives a sentence; one with a writer is read") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1));
    bool root = geteuid() == 0;
    CHECK(chmod(folder, 0555) == 0 && chmod(path, 0644) == 0);
    CHECK(chmod(fixture_path(folder, "h.db-wal"), 0644) == 0 && chmod(fixture_path(folder, "h.db-shm"), 0644) == 0);
    /* The effective user is each thread's own on Linux, but the library changes it for all. */
    if (root) CHECK(seteuid(65534) == 0);
    CHECK_TEXT(seqs(&(struct history_query){.limit = 5}), "1");
    if (root) CHECK(seteuid(0) == 0);
    CHECK(chmod(folder, 0755) == 0);
    close_history();
    CHECK(chmod(folder, 0555) == 0);
    if (root) CHECK(seteuid(65534) == 0);
    const char *answer = ask(&(struct history_query){.limit = 5});
    CHECK(strstr(answer,
                 "unreadable: FILE: The history file cannot be opened: reading needs the permission to read it and, "
                 "unless its writer runs, to create files in its folder (") == answer);
    if (root) CHECK(seteuid(0) == 0);
    CHECK(chmod(folder, 0755) == 0);
    end();
  }
  TEST("a relative path stays what it was when it was given") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1));
    char before[512], error[HISTORY_ERROR_SIZE];
    CHECK(getcwd(before, sizeof before) && chdir(folder) == 0);
    history_reader_close(reader);
    reader = history_reader_open("h.db", error);
    CHECK(chdir(before) == 0);
    CHECK_TEXT(seqs(&(struct history_query){.limit = 5}), "1");
    end();
  }
}

/* ---- time and memory ---- */

static void test_time(void) {
  TEST("a question that takes too long is interrupted in time, and the next one is answered") {
    begin();
    record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
    CHECK(await_events(1) && fixture_await(&fixture_told.deliveries_stored, 1));
    /* Very many deliveries to one URL, none of the intent that is asked for. */
    CHECK_TEXT(fixture_sql(path,
                           "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
                           "INSERT INTO deliveries SELECT i + 10, 1, 'book', 'u', 'failed', NULL, NULL, NULL FROM n"),
               "");
    struct buffer out = {0};
    char error[HISTORY_ERROR_SIZE];
    int64_t started = clock_monotonic_us();
    CHECK(history_reader_ask(reader, &(struct history_query){.url = "u", .intent = "none", .limit = 1}, 5, &out,
                             error) == HISTORY_TOO_SLOW);
    CHECK(clock_monotonic_us() - started < 1000000 * fixture_slowness());
    CHECK(out.length == 0);
    CHECK_TEXT(error, "The history did not answer within 5 ms: give it more time, or ask for less (a smaller limit, an "
                      "intent).");
    CHECK_TEXT(seqs(&(struct history_query){.limit = 5}), "1");
    buffer_free(&out);
    end();
  }
  TEST("a file that somebody keeps for himself is waited for, not longer than it may take") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1));
    close_history();
    sqlite3 *database;
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
    struct buffer out = {0};
    char error[HISTORY_ERROR_SIZE];
    int64_t started = clock_monotonic_us();
    CHECK(history_reader_ask(reader, &(struct history_query){.limit = 1}, 50, &out, error) == HISTORY_TOO_SLOW);
    CHECK(history_reader_ask(reader, &(struct history_query){.limit = 1}, 0, &out, error) == HISTORY_TOO_SLOW);
    CHECK(clock_monotonic_us() - started < 1000000 * fixture_slowness());
    sqlite3_close(database);
    CHECK_TEXT(seqs(&(struct history_query){.limit = 1}), "1");
    buffer_free(&out);
    end();
  }
  TEST("a reader may be closed in the middle of what it was asked and nobody waits for") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(await_events(1));
    struct buffer out = {0};
    char error[HISTORY_ERROR_SIZE];
    history_reader_ask(reader, &(struct history_query){.limit = 1}, 0, &out, error);
    history_reader_close(reader);
    reader = NULL;
    history_reader_close(NULL);
    buffer_free(&out);
    end();
  }
  TEST("reading while the writer writes as fast as it can: every page is whole") {
    begin();
    unsigned pages = 0, wrong = 0;
    for (unsigned i = 0; i < 20000; i++) {
      record(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 200);
      if (i % 500 != 499) continue;
      char given[2000], expected[2000] = "";
      snprintf(given, sizeof given, "%s", seqs(&(struct history_query){.limit = 50}));
      long newest = atol(given);
      for (long seq = newest; seq > newest - 50 && seq > 0; seq--)
        sprintf(expected + strlen(expected), "%s%ld", seq < newest ? " " : "", seq);
      wrong += strcmp(given, expected) != 0 && *given;
      pages++;
    }
    CHECK(pages == 40 && wrong == 0);
    end();
  }
}

static void test_memory(void) {
  TEST("each allocation failing in turn: a sentence comes back instead of an answer, and nothing leaks") {
    begin();
    static const char body[] = "\xff\xfe\xfd";
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 0);
    fixture_finish(&event->deliveries[0], 200);
    for (unsigned i = 0; i < 1000; i++) buffer_append(&event->deliveries[0].attempt.response_body, body, 3);
    event_hold(event);
    history_delivery(history, &event->deliveries[0]);
    CHECK(await_events(1) && fixture_await(&fixture_told.deliveries_stored, 1));
    char id[ID_SIZE];
    memcpy(id, event->id, sizeof id);
    event_release(event);
    close_history();
    history_reader_close(reader);
    bool hit = true;
    unsigned nth = 1;
    for (; hit && nth < 200; nth++) {
      char error[HISTORY_ERROR_SIZE] = "";
      struct buffer out = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      reader = history_reader_open(path, error);
      enum history_answer answer = HISTORY_UNREADABLE;
      if (reader) answer = history_reader_ask(reader, &(struct history_query){.id = id}, 5000, &out, error);
      hit = memory_faults_hit();
      CHECK((answer == HISTORY_ANSWERED) == !hit);
      CHECK((error[0] == '\0') == !hit);
      if (hit && reader) {
        buffer_clear(&out);
        CHECK(history_reader_ask(reader, &(struct history_query){.id = id}, 5000, &out, error) == HISTORY_ANSWERED);
        CHECK(out.length > 4000);
      }
      history_reader_close(reader);
      buffer_free(&out);
    }
    CHECK(nth > 10 && nth < 200);
    reader = NULL;
    end();
  }
}

int main(void) {
  memory_faults_install();
  test_answers();
  test_filters();
  test_plans();
  test_documentation();
  test_files();
  test_time();
  test_memory();
  return check_finish();
}
