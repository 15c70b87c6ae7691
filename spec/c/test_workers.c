/*
 * test_workers: workers.c, with owners that have no file. What becomes of those that have one: test_session_fork,
 * test_history_fork, test_page_fork.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "workers.h"

enum { PATIENCE_MS = 20000, LATE_MS = 250, OWNERS = 8, FORKS = 200, CHILD_S = 30 };

struct owner {
  struct workers workers;
  bool stubborn; /* does not park */
  unsigned forgotten;
};

static void run(void *argument);

static void forget(void *argument) {
  struct owner *owner = argument;
  owner->forgotten++;
}

static struct workers_kind kind = {.lock = PTHREAD_MUTEX_INITIALIZER, .name = "iw-test", .run = run, .forget = forget};

/* Rests, and is active all the same. */
static void run(void *argument) {
  struct owner *owner = argument;
  struct workers *workers = &owner->workers;
  uv_mutex_lock(&workers->lock);
  while (!workers->stop) {
    workers->active = owner->stubborn || !atomic_load(&kind.parking);
    uv_cond_broadcast(&workers->changed);
    uv_cond_wait(&workers->work, &workers->lock);
  }
  uv_mutex_unlock(&workers->lock);
}

static bool await_active(struct owner *owner) {
  int64_t deadline_us = clock_monotonic_us() + PATIENCE_MS * (int64_t)1000;
  uv_mutex_lock(&owner->workers.lock);
  while (owner->workers.active == 0 && workers_wait(&owner->workers, deadline_us)) {}
  bool active = owner->workers.active > 0;
  uv_mutex_unlock(&owner->workers.lock);
  return active;
}

static bool is_active(struct owner *owner) {
  uv_mutex_lock(&owner->workers.lock);
  bool active = owner->workers.active > 0;
  uv_mutex_unlock(&owner->workers.lock);
  return active;
}

static bool start(struct owner *owner) {
  if (!workers_open(&owner->workers, &kind)) return false;
  uv_mutex_lock(&owner->workers.lock);
  bool started = workers_start(&owner->workers);
  uv_mutex_unlock(&owner->workers.lock);
  return started && await_active(owner);
}

static int64_t park(int deadline_ms) {
  int64_t before_us = clock_monotonic_us();
  workers_park(&kind, deadline_ms);
  return (clock_monotonic_us() - before_us) / 1000;
}

static void test_parking(void) {
  TEST("threads that rest while they are active park when they are asked to, and then go on") {
    struct owner owners[OWNERS] = {0};
    for (int i = 0; i < OWNERS; i++) CHECK(start(&owners[i]));
    CHECK(park(PATIENCE_MS) < PATIENCE_MS && kind.all_parked);
    for (int i = 0; i < OWNERS; i++) CHECK(!is_active(&owners[i]));
    workers_resume(&kind);
    for (int i = 0; i < OWNERS; i++) CHECK(await_active(&owners[i]));
    for (int i = 0; i < OWNERS; i++) workers_close(&owners[i].workers);
  }
  TEST("those that do not park have one deadline together, and one that does not is enough to be noticed") {
    struct owner idle = {0}, owners[OWNERS] = {0};
    CHECK(workers_open(&idle.workers, &kind)); /* the first is the last in the list */
    for (int i = 0; i < OWNERS; i++) {
      owners[i].stubborn = true;
      CHECK(start(&owners[i]));
    }
    int64_t took_ms = park(LATE_MS);
    CHECK(took_ms >= LATE_MS && took_ms < LATE_MS * (OWNERS - 1) && !kind.all_parked);
    workers_resume(&kind);
    for (int i = 1; i < OWNERS; i++) workers_close(&owners[i].workers);
    CHECK(park(LATE_MS) >= LATE_MS && !kind.all_parked);
    workers_resume(&kind);
    workers_close(&owners[0].workers);
    workers_close(&idle.workers);
    park(0);
    CHECK(kind.all_parked && kind.first == NULL);
    workers_resume(&kind);
  }
}

static void test_end(void) {
  TEST("at the end they park for good") {
    struct owner owner = {0};
    CHECK(start(&owner));
    workers_end(&kind, PATIENCE_MS);
    CHECK(kind.all_parked && !is_active(&owner));
    workers_resume(&kind); /* after a fork of another thread's */
    uv_mutex_lock(&owner.workers.lock);
    uv_cond_broadcast(&owner.workers.work);
    workers_wait(&owner.workers, clock_monotonic_us() + PATIENCE_MS * (int64_t)1000); /* it has looked again */
    uv_mutex_unlock(&owner.workers.lock);
    CHECK(!is_active(&owner));
    workers_close(&owner.workers);
  }
}

/* ---- forks ---- */

static struct owner kept;
static atomic_bool coming_and_going;

static void before_fork(void) {
  workers_park(&kind, PATIENCE_MS);
}

static void after_in_parent(void) {
  workers_resume(&kind);
}

static void after_in_child(void) {
  workers_forget(&kind);
}

static void *come_and_go(void *argument) {
  static struct owner first, second; /* the child of a fork may find them open */
  while (coming_and_going) {
    workers_open(&first.workers, &kind);
    workers_open(&second.workers, &kind);
    workers_close(&first.workers);
    workers_close(&second.workers);
  }
  return argument;
}

/* 0, or what was wrong. */
static int look_in_child(void) {
  struct owner own = {0};
  unsigned listed = 0, found = 0;
  for (struct workers *workers = kind.first; workers && listed < 10; workers = workers->next, listed++)
    found += workers == &kept.workers;
  if (found != 1 || listed > 3) return 1;
  if (kept.forgotten != 1 || kept.workers.count != 0 || is_active(&kept)) return 2;
  if (!start(&own)) return 3;
  workers_close(&own.workers);
  workers_close(&kept.workers);
  return 0;
}

static void test_forks(void) {
  TEST("a child finds the list whole and no lock held, whoever came or went while it was forked") {
#ifdef __SANITIZE_THREAD__
    SKIP("ThreadSanitizer does not bear threads that a forked child starts");
    continue;
#endif
    pthread_t thread;
    pthread_atfork(before_fork, after_in_parent, after_in_child);
    CHECK(start(&kept));
    coming_and_going = true;
    CHECK(pthread_create(&thread, NULL, come_and_go, NULL) == 0);
    for (int i = 0; i < FORKS; i++) {
      int status = -1;
      pid_t child = fork();
      if (child == 0) {
        alarm(CHILD_S); /* a lock that is held ends it */
        _exit(look_in_child());
      }
      CHECK(waitpid(child, &status, 0) == child);
      if (!CHECK(status == 0)) break;
    }
    coming_and_going = false;
    pthread_join(thread, NULL);
    CHECK(await_active(&kept) && kept.forgotten == 0);
    workers_close(&kept.workers);
    CHECK(kind.first == NULL);
  }
}

int main(void) {
  test_parking();
  test_forks();
  test_end();
  return check_finish();
}
