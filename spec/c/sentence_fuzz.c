/*
 * sentence_fuzz: see sentence_fuzz.h.
 */
#include "sentence_fuzz.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sentences.h"

enum { MOST_TEXTS = 8, MOST_CONTEXT = 8, MOST_FIELDS = 8, SAMPLES = 6, MOST_INTENTS = 8 };

struct field {
  const char *text;
  size_t length;
};

/* An input, read. */
struct input {
  sentences_source *source;
  struct field texts[MOST_TEXTS];
  size_t text_count;
  sentences_pair context[MOST_CONTEXT];
  char *names[MOST_CONTEXT + 2]; /* C strings that the options borrow */
  size_t name_count;
  sentences_options options;
  bool has_list, has_value, has_intent, has_block, has_condition, has_type, newest_is_global;
  char *newest_list;
};

/* ---- time ---- */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void timed(struct sentence_fuzz_time *slowest, const char *what, double since) {
  double took = now() - since;
  if (took > slowest->milliseconds) *slowest = (struct sentence_fuzz_time){what, took};
}

/* ---- reading ---- */

static char *c_string(struct field field) {
  char *text = malloc(field.length + 1);
  if (!text) abort();
  if (field.length) memcpy(text, field.text, field.length);
  text[field.length] = '\0';
  return text;
}

static double number_of(struct field field) {
  char text[32] = "";
  if (field.length < sizeof text) memcpy(text, field.text, field.length);
  return strtod(text, NULL);
}

static bool has_flag(struct field field, char flag) {
  return field.length && memchr(field.text, flag, field.length);
}

/* "": none; "=7": the number; "?": true; else text. */
static sentences_scalar scalar_of(struct field field) {
  if (field.length == 0) return (sentences_scalar){SENTENCES_NONE, NULL, 0, 0};
  if (field.text[0] == '=')
    return (sentences_scalar){SENTENCES_NUMBER, NULL, 0, number_of((struct field){field.text + 1, field.length - 1})};
  if (field.text[0] == '?') return (sentences_scalar){SENTENCES_BOOLEAN, NULL, 0, 1};
  return sentences_text(field.text, field.length);
}

static void need_intent(struct input *input) {
  if (!input->has_intent) sentences_intent(input->source, "intent", 6, 0);
  input->has_intent = true;
}

static void need_block(struct input *input) {
  need_intent(input);
  if (!input->has_block) sentences_block(input->source, 0);
  input->has_block = true;
}

static const char *keep_name(struct input *input, struct field field) {
  return input->names[input->name_count++] = c_string(field);
}

static void read_list(struct input *input, bool local, struct field name, sentences_list_options options) {
  if (local) need_block(input);
  free(input->newest_list);
  input->newest_list = c_string(name);
  input->newest_is_global = !local;
  input->has_list = options.kind == SENTENCES_VALUES;
  input->has_value = false;
  sentences_list(input->source, local, input->newest_list, options);
}

static void read_value(struct input *input, const struct field *fields) {
  if (!input->has_list) read_list(input, false, (struct field){"list", 4}, (sentences_list_options){0});
  sentences_value(input->source, fields[0].text, fields[0].length, scalar_of(fields[1]));
  if (fields[2].length == 0) return;
  char *key = c_string(fields[2]);
  sentences_value_context(input->source, key, scalar_of(fields[3]));
  free(key);
}

static void read_condition(struct input *input, bool excludes, const struct field *fields) {
  need_block(input);
  char *key = c_string(fields[0]), *slot = c_string(fields[1]);
  if (excludes)
    sentences_excludes(input->source, key);
  else
    sentences_requires(input->source, key, fields[1].length ? slot : NULL);
  input->has_condition = true;
  free(key);
  free(slot);
}

