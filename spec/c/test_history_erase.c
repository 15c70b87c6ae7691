/*
 * test_history_erase: what is erased is gone from the file, and stays gone. (history*.c and the fixture's needs)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "fake_process.h"
#include "history.h"
#include "history_erase.h"
#include "history_file.h"
#include "history_fixture.h"
#include "history_retention.h"
#include "memory_faults.h"
#include "slowness.h"

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

/* Somebody who lets go of the file when it has been asked for now and then; SQLite gives up waiting at once. */
struct keeper {
  sqlite3 *database;
  unsigned asked;
};

static bool let_go(void *context) {
  struct keeper *keeper = context;
  if (++keeper->asked == 3) {
    sqlite3_close(keeper->database);
    keeper->database = NULL;
  }
  return keeper->asked == 1;
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

/* What SQL says about the file. */
__attribute__((format(printf, 1, 2))) static const char *sql(const char *format, ...) {
  char text[3000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return fixture_sql(path, text);
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
    CHECK(result == HISTORY_ERASE_NO_MEMORY && *error);
  }
  check_counts("1");
  bool hit = true;
  for (unsigned nth = 1; hit && nth < 100; nth++) { /* all of it; what was erased before memory ran out stays so */
    memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
    enum history_erase_result result = erase((struct history_erasure){.containing = "Ann"});
    hit = memory_faults_hit();
    CHECK(result == (hit ? HISTORY_ERASE_NO_MEMORY : HISTORY_ERASED));
  }
  CHECK(!hit);
  check_counts("0");
  CHECK(!is_in_files("Ann Miller"));
  end();
}

/* ---- copies that SQLite leaves when it splits pages ---- */

enum { MANY = 20000 };

/*
 * A file whose pages were split a lot: sessions in no order, and deliveries that grow as they are finished. Every tenth
 * event is Annabel's.
 */
static void make_splits(int page_size) {
  sqlite3 *database = NULL;
  snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "history.db"));
  CHECK(sqlite3_open(path, &database) == SQLITE_OK); /* makes an empty file */
  char pragma[64];
  snprintf(pragma, sizeof pragma, "PRAGMA page_size = %d; VACUUM", page_size);
  CHECK(sqlite3_exec(database, pragma, NULL, NULL, NULL) == SQLITE_OK);
  CHECK(sqlite3_close(database) == SQLITE_OK);
  struct history_file file = {0};
  CHECK(history_file_open(&file, path) == SQLITE_OK);
  history_file_close(&file, true);
  CHECK_TEXT(sql("PRAGMA secure_delete = ON; PRAGMA synchronous = OFF"), "1");
  CHECK_TEXT(
      sql("WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < %d)"
          "INSERT INTO events SELECT n, 'id' || n, n * 1000, 'i', (n * 7919 %% 100003) || iif(n %% 10, '-bob-',"
          " '-annabel-') || n, '{}', NULL, NULL FROM n;"
          "INSERT INTO event_spans SELECT seq >> 12, min(time), max(time), max(seq) FROM events GROUP BY 1;"
          "INSERT INTO deliveries SELECT seq, 1, 'i', 'http://h/' || session, 'pending', NULL, NULL, NULL FROM events",
          (int)MANY),
      "");
  for (int part = 0; part < 7; part++)
    CHECK_TEXT(sql("PRAGMA secure_delete = ON; UPDATE deliveries SET status = 'failed', finished = 1, cause = 'memory',"
                   " message = substr(url || url || url, 1, 40 + event * 31 %% 90) WHERE event * 5 %% 7 = %d",
                   part),
               "1");
}

#define SUM_OF_THE_OTHERS                                                                                       \
  "SELECT count(*), sum(seq), sum(length(session || coalesce(message, '') || url)) FROM events JOIN deliveries" \
  " ON event = seq WHERE session NOT LIKE '%%annabel%%'"

static void check_splits(void) {
  static const int page_sizes[] = {4096, 512, 65536};
  for (size_t i = 0; i < sizeof page_sizes / sizeof *page_sizes; i++) {
    make_splits(page_sizes[i]);
    char others[200];
    snprintf(others, sizeof others, "%s", sql(SUM_OF_THE_OTHERS));
    CHECK(erase((struct history_erasure){.containing = "Annabel"}) == HISTORY_ERASED);
    CHECK_TEXT(error, "");
    CHECK(events == MANY / 10);
    CHECK(!is_in_files("annabel"));
    CHECK(is_in_files("-bob-"));
    CHECK_TEXT(sql(SUM_OF_THE_OTHERS), others);
    CHECK_TEXT(sql("PRAGMA integrity_check"), "ok");
    CHECK_TEXT(sql("PRAGMA user_version"), "3");
    CHECK_TEXT(sql("PRAGMA application_id"), "1230456881");
  }
}

