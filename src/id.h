/*
 * id: names for events. UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits, as 36 characters.
 */
#ifndef INTENT_WEBHOOK_ID_H
#define INTENT_WEBHOOK_ID_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum { ID_SIZE = 37 }; /* with the NUL */

/* Writes a new id for the moment `time_us` (microseconds since 1970). Any thread; unique across forks. */
void id_new(char id[ID_SIZE], int64_t time_us);

/* Whether text, NUL-terminated, has the form of an id. */
bool id_valid(const char *text);

#pragma GCC visibility pop
#endif
