/*
 * test_sentence_mistakes: what is told about sentences that cannot be meant, where, and that nothing else is.
 */
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"

/* Declarations with one mistake. */
struct row {
  const char *lines, *code;
  bool warning;
  unsigned intent, block, template;
  const char *phrase, *list;
  unsigned value, column;
};

#define OF_TEMPLATE(column) 1, 1, 1, NULL, NULL, 0, column

static const struct row rows[] = {
    /* brackets and names */
    {"intent i\nsay (a\n", "unbalanced", false, OF_TEMPLATE(1)},
    {"intent i\nsay a [b\n", "unbalanced", false, OF_TEMPLATE(3)},
    {"intent i\nsay a b)\n", "unbalanced", false, OF_TEMPLATE(4)},
    {"intent i\nsay a]\n", "unbalanced", false, OF_TEMPLATE(2)},
    {"intent i\nsay a {b\n", "unbalanced", false, OF_TEMPLATE(3)},
    {"intent i\nsay a}\n", "unbalanced", false, OF_TEMPLATE(2)},
    {"intent i\nsay <a\n", "unbalanced", false, OF_TEMPLATE(1)},
    {"intent i\nsay a>\n", "unbalanced", false, OF_TEMPLATE(2)},
    {"intent i\nsay a (b]\n", "unbalanced", false, OF_TEMPLATE(5)},
    {"intent i\nsay a {}\n", "name", false, OF_TEMPLATE(4)},
    {"intent i\nsay <>\n", "name", false, OF_TEMPLATE(2)},
    {"intent i\nslot a\nsay {a:}\n", "name", false, OF_TEMPLATE(4)},
    {"intent i\nsay a|b;c\n", "mixed", false, OF_TEMPLATE(4)},
    {"intent i\nsay (a;b|c) d\n", "mixed", false, OF_TEMPLATE(5)},
    {"intent i\nsay a\\\n", "escape", false, OF_TEMPLATE(2)},
    {"intent i\nsay a\xFF\n", "not_utf8", false, OF_TEMPLATE(2)},
    {"intent i\nsay (a;b;c;d;e;f;g;h;i)\n", "too_many", false, OF_TEMPLATE(2)},
    /* ranges */
    {"intent i\nsay {5..1}\n", "range", false, OF_TEMPLATE(1)},
    {"intent i\nsay x {1..}\n", "range", false, OF_TEMPLATE(3)},
    {"intent i\nsay {1..5,0}\n", "range", false, OF_TEMPLATE(1)},
    {"range n 5 1\nintent i\nslot n\nsay {n}\n", "range", false, 0, 0, 0, NULL, "n", 0, 0},
    {"range n 0 5 step -1\nintent i\nslot n\nsay {n}\n", "range", false, 0, 0, 0, NULL, "n", 0, 0},
    /* what is not there */
    {"intent i\nsay in {area}\n", "unknown_list", false, OF_TEMPLATE(4)},
    {"intent i\nslot room\nsay in {area:room}\n", "unknown_list", false, OF_TEMPLATE(4)},
    {"intent i\nsay turn <the> on\n", "unknown_phrase", false, OF_TEMPLATE(6)},
    {"list area\nvalue x\nintent i\nsay in {area}\n", "undeclared_slot", false, OF_TEMPLATE(4)},
    {"list area\nvalue x\nintent i\nslot area\nsay in {area:room}\n", "undeclared_slot", false, OF_TEMPLATE(4)},
    {"intent i\nsay in {1..5:n}\n", "undeclared_slot", false, OF_TEMPLATE(4)},
    {"phrase p <q> x\nintent i\nsay a <p>\n", "unknown_phrase", false, 0, 0, 0, "p", NULL, 0, 1},
    {"phrase p in {area}\nintent i\nsay a <p>\n", "unknown_list", false, 0, 0, 0, "p", NULL, 0, 4},
    {"phrase p (x\nintent i\nsay <p>\n", "unbalanced", false, 0, 0, 0, "p", NULL, 0, 1},
    {"intent i\nlocal phrase p x]\nsay <p>\n", "unbalanced", false, 1, 1, 0, "p", NULL, 0, 2},
    /* words of nothing */
    {"skip !\nintent i\nsay a\n", "empty_value", true, 0, 0, 0, NULL, NULL, 1, 0},
    {"intent i\nsay a\nkeyword a\nkeyword !\n", "empty_value", true, 1, 1, 0, NULL, NULL, 2, 0},
    /* circles */
    {"phrase p a <p>\nintent i\nsay <p>\n", "cycle", false, 0, 0, 0, "p", NULL, 0, 3},
    {"phrase p <q>\nphrase q b <p>\nintent i\nsay <p>\n", "cycle", false, 0, 0, 0, "q", NULL, 0, 3},
    {"list l\nvalue a {l}\nintent i\nslot l\nsay {l}\n", "cycle", false, 0, 0, 0, NULL, "l", 1, 0},
    /* templates as a whole */
    {"intent i\nsay []\n", "empty", false, OF_TEMPLATE(0)},
    {"intent i\nsay [ ]( )\n", "empty", false, OF_TEMPLATE(0)},
    {"intent i\nsay ?!\n", "empty", false, OF_TEMPLATE(0)},
    {"intent i\nslot a\nslot b\nsay {a} {b}\n", "adjacent_wildcards", false, OF_TEMPLATE(1)},
    {"intent i\nslot a\nslot b\nsay x {a}{b}\n", "adjacent_wildcards", false, OF_TEMPLATE(3)},
    {"wildcard w\nintent i\nslot a\nslot w\nsay {a} {w}\n", "adjacent_wildcards", false, OF_TEMPLATE(1)},
    /* values */
    {"list l\nvalue a\nvalue b (c\nintent i\nslot l\nsay {l}\n", "unbalanced", false, 0, 0, 0, NULL, "l", 2, 3},
    {"list l\nvalue {m}\nintent i\nslot l\nsay {l}\n", "unknown_list", false, 0, 0, 0, NULL, "l", 1, 0},
    {"list l\nvalue a <m>\nintent i\nslot l\nsay {l}\n", "unknown_phrase", false, 0, 0, 0, NULL, "l", 1, 0},
    {"list l\nvalue {1..5}\nintent i\nslot l\nsay {l}\n", "not_finite", false, 0, 0, 0, NULL, "l", 1, 0},
    {"wildcard w\nlist l\nvalue a {w}\nintent i\nslot l\nsay {l}\n", "not_finite", false, 0, 0, 0, NULL, "l", 1, 0},
    {"list l\nvalue (a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)\nintent i\nslot l\nsay {l}\n", "too_large", false, 0,
     0, 0, NULL, "l", 1, 0},
    {"intent i\nlocal list l\nvalue a)\nslot l\nsay {l}\n", "unbalanced", false, 1, 1, 0, NULL, "l", 1, 2},
    /* where it is, when there are more */
    {"intent h\nsay a\nintent i\nsay a\nblock\nsay c\nsay (d\n", "unbalanced", false, 2, 2, 2, NULL, NULL, 0, 1},
    {"intent h\nsay a\nintent i\nblock\nblock\nsay b\nsay c <d>\n", "unknown_phrase", false, 2, 2, 2, NULL, NULL, 0, 3},
    /* what is allowed, but hardly meant */
    {"intent i\nslot a\nslot b\nsay {a} [and] {b}\n", "adjacent_wildcards", true, OF_TEMPLATE(1)},
    {"intent i\nsay [a]\n", "can_be_empty", true, OF_TEMPLATE(0)},
    {"list l\nintent i\nslot l\nsay x {l}\n", "empty_list", true, OF_TEMPLATE(3)},
    {"list l\nvalue a\nvalue .\nintent i\nslot l\nsay {l}\n", "empty_value", true, 0, 0, 0, NULL, "l", 2, 0},
};

