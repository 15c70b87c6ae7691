/*
 * test_history_export: what is taken out of a history by others than lists: exports, names, bodies (history_export.c,
 * history_names.c, history_body.c), and how a file is opened for it (history_connection.c).
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history_body.h"
#include "history_connection.h"
#include "history_export.h"
#include "history_fixture.h"
#include "history_names.h"
#include "history_questions.h"
#include "memory_faults.h"
#include "slowness.h"

#define HEAD "time,id,intent,session,slots,delivery,url,status,http_status,cause,message,finished,total_us\r\n"

static void begin(void) {
  CHECK(questions_begin());
}

static void end(void) {
  CHECK(questions_end());
  CHECK(memory_faults_outstanding() == 0);
}

/* All pieces of an export, NUL-terminated; in static memory. */
static const char *export_all(struct history_query query, enum history_export_format format, unsigned *pieces) {
  static char text[8 << 20];
  struct buffer out = {0};
  int64_t next_seq = 0;
  for (*pieces = 0; *pieces < 5000; ++*pieces) {
    sqlite3 *database = questions_database(); /* none is kept between the pieces */
    CHECK(history_export_run(database, &query, format, &out, &next_seq) == SQLITE_OK);
    CHECK(sqlite3_close(database) == SQLITE_OK);
    if (!next_seq) break;
    query.before_seq = next_seq;
  }
  snprintf(text, sizeof text, "%.*s", (int)out.length, out.bytes ? out.bytes : "");
  buffer_free(&out);
  return text;
}

static const char *export(const struct history_query *query, enum history_export_format format) {
  unsigned pieces;
  return export_all(*query, format, &pieces);
}

/* ---- CSV ---- */

/* The next field of RFC 4180 at *at, unquoted, in static memory; *last: it ends its row. NULL: malformed. */
static const char *csv_field(const char **at, bool *last) {
  static char field[128 * 1024];
  size_t length = 0;
  bool quoted = **at == '"';
  if (quoted) ++*at;
  for (; **at; ++*at) {
    if (quoted && **at == '"' && (*at)[1] == '"')
      ++*at;
    else if (quoted && **at == '"')
      break;
    else if (!quoted && strchr(",\r\n\"", **at))
      break;
    field[length++] = **at;
  }
  field[length] = '\0';
  if (quoted && *(*at)++ != '"') return NULL;
  *last = strncmp(*at, "\r\n", 2) == 0;
  if (!*last && **at != ',') return NULL;
  *at += *last ? 2 : 1;
  return field;
}

/* The field of a row and column, both from 0, the head line being row 0; in static memory. */
static const char *csv_cell(const char *csv, unsigned row, unsigned column) {
  bool last;
  unsigned at_row = 0, at_column = 0;
  while (*csv) {
    const char *field = csv_field(&csv, &last);
    if (!field) return "malformed";
    if (at_row == row && at_column == column) return field;
    at_column = last ? 0 : at_column + 1;
    at_row += last;
  }
  return "none";
}

/* The number of rows, all of which have 13 fields; 0 when it is malformed. */
static unsigned csv_rows(const char *csv) {
  unsigned rows = 0, columns = 0;
  bool last;
  while (*csv) {
    if (!csv_field(&csv, &last)) return 0;
    columns++;
    if (last && columns != 13) return 0;
    if (last) columns = 0;
    rows += last;
  }
  return columns == 0 ? rows : 0;
}

