/*
 * test_history_erase: what is erased is gone from the file, and stays gone. (history*.c and the fixture's needs)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "fake_process.h"
#include "history.h"
#include "history_erase.h"
#include "history_fixture.h"
#include "memory_faults.h"

static char path[512];
static struct history *history;
static struct endpoint *endpoint;
static char error[HISTORY_ERROR_SIZE];
static int64_t events, sessions;

static bool never(void *context) {
  (void)context;
  return false;
}

static bool past(void *deadline_us) {
  return clock_monotonic_us() > *(int64_t *)deadline_us;
}

static const struct history_patience patient = {.must_stop = never};

static enum history_erase_result erase(struct history_erasure erasure) {
  return history_erase(path, &erasure, &patient, &events, &sessions, error);
}

static void begin(const char *url) {
  snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "history.db"));
  endpoint = fixture_endpoint(url, NULL);
  history = history_acquire(path, 0, error);
  memset(&fixture_told, 0, sizeof fixture_told);
  history_hurry(history, true);
}

static void end(void) {
  history_hurry(history, false);
  history_release(history);
  CHECK(history_finish_all(10000));
  fixture_endpoint_free(endpoint);
}

/* An event with a finished delivery, or, with status 0, one that is on its way. */
static struct event *record(const char *session, const char *slots, int http_status) {
  const struct fixture_event fields = {.session = session, .slots = slots, .endpoint = endpoint, .deliveries = 1};
  unsigned stored = fixture_told.deliveries_stored, known = fixture_told.events_stored;
  struct event *event = fixture_record(history, &fields, http_status);
  CHECK(fixture_await(&fixture_told.events_stored, known + 1));
  if (http_status) CHECK(fixture_await(&fixture_told.deliveries_stored, stored + 1));
  return event;
}

static void record_and_forget(const char *session, const char *slots) {
  event_release(record(session, slots, 200));
}

/* Whether a text is anywhere in the history file or the two beside it. */
static bool is_in_files(const char *text) {
  char command[1200];
  snprintf(command, sizeof command, "grep -q -a -F -- '%s' %s*", text, path);
  return system(command) == 0;
}

static const char *count(const char *table) {
  char sql[128];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
  return fixture_sql(path, sql);
}

static void check_counts(const char *expected) {
  CHECK_TEXT(count("events"), expected);
  CHECK_TEXT(count("deliveries"), expected);
  CHECK_TEXT(count("attempts"), expected);
}

