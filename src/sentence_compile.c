/*
 * sentence_compile: from what was declared to an image.
 *
 * A template's tree is made into states from its end to its beginning: compile(node, set) is the set of what the node
 * takes first, given that `set` comes after it. Phrases are put in where they are named. What is wrong becomes a
 * mistake, and its way dead, so that one run finds all mistakes.
 *
 * Afterwards the states of all templates are joined into one automaton that only says which templates accept: edges of
 * a state that take the same thing become one edge to the union of their targets, as in the making of a deterministic
 * automaton, as long as the number of states stays within JOINED_GROWTH of what it was; beyond it they stay apart.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sentence_expand.h"
#include "sentence_list.h"
#include "sentence_source.h"
#include "sentence_states.h"
#include "utf8.h"

enum { JOINED_GROWTH = 8, JOINED_MOST = 1 << 20, JOINED_LEAST = 4096, MOST_CONDITIONS = 16, HOLE_HEADS = 4096 };
enum { MOST_STEPS = 1 << 20 }; /* parts of a template, with those of its phrases as often as they are named */

struct compiler {
  sentences_source *source;
  struct image_draft draft;
  struct states states;
  struct buffer symbols;      /* struct symbol, in the order of their numbers */
  struct buffer symbol_table; /* open addressing: index + 1 */
  struct buffer units, places;
  struct buffer hole_heads,
      hole_chains; /* uint32_t: for each hash, and each hole, the next hole of that hash, plus 1 */
  struct mistake_place place;
  uint32_t block;    /* of the template that is being compiled */
  unsigned depth;    /* of phrases within phrases */
  size_t join_until; /* states_used up to which states are joined */
  size_t steps;      /* of the template */
  bool failed;
};

static uint32_t compile(struct compiler *compiler, const struct template_node *node, uint32_t set);

static uint32_t *numbers_of(struct buffer *buffer) {
  return (uint32_t *)(void *)buffer->bytes;
}

/* ---- symbols and holes ---- */

static bool grow_symbols(struct compiler *compiler) {
  uint32_t count = (uint32_t)(compiler->symbols.length / sizeof(struct symbol));
  uint32_t size = (uint32_t)(compiler->symbol_table.length / sizeof(uint32_t));
  if (size > count * 2) return true;
  uint32_t larger = size ? size * 4 : 512, empty = 0;
  buffer_clear(&compiler->symbol_table);
  for (uint32_t i = 0; i < larger; i++) buffer_push(&compiler->symbol_table, &empty, sizeof empty);
  if (compiler->symbol_table.failed) return false;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t at = ((struct symbol *)(void *)compiler->symbols.bytes)[i].base * UINT32_C(2654435761) & (larger - 1);
    while (numbers_of(&compiler->symbol_table)[at]) at = (at + 1) & (larger - 1);
    numbers_of(&compiler->symbol_table)[at] = i + 1;
  }
  return true;
}

/* The number of a base character, from 1; 0 when there are too many. */
static uint16_t symbol_of(struct compiler *compiler, uint32_t base) {
  if (!grow_symbols(compiler)) {
    compiler->failed = true;
    return 0;
  }
  uint32_t size = (uint32_t)(compiler->symbol_table.length / sizeof(uint32_t));
  uint32_t at = base * UINT32_C(2654435761) & (size - 1), known;
  for (; (known = numbers_of(&compiler->symbol_table)[at]) != 0; at = (at + 1) & (size - 1)) {
    if (((struct symbol *)(void *)compiler->symbols.bytes)[known - 1].base == base) return (uint16_t)known;
  }
  struct symbol symbol = {base, (uint32_t)(compiler->symbols.length / sizeof symbol) + 1};
  if (symbol.symbol >= EDGE_FIRST) return 0;
  buffer_push(&compiler->symbols, &symbol, sizeof symbol);
  if (compiler->symbols.failed) {
    compiler->failed = true;
    return 0;
  }
  numbers_of(&compiler->symbol_table)[at] = symbol.symbol;
  return (uint16_t)symbol.symbol;
}

