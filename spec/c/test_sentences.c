/*
 * test_sentences: what sentences match, and how, through sentences.h.
 */
#include <stdlib.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"

static sentences_matcher *matcher;

struct row {
  const char *text, *found; /* as sentence_found has it */
};

/* Each row's text, in a grammar that is compiled for it. */
static void check_rows(const char *lines, const sentences_options *options, const struct row *rows, size_t count) {
  sentences *compiled = sentence_compile(lines);
  if (!CHECK(compiled != NULL)) return;
  for (size_t i = 0; i < count; i++) {
    if (!CHECK_TEXT(sentence_found(matcher, compiled, rows[i].text, options), rows[i].found))
      printf("     for \"%s\"\n", rows[i].text);
  }
  sentences_drop(compiled);
}

#define ROWS(...) (const struct row[]){__VA_ARGS__}, sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row)

static const char home[] = "list area\n"
                           "value kitchen\n"
                           "value living room => living_room\n"
                           "value caf\xC3\xA9\n"
                           "value Stra\xC3\x9F"
                           "e\n"
                           "range percent 0 100\n"
                           "intent light_on\nslot area\nslot brightness\n"
                           "say (turn|switch) on [the] {area} light[s]\n"
                           "say [the] {area} lights on [to {percent:brightness} percent]\n"
                           "intent play\nslot what\nslot area\n"
                           "say play {what}\n"
                           "say play {what} in [the] {area}\n";

/* ---- what is broken in the reference ---- */

static void test_broken_there(void) {
  TEST("a slot of any text before a range does not take digits from its number") {
    check_rows("range n 0 100\nintent add\nslot w\nslot n\nsay add {w} {n}\n", NULL,
               ROWS({"add apples 15", "add w=apples n=15"}, {"add red apples 5", "add w=red apples n=5"}));
  }
  TEST("thousands are grouped, tenths are taken, number words are of any case") {
    check_rows("number twenty => 20\nnumber five => 5\n"
               "range n 0 10000\nrange t 0 100 parts 10\nintent n\nslot n\nslot t\n"
               "say {n} apples\nsay {t} degrees\n",
               NULL,
               ROWS({"1,000 apples", "n n=1000"}, {"1.000 apples", "n n=1000"}, {"20.5 degrees", "n t=20.5"},
                    {"20.55 degrees", "-"}, {"Twenty apples", "n n=20"}, {"FIVE degrees", "n t=5"}));
  }
  TEST("a number that a range refuses is explained") {
    sentences *compiled = sentence_compile("range t 0 100 parts 10\nintent n\nslot t\nsay {t} degrees\n");
    size_t count;
    const sentences_match *match = sentences_explain(matcher, compiled, "20.55 degrees", 13, NULL, &count);
    CHECK(count == 1 && match[0].reason == SENTENCES_UNMATCHED);
    if (count) CHECK_TEXT(match[0].detail, "20.55 is not on the steps of the range, which are tenths of 1 from 0 on");
    match = sentences_explain(matcher, compiled, "200 degrees", 11, NULL, &count);
    CHECK(count == 1);
    if (count) CHECK_TEXT(match[0].detail, "200 is not in the range from 0 to 100");
    sentences_drop(compiled);
  }
  TEST("no value ends inside a word where a slot of any text would take the rest of it") {
    check_rows(
        "list size\nvalue small\nvalue large\nintent order\nslot size\nslot item\nsay order {size} {item}\n", NULL,
        ROWS({"order large pizza", "order size=large item=pizza"}, {"order larger pizza", "-"}, {"order large", "-"}));
  }
  TEST("a number is taken whole: in words, too, and not with what stands above the line") {
    check_rows("number ten => 10\nnumber two => 2\nnumber two hundred => 200\nrange n 0 100\nintent add\nslot n\n"
               "slot item\nsay add {n} {item}\nsay set {n}\n",
               NULL,
               ROWS({"add ten balls", "add n=10 item=balls"}, {"add tennis balls", "-"},
                    {"add two balls", "add n=2 item=balls"}, {"add two hundred balls", "-"}, {"set 5", "add n=5"},
                    {"set 5\xC2\xB2", "-"}));
  }
  TEST("a number is not the end of a longer one: not in words, behind a minus, nor behind its point") {
    check_rows("number two => 2\nnumber five => 5\nnumber fifty => 50\nnumber fifty five => 55\nnumber hundred => 100\n"
               "number two hundred => 200\nnumber two hundred and five => 205\nnumber \xE4\xBA\x94 => 5\n"
               "number \xE5\x8D\x81\xE4\xBA\x94 => 15\nrange n 0 100\nintent add\nslot n\nslot item\n"
               "say add {item} {n}\nsay set {n}\nsay {item}\xE5\x8A\xA0{n}\n",
               NULL,
               ROWS({"add apples fifty-five", "add item=apples n=55"}, {"add two hundred", "-"},
                    {"add apples two hundred and five", "-"}, {"add apples fifty", "add item=apples n=50"},
                    {"add apples fifty, five", "add item=apples n=55"}, {"add two five", "add item=two n=5"},
                    {"add a -five", "-"}, {"add a -5", "-"}, {"add a b-five", "add item=a b n=5"}, {"set .5", "-"},
                    {"set ,5", "-"}, {"set -.5", "-"}, {"set 0.5", "-"}, {"set five", "add n=5"},
                    {"x\xE5\x8A\xA0\xE4\xBA\x94", "add item=x n=5"},
                    {"x\xE5\x8A\xA0\xE5\x8D\x81\xE4\xBA\x94", "add item=x n=15"},
                    {"add x \xE5\x8D\x81\xE4\xBA\x94", "add item=x n=15"}));
    check_rows("number twenty => 20\nnumber twenty four => 24\nnumber fourteen => 14\nrange n 0 100\nintent at\nslot "
               "n\nslot m\n"
               "say at {n} {n:m}\nsay {n}minutes\n",
               NULL,
               ROWS({"at twenty fourteen", "at n=20 m=14"}, {"at twenty four", "-"}, {"twentyminutes", "at n=20"},
                    {"twenty-fourminutes", "at n=24"}));
    sentences *compiled = sentence_compile("number five => 5\nnumber two hundred => 200\nrange n 0 100\nintent add\n"
                                           "slot n\nsay set {n}\n");
    size_t count;
    const sentences_match *match = sentences_explain(matcher, compiled, "set two hundred", 15, NULL, &count);
    CHECK(count == 1);
    if (count) CHECK_TEXT(match[0].detail, "200 is not in the range from 0 to 100");
    sentences_drop(compiled);
  }
  TEST("a slot of any text keeps the emoji at its ends, whole, unless a template says them itself") {
    check_rows(
        "list p\nvalue \xF0\x9F\x8E\x89 party\nvalue \xF0\x9F\x8E\x88\nwildcard w\nintent i\nslot p\nslot x\nslot "
        "w\nslot y\nsay tell {x}\nsay put {x} {p}\nsay say {x} now\nsay ask {w}\n"
        "say give {x} to {y} \xF0\x9F\x8E\x81\n",
        NULL,
        ROWS({"tell hi \xF0\x9F\x98\x80\xF0\x9F\x98\x83", "i x=hi \xF0\x9F\x98\x80\xF0\x9F\x98\x83"},
             {"tell \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA7", "i x=\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA7"},
             {"say \xF0\x9F\x87\xAB\xF0\x9F\x87\xB7 now", "i x=\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7"},
             {"say \xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD now", "i x=\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD"},
             {"say \xE2\x9D\xA4\xEF\xB8\x8F now", "i x=\xE2\x9D\xA4\xEF\xB8\x8F"},
             {"ask hi \xF0\x9F\x98\x80.", "i w=hi \xF0\x9F\x98\x80"},
             {"put hello \xF0\x9F\x8E\x89 party", "i x=hello p=\xF0\x9F\x8E\x89 party"},
             {"put hello \xF0\x9F\x98\x80 \xF0\x9F\x8E\x88", "i x=hello \xF0\x9F\x98\x80 p=\xF0\x9F\x8E\x88"},
             {"give it \xF0\x9F\x98\x80 to Ann \xF0\x9F\x8E\x81", "i x=it \xF0\x9F\x98\x80 y=Ann"}));
  }
  TEST("accents, case, sz, zero-width spaces and emoji are not in the way, and what is captured is the original") {
    check_rows(home, NULL,
               ROWS({"turn on cafe light", "light_on area=cafe"},
                    {"turn on CAFE\xCC\x81 light", "light_on area=CAFE\xCC\x81"},
                    {"turn on STRASSE lights", "light_on area=STRASSE"},
                    {"tu\xE2\x80\x8Brn on the kitchen light", "light_on area=kitchen"},
                    {"turn on the kitchen light \xF0\x9F\x92\xA1", "light_on area=kitchen"},
                    {"\xF0\x9F\x92\xA1 turn on the kit\xE2\x80\x8B"
                     "chen light",
                     "light_on area=kit\xE2\x80\x8B"
                     "chen"}));
  }
  TEST("a mistake is told when compiling, not when matching") {
    sentences_source *source = sentences_source_new();
    sentence_declare(source, "intent i\nsay turn on {area}\n");
    CHECK(sentences_compile(source) == NULL);
    const sentences_mistake *mistakes;
    CHECK(sentences_mistakes(source, &mistakes) == 1);
    sentences_source_free(source);
  }
  TEST("a wildcard does not swallow what another template says better, and explain says why") {
    check_rows(home, NULL,
               ROWS({"play jazz in the kitchen", "play what=jazz area=kitchen"}, {"play jazz", "play what=jazz"},
                    {"play jazz in the garden", "play what=jazz in the garden"}));
    sentences *compiled = sentence_compile(home);
    size_t count;
    const sentences_match *match = sentences_explain(matcher, compiled, "play jazz in the kitchen", 24, NULL, &count);
    CHECK(count == 2 && match[0].reason == SENTENCES_WON && match[0].template == 2);
    if (count == 2) CHECK(match[1].reason == SENTENCES_LOST_FREE && match[1].template == 1);
    sentences_drop(compiled);
  }
  TEST("of two intents that tie the first wins, and the tie is told") {
    sentences *compiled =
        sentence_compile("intent one\nsay go home\nintent two\nsay (go|run) home\n"
                         "intent three\nsay go home now\nintent four\nsay go home\nsay [then] go home\n");
    const sentences_match *match = sentences_find(matcher, compiled, "go home", 7, NULL);
    CHECK(match && match->intent == 1 && match->ambiguous_count == 2);
    if (match && match->ambiguous_count == 2) CHECK(match->ambiguous[0] == 2 && match->ambiguous[1] == 4);
    match = sentences_find(matcher, compiled, "run home", 8, NULL);
    CHECK(match && match->intent == 2 && match->ambiguous_count == 0);
    sentences_drop(compiled);
  }
}

