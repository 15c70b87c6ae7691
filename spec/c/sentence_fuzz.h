/*
 * sentence_fuzz: what must hold of sentences.h whatever grammar, texts and images it is given. The fuzzers in spec/fuzz
 * call it with what they make up, test_sentence_findings.c with what they found.
 *
 * An input is lines of bytes. The first byte of a line says what it is, the rest are fields with tabs between them:
 *
 *     P name template        phrase (p: of the newest block)
 *     L name flags           list of values (l: of the newest block); flags: c exact case, a exact accents, t typos
 *     V template out k v     value of the newest list; the slot gets `out`; k v: context of it
 *     R name from to step multiplier fractions flags       range (flags: d no digits, w no words)
 *     W name                 wildcard
 *     Y name                 type: takes a run of one repeated byte, and the whole word
 *     K word                 skip word
 *     N word number          number word
 *     G                      spaces do not count
 *     I name priority        intent
 *     S name                 slot of the newest intent
 *     B priority             block of the newest intent
 *     T template             template of the newest block; so is a line that begins with no letter of this list
 *     Q key slot             the newest block requires the key; C value: one that it must have
 *     X key                  the newest block excludes the key; C value
 *     D word                 keyword of the newest block
 *     F slot value           fixed slot of the newest block
 *     M key value            context of the messages
 *     * slot                 best slot
 *     > text                 a text to match
 */
#ifndef INTENT_WEBHOOK_SPEC_SENTENCE_FUZZ_H
#define INTENT_WEBHOOK_SPEC_SENTENCE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What took longest in the calls so far of one input: processor time. */
struct sentence_fuzz_time {
  const char *what;
  double milliseconds;
};

/* Compiles, checks, samples, matches, explains, dumps, loads and compares. NULL, or what did not hold. */
const char *sentence_fuzz_grammar(const uint8_t *bytes, size_t length, struct sentence_fuzz_time *slowest);

/*
 * An image that somebody changed. The input is a grammar as above, a NUL, and changes of 7 bytes: 3 say which word of
 * the image behind its header (modulo how many there are), 4 its new value. The checksum is made to fit. When that
 * loads, it must do whatever a grammar does, with any result. An input without a NUL is taken for a file as it is.
 */
const char *sentence_fuzz_image(const uint8_t *bytes, size_t length, struct sentence_fuzz_time *slowest);

#endif
