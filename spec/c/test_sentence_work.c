/*
 * test_sentence_work: what is meant to take long does not. A clock is only printed; what is checked is that each search
 * ends, or says that it is too long, and that the work is bounded by a stated limit.
 */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"
#include "slowness.h"

static sentences_matcher *matcher;

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void text_times(struct buffer *out, const char *text, unsigned times) {
  while (times--) buffer_text(out, text);
}

static sentences *compile_buffer(struct buffer *lines) {
  buffer_byte(lines, '\0');
  double start = milliseconds();
  sentences *compiled = sentence_compile(lines->bytes);
  double taken = milliseconds() - start;
  if (taken > 5) printf("     compiled in %.1f ms\n", taken);
  CHECK(compiled != NULL);
  buffer_free(lines);
  return compiled;
}

enum expected { MATCHES, MISSES, EITHER };

/* The best time of three for one text. A search may refuse a text as too long only where EITHER is expected. */
static void search(const sentences *compiled, const char *name, const char *text, size_t length,
                   enum expected expected) {
  double best = 1e9;
  bool found = false, too_long = false;
  unsigned rounds = spec_slowness() > 1 ? 1 : 3;
  for (unsigned round = 0; compiled && round < rounds; round++) {
    double start = milliseconds();
    found = sentences_find(matcher, compiled, text, length, NULL) != NULL;
    too_long = sentences_too_long(matcher);
    double taken = milliseconds() - start;
    if (taken < best) best = taken;
  }
  printf("     %8.3f ms  %s%s\n", best, name, too_long ? " (refused as too long)" : found ? " (match)" : "");
  CHECK(!sentences_matcher_failed(matcher));
  if (expected != EITHER && !CHECK(found == (expected == MATCHES) && !too_long)) printf("     in %s\n", name);
}

static void search_buffer(const sentences *compiled, const char *name, struct buffer *text, enum expected expected) {
  search(compiled, name, text->bytes, text->length, expected);
  buffer_free(text);
}

static void explain(const sentences *compiled, const char *name, const char *text, size_t length) {
  size_t count;
  double start = milliseconds();
  sentences_explain(matcher, compiled, text, length, NULL, &count);
  printf("     %8.3f ms  %s, explained (%zu)\n", milliseconds() - start, name, count);
  CHECK(!sentences_matcher_failed(matcher));
}

static void test_options(unsigned count) {
  struct buffer lines = {0}, hit = {0}, miss = {0}, dense = {0};
  buffer_text(&lines, "intent i\nsay");
  text_times(&lines, " [a]", count);
  buffer_text(&lines, " b\n");
  text_times(&hit, "a ", count);
  buffer_text(&hit, "b");
  text_times(&miss, "a ", count);
  buffer_text(&miss, "c");
  text_times(&dense, "a ", count + 1);
  buffer_text(&dense, "b");
  sentences *compiled = compile_buffer(&lines);
  search_buffer(compiled, "options, all there", &hit, MATCHES);
  search_buffer(compiled, "options, a wrong end", &miss, MISSES);
  search_buffer(compiled, "options, one too much", &dense, MISSES);
  sentences_drop(compiled);
}

static void test_shapes(void) {
  TEST("20 options") {
    test_options(20);
  }
  TEST("64 options") {
    test_options(64);
  }
  TEST("options within options, 60 deep") {
    struct buffer lines = {0}, text = {0};
    buffer_text(&lines, "intent i\nsay x");
    text_times(&lines, " [a", 60);
    text_times(&lines, "]", 60);
    buffer_text(&text, "x");
    text_times(&text, " a", 60);
    sentences *compiled = compile_buffer(&lines);
    search_buffer(compiled, "nested options", &text, MATCHES);
    search(compiled, "nested options, a miss", "x a a a a a a b", 15, MISSES);
    sentences_drop(compiled);
  }
  TEST("a permutation of eight") {
    struct buffer lines = {0};
    buffer_text(&lines, "intent i\nslot w\nsay (a;b;c;d;e;f;g;h)\nsay (a;[b] c;d [e];f;{w};g;h;i)\n");
    sentences *compiled = compile_buffer(&lines);
    search(compiled, "permutation", "h g f e d c b a", 15, MATCHES);
    search(compiled, "permutation, one twice", "h g f e d c b h", 15, MISSES);
    search(compiled, "permutation with a wildcard", "i h g f d any thing c a", 23, MATCHES);
    sentences_drop(compiled);
  }
  TEST("120 wildcards in a row, each before the same word") {
    struct buffer lines = {0}, hit = {0}, miss = {0};
    buffer_text(&lines, "intent i\nslot w\nsay a");
    text_times(&lines, " {w} x", 120);
    buffer_text(&lines, "\n");
    buffer_text(&hit, "a");
    text_times(&hit, " y x x", 120);
    buffer_text(&miss, "a");
    text_times(&miss, " x", 400);
    buffer_text(&miss, " y");
    sentences *compiled = compile_buffer(&lines);
    search_buffer(compiled, "wildcards in a row", &hit, EITHER);
    search_buffer(compiled, "wildcards in a row, a miss", &miss, EITHER);
    search(compiled, "wildcards in a row, a short miss", "a x x x x x x x x x x x x x x x x x x x x", 41, MISSES);
    sentences_drop(compiled);
  }
  TEST("120 templates with a wildcard each, all of which end at the same word") {
    struct buffer lines = {0}, text = {0};
    buffer_text(&lines, "intent i\nslot w\n");
    for (unsigned i = 0; i < 120; i++) {
      char line[64];
      snprintf(line, sizeof line, "say {w} x [%u]\n", i);
      buffer_text(&lines, line);
    }
    text_times(&text, "a x ", 120);
    sentences *compiled = compile_buffer(&lines);
    search_buffer(compiled, "wildcards side by side", &text, MATCHES);
    sentences_drop(compiled);
  }
}

