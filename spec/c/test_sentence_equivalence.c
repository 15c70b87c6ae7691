/*
 * test_sentence_equivalence: the matcher against one that tries everything, on small grammars and texts by chance.
 *
 *     test_sentence_equivalence [COUNT [SEED]]     COUNT texts instead of 1,000,000
 *
 * Both must accept a text with the same templates, choose the same one of them and for the same figures, and take slots
 * that a best parse takes. What they do not agree on is printed with the smallest grammar that shows it.
 */
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"
#include "sentence_naive.h"

enum { TEXTS_PER_GRAMMAR = 60, SHOWN = 5, DIFFERENCE_SIZE = 700 };

struct pair {
  struct naive naive;
  sentences *compiled;
  sentences_matcher *matcher;
};

static unsigned compared, matched, explained, too_many, refused;

/* Compiles the grammar; NULL when it has a mistake that grammars by chance may have, or none that could be (*wrong). */
static sentences *compile_grammar(const struct naive_grammar *grammar, bool *wrong) {
  struct buffer lines = {0};
  naive_grammar_write(grammar, &lines);
  buffer_byte(&lines, '\0');
  sentences_source *source = sentences_source_new();
  sentence_declare(source, lines.bytes);
  sentences *compiled = sentences_compile(source);
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes), errors = 0;
  for (size_t i = 0; i < count; i++) {
    errors += !mistakes[i].warning;
    *wrong |= !mistakes[i].warning && strcmp(mistakes[i].code, "adjacent_wildcards") != 0 &&
              strcmp(mistakes[i].code, "empty") != 0;
  }
  *wrong |= (errors == 0) != (compiled != NULL);
  sentences_source_free(source);
  buffer_free(&lines);
  return compiled;
}

static unsigned index_of(const struct naive_grammar *grammar, const sentences_match *match) {
  unsigned first_block = 0, first = 0;
  while (grammar->block[first_block].intent != grammar->block[0].intent + match->intent - 1) first_block++;
  unsigned block = first_block + match->block - 1;
  while (grammar->block_of[first] != block) first++;
  return first + match->template - 1;
}

#define DIFFER(...)                                     \
  do {                                                  \
    snprintf(difference, DIFFERENCE_SIZE, __VA_ARGS__); \
    return true;                                        \
  } while (0)

/* Whether a match has the figures and the slots of a parse. */
static bool match_differs(const sentences_match *match, const struct naive_parse *parse, char *difference) {
  char slots[NAIVE_SLOTS_SIZE];
  naive_slots(match, slots);
  const unsigned actual[] = {match->best, match->wildcards, match->free, match->typos, match->folded, match->literals};
  const unsigned right[] = {parse->best, parse->wildcards, parse->free, parse->typos, parse->folded, parse->literals};
  for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
    static const char *const names[] = {"best", "wildcards", "free", "typos", "folded", "literals"};
    if (actual[i] != right[i])
      DIFFER("%s is %u, should be %u; slots %s, should be %s", names[i], actual[i], right[i], slots, parse->slots[0]);
  }
  for (unsigned i = 0; i < parse->count && i < NAIVE_PARSES; i++) {
    if (strcmp(parse->slots[i], slots) == 0) return false;
  }
  if (parse->count > NAIVE_PARSES) return false;
  DIFFER("slots %s, should be %s%s", slots, parse->slots[0], parse->count > 1 ? " (or others)" : "");
}

static bool find_differs(const struct naive_grammar *grammar, const sentences_match *found,
                         const struct naive_parse *parses, char *difference) {
  unsigned winner = 0;
  for (unsigned i = 1; i < grammar->templates; i++) {
    if (naive_compare(&parses[i], &parses[winner]) > 0) winner = i;
  }
  if (!parses[winner].allowed) {
    if (found) DIFFER("found template %u, should be none", index_of(grammar, found) + 1);
    return false;
  }
  if (!found) DIFFER("found none, should be template %u with %s", winner + 1, parses[winner].slots[0]);
  if (index_of(grammar, found) != winner)
    DIFFER("found template %u, should be %u", index_of(grammar, found) + 1, winner + 1);
  unsigned ties = 0, last = grammar->block[grammar->block_of[winner]].intent;
  for (unsigned i = 0; i < grammar->templates; i++) {
    unsigned intent = grammar->block[grammar->block_of[i]].intent;
    if (i <= winner || naive_compare(&parses[i], &parses[winner]) != 0 || intent == last) continue;
    last = intent;
    ties++;
  }
  if (found->ambiguous_count != ties) DIFFER("%zu ambiguous intents, should be %u", found->ambiguous_count, ties);
  return match_differs(found, &parses[winner], difference);
}

