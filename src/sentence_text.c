/*
 * sentence_text: see sentence_text.h. Unicode's tables are those of utf8proc; ASCII takes a short cut past them.
 */
#include "sentence_text.h"

#include <utf8proc.h>

#include "utf8.h"

static bool is_between(uint32_t code, uint32_t first, uint32_t last) {
  return code >= first && code <= last;
}

/* Marks that people leave out in writing, and that the letter is still the same letter without. */
static bool is_optional_mark(uint32_t code) {
  return is_between(code, 0x0300, 0x036F) || is_between(code, 0x0591, 0x05BD) || code == 0x05BF ||
         is_between(code, 0x05C1, 0x05C2) || is_between(code, 0x05C4, 0x05C5) || code == 0x05C7 ||
         is_between(code, 0x064B, 0x0652) || code == 0x0670 || is_between(code, 0x1AB0, 0x1AFF) ||
         is_between(code, 0x1DC0, 0x1DFF) || is_between(code, 0x20D0, 0x20F0);
}

static bool is_punctuation(uint32_t code) {
  switch (code) {
  case '.':
  case ',':
  case '?':
  case '!':
  case ';':
  case ':':
  case 0x00A1:
  case 0x00BF: /* inverted ! ? */
  case 0x0589:
  case 0x060C:
  case 0x061B:
  case 0x061F:
  case 0x06D4: /* Armenian, Arabic */
  case 0x0964:
  case 0x0965:
  case 0x1362:
  case 0x203D:
  case 0x30FB: /* danda, Ethiopic, interrobang, middle dot */
  case 0x3001:
  case 0x3002:
  case 0xFF61:
  case 0xFF64: return true; /* ideographic comma and full stop */
  default: return false;
  }
}

/* Letters that have no decomposition, but that people type without their stroke or ligature. */
static const char *plain_letters(uint32_t code) {
  switch (code) {
  case 0x00E6: return "ae";
  case 0x00F0:
  case 0x0111: return "d";
  case 0x00F8: return "o";
  case 0x00FE: return "th";
  case 0x0127: return "h";
  case 0x0131: return "i";
  case 0x0142: return "l";
  case 0x0153: return "oe";
  case 0x0167: return "t";
  default: return NULL;
  }
}

/* The digits of other scripts stand in rows of ten; these are the zeros. */
static uint32_t plain_digit(uint32_t code) {
  static const uint16_t zeros[] = {0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66,
                                   0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810};
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
    if (is_between(code, zeros[i], zeros[i] + 9U)) return '0' + code - zeros[i];
  }
  return code;
}

static uint32_t plain_symbol(uint32_t code) {
  switch (code) {
  case 0x02BC:
  case 0x2018:
  case 0x2019:
  case 0x201B:
  case 0x2032: return '\'';
  case 0x201C:
  case 0x201D:
  case 0x201E:
  case 0x201F: return '"';
  case 0x2010:
  case 0x2011:
  case 0x2012:
  case 0x2013:
  case 0x2014:
  case 0x2015:
  case 0x2212: return '-';
  default: return plain_digit(code);
  }
}

static uint32_t hash_mark(uint32_t code) {
  return (code + 1) * UINT32_C(2654435761);
}

/* What one character becomes, appended to `out`. */
struct folding {
  struct buffer *out;
  uint32_t from, to, flags;
};

static void put_unit(struct folding *folding, uint32_t base, uint32_t mark, uint32_t flags) {
  struct unit unit = {base, mark, folding->from, folding->to, folding->flags | flags};
  buffer_push(folding->out, &unit, sizeof unit);
  folding->flags |= UNIT_INNER;
}

static struct unit *last_unit(struct buffer *out) {
  return out->length ? (struct unit *)(void *)(out->bytes + out->length) - 1 : NULL;
}

