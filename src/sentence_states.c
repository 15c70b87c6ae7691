/*
 * sentence_states: see sentence_states.h.
 */
#include "sentence_states.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_TABLE = 1024 };

static uint32_t node_count(const struct states *states) {
  return (uint32_t)(states->nodes.length / sizeof(struct edge));
}

static uint32_t set_count(const struct states *states) {
  return (uint32_t)(states->sets.length / sizeof(struct set));
}

const struct set *states_set(const struct states *states, uint32_t set) {
  return (const struct set *)(const void *)states->sets.bytes + set;
}

const struct edge *states_node(const struct states *states, const struct set *set, uint32_t i) {
  return (const struct edge *)(const void *)states->nodes.bytes + buffer_numbers(&states->members)[set->first + i];
}

size_t states_used(const struct states *states) {
  return node_count(states) + buffer_number_count(&states->members);
}

static uint32_t mix(uint32_t hash, uint32_t value) {
  hash = (hash ^ value) * UINT32_C(0x9E3779B1);
  return hash ^ hash >> 15;
}

static uint32_t hash_node(const struct edge *node) {
  return mix(mix(17, node->target), (uint32_t)node->symbol << 16 | node->argument);
}

static uint32_t hash_members(const uint32_t *members, uint32_t count) {
  uint32_t hash = mix(23, count);
  for (uint32_t i = 0; i < count; i++) hash = mix(hash, members[i]);
  return hash;
}

static uint32_t hash_set(const struct states *states, uint32_t set) {
  return states_set(states, set)->hash;
}

static uint32_t hash_node_at(const struct states *states, uint32_t node) {
  return hash_node((const struct edge *)(const void *)states->nodes.bytes + node);
}

/* Makes a table larger, so that it stays at most half full. */
static bool grow_table(const struct states *states, struct buffer *table, uint32_t count,
                       uint32_t (*hash_of)(const struct states *, uint32_t)) {
  uint32_t size = buffer_number_count(table);
  if (count * 2 < size) return true;
  if (!buffer_zero(table, (size ? (size_t)size * 4 : FIRST_TABLE) * sizeof(uint32_t))) return false;
  size = buffer_number_count(table);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t at = hash_of(states, i) & (size - 1);
    while (buffer_numbers(table)[at]) at = (at + 1) & (size - 1);
    buffer_numbers(table)[at] = i + 1;
  }
  return true;
}

/* The set with these members, which are in memory of the caller's. */
static uint32_t intern_set(struct states *states, const uint32_t *members, uint32_t count) {
  uint32_t size = buffer_number_count(&states->set_table), hash = hash_members(members, count), at = hash & (size - 1);
  for (uint32_t known; (known = buffer_numbers(&states->set_table)[at]) != 0; at = (at + 1) & (size - 1)) {
    const struct set *set = states_set(states, known - 1);
    if (set->hash == hash && set->count == count &&
        (count == 0 || memcmp(buffer_numbers(&states->members) + set->first, members, count * sizeof *members) == 0))
      return known - 1;
  }
  struct set set = {buffer_number_count(&states->members), count, hash};
  uint32_t index = set_count(states);
  buffer_append(&states->members, members, count * sizeof *members);
  buffer_push(&states->sets, &set, sizeof set);
  if (states->members.failed || states->sets.failed) {
    states->failed = true;
    return 0;
  }
  buffer_numbers(&states->set_table)[at] = index + 1;
  if (!grow_table(states, &states->set_table, index + 1, hash_set)) states->failed = true;
  return states->failed ? 0 : index;
}

bool states_begin(struct states *states) {
  states->limit = SIZE_MAX;
  size_t bytes = FIRST_TABLE * sizeof(uint32_t);
  if (!buffer_zero(&states->node_table, bytes) || !buffer_zero(&states->set_table, bytes)) return false;
  intern_set(states, (const uint32_t[]){0}, 0);
  return !states->failed;
}

void states_free(struct states *states) {
  buffer_free(&states->nodes);
  buffer_free(&states->sets);
  buffer_free(&states->members);
  buffer_free(&states->node_table);
  buffer_free(&states->set_table);
  buffer_free(&states->marks);
  buffer_free(&states->scratch);
}

static bool is_usable(struct states *states) {
  if (states_used(states) > states->limit) states->exceeded = true;
  return !states->exceeded && !states->failed;
}

