/*
 * json: see json.h.
 */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* The comma before a value or key, and the note that one stands there now. */
static void begin_value(struct json *json) {
  if (json->comma) buffer_byte(json->out, ',');
  json->comma = true;
}

void json_begin_object(struct json *json) {
  begin_value(json);
  buffer_byte(json->out, '{');
  json->comma = false;
}

void json_end_object(struct json *json) {
  buffer_byte(json->out, '}');
  json->comma = true;
}

void json_begin_array(struct json *json) {
  begin_value(json);
  buffer_byte(json->out, '[');
  json->comma = false;
}

void json_end_array(struct json *json) {
  buffer_byte(json->out, ']');
  json->comma = true;
}

void json_key(struct json *json, const char *key, size_t length) {
  json_string(json, key, length);
  buffer_byte(json->out, ':');
  json->comma = false;
}

/*
 * Whether one of eight bytes must be escaped: below 0x20, '"' or '\\'. The subtraction sets a byte's top bit when the
 * byte is less than what is subtracted; a borrow can set it in a later byte too, but only after a byte that counts.
 */
static bool any_to_escape(uint64_t eight) {
  const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
  uint64_t quotes = eight ^ (ones * '"'), backslashes = eight ^ (ones * '\\');
  uint64_t below_20 = (eight - ones * 0x20) & ~eight;
  uint64_t is_quote = (quotes - ones) & ~quotes, is_backslash = (backslashes - ones) & ~backslashes;
  return ((below_20 | is_quote | is_backslash) & tops) != 0;
}

static bool must_escape(char character) {
  unsigned char byte = (unsigned char)character;
  return byte < 0x20 || byte == '"' || byte == '\\';
}

/* How many bytes from the start can stand in a JSON string as they are. */
static size_t plain_prefix(const char *text, size_t length) {
  size_t plain = 0;
  uint64_t eight;
  for (; length - plain >= sizeof eight; plain += sizeof eight) {
    memcpy(&eight, text + plain, sizeof eight);
    if (any_to_escape(eight)) break;
  }
  while (plain < length && !must_escape(text[plain])) plain++;
  return plain;
}

