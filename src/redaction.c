/*
 * redaction: see redaction.h.
 *
 * Every occurrence of every value counts, also where occurrences overlap: what is covered by at least one goes, and
 * each stretch of it becomes one "[redacted]". So a longer value never leaves a piece of itself because a shorter one
 * was found inside it, and the order of the values makes no difference.
 *
 * A value is looked for as its bytes, and in text that has a backslash also as JSON escapes, in whatever spelling: an
 * endpoint that echoes what it got may write "\/" or "\u00E9" where our writer does not. A value that is not UTF-8 is
 * also looked for as what utf8_repair makes of it, since that is how it was sent.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "redaction.h"

#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "utf8.h"

/* What values are looked for in: the text, or what the JSON escapes in it stand for. */
struct haystack {
  const char *bytes;
  size_t length;
};

/* How far a value's search has come in both: so many bytes of the text spell so many of what is searched. */
struct place {
  size_t source, decoded;
};

/* One value in one haystack, and where it occurs next. */
struct needle {
  const char *bytes;
  size_t length, period;  /* period 0: not known yet */
  bool escaped;           /* in the decoded haystack */
  size_t next;            /* where in the haystack to go on */
  struct place place;     /* only with escaped */
  size_t start, end;      /* of the next occurrence, in the text; start NOWHERE: there is none */
  struct buffer repaired; /* what bytes points to, when it belongs to the needle */
};

static const size_t NOWHERE = SIZE_MAX;

struct search {
  struct haystack text, decoded;
  struct needle *needles;
  size_t count;
};