/* ---- what is kept of the semantics ---- */

static void test_text(void) {
  TEST("punctuation at the edge of a word is ignored, inside of one it stays") {
    check_rows("intent hi\nsay hello world\nsay version 2.5\nsay what is it?\nsay mail me@x.org\n", NULL,
               ROWS({"Hello, world!", "hi"}, {"\xC2\xBFhello world?", "hi"}, {"hello... world", "hi"},
                    {"hel.lo world", "-"}, {"version 2.5", "hi"}, {"version 25", "-"}, {"version 2.5.", "hi"},
                    {"what is it", "hi"}, {"what is it?", "hi"}, {"what is it \xE3\x80\x82", "hi"},
                    {"mail me@x.org", "hi"}, {"mail me@x org", "-"}));
  }
  TEST("a hyphen or underscore in the text may be a space, a space is no hyphen") {
    check_rows("intent i\nsay living room\nsay e-mail\n", NULL,
               ROWS({"living-room", "i"}, {"living_room", "i"}, {"livingroom", "-"}, {"e-mail", "i"}, {"e mail", "-"},
                    {"living  \t room", "i"}, {" living room ", "i"}, {"living - room", "i"}));
  }
  TEST("a word must be there as a whole, and all of the text must be taken") {
    check_rows("intent i\nsay turn [it] on\n", NULL,
               ROWS({"turn on", "i"}, {"turn it on", "i"}, {"turnon", "-"}, {"turn o n", "-"}, {"turn on it", "-"},
                    {"turn", "-"}, {"", "-"}, {" ", "-"}, {".", "-"}));
  }
  TEST("an option in the middle leaves one space, however many the template has around it") {
    check_rows("intent i\nsay a [b] [c] d\nsay x [y ]z\nsay k[ l ]m\n", NULL,
               ROWS({"a d", "i"}, {"a b d", "i"}, {"a c d", "i"}, {"a b c d", "i"}, {"ad", "-"}, {"a -d", "-"},
                    {"x z", "i"}, {"x y z", "i"}, {"km", "i"}, {"k l m", "i"}));
  }
  TEST("all parses count, not only the first") {
    check_rows("intent i\nslot w\nsay a [b] {w}\nsay (x|x y) z\nsay [p] p\n", NULL,
               ROWS({"a b c", "i w=c"}, {"a b", "i w=b"}, {"x y z", "i"}, {"x z", "i"}, {"p", "i"}, {"p p", "i"}));
  }
  TEST("permuted parts come in any order, each once") {
    check_rows("intent i\nsay (now;please;[the] light) go\n", NULL,
               ROWS({"now please light go", "i"}, {"the light please now go", "i"}, {"please the light now go", "i"},
                    {"please light go", "-"}, {"please now now light go", "-"}));
  }
  TEST("spaces do not count where they are to be ignored") {
    check_rows("nospace\nlist area\nvalue \xE5\x8E\xA8 \xE6\x88\xBF\nintent i\nslot area\n"
               "say \xE6\x89\x93\xE5\xBC\x80 {area} [\xE7\x9A\x84] \xE7\x81\xAF\n",
               NULL,
               ROWS({"\xE6\x89\x93\xE5\xBC\x80\xE5\x8E\xA8\xE6\x88\xBF\xE7\x81\xAF", "i area=\xE5\x8E\xA8\xE6\x88\xBF"},
                    {"\xE6\x89\x93 \xE5\xBC\x80 \xE5\x8E\xA8 \xE6\x88\xBF \xE7\x9A\x84 \xE7\x81\xAF",
                     "i area=\xE5\x8E\xA8 \xE6\x88\xBF"},
                    {"\xE6\x89\x93\xE5\xBC\x80\xE7\x81\xAF", "-"}));
  }
  TEST("text from right to left matches, with the marks of direction in it") {
    check_rows("intent i\nslot w\nsay \xD7\x94\xD7\x93\xD7\x9C\xD7\xA7 {w}\n", NULL,
               ROWS({"\xE2\x80\x8F\xD7\x94\xD7\x93\xD7\x9C\xD7\xA7\xE2\x80\x8E \xD7\x90\xD7\x95\xD7\xA8",
                     "i w=\xD7\x90\xD7\x95\xD7\xA8"}));
  }
  TEST("text that is no UTF-8 can be captured, byte by byte") {
    check_rows("intent i\nslot w\nsay say {w}\n", NULL, ROWS({"say a\xFF\xC3 b", "i w=a\xFF\xC3 b"}));
  }
  TEST("a text beyond the limit matches nothing, and one within it does") {
    sentences *compiled = sentence_compile("intent i\nslot w\nsay {w}\n");
    char *text = malloc(SENTENCES_TEXT_BYTES + 1);
    memset(text, 'a', SENTENCES_TEXT_BYTES + 1);
    CHECK(sentences_find(matcher, compiled, text, SENTENCES_TEXT_BYTES, NULL) != NULL);
    CHECK(sentences_find(matcher, compiled, text, SENTENCES_TEXT_BYTES + 1, NULL) == NULL);
    CHECK(!sentences_matcher_failed(matcher));
    free(text);
    sentences_drop(compiled);
  }
}

