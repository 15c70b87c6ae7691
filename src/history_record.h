/*
 * history_record: what an event and a finished delivery become in the history file. All redaction happens here.
 *
 * Each function runs within a transaction and returns an SQLite code; after a failure the whole transaction is to be
 * rolled back and may be tried again from the start. SQLITE_NOMEM also stands for a copy that could not be redacted:
 * what is not redacted is not stored.
 */
#ifndef INTENT_WEBHOOK_HISTORY_RECORD_H
#define INTENT_WEBHOOK_HISTORY_RECORD_H

#include "event.h"
#include "history_file.h"
#include "history_rollup.h"
#include "history_row.h"

#pragma GCC visibility push(hidden)

/* A transaction's state. All zero to begin with; `file`, `opening` and `careful` are set by the owner. */
struct history_recording {
  struct history_file *file;
  unsigned opening; /* how often the file has been opened, from 1: another file may have that name each time */
  bool careful;     /* look for each event's id first; to be set when a transaction failed with SQLITE_CONSTRAINT */
  bool no_memory;   /* why SQLITE_NOMEM came, when it was not from SQLite */
  struct history_rows events, deliveries, attempts; /* to be written */
  struct history_rollup rollup;                     /* their counts, which are to be written too */
  struct buffer finishing;                          /* what the statement for one delivery binds */
  int64_t committed_seq;                            /* the highest seq given before the transaction */
  int64_t last_seq;                                 /* the highest seq given so far */
  int64_t first_seq;                                /* the first of this transaction; 0: none yet */
  int64_t earliest, latest;
};

/* After BEGIN. */
int history_recording_begin(struct history_recording *recording);

/*
 * Writes the event and its deliveries, and gives the event its row. A delivery that is marked in_batch, or has a row
 * because it was recorded before, is finished: it is written as that at once, and marked inserted_final. Of the others,
 * nothing that changes is read.
 */
int history_record_event(struct history_recording *recording, struct event *event);

/* Between the last event and the first delivery. */
int history_recording_flush(struct history_recording *recording);

/*
 * Writes and counts the outcome and the attempt of a finished delivery, whose event has a row. Should the event be gone
 * from the file (deleted by age or by hand, or the file is another one now), it is written again. When it was erased
 * (history_erase.h), nothing is written.
 */
int history_record_delivery(struct history_recording *recording, struct delivery *delivery);

/* Before COMMIT. */
int history_recording_end(struct history_recording *recording);

/* After a failed transaction, for the event of each delivery that was in it. */
void history_record_undo(const struct history_recording *recording, struct event *event);

/* The event's seq; it must have a row. */
int64_t history_record_seq(const struct event *event);

/* Gives the memory back; the rest stays. */
void history_recording_free(struct history_recording *recording);

#pragma GCC visibility pop
#endif
