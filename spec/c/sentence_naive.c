/*
 * sentence_naive: see sentence_naive.h.
 *
 * A way through a tree is walked with the places of the text where it can be, as bits: what is taken without a choice
 * that counts (a character, a space, something ignorable) moves all of them at once. Whatever fills a slot divides
 * them.
 */
#include "sentence_naive.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sentence_fixture.h"
#include "sentence_text.h"

enum { MOST_STEPS = 20000, MOST_HITS = 64, LONGEST_VALUE = 40, VALUE_TEXTS = 8 };

/* ---- grammars by chance ---- */

static bool chance(uint64_t *random, unsigned percent) {
  return sentence_random(random) % 100 < percent;
}

static const char *any_of(uint64_t *random, const char *const *choices, unsigned count) {
  return choices[sentence_random(random) % count];
}

#define ANY(random, ...)                             \
  any_of(random, (const char *const[]){__VA_ARGS__}, \
         (unsigned)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)))

/* Text that still fits is appended. */
static void put(char *out, size_t size, const char *text) {
  if (strlen(out) + strlen(text) < size) strcat(out, text);
}

static void put_letters(char *out, size_t size, uint64_t *random) {
  for (unsigned count = 1 + sentence_random(random) % 3; count; count--)
    put(out, size, ANY(random, "a", "b", "e", "a", "b", " ", " ", "\xC3\xA9", "1", "-"));
}

static void put_body(char *out, uint64_t *random, unsigned depth, bool phrases);

/* Alternatives or permuted parts, without their brackets. */
static void put_parts(char *out, uint64_t *random, unsigned depth, const char *separator, unsigned count,
                      bool phrases) {
  for (unsigned i = 0; i < count; i++) {
    if (i) put(out, NAIVE_TEMPLATE_SIZE, separator);
    put_body(out, random, depth + 1, phrases);
  }
}

static void put_part(char *out, uint64_t *random, unsigned depth, bool phrases) {
  unsigned kind = sentence_random(random) % 100, count = 2 + sentence_random(random) % 2;
  size_t size = strlen(out) < NAIVE_TEMPLATE_SIZE - 40 ? NAIVE_TEMPLATE_SIZE : 0;
  if (kind < 46 || depth > 2 || size == 0) {
    put_letters(out, size, random);
  } else if (kind < 60) {
    put(out, size, "[");
    if (chance(random, 25))
      put_parts(out, random, depth, chance(random, 70) ? "|" : ";", 2, phrases);
    else
      put_body(out, random, depth + 1, phrases);
    put(out, NAIVE_TEMPLATE_SIZE, "]");
  } else if (kind < 71) {
    put(out, size, "(");
    put_parts(out, random, depth, "|", count, phrases);
    put(out, NAIVE_TEMPLATE_SIZE, ")");
  } else if (kind < 76) {
    put(out, size, "(");
    put_parts(out, random, depth, ";", count, phrases);
    put(out, NAIVE_TEMPLATE_SIZE, ")");
  } else if (kind < 87) {
    put(out, size, ANY(random, "{l0}", "{l1}", "{l2}", "{l0:s}", "{l1:s}", "{l2:t}"));
  } else if (kind < 91) {
    put(out, size, ANY(random, "{1..20}", "{1..5:s}", "{5..55,5:t}", "{-5..15:s}"));
  } else if (kind < 96) {
    put(out, size, ANY(random, "{w}", "{v}"));
  } else {
    put(out, size, phrases ? ANY(random, "<p0>", "<p1>") : "a");
  }
}

static void put_body(char *out, uint64_t *random, unsigned depth, bool phrases) {
  for (unsigned count = 1 + sentence_random(random) % 3; count; count--) put_part(out, random, depth, phrases);
}

/* Room for all the brackets that are still to be closed. */
static void fill_template(char *out, uint64_t *random, bool phrases) {
  do {
    out[0] = '\0';
    put_body(out, random, 0, phrases);
  } while (strlen(out) >= NAIVE_TEMPLATE_SIZE - 8 || out[0] == ' ' || out[strlen(out) - 1] == ' ');
}

static void fill_list(struct naive_list *list, uint64_t *random) {
  unsigned kind = sentence_random(random) % 10;
  if (kind == 0) {
    list->options.kind = SENTENCES_WILDCARD;
  } else if (kind < 3) {
    list->options.kind = SENTENCES_RANGE;
    list->options.from = chance(random, 30) ? -5 : 0;
    list->options.to = chance(random, 50) ? 15 : 1551;
    list->options.step = chance(random, 30) ? 5 : 1;
    list->options.multiplier = chance(random, 20) ? 2 : 1;
    list->options.fractions = chance(random, 30) ? 2 : chance(random, 20) ? 10 : 1;
    list->options.no_digits = chance(random, 10);
    list->options.no_words = chance(random, 30);
  } else {
    list->options.exact_accents = chance(random, 15);
    list->options.typos = chance(random, 15);
    list->count = 1 + sentence_random(random) % NAIVE_VALUES;
  }
  for (unsigned i = 0; i < list->count; i++) {
    struct naive_value *value = &list->values[i];
    strcpy(value->text, list->options.typos && chance(random, 70)
                            ? ANY(random, "abbabe", "a beba", "babbab-a", "ababab")
                            : ANY(random, "a", "b", "ab", "a b", "ba", "a-b", "e", "\xC3\xA9", "a[b]", "(a|b) e",
                                  "b[ a]", "a.b", "1", "15 a", "[\xC3\xA9]b"));
    value->out = chance(random, 30) ? (char)('P' + i) : '\0';
    if (chance(random, 20)) {
      value->key = chance(random, 70) ? 'k' : 'm';
      value->context = chance(random, 50) ? 'x' : 'y';
    }
  }
}

