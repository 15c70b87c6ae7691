/*
 * redaction: keeps secrets off the disk. Used by the history writer on everything that it stores.
 *
 * Two kinds of secret: values (a token, a secret header's value, a sensitive slot's value), which are replaced by
 * "[redacted]" wherever their bytes, or their JSON-escaped bytes, occur; and names of headers whose value is always
 * replaced. A value shorter than REDACTION_SHORTEST bytes would occur everywhere by chance, so it is only
 * replaced where its place is known (its header, its key in the payload).
 */
#ifndef INTENT_WEBHOOK_REDACTION_H
#define INTENT_WEBHOOK_REDACTION_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum { REDACTION_SHORTEST = 4 };
#define REDACTION_TEXT "[redacted]"

struct secret {
  const char *bytes; /* borrowed */
  size_t length;
};

struct redaction {
  const struct secret *values;
  size_t value_count;
  const struct secret *headers; /* names, any case */
  size_t header_count;
};

/*
 * Appends text with every secret value of `first` and `second` (either may be NULL) replaced; occurrences that overlap
 * are replaced as one, so no piece of a longer value is left. When memory runs out, out is marked failed.
 */
void redact_text(struct buffer *out, const char *text, size_t length, const struct redaction *first,
                 const struct redaction *second);

/*
 * How much of a text that was cut off at `length` may be shown: all of it, or less when its end is the beginning of a
 * secret value (of at least REDACTION_SHORTEST bytes), which redact_text would not know.
 */
size_t redact_cut(const char *text, size_t length, const struct redaction *first, const struct redaction *second);

/*
 * redact_text for an HTTP head (lines that end in CR LF or LF): also replaces the value of every header that `first` or
 * `second` names, and always that of Authorization, Proxy-Authorization, Cookie and Set-Cookie.
 */
void redact_head(struct buffer *out, const char *head, size_t length, const struct redaction *first,
                 const struct redaction *second);

#pragma GCC visibility pop
#endif