/* The number of a hole; UINT16_MAX, and then the compilation has failed, when there are too many or no memory. */
static uint16_t hole_of(struct compiler *compiler, struct hole hole) {
  const struct hole *holes = (struct hole *)(void *)compiler->draft.holes.bytes;
  uint32_t count = DRAFT_COUNT(&compiler->draft, struct hole, holes);
  uint32_t hash = (hole.list * 31 + hole.slot) * 31 + hole.type * 7 + hole.kind;
  if (compiler->hole_heads.length == 0 && !buffer_zero(&compiler->hole_heads, HOLE_HEADS * sizeof(uint32_t)))
    compiler->failed = true;
  if (compiler->failed) return UINT16_MAX;
  uint32_t *head = numbers_of(&compiler->hole_heads) + hash * UINT32_C(2654435761) % HOLE_HEADS;
  for (uint32_t at = *head; at; at = numbers_of(&compiler->hole_chains)[at - 1]) {
    const struct hole *known = &holes[at - 1];
    if (known->list == hole.list && known->slot == hole.slot && known->type == hole.type && known->kind == hole.kind)
      return (uint16_t)(at - 1);
  }
  buffer_push(&compiler->draft.holes, &hole, sizeof hole);
  buffer_push(&compiler->hole_chains, head, sizeof *head);
  *head = count + 1;
  if (count == UINT16_MAX || compiler->draft.holes.failed || compiler->hole_chains.failed) compiler->failed = true;
  return compiler->failed ? UINT16_MAX : (uint16_t)count;
}

/* ---- parts of a template ---- */

