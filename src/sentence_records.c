/*
 * sentence_records: what was declared, as records of the image: lists with their tries, phrases, intents, blocks. See
 * sentence_compiler.h.
 */
#include <math.h>
#include <string.h>

#include "sentence_compiler.h"
#include "sentence_expand.h"
#include "sentence_list.h"
#include "utf8.h"

enum { MOST_CONDITIONS = 16 };

/* ---- lists ---- */

static struct scalar scalar_record(struct compiler *compiler, const sentences_scalar *value) {
  struct scalar scalar = {.kind = value->kind, .number = value->number};
  if (value->kind != SENTENCES_TEXT) return scalar;
  scalar.text = draft_text(&compiler->draft, value->text, value->length);
  scalar.length = (uint32_t)value->length;
  return scalar;
}

static void add_pair(struct compiler *compiler, struct buffer *out, const struct source_pair *source) {
  struct pair pair = {.key = draft_text(&compiler->draft, source->key, strlen(source->key)),
                      .value = scalar_record(compiler, &source->value)};
  buffer_push(out, &pair, sizeof pair);
}

/* Says at the compiler's place what was wrong with a text. */
static void report_text(struct compiler *compiler, enum list_added added) {
  if (added == LIST_EMPTY)
    source_mistake(compiler->source, true, "empty_value", &compiler->place, NULL,
                   "holds nothing to compare with, so it matches nothing: remove it, or write what people say");
  if (added == LIST_TOO_LONG)
    source_mistake(compiler->source, false, "too_long", &compiler->place, NULL,
                   "comes to more than %d characters: no message is that long", TEXT_UNITS);
}

/* Adds the texts of a value to the trie that is being drafted. */
static void add_value_texts(struct compiler *compiler, struct list_draft *trie, const struct source_value *value,
                            uint32_t index, uint32_t block) {
  if (!strpbrk(value->text, "()[]{}<>|;\\") && utf8_valid_prefix(value->text, value->length) == value->length &&
      strlen(value->text) == value->length) { /* plain text, as nearly all are */
    report_text(compiler, list_draft_add(trie, value->text, value->length, index));
    return;
  }
  struct template_mistake mistake;
  struct buffer texts = {0};
  const struct template_node *tree = template_parse(&compiler->source->arena, value->text, value->length, &mistake);
  if (!tree && mistake.code) {
    compiler->place.column = mistake.column;
    source_mistake(compiler->source, false, mistake.code, &compiler->place, NULL, "%s", mistake.message);
  }
  if (tree && expand_template(compiler->source, tree, &compiler->place, block, &texts)) {
    uint32_t count = (uint32_t)(texts.length / sizeof(struct source_text)), empty = 0, too_long = 0;
    for (uint32_t i = 0; i < count; i++) {
      const struct source_text *text = (struct source_text *)(void *)texts.bytes + i;
      enum list_added added = list_draft_add(trie, text->text, text->length, index);
      empty += added == LIST_EMPTY;
      too_long += added == LIST_TOO_LONG;
    }
    report_text(compiler, too_long ? LIST_TOO_LONG : empty == count ? LIST_EMPTY : LIST_ADDED);
  }
  compiler->failed |= texts.failed;
  buffer_free(&texts);
}

