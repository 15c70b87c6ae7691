/*
 * page_filters: see page_filters.h.
 */
#include "page_filters.h"

#include <string.h>

enum {
  LIMIT_DEFAULT = 50,
  LIMIT_MOST = 200,
  SEARCH_BYTES = 200, /* what a search costs grows with its length */
  SEARCH_US = 800000  /* then what has been found is answered, and the page asks for the rest */
};

/* Each with its name, and who takes it. */
/* clang-format off */
#define FILTERS(X) \
  X(INTENT, "intent", BOTH) \
  X(STATUS, "status", BOTH) \
  X(SESSION, "session", BOTH) \
  X(URL, "url", BOTH) \
  X(SEARCH, "search", BOTH) \
  X(SINCE, "since", BOTH) \
  X(UNTIL, "until", BOTH) \
  X(BEFORE, "before", BOTH) \
  X(AFTER, "after", LIST) \
  X(LIMIT, "limit", LIST) \
  X(SEQS, "seqs", LIST) \
  X(BRIEF, "brief", LIST) \
  X(FORMAT, "format", EXPORT)

enum filter {
#define FILTER_ENUM(filter, name, users) FILTER_##filter,
  FILTERS(FILTER_ENUM)
#undef FILTER_ENUM
  FILTER_COUNT
};
/* clang-format on */

_Static_assert((int)FILTER_COUNT <= (int)PAGE_FORM_FIELDS, "a form has room for all of them");

static const struct {
  const char *name;
  enum page_filters_user users;
} known[FILTER_COUNT] = {
#define FILTER_ROW(filter, name, users) {name, PAGE_FILTERS_##users},
    FILTERS(FILTER_ROW)
#undef FILTER_ROW
};

static bool is_status(const char *word) {
  static const char *const words[] = {"pending", "delivered", "failed", "retrying", "paused", "unknown", "recorded"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i]) == 0) return true;
  return false;
}

/* From 1 on: 0 means to the query that there is none. */
static bool read_seq(const char *text, int64_t *seq) {
  return page_read_whole(text, INT64_MAX - 1, seq) && *seq > 0;
}

/* "1,2,3" */
static bool read_seqs(struct page_filters *filters, const char *text) {
  while (true) {
    char number[24];
    size_t length = strcspn(text, ",");
    if (length >= sizeof number || filters->query.seq_count == PAGE_FILTERS_SEQS) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!page_read_whole(number, INT64_MAX, &filters->seqs[filters->query.seq_count++])) return false;
    if (!text[length]) break;
    text += length + 1;
  }
  filters->query.seqs = filters->seqs;
  return true;
}

/* NULL, or what is wrong with them. */
static const char *read_values(struct page_filters *filters, const char *const values[FILTER_COUNT]) {
  struct history_query *query = &filters->query;
  int64_t limit = LIMIT_DEFAULT;
  query->intent = values[FILTER_INTENT];
  query->status = values[FILTER_STATUS];
  query->session = values[FILTER_SESSION];
  query->url = values[FILTER_URL];
  query->search = values[FILTER_SEARCH];
  query->search_us = SEARCH_US;
  if (query->search && strlen(query->search) > SEARCH_BYTES) return "search: must have at most 200 bytes.";
  if (query->status && !is_status(query->status))
    return "status: must be pending, delivered, failed, retrying, paused, unknown or recorded.";
  if (values[FILTER_SINCE] && !page_read_seconds(values[FILTER_SINCE], &query->since_us))
    return "since: must be seconds since 1970, with at most six decimals.";
  if (values[FILTER_UNTIL] && !page_read_seconds(values[FILTER_UNTIL], &query->until_us))
    return "until: must be seconds since 1970, with at most six decimals.";
  if (values[FILTER_UNTIL] && query->until_us == 0) query->until_us = 1; /* 0 means no end to the query */
  if (values[FILTER_BEFORE] && !read_seq(values[FILTER_BEFORE], &query->before_seq))
    return "before: must be the \"next\" of an earlier answer.";
  if (values[FILTER_AFTER] && !read_seq(values[FILTER_AFTER], &query->after_seq))
    return "after: must be the \"seq\" of an event, or the \"next\" of an earlier answer.";
  if (values[FILTER_BEFORE] && values[FILTER_AFTER]) return "before and after: give one of them.";
  if (values[FILTER_LIMIT] && (!page_read_whole(values[FILTER_LIMIT], LIMIT_MOST, &limit) || limit == 0))
    return "limit: must be a whole number from 1 to 200.";
  if (values[FILTER_SEQS] && !read_seqs(filters, values[FILTER_SEQS]))
    return "seqs: must be at most 200 whole numbers with commas between them.";
  if (values[FILTER_BRIEF] && strcmp(values[FILTER_BRIEF], "true") != 0 && strcmp(values[FILTER_BRIEF], "false") != 0)
    return "brief: must be true or false.";
  query->brief = values[FILTER_BRIEF] && strcmp(values[FILTER_BRIEF], "true") == 0;
  query->limit = (int)limit;
  filters->format = values[FILTER_FORMAT];
  return NULL;
}

/* The values of those that this user takes. False after a refusal, which every other name gets. */
static bool read_form(struct page_exchange *exchange, enum page_filters_user user, struct page_form *form,
                      const char *values[FILTER_COUNT]) {
  const char *names[FILTER_COUNT + 1] = {NULL};
  enum filter filters[FILTER_COUNT];
  size_t count = 0;
  for (enum filter filter = 0; filter < FILTER_COUNT; filter++) {
    if (!(known[filter].users & user)) continue;
    names[count] = known[filter].name;
    filters[count++] = filter;
  }
  if (!page_read_form(exchange, exchange->query, names, form)) return false;
  for (size_t i = 0; i < count; i++) values[filters[i]] = form->values[i];
  return true;
}

bool page_filters_read(struct page_exchange *exchange, enum page_filters_user user, struct page_filters *filters) {
  const char *values[FILTER_COUNT] = {NULL};
  *filters = (struct page_filters){0};
  if (!read_form(exchange, user, &filters->form, values)) return false;
  const char *mistake = read_values(filters, values);
  if (mistake) page_refuse(exchange->response, PAGE_BAD_REQUEST, mistake);
  return mistake == NULL;
}

void page_filters_free(struct page_filters *filters) {
  page_form_free(&filters->form);
}
