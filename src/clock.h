/*
 * clock: what time it is. Replaceable, so that tests choose the time.
 */
#ifndef INTENT_WEBHOOK_CLOCK_H
#define INTENT_WEBHOOK_CLOCK_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Microseconds since 1970-01-01 00:00 UTC. */
int64_t clock_wall_us(void);

/* Microseconds since some moment in the past; never goes back. */
int64_t clock_monotonic_us(void);

/* For tests. NULL restores the system's clock. */
void clock_replace_wall(int64_t (*wall_us)(void));

#pragma GCC visibility pop
#endif