/* The declaration of one line; false: the line is none. */
static bool read_declaration(struct input *input, char kind, const struct field *fields) {
  sentences_source *source = input->source;
  char *name = NULL;
  switch (kind) {
  case 'p': need_block(input); /* fall through */
  case 'P':
    name = c_string(fields[0]);
    sentences_phrase(source, kind == 'p', name, fields[1].text, fields[1].length);
    break;
  case 'L':
  case 'l':
    read_list(input, kind == 'l', fields[0],
              (sentences_list_options){.kind = SENTENCES_VALUES,
                                       .exact_case = has_flag(fields[1], 'c'),
                                       .exact_accents = has_flag(fields[1], 'a'),
                                       .typos = has_flag(fields[1], 't')});
    break;
  case 'V': read_value(input, fields); break;
  case 'R':
    read_list(input, false, fields[0],
              (sentences_list_options){.kind = SENTENCES_RANGE,
                                       .from = number_of(fields[1]),
                                       .to = number_of(fields[2]),
                                       .step = number_of(fields[3]),
                                       .multiplier = number_of(fields[4]),
                                       .fractions = fields[5].length ? fields[5].text[0] == '2' ? 2 : 10 : 1,
                                       .no_digits = has_flag(fields[6], 'd'),
                                       .no_words = has_flag(fields[6], 'w')});
    break;
  case 'W': read_list(input, false, fields[0], (sentences_list_options){.kind = SENTENCES_WILDCARD}); break;
  case 'Y':
    read_list(input, false, fields[0], (sentences_list_options){.kind = SENTENCES_TYPE});
    input->has_type = true;
    break;
  case 'K': sentences_skip_word(source, fields[0].text, fields[0].length); break;
  case 'N': sentences_number_word(source, fields[0].text, fields[0].length, number_of(fields[1])); break;
  case 'G': sentences_ignore_whitespace(source); break;
  case 'I':
    sentences_intent(source, fields[0].text, fields[0].length, number_of(fields[1]));
    input->has_intent = true;
    input->has_block = input->has_condition = false;
    break;
  case 'S':
    need_intent(input);
    sentences_slot(source, fields[0].text, fields[0].length);
    break;
  case 'B':
    need_intent(input);
    sentences_block(source, number_of(fields[0]));
    input->has_block = true;
    input->has_condition = false;
    break;
  case 'T':
    need_block(input);
    sentences_template(source, fields[0].text, fields[0].length);
    break;
  case 'Q':
  case 'X': read_condition(input, kind == 'X', fields); break;
  case 'C':
    if (input->has_condition) sentences_condition_value(source, scalar_of(fields[0]));
    break;
  case 'D':
    need_block(input);
    sentences_keyword(source, fields[0].text, fields[0].length);
    break;
  case 'F':
    need_block(input);
    name = c_string(fields[0]);
    sentences_fixed(source, name, scalar_of(fields[1]));
    break;
  default: return false;
  }
  free(name);
  return true;
}

static void read_line(struct input *input, const char *line, size_t length) {
  struct field fields[MOST_FIELDS];
  for (size_t i = 0; i < MOST_FIELDS; i++) fields[i] = (struct field){"", 0};
  if (length == 0) return;
  const char *at = line + 1, *end = line + length;
  for (size_t i = 0; i < MOST_FIELDS && at <= end; i++) {
    const char *tab = memchr(at, '\t', (size_t)(end - at));
    fields[i] = (struct field){at, (size_t)((tab ? tab : end) - at)};
    at = tab ? tab + 1 : end + 1;
  }
  if (line[0] == '>') {
    if (input->text_count < MOST_TEXTS) input->texts[input->text_count++] = (struct field){line + 1, length - 1};
  } else if (line[0] == 'M') {
    if (input->options.context_count < MOST_CONTEXT)
      input->context[input->options.context_count++] =
          (sentences_pair){keep_name(input, fields[0]), scalar_of(fields[1])};
  } else if (line[0] == '*') {
    if (!input->options.best_slot) input->options.best_slot = keep_name(input, fields[0]);
  } else if (!read_declaration(input, line[0], fields)) {
    need_block(input);
    sentences_template(input->source, line, length);
  }
}

