/*
 * thread: see thread.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np, RTLD_DEFAULT */
#endif
#include "thread.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

/* Enough for libcurl with TLS and for SQLite. The usual 8 MiB would count against a host's memory limit. */
enum { STACK_BYTES = 512 * 1024 };

enum { NAME_SIZE = 16 }; /* with the NUL; Linux has no room for more */

struct start {
  void (*run)(void *);
  void *argument;
  char name[NAME_SIZE];
};

/* A thread names itself since macOS knows no other way. */
static void begin(void *argument) {
  struct start start = *(struct start *)argument;
  memory_free(argument);
#if defined(__APPLE__)
  pthread_setname_np(start.name);
#elif defined(__linux__) || defined(__GLIBC__)
  pthread_setname_np(pthread_self(), start.name);
#endif
  start.run(start.argument);
}

/*
 * The platform's own share comes on top. glibc puts the thread-local storage of everything that is loaded on the stack,
 * which a host may have much of, and says how much only through a function that it does not declare.
 */
static size_t stack_size(void) {
  long needed = sysconf(_SC_THREAD_STACK_MIN);
  size_t share = needed > 0 ? (size_t)needed : 0;
#if defined(__GLIBC__)
  size_t (*minimum)(const pthread_attr_t *);
  *(void **)&minimum = dlsym(RTLD_DEFAULT, "__pthread_get_minstack"); /* POSIX's own way past ISO C */
  pthread_attr_t attributes;
  if (minimum && pthread_attr_init(&attributes) == 0) {
    share = minimum(&attributes);
    pthread_attr_destroy(&attributes);
  }
#endif
  return STACK_BYTES + share;
}

bool thread_start(uv_thread_t *thread, const char *name, void (*run)(void *), void *argument) {
  struct start *start = memory_alloc(sizeof *start);
  if (!start) return false;
  *start = (struct start){.run = run, .argument = argument};
  strncpy(start->name, name, NAME_SIZE - 1);

  /* A new thread inherits the mask, so there is no moment in which a signal could reach it. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = stack_size()};
  bool started = uv_thread_create_ex(thread, &options, begin, start) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);

  if (!started) memory_free(start);
  return started;
}
