/*
 * slowness: how much slower than usual everything is where the tests run.
 */
#ifndef INTENT_WEBHOOK_SPEC_SLOWNESS_H
#define INTENT_WEBHOOK_SPEC_SLOWNESS_H

#include <stdlib.h>

/*
 * A factor, at least 1, by which a test gives more time, or does less where more would find nothing else: the
 * environment's SPEC_SLOWNESS, which spec/memory_check sets for sanitizers and valgrind.
 */
static inline long spec_slowness(void) {
  const char *given = getenv("SPEC_SLOWNESS");
  long slowness = given ? atol(given) : 1;
#ifdef __SANITIZE_THREAD__
  if (!given) slowness = 10;
#endif
  return slowness > 1 ? slowness : 1;
}

#endif
