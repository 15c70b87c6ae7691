/*
 * test_utf8: utf8.c (with buffer.c and memory.c).
 */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "utf8.h"

#define R "\xEF\xBF\xBD"

static const struct {
  const char *bytes;
  size_t length, valid;
  const char *repaired;
} rows[] = {
#define ROW(bytes, valid, repaired) \
  { bytes, sizeof(bytes) - 1, valid, repaired }
    ROW("", 0, ""),
    ROW("plain", 5, "plain"),
    ROW("caf\xC3\xA9 Nguy\xE1\xBB\x85n \xF0\x9F\x98\x80", 19, "caf\xC3\xA9 Nguy\xE1\xBB\x85n \xF0\x9F\x98\x80"),
    /* the first and last of each length */
    ROW("\x7F", 1, "\x7F"),
    ROW("\xC2\x80", 2, "\xC2\x80"),
    ROW("\xDF\xBF", 2, "\xDF\xBF"),
    ROW("\xE0\xA0\x80", 3, "\xE0\xA0\x80"),
    ROW("\xED\x9F\xBF", 3, "\xED\x9F\xBF"),
    ROW("\xEE\x80\x80", 3, "\xEE\x80\x80"),
    ROW("\xEF\xBF\xBF", 3, "\xEF\xBF\xBF"),
    ROW("\xF0\x90\x80\x80", 4, "\xF0\x90\x80\x80"),
    ROW("\xF4\x8F\xBF\xBF", 4, "\xF4\x8F\xBF\xBF"),
    /* one beyond */
    ROW("\x80", 0, R),
    ROW("\xBF", 0, R),
    ROW("\xC0\x80", 0, R R),
    ROW("\xC1\xBF", 0, R R),
    ROW("\xE0\x9F\xBF", 0, R R R),
    ROW("\xED\xA0\x80", 0, R R R),
    ROW("\xED\xBF\xBF", 0, R R R),
    ROW("\xF0\x8F\xBF\xBF", 0, R R R R),
    ROW("\xF4\x90\x80\x80", 0, R R R R),
    ROW("\xF5\x80\x80\x80", 0, R R R R),
    ROW("\xFE\xFF", 0, R R),
    /* cut sequences, at the end and before something else */
    ROW("a\xC3", 1, "a" R),
    ROW("a\xE1\xBB", 1, "a" R),
    ROW("a\xF0\x9F\x98", 1, "a" R),
    ROW("\xC3(", 0, R "("),
    ROW("\xE1(\xBB", 0, R "(" R),
    ROW("\xE1\xBBx", 0, R "x"),
    ROW("\xF0\x9Fx", 0, R "x"),
    ROW("\xF0\x9F\x98x", 0, R "x"),
    ROW("\xF0\x9F\x98\xC3\xA9", 0, R "\xC3\xA9"),
    /* The Unicode Standard, tables 3-8 to 3-11 */
    ROW("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 0, R R R R R R R R "A"),
    ROW("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 0, R R R R R R R R "A"),
    ROW("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 0, R R R R R "A" R R "B"),
    ROW("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 0, R R R R "A"),
    /* beyond the eight bytes that are looked at together */
    ROW("12345678\xE9", 8, "12345678" R),
    ROW("1234567\xC3\xA9"
        "12345678\xFF"
        "12345678",
        17,
        "1234567\xC3\xA9"
        "12345678" R "12345678"),
};

/* The definition, one code point after the other, as an oracle. */
static size_t slow_valid_prefix(const unsigned char *bytes, size_t length) {
  size_t valid = 0;
  while (valid < length) {
    unsigned char first = bytes[valid];
    size_t need = first < 0x80             ? 1
                  : (first & 0xE0) == 0xC0 ? 2
                  : (first & 0xF0) == 0xE0 ? 3
                  : (first & 0xF8) == 0xF0 ? 4
                                           : 0;
    if (need == 0 || length - valid < need) return valid;
    uint32_t code = need == 1 ? first : first & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
      if ((bytes[valid + i] & 0xC0) != 0x80) return valid;
      code = code << 6 | (bytes[valid + i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[need] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return valid;
    valid += need;
  }
  return length;
}

static uint32_t next_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(*state >> 33);
}

int main(void) {
  memory_faults_install();
  TEST("each row: how far it is valid, and what it is repaired to") {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      /* A copy of exactly this size, so that a sanitizer sees a read beyond it. */
      char *bytes = malloc(rows[i].length + !rows[i].length);
      memcpy(bytes, rows[i].bytes, rows[i].length);
      struct buffer out = {0};
      bool ok = CHECK(utf8_valid_prefix(bytes, rows[i].length) == rows[i].valid);
      ok &= CHECK(utf8_repair(&out, bytes, rows[i].length) == (rows[i].valid < rows[i].length));
      ok &= CHECK_BYTES(out.bytes, out.length, rows[i].repaired);
      if (!ok) printf("     in row %zu\n", i);
      buffer_free(&out);
      free(bytes);
    }
  }
  TEST("every sequence of three bytes, at every place in a word, is judged as the definition says") {
    unsigned wrong = 0;
    for (uint32_t code = 0; code < 1U << 24; code += code < 0xC00000 ? 251 : 1) {
      char bytes[12] = "abcdefghijkl";
      size_t at = code % 10;
      bytes[at] = (char)(code >> 16);
      bytes[at + 1] = (char)(code >> 8);
      if (at + 2 < sizeof bytes) bytes[at + 2] = (char)code;
      wrong += utf8_valid_prefix(bytes, sizeof bytes) != slow_valid_prefix((unsigned char *)bytes, sizeof bytes);
    }
    CHECK(wrong == 0);
  }
  TEST("whatever the bytes, repaired text is valid and repairs to itself") {
    uint64_t state = 1;
    unsigned wrong = 0;
    for (unsigned round = 0; round < 20000; round++) {
      static const unsigned char alphabet[] = {'a',  'b',  0x80, 0xBF, 0xC3, 0xE0, 0xA0,
                                               0xED, 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0xFF};
      char bytes[24];
      size_t length = next_random(&state) % sizeof bytes;
      for (size_t i = 0; i < length; i++) bytes[i] = (char)alphabet[next_random(&state) % sizeof alphabet];
      struct buffer once = {0}, twice = {0};
      bool repaired = utf8_repair(&once, bytes, length);
      wrong += utf8_valid_prefix(once.bytes, once.length) != once.length;
      wrong += utf8_repair(&twice, once.bytes, once.length);
      wrong += once.length != twice.length || (once.length && memcmp(once.bytes, twice.bytes, once.length) != 0);
      wrong += repaired != (slow_valid_prefix((unsigned char *)bytes, length) < length);
      buffer_free(&once);
      buffer_free(&twice);
    }
    CHECK(wrong == 0);
  }
  TEST("an allocation that fails marks the output") {
    struct buffer out = {0};
    memory_faults_fail(1, MEMORY_FAULTS_ONCE);
    CHECK(utf8_repair(&out, "\xFF", 1));
    CHECK(out.failed);
    buffer_free(&out);
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