static void test_csv(void) {
  TEST("CSV has a head line, and a row for each delivery or for an event without") {
    begin();
    struct event *event = fixture_record(
        questions.history,
        &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 2, .time_us = 1700000000123456}, 0);
    fixture_finish(&event->deliveries[0], 200);
    event->deliveries[0].finished_us = 1700000001999999;
    event_hold(event);
    history_delivery(questions.history, &event->deliveries[0]);
    CHECK(questions_record(&(struct fixture_event){.intent = "note",
                                                   .session = "chat 7",
                                                   .slots = "{\"n\":1}",
                                                   .note = "The intent has no action.",
                                                   .time_us = 1},
                           0));
    CHECK(questions_await_events(2) && questions_await_all());
    char expected[2000];
    const char *second = fixture_sql(questions.path, "SELECT id FROM events WHERE seq = 2");
    snprintf(expected, sizeof expected,
             HEAD
             "1970-01-01T00:00:00.000Z,%s,note,chat 7,\"{\"\"n\"\":1}\",,,recorded,,,The intent has no action.,,\r\n"
             "2023-11-14T22:13:20.123Z,%s,book_appointment,,\"{\"\"customer_name\"\":\"\"John "
             "Doe\"\",\"\"phone\"\":\"\"+84901234567\"\"}\",1,http://127.0.0.1:8080/hook,delivered,200,,,2023-11-"
             "14T22:13:21.999Z,1500\r\n"
             "2023-11-14T22:13:20.123Z,%s,book_appointment,,\"{\"\"customer_name\"\":\"\"John "
             "Doe\"\",\"\"phone\"\":\"\"+84901234567\"\"}\",2,http://127.0.0.1:8080/hook,pending,,,,,\r\n",
             second, event->id, event->id);
    CHECK_TEXT(export(&(struct history_query){.limit = 10}, HISTORY_EXPORT_CSV), expected);
    event_release(event);
    end();
  }
  TEST("a text that a spreadsheet would take for a formula has a ' before it, and any text comes back from the CSV") {
    begin();
    static const struct {
      const char *session, *expected;
    } cases[] = {
        {"=1+1", "'=1+1"},
        {"+84901234567", "'+84901234567"},
        {"-2", "'-2"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "'\t=1"},
        {"\r=1", "'\r=1"},
        {"\n=1", "'\n=1"},
        {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
        {"=\"a\",\"b\"", "'=\"a\",\"b\""},
        {"\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"},
        {"a=1", "a=1"},
        {"say \"hi\", twice", "say \"hi\", twice"},
        {"\"", "\""},
        {"\"\"quoted\"\"", "\"\"quoted\"\""},
        {"two\r\nlines", "two\r\nlines"},
        {"two\nlines", "two\nlines"},
        {"semi;colon", "semi;colon"},
        {" spaces ", " spaces "},
        {"\x1b[31m\xe2\x80\xae", "\x1b[31m\xe2\x80\xae"},
        {"'quoted'", "'quoted'"},
        {"", ""},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    for (unsigned i = 0; i < CASES; i++)
      CHECK(questions_record(&(struct fixture_event){.session = cases[i].session}, 0));
    CHECK(questions_await_events(CASES));
    const char *csv = export(&(struct history_query){.limit = 100}, HISTORY_EXPORT_CSV);
    CHECK(csv_rows(csv) == CASES + 1);
    for (unsigned i = 0; i < CASES; i++) CHECK_TEXT(csv_cell(csv, CASES - i, 3), cases[i].expected);
    CHECK_TEXT(csv_cell(csv, 0, 3), "session");
    end();
  }
  TEST("a slot, a URL, a message and a cause cannot begin a formula either; 64 KiB without a space stay one field") {
    begin();
    static char slots[70 * 1024];
    snprintf(slots, sizeof slots, "{\"a\":\"%065536d\"}", 7);
    CHECK(questions_record(
        &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 1, .slots = slots, .intent = "=A1"},
        404));
    CHECK(questions_await_events(1) && questions_await_all());
    CHECK_TEXT(fixture_sql(questions.path, "UPDATE deliveries SET url = '=U', message = '@m', cause = '-c'"), "");
    const char *csv = export(&(struct history_query){.limit = 100}, HISTORY_EXPORT_CSV);
    CHECK(csv_rows(csv) == 2);
    CHECK_TEXT(csv_cell(csv, 1, 2), "'=A1");
    CHECK_TEXT(csv_cell(csv, 1, 4), slots);
    CHECK_TEXT(csv_cell(csv, 1, 6), "'=U");
    CHECK_TEXT(csv_cell(csv, 1, 9), "'-c");
    CHECK_TEXT(csv_cell(csv, 1, 10), "'@m");
    end();
  }
}

