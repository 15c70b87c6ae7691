/*
 * sentence_source: what was declared, until it is compiled. See sentences.h for the functions that fill it.
 *
 * All memory is the arena's and the vectors'; names are NUL-terminated.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_SOURCE_H
#define INTENT_WEBHOOK_SENTENCE_SOURCE_H

#include "arena.h"
#include "sentence_image.h"
#include "sentence_template.h"

#pragma GCC visibility push(hidden)

struct source_pair {
  const char *key;
  sentences_scalar value;
};

/* Vectors below name their owner by index, and owners the first of theirs: whatever is added belongs to the newest. */
struct source_phrase {
  const char *name, *text;
  uint32_t length, block;           /* block NONE: of all */
  const struct template_node *tree; /* NULL: not read yet, or bad */
  bool read, open;                  /* open: being expanded */
  uint32_t same;                    /* another one whose name has the same hash, plus 1 */
};

struct source_value {
  const char *text;
  uint32_t length;
  uint32_t first_context, contexts;
  sentences_scalar out;
};

struct source_list {
  const char *name;
  uint32_t block; /* NONE: of all */
  sentences_list_options options;
  uint32_t first_value, values;
  uint32_t image;       /* its number in the image; NONE: not there (yet) */
  uint32_t text;        /* its name, in the image */
  uint32_t range, type; /* likewise; NONE */
  bool open;            /* being expanded */
  uint32_t same;        /* as a phrase's */
};

struct source_slot {
  const char *name;
  uint32_t text; /* in the image */
};

struct source_intent {
  const char *name;
  double priority;
  uint32_t first_slot, slots, first_block, blocks;
};

struct source_block {
  uint32_t intent;
  double priority;
  uint32_t first_template, templates, first_fixed, fixed, first_condition, conditions, first_keyword, keywords;
};

struct source_template {
  const char *text;
  uint32_t length, block;
};

struct source_condition {
  const char *key, *slot;
  bool excludes;
  uint32_t first_value, values;
};

struct source_text {
  const char *text;
  uint32_t length;
  double number;
};

#define SOURCE_VECTORS(VECTOR)                \
  VECTOR(struct source_phrase, phrases)       \
  VECTOR(struct source_list, lists)           \
  VECTOR(struct source_value, values)         \
  VECTOR(struct source_pair, contexts)        \
  VECTOR(struct source_intent, intents)       \
  VECTOR(struct source_slot, slots)           \
  VECTOR(struct source_block, blocks)         \
  VECTOR(struct source_template, templates)   \
  VECTOR(struct source_pair, fixed)           \
  VECTOR(struct source_condition, conditions) \
  VECTOR(sentences_scalar, condition_values)  \
  VECTOR(struct source_text, keywords)        \
  VECTOR(struct source_text, skip_words)      \
  VECTOR(struct source_text, number_words)    \
  VECTOR(sentences_mistake, mistakes)

struct sentences_source {
  struct arena arena;
  struct buffer phrase_heads, list_heads; /* uint32_t for each hash: the newest of that name, plus 1; made when asked */
  bool ignore_whitespace;
#define VECTOR(type, name) struct buffer name;
  SOURCE_VECTORS(VECTOR)
#undef VECTOR
};

#define SOURCE_COUNT(source, type, name)       ((uint32_t)((source)->name.length / sizeof(type)))
#define SOURCE_ITEM(source, type, name, index) ((type *)(void *)(source)->name.bytes + (index))

/* Whether anything could not be kept for want of memory. */
bool source_failed(const sentences_source *source);

/* What a mistake is about; fields that are not are zero. */
struct mistake_place {
  uint32_t intent, block, template; /* indices into the vectors, plus 1; 0: none */
  const struct source_phrase *phrase;
  const struct source_list *list;
  const char *words; /* what the words are, of which one is meant, or NULL */
  uint32_t value;    /* index within the list or the words, plus 1 */
  uint32_t column;
  const char *text;
  const char *name; /* that is not known, or NULL */
};

/*
 * Adds a mistake with a sentence in printf's manner. Several mistakes with the same words in the same place are one,
 * and no template, phrase or value has more than 20. The place's text is borrowed, as long as the source lives.
 */
void source_mistake(sentences_source *source, bool warning, const char *code, const struct mistake_place *place,
                    const char *sentence, const char *format, ...) __attribute__((format(printf, 6, 7)));
bool source_has_errors(const sentences_source *source);

/*
 * The phrase that <name> means in a block (NONE: outside of blocks), read; NULL when there is none. A phrase that
 * cannot be read has no tree, and its mistake has been reported.
 */
struct source_phrase *source_find_phrase(sentences_source *source, uint32_t block, const char *name);

/* Reads all phrases, also those that nobody names, for their mistakes. */
void source_read_phrases(sentences_source *source);

/* The list that {name} means in a block; NULL when there is none. */
struct source_list *source_find_list(sentences_source *source, uint32_t block, const char *name);

/* A source with the phrases and lists of an image, for reading its templates again. NULL: out of memory. */
sentences_source *source_of_image(const struct image *image);

#pragma GCC visibility pop
#endif
