/*
 * history_path: which file a path means, and whether a history can be there. Looks at names and permissions only, and
 * never opens the file: closing it again would drop every lock that this process has on it.
 */
#ifndef INTENT_WEBHOOK_HISTORY_PATH_H
#define INTENT_WEBHOOK_HISTORY_PATH_H

#include "history.h"

#pragma GCC visibility push(hidden)

/*
 * The canonical path, the same for all that names one file, whether it exists or not; the caller frees it. NULL, with a
 * sentence in error, when there is no history at it and there cannot be one.
 */
char *history_path_resolve(const char *path, char error[HISTORY_ERROR_SIZE]);

/*
 * The path from the root, links and all, so that neither a change of folder nor SQLite's reading of names matters; the
 * caller frees it. In a folder that was deleted it begins with "./", so that it is no other file. NULL: no memory, or
 * longer than any path can be.
 */
char *history_path_absolute(const char *path);

/* Writes a sentence about a path, of which a long one is shortened. Returns NULL. */
char *history_path_complain(char error[HISTORY_ERROR_SIZE], const char *path, const char *complaint);

#pragma GCC visibility pop
#endif
