/*
 * readiness: a descriptor for somebody else's event loop, readable as long as there is something to fetch.
 *
 * A pipe that holds one byte or none. Whoever uses it guards it with a lock; nothing here waits.
 */
#ifndef INTENT_WEBHOOK_READINESS_H
#define INTENT_WEBHOOK_READINESS_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* All zero is closed. */
struct readiness {
  bool open, ready;
  int ends[2]; /* to read from, to write to */
};

/* False, with errno, when there are no descriptors. */
bool readiness_open(struct readiness *readiness);
void readiness_close(struct readiness *readiness);

/* Makes the descriptor readable, or not. Does nothing when it is so already, or closed. */
void readiness_set(struct readiness *readiness, bool ready);

#pragma GCC visibility pop
#endif