static bool explain_differs(const struct naive_grammar *grammar, const sentences_match *matches, size_t count,
                            const struct naive_parse *parses, char *difference) {
  bool seen[NAIVE_TEMPLATES] = {false};
  for (size_t i = 0; i < count; i++) {
    unsigned index = index_of(grammar, &matches[i]);
    if (matches[i].reason == SENTENCES_UNMATCHED) continue;
    bool forbidden = matches[i].reason == SENTENCES_CONTEXT_MISSING || matches[i].reason == SENTENCES_CONTEXT_DIFFERS ||
                     matches[i].reason == SENTENCES_CONTEXT_EXCLUDED;
    if (seen[index]) DIFFER("explains template %u twice", index + 1);
    seen[index] = true;
    if (forbidden == parses[index].allowed) DIFFER("reason %d for template %u", (int)matches[i].reason, index + 1);
    if (!forbidden && match_differs(&matches[i], &parses[index], difference)) return true;
    if (!forbidden && i > 0 && naive_compare(&parses[index_of(grammar, &matches[i - 1])], &parses[index]) < 0)
      DIFFER("explains template %u behind a worse one", index + 1);
  }
  for (unsigned i = 0; i < grammar->templates; i++) {
    if (seen[i] != parses[i].accepted)
      DIFFER("template %u %s", i + 1, seen[i] ? "accepts, but should not" : "should accept");
  }
  return false;
}

/* Whether the two matchers disagree about a text. */
static bool differs(const struct pair *pair, const char *text, size_t length, const struct naive_message *message,
                    char *difference) {
  const struct naive_grammar *grammar = pair->naive.grammar;
  struct naive_parse parses[NAIVE_TEMPLATES];
  if (!naive_match(&pair->naive, text, length, message, parses)) {
    too_many++;
    return false;
  }
  char key[2] = {message->key, '\0'};
  sentences_pair context = {key, sentences_text(&message->context, 1)};
  sentences_options options = {
      .context = &context, .context_count = message->key != '\0', .best_slot = message->best_slot};
  const sentences_match *found = sentences_find(pair->matcher, pair->compiled, text, length, &options);
  compared++;
  matched += found != NULL;
  if (find_differs(grammar, found, parses, difference)) return true;
  bool any = false;
  for (unsigned i = 0; i < grammar->templates; i++) any |= parses[i].accepted;
  if (!any && compared % 8) return false; /* a miss costs most to explain */
  size_t count;
  const sentences_match *matches = sentences_explain(pair->matcher, pair->compiled, text, length, &options, &count);
  explained++;
  return explain_differs(grammar, matches, count, parses, difference);
}

static bool pair_begin(struct pair *pair, const struct naive_grammar *grammar, bool *wrong) {
  pair->compiled = compile_grammar(grammar, wrong);
  if (!pair->compiled) return false;
  if (naive_begin(&pair->naive, grammar)) return true;
  sentences_drop(pair->compiled);
  return false;
}

/* ---- making it smaller ---- */

struct finding {
  struct naive_grammar grammar;
  struct naive_message message;
  char text[128], difference[DIFFERENCE_SIZE];
};

static bool still_differs(struct pair *pair, struct finding *finding) {
  bool wrong = false;
  if (!pair_begin(pair, &finding->grammar, &wrong)) return false;
  bool found = differs(pair, finding->text, strlen(finding->text), &finding->message, finding->difference);
  sentences_drop(pair->compiled);
  return found;
}

static void cut(char *text, size_t at, size_t count) {
  memmove(text + at, text + at + count, strlen(text + at + count) + 1);
}

/* Tries a text of the finding without some of its characters, as long as it still shows the difference. */
static bool shorten(struct pair *pair, struct finding *finding, size_t offset) {
  bool any = false;
  char *text = (char *)finding + offset;
  for (size_t count = 8; count; count--) {
    for (size_t at = 0; at + count <= strlen(text);) {
      struct finding smaller = *finding;
      char *cut_text = (char *)&smaller + offset;
      cut(cut_text, at, count);
      bool edge = cut_text[0] == ' ' || cut_text[0] == '\0' || cut_text[strlen(cut_text) - 1] == ' ';
      if (edge || !still_differs(pair, &smaller)) {
        at++;
        continue;
      }
      *finding = smaller;
      any = true;
    }
  }
  return any;
}

static void drop_template(struct naive_grammar *grammar, unsigned index) {
  for (unsigned i = index; i + 1 < grammar->templates; i++) {
    memcpy(grammar->template[i], grammar -> template[i + 1], sizeof grammar->template[i]);
    grammar->block_of[i] = grammar->block_of[i + 1];
  }
  grammar->templates--;
}

