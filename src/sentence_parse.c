/*
 * sentence_parse: the best way through one template. See sentence_matcher.h.
 *
 * A cell is the best way found so far to a state at a place, with a given set of the block's required conditions met:
 * its rank, and what its slots took. Ranks add up along the way, so the best way to a cell goes on being the best, and
 * only one has to be kept.
 */
#include <string.h>

#include "sentence_matcher.h"
#include "sentence_number.h"

struct cell {
  uint32_t state, met;
  uint32_t same; /* next cell of the same state here, plus 1 */
  bool done;     /* its edges have been followed */
  struct score score;
  const struct capture *captures;
};

/* The first one of a place also knows the last; both plus 1, 0: none. */
struct cell_pending {
  uint32_t next, last;
  struct cell cell;
};

/* A wildcard that has begun, from a cell. */
struct run {
  uint32_t target, available, obsolete; /* obsolete: from this place on a better one does the same */
  uint32_t met, from;
  bool spaced; /* as open_wildcard's */
  const struct hole *hole;
  struct score score;
  const struct capture *captures;
};

struct parser {
  sentences_matcher *matcher;
  const struct image *image;
  const struct block *block;
  const char *best_slot;
  bool checked;
  uint32_t needed; /* bits of all required conditions; 0 when unchecked */
  uint32_t furthest;
  uint32_t undone; /* cells of this place that are yet to be followed */
  size_t place;
  struct parse result;
};

/* ---- ranks ---- */

int score_compare(const struct score *one, const struct score *other) {
  if (one->best != other->best) return one->best > other->best ? 1 : -1;
  if (one->wildcards != other->wildcards) return one->wildcards < other->wildcards ? 1 : -1;
  if (one->free != other->free) return (int32_t)(one->free - other->free) < 0 ? 1 : -1;
  if (one->typos != other->typos) return one->typos < other->typos ? 1 : -1;
  if (one->folded != other->folded) return one->folded < other->folded ? 1 : -1;
  if (one->literals != other->literals) return one->literals > other->literals ? 1 : -1;
  return 0;
}

/* Between the parses of one template: wildcards that end early, then long values; otherwise the one that was found
 * first, which is the one that stands first in the template. */
static bool is_better(const struct score *one, const struct score *other) {
  int order = score_compare(one, other);
  if (order) return order > 0;
  if (one->wildcard_ends != other->wildcard_ends) return one->wildcard_ends < other->wildcard_ends;
  return one->listed > other->listed;
}

/* ---- context ---- */

/* Whether a value's context agrees with the block's conditions; adds those that it meets. */
static bool value_agrees(const struct parser *parser, const struct image *home, const struct list_value *value,
                         uint32_t *met) {
  return value_contradicts(parser->image, parser->block, home, value, met) == NULL;
}

/* ---- cells ---- */

static struct cell *cells_of(struct buffer *buffer) {
  return (struct cell *)(void *)buffer->bytes;
}

static uint32_t cell_count(const struct buffer *buffer) {
  return (uint32_t)(buffer->length / sizeof(struct cell));
}

/* Adds a way to the cells of this place, unless a better one is known. */
static void add_now(struct parser *parser, const struct cell *way) {
  sentences_matcher *matcher = parser->matcher;
  struct cell_mark *mark = (struct cell_mark *)(void *)matcher->cell_marks.bytes + way->state;
  uint32_t first = mark->stamp == matcher->stamp ? mark->first : 0;
  for (uint32_t at = first; at;) {
    matcher->steps++;
    struct cell *known = &cells_of(&matcher->cells_now)[at - 1];
    if (known->met == way->met) {
      if (!is_better(&way->score, &known->score)) return;
      known->score = way->score;
      known->captures = way->captures;
      parser->undone += known->done;
      known->done = false;
      return;
    }
    at = known->same;
  }
  struct cell cell = *way;
  cell.same = first;
  cell.done = false;
  buffer_push(&matcher->cells_now, &cell, sizeof cell);
  parser->undone++;
  *mark = (struct cell_mark){matcher->stamp, cell_count(&matcher->cells_now)};
}

static void add_next(struct parser *parser, const struct cell *way) {
  buffer_push(&parser->matcher->cells_next, way, sizeof *way);
}