static void check_reader(void) {
  sqlite3 *reader = NULL;
  make_splits(4096);
  CHECK(sqlite3_open(path, &reader) == SQLITE_OK);
  CHECK(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM events", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(erase((struct history_erasure){.containing = "Annabel"}) == HISTORY_ERASED);
  CHECK(events == MANY / 10);
  CHECK_TEXT(error, "Copies of what was erased may be left in the history file, since another program had it in use: "
                    "erase the same once more when it has not.");
  CHECK(is_in_files("annabel")); /* the reader may still read it */
  CHECK(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(erase((struct history_erasure){.containing = "Annabel"}) == HISTORY_ERASED);
  CHECK(events == 0);
  CHECK_TEXT(error, "");
  CHECK(!is_in_files("annabel"));
  CHECK(sqlite3_close(reader) == SQLITE_OK);
}

/* ---- with writers at work ---- */

/* Hands over as fast as it is written, until it is killed or the pipe is closed. */
static void write_on(int from) {
  fake_process_generation++; /* we are a child */
  endpoint = fixture_endpoint("http://hook.example/", NULL);
  history = history_acquire(path, 0, error);
  char byte;
  for (unsigned i = 1;; i++) {
    struct event *event = fixture_record(
        history, &(struct fixture_event){.session = i % 10 ? "bob" : "annabel", .endpoint = endpoint, .deliveries = 1},
        200);
    if (!event) _exit(2);
    event_release(event);
    while (i - atomic_load(&fixture_told.deliveries_stored) > 500) usleep(200);
    if (i % 100 == 0 && recv(from, &byte, 1, MSG_DONTWAIT) == 0) break;
  }
  history_release(history);
  bool good = history_finish_all(10000) && atomic_load(&fixture_told.events_stored) > 0;
  _exit(good ? 0 : 1);
}

static void check_writers(void) {
  enum { WRITERS = 2 };
  int ends[2];
  pid_t children[WRITERS];
  snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "history.db"));
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  fflush(stdout);
  for (int i = 0; i < WRITERS; i++)
    if ((children[i] = fork()) == 0) {
      close(ends[0]);
      write_on(ends[1]);
    }
  close(ends[1]);
  int64_t erased = 0, until_us = clock_monotonic_us() + 20000000 * spec_slowness();
  for (int i = 0; (i < 5 || erased <= 100) && clock_monotonic_us() < until_us; i += erased > 0) {
    usleep(erased > 0 ? 200000 : 500); /* at first they make the file */
    bool done = erase((struct history_erasure){.session = "annabel"}) == HISTORY_ERASED;
    if (!CHECK(done && (!*error || strstr(error, "Copies of what was erased") == error))) printf("     %s\n", error);
    erased += events;
  }
  close(ends[0]);
  for (int i = 0; i < WRITERS; i++) {
    int status = -1;
    waitpid(children[i], &status, 0);
    CHECK(status == 0);
  }
  CHECK(erased > 100);
  CHECK(erase((struct history_erasure){.containing = "annabel"}) == HISTORY_ERASED);
  CHECK_TEXT(error, "");
  CHECK(!is_in_files("annabel"));
  CHECK_TEXT(sql("PRAGMA integrity_check"), "ok");
  CHECK_TEXT(sql("SELECT max(last_seq) FROM event_spans"),
             sql("SELECT count(*) + %lld FROM events", (long long)(erased + events)));
  CHECK_TEXT(sql("SELECT count(*) FROM events WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE event = events.seq AND"
                 " status = 'delivered') OR NOT EXISTS (SELECT 1 FROM attempts WHERE event = events.seq)"),
             "0");
}