static bool simplify(struct pair *pair, struct finding *finding, unsigned way) {
  struct finding smaller = *finding;
  struct naive_grammar *grammar = &smaller.grammar;
  enum { OF_TEMPLATES = 8, OF_BLOCKS = 16, OF_LISTS = 32 };
  if (way < OF_TEMPLATES) {
    if (way >= grammar->templates || grammar->templates == 1) return false;
    drop_template(grammar, way);
  } else if (way < OF_BLOCKS) {
    unsigned block = way - OF_TEMPLATES;
    if (block >= grammar->blocks || grammar->block[block].conditions == 0) return false;
    grammar->block[block].conditions--;
  } else if (way < OF_LISTS) {
    struct naive_list *list = &grammar->lists[(way - OF_BLOCKS) / 4 % NAIVE_LISTS];
    unsigned value = (way - OF_BLOCKS) % 4;
    if (value >= list->count || list->count == 1) return false;
    for (unsigned i = value; i + 1 < list->count; i++) list->values[i] = list->values[i + 1];
    list->count--;
  } else if (way == OF_LISTS) {
    if (!grammar->number_word[0]) return false;
    grammar->number_word[0] = '\0';
  } else {
    if (smaller.message.key == '\0') return false;
    smaller.message.key = '\0';
  }
  if (!still_differs(pair, &smaller)) return false;
  *finding = smaller;
  return true;
}

static void shrink(struct pair *pair, struct finding *finding) {
  enum { WAYS = 34 };
  bool again = true;
  while (again) {
    again = false;
    for (unsigned way = 0; way < WAYS; way++) again |= simplify(pair, finding, way);
    again |= shorten(pair, finding, offsetof(struct finding, text));
    for (unsigned i = 0; i < finding->grammar.templates; i++)
      again |= shorten(pair, finding, offsetof(struct finding, grammar.template) + i * NAIVE_TEMPLATE_SIZE);
    for (unsigned i = 0; i < NAIVE_PHRASES; i++)
      again |= shorten(pair, finding, offsetof(struct finding, grammar.phrases) + i * NAIVE_TEMPLATE_SIZE);
  }
  still_differs(pair, finding);
}

static void report(struct pair *pair, struct finding *finding, uint64_t seed) {
  shrink(pair, finding);
  struct buffer lines = {0};
  naive_grammar_write(&finding->grammar, &lines);
  printf("     seed %llu, text \"%s\"", (unsigned long long)seed, finding->text);
  if (finding->message.key) printf(", context %c=%c", finding->message.key, finding->message.context);
  if (finding->message.best_slot) printf(", best slot %s", finding->message.best_slot);
  printf(": %s\n%.*s\n", finding->difference, (int)lines.length, lines.bytes);
  buffer_free(&lines);
}

/* One grammar with its texts; true when a difference was found. */
static bool compare_grammar(struct pair *pair, uint64_t seed, struct buffer *text) {
  struct finding finding = {.message = {0}};
  uint64_t random = seed * UINT64_C(0x9E3779B97F4A7C15) + 12345;
  bool wrong = false, found = false;
  naive_grammar_fill(&finding.grammar, &random);
  if (!pair_begin(pair, &finding.grammar, &wrong)) {
    refused++;
    if (wrong) {
      struct buffer lines = {0};
      naive_grammar_write(&finding.grammar, &lines);
      printf("     seed %llu is refused:\n%.*s\n", (unsigned long long)seed, (int)lines.length, lines.bytes);
      buffer_free(&lines);
    }
    return wrong;
  }
  static const char *const best_slots[] = {"l0", "s", "t", "l1"};
  for (unsigned i = 0; i < TEXTS_PER_GRAMMAR && !found; i++) {
    naive_text(&pair->naive, &random, text);
    uint32_t chance = sentence_random(&random);
    finding.message =
        (struct naive_message){chance % 3    ? '\0'
                               : chance & 64 ? 'k'
                                             : 'm',
                               chance & 128 ? 'x' : 'y', chance & 256 ? NULL : best_slots[chance >> 9 & 3]};
    found = differs(pair, text->bytes, text->length, &finding.message, finding.difference);
  }
  sentences_drop(pair->compiled);
  if (!found || text->length >= sizeof finding.text) return found;
  memcpy(finding.text, text->bytes, text->length);
  report(pair, &finding, seed);
  return true;
}

int main(int argc, char **argv) {
  memory_faults_install();
  unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
  uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  TEST("on small grammars, all texts are accepted and ranked as by a matcher that tries everything") {
    struct pair pair = {.matcher = sentences_matcher_new()};
    struct buffer text = {0};
    unsigned findings = 0;
    for (uint64_t seed = first; compared < count && findings < SHOWN; seed++)
      findings += compare_grammar(&pair, seed, &text);
    CHECK(findings == 0);
    CHECK(too_many < compared / 20); /* what was given up */
    CHECK(matched > compared / 10);  /* it is not all misses */
    CHECK(explained > compared / 10);
    printf("     %u texts, of which %u match; %u explained, %u given up, %u grammars refused\n", compared, matched,
           explained, too_many, refused);
    sentences_matcher_free(pair.matcher);
    naive_end(&pair.naive);
    buffer_free(&text);
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
