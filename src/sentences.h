/*
 * sentences: which intent a text is of, by templates of sentences, and what its slots are. No Lua in here.
 *
 * Three objects:
 *
 * - sentences_source: what somebody declares: phrases, lists, intents with blocks of templates. One thread, short life.
 * - sentences: compiled from it. Immutable and counted, so that any number of threads match with it at once.
 * - sentences_matcher: the memory that one thread matches with. Keeps nothing from one text to the next.
 *
 * examples/c/sentences.c shows them. Grammar and semantics: docs/sentences.md. Time to match is bounded by the length
 * of the text times the number of states of the templates; nothing goes back, and nothing recurses over the text.
 *
 * Texts are UTF-8, with a length, and copied. Names are compared byte by byte.
 */
#ifndef INTENT_WEBHOOK_SENTENCES_H
#define INTENT_WEBHOOK_SENTENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

typedef struct sentences_source sentences_source;
typedef struct sentences sentences;
typedef struct sentences_matcher sentences_matcher;

/* ---- values ---- */

typedef enum { SENTENCES_NONE, SENTENCES_TEXT, SENTENCES_NUMBER, SENTENCES_BOOLEAN } sentences_kind;

/* A value of a slot or a context. The text is borrowed by calls that take one, and lives as said by those that give. */
typedef struct {
  sentences_kind kind;
  const char *text;
  size_t length;
  double number; /* a boolean is 0 or 1 */
} sentences_scalar;

static inline sentences_scalar sentences_text(const char *text, size_t length) {
  return (sentences_scalar){SENTENCES_TEXT, text, length, 0};
}

/* ---- declaring; what is out of memory is told by sentences_compile ---- */

sentences_source *sentences_source_new(void); /* NULL: out of memory */
void sentences_source_free(sentences_source *source);

/* Spaces of templates and texts do not count: for scripts that have none. */
void sentences_ignore_whitespace(sentences_source *source);
/* Words that are deleted from a text that does not match with them. */
void sentences_skip_word(sentences_source *source, const char *text, size_t length);
/* What a range takes besides digits, in its own bounds. */
void sentences_number_word(sentences_source *source, const char *text, size_t length, double number);

/* An expansion rule: a template by name, of all templates, or (local) of the newest block's. */
void sentences_phrase(sentences_source *source, bool local, const char *name, const char *text, size_t length);

typedef enum {
  SENTENCES_VALUES,   /* one of the values */
  SENTENCES_RANGE,    /* a number */
  SENTENCES_WILDCARD, /* any text, at least one character */
  SENTENCES_TYPE,     /* what sentences_options.recognise says */
} sentences_list_kind;

typedef struct {
  sentences_list_kind kind;
  bool exact_case, exact_accents; /* values: what is folded by default */
  bool typos;                     /* values: one letter may be wrong, missing or too much in values of SENTENCES_LONG */
  double from, to, step;          /* range; step 0: 1 */
  double multiplier;              /* range; 0: 1 */
  int fractions; /* range: parts of one that may stand behind whole steps: 1 (none), 2 (halves), 10 (tenths); 0: 1 */
  bool no_digits, no_words; /* range */
} sentences_list_options;

enum { SENTENCES_LONG = 6 }; /* characters of a value from which on a typo is forgiven */

void sentences_list(sentences_source *source, bool local, const char *name, sentences_list_options options);
/* A value of the newest list: a template, and what the slot gets; SENTENCES_NONE: the text that matched. */
void sentences_value(sentences_source *source, const char *text, size_t length, sentences_scalar out);
void sentences_value_context(sentences_source *source, const char *key, sentences_scalar value);

