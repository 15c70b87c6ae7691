/*
 * history_writer: see history_writer.h.
 *
 * The thread takes turns (`turn`): each begins and ends with the lock, does one thing, and the next one looks again. So
 * whatever is asked of the writer meanwhile, to park, to hurry, to end, is seen after one batch at the latest.
 */
#include "history_writer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "history_retention.h"

enum {
  MILLISECOND = 1000,
  SECOND = 1000 * MILLISECOND,
  LOCK_PATIENCE_US = 3 * SECOND,      /* so long another program may hold the lock before it counts as a failure */
  FIRST_DELAY_US = 100 * MILLISECOND, /* between failures; doubles */
  LONGEST_DELAY_US = 1 * SECOND,
  CONTENTION_US = 1 * SECOND, /* so long after the lock was found taken, others are let in between */
  ASKING_SHARE = 64,          /* so many times as long as it takes to ask, at most, until the next time */
  LONGEST_ASK_US = 20 * MILLISECOND,
  TIDY_US = 60 * SECOND,
  LAST_BATCH = 16384 /* at exit, when many processes may end at once: each shall need the lock once */
};

atomic_bool history_parking;

static int open_file(struct history *history) {
  struct history_file *file = &history->own.file;
  int code = file->database ? history_file_keep_place(file, history->path) : SQLITE_OK;
  if (code != SQLITE_OK || file->database) return code;
  history->own.backlog.recording.opening++;
  return history_file_open(file, history->path);
}

/* Without the lock, like the one before. */
static int write_batch(struct history *history, size_t limit, bool hurried, struct history_batch *batch) {
  int code = open_file(history);
  return code == SQLITE_OK ? history_backlog_write(&history->own.backlog, limit, hurried, batch) : code;
}

/* ---- what comes of a try; with the lock ---- */

static bool is_ending(const struct history *history) {
  return history->references == 0 || history->finish;
}

/* Up to longest_us, at random. */
static int64_t random_us(struct history *history, int64_t longest_us) {
  uint64_t *state = &history->own.random; /* xorshift64 */
  if (!*state) *state = (uint64_t)clock_monotonic_us() ^ (uint64_t)getpid() << 32 ^ 1;
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (int64_t)(*state % (uint64_t)longest_us) + 1;
}

static void succeeded(struct history *history, int64_t now_us) {
  history->own.failing = false;
  history->own.delay_us = 0;
  history->own.locked_since_us = 0;
  history->stats.error[0] = '\0';
  history->open_wanted = false;
  history->resume_us = now_us < history->own.contended_until_us ? now_us + random_us(history, 2 * MILLISECOND) : 0;
}

/*
 * Who has waited for a while asks more often, so that nobody starves. But when many wait, asking itself takes long, and
 * the processor from the one who writes; so who is slow to be answered asks less often.
 */
static void found_locked(struct history *history, int64_t asked_us, int64_t now_us) {
  int64_t waited_us = now_us - history->own.locked_since_us, took_us = now_us - asked_us;
  int64_t longest_us = waited_us < 50 * MILLISECOND ? 2 * MILLISECOND : waited_us < 200 * MILLISECOND ? 500 : 200;
  history->own.asking_us -= history->own.asking_us / 8;
  if (history->own.asking_us < took_us) history->own.asking_us = took_us;
  int64_t fair_us = ASKING_SHARE * history->own.asking_us;
  if (fair_us > LONGEST_ASK_US) fair_us = LONGEST_ASK_US;
  if (longest_us < fair_us) longest_us = fair_us;
  history->own.contended_until_us = now_us + CONTENTION_US;
  history->resume_us = now_us + random_us(history, longest_us);
}

static void failed(struct history *history, int64_t now_us) {
  int64_t delay_us = history->own.delay_us ? 2 * history->own.delay_us : FIRST_DELAY_US;
  history->own.failing = true;
  history->own.delay_us = delay_us < LONGEST_DELAY_US ? delay_us : LONGEST_DELAY_US;
  history->own.locked_since_us = 0;
  history->resume_us = now_us + history->own.delay_us;
  memcpy(history->stats.error, history->own.file.error, sizeof history->stats.error);
  if (!history->open) history->opens_failed++;
  history->open_wanted = false;
}

