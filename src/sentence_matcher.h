/*
 * sentence_matcher: the memory of one search, and the parts that a search consists of.
 *
 * A text is first run through the automaton that all templates share, place by place with the set of its states there:
 * that says which templates accept it (sentence_recognise). Then each of these is run through its own states, keeping
 * for each state and place the best way to it: that gives its slots and its rank (sentence_parse). What lists hold at a
 * place of the text is looked up once, for both.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_MATCHER_H
#define INTENT_WEBHOOK_SENTENCE_MATCHER_H

#include "arena.h"
#include "sentence_image.h"
#include "sentence_list.h"

#pragma GCC visibility push(hidden)

/* Something that a slot takes from a place of the text on. */
struct hit {
  uint32_t end; /* unit behind it */
  uint32_t typos, folded;
  bool partial;              /* the number goes on in the text: only what takes its separator as text may follow */
  const uint32_t *terminals; /* of a list: its values; NULL: */
  uint32_t count;
  double number;          /* of a range, or */
  sentences_scalar value; /* of a slot's own type */
};

struct hits {
  uint32_t first, count;
};

struct memo {
  uint64_t key;
  struct hits hits;
};

struct pending {
  uint32_t state, next;
};

/* A wildcard that has begun: its target can come at each place from `available` on; if spaced, only at a space. */
struct open_wildcard {
  uint32_t target, available;
  bool spaced;
};

/* The cells of a state at the place of the stamp: the newest, plus 1. */
struct cell_mark {
  uint32_t stamp, first;
};

struct sentences_matcher {
  const sentences *compiled;
  const sentences_options *options;
  const char *bytes;
  struct buffer units, places;
  struct buffer symbols; /* uint16_t for each unit, and 0 behind the last */
  struct buffer content; /* uint32_t for each place: the next unit that is neither space nor ignorable */
  struct buffer counts;  /* uint32_t for each place: how many units before it are not ignorable */
  struct text_view text;

  /* what lists hold at places */
  struct buffer hits, memos, memo_table, list_hits, scratch;

  /* the joined automaton */
  struct buffer now, next;       /* uint32_t: states */
  struct buffer marks;           /* uint32_t for each state: the stamp of the place that it is there for */
  struct buffer wildcard_marks;  /* likewise, of the search */
  struct buffer heads, pendings; /* for each place, a chain of states that come there */
  struct buffer wildcards;       /* struct open_wildcard */
  struct buffer accepted;        /* uint32_t: templates, sorted */
  uint32_t stamp;

  /* one template's states */
  struct buffer cells_now, cells_next, cell_marks, cell_pendings, runs;

  struct arena arena; /* of results: captures, matches */
  struct buffer matches;
  size_t steps, most_steps; /* states looked at in this search, and the limit */
  bool failed, too_long;
};

/* Makes the text's units, places and symbols. False: too long, or out of memory, or nothing in it to compare. */
bool matcher_prepare(sentences_matcher *matcher, const char *text, size_t length);

/* Fills list_hits with what the list, of that image, holds at a place. */
void matcher_look_up(sentences_matcher *matcher, const struct image *image, const struct list *list, size_t place);

/* Marks skip words as such; false when there is none in the text. */
bool matcher_skip_words(sentences_matcher *matcher);

/* What the hole can take at a place. Valid until the next call. */
const struct hit *matcher_hits(sentences_matcher *matcher, const struct hole *hole, size_t place, uint32_t *count);

/* Where the number in digits or words ends that stands at a place, whole; 0: none does. */
size_t matcher_number(sentences_matcher *matcher, size_t place, double *number);

enum { WILDCARDS_PER_STEP = 8 }; /* looking at so many open wildcards, most of which cannot end, is one step */

enum { PLACES_PER_STEP = 4 }; /* going over so many places of the text is one */

/* Counts a step. False: enough, or failed. */
static inline bool matcher_step(sentences_matcher *matcher) {
  if (++matcher->steps > matcher->most_steps) matcher->too_long = true;
  return !matcher->failed && !matcher->too_long;
}

/* Makes room for marks of every state, and empties `heads`. False: out of memory. */
bool matcher_begin(sentences_matcher *matcher);

/* Fills `accepted`. */
void matcher_recognise(sentences_matcher *matcher);

/* Whether an edge of the state takes the character at the place as text. */
bool matcher_takes_character(const sentences_matcher *matcher, uint32_t state, size_t place);

