/*
 * page_exchange: one request while it is answered, and the ways to answer that all routes share.
 */
#ifndef INTENT_WEBHOOK_PAGE_EXCHANGE_H
#define INTENT_WEBHOOK_PAGE_EXCHANGE_H

#include "page_state.h"

#pragma GCC visibility push(hidden)

struct page_exchange {
  struct page *page;
  const struct page_request *request;
  const struct history_patience *patience; /* of whoever asked */
  struct page_response *response;
  struct page_text path, query; /* of the target, below the prefix; neither is decoded */
  int64_t now_us;
  int64_t deadline_us; /* monotonic; what takes longer is answered 503 */
};

/* What a refusal is called in the JSON: codes are stable. */
/* clang-format off */
#define PAGE_REFUSALS(X) \
  X(BAD_REQUEST, 400, "bad_request") \
  X(UNAUTHORISED, 401, "unauthorised") \
  X(FORBIDDEN, 403, "forbidden") \
  X(NOT_FOUND, 404, "not_found") \
  X(METHOD, 405, "method") \
  X(BODY_TOO_LARGE, 413, "too_large") \
  X(TARGET_TOO_LARGE, 414, "too_large") \
  X(MISDIRECTED, 421, "misdirected") \
  X(BUSY, 503, "busy") \
  X(TIMEOUT, 503, "timeout") \
  X(HISTORY, 503, "history") \
  X(MEMORY, 503, "memory")
/* clang-format on */

enum page_refusal {
#define PAGE_REFUSAL_ENUM(name, status, code) PAGE_##name,
  PAGE_REFUSALS(PAGE_REFUSAL_ENUM)
#undef PAGE_REFUSAL_ENUM
};

/* {"error":sentence,"code":code}, in the place of whatever the response was. */
void page_refuse(struct page_response *response, enum page_refusal refusal, const char *sentence);

void page_header(struct page_response *response, const char *name, const char *value);

/* Headers of an answer that is in the body already. */
void page_send(struct page_response *response, const char *type);

/* The same for an answer that nobody keeps, as all of the API's are; type NULL: it has no body. */
void page_send_unkept(struct page_response *response, const char *type);
void page_send_json(struct page_response *response);

/* Reads the form in `text` for these names; otherwise refuses. The form is the caller's to free in either case. */
bool page_read_form(struct page_exchange *exchange, struct page_text text, const char *const *names,
                    struct page_form *form);

/* Refuses when there is any parameter in the query. */
bool page_has_no_parameters(struct page_exchange *exchange);

/* What history_connection_open and questions are given, so that they also end at the deadline. */
bool page_out_of_time(void *exchange);

/*
 * Opens the history for a question. Refuses, and is HISTORY_FAILED, when that is not possible; a database that is not
 * NULL is closed with page_close_history, which refuses when code is not SQLITE_OK.
 */
enum history_found page_open_history(struct page_exchange *exchange, struct history_patience *patience,
                                     sqlite3 **database);
bool page_close_history(struct page_exchange *exchange, sqlite3 *database, int code);

#pragma GCC visibility pop
#endif