/* Opens the file and, when there are records, writes a batch. Gives the lock back meanwhile. */
static void work(struct history *history) {
  int64_t now_us = clock_monotonic_us(), asked_us = now_us;
  bool records = history->stats.waiting > 0, short_inbox;
  struct history_batch batch = {0};
  bool hurried = history->hurries > 0 || is_ending(history);
  size_t limit = history->finish ? LAST_BATCH : HISTORY_BATCH;
  history_queue_move(&history->own.backlog.queue, &history->inbox);
  history->own.gather_until_us = now_us + HISTORY_WINDOW_MS * MILLISECOND;
  if (!history->own.locked_since_us) history->own.locked_since_us = now_us;
  bool patient = now_us - history->own.locked_since_us < LOCK_PATIENCE_US;
  uv_mutex_unlock(&history->lock);

  int code = records ? write_batch(history, limit, hurried, &batch) : open_file(history);
  bool give_way = code == SQLITE_BUSY && patient, close = code != SQLITE_OK && code != SQLITE_BUSY;
  if (close) history_file_close(&history->own.file, false);

  uv_mutex_lock(&history->lock);
  history->open = history->own.file.database != NULL;
  history->own.leftover = code == SQLITE_OK && batch.full;
  now_us = clock_monotonic_us();
  if (code == SQLITE_OK) {
    succeeded(history, now_us);
    history->stats.recorded += batch.written;
    history->stats.waiting -= batch.events + batch.deliveries;
  } else if (give_way) {
    found_locked(history, asked_us, now_us);
  } else {
    history_queue_move(&history->own.backlog.queue, &history->inbox);
    failed(history, now_us);
  }
  short_inbox = history_queue_length(&history->inbox) < HISTORY_BATCH / 2;
  uv_cond_broadcast(&history->changed);
  if (give_way) return;
  uv_mutex_unlock(&history->lock);

  if (code == SQLITE_OK)
    history_backlog_tell_stored(&history->own.backlog, &batch);
  else
    history_backlog_tell_failed(&history->own.backlog);
  if (history->own.file.database) history_file_checkpoint(&history->own.file, !short_inbox || batch.full);
  uv_mutex_lock(&history->lock);
}

/* ---- the other things that a turn can be; with the lock, but not all the time ---- */

/* Without the lock. */
static void close_own(struct history *history, bool checkpoint) {
  struct history_file *file = &history->own.file;
  /* one that has been moved is brought up to date: its WAL would not be found again */
  if (file->database) history_file_keep_place(file, history->path);
  history_file_close(file, checkpoint);
  history_recording_free(&history->own.backlog.recording);
}

static void sleep_until(struct history *history, enum history_sleep sleep, int64_t until_us) {
  int64_t left_us = until_us - clock_monotonic_us();
  if (left_us <= 0) return;
  history->sleep = sleep;
  uv_cond_timedwait(&history->work, &history->lock, (uint64_t)left_us * 1000);
  bool was_idle = sleep == HISTORY_IDLE && history->stats.waiting > 0;
  history->sleep = HISTORY_AWAKE;
  if (was_idle) { /* the first record; others may follow */
    int64_t until = clock_monotonic_us() + HISTORY_WINDOW_MS * MILLISECOND;
    if (history->own.gather_until_us < until) history->own.gather_until_us = until;
  }
}

static void park(struct history *history) {
  uv_mutex_unlock(&history->lock);
  close_own(history, false);
  uv_mutex_lock(&history->lock);
  history->open = false;
  history->parked = true;
  uv_cond_broadcast(&history->changed);
  while (atomic_load(&history_parking)) uv_cond_wait(&history->work, &history->lock);
  history->parked = false;
}