static uint32_t die(struct compiler *compiler, const struct template_node *node, const char *code, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

/* Reports a mistake; the way is dead. */
static uint32_t die(struct compiler *compiler, const struct template_node *node, const char *code, const char *format,
                    ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  struct mistake_place place = compiler->place;
  place.column = node->column;
  if (strncmp(code, "unknown_", 8) == 0) place.name = node->text;
  source_mistake(compiler->source, false, code, &place, NULL, "%s", message);
  return 0;
}

/* Whether what follows can be a space, or the end: then punctuation before it is at the edge of a word. */
static bool is_edge(struct compiler *compiler, uint32_t set) {
  const struct set *members = states_set(&compiler->states, set);
  for (uint32_t i = 0; i < members->count; i++) {
    uint16_t symbol = states_node(&compiler->states, members, i)->symbol;
    if (symbol == EDGE_SPACE || symbol == EDGE_ACCEPT) return true;
  }
  return false;
}

/* Whether the units that are punctuation, first to last, may be left out. */
static bool is_optional(struct compiler *compiler, const struct unit *units, size_t count, size_t first, size_t last,
                        uint32_t set) {
  bool at_end = last + 1 == count;
  bool right = at_end ? is_edge(compiler, set) : !unit_in_word(&units[last + 1]);
  bool left = first == 0 ? !at_end : !unit_in_word(&units[first - 1]);
  return right || left || units[first].flags & UNIT_ALWAYS;
}

/* A space before `set`; where another would follow, they are one. */
static uint32_t one_space(struct compiler *compiler, uint32_t set) {
  if (compiler->source->ignore_whitespace) return set;
  struct set members = *states_set(&compiler->states, set);
  uint32_t behind = 0;
  for (uint32_t i = 0; i < members.count; i++) {
    struct edge node = *states_node(&compiler->states, &members, i);
    uint32_t one = node.symbol == EDGE_SPACE ? node.target
                                             : states_one(&compiler->states, node.symbol, node.argument, node.target);
    behind = states_union(&compiler->states, behind, one);
  }
  return states_one(&compiler->states, EDGE_SPACE, 0, behind);
}

static uint32_t compile_text(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  buffer_clear(&compiler->units);
  if (!text_units(node->text, node->length, &compiler->units)) {
    compiler->failed = true;
    return 0;
  }
  const struct unit *units = (struct unit *)(void *)compiler->units.bytes;
  size_t count = compiler->units.length / sizeof *units;
  for (size_t i = count; i-- > 0 && set;) {
    if (units[i].flags & UNIT_SPACE) {
      set = one_space(compiler, set);
      continue;
    }
    uint16_t symbol = symbol_of(compiler, units[i].base);
    if (compiler->failed) return 0;
    if (symbol == 0) return die(compiler, node, "too_large", "needs more different characters than there can be");
    if (!(units[i].flags & UNIT_PUNCTUATION)) {
      set = states_one(&compiler->states, symbol, 0, set);
      continue;
    }
    size_t first = i;
    while (first > 0 && units[first - 1].flags & UNIT_PUNCTUATION) first--;
    uint32_t without = is_optional(compiler, units, count, first, i, set) ? set : 0;
    for (;; i--) {
      symbol = symbol_of(compiler, units[i].base);
      set = states_one(&compiler->states, symbol, 0, set);
      if (i == first) break;
    }
    set = states_union(&compiler->states, set, without);
  }
  return set;
}

static uint32_t compile_permutation(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  uint32_t sets[1U << TEMPLATE_PERMUTED];
  sets[0] = set;
  for (unsigned left = 1; left < 1U << node->count; left++) {
    sets[left] = 0;
    for (uint32_t i = 0; i < node->count; i++) { /* part i comes first of those that are left */
      if (!(left & 1U << i)) continue;
      uint32_t after = one_space(compiler, sets[left & ~(1U << i)]);
      uint32_t one = one_space(compiler, compile(compiler, node->parts[i], after));
      sets[left] = states_union(&compiler->states, sets[left], one);
    }
  }
  return sets[(1U << node->count) - 1];
}

static uint32_t compile_phrase(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  struct source_phrase *phrase = source_find_phrase(compiler->source, compiler->block, node->text);
  if (!phrase)
    return die(compiler, node, "unknown_phrase", "names the phrase <%s>, which is not defined: define it in phrases",
               node->text);
  if (!phrase->tree) return 0; /* reported where it is defined */
  if (phrase->open) return die(compiler, node, "cycle", "leads <%s> back to itself: break the circle", node->text);
  if (compiler->depth == TEMPLATE_DEPTH)
    return die(compiler, node, "too_deep", "nests phrases more than 64 deep, at <%s>: join some of them", node->text);
  struct mistake_place outside = compiler->place;
  compiler->place = (struct mistake_place){.phrase = phrase, .text = phrase->text};
  if (phrase->block != NONE) {
    compiler->place.intent = outside.intent;
    compiler->place.block = outside.block;
  } else if (outside.phrase == NULL && outside.template) {
    /* what a phrase lacks may depend on who names it: a slot of the intent, a phrase of the block */
    compiler->place.phrase = phrase;
  }
  phrase->open = true;
  compiler->depth++;
  set = compile(compiler, phrase->tree, set);
  compiler->depth--;
  phrase->open = false;
  compiler->place = outside;
  return set;
}

/* The place of a slot's name in the image; NONE, with a mistake, when the intent does not declare it. */
static uint32_t slot_text(struct compiler *compiler, const struct template_node *node) {
  const struct source_block *block = SOURCE_ITEM(compiler->source, struct source_block, blocks, compiler->block);
  const struct source_intent *intent = SOURCE_ITEM(compiler->source, struct source_intent, intents, block->intent);
  for (uint32_t i = 0; i < intent->slots; i++) {
    struct source_slot *slot = SOURCE_ITEM(compiler->source, struct source_slot, slots, intent->first_slot + i);
    if (strcmp(slot->name, node->slot) == 0) return slot->text;
  }
  struct mistake_place place = compiler->place;
  place.column = node->column;
  place.name = node->slot;
  source_mistake(compiler->source, false, "undeclared_slot", &place, NULL,
                 "fills the slot \"%s\", which the intent \"%s\" does not declare: add it to its slots", node->slot,
                 intent->name);
  return NONE;
}

static bool declares(struct compiler *compiler, const char *name) {
  const struct source_block *block = SOURCE_ITEM(compiler->source, struct source_block, blocks, compiler->block);
  const struct source_intent *intent = SOURCE_ITEM(compiler->source, struct source_intent, intents, block->intent);
  for (uint32_t i = 0; i < intent->slots; i++) {
    if (strcmp(SOURCE_ITEM(compiler->source, struct source_slot, slots, intent->first_slot + i)->name, name) == 0)
      return true;
  }
  return false;
}

static uint32_t compile_wildcard(struct compiler *compiler, const struct template_node *node, struct hole hole,
                                 uint32_t set) {
  bool removed = false;
  uint32_t after = states_without_wildcards(&compiler->states, set, &removed);
  if (removed && after == 0)
    return die(compiler, node, "adjacent_wildcards",
               "has a wildcard, {%s}, right before another: nobody can tell where it ends: put text between them",
               node->text);
  if (removed) {
    struct mistake_place place = compiler->place;
    place.column = node->column;
    source_mistake(
        compiler->source, true, "adjacent_wildcards", &place, NULL,
        "can put the wildcard {%s} right before another, which never matches: the text between them is optional",
        node->text);
  }
  return states_one(&compiler->states, EDGE_WILDCARD, hole_of(compiler, hole), after);
}

/* A range; a space before it may stand where the template has none. */
static uint32_t compile_number(struct compiler *compiler, struct hole hole, uint32_t set) {
  uint32_t after = states_after_list(&compiler->states, set);
  uint32_t number = states_one(&compiler->states, EDGE_RANGE, hole_of(compiler, hole), after);
  return states_union(&compiler->states, number, states_one(&compiler->states, EDGE_GAP, 0, number));
}

static uint32_t compile_list(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  struct source_list *list = source_find_list(compiler->source, compiler->block, node->text);
  if (!list && !declares(compiler, node->text))
    return die(compiler, node, "unknown_list",
               "names {%s}, which is neither a list nor a slot of the intent: define the list in lists, or the slot",
               node->text);
  struct hole hole = {.list = list ? list->image : NONE, .slot = slot_text(compiler, node), .kind = EDGE_WILDCARD};
  if (hole.slot == NONE) return 0;
  if (!list || list->options.kind == SENTENCES_WILDCARD) return compile_wildcard(compiler, node, hole, set);
  if (list->options.kind == SENTENCES_VALUES) {
    hole.kind = EDGE_LIST;
    if (list->values == 0) {
      struct mistake_place place = compiler->place;
      place.column = node->column;
      source_mistake(compiler->source, true, "empty_list", &place, NULL,
                     "names the list {%s}, which is empty: nothing matches until it gets values", node->text);
    }
  } else if (list->options.kind == SENTENCES_RANGE) {
    hole.kind = EDGE_RANGE;
    hole.type = list->range;
    return compile_number(compiler, hole, set);
  } else {
    hole.kind = EDGE_TYPE;
    hole.type = list->type;
  }
  return states_one(&compiler->states, (uint16_t)hole.kind, hole_of(compiler, hole),
                    states_after_list(&compiler->states, set));
}

static uint32_t compile_range(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  struct range range = {node->from, node->to, node->step, 1, 1, true, true, NONE};
  const struct range *ranges = (struct range *)(void *)compiler->draft.ranges.bytes;
  uint32_t count = DRAFT_COUNT(&compiler->draft, struct range, ranges), index = 0;
  while (index < count && memcmp(&ranges[index], &range, sizeof range) != 0) index++;
  if (index == count) buffer_push(&compiler->draft.ranges, &range, sizeof range);
  struct hole hole = {.list = NONE, .slot = NONE, .type = index, .kind = EDGE_RANGE};
  if (node->slot) {
    hole.slot = slot_text(compiler, node);
    if (hole.slot == NONE) return 0;
  }
  return compile_number(compiler, hole, set);
}

static uint32_t compile(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  if (++compiler->steps > MOST_STEPS) compiler->states.exceeded = true;
  if (compiler->states.exceeded || compiler->failed) return 0;
  switch (node->kind) {
  case TEMPLATE_TEXT: return compile_text(compiler, node, set);
  case TEMPLATE_SEQUENCE:
    for (uint32_t i = node->count; i-- > 0;) set = compile(compiler, node->parts[i], set);
    return set;
  case TEMPLATE_ALTERNATIVE: {
    uint32_t all = 0;
    for (uint32_t i = 0; i < node->count; i++)
      all = states_union(&compiler->states, all, compile(compiler, node->parts[i], set));
    return all;
  }
  case TEMPLATE_PERMUTATION: return compile_permutation(compiler, node, set);
  case TEMPLATE_LIST: return compile_list(compiler, node, set);
  case TEMPLATE_RANGE: return compile_range(compiler, node, set);
  case TEMPLATE_RULE: return compile_phrase(compiler, node, set);
  }
  return 0;
}

/* ---- lists ---- */

static struct scalar scalar_record(struct compiler *compiler, const sentences_scalar *value) {
  struct scalar scalar = {.kind = value->kind, .number = value->number};
  if (value->kind != SENTENCES_TEXT) return scalar;
  scalar.text = draft_text(&compiler->draft, value->text, value->length);
  scalar.length = (uint32_t)value->length;
  return scalar;
}

static void add_pair(struct compiler *compiler, struct buffer *out, const struct source_pair *source) {
  struct pair pair = {.key = draft_text(&compiler->draft, source->key, strlen(source->key)),
                      .value = scalar_record(compiler, &source->value)};
  buffer_push(out, &pair, sizeof pair);
}

/* Adds the texts of a value to the trie that is being drafted. */
static void add_value_texts(struct compiler *compiler, struct list_draft *trie, const struct source_value *value,
                            uint32_t index, uint32_t block) {
  static const char no_value[] =
      "holds nothing to compare with, so it matches nothing: remove it, or write what people say";
  if (!strpbrk(value->text, "()[]{}<>|;\\") && utf8_valid_prefix(value->text, value->length) == value->length &&
      strlen(value->text) == value->length) { /* plain text, as nearly all are */
    if (!list_draft_add(trie, value->text, value->length, index))
      source_mistake(compiler->source, true, "empty_value", &compiler->place, NULL, "%s", no_value);
    return;
  }
  struct template_mistake mistake;
  struct buffer texts = {0};
  const struct template_node *tree = template_parse(&compiler->source->arena, value->text, value->length, &mistake);
  if (!tree && mistake.code) {
    compiler->place.column = mistake.column;
    source_mistake(compiler->source, false, mistake.code, &compiler->place, NULL, "%s", mistake.message);
  }
  if (tree && expand_template(compiler->source, tree, &compiler->place, block, &texts)) {
    uint32_t count = (uint32_t)(texts.length / sizeof(struct source_text)), empty = 0;
    for (uint32_t i = 0; i < count; i++) {
      const struct source_text *text = (struct source_text *)(void *)texts.bytes + i;
      if (!list_draft_add(trie, text->text, text->length, index)) empty++;
    }
    if (empty == count) source_mistake(compiler->source, true, "empty_value", &compiler->place, NULL, "%s", no_value);
  }
  compiler->failed |= texts.failed;
  buffer_free(&texts);
}

static void build_list(struct compiler *compiler, struct source_list *list) {
  list->text = draft_text(&compiler->draft, list->name, strlen(list->name));
  struct list record = {.name = list->text,
                        .kind = (uint32_t)list->options.kind,
                        .exact_case = list->options.exact_case,
                        .exact_accents = list->options.exact_accents,
                        .typos = list->options.typos,
                        .first_value = DRAFT_COUNT(&compiler->draft, struct list_value, values),
                        .value_count = list->values};
  struct list_draft trie = {.exact_case = list->options.exact_case,
                            .exact_accents = list->options.exact_accents,
                            .ignore_whitespace = compiler->source->ignore_whitespace};
  compiler->place = (struct mistake_place){.list = list};
  if (list->block != NONE) {
    compiler->place.block = list->block + 1;
    compiler->place.intent = SOURCE_ITEM(compiler->source, struct source_block, blocks, list->block)->intent + 1;
  }
  for (uint32_t i = 0; i < list->values; i++) {
    const struct source_value *value =
        SOURCE_ITEM(compiler->source, struct source_value, values, list->first_value + i);
    compiler->place.value = i + 1;
    compiler->place.column = 0;
    compiler->place.text = value->text;
    add_value_texts(compiler, &trie, value, i, list->block);
    struct list_value made = {draft_text(&compiler->draft, value->text, value->length), value->length,
                              DRAFT_COUNT(&compiler->draft, struct pair, contexts), value->contexts,
                              scalar_record(compiler, &value->out)};
    for (uint32_t k = 0; k < value->contexts; k++)
      add_pair(compiler, &compiler->draft.contexts,
               SOURCE_ITEM(compiler->source, struct source_pair, contexts, value->first_context + k));
    buffer_push(&compiler->draft.values, &made, sizeof made);
  }
  if (!list_draft_build(&trie, &compiler->draft, &record)) compiler->failed = true;
  list_draft_free(&trie);
  list->image = DRAFT_COUNT(&compiler->draft, struct list, lists);
  buffer_push(&compiler->draft.lists, &record, sizeof record);
}

/* Of the list that was built last. */
static void check_range(struct compiler *compiler, const sentences_list_options *options) {
  bool numbers = isfinite(options->from) && isfinite(options->to) && isfinite(options->step) &&
                 isfinite(options->multiplier) && options->step > 0 && options->from <= options->to;
  bool parts = options->fractions == 1 || options->fractions == 2 || options->fractions == 10;
  if (!numbers || !parts)
    source_mistake(compiler->source, false, "range", &compiler->place, NULL,
                   "is no range: from must not be above to, the step above 0, and fractions 1, 2 or 10");
}

static void build_lists(struct compiler *compiler) {
  uint32_t types = 0;
  for (uint32_t i = 0; i < SOURCE_COUNT(compiler->source, struct source_list, lists); i++) {
    struct source_list *list = SOURCE_ITEM(compiler->source, struct source_list, lists, i);
    const sentences_list_options *options = &list->options;
    build_list(compiler, list);
    if (options->kind == SENTENCES_TYPE) list->type = types++;
    if (options->kind == SENTENCES_RANGE) {
      check_range(compiler, options);
      struct range range = {
          options->from,       options->to,        options->step, options->multiplier, (uint32_t)options->fractions,
          !options->no_digits, !options->no_words, list->text};
      list->range = DRAFT_COUNT(&compiler->draft, struct range, ranges);
      buffer_push(&compiler->draft.ranges, &range, sizeof range);
    }
    struct list_scope scope = {list->image, list->block, list->range, list->type};
    buffer_push(&compiler->draft.scopes, &scope, sizeof scope);
  }
  ((struct settings *)(void *)compiler->draft.settings.bytes)->types = types;
}

/* A list of plain words, that no template can name; NONE when there are none. */
static uint32_t build_words(struct compiler *compiler, const struct source_text *words, uint32_t count) {
  if (count == 0) return NONE;
  struct list record = {.name = NONE,
                        .kind = SENTENCES_VALUES,
                        .first_value = DRAFT_COUNT(&compiler->draft, struct list_value, values),
                        .value_count = count};
  struct list_draft trie = {.ignore_whitespace = compiler->source->ignore_whitespace};
  for (uint32_t i = 0; i < count; i++) {
    list_draft_add(&trie, words[i].text, words[i].length, i);
    struct list_value value = {draft_text(&compiler->draft, words[i].text, words[i].length),
                               words[i].length,
                               0,
                               0,
                               {.kind = SENTENCES_NUMBER, .number = words[i].number}};
    buffer_push(&compiler->draft.values, &value, sizeof value);
  }
  if (!list_draft_build(&trie, &compiler->draft, &record)) compiler->failed = true;
  list_draft_free(&trie);
  uint32_t index = DRAFT_COUNT(&compiler->draft, struct list, lists);
  buffer_push(&compiler->draft.lists, &record, sizeof record);
  return index;
}

/* ---- intents ---- */

static void build_block(struct compiler *compiler, uint32_t index) {
  sentences_source *source = compiler->source;
  const struct source_block *block = SOURCE_ITEM(source, struct source_block, blocks, index);
  struct block record = {.intent = block->intent,
                         .first_template = block->first_template,
                         .templates = block->templates,
                         .first_condition = block->first_condition,
                         .conditions = block->conditions,
                         .first_fixed = block->first_fixed,
                         .fixed = block->fixed,
                         .priority = block->priority};
  record.keywords =
      build_words(compiler, SOURCE_ITEM(source, struct source_text, keywords, block->first_keyword), block->keywords);
  uint32_t required = 0;
  for (uint32_t i = 0; i < block->conditions; i++)
    required += !SOURCE_ITEM(source, struct source_condition, conditions, block->first_condition + i)->excludes;
  if (required > MOST_CONDITIONS) {
    struct mistake_place place = {.intent = block->intent + 1, .block = index + 1};
    source_mistake(source, false, "too_many", &place, NULL,
                   "requires more than 16 keys of the context: divide the rule");
  }
  buffer_push(&compiler->draft.blocks, &record, sizeof record);
}

static void build_declared(struct compiler *compiler) {
  sentences_source *source = compiler->source;
  struct image_draft *draft = &compiler->draft;
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_intent, intents); i++) {
    const struct source_intent *intent = SOURCE_ITEM(source, struct source_intent, intents, i);
    struct intent record = {draft_text(draft, intent->name, strlen(intent->name)),
                            intent->first_block,
                            intent->blocks,
                            intent->first_slot,
                            intent->slots,
                            0};
    buffer_push(&draft->intents, &record, sizeof record);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_slot, slots); i++) {
    struct source_slot *slot = SOURCE_ITEM(source, struct source_slot, slots, i);
    slot->text = draft_text(draft, slot->name, strlen(slot->name));
    buffer_push(&draft->slots, &slot->text, sizeof slot->text);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_pair, fixed); i++)
    add_pair(compiler, &draft->fixed, SOURCE_ITEM(source, struct source_pair, fixed, i));
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_condition, conditions); i++) {
    const struct source_condition *condition = SOURCE_ITEM(source, struct source_condition, conditions, i);
    struct condition record = {draft_text(draft, condition->key, strlen(condition->key)),
                               NONE,
                               condition->excludes,
                               condition->first_value,
                               condition->values,
                               0};
    if (condition->slot) record.slot = draft_text(draft, condition->slot, strlen(condition->slot));
    buffer_push(&draft->conditions, &record, sizeof record);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, sentences_scalar, condition_values); i++) {
    struct scalar scalar = scalar_record(compiler, SOURCE_ITEM(source, sentences_scalar, condition_values, i));
    buffer_push(&draft->scalars, &scalar, sizeof scalar);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_phrase, phrases); i++) {
    const struct source_phrase *phrase = SOURCE_ITEM(source, struct source_phrase, phrases, i);
    struct phrase record = {draft_text(draft, phrase->name, strlen(phrase->name)),
                            draft_text(draft, phrase->text, phrase->length), phrase->length, phrase->block};
    buffer_push(&draft->phrases, &record, sizeof record);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_block, blocks); i++) build_block(compiler, i);
}

