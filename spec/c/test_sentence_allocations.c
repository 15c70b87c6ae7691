/*
 * test_sentence_allocations: every allocation of the sentences fails once, in each thing that can be done with them:
 * it says so, nothing leaks, and what was there before goes on working.
 */
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"

static const char lines[] = "skip please\nskip now\nnumber five => 5\nphrase the [the|my]\n"
                            "list area typos\nvalue kitchen @ floor=#1\nvalue living (room|area) => living_room\n"
                            "range percent 0 100 parts 2\nwildcard any\n"
                            "intent light\nslot area\nslot brightness\nslot floor\n"
                            "say (turn;switch) on <the> {area} light[s]\nsay {area} [to] {percent:brightness} percent\n"
                            "block\nrequires floor > floor: #1\nfixed brightness 5\nkeyword here\nsay lights here\n"
                            "intent play\nslot any\nslot who\nsay play {any} for {who}\nsay lights here\n";

static const sentences_pair pair = {"floor", {SENTENCES_NUMBER, NULL, 0, 1}};
static const sentences_options options = {.context = &pair, .context_count = 1, .best_slot = "area"};

static sentences_source *declared(const char *what) {
  sentences_source *source = sentences_source_new();
  if (source) sentence_declare(source, what);
  return source;
}

/* Does it with the nth allocation failing, n counting up, until none is left to fail. */
#define EACH_ALLOCATION()                                                                        \
  for (enum memory_faults_mode mode = MEMORY_FAULTS_ONCE; mode <= MEMORY_FAULTS_ONWARDS; mode++) \
    for (unsigned nth = 1, hit = 1; hit && begin_failing(nth, mode); nth++)

static bool begin_failing(unsigned nth, enum memory_faults_mode mode) {
  memory_faults_fail(nth, mode);
  return true;
}

static void test_compiling(void) {
  TEST("declaring, compiling and checking") {
    EACH_ALLOCATION() {
      sentences_source *source = declared(lines);
      sentences *compiled = source ? sentences_compile(source) : NULL;
      bool checked = compiled && sentences_check(source, compiled);
      hit = memory_faults_hit();
      CHECK(checked == !hit);
      const sentences_mistake *mistakes;
      size_t count = source ? sentences_mistakes(source, &mistakes) : 0;
      for (size_t i = 0; i < count; i++) CHECK(mistakes[i].warning && mistakes[i].message && mistakes[i].code);
      sentences_drop(compiled);
      sentences_source_free(source);
    }
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("warnings are not told instead of a want of memory") {
    EACH_ALLOCATION() {
      sentences_source *source = declared("list l\nvalue ...\nintent i\nslot l\nsay [hello]\nsay {l} x\n");
      sentences *compiled = source ? sentences_compile(source) : NULL;
      hit = memory_faults_hit();
      const sentences_mistake *mistakes;
      size_t count = source ? sentences_mistakes(source, &mistakes) : 0;
      CHECK(compiled ? count == 2 || hit : hit && count == 0);
      bool known = true;
      sentences_source *other = compiled ? declared("list l\nvalue ,,,\nvalue b\n") : NULL;
      sentences *next = other ? sentences_with_list(compiled, "l", other, &known) : NULL;
      hit = memory_faults_hit();
      if (other && !next && hit) CHECK(sentences_mistakes(other, &mistakes) == 0);
      sentences_drop(next);
      sentences_source_free(other);
      sentences_drop(compiled);
      sentences_source_free(source);
    }
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("mistakes: what is told is true, though there may be less of it") {
    EACH_ALLOCATION() {
      sentences_source *source =
          declared("phrase p <q> x\nlist l\nvalue (a\nvalue b]\nintent i\nslot l\nsay {l} <p>\nsay {none}\nsay (b\n");
      CHECK(source == NULL || sentences_compile(source) == NULL);
      hit = memory_faults_hit();
      const sentences_mistake *mistakes;
      size_t count = source ? sentences_mistakes(source, &mistakes) : 0;
      CHECK(hit ? count <= 5 : count == 5);
      for (size_t i = 0; i < count; i++) CHECK(mistakes[i].message && mistakes[i].message[0]);
      sentences_source_free(source);
    }
    CHECK(memory_faults_outstanding() == 0);
  }
}

static void test_matching(const sentences *compiled) {
  static const struct {
    const char *text, *found;
  } rows[] = {
      {"please switch turn on the living area lights now", "light area=living_room"},
      {"kitchem 50.5 percent", "light area=kitchem brightness=50.5"},
      {"kitchen five percent", "light area=kitchen brightness=5"},
      {"play this song for me", "play any=this song who=me"},
      {"lights here", "light floor=1 brightness=5"},
      {"lights there", "-"},
  };
  TEST("finding, with a new matcher and with one that has been used") {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      EACH_ALLOCATION() {
        sentences_matcher *matcher = sentences_matcher_new();
        const char *found = matcher ? sentence_found(matcher, compiled, rows[i].text, &options) : NULL;
        hit = memory_faults_hit();
        if (!hit || (matcher && !sentences_matcher_failed(matcher)))
          CHECK_TEXT(found, rows[i].found);
        else
          CHECK(matcher == NULL || strcmp(found, "-") == 0);
        if (matcher && !CHECK_TEXT(sentence_found(matcher, compiled, rows[i].text, &options), rows[i].found))
          printf("     after allocation %u\n", nth);
        if (matcher) CHECK(!sentences_matcher_failed(matcher));
        sentences_matcher_free(matcher);
      }
    }
  }
  TEST("finding in a text that asks for more and more memory") {
    sentences *counting =
        sentence_compile("number five => 5\nrange n 0 9\nintent go\nslot a\nslot n\nsay go {a} {n}\n");
    struct buffer text = {0};
    buffer_text(&text, "go");
    for (unsigned i = 0; i < 700; i++) buffer_text(&text, " x");
    buffer_append(&text, " five", sizeof " five");
    EACH_ALLOCATION() {
      sentences_matcher *matcher = sentences_matcher_new();
      const sentences_match *match =
          matcher ? sentences_find(matcher, counting, text.bytes, text.length - 1, NULL) : NULL;
      hit = memory_faults_hit();
      CHECK(match || (hit && (!matcher || sentences_matcher_failed(matcher))));
      sentences_matcher_free(matcher);
    }
    buffer_free(&text);
    sentences_drop(counting);
  }
  TEST("explaining") {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      sentences_matcher *calm = sentences_matcher_new();
      size_t expected, count = 0;
      sentences_explain(calm, compiled, rows[i].text, strlen(rows[i].text), &options, &expected);
      EACH_ALLOCATION() {
        sentences_matcher *matcher = sentences_matcher_new();
        const sentences_match *match =
            matcher ? sentences_explain(matcher, compiled, rows[i].text, strlen(rows[i].text), &options, &count) : NULL;
        hit = memory_faults_hit();
        if (matcher && sentences_matcher_failed(matcher))
          CHECK(hit && match == NULL && count == 0);
        else if (matcher)
          CHECK(count == expected);
        for (size_t k = 0; match && k < count; k++) CHECK(match[k].text && match[k].intent_name);
        if (matcher) CHECK_TEXT(sentence_found(matcher, compiled, rows[i].text, &options), rows[i].found);
        sentences_matcher_free(matcher);
      }
      sentences_matcher_free(calm);
    }
  }
}

