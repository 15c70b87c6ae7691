/*
 * sentence_lookup: a text made ready for a search, and what lists, ranges and types hold at its places. See
 * sentence_matcher.h.
 *
 * What was found at a place is kept until the text changes: a list that many templates name is looked up once.
 */
#include <string.h>

#include "sentence_matcher.h"
#include "sentence_number.h"

enum { MOST_CANDIDATES = 16, LOOK_UP_STEPS = 8 }; /* the steps that looking something up counts as */

/* ---- the text ---- */

static uint16_t symbol_of(const struct image *image, uint32_t base) {
  uint32_t low = 0, high = image->symbols_count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (image->symbols[middle].base == base) return (uint16_t)image->symbols[middle].symbol;
    if (image->symbols[middle].base < base)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

static void remove_spaces(struct buffer *buffer) {
  struct unit *units = (struct unit *)(void *)buffer->bytes;
  size_t kept = 0;
  for (size_t i = 0; i < buffer->length / sizeof *units; i++) {
    if (!(units[i].flags & UNIT_SPACE)) units[kept++] = units[i];
  }
  buffer->length = kept * sizeof *units;
}

/* Forgets what lists held, since the text has changed. */
static void forget_hits(sentences_matcher *matcher) {
  enum { FIRST_TABLE = 1024 };
  buffer_clear(&matcher->hits);
  buffer_clear(&matcher->memos);
  size_t bytes = matcher->memo_table.length ? matcher->memo_table.length : FIRST_TABLE * sizeof(uint32_t);
  if (bytes > 64 * FIRST_TABLE * sizeof(uint32_t)) bytes = FIRST_TABLE * sizeof(uint32_t); /* of a long text before */
  if (!buffer_zero(&matcher->memo_table, bytes)) matcher->failed = true;
}

/* Places and content from units, also when UNIT_SKIPPED has been set in some. False: nothing is left to compare. */
static bool find_places(sentences_matcher *matcher) {
  struct unit *units = (struct unit *)(void *)matcher->units.bytes;
  size_t count = matcher->units.length / sizeof *units;
  text_places(units, count, (unsigned char *)matcher->places.bytes);
  uint32_t next = (uint32_t)count, before = 0;
  for (size_t i = count + 1; i-- > 0;) {
    if (i < count && unit_is_content(&units[i])) next = (uint32_t)i;
    buffer_numbers(&matcher->content)[i] = next;
  }
  for (size_t i = 0; i <= count; i++) {
    buffer_numbers(&matcher->counts)[i] = before;
    before += i < count && !(units[i].flags & UNIT_IGNORABLE);
  }
  return next < count;
}

bool matcher_prepare(sentences_matcher *matcher, const char *text, size_t length) {
  const struct image *image = matcher->compiled->image;
  matcher->bytes = text;
  buffer_clear(&matcher->units);
  matcher->too_long = length > SENTENCES_TEXT_BYTES;
  if (matcher->too_long || !text_units(text, length, &matcher->units)) {
    matcher->failed = matcher->units.failed;
    matcher->too_long = !matcher->failed;
    return false;
  }
  if (image->settings->ignore_whitespace) remove_spaces(&matcher->units);
  size_t count = matcher->units.length / sizeof(struct unit);
  if (!buffer_zero(&matcher->places, count + 1) || !buffer_zero(&matcher->content, (count + 1) * sizeof(uint32_t)) ||
      !buffer_zero(&matcher->counts, (count + 1) * sizeof(uint32_t)) ||
      !buffer_zero(&matcher->symbols, (count + 1) * sizeof(uint16_t))) {
    matcher->failed = true;
    return false;
  }
  matcher->text =
      (struct text_view){(struct unit *)(void *)matcher->units.bytes, (unsigned char *)matcher->places.bytes, count};
  for (size_t i = 0; i < count; i++)
    ((uint16_t *)(void *)matcher->symbols.bytes)[i] = symbol_of(image, matcher->text.units[i].base);
  forget_hits(matcher);
  return find_places(matcher) && !matcher->failed;
}

void matcher_look_up(sentences_matcher *matcher, const struct image *image, const struct list *list, size_t place) {
  size_t left = matcher->most_steps > matcher->steps ? matcher->most_steps - matcher->steps : 0, before = left;
  buffer_clear(&matcher->list_hits);
  if (!list_find(image, list, matcher->text, place, &matcher->scratch, &matcher->list_hits, &left))
    matcher->failed = true;
  matcher->steps += before - left;
  if (left == 0) matcher->too_long = true;
}

/* Where the longest skip word that begins at a place ends; 0: none does. */
static size_t skip_word_end(sentences_matcher *matcher, const struct list *list, size_t at) {
  const struct text_view *text = &matcher->text;
  bool bounded = !matcher->compiled->image->settings->ignore_whitespace;
  if (bounded && at > 0 && unit_in_word(&text->units[at - 1])) return 0;
  matcher_look_up(matcher, matcher->compiled->image, list, at);
  size_t longest = 0;
  for (size_t i = 0; i < matcher->list_hits.length / sizeof(struct list_hit); i++) {
    size_t end = ((struct list_hit *)(void *)matcher->list_hits.bytes)[i].end;
    if (bounded && end < text->count && unit_in_word(&text->units[end])) continue;
    if (end > longest) longest = end;
  }
  return longest;
}

bool matcher_skip_words(sentences_matcher *matcher) {
  const struct image *image = matcher->compiled->image;
  if (image->settings->skip_words == NONE) return false;
  const struct list *list = &image->lists[image->settings->skip_words];
  struct unit *units = (struct unit *)(void *)matcher->units.bytes;
  bool found = false;
  for (size_t at = 0; at < matcher->text.count; at++) {
    if (!list_can_start(image, list, &units[at])) continue;
    size_t end = skip_word_end(matcher, list, at);
    if (end == 0) continue;
    for (size_t i = at; i < end; i++) {
      units[i].flags |= UNIT_SKIPPED;
      ((uint16_t *)(void *)matcher->symbols.bytes)[i] = 0; /* it is deleted: nothing may take it as text */
    }
    found = true;
    at = end - 1;
  }
  if (!found) return false;
  forget_hits(matcher);
  return find_places(matcher);
}

/* ---- what lists hold ---- */

static uint32_t memo_slot(sentences_matcher *matcher, uint64_t key) {
  uint32_t size = buffer_number_count(&matcher->memo_table);
  uint32_t at = (uint32_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (size - 1), known;
  for (; (known = buffer_numbers(&matcher->memo_table)[at]) != 0; at = (at + 1) & (size - 1)) {
    if (((struct memo *)(void *)matcher->memos.bytes)[known - 1].key == key) break;
  }
  return at;
}

/* Keeps the hits that were appended from `first` on. */
static struct hits memo_add(sentences_matcher *matcher, uint64_t key, uint32_t first) {
  if (matcher->failed) return (struct hits){0, 0};
  matcher->steps += LOOK_UP_STEPS;
  struct memo memo = {key, {first, (uint32_t)(matcher->hits.length / sizeof(struct hit)) - first}};
  buffer_push(&matcher->memos, &memo, sizeof memo);
  if (matcher->memos.failed || matcher->hits.failed) {
    matcher->failed = true;
    return (struct hits){0, 0};
  }
  uint32_t count = (uint32_t)(matcher->memos.length / sizeof memo);
  if (count * 2 > buffer_number_count(&matcher->memo_table)) {
    if (!buffer_zero(&matcher->memo_table, matcher->memo_table.length * 4)) {
      matcher->failed = true;
      return (struct hits){0, 0};
    }
    for (uint32_t i = 0; i < count; i++)
      buffer_numbers(&matcher->memo_table)[memo_slot(matcher, ((struct memo *)(void *)matcher->memos.bytes)[i].key)] =
          i + 1;
  } else {
    buffer_numbers(&matcher->memo_table)[memo_slot(matcher, key)] = count;
  }
  return memo.hits;
}

static void find_in_list(sentences_matcher *matcher, uint32_t index, size_t place) {
  const struct image *image;
  const struct list *list = sentences_list_of(matcher->compiled, index, &image);
  if (place == matcher->text.count || !list_can_start(image, list, &matcher->text.units[place])) return;
  matcher_look_up(matcher, image, list, place);
  for (size_t i = 0; i < matcher->list_hits.length / sizeof(struct list_hit); i++) {
    const struct list_hit *found = (struct list_hit *)(void *)matcher->list_hits.bytes + i;
    struct hit hit = {.end = found->end,
                      .typos = found->typos,
                      .folded = found->folded,
                      .terminals = found->terminals,
                      .count = found->count};
    buffer_push(&matcher->hits, &hit, sizeof hit);
  }
}

static struct hits hits_of(sentences_matcher *matcher, uint32_t kind, uint32_t index, uint32_t list, size_t place);

static void add_number(sentences_matcher *matcher, const struct range *range, size_t end, double number, bool partial) {
  struct hit hit = {.end = (uint32_t)end, .partial = partial, .count = 1, .number = number * range->multiplier};
  if (range_takes(range, number)) buffer_push(&matcher->hits, &hit, sizeof hit);
}

enum { FIRST_IDEOGRAPHIC = 0x2E80 };

/* Whether a number in words may begin here: at the beginning of a word, or in a script that does not divide words. */
static bool words_may_start(const sentences_matcher *matcher, size_t place) {
  const struct unit *units = matcher->text.units;
  if (place == matcher->text.count || number_has_minus(matcher->text, place)) return false;
  return place == 0 || !unit_in_word(&units[place - 1]) || units[place].base >= FIRST_IDEOGRAPHIC ||
         matcher->compiled->image->settings->ignore_whitespace;
}

/* Whether a word ends at a place. */
static bool word_ends(const sentences_matcher *matcher, size_t place) {
  const struct unit *units = matcher->text.units;
  return place == matcher->text.count || !unit_in_word(&units[place]) || units[place].base >= FIRST_IDEOGRAPHIC ||
         matcher->compiled->image->settings->ignore_whitespace;
}

/* The number words that begin at a place, as hits, and the ends of those that count, 0 where there is none. */
struct words {
  struct hits hits;
  uint32_t whole;  /* of the longest that ends with a word */
  uint32_t within; /* of one that is longer, and ends within a word: "twenty-fourminutes", but "twenty fourteen" */
};

static struct words words_at(sentences_matcher *matcher, size_t place) {
  uint32_t list = matcher->compiled->image->settings->number_words;
  struct words words = {{0, 0}, 0, 0};
  if (list == NONE || !words_may_start(matcher, place)) return words;
  words.hits = hits_of(matcher, EDGE_LIST, list, list, place);
  for (uint32_t i = 0; i < words.hits.count; i++) {
    uint32_t end = ((struct hit *)(void *)matcher->hits.bytes)[words.hits.first + i].end;
    uint32_t *longest = word_ends(matcher, end) ? &words.whole : &words.within;
    if (end > *longest) *longest = end;
  }
  if (words.within < words.whole) words.within = 0;
  return words;
}

/* The same for a number that is taken whole: it does not stand within a longer one, as in "two hundred". */
static struct words whole_words_at(sentences_matcher *matcher, size_t place) {
  enum { MOST_WORDS = 24 }; /* or characters, where each may begin a word: no number up to 1000 has more */
  struct words words = words_at(matcher, place);
  size_t before = place;
  for (unsigned looked_at = 0; words.hits.count && before-- > 0 && looked_at < MOST_WORDS;) {
    if (!words_may_start(matcher, before)) continue;
    if (words_at(matcher, before).whole > place) return (struct words){{0, 0}, 0, 0};
    looked_at++;
  }
  return words;
}

size_t matcher_number(sentences_matcher *matcher, size_t place, double *number) {
  const struct image *image = matcher->compiled->image;
  size_t end = number_read(matcher->text, place, number);
  if (end) return end;
  struct words words = whole_words_at(matcher, place);
  end = words.whole ? words.whole : words.within;
  for (uint32_t i = 0; end && i < words.hits.count; i++) {
    const struct hit *word = (struct hit *)(void *)matcher->hits.bytes + words.hits.first + i;
    const struct list *list = &image->lists[image->settings->number_words];
    if (word->end == end) *number = image->values[list->first_value + word->terminals[0]].out.number;
  }
  return end;
}

static void find_number(sentences_matcher *matcher, const struct range *range, size_t place,
                        const struct words *words) {
  const struct image *image = matcher->compiled->image;
  double number;
  size_t end = range->digits ? number_read(matcher->text, place, &number) : 0;
  if (end) {
    add_number(matcher, range, end, number, false);
    size_t first = number_read_digits(matcher->text, place, &number);
    if (first && first < end) add_number(matcher, range, first, number, true);
    return;
  }
  for (uint32_t i = 0; i < words->hits.count; i++) {
    struct hit word = ((struct hit *)(void *)matcher->hits.bytes)[words->hits.first + i];
    const struct list_value *values = image->values + image->lists[image->settings->number_words].first_value;
    if (word.end != words->whole && word.end != words->within) continue;
    for (uint32_t k = 0; k < word.count; k++)
      add_number(matcher, range, word.end, values[word.terminals[k]].out.number, false);
  }
}

/* The place that begins with the byte at `offset` or behind it. */
static size_t place_of(const sentences_matcher *matcher, size_t offset) {
  size_t low = 0, high = matcher->text.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (matcher->text.units[middle].from < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void find_type(sentences_matcher *matcher, uint32_t list, size_t place) {
  const struct image *image = matcher->compiled->image;
  const sentences_options *options = matcher->options;
  if (!options || !options->recognise || place == matcher->text.count) return;
  sentences_candidate candidates[MOST_CANDIDATES];
  size_t length = matcher->text.units[matcher->text.count - 1].to, at = matcher->text.units[place].from;
  size_t count = options->recognise(options->user, image_text(image, image->lists[list].name), matcher->bytes, length,
                                    at, candidates, MOST_CANDIDATES);
  for (size_t i = 0; i < count && i < MOST_CANDIDATES; i++) {
    size_t end = place_of(matcher, candidates[i].last);
    if (candidates[i].last <= at || candidates[i].last > length || end <= place) continue;
    struct hit hit = {.end = (uint32_t)end, .count = 1, .value = candidates[i].value};
    buffer_push(&matcher->hits, &hit, sizeof hit);
  }
}

static struct hits hits_of(sentences_matcher *matcher, uint32_t kind, uint32_t index, uint32_t list, size_t place) {
  if (matcher->failed) return (struct hits){0, 0}; /* the table may be gone */
  uint64_t key = (uint64_t)(kind - EDGE_FIRST + 1U) << 56 | (uint64_t)index << 24 | place;
  uint32_t known = buffer_numbers(&matcher->memo_table)[memo_slot(matcher, key)];
  if (known) return ((struct memo *)(void *)matcher->memos.bytes)[known - 1].hits;
  uint32_t first = (uint32_t)(matcher->hits.length / sizeof(struct hit));
  if (kind == EDGE_LIST) {
    find_in_list(matcher, index, place);
  } else if (kind == EDGE_RANGE) {
    const struct range *range = &matcher->compiled->image->ranges[index];
    struct words words = {{0, 0}, 0, 0};
    if (range->words) words = whole_words_at(matcher, place);
    first = (uint32_t)(matcher->hits.length / sizeof(struct hit)); /* behind those of number words */
    find_number(matcher, range, place, &words);
  } else {
    find_type(matcher, list, place);
  }
  return memo_add(matcher, key, first);
}

const struct hit *matcher_hits(sentences_matcher *matcher, const struct hole *hole, size_t place, uint32_t *count) {
  static const struct hit none;
  uint32_t index = hole->kind == EDGE_LIST ? hole->list : hole->type;
  struct hits hits = hits_of(matcher, hole->kind, index, hole->list, place);
  *count = matcher->failed ? 0 : hits.count;
  return *count ? (struct hit *)(void *)matcher->hits.bytes + hits.first : &none;
}
