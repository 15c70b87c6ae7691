/*
 * scene: what the tests of the whole core share: a temporary folder with a history file, questions to that file, the
 * process's own figures, and awaiting a condition. Needs nothing of the core.
 */
#ifndef INTENT_WEBHOOK_SPEC_SCENE_H
#define INTENT_WEBHOOK_SPEC_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "slowness.h"

struct scene {
  char folder[64];
  char history[80]; /* a path in the folder; no file yet */
};

/* Both end the program with a message when the folder cannot be made. */
void scene_begin(struct scene *scene);
void scene_end(struct scene *scene); /* removes the folder, in which there must be nothing but the history */

/*
 * Asks a history file with a read-only connection of its own. Gives the first column of the first row: scene_count as
 * an integer, -1 without a file, table or row; scene_text as text, "" without.
 */
int64_t scene_count(const char *history, const char *sql);
const char *scene_text(const char *history, const char *sql, char *text, size_t size);

/* Whether the whole file is sound: SQLite's integrity check, and no delivery or attempt without an event. */
bool scene_is_sound(const char *history);

int64_t scene_now_us(void); /* monotonic */
void scene_rest(void);      /* a millisecond */

/* How many threads and open file descriptors this process has. */
unsigned scene_threads(void);
unsigned scene_descriptors(void);

/* The exit status of a child process, or 128 and the signal's number. After that time it is killed. */
int scene_exit_status(pid_t child, double seconds);

/* Ends the program, with a message and status 99, unless it ends by itself before. */
void scene_watchdog(unsigned seconds);

/* Checks that the condition comes true within that time, longer where all is slow. Needs check.h. */
#define AWAIT(condition, seconds)                                                               \
  do {                                                                                          \
    int64_t await_end_us = scene_now_us() + (int64_t)((seconds)*1e6 * (double)spec_slowness()); \
    bool await_held;                                                                            \
    while (!(await_held = (condition)) && scene_now_us() < await_end_us) scene_rest();          \
    check_that(await_held, __FILE__, __LINE__, #condition);                                     \
  } while (0)

#endif