static void fill_condition(struct naive_condition *condition, uint64_t *random) {
  condition->excludes = chance(random, 40);
  condition->key = chance(random, 70) ? 'k' : 'm';
  strcpy(condition->values, ANY(random, "", "x", "y", "xy"));
}

void naive_grammar_fill(struct naive_grammar *grammar, uint64_t *random) {
  memset(grammar, 0, sizeof *grammar);
  grammar->ignore_whitespace = chance(random, 8);
  if (chance(random, 30)) strcpy(grammar->number_word, ANY(random, "a", "ab", "b a"));
  for (unsigned i = 0; i < NAIVE_LISTS; i++) fill_list(&grammar->lists[i], random);
  for (unsigned i = 0; i < NAIVE_PHRASES; i++) fill_template(grammar->phrases[i], random, false);
  grammar->blocks = 1 + sentence_random(random) % NAIVE_BLOCKS;
  for (unsigned i = 0; i < grammar->blocks; i++) {
    struct naive_block *block = &grammar->block[i];
    block->intent = i == 0 ? 0 : grammar->block[i - 1].intent + chance(random, 60);
    block->priority = chance(random, 10) ? 1 : 0;
    block->conditions = chance(random, 25) ? 1 + sentence_random(random) % NAIVE_CONDITIONS : 0;
    for (unsigned k = 0; k < block->conditions; k++) fill_condition(&block->condition[k], random);
  }
  grammar->templates = 1 + sentence_random(random) % NAIVE_TEMPLATES;
  for (unsigned i = 0; i < grammar->templates; i++) {
    fill_template(grammar->template[i], random, true);
    unsigned least = i ? grammar->block_of[i - 1] : 0;
    grammar->block_of[i] = least + sentence_random(random) % (grammar->blocks - least);
  }
}

/* ---- writing ---- */

