/*
 * thread: the one recipe by which the core starts a thread.
 */
#ifndef INTENT_WEBHOOK_THREAD_H
#define INTENT_WEBHOOK_THREAD_H

#include <stdbool.h>
#include <uv.h>

#pragma GCC visibility push(hidden)

/*
 * Starts a thread with every signal blocked, so that the host's handlers run in the host's threads only.
 * `name` is at most 15 bytes. Returns whether it started; it is joined with uv_thread_join.
 */
bool thread_start(uv_thread_t *thread, const char *name, void (*run)(void *), void *argument);

#pragma GCC visibility pop
#endif
