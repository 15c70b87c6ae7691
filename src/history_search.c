/*
 * history_search: see history_search.h.
 */
#include "history_search.h"

#include <utf8proc.h>

#include "json.h"

enum {
  FIRST_BAD = 0x110000, /* the unit of a byte that is no UTF-8 is this and the byte */
  CASED_END = 0x20000   /* no code point from here on has upper and lower case */
};

#define FUNCTION HISTORY_SEARCH_FUNCTION

const char history_search_in_event[] = FUNCTION "(events.slots, events.id, events.session, events.error, events.note)";
const char history_search_in_attempts[] =
    "EXISTS (SELECT 1 FROM attempts WHERE attempts.event = events.seq AND " FUNCTION
    "(attempts.url, attempts.request_body, attempts.response_body))";

static unsigned char lower_ascii(unsigned char byte) {
  return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

/* The unit at `at` that is not ASCII. Returns its length in bytes. */
static size_t read_unit(const unsigned char *at, const unsigned char *end, uint32_t *unit) {
  utf8proc_int32_t code;
  utf8proc_ssize_t length = utf8proc_iterate(at, end - at, &code);
  if (length > 0) {
    *unit = (uint32_t)utf8proc_tolower(code);
    return (size_t)length;
  }
  *unit = FIRST_BAD + *at;
  return 1;
}

/* ---- needles ---- */

static unsigned char first_byte(utf8proc_int32_t code) {
  utf8proc_uint8_t bytes[4];
  utf8proc_encode_char(code, bytes);
  return bytes[0];
}

/* ASCII letters are not only the lower case of ASCII: the Kelvin sign's is k. */
static void find_starts(struct history_needle *needle, uint32_t first) {
  if (first >= FIRST_BAD) {
    needle->starts[first - FIRST_BAD] = true;
    return;
  }
  needle->starts[first_byte((utf8proc_int32_t)first)] = true;
  for (utf8proc_int32_t code = 'A'; code < CASED_END; code++)
    if ((uint32_t)utf8proc_tolower(code) == first) needle->starts[first_byte(code)] = true;
}

static bool make_needle(struct history_needle *needle, const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)text, *end = at + length;
  while (at < end) {
    uint32_t unit = lower_ascii(*at);
    at += unit < 0x80 ? 1 : read_unit(at, end, &unit);
    buffer_push(&needle->units, &unit, sizeof unit);
  }
  if (needle->units.failed) return false;
  find_starts(needle, buffer_numbers(&needle->units)[0]);
  return true;
}

bool history_search_open(struct history_search *search, const char *text) {
  struct buffer escaped = {0};
  size_t length = strlen(text);
  *search = (struct history_search){0};
  if (length == 0) return true;
  json_escape(&escaped, text, length);
  bool differs = escaped.length != length || memcmp(escaped.bytes, text, length) != 0;
  bool made = !escaped.failed && make_needle(&search->needles[0], text, length) &&
              (!differs || make_needle(&search->needles[1], escaped.bytes, escaped.length));
  search->needle_count = differs ? 2 : 1;
  buffer_free(&escaped);
  return made;
}

void history_search_close(struct history_search *search) {
  for (size_t i = 0; i < 2; i++) buffer_free(&search->needles[i].units);
  *search = (struct history_search){0};
}

/* ---- finding ---- */

static bool is_at(const struct history_needle *needle, const unsigned char *at, const unsigned char *end) {
  const uint32_t *units = buffer_numbers(&needle->units), *last = units + buffer_number_count(&needle->units);
  for (; units < last; units++) {
    if (at == end) return false;
    uint32_t unit = lower_ascii(*at);
    at += unit < 0x80 ? 1 : read_unit(at, end, &unit);
    if (unit != *units) return false;
  }
  return true;
}

static bool find_needle(const struct history_needle *needle, const unsigned char *at, const unsigned char *end) {
  for (; at < end; at++)
    if (needle->starts[*at] && is_at(needle, at, end)) return true;
  return false;
}

bool history_search_find(const struct history_search *search, const void *bytes, size_t length) {
  const unsigned char *text = bytes;
  if (search->needle_count == 0) return true;
  for (size_t i = 0; length && i < search->needle_count; i++)
    if (find_needle(&search->needles[i], text, text + length)) return true;
  return false;
}

/* ---- in SQL ---- */

/* Whether one of its arguments has the text. */
static void contains(sqlite3_context *context, int count, sqlite3_value **values) {
  const struct history_search *search = sqlite3_user_data(context);
  bool found = false;
  for (int i = 0; i < count && !found; i++) {
    const void *bytes = sqlite3_value_blob(values[i]); /* of a text, without a copy */
    found = bytes && history_search_find(search, bytes, (size_t)sqlite3_value_bytes(values[i]));
  }
  sqlite3_result_int(context, found);
}

int history_search_enter(const struct history_search *search, sqlite3 *database) {
  return sqlite3_create_function_v2(database, FUNCTION, -1, SQLITE_UTF8, (void *)(uintptr_t)search,
                                    search ? contains : NULL, NULL, NULL, NULL);
}
