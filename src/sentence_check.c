/*
 * sentence_check: what is allowed, but hardly meant. See sentences_check in sentences.h.
 *
 * Each template's sentences are matched with all templates: all of them where there are at most CHECK_ALL, otherwise a
 * sample of CHECK_SOME by chance (always the same). A template that wins none of its own sentences can never win, or
 * hardly ever; two intents that both accept one are reported once, with that sentence.
 */
#include <stdio.h>
#include <string.h>

#include "sentence_matcher.h"
#include "sentence_sample.h"

enum { CHECK_ALL = 64, CHECK_SOME = 24, CHECK_TRIES = 600, CHECK_LEAST = 8, MOST_OTHERS = 8 };

struct checker {
  sentences_source *source; /* gets the mistakes */
  sentences_source *again;  /* of the image, for samples */
  const sentences *compiled;
  sentences_matcher *matcher;
  struct buffer sentence;
  struct buffer units;  /* of the template that is being compared */
  struct buffer hashes; /* uint64_t: of each template so far */
  struct buffer pairs;  /* uint64_t: pairs of intents that have been reported */
  bool failed;
};

/* What was found about a template. */
struct judgement {
  uint32_t index;
  unsigned usable; /* sentences that its own conditions allow */
  bool wins, loses;
  char winner[512], sentence[256]; /* of the first sentence that another template took */
  struct {
    const char *intent, *template, *goes_to;
    uint32_t number;
    bool tie;
    char sentence[256];
  } others[MOST_OTHERS]; /* intents that accept one of its sentences */
  unsigned other_count;
};

/* A hash of the template's text without differences that mean nothing. */
static uint64_t hash_of(struct checker *checker, const struct template *template) {
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  buffer_clear(&checker->units);
  checker->failed |= !text_units(checker->compiled->image->text + template->text, template->length, &checker->units);
  const struct unit *units = (const struct unit *)(const void *)checker->units.bytes;
  for (size_t i = 0; i < checker->units.length / sizeof *units; i++)
    hash = (hash ^ units[i].base) * UINT64_C(1099511628211);
  return hash;
}

static struct mistake_place place_of(struct checker *checker, uint32_t index) {
  const struct image *image = checker->compiled->image;
  const struct template *template = &image->templates[index];
  const char *text = arena_copy(&checker->source->arena, image->text + template->text, template->length);
  return (struct mistake_place){.intent = image->blocks[template->block].intent + 1,
                                .block = template->block + 1,
                                .template = index + 1,
                                .text = text ? text : ""};
}

static bool is_new_pair(struct checker *checker, uint32_t one, uint32_t other) {
  uint64_t pair = one < other ? (uint64_t)one << 32 | other : (uint64_t)other << 32 | one;
  for (size_t i = 0; i < checker->pairs.length / sizeof pair; i++) {
    if (((uint64_t *)(void *)checker->pairs.bytes)[i] == pair) return false;
  }
  buffer_push(&checker->pairs, &pair, sizeof pair);
  checker->failed |= checker->pairs.failed;
  return true;
}

static void note_other(struct checker *checker, struct judgement *judgement, const sentences_match *mine,
                       const sentences_match *other) {
  for (unsigned i = 0; i < judgement->other_count; i++) {
    if (judgement->others[i].number == other->intent) return;
  }
  if (judgement->other_count == MOST_OTHERS || strcmp(mine->intent_name, other->intent_name) == 0) return;
  const sentences_match *first = mine->reason == SENTENCES_WON ? mine : other;
  unsigned at = judgement->other_count++;
  judgement->others[at].number = other->intent;
  judgement->others[at].intent = other->intent_name;
  judgement->others[at].template = other->text;
  judgement->others[at].goes_to = first->intent_name;
  judgement->others[at].tie = (first == mine ? other : mine)->reason == SENTENCES_LOST_ORDER;
  snprintf(judgement->others[at].sentence, sizeof judgement->others[at].sentence, "%s", checker->sentence.bytes);
}

static void report_others(struct checker *checker, const struct judgement *judgement) {
  struct mistake_place place = place_of(checker, judgement->index);
  for (unsigned i = 0; i < judgement->other_count; i++) {
    const char *sentence = judgement->others[i].sentence, *goes_to = judgement->others[i].goes_to;
    bool tie = judgement->others[i].tie;
    if (!is_new_pair(checker, place.intent, judgement->others[i].number)) continue;
    source_mistake(checker->source, true, tie ? "ambiguous" : "overlap", &place, sentence,
                   "accepts \"%s\", and so does the intent \"%s\" with \"%s\": %s \"%s\"%s", sentence,
                   judgement->others[i].intent, judgement->others[i].template,
                   tie ? "it is a tie, and goes to" : "it goes to", goes_to,
                   tie ? ", which is defined first: give one of them a priority" : "");
  }
}

