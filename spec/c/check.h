/*
 * check: the harness of the C unit tests. Include it in the one .c file that has main().
 *
 *     int main(void) {
 *       TEST("an empty buffer has no bytes") {
 *         struct buffer buffer = {0};
 *         CHECK(buffer.length == 0);
 *       }
 *       return check_finish();
 *     }
 *
 * One line for each test: "ok   SENTENCE", "skip SENTENCE: why", or "FAIL SENTENCE: FILE:LINE: CONDITION" (further
 * failures of the same test follow, indented). Last "N passed, N failed". A failed check does not end its test;
 * `continue` directly in a TEST does. Checks belong in the thread that runs main.
 */
#ifndef INTENT_WEBHOOK_SPEC_CHECK_H
#define INTENT_WEBHOOK_SPEC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define TEST(sentence) for (bool check_running = check_begin(sentence); check_running; check_running = check_end())

/* Each yields whether it held, so that a table test can print its row. */
#define CHECK(condition)             check_that((condition), __FILE__, __LINE__, #condition)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__, #actual)

/* Bytes that need not be NUL-terminated, such as a buffer's, against a C string. */
#define CHECK_BYTES(bytes, length, expected) check_bytes((bytes), (length), (expected), __FILE__, __LINE__, #bytes)

/* The rest of this test cannot be done here. Goes with `continue`. */
#define SKIP(reason) check_skip(reason)

static struct {
  const char *sentence, *skipped; /* of the test that runs */
  unsigned failures;              /* in the test that runs */
  unsigned passed, failed, skips;
} check_state;

static inline bool check_begin(const char *sentence) {
  check_state.sentence = sentence;
  check_state.skipped = NULL;
  check_state.failures = 0;
  return true;
}

static inline bool check_end(void) {
  if (check_state.failures) {
    check_state.failed++;
  } else if (check_state.skipped) {
    check_state.skips++;
    printf("skip %s: %s\n", check_state.sentence, check_state.skipped);
  } else {
    check_state.passed++;
    printf("ok   %s\n", check_state.sentence);
  }
  fflush(stdout);
  return false;
}

static inline void check_skip(const char *reason) {
  check_state.skipped = reason;
}

/* Starts the line of a failure; the caller ends it. False: enough of this test has been printed. */
static inline bool check_failed(const char *file, int line) {
  enum { SHOWN = 10 };
  if (check_state.failures++ == 0)
    printf("FAIL %s: %s:%d: ", check_state.sentence, file, line);
  else if (check_state.failures <= SHOWN)
    printf("     %s:%d: ", file, line);
  return check_state.failures <= SHOWN;
}

static inline bool check_that(bool held, const char *file, int line, const char *condition) {
  if (!held && check_failed(file, line)) printf("%s\n", condition);
  return held;
}

static inline bool check_bytes(const char *bytes, size_t length, const char *expected, const char *file, int line,
                               const char *expression) {
  size_t expected_length = strlen(expected);
  bool held = length == expected_length && (length == 0 || memcmp(bytes, expected, length) == 0);
  if (!held && check_failed(file, line))
    printf("%s is \"%.*s\", not \"%s\"\n", expression, (int)length, bytes ? bytes : "", expected);
  return held;
}

static inline bool check_text(const char *actual, const char *expected, const char *file, int line,
                              const char *expression) {
  bool held = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;
  if (!held && check_failed(file, line))
    printf("%s is \"%s\", not \"%s\"\n", expression, actual ? actual : "(NULL)", expected ? expected : "(NULL)");
  return held;
}

/* The program's exit status. */
static inline int check_finish(void) {
  printf("%u passed, %u failed", check_state.passed, check_state.failed);
  if (check_state.skips) printf(", %u skipped", check_state.skips);
  printf("\n");
  return check_state.failed ? 1 : 0;
}

#endif
