/*
 * sentence_compile: from what was declared to an image.
 *
 * A template's tree is made into states from its end to its beginning: compile(node, set) is the set of what the node
 * takes first, given that `set` comes after it. Phrases are put in where they are named. What is wrong becomes a
 * mistake, and its way dead, so that one run finds all mistakes.
 * Afterwards they are joined (sentence_join).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sentence_compiler.h"
#include "sentence_text.h"

enum { HOLE_HEADS = 4096 };
enum { MOST_STEPS = 1 << 20 }; /* parts and characters of a template, those of phrases as often as they are named */

static uint32_t compile(struct compiler *compiler, const struct template_node *node, uint32_t set);

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
    while (buffer_numbers(&compiler->symbol_table)[at]) at = (at + 1) & (larger - 1);
    buffer_numbers(&compiler->symbol_table)[at] = i + 1;
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
  for (; (known = buffer_numbers(&compiler->symbol_table)[at]) != 0; at = (at + 1) & (size - 1)) {
    if (((struct symbol *)(void *)compiler->symbols.bytes)[known - 1].base == base) return (uint16_t)known;
  }
  struct symbol symbol = {base, (uint32_t)(compiler->symbols.length / sizeof symbol) + 1};
  if (symbol.symbol >= EDGE_FIRST) return 0;
  buffer_push(&compiler->symbols, &symbol, sizeof symbol);
  if (compiler->symbols.failed) {
    compiler->failed = true;
    return 0;
  }
  buffer_numbers(&compiler->symbol_table)[at] = symbol.symbol;
  return (uint16_t)symbol.symbol;
}

uint16_t compiler_hole(struct compiler *compiler, struct hole hole) {
  const struct hole *holes = (struct hole *)(void *)compiler->draft.holes.bytes;
  uint32_t count = DRAFT_COUNT(&compiler->draft, struct hole, holes);
  uint32_t hash = (hole.list * 31 + hole.slot) * 31 + hole.type * 7 + hole.kind;
  if (compiler->hole_heads.length == 0 && !buffer_zero(&compiler->hole_heads, HOLE_HEADS * sizeof(uint32_t)))
    compiler->failed = true;
  if (compiler->failed) return UINT16_MAX;
  uint32_t *head = buffer_numbers(&compiler->hole_heads) + hash * UINT32_C(2654435761) % HOLE_HEADS;
  for (uint32_t at = *head; at; at = buffer_numbers(&compiler->hole_chains)[at - 1]) {
    const struct hole *known = &holes[at - 1];
    if (known->list == hole.list && known->slot == hole.slot && known->type == hole.type && known->kind == hole.kind)
      return (uint16_t)(at - 1);
  }
  if (count >= UINT16_MAX / 2 && hole.slot != NONE)
    compiler->states.exceeded = true; /* the rest is for joined states */
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
  return states_one(&compiler->states, EDGE_SPACE, 0, states_behind_spaces(&compiler->states, set));
}

static uint32_t no_symbol(struct compiler *compiler, const struct template_node *node) {
  return compiler->failed ? 0 : die(compiler, node, "too_large", "needs more different characters than there can be");
}

static uint32_t compile_text(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  buffer_clear(&compiler->units);
  bool whole = text_units(node->text, node->length, &compiler->units);
  compiler->failed |= compiler->units.failed;
  if (compiler->failed) return 0;
  if (!whole)
    return die(compiler, node, "too_long", "comes to more than %d characters: no message is that long", TEXT_UNITS);
  const struct unit *units = (struct unit *)(void *)compiler->units.bytes;
  size_t count = compiler->units.length / sizeof *units;
  compiler->steps += count;
  for (size_t i = count; i-- > 0 && set;) {
    if (units[i].flags & UNIT_SPACE) {
      set = one_space(compiler, set);
      continue;
    }
    uint16_t symbol = symbol_of(compiler, units[i].base);
    if (symbol == 0) return no_symbol(compiler, node);
    if (!(units[i].flags & UNIT_PUNCTUATION)) {
      set = states_one(&compiler->states, symbol, 0, set);
      continue;
    }
    size_t first = i;
    while (first > 0 && units[first - 1].flags & UNIT_PUNCTUATION) first--;
    uint32_t without = is_optional(compiler, units, count, first, i, set) ? set : 0;
    for (;; i--) {
      symbol = symbol_of(compiler, units[i].base);
      if (symbol == 0) return no_symbol(compiler, node);
      set = states_one(&compiler->states, symbol, 0, set);
      if (i == first) break;
    }
    set = states_union(&compiler->states, set, without);
  }
  return set;
}

