/*
 * test_history_trouble: the history when the file cannot be written: locked, full, replaced, damaged, no memory,
 * killed, shared with other busy processes. (history*.c and the fixture's needs)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "fake_process.h"
#include "history.h"
#include "history_fixture.h"
#include "memory_faults.h"
#include "slowness.h"

static const char *const secrets[] = {"abc123token", NULL};
static char path[512];
static struct history *history;
static struct endpoint *endpoint;

static void begin_at(const char *place) {
  char error[HISTORY_ERROR_SIZE];
  if (place != path) snprintf(path, sizeof path, "%s", place);
  history = history_acquire(path, 0, error);
  CHECK(history != NULL);
  endpoint = fixture_endpoint("http://127.0.0.1:8080/hook", secrets);
  fixture_on_recorded = NULL;
  memset(&fixture_told, 0, sizeof fixture_told);
}

static void begin(void) {
  begin_at(fixture_path(fixture_folder(NULL), "h.db"));
}

static void end(void) {
  if (history) history_release(history);
  history = NULL;
  CHECK(history_finish_all(10000));
  fixture_endpoint_free(endpoint);
  CHECK(memory_faults_outstanding() == 0);
}

static void record(int http_status) {
  struct event *event =
      fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, http_status);
  CHECK(event != NULL);
  if (event) event_release(event);
}

static void start(void) {
  char error[HISTORY_ERROR_SIZE];
  CHECK(history_start(history, 5000, error));
}

/* ---- locked ---- */

static sqlite3 *lock_file(void) {
  sqlite3 *database = NULL;
  CHECK(sqlite3_open(path, &database) == SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  CHECK(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
  return database;
}

static void unlock_file(sqlite3 *database) {
  CHECK(sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(sqlite3_close(database) == SQLITE_OK);
}

static void test_locked(void) {
  TEST("a lock that another program holds for a while only delays") {
    begin();
    start();
    sqlite3 *other = lock_file();
    for (unsigned i = 0; i < 100; i++) record(200);
    usleep(500000);
    CHECK(atomic_load(&fixture_told.events_stored) == 0 && atomic_load(&fixture_told.events_failed) == 0);
    unlock_file(other);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 100));
    CHECK(atomic_load(&fixture_told.deliveries_failed) == 0);
    end();
  }
  TEST("a release that waits for the file's end waits no longer than it may, and what is left is written later") {
    begin();
    start();
    sqlite3 *other = lock_file();
    record(200);
    int64_t before_us = clock_monotonic_us();
    history_release_closed(history, 50000);
    history = NULL;
    int64_t waited_us = clock_monotonic_us() - before_us;
    CHECK(waited_us >= 50000 && atomic_load(&fixture_told.deliveries_stored) == 0);
    unlock_file(other);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    end();
  }
  TEST(
      "of a lock that lasts, owners are told once, also those who come later, and the records are written in the end") {
    begin();
    start();
    sqlite3 *other = lock_file();
    for (unsigned i = 0; i < 600; i++) record(200); /* more than a batch */
    CHECK(fixture_await(&fixture_told.deliveries_failed, 600));
    CHECK(atomic_load(&fixture_told.events_failed) == 600);
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK(stats.waiting == 1200 && stats.recorded == 0);
    CHECK_TEXT(stats.error, "Another program keeps the history file locked: end its transaction (database is locked).");
    for (unsigned i = 0; i < 50; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_failed, 650));
    unlock_file(other);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 650));
    CHECK(atomic_load(&fixture_told.events_failed) == 650 && atomic_load(&fixture_told.deliveries_failed) == 650);
    CHECK(atomic_load(&fixture_told.events_stored) == 650 && atomic_load(&fixture_told.deliveries_stored) == 650);
    history_read_stats(history, &stats);
    CHECK(stats.waiting == 0 && stats.recorded == 1300);
    CHECK_TEXT(stats.error, "");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(seq) FROM events"), "650|650");
    end();
  }
  TEST("a finish whose time is up drops what cannot be written, counts it, and is in time") {
    begin();
    start();
    sqlite3 *other = lock_file();
    for (unsigned i = 0; i < 100; i++) record(200);
    int64_t started = clock_monotonic_us();
    CHECK(!history_finish_all(300));
    CHECK(clock_monotonic_us() - started < 1000000 * spec_slowness());
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK(stats.waiting == 0 && stats.dropped == 200);
    unlock_file(other);
    end();
  }
  TEST("a file that is locked when it is opened is waited for") {
    begin();
    start();
    CHECK(history_finish_all(10000));
    sqlite3 *other = lock_file();
    CHECK(sqlite3_exec(other, "COMMIT; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL) ==
          SQLITE_OK);
    char error[HISTORY_ERROR_SIZE];
    CHECK(!history_start(history, 200, error));
    CHECK_TEXT(error, "The history file could not be opened within 200 ms: does another program keep it locked?");
    record(200);
    unlock_file(other);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    CHECK(history_start(history, 5000, error));
    end();
  }
}

