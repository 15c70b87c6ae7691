/*
 * process: what the core is to the process that it was loaded into.
 *
 * Set up once, by the first client or page: initialises libcurl, pins the shared object in memory (a thread of ours may
 * outlive the Lua state that loaded it), registers the fork handlers and, after libcurl's and OpenSSL's own, the exit
 * handler.
 */
#ifndef INTENT_WEBHOOK_PROCESS_H
#define INTENT_WEBHOOK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* False, with a sentence in error, when libcurl cannot be initialised. Any thread, any number of times. */
bool process_setup(char *error, size_t error_size);

/* How many forks lie between the process that loaded the core and this one. Cheap. */
unsigned process_generation(void);

#pragma GCC visibility pop
#endif
