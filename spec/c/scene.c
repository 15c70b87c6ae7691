/*
 * scene: see scene.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_MS = 5000, HIGHEST_DESCRIPTOR = 4096 };

static _Noreturn void give_up(const char *what, const char *why) {
  fprintf(stderr, "scene: %s: %s\n", what, why);
  exit(1);
}

void scene_begin(struct scene *scene) {
  strcpy(scene->folder, "/tmp/intent-webhook-spec.XXXXXX");
  if (mkdtemp(scene->folder) == NULL) give_up(scene->folder, strerror(errno));
  snprintf(scene->history, sizeof scene->history, "%s/history.db", scene->folder);
}

void scene_end(struct scene *scene) {
  static const char *const endings[] = {"", "-wal", "-shm"};
  char path[128];
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    snprintf(path, sizeof path, "%s%s", scene->history, endings[i]);
    unlink(path);
  }
  if (rmdir(scene->folder) != 0) give_up(scene->folder, strerror(errno));
}

/* ---- the history file ---- */

/* The first row of the answer, or NULL; either way *database is to be closed. */
static sqlite3_stmt *ask(const char *history, const char *sql, sqlite3 **database) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_open_v2(history, database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) return NULL;
  sqlite3_busy_timeout(*database, BUSY_MS);
  if (sqlite3_prepare_v2(*database, sql, -1, &statement, NULL) != SQLITE_OK) return NULL;
  if (sqlite3_step(statement) == SQLITE_ROW) return statement;
  sqlite3_finalize(statement);
  return NULL;
}

int64_t scene_count(const char *history, const char *sql) {
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = ask(history, sql, &database);
  int64_t count = statement != NULL ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return count;
}

const char *scene_text(const char *history, const char *sql, char *text, size_t size) {
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = ask(history, sql, &database);
  const unsigned char *column = statement != NULL ? sqlite3_column_text(statement, 0) : NULL;
  snprintf(text, size, "%s", column != NULL ? (const char *)column : "");
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return text;
}

bool scene_is_sound(const char *history) {
  char verdict[64];
  scene_text(history, "PRAGMA integrity_check", verdict, sizeof verdict);
  return strcmp(verdict, "ok") == 0 &&
         scene_count(history, "SELECT count(*) FROM deliveries WHERE event NOT IN (SELECT seq FROM events)") == 0 &&
         scene_count(history, "SELECT count(*) FROM attempts a WHERE NOT EXISTS"
                              " (SELECT 1 FROM deliveries d WHERE d.event = a.event AND d.number = a.number)") == 0;
}

/* ---- time and the process ---- */

int64_t scene_now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void scene_rest(void) {
  nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Both open nothing, so that a race detector sees no descriptor change hands. */
unsigned scene_threads(void) {
  struct stat status;
  if (stat("/proc/self/task", &status) != 0) give_up("/proc/self/task", strerror(errno));
  return (unsigned)status.st_nlink - 2; /* without "." and ".." */
}

unsigned scene_descriptors(void) {
  unsigned count = 0;
  for (int descriptor = 0; descriptor < HIGHEST_DESCRIPTOR; descriptor++)
    if (fcntl(descriptor, F_GETFD) >= 0) count++;
  return count;
}

int scene_exit_status(pid_t child, double seconds) {
  int64_t end_us = scene_now_us() + (int64_t)(seconds * 1e6);
  int status;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (scene_now_us() > end_us) kill(child, SIGKILL);
    scene_rest();
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void on_alarm(int signal) {
  static const char words[] = "FAIL the watchdog: it hangs\n";
  (void)signal;
  (void)!write(STDOUT_FILENO, words, sizeof words - 1);
  _exit(99);
}

void scene_watchdog(unsigned seconds) {
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  alarm(seconds);
}
