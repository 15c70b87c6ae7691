/*
 * test_json: json.c (with utf8.c, buffer.c and memory.c).
 *
 *     test_json [COUNT]     COUNT random doubles instead of 1,000,000, for slow tools such as valgrind
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "json.h"
#include "memory_faults.h"

static void write_sample(struct json *json) {
  json_begin_object(json);
  json_text_field(json, "name", "Nguy\xE1\xBB\x85n \"An\"");
  json_integer_field(json, "count", 3);
  json_key(json, "list", 4);
  json_begin_array(json);
  json_number(json, 1.5);
  json_boolean(json, true);
  json_boolean(json, false);
  json_null(json);
  json_begin_object(json);
  json_end_object(json);
  json_begin_array(json);
  json_end_array(json);
  json_string(json, "a\0b", 3);
  json_end_array(json);
  json_text_field(json, "none", NULL);
  json_key(json, "raw", 3);
  json_raw(json, "{\"x\":1}", 7);
  json_text_field(json, "bad", "\xFF");
  json_end_object(json);
}

static const char sample[] =
    "{\"name\":\"Nguy\xE1\xBB\x85n \\\"An\\\"\",\"count\":3,\"list\":[1.5,true,false,null,{},[],"
    "\"a\\u0000b\"],\"none\":null,\"raw\":{\"x\":1},\"bad\":\"\xEF\xBF\xBD\"}";

static void test_structure(void) {
  TEST("values come out in the order in which they are written, with their commas") {
    struct buffer out = {0};
    struct json json = {.out = &out};
    write_sample(&json);
    CHECK_BYTES(out.bytes, out.length, sample);
    CHECK(json.repaired);
    buffer_free(&out);
  }
  TEST("each allocation failing in turn marks the output") {
    bool hit = true;
    for (unsigned nth = 1; hit; nth++) {
      struct buffer out = {0};
      struct json json = {.out = &out};
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      write_sample(&json);
      hit = memory_faults_hit();
      CHECK(out.failed == hit);
      if (!hit) CHECK_BYTES(out.bytes, out.length, sample);
      buffer_free(&out);
    }
    CHECK(memory_faults_outstanding() == 0);
  }
}

static void test_strings(void) {
  TEST("quotes, backslashes and control characters are escaped, nothing else is") {
    static const struct {
      const char *text, *escaped;
    } rows[] = {
        {"", ""},
        {"plain text", "plain text"},
        {"\"", "\\\""},
        {"\\", "\\\\"},
        {"/", "/"},
        {"\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
        {"\x01\x1f\x7f", "\\u0001\\u001f\x7f"},
        {"\xE2\x80\xA8\xE2\x80\xA9", "\xE2\x80\xA8\xE2\x80\xA9"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"12345678\"12345678\\12345678\n", "12345678\\\"12345678\\\\12345678\\n"},
        {"1234567\xC3\xA9\x1F", "1234567\xC3\xA9\\u001f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      struct buffer out = {0};
      CHECK(!json_escape(&out, rows[i].text, strlen(rows[i].text)));
      CHECK_BYTES(out.bytes, out.length, rows[i].escaped);
      buffer_free(&out);
    }
  }
  TEST("every byte below 0x80, at each place in a long text, is escaped or not as it should be") {
    for (unsigned byte = 0; byte < 0x80; byte++) {
      for (size_t at = 0; at < 20; at++) {
        char text[20], expected[64];
        memset(text, 'x', sizeof text);
        text[at] = (char)byte;
        static const char *const short_forms[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                                  ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
        char form[8];
        if (byte < sizeof short_forms / sizeof *short_forms && short_forms[byte])
          snprintf(form, sizeof form, "%s", short_forms[byte]);
        else
          snprintf(form, sizeof form, byte < 0x20 ? "\\u%04x" : "%c", byte);
        snprintf(expected, sizeof expected, "%.*s%s%.*s", (int)at, "xxxxxxxxxxxxxxxxxxxx", form, (int)(19 - at),
                 "xxxxxxxxxxxxxxxxxxxx");
        struct buffer out = {0};
        json_escape(&out, text, sizeof text);
        CHECK_BYTES(out.bytes, out.length, expected);
        buffer_free(&out);
      }
    }
  }
  TEST("text that is not UTF-8 leaves repaired and says so, also in a key") {
    struct buffer out = {0};
    struct json json = {.out = &out};
    json_string(&json, "fine", 4);
    CHECK(!json.repaired);
    json_string(&json, "\"\xC3(\n", 4);
    CHECK(json.repaired);
    CHECK_BYTES(out.bytes, out.length, "\"fine\",\"\\\"\xEF\xBF\xBD(\\n\"");
    buffer_clear(&out);
    json = (struct json){.out = &out};
    json_key(&json, "\xE9", 1);
    CHECK(json.repaired);
    buffer_free(&out);
  }
}

static void test_integers(void) {
  TEST("integers keep all 64 bits") {
    struct buffer out = {0};
    struct json json = {.out = &out};
    json_integer(&json, 0);
    json_integer(&json, -1);
    json_integer(&json, INT64_MAX);
    json_integer(&json, INT64_MIN);
    json_integer(&json, 12345678901234567);
    CHECK_BYTES(out.bytes, out.length, "0,-1,9223372036854775807,-9223372036854775808,12345678901234567");
    buffer_free(&out);
  }
}

/* The number as text, valid until the next call; written into one buffer that is kept. */
static struct buffer number_buffer;

