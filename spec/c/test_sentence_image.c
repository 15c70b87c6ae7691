/*
 * test_sentence_image: compiled sentences as bytes, and back: the same answers, or a refusal, whatever was done to
 * them.
 */
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"
#include "sentence_image.h"
#include "slowness.h"

enum { DIGEST_BYTES = 32, DIGEST_AT = 8 + 4 * 4 + 8, HEADER_BYTES = DIGEST_AT + DIGEST_BYTES, VERSION_AT = 8 };

static const char lines[] =
    "skip please\nnumber five => 5\n"
    "phrase the [the|my]\nphrase turn (turn|switch|put)\n"
    "list area typos\nvalue kitchen @ floor=#1\nvalue living (room|area) => living_room @ floor=#2 big=?true\n"
    "list state case accents\nvalue on => ?true\nvalue \xC3\xA9teint => #0\n"
    "range percent 0 100 step 5 parts 2\nwildcard any\ntype date\n"
    "intent light 1\nslot area\nslot state\nslot brightness\nslot floor\n"
    "say <turn> <the> {area} light[s] {state}\nsay {area} [to] {percent:brightness} percent\n"
    "block\nrequires floor > floor: #2\nexcludes locked: ?true\nfixed state on\nkeyword here\nsay lights (here;now)\n"
    "intent other\nslot any\nslot date\nslot free\nlocal phrase the x\nlocal list l\nvalue y\n"
    "say <the> play {any} on {date}\nsay note {free}\nsay {1..9} <the>\n";

static const char *const texts[] = {"switch the kitchen lights on",
                                    "put living area light \xC3\xA9teint please",
                                    "kitchem to 15.5 percent",
                                    "kitchen five percent",
                                    "lights now here",
                                    "x play a song on x",
                                    "note this",
                                    "7 x",
                                    "nothing of it",
                                    ""};

enum { TEXTS = sizeof texts / sizeof *texts };

static size_t recognise(void *user, const char *list, const char *text, size_t length, size_t at,
                        sentences_candidate *candidates, size_t most) {
  (void)user;
  if (strcmp(list, "date") != 0 || most == 0 || text[at] != 'x') return 0;
  candidates[0] = (sentences_candidate){length, sentences_text("today", 5)};
  return 1;
}

static const sentences_pair pair = {"floor", {SENTENCES_NUMBER, NULL, 0, 2}};
static const sentences_options options = {
    .context = &pair, .context_count = 1, .best_slot = "area", .recognise = recognise};

static void use(void *user, const char *text, size_t length) {
  unsigned *sum = user;
  for (size_t i = 0; i < length; i++) *sum += (unsigned char)text[i];
}

static void use_yield(void *user, unsigned intent, unsigned block, unsigned template, const char *slot, bool always) {
  *(unsigned *)user += intent + block + template + always + (unsigned)strlen(slot);
}

/* Everything that can be done with it; the sum is only there so that everything is read. */
static unsigned exercise(sentences_matcher *matcher, const sentences *compiled) {
  unsigned sum = 0;
  for (size_t i = 0; i < TEXTS; i++) {
    const sentences_match *match = sentences_find(matcher, compiled, texts[i], strlen(texts[i]), &options);
    if (match)
      sum += (unsigned)strlen(match->intent_name) + (unsigned)strlen(match->text) +
             (unsigned)strlen(sentence_slots(match));
    size_t count;
    match = sentences_explain(matcher, compiled, texts[i], strlen(texts[i]), &options, &count);
    for (size_t k = 0; k < count; k++) {
      sum += (unsigned)strlen(sentence_slots(&match[k])) + (match[k].detail ? (unsigned)strlen(match[k].detail) : 0);
      for (size_t m = 0; m < match[k].context_count; m++) sum += (unsigned)strlen(match[k].context[m].key);
      for (size_t m = 0; m < match[k].capture_count; m++)
        sum += match[k].captures[m].list ? (unsigned)strlen(match[k].captures[m].list) : 0;
    }
  }
  for (unsigned intent = 1; intent <= 2; intent++) sentences_sample(compiled, intent, 5, 1, use, &sum);
  sentences_yields(compiled, use_yield, &sum);
  sentences_source *source = sentences_source_new();
  sentence_declare(source, "list area\nvalue attic\n");
  bool known;
  sentences *next = sentences_with_list(compiled, "area", source, &known);
  if (next) sum += sentences_find(matcher, next, "attic 5 percent", 15, &options) != NULL;
  sentences_drop(next);
  sentences_check(source, compiled);
  sentences_source_free(source);
  return sum;
}

static void seal(char *bytes, size_t length) {
  unsigned char digest[DIGEST_BYTES];
  EVP_Digest(bytes + HEADER_BYTES, length - HEADER_BYTES, digest, NULL, EVP_sha256(), NULL);
  memcpy(bytes + DIGEST_AT, digest, sizeof digest);
}

