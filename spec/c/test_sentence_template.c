/*
 * test_sentence_template: sentence_template.c (with arena.c, utf8.c and memory.c).
 */
#include <stdlib.h>

#include "buffer.h"
#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"
#include "sentence_template.h"
#include "slowness.h"

/* ---- a tree as text: 'text' (sequence) (a|b) (a;b) {list:slot} {from..to,step:slot} <rule>, each sequence in ( ) ----
 */

static void write_tree(const struct template_node *node, struct buffer *out) {
  char number[120];
  switch (node->kind) {
  case TEMPLATE_TEXT:
    buffer_byte(out, '\'');
    buffer_append(out, node->text, node->length);
    buffer_byte(out, '\'');
    return;
  case TEMPLATE_LIST:
    buffer_byte(out, '{');
    buffer_text(out, node->text);
    buffer_byte(out, ':');
    buffer_text(out, node->slot);
    buffer_byte(out, '}');
    return;
  case TEMPLATE_RANGE:
    snprintf(number, sizeof number, "{%.15g..%.15g,%.15g%s%s}", node->from, node->to, node->step, node->slot ? ":" : "",
             node->slot ? node->slot : "");
    buffer_text(out, number);
    return;
  case TEMPLATE_RULE:
    buffer_byte(out, '<');
    buffer_text(out, node->text);
    buffer_byte(out, '>');
    return;
  case TEMPLATE_SEQUENCE:
  case TEMPLATE_ALTERNATIVE:
  case TEMPLATE_PERMUTATION: break;
  }
  const char *separator = node->kind == TEMPLATE_SEQUENCE ? "" : node->kind == TEMPLATE_ALTERNATIVE ? "|" : ";";
  buffer_byte(out, '(');
  for (uint32_t i = 0; i < node->count; i++) {
    if (i) buffer_text(out, separator);
    write_tree(node->parts[i], out);
  }
  buffer_byte(out, ')');
}

/* The tree of a text, which is read from a copy of exactly its size; or its mistake, "code@column". */
static const char *read_bytes(const char *text, size_t length) {
  static char out[2048];
  struct arena arena = {0};
  struct template_mistake mistake;
  char *bytes = malloc(length + !length);
  memcpy(bytes, text, length);
  const struct template_node *tree = template_parse(&arena, bytes, length, &mistake);
  if (tree) {
    struct buffer written = {0};
    write_tree(tree, &written);
    snprintf(out, sizeof out, "%.*s", (int)written.length, written.bytes);
    buffer_free(&written);
    CHECK(mistake.code == NULL);
  } else {
    snprintf(out, sizeof out, "%s@%u", mistake.code ? mistake.code : "none", mistake.column);
    CHECK(mistake.message && mistake.message[0]);
  }
  arena_free(&arena);
  free(bytes);
  return out;
}

static const char *read(const char *text) {
  return read_bytes(text, strlen(text));
}

struct row {
  const char *text, *tree;
};

