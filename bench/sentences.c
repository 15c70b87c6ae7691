/*
 * sentences: the matcher of sentences by itself, in C, on one core. Reads compiled sentences and texts that
 * sentence_files.lua has written. Times are processor time of this thread, so that other programs do not show.
 *
 *     sentences rate IMAGE TEXTS SECONDS      goes through the texts again and again, with their contexts
 *       -> texts/s, p50 and p99 of a text in us, how many of the texts match
 *     sentences new IMAGE TEXTS ROUNDS        the same, but each text comes once, and with letters in another case in
 *                                             each round; in between, the texts as they are
 *       -> texts/s of the new ones, texts/s of the others
 *     sentences load IMAGE                    -> ms to load it, bytes of memory
 *     sentences list IMAGE TEXTS LIST         the texts have a "%" where a value of LIST goes; with 10 and with 10,000
 *                                             values in it
 *       -> us a text with 10, us with 10,000, ms to replace the list, how many of 100 texts match
 *
 * TEXTS: lines of a text and, with tabs between them, keys and values of its context. IMAGE: a file of
 * client:save_sentences, which has a line before the image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sentences.h"

enum { MOST_PAIRS = 8, SHORT_LIST = 10, LONG_LIST = 10000 };

struct message {
  const char *text;
  size_t length;
  sentences_pair context[MOST_PAIRS];
  size_t pairs;
};

struct messages {
  struct message *items;
  size_t count;
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "sentences: %s: %s\n", what, why);
  exit(1);
}

static void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (!memory) fail("allocate", "not enough memory");
  return memory;
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The file with a NUL behind it. */
static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail(path, "cannot be read");
  *length = (size_t)ftell(file);
  rewind(file);
  char *bytes = allocate(*length + 1);
  if (fread(bytes, 1, *length, file) != *length) fail(path, "cannot be read");
  fclose(file);
  return bytes;
}

static const char *image_in(const char *bytes, size_t *length) {
  const char *newline = memchr(bytes, '\n', *length);
  if (!newline) fail("image", "has no first line");
  *length -= (size_t)(newline + 1 - bytes);
  return newline + 1;
}

static sentences *load(const char *path) {
  size_t length;
  char *bytes = read_file(path, &length);
  const char *problem, *image = image_in(bytes, &length);
  sentences *compiled = sentences_load(image, length, &problem);
  if (!compiled) fail(path, problem);
  free(bytes);
  return compiled;
}

/* Divides the line at its tabs, in place. */
static struct message read_message(char *line) {
  struct message message = {.text = line, .length = strcspn(line, "\t")};
  char *at = line + message.length;
  while (*at == '\t' && message.pairs < MOST_PAIRS) {
    *at++ = '\0';
    char *value = at + strcspn(at, "\t");
    if (*value != '\t') fail(line, "has a key without a value");
    *value++ = '\0';
    size_t length = strcspn(value, "\t");
    message.context[message.pairs++] = (sentences_pair){at, sentences_text(value, length)};
    at = value + length;
  }
  *at = '\0';
  return message;
}

static struct messages read_messages(const char *path) {
  size_t length;
  char *at = read_file(path, &length);
  struct messages messages = {NULL, 0};
  for (const char *byte = at; *byte; byte++) messages.count += *byte == '\n';
  if (messages.count == 0) fail(path, "has no lines");
  messages.items = allocate(messages.count * sizeof *messages.items);
  for (size_t i = 0; i < messages.count; i++) {
    char *end = strchr(at, '\n');
    *end = '\0';
    messages.items[i] = read_message(at);
    at = end + 1;
  }
  return messages;
}

static bool find(sentences_matcher *matcher, const sentences *compiled, const struct message *message) {
  sentences_options options = {.context = message->context, .context_count = message->pairs, .best_slot = "name"};
  const sentences_match *match = sentences_find(matcher, compiled, message->text, message->length, &options);
  if (sentences_matcher_failed(matcher)) fail("find", "not enough memory");
  return match != NULL;
}

/* One pass; returns how many match. */
static size_t pass(sentences_matcher *matcher, const sentences *compiled, const struct messages *messages) {
  size_t found = 0;
  for (size_t i = 0; i < messages->count; i++) found += find(matcher, compiled, &messages->items[i]);
  return found;
}