/* Puts a way down for a later place, behind those that are there. */
static void add_later(struct parser *parser, const struct cell *way, size_t place) {
  sentences_matcher *matcher = parser->matcher;
  uint32_t *head = (uint32_t *)(void *)matcher->heads.bytes + place;
  struct cell_pending pending = {0, 0, *way};
  buffer_push(&matcher->cell_pendings, &pending, sizeof pending);
  if (matcher->cell_pendings.failed) return;
  struct cell_pending *all = (struct cell_pending *)(void *)matcher->cell_pendings.bytes;
  uint32_t added = (uint32_t)(matcher->cell_pendings.length / sizeof pending);
  if (*head == 0)
    *head = added;
  else
    all[all[*head - 1].last - 1].next = added;
  all[*head - 1].last = added;
}

/* ---- slots ---- */

static const struct capture *add_capture(struct parser *parser, struct capture capture) {
  struct capture *kept = arena_alloc(&parser->matcher->arena, sizeof *kept);
  if (kept) *kept = capture;
  return kept;
}

static bool is_best_slot(const struct parser *parser, const struct hole *hole) {
  return parser->best_slot && hole->slot != NONE && strcmp(parser->image->text + hole->slot, parser->best_slot) == 0;
}

static void take_value(struct parser *parser, const struct cell *cell, const struct edge *edge, const struct hit *hit,
                       uint32_t value, uint32_t met) {
  const struct hole *hole = &parser->image->holes[edge->argument];
  struct cell way = {.state = edge->target, .met = met, .score = cell->score, .captures = cell->captures};
  uint32_t length = hit->end - (uint32_t)parser->place;
  way.score.typos += hit->typos;
  way.score.folded += hit->folded;
  way.score.listed += length;
  if (is_best_slot(parser, hole) && !hit->typos && !hit->folded) way.score.best += length;
  struct capture capture = {cell->captures, hole, (uint32_t)parser->place, hit->end, value, hit->number, hit->value};
  way.captures = add_capture(parser, capture);
  if (way.captures) add_later(parser, &way, hit->end);
}

enum { MOST_SEEN = 16 };

/* Remembers that a range did not take the number that stands here. */
static void note_refused(struct parser *parser, const struct hole *hole) {
  double number;
  if (hole->kind != EDGE_RANGE || matcher_number(parser->matcher, parser->place, &number) == 0) return;
  parser->result.refused = hole;
  parser->result.refused_at = (uint32_t)parser->place;
}

static void take_hits(struct parser *parser, const struct cell *cell, const struct edge *edge) {
  const struct hole *hole = &parser->image->holes[edge->argument];
  uint32_t count;
  const struct hit *hits = matcher_hits(parser->matcher, hole, parser->place, &count);
  if ((count == 0 || hits[0].partial) && !parser->checked) note_refused(parser, hole);
  for (uint32_t i = 0; i < count; i++) {
    if (hits[i].partial && !matcher_takes_character(parser->matcher, edge->target, hits[i].end)) continue;
    if (hole->kind != EDGE_LIST) {
      take_value(parser, cell, edge, &hits[i], 0, cell->met);
      continue;
    }
    const struct image *image;
    const struct list *list = sentences_list_of(parser->matcher->compiled, hole->list, &image);
    uint32_t seen[MOST_SEEN], count_seen = 0; /* the first value for each set of conditions is the best */
    for (uint32_t k = 0; k < hits[i].count && (k == 0 || matcher_step(parser->matcher)); k++) {
      uint32_t value = hits[i].terminals[k], met = cell->met, known = 0;
      if (parser->checked && !value_agrees(parser, image, &image->values[list->first_value + value], &met)) continue;
      met &= parser->needed | cell->met;
      while (known < count_seen && seen[known] != met) known++;
      if (known < count_seen) continue;
      if (count_seen < MOST_SEEN) seen[count_seen++] = met;
      take_value(parser, cell, edge, &hits[i], value, met);
    }
  }
}

/* ---- wildcards ---- */

/* How many characters of the text stand before a unit. */
static uint32_t characters_before(const sentences_matcher *matcher, size_t unit) {
  return ((uint32_t *)(void *)matcher->counts.bytes)[unit];
}

