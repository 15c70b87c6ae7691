/*
 * sentence_number: numbers in digits, at a place of a text, and whether a range takes them. Pure functions.
 *
 * A number is a run of digits, whole: no number begins or ends within another. A point or comma between digits groups
 * them by three ("1,000", "1.234.567") when exactly three digits stand behind it and one to three, not a lone 0, before
 * it; otherwise it is the decimal one ("20.5", "20,5"; "1.234,5" has both). What has more of them ("1.2.3") is no
 * number, and what begins with one (".5") is none either.
 */
#ifndef INTENT_WEBHOOK_SENTENCE_NUMBER_H
#define INTENT_WEBHOOK_SENTENCE_NUMBER_H

#include "sentence_image.h"
#include "sentence_list.h"

#pragma GCC visibility push(hidden)

/* Where the number that begins at `at` ends; 0: none begins there. */
size_t number_read(struct text_view text, size_t at, double *number);

/* As number_read, but only its first run of digits: "1.15" can be 1, a point, and 15. */
size_t number_read_digits(struct text_view text, size_t at, double *number);

/* Whether a hyphen stands before `at` that is a minus: none between words. */
bool number_has_minus(struct text_view text, size_t at);

/* Whether the range takes the number: in its bounds, and on its steps. */
bool range_takes(const struct range *range, double number);

#pragma GCC visibility pop
#endif