/* ---- pieces ---- */

static void test_nothing(void) {
  TEST("an export of nothing is a head line, or no line") {
    struct buffer out = {0};
    int64_t next_seq = 7;
    CHECK(history_export_run(NULL, &(struct history_query){.limit = 5}, HISTORY_EXPORT_CSV, &out, &next_seq) ==
          SQLITE_OK);
    CHECK_BYTES(out.bytes, out.length, HEAD);
    CHECK(next_seq == 0);
    buffer_clear(&out);
    CHECK(history_export_run(NULL, &(struct history_query){.limit = 5}, HISTORY_EXPORT_JSONL, &out, &next_seq) ==
          SQLITE_OK);
    CHECK(out.length == 0 && next_seq == 0);
    buffer_free(&out);
  }
}

/* The seqs of JSON Lines, separated by spaces; in static memory. */
static const char *line_seqs(const char *lines) {
  return questions_all_of(lines, "{\"seq\":");
}

static void test_pieces(void) {
  TEST("JSON Lines have an event a line, in full, and pieces of any size give the same") {
    begin();
    CHECK(questions_record_mixture());
    static const struct history_query queries[] = {
        {.limit = 1},
        {.limit = 7},
        {.limit = 100000},
        {.limit = 7, .status = "failed"},
        {.limit = 7, .status = "recorded", .search_us = 1},
        {.limit = 7, .search = "needle", .search_us = 1},
        {.limit = 7, .search = "needle"},
        {.limit = 50, .intent = "order", .before_seq = 9100},
    };
    for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++) {
      struct history_query whole = queries[i];
      unsigned pieces;
      whole.limit = 100000;
      const char *lines = export_all(queries[i], HISTORY_EXPORT_JSONL, &pieces);
      CHECK(strcmp(line_seqs(lines), questions_expected(&whole)) == 0);
      unsigned count = 0;
      for (const char *at = lines; *at; at = strchr(at, '\n') + 1, count++)
        if (!CHECK(strncmp(at, "{\"seq\":", 7) == 0 && strchr(at, '\n')[-1] == '}')) break;
      CHECK(count > 0 && pieces < 5000);
    }
    const char *last =
        strstr(export(&(struct history_query){.limit = 1000}, HISTORY_EXPORT_JSONL), "\"attempts\":[{\"st");
    CHECK(last && strstr(last, "\"request_headers\":\"POST /hooks") != NULL);
    end();
  }
  TEST("what comes in during an export changes nothing in it") {
    begin();
    CHECK(questions_record_mixture());
    struct history_query query = {.limit = 50};
    char whole[16 * 1024];
    snprintf(whole, sizeof whole, "%s", questions_expected(&(struct history_query){.limit = 100000}));
    struct buffer out = {0};
    unsigned recorded = QUESTIONS_EVENTS;
    do {
      sqlite3 *database = questions_database();
      CHECK(history_export_run(database, &query, HISTORY_EXPORT_JSONL, &out, &query.before_seq) == SQLITE_OK);
      sqlite3_close(database);
      CHECK(questions_record(&(struct fixture_event){.note = "new"}, 0) && questions_await_events(++recorded));
    } while (query.before_seq && recorded < 2 * QUESTIONS_EVENTS);
    buffer_byte(&out, '\0');
    CHECK(strcmp(line_seqs(out.bytes), whole) == 0);
    buffer_free(&out);
    end();
  }
  TEST("a piece ends early when its events are large, and the next one goes on behind them") {
    begin();
    static char slots[300 * 1024];
    snprintf(slots, sizeof slots, "{\"a\":\"%0300000d\"}", 7);
    for (int i = 0; i < 9; i++) CHECK(questions_record(&(struct fixture_event){.slots = slots}, 0));
    CHECK(questions_await_events(9));
    unsigned pieces;
    const char *csv = export_all((struct history_query){.limit = 100}, HISTORY_EXPORT_CSV, &pieces);
    CHECK(strstr(csv, HEAD) == csv && strstr(csv + 1, "time,id") == NULL);
    CHECK(pieces == 2);
    const char *lines = export_all((struct history_query){.limit = 100}, HISTORY_EXPORT_JSONL, &pieces);
    CHECK_TEXT(line_seqs(lines), "9 8 7 6 5 4 3 2 1");
    CHECK(pieces == 2);
    end();
  }
  TEST("each allocation failing in turn: a code, never half an export, and nothing leaks") {
    begin();
    CHECK(questions_record_mixture());
    CHECK(questions_close_history());
    for (enum history_export_format format = HISTORY_EXPORT_JSONL; format <= HISTORY_EXPORT_CSV; format++) {
      sqlite3 *database = questions_database();
      unsigned nth = 1;
      for (bool hit = true; hit && nth < 200; nth++) {
        struct buffer out = {0};
        int64_t next_seq;
        memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
        int code = history_export_run(database, &(struct history_query){.limit = 20}, format, &out, &next_seq);
        hit = memory_faults_hit();
        CHECK(code == (hit ? SQLITE_NOMEM : SQLITE_OK));
        buffer_free(&out);
      }
      CHECK(nth > 3 && nth < 200);
      sqlite3_close(database);
    }
    end();
  }
}

