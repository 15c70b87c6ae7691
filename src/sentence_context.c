/*
 * sentence_context: what a block demands of the context, against what a message brings along. See sentence_matcher.h.
 */
#include <string.h>

#include "sentence_matcher.h"

static bool scalar_equal(sentences_scalar one, sentences_scalar other) {
  if (one.kind != other.kind) return false;
  if (one.kind != SENTENCES_TEXT) return one.kind == SENTENCES_NONE || one.number == other.number;
  return one.length == other.length && memcmp(one.text, other.text, one.length) == 0;
}

bool condition_holds(const struct image *image, const struct condition *condition, sentences_scalar value) {
  if (condition->values == 0) return true;
  for (uint32_t i = 0; i < condition->values; i++) {
    if (scalar_equal(image_scalar(image, &image->scalars[condition->first_value + i]), value)) return true;
  }
  return false;
}

const struct condition *value_contradicts(const struct image *image, const struct block *block,
                                          const struct image *home, const struct list_value *value, uint32_t *met) {
  for (uint32_t i = 0; i < value->contexts; i++) {
    const struct pair *pair = &home->contexts[value->first_context + i];
    sentences_scalar scalar = image_scalar(home, &pair->value);
    uint32_t bit = 1;
    for (uint32_t k = 0; k < block->conditions; k++) {
      const struct condition *condition = &image->conditions[block->first_condition + k];
      bool same = strcmp(home->text + pair->key, image->text + condition->key) == 0;
      if (same && condition_holds(image, condition, scalar) == (condition->excludes != 0)) return condition;
      if (same && !condition->excludes) *met |= bit;
      if (!condition->excludes) bit <<= 1;
    }
  }
  return NULL;
}

sentences_reason matcher_block_context(const sentences_matcher *matcher, const struct block *block, uint32_t *met,
                                       uint32_t *all, const char **detail) {
  const struct image *image = matcher->compiled->image;
  const sentences_options *options = matcher->options;
  uint32_t bit = 1;
  *met = *all = 0;
  for (uint32_t i = 0; i < block->conditions; i++) {
    const struct condition *condition = &image->conditions[block->first_condition + i];
    const sentences_scalar *value = NULL;
    for (size_t k = 0; options && k < options->context_count; k++) {
      if (strcmp(options->context[k].key, image->text + condition->key) == 0) value = &options->context[k].value;
    }
    bool holds = value && value->kind != SENTENCES_NONE && condition_holds(image, condition, *value);
    *detail = image->text + condition->key;
    if (condition->excludes) {
      if (holds) return SENTENCES_CONTEXT_EXCLUDED;
      continue;
    }
    if (value && value->kind != SENTENCES_NONE && !holds) return SENTENCES_CONTEXT_DIFFERS;
    *all |= bit;
    if (holds) *met |= bit;
    bit <<= 1;
  }
  *detail = NULL;
  return SENTENCES_WON;
}

uint32_t block_conditions(const struct image *image, const struct block *block) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < block->conditions; i++) count += !image->conditions[block->first_condition + i].excludes;
  return count;
}

size_t block_fitting_context(const struct image *image, const struct block *block,
                             sentences_pair pairs[BLOCK_CONTEXT]) {
  size_t count = 0;
  for (uint32_t i = 0; i < block->conditions && count < BLOCK_CONTEXT; i++) {
    const struct condition *condition = &image->conditions[block->first_condition + i];
    if (condition->excludes) continue;
    pairs[count].key = image->text + condition->key;
    pairs[count++].value = condition->values ? image_scalar(image, &image->scalars[condition->first_value])
                                             : sentences_text("something", 9);
  }
  return count;
}
