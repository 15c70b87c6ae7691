/*
 * history_reader: see history_reader.h.
 *
 * The thread opens the file for each question and closes it with the answer (history_connection.h).
 *
 * A question has its own copy of everything, so that whoever asked can go away when time is up; the thread then finds
 * the question abandoned, interrupts SQLite and is free for the next one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "history_reader.h"

#include <errno.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "history_connection.h"
#include "history_path.h"
#include "history_query.h"
#include "memory.h"
#include "utf8.h"
#include "workers.h"

enum { BUSY_US = 1000 };

enum question_state {
  QUESTION_NONE,
  QUESTION_ASKED,    /* for the thread */
  QUESTION_ANSWERED, /* for who asked */
  QUESTION_ABANDONED /* nobody waits for it any more; the thread gives it up */
};

struct history_reader {
  struct workers workers; /* one thread, active while it reads; its lock guards `state` too */
  char *path;             /* absolute */
  enum question_state state;

  /* The thread's while a question is asked, otherwise whoever's has the lock. */
  struct history_query query; /* its texts are in `texts`, its seqs in `seqs` */
  int64_t seqs[HISTORY_READER_SEQS];
  struct buffer texts, answer;
  enum history_answer outcome;
  char error[HISTORY_ERROR_SIZE];
  bool again; /* what the thread could not answer is to be tried once more: a fork, or a lock, came between */

  atomic_bool interrupted; /* the question is abandoned */
};

_Static_assert(offsetof(struct history_reader, workers) == 0, "see workers.h");

/* ---- in the thread ---- */

/* The reader's patience: until the question is abandoned, or a fork. */
static bool must_stop(void *context) {
  struct history_reader *reader = context;
  bool stop = atomic_load_explicit(&reader->interrupted, memory_order_relaxed) ||
              atomic_load_explicit(&history_reader_workers.parking, memory_order_relaxed);
  if (stop) reader->again = true;
  return stop;
}

/* The answer is in reader->answer; without one there is a sentence in reader->error. */
static enum history_answer read_file(struct history_reader *reader) {
  const struct history_patience patience = {must_stop, reader};
  struct stat status;
  sqlite3 *database;
  int code = SQLITE_OK;
  if (stat(reader->path, &status) != 0) {
    snprintf(reader->error, sizeof reader->error, "There is no history file (%s): has anything been recorded yet?",
             strerror(errno));
    return HISTORY_UNREADABLE;
  }
  enum history_found found = history_connection_open(reader->path, &patience, &database, reader->error);
  if (found == HISTORY_NO_MEMORY) return HISTORY_OUT_OF_MEMORY;
  if (found == HISTORY_FAILED) return HISTORY_UNREADABLE;
  if (found == HISTORY_NOTHING)
    history_query_nothing(&reader->query, &reader->answer);
  else
    code = history_query_run(database, &reader->query, &reader->answer);
  if (code == SQLITE_OK && reader->answer.failed) code = SQLITE_NOMEM;
  if (code != SQLITE_OK) history_connection_explain(database, code, reader->error);
  history_connection_close(database);
  if ((code & 0xff) == SQLITE_BUSY) {
    reader->again = true;
    usleep(BUSY_US);
  }
  if ((code & 0xff) == SQLITE_NOMEM) return HISTORY_OUT_OF_MEMORY;
  return code == SQLITE_OK ? HISTORY_ANSWERED : HISTORY_UNREADABLE;
}

/* With the lock, which it gives back meanwhile. */
static void answer(struct history_reader *reader) {
  reader->workers.active = 1;
  reader->again = false;
  uv_mutex_unlock(&reader->workers.lock);
  buffer_clear(&reader->answer);
  enum history_answer outcome = read_file(reader);
  uv_mutex_lock(&reader->workers.lock);
  reader->workers.active = 0;
  uv_cond_broadcast(&reader->workers.changed);
  if ((outcome != HISTORY_ANSWERED && reader->again) || reader->state != QUESTION_ASKED) return;
  reader->outcome = outcome;
  reader->state = QUESTION_ANSWERED;
}

static void run(void *owner) {
  struct history_reader *reader = owner;
  struct workers *workers = &reader->workers;
  uv_mutex_lock(&workers->lock);
  while (!workers->stop) {
    if (reader->state == QUESTION_ABANDONED) {
      reader->state = QUESTION_NONE;
      uv_cond_broadcast(&workers->changed);
    }
    if (reader->state == QUESTION_ASKED && !atomic_load(&history_reader_workers.parking))
      answer(reader);
    else
      uv_cond_wait(&workers->work, &workers->lock);
  }
  uv_mutex_unlock(&workers->lock);
}

/* So that it is as one that was just opened. */
static void forget(void *owner) {
  struct history_reader *reader = owner;
  *reader = (struct history_reader){.workers = reader->workers, .path = reader->path};
}

struct workers_kind history_reader_workers = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .name = "iw-reader", .run = run, .forget = forget};

