/*
 * memory: see memory.h. Without a replacement every call goes straight to the C library.
 */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Set before any thread of the core exists, so plain reads are enough. */
static memory_function replacement;

/* malloc(0) may return NULL, which would look like a failure. */
static size_t at_least_one(size_t size) {
  return size ? size : 1;
}

void *memory_alloc(size_t size) {
  size = at_least_one(size);
  return replacement ? replacement(NULL, size) : malloc(size);
}

void *memory_zeroed(size_t size) {
  size = at_least_one(size);
  if (!replacement) return calloc(1, size);
  void *memory = replacement(NULL, size);
  return memory ? memset(memory, 0, size) : NULL;
}

void *memory_resize(void *memory, size_t size) {
  if (size == 0) {
    memory_free(memory);
    return NULL;
  }
  return replacement ? replacement(memory, size) : realloc(memory, size);
}

void memory_free(void *memory) {
  if (replacement)
    replacement(memory, 0);
  else
    free(memory);
}

char *memory_copy(const char *bytes, size_t length) {
  if (length == SIZE_MAX) return NULL;
  char *copy = memory_alloc(length + 1);
  if (!copy) return NULL;
  if (length) memcpy(copy, bytes, length); /* bytes may be NULL when there are none */
  copy[length] = '\0';
  return copy;
}

void memory_replace(memory_function function) {
  replacement = function;
}
