/*
 * test_sentence_text: sentence_text.c (with utf8proc).
 */
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"
#include "sentence_text.h"
#include "slowness.h"
#include "utf8.h"

enum { FOLDED_SIZE = 400 };

/* A text's units, in a copy of exactly its size, so that a sanitizer sees a read beyond it. */
struct folded {
  char *bytes;
  struct buffer buffer;
  struct unit *units;
  size_t count;
  unsigned char *places;
};

static struct folded fold(const char *text, size_t length) {
  struct folded folded = {.bytes = malloc(length + !length)};
  memcpy(folded.bytes, text, length);
  CHECK(text_units(folded.bytes, length, &folded.buffer));
  folded.units = (struct unit *)(void *)folded.buffer.bytes;
  folded.count = folded.buffer.length / sizeof(struct unit);
  folded.places = malloc(folded.count + 1);
  text_places(folded.units, folded.count, folded.places);
  return folded;
}

static void folded_free(struct folded *folded) {
  buffer_free(&folded->buffer);
  free(folded->places);
  free(folded->bytes);
}

/* The bases as UTF-8; what is no UTF-8 as <XX>. */
static const char *bases_of(const char *text, size_t length) {
  static char out[FOLDED_SIZE];
  struct folded folded = fold(text, length);
  size_t at = 0;
  for (size_t i = 0; i < folded.count && at + 8 < sizeof out; i++) {
    uint32_t base = folded.units[i].base;
    if (base >= UNIT_BAD)
      at += (size_t)snprintf(out + at, sizeof out - at, "<%02X>", base - UNIT_BAD);
    else if (base < 0x80)
      out[at++] = (char)base;
    else {
      static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
      unsigned bytes = base < 0x800 ? 2 : base < 0x10000 ? 3 : 4;
      out[at++] = (char)(first[bytes] | base >> 6 * (bytes - 1));
      for (unsigned k = bytes - 1; k-- > 0;) out[at++] = (char)(0x80 | (base >> 6 * k & 0x3F));
    }
  }
  out[at] = '\0';
  folded_free(&folded);
  return out;
}

/* One sign for each unit: what it is, upper case when it may be passed over. */
static const char *signs_of(const char *text) {
  static char out[FOLDED_SIZE];
  struct folded folded = fold(text, strlen(text));
  size_t i = 0;
  for (; i < folded.count; i++) {
    uint32_t flags = folded.units[i].flags;
    char sign = flags & UNIT_SPACE         ? 's'
                : flags & UNIT_PUNCTUATION ? 'p'
                : flags & UNIT_BREAK       ? 'b'
                : flags & UNIT_WORD        ? 'w'
                                           : 'o';
    out[i] = (char)(flags & UNIT_IGNORABLE ? sign - 'a' + 'A' : sign);
  }
  out[i] = '\0';
  folded_free(&folded);
  return out;
}

/* One sign for each place: s start of a word, e end of the text, b both, - neither. */
static const char *places_of(const char *text) {
  static char out[FOLDED_SIZE];
  struct folded folded = fold(text, strlen(text));
  for (size_t i = 0; i <= folded.count; i++)
    out[i] = "-seb"[(folded.places[i] & PLACE_WORD_START ? 1 : 0) + (folded.places[i] & PLACE_END ? 2 : 0)];
  out[folded.count + 1] = '\0';
  folded_free(&folded);
  return out;
}

