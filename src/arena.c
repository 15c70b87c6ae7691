/*
 * arena: see arena.h. A request that is larger than a block gets a block of its own.
 */
#include "arena.h"

#include <stdint.h>
#include <string.h>

#include "memory.h"

enum { BLOCK_BYTES = 64 * 1024, ALIGNMENT = _Alignof(max_align_t) };

struct arena_block {
  struct arena_block *older;
  size_t size;
  max_align_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) {
    arena->failed = true;
    return NULL;
  }
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct arena_block *block = arena->newest;
  if (!block || block->size - arena->used < size) {
    size_t wanted = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    block = memory_alloc(sizeof *block + wanted);
    if (!block) {
      arena->failed = true;
      return NULL;
    }
    block->older = arena->newest;
    block->size = wanted;
    arena->newest = block;
    arena->used = 0;
  }
  void *memory = (char *)block->bytes + arena->used;
  arena->used += size;
  return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length) {
  if (length == SIZE_MAX) return NULL;
  char *copy = arena_alloc(arena, length + 1);
  if (copy && length) memcpy(copy, bytes, length);
  return copy;
}

void arena_clear(struct arena *arena) {
  struct arena_block *kept = NULL;
  while (arena->newest) {
    struct arena_block *block = arena->newest;
    arena->newest = block->older;
    if (!kept && block->size == BLOCK_BYTES)
      kept = block;
    else
      memory_free(block);
  }
  if (kept) kept->older = NULL;
  *arena = (struct arena){kept, 0, false};
}

void arena_free(struct arena *arena) {
  while (arena->newest) {
    struct arena_block *older = arena->newest->older;
    memory_free(arena->newest);
    arena->newest = older;
  }
  *arena = (struct arena){0};
}
