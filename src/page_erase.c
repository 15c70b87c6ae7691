/*
 * page_erase: see page_erase.h.
 */
#include "page_erase.h"

#include <string.h>

#include "clock.h"
#include "history_erase.h"
#include "json.h"

enum {
  ERASE_SHORTEST = 3, /* characters; a shorter value is in everything */
  ERASE_US = 60000000
};

enum erase_field { ERASE_ID, ERASE_SESSION, ERASE_CONTAINING, ERASE_DRY_RUN, ERASE_FIELDS };

static const char *const erase_names[] = {[ERASE_ID] = "id",
                                          [ERASE_SESSION] = "session",
                                          [ERASE_CONTAINING] = "containing",
                                          [ERASE_DRY_RUN] = "dry_run",
                                          [ERASE_FIELDS] = NULL};

/* NULL, or what is wrong. */
static const char *read_erasure(const struct page_form *form, struct history_erasure *erasure) {
  const char *const *values = form->values;
  *erasure = (struct history_erasure){
      .id = values[ERASE_ID], .session = values[ERASE_SESSION], .containing = values[ERASE_CONTAINING]};
  if (!!erasure->id + !!erasure->session + !!erasure->containing != 1)
    return "Give exactly one of id, session and containing.";
  if (erasure->containing && strlen(erasure->containing) < ERASE_SHORTEST)
    return "containing: must have at least 3 bytes, since a shorter text is in nearly everything.";
  const char *dry_run = values[ERASE_DRY_RUN];
  bool is_word = dry_run && (strcmp(dry_run, "true") == 0 || strcmp(dry_run, "false") == 0);
  if (form->given[ERASE_DRY_RUN] && !is_word) return "dry_run: must be true or false.";
  erasure->dry_run = dry_run && strcmp(dry_run, "true") == 0;
  return NULL;
}

static const enum page_refusal refusals[] = {[HISTORY_ERASE_FAILED] = PAGE_HISTORY,
                                             [HISTORY_ERASE_TOO_SLOW] = PAGE_TIMEOUT,
                                             [HISTORY_ERASE_NO_MEMORY] = PAGE_MEMORY};

static void erase_events(struct page_exchange *exchange, const struct history_erasure *erasure) {
  struct page_response *response = exchange->response;
  const struct history_patience patience = {.must_stop = page_out_of_time, .context = exchange};
  char error[HISTORY_ERROR_SIZE] = "";
  int64_t count = 0, sessions = 0;
  exchange->deadline_us = clock_monotonic_us() + ERASE_US;
  enum history_erase_result result =
      history_erase(exchange->page->history, erasure, &patience, &count, &sessions, error);
  if (result != HISTORY_ERASED) {
    page_refuse(response, refusals[result], error);
    return;
  }
  struct json json = {.out = &response->body};
  json_begin_object(&json);
  json_integer_field(&json, "events", count);
  json_integer_field(&json, "sessions", sessions);
  json_text_field(&json, "note", *error ? error : NULL);
  json_end_object(&json);
  page_send_json(response);
}

void page_erase(struct page_exchange *exchange) {
  struct history_erasure erasure;
  struct page_form form = {0};
  if (page_read_form(exchange, exchange->request->body, erase_names, &form)) {
    const char *mistake = read_erasure(&form, &erasure);
    if (mistake)
      page_refuse(exchange->response, PAGE_BAD_REQUEST, mistake);
    else
      erase_events(exchange, &erasure);
  }
  page_form_free(&form);
}
