/*
 * session_file: sessions in the history file, for every process that uses the file, and across restarts.
 *
 * It has a connection and a thread of its own, so that SQLite is never called in the host's thread; each call waits for
 * its answer, at most as long as it says. One thread at a time may use a session file.
 *
 * The connection stays open between calls, since opening costs many times what a row does. Fork: the thread closes it
 * before and opens it again afterwards, and the child starts with no thread and no connection, as in history.h.
 */
#ifndef INTENT_WEBHOOK_SESSION_FILE_H
#define INTENT_WEBHOOK_SESSION_FILE_H

#include "history.h"
#include "session_seal.h"

#pragma GCC visibility push(hidden)

struct session_file;

enum { SESSION_ID_BYTES = 64 * 1024, SESSION_BODY_BYTES = 1024 * 1024 }; /* at most */

enum session_answer {
  SESSION_ANSWERED, /* get: there is one; put: it is there */
  SESSION_MISSING,  /* get: there is none, or it has expired */
  SESSION_CHANGED,  /* put: somebody else has put meanwhile; nothing was done */
  SESSION_LOCKED,   /* get: there is one that the key does not open; `version` is set, and a put can replace it */
  SESSION_TOO_SLOW, /* what became of a put is not known */
  SESSION_BROKEN    /* the file cannot be used, or what was given is too large */
};

/*
 * Opens nothing yet, but looks at the path. Without a key (bytes NULL) bodies stand in the file as they are. NULL, with
 * a sentence in error, when there can be no file at the path, or no memory.
 */
struct session_file *session_file_open(const char *path, struct session_text key, char error[HISTORY_ERROR_SIZE]);
void session_file_close(struct session_file *file);

/*
 * Appends the body to `body` and sets *version, which is 0 when there is none. Times are microseconds since 1970, by
 * the host's clock. error has a sentence for SESSION_LOCKED and the two after it.
 */
enum session_answer session_file_get(struct session_file *file, struct session_text id, int64_t now_us, int timeout_ms,
                                     struct buffer *body, int64_t *version, char error[HISTORY_ERROR_SIZE]);

/*
 * Puts a body in the place of the one with that version, 0: where there is none. bytes NULL deletes. When the answer is
 * there, other processes see it; a power cut soon after may take it back.
 */
enum session_answer session_file_put(struct session_file *file, struct session_text id, struct session_text body,
                                     int64_t version, int64_t now_us, int64_t expires_us, int timeout_ms,
                                     char error[HISTORY_ERROR_SIZE]);

extern struct workers_kind session_file_workers; /* for process.c */

#pragma GCC visibility pop
#endif
