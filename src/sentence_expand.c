/*
 * sentence_expand: see sentence_expand.h. Every step makes the texts so far longer by each text of the next part.
 */
#include "sentence_expand.h"

#include <string.h>

enum { EXPAND_STEPS = 1 << 16, EXPAND_BYTES = 1 << 20 };

struct expander {
  sentences_source *source;
  const struct mistake_place *place;
  uint32_t block;
  uint32_t steps;   /* parts that were expanded, each as often as it was named */
  uint32_t depth;   /* of phrases and lists within one another */
  uint32_t nesting; /* of all parts within one another */
  size_t bytes;     /* of all texts so far, of parts, too */
};

static bool expand(struct expander *expander, const struct template_node *node, const struct buffer *before,
                   struct buffer *out);

static uint32_t text_count(const struct buffer *texts) {
  return (uint32_t)(texts->length / sizeof(struct source_text));
}

static const struct source_text *text_at(const struct buffer *texts, uint32_t index) {
  return (const struct source_text *)(const void *)texts->bytes + index;
}

static bool refuse(struct expander *expander, const char *code, const char *message) {
  source_mistake(expander->source, false, code, expander->place, NULL, "%s", message);
  return false;
}

static bool refuse_many(struct expander *expander) {
  return refuse(expander, "too_large", "stands for more than 1,000 texts: divide it into several values");
}

static bool append(struct expander *expander, struct buffer *out, const struct source_text *before, const char *text,
                   uint32_t length) {
  if (text_count(out) >= EXPAND_MOST) return refuse_many(expander);
  expander->bytes += (size_t)before->length + length;
  if (expander->bytes > EXPAND_BYTES)
    return refuse(expander, "too_large", "stands for more than 1 MB of text: divide it into several values");
  char *joined = arena_alloc(&expander->source->arena, (size_t)before->length + length + 1);
  if (!joined) return false;
  memcpy(joined, before->text, before->length);
  memcpy(joined + before->length, text, length);
  struct source_text item = {joined, before->length + length, 0};
  buffer_push(out, &item, sizeof item);
  return !out->failed;
}

static bool expand_sequence(struct expander *expander, const struct template_node *const *parts, uint32_t count,
                            const struct buffer *before, struct buffer *out) {
  struct buffer now = {0}, next = {0};
  buffer_append(&now, before->bytes, before->length);
  bool good = !now.failed;
  for (uint32_t i = 0; good && i < count; i++) {
    buffer_clear(&next);
    good = expand(expander, parts[i], &now, &next);
    struct buffer swap = now;
    now = next;
    next = swap;
  }
  if (good) buffer_append(out, now.bytes, now.length);
  if (now.failed || next.failed || out->failed) expander->source->arena.failed = true; /* a text less, and no mistake */
  buffer_free(&now);
  buffer_free(&next);
  if (good && text_count(out) > EXPAND_MOST) return refuse_many(expander);
  return good && !out->failed;
}

/* Each order of the parts that are left, after what has been placed. */
static bool expand_permutation(struct expander *expander, const struct template_node *node, unsigned left,
                               const struct buffer *before, struct buffer *out) {
  static const struct template_node space = {.kind = TEMPLATE_TEXT, .text = " ", .length = 1};
  if (left == 0) return expand_sequence(expander, NULL, 0, before, out);
  for (uint32_t i = 0; i < node->count; i++) {
    if (!(left & 1U << i)) continue;
    const struct template_node *parts[] = {&space, node->parts[i], &space};
    struct buffer placed = {0};
    bool good = expand_sequence(expander, parts, 3, before, &placed) &&
                expand_permutation(expander, node, left & ~(1U << i), &placed, out);
    buffer_free(&placed);
    if (!good) return false;
  }
  return true;
}