static void test_lists(void) {
  TEST("space is optional on both sides of a list, and its words may be part of a word") {
    check_rows(home, NULL,
               ROWS({"kitchenlights on", "light_on area=kitchen"}, {"the kitchen lights on", "light_on area=kitchen"},
                    {"turn on living room light", "light_on area=living_room"},
                    {"turn on living-room light", "light_on area=living_room"}));
    check_rows("list area\nvalue kitchen\nintent i\nslot area\nsay in {area}[ ]lamp\nsay {area}lampe\n", NULL,
               ROWS({"in kitchenlamp", "i area=kitchen"}, {"kitchen lampe", "i area=kitchen"},
                    {"kitchenlampe", "i area=kitchen"}));
  }
  TEST("a value may be a template, of lists too, and what it stands for is its value or what matched") {
    check_rows("list colour\nvalue red\nvalue (light|pale) (blue|green) => light\n"
               "list thing\nvalue {colour} (lamp|light)[s] => #7\nvalue [big ]box => ?true\nintent i\nslot thing\nslot "
               "colour\n"
               "say the {thing}\nsay {colour}\n",
               NULL,
               ROWS({"the red lamps", "i thing=7"}, {"the pale green light", "i thing=7"},
                    {"the big box", "i thing=true"}, {"the box", "i thing=true"}, {"Pale Blue", "i colour=light"},
                    {"RED", "i colour=RED"}));
  }
  TEST("a longer value goes before a shorter one") {
    check_rows("list l\nvalue a\nvalue a b\nlist m\nvalue b c\nvalue c\nintent i\nslot l\nslot m\nsay {l} {m}\n", NULL,
               ROWS({"a b c", "i l=a m=b c"}));
    check_rows("list l\nvalue room => 1\nvalue bed room => 2\nintent i\nslot l\nslot w\nsay {w} {l}\n", NULL,
               ROWS({"my bed room", "i w=my l=2"}));
  }
  TEST("of equal values the first one is taken") {
    check_rows("list l\nvalue a => 1\nvalue (a|b) => 2\nintent i\nslot l\nsay {l}\n", NULL,
               ROWS({"a", "i l=1"}, {"b", "i l=2"}));
  }
  TEST("a list may ask for its case, or its accents") {
    check_rows(
        "list c case\nvalue Kitchen\nlist a accents\nvalue caf\xC3\xA9\nlist b case accents\nvalue \xC3\x89t\xC3\xA9\n"
        "intent i\nslot a\nslot b\nslot c\nsay case {c}\nsay accent {a}\nsay both {b}\n",
        NULL,
        ROWS({"CASE Kitchen", "i c=Kitchen"}, {"case kitchen", "-"}, {"accent CAF\xC3\x89", "i a=CAF\xC3\x89"},
             {"accent cafe", "-"}, {"accent cafe\xCC\x81", "i a=cafe\xCC\x81"},
             {"both \xC3\x89t\xC3\xA9", "i b=\xC3\x89t\xC3\xA9"}, {"both \xC3\xA9t\xC3\xA9", "-"},
             {"both Et\xC3\xA9", "-"}));
  }
  TEST("a value with the right accents goes before one without them") {
    check_rows("list l\nvalue a\xCC\x88 => with\nvalue a => without\nintent i\nslot l\nsay {l}\n", NULL,
               ROWS({"\xC3\xA4", "i l=with"}, {"a", "i l=without"}));
  }
  TEST("one typo is forgiven in long values, where the list asks for it, at the edges of words") {
    const char lines[] = "list l typos\nvalue kitchen\nvalue bed\nlist m\nvalue bathroom\nintent i\nslot l\nslot "
                         "m\nsay go {l}\nsay go {m}\n";
    check_rows(lines, NULL,
               ROWS({"go kitchen", "i l=kitchen"}, {"go kitchem", "i l=kitchem"}, {"go kichen", "i l=kichen"},
                    {"go kitchhen", "i l=kitchhen"}, {"go itchen", "i l=itchen"}, {"go kitchens", "i l=kitchens"},
                    {"go kicthen", "-"}, {"go kitch", "-"}, {"go bet", "-"}, {"go bathroon", "-"}));
    sentences *compiled = sentence_compile(lines);
    const sentences_match *match = sentences_find(matcher, compiled, "go kichen", 9, NULL);
    CHECK(match && match->typos == 1);
    sentences_drop(compiled);
  }
  TEST("a value with a typo loses against one without") {
    check_rows("list l typos\nvalue station\nvalue stations => more\nintent i\nslot l\nsay {l}\n", NULL,
               ROWS({"stations", "i l=more"}, {"station", "i l=station"}));
  }
  TEST("spans are the bytes of the text, without spaces and punctuation around") {
    sentences *compiled = sentence_compile(home);
    const char text[] = "Turn on,  the Living  Room  lights!";
    const sentences_match *match = sentences_find(matcher, compiled, text, strlen(text), NULL);
    CHECK(match && match->capture_count == 1);
    if (match)
      CHECK_BYTES(text + match->captures[0].from, match->captures[0].to - match->captures[0].from, "Living  Room");
    if (match) CHECK_TEXT(match->captures[0].list, "area");
    sentences_drop(compiled);
  }
}

