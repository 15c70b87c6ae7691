/*
 * sentence_list: a list of texts as a trie, and what of it stands at a place of a text.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_LIST_H
#define INTENT_WEBHOOK_SENTENCE_LIST_H

#include "sentence_image.h"
#include "sentence_text.h"

#pragma GCC visibility push(hidden)

/* Texts on their way into a trie. All zero is an empty draft. */
struct list_draft {
  struct buffer keys;          /* uint64_t: base and detail of each character */
  struct buffer entries;       /* struct list_entry */
  struct buffer units, places; /* for the text that is being added */
  bool exact_case, exact_accents, ignore_whitespace;
  bool failed; /* out of memory; told by list_draft_build */
};

struct list_entry {
  uint32_t first, length, value;
};

enum list_added { LIST_ADDED, LIST_EMPTY, LIST_TOO_LONG };

/*
 * Adds a text that stands for that value, unless nothing of it is left that could be compared, or it comes to more than
 * TEXT_UNITS.
 */
enum list_added list_draft_add(struct list_draft *list, const char *text, size_t length, uint32_t value);

/*
 * Builds the trie into nodes, list_edges and terminals of the image's draft, and fills the fields of `record` that say
 * where. False: out of memory.
 */
bool list_draft_build(struct list_draft *list, struct image_draft *draft, struct list *record);
void list_draft_free(struct list_draft *list);

/* A text in units, as matchers see it. */
struct text_view {
  const struct unit *units;
  const unsigned char *places; /* count + 1 */
  size_t count;
};

/* An occurrence: it ends before unit `end`, and stands for the values at `terminals`. */
struct list_hit {
  uint32_t end, typos, folded; /* folded: characters whose accents differ */
  const uint32_t *terminals;
  uint32_t count;
};

/*
 * Appends a struct list_hit to `hits` for each end of a value that begins at `at`. `scratch` is memory to work with.
 * Each node that is reached counts as a step, and there are no more than *steps, which is what is left of them
 * afterwards; when it is 0, not all may have been found. False: out of memory.
 */
bool list_find(const struct image *image, const struct list *list, struct text_view text, size_t at,
               struct buffer *scratch, struct buffer *hits, size_t *steps);

/* Whether unit `at` can be the first of a value, without a typo: a quick no. */
bool list_can_start(const struct image *image, const struct list *list, const struct unit *unit);

#pragma GCC visibility pop
#endif
