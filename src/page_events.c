/*
 * page_events: see page_events.h.
 */
#include "page_events.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "history_body.h"
#include "history_query.h"
#include "page_filters.h"

enum { NUMBER_MOST = 1000000 }; /* of a delivery or an attempt */

/* Leaves the answer in the body. False after a refusal. */
static bool list(struct page_exchange *exchange, const struct history_query *query) {
  struct history_patience patience;
  sqlite3 *database = NULL;
  int code = SQLITE_OK;
  enum history_found found = page_open_history(exchange, &patience, &database);
  if (found == HISTORY_FAILED) return false;
  if (found == HISTORY_NOTHING)
    history_query_nothing(query, &exchange->response->body);
  else
    code = history_query_run(database, query, &exchange->response->body);
  return page_close_history(exchange, database, code);
}

void page_events(struct page_exchange *exchange) {
  struct page_filters filters;
  if (page_filters_read(exchange, PAGE_FILTERS_LIST, &filters) && list(exchange, &filters.query))
    page_send_json(exchange->response);
  page_filters_free(&filters);
}

static bool is_nothing(const struct buffer *body) {
  return body->length == 4 && memcmp(body->bytes, "null", 4) == 0;
}

static void one_event(struct page_exchange *exchange, const char *id) {
  const struct history_query query = {.id = id};
  if (!list(exchange, &query)) return;
  if (is_nothing(&exchange->response->body))
    page_refuse(exchange->response, PAGE_NOT_FOUND, "There is no event of that id in the history.");
  else
    page_send_json(exchange->response);
}

/* A body in the history. */
struct body_place {
  char id[IW_ID_SIZE];
  int64_t delivery, attempt;
  bool request; /* or response */
};

/* Bytes that a stranger may have chosen: only ever to be saved. */
static void send_bytes(struct page_exchange *exchange, const struct body_place *place) {
  static const char harmless[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  char id[IW_ID_SIZE], value[160];
  memcpy(id, place->id, sizeof id); /* ours has nothing else in it, but the file may be anybody's */
  for (char *odd = id; *(odd += strspn(odd, harmless));) *odd = '_';
  snprintf(value, sizeof value, "attachment; filename=\"%s-%lld-%lld-%s\"", id, (long long)place->delivery,
           (long long)place->attempt, place->request ? "request_body" : "response_body");
  page_header(exchange->response, "Content-Disposition", value);
  page_send_unkept(exchange->response, "application/octet-stream");
}

static void one_body(struct page_exchange *exchange, const struct body_place *place) {
  enum history_body which = place->request ? HISTORY_REQUEST_BODY : HISTORY_RESPONSE_BODY;
  struct history_patience patience;
  sqlite3 *database = NULL;
  bool found = false;
  if (page_open_history(exchange, &patience, &database) == HISTORY_FAILED) return;
  int code = SQLITE_OK;
  if (database)
    code = history_body_run(database, place->id, place->delivery, place->attempt, which, &exchange->response->body,
                            &found);
  if (!page_close_history(exchange, database, code)) return;
  if (found)
    send_bytes(exchange, place);
  else
    page_refuse(exchange->response, PAGE_NOT_FOUND, "There is no such body in the history.");
}

/* Cuts off *rest up to the next slash, into text of that size. */
static bool next_step(struct page_text *rest, char *text, size_t size) {
  const char *slash = rest->length ? memchr(rest->bytes, '/', rest->length) : NULL;
  size_t length = slash ? (size_t)(slash - rest->bytes) : rest->length;
  if (length == 0 || length >= size) return false;
  memcpy(text, rest->bytes, length);
  text[length] = '\0';
  *rest = page_text_from(*rest, slash ? length + 1 : length);
  return strlen(text) == length;
}

/* "N/" behind a word: ".../deliveries/1/" */
static bool next_number(struct page_text *rest, const char *word, int64_t *number) {
  char text[24];
  if (!next_step(rest, text, sizeof text) || strcmp(text, word) != 0) return false;
  return next_step(rest, text, sizeof text) && page_read_whole(text, NUMBER_MOST, number);
}

void page_event(struct page_exchange *exchange) {
  struct page_text rest = page_text_from(exchange->path, strlen("api/events/"));
  struct body_place place = {0};
  char word[24];
  if (!page_has_no_parameters(exchange)) return;
  if (next_step(&rest, place.id, sizeof place.id)) {
    if (rest.length == 0) {
      one_event(exchange, place.id);
      return;
    }
    if (next_number(&rest, "deliveries", &place.delivery) && next_number(&rest, "attempts", &place.attempt) &&
        next_step(&rest, word, sizeof word) && rest.length == 0) {
      place.request = strcmp(word, "request_body") == 0;
      if (place.request || strcmp(word, "response_body") == 0) {
        one_body(exchange, &place);
        return;
      }
    }
  }
  page_refuse(exchange->response, PAGE_NOT_FOUND, "There is nothing at that address.");
}
