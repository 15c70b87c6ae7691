/*
 * sentence_fixture: see sentence_fixture.h.
 */
#include "sentence_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of a line. */
struct piece {
  const char *from;
  size_t length;
};

static struct piece trim(struct piece piece) {
  while (piece.length && piece.from[0] == ' ') {
    piece.from++;
    piece.length--;
  }
  while (piece.length && piece.from[piece.length - 1] == ' ') piece.length--;
  return piece;
}

/* Takes what stands before `mark` off the front of `line`; all of it when the mark is not there. */
static struct piece take(struct piece *line, const char *mark) {
  size_t size = strlen(mark);
  for (size_t i = 0; i + size <= line->length; i++) {
    if (memcmp(line->from + i, mark, size) != 0) continue;
    struct piece taken = {line->from, i};
    line->from += i + size;
    line->length -= i + size;
    return trim(taken);
  }
  struct piece taken = *line;
  line->from += line->length;
  line->length = 0;
  return trim(taken);
}

static bool is(struct piece piece, const char *text) {
  return piece.length == strlen(text) && memcmp(piece.from, text, piece.length) == 0;
}

/* A name as a C string, valid until a few more have been asked for. */
static const char *name_of(struct piece piece) {
  static _Thread_local char names[4][64];
  static _Thread_local unsigned next;
  char *name = names[next++ % 4];
  snprintf(name, sizeof names[0], "%.*s", (int)piece.length, piece.from);
  return name;
}

static double number_of(struct piece piece) {
  return strtod(name_of(piece), NULL);
}

static sentences_scalar scalar_of(struct piece piece) {
  if (piece.length && piece.from[0] == '#') {
    piece.from++;
    piece.length--;
    return (sentences_scalar){SENTENCES_NUMBER, NULL, 0, number_of(piece)};
  }
  if (is(piece, "?true") || is(piece, "?false"))
    return (sentences_scalar){SENTENCES_BOOLEAN, NULL, 0, is(piece, "?true")};
  return sentences_text(piece.from, piece.length);
}

static void declare_list(sentences_source *source, bool local, struct piece kind, struct piece line) {
  sentences_list_options options = {0};
  struct piece name = take(&line, " ");
  if (is(kind, "wildcard")) options.kind = SENTENCES_WILDCARD;
  if (is(kind, "type")) options.kind = SENTENCES_TYPE;
  if (is(kind, "range")) {
    options.kind = SENTENCES_RANGE;
    options.from = number_of(take(&line, " "));
    options.to = number_of(take(&line, " "));
  }
  while (line.length) {
    struct piece word = take(&line, " ");
    options.exact_case |= is(word, "case");
    options.exact_accents |= is(word, "accents");
    options.typos |= is(word, "typos");
    options.no_digits |= is(word, "nodigits");
    options.no_words |= is(word, "nowords");
    if (is(word, "step")) options.step = number_of(take(&line, " "));
    if (is(word, "times")) options.multiplier = number_of(take(&line, " "));
    if (is(word, "parts")) options.fractions = (int)number_of(take(&line, " "));
  }
  sentences_list(source, local, name_of(name), options);
}

static void declare_value(sentences_source *source, struct piece line) {
  struct piece said = take(&line, " @ "), text = take(&said, "=>");
  sentences_value(source, text.from, text.length, said.length ? scalar_of(trim(said)) : (sentences_scalar){0});
  while (line.length) {
    struct piece pair = take(&line, " "), key = take(&pair, "=");
    sentences_value_context(source, name_of(key), scalar_of(pair));
  }
}

static void declare_condition(sentences_source *source, bool excludes, struct piece line) {
  struct piece front = take(&line, ":"), key = take(&front, ">"), slot = trim(front);
  if (excludes)
    sentences_excludes(source, name_of(key));
  else
    sentences_requires(source, name_of(key), slot.length ? name_of(slot) : NULL);
  while (line.length) sentences_condition_value(source, scalar_of(take(&line, ",")));
}

static void declare_intent(sentences_source *source, struct piece line) {
  struct piece name = take(&line, " ");
  sentences_intent(source, name.from, name.length, line.length ? number_of(line) : 0);
}

