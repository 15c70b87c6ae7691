/*
 * test_history_fork: histories and readers around a fork (history*.c and the fixture's needs). The handlers are
 * registered as process.c does it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "fake_process.h"
#include "history.h"
#include "history_fixture.h"
#include "history_reader.h"
#include "memory_faults.h"
#include "slowness.h"
#include "workers.h"

/* AddressSanitizer's allocator does not survive a fork in which another thread allocates. */
#ifdef __SANITIZE_ADDRESS__
enum { FORKS_UNDER_LOAD = 0 };
#else
enum { FORKS_UNDER_LOAD = 1 };
#endif

static char path[512];
static struct history *history;
static struct endpoint *endpoint;
static int park_ms = 5000;

static void before_fork(void) {
  workers_park(&history_reader_workers, park_ms);
  history_before_fork(park_ms);
}

static void after_in_parent(void) {
  history_after_fork_in_parent();
  workers_resume(&history_reader_workers);
}

static void after_in_child(void) {
  fake_process_generation++;
  history_after_fork_in_child();
  workers_forget(&history_reader_workers);
}

static void begin(void) {
  char error[HISTORY_ERROR_SIZE];
  snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "h.db"));
  history = history_acquire(path, 0, error);
  endpoint = fixture_endpoint("http://127.0.0.1:8080/hook", NULL);
  memset(&fixture_told, 0, sizeof fixture_told);
  fixture_on_recorded = NULL;
  CHECK(history_start(history, 5000, error));
}

static void end(void) {
  history_release(history);
  CHECK(history_finish_all(10000));
  CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
  fixture_endpoint_free(endpoint);
  CHECK(memory_faults_outstanding() == 0);
}

static void record(const char *intent) {
  struct event *event =
      fixture_record(history, &(struct fixture_event){.endpoint = endpoint, .deliveries = 1, .intent = intent}, 200);
  if (event) event_release(event);
}

/* The child's exit status, as a check of the parent. */
static bool child_passed(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The end of a child: it becomes another program, so that no leak checker looks at what it was right to forget. */
static void leave(bool passed) {
  execl("/bin/sh", "sh", "-c", passed ? "exit 0" : "exit 1", (char *)NULL);
  _exit(1);
}

/* In the child: writes with the history it inherited, and ends. */
static void write_in_child(const char *intent, unsigned count) {
  memset(&fixture_told, 0, sizeof fixture_told); /* the parent's events are not ours */
  for (unsigned i = 0; i < count; i++) record(intent);
  bool stored = fixture_await(&fixture_told.deliveries_stored, count);
  history_release(history);
  leave(stored && history_finish_all(10000) && atomic_load(&fixture_told.deliveries_stored) == count);
}

static _Atomic bool producing;
static _Atomic unsigned produced;

static char parent[] = "parent";

static void *produce(void *argument) {
  while (producing) {
    record(argument);
    produced++;
    usleep(100);
  }
  return NULL;
}

static void test_writers(void) {
  TEST("a child goes on with the history that it inherited, and so does the parent") {
    begin();
    record("before");
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    pid_t child = fork();
    if (child == 0) write_in_child("child", 10);
    for (unsigned i = 0; i < 10; i++) record("parent");
    CHECK(fixture_await(&fixture_told.deliveries_stored, 11));
    CHECK(child_passed(child));
    CHECK_TEXT(fixture_sql(path, "SELECT intent, count(*) FROM events GROUP BY 1 ORDER BY 1"),
               "before|1\nchild|10\nparent|10");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*), count(DISTINCT seq), max(seq) FROM events"), "21|21|21");
    end();
  }
  TEST("what waits at the fork is written once, by the parent") {
    begin();
    for (unsigned i = 0; i < 2000; i++) record("parent");
    pid_t child = fork();
    if (child == 0) write_in_child("child", 5);
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2000));
    CHECK(child_passed(child));
    CHECK_TEXT(fixture_sql(path, "SELECT intent, count(*) FROM events GROUP BY 1 ORDER BY 1"), "child|5\nparent|2000");
    end();
  }
  TEST("many forks under load: every record is there once, and the file is whole") {
    if (!FORKS_UNDER_LOAD) {
      SKIP("AddressSanitizer");
      continue;
    }
    begin();
    pthread_t threads[2];
    producing = true;
    produced = 0;
    for (unsigned i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, produce, parent) == 0);
    enum { FORKS = 30 };
    for (unsigned i = 0; i < FORKS; i++) {
      pid_t child = fork();
      if (child == 0) write_in_child("child", 3);
      CHECK(child_passed(child));
    }
    producing = false;
    for (unsigned i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    CHECK(fixture_await(&fixture_told.deliveries_stored, produced));
    char expected[64];
    snprintf(expected, sizeof expected, "child|%u\nparent|%u", FORKS * 3, produced);
    CHECK_TEXT(fixture_sql(path, "SELECT intent, count(*) FROM events GROUP BY 1 ORDER BY 1"), expected);
    end();
  }
  TEST("a history that nobody started, or that has ended, survives a fork") {
    begin();
    CHECK(history_finish_all(10000));
    char error[HISTORY_ERROR_SIZE];
    struct history *idle = history_acquire(fixture_path("/tmp", "iw-history-never-written.db"), 0, error);
    pid_t child = fork();
    if (child == 0) {
      history_release(idle);
      write_in_child("child", 1);
    }
    CHECK(child_passed(child));
    history_release(idle);
    end();
  }
  TEST("a child may fork again, and leave without a word") {
    begin();
    record("parent");
    pid_t child = fork();
    if (child == 0) {
      record("child");
      pid_t grandchild = fork();
      if (grandchild == 0) write_in_child("grandchild", 2);
      leave(child_passed(grandchild) && fixture_await(&fixture_told.deliveries_stored, 1));
    }
    CHECK(child_passed(child));
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1));
    CHECK_TEXT(
        fixture_sql(path, "SELECT group_concat(DISTINCT intent) FROM (SELECT intent FROM events ORDER BY intent)"),
        "child,grandchild,parent");
    end();
  }
}