static void escape_byte(struct buffer *out, char character) {
  static const char short_forms[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
  static const char digits[] = "0123456789abcdef";
  unsigned char byte = (unsigned char)character;
  if (byte >= 0x20) {
    buffer_append(out, (char[]){'\\', character}, 2);
  } else if (short_forms[byte]) {
    buffer_append(out, (char[]){'\\', short_forms[byte]}, 2);
  } else {
    buffer_append(out, (char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
  }
}

/* For text that is UTF-8. */
static void escape_valid(struct buffer *out, const char *text, size_t length) {
  for (;;) {
    size_t plain = plain_prefix(text, length);
    buffer_append(out, text, plain);
    if (plain == length) return;
    escape_byte(out, text[plain]);
    text += plain + 1;
    length -= plain + 1;
  }
}

bool json_escape(struct buffer *out, const char *text, size_t length) {
  size_t valid = utf8_valid_prefix(text, length);
  if (valid == length) {
    escape_valid(out, text, length);
    return false;
  }
  struct buffer repaired = {0};
  utf8_repair(&repaired, text, length);
  escape_valid(out, repaired.bytes, repaired.length);
  if (repaired.failed) out->failed = true;
  buffer_free(&repaired);
  return true;
}

void json_string(struct json *json, const char *text, size_t length) {
  begin_value(json);
  buffer_byte(json->out, '"');
  if (json_escape(json->out, text, length)) json->repaired = true;
  buffer_byte(json->out, '"');
}

void json_integer(struct json *json, int64_t value) {
  char text[24];
  char *at = text + sizeof text;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    *--at = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0) *--at = '-';
  json_raw(json, at, (size_t)(text + sizeof text - at));
}

/* A positive number in decimal: d.ddd times ten to the exponent. */
struct decimal {
  char digits[18]; /* NUL-terminated, no point */
  int exponent;
};

enum {
  SURE_DIGITS = 15,    /* every decimal of so many digits survives a double (DBL_DIG) */
  LONGEST_DIGITS = 17, /* every double survives a decimal of so many digits (DBL_DECIMAL_DIG) */
};

/* The decimal of `count` digits that is nearest to value. */
static struct decimal decimal_nearest(double value, int count) {
  /* The decimal point is the locale's, of one or more bytes; so the digits are picked out and the rest is left. */
  char text[64];
  snprintf(text, sizeof text, "%.*e", count - 1, value);
  struct decimal decimal = {.exponent = 0};
  size_t length = 0;
  const char *at = text;
  for (; *at && *at != 'e'; at++) {
    if (*at >= '0' && *at <= '9' && length < sizeof decimal.digits - 1) decimal.digits[length++] = *at;
  }
  if (*at == 'e') decimal.exponent = (int)strtol(at + 1, NULL, 10);
  return decimal;
}

static bool reads_back(const struct decimal *decimal, double value) {
  /* Written without a point, since strtod wants the locale's. */
  char text[64];
  snprintf(text, sizeof text, "%se%d", decimal->digits, decimal->exponent - (int)strlen(decimal->digits) + 1);
  return strtod(text, NULL) == value;
}

/*
 * The next decimal of as many digits. Around a power of two the doubles lie closer together below than above, so the
 * nearest decimal can be just too far below while the next one up, though farther, still reads back.
 */
static void decimal_increment(struct decimal *decimal) {
  size_t length = strlen(decimal->digits), at = length;
  while (at > 0 && decimal->digits[at - 1] == '9') decimal->digits[--at] = '0';
  if (at > 0) {
    decimal->digits[at - 1]++;
  } else { /* 9.99 became 10.00 */
    decimal->digits[0] = '1';
    decimal->exponent++;
  }
}

/* The shortest decimal that reads back as value, which is positive. */
static struct decimal decimal_shortest(double value) {
  int exponent;
  bool power_of_two = frexp(value, &exponent) == 0.5;
  /* Below the smallest normal number even few digits may be more than the double holds. */
  for (int count = isnormal(value) ? SURE_DIGITS : 1; count < LONGEST_DIGITS; count++) {
    struct decimal decimal = decimal_nearest(value, count);
    if (reads_back(&decimal, value)) return decimal;
    if (power_of_two) {
      decimal_increment(&decimal);
      if (reads_back(&decimal, value)) return decimal;
    }
  }
  return decimal_nearest(value, LONGEST_DIGITS);
}

/* As printf's %g lays it out. */
static size_t decimal_layout(char text[64], const struct decimal *decimal, bool negative) {
  int count = (int)strlen(decimal->digits), precision = count > SURE_DIGITS ? count : SURE_DIGITS;
  while (count > 1 && decimal->digits[count - 1] == '0') count--;
  const char *sign = negative ? "-" : "", *digits = decimal->digits;
  int exponent = decimal->exponent, length;
  if (exponent < -4 || exponent >= precision) {
    length =
        snprintf(text, 64, "%s%c%s%.*se%+03d", sign, digits[0], count > 1 ? "." : "", count - 1, digits + 1, exponent);
  } else if (exponent < 0) {
    length = snprintf(text, 64, "%s0.%.*s%.*s", sign, -exponent - 1, "000", count, digits);
  } else if (count <= exponent + 1) {
    length = snprintf(text, 64, "%s%.*s%.*s", sign, count, digits, exponent + 1 - count, "00000000000000000");
  } else {
    int whole = exponent + 1;
    length = snprintf(text, 64, "%s%.*s.%.*s", sign, whole, digits, count - whole, digits + whole);
  }
  return (size_t)length;
}

void json_number(struct json *json, double value) {
  if (fabs(value) < 1e15 && value == (double)(int64_t)value && !(value == 0 && signbit(value))) {
    json_integer(json, (int64_t)value);
  } else if (value == 0) {
    json_raw(json, "-0.0", 4); /* with a fraction, so that no reader makes it an integer, which has no sign */
  } else if (!isfinite(value)) {
    json_null(json); /* nothing that JSON can say; the caller promised better */
  } else {
    struct decimal decimal = decimal_shortest(fabs(value));
    char text[64];
    json_raw(json, text, decimal_layout(text, &decimal, value < 0));
  }
}

void json_boolean(struct json *json, bool value) {
  if (value)
    json_raw(json, "true", 4);
  else
    json_raw(json, "false", 5);
}

void json_null(struct json *json) {
  json_raw(json, "null", 4);
}

void json_raw(struct json *json, const char *text, size_t length) {
  begin_value(json);
  buffer_append(json->out, text, length);
}

void json_text_field(struct json *json, const char *key, const char *text) {
  json_key(json, key, strlen(key));
  if (text)
    json_string(json, text, strlen(text));
  else
    json_null(json);
}

void json_integer_field(struct json *json, const char *key, int64_t value) {
  json_key(json, key, strlen(key));
  json_integer(json, value);
}
