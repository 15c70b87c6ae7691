/*
 * sentence_list: see sentence_list.h.
 *
 * A trie is built from its sorted texts, level by level, so that the edges of a node lie side by side, sorted too.
 * Finding walks a set of nodes over the text, one node in nearly all cases: more where a hyphen may be a space, where
 * what is ignorable may also be text, and where typos are forgiven.
 */
#include "sentence_list.h"

#include <stdlib.h>
#include <string.h>

enum { REACHED_PER_STEP = 16 }; /* looking through so many nodes is one step */

static const uint32_t UPPER_DETAIL = UINT32_C(1) << 31;

/* What of a character was folded away: its marks, and, where case counts, whether it is upper case. */
static uint32_t detail_of(const struct unit *unit, bool exact_case) {
  return (unit->mark & ~UPPER_DETAIL) | (exact_case && unit->flags & UNIT_UPPER ? UPPER_DETAIL : 0);
}

/* ---- building ---- */

enum list_added list_draft_add(struct list_draft *list, const char *text, size_t length, uint32_t value) {
  buffer_clear(&list->units);
  bool whole = text_units(text, length, &list->units);
  list->failed |= list->units.failed;
  if (!whole && !list->failed) return LIST_TOO_LONG;
  struct unit *units = (struct unit *)(void *)list->units.bytes;
  size_t count = list->units.length / sizeof *units;
  if (!buffer_zero(&list->places, count + 1)) list->failed = true;
  if (list->failed) return LIST_ADDED;
  text_places(units, count, (unsigned char *)list->places.bytes);
  struct list_entry entry = {(uint32_t)(list->keys.length / sizeof(uint64_t)), 0, value};
  for (size_t i = 0; i < count; i++) {
    bool leave_out = units[i].flags & UNIT_SPACE ? list->ignore_whitespace || units[i].flags & UNIT_IGNORABLE
                                                 : units[i].flags & UNIT_PUNCTUATION && units[i].flags & UNIT_IGNORABLE;
    if (leave_out) continue;
    uint64_t key = (uint64_t)units[i].base << 32 | detail_of(&units[i], list->exact_case);
    buffer_push(&list->keys, &key, sizeof key);
    entry.length++;
  }
  if (entry.length == 0) return LIST_EMPTY;
  buffer_push(&list->entries, &entry, sizeof entry);
  return LIST_ADDED;
}

/* qsort has no argument for it; a key is compared within the keys of the list that is being sorted, by pointer. */
struct sortable {
  const uint64_t *keys;
  uint32_t length, value;
};

static int compare_sortable(const void *one, const void *other) {
  const struct sortable *a = one, *b = other;
  uint32_t length = a->length < b->length ? a->length : b->length;
  for (uint32_t i = 0; i < length; i++) {
    if (a->keys[i] != b->keys[i]) return a->keys[i] < b->keys[i] ? -1 : 1;
  }
  if (a->length != b->length) return a->length < b->length ? -1 : 1;
  return a->value < b->value ? -1 : a->value > b->value;
}

/* A node that is to be filled: the texts from first to last go through it. */
struct span {
  uint32_t first, last, depth;
};

static bool build_nodes(const struct sortable *sorted, uint32_t count, struct image_draft *draft,
                        const struct list *record) {
  struct buffer spans = {0};
  struct span root = {0, count, 0};
  buffer_push(&spans, &root, sizeof root);
  for (size_t i = 0; !spans.failed && i < spans.length / sizeof(struct span); i++) {
    struct span span = ((struct span *)(void *)spans.bytes)[i];
    struct list_node node = {.first_edge = DRAFT_COUNT(draft, struct list_edge, list_edges) - record->first_edge,
                             .first_terminal = DRAFT_COUNT(draft, uint32_t, terminals) - record->first_terminal,
                             .depth = span.depth};
    uint32_t at = span.first;
    for (uint32_t last_value = NONE; at < span.last && sorted[at].length == span.depth; at++) {
      if (sorted[at].value == last_value) continue; /* one template may say the same text in two ways */
      last_value = sorted[at].value;
      buffer_push(&draft->terminals, &last_value, sizeof last_value);
      node.terminals++;
    }
    while (at < span.last) {
      uint64_t key = sorted[at].keys[span.depth];
      struct span child = {at, at, span.depth + 1};
      while (child.last < span.last && sorted[child.last].keys[span.depth] == key) child.last++;
      struct list_edge edge = {(uint32_t)(key >> 32), (uint32_t)key, (uint32_t)(spans.length / sizeof child)};
      buffer_push(&draft->list_edges, &edge, sizeof edge);
      buffer_push(&spans, &child, sizeof child);
      node.edges++;
      at = child.last;
    }
    buffer_push(&draft->nodes, &node, sizeof node);
  }
  bool good = !spans.failed && !draft->nodes.failed && !draft->list_edges.failed && !draft->terminals.failed;
  buffer_free(&spans);
  return good;
}

