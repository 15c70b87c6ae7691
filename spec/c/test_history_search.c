/*
 * test_history_search: history_search.c.
 */
#include <stdlib.h>
#include <utf8proc.h>

#include "check.h"
#include "history_search.h"
#include "memory_faults.h"

static bool find_bytes(const char *text, const char *bytes, size_t length) {
  struct history_search search;
  char *copy = malloc(length + 1); /* of just that size, so that sanitizers see what is read behind it */
  if (length) memcpy(copy, bytes, length);
  bool opened = history_search_open(&search, text), found = history_search_find(&search, copy, length);
  CHECK(opened);
  history_search_close(&search);
  free(copy);
  return found;
}

static bool find(const char *text, const char *in) {
  return find_bytes(text, in, strlen(in));
}

static void test_finding(void) {
  TEST("a text is found at the beginning, in the middle, at the end, as a whole, and not where it is cut off") {
    CHECK(find("needle", "needle in a haystack"));
    CHECK(find("needle", "a needle in a haystack"));
    CHECK(find("needle", "in a haystack a needle"));
    CHECK(find("needle", "needle"));
    CHECK(!find("needle", "needl"));
    CHECK(!find("needle", "eedle"));
    CHECK(!find("needle", ""));
    CHECK(find("needle", "nneedle") && find("aab", "aaab") && find("abab", "abaabab"));
    CHECK(find("x", "x") && !find("x", "y"));
  }
  TEST("upper and lower case are the same, in every script") {
    CHECK(find("NeEdLe", "a nEeDlE") && find("@[`{", "@[`{") && !find("@", "`") && !find("[", "{"));
    CHECK(find("ПРИВЕТ", "скажи «привет»") && find("привет", "ПРИВЕТ"));
    CHECK(find("Ελλάδα", "ΕΛΛΆΔΑ") && find("đặt lịch", "ĐẶT LỊCH"));
    CHECK(find("k", "\xe2\x84\xaa") && find("5K", "5\xe2\x84\xaa")); /* the Kelvin sign */
    CHECK(find("\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"));             /* Deseret, beyond the basic plane */
    CHECK(!find("STRASSE", "straße") && !find("e", "é"));
    CHECK(find("予約", "予約する") && !find("予定", "予約する"));
  }
  TEST("every code point is found by its lower case, and finds it") {
    unsigned wrong = 0;
    for (utf8proc_int32_t code = 1; code < 0x20000; code++) {
      utf8proc_uint8_t text[5] = {0}, lower[5] = {0};
      if (code >= 0xd800 && code < 0xe000) continue;
      if (utf8proc_tolower(code) == code && code % 499 != 0) continue; /* most have none */
      text[utf8proc_encode_char(code, text)] = '\0';
      lower[utf8proc_encode_char(utf8proc_tolower(code), lower)] = '\0';
      if (!find((const char *)lower, (const char *)text)) wrong++;
      if (!find((const char *)text, (const char *)lower)) wrong++;
    }
    CHECK(wrong == 0);
  }
  TEST("what JSON escapes is found where it is escaped and where it is not") {
    CHECK(find("say \"hi\"", "{\"text\":\"say \\\"hi\\\"\"}") && find("say \"hi\"", "say \"hi\""));
    CHECK(find("C:\\temp", "{\"path\":\"C:\\\\temp\"}") && find("one\ntwo", "\"one\\ntwo\""));
    CHECK(find("\x1b[31m", "\"\\u001b[31m\"") && find("\x1b[31m", "\x1b[31m"));
    CHECK(find("\"name\":\"ann\"", "{\"name\":\"Ann\"}"));
    CHECK(!find("\"", "\\") && !find("\n", "n"));
  }
  TEST("bytes that are no UTF-8 stand for themselves, and do not keep from finding what is around them") {
    CHECK(find("needle", "\xff\xfe needle \xc3") && find("\xff\xfe", "a\xff\xfe") && !find("\xff", "\xfe"));
    CHECK(find("a\xff", "A\xff") && !find("a\xff", "A\xfe"));
    CHECK(find("\xc3", "a\xc3") && find("é", "\xc3\xc3\xa9") && !find("\xc3(", "Ã("));
    CHECK(find("\xed\xa0\x80", "\xed\xa0\x80")); /* half a surrogate pair */
    CHECK(find("\xff", "\xef\xbf\xbd"));         /* what it became where text was repaired */
    CHECK(!find("é", "\xc3"));
  }
  TEST("NUL is a byte like others, and 64 KiB without a space are looked through") {
    static char long_text[64 * 1024];
    memset(long_text, 'a', sizeof long_text);
    CHECK(find_bytes("b", "a\0b", 3) && !find_bytes("ab", "a\0b", 3));
    CHECK(!find_bytes("aab", long_text, sizeof long_text));
    memcpy(long_text + sizeof long_text - 4, "AAB\xff", 4);
    CHECK(find_bytes("aab", long_text, sizeof long_text));
    CHECK(find_bytes("aab\xff", long_text, sizeof long_text));
  }
  TEST("an empty text is in everything, and NULL is no text") {
    CHECK(find("", "x") && find("", ""));
    CHECK(!find_bytes("x", NULL, 0));
  }
  TEST("each allocation failing in turn: opening says so, and nothing leaks") {
    unsigned nth = 1;
    for (bool hit = true; hit && nth < 100; nth++) {
      struct history_search search;
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      bool opened =
          history_search_open(&search, "a \"text\" that is longer than a first allocation would be, with \xff");
      hit = memory_faults_hit();
      CHECK(opened == !hit);
      history_search_close(&search);
    }
    CHECK(nth > 2 && nth < 100);
    CHECK(memory_faults_outstanding() == 0);
  }
}

int main(void) {
  memory_faults_install();
  test_finding();
  return check_finish();
}
