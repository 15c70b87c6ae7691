/*
 * history_scrub: overwrites what is left of deleted rows in the unused parts of a history file's pages.
 *
 * secure_delete overwrites a row where it stands. But when SQLite splits or joins pages it moves rows, and where they
 * were before, in what is then the unused middle of a page, their bytes stay. Of some thousand rows that are deleted, a
 * few are left there.
 */
#ifndef INTENT_WEBHOOK_HISTORY_SCRUB_H
#define INTENT_WEBHOOK_HISTORY_SCRUB_H

#include <sqlite3.h>

#include "history_connection.h"

#pragma GCC visibility push(hidden)

/*
 * Fills the unused middle of every page with zeros, in the file itself. The WAL has to be empty, by a checkpoint that
 * truncates it; when it is not, because somebody has written since, gives SQLITE_BUSY and has done nothing. Nobody is
 * kept from reading or writing meanwhile. Returns an SQLite code; SQLITE_INTERRUPT when patience is over.
 */
int history_scrub(sqlite3 *database, const struct history_patience *patience);

#pragma GCC visibility pop
#endif