static void test_lists(void) {
  TEST("a list of 10,000 values") {
    struct buffer lines = {0};
    char line[64];
    buffer_text(&lines, "list l\n");
    for (unsigned i = 0; i < 10000; i++) {
      snprintf(line, sizeof line, "value room %u of house %u\n", i, i % 7);
      buffer_text(&lines, line);
    }
    buffer_text(&lines, "intent i\nslot l\nsay go to {l} [now]\n");
    sentences *compiled = compile_buffer(&lines);
    search(compiled, "10,000 values", "go to room 9876 of house 6", 26, MATCHES);
    search(compiled, "10,000 values, a miss", "go to room 9876 of house 9", 26, MISSES);
    sentences_drop(compiled);
  }
  TEST("a list of 10,000 values that forgives typos") {
    struct buffer lines = {0};
    uint64_t random = 1;
    buffer_text(&lines, "list l typos\n");
    for (unsigned i = 0; i < 10000; i++) {
      char word[16] = "value ";
      for (unsigned k = 6; k < 14; k++) word[k] = (char)('a' + sentence_random(&random) % 26);
      word[14] = '\n';
      buffer_append(&lines, word, 15);
    }
    buffer_text(&lines, "intent i\nslot l\nsay go to {l}\nsay {l} [please] {l}\n");
    sentences *compiled = compile_buffer(&lines);
    struct buffer text = {0};
    search(compiled, "typos, a miss", "go to abcdefgh", 14, EITHER);
    text_times(&text, "abcdefgh ", 400);
    search_buffer(compiled, "typos, a long miss", &text, EITHER);
    sentences_drop(compiled);
  }
  TEST("long values that forgive typos, all of one letter") {
    struct buffer lines = {0}, text = {0};
    buffer_text(&lines, "list l typos\n");
    for (unsigned i = 6; i <= 60; i++) {
      buffer_text(&lines, "value ");
      text_times(&lines, "a", i);
      buffer_text(&lines, "\nvalue ");
      text_times(&lines, i % 2 ? "ab" : "a ", i);
      buffer_text(&lines, "b\n");
    }
    buffer_text(&lines, "intent i\nslot l\nslot w\nsay {l} {w} {l}\n");
    sentences *compiled = compile_buffer(&lines);
    text_times(&text, "aaaaaaa ", 500);
    search_buffer(compiled, "typos of one letter", &text, EITHER);
    text_times(&text, "a a a a ", SENTENCES_TEXT_BYTES / 8);
    search_buffer(compiled, "typos of one letter, 64 KB", &text, EITHER);
    text_times(&text, "a-a, a-a-a-", SENTENCES_TEXT_BYTES / 11);
    search_buffer(compiled, "typos of one letter and what may be passed over, 64 KB", &text, EITHER);
    sentences_drop(compiled);
  }
  TEST("lists within lists") {
    struct buffer lines = {0};
    char line[64];
    buffer_text(&lines, "list l0\nvalue a\nvalue b\n");
    for (unsigned i = 1; i < 9; i++) {
      snprintf(line, sizeof line, "list l%u\nvalue {l%u} x\nvalue y {l%u}\n", i, i - 1, i - 1);
      buffer_text(&lines, line);
    }
    buffer_text(&lines, "intent i\nslot l8\nsay {l8} {l8} [{l8}]\n");
    sentences *compiled = compile_buffer(&lines);
    search(compiled, "lists within lists", "y y y y a x x x x y y y y y y y y b", 35, MATCHES);
    sentences_drop(compiled);
  }
  TEST("values that are prefixes of one another, over and over") {
    struct buffer lines = {0}, text = {0};
    buffer_text(&lines, "list l\n");
    for (unsigned i = 1; i <= 100; i++) {
      buffer_text(&lines, "value a");
      text_times(&lines, "a", i);
      buffer_text(&lines, "\n");
    }
    buffer_text(&lines, "intent i\nslot l\nslot w\nsay [{l}][{l}][{l}][{l}][{l}][{l}] b\nsay {l} {w} {l}\n");
    sentences *compiled = compile_buffer(&lines);
    text_times(&text, "a", 600);
    search_buffer(compiled, "prefixes", &text, MISSES);
    text_times(&text, "a", SENTENCES_TEXT_BYTES);
    search_buffer(compiled, "prefixes, 64 KB", &text, EITHER);
    sentences_drop(compiled);
  }
}

