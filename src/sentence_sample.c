/*
 * sentence_sample: see sentence_sample.h. Templates are read again from the image's text, as they were written.
 */
#include "sentence_sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "sentence_number.h"

enum { ATTEMPTS = 20, LONGEST_SAMPLE = 4096 };

struct sampler {
  sentences_source *source;
  const struct image *image;
  struct chooser *chooser;
  uint32_t block;
  struct buffer *out;
  unsigned depth;
};

/* A number below count. */
static uint32_t choose(struct chooser *chooser, uint32_t count) {
  if (!chooser->counting) { /* xorshift64* (Vigna 2016) */
    chooser->random ^= chooser->random >> 12;
    chooser->random ^= chooser->random << 25;
    chooser->random ^= chooser->random >> 27;
    return (uint32_t)((chooser->random * UINT64_C(2685821657736338717)) >> 33) % count;
  }
  struct choice choice = {0, count};
  if (chooser->at == chooser->choices.length / sizeof choice) buffer_push(&chooser->choices, &choice, sizeof choice);
  if (chooser->choices.failed) return 0;
  return ((struct choice *)(void *)chooser->choices.bytes)[chooser->at++].now;
}

void chooser_next(struct chooser *chooser) {
  struct choice *choices = (struct choice *)(void *)chooser->choices.bytes;
  size_t count = chooser->at;
  while (count > 0 && ++choices[count - 1].now == choices[count - 1].count) count--;
  chooser->choices.length = count * sizeof *choices;
  chooser->done = count == 0;
  chooser->at = 0;
}

static bool sample(struct sampler *sampler, const struct template_node *node);

static bool sample_text(struct sampler *sampler, const char *text, size_t length) {
  if (sampler->out->length + length > LONGEST_SAMPLE) return false;
  for (size_t i = 0; i < length; i++) {
    const struct buffer *out = sampler->out;
    bool again = text[i] == ' ' && (out->length == 0 || out->bytes[out->length - 1] == ' ');
    if (!again) buffer_byte(sampler->out, text[i]);
  }
  return true;
}

static bool sample_number(struct sampler *sampler, double from, double to, double step) {
  char text[40];
  double steps = floor((to - from) / step + 1e-9) + 1;
  double number = from + step * (double)choose(sampler->chooser, (uint32_t)(steps < 1e9 ? steps : 1e9));
  snprintf(text, sizeof text, "%.15g", number);
  for (char *byte = text; *byte; byte++) {
    if (*byte == ',') *byte = '.'; /* in the host's locale */
  }
  return sample_text(sampler, text, strlen(text));
}

/* A number of the range in words; the list of words is gone through from a place by chance. */
static bool sample_words(struct sampler *sampler, const struct range *range) {
  if (!range->words || sampler->image->settings->number_words == NONE) return false;
  const struct list *list = &sampler->image->lists[sampler->image->settings->number_words];
  uint32_t first = list->value_count ? choose(sampler->chooser, list->value_count) : 0;
  for (uint32_t i = 0; i < list->value_count; i++) {
    const struct list_value *value = &sampler->image->values[list->first_value + (first + i) % list->value_count];
    if (range_takes(range, value->out.number))
      return sample_text(sampler, sampler->image->text + value->text, value->length);
  }
  return false;
}

static bool sample_list(struct sampler *sampler, const struct template_node *node) {
  struct source_list *list = source_find_list(sampler->source, sampler->block, node->text);
  if (!list || list->options.kind == SENTENCES_WILDCARD) return sample_text(sampler, "something", 9);
  if (list->options.kind == SENTENCES_TYPE) return sample_text(sampler, node->text, strlen(node->text));
  if (list->options.kind == SENTENCES_RANGE && list->options.no_digits)
    return sample_words(sampler, &sampler->image->ranges[list->range]);
  if (list->options.kind == SENTENCES_RANGE)
    return sample_number(sampler, list->options.from, list->options.to, list->options.step);
  const struct list *record = &sampler->image->lists[list->image];
  if (record->value_count == 0) return false;
  const struct list_value *value =
      &sampler->image->values[record->first_value + choose(sampler->chooser, record->value_count)];
  struct template_mistake mistake;
  const struct template_node *tree =
      template_parse(&sampler->source->arena, sampler->image->text + value->text, value->length, &mistake);
  return tree && sample(sampler, tree);
}

