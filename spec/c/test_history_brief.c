/*
 * test_history_brief: history_brief.c.
 */
#include <stdlib.h>

#include "check.h"
#include "history_brief.h"
#include "memory_faults.h"

static struct buffer written;
static bool was_cut;

/* What becomes of it, NUL-terminated. */
static const char *brief(const char *text, size_t length,
                         bool (*write)(struct json *json, const char *text, size_t length)) {
  struct json json = {.out = &written};
  char *copy = malloc(length + 1); /* of just that size, so that sanitizers see what is read behind it */
  memcpy(copy, text, length);
  buffer_clear(&written);
  was_cut = write(&json, copy, length);
  buffer_byte(&written, '\0');
  free(copy);
  return written.bytes;
}

static const char *slots(const char *text) {
  return brief(text, strlen(text), history_brief_slots);
}

static const char *repeat(char *to, const char *text, unsigned times) {
  *to = '\0';
  for (unsigned i = 0; i < times; i++) strcat(to, text);
  return to;
}

#define MORE "\xe2\x80\xa6"

static void test_slots(void) {
  TEST("slots that are short stay as they are") {
    static const char *const texts[] = {
        "{}", "{\"a\":1}",
        "{\"a\":\"x, \\\"}\\\" {[\",\"b\":{\"c\":[1,{\"d\":\"]\"}]},\"e\":null,\"f\":true,\"g\":-1.5e3}", "{\"\":\"\"}",
        "{\"\\\"\":\"\\\\\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
      CHECK_TEXT(slots(texts[i]), texts[i]);
      CHECK(!was_cut);
    }
  }
  TEST("a string that is longer than 200 bytes is cut, at a character, and ends in an ellipsis") {
    char long_text[2000], text[3000], expected[1000];
    snprintf(text, sizeof text, "{\"a\":\"%s\",\"b\":2}", repeat(long_text, "x", 198));
    CHECK_TEXT(slots(text), text);
    CHECK(!was_cut);
    snprintf(text, sizeof text, "{\"a\":\"%s\",\"b\":2}", repeat(long_text, "x", 199)); /* 201 with the quotes */
    snprintf(expected, sizeof expected, "{\"a\":\"%s" MORE "\",\"b\":2}", repeat(long_text, "x", 198));
    CHECK_TEXT(slots(text), expected);
    CHECK(was_cut);
    snprintf(text, sizeof text, "{\"a\":\"%s\",\"b\":2}", repeat(long_text, "x", 400));
    snprintf(expected, sizeof expected, "{\"a\":\"%s" MORE "\",\"b\":2}", repeat(long_text, "x", 198));
    CHECK_TEXT(slots(text), expected);
    CHECK(was_cut);
    snprintf(text, sizeof text, "{\"a\":\"%s\"}", repeat(long_text, "予", 100));
    snprintf(expected, sizeof expected, "{\"a\":\"%s" MORE "\"}", repeat(long_text, "予", 66));
    CHECK_TEXT(slots(text), expected);
  }
  TEST("an escape sequence is not cut in two, nor are the two of one character") {
    char long_text[3000], text[4000], expected[1000];
    snprintf(text, sizeof text, "{\"a\":\"x%s\"}", repeat(long_text, "\\n", 150));
    snprintf(expected, sizeof expected, "{\"a\":\"x%s" MORE "\"}", repeat(long_text, "\\n", 98));
    CHECK_TEXT(slots(text), expected);
    snprintf(text, sizeof text, "{\"a\":\"%s\"}", repeat(long_text, "\\u001b", 150));
    snprintf(expected, sizeof expected, "{\"a\":\"%s" MORE "\"}", repeat(long_text, "\\u001b", 33));
    CHECK_TEXT(slots(text), expected);
    snprintf(text, sizeof text, "{\"a\":\"%s\"}", repeat(long_text, "\\ud83d\\ude00", 50));
    snprintf(expected, sizeof expected, "{\"a\":\"%s" MORE "\"}", repeat(long_text, "\\ud83d\\ude00", 16));
    CHECK_TEXT(slots(text), expected);
  }
  TEST("a long value that is no string becomes its beginning, as a string") {
    char long_text[2000], text[3000], expected[1000];
    snprintf(text, sizeof text, "{\"a\":[%s0],\"b\":2}", repeat(long_text, "1,", 200));
    snprintf(expected, sizeof expected, "{\"a\":\"[%s1" MORE "\",\"b\":2}", repeat(long_text, "1,", 99));
    CHECK_TEXT(slots(text), expected);
    CHECK(was_cut);
  }
  TEST("of more than 20 slots, the first 20 are there") {
    char text[1000] = "{", expected[1002];
    for (unsigned i = 1; i <= 20; i++) sprintf(text + strlen(text), "%s\"s%u\":%u", i > 1 ? "," : "", i, i);
    snprintf(expected, sizeof expected, "%s}", text);
    CHECK_TEXT(slots(expected), expected);
    CHECK(!was_cut);
    strcat(text, ",\"s21\":21}");
    CHECK_TEXT(slots(text), expected);
    CHECK(was_cut);
  }
  TEST("what is no object of ours, or ends too early, is still JSON, and nothing is read behind its end") {
    static const struct {
      const char *text, *expected;
    } cases[] = {
        {"", "{}"},
        {"[]", "{}"},
        {"x", "{}"},
        {"{", "{}"},
        {"{\"", "{}"},
        {"{\"a", "{}"},
        {"{\"a\\", "{}"},
        {"{\"a\"", "{}"},
        {"{\"a\":", "{}"},
        {"{\"a\":\"", "{}"},
        {"{\"a\":\"x", "{}"},
        {"{\"a\":\"x\\", "{}"},
        {"{\"a\":[1", "{}"},
        {"{\"a\":1", "{}"},
        {"{\"a\":}", "{}"},
        {"{\"a\":1,", "{\"a\":1}"},
        {"{\"a\":1,}", "{\"a\":1}"},
        {"{\"a\":1} ", "{\"a\":1}"},
        {"{ \"a\":1}", "{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      if (!CHECK(strcmp(slots(cases[i].text), cases[i].expected) == 0))
        printf("     %s: %s\n", cases[i].text, slots(cases[i].text));
      if (strcmp(cases[i].text, "{\"a\":1,}") != 0) CHECK(was_cut);
    }
  }
}

static void test_texts(void) {
  TEST("a text is cut after 500 bytes at a character; bytes that are no UTF-8 are repaired") {
    char text[2000], expected[2000];
    CHECK_TEXT(brief("short \"x\"\n", 10, history_brief_text), "\"short \\\"x\\\"\\n\"");
    CHECK(!was_cut);
    repeat(text, "0123456789", 50);
    snprintf(expected, sizeof expected, "\"%s\"", text);
    CHECK_TEXT(brief(text, 500, history_brief_text), expected);
    snprintf(expected, sizeof expected, "\"%s" MORE "\"", text);
    strcat(text, "é");
    CHECK_TEXT(brief(text, 502, history_brief_text), expected);
    CHECK(was_cut);
    memcpy(text + 499, "é", 2); /* a character across the limit */
    snprintf(expected, sizeof expected, "\"%.499s" MORE "\"", text);
    CHECK_TEXT(brief(text, 502, history_brief_text), expected);
    memset(text, 0x80, sizeof text);
    CHECK_TEXT(brief(text, sizeof text, history_brief_text), "\"" MORE "\"");
    CHECK_TEXT(brief("a\0b\xff", 4, history_brief_text), "\"a\\u0000b\xef\xbf\xbd\"");
  }
  TEST("each allocation failing in turn is told, and nothing leaks") {
    char long_text[1000], text[1200];
    snprintf(text, sizeof text, "{\"a\":\"%s\",\"b\":[%s1]}", repeat(long_text, "x", 300),
             repeat(long_text, "1,", 150));
    buffer_free(&written);
    unsigned nth = 1;
    for (bool hit = true; hit && nth < 100; nth++) {
      struct buffer out = {0};
      struct json json = {.out = &out};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      history_brief_slots(&json, text, strlen(text));
      hit = memory_faults_hit();
      CHECK(out.failed == hit);
      buffer_free(&out);
    }
    CHECK(nth > 3 && nth < 100 && memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_slots();
  test_texts();
  buffer_free(&written);
  return check_finish();
}
