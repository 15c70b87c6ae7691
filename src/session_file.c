/*
 * session_file: see session_file.h.
 *
 * A request has its own copy of everything, so that whoever asked can go away when time is up; the thread then finds
 * the request abandoned and is free for the next one. A file that another program keeps locked is tried again after a
 * short random sleep, as long as somebody waits. The lock is not held over a call to SQLite.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "session_file.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "history_path.h"
#include "memory.h"
#include "session_table.h"
#include "workers.h"

enum {
  FIRST_NAP_US = 50, /* while the file is locked; doubles, and is up to twice as long at random */
  LONGEST_NAP_US = 1000,
  QUIET_US = 20 * 1000, /* after a put, until the WAL is looked at */
  KEPT_BYTES = 64 * 1024
};

enum request_state {
  REQUEST_NONE,
  REQUEST_ASKED,    /* for the thread */
  REQUEST_ANSWERED, /* for who asked */
  REQUEST_ABANDONED /* nobody waits for it any more; the thread gives it up */
};

struct session_file {
  struct workers workers; /* one thread, which stays active while it keeps its connection */
  char *path;             /* canonical */
  struct session_key key;
  bool has_key;

  /* With the lock of `workers`. */
  enum request_state state;
  enum session_answer outcome;
  char error[HISTORY_ERROR_SIZE];

  /* The thread's while a request is asked or abandoned, otherwise whoever's has the lock. */
  bool is_put;
  struct session_row row; /* its texts are in the buffers */
  struct buffer id, body; /* of a put; or the answer to a get */

  struct { /* the thread's own */
    struct session_table table;
    bool untidy;    /* there was a put since the WAL was looked at */
    int64_t nap_us; /* the next one; 0: the first */
  } own;
};

_Static_assert(offsetof(struct session_file, workers) == 0, "see workers.h");

/* ---- in the thread ---- */

/* Returns an SQLite code; other than SQLITE_OK with file->own.table.file.error. */
static int serve(struct session_file *file, enum session_found *found) {
  struct session_table *table = &file->own.table;
  int code = session_table_open(table, file->path);
  if (code == SQLITE_OK)
    code = file->is_put ? session_table_put(table, &file->row, found)
                        : session_table_get(table, &file->row, &file->body, found);
  if (code != SQLITE_OK && code != SQLITE_BUSY) session_table_close(table, file->path, false);
  return code;
}

static void nap(struct session_file *file) {
  int64_t nap_us = file->own.nap_us ? file->own.nap_us : FIRST_NAP_US;
  file->own.nap_us = nap_us < LONGEST_NAP_US / 2 ? 2 * nap_us : LONGEST_NAP_US;
  usleep((useconds_t)(nap_us + (clock_monotonic_us() ^ getpid()) % nap_us));
}

static enum session_answer outcome_of(int code, enum session_found found) {
  static const enum session_answer outcomes[] = {[SESSION_DONE] = SESSION_ANSWERED,
                                                 [SESSION_NONE] = SESSION_MISSING,
                                                 [SESSION_CONFLICT] = SESSION_CHANGED,
                                                 [SESSION_SEALED] = SESSION_LOCKED};
  return code == SQLITE_OK ? outcomes[found] : SESSION_BROKEN;
}

/* With the lock, which it gives back meanwhile. */
static void answer(struct session_file *file) {
  enum session_found found = SESSION_NONE;
  file->workers.active = 1;
  uv_mutex_unlock(&file->workers.lock);
  int code = serve(file, &found);
  if (code == SQLITE_BUSY)
    nap(file);
  else
    file->own.nap_us = 0;
  uv_mutex_lock(&file->workers.lock);
  file->workers.active = file->own.table.file.database != NULL;
  uv_cond_broadcast(&file->workers.changed);
  if (code == SQLITE_BUSY || file->state != REQUEST_ASKED) return;
  file->outcome = outcome_of(code, found);
  memcpy(file->error, file->own.table.file.error, sizeof file->error);
  file->state = REQUEST_ANSWERED;
  if (!file->is_put || code != SQLITE_OK) return;
  file->own.untidy = true;
  uv_mutex_unlock(&file->workers.lock);
  history_file_checkpoint(&file->own.table.file, true); /* nobody waits for it, unless he asks again meanwhile */
  uv_mutex_lock(&file->workers.lock);
}

