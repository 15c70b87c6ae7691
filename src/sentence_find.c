/*
 * sentence_find: the best match of a text, and why the others lost. See sentences.h.
 *
 * The text is tried as it is; when nothing matches, without its skip words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sentence_matcher.h"
#include "sentence_number.h"

enum { FURTHEST_SHOWN = 5, DETAIL_SIZE = 160 };

/* A template that accepts the text, with its best parse. */
struct candidate {
  uint32_t template;
  double priority;
  uint32_t conditions; /* that its block requires */
  struct parse parse;
  sentences_reason reason;
  const char *detail;
};

sentences_matcher *sentences_matcher_new(void) {
  return memory_zeroed(sizeof(sentences_matcher));
}

void sentences_matcher_free(sentences_matcher *matcher) {
  if (!matcher) return;
  struct buffer *const buffers[] = {
      &matcher->units,      &matcher->places,         &matcher->symbols,   &matcher->content,
      &matcher->counts,     &matcher->hits,           &matcher->memos,     &matcher->memo_table,
      &matcher->list_hits,  &matcher->scratch,        &matcher->now,       &matcher->next,
      &matcher->marks,      &matcher->wildcard_marks, &matcher->heads,     &matcher->pendings,
      &matcher->wildcards,  &matcher->accepted,       &matcher->cells_now, &matcher->cells_next,
      &matcher->cell_marks, &matcher->cell_pendings,  &matcher->runs,      &matcher->matches};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) buffer_free(buffers[i]);
  arena_free(&matcher->arena);
  memory_free(matcher);
}

bool sentences_matcher_failed(const sentences_matcher *matcher) {
  return matcher->failed;
}

bool sentences_too_long(const sentences_matcher *matcher) {
  return matcher->too_long;
}

/* ---- candidates ---- */

static bool has_keyword(sentences_matcher *matcher, const struct block *block) {
  const struct image *image = matcher->compiled->image;
  if (block->keywords == NONE) return true;
  const struct list *list = &image->lists[block->keywords];
  for (size_t place = 0; place < matcher->text.count; place++) {
    if (place > 0 && unit_in_word(&matcher->text.units[place - 1])) continue;
    if (!list_can_start(image, list, &matcher->text.units[place])) continue;
    matcher_look_up(matcher, image, list, place);
    for (size_t i = 0; i < matcher->list_hits.length / sizeof(struct list_hit); i++) {
      size_t end = ((struct list_hit *)(void *)matcher->list_hits.bytes)[i].end;
      if (end == matcher->text.count || !unit_in_word(&matcher->text.units[end])) return true;
    }
  }
  return false;
}

/* The first of the block's required conditions that neither the message nor the parse meets. */
static const char *missing_condition(sentences_matcher *matcher, const struct block *block) {
  const struct image *image = matcher->compiled->image;
  uint32_t met, all, bit = 1;
  const char *detail;
  matcher_block_context(matcher, block, &met, &all, &detail);
  for (uint32_t i = 0; i < block->conditions; i++) {
    const struct condition *condition = &image->conditions[block->first_condition + i];
    if (condition->excludes) continue;
    if (!(met & bit)) return image->text + condition->key;
    bit <<= 1;
  }
  return NULL;
}

/* The candidate's parse; or, when the context forbids it, the reason and a parse without regard to it. */
static struct candidate consider(sentences_matcher *matcher, uint32_t index, bool explain) {
  const struct image *image = matcher->compiled->image;
  const struct template *template = &image->templates[index];
  const struct block *block = &image->blocks[template->block];
  struct candidate candidate = {
      .template = index, .priority = block->priority, .conditions = block_conditions(image, block)};
  uint32_t met, all;
  candidate.reason = matcher_block_context(matcher, block, &met, &all, &candidate.detail);
  if (candidate.reason == SENTENCES_WON && !has_keyword(matcher, block)) {
    candidate.reason = SENTENCES_KEYWORD_MISSING;
    const struct list *words = &image->lists[block->keywords];
    candidate.detail = image->text + image->values[words->first_value].text;
  }
  if (candidate.reason == SENTENCES_WON) {
    candidate.parse = matcher_parse(matcher, template, true);
    if (candidate.parse.found) return candidate;
    candidate.reason = SENTENCES_CONTEXT_MISSING;
    candidate.detail = missing_condition(matcher, block);
    if (!candidate.detail) candidate.reason = SENTENCES_CONTEXT_EXCLUDED;
  }
  if (explain) candidate.parse = matcher_parse(matcher, template, false);
  return candidate;
}

