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

/* The block's condition that what was captured first does not agree with, or NULL. */
static const struct condition *contradicted_by(const sentences_matcher *matcher, const struct block *block,
                                               const struct capture *last) {
  const struct condition *found = NULL;
  for (const struct capture *capture = last; capture; capture = capture->before) {
    if (capture->hole->kind != EDGE_LIST) continue;
    const struct image *home;
    uint32_t met = 0;
    const struct list_value *value = capture_value(matcher, capture, &home);
    const struct condition *contradicted = value_contradicts(matcher->compiled->image, block, home, value, &met);
    if (contradicted) found = contradicted;
  }
  return found;
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
  }
  if (!explain) return candidate;
  bool accepted = candidate.reason == SENTENCES_CONTEXT_MISSING;
  candidate.parse = matcher_parse(matcher, template, false);
  const struct condition *contradicted = accepted ? contradicted_by(matcher, block, candidate.parse.captures) : NULL;
  if (contradicted) {
    candidate.reason = contradicted->excludes ? SENTENCES_CONTEXT_EXCLUDED : SENTENCES_CONTEXT_DIFFERS;
    candidate.detail = image->text + contradicted->key;
  }
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
  sentences_pair context[BLOCK_CONTEXT];
  sentences_options options = {.context = context};
  options.context_count = block_fitting_context(compiled->image, &compiled->image->blocks[template->block], context);
  bool won = begin(matcher, compiled, text, length, &options, SENTENCES_STEPS) &&
             consider(matcher, (uint32_t)(template - compiled->image->templates), false).reason == SENTENCES_WON;
  matcher->options = NULL; /* which are ours */
  return won;
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
    sentences_match match = matcher_describe(matcher, &best, skipped);
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
    if (matcher->too_long) break; /* what it says may not be true */
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
  if (!parse->refused || matcher_number(matcher, parse->refused_at, &number) == 0) return NULL;
  const struct range *range = &matcher->compiled->image->ranges[parse->refused->type];
  char *detail = arena_alloc(&matcher->arena, DETAIL_SIZE);
  if (!detail) return NULL;
  const char *parts = range->fractions == 2 ? "halves of " : range->fractions == 10 ? "tenths of " : "";
  bool in_digits = number_read(matcher->text, parse->refused_at, &number) != 0;
  if (in_digits ? !range->digits : !range->words)
    snprintf(detail, DETAIL_SIZE, "%.15g is in %s, and the range takes only %s", number, in_digits ? "digits" : "words",
             in_digits ? "words" : "digits");
  else if (number < range->from || number > range->to)
    snprintf(detail, DETAIL_SIZE, "%.15g is not in the range from %.15g to %.15g", number, range->from, range->to);
  else
    snprintf(detail, DETAIL_SIZE, "%.15g is not on the steps of the range, which are %s%.15g from %.15g on", number,
             parts, range->step, range->from);
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
  /* What is too much for a search has no winner, however far explaining would come. */
  if (!sentences_find(matcher, compiled, text, length, options) && (matcher->failed || matcher->too_long)) return NULL;
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
    sentences_match match = matcher_describe(matcher, candidate, skipped);
    size_t furthest = candidate->parse.furthest;
    match.stopped = furthest < matcher->text.count ? matcher->text.units[furthest].from : length;
    if (i == 0 && match.reason == SENTENCES_WON) add_tied(matcher, &match, shown);
    buffer_push(&matcher->matches, &match, sizeof match);
  }
  buffer_free(&candidates);
  buffer_free(&without);
  matcher->too_long = false; /* the search was not, though there may be more to explain */
  if (matcher->failed || matcher->matches.failed) {
    matcher->failed = true;
    return NULL;
  }
  *count = matcher->matches.length / sizeof(sentences_match);
  return *count ? (const sentences_match *)(const void *)matcher->matches.bytes : NULL;
}