/* Matches one sentence of a template, and notes who takes it. */
static void judge_sentence(struct checker *checker, struct judgement *judgement) {
  const struct image *image = checker->compiled->image;
  const struct template *template = &image->templates[judgement->index];
  const struct block *block = &image->blocks[template->block];
  sentences_pair context[BLOCK_CONTEXT];
  sentences_options options = {.context = context, .context_count = block_fitting_context(image, block, context)};
  size_t count;
  const sentences_match *matches = sentences_explain(checker->matcher, checker->compiled, checker->sentence.bytes,
                                                     checker->sentence.length, &options, &count);
  buffer_byte(&checker->sentence, '\0');
  checker->failed |= sentences_matcher_failed(checker->matcher) || checker->sentence.failed;
  const sentences_match *mine = NULL;
  for (size_t i = 0; i < count && !checker->failed; i++) {
    bool same = matches[i].intent == block->intent + 1 &&
                image->intents[block->intent].first_block + matches[i].block - 1 == template->block &&
                block->first_template + matches[i].template - 1 == judgement->index;
    if (same && matches[i].reason <= SENTENCES_LOST_ORDER) mine = &matches[i];
  }
  if (!mine || checker->failed) return; /* its own context forbids it: it says nothing */
  judgement->usable++;
  judgement->wins |= mine->reason == SENTENCES_WON;
  /* two intents of one name are a mistake that others report */
  bool same_name = matches[0].intent != mine->intent && strcmp(matches[0].intent_name, mine->intent_name) == 0;
  if (mine->reason != SENTENCES_WON && !judgement->loses && !same_name) {
    judgement->loses = true;
    snprintf(judgement->winner, sizeof judgement->winner, "\"%s\" of the intent \"%s\"", matches[0].text,
             matches[0].intent_name);
    snprintf(judgement->sentence, sizeof judgement->sentence, "%s", checker->sentence.bytes);
  }
  for (size_t i = 0; i < count; i++) {
    if (matches[i].reason > SENTENCES_LOST_ORDER || matches[i].intent == mine->intent) continue;
    if (matches[i].wildcards > mine->wildcards) continue; /* what a wildcard takes besides is meant */
    bool between = mine->reason == SENTENCES_WON || matches[i].reason == SENTENCES_WON;
    if (between) note_other(checker, judgement, mine, &matches[i]);
  }
}

static void judge_template(struct checker *checker, uint32_t index) {
  const struct image *image = checker->compiled->image;
  struct judgement judgement = {.index = index};
  struct chooser chooser = {.counting = true, .random = index * UINT64_C(0x9E3779B97F4A7C15) + 1};
  unsigned made = 0;
  /* count through first, to see whether there are few; a counted sentence is one of its sentences in any case */
  while (made < CHECK_ALL && !chooser.done && !checker->failed) {
    bool good =
        sample_template(checker->again, checker->compiled, &image->templates[index], &chooser, &checker->sentence);
    checker->failed |= checker->sentence.failed || chooser.choices.failed;
    if (good && (made < CHECK_SOME || judgement.loses)) judge_sentence(checker, &judgement);
    made++;
    chooser_next(&chooser);
    if (judgement.wins && made >= CHECK_SOME) break;
  }
  bool all = chooser.done;
  chooser.counting = false;
  unsigned counted = judgement.usable;
  for (unsigned i = 0; i < CHECK_TRIES && judgement.usable < counted + CHECK_SOME && !all && !checker->failed; i++) {
    bool good =
        sample_template(checker->again, checker->compiled, &image->templates[index], &chooser, &checker->sentence);
    checker->failed |= checker->sentence.failed;
    if (good) judge_sentence(checker, &judgement);
  }
  buffer_free(&chooser.choices);
  checker->failed |= source_failed(checker->again);
  if (checker->failed) return;
  if (judgement.wins || !judgement.loses || (!all && judgement.usable < CHECK_LEAST)) {
    report_others(checker, &judgement);
    return;
  }
  struct mistake_place place = place_of(checker, index);
  source_mistake(checker->source, true, "unreachable", &place, judgement.sentence,
                 "\"%s\" can %snever win: \"%s\" goes to %s: remove one of them, or give this one a priority",
                 place.text, all ? "" : "hardly ever or ", judgement.sentence, judgement.winner);
}

/* Reports a template that stands in its rule already; true when there is one. */
static bool report_duplicate(struct checker *checker, uint32_t index) {
  const struct image *image = checker->compiled->image;
  const struct block *block = &image->blocks[image->templates[index].block];
  uint64_t hash = hash_of(checker, &image->templates[index]);
  buffer_push(&checker->hashes, &hash, sizeof hash);
  checker->failed |= checker->hashes.failed;
  for (uint32_t i = block->first_template; i < index && !checker->failed; i++) {
    if (((uint64_t *)(void *)checker->hashes.bytes)[i] != hash) continue;
    struct mistake_place place = place_of(checker, index);
    source_mistake(checker->source, true, "duplicate", &place, NULL,
                   "stands in this rule already, as sentence %u: remove it", i - block->first_template + 1);
    return true;
  }
  return false;
}

bool sentences_check(sentences_source *source, const sentences *compiled) {
  struct checker checker = {.source = source,
                            .again = source_of_image(compiled->image),
                            .compiled = compiled,
                            .matcher = sentences_matcher_new()};
  checker.failed = !checker.again || !checker.matcher;
  for (uint32_t i = 0; i < compiled->image->templates_count && !checker.failed; i++) {
    if (!report_duplicate(&checker, i)) judge_template(&checker, i);
  }
  sentences_source_free(checker.again);
  sentences_matcher_free(checker.matcher);
  buffer_free(&checker.sentence);
  buffer_free(&checker.units);
  buffer_free(&checker.hashes);
  buffer_free(&checker.pairs);
  return !checker.failed && !source_failed(source);
}
