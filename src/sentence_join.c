/*
 * sentence_join: the states of all templates as one automaton, which only says which templates accept a text.
 *
 * Edges of a state that take the same thing become one edge to the union of their targets, as in the making of a
 * deterministic automaton, as long as the number of states stays within bounds; beyond them they stay apart.
 */
#include <stdlib.h>

#include "sentence_compiler.h"

enum { JOINED_GROWTH = 8, JOINED_MOST = 1 << 20, JOINED_LEAST = 4096 };

/* What edges take, whatever slot it is for: those with equal keys can be joined. */
static struct edge joined_key(struct compiler *compiler, const struct edge *edge) {
  struct edge key = *edge;
  if (edge->symbol < EDGE_LIST || edge->symbol == EDGE_ACCEPT) return key;
  struct hole hole = ((struct hole *)(void *)compiler->draft.holes.bytes)[edge->argument];
  hole.slot = NONE;
  if (hole.kind == EDGE_WILDCARD) hole.list = NONE;
  if (hole.kind == EDGE_RANGE) hole.list = NONE;
  key.argument = compiler_hole(compiler, hole);
  return key;
}

struct joined {
  struct buffer sets;    /* uint32_t: the set of each state */
  struct buffer numbers; /* uint32_t for each set: the state's number + 1 */
  struct buffer targets; /* uint32_t: of edges that are becoming one */
};

/* The number of the state for a set. */
static uint32_t joined_state(struct compiler *compiler, struct joined *joined, uint32_t set) {
  uint32_t sets = (uint32_t)(compiler->states.sets.length / sizeof(struct set)), none = 0;
  while (joined->numbers.length / sizeof(uint32_t) < sets && !joined->numbers.failed)
    buffer_push(&joined->numbers, &none, sizeof none);
  if (joined->numbers.failed) return 0;
  uint32_t *number = buffer_numbers(&joined->numbers) + set;
  if (*number == 0) {
    buffer_push(&joined->sets, &set, sizeof set);
    *number = (uint32_t)(joined->sets.length / sizeof set);
  }
  return *number - 1;
}

static bool same_key(const struct edge *one, const struct edge *other) {
  return one->symbol == other->symbol && one->argument == other->argument &&
         (one->symbol != EDGE_ACCEPT || one->target == other->target);
}

static int compare_keys(const void *one, const void *other) {
  const struct edge *a = one, *b = other;
  if (a->symbol != b->symbol) return a->symbol < b->symbol ? -1 : 1;
  if (a->argument != b->argument) return a->argument < b->argument ? -1 : 1;
  return a->target < b->target ? -1 : a->target > b->target;
}

/* Writes the state of one set; `most` is the number of states up to which edges are joined. */
static bool join_state(struct compiler *compiler, struct joined *joined, uint32_t set, uint32_t first, uint32_t most,
                       struct buffer *edges) {
  struct set members = *states_set(&compiler->states, set);
  buffer_clear(edges);
  for (uint32_t i = 0; i < members.count; i++) {
    struct edge key = joined_key(compiler, states_node(&compiler->states, &members, i));
    buffer_push(edges, &key, sizeof key);
  }
  if (edges->failed) return false;
  struct edge *keys = (struct edge *)(void *)edges->bytes;
  if (members.count > 1) qsort(keys, members.count, sizeof *keys, compare_keys);
  struct state state = {DRAFT_COUNT(&compiler->draft, struct edge, edges), 0, 0};
  for (uint32_t i = 0; i < members.count;) {
    struct edge edge = keys[i];
    uint32_t last = i + 1;
    if (edge.symbol != EDGE_ACCEPT) {
      bool join =
          joined->sets.length / sizeof(uint32_t) < most && states_used(&compiler->states) < compiler->join_until;
      buffer_clear(&joined->targets);
      buffer_push(&joined->targets, &edge.target, sizeof edge.target);
      for (; join && last < members.count && same_key(&keys[i], &keys[last]); last++)
        buffer_push(&joined->targets, &keys[last].target, sizeof keys[last].target);
      if (joined->targets.failed) return false;
      if (last > i + 1)
        edge.target = states_union_all(&compiler->states, buffer_numbers(&joined->targets), last - i, true);
      edge.target = first + joined_state(compiler, joined, edge.target);
    }
    buffer_push(&compiler->draft.edges, &edge, sizeof edge);
    if (edge.symbol < EDGE_FIRST)
      state.characters++;
    else
      state.others++;
    i = last;
  }
  buffer_push(&compiler->draft.states, &state, sizeof state);
  return !compiler->draft.edges.failed && !compiler->draft.states.failed && !compiler->states.failed &&
         !compiler->states.exceeded && !joined->numbers.failed && !joined->sets.failed;
}

/* States get their numbers in the order in which they are found. */
bool compiler_join(struct compiler *compiler, uint32_t start) {
  struct joined joined = {0};
  struct buffer edges = {0};
  uint32_t first = DRAFT_COUNT(&compiler->draft, struct state, states);
  uint32_t most = first < JOINED_LEAST ? JOINED_LEAST : first < JOINED_MOST ? first : JOINED_MOST;
  compiler->states.limit = SIZE_MAX;
  compiler->join_until = states_used(&compiler->states) * JOINED_GROWTH + JOINED_LEAST;
  if (compiler->join_until > STATES_MOST) compiler->join_until = STATES_MOST;
  joined_state(compiler, &joined, start);
  bool good = !joined.numbers.failed && !joined.sets.failed;
  for (uint32_t i = 0; good && i < joined.sets.length / sizeof(uint32_t); i++)
    good = join_state(compiler, &joined, buffer_numbers(&joined.sets)[i], first, most, &edges);
  buffer_free(&joined.sets);
  buffer_free(&joined.numbers);
  buffer_free(&joined.targets);
  buffer_free(&edges);
  compiler_settings(compiler)->start = first;
  return good;
}
