/*
 * buffer: bytes that grow.
 *
 * A failed allocation sets `failed` and drops what was to be appended; further appends do nothing. So a writer
 * appends without checking and asks once, at the end. All zero is an empty buffer.
 */
#ifndef INTENT_WEBHOOK_BUFFER_H
#define INTENT_WEBHOOK_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC visibility push(hidden)

struct buffer {
  char *bytes; /* NULL while empty; not NUL-terminated */
  size_t length, capacity;
  bool failed;
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
/* The same for records, of a size that the compiler knows: without a call as long as there is room. */
static inline void buffer_push(struct buffer *buffer, const void *record, size_t size) {
  if (buffer->failed || buffer->capacity - buffer->length < size) {
    buffer_append(buffer, record, size);
  } else {
    memcpy(buffer->bytes + buffer->length, record, size);
    buffer->length += size;
  }
}

/* The content as numbers, for buffers that hold nothing else. */
static inline uint32_t *buffer_numbers(const struct buffer *buffer) {
  return (uint32_t *)(void *)buffer->bytes;
}

static inline uint32_t buffer_number_count(const struct buffer *buffer) {
  return (uint32_t)(buffer->length / sizeof(uint32_t));
}

void buffer_text(struct buffer *buffer, const char *text);
void buffer_byte(struct buffer *buffer, char byte);

/* Makes the content that many zero bytes, whatever it was. False, with `failed`: out of memory. */
bool buffer_zero(struct buffer *buffer, size_t length);

/* Forgets the content and a failure, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Gives the memory back; the buffer is empty and usable again. */
void buffer_free(struct buffer *buffer);

#pragma GCC visibility pop
#endif