static void test_ranges(void) {
  static const char lines[] =
      "number five => 5\nnumber twenty-one => 21\nnumber two hundred => 200\nnumber half => 0.5\n"
      "range n 0 100\nrange step 0 100 step 5\nrange half 0 100 parts 2\nrange tenth 15 30 parts 10\n"
      "range times 0 10 times 60\nrange neg -20 20\nrange words 0 300 nodigits\nrange digits 0 300 nowords\n"
      "range big 0 2000000\n"
      "intent i\nslot n\nslot step\nslot half\nslot tenth\nslot times\nslot neg\nslot words\nslot digits\nslot big\n"
      "say n {n}\nsay step {step}\nsay half {half}\nsay tenth {tenth}\nsay times {times}\nsay neg {neg}\n"
      "say words {words}\nsay digits {digits}\nsay big {big}\nsay inline {1..9,2:n}\nsay none {1..9}\n"
      "say at {n}percent\nsay list {n} {step} {neg}\n";
  TEST("each row: what a range takes") {
    check_rows(lines, NULL,
               ROWS({"n 0", "i n=0"}, {"n 100", "i n=100"}, {"n 101", "-"}, {"n 007", "i n=7"}, {"n 5.0", "i n=5"},
                    {"n 5.5", "-"}, {"step 15", "i step=15"}, {"step 16", "-"}, {"half 2.5", "i half=2.5"},
                    {"half 2,5", "i half=2.5"}, {"half 2.25", "-"}, {"tenth 20.3", "i tenth=20.3"},
                    {"tenth 20.35", "-"}, {"tenth 14.9", "-"}, {"times 2", "i times=120"}, {"neg -5", "i neg=-5"},
                    {"neg 5", "i neg=5"}, {"neg -21", "-"}, {"inline 3", "i n=3"}, {"inline 4", "-"}, {"none 4", "i"},
                    {"none 10", "-"}));
  }
  TEST("each row: how thousands are grouped") {
    check_rows(lines, NULL,
               ROWS({"big 1,234,567", "i big=1234567"}, {"big 1.234.567", "i big=1234567"}, {"big 1,23", "-"},
                    {"big 1234,567", "-"}, {"big 0,567", "-"}, {"big 1,234.0", "i big=1234"},
                    {"big 1.234,0", "i big=1234"}, {"big 1.2.3", "-"}, {"big 1,234,5", "-"},
                    {"big 12,345", "i big=12345"}, {"big 123,456", "i big=123456"}));
  }
  TEST("numbers of other scripts and with punctuation behind them are numbers") {
    check_rows(lines, NULL,
               ROWS({"n \xD9\xA4\xD9\xA2", "i n=42"}, {"n \xEF\xBC\x95", "i n=5"}, {"n 5.", "i n=5"}, {"n 5!", "i n=5"},
                    {"n 5,", "i n=5"}));
  }
  TEST("number words are taken in bounds, where the range takes words") {
    check_rows(lines, NULL,
               ROWS({"n five", "i n=5"}, {"n twenty-one", "i n=21"}, {"n Twenty-One", "i n=21"}, {"n two hundred", "-"},
                    {"words two hundred", "i words=200"}, {"words 200", "-"}, {"digits 200", "i digits=200"},
                    {"digits five", "-"}, {"half half", "i half=0.5"}, {"n xfive", "-"}));
  }
  TEST("a number may stand right before or behind a word, but is never a part of a number") {
    check_rows(lines, NULL,
               ROWS({"at 50percent", "i n=50"}, {"at 50 percent", "i n=50"}, {"at 150percent", "-"}, {"n 1 00", "-"},
                    {"list 1 5 -5", "i n=1 step=5 neg=-5"}, {"list 1555", "-"}, {"n50", "-"}));
  }
  TEST("a minus before a number is no hyphen") {
    check_rows(lines, NULL, ROWS({"n -5", "-"}, {"at -5 percent", "-"}, {"step -10", "-"}));
  }
}

static void test_wildcards(void) {
  TEST("a wildcard takes at least one character, and no more than it has to") {
    check_rows("intent i\nslot a\nslot b\nsay say {a}\nsay tell {a} that {b}\nsay x{a}y\n", NULL,
               ROWS({"say", "-"}, {"say .", "-"}, {"say hi", "i a=hi"}, {"say hi there.", "i a=hi there"},
                    {"tell Ann that that is so", "i a=Ann b=that is so"}, {"tell that that", "-"},
                    {"tell that that that", "i a=that b=that"}, {"xay", "i a=a"}, {"xy", "-"}, {"xyy", "i a=y"}));
  }
  TEST("it ends at a later occurrence of what follows, when only then the rest fits") {
    check_rows("intent i\nslot a\nsay play {a} in the kitchen\n", NULL,
               ROWS({"play rain in the garden in the kitchen", "i a=rain in the garden"},
                    {"play in the kitchen in the kitchen", "i a=in the kitchen"}));
  }
  TEST("two that only spaces could divide never match") {
    check_rows("intent i\nslot a\nslot b\nsay {a} [and] {b}\nsay x {a}({b};1;)\n", NULL,
               ROWS({"one two", "-"}, {"one and two", "i a=one b=two"}, {"x one 1 two", "i a=one b=two"},
                    {"x one two 1", "-"}));
  }
  TEST("what it takes keeps its own punctuation inside, and loses it at the end") {
    check_rows("intent i\nslot a\nsay note {a}\n", NULL,
               ROWS({"note milk, eggs and 2.5 l.", "i a=milk, eggs and 2.5 l"}, {"note \"x\"", "i a=\"x\""},
                    {"note: a.b", "i a=a.b"}));
  }
  TEST("a list of any text is a wildcard; it may have another slot") {
    check_rows("wildcard any\nintent i\nslot any\nslot x\nsay a {any}\nsay b {any:x}\n", NULL,
               ROWS({"a z", "i any=z"}, {"b z", "i x=z"}));
  }
}