static int compare(const void *one, const void *other) {
  double first = *(const double *)one, second = *(const double *)other;
  return first < second ? -1 : first > second;
}

static void rate(const char *image, const char *texts, double seconds) {
  sentences *compiled = load(image);
  sentences_matcher *matcher = sentences_matcher_new();
  struct messages messages = read_messages(texts);
  size_t found = pass(matcher, compiled, &messages), passes = 0;
  double since = microseconds(), took;
  do {
    pass(matcher, compiled, &messages);
    passes++;
    took = microseconds() - since;
  } while (took < seconds * 1e6);
  enum { TIMED_PASSES = 5 };
  double *each = allocate(messages.count * TIMED_PASSES * sizeof *each);
  for (size_t i = 0; i < messages.count * TIMED_PASSES; i++) {
    since = microseconds();
    find(matcher, compiled, &messages.items[i % messages.count]);
    each[i] = microseconds() - since;
  }
  qsort(each, messages.count * TIMED_PASSES, sizeof *each, compare);
  printf("%.0f %.1f %.1f %zu\n", (double)(messages.count * passes) / took * 1e6,
         each[messages.count * TIMED_PASSES / 2], each[messages.count * TIMED_PASSES * 99 / 100], found);
  free(each);
  free(messages.items);
  sentences_matcher_free(matcher);
  sentences_drop(compiled);
}

/* The texts with some of their ASCII letters in the other case; which ones the seed says. */
static struct messages disguised(const struct messages *messages, unsigned seed) {
  struct messages copy = {allocate(messages->count * sizeof *copy.items), messages->count};
  for (size_t i = 0; i < copy.count; i++) {
    copy.items[i] = messages->items[i];
    char *text = allocate(copy.items[i].length + 1);
    memcpy(text, copy.items[i].text, copy.items[i].length);
    for (char *byte = text; *byte; byte++) {
      seed = seed * 1664525U + 1013904223U; /* Numerical Recipes */
      bool letter = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z');
      if (letter && seed >> 31) *byte = (char)(*byte ^ 0x20);
    }
    copy.items[i].text = text;
  }
  return copy;
}

static void only_new(const char *image, const char *texts, unsigned rounds) {
  sentences *compiled = load(image);
  sentences_matcher *matcher = sentences_matcher_new();
  struct messages messages = read_messages(texts);
  double fresh = 0, same = 0;
  for (unsigned round = 1; round <= rounds; round++) {
    struct messages copy = disguised(&messages, round);
    double since = microseconds();
    pass(matcher, compiled, &copy);
    fresh += microseconds() - since;
    for (size_t i = 0; i < copy.count; i++) free((void *)(uintptr_t)copy.items[i].text);
    free(copy.items);
    since = microseconds();
    pass(matcher, compiled, &messages);
    same += microseconds() - since;
  }
  double all = (double)messages.count * rounds * 1e6;
  printf("%.0f %.0f\n", all / fresh, all / same);
  free(messages.items);
  sentences_matcher_free(matcher);
  sentences_drop(compiled);
}

static void load_time(const char *path) {
  enum { RUNS = 21 };
  size_t length, size = 0;
  char *bytes = read_file(path, &length);
  const char *problem, *image = image_in(bytes, &length);
  double times[RUNS];
  for (int i = 0; i < RUNS; i++) {
    double since = microseconds();
    sentences *compiled = sentences_load(image, length, &problem);
    times[i] = microseconds() - since;
    if (!compiled) fail(path, problem);
    size = sentences_size(compiled);
    sentences_drop(compiled);
  }
  qsort(times, RUNS, sizeof *times, compare);
  printf("%.2f %zu\n", times[RUNS / 2] / 1e3, size);
  free(bytes);
}

/* ---- a long list ---- */

/* The value of that number: three words, so that many values begin in the same way. */
static size_t value_text(unsigned number, char *text, size_t size) {
  static const char *const first[] = {"north", "south", "east", "west", "upper", "lower", "old", "new", "small", "big"};
  static const char *const second[] = {"garden", "tower", "guest",  "corner",  "summer",
                                       "family", "music", "office", "storage", "playing"};
  return (size_t)snprintf(text, size, "%s %s room %u", first[number % 10], second[number / 10 % 10], number);
}