void sentences_intent(sentences_source *source, const char *name, size_t length, double priority);
void sentences_slot(sentences_source *source, const char *name, size_t length); /* that the newest intent declares */
void sentences_block(sentences_source *source, double priority);                /* of the newest intent; of templates */
void sentences_template(sentences_source *source, const char *text, size_t length); /* of the newest block */
void sentences_fixed(sentences_source *source, const char *slot, sentences_scalar value);
/* The context must have the key, with one of the values that follow (none: any); slot: gets the value, or NULL. */
void sentences_requires(sentences_source *source, const char *key, const char *slot);
/* The context must not have the key with one of the values that follow. */
void sentences_excludes(sentences_source *source, const char *key);
void sentences_condition_value(sentences_source *source, sentences_scalar value);  /* of the newest of the two */
void sentences_keyword(sentences_source *source, const char *text, size_t length); /* the text must hold one of these */

/* ---- mistakes ---- */

typedef struct {
  bool warning;
  const char *code;
  char *message;                    /* what is wrong and what to do */
  unsigned intent, block, template; /* from 1; 0: of none */
  const char *phrase, *list;        /* the definition that the mistake is in, or NULL */
  const char *words;                /* "skip_words", "number_words", "keywords" of the block; or NULL */
  unsigned value;                   /* of the list or the words, from 1; or 0 */
  unsigned column;                  /* byte of that text, from 1; or 0 */
  const char *text;                 /* the template, phrase or value; or NULL */
  const char *name;                 /* that is not known; or NULL */
  char *sentence;                   /* one that shows it, or NULL */
} sentences_mistake;

/* ---- compiling ---- */

/*
 * NULL when there is a mistake that is no warning, or not enough memory (then there is no mistake). Time and memory are
 * bounded by limits that mistakes name.
 */
sentences *sentences_compile(sentences_source *source);

/* What sentences_compile and sentences_check found; they live as long as the source. */
size_t sentences_mistakes(const sentences_source *source, const sentences_mistake **mistakes);

/*
 * Looks for what is allowed, but hardly meant: templates that can never win, intents that accept the same sentence.
 * Works with samples of each template, all of its sentences where there are few. Adds warnings to the source's
 * mistakes. False: out of memory.
 */
bool sentences_check(sentences_source *source, const sentences *compiled);

void sentences_hold(sentences *compiled); /* one more owner */
void sentences_drop(sentences *compiled); /* one less; NULL is allowed */

/*
 * The same with the global list of that name replaced by the newest list of the source (kind SENTENCES_VALUES). The
 * old one stays as it is. NULL: out of memory, a mistake, or (known false) no such list of values.
 */
sentences *sentences_with_list(const sentences *compiled, const char *name, sentences_source *source, bool *known);

size_t sentences_size(const sentences *compiled); /* bytes of memory */

/* Appends it as bytes that sentences_load reads, on machines of the same kind; lists as compiled, not as replaced. */
bool sentences_dump(const sentences *compiled, struct buffer *out);
/* NULL with a sentence in *problem: damaged, of another version, or not enough memory. */
sentences *sentences_load(const char *bytes, size_t length, const char **problem);

/* ---- matching ---- */

sentences_matcher *sentences_matcher_new(void); /* NULL: out of memory */
void sentences_matcher_free(sentences_matcher *matcher);

/*
 * Limits. A longer text matches nothing; nor does one that would take more steps, each of which is a state looked at:
 * some hundred for a sentence of a large grammar, and some milliseconds for all of them.
 */
enum { SENTENCES_TEXT_BYTES = 65536, SENTENCES_STEPS = 5 << 15, SENTENCES_EXPLAIN_STEPS = 1 << 24 };

/*
 * What a slot of its own type can be at a place of the text: appends up to `most` candidates, and returns how many.
 * `at` and `last` are offsets of bytes; `last` is behind the candidate. Called at most once for each type and place,
 * and once more when the text is tried again without its skip words.
 */
typedef struct {
  size_t last;
  sentences_scalar value; /* its text lives until the search ends */
} sentences_candidate;
typedef size_t (*sentences_recogniser)(void *user, const char *list, const char *text, size_t length, size_t at,
                                       sentences_candidate *candidates, size_t most);