static int hexadecimal(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

/* The code unit of "\uXXXX" at text, or -1. */
static int32_t escaped_unit(const char *text, size_t length) {
  if (length < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  int32_t unit = 0;
  for (size_t i = 2; i < 6; i++) {
    int digit = hexadecimal(text[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

static size_t encode_utf8(char bytes[4], int32_t code) {
  if (code < 0x80) {
    bytes[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    bytes[0] = (char)(0xC0 | code >> 6);
    bytes[1] = (char)(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    bytes[0] = (char)(0xE0 | code >> 12);
    bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
    bytes[2] = (char)(0x80 | (code & 0x3F));
    return 3;
  }
  bytes[0] = (char)(0xF0 | code >> 18);
  bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
  bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
  bytes[3] = (char)(0x80 | (code & 0x3F));
  return 4;
}

/*
 * What the JSON escape at text, which begins with a backslash, stands for. Returns the escape's length, 0 when it is
 * none.
 */
static size_t decode_escape(char bytes[4], size_t *count, const char *text, size_t length) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (length < 2) return 0;
  if (text[1] != 'u') {
    const char *letter = memchr(letters, text[1], sizeof letters - 1);
    if (!letter) return 0;
    bytes[0] = meanings[letter - letters];
    *count = 1;
    return 2;
  }
  int32_t code = escaped_unit(text, length);
  if (code < 0) return 0;
  if (code >= 0xD800 && code < 0xDC00) {
    int32_t low = escaped_unit(text + 6, length - 6);
    if (low >= 0xDC00 && low < 0xE000) {
      *count = encode_utf8(bytes, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
      return 12;
    }
  }
  *count = encode_utf8(bytes, code);
  return 6;
}

/* The unit at the start of text, one byte or an escape: how many bytes it stands for. Returns its length. */
static size_t decode_unit(char bytes[4], size_t *count, const char *text, size_t length) {
  size_t spelled = text[0] == '\\' ? decode_escape(bytes, count, text, length) : 0;
  if (spelled) return spelled;
  bytes[0] = text[0];
  *count = 1;
  return 1;
}

static void decode(struct buffer *out, const char *text, size_t length) {
  char bytes[4];
  for (size_t at = 0, count; at < length;) {
    const char *escape = memchr(text + at, '\\', length - at);
    size_t plain = escape ? (size_t)(escape - text) - at : length - at;
    buffer_append(out, text + at, plain);
    at += plain;
    if (!escape) break;
    at += decode_unit(bytes, &count, text + at, length - at);
    buffer_append(out, bytes, count);
  }
}

/* Moves on to the unit that `decoded` is in or, with `over`, to the end of the unit before it. */
static size_t place_move(struct place *place, const struct haystack *text, size_t decoded, bool over) {
  char bytes[4];
  size_t count;
  while (place->source < text->length) {
    size_t spelled = decode_unit(bytes, &count, text->bytes + place->source, text->length - place->source);
    if (over ? place->decoded >= decoded : place->decoded + count > decoded) break;
    place->source += spelled;
    place->decoded += count;
  }
  return place->source;
}

/* After how many bytes a value that consists of repetitions begins anew; otherwise its length. */
static size_t period_of(const char *bytes, size_t length) {
  const char *again = memmem(bytes + 1, length - 1, bytes, (length + 1) / 2);
  size_t period = again ? (size_t)(again - bytes) : length;
  return period <= length / 2 && memcmp(bytes, bytes + period, length - period) == 0 ? period : length;
}

/*
 * Finds the needle's next occurrence. Those that overlap because the value repeats itself count as one: otherwise
 * "aaaa" in many a's would take a time that grows with the product of both lengths.
 */
static void needle_seek(struct needle *needle, const struct search *search) {
  const struct haystack *in = needle->escaped ? &search->decoded : &search->text;
  needle->start = NOWHERE;
  const char *found = memmem(in->bytes + needle->next, in->length - needle->next, needle->bytes, needle->length);
  if (!found) return;
  size_t start = (size_t)(found - in->bytes), end = start + needle->length;
  if (!needle->period) needle->period = period_of(needle->bytes, needle->length);
  if (needle->period < needle->length) {
    while (end < in->length && in->bytes[end] == in->bytes[end - needle->period]) end++;
    end -= (end - start - needle->length) % needle->period;
  }
  needle->next = end - needle->length + 1;
  needle->start = needle->escaped ? place_move(&needle->place, &search->text, start, false) : start;
  struct place last = needle->place; /* the next occurrence may begin before this one ends */
  needle->end = needle->escaped ? place_move(&last, &search->text, end, true) : end;
}

/* The needle whose next occurrence comes first, or NULL. */
static struct needle *search_first(const struct search *search) {
  struct needle *first = NULL;
  for (size_t i = 0; i < search->count; i++) {
    struct needle *needle = &search->needles[i];
    if (needle->start != NOWHERE && (!first || needle->start < first->start)) first = needle;
  }
  return first;
}

static void search_replace(struct buffer *out, const struct search *search) {
  const struct haystack *text = &search->text;
  for (size_t i = 0; i < search->count; i++) needle_seek(&search->needles[i], search);
  size_t done = 0;
  for (struct needle *needle; (needle = search_first(search));) {
    size_t start = needle->start, end = needle->end;
    do {
      if (needle->end > end) end = needle->end;
      needle_seek(needle, search);
      needle = search_first(search);
    } while (needle && needle->start < end);
    buffer_append(out, text->bytes + done, start - done);
    buffer_text(out, REDACTION_TEXT);
    done = end;
  }
  buffer_append(out, text->bytes + done, text->length - done);
}

/* Adds the spellings of one value that the text may have. False when there is no memory. */
static bool search_add(struct search *search, const struct secret *value, bool escapes) {
  struct needle needle = {.bytes = value->bytes, .length = value->length};
  bool is_utf8 = utf8_valid_prefix(value->bytes, value->length) == value->length;
  search->needles[search->count++] = needle;
  needle.escaped = true;
  if (escapes && is_utf8) search->needles[search->count++] = needle;
  if (is_utf8) return true;

  struct buffer repaired = {0};
  utf8_repair(&repaired, value->bytes, value->length);
  if (repaired.failed) {
    buffer_free(&repaired);
    return false;
  }
  needle = (struct needle){.bytes = repaired.bytes, .length = repaired.length, .repaired = repaired};
  search->needles[search->count++] = needle;
  needle.escaped = true;
  needle.repaired = (struct buffer){0}; /* the one before owns it */
  if (escapes) search->needles[search->count++] = needle;
  return true;
}

static bool is_long_enough(const struct secret *value) {
  return value->length >= REDACTION_SHORTEST;
}

static size_t count_values(const struct redaction *const sets[2]) {
  size_t count = 0;
  for (unsigned set = 0; set < 2; set++) {
    for (size_t i = 0; sets[set] && i < sets[set]->value_count; i++) count += is_long_enough(&sets[set]->values[i]);
  }
  return count;
}

static bool search_add_all(struct search *search, const struct redaction *const sets[2]) {
  bool escapes = search->decoded.bytes != NULL;
  for (unsigned set = 0; set < 2; set++) {
    for (size_t i = 0; sets[set] && i < sets[set]->value_count; i++) {
      const struct secret *value = &sets[set]->values[i];
      if (is_long_enough(value) && !search_add(search, value, escapes)) return false;
    }
  }
  return true;
}

void redact_text(struct buffer *out, const char *text, size_t length, const struct redaction *first,
                 const struct redaction *second) {
  enum { SPELLINGS = 3, FEW_VALUES = 8 }; /* a value that is not UTF-8 has three */
  const struct redaction *const sets[2] = {first, second};
  size_t value_count = length ? count_values(sets) : 0;
  if (value_count == 0) {
    buffer_append(out, text, length);
    return;
  }
  struct needle few[FEW_VALUES * SPELLINGS];
  struct search search = {.text = {text, length}, .needles = few};
  struct buffer decoded = {0};
  if (memchr(text, '\\', length)) decode(&decoded, text, length);
  search.decoded = (struct haystack){decoded.bytes, decoded.length};
  if (value_count > FEW_VALUES) {
    bool countable = value_count <= SIZE_MAX / (SPELLINGS * sizeof(struct needle));
    search.needles = countable ? memory_alloc(value_count * SPELLINGS * sizeof(struct needle)) : NULL;
  }
  if (search.needles && !decoded.failed && search_add_all(&search, sets))
    search_replace(out, &search);
  else
    out->failed = true; /* rather nothing than a secret */
  for (size_t i = 0; i < search.count; i++) buffer_free(&search.needles[i].repaired);
  if (search.needles != few) memory_free(search.needles);
  buffer_free(&decoded);
}

/* How many bytes at the end of the text are the beginning of the value, at most all but one of its bytes. */
static size_t begun_at_end(const char *text, size_t length, const struct secret *value) {
  size_t longest = value->length > length ? length : value->length - (value->length > 0);
  for (size_t part = longest; part >= REDACTION_SHORTEST; part--)
    if (memcmp(text + length - part, value->bytes, part) == 0) return part;
  return 0;
}

static size_t cut(const char *text, size_t length, const struct redaction *const sets[2]) {
  /* Again until nothing is found: a cut may go through a whole value, whose beginning then stands at the end. */
  for (size_t before = length + 1; length < before;) {
    before = length;
    for (size_t i = 0; i < 2; i++)
      for (size_t j = 0; sets[i] && j < sets[i]->value_count; j++)
        length -= begun_at_end(text, length, &sets[i]->values[j]);
  }
  return length;
}

/* Without the beginning of an escape at the end. */
static size_t whole_units(const char *text, size_t length) {
  for (size_t back = 1; back <= 12 && back <= length; back++) {
    const char *at = text + length - back;
    if (*at != '\\') continue;
    char bytes[4];
    size_t count, spelled = decode_escape(bytes, &count, at, back);
    bool half = spelled == 6 && escaped_unit(at, back) >= 0xD800 && escaped_unit(at, back) < 0xDC00 && back < 12;
    if (spelled == 0 || half) return length - back;
  }
  return length;
}

size_t redact_cut(const char *text, size_t length, const struct redaction *first, const struct redaction *second) {
  const struct redaction *const sets[2] = {first, second};
  size_t shown = cut(text, length, sets);
  if (shown == 0 || !memchr(text, '\\', length)) return shown;
  struct haystack source = {text, length};
  struct buffer decoded = {0};
  struct place place = {0};
  decode(&decoded, text, whole_units(text, length));
  size_t kept = cut(decoded.bytes, decoded.length, sets);
  if (decoded.failed)
    shown = 0; /* rather nothing than a secret */
  else if (kept < decoded.length && place_move(&place, &source, kept, false) < shown)
    shown = place.source;
  buffer_free(&decoded);
  return shown;
}

static char lower(char character) {
  return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character; /* in every locale */
}

static bool is_name(const char *text, size_t length, const char *name, size_t name_length) {
  if (length != name_length) return false;
  for (size_t i = 0; i < length; i++) {
    if (lower(text[i]) != lower(name[i])) return false;
  }
  return true;
}

static bool is_secret_header(const char *name, size_t length, const struct redaction *const sets[2]) {
  static const struct secret always[] = {
      {"Authorization", 13}, {"Proxy-Authorization", 19}, {"Cookie", 6}, {"Set-Cookie", 10}};
  for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
    if (is_name(name, length, always[i].bytes, always[i].length)) return true;
  }
  for (unsigned set = 0; set < 2; set++) {
    for (size_t i = 0; sets[set] && i < sets[set]->header_count; i++) {
      if (is_name(name, length, sets[set]->headers[i].bytes, sets[set]->headers[i].length)) return true;
    }
  }
  return false;
}

static bool is_blank(char character) {
  return character == ' ' || character == '\t';
}

/* Where the line at `start` ends: behind its LF, or with the text. */
static size_t line_end(const char *text, size_t length, size_t start) {
  const char *newline = memchr(text + start, '\n', length - start);
  return newline ? (size_t)(newline - text) + 1 : length;
}

/* The end of the lines that continue the one before `end` (they begin with a blank). */
static size_t continued_end(const char *text, size_t length, size_t end) {
  while (end < length && is_blank(text[end])) end = line_end(text, length, end);
  return end;
}

void redact_head(struct buffer *out, const char *head, size_t length, const struct redaction *first,
                 const struct redaction *second) {
  const struct redaction *const sets[2] = {first, second};
  size_t done = 0; /* what stands before is in out */
  for (size_t start = 0, next; start < length; start = next) {
    next = line_end(head, length, start);
    const char *colon = memchr(head + start, ':', next - start);
    if (!colon) continue;
    /* A line that continues a header may look like one, or be taken for one; so blanks around a name do not count. */
    size_t name = start, name_end = (size_t)(colon - head), value = name_end + 1;
    while (name < name_end && is_blank(head[name])) name++;
    while (name_end > name && is_blank(head[name_end - 1])) name_end--;
    if (!is_secret_header(head + name, name_end - name, sets)) continue;
    next = continued_end(head, length, next);
    size_t end = next;
    if (end > value && head[end - 1] == '\n') end--;
    if (end > value && head[end - 1] == '\r') end--;
    while (value < end && is_blank(head[value])) value++;
    redact_text(out, head + done, value - done, first, second);
    buffer_text(out, REDACTION_TEXT);
    done = end;
  }
  redact_text(out, head + done, length - done, first, second);
}
