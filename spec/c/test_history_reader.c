/*
 * test_history_reader: history_reader.c, history_query.c and history_connection.c. Which events a list has:
 * test_history_list.c.
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
#include "history_fixture.h"
#include "history_query.h"
#include "history_questions.h"
#include "history_reader.h"
#include "history_schema.h"
#include "memory_faults.h"
#include "slowness.h"

static void begin(void) {
  CHECK(questions_begin());
}

static void end(void) {
  CHECK(questions_end());
  CHECK(memory_faults_outstanding() == 0);
}

static void record(const struct fixture_event *fields, int http_status) {
  CHECK(questions_record(fields, http_status));
}

/* ---- answers ---- */

static void test_answers(void) {
  TEST("a list has its events newest first, with their deliveries, without attempts; times are seconds") {
    begin();
    struct event *event = fixture_record(
        questions.history,
        &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 2, .time_us = 1700000000123456}, 0);
    fixture_refuse(&event->deliveries[1], CAUSE_QUEUE_FULL, NULL);
    event->deliveries[1].finished_us = 1700000001500000;
    event_hold(event);
    history_delivery(questions.history, &event->deliveries[1]);
    record(&(struct fixture_event){.intent = "note \"it\"",
                                   .time_us = 1700000002000000,
                                   .session = "chat-1",
                                   .slots = "{}",
                                   .error = "boom\nat line 1",
                                   .note = "no action"},
           0);
    CHECK(questions_await_events(2) && fixture_await(&fixture_told.deliveries_stored, 1));
    char expected[2000];
    const char *second_id = fixture_sql(questions.path, "SELECT id FROM events WHERE seq = 2");
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
    CHECK_TEXT(questions_ask(&(struct history_query){.limit = 10}), expected);
    event_release(event);
    end();
  }
  TEST("names that are not UTF-8 are recorded with U+FFFD, and found by what they were") {
    begin();
    record(&(struct fixture_event){.intent = "b\xffok", .session = "chat\xfe"}, 0);
    CHECK(questions_await_events(1));
    CHECK_TEXT(fixture_sql(questions.path, "SELECT typeof(intent), hex(intent), hex(session) FROM events"),
               "text|62EFBFBD6F6B|63686174EFBFBD");
    CHECK_TEXT(questions_seqs(&(struct history_query){.intent = "b\xffok", .limit = 5}), "1");
    CHECK_TEXT(questions_seqs(&(struct history_query){.session = "chat\xfe", .limit = 5}), "1");
    CHECK_TEXT(questions_seqs(&(struct history_query){.session = "chat\xEF\xBF\xBD", .limit = 5}), "1");
    end();
  }
  TEST("one event by id has its attempts in full, and an unknown id is null") {
    begin();
    struct event *event = fixture_record(
        questions.history,
        &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 1, .time_us = 1700000000123456}, 0);
    fixture_finish(&event->deliveries[0], 404);
    event->deliveries[0].finished_us = 1700000001250000;
    event->deliveries[0].attempt.started_us = 1700000001000001;
    event_hold(event);
    history_delivery(questions.history, &event->deliveries[0]);
    CHECK(questions_await_events(1) && fixture_await(&fixture_told.deliveries_stored, 1));
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
    CHECK_TEXT(questions_ask(&(struct history_query){.id = event->id}), expected);
    CHECK_TEXT(questions_ask(&(struct history_query){.id = "0190163d-8694-739b-aea5-966c26f8ad91"}), "null");
    CHECK_TEXT(questions_ask(&(struct history_query){.id = "' OR 1 = 1 --"}), "null");
    event_release(event);
    end();
  }
  TEST("a body that is no text comes as base64, other text that is not UTF-8 is repaired") {
    begin();
    static const char *const bodies[] = {"\xff", "\xff\xfe", "\xff\xfe\xfd", "\xff\xfe\xfd\xfc", "plain"};
    struct event *event =
        fixture_record(questions.history, &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 5}, 0);
    for (unsigned i = 0; i < 5; i++) {
      struct attempt *attempt = &event->deliveries[i].attempt;
      fixture_finish(&event->deliveries[i], 200);
      buffer_clear(&attempt->response_body);
      buffer_text(&attempt->response_body, bodies[i]);
      buffer_clear(&attempt->response_head);
      buffer_text(&attempt->response_head, "HTTP/1.1 200 Tr\xe8s bien\r\n\r\n");
      event_hold(event);
      history_delivery(questions.history, &event->deliveries[i]);
    }
    CHECK(questions_await_events(1) && fixture_await(&fixture_told.deliveries_stored, 5));
    const char *answer = questions_ask(&(struct history_query){.id = event->id});
    CHECK_TEXT(questions_all_of(answer, "\"response_body\":"), "null null null null \"plain\"");
    CHECK_TEXT(questions_all_of(answer, "\"response_body_base64\":"), "\"/w==\" \"//4=\" \"//79\" \"//79/A==\"");
    CHECK(strstr(answer, "\"response_headers\":\"HTTP/1.1 200 Tr\xef\xbf\xbds bien\\r\\n\\r\\n\"") != NULL);
    event_release(event);
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
    CHECK(questions_record_mixture());
    sqlite3 *database;
    CHECK(sqlite3_open_v2(questions.path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
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
    CHECK(!questions_plan_is_bad(
        database, "SELECT * FROM events WHERE session = 'chat-7' AND seq >> 12 IN (SELECT +span FROM event_spans)",
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
        questions_ask(&(struct history_query){.limit = 1}),
        "unreadable: FILE: There is no history file (No such file or directory): has anything been recorded yet?");
    CHECK(access(questions.path, F_OK) != 0);
    write_file(questions.path, "notes ", 1000);
    CHECK_TEXT(questions_ask(&(struct history_query){.limit = 1}),
               "unreadable: FILE: The file is not an SQLite database (file is not a database).");
    unlink(questions.path);
    write_file(questions.path, "", 0);
    fixture_sql(questions.path, "CREATE TABLE a (b)");
    CHECK_TEXT(questions_ask(&(struct history_query){.limit = 1}),
               "unreadable: FILE: The file is an SQLite database, but not a "
               "history of intent-webhook: name another file.");
    unlink(questions.path);
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(1));
    fixture_sql(questions.path, "PRAGMA user_version = 99");
    char expected[HISTORY_ERROR_SIZE];
    snprintf(
        expected, sizeof expected,
        "unreadable: FILE: The history file has schema version 99 and this intent-webhook knows versions up to %d: "
        "use a newer intent-webhook, or another file.",
        (int)HISTORY_SCHEMA_VERSION);
    CHECK_TEXT(questions_ask(&(struct history_query){.limit = 1}), expected);
    end();
  }
  TEST("a file that was only just created has no events yet") {
    begin();
    write_file(questions.path, "", 0);
    CHECK_TEXT(questions_ask(&(struct history_query){.limit = 1}), "{\"events\":[],\"next\":null}");
    CHECK_TEXT(questions_ask(&(struct history_query){.id = "x"}), "null");
    fixture_sql(questions.path, "PRAGMA journal_mode = WAL");
    CHECK_TEXT(questions_ask(&(struct history_query){.limit = 1}), "{\"events\":[],\"next\":null}");
    end();
  }
  TEST("a file that its writer has closed can be read, and written again afterwards") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(1));
    CHECK(history_finish_all(10000));
    CHECK(access(fixture_path(questions.folder, "h.db-wal"), F_OK) != 0);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 5}), "1");
    struct stat status;
    if (stat(fixture_path(questions.folder, "h.db-shm"), &status) == 0) CHECK((status.st_mode & 0777) == 0600);
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(2));
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 5}), "2 1");
    end();
  }
  TEST("a file that nobody writes, in a folder that may not be written, gives a sentence; one with a writer is read") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(1));
    bool root = geteuid() == 0;
    CHECK(chmod(questions.folder, 0555) == 0 && chmod(questions.path, 0644) == 0);
    CHECK(chmod(fixture_path(questions.folder, "h.db-wal"), 0644) == 0 &&
          chmod(fixture_path(questions.folder, "h.db-shm"), 0644) == 0);
    /* The effective user is each thread's own on Linux, but the library changes it for all. */
    if (root) CHECK(seteuid(65534) == 0);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 5}), "1");
    if (root) CHECK(seteuid(0) == 0);
    CHECK(chmod(questions.folder, 0755) == 0);
    CHECK(questions_close_history());
    CHECK(chmod(questions.folder, 0555) == 0);
    if (root) CHECK(seteuid(65534) == 0);
    const char *answer = questions_ask(&(struct history_query){.limit = 5});
    CHECK(strstr(answer,
                 "unreadable: FILE: The history file cannot be opened: reading needs the permission to read it and, "
                 "unless its writer runs, to create files in its folder (") == answer);
    if (root) CHECK(seteuid(0) == 0);
    CHECK(chmod(questions.folder, 0755) == 0);
    end();
  }
  TEST("a relative path stays what it was when it was given") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(1));
    char before[512], error[HISTORY_ERROR_SIZE];
    CHECK(getcwd(before, sizeof before) && chdir(questions.folder) == 0);
    history_reader_close(questions.reader);
    questions.reader = history_reader_open("h.db", error);
    CHECK(chdir(before) == 0);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 5}), "1");
    end();
  }
}

