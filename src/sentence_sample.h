/*
 * sentence_sample: sentences that a template accepts.
 *
 * Each choice that a template leaves is made by a chooser: by chance, or, to have them all, counting through.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_SAMPLE_H
#define INTENT_WEBHOOK_SENTENCE_SAMPLE_H

#include "sentence_source.h"

#pragma GCC visibility push(hidden)

struct chooser {
  bool counting, done; /* done: all combinations have been there */
  uint64_t random;
  struct buffer choices; /* counting: struct choice, those of the sentence before */
  size_t at;
};

struct choice {
  uint32_t now, count;
};

/* Appends one sentence of the template to `out`, which is cleared first. False: out of memory, or it has none. */
bool sample_template(sentences_source *source, const sentences *compiled, const struct template *template,
                     struct chooser *chooser, struct buffer *out);

/* Counting: goes on to the next combination. */
void chooser_next(struct chooser *chooser);

#pragma GCC visibility pop
#endif