uint32_t states_one(struct states *states, uint16_t symbol, uint16_t argument, uint32_t target) {
  if ((target == 0 && symbol != EDGE_ACCEPT) || !is_usable(states)) return 0;
  struct edge node = {target, symbol, argument};
  uint32_t size = buffer_number_count(&states->node_table), at = hash_node(&node) & (size - 1), index = NONE;
  for (uint32_t known; (known = buffer_numbers(&states->node_table)[at]) != 0; at = (at + 1) & (size - 1)) {
    const struct edge *other = (const struct edge *)(const void *)states->nodes.bytes + (known - 1);
    if (other->target != target || other->symbol != symbol || other->argument != argument) continue;
    index = known - 1;
    break;
  }
  if (index == NONE) {
    index = node_count(states);
    uint32_t unmarked = 0;
    buffer_push(&states->nodes, &node, sizeof node);
    buffer_push(&states->marks, &unmarked, sizeof unmarked);
    if (states->nodes.failed || states->marks.failed) {
      states->failed = true;
      return 0;
    }
    buffer_numbers(&states->node_table)[at] = index + 1;
    if (!grow_table(states, &states->node_table, index + 1, hash_node_at)) {
      states->failed = true;
      return 0;
    }
  }
  return intern_set(states, &index, 1);
}

/* Starts collecting the members of a union. */
static void collect_begin(struct states *states) {
  states->mark++;
  buffer_clear(&states->scratch);
}

static void collect(struct states *states, uint32_t node) {
  uint32_t *mark = buffer_numbers(&states->marks) + node;
  if (*mark == states->mark) return;
  *mark = states->mark;
  buffer_push(&states->scratch, &node, sizeof node);
}

static void collect_set(struct states *states, uint32_t set) {
  struct set members = *states_set(states, set);
  for (uint32_t i = 0; i < members.count; i++) collect(states, buffer_numbers(&states->members)[members.first + i]);
}

static uint32_t collect_end(struct states *states) {
  if (states->scratch.failed) states->failed = true;
  if (!is_usable(states)) return 0;
  return intern_set(states, buffer_numbers(&states->scratch), buffer_number_count(&states->scratch));
}

uint32_t states_union(struct states *states, uint32_t one, uint32_t other) {
  if (one == other || other == 0) return one;
  if (one == 0) return other;
  collect_begin(states);
  collect_set(states, one);
  collect_set(states, other);
  return collect_end(states);
}

static int compare_members(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
  return a < b ? -1 : a > b;
}

uint32_t states_union_all(struct states *states, const uint32_t *sets, uint32_t count, bool sorted) {
  collect_begin(states);
  for (uint32_t i = 0; i < count; i++) collect_set(states, sets[i]);
  if (sorted && states->scratch.length && !states->scratch.failed)
    qsort(states->scratch.bytes, buffer_number_count(&states->scratch), sizeof(uint32_t), compare_members);
  return collect_end(states);
}

uint32_t states_behind_spaces(struct states *states, uint32_t set) {
  struct set members = *states_set(states, set);
  collect_begin(states);
  for (uint32_t i = 0; i < members.count; i++) {
    const struct edge *node = states_node(states, &members, i);
    if (node->symbol == EDGE_SPACE)
      collect_set(states, node->target);
    else
      collect(states, buffer_numbers(&states->members)[members.first + i]);
  }
  return collect_end(states);
}

/* The members of a set that are of that kind, or (without) all others. */
static uint32_t filter(struct states *states, uint32_t set, bool (*wanted)(const struct edge *)) {
  struct set members = *states_set(states, set);
  collect_begin(states);
  for (uint32_t i = 0; i < members.count; i++) {
    if (wanted(states_node(states, &members, i))) collect(states, buffer_numbers(&states->members)[members.first + i]);
  }
  return collect_end(states);
}

static bool takes_text(const struct edge *node) {
  return node->symbol != EDGE_SPACE && node->symbol != EDGE_ACCEPT && node->symbol != EDGE_GAP;
}

static bool is_no_wildcard(const struct edge *node) {
  return node->symbol != EDGE_WILDCARD;
}

uint32_t states_after_list(struct states *states, uint32_t set) {
  uint32_t result = states_union(states, set, states_one(states, EDGE_GAP, 0, filter(states, set, takes_text)));
  for (uint32_t i = 0; is_usable(states); i++) { /* what is added may begin with a space, too */
    struct set members = *states_set(states, result);
    if (i >= members.count) break;
    struct edge node = *states_node(states, &members, i);
    /* but no text that can be anything: it would take the rest of a word that only begins like the value */
    if (node.symbol == EDGE_SPACE) result = states_union(states, result, filter(states, node.target, is_no_wildcard));
  }
  return result;
}

uint32_t states_without_wildcards(struct states *states, uint32_t set, bool *removed) {
  uint32_t result = 0;
  struct set members = *states_set(states, set);
  for (uint32_t i = 0; i < members.count && is_usable(states); i++) {
    struct edge node = *states_node(states, &members, i);
    if (node.symbol == EDGE_WILDCARD) *removed = true;
  }
  result = filter(states, set, is_no_wildcard);
  /* behind a space, too: the space alone does not divide them; no space follows a space */
  for (uint32_t i = 0; i < members.count && is_usable(states); i++) {
    struct edge node = *states_node(states, &members, i);
    if (node.symbol != EDGE_SPACE) continue;
    bool behind = false;
    struct set after = *states_set(states, node.target);
    for (uint32_t k = 0; k < after.count; k++) behind |= states_node(states, &after, k)->symbol == EDGE_WILDCARD;
    if (!behind) continue;
    *removed = true;
    uint32_t kept = states_one(states, EDGE_SPACE, 0, filter(states, node.target, is_no_wildcard));
    collect_begin(states);
    struct set current = *states_set(states, result);
    for (uint32_t k = 0; k < current.count; k++) {
      const struct edge *other = states_node(states, &current, k);
      if (other->symbol != EDGE_SPACE || other->target != node.target)
        collect(states, buffer_numbers(&states->members)[current.first + k]);
      else
        collect_set(states, kept);
    }
    result = collect_end(states);
  }
  return result;
}