static bool sample_permutation(struct sampler *sampler, const struct template_node *node) {
  unsigned left = (1U << node->count) - 1;
  for (uint32_t remaining = node->count; remaining; remaining--) {
    uint32_t skip = choose(sampler->chooser, remaining), i = 0;
    for (;; i++) {
      if (left & 1U << i && skip-- == 0) break;
    }
    left &= ~(1U << i);
    if (!sample_text(sampler, " ", 1) || !sample(sampler, node->parts[i]) || !sample_text(sampler, " ", 1))
      return false;
  }
  return true;
}

static bool sample(struct sampler *sampler, const struct template_node *node) {
  switch (node->kind) {
  case TEMPLATE_TEXT: return sample_text(sampler, node->text, node->length);
  case TEMPLATE_SEQUENCE:
    for (uint32_t i = 0; i < node->count; i++) {
      if (!sample(sampler, node->parts[i])) return false;
    }
    return true;
  case TEMPLATE_ALTERNATIVE: return sample(sampler, node->parts[choose(sampler->chooser, node->count)]);
  case TEMPLATE_PERMUTATION: return sample_permutation(sampler, node);
  case TEMPLATE_LIST: return sample_list(sampler, node);
  case TEMPLATE_RANGE: return sample_number(sampler, node->from, node->to, node->step);
  case TEMPLATE_RULE: {
    struct source_phrase *phrase = source_find_phrase(sampler->source, sampler->block, node->text);
    if (!phrase || !phrase->tree || sampler->depth == TEMPLATE_DEPTH) return false;
    sampler->depth++;
    bool good = sample(sampler, phrase->tree);
    sampler->depth--;
    return good;
  }
  }
  return false;
}

/* Whether there is more than spaces and ASCII's punctuation. */
static bool says_something(const struct buffer *out) {
  for (size_t i = 0; i < out->length; i++) {
    if (!strchr(" .,?!;:", out->bytes[i])) return true;
  }
  return false;
}

bool sample_template(sentences_source *source, const struct image *image, const struct template *template,
                     struct chooser *chooser, struct buffer *out) {
  struct template_mistake mistake;
  struct sampler sampler = {source, image, chooser, template->block, out, 0};
  const struct template_node *tree =
      template_parse(&source->arena, image->text + template->text, template->length, &mistake);
  buffer_clear(out);
  chooser->at = 0;
  bool good = tree && sample(&sampler, tree);
  while (good && out->length && out->bytes[out->length - 1] == ' ') out->length--;
  return good && says_something(out) && !out->failed && !chooser->choices.failed && !source_failed(source);
}

/* ---- for users ---- */

struct samples {
  struct buffer texts;   /* char */
  struct buffer entries; /* struct source_text: text unused, number the place */
};

/* Adds the sentence unless it is there; false when it is. */
static bool add_sample(struct samples *samples, const struct buffer *sentence) {
  const struct source_text *entries = (struct source_text *)(void *)samples->entries.bytes;
  for (size_t i = 0; i < samples->entries.length / sizeof *entries; i++) {
    if (entries[i].length == sentence->length &&
        memcmp(samples->texts.bytes + (size_t)entries[i].number, sentence->bytes, sentence->length) == 0)
      return false;
  }
  struct source_text entry = {NULL, (uint32_t)sentence->length, (double)samples->texts.length};
  buffer_push(&samples->entries, &entry, sizeof entry);
  buffer_append(&samples->texts, sentence->bytes, sentence->length);
  return true;
}