/* White space that follows white space is the same unit. */
static void put_space(struct folding *folding) {
  struct unit *last = last_unit(folding->out);
  if (last && last->flags & UNIT_SPACE)
    last->to = folding->to;
  else
    put_unit(folding, ' ', 0, UNIT_SPACE);
}

static void put_mark(struct folding *folding, uint32_t code) {
  struct unit *last = last_unit(folding->out);
  if (!last) return;
  last->mark += hash_mark(code); /* a sum, since the order of marks is not always the same */
  last->to = folding->to;
}

static uint32_t category_flags(uint32_t code) {
  switch (utf8proc_category((utf8proc_int32_t)code)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_NO: return UNIT_WORD;
  default: return 0;
  }
}

static bool is_emoji(uint32_t code) {
  if (code < 0x2190) return false;
  if (is_between(code, 0x1F1E6, 0x1F1FF) || is_between(code, 0x1F3FB, 0x1F3FF)) return true;
  return utf8proc_get_property((utf8proc_int32_t)code)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

/* One code point of the decomposition. */
static void put_folded(struct folding *folding, uint32_t code, uint32_t flags) {
  if (is_optional_mark(code)) {
    put_mark(folding, code);
    return;
  }
  const char *letters = plain_letters(code);
  if (letters) {
    for (; *letters; letters++) put_unit(folding, (uint32_t)*letters, hash_mark(code), flags | UNIT_WORD);
    return;
  }
  code = plain_symbol(code);
  if (code == ' ' || utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_ZS) {
    put_space(folding);
    return;
  }
  if (is_punctuation(code)) flags |= UNIT_PUNCTUATION;
  if (code == '-' || code == '_') flags |= UNIT_BREAK;
  put_unit(folding, code, 0, flags | category_flags(code));
}

static void put_character(struct folding *folding, uint32_t code) {
  utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
  if (category == UTF8PROC_CATEGORY_CF || is_between(code, 0xFE00, 0xFE0F) || is_between(code, 0xE0100, 0xE01EF)) {
    struct unit *last = last_unit(folding->out);
    if (last && last->flags & UNIT_EMOJI)
      last->to = folding->to; /* what joins it to the next one, or gives it colour */
    return;
  }
  if (category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP || code == 0x85) {
    put_space(folding);
    return;
  }
  if (is_emoji(code)) {
    put_unit(folding, code, 0, UNIT_ALWAYS | UNIT_EMOJI);
    return;
  }
  if (category == UTF8PROC_CATEGORY_NO) { /* 5\u00B2 is not 52 */
    put_unit(folding, code, 0, UNIT_WORD);
    return;
  }
  enum { LONGEST_DECOMPOSITION = 32 }; /* Unicode's longest is 18 (U+FDFA) */
  utf8proc_int32_t codes[LONGEST_DECOMPOSITION];
  int last_class = 0;
  utf8proc_ssize_t count =
      utf8proc_decompose_char((utf8proc_int32_t)code, codes, LONGEST_DECOMPOSITION,
                              UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &last_class);
  uint32_t flags = 0;
  if (category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT) flags |= UNIT_UPPER;
  if (code >= 0x3000 && (is_punctuation(code) || is_between(code, 0xFF01, 0xFF1F))) flags |= UNIT_ALWAYS;
  for (utf8proc_ssize_t i = 0; i < count && i < LONGEST_DECOMPOSITION; i++) {
    uint32_t folded = (uint32_t)codes[i];
    put_folded(folding, folded, is_punctuation(folded) ? flags : flags & ~(uint32_t)UNIT_ALWAYS);
  }
}

static void put_ascii(struct folding *folding, unsigned char byte) {
  if (byte >= 'a' && byte <= 'z')
    put_unit(folding, byte, 0, UNIT_WORD);
  else if (byte >= 'A' && byte <= 'Z')
    put_unit(folding, byte + 32U, 0, UNIT_WORD | UNIT_UPPER);
  else if (byte == ' ' || (byte >= '\t' && byte <= '\r'))
    put_space(folding);
  else if (byte >= '0' && byte <= '9')
    put_unit(folding, byte, 0, UNIT_WORD);
  else
    put_unit(folding, byte, 0,
             (is_punctuation(byte) ? UNIT_PUNCTUATION : 0U) | (byte == '-' || byte == '_' ? UNIT_BREAK : 0U));
}

bool text_units(const char *text, size_t length, struct buffer *out) {
  for (size_t at = 0; at < length;) {
    if (out->length > TEXT_UNITS * sizeof(struct unit)) return false;
    struct folding folding = {out, (uint32_t)at, (uint32_t)at + 1, 0};
    unsigned char byte = (unsigned char)text[at];
    if (byte < 0x80) {
      put_ascii(&folding, byte);
      at++;
      continue;
    }
    utf8proc_int32_t code;
    utf8proc_ssize_t taken =
        utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(length - at), &code);
    if (taken <= 0) {
      put_unit(&folding, UNIT_BAD + byte, 0, 0);
      at++;
      continue;
    }
    folding.to = (uint32_t)(at + (size_t)taken);
    put_character(&folding, (uint32_t)code);
    at += (size_t)taken;
  }
  return !out->failed;
}

