/*
 * sentence_recognise: which templates accept a text. See sentence_matcher.h.
 *
 * The automaton is run place by place. Where a list stands in it, the states behind the list are put down for the
 * places where its values end. A wildcard that has begun is remembered, and its target is tried at each later place. No
 * state is looked at twice at one place, so the work is bounded by places times states.
 */
#include <stdlib.h>
#include <string.h>

#include "sentence_matcher.h"

static void add_now(sentences_matcher *matcher, uint32_t state) {
  uint32_t *mark = buffer_numbers(&matcher->marks) + state;
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
  uint32_t *head = buffer_numbers(&matcher->heads) + place;
  struct pending pending = {state, *head};
  buffer_push(&matcher->pendings, &pending, sizeof pending);
  *head = (uint32_t)(matcher->pendings.length / sizeof pending);
}

static void open_wildcard(sentences_matcher *matcher, uint32_t target, size_t place) {
  uint32_t *mark = buffer_numbers(&matcher->wildcard_marks) + target;
  uint32_t content = buffer_numbers(&matcher->content)[place];
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
  for (uint32_t i = 0; i < buffer_number_count(&matcher->now) && matcher_step(matcher); i++) {
    uint32_t index = buffer_numbers(&matcher->now)[i];
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
  bool used_up = matcher->stamp >= UINT32_MAX - TEXT_UNITS * 2; /* more than a text has places */
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
  uint32_t *accepted = buffer_numbers(&matcher->accepted);
  uint32_t count = buffer_number_count(&matcher->accepted), kept = 1;
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
    if (place % PLACES_PER_STEP == 0) matcher->steps++;
    buffer_clear(&matcher->now);
    for (uint32_t i = 0; i < buffer_number_count(&matcher->next); i++)
      add_now(matcher, buffer_numbers(&matcher->next)[i]);
    buffer_clear(&matcher->next);
    for (uint32_t at = buffer_numbers(&matcher->heads)[place]; at;) {
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
    buffer_numbers(&matcher->wildcard_marks)[wildcards[i].target] = 0;
  if (matcher->accepted.length && !matcher->failed) sort_accepted(matcher);
}
