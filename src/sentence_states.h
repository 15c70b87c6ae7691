/*
 * sentence_states: sets of nodes, from which the states of templates are made.
 *
 * A node takes one thing (a character, a space, a list) and leads to a set: what may come next. A set's nodes are in
 * the order of preference. Equal nodes are one, and so are equal sets: the end of a template that is reached in several
 * ways is there once. Set 0 is empty: nothing can come, the way is dead.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_STATES_H
#define INTENT_WEBHOOK_SENTENCE_STATES_H

#include "sentence_image.h"

#pragma GCC visibility push(hidden)

enum { STATES_PER_TEMPLATE = 1 << 18, STATES_MOST = 1 << 23 }; /* limits: nodes and members of sets */

struct states {
  struct buffer nodes;                 /* struct edge */
  struct buffer sets;                  /* struct set */
  struct buffer members;               /* uint32_t: nodes */
  struct buffer node_table, set_table; /* open addressing: index + 1 */
  struct buffer marks;                 /* uint32_t for each node: when it was last put into a union */
  struct buffer scratch;               /* uint32_t */
  uint32_t mark;
  size_t limit; /* of nodes and members together; beyond it everything is dead, and `exceeded` is set */
  bool exceeded, failed;
};

struct set {
  uint32_t first, count, hash;
};

bool states_begin(struct states *states); /* from all zero; false: out of memory */
void states_free(struct states *states);
size_t states_used(const struct states *states);

/* The set of just this node; dead when target is, unless the edge accepts. */
uint32_t states_one(struct states *states, uint16_t symbol, uint16_t argument, uint32_t target);
/* The nodes of one, then those of the other that are not in it. */
uint32_t states_union(struct states *states, uint32_t one, uint32_t other);
/* The nodes of all the sets; sorted: without regard to their order, so that more sets are equal. */
uint32_t states_union_all(struct states *states, const uint32_t *sets, uint32_t count, bool sorted);
/* The set with what comes behind its spaces in place of them. */
uint32_t states_behind_spaces(struct states *states, uint32_t set);
/* What may follow a list before `set`: a space that is missing there, or too much. */
uint32_t states_after_list(struct states *states, uint32_t set);
/* `set` without wildcards that would begin at once; *removed is set when there was one. */
uint32_t states_without_wildcards(struct states *states, uint32_t set, bool *removed);

const struct set *states_set(const struct states *states, uint32_t set);
/* Node i of the set. */
const struct edge *states_node(const struct states *states, const struct set *set, uint32_t i);
bool states_accepts_nothing(const struct states *states, uint32_t set); /* whether the end can come here at once */

/* Where the sets reachable from `roots` became states of the draft: fills `numbers`, one uint32_t for each set. */
bool states_write(struct states *states, struct image_draft *draft, const uint32_t *roots, uint32_t root_count,
                  struct buffer *numbers);

#pragma GCC visibility pop
#endif
