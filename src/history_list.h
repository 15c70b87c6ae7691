/*
 * history_list: the events that a question is about, one after the other, out of an open history file.
 *
 * A list is a page: at most query->limit events, and `next`, where the following page begins. That is a seq, and seqs
 * only grow, so that pages neither skip nor repeat an event while others come in.
 *
 * With search_us a list ends early when it has looked at events for so long; each list looks at one at least. `next`
 * then says how far it came. What it has found until then has been given.
 */
#ifndef INTENT_WEBHOOK_HISTORY_LIST_H
#define INTENT_WEBHOOK_HISTORY_LIST_H

#include <sqlite3.h>

#include "history_reader.h"
#include "history_search.h"

#pragma GCC visibility push(hidden)

struct history_list {
  sqlite3 *database;                 /* borrowed */
  const struct history_query *query; /* borrowed */
  sqlite3_stmt *rows;                /* after a step that gave SQLITE_ROW, on the event */
  int64_t given_seq;                 /* and its seq; so as long as there is no other row */

  int64_t next;     /* after SQLITE_DONE: the before_seq or after_seq of the next page; 0: this was the last one */
  bool every_one;   /* history_list_looks_at_every_one: it ends with the page, even if that was the last one */
  bool ended_early; /* search_us was over; looked_at was the last one */
  int64_t looked_at;

  /* private */
  struct history_search search;
  int64_t deadline_us;
  int given;
  int64_t seqs[HISTORY_READER_SEQS];
  size_t seq_count;
};

/* Whether there is no index for the question. */
bool history_list_looks_at_every_one(const struct history_query *query);

/*
 * `columns` is what to select of the table `events`; the first is events.seq. Within a transaction, so that all that is
 * read is of one moment. Returns an SQLite code; to be closed in any case.
 */
int history_list_open(struct history_list *list, sqlite3 *database, const struct history_query *query,
                      const char *columns);

/* SQLITE_ROW, SQLITE_DONE or a failure. */
int history_list_step(struct history_list *list);

void history_list_close(struct history_list *list);

#pragma GCC visibility pop
#endif
