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

/* One spelling of one value, and where it occurs next. */
struct needle {
  const char *bytes;
  size_t length;
  bool escaped;           /* as JSON escapes rather than as bytes */
  size_t start, end;      /* of the next occurrence; start NOWHERE: there is none */
  struct buffer repaired; /* what bytes points to, when it belongs to the needle */
};

static const size_t NOWHERE = SIZE_MAX;

struct search {
  const char *text;
  size_t length;
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

/* How many bytes of text, from its start, spell the needle in JSON; 0 when they do not. */
static size_t escaped_match(const struct needle *needle, const char *text, size_t length) {
  size_t at = 0, matched = 0;
  while (matched < needle->length) {
    if (at == length) return 0;
    char bytes[4];
    size_t count = 1, spelled = 1;
    if (text[at] == '\\')
      spelled = decode_escape(bytes, &count, text + at, length - at);
    else
      bytes[0] = text[at];
    if (spelled == 0 || count > needle->length - matched) return 0;
    if (memcmp(bytes, needle->bytes + matched, count) != 0) return 0;
    matched += count;
    at += spelled;
  }
  return at;
}

/* Finds the needle's first occurrence that begins at `from` or later. */
static void needle_seek(struct needle *needle, const char *text, size_t length, size_t from) {
  needle->start = NOWHERE;
  if (!needle->escaped) {
    const char *found = memmem(text + from, length - from, needle->bytes, needle->length);
    if (!found) return;
    needle->start = (size_t)(found - text);
    needle->end = needle->start + needle->length;
    return;
  }
  /* An occurrence with a backslash in it begins less than the needle's length before the first one. */
  for (size_t at = from; at < length;) {
    const char *found = memchr(text + at, '\\', length - at);
    if (!found) return;
    size_t backslash = (size_t)(found - text);
    if (backslash - at >= needle->length) at = backslash - needle->length + 1;
    for (; at <= backslash; at++) {
      if (at < backslash && text[at] != needle->bytes[0]) continue;
      size_t matched = escaped_match(needle, text + at, length - at);
      if (matched) {
        needle->start = at;
        needle->end = at + matched;
        return;
      }
    }
  }
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
  for (size_t i = 0; i < search->count; i++) needle_seek(&search->needles[i], search->text, search->length, 0);
  size_t done = 0;
  for (struct needle *needle; (needle = search_first(search));) {
    size_t start = needle->start, end = needle->end;
    do {
      if (needle->end > end) end = needle->end;
      needle_seek(needle, search->text, search->length, needle->start + 1);
      needle = search_first(search);
    } while (needle && needle->start < end);
    buffer_append(out, search->text + done, start - done);
    buffer_text(out, REDACTION_TEXT);
    done = end;
  }
  buffer_append(out, search->text + done, search->length - done);
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
  bool escapes = memchr(search->text, '\\', search->length) != NULL;
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
  struct search search = {.text = text, .length = length, .needles = few};
  if (value_count > FEW_VALUES) {
    bool countable = value_count <= SIZE_MAX / (SPELLINGS * sizeof(struct needle));
    search.needles = countable ? memory_alloc(value_count * SPELLINGS * sizeof(struct needle)) : NULL;
  }
  if (search.needles && search_add_all(&search, sets))
    search_replace(out, &search);
  else
    out->failed = true; /* rather nothing than a secret */
  for (size_t i = 0; i < search.count; i++) buffer_free(&search.needles[i].repaired);
  if (search.needles != few) memory_free(search.needles);
}

/* How many bytes at the end of the text are the beginning of the value, at most all but one of its bytes. */
static size_t begun_at_end(const char *text, size_t length, const struct secret *value) {
  size_t longest = value->length > length ? length : value->length - (value->length > 0);
  for (size_t part = longest; part >= REDACTION_SHORTEST; part--)
    if (memcmp(text + length - part, value->bytes, part) == 0) return part;
  return 0;
}

size_t redact_cut(const char *text, size_t length, const struct redaction *first, const struct redaction *second) {
  const struct redaction *const sets[2] = {first, second};
  /* Again until nothing is found: a cut may go through a whole value, whose beginning then stands at the end. */
  for (size_t before = length + 1; length < before;) {
    before = length;
    for (size_t i = 0; i < 2; i++)
      for (size_t j = 0; sets[i] && j < sets[i]->value_count; j++)
        length -= begun_at_end(text, length, &sets[i]->values[j]);
  }
  return length;
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