/* Loads from a copy of exactly that size. */
static sentences *load(const char *bytes, size_t length, const char **problem) {
  char *copy = malloc(length + !length);
  memcpy(copy, bytes, length);
  sentences *compiled = sentences_load(copy, length, problem);
  free(copy);
  CHECK(compiled || *problem);
  return compiled;
}

static sentences *compile_and_dump(struct buffer *bytes) {
  sentences *compiled = sentence_compile(lines);
  CHECK(compiled && sentences_dump(compiled, bytes));
  return compiled;
}

static void test_round(sentences_matcher *matcher) {
  TEST("what is loaded answers as what was compiled") {
    struct buffer bytes = {0};
    const char *problem;
    sentences *compiled = compile_and_dump(&bytes), *loaded = load(bytes.bytes, bytes.length, &problem);
    if (CHECK(loaded != NULL)) {
      for (size_t i = 0; i < TEXTS; i++) {
        char expected[300];
        snprintf(expected, sizeof expected, "%s", sentence_found(matcher, compiled, texts[i], &options));
        CHECK_TEXT(sentence_found(matcher, loaded, texts[i], &options), expected);
        if (i < TEXTS - 2 && !CHECK(expected[0] != '-')) printf("     for \"%s\"\n", texts[i]);
      }
      CHECK(exercise(matcher, loaded) == exercise(matcher, compiled));
      CHECK(sentences_size(loaded) == sentences_size(compiled));
      struct buffer again = {0};
      CHECK(sentences_dump(loaded, &again) && again.length == bytes.length &&
            memcmp(again.bytes, bytes.bytes, bytes.length) == 0);
      buffer_free(&again);
    }
    sentences_drop(compiled);
    sentences_drop(loaded);
    buffer_free(&bytes);
  }
  TEST("it is appended to what is there, and holds lists as compiled, not as replaced") {
    struct buffer bytes = {0};
    const char *problem;
    buffer_text(&bytes, "before");
    sentences *compiled = sentence_compile(lines);
    sentences_source *source = sentences_source_new();
    sentence_declare(source, "list area\nvalue attic\n");
    bool known;
    sentences *next = sentences_with_list(compiled, "area", source, &known);
    CHECK(next && sentences_dump(next, &bytes));
    sentences *loaded = load(bytes.bytes + 6, bytes.length - 6, &problem);
    CHECK_TEXT(sentence_found(matcher, loaded, "kitchen 5 percent", &options), "light area=kitchen brightness=5");
    sentences_source_free(source);
    sentences_drop(compiled);
    sentences_drop(next);
    sentences_drop(loaded);
    buffer_free(&bytes);
  }
  TEST("nothing declared can be dumped and loaded") {
    struct buffer bytes = {0};
    const char *problem;
    sentences *compiled = sentence_compile("");
    CHECK(sentences_dump(compiled, &bytes));
    sentences *loaded = load(bytes.bytes, bytes.length, &problem);
    CHECK(loaded && exercise(matcher, loaded) == exercise(matcher, compiled));
    sentences_drop(compiled);
    sentences_drop(loaded);
    buffer_free(&bytes);
  }
}

static void test_refusing(void) {
  TEST("another version, another magic, other bytes behind it, or a wrong checksum are refused, with the reason") {
    struct buffer bytes = {0};
    const char *problem;
    sentences_drop(compile_and_dump(&bytes));
    bytes.bytes[VERSION_AT]++;
    CHECK(load(bytes.bytes, bytes.length, &problem) == NULL && strstr(problem, "version"));
    bytes.bytes[VERSION_AT]--;
    bytes.bytes[0]++;
    CHECK(load(bytes.bytes, bytes.length, &problem) == NULL && strstr(problem, "no file"));
    bytes.bytes[0]--;
    bytes.bytes[bytes.length - 1]++;
    CHECK(load(bytes.bytes, bytes.length, &problem) == NULL && strstr(problem, "checksum"));
    bytes.bytes[bytes.length - 1]--;
    buffer_byte(&bytes, 0);
    CHECK(load(bytes.bytes, bytes.length, &problem) == NULL && strstr(problem, "damaged"));
    CHECK(load("", 0, &problem) == NULL);
    buffer_free(&bytes);
  }
  TEST("every truncation is refused, also one that says its own length and has a checksum that is right") {
    struct buffer bytes = {0};
    const char *problem;
    sentences_drop(compile_and_dump(&bytes));
    unsigned wrong = 0;
    size_t step = 1 + (size_t)(spec_slowness() > 1 ? 37 : 0);
    for (size_t length = 0; length < bytes.length; length += step) {
      wrong += load(bytes.bytes, length, &problem) != NULL;
      if (length < HEADER_BYTES) continue;
      char *copy = malloc(length);
      memcpy(copy, bytes.bytes, length);
      uint64_t size = length;
      memcpy(copy + DIGEST_AT - sizeof size, &size, sizeof size);
      seal(copy, length);
      wrong += load(copy, length, &problem) != NULL;
      free(copy);
    }
    CHECK(wrong == 0);
    buffer_free(&bytes);
  }
}

