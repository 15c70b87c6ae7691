/*
 * sentence_fixture: sentences declared in a few lines of text, and random numbers.
 *
 *     intent NAME [PRIORITY]           slot NAME              block [PRIORITY]
 *     say TEMPLATE                     fixed SLOT VALUE       keyword WORDS
 *     requires KEY [> SLOT] [: VALUE, VALUE ...]              excludes KEY [: VALUE, VALUE ...]
 *     list NAME [case] [accents] [typos]                      value TEXT [=> VALUE] [@ KEY=VALUE ...]
 *     range NAME FROM TO [step N] [times N] [parts N] [nodigits] [nowords]
 *     wildcard NAME                    type NAME              phrase NAME TEXT
 *     skip WORDS                       number WORDS => N      nospace
 *
 * `local` before list, range, wildcard, type or phrase makes it the block's. An intent has its first block without a
 * line for it. A VALUE is text, or #NUMBER, or ?true, ?false.
 */
#ifndef INTENT_WEBHOOK_SPEC_SENTENCE_FIXTURE_H
#define INTENT_WEBHOOK_SPEC_SENTENCE_FIXTURE_H

#include <stdint.h>

#include "sentences.h"

void sentence_declare(sentences_source *source, const char *lines);

/* Declared, compiled and given back; NULL when that failed, which is printed. */
sentences *sentence_compile(const char *lines);

/* The slots of a match as "name=value name=value", in their order, or "-"; valid until the next call. */
const char *sentence_slots(const sentences_match *match);

/* What a text comes to: "INTENT slots", or "-"; valid until the next call. */
const char *sentence_found(sentences_matcher *matcher, const sentences *compiled, const char *text,
                           const sentences_options *options);

uint32_t sentence_random(uint64_t *state);

#endif