/* In another process: records an event whose delivery is on its way, says its id, and finishes it when told to. */
static void finish_later(int with) {
  char byte;
  fake_process_generation++;
  endpoint = fixture_endpoint("http://hook.example/", NULL);
  history = history_acquire(path, 0, error);
  struct event *event = record("s", "{\"name\":\"Annabel\"}", 0);
  bool good = write(with, event->id, ID_SIZE) == ID_SIZE && read(with, &byte, 1) == 1;
  fixture_finish(&event->deliveries[0], 200);
  event_hold(event);
  history_delivery(history, &event->deliveries[0]);
  good = good && fixture_await(&fixture_told.deliveries_stored, 1);
  event_release(event);
  history_release(history);
  _exit(good && history_finish_all(10000) ? 0 : 1);
}

static void check_other_process(void) {
  int ends[2], status = -1;
  char id[ID_SIZE] = "";
  snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "history.db"));
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) finish_later(ends[1]);
  CHECK(recv(ends[0], id, sizeof id, MSG_WAITALL) == sizeof id);
  CHECK(erase((struct history_erasure){.id = id}) == HISTORY_ERASED && events == 1);
  CHECK(write(ends[0], "", 1) == 1);
  waitpid(child, &status, 0);
  CHECK(status == 0);
  close(ends[0]);
  close(ends[1]);
  check_counts("0");
  CHECK_TEXT(count("delivery_minutes"), "0");
  CHECK(erase((struct history_erasure){.id = id}) == HISTORY_ERASED && events == 0); /* clears the files again */
  CHECK(!is_in_files("Annabel"));
}

static void check_tombstones(void) {
  begin("http://hook.example/");
  struct event *event = record("s", "{\"name\":\"Ann\"}", 0), *finished = record("s", "{\"name\":\"Ann\"}", 200);
  CHECK(erase((struct history_erasure){.session = "s"}) == HISTORY_ERASED && events == 2);
  CHECK_TEXT(sql("SELECT event, time = %lld FROM erased_events", (long long)event->time_us), "1|1");
  CHECK(history_finish_all(10000)); /* the file is closed, and opened again */
  fixture_finish(&event->deliveries[0], 200);
  event_hold(event);
  history_delivery(history, &event->deliveries[0]);
  CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
  check_counts("0");
  struct history_file file = {0};
  int64_t day_us = 24 * (int64_t)3600 * 1000000, now_us = clock_wall_us();
  CHECK(history_file_open(&file, path) == SQLITE_OK);
  CHECK(history_retention_forget_erased(&file, now_us + 29 * day_us) == SQLITE_OK);
  CHECK_TEXT(count("erased_events"), "1");
  CHECK(history_retention_forget_erased(&file, now_us + 31 * day_us) == SQLITE_OK);
  CHECK_TEXT(count("erased_events"), "0");
  history_file_close(&file, true);
  event_release(event);
  event_release(finished);
  end();
}

int main(void) {
  memory_faults_install();

  /* those that fork, while there is no thread */
  TEST("an event that is erased while another process sends its delivery does not come back") check_other_process();
  TEST("what busy writers write meanwhile is whole, and in the end nothing is left of what was erased") check_writers();

  TEST("copies that SQLite made while it split pages are overwritten, and nothing else is") check_splits();
  TEST("while somebody reads, copies may be left, which is said; they go with the next erasing") check_reader();
  TEST("what was erased on its way is remembered for 30 days, whoever opens the file again") check_tombstones();

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
  TEST("a file of which nobody can tell whether it is there is not taken for one that is not") {
    snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "loop.db"));
    CHECK(symlink("loop.db", path) == 0);
    CHECK(erase((struct history_erasure){.containing = "Ann"}) == HISTORY_ERASE_FAILED && *error);
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
  TEST("a file that somebody keeps for himself is waited for, also when SQLite does not wait") {
    begin("http://hook.example/");
    event_release(record("s", "{}", 200));
    end();
    struct keeper keeper = {.asked = 0};
    CHECK(sqlite3_open(path, &keeper.database) == SQLITE_OK);
    CHECK(sqlite3_exec(keeper.database, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL) ==
          SQLITE_OK);
    const struct history_patience patience = {.must_stop = let_go, .context = &keeper};
    CHECK(history_erase(path, &(struct history_erasure){.session = "s"}, &patience, &events, &sessions, error) ==
          HISTORY_ERASED);
    CHECK_TEXT(error, "");
    CHECK(events == 1 && keeper.database == NULL);
  }
  TEST("without memory it says so, and nothing is half erased") check_allocations();

  return check_finish();
}