/* Whether the template says anything besides spaces and punctuation. */
static bool has_content(struct compiler *compiler, const struct template_node *node) {
  if (node->kind == TEMPLATE_TEXT) {
    buffer_clear(&compiler->units);
    if (!text_units(node->text, node->length, &compiler->units)) compiler->failed = true;
    for (size_t i = 0; i < compiler->units.length / sizeof(struct unit); i++) {
      if (!(((struct unit *)(void *)compiler->units.bytes)[i].flags & (UNIT_SPACE | UNIT_PUNCTUATION | UNIT_BREAK)))
        return true;
    }
    return compiler->failed;
  }
  for (uint32_t i = 0; i < node->count; i++) {
    if (has_content(compiler, node->parts[i])) return true;
  }
  return node->kind == TEMPLATE_LIST || node->kind == TEMPLATE_RANGE || node->kind == TEMPLATE_RULE;
}

/* Returns the set that the template starts with; 0 when it has a mistake. */
static uint32_t compile_template(struct compiler *compiler, uint32_t index) {
  const struct source_template *template = SOURCE_ITEM(compiler->source, struct source_template, templates, index);
  const struct source_block *block = SOURCE_ITEM(compiler->source, struct source_block, blocks, template->block);
  compiler->block = template->block;
  compiler->place = (struct mistake_place){
      .intent = block->intent + 1, .block = template->block + 1, .template = index + 1, .text = template->text};
  struct template_mistake mistake;
  const struct template_node *tree =
      template_parse(&compiler->source->arena, template->text, template->length, &mistake);
  if (!tree) {
    compiler->place.column = mistake.column;
    if (mistake.code)
      source_mistake(compiler->source, false, mistake.code, &compiler->place, NULL, "%s", mistake.message);
    return 0;
  }
  if (!has_content(compiler, tree)) {
    source_mistake(compiler->source, false, "empty", &compiler->place, NULL, "is empty: write what a person would say");
    return 0;
  }
  compiler->steps = 0;
  compiler->states.exceeded = false;
  compiler->states.limit = states_used(&compiler->states) + STATES_PER_TEMPLATE;
  if (compiler->states.limit > STATES_MOST) compiler->states.limit = STATES_MOST;
  uint32_t start = compile(compiler, tree, states_one(&compiler->states, EDGE_ACCEPT, 0, index));
  if (compiler->states.exceeded) {
    bool all = compiler->states.limit == STATES_MOST;
    source_mistake(compiler->source, false, "too_large", &compiler->place, NULL,
                   "comes to more than %d states%s: divide it, or make lists of its alternatives",
                   all ? STATES_MOST : STATES_PER_TEMPLATE, all ? " with all before it" : "");
    return 0;
  }
  if (start && states_accepts_nothing(&compiler->states, start))
    source_mistake(compiler->source, true, "can_be_empty", &compiler->place, NULL,
                   "may be left out altogether: an empty message matches nothing");
  return start;
}