/* A run of the byte at `at`, and all up to a space. */
static size_t recognise(void *user, const char *list, const char *text, size_t length, size_t at,
                        sentences_candidate *candidates, size_t most) {
  (void)user;
  if (list[0] == '\0' || most < 2) return 0;
  size_t run = at, word = at, count = 0;
  while (run < length && text[run] == text[at]) run++;
  while (word < length && text[word] != ' ') word++;
  if (word > at) candidates[count++] = (sentences_candidate){word, sentences_text(text + at, word - at)};
  if (run > at && run != word)
    candidates[count++] = (sentences_candidate){run, (sentences_scalar){SENTENCES_NUMBER, NULL, 0, (double)(run - at)}};
  return count;
}

static void read_input(struct input *input, const char *bytes, size_t length) {
  *input = (struct input){.source = sentences_source_new()};
  if (!input->source) abort();
  input->options.context = input->context;
  input->options.recognise = recognise;
  while (length) {
    const char *newline = memchr(bytes, '\n', length);
    size_t line = newline ? (size_t)(newline - bytes) : length;
    read_line(input, bytes, line);
    bytes += newline ? line + 1 : line;
    length -= newline ? line + 1 : line;
  }
}

static void free_input(struct input *input) {
  sentences_source_free(input->source);
  for (size_t i = 0; i < input->name_count; i++) free(input->names[i]);
  free(input->newest_list);
}

/* ---- reading what comes out: each byte, so that a sanitizer sees what is not there ---- */

static volatile unsigned char touched;

static void touch(const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < length; i++) touched ^= at[i];
}

static void touch_text(const char *text) {
  if (text) touch(text, strlen(text));
}

static void touch_scalar(sentences_scalar scalar) {
  if (scalar.kind == SENTENCES_TEXT) touch(scalar.text, scalar.length);
}

/* NULL, or what is wrong with a match by itself. */
static const char *match_problem(const sentences_match *match, size_t length) {
  touch_text(match->intent_name);
  touch_text(match->text);
  touch_text(match->detail);
  touch(match->ambiguous, match->ambiguous_count * sizeof *match->ambiguous);
  for (size_t i = 0; i < match->context_count; i++) {
    touch_text(match->context[i].key);
    touch_scalar(match->context[i].value);
  }
  for (size_t i = 0; i < match->capture_count; i++) {
    const sentences_capture *capture = &match->captures[i];
    touch_text(capture->name);
    touch_text(capture->list);
    touch_scalar(capture->value);
    if (capture->from > capture->to || capture->to > length) return "a capture lies outside of the text";
  }
  if (match->intent == 0 || match->block == 0 || match->template == 0) return "a match has no template";
  if (!(match->score >= 0 && match->score <= 1)) return "a score is not from 0 to 1";
  if (match->stopped > length) return "a match stopped behind the text";
  return NULL;
}

/* ---- comparing ---- */

static bool same_scalar(sentences_scalar one, sentences_scalar other) {
  if (one.kind != other.kind) return false;
  if (one.kind == SENTENCES_TEXT)
    return one.length == other.length && (one.length == 0 || memcmp(one.text, other.text, one.length) == 0);
  return one.kind == SENTENCES_NONE || memcmp(&one.number, &other.number, sizeof one.number) == 0;
}

static bool same_match(const sentences_match *one, const sentences_match *other) {
  if (!one || !other) return one == other;
  bool same = one->intent == other->intent && one->block == other->block && one->template == other->template &&
              one->wildcards == other->wildcards && one->typos == other->typos && one->literals == other->literals &&
              one->capture_count == other->capture_count && one->context_count == other->context_count &&
              one->ambiguous_count == other->ambiguous_count && one->skipped == other->skipped;
  for (size_t i = 0; same && i < one->capture_count; i++) {
    const sentences_capture *first = &one->captures[i], *second = &other->captures[i];
    same = strcmp(first->name, second->name) == 0 && first->from == second->from && first->to == second->to &&
           same_scalar(first->value, second->value);
  }
  for (size_t i = 0; same && i < one->context_count; i++)
    same = strcmp(one->context[i].key, other->context[i].key) == 0 &&
           same_scalar(one->context[i].value, other->context[i].value);
  for (size_t i = 0; same && i < one->ambiguous_count; i++) same = one->ambiguous[i] == other->ambiguous[i];
  return same;
}

