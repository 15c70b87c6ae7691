/*
 * test_history_list: which events a list has, in which order, and how its pages follow each other (history_list.c and
 * history_query.c).
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "check.h"
#include "clock.h"
#include "history_query.h"
#include "history_questions.h"
#include "memory_faults.h"
#include "slowness.h"

static void begin(void) {
  CHECK(questions_begin());
}

static void end(void) {
  CHECK(questions_end());
  CHECK(memory_faults_outstanding() == 0);
}

/* For valgrind samples have to do. */
static bool is_slow(void) {
  return spec_slowness() > 10;
}

/* ---- every question ---- */

static const char *const urls[] = {NULL, "https://example.org/hook", "http://127.0.0.1:8080/hook"},
                         *const searches[] = {NULL, "needle", "\"customer_name\""};
static const int64_t sinces[] = {0, 1700000100000000, 1700000590000000, 1800000000000000},
                     untils[] = {0, 1700000300000000, 1699999950000000};

/* Takes a digit of a number of that base. */
static unsigned take(unsigned *number, unsigned base) {
  unsigned digit = *number % base;
  *number /= base;
  return digit;
}

/* The nth of QUESTIONS. */
enum { QUESTIONS = 4 * 8 * 3 * 3 * 3 * 4 * 3 * 3 };
static struct history_query question(unsigned n) {
  struct history_query query = {.limit = 40};
  unsigned intent = take(&n, 4), status = take(&n, 8), range;
  query.intent = intent < 3 ? questions_intents[intent] : NULL;
  query.status = status < 7 ? questions_statuses[status] : NULL;
  query.session = questions_sessions[take(&n, 3)];
  query.url = urls[take(&n, 3)];
  query.search = searches[take(&n, 3)];
  query.since_us = sinces[take(&n, 4)];
  query.until_us = untils[take(&n, 3)];
  range = take(&n, 3);
  query.before_seq = range == 1 ? 9150 : 0;
  query.after_seq = range == 2 ? 150 : 0;
  return query;
}

static void print_question(const struct history_query *query, const char *given, const char *expected) {
  const char *const texts[] = {query->intent, query->status, query->session, query->url, query->search};
  printf("     intent, status, session, url, search:");
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) printf(" %s", texts[i] ? texts[i] : "-");
  printf(" since %lld until %lld before %lld after %lld:\n     %.300s, not\n     %.300s\n", (long long)query->since_us,
         (long long)query->until_us, (long long)query->before_seq, (long long)query->after_seq, given, expected);
}

static void test_filters(void) {
  TEST("every combination of filters gives what a plain statement over the whole file gives") {
    begin();
    CHECK(questions_record_mixture());
    unsigned wrong = 0, asked = 0, empty = 0, step = is_slow() ? 331 : 17; /* primes, so that all digits meet */
    for (unsigned n = 0; n < QUESTIONS; n += step) {
      struct history_query query = question(n);
      const char *expected = questions_expected(&query), *given = questions_seqs(&query);
      asked++;
      if (!*given) empty++;
      if (strcmp(given, expected) != 0 && wrong++ < 5) print_question(&query, given, expected);
    }
    CHECK(wrong == 0);
    CHECK(asked > QUESTIONS / step && empty < asked * 4 / 5);
    end();
  }
  TEST("an empty search, and a list without any filter, give everything") {
    begin();
    CHECK(questions_record(&(struct fixture_event){.note = "n"}, 0) && questions_await_events(1));
    CHECK_TEXT(questions_seqs(&(struct history_query){.search = "", .limit = 5}), "1");
    CHECK(strstr(questions_ask(&(struct history_query){.search = "", .limit = 5}), "searched_to") == NULL);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 5}), "1");
    end();
  }
  TEST("chosen events come newest first, once each, whatever else is asked for") {
    begin();
    CHECK(questions_record_mixture());
    static const int64_t seqs[] = {3, 9001, 77777, 2, 3, -5, 600, 1, 9001};
    CHECK_TEXT(questions_seqs(&(struct history_query){.seqs = seqs, .seq_count = 9}), "9001 3 2 1");
    CHECK_TEXT(questions_seqs(&(struct history_query){.seqs = seqs,
                                                      .seq_count = 2,
                                                      .intent = "nothing",
                                                      .status = "recorded",
                                                      .search = "nowhere",
                                                      .before_seq = 1,
                                                      .limit = 1}),
               "9001 3");
    const char *answer = questions_ask(&(struct history_query){.seqs = seqs, .seq_count = 9});
    CHECK_TEXT(questions_all_of(answer, "\"next\":"), "null");
    CHECK(strstr(answer, "searched_to") == NULL);
    int64_t many[HISTORY_READER_SEQS + 50];
    for (int i = 0; i < HISTORY_READER_SEQS + 50; i++) many[i] = 9001 + i % 190;
    answer = questions_ask(&(struct history_query){.seqs = many, .seq_count = HISTORY_READER_SEQS + 50});
    CHECK(strstr(answer, "{\"events\":[{\"seq\":9190,") == answer);
    end();
  }
}

