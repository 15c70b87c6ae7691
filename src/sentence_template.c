/*
 * sentence_template: see sentence_template.h. Recursive descent; a body's parts are collected in a chain, and put into
 * an array when it ends.
 */
#include "sentence_template.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

struct reader {
  struct arena *arena;
  const char *text;
  size_t length, at;
  unsigned depth;
  struct template_mistake *mistake;
};

struct chain {
  const struct template_node *node;
  struct chain *before;
};

static void *fail(struct reader *reader, size_t at, const char *code, const char *message) {
  if (!reader->mistake->code) *reader->mistake = (struct template_mistake){code, message, (uint32_t)at + 1};
  return NULL;
}

static struct template_node *new_node(struct reader *reader, enum template_kind kind, size_t at) {
  struct template_node *node = arena_alloc(reader->arena, sizeof *node);
  if (!node) return NULL;
  node->kind = kind;
  node->column = (uint32_t)at + 1;
  return node;
}

static bool is_space(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_syntax(char byte) {
  return byte != '\0' && strchr("()[]{}<>|;", byte) != NULL;
}

static const struct template_node *read_text(struct reader *reader) {
  struct template_node *node = new_node(reader, TEMPLATE_TEXT, reader->at);
  size_t last = reader->at;
  while (last < reader->length && !is_syntax(reader->text[last])) last += reader->text[last] == '\\' ? 2 : 1;
  if (last > reader->length)
    return fail(reader, reader->length - 1, "escape", "ends with a backslash: write \\\\ for one");
  char *text = arena_alloc(reader->arena, last - reader->at + 1);
  if (!node || !text) return NULL;
  size_t length = 0;
  for (; reader->at < last; reader->at++) {
    char byte = reader->text[reader->at];
    if (byte == '\\') {
      text[length++] = reader->text[++reader->at];
    } else if (!is_space(byte)) {
      text[length++] = byte;
    } else if (length == 0 || text[length - 1] != ' ') {
      text[length++] = ' ';
    }
  }
  node->text = text;
  node->length = (uint32_t)length;
  return node;
}

/* Where the delimiter that closes a { or < stands; it cannot be nested. */
static const char *find_close(struct reader *reader, char close) {
  const char *from = reader->text + reader->at + 1;
  const char *last = memchr(from, close, reader->length - reader->at - 1);
  if (!last) return NULL;
  for (const char *byte = from; byte < last; byte++) {
    if (is_syntax(*byte)) return NULL;
  }
  return last;
}

/* A name without the white space around it; NULL, with a mistake, when nothing is left or it cannot be one. */
static const char *read_name(struct reader *reader, const char *from, const char *last, const char *what) {
  size_t column = (size_t)(from - reader->text);
  while (from < last && is_space(*from)) from++;
  while (last > from && is_space(last[-1])) last--;
  if (from == last) return fail(reader, column, "name", what);
  return arena_copy(reader->arena, from, (size_t)(last - from));
}

/* Digits with an optional sign and fraction, white space around them; *end is behind it. */
static bool read_number(const char *from, const char *last, const char **end, double *number) {
  while (from < last && is_space(*from)) from++;
  const char *byte = from;
  char text[32];
  if (byte < last && *byte == '-') byte++;
  while (byte < last && *byte >= '0' && *byte <= '9') byte++;
  if (byte + 1 < last && *byte == '.' && byte[1] >= '0' && byte[1] <= '9') {
    byte++;
    while (byte < last && *byte >= '0' && *byte <= '9') byte++;
  }
  size_t length = (size_t)(byte - from);
  for (*end = byte; *end < last && is_space(**end);) ++*end;
  if (length == 0 || *(*from == '-' ? from + 1 : from) == '.' || length >= sizeof text || byte[-1] == '-') return false;
  /* by hand, since strtod depends on the host's locale */
  double value = 0, scale = 1;
  bool fraction = false;
  for (const char *digit = *from == '-' ? from + 1 : from; digit < byte; digit++) {
    if (*digit == '.') {
      fraction = true;
    } else {
      value = value * 10 + (*digit - '0');
      if (fraction) scale *= 10;
    }
  }
  *number = (*from == '-' ? -value : value) / scale;
  return true;
}

static const struct template_node *read_range(struct reader *reader, const char *from, const char *last) {
  struct template_node *node = new_node(reader, TEMPLATE_RANGE, reader->at);
  if (!node) return NULL;
  const char *byte;
  node->step = 1;
  bool good = read_number(from, last, &byte, &node->from) && last - byte > 2 && byte[0] == '.' && byte[1] == '.' &&
              read_number(byte + 2, last, &byte, &node->to);
  if (good && byte < last && *byte == ',') good = read_number(byte + 1, last, &byte, &node->step);
  if (!good || (byte < last && *byte != ':'))
    return fail(reader, reader->at, "range", "is no range: write it like {0..100}, {0..100:slot} or {0..100,5:slot}");
  if (node->from > node->to)
    return fail(reader, reader->at, "range", "is a range that ends before it begins: give the lower number first");
  if (!(node->step > 0)) return fail(reader, reader->at, "range", "has a step that is not above 0");
  if (byte < last) {
    node->slot = read_name(reader, byte + 1, last, "needs the name of a slot behind the colon");
    if (!node->slot) return NULL;
  }
  return node;
}

static bool looks_like_range(const char *from, const char *last) {
  const char *byte;
  double number;
  return read_number(from, last, &byte, &number) && last - byte >= 2 && byte[0] == '.' && byte[1] == '.';
}

static const struct template_node *read_list(struct reader *reader) {
  const char *from = reader->text + reader->at + 1, *last = find_close(reader, '}');
  if (!last) return fail(reader, reader->at, "unbalanced", "has a { without its }: write \\{ for the character");
  const struct template_node *result;
  if (looks_like_range(from, last)) {
    result = read_range(reader, from, last);
  } else {
    struct template_node *node = new_node(reader, TEMPLATE_LIST, reader->at);
    const char *colon = memchr(from, ':', (size_t)(last - from));
    if (!node) return NULL;
    node->text = read_name(reader, from, colon ? colon : last, "needs the name of a list between { and }");
    if (!node->text) return NULL;
    node->slot = node->text;
    if (colon) node->slot = read_name(reader, colon + 1, last, "needs the name of a slot behind the colon");
    result = node->slot ? node : NULL;
  }
  reader->at = (size_t)(last - reader->text) + 1;
  return result;
}

static const struct template_node *read_rule(struct reader *reader) {
  const char *last = find_close(reader, '>');
  if (!last) return fail(reader, reader->at, "unbalanced", "has a < without its >: write \\< for the character");
  struct template_node *node = new_node(reader, TEMPLATE_RULE, reader->at);
  if (!node) return NULL;
  node->text = read_name(reader, reader->text + reader->at + 1, last, "needs the name of a phrase between < and >");
  reader->at = (size_t)(last - reader->text) + 1;
  return node->text ? node : NULL;
}

/* The chain's nodes from `first` on, as one node of that kind. */
static struct template_node *join(struct reader *reader, enum template_kind kind, size_t at, struct chain *last,
                                  uint32_t count) {
  struct template_node *node = new_node(reader, kind, at);
  if (!node) return NULL;
  node->parts = arena_alloc(reader->arena, (count ? count : 1) * sizeof *node->parts);
  if (!node->parts) return NULL;
  node->count = count;
  for (uint32_t i = count; i-- > 0; last = last->before) node->parts[i] = last->node;
  return node;
}

static bool add(struct reader *reader, struct chain **chain, uint32_t *count, const struct template_node *node) {
  if (!node) return false;
  struct chain *link = arena_alloc(reader->arena, sizeof *link);
  if (!link) return false;
  *link = (struct chain){node, *chain};
  *chain = link;
  ++*count;
  return true;
}

static const struct template_node *read_body(struct reader *reader, char close);

static const struct template_node *read_part(struct reader *reader) {
  static const char *const stray[] = {")", "has a ) without its (: write \\) for the character",
                                      "]", "has a ] without its [: write \\] for the character",
                                      "}", "has a } without its {: write \\} for the character",
                                      ">", "has a > without its <: write \\> for the character"};
  char byte = reader->text[reader->at];
  for (size_t i = 0; i < sizeof stray / sizeof *stray; i += 2) {
    if (byte == stray[i][0]) return fail(reader, reader->at, "unbalanced", stray[i + 1]);
  }
  if (byte == '{') return read_list(reader);
  if (byte == '<') return read_rule(reader);
  if (byte != '(' && byte != '[') return read_text(reader);
  if (reader->depth == TEMPLATE_DEPTH)
    return fail(reader, reader->at, "too_deep", "is nested more than 64 deep: make phrases of the parts");
  size_t opened = reader->at++;
  reader->depth++;
  const struct template_node *body = read_body(reader, byte == '(' ? ')' : ']');
  reader->depth--;
  if (!body) return NULL;
  if (reader->at == reader->length)
    return fail(reader, opened, "unbalanced",
                byte == '(' ? "has a ( without its ): write \\( for the character"
                            : "has a [ without its ]: write \\[ for the character");
  reader->at++;
  if (byte == '(') return body;
  struct chain *parts = NULL;
  uint32_t count = 0;
  if (!add(reader, &parts, &count, body)) return NULL;
  if (!add(reader, &parts, &count, join(reader, TEMPLATE_SEQUENCE, opened, NULL, 0))) return NULL;
  return join(reader, TEMPLATE_ALTERNATIVE, opened, parts, count);
}

/* Up to `close`, which stays to be read, or the end. */
static const struct template_node *read_body(struct reader *reader, char close) {
  struct chain *sequences = NULL, *parts = NULL;
  uint32_t sequence_count = 0, count = 0;
  size_t opened = reader->at, sequence_opened = opened;
  char separator = '\0';
  while (reader->at < reader->length && reader->text[reader->at] != close) {
    char byte = reader->text[reader->at];
    if (byte != '|' && byte != ';') {
      if (!add(reader, &parts, &count, read_part(reader))) return NULL;
      continue;
    }
    if (separator && separator != byte)
      return fail(reader, reader->at, "mixed", "mixes | and ; in one group: put one of them into a ( ) of its own");
    separator = byte;
    if (!add(reader, &sequences, &sequence_count, join(reader, TEMPLATE_SEQUENCE, sequence_opened, parts, count)))
      return NULL;
    parts = NULL;
    count = 0;
    sequence_opened = ++reader->at;
  }
  if (!separator) return join(reader, TEMPLATE_SEQUENCE, opened, parts, count);
  if (!add(reader, &sequences, &sequence_count, join(reader, TEMPLATE_SEQUENCE, sequence_opened, parts, count)))
    return NULL;
  if (separator == ';' && sequence_count > TEMPLATE_PERMUTED)
    return fail(reader, opened, "too_many", "permutes more than 8 parts: group some of them");
  return join(reader, separator == '|' ? TEMPLATE_ALTERNATIVE : TEMPLATE_PERMUTATION, opened, sequences,
              sequence_count);
}

const struct template_node *template_parse(struct arena *arena, const char *text, size_t length,
                                           struct template_mistake *mistake) {
  struct reader reader = {arena, text, length, 0, 0, mistake};
  *mistake = (struct template_mistake){NULL, NULL, 0};
  if (length > TEMPLATE_BYTES)
    return fail(&reader, 0, "too_long", "is longer than 65,536 bytes: divide it into several");
  size_t valid = utf8_valid_prefix(text, length);
  if (valid < length) return fail(&reader, valid, "not_utf8", "is not UTF-8: write it in UTF-8");
  const char *nul = memchr(text, '\0', length);
  if (nul) return fail(&reader, (size_t)(nul - text), "nul", "holds a NUL: remove it");
  return read_body(&reader, '\0');
}