static bool expand_phrase(struct expander *expander, const struct template_node *node, const struct buffer *before,
                          struct buffer *out) {
  struct source_phrase *phrase = source_find_phrase(expander->source, expander->block, node->text);
  if (!phrase) {
    struct mistake_place place = *expander->place;
    place.name = node->text;
    source_mistake(expander->source, false, "unknown_phrase", &place, NULL,
                   "names the phrase <%s>, which is not defined: define it in phrases", node->text);
    return false;
  }
  if (!phrase->tree) return false;
  if (expander->depth == TEMPLATE_DEPTH)
    return refuse(expander, "too_deep", "nests phrases and lists more than 64 deep: join some of them");
  if (phrase->open) return refuse(expander, "cycle", "leads back to a phrase that it comes from: break the circle");
  phrase->open = true;
  expander->depth++;
  bool good = expand(expander, phrase->tree, before, out);
  expander->depth--;
  phrase->open = false;
  return good;
}

/* A list within a value: each of its values' texts. */
static bool expand_list(struct expander *expander, const struct template_node *node, const struct buffer *before,
                        struct buffer *out) {
  struct source_list *list = source_find_list(expander->source, expander->block, node->text);
  if (!list) {
    struct mistake_place place = *expander->place;
    place.name = node->text;
    source_mistake(expander->source, false, "unknown_list", &place, NULL,
                   "names the list {%s}, which is not defined: define it in lists", node->text);
    return false;
  }
  if (list->options.kind != SENTENCES_VALUES)
    return refuse(expander, "not_finite",
                  "holds a range or a wildcard: a value can only hold text and lists of values");
  if (expander->depth == TEMPLATE_DEPTH)
    return refuse(expander, "too_deep", "nests phrases and lists more than 64 deep: join some of them");
  if (list->open) return refuse(expander, "cycle", "leads back to the list that it is in: break the circle");
  list->open = true;
  expander->depth++;
  bool good = true;
  for (uint32_t i = 0; good && i < list->values; i++) {
    const struct source_value *value =
        SOURCE_ITEM(expander->source, struct source_value, values, list->first_value + i);
    struct template_mistake mistake;
    const struct template_node *tree = template_parse(&expander->source->arena, value->text, value->length, &mistake);
    good = tree && expand(expander, tree, before, out); /* a bad value is reported where it stands */
  }
  expander->depth--;
  list->open = false;
  return good;
}

static bool expand_node(struct expander *expander, const struct template_node *node, const struct buffer *before,
                        struct buffer *out) {
  switch (node->kind) {
  case TEMPLATE_TEXT:
    for (uint32_t i = 0; i < text_count(before); i++) {
      if (!append(expander, out, text_at(before, i), node->text, node->length)) return false;
    }
    return true;
  case TEMPLATE_SEQUENCE: return expand_sequence(expander, node->parts, node->count, before, out);
  case TEMPLATE_ALTERNATIVE:
    for (uint32_t i = 0; i < node->count; i++) {
      if (!expand(expander, node->parts[i], before, out)) return false;
    }
    if (text_count(out) > EXPAND_MOST) return refuse_many(expander);
    return true;
  case TEMPLATE_PERMUTATION: return expand_permutation(expander, node, (1U << node->count) - 1, before, out);
  case TEMPLATE_RULE: return expand_phrase(expander, node, before, out);
  case TEMPLATE_LIST: return expand_list(expander, node, before, out);
  case TEMPLATE_RANGE: break;
  }
  return refuse(expander, "not_finite", "holds a range or a wildcard: a value can only hold text and lists of values");
}

static bool expand(struct expander *expander, const struct template_node *node, const struct buffer *before,
                   struct buffer *out) {
  if (++expander->steps > EXPAND_STEPS) return refuse(expander, "too_large", "has too many parts: divide it");
  if (expander->nesting == TEMPLATE_NESTING)
    return refuse(expander, "too_deep", "nests groups and phrases more than 512 deep: join some of them");
  expander->nesting++;
  bool good = expand_node(expander, node, before, out);
  expander->nesting--;
  return good;
}

bool expand_template(sentences_source *source, const struct template_node *tree, const struct mistake_place *place,
                     uint32_t block, struct buffer *out) {
  struct expander expander = {.source = source, .place = place, .block = block};
  struct buffer before = {0};
  struct source_text nothing = {"", 0, 0};
  buffer_push(&before, &nothing, sizeof nothing);
  bool good = !before.failed && expand(&expander, tree, &before, out);
  if (before.failed || out->failed) source->arena.failed = true;
  buffer_free(&before);
  return good;
}
