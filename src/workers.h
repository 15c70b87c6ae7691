/*
 * workers: the threads that do the work of one owner (a page, a reader, a session file), behind its lock, and what
 * becomes of them around a fork.
 *
 * A fork copies one thread and all memory, and SQLite's connections must not cross it. So before it the threads of a
 * kind park: whoever is active finishes or gives up, and nobody becomes active. Afterwards they go on in the parent; in
 * the child they are forgotten, with their locks, and the owner has none until it starts some anew.
 *
 * `struct workers` is the owner's first member, so that a pointer to one is a pointer to the other.
 */
#ifndef INTENT_WEBHOOK_WORKERS_H
#define INTENT_WEBHOOK_WORKERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#pragma GCC visibility push(hidden)

struct workers;

enum { WORKERS_THREADS = 2 }; /* at most */

/* One for all owners of a kind. The first four are given, the rest begins as zero. */
struct workers_kind {
  pthread_mutex_t lock;        /* PTHREAD_MUTEX_INITIALIZER; guards changes to the list */
  const char *name;            /* of the threads */
  void (*run)(void *owner);    /* a thread, until `stop`; while `parking` it ends being active, and does not begin */
  void (*forget)(void *owner); /* in the child of a fork: all but `workers`, as if just opened; allocates nothing */

  struct workers *_Atomic first; /* the list is whole at every moment, for the child of a fork */
  atomic_bool parking;           /* from before a fork until after it, or for good */
  bool all_parked, ended;
};

struct workers {
  struct workers_kind *kind;
  struct workers *next;

  uv_mutex_t lock;   /* guards what follows, and of the owner what it says */
  uv_cond_t work;    /* for the threads */
  uv_cond_t changed; /* for the others; active becoming less is a change */
  bool stop;
  unsigned active; /* threads that a fork has to wait for: they have an SQLite connection, or are about to open one */
  unsigned count;
  uv_thread_t threads[WORKERS_THREADS];
};

/* Starts no thread yet. False: the system has no lock to give. From here on a fork may find the owner. */
bool workers_open(struct workers *workers, struct workers_kind *kind);

/* Stops the threads and waits for them. Needs that nobody else uses the owner any more. */
void workers_close(struct workers *workers);

/* One thread more; there must be room. Needs the lock. False: the system has none to give. */
bool workers_start(struct workers *workers);

/* Waits for a change until the deadline. Needs the lock. False: it is over. */
bool workers_wait(struct workers *workers, int64_t deadline_us);

/*
 * Before a fork, and then after it in the parent or in the child. A child for which not all have parked in time can
 * open no history any more (history_file_forbid).
 */
void workers_park(struct workers_kind *kind, int deadline_ms);
void workers_resume(struct workers_kind *kind);
void workers_forget(struct workers_kind *kind);

/* At exit: they park for good, also when another thread forks. While no fork can happen. */
void workers_end(struct workers_kind *kind, int deadline_ms);

#pragma GCC visibility pop
#endif
