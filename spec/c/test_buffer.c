/*
 * test_buffer: memory.c and buffer.c.
 */
#include <stdint.h>
#include <stdlib.h>

#include "buffer.h"
#include "check.h"
#include "memory.h"
#include "memory_faults.h"

static void test_memory(void) {
  TEST("memory of size 0 is a block like any other") {
    void *plain = memory_alloc(0), *zeroed = memory_zeroed(0);
    CHECK(plain && zeroed);
    CHECK(memory_faults_outstanding() == 2);
    memory_free(plain);
    memory_free(zeroed);
  }
  TEST("zeroed memory is zero, and a resized block keeps its bytes") {
    unsigned char *bytes = memory_zeroed(100);
    for (size_t i = 0; i < 100; i++) CHECK(bytes[i] == 0);
    bytes[99] = 7;
    bytes = memory_resize(bytes, 100000);
    CHECK(bytes[98] == 0 && bytes[99] == 7);
    CHECK(memory_resize(bytes, 0) == NULL);
  }
  TEST("a copy ends in a NUL, also a copy of nothing") {
    char *copy = memory_copy("abcdef", 3), *nothing = memory_copy(NULL, 0);
    CHECK_TEXT(copy, "abc");
    CHECK_TEXT(nothing, "");
    CHECK(memory_copy("", SIZE_MAX) == NULL);
    memory_free(copy);
    memory_free(nothing);
    memory_free(NULL);
  }
  TEST("a failed allocation is NULL, and leaves a resized block as it was") {
    char *kept = memory_copy("kept", 4);
    memory_faults_fail(1, MEMORY_FAULTS_ONWARDS);
    CHECK(memory_alloc(1) == NULL);
    CHECK(memory_zeroed(1) == NULL);
    CHECK(memory_copy("a", 1) == NULL);
    CHECK(memory_resize(kept, 1000) == NULL);
    CHECK(memory_faults_tried() == 4);
    memory_faults_fail(0, MEMORY_FAULTS_ONCE);
    CHECK_TEXT(kept, "kept");
    memory_free(kept);
  }
  TEST("without a replacement the C library's allocator is used") {
    memory_replace(NULL);
    void *plain = memory_alloc(10), *zeroed = memory_zeroed(10);
    CHECK(plain && zeroed);
    plain = memory_resize(plain, 20);
    CHECK(plain != NULL);
    CHECK(memory_resize(plain, 0) == NULL);
    memory_free(zeroed);
    memory_faults_install();
    CHECK(memory_faults_tried() == 0);
  }
}

/* 70000 bytes in pieces of 1, 2, 3 ... 7 bytes. */
static void append_pieces(struct buffer *buffer) {
  for (size_t written = 0, piece = 1; written < 70000; written += piece, piece = piece % 7 + 1)
    buffer_append(buffer, "abcdefg", piece);
}

static void test_buffer(void) {
  TEST("all zero is an empty buffer, and appending nothing allocates nothing") {
    struct buffer buffer = {0};
    memory_faults_fail(0, MEMORY_FAULTS_ONCE);
    buffer_append(&buffer, NULL, 0);
    buffer_text(&buffer, "");
    CHECK(buffer.bytes == NULL && buffer.length == 0 && !buffer.failed);
    CHECK(memory_faults_tried() == 0);
    buffer_free(&buffer);
  }
  TEST("what is appended stands there in order") {
    struct buffer buffer = {0};
    buffer_text(&buffer, "one ");
    buffer_append(&buffer, "two\0three", 9);
    buffer_byte(&buffer, '!');
    CHECK(buffer.length == 14 && memcmp(buffer.bytes, "one two\0three!", 14) == 0);
    buffer_free(&buffer);
    CHECK(buffer.bytes == NULL && buffer.length == 0 && buffer.capacity == 0);
  }
  TEST("the capacity doubles, so that few allocations make a long buffer") {
    struct buffer buffer = {0};
    memory_faults_fail(0, MEMORY_FAULTS_ONCE);
    for (unsigned i = 0; i < 1000000; i++) buffer_byte(&buffer, (char)i);
    CHECK(memory_faults_tried() <= 16);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 1000000; i++) wrong += buffer.bytes[i] != (char)i;
    CHECK(buffer.length == 1000000 && wrong == 0);
    buffer_free(&buffer);
  }
  TEST("a large piece is taken in one allocation") {
    struct buffer buffer = {0};
    char *piece = calloc(1, 300000);
    memory_faults_fail(0, MEMORY_FAULTS_ONCE);
    buffer_append(&buffer, piece, 300000);
    CHECK(memory_faults_tried() == 1 && buffer.length == 300000);
    buffer_free(&buffer);
    free(piece);
  }
  TEST("clearing keeps the memory") {
    struct buffer buffer = {0};
    buffer_text(&buffer, "gone");
    const char *before = buffer.bytes;
    buffer_clear(&buffer);
    CHECK(buffer.length == 0);
    buffer_text(&buffer, "new");
    CHECK(buffer.bytes == before);
    CHECK_BYTES(buffer.bytes, buffer.length, "new");
    buffer_free(&buffer);
  }
  TEST("a length that no memory could hold fails instead of overflowing") {
    struct buffer buffer = {0};
    buffer_text(&buffer, "ab");
    buffer_append(&buffer, "", SIZE_MAX);
    CHECK(buffer.failed);
    CHECK_BYTES(buffer.bytes, buffer.length, "ab");
    buffer_free(&buffer);
    CHECK(!buffer.failed);
  }
  TEST("each allocation failing in turn: the buffer says so, keeps what it had and takes nothing more") {
    bool hit = true;
    for (unsigned nth = 1; hit; nth++) {
      struct buffer buffer = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      append_pieces(&buffer);
      hit = memory_faults_hit();
      CHECK(buffer.failed == hit);
      CHECK(hit == (buffer.length < 70000));
      size_t length = buffer.length;
      buffer_byte(&buffer, 'x');
      CHECK(buffer.length == (hit ? length : length + 1));
      buffer_clear(&buffer);
      CHECK(!buffer.failed);
      buffer_text(&buffer, "usable again");
      CHECK_BYTES(buffer.bytes, buffer.length, "usable again");
      buffer_free(&buffer);
    }
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_memory();
  test_buffer();
  return check_finish();
}