/* ---- time and memory ---- */

static void test_time(void) {
  TEST("a question that takes too long is interrupted in time, and the next one is answered") {
    begin();
    record(&(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 1}, 200);
    CHECK(questions_await_events(1) && fixture_await(&fixture_told.deliveries_stored, 1));
    /* Very many deliveries to one URL, none of the intent that is asked for. */
    CHECK_TEXT(fixture_sql(questions.path,
                           "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
                           "INSERT INTO deliveries SELECT i + 10, 1, 'book', 'u', 'failed', NULL, NULL, NULL FROM n"),
               "");
    struct buffer out = {0};
    char error[HISTORY_ERROR_SIZE];
    int64_t started = clock_monotonic_us();
    CHECK(history_reader_ask(questions.reader, &(struct history_query){.url = "u", .intent = "none", .limit = 1}, 5,
                             &out, error) == HISTORY_TOO_SLOW);
    CHECK(clock_monotonic_us() - started < 1000000 * spec_slowness());
    CHECK(out.length == 0);
    CHECK_TEXT(error, "The history did not answer within 5 ms: give it more time, or ask for less (a smaller limit, an "
                      "intent).");
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 5}), "1");
    buffer_free(&out);
    end();
  }
  TEST("a file that somebody keeps for himself is waited for, not longer than it may take") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(1));
    CHECK(questions_close_history());
    sqlite3 *database;
    CHECK(sqlite3_open(questions.path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
    struct buffer out = {0};
    char error[HISTORY_ERROR_SIZE];
    int64_t started = clock_monotonic_us();
    CHECK(history_reader_ask(questions.reader, &(struct history_query){.limit = 1}, 50, &out, error) ==
          HISTORY_TOO_SLOW);
    CHECK(history_reader_ask(questions.reader, &(struct history_query){.limit = 1}, 0, &out, error) ==
          HISTORY_TOO_SLOW);
    CHECK(clock_monotonic_us() - started < 1000000 * spec_slowness());
    sqlite3_close(database);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 1}), "1");
    buffer_free(&out);
    end();
  }
  TEST("a reader may be closed in the middle of what it was asked and nobody waits for") {
    begin();
    record(&(struct fixture_event){.note = "n"}, 0);
    CHECK(questions_await_events(1));
    struct buffer out = {0};
    char error[HISTORY_ERROR_SIZE];
    history_reader_ask(questions.reader, &(struct history_query){.limit = 1}, 0, &out, error);
    history_reader_close(questions.reader);
    questions.reader = NULL;
    history_reader_close(NULL);
    buffer_free(&out);
    end();
  }
  TEST("reading while the writer writes as fast as it can: every page is whole") {
    begin();
    unsigned pages = 0, wrong = 0;
    for (unsigned i = 0; i < 20000; i++) {
      record(&(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 1}, 200);
      if (i % 500 != 499) continue;
      char given[2000], expected[2000] = "";
      snprintf(given, sizeof given, "%s", questions_seqs(&(struct history_query){.limit = 50}));
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
    struct event *event =
        fixture_record(questions.history, &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 1}, 0);
    fixture_finish(&event->deliveries[0], 200);
    for (unsigned i = 0; i < 1000; i++) buffer_append(&event->deliveries[0].attempt.response_body, body, 3);
    event_hold(event);
    history_delivery(questions.history, &event->deliveries[0]);
    CHECK(questions_await_events(1) && fixture_await(&fixture_told.deliveries_stored, 1));
    char id[ID_SIZE];
    memcpy(id, event->id, sizeof id);
    event_release(event);
    CHECK(questions_close_history());
    history_reader_close(questions.reader);
    bool hit = true;
    unsigned nth = 1;
    for (; hit && nth < 200; nth++) {
      char error[HISTORY_ERROR_SIZE] = "";
      struct buffer out = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      questions.reader = history_reader_open(questions.path, error);
      enum history_answer answer = HISTORY_OUT_OF_MEMORY;
      if (questions.reader)
        answer = history_reader_ask(questions.reader, &(struct history_query){.id = id}, 5000, &out, error);
      hit = memory_faults_hit();
      bool threadless = answer == HISTORY_UNREADABLE && strstr(error, "thread"); /* it needs memory, but not only */
      CHECK(hit ? answer == HISTORY_OUT_OF_MEMORY || threadless : answer == HISTORY_ANSWERED);
      CHECK((error[0] == '\0') == !hit);
      if (hit && questions.reader) {
        buffer_clear(&out);
        CHECK(history_reader_ask(questions.reader, &(struct history_query){.id = id}, 5000, &out, error) ==
              HISTORY_ANSWERED);
        CHECK(out.length > 4000);
      }
      history_reader_close(questions.reader);
      buffer_free(&out);
    }
    CHECK(nth > 10 && nth < 200);
    questions.reader = NULL;
    end();
  }
  TEST("that SQLite has no memory is not taken for trouble with the history") {
    enum { STEP = 512, MOST = 4 << 20 };
    enum history_answer answer = HISTORY_OUT_OF_MEMORY;
    int refused = 0;
    begin();
    record(&(struct fixture_event){0}, 0);
    CHECK(questions_await_events(1) && questions_close_history());
    for (int room = 1; room < MOST && answer != HISTORY_ANSWERED; room += STEP) {
      char error[HISTORY_ERROR_SIZE] = "";
      struct buffer out = {0};
      sqlite3_hard_heap_limit64(sqlite3_memory_used() + room);
      answer = history_reader_ask(questions.reader, &(struct history_query){.limit = 1}, 5000, &out, error);
      sqlite3_hard_heap_limit64(0);
      if (!CHECK(answer == HISTORY_ANSWERED || answer == HISTORY_OUT_OF_MEMORY)) printf("  with %d: %s\n", room, error);
      refused += answer == HISTORY_OUT_OF_MEMORY;
      buffer_free(&out);
    }
    CHECK(answer == HISTORY_ANSWERED && refused > 0);
    end();
  }
}

int main(void) {
  memory_faults_install();
  test_answers();
  test_documentation();
  test_files();
  test_time();
  test_memory();
  return check_finish();
}
