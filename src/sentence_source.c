/*
 * sentence_source: see sentence_source.h.
 */
#include "sentence_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

enum {
  NAME_HEADS = 4096,
  MISTAKES_EACH = 20,
  MISTAKES_ALL = 2000
}; /* the latter: of one template, or value; warnings */

sentences_source *sentences_source_new(void) {
  sentences_source *source = memory_zeroed(sizeof *source);
  if (!source) return NULL;
  bool good = true;
  /* no vector is without memory, so that one can point at its beginning */
#define VECTOR(type, name)             \
  buffer_byte(&source->name, 0);       \
  good = good && !source->name.failed; \
  buffer_clear(&source->name);
  SOURCE_VECTORS(VECTOR)
#undef VECTOR
  if (good) return source;
  sentences_source_free(source);
  return NULL;
}

void sentences_source_free(sentences_source *source) {
  if (!source) return;
#define VECTOR(type, name) buffer_free(&source->name);
  SOURCE_VECTORS(VECTOR)
#undef VECTOR
  buffer_free(&source->phrase_heads);
  buffer_free(&source->list_heads);
  arena_free(&source->arena);
  memory_free(source);
}

bool source_failed(const sentences_source *source) {
  bool failed = source->arena.failed;
#define VECTOR(type, name) failed |= source->name.failed;
  SOURCE_VECTORS(VECTOR)
#undef VECTOR
  return failed;
}

static const char *keep(sentences_source *source, const char *text, size_t length) {
  const char *copy = arena_copy(&source->arena, text, length);
  return copy ? copy : "";
}

static const char *keep_name(sentences_source *source, const char *name) {
  return name ? keep(source, name, strlen(name)) : NULL;
}

static sentences_scalar keep_scalar(sentences_source *source, sentences_scalar value) {
  if (value.kind == SENTENCES_TEXT) value.text = keep(source, value.text, value.length);
  return value;
}

#define APPEND(source, name, item) buffer_push(&(source)->name, &(item), sizeof(item))
#define NEWEST(source, type, name) (SOURCE_ITEM(source, type, name, SOURCE_COUNT(source, type, name) - 1))

static uint32_t newest_block(const sentences_source *source, bool local) {
  return local ? SOURCE_COUNT(source, struct source_block, blocks) - 1 : NONE;
}

void sentences_ignore_whitespace(sentences_source *source) {
  source->ignore_whitespace = true;
}

void sentences_skip_word(sentences_source *source, const char *text, size_t length) {
  struct source_text word = {keep(source, text, length), (uint32_t)length, 0};
  APPEND(source, skip_words, word);
}

void sentences_number_word(sentences_source *source, const char *text, size_t length, double number) {
  struct source_text word = {keep(source, text, length), (uint32_t)length, number};
  APPEND(source, number_words, word);
}

void sentences_phrase(sentences_source *source, bool local, const char *name, const char *text, size_t length) {
  struct source_phrase phrase = {.name = keep_name(source, name),
                                 .text = keep(source, text, length),
                                 .length = (uint32_t)length,
                                 .block = newest_block(source, local)};
  APPEND(source, phrases, phrase);
}

void sentences_list(sentences_source *source, bool local, const char *name, sentences_list_options options) {
  struct source_list list = {.name = keep_name(source, name),
                             .block = newest_block(source, local),
                             .options = options,
                             .first_value = SOURCE_COUNT(source, struct source_value, values),
                             .image = NONE,
                             .range = NONE,
                             .type = NONE};
  if (list.options.step == 0) list.options.step = 1;
  if (list.options.multiplier == 0) list.options.multiplier = 1;
  if (list.options.fractions == 0) list.options.fractions = 1;
  APPEND(source, lists, list);
}

void sentences_value(sentences_source *source, const char *text, size_t length, sentences_scalar out) {
  struct source_value value = {keep(source, text, length), (uint32_t)length,
                               SOURCE_COUNT(source, struct source_pair, contexts), 0, keep_scalar(source, out)};
  APPEND(source, values, value);
  if (!source_failed(source)) NEWEST(source, struct source_list, lists)->values++;
}

void sentences_value_context(sentences_source *source, const char *key, sentences_scalar scalar) {
  struct source_pair pair = {keep_name(source, key), keep_scalar(source, scalar)};
  APPEND(source, contexts, pair);
  if (!source_failed(source)) NEWEST(source, struct source_value, values)->contexts++;
}

void sentences_intent(sentences_source *source, const char *name, size_t length, double priority) {
  struct source_intent intent = {keep(source, name, length),
                                 priority,
                                 SOURCE_COUNT(source, struct source_slot, slots),
                                 0,
                                 SOURCE_COUNT(source, struct source_block, blocks),
                                 0};
  APPEND(source, intents, intent);
}

void sentences_slot(sentences_source *source, const char *name, size_t length) {
  struct source_slot slot = {keep(source, name, length), NONE};
  APPEND(source, slots, slot);
  if (!source_failed(source)) NEWEST(source, struct source_intent, intents)->slots++;
}