static void check_rows(const struct row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!CHECK_TEXT(read(rows[i].text), rows[i].tree)) printf("     in row %zu, \"%s\"\n", i, rows[i].text);
  }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static void test_constructs(void) {
  TEST("text, groups, options, alternatives, permutations, lists, ranges and rules become a tree") {
    static const struct row rows[] = {
        {"", "()"},
        {"turn on", "('turn on')"},
        {"(a)", "(('a'))"},
        {"[a]", "((('a')|()))"},
        {"[]", "((()|()))"},
        {"()", "(())"},
        {"a|b", "(('a')|('b'))"},
        {"a;b;c", "(('a');('b');('c'))"},
        {"(a|b)", "((('a')|('b')))"},
        {"[a|b]", "(((('a')|('b'))|()))"},
        {"[a;b]", "(((('a');('b'))|()))"},
        {"(a|)", "((('a')|()))"},
        {"(|a)", "((()|('a')))"},
        {"a|", "(('a')|())"},
        {"(a;)", "((('a');()))"},
        {"light[s]", "('light'(('s')|()))"},
        {"turn(s|ed) it", "('turn'(('s')|('ed'))' it')"},
        {"((a|b);c)", "((((('a')|('b')));('c')))"},
        {"[a [b [c]]]", "((('a '(('b '(('c')|()))|()))|()))"},
        {"{area}", "({area:area})"},
        {"{area:room}", "({area:room})"},
        {"{ area : room }", "({area:room})"},
        {"in {area}s", "('in '{area:area}'s')"},
        {"<the>", "(<the>)"},
        {"< the >x", "(<the>'x')"},
        {"{0..100}", "({0..100,1})"},
        {"{0..100:n}", "({0..100,1:n})"},
        {"{0..100,5:n}", "({0..100,5:n})"},
        {"{-10..-5,0.5}", "({-10..-5,0.5})"},
        {"{0.5..1.5,0.25: n }", "({0.5..1.5,0.25:n})"},
        {"{5..5}", "({5..5,1})"},
        {"{ 0 .. 100 , 5 : n }", "({0..100,5:n})"},
        {"{ -1 ..1 }", "({-1..1,1})"},
        {"{1a}", "({1a:1a})"},
        {"{1.5}", "({1.5:1.5})"},
        {"{area:1..5}", "({area:1..5})"},
        {"{a b}", "({a b:a b})"},
    };
    CHECK_ROWS(rows);
  }
  TEST("a run of white space of any kind is one space") {
    static const struct row rows[] = {
        {"a  b", "('a b')"}, {"a\t\n\r\v\f b", "('a b')"}, {" a ", "(' a ')"}, {"( a | b )", "(((' a ')|(' b ')))"},
        {"   ", "(' ')"},
    };
    CHECK_ROWS(rows);
  }
  TEST("a backslash takes any character as it is") {
    static const struct row rows[] = {
        {"\\(a\\)", "('(a)')"}, {"\\[a\\]", "('[a]')"},           {"\\{a\\}", "('{a}')"},
        {"\\<a\\>", "('<a>')"}, {"a\\|b\\;c", "('a|b;c')"},       {"\\\\", "('\\')"},
        {"\\a\\b", "('ab')"},   {"a\\\xC3\xA9", "('a\xC3\xA9')"}, {"(\\))", "((')'))"},
    };
    CHECK_ROWS(rows);
  }
  TEST("columns are those of the bytes where parts begin") {
    struct arena arena = {0};
    struct template_mistake mistake;
    const struct template_node *tree = template_parse(&arena, "\xC3\xA9 [b] {l} <r>", 14, &mistake);
    static const uint32_t columns[] = {1, 4, 7, 8, 11, 12};
    CHECK(tree && tree->count == 6);
    for (uint32_t i = 0; tree && i < 6; i++) CHECK(tree->parts[i]->column == columns[i]);
    arena_free(&arena);
  }
}

static void test_mistakes(void) {
  TEST("each mistake has its code and the column of what is wrong") {
    static const struct row rows[] = {
        {"(a", "unbalanced@1"},
        {"x [a", "unbalanced@3"},
        {"a)", "unbalanced@2"},
        {"a]", "unbalanced@2"},
        {"a}", "unbalanced@2"},
        {"a>", "unbalanced@2"},
        {"(a]", "unbalanced@3"},
        {"[a)", "unbalanced@3"},
        {"((a)", "unbalanced@1"},
        {"a {b", "unbalanced@3"},
        {"a <b", "unbalanced@3"},
        {"{a(b}", "unbalanced@1"},
        {"{a{b}}", "unbalanced@1"},
        {"<a|b>", "unbalanced@1"},
        {"<a{b>}", "unbalanced@1"},
        {"{}", "name@2"},
        {"x { }", "name@4"},
        {"{a:}", "name@4"},
        {"{:a}", "name@2"},
        {"<>", "name@2"},
        {"< >", "name@2"},
        {"{0..5:}", "name@7"},
        {"a|b;c", "mixed@4"},
        {"(a;b|c)", "mixed@5"},
        {"[a|b;c]", "mixed@5"},
        {"a\\", "escape@2"},
        {"\\", "escape@1"},
        {"(a\\", "escape@3"},
        {"{5..1}", "range@1"},
        {"x {0..}", "range@3"},
        {"{0..a}", "range@1"},
        {"{0..5,}", "range@1"},
        {"{0..5,0}", "range@1"},
        {"{0..5,-1}", "range@1"},
        {"{0..5x}", "range@1"},
        {"{0...5}", "range@1"},
        {"{1..2..3}", "range@1"},
        {"{0..99999999999999999999999999999999999}", "range@1"},
        {"a\xFF", "not_utf8@2"},
        {"\xC3", "not_utf8@1"},
        {"a\xED\xA0\x80", "not_utf8@2"},
        {"(a;b;c;d;e;f;g;h;i)", "too_many@2"},
    };
    CHECK_ROWS(rows);
  }
  TEST("the first mistake is the one that is told") {
    CHECK_TEXT(read("a) {0..} (b"), "unbalanced@2");
  }
  TEST("a NUL is refused, wherever it stands") {
    CHECK_TEXT(read_bytes("a\0b", 3), "nul@2");
    CHECK_TEXT(read_bytes("\0", 1), "nul@1");
    CHECK_TEXT(read_bytes("a(b\0)", 5), "nul@4");
    CHECK_TEXT(read_bytes("{a\0}", 4), "nul@3");
    CHECK_TEXT(read_bytes("<a\0>", 4), "nul@3");
    CHECK_TEXT(read_bytes("a\\\0", 3), "nul@3");
  }
}

