/*
 * sentence_expand: the texts that a template without ranges and wildcards stands for, one by one.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_EXPAND_H
#define INTENT_WEBHOOK_SENTENCE_EXPAND_H

#include "sentence_source.h"

#pragma GCC visibility push(hidden)

enum { EXPAND_MOST = 1000 }; /* texts of one value */

/*
 * Appends each text, a struct source_text in the source's arena, to `out`. A template that cannot be expanded adds a
 * mistake and returns false.
 */
bool expand_template(sentences_source *source, const struct template_node *tree, const struct mistake_place *place,
                     uint32_t block, struct buffer *out);

#pragma GCC visibility pop
#endif
