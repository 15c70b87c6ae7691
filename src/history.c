/*
 * history: see history.h. This file has the registry of a process's histories and what other threads call; the writer's
 * thread is in history_writer.c.
 *
 * Locks: the registry's before a history's. No lock of ours is held over a call to anybody else, and neither across a
 * fork: in the child the list of histories is whole at every moment, and everything else is set anew.
 *
 * A history that nobody holds any more stays in the registry until its thread has ended; whoever comes next (acquire,
 * release, finish) joins the thread and frees it.
 */
#include "history.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "history_path.h"
#include "history_writer.h"
#include "memory.h"
#include "thread.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct history *_Atomic registry;

/* ---- making and freeing ---- */

/* What a new history and one in a forked child start with: no thread, no file, no records. */
static bool reset(struct history *history) {
  struct history kept = *history;
  *history = (struct history){
      .next = kept.next, .path = kept.path, .references = kept.references, .keep_us = kept.keep_us, .hurries = 0};
  if (uv_mutex_init(&history->lock) != 0) return false;
  if (uv_cond_init(&history->work) != 0) {
    uv_mutex_destroy(&history->lock);
    return false;
  }
  if (uv_cond_init(&history->changed) != 0) {
    uv_cond_destroy(&history->work);
    uv_mutex_destroy(&history->lock);
    return false;
  }
  return true;
}

/* Takes over path. */
static struct history *make(char *path) {
  struct history *history = path ? memory_zeroed(sizeof *history) : NULL;
  if (history) history->path = path;
  if (history && reset(history)) return history;
  memory_free(path);
  memory_free(history);
  return NULL;
}

static void destroy(struct history *history) {
  uv_cond_destroy(&history->changed);
  uv_cond_destroy(&history->work);
  uv_mutex_destroy(&history->lock);
  memory_free(history->path);
  memory_free(history);
}

/* Joins the thread if it has ended. Needs the history's lock. */
static void join_ended(struct history *history) {
  if (history->state != HISTORY_ENDED) return;
  uv_thread_join(&history->thread); /* setting that state was the last that it did with the lock */
  history->state = HISTORY_NO_THREAD;
}

/* Frees what nobody holds and whose thread has ended. Needs the registry's lock. */
static void sweep(void) {
  struct history *before = NULL;
  for (struct history *history = registry, *next; history; history = next) {
    next = history->next;
    uv_mutex_lock(&history->lock);
    join_ended(history);
    bool unused = history->references == 0 && history->watchers == 0 && history->state == HISTORY_NO_THREAD &&
                  history->stats.waiting == 0;
    uv_mutex_unlock(&history->lock);
    if (!unused) {
      before = history;
      continue;
    }
    if (before) /* one store, for the child of a fork at any moment */
      before->next = next;
    else
      registry = next;
    destroy(history);
  }
}

struct history *history_acquire(const char *path, int64_t keep_us, char error[HISTORY_ERROR_SIZE]) {
  char *canonical = history_path_resolve(path, error);
  if (!canonical) return NULL;
  pthread_mutex_lock(&registry_lock);
  sweep();
  struct history *history = registry;
  while (history && strcmp(history->path, canonical) != 0) history = history->next;
  if (history) {
    memory_free(canonical);
  } else if ((history = make(canonical))) {
    history->keep_us = keep_us;
    history->next = registry;
    registry = history;
  }
  if (history) {
    uv_mutex_lock(&history->lock);
    bool first = history->references++ == 0, longer = keep_us == 0 || keep_us > history->keep_us;
    if (first || (history->keep_us != 0 && longer)) history->keep_us = keep_us;
    uv_mutex_unlock(&history->lock);
  } else {
    history_path_complain(error, path, "out of memory");
  }
  pthread_mutex_unlock(&registry_lock);
  return history;
}

struct history *history_hold(struct history *history) {
  uv_mutex_lock(&history->lock); /* without the registry's: it is not 0 already, and so no sweep takes it */
  history->references++;
  uv_mutex_unlock(&history->lock);
  return history;
}

/* Starts the thread if there is none. Needs the history's lock. */
static bool have_thread(struct history *history) {
  if (history->state == HISTORY_RUNS) return true;
  join_ended(history);
  if (!thread_start(&history->thread, "iw-history", history_writer_run, history)) return false;
  history->state = HISTORY_RUNS;
  return true;
}

