/*
 * buffer: see buffer.h. The capacity doubles, so that appending costs the same on average however long it gets.
 */
#include "buffer.h"

#include <stdint.h>
#include <string.h>

#include "memory.h"

enum { SMALLEST_CAPACITY = 64 };

/* Makes room for `length` more bytes. */
static bool buffer_reserve(struct buffer *buffer, size_t length) {
  if (buffer->failed) return false;
  if (length <= buffer->capacity - buffer->length) return true;
  if (length > SIZE_MAX - buffer->length) {
    buffer->failed = true;
    return false;
  }
  size_t needed = buffer->length + length;
  size_t capacity = buffer->capacity > SIZE_MAX / 2 ? SIZE_MAX : buffer->capacity * 2;
  if (capacity < SMALLEST_CAPACITY) capacity = SMALLEST_CAPACITY;
  if (capacity < needed) capacity = needed;
  char *bytes = memory_resize(buffer->bytes, capacity);
  if (!bytes) {
    buffer->failed = true;
    return false;
  }
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return true;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
  if (length == 0 || !buffer_reserve(buffer, length)) return;
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void buffer_text(struct buffer *buffer, const char *text) {
  buffer_append(buffer, text, strlen(text));
}

void buffer_byte(struct buffer *buffer, char byte) {
  if (buffer_reserve(buffer, 1)) buffer->bytes[buffer->length++] = byte;
}

bool buffer_zero(struct buffer *buffer, size_t length) {
  buffer_clear(buffer);
  if (!buffer_reserve(buffer, length)) return false;
  if (length) memset(buffer->bytes, 0, length);
  buffer->length = length;
  return true;
}

void buffer_clear(struct buffer *buffer) {
  buffer->length = 0;
  buffer->failed = false;
}

void buffer_free(struct buffer *buffer) {
  memory_free(buffer->bytes);
  *buffer = (struct buffer){0};
}