static void drop_all(struct history *history) {
  history_queue_move(&history->own.backlog.queue, &history->inbox);
  history->stats.dropped += history->stats.waiting;
  history->stats.waiting = 0;
  uv_mutex_unlock(&history->lock);
  history_backlog_drop(&history->own.backlog);
  uv_mutex_lock(&history->lock);
}

/* When what ages is to be looked at again; the wall clock may be a test's, or be set. */
static int64_t tidy_due_us(const struct history *history) {
  if (!history->open) return INT64_MAX;
  if (history->own.tidy_more || !history->own.tidied_us) return 0;
  int64_t since_us = clock_wall_us() - history->own.tidied_us;
  return since_us < 0 || since_us >= TIDY_US ? 0 : clock_monotonic_us() + TIDY_US - since_us;
}

static void tidy(struct history *history) {
  int64_t now_us = clock_wall_us(), keep_us = history->keep_us;
  struct history_file *file = &history->own.file;
  bool more_events = false, more_counts = false;
  uv_mutex_unlock(&history->lock);
  if (keep_us) history_retention_step(file, now_us - keep_us, &more_events);
  history_rollup_age(file, now_us, &more_counts);
  history_retention_forget_erased(file, now_us);
  history->own.tidy_more = more_events || more_counts;
  history->own.tidied_us = now_us;
  history_file_checkpoint(&history->own.file, false);
  uv_mutex_lock(&history->lock);
}

/* There are records, and they have a few milliseconds. */
static void gather(struct history *history) {
  if (tidy_due_us(history) == 0)
    tidy(history);
  else
    sleep_until(history, HISTORY_GATHERING, history->own.gather_until_us);
}

static void idle(struct history *history) {
  int64_t due_us = tidy_due_us(history);
  if (due_us == 0)
    tidy(history);
  else if (due_us == INT64_MAX)
    sleep_until(history, HISTORY_IDLE, clock_monotonic_us() + 3600 * (int64_t)SECOND);
  else
    sleep_until(history, HISTORY_IDLE, due_us);
}

/* True when the end has come: nothing was asked for while the file was being closed. */
static bool end(struct history *history) {
  uv_mutex_unlock(&history->lock);
  close_own(history, true);
  uv_mutex_lock(&history->lock);
  history->open = false;
  return history->stats.waiting == 0 && !history->open_wanted && is_ending(history);
}

static bool is_batch(const struct history *history) {
  return history->hurries > 0 || is_ending(history) || history->own.leftover ||
         history_queue_length(&history->inbox) >= HISTORY_BATCH || clock_monotonic_us() >= history->own.gather_until_us;
}

/* False when it was the last one. */
static bool turn(struct history *history) {
  bool records = history->stats.waiting > 0;
  if (atomic_load(&history_parking))
    park(history);
  else if (!records && !history->open_wanted && is_ending(history))
    return !end(history);
  else if (history->give_up && (history->own.failing || history->own.locked_since_us))
    drop_all(history);
  else if (clock_monotonic_us() < history->resume_us)
    sleep_until(history, HISTORY_PAUSING, history->resume_us);
  else if (records && !is_batch(history))
    gather(history);
  else if (records || (history->open_wanted && !history->open))
    work(history);
  else
    idle(history);
  return true;
}

void history_writer_run(void *argument) {
  struct history *history = argument;
  uv_mutex_lock(&history->lock);
  history->own.backlog.recording.file = &history->own.file;
  while (turn(history)) {}
  history->state = HISTORY_ENDED;
  history->finish = history->give_up = false;
  uv_cond_broadcast(&history->changed);
  uv_mutex_unlock(&history->lock);
}

bool history_writer_wakes(struct history *history) {
  bool wakes = history->sleep == HISTORY_IDLE ||
               (history->sleep == HISTORY_GATHERING &&
                (history->hurries > 0 || history_queue_length(&history->inbox) >= HISTORY_BATCH));
  if (wakes) history->sleep = HISTORY_AWAKE; /* once is enough */
  return wakes;
}