bool states_accepts_nothing(const struct states *states, uint32_t set) {
  const struct set *members = states_set(states, set);
  for (uint32_t i = 0; i < members->count; i++) {
    uint16_t symbol = states_node(states, members, i)->symbol;
    if (symbol == EDGE_ACCEPT) return true;
    if (symbol == EDGE_SPACE && states_accepts_nothing(states, states_node(states, members, i)->target)) return true;
  }
  return false;
}

/* ---- writing ---- */

static int compare_edges(const void *one, const void *other) {
  const struct edge *a = one, *b = other;
  if (a->symbol != b->symbol) return a->symbol < b->symbol ? -1 : 1;
  return a->argument < b->argument ? -1 : a->argument > b->argument;
}

/* Stable, and quick for the sets of one or two nodes that nearly all are. */
static void sort_characters(struct edge *edges, uint32_t count) {
  if (count < 2) return;
  for (uint32_t i = 0; i < count; i++) edges[i].argument = (uint16_t)i; /* characters have none of their own */
  qsort(edges, count, sizeof *edges, compare_edges);
  for (uint32_t i = 0; i < count; i++) edges[i].argument = 0;
}

/* Numbers each set that can be reached; `order` gets them in the order of their numbers. */
static bool number_sets(struct states *states, const uint32_t *roots, uint32_t root_count, uint32_t first,
                        struct buffer *numbers, struct buffer *order) {
  if (!buffer_zero(numbers, set_count(states) * sizeof(uint32_t))) return false;
  for (uint32_t i = 0; i < root_count; i++) {
    if (buffer_numbers(numbers)[roots[i]]) continue;
    buffer_push(order, &roots[i], sizeof *roots);
    buffer_numbers(numbers)[roots[i]] = first + buffer_number_count(order);
  }
  for (uint32_t i = 0; i < buffer_number_count(order); i++) {
    const struct set *set = states_set(states, buffer_numbers(order)[i]);
    for (uint32_t k = 0; k < set->count; k++) {
      const struct edge *node = states_node(states, set, k);
      if (node->symbol == EDGE_ACCEPT || buffer_numbers(numbers)[node->target]) continue;
      uint32_t target = node->target;
      buffer_push(order, &target, sizeof target);
      if (order->failed) return false;
      buffer_numbers(numbers)[target] = first + buffer_number_count(order);
    }
  }
  return !order->failed;
}

/* Numbers in `numbers` are plus 1 up to here, 0 for what cannot be reached; then minus 1 again. */
bool states_write(struct states *states, struct image_draft *draft, const uint32_t *roots, uint32_t root_count,
                  struct buffer *numbers) {
  struct buffer order = {0}, edges = {0};
  bool good = number_sets(states, roots, root_count, DRAFT_COUNT(draft, struct state, states), numbers, &order);
  for (uint32_t i = 0; good && i < buffer_number_count(&order); i++) {
    const struct set *set = states_set(states, buffer_numbers(&order)[i]);
    struct state state = {DRAFT_COUNT(draft, struct edge, edges), 0, 0};
    buffer_clear(&edges);
    for (uint32_t pass = 0; pass < 2; pass++) {
      for (uint32_t k = 0; k < set->count; k++) {
        struct edge edge = *states_node(states, set, k);
        if ((edge.symbol < EDGE_FIRST) != (pass == 0)) continue;
        if (edge.symbol != EDGE_ACCEPT) edge.target = buffer_numbers(numbers)[edge.target] - 1;
        buffer_push(&edges, &edge, sizeof edge);
      }
      if (pass == 0) state.characters = (uint32_t)(edges.length / sizeof(struct edge));
    }
    state.others = (uint32_t)(edges.length / sizeof(struct edge)) - state.characters;
    if (!edges.failed) sort_characters((struct edge *)(void *)edges.bytes, state.characters);
    buffer_append(&draft->edges, edges.bytes, edges.length);
    buffer_push(&draft->states, &state, sizeof state);
    good = !edges.failed && !draft->edges.failed && !draft->states.failed;
  }
  for (uint32_t i = 0; good && i < buffer_number_count(numbers); i++) {
    if (buffer_numbers(numbers)[i]) buffer_numbers(numbers)[i]--;
  }
  buffer_free(&order);
  buffer_free(&edges);
  return good;
}
