/*
 * cause: see cause.h.
 */
#include "cause.h"

static const char *const codes[] = {
#define CAUSE_CODE(name, code, sentence) code,
    CAUSES(CAUSE_CODE)
#undef CAUSE_CODE
};

static const char *const sentences[] = {
#define CAUSE_SENTENCE(name, code, sentence) sentence,
    CAUSES(CAUSE_SENTENCE)
#undef CAUSE_SENTENCE
};

const char *cause_code(enum cause cause) {
  return codes[cause];
}

const char *cause_sentence(enum cause cause) {
  return sentences[cause];
}