/* ---- names ---- */

static const char *names(void) {
  static char text[64 * 1024];
  struct buffer out = {0};
  sqlite3 *database = questions_database();
  CHECK(history_names_run(database, &out) == SQLITE_OK);
  sqlite3_close(database);
  snprintf(text, sizeof text, "%.*s", (int)out.length, out.bytes);
  buffer_free(&out);
  return text;
}

static void test_names(void) {
  TEST("names are the intents and URLs that occur, sorted, each once") {
    begin();
    CHECK(questions_record_mixture());
    CHECK(questions_record(&(struct fixture_event){.intent = "an \"intent\"\n"}, 0));
    CHECK(questions_await_events(QUESTIONS_EVENTS + 1));
    CHECK_TEXT(names(), "{\"intents\":[\"an \\\"intent\\\"\\n\",\"book\",\"order\",\"refund\"],"
                        "\"urls\":[\"http://127.0.0.1:8080/hook\",\"https://example.org/hook\"]}");
    CHECK_TEXT(fixture_sql(questions.path, "DELETE FROM attempts; DELETE FROM deliveries; DELETE FROM events"), "");
    CHECK_TEXT(names(), "{\"intents\":[],\"urls\":[]}");
    end();
  }
  TEST("of many names there are 200, and no more is read than those") {
    begin();
    CHECK(questions_record(&(struct fixture_event){.intent = "a"}, 0) && questions_await_events(1));
    CHECK_TEXT(
        fixture_sql(questions.path,
                    "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT "
                    "INTO events SELECT i, 'id-' || i, 1, printf('i%05d', i / 300), NULL, '{}', NULL, NULL FROM n"),
        "");
    const char *found = names();
    CHECK(strstr(found, "{\"intents\":[\"a\",\"i00000\",\"i00001\",") == found);
    CHECK(strstr(found, "\"i00198\"],\"urls\":[]}") != NULL);
    int64_t best_us = INT64_MAX, allowed_us = 50000 * spec_slowness();
    for (unsigned tries = 10; tries > 0 && best_us >= allowed_us; tries--) {
      int64_t started_us = clock_monotonic_us();
      names();
      if (clock_monotonic_us() - started_us < best_us) best_us = clock_monotonic_us() - started_us;
    }
    CHECK(best_us < allowed_us);
    end();
  }
}

/* ---- bodies ---- */

static struct buffer body;

/* Whether there is one; in `body`. */
static bool read_body(const char *id, int64_t delivery, int64_t attempt, enum history_body which) {
  sqlite3 *database = questions_database();
  bool found = false;
  buffer_clear(&body);
  CHECK(history_body_run(database, id, delivery, attempt, which, &body, &found) == SQLITE_OK);
  CHECK(sqlite3_close(database) == SQLITE_OK);
  return found;
}

