/*
 * history_brief: what an event holds, for a glance: long texts cut at a character, ending in "…". Pure functions.
 */
#ifndef INTENT_WEBHOOK_HISTORY_BRIEF_H
#define INTENT_WEBHOOK_HISTORY_BRIEF_H

#include "json.h"

#pragma GCC visibility push(hidden)

enum { HISTORY_BRIEF_SLOTS = 20, HISTORY_BRIEF_SLOT_BYTES = 200, HISTORY_BRIEF_TEXT_BYTES = 500 };

/* Writes at most HISTORY_BRIEF_TEXT_BYTES of the text. Returns whether it was cut. */
bool history_brief_text(struct json *json, const char *text, size_t length);

/*
 * Writes the first HISTORY_BRIEF_SLOTS members of a JSON object. Of a value that is longer than
 * HISTORY_BRIEF_SLOT_BYTES as JSON, only the beginning, as a string. Returns whether something was cut. What is no
 * object becomes an empty one.
 */
bool history_brief_slots(struct json *json, const char *slots, size_t length);

#pragma GCC visibility pop
#endif
