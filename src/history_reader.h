/*
 * history_reader: questions to a history file, answered as JSON.
 *
 * A reader has a read-only connection and a thread of its own, so that SQLite is never called in the host's thread; a
 * question waits for its answer, at most as long as it says. One thread at a time may use a reader. Fork: as in
 * history.h.
 *
 * Paging is by `seq`, the order of recording, which only grows: a page neither skips nor repeats while events come in.
 */
#ifndef INTENT_WEBHOOK_HISTORY_READER_H
#define INTENT_WEBHOOK_HISTORY_READER_H

#include <stdint.h>

#include "buffer.h"
#include "history.h"

#pragma GCC visibility push(hidden)

struct history_reader;

enum { HISTORY_READER_LIMIT = 1000, HISTORY_READER_SEQS = 200 };

struct history_query {
  const char *id;     /* one event with its deliveries and attempts, by id; the rest is then ignored */
  const char *intent; /* NULL: any; so for the others */
  const char *status; /* of any of its deliveries; "recorded": it has none */
  const char *session;
  const char *url;            /* of any of its deliveries */
  int64_t since_us, until_us; /* since <= time < until; 0: open */
  int64_t before_seq;         /* only events recorded before this one; 0: from the newest */
  int64_t after_seq;          /* > 0: only events recorded after this one, oldest first, and `next` is the next after */
  int limit;                  /* 1 to HISTORY_READER_LIMIT */

  /* Only these events, at most HISTORY_READER_SEQS; of the rest only `brief` counts then. Newest first. */
  const int64_t *seqs;
  size_t seq_count;

  /*
   * A text that has to occur in slots, id, session, error or note, or in url, request_body or response_body of an
   * attempt; see history_search.h. NULL and "": none.
   */
  const char *search;
  int64_t search_us; /* looks through events so long at most and answers what was found by then; 0: to the end */
  bool brief;        /* for a glance: see history_brief.h */
};

/* NULL, with a sentence in error, when there is no memory. The file is opened with the first question. */
struct history_reader *history_reader_open(const char *path, char error[HISTORY_ERROR_SIZE]);
void history_reader_close(struct history_reader *reader);

enum history_answer { HISTORY_ANSWERED, HISTORY_UNREADABLE, HISTORY_OUT_OF_MEMORY, HISTORY_TOO_SLOW };

/*
 * Appends to out: for a list {"events":[EVENT...],"next":SEQ or null}, newest first; for an id EVENT or null.
 * A list's EVENT has its deliveries but no attempts. Field names and units: docs/history.md. A question that takes
 * longer than timeout_ms is interrupted. error says why there is no answer.
 *
 * With search, with status "recorded", and when search_us ended it, a list has also "searched_to": the time of the last
 * event that was looked at when it stopped early, else null; `next` then goes on from there.
 */
enum history_answer history_reader_ask(struct history_reader *reader, const struct history_query *query, int timeout_ms,
                                       struct buffer *out, char error[HISTORY_ERROR_SIZE]);

extern struct workers_kind history_reader_workers; /* for process.c */

#pragma GCC visibility pop
#endif
