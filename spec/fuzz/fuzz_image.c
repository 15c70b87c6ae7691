/*
 * fuzz_image: libFuzzer's way into sentence_fuzz_image. See spec/fuzz/README.md.
 *
 * Half of its mutations add or change a change of the image, with values that stand near a limit.
 */
#include "fuzz_target.h"

enum { CHANGE_BYTES = 7 };

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);

static uint32_t some_value(unsigned seed) {
  static const uint32_t near_limits[] = {0, 1, 2, UINT32_MAX, UINT32_MAX - 1, 0x7FFFFFFF, 0x80000000, 0xFFF0, 0xFFFF};
  enum { NEAR_LIMITS = sizeof near_limits / sizeof *near_limits };
  unsigned choice = seed % (2 * NEAR_LIMITS);
  return choice < NEAR_LIMITS ? near_limits[choice] : (seed >> 8) % 64;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed) {
  uint8_t *nul = length ? memchr(bytes, '\0', length) : NULL;
  if (!nul || seed % 4 == 0) return LLVMFuzzerMutate(bytes, length, most);
  size_t grammar = (size_t)(nul - bytes) + 1, changes = (length - grammar) / CHANGE_BYTES;
  length = grammar + changes * CHANGE_BYTES;
  uint8_t *at = nul + 1;
  if (seed % 4 == 1 && changes) { /* one of them again, in another way */
    at += (seed >> 4) % changes * CHANGE_BYTES;
    LLVMFuzzerMutate(at, CHANGE_BYTES, CHANGE_BYTES);
    return length;
  }
  if (length + CHANGE_BYTES > most) return LLVMFuzzerMutate(bytes, length, most);
  at = bytes + length;
  uint32_t place = seed * 2654435761U >> 8, value = some_value(seed >> 3);
  memcpy(at, &place, 3);
  memcpy(at + 3, &value, sizeof value);
  return length + CHANGE_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  return fuzz_target("image", sentence_fuzz_image, bytes, length);
}