static void close_table(struct session_file *file, bool checkpoint) {
  uv_mutex_unlock(&file->workers.lock);
  session_table_close(&file->own.table, file->path, checkpoint);
  uv_mutex_lock(&file->workers.lock);
  file->workers.active = 0;
  uv_cond_broadcast(&file->workers.changed);
}

static void rest(struct session_file *file) {
  struct workers *workers = &file->workers;
  if (!file->own.untidy || workers->active == 0) {
    uv_cond_wait(&workers->work, &workers->lock);
  } else if (uv_cond_timedwait(&workers->work, &workers->lock, QUIET_US * (uint64_t)1000) != 0) {
    file->own.untidy = false;
    uv_mutex_unlock(&workers->lock);
    history_file_checkpoint(&file->own.table.file, false);
    uv_mutex_lock(&workers->lock);
  }
}

static void run(void *owner) {
  struct session_file *file = owner;
  struct workers *workers = &file->workers;
  uv_mutex_lock(&workers->lock);
  while (!workers->stop) {
    bool parking = atomic_load(&session_file_workers.parking);
    if (file->state == REQUEST_ABANDONED) {
      file->state = REQUEST_NONE;
      uv_cond_broadcast(&workers->changed);
    }
    if (parking && workers->active > 0)
      close_table(file, false);
    else if (file->state == REQUEST_ASKED && !parking)
      answer(file);
    else
      rest(file);
  }
  if (workers->active > 0) close_table(file, true);
  uv_mutex_unlock(&workers->lock);
}

/* So that it is as one that was just opened. */
static void forget(void *owner) {
  struct session_file *file = owner, kept = *file;
  *file = (struct session_file){.workers = kept.workers, .path = kept.path, .key = kept.key, .has_key = kept.has_key};
  OPENSSL_cleanse(&kept.key, sizeof kept.key);
}

struct workers_kind session_file_workers = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .name = "iw-sessions", .run = run, .forget = forget};

/* ---- in the host's threads ---- */

static enum session_answer refuse(char error[HISTORY_ERROR_SIZE], const char *why) {
  snprintf(error, HISTORY_ERROR_SIZE, "%s", why);
  return SESSION_BROKEN;
}

static struct session_text copy(struct buffer *buffer, struct session_text text) {
  buffer_clear(buffer);
  buffer_append(buffer, text.bytes, text.length);
  buffer_byte(buffer, '\0'); /* so that there are bytes at all */
  return (struct session_text){buffer->bytes, text.length};
}

/* What the thread has said, in words for people. Needs the lock. */
static void explain(struct session_file *file, char error[HISTORY_ERROR_SIZE]) {
  if (file->outcome == SESSION_BROKEN)
    history_path_complain(error, file->path, file->error);
  else if (file->outcome == SESSION_LOCKED && file->has_key)
    history_path_complain(error, file->path,
                          "a session cannot be decrypted, and counts as none: is the key another one?");
  else if (file->outcome == SESSION_LOCKED)
    history_path_complain(error, file->path, "a session is encrypted, and counts as none: give the key");
}

/* Needs the lock. The answer to a get is in file->body then. */
static enum session_answer ask(struct session_file *file, bool is_put, const struct session_row *row,
                               int64_t deadline_us, char error[HISTORY_ERROR_SIZE]) {
  struct workers *workers = &file->workers;
  while (file->state != REQUEST_NONE) /* one that was abandoned */
    if (!workers_wait(workers, deadline_us)) return SESSION_TOO_SLOW;
  file->is_put = is_put;
  file->row = *row;
  file->row.key = file->has_key ? &file->key : NULL;
  file->row.id = copy(&file->id, row->id);
  if (row->body.bytes) file->row.body = copy(&file->body, row->body);
  if (file->id.failed || (row->body.bytes && file->body.failed))
    return refuse(error, "There was not enough memory for the session.");
  if (workers->count == 0 && !workers_start(workers))
    return refuse(error, "The thread for sessions cannot be started: is a limit on threads reached?");

  file->state = REQUEST_ASKED;
  uv_cond_signal(&workers->work);
  while (file->state == REQUEST_ASKED && workers_wait(workers, deadline_us)) {}
  if (file->state == REQUEST_ASKED) {
    file->state = REQUEST_ABANDONED;
    return SESSION_TOO_SLOW;
  }
  file->state = REQUEST_NONE;
  explain(file, error);
  return file->outcome;
}

