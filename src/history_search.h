/*
 * history_search: looks for a text in what a history holds.
 *
 * Upper and lower case are the same, in every script: code points are compared by their simple lower case, one by one,
 * so that "Straße" is not "strasse". A byte that is no UTF-8 stands for itself. What is looked for is found as it is
 * and as JSON would write it (a quote in a slot is stored as \"), but not in other encodings (é as \u00e9, %C3%A9 or
 * base64).
 *
 * Read-only once it is made, so that any number of threads may share one.
 */
#ifndef INTENT_WEBHOOK_HISTORY_SEARCH_H
#define INTENT_WEBHOOK_HISTORY_SEARCH_H

#include <sqlite3.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* One form of the text, as lower-case units: code points, or, above them, bytes that are no UTF-8. */
struct history_needle {
  struct buffer units; /* numbers */
  bool starts[256];    /* bytes that it can begin with */
};

/* All zero is closed; so is what an empty text gives, which is in everything. */
struct history_search {
  struct history_needle needles[2];
  size_t needle_count;
};

/* Returns false when there is no memory. To be closed in any case. */
bool history_search_open(struct history_search *search, const char *text);
void history_search_close(struct history_search *search);

/* Whether the text is in these bytes. */
bool history_search_find(const struct history_search *search, const void *bytes, size_t length);

/*
 * SQL conditions that an event fits, or, behind each other with OR, that either is so: in the row of the table `events`
 * itself; in an attempt of events.seq. They need the function that history_search_enter gives to the connection.
 */
#define HISTORY_SEARCH_FUNCTION "history_contains" /* of any number of values: whether the text is in one of them */
extern const char history_search_in_event[], history_search_in_attempts[];

/* Borrows search until it is called with NULL, which takes the function away. Returns an SQLite code. */
int history_search_enter(const struct history_search *search, sqlite3 *database);

#pragma GCC visibility pop
#endif
