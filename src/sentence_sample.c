/*
 * sentence_sample: see sentence_sample.h. Templates are read again from the image's text, as they were written.
 */
#include "sentence_sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sentence_matcher.h"
#include "sentence_number.h"

enum { ATTEMPTS = 20, LONGEST_SAMPLE = 4096 };
/* What compiles has fewer; what somebody has made up may have phrases that double themselves. */
enum { SAMPLE_STEPS = 1 << 16, YIELD_STEPS = 1 << 20 };

struct sampler {
  sentences_source *source;
  const sentences *compiled;
  const struct image *image;
  struct chooser *chooser;
  uint32_t block;
  struct buffer *out;
  unsigned depth, steps;
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
  const struct image *home;
  const struct list *record = sentences_list_of(sampler->compiled, list->image, &home);
  if (record->value_count == 0 || sampler->depth == TEMPLATE_DEPTH) return false;
  const struct list_value *value = &home->values[record->first_value + choose(sampler->chooser, record->value_count)];
  struct template_mistake mistake;
  const struct template_node *tree =
      template_parse(&sampler->source->arena, home->text + value->text, value->length, &mistake);
  sampler->depth++;
  bool good = tree && sample(sampler, tree);
  sampler->depth--;
  return good;
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
  if (++sampler->steps > SAMPLE_STEPS) return false;
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

bool sample_template(sentences_source *source, const sentences *compiled, const struct template *template,
                     struct chooser *chooser, struct buffer *out) {
  struct template_mistake mistake;
  const struct image *image = compiled->image;
  struct sampler sampler = {source, compiled, image, chooser, template->block, out, 0, 0};
  const struct template_node *tree =
      template_parse(&source->arena, image->text + template->text, template->length, &mistake);
  buffer_clear(out);
  chooser->at = 0;
  bool good = tree && sample(&sampler, tree);
  while (good && out->length && out->bytes[out->length - 1] == ' ') out->length--;
  return good && out->length > 0 && !out->failed && !chooser->choices.failed && !source_failed(source);
}

/* ---- for users ---- */

struct samples {
  const sentences *compiled;
  sentences_source *source; /* of the image */
  sentences_matcher *matcher;
  struct buffer sentence; /* the newest */
  struct buffer texts;    /* char: those that were given */
  struct buffer entries;  /* struct sample_text: where in texts */
  size_t made, most;
  sentences_receiver give;
  void *user;
  bool failed;
};

struct sample_text {
  size_t first, length;
};

static bool is_known(const struct samples *samples) {
  const struct sample_text *entries = (const struct sample_text *)(const void *)samples->entries.bytes;
  for (size_t i = 0; i < samples->entries.length / sizeof *entries; i++) {
    if (entries[i].length == samples->sentence.length &&
        memcmp(samples->texts.bytes + entries[i].first, samples->sentence.bytes, samples->sentence.length) == 0)
      return true;
  }
  return false;
}

/* Makes one sentence of the template and gives it, unless it is known or the template does not take it after all. */
static void try_sample(struct samples *samples, const struct template *template, struct chooser *chooser) {
  bool good = sample_template(samples->source, samples->compiled, template, chooser, &samples->sentence);
  if (good && !is_known(samples)) {
    struct sample_text entry = {samples->texts.length, samples->sentence.length};
    good = matcher_accepts(samples->matcher, samples->compiled, template, samples->sentence.bytes, entry.length);
    samples->failed |= sentences_matcher_failed(samples->matcher);
    if (good) {
      buffer_append(&samples->texts, samples->sentence.bytes, entry.length);
      buffer_push(&samples->entries, &entry, sizeof entry);
      samples->give(samples->user, samples->sentence.bytes, entry.length);
      samples->made++;
    }
  }
  samples->failed |= samples->sentence.failed || chooser->choices.failed || source_failed(samples->source) ||
                     samples->texts.failed || samples->entries.failed;
}

/* By chance, templates in turn; then, when chance finds no more, counting through each. */
static void make_samples(struct samples *samples, const struct template *templates, uint32_t count, uint64_t seed) {
  struct chooser chooser = {.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
  if (chooser.random == 0) chooser.random = 1;
  for (size_t i = 0; i < samples->most * ATTEMPTS + count && samples->made < samples->most && !samples->failed; i++)
    try_sample(samples, &templates[i % count], &chooser);
  for (uint32_t i = 0; i < count && samples->made < samples->most && !samples->failed; i++) {
    struct chooser all = {.counting = true};
    size_t left = samples->most * ATTEMPTS;
    for (; !all.done && left && samples->made < samples->most && !samples->failed; left--) {
      try_sample(samples, &templates[i], &all);
      chooser_next(&all);
    }
    buffer_free(&all.choices);
  }
}

bool sentences_sample(const sentences *compiled, unsigned intent, size_t most, uint64_t seed, sentences_receiver give,
                      void *user) {
  const struct image *image = compiled->image;
  if (intent == 0 || intent > image->intents_count) return true;
  const struct intent *record = &image->intents[intent - 1];
  const struct template *first = NULL;
  uint32_t count = 0;
  for (uint32_t i = 0; i < record->blocks; i++) {
    const struct block *block = &image->blocks[record->first_block + i];
    if (!first && block->templates) first = &image->templates[block->first_template];
    count += block->templates;
  }
  if (count == 0) return true;
  struct samples samples = {.compiled = compiled, .most = most, .give = give, .user = user};
  samples.source = source_of_image(image);
  samples.matcher = sentences_matcher_new();
  samples.failed = !samples.source || !samples.matcher;
  if (!samples.failed) make_samples(&samples, first, count, seed);
  sentences_source_free(samples.source);
  sentences_matcher_free(samples.matcher);
  buffer_free(&samples.sentence);
  buffer_free(&samples.texts);
  buffer_free(&samples.entries);
  return !samples.failed;
}

/* ---- which slots ---- */

enum yield { NEVER, SOMETIMES, ALWAYS };

/* One question: does the template yield the slot? */
struct yield_search {
  sentences_source *source;
  uint32_t block;
  const char *slot;
  unsigned steps;
};

static enum yield yields(struct yield_search *search, const struct template_node *node, unsigned depth) {
  enum yield result = NEVER;
  if (++search->steps > YIELD_STEPS) return SOMETIMES;
  switch (node->kind) {
  case TEMPLATE_TEXT: return NEVER;
  case TEMPLATE_LIST:
  case TEMPLATE_RANGE: return node->slot && strcmp(node->slot, search->slot) == 0 ? ALWAYS : NEVER;
  case TEMPLATE_RULE: {
    struct source_phrase *phrase = source_find_phrase(search->source, search->block, node->text);
    if (!phrase || !phrase->tree || depth == TEMPLATE_DEPTH) return NEVER;
    return yields(search, phrase->tree, depth + 1);
  }
  case TEMPLATE_SEQUENCE:
  case TEMPLATE_PERMUTATION:
    for (uint32_t i = 0; i < node->count; i++) {
      enum yield one = yields(search, node->parts[i], depth);
      if (one > result) result = one;
    }
    return result;
  case TEMPLATE_ALTERNATIVE:
    for (uint32_t i = 0; i < node->count; i++) {
      enum yield one = yields(search, node->parts[i], depth);
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
      struct yield_search search = {source, template->block, slot, 0};
      enum yield yield = block_gives(image, block, slot) ? ALWAYS : yields(&search, tree, 0);
      if (yield != NEVER)
        give(user, block->intent + 1, template->block - intent->first_block + 1, i - block->first_template + 1, slot,
             yield == ALWAYS);
    }
  }
  bool good = !source_failed(source);
  sentences_source_free(source);
  return good;
}
