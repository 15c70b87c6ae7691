/*
 * history_brief: see history_brief.h.
 *
 * Slots are read as JSON that our own writer wrote: without white space, and well-formed. Other JSON is not read beyond
 * its end.
 */
#include "history_brief.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* The bytes from at up to end. */
struct span {
  const char *at, *end;
};

static size_t length_of(struct span span) {
  return (size_t)(span.end - span.at);
}

/* The longest beginning of at most `most` bytes that does not end within a character. */
static size_t cut_text(struct span text, size_t most) {
  size_t length = most;
  if (length_of(text) <= most) return length_of(text);
  while (length > 0 && ((unsigned char)text.at[length] & 0xc0) == 0x80) length--;
  return length;
}

static void write_cut(struct json *json, struct span text, size_t length) {
  struct buffer copy = {0};
  buffer_append(&copy, text.at, length);
  buffer_text(&copy, ELLIPSIS);
  if (copy.failed) json->out->failed = true;
  json_string(json, copy.bytes, copy.length);
  buffer_free(&copy);
}

static bool write_text(struct json *json, struct span text, size_t most) {
  size_t length = cut_text(text, most);
  if (length == length_of(text))
    json_string(json, text.at, length);
  else
    write_cut(json, text, length);
  return length < length_of(text);
}

bool history_brief_text(struct json *json, const char *text, size_t length) {
  return write_text(json, (struct span){text, text + length}, HISTORY_BRIEF_TEXT_BYTES);
}

/* ---- JSON ---- */

/* Behind the string that begins at the quote `at`; NULL when it does not end. */
static const char *after_string(struct span rest) {
  for (const char *at = rest.at + 1; at < rest.end; at++) {
    if (*at == '"') return at + 1;
    if (*at == '\\') at++;
  }
  return NULL;
}

/* Behind the value at the start; NULL when it does not end. */
static const char *after_value(struct span rest) {
  unsigned depth = 0;
  for (const char *at = rest.at; at < rest.end; at++) {
    if (*at == '"') {
      at = after_string((struct span){at, rest.end});
      if (!at) return NULL;
      if (depth == 0) return at;
      at--;
    } else if (*at == '{' || *at == '[') {
      depth++;
    } else if (*at == '}' || *at == ']') {
      if (depth == 0) return at; /* the object that a number or word stands in */
      if (--depth == 0) return at + 1;
    } else if (*at == ',' && depth == 0) {
      return at;
    }
  }
  return NULL;
}

/* How long the escape sequence, or the pair of them that is one character, at the start is. */
static size_t escape_length(struct span rest) {
  if (length_of(rest) < 6 || rest.at[1] != 'u') return 2;
  bool first_half = (rest.at[2] | 0x20) == 'd' && memchr("89abAB", rest.at[3], 6);
  return first_half && length_of(rest) >= 12 && rest.at[6] == '\\' ? 12 : 6;
}

/* The same as cut_text for the inside of a JSON string, in which escape sequences are characters too. */
static size_t cut_escaped(struct span inside, size_t most) {
  size_t length = cut_text(inside, most), at = 0;
  while (at < length) {
    const char *backslash = memchr(inside.at + at, '\\', length - at);
    if (!backslash) return length;
    at = (size_t)(backslash - inside.at);
    size_t escape = escape_length((struct span){backslash, inside.end});
    if (at + escape > length) return at;
    at += escape;
  }
  return length;
}

/* Returns whether it was cut. */
static bool write_value(struct json *json, struct span value) {
  if (length_of(value) <= HISTORY_BRIEF_SLOT_BYTES) {
    json_raw(json, value.at, length_of(value));
    return false;
  }
  if (*value.at != '"') {
    write_cut(json, value, cut_text(value, HISTORY_BRIEF_SLOT_BYTES));
    return true;
  }
  struct buffer string = {0};
  size_t length = cut_escaped((struct span){value.at + 1, value.end - 1}, HISTORY_BRIEF_SLOT_BYTES - 2);
  buffer_append(&string, value.at, length + 1);
  buffer_text(&string, ELLIPSIS "\"");
  if (string.failed) json->out->failed = true;
  json_raw(json, string.bytes, string.length);
  buffer_free(&string);
  return true;
}

/* Writes the member at the start of *rest and leaves what is behind it. False: there is none. */
static bool write_member(struct json *json, struct span *rest, bool *cut) {
  if (rest->at == rest->end || *rest->at != '"') return false;
  struct span name = {rest->at, after_string(*rest)};
  if (!name.end || name.end == rest->end || *name.end != ':') return false;
  struct span value = {name.end + 1, after_value((struct span){name.end + 1, rest->end})};
  if (!value.end || value.end == value.at) return false;
  if (json->comma) buffer_byte(json->out, ',');
  buffer_append(json->out, name.at, length_of(name));
  buffer_byte(json->out, ':');
  json->comma = false;
  *cut = write_value(json, value) || *cut;
  rest->at = value.end;
  if (rest->at < rest->end && *rest->at == ',') rest->at++;
  return true;
}

bool history_brief_slots(struct json *json, const char *slots, size_t length) {
  struct span rest = {slots, slots + length};
  bool cut = false;
  json_begin_object(json);
  if (length > 0 && *slots == '{') {
    rest.at++;
    for (unsigned i = 0; i < HISTORY_BRIEF_SLOTS && write_member(json, &rest, &cut); i++) {}
  }
  json_end_object(json);
  return cut || length_of(rest) != 1 || *rest.at != '}';
}
