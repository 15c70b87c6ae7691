/*
 * memory: the one place that the core takes memory from.
 *
 * Every allocation of the core goes through here, so that a test can count them and fail each in turn.
 * A failed allocation returns NULL; nothing in the core exits or aborts.
 */
#ifndef INTENT_WEBHOOK_MEMORY_H
#define INTENT_WEBHOOK_MEMORY_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* realloc's contract, with free as size 0: memory NULL allocates, size 0 frees and returns NULL. */
typedef void *(*memory_function)(void *memory, size_t size);

void *memory_alloc(size_t size);
void *memory_zeroed(size_t size);
void *memory_resize(void *memory, size_t size);
void memory_free(void *memory);

/* A copy of `length` bytes with a NUL behind them, or NULL. */
char *memory_copy(const char *bytes, size_t length);

/* Replaces the allocator. For tests: before anything else of the core is called. NULL restores the C library's. */
void memory_replace(memory_function function);

#pragma GCC visibility pop
#endif
