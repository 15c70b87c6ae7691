/*
 * history_path: see history_path.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* realpath */
#endif
#include "history_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

char *history_path_complain(char error[HISTORY_ERROR_SIZE], const char *path, const char *complaint) {
  size_t length = strlen(path), shown = 120;
  const char *tail = length > shown ? path + length - shown : path;
  snprintf(error, HISTORY_ERROR_SIZE, "%s%s: %s", tail == path ? "" : "...", tail, complaint);
  return NULL;
}

/* Where there is no such file yet: its folder's canonical path and its name. */
static char *canonical_new(const char *path, char error[HISTORY_ERROR_SIZE]) {
  char folder[PATH_MAX], resolved[PATH_MAX];
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t length = slash ? (size_t)(slash - path) : 0;
  struct stat status;
  if (!*name) return history_path_complain(error, path, "the path ends in a slash: give the history a file name");
  /* Anything else than a link is a file that another process has created since. */
  if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
    return history_path_complain(error, path, "is a symbolic link to nothing");
  if (length >= sizeof folder) return history_path_complain(error, path, strerror(ENAMETOOLONG));
  snprintf(folder, sizeof folder, "%.*s", (int)length, path);
  if (!realpath(slash ? length ? folder : "/" : ".", resolved)) {
    if (errno != ENOENT) return history_path_complain(error, path, strerror(errno));
    return history_path_complain(error, path, "the folder does not exist: create it first");
  }
  if (access(resolved, W_OK | X_OK) != 0)
    return history_path_complain(error, path, "files may not be created in the folder");
  char whole[PATH_MAX + NAME_MAX + 2];
  int written = snprintf(whole, sizeof whole, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved, name);
  if (written < 0 || (size_t)written >= sizeof whole) return history_path_complain(error, path, strerror(ENAMETOOLONG));
  char *copy = memory_copy(whole, (size_t)written);
  return copy ? copy : history_path_complain(error, path, "out of memory");
}

static char *canonical_existing(const char *path, char error[HISTORY_ERROR_SIZE]) {
  char resolved[PATH_MAX];
  if (!realpath(path, resolved)) return history_path_complain(error, path, strerror(errno));
  if (access(resolved, R_OK | W_OK) != 0)
    return history_path_complain(error, path, "the file may not be read and written");
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(resolved, '/') - resolved) + 1, resolved);
  if (access(folder, W_OK | X_OK) != 0)
    return history_path_complain(error, path, "files may not be created in the folder, which SQLite needs");
  char *copy = memory_copy(resolved, strlen(resolved));
  return copy ? copy : history_path_complain(error, path, "out of memory");
}

char *history_path_resolve(const char *path, char error[HISTORY_ERROR_SIZE]) {
  struct stat status;
  if (stat(path, &status) == 0) {
    if (!S_ISREG(status.st_mode)) return history_path_complain(error, path, "is not a regular file");
    return canonical_existing(path, error);
  }
  if (errno != ENOENT) return history_path_complain(error, path, strerror(errno));
  return canonical_new(path, error);
}

char *history_path_absolute(const char *path) {
  if (path[0] == '/') return memory_copy(path, strlen(path));
  char folder[PATH_MAX], whole[2 * PATH_MAX];
  if (!getcwd(folder, sizeof folder)) snprintf(folder, sizeof folder, ".");
  int length = snprintf(whole, sizeof whole, "%s/%s", folder, path);
  return length > 0 && (size_t)length < sizeof whole ? memory_copy(whole, (size_t)length) : NULL;
}