/* 1 when one goes before other, -1 when after, 0 when only their order decides. */
static int compare_rank(const struct candidate *one, const struct candidate *other) {
  if ((one->reason == SENTENCES_WON) != (other->reason == SENTENCES_WON)) return one->reason == SENTENCES_WON ? 1 : -1;
  if (one->priority != other->priority) return one->priority > other->priority ? 1 : -1;
  int order = score_compare(&one->parse.score, &other->parse.score);
  if (order) return order;
  return one->conditions == other->conditions ? 0 : one->conditions > other->conditions ? 1 : -1;
}

static uint32_t intent_of(const struct image *image, const struct candidate *candidate) {
  return image->blocks[image->templates[candidate->template].block].intent;
}

/* ---- results ---- */

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

/* The list and value that a capture is of, in the image that they lie in. */
static const struct list_value *value_of(const sentences_matcher *matcher, const struct capture *capture,
                                         const struct image **image) {
  const struct list *list = sentences_list_of(matcher->compiled, capture->hole->list, image);
  return &(*image)->values[list->first_value + capture->value];
}

static void fill_capture(const sentences_matcher *matcher, const struct capture *capture, sentences_capture *out) {
  const struct image *image = matcher->compiled->image;
  uint32_t end = capture->to;
  while (end > capture->from + 1 && matcher->text.units[end - 1].flags & UNIT_SPACE) end--;
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
    const struct list_value *value = value_of(matcher, capture, &home);
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
    most += captures[i]->hole->kind == EDGE_LIST ? value_of(matcher, captures[i], &image)->contexts : 0;
  sentences_pair *pairs = arena_alloc(&matcher->arena, (most + 1) * sizeof *pairs);
  if (!pairs) return;
  for (size_t i = 0; options && i < options->context_count; i++)
    set_pair(pairs, &count, options->context[i].key, options->context[i].value);
  for (size_t i = 0; i < captured; i++) {
    if (captures[i]->hole->kind != EDGE_LIST) continue;
    const struct list_value *value = value_of(matcher, captures[i], &image);
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
    if (captures[i]->hole->slot != NONE) fill_capture(matcher, captures[i], &filled[count++]);
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
  return all ? (double)(all - taken) / (double)all : 0;
}

static sentences_match describe(sentences_matcher *matcher, const struct candidate *candidate, bool skipped) {
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

/* ---- the search ---- */

static bool begin(sentences_matcher *matcher, const sentences *compiled, const char *text, size_t length,
                  const sentences_options *options, size_t most_steps) {
  matcher->compiled = compiled;
  matcher->steps = 0;
  matcher->most_steps = most_steps;
  matcher->options = options;
  matcher->failed = false;
  arena_clear(&matcher->arena);
  buffer_clear(&matcher->matches);
  return matcher_prepare(matcher, text, length);
}

bool matcher_accepts(sentences_matcher *matcher, const sentences *compiled, const struct template *template,
                     const char *text, size_t length) {
  return begin(matcher, compiled, text, length, NULL, SENTENCES_STEPS) && matcher_parse(matcher, template, false).found;
}

/* Puts the other intents that tie with the winner into the match. */
static void add_ambiguous(sentences_matcher *matcher, sentences_match *match, const uint32_t *intents, size_t count) {
  unsigned *kept = arena_alloc(&matcher->arena, (count ? count : 1) * sizeof *kept);
  if (!kept) {
    matcher->failed = true;
    return;
  }
  size_t different = 0;
  for (size_t i = 0; i < count; i++) {
    bool known = intents[i] + 1 == match->intent;
    for (size_t k = 0; k < different; k++) known |= kept[k] == intents[i] + 1;
    if (!known) kept[different++] = intents[i] + 1;
  }
  match->ambiguous = kept;
  match->ambiguous_count = different;
}

/* The best of the accepted templates as the matcher's only match; false when none counts. */
static bool find_best(sentences_matcher *matcher, bool skipped) {
  const struct image *image = matcher->compiled->image;
  struct candidate best = {.reason = SENTENCES_UNMATCHED};
  buffer_clear(&matcher->scratch);
  struct buffer tied = {0};
  matcher_recognise(matcher);
  size_t count = matcher->accepted.length / sizeof(uint32_t);
  for (size_t i = 0; i < count && !matcher->failed && !matcher->too_long; i++) {
    uint32_t index = ((uint32_t *)(void *)matcher->accepted.bytes)[i];
    if (best.reason == SENTENCES_WON && image->blocks[image->templates[index].block].priority < best.priority) continue;
    struct candidate candidate = consider(matcher, index, false);
    if (candidate.reason != SENTENCES_WON) continue;
    int order = best.reason == SENTENCES_WON ? compare_rank(&candidate, &best) : 1;
    if (order < 0) continue;
    if (order > 0) {
      best = candidate;
      buffer_clear(&tied);
    }
    uint32_t intent = intent_of(image, &candidate);
    if (order == 0) buffer_push(&tied, &intent, sizeof intent);
  }
  if (best.reason == SENTENCES_WON && !matcher->failed) {
    sentences_match match = describe(matcher, &best, skipped);
    add_ambiguous(matcher, &match, (uint32_t *)(void *)tied.bytes, tied.length / sizeof(uint32_t));
    buffer_push(&matcher->matches, &match, sizeof match);
  }
  matcher->failed |= matcher->matches.failed || tied.failed;
  buffer_free(&tied);
  if (matcher->too_long) buffer_clear(&matcher->matches); /* what has not been looked at could be better */
  return !matcher->failed && matcher->matches.length > 0;
}

const sentences_match *sentences_find(sentences_matcher *matcher, const sentences *compiled, const char *text,
                                      size_t length, const sentences_options *options) {
  if (!begin(matcher, compiled, text, length, options, SENTENCES_STEPS)) return NULL;
  bool found = find_best(matcher, false);
  if (!found && !matcher->failed && !matcher->too_long && matcher_skip_words(matcher)) found = find_best(matcher, true);
  return found ? (const sentences_match *)(const void *)matcher->matches.bytes : NULL;
}

/* ---- explaining ---- */

static int compare_candidates(const void *one, const void *other) {
  const struct candidate *a = one, *b = other;
  int order = compare_rank(b, a);
  if (order) return order;
  return a->template <b->template ? -1 : a->template > b->template;
}

static sentences_reason lost_by(const struct candidate *winner, const struct candidate *loser) {
  const struct score *one = &winner->parse.score, *other = &loser->parse.score;
  if (winner->priority != loser->priority) return SENTENCES_LOST_PRIORITY;
  if (one->best != other->best) return SENTENCES_LOST_BEST_SLOT;
  if (one->wildcards != other->wildcards) return SENTENCES_LOST_WILDCARDS;
  if (one->free != other->free) return SENTENCES_LOST_FREE;
  if (one->typos != other->typos) return SENTENCES_LOST_TYPOS;
  if (one->folded != other->folded) return SENTENCES_LOST_ACCENTS;
  if (one->literals != other->literals) return SENTENCES_LOST_LITERALS;
  if (winner->conditions != loser->conditions) return SENTENCES_LOST_CONDITIONS;
  return SENTENCES_LOST_ORDER;
}

/* All accepted templates, best first; whether one of them counts. */
static bool explain_accepted(sentences_matcher *matcher, struct buffer *candidates) {
  matcher_recognise(matcher);
  buffer_clear(candidates);
  size_t accepted = matcher->accepted.length / sizeof(uint32_t);
  for (size_t i = 0; i < accepted && !matcher->failed && !matcher->too_long; i++) {
    struct candidate candidate = consider(matcher, ((uint32_t *)(void *)matcher->accepted.bytes)[i], true);
    buffer_push(candidates, &candidate, sizeof candidate);
  }
  if (candidates->failed) matcher->failed = true;
  struct candidate *all = (struct candidate *)(void *)candidates->bytes;
  size_t count = candidates->length / sizeof *all;
  if (matcher->failed || count == 0) return false;
  qsort(all, count, sizeof *all, compare_candidates);
  for (size_t i = 1; i < count; i++) {
    if (all[i].reason == SENTENCES_WON) all[i].reason = lost_by(&all[0], &all[i]);
  }
  return all[0].reason == SENTENCES_WON;
}

static int compare_furthest(const void *one, const void *other) {
  const struct candidate *a = one, *b = other;
  if (a->parse.furthest != b->parse.furthest) return a->parse.furthest > b->parse.furthest ? -1 : 1;
  return a->template <b->template ? -1 : a->template > b->template;
}

/* Which range a number in the text was not in, in words; NULL when there was none. */
static const char *refused_number(sentences_matcher *matcher, const struct parse *parse) {
  double number;
  if (!parse->refused || number_read(matcher->text, parse->refused_at, &number) == 0) return NULL;
  const struct range *range = &matcher->compiled->image->ranges[parse->refused->type];
  char *detail = arena_alloc(&matcher->arena, DETAIL_SIZE);
  if (!detail) return NULL;
  snprintf(detail, DETAIL_SIZE, "%.15g is not in the range from %.15g to %.15g", number, range->from, range->to);
  if (number >= range->from && number <= range->to)
    snprintf(detail, DETAIL_SIZE, "%.15g is not on the steps of the range, which are %s%.15g", number,
             range->fractions == 2    ? "halves of "
             : range->fractions == 10 ? "tenths of "
                                      : "",
             range->step);
  return detail;
}

/* The templates that came furthest, none of which came to the end. */
static void explain_furthest(sentences_matcher *matcher, struct buffer *candidates) {
  const struct image *image = matcher->compiled->image;
  for (uint32_t i = 0; i < image->templates_count && !matcher->failed && !matcher->too_long; i++) {
    struct candidate candidate = {
        .template = i, .reason = SENTENCES_UNMATCHED, .parse = matcher_parse(matcher, &image->templates[i], false)};
    candidate.priority = image->blocks[image->templates[i].block].priority;
    if (candidate.parse.found || (candidate.parse.furthest == 0 && !candidate.parse.refused)) continue;
    buffer_push(candidates, &candidate, sizeof candidate);
  }
  struct candidate *all = (struct candidate *)(void *)candidates->bytes;
  size_t count = candidates->length / sizeof *all;
  if (candidates->failed) matcher->failed = true;
  if (matcher->failed || count == 0) return;
  qsort(all, count, sizeof *all, compare_furthest);
  if (count > FURTHEST_SHOWN) candidates->length = FURTHEST_SHOWN * sizeof *all;
  for (size_t i = 0; i < candidates->length / sizeof *all; i++) all[i].detail = refused_number(matcher, &all[i].parse);
}

/* Tells the winner which other intents tie with it. */
static void add_tied(sentences_matcher *matcher, sentences_match *match, const struct buffer *candidates) {
  struct buffer tied = {0};
  for (size_t i = 1; i < candidates->length / sizeof(struct candidate); i++) {
    const struct candidate *candidate = (const struct candidate *)(const void *)candidates->bytes + i;
    uint32_t intent = intent_of(matcher->compiled->image, candidate);
    if (candidate->reason == SENTENCES_LOST_ORDER) buffer_push(&tied, &intent, sizeof intent);
  }
  if (tied.failed) matcher->failed = true;
  add_ambiguous(matcher, match, (uint32_t *)(void *)tied.bytes, tied.length / sizeof(uint32_t));
  buffer_free(&tied);
}

const sentences_match *sentences_explain(sentences_matcher *matcher, const sentences *compiled, const char *text,
                                         size_t length, const sentences_options *options, size_t *count) {
  *count = 0;
  if (!begin(matcher, compiled, text, length, options, SENTENCES_EXPLAIN_STEPS)) return NULL;
  struct buffer candidates = {0}, without = {0};
  bool skipped = false;
  if (!explain_accepted(matcher, &candidates) && !matcher->failed && !matcher->too_long &&
      matcher_skip_words(matcher)) {
    bool found = explain_accepted(matcher, &without);
    skipped = found || without.length > candidates.length;
  }
  struct buffer *shown = skipped ? &without : &candidates;
  if (shown->length == 0 && !matcher->failed) explain_furthest(matcher, shown);
  for (size_t i = 0; i < shown->length / sizeof(struct candidate) && !matcher->failed; i++) {
    const struct candidate *candidate = (struct candidate *)(void *)shown->bytes + i;
    sentences_match match = describe(matcher, candidate, skipped);
    size_t furthest = candidate->parse.furthest;
    match.stopped = furthest < matcher->text.count ? matcher->text.units[furthest].from : length;
    if (i == 0 && match.reason == SENTENCES_WON) add_tied(matcher, &match, shown);
    buffer_push(&matcher->matches, &match, sizeof match);
  }
  buffer_free(&candidates);
  buffer_free(&without);
  if (matcher->failed || matcher->matches.failed) {
    matcher->failed = true;
    return NULL;
  }
  *count = matcher->matches.length / sizeof(sentences_match);
  return *count ? (const sentences_match *)(const void *)matcher->matches.bytes : NULL;
}