void sentences_block(sentences_source *source, double priority) {
  struct source_block block = {.intent = SOURCE_COUNT(source, struct source_intent, intents) - 1,
                               .first_template = SOURCE_COUNT(source, struct source_template, templates),
                               .first_fixed = SOURCE_COUNT(source, struct source_pair, fixed),
                               .first_condition = SOURCE_COUNT(source, struct source_condition, conditions),
                               .first_keyword = SOURCE_COUNT(source, struct source_text, keywords)};
  APPEND(source, blocks, block);
  if (source_failed(source)) return;
  struct source_intent *intent = NEWEST(source, struct source_intent, intents);
  intent->blocks++;
  NEWEST(source, struct source_block, blocks)->priority = intent->priority + priority;
}

void sentences_template(sentences_source *source, const char *text, size_t length) {
  struct source_template template = {keep(source, text, length), (uint32_t)length, newest_block(source, true)};
  APPEND(source, templates, template);
  if (!source_failed(source)) NEWEST(source, struct source_block, blocks)->templates++;
}

void sentences_fixed(sentences_source *source, const char *slot, sentences_scalar value) {
  struct source_pair pair = {keep_name(source, slot), keep_scalar(source, value)};
  APPEND(source, fixed, pair);
  if (!source_failed(source)) NEWEST(source, struct source_block, blocks)->fixed++;
}

static void add_condition(sentences_source *source, const char *key, const char *slot, bool excludes) {
  struct source_condition condition = {keep_name(source, key), keep_name(source, slot), excludes,
                                       SOURCE_COUNT(source, sentences_scalar, condition_values), 0};
  APPEND(source, conditions, condition);
  if (!source_failed(source)) NEWEST(source, struct source_block, blocks)->conditions++;
}

void sentences_requires(sentences_source *source, const char *key, const char *slot) {
  add_condition(source, key, slot, false);
}

void sentences_excludes(sentences_source *source, const char *key) {
  add_condition(source, key, NULL, true);
}

void sentences_condition_value(sentences_source *source, sentences_scalar value) {
  value = keep_scalar(source, value);
  APPEND(source, condition_values, value);
  if (!source_failed(source)) NEWEST(source, struct source_condition, conditions)->values++;
}

void sentences_keyword(sentences_source *source, const char *text, size_t length) {
  struct source_text word = {keep(source, text, length), (uint32_t)length, 0};
  APPEND(source, keywords, word);
  if (!source_failed(source)) NEWEST(source, struct source_block, blocks)->keywords++;
}

/* ---- mistakes ---- */

static bool same_text(const char *one, const char *other) {
  return one == other || (one && other && strcmp(one, other) == 0);
}

static bool same_place(const sentences_mistake *one, const sentences_mistake *other) {
  return one->intent == other->intent && one->block == other->block && one->template == other->template &&
         one->phrase == other->phrase && one->list == other->list && one->words == other->words &&
         one->value == other->value;
}

static bool same_mistake(const sentences_mistake *one, const sentences_mistake *other) {
  return same_place(one, other) && one->column == other->column && same_text(one->message, other->message);
}

void source_mistake(sentences_source *source, bool warning, const char *code, const struct mistake_place *place,
                    const char *sentence, const char *format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  sentences_mistake mistake = {
      .warning = warning, .code = code, .column = place->column, .text = place->text, .name = place->name};
  if (place->phrase) mistake.phrase = place->phrase->name;
  if (place->list) mistake.list = place->list->name;
  mistake.words = place->words;
  mistake.value = place->value;
  if (place->template)
    mistake.template =
        place->template - SOURCE_ITEM(source, struct source_block, blocks, place->block - 1)->first_template;
  if (place->block)
    mistake.block = place->block - SOURCE_ITEM(source, struct source_intent, intents, place->intent - 1)->first_block;
  mistake.intent = place->intent;
  mistake.message = message;
  uint32_t count = SOURCE_COUNT(source, sentences_mistake, mistakes), here = 0;
  for (uint32_t i = 0; i < count; i++) {
    const sentences_mistake *known = SOURCE_ITEM(source, sentences_mistake, mistakes, i);
    here += same_place(known, &mistake);
    if (same_mistake(known, &mistake)) return;
  }
  if (here >= MISTAKES_EACH || (count >= MISTAKES_ALL && warning)) return; /* enough to begin with */
  mistake.message = arena_copy(&source->arena, message, strlen(message));
  if (sentence) mistake.sentence = arena_copy(&source->arena, sentence, strlen(sentence));
  if (mistake.message) buffer_push(&source->mistakes, &mistake, sizeof mistake);
}

bool source_has_errors(const sentences_source *source) {
  for (uint32_t i = 0; i < SOURCE_COUNT(source, sentences_mistake, mistakes); i++) {
    if (!SOURCE_ITEM(source, sentences_mistake, mistakes, i)->warning) return true;
  }
  return false;
}