/* ---- pages ---- */

static int64_t next_of(const char *answer) {
  const char *next = strstr(answer, "\"next\":") + strlen("\"next\":");
  return strncmp(next, "null", 4) == 0 ? 0 : atoll(next);
}

/*
 * All pages of a question from its beginning, or from after_seq; in static memory. After each of the first `more` a new
 * event comes in, in which every other question would be interested.
 */
static const char *read_pages(struct history_query query, unsigned more, unsigned *count) {
  static char pages[32 * 1024];
  pages[0] = '\0';
  for (*count = 0; *count < 5000; ++*count) {
    const char *answer = questions_ask(&query);
    int64_t next = next_of(answer);
    const char *these = questions_all_of(answer, "{\"seq\":");
    sprintf(pages + strlen(pages), "%s%s", *pages && *these ? " " : "", these);
    if (!next) break;
    *(query.after_seq ? &query.after_seq : &query.before_seq) = next;
    if (*count >= more) continue;
    struct fixture_event event = {.intent = "order",
                                  .session = "chat-1",
                                  .slots = "{\"customer_name\":\"needle\"}",
                                  .endpoint = questions.endpoint,
                                  .deliveries = *count % 2};
    CHECK(questions_record(&event, 404));
    CHECK(questions_await_events(atomic_load(&fixture_told.events_stored) + 1) && questions_await_all());
  }
  return pages;
}

static const struct history_query paged[] = {
    {.limit = 7},
    {.limit = 7, .status = "failed"},
    {.limit = 7, .status = "recorded"},
    {.limit = 7, .search = "needle"},
    {.limit = 3, .search = "NEEDLE", .intent = "order", .session = "chat-1"},
    {.limit = 3, .search = "needle", .status = "failed", .url = "http://127.0.0.1:8080/hook"},
    {.limit = 5, .session = "chat-1", .status = "recorded"},
    {.limit = 5, .search = "needle", .since_us = 1700000100000000},
    {.limit = 5, .intent = "order", .url = "https://example.org/hook"},
    {.limit = 7, .search = "is in no event"},
};
enum { PAGED = sizeof paged / sizeof *paged, NEW_EVENTS = 20 };

/* In one direction, with that budget. */
static void read_all_kinds(int64_t after_seq, int64_t search_us) {
  for (unsigned i = 0; i < PAGED; i++) {
    char whole[16 * 1024];
    struct history_query query = paged[i], all = paged[i];
    unsigned pages;
    all.limit = 100000;
    query.after_seq = all.after_seq = after_seq;
    query.search_us = search_us;
    if (!after_seq) snprintf(whole, sizeof whole, "%s", questions_expected(&all)); /* what comes in is newer */
    const char *given = read_pages(query, NEW_EVENTS, &pages);
    if (after_seq) snprintf(whole, sizeof whole, "%s", questions_expected(&all));
    if (!CHECK(strcmp(given, whole) == 0)) print_question(&query, given, whole);
    CHECK(pages < 5000);
  }
}