/* ---- in the host's threads ---- */

/* Copies what the query points to. False when there is no memory. */
static bool copy_query(struct history_reader *reader, const struct history_query *query) {
  const char *const given[] = {query->id, query->intent, query->status, query->session, query->url, query->search};
  const char **const copies[] = {&reader->query.id,      &reader->query.intent, &reader->query.status,
                                 &reader->query.session, &reader->query.url,    &reader->query.search};
  enum { TEXTS = sizeof given / sizeof *given };
  size_t starts[TEXTS];
  buffer_clear(&reader->texts);
  reader->query = *query;
  reader->query.seq_count = query->seq_count < HISTORY_READER_SEQS ? query->seq_count : HISTORY_READER_SEQS;
  if (query->seq_count) memcpy(reader->seqs, query->seqs, reader->query.seq_count * sizeof *query->seqs);
  reader->query.seqs = reader->seqs;
  for (size_t i = 0; i < TEXTS; i++) {
    starts[i] = reader->texts.length;
    if (!given[i]) continue;
    if (copies[i] == &reader->query.search) /* bodies are stored byte for byte */
      buffer_text(&reader->texts, given[i]);
    else
      utf8_repair(&reader->texts, given[i], strlen(given[i])); /* as it was recorded */
    buffer_byte(&reader->texts, '\0');
  }
  for (size_t i = 0; i < TEXTS; i++) *copies[i] = given[i] ? reader->texts.bytes + starts[i] : NULL;
  return !reader->texts.failed;
}

static enum history_answer out_of_memory(char error[HISTORY_ERROR_SIZE]) {
  snprintf(error, HISTORY_ERROR_SIZE, "There was not enough memory to read the history.");
  return HISTORY_OUT_OF_MEMORY;
}

/* Needs the lock. */
static enum history_answer ask(struct history_reader *reader, const struct history_query *query, int64_t deadline_us,
                               struct buffer *out, char error[HISTORY_ERROR_SIZE]) {
  struct workers *workers = &reader->workers;
  while (reader->state != QUESTION_NONE) /* one that was abandoned */
    if (!workers_wait(workers, deadline_us)) return HISTORY_TOO_SLOW;
  if (!copy_query(reader, query)) return out_of_memory(error);
  if (workers->count == 0 && !workers_start(workers)) {
    snprintf(error, HISTORY_ERROR_SIZE, "The reader's thread cannot be started: is a limit on threads reached?");
    return HISTORY_UNREADABLE;
  }

  reader->state = QUESTION_ASKED;
  atomic_store(&reader->interrupted, false);
  uv_cond_signal(&workers->work);
  while (reader->state == QUESTION_ASKED)
    if (!workers_wait(workers, deadline_us)) break;
  if (reader->state == QUESTION_ASKED) {
    reader->state = QUESTION_ABANDONED;
    atomic_store(&reader->interrupted, true);
    uv_cond_signal(&workers->work);
    return HISTORY_TOO_SLOW;
  }
  reader->state = QUESTION_NONE;
  if (reader->outcome != HISTORY_ANSWERED) {
    history_path_complain(error, reader->path, reader->error);
    return reader->outcome;
  }
  buffer_append(out, reader->answer.bytes, reader->answer.length);
  buffer_free(&reader->answer); /* an answer can be large and questions rare */
  return out->failed ? out_of_memory(error) : HISTORY_ANSWERED;
}

enum history_answer history_reader_ask(struct history_reader *reader, const struct history_query *query, int timeout_ms,
                                       struct buffer *out, char error[HISTORY_ERROR_SIZE]) {
  int64_t deadline_us = clock_monotonic_us() + timeout_ms * (int64_t)1000;
  error[0] = '\0';
  uv_mutex_lock(&reader->workers.lock);
  enum history_answer outcome = ask(reader, query, deadline_us, out, error);
  uv_mutex_unlock(&reader->workers.lock);
  if (outcome == HISTORY_TOO_SLOW)
    snprintf(
        error, HISTORY_ERROR_SIZE,
        "The history did not answer within %d ms: give it more time, or ask for less (a smaller limit, an intent).",
        timeout_ms);
  return outcome;
}

struct history_reader *history_reader_open(const char *path, char error[HISTORY_ERROR_SIZE]) {
  struct history_reader *reader = memory_zeroed(sizeof *reader);
  if (reader) reader->path = history_path_absolute(path);
  if (!reader || !reader->path || !workers_open(&reader->workers, &history_reader_workers)) {
    if (reader) memory_free(reader->path);
    memory_free(reader);
    out_of_memory(error);
    return NULL;
  }
  return reader;
}

void history_reader_close(struct history_reader *reader) {
  if (!reader) return;
  atomic_store(&reader->interrupted, true);
  workers_close(&reader->workers);
  buffer_free(&reader->texts);
  buffer_free(&reader->answer);
  memory_free(reader->path);
  memory_free(reader);
}
