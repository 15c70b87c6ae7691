/*
 * history_erase: deletes one event, a session, or all that contains a text, so that nothing of it is left in the file.
 *
 * Deleted are events with their deliveries and attempts, and sessions on their way. What is deleted is overwritten,
 * with the copies that SQLite has left of it, and the WAL is emptied, unless others never leave a moment for that. What
 * the writer of any process still has of an erased event is not recorded any more.
 */
#ifndef INTENT_WEBHOOK_HISTORY_ERASE_H
#define INTENT_WEBHOOK_HISTORY_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "history.h"
#include "history_connection.h"

#pragma GCC visibility push(hidden)

/* What is to be erased: exactly one of the first three is given, and not empty. */
struct history_erasure {
  const char *id;         /* of one event */
  const char *session;    /* as the host named it; the session on its way too */
  const char *containing; /* anywhere in what was recorded; any case, as a search compares */
  bool dry_run;           /* counts only */
};

enum history_erase_result { HISTORY_ERASED, HISTORY_ERASE_FAILED, HISTORY_ERASE_TOO_SLOW, HISTORY_ERASE_NO_MEMORY };

/*
 * Erases in the calling thread, on a connection of its own, until it is done or `patience` is over. A few hundred
 * events are one transaction; so when it fails, or was too slow, a part may be erased, which *events and *sessions
 * count. A file that is not there, or empty, has nothing to erase and is not created. error says why it failed; after
 * HISTORY_ERASED it is empty, or says that copies may be left in the files, until the same is erased once more.
 */
enum history_erase_result history_erase(const char *path, const struct history_erasure *erasure,
                                        const struct history_patience *patience, int64_t *events, int64_t *sessions,
                                        char error[HISTORY_ERROR_SIZE]);

#pragma GCC visibility pop
#endif
