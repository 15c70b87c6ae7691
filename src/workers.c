/*
 * workers: see workers.h.
 *
 * Locks: a kind's before an owner's. Neither is held across a fork, which may all the same find them held by others; so
 * the child uses none of them before it is made anew.
 */
#include "workers.h"

#include "clock.h"
#include "history_file.h"
#include "thread.h"

static bool make(struct workers *workers, struct workers_kind *kind, struct workers *next) {
  *workers = (struct workers){.kind = kind, .next = next};
  if (uv_mutex_init(&workers->lock) != 0) return false;
  if (uv_cond_init(&workers->work) == 0) {
    if (uv_cond_init(&workers->changed) == 0) return true;
    uv_cond_destroy(&workers->work);
  }
  uv_mutex_destroy(&workers->lock);
  return false;
}

bool workers_open(struct workers *workers, struct workers_kind *kind) {
  if (!make(workers, kind, NULL)) return false;
  pthread_mutex_lock(&kind->lock);
  workers->next = kind->first;
  kind->first = workers;
  pthread_mutex_unlock(&kind->lock);
  return true;
}

/* One store takes it out, so that the list is whole for the child of a fork at every moment. */
static void take_out(struct workers *workers) {
  struct workers_kind *kind = workers->kind;
  pthread_mutex_lock(&kind->lock);
  struct workers *before = NULL;
  for (struct workers *other = kind->first; other != workers; other = other->next) before = other;
  if (before)
    before->next = workers->next;
  else
    kind->first = workers->next;
  pthread_mutex_unlock(&kind->lock);
}

void workers_close(struct workers *workers) {
  uv_mutex_lock(&workers->lock);
  workers->stop = true;
  uv_cond_broadcast(&workers->work);
  uv_mutex_unlock(&workers->lock);
  for (unsigned i = 0; i < workers->count; i++) uv_thread_join(&workers->threads[i]);
  take_out(workers);
  uv_cond_destroy(&workers->changed);
  uv_cond_destroy(&workers->work);
  uv_mutex_destroy(&workers->lock);
}

bool workers_start(struct workers *workers) {
  const struct workers_kind *kind = workers->kind;
  bool started = thread_start(&workers->threads[workers->count], kind->name, kind->run, workers);
  if (started) workers->count++;
  return started;
}

bool workers_wait(struct workers *workers, int64_t deadline_us) {
  int64_t left_us = deadline_us - clock_monotonic_us();
  if (left_us <= 0) return false;
  uv_cond_timedwait(&workers->changed, &workers->lock, (uint64_t)left_us * 1000);
  return true;
}

/* The threads call nobody who opens or closes an owner, so the list can be kept locked while they finish. */
void workers_park(struct workers_kind *kind, int deadline_ms) {
  int64_t deadline_us = clock_monotonic_us() + deadline_ms * (int64_t)1000;
  atomic_store(&kind->parking, true);
  kind->all_parked = true;
  pthread_mutex_lock(&kind->lock);
  for (struct workers *workers = kind->first; workers; workers = workers->next) {
    uv_mutex_lock(&workers->lock);
    if (workers->active > 0) uv_cond_broadcast(&workers->work); /* it may rest, with a connection that it keeps */
    while (workers->active > 0 && workers_wait(workers, deadline_us)) {}
    if (workers->active > 0) kind->all_parked = false;
    uv_mutex_unlock(&workers->lock);
  }
  pthread_mutex_unlock(&kind->lock);
}

void workers_resume(struct workers_kind *kind) {
  if (kind->ended) return;
  atomic_store(&kind->parking, false);
  pthread_mutex_lock(&kind->lock);
  for (struct workers *workers = kind->first; workers; workers = workers->next) {
    uv_mutex_lock(&workers->lock);
    uv_cond_broadcast(&workers->work);
    uv_mutex_unlock(&workers->lock);
  }
  pthread_mutex_unlock(&kind->lock);
}

void workers_end(struct workers_kind *kind, int deadline_ms) {
  kind->ended = true;
  workers_park(kind, deadline_ms);
}

void workers_forget(struct workers_kind *kind) {
  kind->ended = false;
  atomic_store(&kind->parking, false);
  pthread_mutex_init(&kind->lock, NULL);
  if (!kind->all_parked) history_file_forbid();
  for (struct workers *workers = kind->first; workers; workers = workers->next) {
    kind->forget(workers);
    make(workers, kind, workers->next);
  }
}