static void test_changing(sentences *compiled, sentences_matcher *matcher) {
  TEST("replacing a list") {
    EACH_ALLOCATION() {
      sentences_source *source = declared("list area\nvalue attic\nvalue (big|small) hall => hall @ size=#1\n");
      bool known = false;
      sentences *next = source ? sentences_with_list(compiled, "area", source, &known) : NULL;
      hit = memory_faults_hit();
      CHECK((next != NULL) == !hit);
      if (next) CHECK_TEXT(sentence_found(matcher, next, "attic 5 percent", &options), "light area=attic brightness=5");
      sentences_drop(next);
      sentences_source_free(source);
      CHECK_TEXT(sentence_found(matcher, compiled, "kitchen 5 percent", &options), "light area=kitchen brightness=5");
    }
  }
  TEST("dumping and loading") {
    EACH_ALLOCATION() {
      struct buffer bytes = {0};
      const char *problem = NULL;
      bool dumped = sentences_dump(compiled, &bytes);
      sentences *loaded = dumped ? sentences_load(bytes.bytes, bytes.length, &problem) : NULL;
      hit = memory_faults_hit();
      CHECK((loaded != NULL) == !hit);
      CHECK(!dumped || loaded || strstr(problem, "memory"));
      sentences_drop(loaded);
      buffer_free(&bytes);
    }
  }
}

static void take(void *user, const char *text, size_t length) {
  *(size_t *)user += strnlen(text, length) > 0;
}

static void take_yield(void *user, unsigned intent, unsigned block, unsigned template, const char *slot, bool always) {
  (void)always;
  *(size_t *)user += intent && block && template && slot[0];
}

static void test_looking(const sentences *compiled) {
  TEST("samples and yields") {
    size_t all = 0, all_yields = 0;
    CHECK(sentences_sample(compiled, 1, 30, 1, take, &all) && sentences_yields(compiled, take_yield, &all_yields));
    EACH_ALLOCATION() {
      size_t count = 0, yields = 0;
      bool good = sentences_sample(compiled, 1, 30, 1, take, &count) && sentences_yields(compiled, take_yield, &yields);
      hit = memory_faults_hit();
      CHECK(good == !hit);
      if (good) CHECK(count == all && yields == all_yields);
    }
  }
}

int main(void) {
  memory_faults_install();
  test_compiling();
  sentences *compiled = sentence_compile(lines);
  sentences_matcher *matcher = sentences_matcher_new();
  if (compiled && matcher) {
    test_matching(compiled);
    test_changing(compiled, matcher);
    test_looking(compiled);
  }
  sentences_matcher_free(matcher);
  sentences_drop(compiled);
  TEST("nothing is left allocated") {
    CHECK(compiled && matcher && memory_faults_outstanding() == 0);
  }
  return check_finish();
}