/* ---- no room ---- */

static void test_full(void) {
  TEST(
      "a write that the system refuses loses nothing, kills nobody, and the history goes on when there is room again") {
    begin();
    start();
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    struct rlimit limit, tight;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    tight = limit;
    tight.rlim_cur = 200 * 1024;
    CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0); /* SIGXFSZ would end us, were it not blocked in the writer's thread */
    for (unsigned i = 0; i < 2000; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_failed, 1));
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK_TEXT(stats.error, "Reading or writing the history file failed: check the disk (disk I/O error).");
    CHECK(stats.waiting > 0);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2001));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(seq) FROM events"), "2001|2001");
    CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
    end();
  }
  TEST("the same on a disk that is full") {
    const char *folder = fixture_folder(NULL);
    char place[400];
    snprintf(place, sizeof place, "%s", folder);
    if (mount("tmpfs", place, "tmpfs", 0, "size=600k") != 0) {
      SKIP("only root may mount a small disk");
      continue;
    }
    begin_at(fixture_path(place, "h.db"));
    start();
    for (unsigned i = 0; i < 2000; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_failed, 1));
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK_TEXT(stats.error, "The disk is full: free some space, and the history goes on (database or disk is full).");
    CHECK(mount("tmpfs", place, "tmpfs", MS_REMOUNT, "size=64m") == 0);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2000));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(seq) FROM events"), "2000|2000");
    CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
    end();
    CHECK(umount(place) == 0);
  }
}

static off_t wal_size(void) {
  struct stat status = {0};
  char name[600];
  snprintf(name, sizeof name, "%s-wal", path);
  return stat(name, &status) == 0 ? status.st_size : 0;
}

/* Events with a response body of 60 kB, which fill the WAL quickly. Returns the largest size that it had. */
static off_t record_much(unsigned count) {
  static char body[60000];
  off_t largest = 0;
  unsigned before = atomic_load(&fixture_told.deliveries_stored);
  memset(body, 'x', sizeof body);
  for (unsigned i = 1; i <= count; i++) {
    struct event *event = fixture_event(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1});
    fixture_finish(&event->deliveries[0], 200);
    buffer_append(&event->deliveries[0].attempt.response_body, body, sizeof body);
    event_hold(event);
    CHECK(history_event(history, event));
    history_delivery(history, &event->deliveries[0]);
    if (i % 50 == 0) CHECK(fixture_await(&fixture_told.deliveries_stored, before + i));
    if (wal_size() > largest) largest = wal_size();
  }
  return largest;
}