bool list_draft_build(struct list_draft *list, struct image_draft *draft, struct list *record) {
  uint32_t count = (uint32_t)(list->entries.length / sizeof(struct list_entry));
  if (list->failed || list->keys.failed || list->entries.failed) return false;
  record->first_node = DRAFT_COUNT(draft, struct list_node, nodes);
  record->first_edge = DRAFT_COUNT(draft, struct list_edge, list_edges);
  record->first_terminal = DRAFT_COUNT(draft, uint32_t, terminals);
  struct buffer sorted = {0};
  for (uint32_t i = 0; i < count; i++) {
    const struct list_entry *entry = (struct list_entry *)(void *)list->entries.bytes + i;
    struct sortable item = {(uint64_t *)(void *)list->keys.bytes + entry->first, entry->length, entry->value};
    buffer_push(&sorted, &item, sizeof item);
  }
  bool good = !sorted.failed;
  if (good && count) qsort(sorted.bytes, count, sizeof(struct sortable), compare_sortable);
  good = good && build_nodes((struct sortable *)(void *)sorted.bytes, count, draft, record);
  record->node_count = DRAFT_COUNT(draft, struct list_node, nodes) - record->first_node;
  buffer_free(&sorted);
  return good;
}

void list_draft_free(struct list_draft *list) {
  buffer_free(&list->keys);
  buffer_free(&list->entries);
  buffer_free(&list->units);
  buffer_free(&list->places);
}

/* ---- finding ---- */

/* A node that has been reached, with the typos and folded accents so far. */
struct reached {
  uint32_t node, typos, folded;
};

struct walk {
  const struct image *image;
  const struct list *list;
  const struct list_edge *edges;
  const struct list_node *nodes;
  struct text_view text;
  struct buffer *next;
  size_t next_from; /* where in `next` the nodes for the next place begin */
  size_t *steps;
};

/* The first of the node's edges that are of a base or of a higher one; NULL when there is none. */
static const struct list_edge *find_edge(const struct walk *walk, const struct list_node *node, uint32_t base) {
  const struct list_edge *edges = walk->edges + node->first_edge;
  uint32_t low = 0, high = node->edges;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (edges[middle].base < base)
      low = middle + 1;
    else
      high = middle;
  }
  return low < node->edges && edges[low].base == base ? &edges[low] : NULL;
}

/* Adds a node for the next place, once, with the fewest typos, then the fewest folded accents. */
static void reach(struct walk *walk, uint32_t node, uint32_t typos, uint32_t folded) {
  struct reached *known = (struct reached *)(void *)(walk->next->bytes + walk->next_from);
  size_t count = (walk->next->length - walk->next_from) / sizeof *known;
  for (size_t i = 0; i < count; i++) {
    if (known[i].node != node) continue;
    bool better = typos != known[i].typos ? typos < known[i].typos : folded < known[i].folded;
    if (better) known[i] = (struct reached){node, typos, folded};
    return;
  }
  size_t cost = 1 + count / REACHED_PER_STEP;
  *walk->steps -= cost < *walk->steps ? cost : *walk->steps;
  struct reached reached = {node, typos, folded};
  if (*walk->steps) buffer_push(walk->next, &reached, sizeof reached);
}

static void emit(const struct walk *walk, const struct reached *reached, size_t end, struct buffer *hits) {
  const struct list_node *node = &walk->nodes[reached->node];
  if (node->terminals == 0) return;
  if (reached->typos) { /* only whole words, and only long ones */
    bool word_end = end == walk->text.count || !unit_in_word(&walk->text.units[end]);
    if (!word_end || node->depth < SENTENCES_LONG) return;
  }
  struct list_hit hit = {(uint32_t)end, reached->typos, reached->folded,
                         walk->image->terminals + walk->list->first_terminal + node->first_terminal, node->terminals};
  buffer_push(hits, &hit, sizeof hit);
}