static void open_wildcard(struct parser *parser, const struct cell *cell, const struct edge *edge) {
  sentences_matcher *matcher = parser->matcher;
  uint32_t content = ((uint32_t *)(void *)matcher->content.bytes)[parser->place];
  if (content == matcher->text.count || matcher->text.places[parser->place] & PLACE_SKIPPED_BEFORE) return;
  struct run run = {.target = edge->target,
                    .available = content + 1,
                    .obsolete = NONE,
                    .met = cell->met,
                    .from = content,
                    .spaced = matcher_only_spaces(matcher, edge->target),
                    .hole = &parser->image->holes[edge->argument],
                    .score = cell->score,
                    .captures = cell->captures};
  run.score.wildcards += run.hole->list != NONE;
  /* so that of two that have begun, the one with the better score now is better wherever they end; may wrap around */
  if (run.hole->list == NONE) run.score.free -= characters_before(matcher, content);
  struct run *runs = (struct run *)(void *)matcher->runs.bytes;
  matcher->steps += matcher->runs.length / sizeof run / WILDCARDS_PER_STEP;
  for (size_t i = 0; i < matcher->runs.length / sizeof run; i++) {
    if (runs[i].target != run.target || runs[i].hole != run.hole || runs[i].met != run.met) continue;
    if (runs[i].obsolete != NONE) continue;
    if (!is_better(&run.score, &runs[i].score)) return; /* the other can end wherever this one could */
    runs[i].obsolete = run.available;
  }
  buffer_push(&matcher->runs, &run, sizeof run);
}

/* Where what a wildcard took ends, without the space and punctuation behind it. */
static uint32_t trimmed_end(const sentences_matcher *matcher, size_t from, size_t to) {
  const struct unit *units = matcher->text.units;
  while (to > from && !unit_is_content(&units[to - 1]) && !(units[to - 1].flags & UNIT_SKIPPED)) to--;
  return (uint32_t)to;
}

static void end_wildcard(struct parser *parser, const struct run *run) {
  struct cell way = {.state = run->target, .met = run->met, .score = run->score, .captures = run->captures};
  uint32_t end = trimmed_end(parser->matcher, run->from, parser->place);
  way.score.wildcard_ends += end;
  if (run->hole->list == NONE) way.score.free += characters_before(parser->matcher, end);
  struct capture capture = {run->captures, run->hole, run->from, end, NONE, 0, {SENTENCES_NONE, NULL, 0, 0}};
  way.captures = add_capture(parser, capture);
  if (way.captures) add_now(parser, &way);
}

static void end_wildcards(struct parser *parser) {
  sentences_matcher *matcher = parser->matcher;
  struct run *runs = (struct run *)(void *)matcher->runs.bytes;
  size_t count = matcher->runs.length / sizeof *runs, kept = 0;
  bool may_space = matcher_may_space(matcher, parser->place);
  matcher->steps += count / WILDCARDS_PER_STEP;
  for (size_t i = 0; i < count; i++) {
    if (runs[i].obsolete <= parser->place) continue;
    bool here = runs[i].available <= parser->place && (may_space || !runs[i].spaced);
    if (here && matcher_wildcard_can_end(matcher, runs[i].target, parser->place)) end_wildcard(parser, &runs[i]);
    runs[kept++] = runs[i];
  }
  matcher->runs.length = kept * sizeof *runs;
}

/* ---- places ---- */

static void accept(struct parser *parser, const struct cell *cell) {
  if ((cell->met & parser->needed) != parser->needed) return;
  if (parser->result.found && !is_better(&cell->score, &parser->result.score)) return;
  parser->result.found = true;
  parser->result.score = cell->score;
  parser->result.captures = cell->captures;
}

static void follow(struct parser *parser, const struct cell *cell, const struct edge *edge) {
  const sentences_matcher *matcher = parser->matcher;
  size_t place = parser->place;
  struct cell way = *cell;
  way.state = edge->target;
  bool space = place < matcher->text.count && matcher->text.units[place].flags & (UNIT_SPACE | UNIT_BREAK) &&
               !(matcher->text.units[place].flags & UNIT_SKIPPED);
  switch (edge->symbol) {
  case EDGE_SPACE:
    if (matcher->text.places[place] & (PLACE_WORD_START | PLACE_END)) add_now(parser, &way);
    if (space) add_next(parser, &way);
    return;
  case EDGE_GAP:
    if (space) add_next(parser, &way);
    return;
  case EDGE_WILDCARD: open_wildcard(parser, cell, edge); return;
  case EDGE_ACCEPT:
    if (place == matcher->text.count) accept(parser, cell);
    return;
  default: take_hits(parser, cell, edge);
  }
}