static uint32_t compile_alternative(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  uint32_t *sets = arena_alloc(&compiler->source->arena, sizeof *sets * (node->count + 1));
  if (!sets) return 0;
  for (uint32_t i = 0; i < node->count; i++) sets[i] = compile(compiler, node->parts[i], set);
  return states_union_all(&compiler->states, sets, node->count, false);
}

static uint32_t compile_permutation(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  uint32_t *sets = arena_alloc(&compiler->source->arena, (sizeof *sets) << node->count);
  if (!sets) return 0;
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
  return states_one(&compiler->states, EDGE_WILDCARD, compiler_hole(compiler, hole), after);
}

/* A range; a space before it may stand where the template has none. */
static uint32_t compile_number(struct compiler *compiler, struct hole hole, uint32_t set) {
  uint32_t after = states_after_list(&compiler->states, set);
  uint32_t number = states_one(&compiler->states, EDGE_RANGE, compiler_hole(compiler, hole), after);
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
  return states_one(&compiler->states, (uint16_t)hole.kind, compiler_hole(compiler, hole),
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

static uint32_t compile_node(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  switch (node->kind) {
  case TEMPLATE_TEXT: return compile_text(compiler, node, set);
  case TEMPLATE_SEQUENCE:
    for (uint32_t i = node->count; i-- > 0;) set = compile(compiler, node->parts[i], set);
    return set;
  case TEMPLATE_ALTERNATIVE: return compile_alternative(compiler, node, set);
  case TEMPLATE_PERMUTATION: return compile_permutation(compiler, node, set);
  case TEMPLATE_LIST: return compile_list(compiler, node, set);
  case TEMPLATE_RANGE: return compile_range(compiler, node, set);
  case TEMPLATE_RULE: return compile_phrase(compiler, node, set);
  }
  return 0;
}

static uint32_t compile(struct compiler *compiler, const struct template_node *node, uint32_t set) {
  if (++compiler->steps > MOST_STEPS) compiler->states.exceeded = true;
  if (compiler->states.exceeded || compiler->too_deep || compiler->failed) return 0;
  compiler->too_deep = compiler->nesting == TEMPLATE_NESTING;
  if (compiler->too_deep)
    return die(compiler, node, "too_deep", "nests groups and phrases more than %d deep: join some of them",
               TEMPLATE_NESTING);
  compiler->nesting++;
  set = compile_node(compiler, node, set);
  compiler->nesting--;
  return set;
}

/* Whether the template says anything besides spaces and punctuation. */
static bool has_content(struct compiler *compiler, const struct template_node *node) {
  if (node->kind == TEMPLATE_TEXT) {
    buffer_clear(&compiler->units);
    text_units(node->text, node->length, &compiler->units); /* what is too long is said when it is compiled */
    compiler->failed |= compiler->units.failed;
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
  compiler->too_deep = compiler->states.exceeded = false;
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
  if (good) start = states_union_all(&compiler->states, buffer_numbers(&starts), count, true);
  static const uint32_t dead = 0;
  buffer_push(&starts, &dead, sizeof dead); /* so that there is a root also without templates */
  good = good && !starts.failed &&
         states_write(&compiler->states, &compiler->draft, buffer_numbers(&starts), count + 1, &numbers);
  if (good) write_templates(compiler, buffer_numbers(&starts), buffer_numbers(&numbers));
  good = good && compiler_join(compiler, start);
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
}

sentences *sentences_compile(sentences_source *source) {
  if (source_failed(source)) return NULL;
  struct compiler compiler = {.source = source};
  struct settings settings = {.ignore_whitespace = source->ignore_whitespace, .skip_words = NONE, .number_words = NONE};
  buffer_push(&compiler.draft.settings, &settings, sizeof settings);
  draft_text(&compiler.draft, "", 0);
  struct image *image = NULL;
  if (states_begin(&compiler.states) && !compiler.draft.settings.failed) {
    compiler_build_records(&compiler);
    if (!compiler.failed) image = compile_states(&compiler);
  }
  bool failed = compiler.failed || compiler.states.failed || source_failed(source) || !compiler.states.sets.bytes;
  compiler_free(&compiler);
  sentences *compiled = image ? sentences_new(image) : NULL;
  if (!compiled && (failed || !source_has_errors(source))) buffer_clear(&source->mistakes); /* want of memory is none */
  return compiled;
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
  compiler_build_list(&compiler, SOURCE_ITEM(source, struct source_list, lists, count - 1));
  bool failed = compiler.failed || source_failed(source) || source_has_errors(source);
  struct image *image = failed ? NULL : image_new(&compiler.draft);
  compiler_free(&compiler);
  sentences *next = image ? memory_zeroed(sizeof *next + compiled->list_count * sizeof(struct image *)) : NULL;
  if (!next) {
    image_drop(image);
    if (!source_has_errors(source)) buffer_clear(&source->mistakes); /* want of memory is none */
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
