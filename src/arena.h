/*
 * arena: memory that is given back all at once.
 *
 * Blocks are asked for as needed and never move. A failed allocation returns NULL and sets `failed`, which stays.
 */
#ifndef INTENT_WEBHOOK_ARENA_H
#define INTENT_WEBHOOK_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

struct arena_block;

/* All zero is an empty arena. */
struct arena {
  struct arena_block *newest;
  size_t used; /* of the newest block */
  bool failed;
};

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `length` bytes with a NUL behind them. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/* Takes everything back, but keeps a block for the next time. */
void arena_clear(struct arena *arena);

void arena_free(struct arena *arena);

#pragma GCC visibility pop
#endif