static void run_cell(struct parser *parser, const struct cell *cell) {
  const sentences_matcher *matcher = parser->matcher;
  const struct state *state = &parser->image->states[cell->state];
  const struct edge *edges = parser->image->edges + state->first;
  uint16_t symbol = ((const uint16_t *)(const void *)matcher->symbols.bytes)[parser->place];
  for (uint32_t i = 0; symbol && i < state->characters && edges[i].symbol <= symbol; i++) {
    if (edges[i].symbol != symbol) continue;
    struct cell way = *cell;
    way.state = edges[i].target;
    way.score.literals++;
    add_next(parser, &way);
  }
  for (uint32_t i = 0; i < state->others; i++) follow(parser, cell, &edges[state->characters + i]);
  if (parser->place < matcher->text.count && matcher->text.units[parser->place].flags & UNIT_IGNORABLE)
    add_next(parser, cell);
}

static void run_place(struct parser *parser) {
  sentences_matcher *matcher = parser->matcher;
  /* a cell that got better after it was followed is followed again */
  while (parser->undone && !matcher->cells_now.failed) {
    for (uint32_t i = 0; i < cell_count(&matcher->cells_now); i++) {
      struct cell cell = cells_of(&matcher->cells_now)[i];
      if (cell.done) continue;
      if (!matcher_step(matcher)) return;
      cells_of(&matcher->cells_now)[i].done = true;
      parser->undone--;
      run_cell(parser, &cell);
    }
  }
}

static void begin_place(struct parser *parser) {
  sentences_matcher *matcher = parser->matcher;
  matcher->stamp++;
  parser->undone = 0;
  buffer_clear(&matcher->cells_now);
  for (uint32_t i = 0; i < cell_count(&matcher->cells_next); i++) add_now(parser, &cells_of(&matcher->cells_next)[i]);
  buffer_clear(&matcher->cells_next);
  uint32_t *head = (uint32_t *)(void *)matcher->heads.bytes + parser->place;
  for (uint32_t at = *head; at;) {
    const struct cell_pending *pending = (struct cell_pending *)(void *)matcher->cell_pendings.bytes + (at - 1);
    add_now(parser, &pending->cell);
    at = pending->next;
  }
  end_wildcards(parser);
  if (cell_count(&matcher->cells_now)) parser->furthest = (uint32_t)parser->place;
}

static bool begin(sentences_matcher *matcher) {
  buffer_clear(&matcher->cells_next);
  buffer_clear(&matcher->cell_pendings);
  buffer_clear(&matcher->runs);
  return matcher_begin(matcher);
}

struct parse matcher_parse(sentences_matcher *matcher, const struct template *template, bool checked) {
  const struct image *image = matcher->compiled->image;
  struct parser parser = {
      .matcher = matcher, .image = image, .block = &image->blocks[template->block], .checked = checked};
  if (matcher->options) parser.best_slot = matcher->options->best_slot;
  uint32_t met = 0, all = 0;
  const char *detail;
  if (checked && matcher_block_context(matcher, parser.block, &met, &all, &detail) != SENTENCES_WON)
    return parser.result;
  parser.needed = all & ~met;
  if (matcher->failed || !begin(matcher)) {
    matcher->failed = true;
    return parser.result;
  }
  struct cell start = {.state = template->start, .met = met};
  add_next(&parser, &start);
  if (matcher->cells_next.failed) matcher->failed = true;
  for (; parser.place <= matcher->text.count; parser.place++) {
    if (parser.place % PLACES_PER_STEP == 0) matcher->steps++;
    begin_place(&parser);
    run_place(&parser);
    if (matcher->cells_now.failed || matcher->cells_next.failed || matcher->cell_pendings.failed ||
        matcher->runs.failed || matcher->arena.failed)
      matcher->failed = true;
    if (matcher->failed || matcher->too_long) break;
  }
  parser.result.furthest = parser.furthest;
  if (matcher->failed || matcher->too_long) parser.result.found = false;
  return parser.result;
}
