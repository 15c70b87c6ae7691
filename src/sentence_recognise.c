/*
 * sentence_recognise: a text made ready, what lists hold in it, and which templates accept it. See sentence_matcher.h.
 *
 * The automaton is run place by place. Where a list stands in it, the states behind the list are put down for the
 * places where its values end. A wildcard that has begun is remembered, and its target is tried at each later place. No
 * state is looked at twice at one place, so the work is bounded by places times states.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sentence_matcher.h"
#include "sentence_number.h"

enum {
  MOST_CANDIDATES = 16,
  LOOK_UP_STEPS = 8
}; /* the latter: what it costs to look something up for the first time */

static uint32_t *numbers_of(struct buffer *buffer) {
  return (uint32_t *)(void *)buffer->bytes;
}

static uint32_t number_count(const struct buffer *buffer) {
  return (uint32_t)(buffer->length / sizeof(uint32_t));
}

/* ---- the text ---- */

static uint16_t symbol_of(const struct image *image, uint32_t base) {
  uint32_t low = 0, high = image->symbols_count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (image->symbols[middle].base == base) return (uint16_t)image->symbols[middle].symbol;
    if (image->symbols[middle].base < base)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

static void remove_spaces(struct buffer *buffer) {
  struct unit *units = (struct unit *)(void *)buffer->bytes;
  size_t kept = 0;
  for (size_t i = 0; i < buffer->length / sizeof *units; i++) {
    if (!(units[i].flags & UNIT_SPACE)) units[kept++] = units[i];
  }
  buffer->length = kept * sizeof *units;
}

/* Places and content from units, also when UNIT_SKIPPED has been set in some. False: nothing is left to compare. */
static bool find_places(sentences_matcher *matcher) {
  struct unit *units = (struct unit *)(void *)matcher->units.bytes;
  size_t count = matcher->units.length / sizeof *units;
  text_places(units, count, (unsigned char *)matcher->places.bytes);
  uint32_t next = (uint32_t)count, before = 0;
  for (size_t i = count + 1; i-- > 0;) {
    if (i < count && unit_is_content(&units[i])) next = (uint32_t)i;
    numbers_of(&matcher->content)[i] = next;
  }
  for (size_t i = 0; i <= count; i++) {
    numbers_of(&matcher->counts)[i] = before;
    before += i < count && !(units[i].flags & UNIT_IGNORABLE);
  }
  return next < count;
}

bool matcher_prepare(sentences_matcher *matcher, const char *text, size_t length) {
  const struct image *image = matcher->compiled->image;
  matcher->bytes = text;
  buffer_clear(&matcher->units);
  matcher->too_long = length > SENTENCES_TEXT_BYTES;
  if (matcher->too_long || !text_units(text, length, &matcher->units)) {
    matcher->failed = matcher->units.failed;
    matcher->too_long = !matcher->failed;
    return false;
  }
  if (image->settings->ignore_whitespace) remove_spaces(&matcher->units);
  size_t count = matcher->units.length / sizeof(struct unit);
  if (!buffer_zero(&matcher->places, count + 1) || !buffer_zero(&matcher->content, (count + 1) * sizeof(uint32_t)) ||
      !buffer_zero(&matcher->counts, (count + 1) * sizeof(uint32_t)) ||
      !buffer_zero(&matcher->symbols, (count + 1) * sizeof(uint16_t))) {
    matcher->failed = true;
    return false;
  }
  matcher->text =
      (struct text_view){(struct unit *)(void *)matcher->units.bytes, (unsigned char *)matcher->places.bytes, count};
  for (size_t i = 0; i < count; i++)
    ((uint16_t *)(void *)matcher->symbols.bytes)[i] = symbol_of(image, matcher->text.units[i].base);
  matcher_forget_hits(matcher);
  return find_places(matcher) && !matcher->failed;
}

void matcher_look_up(sentences_matcher *matcher, const struct image *image, const struct list *list, size_t place) {
  size_t left = matcher->most_steps > matcher->steps ? matcher->most_steps - matcher->steps : 0, before = left;
  buffer_clear(&matcher->list_hits);
  if (!list_find(image, list, matcher->text, place, &matcher->scratch, &matcher->list_hits, &left))
    matcher->failed = true;
  matcher->steps += before - left;
  if (left == 0) matcher->too_long = true;
}

/* Where the longest skip word that begins at a place ends; 0: none does. */
static size_t skip_word_end(sentences_matcher *matcher, const struct list *list, size_t at) {
  const struct text_view *text = &matcher->text;
  bool bounded = !matcher->compiled->image->settings->ignore_whitespace;
  if (bounded && at > 0 && unit_in_word(&text->units[at - 1])) return 0;
  matcher_look_up(matcher, matcher->compiled->image, list, at);
  size_t longest = 0;
  for (size_t i = 0; i < matcher->list_hits.length / sizeof(struct list_hit); i++) {
    size_t end = ((struct list_hit *)(void *)matcher->list_hits.bytes)[i].end;
    if (bounded && end < text->count && unit_in_word(&text->units[end])) continue;
    if (end > longest) longest = end;
  }
  return longest;
}

bool matcher_skip_words(sentences_matcher *matcher) {
  const struct image *image = matcher->compiled->image;
  if (image->settings->skip_words == NONE) return false;
  const struct list *list = &image->lists[image->settings->skip_words];
  struct unit *units = (struct unit *)(void *)matcher->units.bytes;
  bool found = false;
  for (size_t at = 0; at < matcher->text.count; at++) {
    if (!list_can_start(image, list, &units[at])) continue;
    size_t end = skip_word_end(matcher, list, at);
    if (end == 0) continue;
    for (size_t i = at; i < end; i++) {
      units[i].flags |= UNIT_SKIPPED;
      ((uint16_t *)(void *)matcher->symbols.bytes)[i] = 0; /* it is deleted: nothing may take it as text */
    }
    found = true;
    at = end - 1;
  }
  if (!found) return false;
  matcher_forget_hits(matcher);
  return find_places(matcher);
}

/* ---- what lists hold ---- */

void matcher_forget_hits(sentences_matcher *matcher) {
  enum { FIRST_TABLE = 1024 };
  buffer_clear(&matcher->hits);
  buffer_clear(&matcher->memos);
  size_t bytes = matcher->memo_table.length ? matcher->memo_table.length : FIRST_TABLE * sizeof(uint32_t);
  if (bytes > 64 * FIRST_TABLE * sizeof(uint32_t)) bytes = FIRST_TABLE * sizeof(uint32_t); /* of a long text before */
  if (!buffer_zero(&matcher->memo_table, bytes)) matcher->failed = true;
}

static uint32_t memo_slot(sentences_matcher *matcher, uint64_t key) {
  uint32_t size = number_count(&matcher->memo_table);
  uint32_t at = (uint32_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (size - 1), known;
  for (; (known = numbers_of(&matcher->memo_table)[at]) != 0; at = (at + 1) & (size - 1)) {
    if (((struct memo *)(void *)matcher->memos.bytes)[known - 1].key == key) break;
  }
  return at;
}

/* Keeps the hits that were appended from `first` on. */
static struct hits memo_add(sentences_matcher *matcher, uint64_t key, uint32_t first) {
  matcher->steps += LOOK_UP_STEPS;
  struct memo memo = {key, {first, (uint32_t)(matcher->hits.length / sizeof(struct hit)) - first}};
  buffer_push(&matcher->memos, &memo, sizeof memo);
  if (matcher->memos.failed || matcher->hits.failed) {
    matcher->failed = true;
    return (struct hits){0, 0};
  }
  uint32_t count = (uint32_t)(matcher->memos.length / sizeof memo);
  if (count * 2 > number_count(&matcher->memo_table)) {
    if (!buffer_zero(&matcher->memo_table, matcher->memo_table.length * 4)) {
      matcher->failed = true;
      return (struct hits){0, 0};
    }
    for (uint32_t i = 0; i < count; i++)
      numbers_of(&matcher->memo_table)[memo_slot(matcher, ((struct memo *)(void *)matcher->memos.bytes)[i].key)] =
          i + 1;
  } else {
    numbers_of(&matcher->memo_table)[memo_slot(matcher, key)] = count;
  }
  return memo.hits;
}

static void find_in_list(sentences_matcher *matcher, uint32_t index, size_t place) {
  const struct image *image;
  const struct list *list = sentences_list_of(matcher->compiled, index, &image);
  if (place == matcher->text.count || !list_can_start(image, list, &matcher->text.units[place])) return;
  matcher_look_up(matcher, image, list, place);
  for (size_t i = 0; i < matcher->list_hits.length / sizeof(struct list_hit); i++) {
    const struct list_hit *found = (struct list_hit *)(void *)matcher->list_hits.bytes + i;
    struct hit hit = {.end = found->end,
                      .typos = found->typos,
                      .folded = found->folded,
                      .terminals = found->terminals,
                      .count = found->count};
    buffer_push(&matcher->hits, &hit, sizeof hit);
  }
}

static struct hits hits_of(sentences_matcher *matcher, uint32_t kind, uint32_t index, uint32_t list, size_t place);

static void add_number(sentences_matcher *matcher, const struct range *range, size_t end, double number, bool partial) {
  struct hit hit = {.end = (uint32_t)end, .partial = partial, .count = 1, .number = number * range->multiplier};
  if (range_takes(range, number)) buffer_push(&matcher->hits, &hit, sizeof hit);
}

/* Whether a number in words may begin here: at the beginning of a word, or in a script that does not divide words. */
static bool words_may_start(const sentences_matcher *matcher, size_t place) {
  enum { FIRST_IDEOGRAPHIC = 0x2E80 };
  const struct unit *units = matcher->text.units;
  if (place == matcher->text.count) return false;
  return place == 0 || !unit_in_word(&units[place - 1]) || units[place].base >= FIRST_IDEOGRAPHIC ||
         matcher->compiled->image->settings->ignore_whitespace;
}

static void find_number(sentences_matcher *matcher, uint32_t index, size_t place) {
  const struct image *image = matcher->compiled->image;
  const struct range *range = &image->ranges[index];
  double number;
  size_t end = range->digits ? number_read(matcher->text, place, &number) : 0;
  if (end) {
    add_number(matcher, range, end, number, false);
    size_t first = number_read_digits(matcher->text, place, &number);
    if (first && first < end) add_number(matcher, range, first, number, true);
    return;
  }
  uint32_t list = image->settings->number_words;
  if (!range->words || list == NONE || !words_may_start(matcher, place)) return;
  struct hits words = hits_of(matcher, EDGE_LIST, list, list, place);
  const struct list_value *values = image->values + image->lists[list].first_value;
  for (uint32_t i = 0; i < words.count; i++) {
    struct hit word = ((struct hit *)(void *)matcher->hits.bytes)[words.first + i];
    for (uint32_t k = 0; k < word.count; k++)
      add_number(matcher, range, word.end, values[word.terminals[k]].out.number, false);
  }
}

/* The place that begins with the byte at `offset` or behind it. */
static size_t place_of(const sentences_matcher *matcher, size_t offset) {
  size_t low = 0, high = matcher->text.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (matcher->text.units[middle].from < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void find_type(sentences_matcher *matcher, uint32_t list, size_t place) {
  const struct image *image = matcher->compiled->image;
  const sentences_options *options = matcher->options;
  if (!options || !options->recognise || place == matcher->text.count) return;
  sentences_candidate candidates[MOST_CANDIDATES];
  size_t length = matcher->text.units[matcher->text.count - 1].to, at = matcher->text.units[place].from;
  size_t count = options->recognise(options->user, image_text(image, image->lists[list].name), matcher->bytes, length,
                                    at, candidates, MOST_CANDIDATES);
  for (size_t i = 0; i < count && i < MOST_CANDIDATES; i++) {
    size_t end = place_of(matcher, candidates[i].last);
    if (candidates[i].last <= at || candidates[i].last > length || end <= place) continue;
    struct hit hit = {.end = (uint32_t)end, .count = 1, .value = candidates[i].value};
    buffer_push(&matcher->hits, &hit, sizeof hit);
  }
}

static struct hits hits_of(sentences_matcher *matcher, uint32_t kind, uint32_t index, uint32_t list, size_t place) {
  uint64_t key = (uint64_t)(kind - EDGE_FIRST + 1U) << 56 | (uint64_t)index << 24 | place;
  uint32_t known = numbers_of(&matcher->memo_table)[memo_slot(matcher, key)];
  if (known) return ((struct memo *)(void *)matcher->memos.bytes)[known - 1].hits;
  uint32_t first = (uint32_t)(matcher->hits.length / sizeof(struct hit));
  if (kind == EDGE_LIST) {
    find_in_list(matcher, index, place);
  } else if (kind == EDGE_RANGE) {
    /* looks number words up before its own hits */
    uint32_t words = matcher->compiled->image->settings->number_words;
    if (words != NONE) hits_of(matcher, EDGE_LIST, words, words, place);
    first = (uint32_t)(matcher->hits.length / sizeof(struct hit));
    find_number(matcher, index, place);
  } else {
    find_type(matcher, list, place);
  }
  return memo_add(matcher, key, first);
}

const struct hit *matcher_hits(sentences_matcher *matcher, const struct hole *hole, size_t place, uint32_t *count) {
  static const struct hit none;
  uint32_t index = hole->kind == EDGE_LIST ? hole->list : hole->type;
  struct hits hits = matcher->failed ? (struct hits){0, 0} : hits_of(matcher, hole->kind, index, hole->list, place);
  *count = matcher->failed ? 0 : hits.count;
  return *count ? (struct hit *)(void *)matcher->hits.bytes + hits.first : &none;
}

/* ---- the automaton ---- */

static void add_now(sentences_matcher *matcher, uint32_t state) {
  uint32_t *mark = numbers_of(&matcher->marks) + state;
  if (*mark == matcher->stamp) return;
  *mark = matcher->stamp;
  buffer_push(&matcher->now, &state, sizeof state);
}

/* States for the next place are marked with the next stamp; what is found for this one afterwards does not take it
 * back, since it is only asked for when it comes: a state may be in `next` twice, and is looked at once. */
static void add_next(sentences_matcher *matcher, uint32_t state) {
  buffer_push(&matcher->next, &state, sizeof state);
}

static void add_later(sentences_matcher *matcher, uint32_t state, size_t place) {
  uint32_t *head = numbers_of(&matcher->heads) + place;
  struct pending pending = {state, *head};
  buffer_push(&matcher->pendings, &pending, sizeof pending);
  *head = (uint32_t)(matcher->pendings.length / sizeof pending);
}

static void open_wildcard(sentences_matcher *matcher, uint32_t target, size_t place) {
  uint32_t *mark = numbers_of(&matcher->wildcard_marks) + target;
  uint32_t content = numbers_of(&matcher->content)[place];
  if (*mark == 1 || content == matcher->text.count || matcher->text.places[place] & PLACE_SKIPPED_BEFORE) return;
  struct open_wildcard wildcard = {target, content + 1, matcher_only_spaces(matcher, target)};
  buffer_push(&matcher->wildcards, &wildcard, sizeof wildcard);
  if (!matcher->wildcards.failed) *mark = 1; /* what is in the list gets its mark back */
}

static bool is_space(const sentences_matcher *matcher, size_t place) {
  if (place == matcher->text.count || matcher->text.units[place].flags & UNIT_SKIPPED) return false;
  return (matcher->text.units[place].flags & (UNIT_SPACE | UNIT_BREAK)) != 0;
}

static const struct edge *first_of(const struct image *image, const struct state *state, uint16_t symbol) {
  const struct edge *edges = image->edges + state->first;
  uint32_t low = 0, high = state->characters;
  if (high <= 2) {
    if (high > 0 && edges[0].symbol == symbol) return edges;
    return high > 1 && edges[1].symbol == symbol ? edges + 1 : NULL;
  }
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (edges[middle].symbol < symbol)
      low = middle + 1;
    else
      high = middle;
  }
  return low < state->characters && edges[low].symbol == symbol ? edges + low : NULL;
}

static void follow(sentences_matcher *matcher, const struct edge *edge, size_t place) {
  const struct image *image = matcher->compiled->image;
  uint32_t count;
  switch (edge->symbol) {
  case EDGE_SPACE:
    if (matcher->text.places[place] & (PLACE_WORD_START | PLACE_END)) add_now(matcher, edge->target);
    if (is_space(matcher, place)) add_next(matcher, edge->target);
    return;
  case EDGE_GAP:
    if (is_space(matcher, place)) add_next(matcher, edge->target);
    return;
  case EDGE_WILDCARD: open_wildcard(matcher, edge->target, place); return;
  case EDGE_ACCEPT:
    if (place == matcher->text.count) buffer_push(&matcher->accepted, &edge->target, sizeof edge->target);
    return;
  default: {
    const struct hit *hits = matcher_hits(matcher, &image->holes[edge->argument], place, &count);
    for (uint32_t i = 0; i < count; i++) {
      if (!hits[i].partial || matcher_takes_character(matcher, edge->target, hits[i].end))
        add_later(matcher, edge->target, hits[i].end);
    }
  }
  }
}

bool matcher_takes_character(const sentences_matcher *matcher, uint32_t state, size_t place) {
  uint16_t symbol = ((const uint16_t *)(const void *)matcher->symbols.bytes)[place];
  return symbol && first_of(matcher->compiled->image, &matcher->compiled->image->states[state], symbol);
}

/* Whether one of the state's edges could take what is at the place, where a wildcard ends. */
static bool can_go(const sentences_matcher *matcher, uint32_t index, size_t place) {
  const struct image *image = matcher->compiled->image;
  const struct state *state = &image->states[index];
  const struct unit *units = matcher->text.units;
  if (place == matcher->text.count || units[place].flags & UNIT_IGNORABLE) return true;
  if (matcher_takes_character(matcher, index, place)) return true;
  bool missing = matcher_may_lack_space(matcher, place);
  for (uint32_t i = 0; i < state->others; i++) {
    const struct edge *edge = &image->edges[state->first + state->characters + i];
    if (edge->symbol == EDGE_ACCEPT) continue;
    if (edge->symbol > EDGE_GAP || is_space(matcher, place)) return true;
    if (edge->symbol == EDGE_SPACE && missing) return true;
  }
  return false;
}

bool matcher_only_spaces(const sentences_matcher *matcher, uint32_t index) {
  const struct state *state = &matcher->compiled->image->states[index];
  for (uint32_t i = 0; i < state->others; i++) {
    uint16_t symbol = matcher->compiled->image->edges[state->first + state->characters + i].symbol;
    if (symbol != EDGE_SPACE && symbol != EDGE_GAP && symbol != EDGE_ACCEPT) return false;
  }
  return state->characters == 0;
}

bool matcher_wildcard_can_end(const sentences_matcher *matcher, uint32_t state, size_t place) {
  if (place < matcher->text.count &&
      (matcher->text.units[place].flags & UNIT_INNER || matcher->text.places[place] & PLACE_SKIPPED_AFTER))
    return false;
  return can_go(matcher, state, place);
}

static void take_wildcards(sentences_matcher *matcher, size_t place) {
  const struct open_wildcard *wildcards = (struct open_wildcard *)(void *)matcher->wildcards.bytes;
  size_t count = matcher->wildcards.length / sizeof *wildcards;
  bool may_space = matcher_may_space(matcher, place);
  matcher->steps += count / WILDCARDS_PER_STEP;
  for (size_t i = 0; i < count; i++) {
    if (wildcards[i].spaced && !may_space) continue;
    if (wildcards[i].available <= place && matcher_wildcard_can_end(matcher, wildcards[i].target, place))
      add_now(matcher, wildcards[i].target);
  }
}

static void run_place(sentences_matcher *matcher, size_t place) {
  const struct image *image = matcher->compiled->image;
  uint16_t symbol = ((uint16_t *)(void *)matcher->symbols.bytes)[place];
  bool pass = place < matcher->text.count && matcher->text.units[place].flags & UNIT_IGNORABLE;
  for (uint32_t i = 0; i < number_count(&matcher->now) && matcher_step(matcher); i++) {
    uint32_t index = numbers_of(&matcher->now)[i];
    const struct state *state = &image->states[index];
    if (symbol) {
      const struct edge *edge = first_of(image, state, symbol);
      const struct edge *last = image->edges + state->first + state->characters;
      for (; edge && edge < last && edge->symbol == symbol; edge++) add_next(matcher, edge->target);
    }
    for (uint32_t k = 0; k < state->others; k++)
      follow(matcher, &image->edges[state->first + state->characters + k], place);
    if (pass) add_next(matcher, index);
  }
}

static int compare_numbers(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
  return a < b ? -1 : a > b;
}

static bool begin(sentences_matcher *matcher) {
  buffer_clear(&matcher->now);
  buffer_clear(&matcher->next);
  buffer_clear(&matcher->pendings);
  buffer_clear(&matcher->wildcards);
  buffer_clear(&matcher->accepted);
  return matcher_begin(matcher);
}

bool matcher_begin(sentences_matcher *matcher) {
  size_t states = matcher->compiled->image->states_count;
  bool used_up = matcher->stamp >= UINT32_MAX - SENTENCES_TEXT_BYTES * 2;
  bool room = matcher->marks.length >= states * sizeof(uint32_t) &&
              matcher->wildcard_marks.length >= states * sizeof(uint32_t) &&
              matcher->cell_marks.length >= states * sizeof(struct cell_mark);
  if (used_up || !room) {
    matcher->stamp = 0;
    if (!buffer_zero(&matcher->marks, states * sizeof(uint32_t)) ||
        !buffer_zero(&matcher->wildcard_marks, states * sizeof(uint32_t)) ||
        !buffer_zero(&matcher->cell_marks, states * sizeof(struct cell_mark)))
      return false;
  }
  return buffer_zero(&matcher->heads, (matcher->text.count + 1) * sizeof(uint32_t));
}

/* Several states may accept the same template. */
static void sort_accepted(sentences_matcher *matcher) {
  uint32_t *accepted = numbers_of(&matcher->accepted);
  uint32_t count = number_count(&matcher->accepted), kept = 1;
  qsort(accepted, count, sizeof *accepted, compare_numbers);
  for (uint32_t i = 1; i < count; i++) {
    if (accepted[i] != accepted[kept - 1]) accepted[kept++] = accepted[i];
  }
  matcher->accepted.length = kept * sizeof *accepted;
}

void matcher_recognise(sentences_matcher *matcher) {
  if (matcher->failed || !begin(matcher)) {
    matcher->failed = true;
    return;
  }
  uint32_t start = matcher->compiled->image->settings->start;
  buffer_push(&matcher->next, &start, sizeof start);
  if (matcher->next.failed) matcher->failed = true;
  for (size_t place = 0; place <= matcher->text.count && !matcher->failed && !matcher->too_long; place++) {
    matcher->stamp++;
    buffer_clear(&matcher->now);
    for (uint32_t i = 0; i < number_count(&matcher->next); i++) add_now(matcher, numbers_of(&matcher->next)[i]);
    buffer_clear(&matcher->next);
    for (uint32_t at = numbers_of(&matcher->heads)[place]; at;) {
      struct pending pending = ((struct pending *)(void *)matcher->pendings.bytes)[at - 1];
      add_now(matcher, pending.state);
      at = pending.next;
    }
    take_wildcards(matcher, place);
    run_place(matcher, place);
    matcher->failed |= matcher->now.failed || matcher->next.failed || matcher->pendings.failed ||
                       matcher->wildcards.failed || matcher->accepted.failed;
  }
  const struct open_wildcard *wildcards = (struct open_wildcard *)(void *)matcher->wildcards.bytes;
  for (size_t i = 0; i < matcher->wildcards.length / sizeof *wildcards; i++)
    numbers_of(&matcher->wildcard_marks)[wildcards[i].target] = 0;
  if (matcher->accepted.length && !matcher->failed) sort_accepted(matcher);
}
