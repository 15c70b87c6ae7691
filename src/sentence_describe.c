/*
 * sentence_describe: what a search found, in the words of sentences.h: slots with their values and spans, the context,
 * the score. See sentence_matcher.h.
 */
#include <string.h>

#include "sentence_matcher.h"

/* The captures in the order of the text; *count is how many. NULL: out of memory. */
static const struct capture **in_order(sentences_matcher *matcher, const struct capture *last, size_t *count) {
  *count = 0;
  for (const struct capture *capture = last; capture; capture = capture->before) ++*count;
  const struct capture **captures = arena_alloc(&matcher->arena, (*count + 1) * sizeof *captures);
  if (!captures) return NULL;
  for (size_t i = *count; i-- > 0; last = last->before) captures[i] = last;
  return captures;
}

static bool is_captured(const struct image *image, const struct capture *captures, const char *slot) {
  for (const struct capture *capture = captures; capture; capture = capture->before) {
    if (capture->hole->slot != NONE && strcmp(image->text + capture->hole->slot, slot) == 0) return true;
  }
  return false;
}

static sentences_scalar text_between(const sentences_matcher *matcher, size_t from, size_t to) {
  return sentences_text(matcher->bytes + from, to - from);
}

const struct list_value *capture_value(const sentences_matcher *matcher, const struct capture *capture,
                                       const struct image **home) {
  const struct list *list = sentences_list_of(matcher->compiled, capture->hole->list, home);
  return &(*home)->values[list->first_value + capture->value];
}

/*
 * Where what a slot of any text took ends, with the emoji behind it, unless templates say such ones themselves, or they
 * are what was captured next, from `next` on.
 */
static uint32_t end_with_emoji(const sentences_matcher *matcher, uint32_t end, uint32_t next) {
  const uint16_t *symbols = (const uint16_t *)(const void *)matcher->symbols.bytes;
  for (uint32_t i = end; i < next; i++) {
    uint32_t flags = matcher->text.units[i].flags;
    bool is_passed_over = flags & UNIT_EMOJI && symbols[i] == 0;
    if (!is_passed_over && !(flags & UNIT_SPACE)) break;
    if (is_passed_over) end = i + 1;
  }
  return end;
}

static void fill_capture(const sentences_matcher *matcher, const struct capture *capture, uint32_t next,
                         sentences_capture *out) {
  const struct image *image = matcher->compiled->image;
  uint32_t end = capture->to;
  while (end > capture->from + 1 && matcher->text.units[end - 1].flags & UNIT_SPACE) end--;
  if (capture->hole->kind == EDGE_WILDCARD) end = end_with_emoji(matcher, end, next);
  out->name = image->text + capture->hole->slot;
  out->from = matcher->text.units[capture->from].from;
  out->to = matcher->text.units[end - 1].to;
  out->list = capture->hole->list == NONE ? NULL : image->text + image->lists[capture->hole->list].name;
  out->value = text_between(matcher, out->from, out->to);
  if (capture->hole->kind == EDGE_RANGE) {
    const struct range *range = &image->ranges[capture->hole->type];
    out->list = image_text(image, range->list);
    out->value = (sentences_scalar){SENTENCES_NUMBER, NULL, 0, capture->number};
  } else if (capture->hole->kind == EDGE_TYPE) {
    out->value = capture->scalar;
  } else if (capture->hole->kind == EDGE_LIST) {
    const struct image *home;
    const struct list_value *value = capture_value(matcher, capture, &home);
    if (value->out.kind != SENTENCES_NONE) out->value = image_scalar(home, &value->out);
  }
}

/* Sets a key of the context. */
static void set_pair(sentences_pair *pairs, size_t *count, const char *key, sentences_scalar value) {
  size_t i = 0;
  while (i < *count && strcmp(pairs[i].key, key) != 0) i++;
  pairs[i] = (sentences_pair){key, value};
  if (i == *count) ++*count;
}

/* The message's context with those of the values, of which the later ones win. */
static void fill_context(sentences_matcher *matcher, const struct capture *const *captures, size_t captured,
                         sentences_match *match) {
  const sentences_options *options = matcher->options;
  const struct image *image;
  size_t most = options ? options->context_count : 0, count = 0;
  for (size_t i = 0; i < captured; i++)
    most += captures[i]->hole->kind == EDGE_LIST ? capture_value(matcher, captures[i], &image)->contexts : 0;
  sentences_pair *pairs = arena_alloc(&matcher->arena, (most + 1) * sizeof *pairs);
  if (!pairs) return;
  for (size_t i = 0; options && i < options->context_count; i++)
    set_pair(pairs, &count, options->context[i].key, options->context[i].value);
  for (size_t i = 0; i < captured; i++) {
    if (captures[i]->hole->kind != EDGE_LIST) continue;
    const struct list_value *value = capture_value(matcher, captures[i], &image);
    for (uint32_t k = 0; k < value->contexts; k++) {
      const struct pair *pair = &image->contexts[value->first_context + k];
      set_pair(pairs, &count, image->text + pair->key, image_scalar(image, &pair->value));
    }
  }
  match->context = pairs;
  match->context_count = count;
}

