/*
 * test_redaction: redaction.c (with json.c, utf8.c, buffer.c and memory.c).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "json.h"
#include "memory_faults.h"
#include "redaction.h"
#include "slowness.h"

enum { MOST = 16 };

struct set {
  struct secret values[MOST], headers[MOST];
  struct redaction redaction;
};

/* Values and header names from lists that end with NULL. */
static void set_fill(struct set *set, const char *const *values, const char *const *headers) {
  *set = (struct set){.redaction = {.values = set->values, .headers = set->headers}};
  for (; values && *values; values++)
    set->values[set->redaction.value_count++] = (struct secret){*values, strlen(*values)};
  for (; headers && *headers; headers++)
    set->headers[set->redaction.header_count++] = (struct secret){*headers, strlen(*headers)};
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

typedef void redact_function(struct buffer *, const char *, size_t, const struct redaction *, const struct redaction *);

/* Redacts with one set, then with the same set as the second one, and compares both. */
static bool check_redacted(redact_function *redact, const char *const *values, const char *const *headers,
                           const char *text, const char *expected) {
  struct set set;
  set_fill(&set, values, headers);
  /* A copy of exactly this size, so that a sanitizer sees a read beyond it. */
  size_t length = strlen(text);
  char *copy = malloc(length + !length);
  memcpy(copy, text, length);
  struct buffer first = {0}, second = {0};
  redact(&first, copy, length, &set.redaction, NULL);
  redact(&second, copy, length, NULL, &set.redaction);
  bool held = CHECK_BYTES(first.bytes, first.length, expected);
  held &= CHECK_BYTES(second.bytes, second.length, expected);
  buffer_free(&first);
  buffer_free(&second);
  free(copy);
  return held;
}

#define CHECK_REDACTED(values, text, expected)      check_redacted(redact_text, values, NULL, text, expected)
#define CHECK_HEAD(values, headers, head, expected) check_redacted(redact_head, values, headers, head, expected)

static void test_values(void) {
  TEST("without any value text is appended as it is") {
    CHECK_REDACTED(NULL, "", "");
    CHECK_REDACTED(NULL, "nothing \\u0041 to hide", "nothing \\u0041 to hide");
    struct buffer out = {0};
    redact_text(&out, NULL, 0, NULL, NULL);
    redact_text(&out, "both", 4, NULL, NULL);
    CHECK_BYTES(out.bytes, out.length, "both");
    buffer_free(&out);
  }
  TEST("every occurrence of a value is replaced, wherever it stands") {
    CHECK_REDACTED(LIST("abc123"), "abc123", "[redacted]");
    CHECK_REDACTED(LIST("abc123"), "abc123abc123", "[redacted][redacted]");
    CHECK_REDACTED(LIST("abc123"), "x abc123 y abc123", "x [redacted] y [redacted]");
    CHECK_REDACTED(LIST("abc123"), "Abc123 abc12 bc123", "Abc123 abc12 bc123");
    CHECK_REDACTED(LIST("abc123"), "", "");
  }
  TEST("a value shorter than four bytes is left alone") {
    CHECK_REDACTED(LIST("abc", "", "a"), "abc a", "abc a");
    CHECK_REDACTED(LIST("abcd", "abc"), "abc abcd", "abc [redacted]");
  }
  TEST("a longer value goes before a shorter one inside it, whatever their order") {
    CHECK_REDACTED(LIST("secret", "secret-token"), "a secret-token, a secret", "a [redacted], a [redacted]");
    CHECK_REDACTED(LIST("secret-token", "secret"), "a secret-token, a secret", "a [redacted], a [redacted]");
    CHECK_REDACTED(LIST("oken", "secret-token", "cret"), "a secret-token", "a [redacted]");
  }
  TEST("values that overlap leave no piece of either") {
    CHECK_REDACTED(LIST("abcdef", "defghi"), "<abcdefghi>", "<[redacted]>");
    CHECK_REDACTED(LIST("defghi", "abcdef"), "<abcdefghi>", "<[redacted]>");
    CHECK_REDACTED(LIST("aaaa"), "<aaaaaa>", "<[redacted]>");
    CHECK_REDACTED(LIST("abab"), "abababab.ab", "[redacted].ab");
    CHECK_REDACTED(LIST("1234", "3456", "5678"), "012345678901234", "0[redacted]90[redacted]");
  }
  TEST("values of both sets are replaced") {
    struct set token, slots;
    set_fill(&token, LIST("token-1"), NULL);
    set_fill(&slots, LIST("token-12", "+84901234567"), NULL);
    struct buffer out = {0};
    redact_text(&out, "token-1 token-12 +84901234567", 29, &token.redaction, &slots.redaction);
    CHECK_BYTES(out.bytes, out.length, "[redacted] [redacted] [redacted]");
    buffer_free(&out);
  }
  TEST("a value may hold a NUL") {
    struct secret value = {"a\0bc", 4};
    struct redaction redaction = {.values = &value, .value_count = 1};
    struct buffer out = {0};
    redact_text(&out, "x\0a\0bc\0y", 8, &redaction, NULL);
    CHECK(out.length == 14 && memcmp(out.bytes, "x\0[redacted]\0y", 14) == 0);
    buffer_free(&out);
  }
  TEST("many values are replaced too") {
    CHECK_REDACTED(LIST("val00", "val01", "val02", "val03", "val04", "val05", "val06", "val07", "val08", "val09"),
                   "val09 val00\\n val05 val10", "[redacted] [redacted]\\n [redacted] val10");
  }
}

static void test_escapes(void) {
  static const char quoted[] = "pass\"w\\rd\n\x01";
  TEST("a value is found as our writer escapes it") {
    CHECK_REDACTED(LIST(quoted), "{\"a\":\"pass\\\"w\\\\rd\\n\\u0001\"}", "{\"a\":\"[redacted]\"}");
    CHECK_REDACTED(LIST(quoted), "raw pass\"w\\rd\n\x01 too", "raw [redacted] too");
    CHECK_REDACTED(LIST("tab\ttab"), "tab\\ttab, tab\ttab", "[redacted], [redacted]");
  }
  TEST("whatever our writer makes of any value is found") {
    uint64_t state = 5;
    for (unsigned round = 0; round < 20000; round++) {
      char value[12];
      size_t length = 4 + round % 9;
      for (size_t i = 0; i < length; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        static const unsigned char alphabet[] = {'a', '"', '\\', '\n', 1, 'u', '0', 0xC3, 0xA9, 0xFF, 0xE1, 0x80, '/'};
        value[i] = (char)alphabet[(state >> 33) % sizeof alphabet];
      }
      struct secret secret = {value, length};
      struct redaction redaction = {.values = &secret, .value_count = 1};
      struct buffer text = {0}, out = {0};
      buffer_text(&text, "<");
      json_escape(&text, value, length);
      buffer_text(&text, "|");
      buffer_append(&text, value, length);
      buffer_text(&text, ">");
      redact_text(&out, text.bytes, text.length, &redaction, NULL);
      bool held = CHECK_BYTES(out.bytes, out.length, "<[redacted]|[redacted]>");
      buffer_free(&text);
      buffer_free(&out);
      if (!held) break;
    }
  }
  TEST("a value is found in other writers' escapes") {
    CHECK_REDACTED(LIST("a/b/c"), "a\\/b/c a\\u002Fb\\u002fc", "[redacted] [redacted]");
    CHECK_REDACTED(LIST("Nguy\xE1\xBB\x85n"), "\"Nguy\\u1ec5n\" \"Nguy\\u1EC5n\"", "\"[redacted]\" \"[redacted]\"");
    CHECK_REDACTED(LIST("caf\xC3\xA9"), "\\u0063afe caf\\u00e9", "\\u0063afe [redacted]");
    CHECK_REDACTED(LIST("\xF0\x9F\x98\x80"), "\\ud83d\\ude00 \\ud83d\\ude01", "[redacted] \\ud83d\\ude01");
    CHECK_REDACTED(LIST("abcd"), "\\u0061\\u0062\\u0063\\u0064", "[redacted]");
  }
  TEST("what only looks like an escape is text") {
    static const char *const texts[] = {"ab\\",    "ab\\u",   "ab\\u00",    "ab\\u006",      "ab\\u006x",
                                        "ab\\xcd", "\\ud83d", "\\ud83d\\u", "\\ude00\\ud83d"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
      CHECK_REDACTED(LIST("abcd", "\xF0\x9F\x98\x80"), texts[i], texts[i]);
  }
  TEST("a value that is not UTF-8 is found as it is and as it was sent") {
    CHECK_REDACTED(LIST("p\xFFss"), "p\xFFss p\xEF\xBF\xBDss p\\ufffdss", "[redacted] [redacted] [redacted]");
  }
}

static void test_heads(void) {
  TEST("the headers that carry credentials are always redacted, in any case") {
    CHECK_HEAD(NULL, NULL,
               "POST /a HTTP/1.1\r\nHost: example.org\r\nAuthorization: Bearer abc\r\nContent-Length: 2\r\n\r\n",
               "POST /a HTTP/1.1\r\nHost: example.org\r\nAuthorization: [redacted]\r\nContent-Length: 2\r\n\r\n");
    CHECK_HEAD(NULL, NULL, "proxy-authorization: x\r\nCOOKIE: y\r\nset-Cookie:z\r\n",
               "proxy-authorization: [redacted]\r\nCOOKIE: [redacted]\r\nset-Cookie:[redacted]\r\n");
    CHECK_HEAD(NULL, NULL, "HTTP/1.1 200 OK\nSet-Cookie: a=1; b=2\nSet-Cookie: c\n\n",
               "HTTP/1.1 200 OK\nSet-Cookie: [redacted]\nSet-Cookie: [redacted]\n\n");
  }
  TEST("named headers are redacted, others are not") {
    CHECK_HEAD(NULL, LIST("X-Api-Key", "x-other"),
               "x-api-key: k\r\nX-OTHER:\tv\r\nX-Api-Keys: seen\r\nX-Api: seen\r\n\r\n",
               "x-api-key: [redacted]\r\nX-OTHER:\t[redacted]\r\nX-Api-Keys: seen\r\nX-Api: seen\r\n\r\n");
  }
  TEST("a header name ends at the first colon, and blanks around it do not count") {
    CHECK_HEAD(NULL, NULL, "Cookie : a:b\r\n\r\n", "Cookie : [redacted]\r\n\r\n");
    CHECK_HEAD(NULL, NULL, "X: Cookie: seen\r\n", "X: Cookie: seen\r\n");
    CHECK_HEAD(NULL, NULL, " Cookie: a\r\n", " Cookie: [redacted]\r\n");
    CHECK_HEAD(NULL, NULL, ": a\r\n:\r\nno colon\r\n", ": a\r\n:\r\nno colon\r\n");
  }
  TEST("an empty value is redacted as well, and so is a value that was cut off") {
    CHECK_HEAD(NULL, NULL, "Cookie:\r\nX: y\r\n", "Cookie:[redacted]\r\nX: y\r\n");
    CHECK_HEAD(NULL, NULL, "Cookie: \r\nX: y\r\n", "Cookie: [redacted]\r\nX: y\r\n");
    CHECK_HEAD(NULL, NULL, "X: y\r\nCookie: abc", "X: y\r\nCookie: [redacted]");
    CHECK_HEAD(NULL, NULL, "Cookie:", "Cookie:[redacted]");
    CHECK_HEAD(NULL, NULL, "Cookie: abc\r", "Cookie: [redacted]\r");
  }
  TEST("lines that continue a header belong to it") {
    CHECK_HEAD(NULL, NULL, "Cookie: a\r\n b\r\n\tc\r\nX: y\r\n z\r\n\r\n", "Cookie: [redacted]\r\nX: y\r\n z\r\n\r\n");
    CHECK_HEAD(NULL, NULL, "Cookie:\n secret", "Cookie:[redacted]");
    CHECK_HEAD(NULL, NULL, "X: y\r\n Set-Cookie: z\r\n a\r\n", "X: y\r\n Set-Cookie: [redacted]\r\n");
  }
  TEST("a value is replaced in every line") {
    CHECK_HEAD(LIST("abc123"), LIST("X-Key"),
               "GET /hook?key=abc123 HTTP/1.1\r\nX-Echo: Bearer abc123\r\nX-Key: v\r\nabc123: x\r\n\r\n",
               "GET /hook?key=[redacted] HTTP/1.1\r\nX-Echo: Bearer [redacted]\r\nX-Key: [redacted]\r\n[redacted]: "
               "x\r\n\r\n");
  }
  TEST("several heads after each other are all redacted") {
    CHECK_HEAD(NULL, NULL, "HTTP/1.1 103 Early\r\nSet-Cookie: a\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: b\r\n\r\n",
               "HTTP/1.1 103 Early\r\nSet-Cookie: [redacted]\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: [redacted]\r\n\r\n");
    CHECK_HEAD(NULL, NULL, "", "");
  }
}

static uint64_t random_state = 11;

static size_t random_below(size_t limit) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (size_t)(random_state >> 33) % limit;
}

/* Many of these repeat themselves. */
static size_t random_text(char *text, size_t least, size_t most) {
  size_t length = least + random_below(most - least + 1), period = 1 + random_below(6);
  for (size_t i = 0; i < length; i++)
    text[i] = i < period || random_below(12) == 0 ? (char)('a' + random_below(2)) : text[i - period];
  return length;
}

/* What is to come out: occurrences in the order of their beginnings, one text for those that overlap. */
static void redact_simply(struct buffer *out, const char *text, size_t length, const struct redaction *redaction) {
  size_t shown = 0, end = 0; /* [shown, end) is to be hidden when it is not empty */
  for (size_t at = 0; at < length; at++) {
    size_t longest = 0;
    for (size_t i = 0; i < redaction->value_count; i++) {
      const struct secret *value = &redaction->values[i];
      if (value->length > length - at || memcmp(text + at, value->bytes, value->length) != 0) continue;
      if (value->length > longest) longest = value->length;
    }
    if (longest > 0 && at >= end) {
      buffer_append(out, text + shown, at - shown);
      buffer_text(out, "[redacted]");
    }
    if (longest > 0 && at + longest > end) end = at + longest;
    if (end > at) shown = end;
  }
  buffer_append(out, text + shown, length - shown);
}

static double seconds_for(const char *value, size_t value_length, const char *text, size_t length) {
  struct secret secret = {value, value_length};
  struct redaction redaction = {.values = &secret, .value_count = 1};
  struct buffer out = {0};
  clock_t start = clock();
  redact_text(&out, text, length, &redaction, NULL);
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  CHECK(out.length > 0 && !out.failed);
  buffer_free(&out);
  return seconds;
}

static void test_repetition(void) {
  TEST("values that repeat themselves, in texts that do, are replaced as if each occurrence were looked for alone") {
    for (unsigned round = 0; round < 20000; round++) {
      char text[48], values[3][12];
      struct secret secrets[3];
      struct redaction redaction = {.values = secrets, .value_count = 1 + random_below(3)};
      for (size_t i = 0; i < redaction.value_count; i++)
        secrets[i] = (struct secret){values[i], random_text(values[i], 4, sizeof values[i])};
      size_t length = random_text(text, 0, sizeof text);
      struct buffer expected = {0}, out = {0};
      redact_simply(&expected, text, length, &redaction);
      buffer_byte(&expected, '\0');
      redact_text(&out, text, length, &redaction, NULL);
      bool held = CHECK_BYTES(out.bytes, out.length, expected.bytes);
      buffer_free(&expected);
      buffer_free(&out);
      if (!held) break;
    }
  }
  TEST("a long value that repeats itself takes no longer than any other, in plain text and in escapes") {
    enum { LONG = 32768 };
    double most = 0.5 * (double)spec_slowness();
    char *text = malloc(6 * LONG);
    memset(text, 'a', 2 * LONG);
    CHECK(seconds_for(text, LONG, text, 2 * LONG) < most);
    char *value = malloc(LONG);
    memcpy(value, text, LONG);
    value[LONG - 1] = 'b'; /* never there, and nearly everywhere */
    CHECK(seconds_for(value, LONG, text, 2 * LONG) < most);
    for (size_t i = 0; i < LONG; i++) memcpy(text + 6 * i, "\\u0061", 6);
    CHECK(seconds_for(value, LONG / 2, text, 6 * LONG) < most);
    free(value);
    free(text);
  }
}

static size_t shown_of(const char *text) {
  struct set set;
  set_fill(&set, LIST("secret-token", "token-of-mine"), NULL);
  size_t shown = redact_cut(text, strlen(text), &set.redaction, NULL);
  CHECK(redact_cut(text, strlen(text), NULL, &set.redaction) == shown);
  return shown;
}

static void test_cuts(void) {
  TEST("a text that was cut off within a secret is not shown from the secret's beginning on") {
    CHECK(shown_of("echo: secret-tok") == strlen("echo: "));
    CHECK(shown_of("secr") == 0);
    CHECK(shown_of("echo: secret-token") == strlen("echo: ")); /* its end is the second one's beginning */
  }
  TEST("the same within a secret that is spelled in escapes, and within an escape") {
    CHECK(shown_of("echo: se\\u0063ret-tok") == strlen("echo: "));
    CHECK(shown_of("echo: \\u0073\\u0065\\u0063\\u0072\\u00") == strlen("echo: "));
    CHECK(shown_of("a\\nb: secr\\u0065t") == strlen("a\\nb: "));
    CHECK(shown_of("echo\\n: sec") == strlen("echo\\n: sec"));
  }
  TEST("a text that was cut off elsewhere is shown, and so is a secret's beginning below four bytes") {
    CHECK(shown_of("") == 0);
    CHECK(shown_of("sec") == 3);
    CHECK(shown_of("secret-tok, and more") == strlen("secret-tok, and more"));
    CHECK(redact_cut("text", 4, NULL, NULL) == 4);
  }
}

static void test_failures(void) {
  TEST("each allocation failing in turn: the output is marked and holds no secret") {
    struct set first, second;
    set_fill(&first, LIST("abc\"123", "v\xFFlue", "v2-xx", "v3-xx", "v4-xx"), LIST("X-Key"));
    set_fill(&second, LIST("w1-xx", "w2-\xFFxx", "w3-xx", "w4-xx"), NULL);
    static const char head[] = "X-Key: v\r\nX-A: abc\\\"123 v\xFFlue w2-\\ufffdxx\r\n\r\n";
    static const char redacted[] = "X-Key: [redacted]\r\nX-A: [redacted] [redacted] [redacted]\r\n\r\n";
    for (unsigned mode = 0; mode < 2; mode++) {
      bool hit = true;
      for (unsigned nth = 1; hit; nth++) {
        struct buffer out = {0};
        memory_faults_fail(nth, mode ? MEMORY_FAULTS_ONWARDS : MEMORY_FAULTS_ONCE);
        redact_head(&out, head, sizeof head - 1, &first.redaction, &second.redaction);
        hit = memory_faults_hit();
        CHECK(out.failed == hit);
        if (!hit) CHECK_BYTES(out.bytes, out.length, redacted);
        CHECK(!out.bytes || !memmem(out.bytes, out.length, "123", 3));
        CHECK(!out.bytes || !memmem(out.bytes, out.length, "lue", 3));
        CHECK(hit || nth > 4);
        buffer_free(&out);
      }
    }
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_values();
  test_escapes();
  test_heads();
  test_repetition();
  test_cuts();
  test_failures();
  return check_finish();
}