static void test_pages(void) {
  TEST("pages neither skip nor repeat, while events come in, newest first") {
    begin();
    CHECK(questions_record_mixture());
    read_all_kinds(0, 0);
    end();
  }
  TEST("pages neither skip nor repeat, while events come in, oldest first") {
    begin();
    CHECK(questions_record_mixture());
    read_all_kinds(1, 0);
    read_all_kinds(9000, 0);
    end();
  }
  TEST("nor do they when the time is over at once, so that each page looks at one event") {
    begin();
    CHECK(questions_record_mixture());
    if (!is_slow()) read_all_kinds(0, 1);
    read_all_kinds(20000, 1);
    end();
  }
  TEST("a page that ends with the last event has no next, and limits out of range are brought into it") {
    begin();
    for (unsigned i = 0; i < 1100; i++) CHECK(questions_record(&(struct fixture_event){.note = "n"}, 0));
    CHECK(questions_await_events(1100));
    CHECK(next_of(questions_ask(&(struct history_query){.limit = 5, .before_seq = 6})) == 0);
    CHECK(next_of(questions_ask(&(struct history_query){.limit = 5, .before_seq = 7})) == 2);
    CHECK(next_of(questions_ask(&(struct history_query){.limit = 5, .after_seq = 1095})) == 0);
    CHECK(next_of(questions_ask(&(struct history_query){.limit = 5, .after_seq = 1094})) == 1099);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 3, .after_seq = 1}), "2 3 4");
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 3, .after_seq = 1100}), "");
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 3, .after_seq = INT64_MAX}), "");
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 3, .after_seq = 10, .before_seq = 13}), "11 12");
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 0}), "1100");
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = -5}), "1100");
    CHECK(next_of(questions_ask(&(struct history_query){.limit = 2000})) == 101);
    CHECK_TEXT(questions_seqs(&(struct history_query){.limit = 1, .before_seq = 1}), "");
    end();
  }
}

/* ---- a budget of time ---- */

/* Many events, of which only the oldest has the text, with a body to look through. */
static void record_haystack(unsigned events) {
  char sql[1000];
  CHECK(questions_record(&(struct fixture_event){.note = "the needle", .time_us = 1700000000000000}, 0));
  CHECK(questions_await_events(1) && questions_await_all());
  snprintf(sql, sizeof sql,
           "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
           "INSERT INTO events SELECT i, 'id-' || i, 1700000000000000 + i * 1000000, 'book', NULL, '{}', NULL, NULL "
           "FROM n; INSERT INTO deliveries SELECT seq, 1, 'book', 'u', 'delivered', NULL, NULL, time FROM events; "
           "INSERT INTO attempts (event, number, started, method, url, request_body, truncated, resent) SELECT seq, 1, "
           "time, 'POST', 'u', printf('%%.*c', 1000, 'x'), 0, 0 FROM events",
           events);
  CHECK_TEXT(fixture_sql(questions.path, sql), "");
}