static void print(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(struct buffer *out, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  buffer_text(out, text);
}

static void write_list(const struct naive_list *list, unsigned index, struct buffer *out) {
  const sentences_list_options *options = &list->options;
  if (options->kind == SENTENCES_WILDCARD) {
    print(out, "wildcard l%u\n", index);
  } else if (options->kind == SENTENCES_RANGE) {
    print(out, "range l%u %g %g step %g times %g parts %d%s%s\n", index, options->from, options->to, options->step,
          options->multiplier, options->fractions, options->no_digits ? " nodigits" : "",
          options->no_words ? " nowords" : "");
  } else {
    print(out, "list l%u%s%s\n", index, options->exact_accents ? " accents" : "", options->typos ? " typos" : "");
    for (unsigned i = 0; i < list->count; i++) {
      const struct naive_value *value = &list->values[i];
      print(out, "value %s", value->text);
      if (value->out) print(out, " => %c", value->out);
      if (value->key) print(out, " @ %c=%c", value->key, value->context);
      print(out, "\n");
    }
  }
}

static void write_block(const struct naive_block *block, struct buffer *out) {
  print(out, "block %d\n", block->priority);
  for (unsigned i = 0; i < block->conditions; i++) {
    const struct naive_condition *condition = &block->condition[i];
    print(out, "%s %c", condition->excludes ? "excludes" : "requires", condition->key);
    for (const char *value = condition->values; *value; value++)
      print(out, "%s%c", value == condition->values ? ": " : ", ", *value);
    print(out, "\n");
  }
}

void naive_grammar_write(const struct naive_grammar *grammar, struct buffer *out) {
  if (grammar->ignore_whitespace) print(out, "nospace\n");
  if (grammar->number_word[0]) print(out, "number %s => 5\n", grammar->number_word);
  for (unsigned i = 0; i < NAIVE_LISTS; i++) write_list(&grammar->lists[i], i, out);
  for (unsigned i = 0; i < NAIVE_PHRASES; i++) print(out, "phrase p%u %s\n", i, grammar->phrases[i]);
  for (unsigned i = 0, template = 0; i < grammar->blocks; i++) {
    if (i == 0 || grammar->block[i].intent != grammar->block[i - 1].intent)
      print(out, "intent i%u\nslot l0\nslot l1\nslot l2\nslot s\nslot t\nslot w\nslot v\n", grammar->block[i].intent);
    write_block(&grammar->block[i], out);
    for (; template <grammar->templates && grammar->block_of[template] == i; template ++)
      print(out, "say %s\n", grammar->template[template]);
  }
}

/* ---- trees ---- */

static const struct template_node *read(struct naive *naive, const char *text) {
  struct template_mistake mistake;
  return template_parse(&naive->arena, text, strlen(text), &mistake);
}

bool naive_begin(struct naive *naive, const struct naive_grammar *grammar) {
  bool good = true;
  naive->grammar = grammar;
  arena_clear(&naive->arena);
  for (unsigned i = 0; i < NAIVE_PHRASES; i++) good &= (naive->phrases[i] = read(naive, grammar->phrases[i])) != NULL;
  for (unsigned i = 0; i < grammar->templates; i++)
    good &= (naive->templates[i] = read(naive, grammar->template[i])) != NULL;
  for (unsigned i = 0; i < NAIVE_LISTS; i++) {
    for (unsigned k = 0; k < grammar->lists[i].count; k++)
      good &= (naive->values[i][k] = read(naive, grammar->lists[i].values[k].text)) != NULL;
  }
  return good;
}

void naive_end(struct naive *naive) {
  arena_free(&naive->arena);
}

/* The list that a node names: l0, l1 or l2; NAIVE_LISTS: a slot that takes any text. */
static unsigned list_named(const struct template_node *node) {
  return node->text[0] == 'l' ? (unsigned)(node->text[1] - '0') : NAIVE_LISTS;
}

/* ---- texts by chance ---- */

static const char *any_character(uint64_t *random) {
  return ANY(random, "a", "b", "e", "a", "b", "A", "\xC3\xA9", " ", " ", " ", "-", "1", "5", "0", ".", ",", "1");
}

static void say(const struct naive *naive, const struct template_node *node, uint64_t *random, struct buffer *out);

static void say_number(double from, double to, uint64_t *random, struct buffer *out) {
  if (chance(random, 10)) {
    buffer_text(out, ANY(random, "1,500", "1.5", "0.5", "-5", "1.1.1", "01"));
    return;
  }
  double least = from > -5 ? from : -5, most = to < 20 ? to : 20;
  print(out, "%g", least + (double)(sentence_random(random) % (unsigned)(most - least + 1)));
}

static void say_list(const struct naive *naive, const struct template_node *node, uint64_t *random,
                     struct buffer *out) {
  unsigned index = list_named(node);
  const struct naive_list *list = index < NAIVE_LISTS ? &naive->grammar->lists[index] : NULL;
  if (!list || list->options.kind == SENTENCES_WILDCARD) {
    for (unsigned count = 1 + sentence_random(random) % 4; count; count--) buffer_text(out, any_character(random));
  } else if (list->options.kind == SENTENCES_RANGE) {
    if (naive->grammar->number_word[0] && chance(random, 30))
      buffer_text(out, naive->grammar->number_word);
    else
      say_number(list->options.from, list->options.to, random, out);
  } else {
    say(naive, naive->values[index][sentence_random(random) % list->count], random, out);
  }
}

static void say(const struct naive *naive, const struct template_node *node, uint64_t *random, struct buffer *out) {
  switch (node->kind) {
  case TEMPLATE_TEXT:
    for (uint32_t i = 0; i < node->length; i++) {
      if (node->text[i] == ' ' && chance(random, 10))
        buffer_byte(out, '-');
      else
        buffer_byte(out, node->text[i]);
    }
    return;
  case TEMPLATE_SEQUENCE:
    for (uint32_t i = 0; i < node->count; i++) say(naive, node->parts[i], random, out);
    return;
  case TEMPLATE_ALTERNATIVE: say(naive, node->parts[sentence_random(random) % node->count], random, out); return;
  case TEMPLATE_PERMUTATION: {
    uint32_t first = sentence_random(random) % node->count;
    for (uint32_t i = 0; i < node->count; i++) {
      buffer_byte(out, ' ');
      say(naive, node->parts[(first + i) % node->count], random, out);
      buffer_byte(out, ' ');
    }
    return;
  }
  case TEMPLATE_LIST: say_list(naive, node, random, out); return;
  case TEMPLATE_RANGE: say_number(node->from, node->to, random, out); return;
  case TEMPLATE_RULE: say(naive, naive->phrases[node->text[1] - '0'], random, out); return;
  }
}

/* Removes the character at a byte, or puts another before it or in its place. */
static void mutate(uint64_t *random, struct buffer *out) {
  size_t at = sentence_random(random) % (out->length + 1), behind = at;
  while (at > 0 && at < out->length && ((unsigned char)out->bytes[at] & 0xC0) == 0x80) at--;
  struct buffer changed = {0};
  unsigned way = sentence_random(random) % 3;
  if (behind < at + 1) behind = at + 1;
  while (behind < out->length && ((unsigned char)out->bytes[behind] & 0xC0) == 0x80) behind++;
  buffer_append(&changed, out->bytes, at);
  if (way) buffer_text(&changed, any_character(random));
  if (way == 1) behind = at;
  if (behind < out->length) buffer_append(&changed, out->bytes + behind, out->length - behind);
  buffer_free(out);
  *out = changed;
}

void naive_text(const struct naive *naive, uint64_t *random, struct buffer *out) {
  buffer_clear(out);
  if (chance(random, 50)) {
    for (unsigned count = sentence_random(random) % 10; count; count--) buffer_text(out, any_character(random));
    return;
  }
  say(naive, naive->templates[sentence_random(random) % naive->grammar->templates], random, out);
  for (unsigned count = sentence_random(random) % 4; count > 1; count--) mutate(random, out);
}

/* ---- the text ---- */

struct hit {
  unsigned end, value, typos, folded;
  double number;
};

struct hits {
  bool known;
  unsigned count;
  struct hit hit[MOST_HITS];
};

struct captured {
  const struct captured *before;
  const char *slot; /* NULL: none */
  unsigned from, to;
  char out;
  bool is_number;
  double number;
};

struct way {
  bool space, after_list, after_wildcard;
  bool refused; /* a value's context contradicts the block's */
  unsigned met; /* bits of conditions */
  unsigned best, wildcards, free, typos, folded, literals, wildcard_ends, listed;
  const struct captured *captured;
};

struct rest {
  const struct template_node *node;
  unsigned at; /* of a text: byte; of a sequence: part; of a permutation: bits of the parts that are left */
  const struct rest *next;
};

struct walk {
  const struct naive *naive;
  const struct naive_block *block;
  const struct naive_message *message;
  const struct unit *units;
  const unsigned char *places;
  unsigned count, steps, met, needed;
  struct hits lists[NAIVE_LISTS][NAIVE_PLACES + 1];
  struct naive_parse *parse;
};

static bool is_separator(const struct walk *walk, unsigned place) {
  return place < walk->count && walk->units[place].flags & (UNIT_SPACE | UNIT_BREAK);
}

static uint32_t over_ignorable(const struct walk *walk, uint32_t places) {
  for (unsigned i = 0; i < walk->count; i++) {
    if (places >> i & 1 && walk->units[i].flags & UNIT_IGNORABLE) places |= UINT32_C(2) << i;
  }
  return places;
}

static uint32_t over_separator(const struct walk *walk, uint32_t places) {
  uint32_t behind = 0;
  for (unsigned i = 0; i < walk->count; i++) {
    if (places >> i & 1 && is_separator(walk, i)) behind |= UINT32_C(2) << i;
  }
  return behind;
}

/* Over the template's space, which is there, or need not be. */
static uint32_t over_space(const struct walk *walk, uint32_t places, bool after_list) {
  places = over_ignorable(walk, places);
  uint32_t behind = over_separator(walk, places);
  for (unsigned i = 0; i <= walk->count; i++) {
    if (places >> i & 1 && (after_list || walk->places[i] & (PLACE_WORD_START | PLACE_END))) behind |= UINT32_C(1) << i;
  }
  return over_ignorable(walk, behind);
}

/* ---- what lists and numbers are at a place ---- */

static void add_hit(struct hits *hits, struct hit hit) {
  for (unsigned i = 0; i < hits->count; i++) {
    struct hit *known = &hits->hit[i];
    if (known->end != hit.end || known->value != hit.value || known->number != hit.number) continue;
    if (hit.typos < known->typos || (hit.typos == known->typos && hit.folded < known->folded)) *known = hit;
    return;
  }
  if (hits->count < MOST_HITS) hits->hit[hits->count++] = hit;
}

struct value_text {
  struct unit units[LONGEST_VALUE];
  unsigned count;
};

struct spelling {
  const struct walk *walk;
  const sentences_list_options *options;
  const struct value_text *text;
  unsigned from;
  bool typos; /* may be */
  struct hits *hits;
  struct hit hit;
};

/* Each way in which the rest of a value, from `at` on, can stand at a place. `taken`: the last unit was of the value.
 */
static void spell(const struct spelling *spelling, unsigned at, unsigned place, unsigned typos, unsigned folded,
                  bool taken) {
  const struct walk *walk = spelling->walk;
  const struct unit *unit = place < walk->count ? &walk->units[place] : NULL;
  const struct unit *wanted = at < spelling->text->count ? &spelling->text->units[at] : NULL;
  bool word_end = !unit || !unit_in_word(unit);
  if (!wanted && taken && (!typos || (word_end && spelling->text->count >= SENTENCES_LONG))) {
    struct hit hit = spelling->hit;
    hit.end = place;
    hit.typos = typos;
    hit.folded = folded;
    add_hit(spelling->hits, hit);
  }
  if (unit && wanted && unit->base == wanted->base) {
    bool differs = unit->mark != wanted->mark;
    if (!differs || !spelling->options->exact_accents)
      spell(spelling, at + 1, place + 1, typos, folded + differs, true);
  }
  if (unit && wanted && unit->flags & UNIT_BREAK && wanted->flags & UNIT_SPACE)
    spell(spelling, at + 1, place + 1, typos, folded, true);
  if (unit && unit->flags & UNIT_IGNORABLE && place > spelling->from)
    spell(spelling, at, place + 1, typos, folded, false);
  if (!spelling->typos || typos) return;
  if (unit && unit_in_word(unit)) {
    if (wanted) spell(spelling, at + 1, place + 1, 1, folded, true);
    spell(spelling, at, place + 1, 1, folded, true);
  }
  if (wanted) spell(spelling, at + 1, place, 1, folded, taken);
}

/* All texts of a value's tree. */
static unsigned expand(const struct template_node *node, char texts[VALUE_TEXTS][LONGEST_VALUE], unsigned count) {
  if (node->kind == TEMPLATE_TEXT) {
    for (unsigned i = 0; i < count; i++) put(texts[i], LONGEST_VALUE, node->text);
    return count;
  }
  if (node->kind == TEMPLATE_SEQUENCE) {
    for (unsigned i = 0; i < node->count; i++) count = expand(node->parts[i], texts, count);
    return count;
  }
  char before[VALUE_TEXTS][LONGEST_VALUE];
  memcpy(before, texts, sizeof before);
  unsigned all = 0;
  for (unsigned i = 0; i < node->count; i++) {
    memcpy(texts[all], before, count * sizeof before[0]);
    all += expand(node->parts[i], texts + all, count);
  }
  return all;
}

static void fill_value_text(struct value_text *out, const char *text, bool ignore_whitespace) {
  struct buffer units = {0};
  unsigned char places[LONGEST_VALUE + 1];
  text_units(text, strlen(text), &units);
  struct unit *all = (struct unit *)(void *)units.bytes;
  size_t count = units.length / sizeof *all;
  text_places(all, count, places);
  out->count = 0;
  for (size_t i = 0; i < count; i++) {
    bool space = all[i].flags & UNIT_SPACE;
    bool left_out = all[i].flags & UNIT_IGNORABLE && (space || all[i].flags & UNIT_PUNCTUATION);
    if (!left_out && !(space && ignore_whitespace)) out->units[out->count++] = all[i];
  }
  buffer_free(&units);
}

static void spell_text(struct walk *walk, const sentences_list_options *options, const char *text, unsigned place,
                       struct hits *hits, struct hit hit) {
  struct value_text value;
  fill_value_text(&value, text, walk->naive->grammar->ignore_whitespace);
  bool typos = options->typos && walk->places[place] & PLACE_WORD_START;
  struct spelling spelling = {walk, options, &value, place, typos, hits, hit};
  spell(&spelling, 0, place, 0, 0, false);
}

static bool is_digit(const struct walk *walk, unsigned place) {
  return place < walk->count && walk->units[place].base >= '0' && walk->units[place].base <= '9';
}

/* Whether the hyphen before a place is a minus. */
static bool has_minus(const struct walk *walk, unsigned place) {
  bool hyphen = place > 0 && walk->units[place - 1].base == '-';
  return hyphen && (place == 1 || !unit_in_word(&walk->units[place - 2]));
}

/* The number in digits at a place; returns its end, or 0. */
static unsigned read_number(const struct walk *walk, unsigned place, double *number) {
  enum { MOST_GROUPS = 16 };
  unsigned at = place, groups = 0, lengths[MOST_GROUPS];
  double values[MOST_GROUPS];
  uint32_t separators[MOST_GROUPS];
  bool negative = place < walk->count && walk->units[place].base == '-';
  if (negative) at++;
  if (place > 0 && is_digit(walk, place - 1)) return 0;
  bool point = place > 0 && (walk->units[place - 1].base == '.' || walk->units[place - 1].base == ',');
  if (point && (place == 1 || !unit_in_word(&walk->units[place - 2]))) return 0; /* ".5" */
  if (is_digit(walk, place) && has_minus(walk, place)) return 0;
  for (;;) {
    lengths[groups] = 0;
    values[groups] = 0;
    for (; is_digit(walk, at); at++, lengths[groups]++)
      values[groups] = values[groups] * 10 + walk->units[at].base - '0';
    if (lengths[groups++] == 0) return 0;
    bool more = at < walk->count && (walk->units[at].base == '.' || walk->units[at].base == ',');
    if (!more || !is_digit(walk, at + 1) || groups == MOST_GROUPS) break;
    separators[groups] = walk->units[at++].base;
  }
  unsigned grouped = 1; /* how many of them are thousands */
  bool may = lengths[0] <= 3 && values[0] >= 1;
  while (may && grouped < groups && lengths[grouped] == 3 && separators[grouped] == separators[1]) grouped++;
  double value = values[0];
  for (unsigned i = 1; i < grouped; i++) value = value * 1000 + values[i];
  if (groups > grouped + 1 || (groups > grouped && grouped > 1 && separators[grouped] == separators[1])) return 0;
  if (groups > grouped) value += values[grouped] / pow(10, lengths[grouped]);
  *number = negative ? -value : value;
  return at;
}

static bool is_whole(double number) {
  return fabs(number - round(number)) < 1e-9;
}

static bool takes_number(const sentences_list_options *range, double number) {
  if (number < range->from || number > range->to) return false;
  double whole = range->fractions > 1 ? floor(number + 1e-9) : number;
  return is_whole((whole - range->from) / range->step) && is_whole((number - whole) * range->fractions);
}

static void fill_numbers(struct walk *walk, const sentences_list_options *range, unsigned place, struct hits *hits) {
  const struct naive_grammar *grammar = walk->naive->grammar;
  double number;
  unsigned end = range->no_digits ? 0 : read_number(walk, place, &number);
  hits->count = 0;
  if (end) {
    if (takes_number(range, number)) add_hit(hits, (struct hit){.end = end, .number = number * range->multiplier});
    return;
  }
  bool may_start = place == 0 || !unit_in_word(&walk->units[place - 1]) || grammar->ignore_whitespace;
  if (has_minus(walk, place)) may_start = false;
  if (range->no_words || !grammar->number_word[0] || !may_start || !takes_number(range, 5)) return;
  static const sentences_list_options plain = {.kind = SENTENCES_VALUES};
  spell_text(walk, &plain, grammar->number_word, place, hits, (struct hit){.number = 5 * range->multiplier});
  for (unsigned i = 0; i < hits->count; i++) hits->hit[i].folded = 0;
}

static const struct hits *hits_of(struct walk *walk, unsigned index, unsigned place) {
  struct hits *hits = &walk->lists[index][place];
  const struct naive_list *list = &walk->naive->grammar->lists[index];
  if (hits->known) return hits;
  hits->known = true;
  hits->count = 0;
  if (list->options.kind == SENTENCES_RANGE) {
    fill_numbers(walk, &list->options, place, hits);
    return hits;
  }
  for (unsigned i = 0; i < list->count; i++) {
    char texts[VALUE_TEXTS][LONGEST_VALUE] = {{0}};
    unsigned count = expand(walk->naive->values[index][i], texts, 1);
    for (unsigned k = 0; k < count; k++)
      spell_text(walk, &list->options, texts[k], place, hits, (struct hit){.value = i});
  }
  return hits;
}

/* ---- walking ---- */

static void walk_on(struct walk *walk, const struct rest *rest, uint32_t places, struct way way);

static bool holds(const struct naive_condition *condition, char value) {
  return condition->values[0] == '\0' || strchr(condition->values, value) != NULL;
}

static void check_context(const struct walk *walk, const struct naive_value *value, struct way *way) {
  for (unsigned i = 0; value->key && i < walk->block->conditions; i++) {
    const struct naive_condition *condition = &walk->block->condition[i];
    if (condition->key != value->key) continue;
    way->refused |= holds(condition, value->context) == condition->excludes;
    if (!condition->excludes) way->met |= 1U << i;
  }
}

static bool is_best_slot(const struct walk *walk, const char *slot) {
  return slot && walk->message->best_slot && strcmp(slot, walk->message->best_slot) == 0;
}

/* Over what a list or range takes from one of the places on. */
static void walk_hits(struct walk *walk, const struct rest *rest, uint32_t places, struct way way, unsigned list,
                      const char *slot, struct hits *own) {
  for (unsigned place = 0; place <= walk->count; place++) {
    if (!(places >> place & 1)) continue;
    if (own) {
      sentences_list_options range = {
          .from = rest->node->from, .to = rest->node->to, .step = rest->node->step, .multiplier = 1, .fractions = 1};
      fill_numbers(walk, &range, place, own);
    }
    const struct hits *hits = own ? own : hits_of(walk, list, place);
    bool is_number = own || walk->naive->grammar->lists[list].options.kind == SENTENCES_RANGE;
    for (unsigned i = 0; i < hits->count; i++) {
      const struct hit hit = hits->hit[i];
      struct way next = way;
      next.typos += hit.typos;
      next.folded += hit.folded;
      next.listed += hit.end - place;
      if (is_best_slot(walk, slot) && !hit.typos && !hit.folded) next.best += hit.end - place;
      struct captured captured = {way.captured, slot, place, hit.end, '\0', is_number, hit.number};
      if (!is_number) {
        const struct naive_value *value = &walk->naive->grammar->lists[list].values[hit.value];
        captured.out = value->out;
        check_context(walk, value, &next);
      }
      next.captured = &captured;
      next.after_list = true;
      next.after_wildcard = false;
      walk_on(walk, rest->next, UINT32_C(1) << hit.end, next);
    }
  }
}

static unsigned content_from(const struct walk *walk, unsigned place) {
  while (place < walk->count && walk->units[place].flags & (UNIT_SPACE | UNIT_IGNORABLE)) place++;
  return place;
}

static unsigned content_between(const struct walk *walk, unsigned from, unsigned to) {
  unsigned count = 0;
  for (; from < to; from++) count += !(walk->units[from].flags & UNIT_IGNORABLE);
  return count;
}

static void walk_wildcard(struct walk *walk, const struct rest *rest, uint32_t places, struct way way) {
  uint32_t begun = 0;
  for (unsigned place = 0; place <= walk->count; place++) {
    unsigned from = content_from(walk, place);
    if (!(places >> place & 1) || from == walk->count || begun >> from & 1) continue;
    begun |= UINT32_C(1) << from;
    for (unsigned end = from + 1; end <= walk->count; end++) {
      if (end < walk->count && walk->units[end].flags & UNIT_INNER) continue;
      unsigned last = end;
      while (last > from + 1 && walk->units[last - 1].flags & (UNIT_SPACE | UNIT_IGNORABLE)) last--;
      struct way next = way;
      struct captured captured = {way.captured, rest->node->slot, from, last, '\0', false, 0};
      next.captured = &captured;
      next.wildcards += list_named(rest->node) < NAIVE_LISTS;
      next.free += list_named(rest->node) < NAIVE_LISTS ? 0 : content_between(walk, from, last);
      next.wildcard_ends += last;
      next.after_list = false;
      next.after_wildcard = true;
      walk_on(walk, rest->next, UINT32_C(1) << end, next);
    }
  }
}

static int compare_ways(const struct naive_parse *parse, const struct way *way) {
#define LESS(field) \
  if (parse->field != way->field) return way->field < parse->field ? 1 : -1;
#define MORE(field) \
  if (parse->field != way->field) return way->field > parse->field ? 1 : -1;
  MORE(best)
  LESS(wildcards)
  LESS(free)
  LESS(typos)
  LESS(folded)
  MORE(literals)
  LESS(wildcard_ends)
  MORE(listed)
#undef LESS
#undef MORE
  return 0;
}

static void put_slot(char out[NAIVE_SLOTS_SIZE], const char *name, size_t from, size_t to, const char *value) {
  size_t length = strlen(out);
  snprintf(out + length, NAIVE_SLOTS_SIZE - length, "%s@%zu-%zu=%s ", name, from, to, value);
}

static void put_captured(const struct walk *walk, const struct captured *captured, char out[NAIVE_SLOTS_SIZE]) {
  if (!captured) return;
  put_captured(walk, captured->before, out);
  if (!captured->slot) return;
  char value[32] = "text";
  if (captured->is_number) snprintf(value, sizeof value, "%.12g", captured->number);
  if (captured->out) snprintf(value, sizeof value, "%c", captured->out);
  put_slot(out, captured->slot, walk->units[captured->from].from, walk->units[captured->to - 1].to, value);
}

void naive_slots(const sentences_match *match, char out[NAIVE_SLOTS_SIZE]) {
  out[0] = '\0';
  for (size_t i = 0; i < match->capture_count; i++) {
    const sentences_capture *capture = &match->captures[i];
    char value[32] = "text";
    if (capture->value.kind == SENTENCES_NUMBER) snprintf(value, sizeof value, "%.12g", capture->value.number);
    if (capture->value.kind == SENTENCES_TEXT && capture->value.length == 1 && capture->value.text[0] >= 'P' &&
        capture->value.text[0] <= 'Z')
      snprintf(value, sizeof value, "%c", capture->value.text[0]);
    put_slot(out, capture->name, capture->from, capture->to, value);
  }
}

static void accept(struct walk *walk, const struct way *way) {
  struct naive_parse *parse = walk->parse;
  parse->accepted = true;
  if (way->refused || (way->met & walk->needed) != walk->needed) return;
  int order = parse->allowed ? compare_ways(parse, way) : 1;
  if (order < 0) return;
  if (order > 0) {
    parse->allowed = true;
    parse->best = way->best;
    parse->wildcards = way->wildcards;
    parse->free = way->free;
    parse->typos = way->typos;
    parse->folded = way->folded;
    parse->literals = way->literals;
    parse->wildcard_ends = way->wildcard_ends;
    parse->listed = way->listed;
    parse->count = 0;
  }
  char slots[NAIVE_SLOTS_SIZE] = "";
  put_captured(walk, way->captured, slots);
  for (unsigned i = 0; i < parse->count && i < NAIVE_PARSES; i++) {
    if (strcmp(parse->slots[i], slots) == 0) return;
  }
  if (parse->count < NAIVE_PARSES) strcpy(parse->slots[parse->count], slots);
  parse->count++;
}

static void walk_text(struct walk *walk, const struct rest *rest, uint32_t places, struct way way) {
  const struct template_node *node = rest->node;
  if (node->text[rest->at] == ' ') {
    way.space = !walk->naive->grammar->ignore_whitespace || way.space;
    walk_on(walk, &(struct rest){node, rest->at + 1, rest->next}, places, way);
    return;
  }
  bool accented = (unsigned char)node->text[rest->at] == 0xC3;
  uint32_t wanted = accented ? 'e' : (uint32_t)(unsigned char)node->text[rest->at], behind = 0;
  for (unsigned i = 0; i < walk->count; i++) {
    if (places >> i & 1 && walk->units[i].base == wanted) behind |= UINT32_C(2) << i;
  }
  way.literals++;
  way.after_list = way.after_wildcard = false;
  if (behind) walk_on(walk, &(struct rest){node, rest->at + 1 + accented, rest->next}, behind, way);
}

/* Nodes that only lead to others; false when this one takes something itself. */
static bool walk_inside(struct walk *walk, const struct rest *rest, uint32_t places, struct way way) {
  const struct template_node *node = rest->node;
  switch (node->kind) {
  case TEMPLATE_TEXT:
    if (rest->at < node->length) return node->text[rest->at] == ' ' ? walk_text(walk, rest, places, way), true : false;
    walk_on(walk, rest->next, places, way);
    return true;
  case TEMPLATE_SEQUENCE: {
    struct rest after = {node, rest->at + 1, rest->next};
    if (rest->at == node->count)
      walk_on(walk, rest->next, places, way);
    else
      walk_on(walk, &(struct rest){node->parts[rest->at], 0, &after}, places, way);
    return true;
  }
  case TEMPLATE_ALTERNATIVE:
    for (uint32_t i = 0; i < node->count; i++)
      walk_on(walk, &(struct rest){node->parts[i], 0, rest->next}, places, way);
    return true;
  case TEMPLATE_PERMUTATION: { /* parts that have been, as bits */
    way.space = !walk->naive->grammar->ignore_whitespace || way.space;
    if (rest->at == (1U << node->count) - 1) walk_on(walk, rest->next, places, way);
    for (uint32_t i = 0; i < node->count; i++) {
      struct rest after = {node, rest->at | 1U << i, rest->next};
      if (!(rest->at >> i & 1)) walk_on(walk, &(struct rest){node->parts[i], 0, &after}, places, way);
    }
    return true;
  }
  case TEMPLATE_RULE:
    walk_on(walk, &(struct rest){walk->naive->phrases[node->text[1] - '0'], 0, rest->next}, places, way);
    return true;
  case TEMPLATE_LIST:
  case TEMPLATE_RANGE: break;
  }
  return false;
}

static void walk_on(struct walk *walk, const struct rest *rest, uint32_t places, struct way way) {
  if (walk->steps >= MOST_STEPS) return;
  walk->steps++;
  if (rest && walk_inside(walk, rest, places, way)) return;
  const struct template_node *node = rest ? rest->node : NULL;
  unsigned list = node && node->kind == TEMPLATE_LIST ? list_named(node) : NAIVE_LISTS;
  bool takes_any = node && node->kind == TEMPLATE_LIST &&
                   (list == NAIVE_LISTS || walk->naive->grammar->lists[list].options.kind == SENTENCES_WILDCARD);
  if (way.space) {
    places = over_space(walk, places, way.after_list && !takes_any);
    way.space = way.after_list = false;
  } else {
    places = over_ignorable(walk, places);
  }
  if (!rest) {
    if (places >> walk->count & 1) accept(walk, &way);
    return;
  }
  bool is_range = node->kind == TEMPLATE_RANGE ||
                  (list < NAIVE_LISTS && walk->naive->grammar->lists[list].options.kind == SENTENCES_RANGE);
  if (way.after_list || is_range) places |= over_ignorable(walk, over_separator(walk, places));
  if (node->kind == TEMPLATE_TEXT) {
    walk_text(walk, rest, places, way);
  } else if (node->kind == TEMPLATE_RANGE) {
    struct hits own;
    walk_hits(walk, rest, places, way, 0, node->slot, &own);
  } else if (list < NAIVE_LISTS && walk->naive->grammar->lists[list].options.kind != SENTENCES_WILDCARD) {
    walk_hits(walk, rest, places, way, list, node->slot, NULL);
  } else if (!way.after_wildcard) {
    walk_wildcard(walk, rest, places, way);
  }
}

/* Whether the message alone speaks against the block; fills which conditions it meets and which it must. */
static bool message_agrees(struct walk *walk) {
  walk->met = walk->needed = 0;
  for (unsigned i = 0; i < walk->block->conditions; i++) {
    const struct naive_condition *condition = &walk->block->condition[i];
    bool there = walk->message->key == condition->key;
    bool held = there && holds(condition, walk->message->context);
    if (condition->excludes ? held : there && !held) return false;
    if (!condition->excludes) walk->needed |= 1U << i;
    if (!condition->excludes && held) walk->met |= 1U << i;
  }
  return true;
}

bool naive_match(const struct naive *naive, const char *text, size_t length, const struct naive_message *message,
                 struct naive_parse parses[NAIVE_TEMPLATES]) {
  struct buffer units = {0};
  unsigned char places[NAIVE_PLACES + 1] = {0};
  text_units(text, length, &units);
  struct unit *all = (struct unit *)(void *)units.bytes;
  size_t count = 0;
  for (size_t i = 0; i < units.length / sizeof *all; i++) {
    if (!naive->grammar->ignore_whitespace || !(all[i].flags & UNIT_SPACE)) all[count++] = all[i];
  }
  static struct walk walk; /* large, and only the hits that are known are looked at */
  for (unsigned i = 0; i < NAIVE_LISTS; i++) {
    for (unsigned k = 0; k <= NAIVE_PLACES; k++) walk.lists[i][k].known = false;
  }
  bool good = count <= NAIVE_PLACES;
  if (good) text_places(all, count, places);
  walk.naive = naive;
  walk.message = message;
  walk.units = all;
  walk.places = places;
  walk.count = (unsigned)count;
  for (unsigned i = 0; i < naive->grammar->templates; i++) {
    struct naive_parse *parse = &parses[i];
    walk.block = &naive->grammar->block[naive->grammar->block_of[i]];
    *parse = (struct naive_parse){.priority = walk.block->priority};
    for (unsigned k = 0; k < walk.block->conditions; k++) parse->conditions += !walk.block->condition[k].excludes;
    walk.parse = parse;
    walk.steps = 0;
    bool agrees = message_agrees(&walk);
    struct way way = {.met = walk.met, .refused = !agrees};
    struct rest rest = {naive->templates[i], 0, NULL};
    bool content = good && content_from(&walk, 0) < count;
    if (content) walk_on(&walk, &rest, 1, way);
    good = good && walk.steps < MOST_STEPS;
  }
  buffer_free(&units);
  return good;
}

int naive_compare(const struct naive_parse *one, const struct naive_parse *other) {
  if (one->allowed != other->allowed) return one->allowed ? 1 : -1;
  if (one->priority != other->priority) return one->priority > other->priority ? 1 : -1;
  if (one->best != other->best) return one->best > other->best ? 1 : -1;
  if (one->wildcards != other->wildcards) return one->wildcards < other->wildcards ? 1 : -1;
  if (one->free != other->free) return one->free < other->free ? 1 : -1;
  if (one->typos != other->typos) return one->typos < other->typos ? 1 : -1;
  if (one->folded != other->folded) return one->folded < other->folded ? 1 : -1;
  if (one->literals != other->literals) return one->literals > other->literals ? 1 : -1;
  if (one->conditions != other->conditions) return one->conditions > other->conditions ? 1 : -1;
  return 0;
}