static const char *number_text(double value) {
  buffer_clear(&number_buffer);
  struct json json = {.out = &number_buffer};
  json_number(&json, value);
  buffer_byte(&number_buffer, '\0');
  return number_buffer.bytes;
}

static const struct {
  double value;
  const char *text;
} numbers[] = {
    {0.0, "0"},
    {-0.0, "-0.0"},
    {1.0, "1"},
    {-42.0, "-42"},
    {999999999999999.0, "999999999999999"},
    {-999999999999999.0, "-999999999999999"},
    {1e15, "1e+15"},
    {1234567890123456.0, "1234567890123456"},
    {9007199254740993.0, "9007199254740992"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {1e300, "1e+300"},
    {0.1, "0.1"},
    {-0.5, "-0.5"},
    {1.5, "1.5"},
    {0.3, "0.3"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3.0, "0.3333333333333333"},
    {100.25, "100.25"},
    {123456.789, "123456.789"},
    {0.001, "0.001"},
    {0.00012345, "0.00012345"},
    {0.00001, "1e-05"},
    {1.2345e-7, "1.2345e-07"},
    {5e-324, "5e-324"},
    {-1e-323, "-1e-323"},
    {1.5e-323, "1.5e-323"},
    {2.2250738585072011e-308, "2.225073858507201e-308"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {DBL_MAX, "1.7976931348623157e+308"},
    /* 2^-44: the nearest 16 digits, ...01e-14, read back as the double below */
    {5.6843418860808015e-14, "5.684341886080802e-14"},
};

static bool valid_number(const char *text) {
  if (*text == '-') text++;
  if (*text == '0')
    text++;
  else if (*text >= '1' && *text <= '9')
    text += strspn(text, "0123456789");
  else
    return false;
  if (*text == '.') {
    size_t digits = strspn(text + 1, "0123456789");
    if (!digits) return false;
    text += 1 + digits;
  }
  if (*text == 'e') {
    text++;
    if (*text == '+' || *text == '-') text++;
    size_t digits = strspn(text, "0123456789");
    if (!digits) return false;
    text += digits;
  }
  return *text == '\0';
}

static double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
  mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
  return mixed ^ mixed >> 31;
}

/* Finite doubles of all magnitudes: any bits, subnormal numbers, powers of two and their neighbours, decimal fractions.
 */
static double random_double(uint64_t *state, unsigned kind) {
  const uint64_t sign_bit = UINT64_C(1) << 63, fraction = (UINT64_C(1) << 52) - 1;
  uint64_t bits = next_random(state);
  switch (kind % 8) {
  case 0: return from_bits(bits & (fraction | sign_bit));
  case 1: return from_bits((bits & (fraction >> bits % 52)));
  case 2: return ldexp(1, (int)(bits % 2097) - 1074);
  case 3: return from_bits((bits % 2046 << 52) + bits / 4096 % 5 - (bits % 2046 ? 2U : 0U));
  case 4: return (double)(bits % 1000000007) / 1000;
  default: {
    double value = from_bits(bits);
    return isfinite(value) ? value : 1e-5;
  }
  }
}

static size_t significant_digits(const char *text) {
  size_t digits = 0, zeros = 0;
  for (; *text && *text != 'e'; text++) {
    if (*text == '0')
      zeros += digits > 0;
    else if (*text != '-' && *text != '.')
      digits += zeros + 1, zeros = 0;
  }
  return digits;
}

/* How many of `count` random doubles are written as something that is no number, that reads back as another, or too
 * long. */
static unsigned count_wrong(unsigned count) {
  uint64_t state = 20260315;
  unsigned wrong = 0;
  for (unsigned i = 0; i < count; i++) {
    double value = random_double(&state, i);
    const char *text = number_text(value);
    bool right = valid_number(text);
    double back = strtod(text, NULL);
    right &= memcmp(&back, &value, sizeof back) == 0;
    /* No correctly rounded text with fewer digits reads back the same. */
    int digits = (int)significant_digits(text);
    if (digits > 1 && i % 8 < 5) {
      char shorter[40];
      snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
      right &= strtod(shorter, NULL) != value;
    }
    if (!right && wrong++ < 5) printf("     %a is written %s\n", value, text);
  }
  return wrong;
}

/* Where printf's %g gives the shortest text, it is the same text. */
static unsigned count_unlike_printf(unsigned count) {
  uint64_t state = 7;
  unsigned unlike = 0;
  for (unsigned i = 0; i < count; i++) {
    double value = random_double(&state, i);
    if (!isnormal(value) || (fabs(value) < 1e15 && value == trunc(value))) continue;
    char expected[40];
    int precision = 15;
    do snprintf(expected, sizeof expected, "%.*g", precision, value);
    while (strtod(expected, NULL) != value && ++precision <= 17);
    int exponent;
    if (precision == 17 && fabs(frexp(value, &exponent)) == 0.5) continue;
    const char *text = number_text(value);
    if (strcmp(text, expected) != 0 && unlike++ < 5) printf("     %s is written %s\n", expected, text);
  }
  return unlike;
}

/* Makes a locale in a folder of its own, where this system has the means, and enters it. */
static bool enter_locale(const char *name, const char *source) {
  char folder[] = "/tmp/intent_webhook_locale_XXXXXX", command[256];
  if (!mkdtemp(folder)) return false;
  snprintf(command, sizeof command, "localedef -c -i %s -f UTF-8 %s/%s >%s/log 2>&1", source, folder, name, folder);
  bool made = system(command) >= 0;
  setenv("LOCPATH", folder, 1);
  made = made && setlocale(LC_ALL, name) != NULL;
  unsetenv("LOCPATH");
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command) == 0 && made;
}