static void test_wal(void) {
  enum { MIB = 1024 * 1024 };
  TEST("the WAL stays small under load, grows while somebody reads, and starts over when he has gone") {
    begin();
    start();
    CHECK(record_much(1000) < 32 * MIB); /* 60 MB */
    sqlite3 *reader = NULL;
    CHECK(sqlite3_open(path, &reader) == SQLITE_OK);
    CHECK(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM events", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(record_much(1500) > 70 * MIB); /* 90 MB */
    CHECK(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(reader) == SQLITE_OK);
    record_much(200);
    CHECK(wal_size() <= 32 * MIB);
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM attempts WHERE length(response_body) = 60002"), "2700");
    end();
  }
}

/* ---- another file, or damage ---- */

static void test_replaced(void) {
  TEST("a file that was deleted is made anew, and a delivery whose event went with it brings its event along") {
    begin();
    record(200);
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 2}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 2));
    fixture_finish(&event->deliveries[0], 200);
    event_hold(event);
    history_delivery(history, &event->deliveries[0]);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
    unlink(path);
    record(200); /* in the new file, this event's row is another's old one */
    CHECK(fixture_await(&fixture_told.deliveries_stored, 3));
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 4));
    fixture_finish(&event->deliveries[1], 404);
    event_hold(event);
    history_delivery(history, &event->deliveries[1]);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 5));
    CHECK_TEXT(fixture_sql(path, "SELECT event, number, status FROM deliveries"),
               "1|1|delivered\n2|1|delivered\n3|1|delivered\n3|2|failed");
    CHECK_TEXT(fixture_sql(path, "SELECT event, number FROM attempts"), "1|1\n2|1\n3|2");
    event_release(event);
    end();
  }
  TEST("a file that is moved away while it is in use is whole without its WAL, and a new one is begun") {
    begin();
    for (unsigned i = 0; i < 100; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 100));
    char moved[600];
    snprintf(moved, sizeof moved, "%s-old", path);
    CHECK(rename(path, moved) == 0);
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 101));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM attempts"), "1");
    CHECK_TEXT(fixture_sql(moved, "SELECT count(*) FROM attempts"), "100");
    CHECK_TEXT(fixture_sql(moved, "PRAGMA integrity_check"), "ok");
    end();
  }
  TEST("a file that is moved away just before the end keeps all that was recorded, and needs no WAL") {
    begin();
    for (unsigned i = 0; i < 20; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 20));
    char moved[600];
    snprintf(moved, sizeof moved, "%s-old", path);
    CHECK(rename(path, moved) == 0);
    end();
    CHECK(wal_size() == 0);
    CHECK_TEXT(fixture_sql(moved, "SELECT count(*) FROM attempts"), "20");
  }
  TEST(
      "a file that is moved away while somebody reads it is brought up to date when he has gone, and nothing is lost") {
    begin();
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    sqlite3 *reader = NULL;
    CHECK(sqlite3_open(path, &reader) == SQLITE_OK);
    CHECK(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM events", NULL, NULL, NULL) == SQLITE_OK);
    for (unsigned i = 0; i < 20; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 21));
    char moved[600];
    snprintf(moved, sizeof moved, "%s-old", path);
    CHECK(rename(path, moved) == 0);
    for (unsigned i = 0; i < 5; i++) record(200);
    CHECK(fixture_await(&fixture_told.deliveries_failed, 5));
    CHECK(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(reader) == SQLITE_OK);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 26));
    end();
    CHECK_TEXT(fixture_sql(moved, "SELECT count(*) FROM attempts"), "21");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM attempts"), "5");
  }
  TEST("an event that somebody deleted while its delivery was on its way is written again") {
    begin();
    struct event *event = fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 1}, 0);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    CHECK_TEXT(fixture_sql(path, "DELETE FROM deliveries; DELETE FROM events"), "");
    fixture_finish(&event->deliveries[0], 200);
    event_hold(event);
    history_delivery(history, &event->deliveries[0]);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    CHECK_TEXT(
        fixture_sql(
            path, "SELECT events.seq, status, http_status FROM events JOIN deliveries ON deliveries.event = events.seq "
                  "JOIN attempts ON attempts.event = deliveries.event"),
        "2|delivered|200");
    event_release(event);
    end();
  }
  TEST("an event that is in the file already, by a commit that failed too late, is there once") {
    begin();
    struct event *event = fixture_event(&(struct fixture_event){.endpoint = endpoint, .deliveries = 1});
    start();
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO events VALUES (1, '%s', %lld, 'book_appointment', NULL, '%s', NULL, NULL);"
             "INSERT INTO deliveries VALUES (1, 1, 'book_appointment', 'u', 'pending', NULL, NULL, NULL)",
             event->id, (long long)event->time_us, event->slots);
    CHECK_TEXT(fixture_sql(path, sql), "");
    CHECK(history_event(history, event));
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT seq, url FROM events JOIN deliveries ON event = seq"),
               "2|http://127.0.0.1:8080/hook");
    end();
  }
  TEST("two events of the same id are both written; the second gets another id") {
    begin();
    struct event *first = fixture_event(&(struct fixture_event){.time_us = 1, .slots = "{\"n\":1}"}),
                 *second = fixture_event(&(struct fixture_event){
                     .time_us = 1, .slots = "{\"n\":2}", .endpoint = endpoint, .deliveries = 1});
    memcpy(second->id, first->id, sizeof first->id);
    CHECK(history_event(history, first));
    event_hold(second);
    CHECK(history_event(history, second));
    CHECK(fixture_await(&fixture_told.events_stored, 2));
    fixture_finish(&second->deliveries[0], 200);
    history_delivery(history, &second->deliveries[0]);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    CHECK_TEXT(fixture_sql(path, "SELECT slots, status FROM events LEFT JOIN deliveries ON event = seq ORDER BY seq"),
               "{\"n\":1}|-\n{\"n\":2}|delivered");
    end();
  }
  TEST("a file that is replaced by something else is not touched, and its owner is told why") {
    begin();
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    unlink(path);
    FILE *file = fopen(path, "w");
    for (unsigned i = 0; i < 1000; i++) fputs("notes ", file);
    fclose(file);
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_failed, 1));
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK_TEXT(stats.error, "The file is not an SQLite database: name another file (file is not a database).");
    struct stat status;
    CHECK(stat(path, &status) == 0 && status.st_size == 6000);
    char error[HISTORY_ERROR_SIZE];
    CHECK(!history_start(history, 5000, error));
    CHECK_TEXT(error, stats.error);
    unlink(path);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
    end();
  }
}

