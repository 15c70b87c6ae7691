/*
 * history: the SQLite file that holds events, deliveries and attempts, and the one thread that writes it.
 *
 * There is one writer for a file in a process, shared by every client that names the file. It starts with
 * the first record, and ends when the last client has released it and everything is written. It commits in groups:
 * what came while the last commit ran, or within HISTORY_WINDOW_MS of the first record, or at most
 * HISTORY_BATCH records; at once while somebody waits. An event with deliveries on their way is left to the next group
 * once, since most are finished by then. So a record is in the file within 50 ms.
 *
 * Nothing is dropped: when a commit fails (disk full, locked by another program) the batch stays and is tried again,
 * its owners are told stored = false once, and stored = true when it has been written at last.
 *
 * WAL, synchronous=FULL. The file is created with mode 0600. Another process's writer is waited for with short random
 * sleeps. Everything stored has gone through redaction. SQLite is called in the writer's thread only.
 *
 * Fork: before a fork the writer finishes its batch and closes its connection, and opens again afterwards
 * (SQLite's locks do not survive a fork, even unused); the child starts with an unstarted history.
 */
#ifndef INTENT_WEBHOOK_HISTORY_H
#define INTENT_WEBHOOK_HISTORY_H

#include "event.h"

#pragma GCC visibility push(hidden)

enum { HISTORY_WINDOW_MS = 10, HISTORY_BATCH = 512, HISTORY_ERROR_SIZE = 384 };

struct history;

struct history_stats {
  uint64_t recorded;              /* events and attempts written */
  uint64_t waiting;               /* records not yet written */
  uint64_t dropped;               /* records that could not be written before history_finish_all gave up */
  char error[HISTORY_ERROR_SIZE]; /* why the last commit or open failed; "" when it did not */
};

/*
 * The process's writer for `path`, with one more reference. Starts no thread and opens nothing, but looks at the path:
 * NULL, with a sentence in error, when its folder does not exist or may not be written, or when it is no regular file.
 * keep_us: events older than that are deleted, a few hundred at a time, while there is nothing else to do; 0 keeps all.
 * Clients that disagree get the longest.
 */
struct history *history_acquire(const char *path, int64_t keep_us, char error[HISTORY_ERROR_SIZE]);

/* One more reference for whoever has one. Returns history. */
struct history *history_hold(struct history *history);

/* Gives one reference back. Does not wait: the writer goes on until all is written. */
void history_release(struct history *history);

/* Likewise, and when it was the last one, waits until the file is closed, at most timeout_us. */
void history_release_closed(struct history *history, int64_t timeout_us);

/*
 * For both of the following: until the owner was told stored = true, the links `next` of what was handed over are the
 * history's, and what the event points to, its endpoints too, must stay.
 *
 * Records a new event and its deliveries. Takes over one reference of the event, and reads only what does not change
 * after the event was made. Never waits for I/O. False when the writer's thread cannot be started; then nothing
 * was taken.
 */
bool history_event(struct history *history, struct event *event);

/*
 * Records a finished delivery and its attempt, after its event was handed over. Takes over one reference of the event
 * and the delivery itself until its owner is told. Never waits for I/O, and never fails.
 */
void history_delivery(struct history *history, struct delivery *delivery);

/* While at least one hurry is on, the writer does not wait for company. */
void history_hurry(struct history *history, bool on);

/*
 * Starts the writer, which opens or creates the file. True when it is open; false, with a sentence that says what to
 * do in error, when it cannot be (not a database, of a later version, no permission), or not within timeout_ms.
 */
bool history_start(struct history *history, int timeout_ms, char error[HISTORY_ERROR_SIZE]);

void history_read_stats(struct history *history, struct history_stats *stats);

/*
 * For process.c. Before a fork every writer parks, its connection closed, within deadline_ms; afterwards each goes on.
 * In the child the writers are forgotten; a file whose writer did not park in time cannot be opened there, and says so.
 */
void history_before_fork(int deadline_ms);
void history_after_fork_in_parent(void);
void history_after_fork_in_child(void);

/*
 * For process.c: waits until every writer has written all that it has and ended. patience_ms is for a file that cannot
 * be written; as long as records get written it waits on, up to five times that. False: the rest was dropped.
 */
bool history_finish_all(int patience_ms);

#pragma GCC visibility pop
#endif