static const char grammar[] =
    "skip please\nskip x\nnumber five => 5\nlist l\nvalue a\nvalue a b\nvalue aa\nlist t typos\n"
    "value abcabc\nvalue aaaaaaa\nrange n 0 100\n"
    "intent i\nslot l\nslot t\nslot n\nslot w\nslot v\n"
    "say a [b] {l} [c] {n}\nsay {w} a {v}\nsay {l} {w} {l}\nsay {t} [a] {t}\nsay (a;b;{w} 1) c\n"
    "say {w}a{v}b\nsay {n}{w}{n}\nsay aaaa\nsay {w}\n";

/* Whole texts of one thing, up to the limit. */
static void test_long_texts(void) {
  static const struct {
    const char *name, *text;
  } pieces[] = {
      {"letters", "a"},
      {"words", "a "},
      {"words of two", "ab "},
      {"other letters", "z"},
      {"spaces", " "},
      {"punctuation", "."},
      {"words and punctuation", "a. "},
      {"hyphens", "-"},
      {"words and hyphens", "a-"},
      {"digits", "1"},
      {"numbers", "1 "},
      {"numbers with points", "1."},
      {"thousands", "1,000,"},
      {"emoji", "\xF0\x9F\x98\x80"},
      {"words and emoji", "a\xF0\x9F\x98\x80 "},
      {"joined emoji", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"},
      {"marks", "a\xCC\x81\xCC\x82"},
      {"long decompositions", "\xEF\xB7\xBA"},
      {"zero-width", "\xE2\x80\x8B"},
      {"no UTF-8", "\xFF"},
      {"skip words", "please "},
      {"skip words of one letter", "x "},
      {"values with typos", "abcabd "},
      {"number words", "five "},
      {"NUL", NULL},
  };
  static const size_t lengths[] = {1000, 4000, SENTENCES_TEXT_BYTES};
  struct buffer lines = {0};
  buffer_text(&lines, grammar);
  sentences *compiled = compile_buffer(&lines);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
      struct buffer text = {0};
      char name[80];
      while (pieces[i].text && text.length + strlen(pieces[i].text) <= lengths[k]) buffer_text(&text, pieces[i].text);
      while (!pieces[i].text && text.length < lengths[k]) buffer_byte(&text, 0);
      snprintf(name, sizeof name, "%zu bytes of %s", text.length, pieces[i].name);
      if (k == 0) explain(compiled, name, text.bytes, text.length);
      search_buffer(compiled, name, &text, EITHER);
    }
  }
  sentences_drop(compiled);
}

static void test_random_bytes(void) {
  struct buffer lines = {0};
  buffer_text(&lines, grammar);
  sentences *compiled = compile_buffer(&lines);
  uint64_t random = 9;
  unsigned rounds = (unsigned)(200 / spec_slowness()) + 1;
  double longest = 0;
  for (unsigned round = 0; round < rounds; round++) {
    struct buffer text = {0};
    size_t length = sentence_random(&random) % 3000;
    for (size_t i = 0; i < length; i++)
      buffer_byte(&text, (char)(round % 2 ? sentence_random(&random)
                                          : (uint32_t) "aabc 1.- x\xC3\xA9"[sentence_random(&random) % 12]));
    double start = milliseconds();
    sentences_find(matcher, compiled, text.bytes ? text.bytes : "", text.length, NULL);
    double taken = milliseconds() - start;
    if (taken > longest) longest = taken;
    CHECK(!sentences_matcher_failed(matcher));
    buffer_free(&text);
  }
  printf("     %8.3f ms  random bytes, the longest of %u\n", longest, rounds);
  sentences_drop(compiled);
}

int main(void) {
  memory_faults_install();
  matcher = sentences_matcher_new();
  test_shapes();
  test_lists();
  TEST("texts of any length, of any one thing") {
    test_long_texts();
  }
  TEST("random bytes") {
    test_random_bytes();
  }
  sentences_matcher_free(matcher);
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