/* ---- what must hold ---- */

/* The mistakes; *errors: whether one is no warning. */
static const char *mistakes_problem(const struct input *input, bool *errors) {
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(input->source, &mistakes);
  *errors = false;
  for (size_t i = 0; i < count; i++) {
    touch_text(mistakes[i].code);
    touch_text(mistakes[i].phrase);
    touch_text(mistakes[i].list);
    touch_text(mistakes[i].text);
    touch_text(mistakes[i].sentence);
    if (!mistakes[i].message || mistakes[i].message[0] == '\0') return "a mistake says nothing";
    touch_text(mistakes[i].message);
    *errors |= !mistakes[i].warning;
  }
  return NULL;
}

struct matchers {
  sentences_matcher *matcher, *other;
};

/* Whether the last search says nothing: it had no memory, or the text is beyond a limit. */
static bool gave_up(const sentences_matcher *matcher) {
  return sentences_matcher_failed(matcher) || sentences_too_long(matcher);
}

/* One text with one grammar: found twice the same, and explain agrees with find. */
static const char *text_problem(struct matchers matchers, const sentences *compiled, struct field text,
                                const sentences_options *options, struct sentence_fuzz_time *slowest) {
  double since = now();
  const sentences_match *found = sentences_find(matchers.matcher, compiled, text.text, text.length, options);
  timed(slowest, "find", since);
  if (gave_up(matchers.matcher)) return NULL;
  const char *problem = found ? match_problem(found, text.length) : NULL;
  if (problem) return problem;
  if (found && found->reason != SENTENCES_WON) return "the best match did not win";

  size_t count;
  since = now();
  const sentences_match *all = sentences_explain(matchers.other, compiled, text.text, text.length, options, &count);
  timed(slowest, "explain", since);
  if (gave_up(matchers.other)) return NULL;
  for (size_t i = 0; i < count; i++) {
    if ((problem = match_problem(&all[i], text.length))) return problem;
    if (i > 0 && all[i].reason == SENTENCES_WON) return "explain has two winners, or none in front";
  }
  bool won = count && all[0].reason == SENTENCES_WON;
  if (won != (found != NULL))
    return found ? "explain does not know what find found" : "explain found what find did not";
  if (won && !same_match(found, &all[0])) return "explain and find differ";
  return NULL;
}

/* Two grammars find the same in a text. */
static const char *difference(struct matchers matchers, const sentences *one, const sentences *other, struct field text,
                              const sentences_options *options) {
  const sentences_match *first = sentences_find(matchers.matcher, one, text.text, text.length, options);
  const sentences_match *second = sentences_find(matchers.other, other, text.text, text.length, options);
  if (gave_up(matchers.matcher) || gave_up(matchers.other)) return NULL;
  return same_match(first, second) ? NULL : "differs";
}

/* Keeps samples. */
struct samples {
  char *texts[SAMPLES];
  size_t lengths[SAMPLES], count;
};

static void keep_sample(void *user, const char *text, size_t length) {
  struct samples *samples = user;
  if (samples->count == SAMPLES) abort();
  samples->texts[samples->count] = c_string((struct field){text, length});
  samples->lengths[samples->count++] = length;
}

/* A problem and the text that it is about; in memory that the next call overwrites. */
static const char *problem_with(const char *problem, struct field text) {
  static char sentence[512];
  snprintf(sentence, sizeof sentence, "%s: \"%.*s\"", problem, (int)text.length, text.text);
  return sentence;
}