static _Atomic bool hold, holding;

static void hold_writer(struct event *event, struct delivery *delivery, bool stored) {
  (void)event, (void)delivery, (void)stored;
  holding = true;
  while (hold) usleep(1000);
}

static void test_late(void) {
  TEST("when the writer does not park in time, the fork goes on, the child says that it cannot write, the parent can") {
    begin();
    hold = true;
    holding = false;
    fixture_on_recorded = hold_writer;
    record("parent");
    while (!holding) usleep(1000);
    park_ms = 50;
    int64_t started = clock_monotonic_us();
    pid_t child = fork();
    if (child == 0) {
      char error[HISTORY_ERROR_SIZE];
      memset(&fixture_told, 0, sizeof fixture_told);
      fixture_on_recorded = NULL;
      bool refused = !history_start(history, 5000, error) && strstr(error, "The process forked while") == error;
      record("child");
      refused = refused && fixture_await(&fixture_told.deliveries_failed, 1);
      struct history_reader *reader = history_reader_open(path, error);
      struct buffer out = {0};
      refused = refused && history_reader_ask(reader, &(struct history_query){.limit = 1}, 5000, &out, error) ==
                               HISTORY_UNREADABLE;
      refused = refused && strstr(error, ": The process forked while") != NULL; /* behind the file's name */
      history_reader_close(reader);
      leave(refused && !history_finish_all(200));
    }
    CHECK(clock_monotonic_us() - started < 2000000 * spec_slowness());
    hold = false;
    park_ms = 5000;
    CHECK(child_passed(child));
    fixture_on_recorded = NULL;
    record("parent");
    CHECK(fixture_await(&fixture_told.deliveries_stored, 2));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM events"), "2");
    end();
  }
}

static struct history_reader *reader;
static _Atomic bool asking;
static _Atomic unsigned answers, failures;

static void *ask_again_and_again(void *argument) {
  (void)argument;
  while (asking) {
    char error[HISTORY_ERROR_SIZE];
    struct buffer out = {0};
    enum history_answer answer = history_reader_ask(reader, &(struct history_query){.limit = 1000}, 10000, &out, error);
    if (answer == HISTORY_ANSWERED && out.length > 30)
      answers++;
    else
      failures++;
    buffer_free(&out);
  }
  return NULL;
}

static void test_readers(void) {
  TEST("a fork in the middle of a question: the parent gets its answer, and the child asks with the same reader") {
    if (!FORKS_UNDER_LOAD) {
      SKIP("AddressSanitizer");
      continue;
    }
    begin();
    char error[HISTORY_ERROR_SIZE];
    for (unsigned i = 0; i < 1000; i++) record("parent");
    CHECK(fixture_await(&fixture_told.deliveries_stored, 1000));
    reader = history_reader_open(path, error);
    pthread_t thread;
    asking = true;
    answers = failures = 0;
    CHECK(pthread_create(&thread, NULL, ask_again_and_again, NULL) == 0);
    for (unsigned i = 0; i < 20; i++) {
      usleep(3000);
      pid_t child = fork();
      if (child == 0) {
        struct buffer out = {0};
        bool answered =
            history_reader_ask(reader, &(struct history_query){.limit = 1}, 10000, &out, error) == HISTORY_ANSWERED;
        history_reader_close(reader);
        leave(answered && out.length > 30);
      }
      CHECK(child_passed(child));
    }
    asking = false;
    pthread_join(thread, NULL);
    CHECK(answers > 0 && failures == 0);
    history_reader_close(reader);
    end();
  }
}

int main(void) {
#ifdef __SANITIZE_THREAD__
  TEST("histories and readers around a fork") {
    SKIP("ThreadSanitizer does not bear threads that a forked child starts");
  }
  return check_finish();
#endif
  memory_faults_install();
  pthread_atfork(before_fork, after_in_parent, after_in_child);
  test_writers();
  test_late();
  test_readers();
  return check_finish();
}