bool sentences_sample(const sentences *compiled, unsigned intent, size_t most, uint64_t seed, sentences_receiver give,
                      void *user) {
  const struct image *image = compiled->image;
  if (intent == 0 || intent > image->intents_count) return true;
  const struct intent *record = &image->intents[intent - 1];
  uint32_t first = NONE, count = 0;
  for (uint32_t i = 0; i < record->blocks; i++) {
    const struct block *block = &image->blocks[record->first_block + i];
    if (first == NONE && block->templates) first = block->first_template;
    count += block->templates;
  }
  sentences_source *source = source_of_image(image);
  if (!source) return false;
  struct chooser chooser = {.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
  if (chooser.random == 0) chooser.random = 1;
  struct samples samples = {0};
  struct buffer sentence = {0};
  size_t made = 0;
  /* by chance, templates in turn; then, when chance finds no more, counting through each */
  for (size_t attempt = 0; count && made < most && attempt < most * ATTEMPTS + count && !sentence.failed; attempt++) {
    const struct template *template = &image->templates[first + attempt % count];
    if (sample_template(source, image, template, &chooser, &sentence) && add_sample(&samples, &sentence)) {
      give(user, sentence.bytes, sentence.length);
      made++;
    }
  }
  for (uint32_t i = 0; i < count && made < most && !source_failed(source); i++) {
    struct chooser all = {.counting = true};
    for (size_t attempt = 0; !all.done && made < most && attempt < most * ATTEMPTS; attempt++) {
      bool good = sample_template(source, image, &image->templates[first + i], &all, &sentence);
      if (good && add_sample(&samples, &sentence)) {
        give(user, sentence.bytes, sentence.length);
        made++;
      }
      chooser_next(&all);
    }
    buffer_free(&all.choices);
  }
  bool good = !source_failed(source) && !sentence.failed && !samples.texts.failed && !samples.entries.failed;
  buffer_free(&samples.texts);
  buffer_free(&samples.entries);
  buffer_free(&sentence);
  sentences_source_free(source);
  return good;
}

/* ---- which slots ---- */

enum yield { NEVER, SOMETIMES, ALWAYS };

static enum yield yields(sentences_source *source, uint32_t block, const struct template_node *node, const char *slot,
                         unsigned depth) {
  enum yield result = NEVER;
  switch (node->kind) {
  case TEMPLATE_TEXT: return NEVER;
  case TEMPLATE_LIST:
  case TEMPLATE_RANGE: return node->slot && strcmp(node->slot, slot) == 0 ? ALWAYS : NEVER;
  case TEMPLATE_RULE: {
    struct source_phrase *phrase = source_find_phrase(source, block, node->text);
    if (!phrase || !phrase->tree || depth == TEMPLATE_DEPTH) return NEVER;
    return yields(source, block, phrase->tree, slot, depth + 1);
  }
  case TEMPLATE_SEQUENCE:
  case TEMPLATE_PERMUTATION:
    for (uint32_t i = 0; i < node->count; i++) {
      enum yield one = yields(source, block, node->parts[i], slot, depth);
      if (one > result) result = one;
    }
    return result;
  case TEMPLATE_ALTERNATIVE:
    for (uint32_t i = 0; i < node->count; i++) {
      enum yield one = yields(source, block, node->parts[i], slot, depth);
      if (i == 0)
        result = one;
      else if (one != result)
        result = SOMETIMES;
    }
    return result;
  }
  return result;
}

/* Whether the block itself gives the slot, whatever the template says. */
static bool block_gives(const struct image *image, const struct block *block, const char *slot) {
  for (uint32_t i = 0; i < block->fixed; i++) {
    if (strcmp(image->text + image->fixed[block->first_fixed + i].key, slot) == 0) return true;
  }
  for (uint32_t i = 0; i < block->conditions; i++) {
    const struct condition *condition = &image->conditions[block->first_condition + i];
    if (condition->slot != NONE && strcmp(image->text + condition->slot, slot) == 0) return true;
  }
  return false;
}

bool sentences_yields(const sentences *compiled, sentences_yield give, void *user) {
  const struct image *image = compiled->image;
  sentences_source *source = source_of_image(image);
  if (!source) return false;
  for (uint32_t i = 0; i < image->templates_count && !source_failed(source); i++) {
    const struct template *template = &image->templates[i];
    const struct block *block = &image->blocks[template->block];
    const struct intent *intent = &image->intents[block->intent];
    struct template_mistake mistake;
    const struct template_node *tree =
        template_parse(&source->arena, image->text + template->text, template->length, &mistake);
    for (uint32_t k = 0; tree && k < intent->slots; k++) {
      const char *slot = image->text + image->slots[intent->first_slot + k];
      enum yield yield = block_gives(image, block, slot) ? ALWAYS : yields(source, template->block, tree, slot, 0);
      if (yield != NEVER)
        give(user, block->intent + 1, template->block - intent->first_block + 1, i - block->first_template + 1, slot,
             yield == ALWAYS);
    }
  }
  bool good = !source_failed(source);
  sentences_source_free(source);
  return good;
}