static void test_number_in_locale(const char *sentence, const char *name, const char *source, const char *point,
                                  unsigned count) {
  char wrong_point[80];
  snprintf(wrong_point, sizeof wrong_point, "the decimal point is not \"%s\" here", point);
  TEST(sentence) {
    if (!enter_locale(name, source)) {
      SKIP("no localedef with sources here");
      continue;
    }
    if (strcmp(localeconv()->decimal_point, point) != 0) {
      SKIP(wrong_point);
      continue;
    }
    char(*texts)[32] = calloc(count, sizeof *texts); /* written in that locale, compared with the C locale */
    uint64_t state = 3;
    for (unsigned i = 0; i < count; i++) snprintf(texts[i], sizeof *texts, "%s", number_text(random_double(&state, i)));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
      CHECK_TEXT(number_text(numbers[i].value), numbers[i].text);
    setlocale(LC_ALL, "C");
    state = 3;
    unsigned wrong = 0;
    for (unsigned i = 0; i < count; i++) wrong += strcmp(texts[i], number_text(random_double(&state, i))) != 0;
    CHECK(wrong == 0);
    free(texts);
  }
  setlocale(LC_ALL, "C");
}

static void test_numbers(unsigned count) {
  TEST("each number in the table is written as it says") {
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
      CHECK_TEXT(number_text(numbers[i].value), numbers[i].text);
  }
  TEST("what is no number is null, never broken JSON") {
    CHECK_TEXT(number_text(NAN), "null");
    CHECK_TEXT(number_text(-INFINITY), "null");
  }
  TEST("random doubles of all kinds are valid JSON, read back as the same bits, and none could be shorter") {
    CHECK(count_wrong(count) == 0);
  }
  TEST("numbers look as printf's %g writes them") {
    CHECK(count_unlike_printf(count / 5) == 0);
  }
  test_number_in_locale("a locale with a decimal comma changes nothing", "de_DE.UTF-8", "de_DE", ",", count / 5);
  test_number_in_locale("a locale with a decimal point of two bytes changes nothing", "ps_AF.UTF-8", "ps_AF",
                        "\xD9\xAB", count / 5);
  buffer_free(&number_buffer);
}

int main(int argc, char **argv) {
  memory_faults_install();
  test_structure();
  test_strings();
  test_integers();
  test_numbers(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000);
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