static void test_damage(sentences_matcher *matcher, unsigned rounds) {
  TEST("bytes that are changed are refused, or, with a checksum that is right, do no harm") {
    struct buffer bytes = {0};
    const char *problem;
    sentences_drop(compile_and_dump(&bytes));
    char *changed = malloc(bytes.length);
    uint64_t random = 3;
    unsigned wrong = 0, loaded = 0, sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
      static const unsigned char values[] = {0, 1, 0xFF, 0x7F, 0x80, 2};
      memcpy(changed, bytes.bytes, bytes.length);
      for (unsigned count = 1 + sentence_random(&random) % 3; count; count--) {
        size_t at = sentence_random(&random) % (bytes.length - HEADER_BYTES) + HEADER_BYTES;
        unsigned char old = (unsigned char)changed[at];
        uint32_t chance = sentence_random(&random);
        changed[at] = (char)(chance & 1 ? values[chance / 2 % sizeof values] : old ^ (1U << chance / 2 % 8));
        if (changed[at] == (char)old) changed[at] = (char)(old + 1);
      }
      bool same = memcmp(changed, bytes.bytes, bytes.length) == 0;
      if (!same) wrong += load(changed, bytes.length, &problem) != NULL;
      seal(changed, bytes.length);
      sentences *compiled = load(changed, bytes.length, &problem);
      if (!compiled) continue;
      loaded++;
      sum += exercise(matcher, compiled);
      sentences_drop(compiled);
    }
    CHECK(wrong == 0);
    CHECK(loaded > rounds / 20 && loaded < rounds);
    printf("     %u of %u were accepted with a new checksum (%u)\n", loaded, rounds, sum % 10);
    free(changed);
    buffer_free(&bytes);
  }
}

/* What somebody who can make a checksum may write: records that are each in range, and together make no sense. */
static void name_itself(struct image *image) {
  char *value = (char *)(uintptr_t)image->text + image->values[image->lists[0].first_value].text;
  memcpy(value, "{bb}", 4);
}

static void double_itself(struct image *image) {
  char *phrase = (char *)(uintptr_t)image->text + image->phrases[1].text;
  memcpy(phrase, "<p><p>", 6);
}

static void overlap(struct image *image) {
  struct block *blocks = (struct block *)(uintptr_t)image->blocks;
  blocks[0].templates = blocks[1].templates = image->templates_count;
  blocks[1].first_template = 0;
}

static void swap_blocks(struct image *image) {
  struct block *blocks = (struct block *)(uintptr_t)image->blocks, first = blocks[0];
  blocks[0] = blocks[1];
  blocks[1] = first;
}

static void empty_keywords(struct image *image) {
  struct list *list = (struct list *)(uintptr_t)&image->lists[image->blocks[0].keywords];
  list->first_value = image->values_count;
  list->value_count = list->node_count = 0;
}

/* A list that can be replaced by a longer one, whose values then are not where number words look for them. */
static void count_with_named(struct image *image) {
  ((struct settings *)(uintptr_t)image->settings)->number_words = 0;
}

static void delete_named(struct image *image) {
  ((struct settings *)(uintptr_t)image->settings)->skip_words = 0;
}

static void no_priority(struct image *image) {
  ((struct block *)(uintptr_t)image->blocks)[0].priority = NAN;
}

static void test_hostile(sentences_matcher *matcher) {
  static const char declared[] = "list bb\nvalue kkkk => x\nphrase p <q><q>\nphrase q [aaa]b\nintent i\nslot bb\n"
                                 "block\nsay go {bb} <p>\nkeyword go\nblock\nsay go {bb} now\nsay go {bb} then\n";
  static const struct {
    const char *name;
    void (*change)(struct image *image);
    bool refused;
  } cases[] = {{"a list that names itself", name_itself, false},
               {"a phrase that doubles itself", double_itself, false},
               {"blocks that share their templates", overlap, true},
               {"blocks that are not in order", swap_blocks, true},
               {"a list of keywords without one", empty_keywords, true},
               {"number words that are a list of the grammar", count_with_named, true},
               {"skip words that are a list of the grammar", delete_named, true},
               {"a priority that is no number", no_priority, true}};
  TEST("records that are in range and make no sense are refused, or do no harm") {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      sentences *compiled = sentence_compile(declared);
      struct buffer bytes = {0};
      const char *problem = NULL;
      cases[i].change(compiled->image);
      CHECK(sentences_dump(compiled, &bytes));
      sentences *loaded = load(bytes.bytes, bytes.length, &problem);
      if (!CHECK(!loaded == cases[i].refused)) printf("     %s\n", cases[i].name);
      if (loaded) exercise(matcher, loaded);
      sentences_drop(loaded);
      sentences_drop(compiled);
      buffer_free(&bytes);
    }
  }
}

int main(int argc, char **argv) {
  memory_faults_install();
  sentences_matcher *matcher = sentences_matcher_new();
  test_round(matcher);
  test_refusing();
  test_hostile(matcher);
  test_damage(matcher, argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : (unsigned)(6000 / spec_slowness()));
  sentences_matcher_free(matcher);
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