typedef struct {
  const char *key;
  sentences_scalar value;
} sentences_pair;

typedef struct {
  const sentences_pair *context; /* of the message */
  size_t context_count;
  const char *best_slot; /* the parse with the longest value of this slot wins; NULL: none */
  sentences_recogniser recognise;
  void *user;
} sentences_options;

typedef struct {
  const char *name;
  sentences_scalar value;
  size_t from, to;  /* bytes of the text, to is behind; equal: the value is not from the text */
  const char *list; /* that it is from; NULL: none */
} sentences_capture;

typedef enum {
  SENTENCES_WON,
  SENTENCES_LOST_PRIORITY,
  SENTENCES_LOST_BEST_SLOT,
  SENTENCES_LOST_WILDCARDS,
  SENTENCES_LOST_FREE,
  SENTENCES_LOST_TYPOS,
  SENTENCES_LOST_ACCENTS,
  SENTENCES_LOST_LITERALS,
  SENTENCES_LOST_CONDITIONS,
  SENTENCES_LOST_ORDER,
  SENTENCES_CONTEXT_MISSING,
  SENTENCES_CONTEXT_DIFFERS,
  SENTENCES_CONTEXT_EXCLUDED,
  SENTENCES_KEYWORD_MISSING,
  SENTENCES_UNMATCHED,
} sentences_reason;

typedef struct {
  unsigned intent, block, template; /* from 1: as declared, the block within its intent, the template in its block */
  const char *intent_name, *text;   /* text: the template */
  const sentences_capture *captures;
  size_t capture_count;
  const sentences_pair *context; /* the message's, with those of the values */
  size_t context_count;
  double priority;
  unsigned wildcards, typos, literals; /* literals: characters that the template itself says */
  unsigned free;                       /* characters that slots took which are no list */
  unsigned folded;                     /* characters of values whose accents differ */
  unsigned best;                       /* characters of the best slot */
  double score;                        /* share of the text's characters that no wildcard took, 0 to 1 */
  bool skipped;                        /* skip words were deleted */
  const unsigned *ambiguous;           /* other intents, from 1, that tie */
  size_t ambiguous_count;
  sentences_reason reason; /* of sentences_explain */
  const char *detail;      /* the key or keyword that it is about, or what a range refused; or NULL */
  size_t stopped;          /* SENTENCES_UNMATCHED: the byte that nothing fits */
} sentences_match;

/*
 * The best match, NULL when there is none, or with sentences_matcher_failed when there is not enough memory. It lives
 * until the next search, as long as `compiled`, `text` and the options do.
 */
const sentences_match *sentences_find(sentences_matcher *matcher, const sentences *compiled, const char *text,
                                      size_t length, const sentences_options *options);
bool sentences_matcher_failed(const sentences_matcher *matcher);
/* Whether the last search found nothing since the text is beyond one of the limits. */
bool sentences_too_long(const sentences_matcher *matcher);

/*
 * Every candidate, best first, with the reason why it lost; when nothing matches, also the templates that came
 * furthest. *count is how many.
 */
const sentences_match *sentences_explain(sentences_matcher *matcher, const sentences *compiled, const char *text,
                                         size_t length, const sentences_options *options, size_t *count);

/* ---- looking into it ---- */

/*
 * Gives up to `most` different sentences that an intent (from 1) accepts, one call of `give` each; the same ones for
 * the same seed. False: out of memory.
 */
typedef void (*sentences_receiver)(void *user, const char *text, size_t length);
bool sentences_sample(const sentences *compiled, unsigned intent, size_t most, uint64_t seed, sentences_receiver give,
                      void *user);

/* Which slots a template yields: calls `give` for each, with whether every sentence has it. */
typedef void (*sentences_yield)(void *user, unsigned intent, unsigned block, unsigned template, const char *slot,
                                bool always);
bool sentences_yields(const sentences *compiled, sentences_yield give, void *user);

#pragma GCC visibility pop
#endif
