/*
 * history_writer: the thread that writes one history file, and what it shares with everybody else.
 *
 * history.c makes, counts, starts and frees histories; history_writer.c runs in the thread.
 */
#ifndef INTENT_WEBHOOK_HISTORY_WRITER_H
#define INTENT_WEBHOOK_HISTORY_WRITER_H

#include <stdatomic.h>
#include <uv.h>

#include "history.h"
#include "history_backlog.h"
#include "history_file.h"
#include "history_queue.h"

#pragma GCC visibility push(hidden)

/* What the writer's thread sleeps on, so that it is woken for nothing else. */
enum history_sleep {
  HISTORY_AWAKE,
  HISTORY_IDLE,      /* until there is a record */
  HISTORY_GATHERING, /* until there is a batch, or somebody is in a hurry */
  HISTORY_PAUSING    /* for a time, whatever comes */
};

struct history {
  struct history *next; /* the registry's */
  char *path;           /* canonical */

  uv_mutex_t lock;     /* guards what follows; held for a few instructions only */
  uv_cond_t work;      /* for the writer */
  uv_cond_t changed;   /* for those who wait for the writer */
  unsigned references; /* also guarded by the registry's lock */
  unsigned watchers;   /* who wait for its end without a reference; it stays as long */
  int64_t keep_us;
  enum { HISTORY_NO_THREAD, HISTORY_RUNS, HISTORY_ENDED /* to be joined */ } state;
  uv_thread_t thread;
  struct history_queue inbox;
  enum history_sleep sleep;
  unsigned hurries;
  bool finish;      /* end as soon as everything is written, whoever holds references */
  bool give_up;     /* drop what cannot be written */
  bool open_wanted; /* by history_start */
  bool open, parked;
  unsigned opens_failed;
  int64_t resume_us; /* monotonic; nothing is tried before */
  struct history_stats stats;

  struct { /* the thread's own */
    struct history_file file;
    struct history_backlog backlog; /* taken from the inbox, not yet written */
    bool leftover;                  /* the last batch was full */
    bool failing;
    int64_t gather_until_us, locked_since_us, contended_until_us; /* monotonic */
    int64_t delay_us;                                             /* until a failed batch is tried again */
    int64_t tidied_us;                                            /* wall clock; 0: not yet */
    bool tidy_more;
    int64_t asking_us; /* what asking for the lock has taken lately */
    uint64_t random;
  } own;
};

/* Set before a fork: every writer closes its file and waits until it is cleared. */
extern atomic_bool history_parking;

/* The thread. `argument` is the history. Ends with state HISTORY_ENDED. */
void history_writer_run(void *argument);

/* For the hand-over, with the lock: whether the thread sleeps on what has come, and is to be woken. */
bool history_writer_wakes(struct history *history);

#pragma GCC visibility pop
#endif
