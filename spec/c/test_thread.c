/*
 * test_thread: thread.c (with memory.c).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include "check.h"
#include "memory_faults.h"
#include "thread.h"

/* Stands in front of libuv's, so that a test can have it fail. */
static int create_error;

typedef int create_function(uv_thread_t *, const uv_thread_options_t *, uv_thread_cb, void *);

int uv_thread_create_ex(uv_thread_t *thread, const uv_thread_options_t *options, uv_thread_cb run, void *argument) {
  if (create_error) return create_error;
  create_function *create;
  *(void **)&create = dlsym(RTLD_NEXT, "uv_thread_create_ex"); /* POSIX's own way past ISO C */
  return create(thread, options, run, argument);
}

struct seen {
  char name[16];
  sigset_t blocked;
  size_t stack_size;
  unsigned runs;
};

static void look(void *argument) {
  struct seen *seen = argument;
  seen->runs++;
  pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
  pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstacksize(&attributes, &seen->stack_size);
    pthread_attr_destroy(&attributes);
  }
}

/* Fills most of the stack that a thread may rely on. */
static void use_stack(void *argument) {
  volatile unsigned char deep[400 * 1024];
  for (size_t i = 0; i < sizeof deep; i += 512) deep[i] = (unsigned char)i;
  *(unsigned *)argument = deep[512 * 3] + 1U;
}

int main(void) {
  memory_faults_install();
  TEST("a thread runs once, under its name, and can be joined") {
    struct seen seen = {.runs = 0};
    uv_thread_t thread;
    CHECK(thread_start(&thread, "iw-sender", look, &seen));
    uv_thread_join(&thread);
    CHECK(seen.runs == 1);
    CHECK_TEXT(seen.name, "iw-sender");
  }
  TEST("a name that is too long is cut") {
    struct seen seen = {.runs = 0};
    uv_thread_t thread;
    CHECK(thread_start(&thread, "0123456789abcdefgh", look, &seen));
    uv_thread_join(&thread);
    CHECK_TEXT(seen.name, "0123456789abcde");
  }
  TEST("every signal that can be blocked is blocked in the thread, and the starter's mask stays as it was") {
    sigset_t mine, after;
    sigemptyset(&mine);
    sigaddset(&mine, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &mine, NULL);
    struct seen seen = {.runs = 0};
    uv_thread_t thread;
    CHECK(thread_start(&thread, "iw-test", look, &seen));
    uv_thread_join(&thread);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number <= SIGRTMAX; number++) {
      bool cannot = number == SIGKILL || number == SIGSTOP || (number > SIGSYS && number < SIGRTMIN);
      if (!cannot && !CHECK(sigismember(&seen.blocked, number) == 1)) printf("     signal %d\n", number);
      if (!cannot) CHECK(sigismember(&after, number) == (number == SIGUSR2));
    }
    sigemptyset(&mine);
    pthread_sigmask(SIG_SETMASK, &mine, NULL);
  }
  TEST("a thread has a stack of at least 512 KiB, and not the host's default") {
    struct seen seen = {.runs = 0};
    uv_thread_t thread;
    CHECK(thread_start(&thread, "iw-test", look, &seen));
    uv_thread_join(&thread);
    CHECK(seen.stack_size >= 512 * 1024 && seen.stack_size <= 2 * 1024 * 1024);
    unsigned used = 0;
    CHECK(thread_start(&thread, "iw-test", use_stack, &used));
    uv_thread_join(&thread);
    CHECK(used == (512U * 3 & 0xFF) + 1);
  }
  TEST("when there is no memory it does not start") {
    struct seen seen = {.runs = 0};
    uv_thread_t thread;
    memory_faults_fail(1, MEMORY_FAULTS_ONCE);
    CHECK(!thread_start(&thread, "iw-test", look, &seen));
    CHECK(memory_faults_hit() && seen.runs == 0);
  }
  TEST("when the system has no thread to give it does not start, and the starter's mask stays as it was") {
    struct seen seen = {.runs = 0};
    uv_thread_t thread;
    create_error = UV_EAGAIN;
    CHECK(!thread_start(&thread, "iw-test", look, &seen));
    create_error = 0;
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    CHECK(seen.runs == 0 && sigismember(&after, SIGTERM) == 0);
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