static char *repeated(const char *one, size_t count, const char *middle, const char *other) {
  struct buffer text = {0};
  for (size_t i = 0; i < count; i++) buffer_text(&text, one);
  buffer_text(&text, middle);
  for (size_t i = 0; i < count; i++) buffer_text(&text, other);
  buffer_byte(&text, '\0');
  char *copy = strdup(text.bytes);
  buffer_free(&text);
  return copy;
}

static void test_limits(void) {
  TEST("groups go 64 deep, and no deeper") {
    char *deep = repeated("(", TEMPLATE_DEPTH, "a", ")"), *deeper = repeated("[", TEMPLATE_DEPTH + 1, "a", "]");
    CHECK(read(deep)[0] == '(');
    CHECK_TEXT(read(deeper), "too_deep@65");
    free(deep);
    free(deeper);
  }
  TEST("a template has 65,536 bytes, and no more") {
    char *long_text = repeated("ab", TEMPLATE_BYTES / 2, "", ""), *longer = repeated("ab", TEMPLATE_BYTES / 2, "c", "");
    struct arena arena = {0};
    struct template_mistake mistake;
    CHECK(template_parse(&arena, long_text, strlen(long_text), &mistake) != NULL);
    arena_free(&arena);
    CHECK_TEXT(read(longer), "too_long@1");
    free(long_text);
    free(longer);
  }
  TEST("eight parts may be permuted") {
    CHECK(read("a;b;c;d;e;f;g;h")[0] == '(');
    CHECK_TEXT(read("x (a;b;c;d;e;f;g;h;i)"), "too_many@4");
  }
  TEST("unclosed brackets by the thousand are one mistake, without recursion that goes deep") {
    char *open = repeated("(", 60000, "", ""), *braces = repeated("{", 60000, "", "");
    CHECK_TEXT(read(open), "too_deep@65");
    CHECK_TEXT(read(braces), "unbalanced@1");
    free(open);
    free(braces);
  }
  TEST("a template of many unclosed names is read in no time") {
    char *open = repeated("\\{<a>", 13000, "", "");
    CHECK(read(open)[0] == '(');
    free(open);
  }
}

static void test_anything(void) {
  TEST("whatever the bytes, a template is a tree or a mistake within it") {
    static const char alphabet[] = "ab ()[]{}<>|;:\\.,-019\xC3\xA9";
    uint64_t random = 7;
    unsigned wrong = 0, good = 0, rounds = (unsigned)(200000 / spec_slowness());
    struct arena arena = {0};
    for (unsigned round = 0; round < rounds; round++) {
      char text[24];
      size_t length = sentence_random(&random) % sizeof text;
      for (size_t i = 0; i < length; i++) text[i] = alphabet[sentence_random(&random) % (sizeof alphabet - 1)];
      struct template_mistake mistake;
      const struct template_node *tree = template_parse(&arena, text, length, &mistake);
      good += tree != NULL;
      wrong += (tree != NULL) != (mistake.code == NULL);
      wrong += !tree && (mistake.column == 0 || mistake.column > length + 1 || !mistake.message);
      arena_clear(&arena);
    }
    arena_free(&arena);
    CHECK(wrong == 0);
    CHECK(good > rounds / 100);
  }
  TEST("each allocation failing in turn is told, and is no mistake") {
    for (unsigned nth = 1;; nth++) {
      struct arena arena = {0};
      struct template_mistake mistake;
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      const char text[] = "turn(s|ed) [the] ({area:room};{0..5,2:n}) <please> \\(x\\)";
      const struct template_node *tree = template_parse(&arena, text, strlen(text), &mistake);
      bool hit = memory_faults_hit();
      CHECK((tree == NULL) == hit && mistake.code == NULL && arena.failed == hit);
      arena_free(&arena);
      if (!hit) break;
    }
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_constructs();
  test_mistakes();
  test_limits();
  test_anything();
  return check_finish();
}