void compiler_build_list(struct compiler *compiler, struct source_list *list) {
  list->text = draft_text(&compiler->draft, list->name, strlen(list->name));
  struct list record = {.name = list->text,
                        .kind = (uint32_t)list->options.kind,
                        .exact_case = list->options.exact_case,
                        .exact_accents = list->options.exact_accents,
                        .typos = list->options.typos,
                        .first_value = DRAFT_COUNT(&compiler->draft, struct list_value, values),
                        .value_count = list->values};
  struct list_draft trie = {.exact_case = list->options.exact_case,
                            .exact_accents = list->options.exact_accents,
                            .ignore_whitespace = compiler->source->ignore_whitespace};
  compiler->place = (struct mistake_place){.list = list};
  if (list->block != NONE) {
    compiler->place.block = list->block + 1;
    compiler->place.intent = SOURCE_ITEM(compiler->source, struct source_block, blocks, list->block)->intent + 1;
  }
  for (uint32_t i = 0; i < list->values; i++) {
    const struct source_value *value =
        SOURCE_ITEM(compiler->source, struct source_value, values, list->first_value + i);
    compiler->place.value = i + 1;
    compiler->place.column = 0;
    compiler->place.text = value->text;
    add_value_texts(compiler, &trie, value, i, list->block);
    struct list_value made = {draft_text(&compiler->draft, value->text, value->length), value->length,
                              DRAFT_COUNT(&compiler->draft, struct pair, contexts), value->contexts,
                              scalar_record(compiler, &value->out)};
    for (uint32_t k = 0; k < value->contexts; k++)
      add_pair(compiler, &compiler->draft.contexts,
               SOURCE_ITEM(compiler->source, struct source_pair, contexts, value->first_context + k));
    buffer_push(&compiler->draft.values, &made, sizeof made);
  }
  if (!list_draft_build(&trie, &compiler->draft, &record)) compiler->failed = true;
  list_draft_free(&trie);
  list->image = DRAFT_COUNT(&compiler->draft, struct list, lists);
  buffer_push(&compiler->draft.lists, &record, sizeof record);
}

/* Of the list that was built last. */
static void check_range(struct compiler *compiler, const sentences_list_options *options) {
  bool numbers = isfinite(options->from) && isfinite(options->to) && isfinite(options->step) &&
                 isfinite(options->multiplier) && options->step > 0 && options->from <= options->to;
  bool parts = options->fractions == 1 || options->fractions == 2 || options->fractions == 10;
  if (!numbers || !parts)
    source_mistake(compiler->source, false, "range", &compiler->place, NULL,
                   "is no range: from must not be above to, the step above 0, and fractions 1, 2 or 10");
}

static void build_lists(struct compiler *compiler) {
  uint32_t types = 0;
  for (uint32_t i = 0; i < SOURCE_COUNT(compiler->source, struct source_list, lists); i++) {
    struct source_list *list = SOURCE_ITEM(compiler->source, struct source_list, lists, i);
    const sentences_list_options *options = &list->options;
    compiler_build_list(compiler, list);
    if (options->kind == SENTENCES_TYPE) list->type = types++;
    if (options->kind == SENTENCES_RANGE) {
      check_range(compiler, options);
      struct range range = {
          options->from,       options->to,        options->step, options->multiplier, (uint32_t)options->fractions,
          !options->no_digits, !options->no_words, list->text};
      list->range = DRAFT_COUNT(&compiler->draft, struct range, ranges);
      buffer_push(&compiler->draft.ranges, &range, sizeof range);
    }
    struct list_scope scope = {list->image, list->block, list->range, list->type};
    buffer_push(&compiler->draft.scopes, &scope, sizeof scope);
  }
  compiler_settings(compiler)->types = types;
}

/* A list of plain words, that no template can name; NONE when there are none. What is wrong is said to be at `place`.
 */
static uint32_t build_words(struct compiler *compiler, const struct source_text *words, uint32_t count,
                            struct mistake_place place) {
  if (count == 0) return NONE;
  compiler->place = place;
  struct list record = {.name = NONE,
                        .kind = SENTENCES_VALUES,
                        .first_value = DRAFT_COUNT(&compiler->draft, struct list_value, values),
                        .value_count = count};
  struct list_draft trie = {.ignore_whitespace = compiler->source->ignore_whitespace};
  for (uint32_t i = 0; i < count; i++) {
    compiler->place.text = words[i].text;
    compiler->place.value = i + 1;
    report_text(compiler, list_draft_add(&trie, words[i].text, words[i].length, i));
    struct list_value value = {draft_text(&compiler->draft, words[i].text, words[i].length),
                               words[i].length,
                               0,
                               0,
                               {.kind = SENTENCES_NUMBER, .number = words[i].number}};
    buffer_push(&compiler->draft.values, &value, sizeof value);
  }
  if (!list_draft_build(&trie, &compiler->draft, &record)) compiler->failed = true;
  list_draft_free(&trie);
  uint32_t index = DRAFT_COUNT(&compiler->draft, struct list, lists);
  buffer_push(&compiler->draft.lists, &record, sizeof record);
  return index;
}