static bool same(const char *one, const char *other) {
  return one && other ? strcmp(one, other) == 0 : one == other;
}

static void print_mistakes(const sentences_source *source) {
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes);
  for (size_t i = 0; i < count; i++)
    printf("     %s%s: %u.%u.%u phrase %s list %s value %u column %u: %s\n", mistakes[i].code,
           mistakes[i].warning ? " (warning)" : "", mistakes[i].intent, mistakes[i].block, mistakes[i].template,
           mistakes[i].phrase ? mistakes[i].phrase : "-", mistakes[i].list ? mistakes[i].list : "-", mistakes[i].value,
           mistakes[i].column, mistakes[i].message);
}

static void check_row(const struct row *row) {
  sentences_source *source = sentences_source_new();
  sentence_declare(source, row->lines);
  sentences *compiled = sentences_compile(source);
  const sentences_mistake *mistake;
  bool ok = CHECK(sentences_mistakes(source, &mistake) == 1);
  ok &= CHECK((compiled != NULL) == row->warning);
  if (ok) {
    ok &= CHECK_TEXT(mistake->code, row->code);
    ok &= CHECK(mistake->warning == row->warning);
    ok &= CHECK(mistake->intent == row->intent && mistake->block == row->block && mistake->template == row->template);
    ok &= CHECK(same(mistake->phrase, row->phrase) && same(mistake->list, row->list));
    ok &= CHECK(mistake->value == row->value && mistake->column == row->column);
    ok &= CHECK(strlen(mistake->message) > 10);
    if (row->template) ok &= CHECK(mistake->text && strstr(row->lines, mistake->text));
  }
  if (!ok) {
    printf("     in row %zu:\n%s", (size_t)(row - rows), row->lines);
    print_mistakes(source);
  }
  sentences_drop(compiled);
  sentences_source_free(source);
}