static void release(struct history *history, unsigned watchers) {
  pthread_mutex_lock(&registry_lock);
  uv_mutex_lock(&history->lock);
  history->references--;
  history->watchers += watchers;
  if (history->stats.waiting > 0) have_thread(history); /* one may have failed to start */
  if (history->references == 0) uv_cond_signal(&history->work);
  uv_mutex_unlock(&history->lock);
  sweep();
  pthread_mutex_unlock(&registry_lock);
}

void history_release(struct history *history) {
  release(history, 0);
}

/* ---- handing over ---- */

static void wake(struct history *history, bool wakes) {
  uv_mutex_unlock(&history->lock);
  if (wakes) uv_cond_signal(&history->work);
}

bool history_event(struct history *history, struct event *event) {
  uv_mutex_lock(&history->lock);
  bool taken = have_thread(history);
  if (taken) {
    history_queue_add_event(&history->inbox, event);
    history->stats.waiting++;
  }
  wake(history, history_writer_wakes(history));
  return taken;
}

void history_delivery(struct history *history, struct delivery *delivery) {
  uv_mutex_lock(&history->lock);
  have_thread(history); /* it runs, or else the record waits for one that can be started */
  history_queue_add_delivery(&history->inbox, delivery);
  history->stats.waiting++;
  wake(history, history_writer_wakes(history));
}

void history_hurry(struct history *history, bool on) {
  uv_mutex_lock(&history->lock);
  if (on)
    history->hurries++;
  else if (history->hurries > 0) /* none is left after a fork */
    history->hurries--;
  wake(history, history->hurries > 0 && history->stats.waiting > 0 && history_writer_wakes(history));
}

/* ---- asking ---- */

/* Waits for a change until the deadline. Needs the lock. False: it is over. */
static bool wait_changed(struct history *history, int64_t deadline_us) {
  int64_t left_us = deadline_us - clock_monotonic_us();
  if (left_us <= 0) return false;
  uv_cond_timedwait(&history->changed, &history->lock, (uint64_t)left_us * 1000);
  return true;
}

void history_release_closed(struct history *history, int64_t timeout_us) {
  int64_t deadline_us = clock_monotonic_us() + timeout_us;
  release(history, 1);
  uv_mutex_lock(&history->lock);
  while (history->references == 0 && history->state == HISTORY_RUNS && wait_changed(history, deadline_us)) {}
  history->watchers--;
  uv_mutex_unlock(&history->lock);
  pthread_mutex_lock(&registry_lock);
  sweep();
  pthread_mutex_unlock(&registry_lock);
}

bool history_start(struct history *history, int timeout_ms, char error[HISTORY_ERROR_SIZE]) {
  int64_t deadline_us = clock_monotonic_us() + timeout_ms * (int64_t)1000;
  uv_mutex_lock(&history->lock);
  if (!have_thread(history)) {
    uv_mutex_unlock(&history->lock);
    snprintf(error, HISTORY_ERROR_SIZE, "The history's thread cannot be started: is a limit on threads reached?");
    return false;
  }
  unsigned failed_before = history->opens_failed;
  if (!history->open) {
    history->open_wanted = true;
    history->resume_us = 0;
    uv_cond_signal(&history->work);
  }
  while (!history->open && history->opens_failed == failed_before && wait_changed(history, deadline_us)) {}
  bool open = history->open;
  if (open)
    error[0] = '\0';
  else if (history->opens_failed != failed_before)
    memcpy(error, history->stats.error, HISTORY_ERROR_SIZE);
  else
    snprintf(error, HISTORY_ERROR_SIZE,
             "The history file could not be opened within %d ms: does another program keep it locked?", timeout_ms);
  uv_mutex_unlock(&history->lock);
  return open;
}

void history_read_stats(struct history *history, struct history_stats *stats) {
  uv_mutex_lock(&history->lock);
  *stats = history->stats;
  uv_mutex_unlock(&history->lock);
}

/* ---- all histories of the process ---- */