/* ---- no memory ---- */

static void test_memory(void) {
  TEST("each allocation failing in turn: an error comes back, or the batch is tried again; nothing is lost or "
       "unredacted") {
    bool hit = true;
    for (unsigned nth = 1; hit; nth++) {
      begin();
      history_release(history);
      CHECK(history_finish_all(10000));
      struct event *event = fixture_event(&(struct fixture_event){
          .endpoint = endpoint, .deliveries = 1, .secret = "+84901234567", .error = "at +84901234567"});
      fixture_finish(&event->deliveries[0], 404);
      for (unsigned i = 0; i < 10; i++) buffer_text(&event->deliveries[0].attempt.response_body, "abc123token ");
      char error[HISTORY_ERROR_SIZE];
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      history = history_acquire(path, 0, error);
      if (!history) {
        CHECK(strstr(error, "out of memory") != NULL);
        hit = memory_faults_hit();
        history = history_acquire(path, 0, error);
      }
      if (!history_event(history, event)) {
        hit = memory_faults_hit();
        CHECK(hit);
        CHECK(history_event(history, event));
      }
      event_hold(event);
      history_delivery(history, &event->deliveries[0]);
      CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
      hit = memory_faults_hit();
      CHECK(atomic_load(&fixture_told.events_failed) == atomic_load(&fixture_told.deliveries_failed));
      CHECK(atomic_load(&fixture_told.events_failed) <= hit);
      CHECK_TEXT(fixture_sql(path, "SELECT events.error, number, status, substr(response_body, 1, 24) FROM events JOIN "
                                   "deliveries ON event = events.seq JOIN attempts USING (event, number)"),
                 "at [redacted]|1|failed|ok[redacted] [redacted] ");
      end();
      if (nth > 100) break;
    }
    CHECK(!hit);
  }
  TEST("with no memory at all the writer goes on trying, and says so") {
    begin();
    start();
    struct event *event = fixture_event(&(struct fixture_event){
        .endpoint = endpoint, .deliveries = 1, .secret = "+84901234567", .error = "at +84901234567"});
    memory_faults_fail(1, MEMORY_FAULTS_ONWARDS);
    CHECK(history_event(history, event));
    CHECK(fixture_await(&fixture_told.events_failed, 1));
    struct history_stats stats;
    history_read_stats(history, &stats);
    CHECK_TEXT(stats.error, "There was not enough memory to write the history.");
    usleep(300000);
    CHECK(atomic_load(&fixture_told.events_failed) == 1 && atomic_load(&fixture_told.events_stored) == 0);
    memory_faults_fail(0, MEMORY_FAULTS_ONCE);
    CHECK(fixture_await(&fixture_told.events_stored, 1));
    end();
  }
}

/* ---- processes ---- */

static atomic_uint reported;
static int report_to;

static void report(struct event *event, struct delivery *delivery, bool stored) {
  (void)event;
  if (!delivery || !stored) return;
  unsigned count = atomic_fetch_add(&reported, 1) + 1;
  if (write(report_to, &count, sizeof count) != sizeof count) _exit(3);
}