/* The samples of an intent are different, and each is accepted by one of its templates. */
static const char *samples_problem(const struct input *input, struct matchers matchers, const sentences *compiled,
                                   unsigned intent, struct sentence_fuzz_time *slowest) {
  struct samples samples = {.count = 0};
  const char *problem = NULL;
  double since = now();
  bool good = sentences_sample(compiled, intent, SAMPLES, 1, keep_sample, &samples);
  timed(slowest, "sample", since);
  for (size_t i = 0; good && !problem && i < samples.count; i++) {
    struct field text = {samples.texts[i], samples.lengths[i]};
    size_t count;
    const sentences_match *all =
        sentences_explain(matchers.matcher, compiled, text.text, text.length, &input->options, &count);
    bool accepted = input->has_type || text.length > SENTENCES_TEXT_BYTES; /* a type takes what it likes */
    for (size_t k = 0; k < count; k++) accepted |= all[k].intent == intent && all[k].reason != SENTENCES_UNMATCHED;
    if (!accepted && !gave_up(matchers.matcher))
      problem = problem_with("an intent does not accept its own sample", text);
    for (size_t k = 0; k < i; k++) {
      if (samples.lengths[k] == text.length && memcmp(samples.texts[k], text.text, text.length) == 0)
        problem = "two samples are the same";
    }
  }
  for (size_t i = 0; i < samples.count; i++) free(samples.texts[i]);
  return problem;
}

static void take_yield(void *user, unsigned intent, unsigned block, unsigned template, const char *slot, bool always) {
  bool *good = user;
  (void)always;
  touch_text(slot);
  *good &= intent > 0 && block > 0 && template > 0;
}

/* What was dumped and loaded is the same, and nothing loads that was damaged. */
static const char *dump_problem(const struct input *input, struct matchers matchers, const sentences *compiled,
                                struct sentence_fuzz_time *slowest) {
  struct buffer dump = {0}, again = {0};
  const char *message = NULL, *problem = NULL;
  sentences *loaded = NULL;
  if (sentences_dump(compiled, &dump)) {
    double since = now();
    loaded = sentences_load(dump.bytes, dump.length, &message);
    timed(slowest, "load", since);
    if (!loaded) problem = "its own dump does not load";
  }
  if (loaded && (!sentences_dump(loaded, &again) || again.length != dump.length ||
                 memcmp(again.bytes, dump.bytes, dump.length) != 0))
    problem = "a dump of what was loaded is another one";
  for (size_t i = 0; loaded && !problem && i < input->text_count; i++) {
    if (difference(matchers, compiled, loaded, input->texts[i], &input->options))
      problem = "what was loaded matches otherwise";
  }
  if (loaded && !problem) {
    dump.bytes[dump.length / 2] ^= 1;
    sentences *damaged = sentences_load(dump.bytes, dump.length, &message);
    if (damaged) problem = "a damaged dump loads";
    sentences_drop(damaged);
  }
  sentences_drop(loaded);
  buffer_free(&dump);
  buffer_free(&again);
  return problem;
}

/* A list that is replaced by itself changes nothing. */
static const char *list_problem(const struct input *input, struct matchers matchers, const sentences *compiled,
                                struct sentence_fuzz_time *slowest) {
  if (!input->has_list || !input->newest_is_global) return NULL;
  bool known = false;
  double since = now();
  sentences *with = sentences_with_list(compiled, input->newest_list, input->source, &known);
  timed(slowest, "with_list", since);
  const char *problem = NULL;
  for (size_t i = 0; with && !problem && i < input->text_count; i++)
    problem = text_problem(matchers, with, input->texts[i], &input->options, slowest);
  sentences_drop(with);
  return problem;
}