static void test_budget(void) {
  TEST("a search that has no more time answers what it found, says how far it came, and goes on from there") {
    begin();
    record_haystack(100000);
    struct history_query query = {.search = "NEEDLE", .limit = 5, .search_us = 20000};
    unsigned pages = 0, found = 0;
    int64_t started_us = clock_monotonic_us(), longest_us = 0;
    do {
      int64_t page_us = clock_monotonic_us();
      const char *answer = questions_ask(&query);
      page_us = clock_monotonic_us() - page_us;
      if (page_us > longest_us) longest_us = page_us;
      query.before_seq = next_of(answer);
      found += strstr(answer, "\"seq\":1,") != NULL;
      char expected[100];
      snprintf(expected, sizeof expected, "\"searched_to\":%lld}", (long long)(1700000000 + query.before_seq));
      CHECK(strstr(answer, query.before_seq ? expected : "\"searched_to\":null}") != NULL);
    } while (query.before_seq && ++pages < 100000);
    CHECK(found == 1 && pages > 0);
    CHECK(longest_us < 1000000 * spec_slowness());
    CHECK(clock_monotonic_us() - started_us < 30000000 * spec_slowness());
    end();
  }
  TEST("events without deliveries are looked for with a budget too, and so are conditions that no index serves") {
    begin();
    record_haystack(50000);
    CHECK_TEXT(fixture_sql(questions.path, "DELETE FROM deliveries WHERE event = 3"), "");
    struct history_query queries[] = {{.status = "recorded", .limit = 5, .search_us = 1000},
                                      {.intent = "none", .url = "u", .limit = 5, .search_us = 1000}};
    for (unsigned i = 0; i < 2; i++) {
      const char *answer = questions_ask(&queries[i]);
      int64_t next = next_of(answer);
      char expected[100];
      snprintf(expected, sizeof expected, "{\"events\":[],\"next\":%lld,\"searched_to\":%lld}", (long long)next,
               (long long)(1700000000 + next));
      CHECK(next > 3 && next <= 50000);
      CHECK_TEXT(answer, expected);
      queries[i].search_us = 0;
    }
    CHECK_TEXT(questions_seqs(&queries[0]), "3");
    CHECK_TEXT(questions_ask(&queries[1]), "{\"events\":[],\"next\":null}");
    end();
  }
  TEST("a page of what was searched ends when it is full, whether or not there is more") {
    begin();
    for (unsigned i = 0; i < 5; i++) CHECK(questions_record(&(struct fixture_event){.note = "needle"}, 0));
    CHECK(questions_await_events(5));
    struct history_query query = {.search = "needle", .limit = 5, .search_us = 1000000};
    const char *answer = questions_ask(&query);
    CHECK_TEXT(questions_all_of(answer, "{\"seq\":"), "5 4 3 2 1");
    CHECK(strstr(answer, "],\"next\":1,\"searched_to\":null}") != NULL);
    query.before_seq = 1;
    CHECK_TEXT(questions_ask(&query), "{\"events\":[],\"next\":null,\"searched_to\":null}");
    end();
  }
  TEST("before anything was recorded a search has found nothing") {
    struct buffer out = {0};
    history_query_nothing(&(struct history_query){.search = "x"}, &out);
    history_query_nothing(&(struct history_query){.status = "recorded"}, &out);
    history_query_nothing(&(struct history_query){.status = "failed"}, &out);
    CHECK_BYTES(out.bytes, out.length,
                "{\"events\":[],\"next\":null,\"searched_to\":null}{\"events\":[],\"next\":null,\"searched_to\":null}"
                "{\"events\":[],\"next\":null}");
    buffer_free(&out);
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

static void nothing(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)context, (void)count, (void)values;
}

/* The functions that statements ask for, which are there only while they run. */
static void add_functions(sqlite3 *database) {
  CHECK(sqlite3_create_function(database, "history_look", 1, SQLITE_UTF8, NULL, nothing, NULL, NULL) == SQLITE_OK);
  CHECK(sqlite3_create_function(database, "history_contains", -1, SQLITE_UTF8, NULL, nothing, NULL, NULL) == SQLITE_OK);
}

static void ask_for_plans(sqlite3 *database) {
  for (unsigned i = 0; i < 1024; i++) {
    struct history_query query = {.limit = 50};
    if (i & 1) query.intent = "book";
    if (i & 2) query.status = i & 512 ? "recorded" : "failed";
    if (i & 4) query.session = "chat-1";
    if (i & 8) query.url = "https://example.org/hook";
    if (i & 16) query.since_us = 1700000100000000;
    if (i & 32) query.before_seq = 500;
    if (i & 64) query.after_seq = 100;
    if (i & 128) query.search = "needle";
    if (i & 256) query.search_us = 1000000;
    struct buffer out = {0};
    CHECK(history_query_run(database, &query, &out) == SQLITE_OK);
    buffer_free(&out);
  }
}

static void test_plans(void) {
  TEST("no question reads a whole table or sorts") {
    begin();
    CHECK(questions_record_mixture());
    sqlite3 *database = questions_database();
    struct buffer out = {0};
    sqlite3_trace_v2(database, SQLITE_TRACE_STMT, note_statement, NULL);
    ask_for_plans(database);
    static const int64_t seqs[] = {1, 2};
    CHECK(history_query_run(database, &(struct history_query){.seqs = seqs, .seq_count = 2}, &out) == SQLITE_OK);
    const char *id = fixture_sql(questions.path, "SELECT max(id) FROM events");
    CHECK(history_query_run(database, &(struct history_query){.id = id}, &out) == SQLITE_OK);
    buffer_free(&out);
    sqlite3_trace_v2(database, 0, NULL, NULL);
    add_functions(database);
    unsigned count = 0, bad = 0;
    for (size_t at = 0; at < statements.length; at += strlen(statements.bytes + at) + 1, count++)
      bad += questions_plan_is_bad(database, statements.bytes + at, bad < 5);
    CHECK(count > 2048 && bad == 0);
    CHECK(questions_plan_is_bad(database, "SELECT * FROM events WHERE note = 'x'", false)); /* it can fail */
    sqlite3_close(database);
    buffer_free(&statements);
    end();
  }
}

/* ---- in brief ---- */

static void test_brief(void) {
  TEST("in brief, long slots, errors and notes are cut, the event says so, and the others are as they are") {
    begin();
    char slots[1000], note[700], expected[3000];
    snprintf(slots, sizeof slots, "{\"text\":\"%0300d\",\"n\":7}", 1);
    snprintf(note, sizeof note, "%0600d", 2);
    CHECK(questions_record(&(struct fixture_event){.slots = slots, .note = note, .time_us = 1700000000000000}, 0));
    CHECK(questions_record(&(struct fixture_event){.slots = "{\"n\":7}", .note = "short"}, 0));
    CHECK(questions_await_events(2));
    snprintf(expected, sizeof expected,
             "\"slots\":{\"text\":\"%0198d\xe2\x80\xa6\",\"n\":7},\"error\":null,\"note\":\"%0500d\xe2\x80\xa6\","
             "\"cut\":true,\"deliveries\":[]}]",
             0, 0);
    const char *answer = questions_ask(&(struct history_query){.brief = true, .limit = 5});
    CHECK(strstr(answer, expected) != NULL);
    CHECK(strstr(answer, "\"slots\":{\"n\":7},\"error\":null,\"note\":\"short\",\"deliveries\":[]}") != NULL);
    static const int64_t seqs[] = {1};
    answer = questions_ask(&(struct history_query){.brief = true, .seqs = seqs, .seq_count = 1});
    CHECK(strstr(answer, expected) != NULL);
    answer = questions_ask(&(struct history_query){.limit = 5});
    CHECK(strstr(answer, slots) != NULL && strstr(answer, note) != NULL && strstr(answer, "\"cut\"") == NULL);
    end();
  }
}

/* ---- memory ---- */

static void test_memory(void) {
  TEST("each allocation failing in turn: the answer is there or a code, never half of it, and nothing leaks") {
    begin();
    CHECK(questions_record_mixture());
    CHECK(questions_close_history());
    sqlite3 *database = questions_database();
    const struct history_query query = {.search = "say \"needle\"", .search_us = 1000000, .limit = 5, .brief = true};
    bool hit = true;
    unsigned nth = 1;
    for (; hit && nth < 200; nth++) {
      struct buffer out = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      int code = history_query_run(database, &query, &out);
      hit = memory_faults_hit();
      CHECK((code == SQLITE_OK) == !hit && (code == SQLITE_OK || code == SQLITE_NOMEM));
      buffer_free(&out);
    }
    CHECK(nth > 5 && nth < 200);
    sqlite3_close(database);
    end();
  }
}

int main(void) {
  memory_faults_install();
  test_filters();
  test_pages();
  test_budget();
  test_plans();
  test_brief();
  test_memory();
  return check_finish();
}