/* The unit is the next character of the value. */
static void step(struct walk *walk, const struct reached *from, const struct unit *unit) {
  const struct list_node *node = &walk->nodes[from->node];
  const struct list_edge *last = walk->edges + node->first_edge + node->edges;
  uint32_t detail = detail_of(unit, walk->list->exact_case != 0);
  for (const struct list_edge *edge = find_edge(walk, node, unit->base); edge && edge < last; edge++) {
    if (edge->base != unit->base) break;
    uint32_t differs = edge->detail ^ detail;
    if (differs & UPPER_DETAIL || (differs && walk->list->exact_accents)) continue;
    reach(walk, edge->target, from->typos, from->folded + (differs != 0));
  }
  if (!(unit->flags & UNIT_BREAK)) return;
  const struct list_edge *space = find_edge(walk, node, ' ');
  if (space) reach(walk, space->target, from->typos, from->folded);
}

/* The unit is a wrong character, or one too much. */
static void step_wrong(struct walk *walk, const struct reached *from, const struct unit *unit) {
  if (!unit_in_word(unit)) return;
  const struct list_node *node = &walk->nodes[from->node];
  reach(walk, from->node, 1, from->folded);
  for (uint32_t i = 0; i < node->edges; i++) reach(walk, walk->edges[node->first_edge + i].target, 1, from->folded);
}

/* Adds, at the same place, the nodes that a missing character leads to. */
static void add_missing(struct walk *walk) {
  size_t count = (walk->next->length - walk->next_from) / sizeof(struct reached);
  for (size_t i = 0; i < count; i++) {
    struct reached from = ((struct reached *)(void *)(walk->next->bytes + walk->next_from))[i];
    if (from.typos || walk->next->failed) continue;
    const struct list_node *node = &walk->nodes[from.node];
    for (uint32_t k = 0; k < node->edges; k++) reach(walk, walk->edges[node->first_edge + k].target, 1, from.folded);
  }
}

bool list_can_start(const struct image *image, const struct list *list, const struct unit *unit) {
  if (list->node_count == 0) return false;
  if (list->typos) return true;
  struct walk walk = {.edges = image->list_edges + list->first_edge};
  const struct list_node *root = image->nodes + list->first_node;
  return !(unit->flags & UNIT_SKIPPED) && find_edge(&walk, root, unit->base) != NULL;
}

bool list_find(const struct image *image, const struct list *list, struct text_view text, size_t at,
               struct buffer *scratch, struct buffer *hits, size_t *steps) {
  if (list->node_count == 0) return true;
  struct walk walk = {.image = image,
                      .list = list,
                      .edges = image->list_edges + list->first_edge,
                      .nodes = image->nodes + list->first_node,
                      .text = text,
                      .next = scratch,
                      .steps = steps};
  bool typos = list->typos && text.places[at] & PLACE_WORD_START;
  buffer_clear(scratch);
  reach(&walk, 0, 0, 0);
  if (typos) add_missing(&walk);
  size_t from = 0, to = scratch->length;
  for (size_t place = at; place < text.count && from < to && !scratch->failed; place++) {
    const struct unit *unit = &text.units[place];
    if (*steps == 0) break;
    walk.next_from = to;
    for (size_t i = from; i < to && !(unit->flags & UNIT_SKIPPED); i += sizeof(struct reached)) {
      struct reached reached;
      memcpy(&reached, scratch->bytes + i, sizeof reached);
      step(&walk, &reached, unit);
      if (typos && reached.typos == 0) step_wrong(&walk, &reached, unit);
    }
    if (typos) add_missing(&walk);
    for (size_t i = to; i < scratch->length; i += sizeof(struct reached)) {
      struct reached reached;
      memcpy(&reached, scratch->bytes + i, sizeof reached);
      emit(&walk, &reached, place + 1, hits);
    }
    if (unit->flags & UNIT_IGNORABLE && place > at) {
      for (size_t i = from; i < to; i += sizeof(struct reached)) {
        struct reached reached;
        memcpy(&reached, scratch->bytes + i, sizeof reached);
        reach(&walk, reached.node, reached.typos, reached.folded);
      }
    }
    from = to;
    to = scratch->length;
  }
  return !scratch->failed && !hits->failed;
}
