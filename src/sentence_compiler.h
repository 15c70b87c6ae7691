/*
 * sentence_compiler: what the parts of the compiler work on together. See sentence_compile.c.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_COMPILER_H
#define INTENT_WEBHOOK_SENTENCE_COMPILER_H

#include "sentence_source.h"
#include "sentence_states.h"

#pragma GCC visibility push(hidden)

struct compiler {
  sentences_source *source;
  struct image_draft draft;
  struct states states;
  struct buffer symbols;      /* struct symbol, in the order of their numbers */
  struct buffer symbol_table; /* open addressing: index + 1 */
  struct buffer units;
  struct buffer hole_heads,
      hole_chains; /* uint32_t: for each hash, and each hole, the next hole of that hash, plus 1 */
  struct mistake_place place;
  uint32_t block;    /* of the template that is being compiled */
  unsigned depth;    /* of phrases within phrases */
  unsigned nesting;  /* of all parts within one another */
  bool too_deep;     /* the template is, and that has been said */
  size_t join_until; /* states_used up to which states are joined */
  size_t steps;      /* of the template */
  bool failed;
};

static inline struct settings *compiler_settings(struct compiler *compiler) {
  return (struct settings *)(void *)compiler->draft.settings.bytes;
}

/* The number of a hole; UINT16_MAX, and then the compilation has failed, when there are too many or no memory. */
uint16_t compiler_hole(struct compiler *compiler, struct hole hole);

/* Builds the trie and the records of a list; its number is list->image. */
void compiler_build_list(struct compiler *compiler, struct source_list *list);

/* Builds the records of all that was declared but templates: lists, phrases, intents, blocks, words. */
void compiler_build_records(struct compiler *compiler);

/* Joins the states of all templates, behind them, and sets settings.start. `start` is the set that they all begin with.
 */
bool compiler_join(struct compiler *compiler, uint32_t start);

#pragma GCC visibility pop
#endif