/* ---- context, keywords, skip words ---- */

static const char *found_with(const sentences *compiled, const char *text, const sentences_pair *pairs, size_t count) {
  return sentence_found(matcher, compiled, text, &(sentences_options){.context = pairs, .context_count = count});
}

#define WORD(word) sentences_text(word, sizeof(word) - 1)
#define WITH(compiled, text, ...)                                   \
  found_with(compiled, text, (const sentences_pair[]){__VA_ARGS__}, \
             sizeof((const sentences_pair[]){__VA_ARGS__}) / sizeof(sentences_pair))

static void test_context(void) {
  TEST("a block may require a key, with one of some values or any, and copy it to a slot") {
    sentences *compiled = sentence_compile("intent i\nslot area\nrequires area > area\nsay lights on\n"
                                           "block\nrequires domain: light, switch\nsay go\n");
    CHECK_TEXT(sentence_found(matcher, compiled, "lights on", NULL), "-");
    CHECK_TEXT(WITH(compiled, "lights on", {"area", WORD("kitchen")}), "i area=kitchen");
    CHECK_TEXT(WITH(compiled, "lights on", {"area", {SENTENCES_NONE, NULL, 0, 0}}), "-");
    CHECK_TEXT(WITH(compiled, "lights on", {"areas", WORD("kitchen")}), "-");
    CHECK_TEXT(WITH(compiled, "go", {"domain", WORD("switch")}), "i");
    CHECK_TEXT(WITH(compiled, "go", {"domain", WORD("cover")}), "-");
    CHECK_TEXT(WITH(compiled, "go", {"domain", {SENTENCES_NUMBER, NULL, 0, 1}}), "-");
    sentences_drop(compiled);
  }
  TEST("a block may exclude a key, with some values or any") {
    sentences *compiled = sentence_compile("intent i\nexcludes domain: cover\nexcludes locked\nsay open it\n");
    CHECK_TEXT(sentence_found(matcher, compiled, "open it", NULL), "i");
    CHECK_TEXT(WITH(compiled, "open it", {"domain", WORD("door")}), "i");
    CHECK_TEXT(WITH(compiled, "open it", {"domain", WORD("cover")}), "-");
    CHECK_TEXT(WITH(compiled, "open it", {"locked", {SENTENCES_BOOLEAN, NULL, 0, 0}}), "-");
    sentences_drop(compiled);
  }
  TEST("a value's context is checked as well, and may meet what is required") {
    sentences *compiled =
        sentence_compile("list name\nvalue lamp => 1 @ domain=light\nvalue lamp => 2 @ domain=switch\n"
                         "value blind => 3 @ domain=cover level=#5\nvalue thing => 4\n"
                         "intent a\nslot name\nslot domain\nrequires domain > domain: switch\nsay dim {name}\n"
                         "intent b\nslot name\nexcludes domain: light, switch\nsay move {name}\n"
                         "intent c\nslot name\nslot level\nrequires level > level\nsay read {name}\n");
    CHECK_TEXT(sentence_found(matcher, compiled, "dim lamp", NULL), "a name=2 domain=switch");
    CHECK_TEXT(sentence_found(matcher, compiled, "dim blind", NULL), "-");
    CHECK_TEXT(sentence_found(matcher, compiled, "dim thing", NULL), "-");
    CHECK_TEXT(WITH(compiled, "dim thing", {"domain", WORD("switch")}), "a name=4 domain=switch");
    CHECK_TEXT(WITH(compiled, "dim lamp", {"domain", WORD("light")}), "-");
    CHECK_TEXT(sentence_found(matcher, compiled, "move lamp", NULL), "-");
    CHECK_TEXT(sentence_found(matcher, compiled, "move blind", NULL), "b name=3");
    CHECK_TEXT(sentence_found(matcher, compiled, "read blind", NULL), "c name=3 level=5");
    const sentences_match *match = sentences_find(matcher, compiled, "move blind", 10, NULL);
    CHECK(match && match->context_count == 2);
    sentences_drop(compiled);
  }
  TEST("of two that are equal otherwise, the one that requires more goes first") {
    sentences *compiled = sentence_compile("intent plain\nsay go\nintent special\nrequires at: home\nsay go\n");
    CHECK_TEXT(sentence_found(matcher, compiled, "go", NULL), "plain");
    CHECK_TEXT(WITH(compiled, "go", {"at", WORD("home")}), "special");
    sentences_drop(compiled);
  }
  TEST("fixed slots are added unless the sentence or the context gives them") {
    check_rows("list l\nvalue x\nintent i\nslot l\nslot domain\nfixed domain light\nfixed l none\nsay go [{l}]\n", NULL,
               ROWS({"go", "i domain=light l=none"}, {"go x", "i l=x domain=light"}));
  }
  TEST("a block may need a keyword, as a whole word") {
    check_rows("intent i\nslot w\nkeyword timer\nkeyword egg clock\nsay set {w}\n", NULL,
               ROWS({"set a timer", "i w=a timer"}, {"set timers", "-"},
                    {"set my egg clock now", "i w=my egg clock now"}, {"set it", "-"}, {"set TIMER.", "i w=TIMER"}));
  }
}

static void test_skip_words(void) {
  static const char lines[] =
      "skip please\nskip can you\nskip can you please\nskip um\n"
      "intent i\nslot w\nsay turn on\nsay say {w}\nsay {w} to go\nsay please help\nsay umbrella\n";
  TEST("skip words are deleted anywhere, as whole words, when the text does not match with them") {
    check_rows(lines, NULL,
               ROWS({"please turn on", "i"}, {"turn please on", "i"}, {"turn on, please!", "i"},
                    {"can you turn on", "i"}, {"can you please turn on", "i"}, {"can turn on", "-"},
                    {"um turn um on um", "i"}, {"umturn on", "-"}, {"Please, help", "i"}, {"um umbrella", "i"},
                    {"help", "-"}));
  }
  TEST("they are kept next to a wildcard at the edge") {
    check_rows(lines, NULL,
               ROWS({"say hello please", "i w=hello please"}, {"please to go", "i w=please"},
                    {"um say hello", "i w=hello"}, {"um say hello please", "i w=hello please"}));
  }
  TEST("a match says whether they were deleted") {
    sentences *compiled = sentence_compile(lines);
    const sentences_match *match = sentences_find(matcher, compiled, "turn on", 7, NULL);
    CHECK(match && !match->skipped);
    match = sentences_find(matcher, compiled, "um turn on", 10, NULL);
    CHECK(match && match->skipped);
    match = sentences_find(matcher, compiled, "please help", 11, NULL);
    CHECK(match && !match->skipped);
    sentences_drop(compiled);
  }
}