/* The history after `before` (NULL: the first), kept alive until it is given back as `before`. */
static struct history *next_kept(struct history *before) {
  pthread_mutex_lock(&registry_lock);
  struct history *next = before ? before->next : registry;
  if (next) {
    uv_mutex_lock(&next->lock);
    next->references++;
    uv_mutex_unlock(&next->lock);
  }
  if (before) {
    uv_mutex_lock(&before->lock);
    before->references--;
    if (before->references == 0) uv_cond_signal(&before->work);
    uv_mutex_unlock(&before->lock);
  }
  pthread_mutex_unlock(&registry_lock);
  return next;
}

/* Whether it parks or ends, until the deadline. */
static bool wait_parked(struct history *history, int64_t deadline_us) {
  uv_mutex_lock(&history->lock);
  while (history->state == HISTORY_RUNS && !history->parked && wait_changed(history, deadline_us)) {}
  bool quiet = history->state != HISTORY_RUNS || history->parked;
  uv_mutex_unlock(&history->lock);
  return quiet;
}

static bool wait_ended(struct history *history, int64_t deadline_us) {
  uv_mutex_lock(&history->lock);
  while (history->state == HISTORY_RUNS && wait_changed(history, deadline_us)) {}
  bool ended = history->state != HISTORY_RUNS;
  uv_mutex_unlock(&history->lock);
  return ended;
}

/* As long as something is written now and then: *deadline_us moves with it, up to the last one. */
static bool wait_written(struct history *history, int64_t *deadline_us, int64_t patience_us, int64_t last_us) {
  uv_mutex_lock(&history->lock);
  uint64_t waiting = history->stats.waiting;
  while (history->state == HISTORY_RUNS && wait_changed(history, *deadline_us)) {
    if (history->stats.waiting >= waiting) continue;
    waiting = history->stats.waiting;
    int64_t later_us = clock_monotonic_us() + patience_us;
    *deadline_us = later_us < last_us ? later_us : last_us;
  }
  bool ended = history->state != HISTORY_RUNS;
  uv_mutex_unlock(&history->lock);
  return ended;
}

static void wake_all(void) {
  for (struct history *history = next_kept(NULL); history; history = next_kept(history)) {
    uv_mutex_lock(&history->lock);
    uv_cond_signal(&history->work);
    uv_mutex_unlock(&history->lock);
  }
}

static bool all_parked;

void history_before_fork(int deadline_ms) {
  int64_t deadline_us = clock_monotonic_us() + deadline_ms * (int64_t)1000;
  atomic_store(&history_parking, true);
  wake_all();
  all_parked = true;
  for (struct history *history = next_kept(NULL); history; history = next_kept(history))
    if (!wait_parked(history, deadline_us)) all_parked = false;
}

void history_after_fork_in_parent(void) {
  atomic_store(&history_parking, false);
  wake_all();
}

void history_after_fork_in_child(void) {
  atomic_store(&history_parking, false);
  pthread_mutex_init(&registry_lock, NULL);
  if (!all_parked) history_file_forbid();
  for (struct history *history = registry; history; history = history->next) reset(history);
}

bool history_finish_all(int patience_ms) {
  enum { LAST_WORD_MS = 50, MOST_PATIENCES = 5 };
  int64_t now_us = clock_monotonic_us(), patience_us = patience_ms * (int64_t)1000;
  int64_t deadline_us = now_us + patience_us - LAST_WORD_MS * 1000, last_us = now_us + MOST_PATIENCES * patience_us;
  bool all = true;
  for (struct history *history = next_kept(NULL); history; history = next_kept(history)) {
    uv_mutex_lock(&history->lock);
    history->finish = history->state == HISTORY_RUNS;
    uv_cond_signal(&history->work);
    uv_mutex_unlock(&history->lock);
  }
  for (struct history *history = next_kept(NULL); history; history = next_kept(history)) {
    if (wait_written(history, &deadline_us, patience_us, last_us)) continue;
    uv_mutex_lock(&history->lock);
    history->give_up = true;
    uv_cond_signal(&history->work);
    uv_mutex_unlock(&history->lock);
    wait_ended(history, clock_monotonic_us() + LAST_WORD_MS * 1000);
    all = false;
  }
  pthread_mutex_lock(&registry_lock);
  sweep();
  pthread_mutex_unlock(&registry_lock);
  return all;
}
