/*
 * page_text: pieces of a request: text that belongs to somebody else, and forms (queries, and bodies that are
 * form-encoded) taken apart.
 */
#ifndef INTENT_WEBHOOK_PAGE_TEXT_H
#define INTENT_WEBHOOK_PAGE_TEXT_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

struct page_text {
  const char *bytes; /* NULL: there is none; need not be NUL-terminated */
  size_t length;
};

bool page_text_is(struct page_text text, const char *other);
bool page_text_is_any_case(struct page_text text, const char *other); /* of ASCII letters */
bool page_text_begins(struct page_text text, const char *beginning);

/* Whether the value of an Accept-Encoding takes gzip: RFC 9110, section 12.5.3. */
bool page_text_takes_gzip(struct page_text accepted);

/* What is left behind the first `length` bytes. */
struct page_text page_text_from(struct page_text text, size_t length);

enum { PAGE_FORM_FIELDS = 16 };

/* Fields by place in a list of names; all zero is an empty form. */
struct page_form {
  const char *values[PAGE_FORM_FIELDS]; /* decoded, NUL-terminated; NULL: not given, or empty */
  bool given[PAGE_FORM_FIELDS];         /* also when it is empty */
  struct buffer storage;
};

/*
 * Reads "name=value&name=value": percent-encoded, a plus is a space. `names` ends with NULL and has at most
 * PAGE_FORM_FIELDS. False, with a sentence in `complaint`, for a name that is not among them or comes twice, bad
 * encoding, or a NUL; and for no memory, with an empty sentence.
 */
bool page_form_read(struct page_form *form, struct page_text text, const char *const *names, struct buffer *complaint);
void page_form_free(struct page_form *form);

/* A whole number from 0 to most. */
bool page_read_whole(const char *text, int64_t most, int64_t *value);

/* Seconds with at most six decimals, up to the year 9999, as microseconds. */
bool page_read_seconds(const char *text, int64_t *microseconds);

#pragma GCC visibility pop
#endif