/* ---- rank ---- */

static void test_rank(void) {
  TEST("a priority goes before all else; those of intent and block add up") {
    check_rows("intent low\nsay go home\nintent high 1\nslot w\nsay go {w}\n", NULL, ROWS({"go home", "high w=home"}));
    check_rows("intent a 1\nblock -2\nsay go\nblock 1\nsay run\nintent b\nsay go\nsay run\n", NULL,
               ROWS({"go", "b"}, {"run", "a"}));
  }
  TEST("fewer wildcards go first, then fewer free characters, then more literal ones, then what is declared first") {
    check_rows(
        "wildcard any\nlist l\nvalue b c\nvalue go\nintent one\nslot any\nsay a {any}\nintent two\nslot w\nsay a {w}\n"
        "intent three\nslot l\nsay a {l}\nintent four\nslot l\nsay {l} on\nintent five\nsay go on\n",
        NULL, ROWS({"a b c", "three l=b c"}, {"a x", "two w=x"}, {"go on", "five"}));
  }
  TEST("the longest value of the best slot goes first, when one is asked for") {
    static const char lines[] =
        "list name\nvalue lamp\nvalue kitchen lamp\nlist area\nvalue kitchen\nintent i\nslot name\nslot area\n"
        "say {area} {name}\nsay {name}\n";
    sentences *compiled = sentence_compile(lines);
    CHECK_TEXT(sentence_found(matcher, compiled, "kitchen lamp", NULL), "i area=kitchen name=lamp");
    CHECK_TEXT(sentence_found(matcher, compiled, "kitchen lamp", &(sentences_options){.best_slot = "name"}),
               "i name=kitchen lamp");
    CHECK_TEXT(sentence_found(matcher, compiled, "kitchen lamp", &(sentences_options){.best_slot = "area"}),
               "i area=kitchen name=lamp");
    CHECK_TEXT(sentence_found(matcher, compiled, "kitchen lamp", &(sentences_options){.best_slot = "none"}),
               "i area=kitchen name=lamp");
    sentences_drop(compiled);
  }
  TEST("the score is the share of the text that no wildcard took") {
    sentences *compiled = sentence_compile("intent i\nslot w\nsay tell {w}\nsay tell\n");
    const sentences_match *match = sentences_find(matcher, compiled, "tell", 4, NULL);
    CHECK(match && match->score == 1);
    match = sentences_find(matcher, compiled, "tell abcde", 10, NULL);
    CHECK(match && match->score == 0.5 && match->free == 5 && match->literals == 4);
    sentences_drop(compiled);
  }
}

/* ---- types ---- */

/* Knows "x", "xx", ... as numbers, each length, and "(...)" as text; counts its calls. */
static size_t recognise(void *user, const char *list, const char *text, size_t length, size_t at,
                        sentences_candidate *candidates, size_t most) {
  size_t count = 0;
  ++*(unsigned *)user;
  if (strcmp(list, "xs") == 0) {
    for (size_t last = at; last < length && text[last] == 'x' && count < most; last++)
      candidates[count++] = (sentences_candidate){last + 1, {SENTENCES_NUMBER, NULL, 0, (double)(last + 1 - at)}};
  } else if (text[at] == '(') {
    const char *close = memchr(text + at, ')', length - at);
    if (close) candidates[count++] = (sentences_candidate){(size_t)(close + 1 - text), sentences_text("round", 5)};
  }
  return count;
}

static size_t lie(void *user, const char *list, const char *text, size_t length, size_t at,
                  sentences_candidate *candidates, size_t most) {
  (void)list;
  (void)text;
  const size_t ends[] = {0, at, length + 1, SIZE_MAX, at + 1};
  for (size_t i = 0; i < most; i++) candidates[i] = (sentences_candidate){ends[i % 5], sentences_text("lie", 3)};
  return *(size_t *)user;
}

static void test_types(void) {
  static const char lines[] = "type xs\ntype round\nintent i\nslot xs\nslot round\nslot w\n"
                              "say a {xs}x\nsay b {xs} {round}\nsay {xs:w} c\nsay d {round}e\n";
  TEST("a slot's own type says what it is at a place, and where it ends") {
    unsigned calls = 0;
    sentences_options options = {.recognise = recognise, .user = &calls};
    check_rows(lines, &options,
               ROWS({"a xxx", "i xs=2"}, {"a x", "-"}, {"b xx (any thing)", "i xs=2 round=round"},
                    {"b xx(y)", "i xs=2 round=round"}, {"xxx c", "i w=3"}, {"d (\xC3\xA9)e", "i round=round"},
                    {"c", "-"}));
    CHECK(calls > 0);
  }
  TEST("it is asked once for each type and place, and spans are its own") {
    sentences *compiled =
        sentence_compile("type xs\nintent i\nslot xs\nsay {xs}\nsay {xs} x\nsay {xs} y\nintent j\nslot xs\nsay {xs}\n");
    unsigned calls = 0;
    sentences_options options = {.recognise = recognise, .user = &calls};
    const sentences_match *match = sentences_find(matcher, compiled, "xx y", 4, &options);
    CHECK(match && match->captures[0].from == 0 && match->captures[0].to == 2);
    if (match) CHECK_TEXT(match->captures[0].list, "xs");
    CHECK(calls <= 4);
    sentences_drop(compiled);
  }
  TEST("without somebody to ask nothing is of a type; who lies about ends is not followed out of the text") {
    check_rows(lines, NULL, ROWS({"a xxx", "-"}));
    for (size_t count = 0; count <= 16; count++) {
      sentences_options options = {.recognise = lie, .user = &count};
      check_rows(lines, &options, ROWS({"xy c", "-"}, {"y c", count >= 5 ? "i w=lie" : "-"}));
    }
  }
}

/* ---- lists that are replaced ---- */

static sentences *replaced(const sentences *compiled, const char *name, const char *lines, bool *known) {
  sentences_source *source = sentences_source_new();
  sentence_declare(source, lines);
  sentences *next = sentences_with_list(compiled, name, source, known);
  sentences_source_free(source);
  return next;
}

