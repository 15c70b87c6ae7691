/*
 * sentence_image: compiled sentences as they lie in memory and in a file: arrays of plain records in one allocation.
 *
 * Records name one another by index and text by its place in the array `text`, so an image can be written and read back
 * as it is. Once made it is never written to. An image holds everything: states for matching, lists, and the sources of
 * the templates, for samples and explanations.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_IMAGE_H
#define INTENT_WEBHOOK_SENTENCE_IMAGE_H

#include <stdatomic.h>

#include "sentences.h"

#pragma GCC visibility push(hidden)

#define NONE UINT32_MAX

/* ---- states ---- */

/*
 * Each template has states of its own, for its captures; `settings.start` leads into others, which all templates share
 * and which say only which of them accept.
 *
 * A state's edges: first those of characters, sorted by symbol, then the others. An edge's symbol is that of a base
 * character (from 1), or one of these kinds; `argument` is what the kind says.
 */
enum edge_kind {
  EDGE_SPACE = 0xFFF0, /* a space, which may be missing where a word starts or the text ends */
  EDGE_GAP,            /* a space, which is no part of the template */
  EDGE_LIST,           /* argument: hole */
  EDGE_RANGE,          /* argument: hole */
  EDGE_WILDCARD,       /* argument: hole */
  EDGE_TYPE,           /* argument: hole */
  EDGE_ACCEPT,         /* target: template */
  EDGE_FIRST = EDGE_SPACE,
};

struct state {
  uint32_t first, characters, others;
};

struct edge {
  uint32_t target;
  uint16_t symbol, argument;
};

/* base character -> symbol: sorted by base */
struct symbol {
  uint32_t base, symbol;
};

/* A reference to a list from a template: {list:slot}. */
struct hole {
  uint32_t list; /* NONE: a wildcard that is no list, but a slot of the intent */
  uint32_t slot; /* text; NONE: no slot */
  uint32_t type; /* EDGE_RANGE: range; EDGE_TYPE: which type, from 0 */
  uint32_t kind; /* enum edge_kind */
};

struct range {
  double from, to, step, multiplier;
  uint32_t fractions, digits, words, list; /* list: text, or NONE: inline */
};

/* ---- lists: tries of folded characters ---- */

struct list {
  uint32_t name; /* text */
  uint32_t kind; /* sentences_list_kind */
  uint32_t exact_case, exact_accents, typos;
  uint32_t first_node, first_edge, first_terminal, first_value; /* of this list, in the arrays */
  uint32_t node_count, value_count;
};

/* Counts are relative to the list's own part of the arrays. */
struct list_node {
  uint32_t first_edge, first_terminal;
  uint32_t edges, terminals, depth;
};

struct list_edge {
  uint32_t base, detail; /* detail: what was folded away, which exact lists compare too */
  uint32_t target;
};

struct scalar {
  uint32_t kind, text, length, unused;
  double number;
};

struct list_value {
  uint32_t text; /* its template */
  uint32_t length;
  uint32_t first_context, contexts;
  struct scalar out;
};

struct pair {
  uint32_t key, unused; /* text */
  struct scalar value;
};

/* ---- what was declared ---- */

struct intent {
  uint32_t name, first_block, blocks, first_slot, slots;
  uint32_t unused;
};

struct block {
  uint32_t intent, first_template, templates;
  uint32_t first_condition, conditions;
  uint32_t first_fixed, fixed;
  uint32_t keywords; /* a list of words, or NONE */
  double priority;   /* the intent's added */
};

struct template {
  uint32_t block, start; /* start: state */
  uint32_t text, length;
};

/* A condition on the context: requires (values NONE: any), or excludes. */
struct condition {
  uint32_t key, slot; /* text; slot NONE: none */
  uint32_t excludes, first_value, values;
  uint32_t unused;
};

/* A phrase; block NONE: of all. */
struct phrase {
  uint32_t name, text, length, block;
};

/* A list as a block or all see it; block NONE: all. */
struct list_scope {
  uint32_t list, block, range, type;
};

struct settings {
  uint32_t ignore_whitespace, start, skip_words, number_words; /* the last two: lists; NONE: none */
  uint32_t types;
  uint32_t unused[3];
};

#define IMAGE_SECTIONS(SECTION)         \
  SECTION(struct settings, settings)    \
  SECTION(struct state, states)         \
  SECTION(struct edge, edges)           \
  SECTION(struct symbol, symbols)       \
  SECTION(struct hole, holes)           \
  SECTION(struct range, ranges)         \
  SECTION(struct list, lists)           \
  SECTION(struct list_node, nodes)      \
  SECTION(struct list_edge, list_edges) \
  SECTION(uint32_t, terminals)          \
  SECTION(struct list_value, values)    \
  SECTION(struct pair, contexts)        \
  SECTION(struct intent, intents)       \
  SECTION(uint32_t, slots)              \
  SECTION(struct block, blocks)         \
  SECTION(struct template, templates)   \
  SECTION(struct condition, conditions) \
  SECTION(struct scalar, scalars)       \
  SECTION(struct pair, fixed)           \
  SECTION(struct phrase, phrases)       \
  SECTION(struct list_scope, scopes)    \
  SECTION(char, text)

struct image {
  atomic_uint owners;
  size_t size; /* of the allocation */
#define SECTION(type, name) \
  const type *name;         \
  uint32_t name##_count;
  IMAGE_SECTIONS(SECTION)
#undef SECTION
};

/* The arrays while they grow: buffers of the records. */
struct image_draft {
#define SECTION(type, name) struct buffer name;
  IMAGE_SECTIONS(SECTION)
#undef SECTION
};

#define DRAFT_COUNT(draft, type, name) ((uint32_t)((draft)->name.length / sizeof(type)))

/* Appends `length` bytes and a NUL to the draft's text; returns their place. */
uint32_t draft_text(struct image_draft *draft, const char *text, size_t length);
void draft_free(struct image_draft *draft);

/* An image with one owner; NULL: out of memory. The draft stays as it is. */
struct image *image_new(const struct image_draft *draft);
void image_drop(struct image *image); /* one owner less; NULL is allowed */

/* The list of that name which a global reference means, or NONE. */
uint32_t image_global_list(const struct image *image, const char *name);

static inline const char *image_text(const struct image *image, uint32_t place) {
  return place == NONE ? NULL : image->text + place;
}

static inline sentences_scalar image_scalar(const struct image *image, const struct scalar *scalar) {
  return (sentences_scalar){(sentences_kind)scalar->kind,
                            scalar->kind == SENTENCES_TEXT ? image->text + scalar->text : NULL, scalar->length,
                            scalar->number};
}

/* ---- sentences: an image, and the lists that replace some of its own ---- */

struct sentences {
  atomic_uint owners;
  struct image *image;
  uint32_t list_count;
  struct image *replaced[]; /* for each list: NULL, or an image whose list 0 goes in its place */
};

/* The list, and the image that its records lie in. */
static inline const struct list *sentences_list_of(const sentences *compiled, uint32_t list,
                                                   const struct image **image) {
  if (compiled->replaced[list]) {
    *image = compiled->replaced[list];
    return &(*image)->lists[0];
  }
  *image = compiled->image;
  return &compiled->image->lists[list];
}

/* Takes ownership of the image, also when it returns NULL. */
sentences *sentences_new(struct image *image);

#pragma GCC visibility pop
#endif
