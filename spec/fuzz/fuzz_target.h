/*
 * fuzz_target: what the fuzzers have in common. Stops at the first thing that does not hold, and keeps inputs that are
 * slow: of at most SLOW_BYTES, and with one call that takes more than FUZZ_SLOW_MS (50) of processor time, if that is
 * the slowest so far.
 */
#ifndef INTENT_WEBHOOK_SPEC_FUZZ_TARGET_H
#define INTENT_WEBHOOK_SPEC_FUZZ_TARGET_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sentence_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

typedef const char *(*fuzz_function)(const uint8_t *bytes, size_t length, struct sentence_fuzz_time *slowest);

static inline void fuzz_keep_slow(const char *name, const struct sentence_fuzz_time *slowest, const uint8_t *bytes,
                                  size_t length) {
  enum { SLOW_BYTES = 4096 };
  static double most;
  if (most <= 0) most = getenv("FUZZ_SLOW_MS") ? atof(getenv("FUZZ_SLOW_MS")) : 50;
  if (slowest->milliseconds <= most || length > SLOW_BYTES) return;
  most = slowest->milliseconds;
  const char *folder = getenv("FUZZ_SLOW_FOLDER");
  char path[4096];
  snprintf(path, sizeof path, "%s/slow-%s-%s", folder ? folder : ".", name, slowest->what);
  fprintf(stderr, "slow: %s takes %.0f ms: %s\n", slowest->what, most, path);
  FILE *file = fopen(path, "wb");
  if (!file) return;
  fwrite(bytes, 1, length, file);
  fclose(file);
}

static inline int fuzz_target(const char *name, fuzz_function function, const uint8_t *bytes, size_t length) {
  struct sentence_fuzz_time slowest = {"nothing", 0};
  const char *problem = function(bytes, length, &slowest);
  if (problem) {
    fprintf(stderr, "does not hold: %s\n", problem);
    abort();
  }
  fuzz_keep_slow(name, &slowest, bytes, length);
  return 0;
}

#endif
