/*
 * history_backlog: what the history's writer has taken over and not yet written, and the batches that it is written in.
 *
 * A batch is one transaction over the beginning of the backlog: events, then finished deliveries whose events are in
 * the file or in the batch. A delivery whose event is in the same batch is written once, as finished. What could not be
 * written stays where it was.
 *
 * Only the writer's thread uses it. All zero is an empty backlog, but for recording.file.
 */
#ifndef INTENT_WEBHOOK_HISTORY_BACKLOG_H
#define INTENT_WEBHOOK_HISTORY_BACKLOG_H

#include "history_queue.h"
#include "history_record.h"

#pragma GCC visibility push(hidden)

/* What a batch was. */
struct history_batch {
  size_t events, deliveries; /* so many from the beginning of the backlog */
  bool full;                 /* there was more that could have been written */
  uint64_t written;          /* events and attempts */
};

struct history_backlog {
  struct history_queue queue;
  struct history_recording recording;
  size_t due_events;                   /* the first ones, which were left out of a batch once already */
  size_t told_events, told_deliveries; /* the first ones, whose owners know that it failed */
};

/*
 * Tries to write a batch of at most `limit` records; the file must be open. In no hurry, an event with deliveries
 * on their way, and what came after it, is left to the next batch, once: most are finished by then, and one write
 * instead of two is half the work. Returns an SQLite code; after a failure, of which file->error speaks, the batch is
 * empty.
 */
int history_backlog_write(struct history_backlog *backlog, size_t limit, bool hurried, struct history_batch *batch);

/* Takes out a batch that has been written, tells its owners, and gives back what they handed over. */
void history_backlog_tell_stored(struct history_backlog *backlog, const struct history_batch *batch);

/* Tells those owners of the whole backlog who do not know yet that a try to write it has failed. */
void history_backlog_tell_failed(struct history_backlog *backlog);

/* Gives everything back without having written it, and without a word. */
void history_backlog_drop(struct history_backlog *backlog);

#pragma GCC visibility pop
#endif