/* ---- the joined automaton ---- */

/* What edges take, whatever slot it is for: those with equal keys can be joined. */
static struct edge joined_key(struct compiler *compiler, const struct edge *edge) {
  struct edge key = *edge;
  if (edge->symbol < EDGE_LIST || edge->symbol == EDGE_ACCEPT) return key;
  struct hole hole = ((struct hole *)(void *)compiler->draft.holes.bytes)[edge->argument];
  hole.slot = NONE;
  if (hole.kind == EDGE_WILDCARD) hole.list = NONE;
  if (hole.kind == EDGE_RANGE) hole.list = NONE;
  key.argument = hole_of(compiler, hole);
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
  uint32_t *number = numbers_of(&joined->numbers) + set;
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
      if (last > i + 1) edge.target = states_union_all(&compiler->states, numbers_of(&joined->targets), last - i);
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

/* Joins all templates. The new states stand behind those of the templates, in the order in which they are found. */
static bool join_templates(struct compiler *compiler, uint32_t start) {
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
    good = join_state(compiler, &joined, numbers_of(&joined.sets)[i], first, most, &edges);
  buffer_free(&joined.sets);
  buffer_free(&joined.numbers);
  buffer_free(&joined.targets);
  buffer_free(&edges);
  ((struct settings *)(void *)compiler->draft.settings.bytes)->start = first;
  return good;
}

/* ---- all of it ---- */

static int compare_symbols(const void *one, const void *other) {
  const struct symbol *a = one, *b = other;
  return a->base < b->base ? -1 : a->base > b->base;
}

static void write_templates(struct compiler *compiler, const uint32_t *starts, const uint32_t *numbers) {
  for (uint32_t i = 0; i < SOURCE_COUNT(compiler->source, struct source_template, templates); i++) {
    const struct source_template *template = SOURCE_ITEM(compiler->source, struct source_template, templates, i);
    struct template record = {template->block, numbers[starts[i]],
                              draft_text(&compiler->draft, template->text, template->length), template->length};
    buffer_push(&compiler->draft.templates, &record, sizeof record);
  }
}

static struct image *compile_states(struct compiler *compiler) {
  uint32_t count = SOURCE_COUNT(compiler->source, struct source_template, templates), start = 0;
  struct buffer starts = {0}, numbers = {0};
  for (uint32_t i = 0; i < count && !compiler->failed && !compiler->states.failed; i++) {
    uint32_t one = compile_template(compiler, i);
    buffer_push(&starts, &one, sizeof one);
  }
  bool good = !compiler->failed && !compiler->states.failed && !starts.failed && !source_has_errors(compiler->source) &&
              !source_failed(compiler->source);
  compiler->states.limit = SIZE_MAX;
  compiler->states.exceeded = false;
  if (good) start = states_union_all(&compiler->states, numbers_of(&starts), count);
  static const uint32_t dead = 0;
  buffer_push(&starts, &dead, sizeof dead); /* so that there is a root also without templates */
  good = good && !starts.failed &&
         states_write(&compiler->states, &compiler->draft, numbers_of(&starts), count + 1, &numbers);
  if (good) write_templates(compiler, numbers_of(&starts), numbers_of(&numbers));
  good = good && join_templates(compiler, start);
  if (good && compiler->symbols.length)
    qsort(compiler->symbols.bytes, compiler->symbols.length / sizeof(struct symbol), sizeof(struct symbol),
          compare_symbols);
  buffer_append(&compiler->draft.symbols, compiler->symbols.bytes, compiler->symbols.length);
  buffer_free(&starts);
  buffer_free(&numbers);
  return good && !compiler->failed ? image_new(&compiler->draft) : NULL;
}

static void compiler_free(struct compiler *compiler) {
  draft_free(&compiler->draft);
  states_free(&compiler->states);
  buffer_free(&compiler->symbols);
  buffer_free(&compiler->symbol_table);
  buffer_free(&compiler->hole_heads);
  buffer_free(&compiler->hole_chains);
  buffer_free(&compiler->units);
  buffer_free(&compiler->places);
}

sentences *sentences_compile(sentences_source *source) {
  if (source_failed(source)) return NULL;
  struct compiler compiler = {.source = source};
  struct settings settings = {.ignore_whitespace = source->ignore_whitespace, .skip_words = NONE, .number_words = NONE};
  buffer_push(&compiler.draft.settings, &settings, sizeof settings);
  draft_text(&compiler.draft, "", 0);
  struct image *image = NULL;
  if (states_begin(&compiler.states) && !compiler.draft.settings.failed) {
    build_lists(&compiler);
    build_declared(&compiler);
    uint32_t skip = build_words(&compiler, SOURCE_ITEM(source, struct source_text, skip_words, 0),
                                SOURCE_COUNT(source, struct source_text, skip_words));
    uint32_t words = build_words(&compiler, SOURCE_ITEM(source, struct source_text, number_words, 0),
                                 SOURCE_COUNT(source, struct source_text, number_words));
    struct settings *written = (struct settings *)(void *)compiler.draft.settings.bytes;
    written->skip_words = skip;
    written->number_words = words;
    if (!compiler.failed) image = compile_states(&compiler);
  }
  bool failed = compiler.failed || compiler.states.failed || source_failed(source) || !compiler.states.sets.bytes;
  if (!image && failed) buffer_clear(&source->mistakes); /* what was found for want of memory is no mistake */
  compiler_free(&compiler);
  return image ? sentences_new(image) : NULL;
}

sentences *sentences_with_list(const sentences *compiled, const char *name, sentences_source *source, bool *known) {
  uint32_t list = image_global_list(compiled->image, name);
  *known = list != NONE && compiled->image->lists[list].kind == SENTENCES_VALUES;
  uint32_t count = SOURCE_COUNT(source, struct source_list, lists);
  if (!*known || count == 0 || source_failed(source)) return NULL;
  struct compiler compiler = {.source = source};
  struct settings settings = {.skip_words = NONE, .number_words = NONE};
  struct state dead = {0};
  buffer_push(&compiler.draft.settings, &settings, sizeof settings);
  buffer_push(&compiler.draft.states, &dead, sizeof dead);
  draft_text(&compiler.draft, "", 0);
  source->ignore_whitespace = compiled->image->settings->ignore_whitespace != 0;
  build_list(&compiler, SOURCE_ITEM(source, struct source_list, lists, count - 1));
  bool failed = compiler.failed || source_failed(source) || source_has_errors(source);
  struct image *image = failed ? NULL : image_new(&compiler.draft);
  compiler_free(&compiler);
  if (!image) return NULL;
  sentences *next = memory_zeroed(sizeof *next + compiled->list_count * sizeof(struct image *));
  if (!next) {
    image_drop(image);
    return NULL;
  }
  atomic_init(&next->owners, 1);
  next->image = compiled->image;
  next->list_count = compiled->list_count;
  atomic_fetch_add(&next->image->owners, 1);
  for (uint32_t i = 0; i < next->list_count; i++) {
    next->replaced[i] = i == list ? image : compiled->replaced[i];
    if (i != list && next->replaced[i]) atomic_fetch_add(&next->replaced[i]->owners, 1);
  }
  return next;
}
