/*
 * sentence_naive: small grammars by chance, and a matcher that tries every way through a template's tree, one by one.
 *
 * It is written from what sentences.h and docs/sentences.md say, and shares with the matcher only what stands below
 * both: the units of a text (sentence_text) and the tree of a template (sentence_template). A run of template spaces is
 * one, wherever it comes from.
 */
#ifndef INTENT_WEBHOOK_SPEC_SENTENCE_NAIVE_H
#define INTENT_WEBHOOK_SPEC_SENTENCE_NAIVE_H

#include "arena.h"
#include "sentence_template.h"
#include "sentences.h"

enum {
  NAIVE_LISTS = 3,
  NAIVE_VALUES = 4,
  NAIVE_PHRASES = 2,
  NAIVE_TEMPLATES = 4,
  NAIVE_BLOCKS = 3,
  NAIVE_CONDITIONS = 2,
  NAIVE_TEMPLATE_SIZE = 160,
  NAIVE_VALUE_SIZE = 24,
  NAIVE_PLACES = 30 /* the longest text, in units */
};

struct naive_condition {
  bool excludes;
  char key;
  char values[3]; /* "" any */
};

struct naive_value {
  char text[NAIVE_VALUE_SIZE];
  char out;          /* '\0': the text */
  char key, context; /* key '\0': none */
};

struct naive_list {
  sentences_list_options options;
  unsigned count;
  struct naive_value values[NAIVE_VALUES];
};

struct naive_block {
  unsigned intent;
  int priority; /* of the block; intents have none */
  unsigned conditions;
  struct naive_condition condition[NAIVE_CONDITIONS];
};

struct naive_grammar {
  bool ignore_whitespace;
  char number_word[NAIVE_VALUE_SIZE];               /* "": none; it is 5 */
  struct naive_list lists[NAIVE_LISTS];             /* l0, l1, l2 */
  char phrases[NAIVE_PHRASES][NAIVE_TEMPLATE_SIZE]; /* p0, p1 */
  unsigned blocks, templates;
  struct naive_block block[NAIVE_BLOCKS]; /* in the order of their intents */
  char template[NAIVE_TEMPLATES][NAIVE_TEMPLATE_SIZE];
  unsigned block_of[NAIVE_TEMPLATES]; /* ascending */
};

/* What a message brings besides its text. */
struct naive_message {
  char key, context; /* key '\0': none */
  const char *best_slot;
};

void naive_grammar_fill(struct naive_grammar *grammar, uint64_t *random);
/* The grammar in the language of sentence_fixture. */
void naive_grammar_write(const struct naive_grammar *grammar, struct buffer *out);

/* Trees of a grammar. */
struct naive {
  const struct naive_grammar *grammar;
  struct arena arena;
  const struct template_node *phrases[NAIVE_PHRASES], *templates[NAIVE_TEMPLATES];
  const struct template_node *values[NAIVE_LISTS][NAIVE_VALUES];
};

bool naive_begin(struct naive *naive, const struct naive_grammar *grammar);
void naive_end(struct naive *naive);

/* A text for the grammar: one of its own with a few mistakes, or any. */
void naive_text(const struct naive *naive, uint64_t *random, struct buffer *out);

enum { NAIVE_PARSES = 16, NAIVE_SLOTS_SIZE = 200 };

/* What a template makes of a text. */
struct naive_parse {
  bool accepted, allowed; /* allowed: the context is right, too */
  unsigned best, wildcards, free, typos, folded, literals;
  unsigned wildcard_ends, listed;
  unsigned conditions;
  int priority;
  unsigned count; /* of the best parses with different slots; at most NAIVE_PARSES are kept */
  char slots[NAIVE_PARSES][NAIVE_SLOTS_SIZE];
};

/* Fills one parse for each template. False: there are too many ways to try. */
bool naive_match(const struct naive *naive, const char *text, size_t length, const struct naive_message *message,
                 struct naive_parse parses[NAIVE_TEMPLATES]);

/* 1 when one goes before the other, -1 when behind, 0 when only their order decides. */
int naive_compare(const struct naive_parse *one, const struct naive_parse *other);

/* A match's slots as naive_match writes them. */
void naive_slots(const sentences_match *match, char out[NAIVE_SLOTS_SIZE]);

#endif