static void test_replacing(void) {
  TEST("a list can be replaced; what was compiled before stays as it was") {
    bool known;
    sentences *compiled = sentence_compile(home);
    sentences *next =
        replaced(compiled, "area", "list area\nvalue attic\nvalue (big|small) hall => hall @ size=#1\n", &known);
    if (CHECK(next && known)) {
      CHECK_TEXT(sentence_found(matcher, next, "turn on the attic light", NULL), "light_on area=attic");
      CHECK_TEXT(sentence_found(matcher, next, "turn on the small hall light", NULL), "light_on area=hall");
      CHECK_TEXT(sentence_found(matcher, next, "turn on the kitchen light", NULL), "-");
      CHECK_TEXT(sentence_found(matcher, compiled, "turn on the kitchen light", NULL), "light_on area=kitchen");
      CHECK_TEXT(sentence_found(matcher, compiled, "turn on the attic light", NULL), "-");
      CHECK(sentences_size(next) > sentences_size(compiled) / 2);
      sentences *third = replaced(next, "area", "list area typos\nvalue cellar\n", &known);
      sentences_drop(compiled);
      sentences_drop(next);
      CHECK_TEXT(sentence_found(matcher, third, "turn on the cellat light", NULL), "light_on area=cellat");
      sentences_drop(third);
    }
  }
  TEST("it can be replaced by none, and by many") {
    bool known;
    sentences *compiled = sentence_compile(home), *none = replaced(compiled, "area", "list area\n", &known);
    CHECK(none && known);
    CHECK_TEXT(sentence_found(matcher, none, "turn on the kitchen light", NULL), "-");
    sentences_drop(none);
    sentences_drop(compiled);
  }
  TEST("what is no list of values, or has a mistake, is refused") {
    bool known;
    sentences *compiled = sentence_compile(home);
    CHECK(replaced(compiled, "areas", "list areas\nvalue x\n", &known) == NULL && !known);
    CHECK(replaced(compiled, "percent", "list percent\nvalue x\n", &known) == NULL && !known);
    CHECK(replaced(compiled, "area", "list area\nvalue (x\n", &known) == NULL && known);
    CHECK(replaced(compiled, "area", "list area\nvalue {none}\n", &known) == NULL && known);
    CHECK_TEXT(sentence_found(matcher, compiled, "turn on the kitchen light", NULL), "light_on area=kitchen");
    sentences_drop(compiled);
  }
  TEST("one more owner keeps it alive") {
    sentences *compiled = sentence_compile(home);
    sentences_hold(compiled);
    sentences_drop(compiled);
    CHECK_TEXT(sentence_found(matcher, compiled, "turn on the kitchen light", NULL), "light_on area=kitchen");
    sentences_drop(compiled);
    sentences_drop(NULL);
  }
}

/* ---- explaining ---- */

static sentences_reason reason_of(const sentences *compiled, const char *text, const sentences_options *options,
                                  size_t index, const char **detail) {
  size_t count;
  const sentences_match *matches = sentences_explain(matcher, compiled, text, strlen(text), options, &count);
  *detail = index < count ? matches[index].detail : NULL;
  return index < count ? matches[index].reason : (sentences_reason)-1;
}

static void test_explaining(void) {
  TEST("each reason why a candidate lost is told") {
    static const struct {
      const char *lines, *text;
      sentences_reason reason;
    } rows[] = {
        {"intent a 1\nsay go\nintent b\nsay go\n", "go", SENTENCES_LOST_PRIORITY},
        {"list l\nvalue a\nvalue a b\nintent a\nslot l\nsay {l}\nsay {l} b\n", "a b", SENTENCES_LOST_BEST_SLOT},
        {"wildcard w\nintent a\nslot w\nsay go on\nsay go {w}\n", "go on", SENTENCES_LOST_WILDCARDS},
        {"intent a\nslot w\nsay go on\nsay go {w}\n", "go on", SENTENCES_LOST_FREE},
        {"list l typos\nvalue kitchen\nlist m\nvalue kichen\nintent a\nslot l\nslot m\nsay {m}\nsay {l}\n", "kichen",
         SENTENCES_LOST_TYPOS},
        {"list l\nvalue \xC3\xA9\nlist m\nvalue e\nintent a\nslot l\nslot m\nsay {m}\nsay {l}\n", "e",
         SENTENCES_LOST_ACCENTS},
        {"list m\nvalue e\nintent a\nslot m\nsay e\nsay {m}\n", "e", SENTENCES_LOST_LITERALS},
        {"intent a\nrequires k\nsay go\nblock\nsay go\n", "go", SENTENCES_LOST_CONDITIONS},
        {"intent a\nsay go\nintent b\nsay go\n", "go", SENTENCES_LOST_ORDER},
        {"intent a\nsay go\nblock\nrequires other\nsay go\n", "go", SENTENCES_CONTEXT_MISSING},
        {"intent a\nsay go\nblock\nrequires k: w\nsay go\n", "go", SENTENCES_CONTEXT_DIFFERS},
        {"intent a\nsay go\nblock\nexcludes k\nsay go\n", "go", SENTENCES_CONTEXT_EXCLUDED},
        {"intent a\nsay go\nblock\nkeyword other\nsay go\n", "go", SENTENCES_KEYWORD_MISSING},
    };
    static const char *const details[] = {[SENTENCES_CONTEXT_MISSING] = "other",
                                          [SENTENCES_CONTEXT_DIFFERS] = "k",
                                          [SENTENCES_CONTEXT_EXCLUDED] = "k",
                                          [SENTENCES_KEYWORD_MISSING] = "other"};
    const sentences_pair pair = {"k", WORD("v")};
    sentences_options options = {.context = &pair, .context_count = 1, .best_slot = "l"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      sentences *compiled = sentence_compile(rows[i].lines);
      const char *detail;
      bool ok = CHECK(reason_of(compiled, rows[i].text, &options, 0, &detail) == SENTENCES_WON);
      ok &= CHECK(reason_of(compiled, rows[i].text, &options, 1, &detail) == rows[i].reason);
      size_t known = sizeof details / sizeof *details;
      ok &= CHECK_TEXT(detail, rows[i].reason < known ? details[rows[i].reason] : NULL);
      if (!ok) printf("     in row %zu\n", i);
      sentences_drop(compiled);
    }
  }
  TEST("a value's context can be what differs, or what excludes, also where the message's agrees") {
    sentences *compiled =
        sentence_compile("list l\nvalue x @ k=v\nvalue y\nvalue x lamp\nintent a\nslot l\nexcludes k: v\nsay no {l}\n"
                         "block\nrequires k: w\nsay go {l}\n");
    const char *detail;
    CHECK(reason_of(compiled, "no x", NULL, 0, &detail) == SENTENCES_CONTEXT_EXCLUDED);
    CHECK_TEXT(detail, "k");
    CHECK(reason_of(compiled, "go x", NULL, 0, &detail) == SENTENCES_CONTEXT_DIFFERS);
    CHECK_TEXT(detail, "k");
    CHECK(reason_of(compiled, "go y", NULL, 0, &detail) == SENTENCES_CONTEXT_MISSING);
    sentences_pair agrees = {"k", {SENTENCES_TEXT, "w", 0, 1}};
    sentences_options message = {.context = &agrees, .context_count = 1};
    CHECK(reason_of(compiled, "go x", &message, 0, &detail) == SENTENCES_CONTEXT_DIFFERS);
    CHECK(reason_of(compiled, "go x lamp", NULL, 0, &detail) == SENTENCES_CONTEXT_MISSING); /* not of its beginning */
    sentences_drop(compiled);
  }
  TEST("when nothing matches, the templates that came furthest are told, and where they stopped") {
    sentences *compiled = sentence_compile(home);
    size_t count;
    const char text[] = "turn on the kitchen fan";
    const sentences_match *match = sentences_explain(matcher, compiled, text, strlen(text), NULL, &count);
    CHECK(count >= 1 && match[0].reason == SENTENCES_UNMATCHED && match[0].intent == 1 && match[0].template == 1);
    if (count) CHECK(match[0].stopped == 20);
    for (size_t i = 1; i < count; i++) CHECK(match[i].stopped <= match[i - 1].stopped);
    CHECK(count <= 5);
    match = sentences_explain(matcher, compiled, "zzz", 3, NULL, &count);
    CHECK(match == NULL && count == 0);
    sentences_drop(compiled);
  }
  TEST("what matches only without skip words is explained so") {
    sentences *compiled = sentence_compile("skip um\nintent a\nsay go\n");
    size_t count;
    const sentences_match *match = sentences_explain(matcher, compiled, "um go", 5, NULL, &count);
    CHECK(count == 1 && match[0].reason == SENTENCES_WON && match[0].skipped);
    sentences_drop(compiled);
  }
  TEST("explaining chooses what finding does") {
    static const char *const texts[] = {"play jazz in the kitchen", "turn on cafe light",
                                        "kitchen lights on to 5 percent", "play the kitchen in the kitchen"};
    sentences *compiled = sentence_compile(home);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
      char found[200];
      snprintf(found, sizeof found, "%s", sentence_found(matcher, compiled, texts[i], NULL));
      size_t count;
      const sentences_match *match = sentences_explain(matcher, compiled, texts[i], strlen(texts[i]), NULL, &count);
      if (CHECK(match != NULL)) CHECK(strstr(found, sentence_slots(match)) != NULL);
    }
    sentences_drop(compiled);
  }
}