size_t sentences_mistakes(const sentences_source *source, const sentences_mistake **mistakes) {
  *mistakes = SOURCE_ITEM(source, sentences_mistake, mistakes, 0);
  return SOURCE_COUNT(source, sentences_mistake, mistakes);
}

/* ---- names ---- */

static void read_phrase(sentences_source *source, struct source_phrase *phrase) {
  phrase->read = true;
  struct template_mistake mistake;
  phrase->tree = template_parse(&source->arena, phrase->text, phrase->length, &mistake);
  if (phrase->tree || !mistake.code) return;
  struct mistake_place place = {.phrase = phrase, .column = mistake.column, .text = phrase->text};
  /* the source of an image knows no blocks; what it reads has been read before */
  if (phrase->block < SOURCE_COUNT(source, struct source_block, blocks)) {
    place.block = phrase->block + 1;
    place.intent = SOURCE_ITEM(source, struct source_block, blocks, phrase->block)->intent + 1;
  }
  source_mistake(source, false, mistake.code, &place, NULL, "%s", mistake.message);
}

void source_read_phrases(sentences_source *source) {
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_phrase, phrases); i++) {
    struct source_phrase *phrase = SOURCE_ITEM(source, struct source_phrase, phrases, i);
    if (!phrase->read) read_phrase(source, phrase);
  }
}

/* Both kinds are found by the hash of their name; nothing is added any more once something has been looked for. */
static uint32_t *head_of(struct buffer *heads, const char *name) {
  uint32_t hash = 2166136261U; /* FNV-1a */
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619U;
  return (uint32_t *)(void *)heads->bytes + hash % NAME_HEADS;
}

struct source_phrase *source_find_phrase(sentences_source *source, uint32_t block, const char *name) {
  struct source_phrase *all = SOURCE_ITEM(source, struct source_phrase, phrases, 0), *found = NULL;
  if (source->phrase_heads.length == 0) {
    if (!buffer_zero(&source->phrase_heads, NAME_HEADS * sizeof(uint32_t))) {
      source->arena.failed = true;
      return NULL;
    }
    for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_phrase, phrases); i++) {
      uint32_t *head = head_of(&source->phrase_heads, all[i].name);
      all[i].same = *head;
      *head = i + 1;
    }
  }
  for (uint32_t at = *head_of(&source->phrase_heads, name); at; at = all[at - 1].same) {
    struct source_phrase *phrase = &all[at - 1];
    if ((phrase->block != NONE && phrase->block != block) || strcmp(phrase->name, name) != 0) continue;
    if (!found || (phrase->block != NONE && found->block == NONE)) found = phrase;
  }
  if (found && !found->read) read_phrase(source, found);
  return found;
}

struct source_list *source_find_list(sentences_source *source, uint32_t block, const char *name) {
  struct source_list *all = SOURCE_ITEM(source, struct source_list, lists, 0), *found = NULL;
  if (source->list_heads.length == 0) {
    if (!buffer_zero(&source->list_heads, NAME_HEADS * sizeof(uint32_t))) {
      source->arena.failed = true;
      return NULL;
    }
    for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_list, lists); i++) {
      uint32_t *head = head_of(&source->list_heads, all[i].name);
      all[i].same = *head;
      *head = i + 1;
    }
  }
  for (uint32_t at = *head_of(&source->list_heads, name); at; at = all[at - 1].same) {
    struct source_list *list = &all[at - 1];
    if ((list->block != NONE && list->block != block) || strcmp(list->name, name) != 0) continue;
    if (!found || (list->block != NONE && found->block == NONE)) found = list;
  }
  return found;
}

static sentences_list_options range_options(const struct range *range) {
  return (sentences_list_options){SENTENCES_RANGE,       false,          false,        false,
                                  range->from,           range->to,      range->step,  range->multiplier,
                                  (int)range->fractions, !range->digits, !range->words};
}

sentences_source *source_of_image(const struct image *image) {
  sentences_source *source = sentences_source_new();
  if (!source) return NULL;
  source->ignore_whitespace = image->settings->ignore_whitespace != 0;
  for (uint32_t i = 0; i < image->phrases_count; i++) {
    const struct phrase *phrase = &image->phrases[i];
    sentences_phrase(source, false, image->text + phrase->name, image->text + phrase->text, phrase->length);
    if (!source_failed(source)) NEWEST(source, struct source_phrase, phrases)->block = phrase->block;
  }
  for (uint32_t i = 0; i < image->scopes_count; i++) {
    const struct list_scope *scope = &image->scopes[i];
    const struct list *list = &image->lists[scope->list];
    sentences_list_options options = {.kind = (sentences_list_kind)list->kind};
    if (scope->range != NONE) options = range_options(&image->ranges[scope->range]);
    sentences_list(source, false, image->text + list->name, options);
    if (source_failed(source)) break;
    struct source_list *made = NEWEST(source, struct source_list, lists);
    made->block = scope->block;
    made->image = scope->list;
    made->range = scope->range;
  }
  if (!source_failed(source)) return source;
  sentences_source_free(source);
  return NULL;
}