static sentences *with_values(const sentences *compiled, const char *list, unsigned count, double *milliseconds) {
  sentences_source *source = sentences_source_new();
  char text[64];
  bool known;
  double since = microseconds();
  sentences_list(source, false, list, (sentences_list_options){.kind = SENTENCES_VALUES});
  for (unsigned i = 0; i < count; i++) {
    size_t length = value_text(i, text, sizeof text);
    sentences_value(source, text, length, sentences_text(text, length));
  }
  sentences *with = sentences_with_list(compiled, list, source, &known);
  *milliseconds = (microseconds() - since) / 1e3;
  if (!with) fail(list, "cannot be replaced");
  sentences_source_free(source);
  return with;
}

/* The texts with a value in each place for one; values that the short list has too. */
static struct messages filled(const struct messages *messages) {
  struct messages copy = {allocate(messages->count * sizeof *copy.items), messages->count};
  for (size_t i = 0; i < copy.count; i++) {
    copy.items[i] = messages->items[i];
    const char *from = copy.items[i].text, *place = strchr(from, '%');
    char value[64], *text = allocate(copy.items[i].length + sizeof value);
    value_text((unsigned)i % SHORT_LIST, value, sizeof value);
    copy.items[i].length =
        (size_t)sprintf(text, "%.*s%s%s", place ? (int)(place - from) : 0, from, value, place ? place + 1 : from);
    copy.items[i].text = text;
  }
  return copy;
}

static double microseconds_a_text(sentences_matcher *matcher, const sentences *compiled,
                                  const struct messages *messages) {
  size_t passes = 0;
  double since = microseconds(), took;
  do {
    pass(matcher, compiled, messages);
    passes++;
    took = microseconds() - since;
  } while (took < 0.2e6);
  return took / (double)(passes * messages->count);
}

static void long_list(const char *image, const char *texts, const char *list) {
  enum { RUNS = 7 };
  double few_times[RUNS], many_times[RUNS], replace_times[RUNS], unused;
  sentences *compiled = load(image);
  sentences_matcher *matcher = sentences_matcher_new();
  struct messages raw = read_messages(texts), messages = filled(&raw);
  sentences *few = with_values(compiled, list, SHORT_LIST, &unused);
  size_t found = 0;
  for (int i = 0; i < RUNS; i++) {
    sentences *many = with_values(compiled, list, LONG_LIST, &replace_times[i]);
    found = pass(matcher, many, &messages);
    few_times[i] = microseconds_a_text(matcher, few, &messages);
    many_times[i] = microseconds_a_text(matcher, many, &messages);
    sentences_drop(many);
  }
  qsort(few_times, RUNS, sizeof *few_times, compare);
  qsort(many_times, RUNS, sizeof *many_times, compare);
  qsort(replace_times, RUNS, sizeof *replace_times, compare);
  printf("%.2f %.2f %.2f %.0f\n", few_times[RUNS / 2], many_times[RUNS / 2], replace_times[RUNS / 2],
         100.0 * (double)found / (double)messages.count);
  for (size_t i = 0; i < messages.count; i++) free((void *)(uintptr_t)messages.items[i].text);
  free(messages.items);
  free(raw.items);
  sentences_drop(few);
  sentences_matcher_free(matcher);
  sentences_drop(compiled);
}

int main(int count, char **arguments) {
  const char *mode = count > 2 ? arguments[1] : "";
  if (strcmp(mode, "rate") == 0 && count == 5)
    rate(arguments[2], arguments[3], atof(arguments[4]));
  else if (strcmp(mode, "new") == 0 && count == 5)
    only_new(arguments[2], arguments[3], (unsigned)atoi(arguments[4]));
  else if (strcmp(mode, "load") == 0 && count == 3)
    load_time(arguments[2]);
  else if (strcmp(mode, "list") == 0 && count == 5)
    long_list(arguments[2], arguments[3], arguments[4]);
  else
    fail("usage", "see the top of bench/sentences.c");
  return 0;
}