/* The mistakes after sentences_check, each as "code intent.block.template" and its sentence. */
static const char *checked(const char *lines) {
  static char out[1024];
  size_t length = 0;
  sentences_source *source = sentences_source_new();
  sentence_declare(source, lines);
  sentences *compiled = sentences_compile(source);
  CHECK(compiled && sentences_check(source, compiled));
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes);
  out[0] = '\0';
  for (size_t i = 0; i < count && length < sizeof out; i++)
    length += (size_t)snprintf(out + length, sizeof out - length, "%s%s %u.%u.%u%s%s", i ? "; " : "", mistakes[i].code,
                               mistakes[i].intent, mistakes[i].block, mistakes[i].template,
                               mistakes[i].sentence ? " " : "", mistakes[i].sentence ? mistakes[i].sentence : "");
  sentences_drop(compiled);
  sentences_source_free(source);
  return out;
}

static size_t mistakes_of(const char *lines, const char *code) {
  sentences_source *source = sentences_source_new();
  sentence_declare(source, lines);
  sentences *compiled = sentences_compile(source);
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes);
  for (size_t i = 0; i < count; i++) CHECK_TEXT(mistakes[i].code, code);
  CHECK(compiled == NULL);
  sentences_source_free(source);
  return count;
}

static void test_several(void) {
  TEST("all mistakes are told in one go, the same one once") {
    CHECK(mistakes_of("intent i\nsay (a\nsay b)\nsay c]\n", "unbalanced") == 3);
    CHECK(mistakes_of("intent i\nsay <a> <b>\n", "unknown_phrase") == 2);
    CHECK(mistakes_of("phrase p (x\nintent i\nsay <p>\nsay <p> y\nintent j\nsay <p> z\n", "unbalanced") == 1);
    CHECK(mistakes_of("phrase p <q>\nintent i\nsay <p>\nsay <p> y\n", "unknown_phrase") == 1);
  }
  TEST("what is not known is named, so that something like it can be looked for") {
    static const char *const lines[] = {"intent i\nsay {nam}\n", "intent i\nsay <nam>\n",
                                        "list l\nvalue x\nintent i\nsay {l:nam}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
      sentences_source *source = sentences_source_new();
      sentence_declare(source, lines[i]);
      CHECK(sentences_compile(source) == NULL);
      const sentences_mistake *mistake;
      if (CHECK(sentences_mistakes(source, &mistake) == 1)) CHECK_TEXT(mistake->name, "nam");
      sentences_source_free(source);
    }
  }
  TEST("a phrase or list of the block goes before a global one, and is not seen by other blocks") {
    sentences *compiled =
        sentence_compile("phrase p global\nlist l\nvalue far\nintent i\nslot l\nlocal phrase p local\n"
                         "local list l\nvalue near\nsay <p> {l}\nblock\nsay <p> and {l}\n");
    sentences_matcher *matcher = sentences_matcher_new();
    CHECK_TEXT(sentence_found(matcher, compiled, "local near", NULL), "i l=near");
    CHECK_TEXT(sentence_found(matcher, compiled, "global far", NULL), "-");
    CHECK_TEXT(sentence_found(matcher, compiled, "global and far", NULL), "i l=far");
    sentences_matcher_free(matcher);
    sentences_drop(compiled);
    CHECK(mistakes_of("intent i\nlocal phrase p x\nsay a\nblock\nsay <p>\n", "unknown_phrase") == 1);
  }
}