static void check_texts(void) {
  static const struct {
    const char *slots, *session, *containing;
    int events;
  } rows[] = {
      {"{\"name\":\"Ann Miller\"}", NULL, "Ann Miller", 1},
      {"{\"name\":\"Ann Miller\"}", NULL, "ann miller", 1},
      {"{\"name\":\"M\xc3\xbcller\"}", NULL, "M\xc3\x9cLLER", 1},
      {"{\"name\":\"a \\\"b\\\" c\"}", NULL, "a \"b\" c", 1},
      {"{\"name\":\"100%\"}", NULL, "100%", 1},
      {"{\"name\":\"100\"}", NULL, "1%0", 0},
      {"{\"name\":\"a_b\"}", NULL, "aXb", 0},
      {"{}", "chat-Ann", "chat-ann", 1},
      {"{\"name\":\"Bob\"}", "chat", "Ann Miller", 0},
      {"{}", NULL, "Content-Type", 1},      /* a header */
      {"{}", NULL, "hook.example/path", 1}, /* a URL */
      {"{}", NULL, "nothing has this", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    begin("http://hook.example/path");
    record_and_forget(rows[i].session, rows[i].slots);
    CHECK(erase((struct history_erasure){.containing = rows[i].containing, .dry_run = true}) == HISTORY_ERASED);
    if (!CHECK(events == rows[i].events)) printf("  row %zu\n", i);
    check_counts("1");
    CHECK(erase((struct history_erasure){.containing = rows[i].containing}) == HISTORY_ERASED);
    if (!CHECK(events == rows[i].events)) printf("  row %zu\n", i);
    check_counts(rows[i].events ? "0" : "1");
    end();
  }
}

static void check_allocations(void) {
  begin("http://hook.example/");
  record_and_forget("s", "{\"name\":\"Ann Miller\"}");
  for (unsigned nth = 1;; nth++) {
    memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
    enum history_erase_result result = erase((struct history_erasure){.containing = "nobody", .dry_run = true});
    if (!memory_faults_hit()) {
      CHECK(result == HISTORY_ERASED);
      break;
    }
    CHECK(result == HISTORY_ERASE_FAILED && *error);
  }
  check_counts("1");
  end();
}

int main(void) {
  memory_faults_install();

  TEST("one event is erased by its id, and no other") {
    begin("http://hook.example/");
    struct event *event = record("s", "{\"name\":\"Ann\"}", 200);
    record_and_forget("s", "{\"name\":\"Bob\"}");
    CHECK(erase((struct history_erasure){.id = event->id}) == HISTORY_ERASED);
    CHECK(events == 1 && sessions == 0);
    check_counts("1");
    CHECK_TEXT(fixture_sql(path, "SELECT slots FROM events"), "{\"name\":\"Bob\"}");
    CHECK(erase((struct history_erasure){.id = event->id}) == HISTORY_ERASED);
    CHECK(events == 0);
    event_release(event);
    end();
  }
  TEST("a session is erased with all its events, over many transactions, and what is kept of it on its way") {
    begin("http://hook.example/");
    for (int i = 0; i < 600; i++) record_and_forget(i % 6 == 0 ? "other" : "web-7", "{}");
    fixture_sql(path, "INSERT INTO sessions VALUES ('web-7', 1, 1, 9000000000000000, '{}'),"
                      " ('web-70', 1, 1, 9000000000000000, '{}')");
    CHECK(erase((struct history_erasure){.session = "web-7", .dry_run = true}) == HISTORY_ERASED);
    CHECK(events == 500 && sessions == 1);
    CHECK(erase((struct history_erasure){.session = "web-7"}) == HISTORY_ERASED);
    CHECK(events == 500 && sessions == 1);
    check_counts("100");
    CHECK_TEXT(fixture_sql(path, "SELECT id FROM sessions"), "web-70");
    end();
  }
  TEST("what contains a text is erased wherever it stands, in any case, as itself and not as a pattern") check_texts();

  TEST("of what is erased nothing is left in the files") {
    begin("http://hook.example/");
    for (int i = 0; i < 400; i++) {
      char slots[128];
      snprintf(slots, sizeof slots, "{\"name\":\"%s %d\"}", i % 4 ? "Bob Brown" : "Annabel Secret", i);
      record_and_forget(i % 4 ? "b" : "session-of-annabel", slots);
    }
    fixture_sql(path, "INSERT INTO sessions VALUES ('x', 1, 1, 9000000000000000, '{\"name\":\"Annabel Secret\"}')");
    CHECK(is_in_files("Annabel Secret"));
    CHECK(erase((struct history_erasure){.containing = "annabel"}) == HISTORY_ERASED);
    CHECK(events == 100 && sessions == 1);
    CHECK(!is_in_files("Annabel Secret"));
    CHECK(!is_in_files("session-of-annabel"));
    CHECK(is_in_files("Bob Brown"));
    check_counts("300");
    end();
  }
  TEST("an event that is erased while its delivery is on its way does not come back") {
    begin("http://hook.example/");
    struct event *event = record("s", "{\"name\":\"Ann\"}", 0);
    CHECK(erase((struct history_erasure){.id = event->id}) == HISTORY_ERASED && events == 1);
    fixture_finish(&event->deliveries[0], 200);
    event_hold(event);
    history_delivery(history, &event->deliveries[0]);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    check_counts("0");
    event_release(event);
    end();
  }
  TEST("counts keep their sum, without the URL that was erased") {
    begin("http://hook.example/annabel");
    record_and_forget("s", "{}");
    record_and_forget("s", "{}");
    CHECK(erase((struct history_erasure){.containing = "annabel"}) == HISTORY_ERASED && events == 2);
    CHECK_TEXT(fixture_sql(path, "SELECT url, sum(count) FROM delivery_minutes"), "[erased]|2");
    CHECK_TEXT(fixture_sql(path, "SELECT url, sum(count) FROM attempt_minutes"), "[erased]|2");
    CHECK(!is_in_files("hook.example/annabel"));
    end();
  }
  TEST("a file that is not there has nothing to erase, and is not made") {
    snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "none.db"));
    CHECK(erase((struct history_erasure){.containing = "Ann"}) == HISTORY_ERASED);
    CHECK(events == 0 && access(path, F_OK) != 0);
  }
  TEST("a file that is none of ours is not touched, and a locked one is given up in time") {
    sqlite3 *other;
    snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "other.db"));
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "CREATE TABLE events (seq, id); INSERT INTO events VALUES (1, 'Ann')", NULL, NULL,
                       NULL) == SQLITE_OK);
    sqlite3_close(other);
    CHECK(erase((struct history_erasure){.id = "Ann"}) == HISTORY_ERASE_FAILED);
    CHECK(strstr(error, "not a history of intent-webhook") != NULL);
    CHECK_TEXT(count("events"), "1");
    begin("http://hook.example/");
    struct event *event = record("s", "{}", 200);
    end();
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    int64_t deadline_us = clock_monotonic_us() + 200000;
    const struct history_patience short_one = {.must_stop = past, .context = &deadline_us};
    CHECK(history_erase(path, &(struct history_erasure){.id = event->id}, &short_one, &events, &sessions, error) ==
          HISTORY_ERASE_TOO_SLOW);
    CHECK(events == 0 && *error);
    sqlite3_close(other);
    CHECK(erase((struct history_erasure){.id = event->id}) == HISTORY_ERASED && events == 1);
    event_release(event);
  }
  TEST("without memory nothing is erased, and it says so") check_allocations();

  return check_finish();
}
