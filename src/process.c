/*
 * process: see process.h.
 *
 * Order at exit: functions registered with atexit run last in, first out. libcurl and OpenSSL register theirs while
 * they are initialised, so ours, registered after that, runs before them, while they still work.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "process.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "history.h"
#include "history_reader.h"
#include "page_call.h"
#include "sender.h"
#include "session_file.h"
#include "workers.h"

enum { PARK_MS = 1000, EXIT_GRACE_MS = 2000, EXIT_HISTORY_MS = 2000 };

static pthread_mutex_t setup_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool set_up;
static atomic_uint generation;

static struct workers_kind *const kinds[] = {&page_call_workers, &history_reader_workers, &session_file_workers};
enum { KINDS = sizeof kinds / sizeof *kinds };

/*
 * A fork copies one thread and all memory. So before it, nobody of ours may hold a lock or an SQLite connection: the
 * files' threads park first, since a parked history calls nobody, then the sender's lock is taken.
 */
static void before_fork(void) {
  pthread_mutex_lock(&setup_lock);
  for (int i = 0; i < KINDS; i++) workers_park(kinds[i], PARK_MS);
  history_before_fork(PARK_MS);
  sender_before_fork();
}

static void after_fork_in_parent(void) {
  sender_after_fork_in_parent();
  history_after_fork_in_parent();
  for (int i = 0; i < KINDS; i++) workers_resume(kinds[i]);
  pthread_mutex_unlock(&setup_lock);
}

static void after_fork_in_child(void) {
  atomic_fetch_add(&generation, 1);
  client_after_fork_in_child();
  sender_after_fork_in_child();
  history_after_fork_in_child();
  for (int i = 0; i < KINDS; i++) workers_forget(kinds[i]);
  pthread_mutex_init(&setup_lock, NULL);
}

static void at_exit(void) {
  pthread_mutex_lock(&setup_lock); /* it is held all through a fork */
  workers_end(&page_call_workers, PARK_MS);
  pthread_mutex_unlock(&setup_lock);
  sender_finish(EXIT_GRACE_MS);
  history_finish_all(EXIT_HISTORY_MS);
}

/* A thread of ours may run when the Lua state that loaded us unloads the module; so the code stays mapped for good. */
static void pin(void) {
  Dl_info place;
  if (dladdr((void *)&setup_lock, &place) != 0 && place.dli_fname != NULL)
    dlopen(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE); /* the handle is kept on purpose */
}

bool process_setup(char *error, size_t error_size) {
  if (atomic_load_explicit(&set_up, memory_order_acquire)) return true; /* the lock is held all through a fork */
  bool done = true;
  pthread_mutex_lock(&setup_lock);
  if (!set_up) {
    CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK) {
      snprintf(error, error_size, "libcurl cannot be initialised: %s", curl_easy_strerror(result));
      done = false;
    } else {
      OPENSSL_init_ssl(0, NULL);
      pin();
      pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
      atexit(at_exit);
      set_up = true;
    }
  }
  pthread_mutex_unlock(&setup_lock);
  return done;
}

unsigned process_generation(void) {
  return atomic_load_explicit(&generation, memory_order_relaxed);
}
