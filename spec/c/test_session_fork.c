/*
 * test_session_fork: session files around a fork (session_file.c with what it needs). The handlers are registered as
 * process.c does it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history_fixture.h"
#include "memory_faults.h"
#include "session_file.h"
#include "slowness.h"
#include "workers.h"

enum { PATIENCE_MS = 20000, SECOND = 1000000 };

/* AddressSanitizer's allocator does not survive a fork in which another thread allocates. */
#ifdef __SANITIZE_ADDRESS__
enum { FORKS_UNDER_LOAD = 0 };
#else
enum { FORKS_UNDER_LOAD = 1 };
#endif

static char path[512];
static struct session_file *file;
static int park_ms = 5000;

static void before_fork(void) {
  workers_park(&session_file_workers, park_ms);
}

static void after_in_parent(void) {
  workers_resume(&session_file_workers);
}

static void after_in_child(void) {
  workers_forget(&session_file_workers);
}

static struct session_text text(const char *bytes) {
  return (struct session_text){bytes, strlen(bytes)};
}

static void begin(void) {
  char error[HISTORY_ERROR_SIZE];
  snprintf(path, sizeof path, "%s", fixture_path(fixture_folder(NULL), "h.db"));
  file = session_file_open(path, text("a key for the test"), error);
  CHECK(file != NULL);
}

static void end(void) {
  session_file_close(file);
  CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
  CHECK(memory_faults_outstanding() == 0);
}

/* Replaces what the session has, whatever that is. */
static bool put(struct session_file *to, const char *id, const char *text_of_body) {
  char error[HISTORY_ERROR_SIZE];
  struct buffer body = {0};
  int64_t version;
  enum session_answer answer = session_file_get(to, text(id), 1, PATIENCE_MS, &body, &version, error);
  buffer_free(&body);
  return (answer == SESSION_ANSWERED || answer == SESSION_MISSING) &&
         session_file_put(to, text(id), text(text_of_body), version, 1, SECOND, PATIENCE_MS, error) == SESSION_ANSWERED;
}

static bool has(struct session_file *from, const char *id, const char *expected) {
  char error[HISTORY_ERROR_SIZE];
  struct buffer body = {0};
  int64_t version;
  bool same = session_file_get(from, text(id), 1, PATIENCE_MS, &body, &version, error) == SESSION_ANSWERED &&
              body.length == strlen(expected) && memcmp(body.bytes, expected, body.length) == 0;
  buffer_free(&body);
  return same;
}

static bool child_passed(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The end of a child: it becomes another program, so that no leak checker looks at what it was right to forget. */
static void leave(bool passed) {
  execl("/bin/sh", "sh", "-c", passed ? "exit 0" : "exit 1", (char *)NULL);
  _exit(1);
}

static void test_fork(void) {
  TEST("a child and its parent go on with the same sessions, each with a connection of its own") {
    begin();
    CHECK(put(file, "x", "before"));
    pid_t child = fork();
    if (child == 0) {
      bool good = has(file, "x", "before") && put(file, "b", "child");
      pid_t grandchild = fork();
      if (grandchild == 0) leave(has(file, "b", "child") && put(file, "c", "grandchild"));
      good = child_passed(grandchild) && good && has(file, "c", "grandchild");
      session_file_close(file);
      leave(good);
    }
    CHECK(put(file, "a", "parent"));
    CHECK(child_passed(child));
    CHECK(has(file, "a", "parent") && has(file, "b", "child") && has(file, "c", "grandchild"));
    end();
  }
  TEST("one that was not used yet, or was closed, crosses a fork") {
    begin();
    char error[HISTORY_ERROR_SIZE];
    session_file_close(session_file_open(path, text("a key for the test"), error));
    pid_t child = fork();
    if (child == 0) leave(put(file, "a", "child"));
    CHECK(child_passed(child));
    CHECK(has(file, "a", "child"));
    end();
  }
}

static atomic_bool working;
static atomic_uint done, failures;

static void *put_again_and_again(void *argument) {
  struct session_file *own = argument;
  while (working)
    if (put(own, "thread", "value"))
      done++;
    else
      failures++;
  return NULL;
}

static void test_load(void) {
  TEST("many forks in the middle of requests: the parent's are answered, and each child goes on with its own") {
    if (!FORKS_UNDER_LOAD) {
      SKIP("AddressSanitizer");
      continue;
    }
    begin();
    char error[HISTORY_ERROR_SIZE];
    struct session_file *own = session_file_open(path, text("a key for the test"), error);
    pthread_t thread;
    working = true;
    done = failures = 0;
    CHECK(pthread_create(&thread, NULL, put_again_and_again, own) == 0);
    CHECK(fixture_await(&done, 1));
    for (int i = 0; i < 30; i++) {
      usleep(2000);
      pid_t child = fork();
      if (child == 0) leave(put(file, "child", "value") && has(file, "thread", "value"));
      CHECK(child_passed(child));
    }
    working = false;
    pthread_join(thread, NULL);
    CHECK(done > 0 && failures == 0);
    session_file_close(own);
    end();
  }
}

static atomic_bool hold, holding;

/* SQLite asks it for each statement of any connection that the library opens, in the thread that runs it. */
static int hold_statement(void *argument, int action, const char *one, const char *two, const char *three,
                          const char *four) {
  (void)argument, (void)action, (void)one, (void)two, (void)three, (void)four;
  holding = true;
  while (hold) usleep(1000);
  return SQLITE_OK;
}

static int hold_connection(sqlite3 *database, char **message, const struct sqlite3_api_routines *routines) {
  (void)message, (void)routines;
  return sqlite3_set_authorizer(database, hold_statement, NULL);
}

static void test_late(void) {
  TEST("when the thread does not let go in time, the fork goes on, the child says so, and the parent can go on") {
    begin();
    char error[HISTORY_ERROR_SIZE];
    struct buffer body = {0};
    int64_t version;
    hold = true;
    holding = false;
    sqlite3_auto_extension((void (*)(void))hold_connection);
    while (!holding) /* a thread that gets no turn in time never asks SQLite */
      CHECK(session_file_get(file, text("a"), 1, 100, &body, &version, error) == SESSION_TOO_SLOW);
    park_ms = 50;
    int64_t started = clock_monotonic_us();
    pid_t child = fork();
    if (child == 0) {
      bool refused = session_file_get(file, text("a"), 1, PATIENCE_MS, &body, &version, error) == SESSION_BROKEN;
      leave(refused && strstr(error, ": The process forked while") != NULL);
    }
    CHECK(clock_monotonic_us() - started < 2 * SECOND * spec_slowness());
    hold = false;
    park_ms = 5000;
    CHECK(child_passed(child));
    CHECK(put(file, "a", "parent") && has(file, "a", "parent"));
    sqlite3_cancel_auto_extension((void (*)(void))hold_connection);
    buffer_free(&body);
    end();
  }
}

int main(void) {
#ifdef __SANITIZE_THREAD__
  TEST("session files around a fork") {
    SKIP("ThreadSanitizer does not bear threads that a forked child starts");
  }
  return check_finish();
#endif
  memory_faults_install();
  pthread_atfork(before_fork, after_in_parent, after_in_child);
  test_fork();
  test_load();
  test_late();
  return check_finish();
}