/* ---- samples and yields ---- */

struct samples {
  const sentences *compiled;
  unsigned count, unmatched;
  uint64_t hash;
};

static void take_sample(void *user, const char *text, size_t length) {
  struct samples *samples = user;
  samples->count++;
  const sentences_match *match = sentences_find(matcher, samples->compiled, text, length, NULL);
  samples->unmatched += match == NULL || match->intent != 1;
  for (size_t i = 0; i < length; i++)
    samples->hash = (samples->hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
}

struct yields {
  struct buffer text;
};

static void take_yield(void *user, unsigned intent, unsigned block, unsigned template, const char *slot, bool always) {
  char line[100];
  snprintf(line, sizeof line, "%u.%u.%u %s%s\n", intent, block, template, slot, always ? "" : "?");
  buffer_text(&((struct yields *)user)->text, line);
}

static void test_samples(void) {
  static const char lines[] =
      "phrase the [the|my]\nlist area\nvalue kitchen\nvalue living (room|area) => l\nlist none\n"
      "range n 0 100 step 5\ntype t\nintent i\nslot area\nslot n\nslot w\nslot none\n"
      "say (turn|switch) <the> {area} light[s] (on;now)\nsay [to ]{n} percent\nsay say {w}\nsay no {none}\n"
      "intent small\nsay a[b]\nsay (c|d)\n";
  TEST("samples are sentences of the intent, different ones, the same for the same seed") {
    sentences *compiled = sentence_compile(lines);
    struct samples first = {.compiled = compiled}, again = first, other = first;
    CHECK(sentences_sample(compiled, 1, 40, 1, take_sample, &first));
    CHECK(sentences_sample(compiled, 1, 40, 1, take_sample, &again));
    CHECK(sentences_sample(compiled, 1, 40, 2, take_sample, &other));
    CHECK(first.count == 40 && first.unmatched == 0);
    CHECK(first.hash == again.hash && first.hash != other.hash);
    sentences_drop(compiled);
  }
  TEST("an intent with few sentences gives all of them, and one that is not there none") {
    sentences *compiled = sentence_compile(lines);
    struct samples all = {.compiled = compiled}, none = all;
    CHECK(sentences_sample(compiled, 2, 100, 5, take_sample, &all));
    CHECK(all.count == 4);
    CHECK(sentences_sample(compiled, 3, 100, 5, take_sample, &none));
    CHECK(sentences_sample(compiled, 0, 100, 5, take_sample, &none));
    CHECK(sentences_sample(compiled, 1, 0, 5, take_sample, &none));
    CHECK(none.count == 0);
    sentences_drop(compiled);
  }
  TEST("which slots a template yields, and whether always") {
    sentences *compiled =
        sentence_compile("phrase p [{b}]\nlist l\nvalue x\nintent i\nslot a\nslot b\nslot c\nslot d\n"
                         "say {a} [x {b}]\nsay ({a}|{a} y {b}) z\nsay <p> q\nsay ({a};{1..5:c})\nsay none\n"
                         "block\nfixed d 1\nrequires k > c\nsay {a}\n");
    struct yields yields = {{0}};
    CHECK(sentences_yields(compiled, take_yield, &yields));
    CHECK_BYTES(yields.text.bytes, yields.text.length,
                "1.1.1 a\n1.1.1 b?\n1.1.2 a\n1.1.2 b?\n1.1.3 b?\n1.1.4 a\n1.1.4 c\n1.2.1 a\n1.2.1 c\n1.2.1 d\n");
    buffer_free(&yields.text);
    sentences_drop(compiled);
  }
}

int main(void) {
  memory_faults_install();
  matcher = sentences_matcher_new();
  test_broken_there();
  test_text();
  test_lists();
  test_ranges();
  test_wildcards();
  test_context();
  test_skip_words();
  test_rank();
  test_types();
  test_replacing();
  test_explaining();
  test_samples();
  sentences_matcher_free(matcher);
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
