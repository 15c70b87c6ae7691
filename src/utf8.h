/*
 * utf8: is this UTF-8, and if not, the nearest text that is. Pure functions.
 *
 * UTF-8 as in RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. Each maximal ill-formed
 * subsequence becomes one U+FFFD, as the Unicode Standard (chapter 3, "U+FFFD Substitution of Maximal Subparts")
 * recommends.
 */
#ifndef INTENT_WEBHOOK_UTF8_H
#define INTENT_WEBHOOK_UTF8_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* How many bytes from the start are valid UTF-8; `length` when all are. */
size_t utf8_valid_prefix(const char *bytes, size_t length);

/* How many bytes, 1 to 3, the ill-formed sequence at the start of `bytes` has. Call it where the valid prefix ends. */
size_t utf8_bad_length(const char *bytes, size_t length);

/* Appends `bytes` with each ill-formed sequence replaced. Returns whether there was one. */
bool utf8_repair(struct buffer *out, const char *bytes, size_t length);

#pragma GCC visibility pop
#endif
