/*
 * page_text: see page_text.h.
 */
#include "page_text.h"

#include <strings.h>

/* Within a form's storage a value is known by where it begins, since the storage moves while it grows. */
enum { NOT_GIVEN = -1 };

bool page_text_is(struct page_text text, const char *other) {
  size_t length = strlen(other);
  return text.bytes && text.length == length && memcmp(text.bytes, other, length) == 0;
}

bool page_text_is_any_case(struct page_text text, const char *other) {
  size_t length = strlen(other);
  return text.bytes && text.length == length && strncasecmp(text.bytes, other, length) == 0;
}

bool page_text_begins(struct page_text text, const char *beginning) {
  size_t length = strlen(beginning);
  return text.bytes && text.length >= length && memcmp(text.bytes, beginning, length) == 0;
}

struct page_text page_text_from(struct page_text text, size_t length) {
  return (struct page_text){text.bytes + length, text.length - length};
}

/* ---- Accept-Encoding ---- */

/* The text up to the first of these bytes, or all of it; what is behind that byte is left. */
static struct page_text take_until(struct page_text *text, const char *ends) {
  size_t length = 0;
  while (length < text->length && !strchr(ends, text->bytes[length])) length++;
  struct page_text taken = {text->bytes, length};
  *text = page_text_from(*text, length < text->length ? length + 1 : length);
  return taken;
}

static struct page_text trim(struct page_text text) {
  while (text.length > 0 && strchr(" \t", text.bytes[0])) text = page_text_from(text, 1);
  while (text.length > 0 && strchr(" \t", text.bytes[text.length - 1])) text.length--;
  return text;
}

/* "q=0", with or without decimals. */
static bool is_no_weight(struct page_text text) {
  if (text.length < 3 || strncasecmp(text.bytes, "q=0", 3) != 0) return false;
  for (size_t i = 3; i < text.length; i++)
    if (!strchr(".0", text.bytes[i])) return false;
  return true;
}

bool page_text_takes_gzip(struct page_text accepted) {
  while (accepted.length > 0) {
    struct page_text rest = take_until(&accepted, ",");
    struct page_text coding = trim(take_until(&rest, ";"));
    if (page_text_is_any_case(coding, "gzip")) return !is_no_weight(trim(rest));
  }
  return false;
}

/* ---- forms ---- */

static bool complain(struct buffer *complaint, const char *sentence) {
  buffer_text(complaint, sentence);
  return false;
}

/* -1 for what is no hexadecimal digit. */
static int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

/* Appends what a piece of a form means, and a NUL. */
static bool decode(struct buffer *out, struct page_text piece, struct buffer *complaint) {
  for (size_t i = 0; i < piece.length; i++) {
    char byte = piece.bytes[i];
    if (byte == '+') {
      byte = ' ';
    } else if (byte == '%') {
      bool room = piece.length - i > 2;
      int high = room ? hex_digit(piece.bytes[i + 1]) : -1, low = room ? hex_digit(piece.bytes[i + 2]) : -1;
      if (high < 0 || low < 0)
        return complain(complaint, "A % in the request is not followed by two hexadecimal digits.");
      byte = (char)(high * 16 + low);
      i += 2;
    }
    if (byte == '\0') return complain(complaint, "The request holds a NUL.");
    buffer_byte(out, byte);
  }
  buffer_byte(out, '\0');
  return !out->failed;
}

/* The piece of *rest up to a separator, which is left out of both. */
static struct page_text cut(struct page_text *rest, char separator) {
  const char *end = rest->length ? memchr(rest->bytes, separator, rest->length) : NULL;
  size_t length = end ? (size_t)(end - rest->bytes) : rest->length;
  struct page_text piece = {rest->bytes, length};
  *rest = page_text_from(*rest, end ? length + 1 : length);
  return piece;
}

static bool complain_of(struct buffer *complaint, const char *what, const char *name) {
  buffer_text(complaint, what);
  buffer_append(complaint, name, strnlen(name, 60));
  buffer_text(complaint, "\".");
  return false;
}

static int place_of(const char *name, const char *const *names) {
  for (int place = 0; names[place]; place++)
    if (strcmp(names[place], name) == 0) return place;
  return NOT_GIVEN;
}

static bool read_field(struct page_form *form, struct page_text field, const char *const *names, long *starts,
                       struct buffer *complaint) {
  struct page_text value = field, name = cut(&value, '=');
  size_t name_start = form->storage.length;
  if (!decode(&form->storage, name, complaint)) return false;
  int place = place_of(form->storage.bytes + name_start, names);
  if (place == NOT_GIVEN) return complain_of(complaint, "There is no parameter \"", form->storage.bytes + name_start);
  if (starts[place] != NOT_GIVEN) return complain_of(complaint, "Given more than once: \"", names[place]);
  starts[place] = (long)form->storage.length;
  return decode(&form->storage, value, complaint);
}

bool page_form_read(struct page_form *form, struct page_text text, const char *const *names, struct buffer *complaint) {
  long starts[PAGE_FORM_FIELDS];
  for (int i = 0; i < PAGE_FORM_FIELDS; i++) starts[i] = NOT_GIVEN;
  while (text.bytes && text.length > 0) {
    struct page_text field = cut(&text, '&');
    if (field.length > 0 && !read_field(form, field, names, starts, complaint)) return false;
  }
  for (int i = 0; i < PAGE_FORM_FIELDS; i++) {
    form->given[i] = starts[i] != NOT_GIVEN;
    if (form->given[i] && form->storage.bytes[starts[i]]) form->values[i] = form->storage.bytes + starts[i];
  }
  return true;
}

void page_form_free(struct page_form *form) {
  buffer_free(&form->storage);
  *form = (struct page_form){0};
}

/* ---- numbers ---- */

bool page_read_whole(const char *text, int64_t most, int64_t *value) {
  *value = 0;
  if (!*text) return false;
  for (; *text; text++) {
    int digit = *text - '0';
    if (digit < 0 || digit > 9) return false;
    if (digit > most || *value > (most - digit) / 10) return false;
    *value = *value * 10 + digit;
  }
  return true;
}

bool page_read_seconds(const char *text, int64_t *microseconds) {
  static const int64_t last = 253402300799; /* 9999-12-31 23:59:59 */
  char whole[16];
  size_t length = strcspn(text, ".");
  int64_t seconds;
  if (length >= sizeof whole) return false;
  memcpy(whole, text, length);
  whole[length] = '\0';
  if (!page_read_whole(whole, last, &seconds)) return false;
  int64_t fraction = 0, unit = 1000000;
  const char *digit = text + length;
  if (*digit == '.') {
    if (!digit[1]) return false;
    for (digit++; *digit; digit++) {
      if (*digit < '0' || *digit > '9' || unit == 1) return false;
      unit /= 10;
      fraction += (*digit - '0') * unit;
    }
  }
  *microseconds = seconds * 1000000 + fraction;
  return true;
}