static void test_checking(void) {
  TEST("templates that stand twice, can never win, or are another intent's too, with a sentence that shows it") {
    CHECK_TEXT(checked("intent i\nsay turn on\nsay go\nintent j\nsay stop\n"), "");
    CHECK_TEXT(checked("intent i\nsay turn on\nsay Turn  on\n"), "duplicate 1.1.2");
    CHECK_TEXT(checked("intent i\nsay (a|b)\nsay b\n"), "unreachable 1.1.2 b");
    CHECK_TEXT(checked("intent i\nsay go home\nintent j\nsay [then] go home\n"), "ambiguous 1.1.1 go home");
    CHECK_TEXT(checked("intent i\nrequires k: x\nsay go\nblock\nrequires k: y\nsay go\n"), "");
  }
}

/* Nested doubling: little text that stands for very much. */
static void declare_doubling(sentences_source *source, const char *const pieces[3], unsigned levels) {
  char name[16], text[64];
  sentences_phrase(source, false, "p0", "x", 1);
  for (unsigned i = 1; i <= levels; i++) {
    snprintf(name, sizeof name, "p%u", i);
    int length = snprintf(text, sizeof text, "%s<p%u>%s<p%u>%s", pieces[0], i - 1, pieces[1], i - 1, pieces[2]);
    sentences_phrase(source, false, name, text, (size_t)length);
  }
}

static void declare_chain(sentences_source *source, unsigned count) {
  char name[16], text[64];
  for (unsigned i = 0; i < count; i++) {
    snprintf(name, sizeof name, "p%u", i);
    int length = i ? snprintf(text, sizeof text, "<p%u> a", i - 1) : snprintf(text, sizeof text, "x");
    sentences_phrase(source, false, name, text, (size_t)length);
  }
}

static void check_refused(sentences_source *source, const char *code) {
  sentences *compiled = sentences_compile(source);
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes);
  CHECK(compiled == NULL && count == 1);
  sentences_drop(compiled);
  if (count) CHECK_TEXT(mistakes[0].code, code);
  sentences_source_free(source);
}