/* ---- intents ---- */

static void build_block(struct compiler *compiler, uint32_t index) {
  sentences_source *source = compiler->source;
  const struct source_block *block = SOURCE_ITEM(source, struct source_block, blocks, index);
  struct block record = {.intent = block->intent,
                         .first_template = block->first_template,
                         .templates = block->templates,
                         .first_condition = block->first_condition,
                         .conditions = block->conditions,
                         .first_fixed = block->first_fixed,
                         .fixed = block->fixed,
                         .priority = block->priority};
  struct mistake_place place = {.intent = block->intent + 1, .block = index + 1, .words = "keywords"};
  record.keywords = build_words(compiler, SOURCE_ITEM(source, struct source_text, keywords, block->first_keyword),
                                block->keywords, place);
  uint32_t required = 0;
  for (uint32_t i = 0; i < block->conditions; i++)
    required += !SOURCE_ITEM(source, struct source_condition, conditions, block->first_condition + i)->excludes;
  place.words = NULL;
  if (required > MOST_CONDITIONS)
    source_mistake(source, false, "too_many", &place, NULL,
                   "requires more than 16 keys of the context: divide the rule");
  buffer_push(&compiler->draft.blocks, &record, sizeof record);
}

static void build_declared(struct compiler *compiler) {
  sentences_source *source = compiler->source;
  struct image_draft *draft = &compiler->draft;
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_intent, intents); i++) {
    const struct source_intent *intent = SOURCE_ITEM(source, struct source_intent, intents, i);
    struct intent record = {draft_text(draft, intent->name, strlen(intent->name)),
                            intent->first_block,
                            intent->blocks,
                            intent->first_slot,
                            intent->slots,
                            0};
    buffer_push(&draft->intents, &record, sizeof record);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_slot, slots); i++) {
    struct source_slot *slot = SOURCE_ITEM(source, struct source_slot, slots, i);
    slot->text = draft_text(draft, slot->name, strlen(slot->name));
    buffer_push(&draft->slots, &slot->text, sizeof slot->text);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_pair, fixed); i++)
    add_pair(compiler, &draft->fixed, SOURCE_ITEM(source, struct source_pair, fixed, i));
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_condition, conditions); i++) {
    const struct source_condition *condition = SOURCE_ITEM(source, struct source_condition, conditions, i);
    struct condition record = {draft_text(draft, condition->key, strlen(condition->key)),
                               NONE,
                               condition->excludes,
                               condition->first_value,
                               condition->values,
                               0};
    if (condition->slot) record.slot = draft_text(draft, condition->slot, strlen(condition->slot));
    buffer_push(&draft->conditions, &record, sizeof record);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, sentences_scalar, condition_values); i++) {
    struct scalar scalar = scalar_record(compiler, SOURCE_ITEM(source, sentences_scalar, condition_values, i));
    buffer_push(&draft->scalars, &scalar, sizeof scalar);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_phrase, phrases); i++) {
    const struct source_phrase *phrase = SOURCE_ITEM(source, struct source_phrase, phrases, i);
    struct phrase record = {draft_text(draft, phrase->name, strlen(phrase->name)),
                            draft_text(draft, phrase->text, phrase->length), phrase->length, phrase->block};
    buffer_push(&draft->phrases, &record, sizeof record);
  }
  for (uint32_t i = 0; i < SOURCE_COUNT(source, struct source_block, blocks); i++) build_block(compiler, i);
}

void compiler_build_records(struct compiler *compiler) {
  sentences_source *source = compiler->source;
  source_read_phrases(source);
  build_lists(compiler);
  build_declared(compiler);
  uint32_t skip_words =
      build_words(compiler, SOURCE_ITEM(source, struct source_text, skip_words, 0),
                  SOURCE_COUNT(source, struct source_text, skip_words), (struct mistake_place){.words = "skip_words"});
  uint32_t number_words = build_words(compiler, SOURCE_ITEM(source, struct source_text, number_words, 0),
                                      SOURCE_COUNT(source, struct source_text, number_words),
                                      (struct mistake_place){.words = "number_words"});
  compiler_settings(compiler)->skip_words = skip_words;
  compiler_settings(compiler)->number_words = number_words;
}
