/*
 * json: an ordered JSON writer (RFC 8259) over a buffer.
 *
 * What is written comes out in the order in which it is written, with no white space. Integers keep all 64 bits.
 * Numbers are the shortest text that reads back as the same double, whatever the locale. Text that is not UTF-8 leaves
 * as UTF-8 (see utf8.h) and sets `repaired`. The caller keeps begin and end paired and writes a key before each value
 * of an object; the writer puts the commas.
 */
#ifndef INTENT_WEBHOOK_JSON_H
#define INTENT_WEBHOOK_JSON_H

#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

struct json {
  struct buffer *out; /* borrowed */
  bool comma;         /* a value stands before here in this object or array */
  bool repaired;      /* some text was not UTF-8 */
};

void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);
void json_key(struct json *json, const char *key, size_t length);

void json_string(struct json *json, const char *text, size_t length);
void json_integer(struct json *json, int64_t value);
/* Needs a finite value. Integral values below 1e15 are written without a fraction or exponent. */
void json_number(struct json *json, double value);
void json_boolean(struct json *json, bool value);
void json_null(struct json *json);

/* A value that is JSON text already. */
void json_raw(struct json *json, const char *text, size_t length);

/* Shorthands for a key that is a C string. text NULL writes null. */
void json_text_field(struct json *json, const char *key, const char *text);
void json_integer_field(struct json *json, const char *key, int64_t value);

/* The inside of a JSON string, escaped, without the quotes. Returns whether text had to be repaired. */
bool json_escape(struct buffer *out, const char *text, size_t length);

#pragma GCC visibility pop
#endif
