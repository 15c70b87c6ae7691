/*
 * history_record: what an event and a finished delivery become in the history file. All redaction happens here.
 *
 * Each function runs within a transaction and returns an SQLite code; after a failure the whole transaction is to be
 * rolled back and may be tried again from the start. SQLITE_NOMEM also stands for a copy that could not be redacted:
 * what is not redacted is not stored.
 */
#ifndef INTENT_WEBHOOK_HISTORY_RECORD_H
#define INTENT_WEBHOOK_HISTORY_RECORD_H

#include "buffer.h"
#include "event.h"
#include "history_file.h"

#pragma GCC visibility push(hidden)

/* A transaction's state. `file` is set by the owner and `scratch` kept between transactions. */
struct history_recording {
  struct history_file *file;
  struct buffer scratch; /* redacted copies of what one row binds */
  int64_t last_seq;      /* the highest seq given so far */
  int64_t first_seq;     /* the first of this transaction; 0: none yet */
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

/*
 * Writes the outcome and the attempt of a finished delivery, whose event has a row. Should the event be gone from the
 * file (deleted by age or by hand, or the file is another one now), it is written again.
 */
int history_record_delivery(struct history_recording *recording, struct delivery *delivery);

/* Before COMMIT. */
int history_recording_end(struct history_recording *recording);

#pragma GCC visibility pop
#endif