/* Whether nothing but a space, or the end, can follow in that state. */
bool matcher_only_spaces(const sentences_matcher *matcher, uint32_t state);

/*
 * Whether a space may be missing at the place, where a wildcard ends. Behind a space it may not: there, the wildcard
 * could as well have ended before it.
 */
static inline bool matcher_may_lack_space(const sentences_matcher *matcher, size_t place) {
  const struct unit *units = matcher->text.units;
  bool behind_space = place > 0 && units[place - 1].flags & UNIT_SPACE && !(units[place - 1].flags & UNIT_IGNORABLE);
  return matcher->text.places[place] & (PLACE_WORD_START | PLACE_END) && !behind_space;
}

/* Whether a wildcard before a state that only takes spaces may end at the place at all: a quick no. */
static inline bool matcher_may_space(const sentences_matcher *matcher, size_t place) {
  if (place == matcher->text.count) return true;
  return matcher->text.units[place].flags & (UNIT_SPACE | UNIT_BREAK | UNIT_IGNORABLE) ||
         matcher_may_lack_space(matcher, place);
}

/*
 * Whether a wildcard before that state may end at the place: at a character of the text, where the state can go on, and
 * at the end not before a skip word.
 */
bool matcher_wildcard_can_end(const sentences_matcher *matcher, uint32_t state, size_t place);

/* ---- parsing ---- */

struct score {
  uint32_t best, wildcards, free, typos, folded, literals;
  uint64_t wildcard_ends, listed; /* decide between parses of one template */
};

struct capture {
  const struct capture *before;
  const struct hole *hole;
  uint32_t from, to; /* units */
  uint32_t value;    /* of a list */
  double number;
  sentences_scalar scalar;
};

struct parse {
  bool found;
  struct score score;
  const struct capture *captures; /* the last one */
  uint32_t furthest;              /* place up to which something fits */
  const struct hole *refused;     /* a range that a number was not in, the furthest one, or NULL */
  uint32_t refused_at;            /* its place */
};

/* The best parse of the text by a template. `checked`: values that contradict the block's conditions do not count. */
struct parse matcher_parse(sentences_matcher *matcher, const struct template *template, bool checked);

/* Whether a template accepts a text, in a context that its block asks for. */
bool matcher_accepts(sentences_matcher *matcher, const sentences *compiled, const struct template *template,
                     const char *text, size_t length);

/* Whether one is better than the other: 1, worse: -1, equal: 0; by what intents compete with. */
int score_compare(const struct score *one, const struct score *other);

/* ---- context ---- */

/* Whether the condition's values hold this one, or it has none. */
bool condition_holds(const struct image *image, const struct condition *condition, sentences_scalar value);

/* The block's first condition that a value's context does not agree with, or NULL; adds those that it meets. */
const struct condition *value_contradicts(const struct image *image, const struct block *block,
                                          const struct image *home, const struct list_value *value, uint32_t *met);

/* The list's value that a capture is of, and the image that it lies in. */
const struct list_value *capture_value(const sentences_matcher *matcher, const struct capture *capture,
                                       const struct image **home);

/* How the message's own context stands to a block: SENTENCES_WON when nothing speaks against it; *met: which of the
 * required conditions it meets, as bits in their order. */
sentences_reason matcher_block_context(const sentences_matcher *matcher, const struct block *block, uint32_t *met,
                                       uint32_t *all, const char **detail);

/* How many conditions the block has: of two that are equal otherwise, the one with more is the more special one. */
uint32_t block_conditions(const struct image *image, const struct block *block);

enum { BLOCK_CONTEXT = 16 }; /* of a block's required keys: see sentence_records.c */

/* A context that the block's conditions accept; returns how many pairs. */
size_t block_fitting_context(const struct image *image, const struct block *block, sentences_pair pairs[BLOCK_CONTEXT]);

/* ---- results ---- */

/* A template that accepts the text, with its best parse. */
struct candidate {
  uint32_t template;
  double priority;
  uint32_t conditions; /* that its block requires */
  struct parse parse;
  sentences_reason reason;
  const char *detail;
};

/* The candidate as users see it, in the matcher's arena. */
sentences_match matcher_describe(sentences_matcher *matcher, const struct candidate *candidate, bool skipped);

#pragma GCC visibility pop
#endif