/* Sessions are small; what one was large for is given back. Needs the lock, and that nothing is asked. */
static void shrink(struct session_file *file) {
  if (file->body.capacity > KEPT_BYTES) buffer_free(&file->body);
  if (file->id.capacity > KEPT_BYTES) buffer_free(&file->id);
}

enum session_answer session_file_get(struct session_file *file, struct session_text id, int64_t now_us, int timeout_ms,
                                     struct buffer *body, int64_t *version, char error[HISTORY_ERROR_SIZE]) {
  int64_t deadline_us = clock_monotonic_us() + timeout_ms * (int64_t)1000;
  error[0] = '\0';
  *version = 0;
  if (id.length > SESSION_ID_BYTES) return refuse(error, "The session's id is longer than 64 KiB: shorten it.");
  uv_mutex_lock(&file->workers.lock);
  enum session_answer outcome = ask(file, false, &(struct session_row){.id = id, .now_us = now_us}, deadline_us, error);
  if (outcome == SESSION_ANSWERED || outcome == SESSION_LOCKED) *version = file->row.version;
  if (outcome == SESSION_ANSWERED) buffer_append(body, file->body.bytes, file->body.length);
  if (file->state == REQUEST_NONE) shrink(file);
  uv_mutex_unlock(&file->workers.lock);
  if (outcome == SESSION_TOO_SLOW)
    snprintf(error, HISTORY_ERROR_SIZE,
             "The session could not be read within %d ms: does another program keep the history file locked?",
             timeout_ms);
  if (outcome == SESSION_ANSWERED && body->failed) return refuse(error, "There was not enough memory for the session.");
  return outcome;
}

enum session_answer session_file_put(struct session_file *file, struct session_text id, struct session_text body,
                                     int64_t version, int64_t now_us, int64_t expires_us, int timeout_ms,
                                     char error[HISTORY_ERROR_SIZE]) {
  int64_t deadline_us = clock_monotonic_us() + timeout_ms * (int64_t)1000;
  error[0] = '\0';
  if (id.length > SESSION_ID_BYTES) return refuse(error, "The session's id is longer than 64 KiB: shorten it.");
  if (body.length > SESSION_BODY_BYTES) return refuse(error, "The session is larger than 1 MiB: keep less in it.");
  uv_mutex_lock(&file->workers.lock);
  const struct session_row row = {
      .id = id, .body = body, .version = version, .now_us = now_us, .expires_us = expires_us};
  enum session_answer outcome = ask(file, true, &row, deadline_us, error);
  if (file->state == REQUEST_NONE) shrink(file);
  uv_mutex_unlock(&file->workers.lock);
  if (outcome == SESSION_TOO_SLOW)
    snprintf(error, HISTORY_ERROR_SIZE,
             "The session was not written within %d ms, and whether it will be is not known: does another program keep "
             "the history file locked?",
             timeout_ms);
  return outcome;
}

/* ---- making and freeing ---- */

struct session_file *session_file_open(const char *path, struct session_text key, char error[HISTORY_ERROR_SIZE]) {
  char *canonical = history_path_resolve(path, error);
  if (!canonical) return NULL;
  struct session_file *file = memory_zeroed(sizeof *file);
  if (file) {
    file->path = canonical;
    file->has_key = key.bytes != NULL;
  }
  bool derived = file && (!key.bytes || session_key_derive(&file->key, key));
  if (!derived || !workers_open(&file->workers, &session_file_workers)) {
    memory_free(canonical);
    if (file) OPENSSL_cleanse(file, sizeof *file); /* the key, as when it is closed */
    memory_free(file);
    refuse(error, "There was not enough memory for sessions.");
    return NULL;
  }
  return file;
}

void session_file_close(struct session_file *file) {
  if (!file) return;
  workers_close(&file->workers);
  buffer_free(&file->id);
  buffer_free(&file->body);
  memory_free(file->path);
  OPENSSL_cleanse(file, sizeof *file);
  memory_free(file);
}
