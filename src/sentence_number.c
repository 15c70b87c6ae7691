/*
 * sentence_number: see sentence_number.h.
 */
#include "sentence_number.h"

#include <math.h>

static bool is_digit(struct text_view text, size_t at) {
  return at < text.count && text.units[at].base >= '0' && text.units[at].base <= '9' &&
         !(text.units[at].flags & UNIT_SKIPPED);
}

static bool is_separator(struct text_view text, size_t at) {
  return at < text.count && (text.units[at].base == '.' || text.units[at].base == ',');
}

/* Reads digits; returns how many. */
static size_t read_digits(struct text_view text, size_t at, double *number) {
  size_t count = 0;
  for (; is_digit(text, at + count); count++) *number = *number * 10 + (double)(text.units[at + count].base - '0');
  return count;
}

static bool is_outside_word(struct text_view text, size_t at) {
  return at == 0 || !unit_in_word(&text.units[at - 1]);
}

bool number_has_minus(struct text_view text, size_t at) {
  return at > 0 && text.units[at - 1].base == '-' && is_outside_word(text, at - 1);
}

static bool begins_number(struct text_view text, size_t at) {
  if (at == 0) return true;
  if (is_separator(text, at - 1) && is_outside_word(text, at - 1)) return false; /* ".5" is not 5 */
  return !is_digit(text, at - 1) && !(is_digit(text, at) && number_has_minus(text, at));
}

size_t number_read_digits(struct text_view text, size_t at, double *number) {
  bool negative = at < text.count && text.units[at].base == '-';
  double value = 0;
  size_t count = begins_number(text, at) ? read_digits(text, at + negative, &value) : 0;
  *number = negative ? -value : value;
  return count ? at + negative + count : 0;
}

size_t number_read(struct text_view text, size_t at, double *number) {
  double value = 0;
  size_t begin = at;
  bool negative = at < text.count && text.units[at].base == '-' && is_digit(text, at + 1);
  if (!begins_number(text, at)) return 0;
  if (negative) begin++;
  size_t count = read_digits(text, begin, &value);
  if (count == 0) return 0;
  bool may_group = count <= 3 && value >= 1;
  size_t end = begin + count;
  uint32_t grouping = 0;
  bool decimal = false;
  while (is_separator(text, end) && is_digit(text, end + 1)) {
    uint32_t separator = text.units[end].base;
    double part = 0;
    count = read_digits(text, end + 1, &part);
    if (decimal) return 0;
    if (may_group && count == 3 && (grouping == 0 || grouping == separator)) {
      grouping = separator;
      value = value * 1000 + part;
    } else if (separator != grouping) {
      value += part / pow(10, (double)count);
      decimal = true;
    } else {
      return 0;
    }
    end += count + 1;
  }
  *number = negative ? -value : value;
  return end;
}

static bool is_whole(double number) {
  return fabs(number - round(number)) < 1e-9;
}

bool range_takes(const struct range *range, double number) {
  if (!(number >= range->from && number <= range->to)) return false;
  if (range->fractions <= 1) return is_whole((number - range->from) / range->step);
  double whole = floor(number + 1e-9);
  return is_whole((whole - range->from) / range->step) && is_whole((number - whole) * (double)range->fractions);
}