static void test_bodies(void) {
  TEST("a body comes byte for byte as it is stored, be it text, bytes with NUL, or nothing") {
    begin();
    static const char bytes[] = "\xff\0\r\n\x1b[0m\xc3";
    struct event *event =
        fixture_record(questions.history, &(struct fixture_event){.endpoint = questions.endpoint, .deliveries = 2}, 0);
    fixture_finish(&event->deliveries[0], 200);
    buffer_clear(&event->deliveries[0].attempt.response_body);
    buffer_append(&event->deliveries[0].attempt.response_body, bytes, sizeof bytes);
    fixture_finish(&event->deliveries[1], 404);
    buffer_clear(&event->deliveries[1].attempt.response_body);
    for (unsigned i = 0; i < 2; i++) {
      event_hold(event);
      history_delivery(questions.history, &event->deliveries[i]);
    }
    CHECK(questions_await_events(1) && questions_await_all());
    CHECK(read_body(event->id, 1, 1, HISTORY_RESPONSE_BODY));
    CHECK(body.length == sizeof bytes && memcmp(body.bytes, bytes, sizeof bytes) == 0);
    CHECK(read_body(event->id, 1, 1, HISTORY_REQUEST_BODY));
    CHECK_BYTES(body.bytes, body.length, event->slots);
    CHECK(read_body(event->id, 2, 1, HISTORY_RESPONSE_BODY) && body.length == 0);
    CHECK_TEXT(
        fixture_sql(questions.path,
                    "INSERT INTO attempts (event, number, started, method, url, request_body, truncated, resent) "
                    "VALUES (1, 2, 1, 'POST', 'u', 'the second', 0, 0)"),
        "");
    CHECK(read_body(event->id, 2, 2, HISTORY_REQUEST_BODY));
    CHECK_BYTES(body.bytes, body.length, "the second");
    CHECK(!read_body(event->id, 2, 2, HISTORY_RESPONSE_BODY)); /* none came */
    static const int64_t wrong[][2] = {{0, 1}, {3, 1},  {-1, 1},        {1, 0},
                                       {1, 2}, {1, -1}, {1, INT64_MIN}, {1, INT64_MAX}};
    for (unsigned i = 0; i < 8; i++) CHECK(!read_body(event->id, wrong[i][0], wrong[i][1], HISTORY_REQUEST_BODY));
    CHECK(!read_body("' OR 1", 1, 1, HISTORY_REQUEST_BODY) && !read_body("", 1, 1, HISTORY_REQUEST_BODY));
    event_release(event);
    buffer_free(&body);
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

static void test_plans(void) {
  TEST("neither exports nor names nor bodies read a whole table or sort") {
    begin();
    CHECK(questions_record_mixture());
    sqlite3 *database = questions_database();
    struct buffer out = {0};
    int64_t next_seq;
    bool found;
    sqlite3_trace_v2(database, SQLITE_TRACE_STMT, note_statement, NULL);
    CHECK(history_names_run(database, &out) == SQLITE_OK);
    CHECK(history_body_run(database, "x", 1, 1, HISTORY_REQUEST_BODY, &out, &found) == SQLITE_OK);
    CHECK(history_body_run(database, "x", 1, 1, HISTORY_RESPONSE_BODY, &out, &found) == SQLITE_OK);
    for (enum history_export_format format = HISTORY_EXPORT_JSONL; format <= HISTORY_EXPORT_CSV; format++)
      CHECK(history_export_run(database, &(struct history_query){.limit = 5}, format, &out, &next_seq) == SQLITE_OK);
    sqlite3_trace_v2(database, 0, NULL, NULL);
    unsigned count = 0, bad = 0;
    for (size_t at = 0; at < statements.length; at += strlen(statements.bytes + at) + 1, count++)
      bad += questions_plan_is_bad(database, statements.bytes + at, true);
    CHECK(count > 8 && bad == 0);
    sqlite3_close(database);
    buffer_free(&statements);
    buffer_free(&out);
    end();
  }
}

/* ---- connections ---- */

static bool never(void *context) {
  (void)context;
  return false;
}

static bool counts_down(void *context) {
  return --*(int *)context < 0;
}

static enum history_found open_file(const char *path, char error[HISTORY_ERROR_SIZE]) {
  static const struct history_patience patience = {never, NULL};
  sqlite3 *database;
  enum history_found found = history_connection_open(path, &patience, &database, error);
  CHECK((found == HISTORY_OPEN) == (database != NULL) && (found == HISTORY_FAILED) == (error[0] != '\0'));
  history_connection_close(database);
  return found;
}

static void write_file(const char *name, const char *bytes) {
  FILE *file = fopen(name, "w");
  fputs(bytes, file);
  fclose(file);
}

static void test_connections(void) {
  TEST("where there is no file, or an empty one, there is nothing, and none is made") {
    begin();
    char error[HISTORY_ERROR_SIZE];
    CHECK(open_file(questions.path, error) == HISTORY_NOTHING);
    CHECK(access(questions.path, F_OK) != 0);
    CHECK(open_file("/no/such/folder/h.db", error) == HISTORY_NOTHING);
    write_file(questions.path, "");
    CHECK(open_file(questions.path, error) == HISTORY_NOTHING);
    fixture_sql(questions.path, "PRAGMA journal_mode = WAL");
    CHECK(open_file(questions.path, error) == HISTORY_NOTHING);
    end();
  }
  TEST("a history is opened; what is something else gives a sentence") {
    begin();
    char error[HISTORY_ERROR_SIZE];
    CHECK(questions_record(&(struct fixture_event){.note = "n"}, 0) && questions_await_events(1));
    CHECK(open_file(questions.path, error) == HISTORY_OPEN);
    CHECK(questions_close_history());
    fixture_sql(questions.path, "PRAGMA user_version = 1");
    CHECK(open_file(questions.path, error) == HISTORY_FAILED);
    CHECK_TEXT(error,
               "The history file is of an older version: start a client with it once, which brings it up to date.");
    const char *other = fixture_path(questions.folder, "other");
    write_file(other, "some notes that are no database, and long enough to be one");
    CHECK(open_file(other, error) == HISTORY_FAILED);
    CHECK_TEXT(error, "The file is not an SQLite database (file is not a database).");
    CHECK(open_file(questions.folder, error) == HISTORY_FAILED);
    end();
  }
  TEST("what nobody can read now is waited for as long as the patience lasts") {
    begin();
    char error[HISTORY_ERROR_SIZE];
    CHECK(questions_record(&(struct fixture_event){.note = "n"}, 0) && questions_await_events(1));
    CHECK(questions_close_history());
    sqlite3 *keeper, *database;
    CHECK(sqlite3_open(questions.path, &keeper) == SQLITE_OK);
    CHECK(sqlite3_exec(keeper, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
    int times = 20;
    const struct history_patience patience = {counts_down, &times};
    CHECK(history_connection_open(questions.path, &patience, &database, error) == HISTORY_FAILED);
    CHECK(times < 0 && error[0] != '\0' && !database);
    sqlite3_close(keeper);
    end();
  }
  TEST("a question is given up when the patience ends") {
    begin();
    char error[HISTORY_ERROR_SIZE];
    CHECK(questions_record_mixture());
    sqlite3 *database;
    int times = 100000;
    const struct history_patience patience = {counts_down, &times};
    CHECK(history_connection_open(questions.path, &patience, &database, error) == HISTORY_OPEN);
    times = 0;
    struct buffer out = {0};
    int64_t next_seq;
    int code =
        history_export_run(database, &(struct history_query){.limit = 1000}, HISTORY_EXPORT_JSONL, &out, &next_seq);
    CHECK((code & 0xff) == SQLITE_INTERRUPT);
    history_connection_explain(database, code, error);
    CHECK_TEXT(error, "The history file cannot be read (interrupted).");
    history_connection_close(database);
    buffer_free(&out);
    end();
  }
}

int main(void) {
  memory_faults_install();
  test_csv();
  test_nothing();
  test_pieces();
  test_names();
  test_bodies();
  test_plans();
  test_connections();
  return check_finish();
}
