/*
 * server_request: a request as libmicrohttpd gives it, made into one as a page takes it, or refused.
 */
#ifndef INTENT_WEBHOOK_SERVER_REQUEST_H
#define INTENT_WEBHOOK_SERVER_REQUEST_H

#include <microhttpd.h>

#include "page.h"

#pragma GCC visibility push(hidden)

/* What a page is not asked about: name, status, code and sentence, as those of the page. */
#define SERVER_REFUSALS(ROW)                                                                  \
  ROW(HEAD, 431, "too_large", "The head of the request is larger than 16 KiB.")               \
  ROW(MALFORMED, 400, "bad_request", "The request has a header twice that it may have once.") \
  ROW(MEMORY, 503, "memory", "There was not enough memory for the request.")                  \
  ROW(BUSY, 503, "busy", "The page has too much to do: ask again in a moment.")

enum server_refusal {
  SERVER_NOT_REFUSED,
#define SERVER_REFUSAL_NAME(name, status, code, sentence) SERVER_REFUSED_##name,
  SERVER_REFUSALS(SERVER_REFUSAL_NAME)
#undef SERVER_REFUSAL_NAME
      SERVER_REFUSAL_COUNT
};

/* What libmicrohttpd does not keep. All zero is no request. */
struct server_request {
  char *target;
  struct buffer body; /* at most one byte more than a page takes */
  bool without_memory;
};

void server_request_begin(struct server_request *request, const char *target);
void server_request_append(struct server_request *request, const char *bytes, size_t length);
void server_request_free(struct server_request *request);

/* Fills in `asked`, which borrows from the request and the connection, unless the request is refused. */
enum server_refusal server_request_read(const struct server_request *request, struct MHD_Connection *connection,
                                        const char *method, struct page_request *asked);

/* The answers to what is refused, one for each; false, with none made: out of memory. */
struct server_refusal_answer {
  unsigned status;
  struct MHD_Response *response;
};
bool server_refusals_make(struct server_refusal_answer answers[SERVER_REFUSAL_COUNT]);
void server_refusals_free(struct server_refusal_answer answers[SERVER_REFUSAL_COUNT]);

#pragma GCC visibility pop
#endif
