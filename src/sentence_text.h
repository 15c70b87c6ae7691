/*
 * sentence_text: text as the units that sentences are compared by. Pure functions over UTF-8.
 *
 * A unit is a character, folded: case (Unicode's full case folding, so that German sz is ss), compatibility forms
 * (ligatures, full-width letters, NFC against NFD), marks that writing may leave out (accents, Hebrew points, Arabic
 * vowel signs; not the vowel signs of Indic scripts nor the voicing marks of kana), curly apostrophes, dashes, the
 * digits of other scripts. White space is one unit however long it is; zero-width characters are none. What was folded
 * away stays in `mark` and in UNIT_UPPER for those who compare exactly. Nothing here knows a language.
 *
 * Units point into the text they came from: what a slot takes is always the original bytes.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_TEXT_H
#define INTENT_WEBHOOK_SENTENCE_TEXT_H

#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum {
  UNIT_SPACE = 1 << 0,
  UNIT_PUNCTUATION = 1 << 1, /* . , ? ! ; : and their relatives in other scripts */
  UNIT_WORD = 1 << 2,        /* a letter, a digit, or a mark of one */
  UNIT_BREAK = 1 << 3,       /* - or _, which may count as a space */
  UNIT_UPPER = 1 << 4,       /* case was folded away */
  UNIT_INNER = 1 << 5,       /* not the first unit of its character */
  UNIT_IGNORABLE = 1 << 6,   /* may be passed over: punctuation at the edge of a word, emoji, the space beside them */
  UNIT_SKIPPED = 1 << 7,     /* ignorable because it is of a skip word */
  UNIT_ALWAYS = 1 << 8,      /* ignorable wherever it stands: full-width punctuation, emoji */
  UNIT_EMOJI = 1 << 9,       /* may be passed over by a template, but is text for a slot that takes any */
};

struct unit {
  uint32_t base;     /* a folded code point; UNIT_BAD + the byte for what is no UTF-8 */
  uint32_t mark;     /* 0, or which marks were folded away */
  uint32_t from, to; /* bytes of the character, with its marks */
  uint32_t flags;
};

enum { UNIT_BAD = 0x110000 };

enum { TEXT_UNITS = 131072 }; /* limit: some characters are many units */

/*
 * Appends the units of `text` to `out`, a buffer of struct unit, with every flag but IGNORABLE and SKIPPED. False when
 * there is no memory, with out->failed, or when there are more than TEXT_UNITS.
 */
bool text_units(const char *text, size_t length, struct buffer *out);

/*
 * Says which units are ignorable: run it over all units of a text, again after UNIT_SKIPPED has been set somewhere.
 * `place` gets, for each of the count + 1 places between units, PLACE_WORD_START where nothing but a space, or nothing
 * at all, stands before it, and PLACE_END where nothing but what is ignorable follows.
 */
enum { PLACE_WORD_START = 1, PLACE_END = 2, PLACE_SKIPPED_BEFORE = 4, PLACE_SKIPPED_AFTER = 8 };
void text_places(struct unit *units, size_t count, unsigned char *place);

/* Whether the unit can stand inside a word, next to which punctuation counts as text. */
static inline bool unit_in_word(const struct unit *unit) {
  return (unit->flags & UNIT_WORD) != 0;
}

/* Whether a slot that takes any text can be just this. */
static inline bool unit_is_content(const struct unit *unit) {
  if (unit->flags & (UNIT_SPACE | UNIT_SKIPPED)) return false;
  return !(unit->flags & UNIT_IGNORABLE) || unit->flags & UNIT_EMOJI;
}

#pragma GCC visibility pop
#endif