static const struct {
  const char *text, *bases;
} foldings[] = {
    {"", ""},
    {"Plain TEXT 42", "plain text 42"},
    /* composed and decomposed, in either order of marks */
    {"caf\xC3\xA9", "cafe"},
    {"cafe\xCC\x81", "cafe"},
    {"\xE1\xBB\x85", "e"},
    {"e\xCC\x82\xCC\x83", "e"},
    {"\xC3\x85\xE2\x84\xAB\x41\xCC\x8A", "aaa"},
    {"\xC3\xB6\xC3\xA4\xC3\xBC\xC3\x96", "oauo"},
    {"\xC3\xB1\xC3\xA7\xC4\x8D\xC5\x99\xC5\xBE", "nccrz"},
    /* letters without a decomposition */
    {"\xC5\x82\xC3\xB8\xC3\xA6\xC5\x93\xC4\x91\xC3\xBE\xC4\xA7\xC5\xA7\xC3\xB0", "loaeoedthhtd"},
    {"\xC5\x81\xC3\x98\xC3\x86\xC5\x92\xC4\x90", "loaeoed"},
    /* German sz, small and capital */
    {"Stra\xC3\x9F"
     "e STRASSE STRA\xE1\xBA\x9E"
     "E",
     "strasse strasse strasse"},
    /* Turkish i: I, dotted I, dotless i and i are one */
    {"I\xC4\xB0\xC4\xB1i", "iiii"},
    /* ligatures, full width, super- and subscript */
    {"\xEF\xAC\x81x \xEF\xAC\x83", "fix ffi"},
    {"\xEF\xBC\xA1\xEF\xBD\x81\xEF\xBC\x91", "aa1"},
    {"x\xC2\xB2\xE2\x82\x83", "x\xC2\xB2\xE2\x82\x83"}, /* not x23 */
    {"\xC7\x84", "dz"},
    /* Greek final sigma and accents, Cyrillic case */
    {"\xCE\xA3\xCE\xBF\xCF\x86\xCF\x8C\xCF\x82", "\xCF\x83\xCE\xBF\xCF\x86\xCE\xBF\xCF\x83"},
    {"\xD0\x9C\xD0\x98\xD0\xA0", "\xD0\xBC\xD0\xB8\xD1\x80"},
    /* apostrophes and dashes */
    {"it\xE2\x80\x99s it\xCA\xBCs it\xE2\x80\x98s", "it's it's it's"},
    {"a\xE2\x80\x90"
     "b\xE2\x80\x91"
     "c\xE2\x80\x93"
     "d\xE2\x80\x94"
     "e\xE2\x88\x92"
     "f",
     "a-b-c-d-e-f"},
    /* digits of other scripts: Arabic, Persian, Devanagari, Bengali, Thai, full width */
    {"\xD9\xA1\xD9\xA2 \xDB\xB3\xDB\xB4 \xE0\xA5\xAA \xE0\xA7\xAB \xE0\xB9\x99 \xEF\xBC\x97", "12 34 4 5 9 7"},
    /* white space of all kinds, in runs, is one space */
    {"a \t\n\r\v\f b\xC2\xA0"
     "c\xE3\x80\x80"
     "d\xE2\x80\xA8"
     "e\xE2\x80\xA9"
     "f\xC2\x85g \xC2\xA0 h",
     "a b c d e f g h"},
    /* zero-width characters, marks of direction, soft hyphen, byte order mark and variation selectors are nothing */
    {"a\xE2\x80\x8B"
     "b\xE2\x80\x8D"
     "c\xE2\x80\x8C"
     "d\xC2\xAD"
     "e\xEF\xBB\xBF"
     "f\xE2\x80\x8F\xE2\x80\x8E"
     "g\xE2\x81\xA6h\xE2\x81\xA9\xEF\xB8\x8F",
     "abcdefgh"},
    /* Hebrew without points, Arabic without vowel signs; the letters stay */
    {"\xD7\xA9\xD6\xB8\xD7\x81\xD7\x9C\xD7\x95\xD6\xB9\xD7\x9D", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D"},
    {"\xD9\x85\xD9\x8E\xD8\xB1\xD9\x92\xD8\xAD\xD9\x8E\xD8\xA8\xD9\x8B\xD8\xA7",
     "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7"},
    /* CJK as it is; half-width kana become full-width ones */
    {"\xE6\x89\x93\xE5\xBC\x80\xE7\x81\xAF", "\xE6\x89\x93\xE5\xBC\x80\xE7\x81\xAF"},
    {"\xED\x95\x9C\xEA\xB8\x80", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xE1\x84\x80\xE1\x85\xB3\xE1\x86\xAF"},
    /* what changes the letter stays: vowel signs and nukta of Indic scripts, tones of Thai, voicing of kana */
    {"\xE0\xA4\xB9\xE0\xA4\xBF\xE0\xA4\x82\xE0\xA4\xA6\xE0\xA5\x80",
     "\xE0\xA4\xB9\xE0\xA4\xBF\xE0\xA4\x82\xE0\xA4\xA6\xE0\xA5\x80"},
    {"\xE0\xB9\x84\xE0\xB8\x9F\xE0\xB8\xA1\xE0\xB9\x88", "\xE0\xB9\x84\xE0\xB8\x9F\xE0\xB8\xA1\xE0\xB9\x88"},
    {"\xE3\x81\x8C", "\xE3\x81\x8B\xE3\x82\x99"},
    {"\xEF\xBD\xB6\xEF\xBE\x9E", "\xE3\x82\xAB\xE3\x82\x99"},
    /* emoji stay as they are, without what joins and dyes them being in the way */
    {"a \xF0\x9F\x98\x80 b", "a \xF0\x9F\x98\x80 b"},
    {"\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4"},
    /* no UTF-8: byte by byte */
    {"a\xFF"
     "b\xC3",
     "a<FF>b<C3>"},
    {"\xED\xA0\x80", "<ED><A0><80>"},
    {"\xC0\x80x", "<C0><80>x"},
    {"\xF4\x90\x80\x80", "<F4><90><80><80>"},
};

static void test_folding(void) {
  TEST("each row: what a text is compared by") {
    for (size_t i = 0; i < sizeof foldings / sizeof *foldings; i++)
      CHECK_TEXT(bases_of(foldings[i].text, strlen(foldings[i].text)), foldings[i].bases);
  }
  TEST("a NUL is a character like others") {
    struct folded folded = fold("a\0b", 3);
    CHECK(folded.count == 3 && folded.units[1].base == 0 && folded.units[2].from == 2);
    folded_free(&folded);
  }
  TEST("what was folded away is known: the same marks are equal in either form, others differ, upper case has a flag") {
    struct folded composed = fold("\xE1\xBB\x85", 3), decomposed = fold("e\xCC\x83\xCC\x82", 5),
                  other = fold("\xC3\xA9", 2), plain = fold("e", 1), upper = fold("\xC3\x89", 2);
    CHECK(composed.units[0].mark == decomposed.units[0].mark && composed.units[0].mark != 0);
    CHECK(other.units[0].mark != composed.units[0].mark);
    CHECK(plain.units[0].mark == 0);
    CHECK(upper.units[0].mark == other.units[0].mark);
    CHECK(upper.units[0].flags & UNIT_UPPER && !(other.units[0].flags & UNIT_UPPER));
    folded_free(&composed);
    folded_free(&decomposed);
    folded_free(&other);
    folded_free(&plain);
    folded_free(&upper);
  }
  TEST("a character that becomes several is whole: only its first unit may be where something begins") {
    struct folded folded = fold("\xC3\x9Fx", 3);
    CHECK(folded.count == 3);
    CHECK(!(folded.units[0].flags & UNIT_INNER) && folded.units[1].flags & UNIT_INNER);
    CHECK(!(folded.units[2].flags & UNIT_INNER));
    for (size_t i = 0; i < 2; i++) CHECK(folded.units[i].from == 0 && folded.units[i].to == 2);
    folded_free(&folded);
  }
  TEST("a mark without a letter before it is nothing") {
    CHECK_TEXT(bases_of("\xCC\x81x", 3), "x");
  }
}

static void test_spans(void) {
  TEST("a unit's bytes are its character with the marks behind it") {
    struct folded folded = fold("xe\xCC\x81y", 5);
    CHECK(folded.count == 3);
    CHECK(folded.units[1].from == 1 && folded.units[1].to == 4);
    CHECK(folded.units[2].from == 4 && folded.units[2].to == 5);
    folded_free(&folded);
  }
  TEST("a run of white space is one unit over all its bytes") {
    struct folded folded = fold("a \xC2\xA0\tb", 6);
    CHECK(folded.count == 3 && folded.units[1].from == 1 && folded.units[1].to == 5);
    folded_free(&folded);
  }
  TEST("whatever the bytes, units are in order, within the text, and do not cut characters of valid text") {
    static const char *const pieces[] = {"a",
                                         "Z",
                                         " ",
                                         "\xC3\xA9",
                                         "\xCC\x81",
                                         "\xC3\x9F",
                                         "\xEF\xAC\x83",
                                         "\xE3\x81\x8C",
                                         "\xED\x95\x9C",
                                         "\xF0\x9F\x98\x80",
                                         "\xE2\x80\x8D",
                                         "\xEF\xB7\xBA",
                                         ".",
                                         "-",
                                         "\xFF",
                                         "\xC3",
                                         "\xE2\x80",
                                         "\x80",
                                         "\xE0\xA4\xBF",
                                         "\xF0\x9F\x8F\xBD"};
    uint64_t random = 1;
    unsigned wrong = 0;
    unsigned rounds = (unsigned)(40000 / spec_slowness());
    for (unsigned round = 0; round < rounds; round++) {
      struct buffer text = {0};
      unsigned some = sizeof pieces / sizeof *pieces - (round % 2 ? 6 : 0);
      for (unsigned count = sentence_random(&random) % 9; count; count--)
        buffer_text(&text, pieces[sentence_random(&random) % some]);
      struct folded folded = fold(text.length ? text.bytes : "", text.length);
      for (size_t i = 0; i < folded.count; i++) {
        const struct unit *unit = &folded.units[i];
        wrong += unit->from >= unit->to || unit->to > text.length;
        wrong += i > 0 && !(unit->flags & UNIT_INNER) && unit->from < folded.units[i - 1].to;
        wrong += i > 0 && unit->flags & UNIT_INNER && unit->from != folded.units[i - 1].from;
        bool bad = unit->base >= UNIT_BAD;
        wrong += !bad && utf8_valid_prefix(text.bytes + unit->from, unit->to - unit->from) != unit->to - unit->from &&
                 round % 2;
      }
      folded_free(&folded);
      buffer_free(&text);
    }
    CHECK(wrong == 0);
  }
  TEST("folding is the same for what has been folded before") {
    for (size_t i = 0; i < sizeof foldings / sizeof *foldings; i++) {
      if (strchr(foldings[i].bases, '<')) continue;
      CHECK_TEXT(bases_of(foldings[i].bases, strlen(foldings[i].bases)), foldings[i].bases);
    }
  }
}

static void test_places(void) {
  static const struct {
    const char *text, *signs, *places;
  } rows[] = {
      {"", "", "b"},
      {"ab", "ww", "s-e"},
      {"a b", "wsw", "s-se"},
      {" a ", "SwS",
       "ss"
       "eb"},
      /* punctuation at the edge of a word, and what stands beside it, may be passed over */
      {"hi.", "wwP", "s-ee"},
      {"hi?!", "wwPP", "s-eee"},
      {"a, b", "wPsw", "s--se"},
      {"\xC2\xBFque?", "PwwwP", "ss--ee"},
      {"...", "PPP", "bbbb"},
      /* inside a word it is text */
      {"2.5", "wpw", "s--e"},
      {"a.b.c", "wpwpw", "s----e"},
      {"me@x.org", "wwowpwww", "s-------e"},
      {"1,000.", "wpwwwP", "s----ee"},
      /* of other scripts: full-width, ideographic, Arabic, danda */
      {"\xE7\x81\xAF\xE3\x80\x82", "wP", "see"},
      {"\xE7\x81\xAF\xEF\xBC\x8C\xE7\x81\xAF", "wPw", "s--e"},
      {"\xD9\x85\xD8\x9F", "wP", "see"},
      {"\xE0\xA4\xB9\xE0\xA5\xA4", "wP", "see"},
      /* emoji may be passed over wherever they stand */
      {"a\xF0\x9F\x98\x80"
       "b",
       "wOw", "s--e"},
      {"\xF0\x9F\x98\x80 a", "OSw", "ssse"},
      /* a hyphen may be a space; one that stands alone may be passed over */
      {"a-b", "wbw", "s-se"},
      {"a_b", "wbw", "s-se"},
      {"a - b", "wsBSw", "s-ssse"},
      {"a -b", "wsbw", "s-sse"},
  };
  TEST("each row: what units are, which may be passed over, and where words begin") {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      bool ok = CHECK_TEXT(signs_of(rows[i].text), rows[i].signs);
      ok &= CHECK_TEXT(places_of(rows[i].text), rows[i].places);
      if (!ok) printf("     in row %zu, \"%s\"\n", i, rows[i].text);
    }
  }
  TEST("deleted words are passed over, and what stands before or behind them at the edge is known") {
    struct folded folded = fold("um a b um", 9);
    const size_t deleted[] = {0, 1, 7, 8};
    for (size_t i = 0; i < 4; i++) folded.units[deleted[i]].flags |= UNIT_SKIPPED;
    text_places(folded.units, folded.count, folded.places);
    for (size_t i = 0; i < 4; i++) CHECK(folded.units[deleted[i]].flags & UNIT_IGNORABLE);
    CHECK(!(folded.places[0] & PLACE_SKIPPED_BEFORE) && folded.places[3] & PLACE_SKIPPED_BEFORE);
    CHECK(!(folded.places[4] & PLACE_SKIPPED_BEFORE));
    CHECK(folded.places[6] & PLACE_SKIPPED_AFTER && folded.places[6] & PLACE_END);
    CHECK(folded.places[3] & PLACE_WORD_START);
    folded_free(&folded);
  }
}

int main(void) {
  memory_faults_install();
  test_folding();
  test_spans();
  test_places();
  TEST("an allocation that fails is told") {
    for (unsigned nth = 1;; nth++) {
      struct buffer out = {0};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      bool good = text_units("caf\xC3\xA9 \xEF\xAC\x83 \xC3\x9F", 12, &out), hit = memory_faults_hit();
      CHECK(good == !hit && out.failed == hit);
      buffer_free(&out);
      if (!hit) break;
    }
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