/* Whether the run of punctuation from first to last, both included, stands at the edge of a word. */
static bool at_edge(const struct unit *units, size_t count, size_t first, size_t last) {
  return first == 0 || last + 1 == count || !unit_in_word(&units[first - 1]) || !unit_in_word(&units[last + 1]);
}

static void mark_punctuation(struct unit *units, size_t count) {
  for (size_t i = 0; i < count; i++) {
    units[i].flags &= ~(uint32_t)UNIT_IGNORABLE;
    if (units[i].flags & (UNIT_ALWAYS | UNIT_SKIPPED)) units[i].flags |= UNIT_IGNORABLE;
  }
  for (size_t i = 0; i < count; i++) {
    bool alone = i == 0 || units[i - 1].flags & UNIT_SPACE;
    if (units[i].flags & UNIT_BREAK && alone && (i + 1 == count || units[i + 1].flags & UNIT_SPACE))
      units[i].flags |= UNIT_IGNORABLE;
    if (!(units[i].flags & UNIT_PUNCTUATION)) continue;
    size_t last = i;
    while (last + 1 < count && units[last + 1].flags & UNIT_PUNCTUATION) last++;
    if (at_edge(units, count, i, last)) {
      for (size_t k = i; k <= last; k++) units[k].flags |= UNIT_IGNORABLE;
    }
    i = last;
  }
}

void text_places(struct unit *units, size_t count, unsigned char *place) {
  mark_punctuation(units, count);
  bool word_start = true, skipped = false, leading = true;
  for (size_t i = 0; i < count; i++) {
    place[i] = (unsigned char)((word_start ? PLACE_WORD_START : 0) | (skipped && leading ? PLACE_SKIPPED_BEFORE : 0));
    if (units[i].flags & UNIT_SPACE && word_start) units[i].flags |= UNIT_IGNORABLE;
    if (units[i].flags & UNIT_SKIPPED) skipped = true;
    if (units[i].flags & UNIT_IGNORABLE) continue;
    leading = false;
    word_start = (units[i].flags & (UNIT_SPACE | UNIT_BREAK)) != 0;
  }
  place[count] = (unsigned char)((word_start ? PLACE_WORD_START : 0) | PLACE_END);
  skipped = false;
  for (size_t i = count; i-- > 0;) {
    if (units[i].flags & UNIT_SPACE) units[i].flags |= UNIT_IGNORABLE;
    if (!(units[i].flags & UNIT_IGNORABLE)) break;
    if (units[i].flags & UNIT_SKIPPED) skipped = true;
    place[i] |= (unsigned char)(PLACE_END | (skipped ? PLACE_SKIPPED_AFTER : 0));
  }
}