static void declare_line(sentences_source *source, struct piece line, bool *has_block) {
  struct piece word = take(&line, " "), rest = trim(line);
  bool local = is(word, "local");
  if (local) {
    word = take(&rest, " ");
    rest = trim(rest);
  }
  bool of_block = is(word, "say") || is(word, "fixed") || is(word, "keyword") || is(word, "requires") ||
                  is(word, "excludes") || local;
  if (of_block && !*has_block) {
    sentences_block(source, 0);
    *has_block = true;
  }
  if (is(word, "intent")) {
    declare_intent(source, rest);
    *has_block = false;
  } else if (is(word, "slot")) {
    sentences_slot(source, rest.from, rest.length);
  } else if (is(word, "block")) {
    sentences_block(source, rest.length ? number_of(rest) : 0);
    *has_block = true;
  } else if (is(word, "say")) {
    sentences_template(source, rest.from, rest.length);
  } else if (is(word, "fixed")) {
    const char *slot = name_of(take(&rest, " "));
    sentences_fixed(source, slot, scalar_of(rest));
  } else if (is(word, "keyword")) {
    sentences_keyword(source, rest.from, rest.length);
  } else if (is(word, "requires") || is(word, "excludes")) {
    declare_condition(source, is(word, "excludes"), rest);
  } else if (is(word, "value")) {
    declare_value(source, rest);
  } else if (is(word, "phrase")) {
    const char *name = name_of(take(&rest, " "));
    sentences_phrase(source, local, name, rest.from, rest.length);
  } else if (is(word, "skip")) {
    sentences_skip_word(source, rest.from, rest.length);
  } else if (is(word, "number")) {
    struct piece text = take(&rest, "=>");
    sentences_number_word(source, text.from, text.length, number_of(trim(rest)));
  } else if (is(word, "nospace")) {
    sentences_ignore_whitespace(source);
  } else if (word.length) {
    declare_list(source, local, word, rest);
  }
}

void sentence_declare(sentences_source *source, const char *lines) {
  struct piece all = {lines, strlen(lines)};
  bool has_block = false;
  while (all.length) declare_line(source, take(&all, "\n"), &has_block);
}

sentences *sentence_compile(const char *lines) {
  sentences_source *source = sentences_source_new();
  if (!source) return NULL;
  sentence_declare(source, lines);
  sentences *compiled = sentences_compile(source);
  const sentences_mistake *mistakes;
  size_t count = compiled ? 0 : sentences_mistakes(source, &mistakes);
  for (size_t i = 0; i < count; i++)
    printf("     %s at %u of \"%s\": %s\n", mistakes[i].code, mistakes[i].column,
           mistakes[i].text ? mistakes[i].text : "", mistakes[i].message);
  sentences_source_free(source);
  return compiled;
}

static size_t put_slots(char *out, size_t size, const sentences_match *match) {
  size_t length = 0;
  out[0] = '\0';
  for (size_t i = 0; i < match->capture_count && length < size; i++) {
    const sentences_capture *capture = &match->captures[i];
    length += (size_t)snprintf(out + length, size - length, "%s%s=", i ? " " : "", capture->name);
    if (length >= size) break;
    if (capture->value.kind == SENTENCES_TEXT)
      length += (size_t)snprintf(out + length, size - length, "%.*s", (int)capture->value.length, capture->value.text);
    else if (capture->value.kind == SENTENCES_NUMBER)
      length += (size_t)snprintf(out + length, size - length, "%.15g", capture->value.number);
    else
      length += (size_t)snprintf(out + length, size - length, "%s",
                                 capture->value.kind == SENTENCES_NONE ? "none"
                                 : capture->value.number != 0          ? "true"
                                                                       : "false");
  }
  return length;
}

const char *sentence_slots(const sentences_match *match) {
  static _Thread_local char text[1024];
  return put_slots(text, sizeof text, match) ? text : "-";
}

const char *sentence_found(sentences_matcher *matcher, const sentences *compiled, const char *text,
                           const sentences_options *options) {
  static _Thread_local char found[1024];
  const sentences_match *match = sentences_find(matcher, compiled, text, strlen(text), options);
  if (!match) return "-";
  size_t length = (size_t)snprintf(found, sizeof found, "%s ", match->intent_name);
  if (put_slots(found + length, sizeof found - length, match) == 0) found[length - 1] = '\0';
  return found;
}

uint32_t sentence_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(*state >> 33);
}