static const char *compiled_problem(const struct input *input, const sentences *compiled,
                                    struct sentence_fuzz_time *slowest) {
  struct matchers matchers = {sentences_matcher_new(), sentences_matcher_new()};
  if (!matchers.matcher || !matchers.other) abort();
  const char *problem = NULL;
  for (size_t i = 0; !problem && i < input->text_count; i++)
    problem = text_problem(matchers, compiled, input->texts[i], &input->options, slowest);
  /* a matcher keeps nothing from one text to the next */
  for (size_t i = 0; !problem && i < input->text_count; i++) {
    if (difference(matchers, compiled, compiled, input->texts[i], &input->options))
      problem = "finds otherwise when asked again";
  }
  for (unsigned i = 1; !problem && i <= MOST_INTENTS; i++)
    problem = samples_problem(input, matchers, compiled, i, slowest);
  bool good = true;
  double since = now();
  if (!problem && sentences_yields(compiled, take_yield, &good) && !good) problem = "a slot is yielded by no template";
  timed(slowest, "yields", since);
  if (!problem) problem = dump_problem(input, matchers, compiled, slowest);
  if (!problem) problem = list_problem(input, matchers, compiled, slowest);
  sentences_matcher_free(matchers.matcher);
  sentences_matcher_free(matchers.other);
  return problem;
}

const char *sentence_fuzz_grammar(const uint8_t *bytes, size_t length, struct sentence_fuzz_time *slowest) {
  struct input input;
  read_input(&input, (const char *)bytes, length);
  double since = now();
  sentences *compiled = sentences_compile(input.source);
  timed(slowest, "compile", since);
  bool errors;
  const char *problem = mistakes_problem(&input, &errors);
  if (!problem && compiled && errors) problem = "compiled what has a mistake";
  if (!problem && !compiled && !errors) problem = "did not compile, and says not why";
  if (!problem && compiled) problem = compiled_problem(&input, compiled, slowest);
  if (!problem && compiled) {
    since = now();
    bool checked = sentences_check(input.source, compiled);
    timed(slowest, "check", since);
    if (!checked) problem = "cannot be checked";
  }
  sentences_drop(compiled);
  /* they live as long as the source */
  if (!problem && compiled) problem = mistakes_problem(&input, &errors);
  if (!problem && compiled && errors) problem = "a check found an error";
  free_input(&input);
  return problem;
}

/* ---- images ---- */

enum { HEADER_BYTES = 64, DIGEST_AT = 32, DIGEST_BYTES = 32, CHANGE_BYTES = 7 };

static void change(struct buffer *dump, const uint8_t *at) {
  size_t words = (dump->length - HEADER_BYTES) / 4;
  size_t word = ((size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16) % words;
  memcpy(dump->bytes + HEADER_BYTES + word * 4, at + 3, 4);
}

static void seal(struct buffer *dump) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(dump->bytes + HEADER_BYTES, dump->length - HEADER_BYTES, digest, &size, EVP_sha256(), NULL) != 1)
    abort();
  memcpy(dump->bytes + DIGEST_AT, digest, DIGEST_BYTES);
}

static const char *try_image(const struct input *input, const char *bytes, size_t length,
                             struct sentence_fuzz_time *slowest) {
  const char *message = NULL;
  sentences *loaded = sentences_load(bytes, length, &message);
  if (!loaded) return message ? NULL : "did not load, and says not why";
  (void)compiled_problem(input, loaded, slowest); /* results may be anything */
  double since = now();
  sentences_check(input->source, loaded);
  timed(slowest, "check", since);
  sentences_drop(loaded);
  return NULL;
}

const char *sentence_fuzz_image(const uint8_t *bytes, size_t length, struct sentence_fuzz_time *slowest) {
  const uint8_t *nul = length ? memchr(bytes, '\0', length) : NULL;
  struct input input;
  read_input(&input, (const char *)bytes, nul ? (size_t)(nul - bytes) : 0);
  const char *problem = NULL;
  if (!nul) {
    problem = try_image(&input, (const char *)bytes, length, slowest);
  } else {
    sentences *compiled = sentences_compile(input.source);
    struct buffer dump = {0};
    if (compiled && sentences_dump(compiled, &dump)) {
      for (const uint8_t *at = nul + 1; at + CHANGE_BYTES <= bytes + length; at += CHANGE_BYTES) change(&dump, at);
      seal(&dump);
      problem = try_image(&input, dump.bytes, dump.length, slowest);
    }
    buffer_free(&dump);
    sentences_drop(compiled);
  }
  free_input(&input);
  return problem;
}