static void test_limits(void) {
  TEST("phrases that double one another are refused, not worked through") {
    static const char *const pieces[][3] = {{"", " ", ""}, {"(", "|", ")"}, {"[", "] [", "]"}, {"(", ";", ")"}};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
      sentences_source *source = sentences_source_new();
      declare_doubling(source, pieces[i], 40);
      sentence_declare(source, "intent i\nsay <p40>\n");
      check_refused(source, "too_large");
    }
  }
  TEST("values that double one another are refused, too") {
    static const char *const pieces[][3] = {{"", " ", ""}, {"", "", ""}, {"(", "|", ")"}, {"[", "] [", "]"}};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
      sentences_source *source = sentences_source_new();
      declare_doubling(source, pieces[i], 40);
      sentence_declare(source, "list l\nvalue <p40>\nintent i\nslot l\nsay {l}\n");
      check_refused(source, "too_large");
    }
  }
  TEST("permutations within permutations are refused when they are too many") {
    struct buffer text = {0};
    for (unsigned i = 0; i < 20; i++) buffer_text(&text, "(a;b;c;d;e;f;g;");
    for (unsigned i = 0; i < 20; i++) buffer_text(&text, ")");
    sentences_source *source = sentences_source_new();
    sentence_declare(source, "intent i\nblock\n");
    sentences_template(source, text.bytes, text.length);
    check_refused(source, "too_large");
    buffer_free(&text);
  }
  TEST("phrases may be 64 deep, and no deeper") {
    for (unsigned depth = 64; depth <= 65; depth++) {
      char say[64];
      sentences_source *source = sentences_source_new();
      declare_chain(source, depth);
      snprintf(say, sizeof say, "intent i\nsay <p%u>\n", depth - 1);
      sentence_declare(source, say);
      if (depth > 64) {
        check_refused(source, "too_deep");
        continue;
      }
      sentences *compiled = sentences_compile(source);
      CHECK(compiled != NULL);
      sentences_drop(compiled);
      sentences_source_free(source);
    }
  }
  TEST("groups in phrases are 512 deep in a template and in a value, and match; one group more is refused") {
    /* Each group is two parts; of 41 phrases each but the last is four groups and two parts, and the sentence is one.
     */
    enum { PHRASES = 41, GROUPS = (512 - 1 - (PHRASES - 1) * 10) / 2 - 1 };
    for (unsigned more = 0; more < 2; more++) {
      for (unsigned in_value = 0; in_value < 2; in_value++) {
        sentences_source *source = sentences_source_new();
        char line[512] = "phrase p0 ";
        for (unsigned i = 0; i < GROUPS + more; i++) strcat(line, "a [");
        strcat(line, "end");
        for (unsigned i = 0; i < GROUPS + more; i++) strcat(line, "]");
        sentence_declare(source, strcat(line, "\n"));
        for (unsigned i = 1; i < PHRASES; i++) {
          snprintf(line, sizeof line, "phrase p%u a [b [c [d [e <p%u>]]]]\n", i, i - 1);
          sentence_declare(source, line);
        }
        snprintf(line, sizeof line,
                 in_value ? "list l exact\nvalue <p%u>\nintent i\nslot l\nsay {l}\n" : "intent i\nsay <p%u>\n",
                 PHRASES - 1);
        sentence_declare(source, line);
        if (more) {
          check_refused(source, "too_deep");
          continue;
        }
        sentences *compiled = sentences_compile(source);
        CHECK(compiled != NULL);
        sentences_source_free(source);
        sentences_matcher *matcher = sentences_matcher_new();
        CHECK(compiled && sentences_find(matcher, compiled, "a b c d e a b c", 15, NULL) != NULL);
        CHECK(compiled && sentences_find(matcher, compiled, "a b c e a", 9, NULL) == NULL);
        sentences_matcher_free(matcher);
        sentences_drop(compiled);
      }
    }
  }
  TEST("a value may stand for a megabyte of text, and no more") {
    for (unsigned alternatives = 10; alternatives <= 30; alternatives += 20) {
      struct buffer text = {0};
      for (unsigned i = 0; i < 60000; i++) buffer_text(&text, "a");
      buffer_text(&text, "(0");
      for (unsigned i = 1; i < alternatives; i++) buffer_text(&text, i % 2 ? "|1" : "|2");
      buffer_text(&text, ")");
      sentences_source *source = sentences_source_new();
      sentences_list(source, false, "l", (sentences_list_options){.kind = SENTENCES_VALUES});
      sentences_value(source, text.bytes, text.length, (sentences_scalar){0});
      sentence_declare(source, "intent i\nslot l\nsay {l}\n");
      if (alternatives > 10) {
        check_refused(source, "too_large");
      } else {
        sentences *compiled = sentences_compile(source);
        CHECK(compiled != NULL);
        sentences_drop(compiled);
        sentences_source_free(source);
      }
      buffer_free(&text);
    }
  }
  TEST("text that is longer than any message is refused: in a value, a word and a template") {
    struct buffer text = {0};
    for (unsigned i = 0; i < 70000; i++) buffer_text(&text, "x ");
    for (unsigned which = 0; which < 3; which++) {
      sentences_source *source = sentences_source_new();
      if (which == 0) sentences_list(source, false, "l", (sentences_list_options){.kind = SENTENCES_VALUES});
      if (which == 0) sentences_value(source, text.bytes, text.length, (sentences_scalar){0});
      if (which == 1) sentences_skip_word(source, text.bytes, text.length);
      if (which == 2) sentences_number_word(source, text.bytes, text.length, 5);
      sentence_declare(source, "intent i\nsay go\n");
      check_refused(source, "too_long");
    }
    buffer_clear(&text);
    buffer_text(&text, "intent i\nsay ");
    for (unsigned i = 0; i < 20000; i++) buffer_text(&text, "\xEF\xB7\xBA"); /* 18 letters each */
    buffer_append(&text, "\n", sizeof "\n");
    sentences_source *source = sentences_source_new();
    sentence_declare(source, text.bytes);
    check_refused(source, "too_long");
    buffer_free(&text);
  }
  TEST("a thousand alternatives are no nesting") {
    struct buffer text = {0};
    buffer_text(&text, "(");
    for (unsigned i = 0; i < 1000; i++) {
      char word[16];
      snprintf(word, sizeof word, i ? "|w%u" : "w%u", i);
      buffer_text(&text, word);
    }
    buffer_text(&text, ") end");
    sentences_source *source = sentences_source_new();
    sentence_declare(source, "intent i\nblock\n");
    sentences_template(source, text.bytes, text.length);
    sentences *compiled = sentences_compile(source);
    CHECK(compiled != NULL);
    sentences_drop(compiled);
    sentences_source_free(source);
    buffer_free(&text);
  }
  TEST("a template of a megabyte is refused") {
    sentences_source *source = sentences_source_new();
    char *text = malloc(1 << 20);
    memset(text, 'a', 1 << 20);
    sentence_declare(source, "intent i\nblock\n");
    sentences_template(source, text, 1 << 20);
    check_refused(source, "too_long");
    free(text);
  }
  TEST("a block may require 16 keys, and no more") {
    for (unsigned count = 16; count <= 17; count++) {
      sentences_source *source = sentences_source_new();
      sentence_declare(source, "intent i\nsay a\n");
      for (unsigned i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%u", i);
        sentences_requires(source, key, NULL);
      }
      sentences *compiled = sentences_compile(source);
      const sentences_mistake *mistakes;
      CHECK((compiled != NULL) == (count == 16) && sentences_mistakes(source, &mistakes) == count - 16);
      sentences_drop(compiled);
      sentences_source_free(source);
    }
  }
  TEST("nothing declared compiles, and matches nothing") {
    sentences *compiled = sentence_compile("");
    sentences_matcher *matcher = sentences_matcher_new();
    size_t count;
    CHECK(compiled != NULL);
    CHECK(sentences_find(matcher, compiled, "a", 1, NULL) == NULL);
    CHECK(sentences_explain(matcher, compiled, "a", 1, NULL, &count) == NULL && count == 0);
    sentences_matcher_free(matcher);
    sentences_drop(compiled);
    sentences_source_free(NULL);
    sentences_matcher_free(NULL);
  }
}

int main(void) {
  memory_faults_install();
  TEST("each row: the one mistake, and where it is") {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check_row(&rows[i]);
  }
  test_several();
  test_checking();
  test_limits();
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