static void test_killed(void) {
  TEST("what an owner was told is stored survives kill -9") {
    const char *folder = fixture_folder(NULL);
    snprintf(path, sizeof path, "%s/h.db", folder);
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
      fake_process_generation++;
      close(ends[0]);
      report_to = ends[1];
      begin_at(path);
      fixture_on_recorded = report;
      for (unsigned i = 0; i < 1000000; i++) {
        record(200);
        if (i % 1000 == 0) usleep(5000);
      }
      _exit(0);
    }
    close(ends[1]);
    unsigned told = 0;
    while (told < 5000 && read(ends[0], &told, sizeof told) == sizeof told) {}
    kill(child, SIGKILL);
    while (read(ends[0], &told, sizeof told) == sizeof told) {}
    close(ends[0]);
    waitpid(child, NULL, 0);
    CHECK(told >= 5000);
    CHECK((unsigned)atol(fixture_sql(path, "SELECT count(*) FROM deliveries WHERE status = 'delivered'")) >= told);
    CHECK_TEXT(
        fixture_sql(path,
                    "SELECT (SELECT count(*) FROM deliveries WHERE status = 'delivered') - count(*) FROM attempts"),
        "0");
    CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
    begin_at(path);
    record(200);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    end();
  }
}

static _Atomic int64_t handed_us[1024];
static _Atomic int64_t longest_us;
static _Atomic unsigned next_handed, next_told;

static void measure(struct event *event, struct delivery *delivery, bool stored) {
  (void)delivery;
  if (!event || !stored) return;
  int64_t waited = clock_monotonic_us() - handed_us[next_told++ % 1024];
  if (waited > longest_us) longest_us = waited;
}

/* Hands over as fast as it is written, at most 1000 at once, for that long. Writes how many and the longest wait. */
static void saturate(double seconds, int to) {
  fake_process_generation++; /* we are a child */
  begin_at(path);
  fixture_on_recorded = measure;
  int64_t until = clock_monotonic_us() + (int64_t)(seconds * 1e6);
  while (clock_monotonic_us() < until) {
    while (next_handed - next_told >= 1000) usleep(200);
    handed_us[next_handed++ % 1024] = clock_monotonic_us();
    record(200);
  }
  end();
  int64_t result[2] = {next_handed, longest_us};
  bool good = write(to, result, sizeof result) == sizeof result && check_state.failures == 0;
  fflush(stdout); /* what failed */
  _exit(good ? 0 : 1);
}

static void test_saturated(void) {
  TEST("four processes write one file as fast as they can: all is there, and none waits longer than two seconds") {
    enum { PROCESSES = 4 };
    const char *folder = fixture_folder(NULL);
    snprintf(path, sizeof path, "%s/h.db", folder);
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t children[PROCESSES];
    fflush(stdout);
    for (unsigned i = 0; i < PROCESSES; i++)
      if ((children[i] = fork()) == 0) saturate(4, ends[1]);
    close(ends[1]);
    int64_t total = 0, slowest = 0, fewest = INT64_MAX, result[2];
    for (unsigned i = 0; i < PROCESSES && read(ends[0], result, sizeof result) == sizeof result; i++) {
      total += result[0];
      if (result[1] > slowest) slowest = result[1];
      if (result[0] < fewest) fewest = result[0];
    }
    close(ends[0]);
    for (unsigned i = 0; i < PROCESSES; i++) {
      int status = -1;
      waitpid(children[i], &status, 0);
      CHECK(status == 0);
    }
    CHECK(slowest < 2000000 * spec_slowness());
    CHECK(fewest > total / PROCESSES / 4); /* nobody starves */
    char expected[64];
    snprintf(expected, sizeof expected, "%lld|%lld|1", (long long)total, (long long)total);
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), max(seq), min(seq) FROM events"), expected);
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) - count(DISTINCT substr(id, 20)) FROM events"), "0"); /* random */
    CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
    if (getenv("VERBOSE"))
      printf("     %lld events, slowest %lld us, fewest %lld\n", (long long)total, (long long)slowest,
             (long long)fewest);
  }
}

int main(void) {
  memory_faults_install();
  test_killed(); /* those that fork first, while there is no thread */
  test_saturated();
  test_locked();
  test_full();
  test_wal();
  test_replaced();
  test_memory();
  return check_finish();
}