/* Slots that the context gives, and the block's fixed ones, unless the text gave them. */
static size_t fill_given(const struct image *image, const struct block *block, const struct capture *captures,
                         const sentences_match *match, sentences_capture *out) {
  size_t count = 0;
  for (uint32_t i = 0; i < block->conditions; i++) {
    const struct condition *condition = &image->conditions[block->first_condition + i];
    if (condition->slot == NONE || is_captured(image, captures, image->text + condition->slot)) continue;
    for (size_t k = 0; k < match->context_count; k++) {
      if (strcmp(match->context[k].key, image->text + condition->key) == 0)
        out[count++] = (sentences_capture){image->text + condition->slot, match->context[k].value, 0, 0, NULL};
    }
  }
  size_t of_context = count;
  for (uint32_t i = 0; i < block->fixed; i++) {
    const struct pair *pair = &image->fixed[block->first_fixed + i];
    const char *slot = image->text + pair->key;
    bool given = is_captured(image, captures, slot);
    for (size_t k = 0; k < of_context; k++) given |= strcmp(out[k].name, slot) == 0;
    if (!given) out[count++] = (sentences_capture){slot, image_scalar(image, &pair->value), 0, 0, NULL};
  }
  return count;
}

static void fill_captures(sentences_matcher *matcher, const struct candidate *candidate, const struct block *block,
                          sentences_match *match) {
  size_t captured, count = 0;
  const struct capture **captures = in_order(matcher, candidate->parse.captures, &captured);
  if (!captures) return;
  fill_context(matcher, captures, captured, match);
  sentences_capture *filled =
      arena_alloc(&matcher->arena, (captured + block->conditions + block->fixed + 1) * sizeof *filled);
  if (!filled) return;
  for (size_t i = 0; i < captured; i++) {
    uint32_t next = i + 1 < captured ? captures[i + 1]->from : (uint32_t)matcher->text.count;
    if (captures[i]->hole->slot != NONE) fill_capture(matcher, captures[i], next, &filled[count++]);
  }
  count += fill_given(matcher->compiled->image, block, candidate->parse.captures, match, filled + count);
  match->captures = filled;
  match->capture_count = count;
}

/* The share of the text's characters that wildcards did not take. */
static double share_of_literals(const sentences_matcher *matcher, const struct capture *captures) {
  size_t all = 0, taken = 0;
  for (size_t i = 0; i < matcher->text.count; i++) all += !(matcher->text.units[i].flags & UNIT_IGNORABLE);
  for (const struct capture *capture = captures; capture; capture = capture->before) {
    if (capture->hole->kind != EDGE_WILDCARD) continue;
    for (size_t i = capture->from; i < capture->to; i++) taken += !(matcher->text.units[i].flags & UNIT_IGNORABLE);
  }
  return all ? (double)(all - taken) / (double)all : 1;
}

sentences_match matcher_describe(sentences_matcher *matcher, const struct candidate *candidate, bool skipped) {
  const struct image *image = matcher->compiled->image;
  const struct template *template = &image->templates[candidate->template];
  const struct block *block = &image->blocks[template->block];
  const struct intent *intent = &image->intents[block->intent];
  const struct score *score = &candidate->parse.score;
  sentences_match match = {.intent = block->intent + 1,
                           .block = template->block - intent->first_block + 1,
                           .template = candidate->template - block->first_template + 1,
                           .intent_name = image->text + intent->name,
                           .text = image->text + template->text,
                           .priority = block->priority,
                           .wildcards = score->wildcards,
                           .typos = score->typos,
                           .literals = score->literals,
                           .free = score->free,
                           .folded = score->folded,
                           .best = score->best,
                           .skipped = skipped,
                           .reason = candidate->reason,
                           .detail = candidate->detail};
  match.score = share_of_literals(matcher, candidate->parse.captures);
  fill_captures(matcher, candidate, block, &match);
  if (matcher->arena.failed) matcher->failed = true;
  return match;
}
