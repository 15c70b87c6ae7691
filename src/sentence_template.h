/*
 * sentence_template: from the text of a template to a tree.
 *
 *     sentence    = body
 *     group       = "(" body ")"        optional = "[" body "]"
 *     body        = sequence | sequence ("|" sequence)+ | sequence (";" sequence)+
 *     sequence    = { text | group | optional | list | range | rule }
 *     list        = "{" name [":" slot] "}"
 *     range       = "{" from ".." to ["," step] [":" slot] "}"
 *     rule        = "<" name ">"
 *     text        = characters; "\" before one of ( ) [ ] { } < > | ; \ or any other character takes it as it is
 *
 * The first mistake ends the reading. Depth is limited, so that recursion over a tree is, too.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_TEMPLATE_H
#define INTENT_WEBHOOK_SENTENCE_TEMPLATE_H

#include <stdint.h>

#include "arena.h"

#pragma GCC visibility push(hidden)

enum { TEMPLATE_NESTING = 512 }; /* parts within one another, those of phrases and of lists' values, too */
enum { TEMPLATE_BYTES = 65536, TEMPLATE_DEPTH = 64, TEMPLATE_PERMUTED = 8 }; /* limits; the last: parts of a ( ; ) */

enum template_kind {
  TEMPLATE_TEXT,        /* text: escapes are resolved, a run of white space is one space */
  TEMPLATE_SEQUENCE,    /* parts, one after the other */
  TEMPLATE_ALTERNATIVE, /* one of the parts */
  TEMPLATE_PERMUTATION, /* all parts, in any order */
  TEMPLATE_LIST,        /* {text:slot}; slot is the list's name when there is none */
  TEMPLATE_RANGE,       /* {from..to,step:slot}; slot NULL: none */
  TEMPLATE_RULE,        /* <text> */
};

struct template_node {
  enum template_kind kind;
  uint32_t column; /* byte in the source, from 1 */
  uint32_t count;
  const struct template_node **parts;
  const char *text; /* NUL-terminated */
  uint32_t length;
  const char *slot;
  double from, to, step;
};

struct template_mistake {
  const char *code, *message; /* code NULL: none */
  uint32_t column;
};

/* The tree, in the arena; NULL with a mistake, or with arena->failed. */
const struct template_node *template_parse(struct arena *arena, const char *text, size_t length,
                                           struct template_mistake *mistake);

#pragma GCC visibility pop
#endif
