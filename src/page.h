/*
 * page: the Intent History page and its API over one history file. One function answers: a request in; status, headers
 * and body out. What is served where: docs/page.md.
 *
 * A page is its options, checked, and the threads that work for it (page_call.h). It speaks no HTTP: whoever has the
 * connection, libmicrohttpd's server or a location in nginx, fills in a request and sends the response.
 *
 * Everything that came from outside leaves as JSON or as bytes to download, never as HTML. Every response has headers
 * that forbid inline script, framing, sniffing and referrers.
 */
#ifndef INTENT_WEBHOOK_PAGE_H
#define INTENT_WEBHOOK_PAGE_H

#include "history.h"
#include "history_connection.h"
#include "intent_webhook.h"
#include "page_text.h"

#pragma GCC visibility push(hidden)

struct page;

enum {
  PAGE_TARGET_BYTES = 8 * 1024, /* longest request target; beyond: 414 */
  PAGE_BODY_BYTES = 16 * 1024,  /* longest request body; beyond: 413 */
  PAGE_TOKEN_SHORTEST = 16,     /* characters; so that guessing is hopeless whatever the rate */
  PAGE_FAILURE_DELAY_MS = 1000  /* what the answer to a wrong token is held back */
};

struct page_options {
  const char *history;      /* path of the history file; it need not exist yet */
  const char *prefix;       /* where the page is: "" or "/a/b", without a slash at the end; NULL: "" */
  const char *token;        /* NULL: none; at least PAGE_TOKEN_SHORTEST visible ASCII characters */
  const char *const *hosts; /* names that a Host header may have besides localhost and IP addresses */
  size_t host_count;
  const char *hosts_option; /* what adds to them, for a 421: "--host NAME"; NULL: "hosts" */
  iw_client *client;        /* whose queue /metrics shows; NULL: none. The page keeps it alive */
};

struct page_request {
  struct page_text method, target; /* as in the request line: path and query, not decoded */
  /* headers; bytes NULL: not there */
  struct page_text host, origin, fetch_site, authorization, cookie, if_none_match, accept_encoding;
  struct page_text body;
  bool secure; /* it came over TLS, if only to a proxy in front */
};

/* Begins as all zero; page_response_free gives back what it holds. */
struct page_response {
  int status;
  struct buffer headers; /* "Name: value\r\n" for each, without Content-Length */
  struct buffer body;
  bool more;    /* further pieces of the body follow: page_answer_more */
  bool broken;  /* a further piece cannot be had: the adapter ends the connection, so that nobody takes it for whole */
  int delay_ms; /* the adapter holds the response back so long, without holding up others */
  int64_t next_seq; /* where the next piece goes on */
  bool out_of_luck; /* patience ended before there was an answer; the same may be asked again */
};

enum page_new_result {
  PAGE_NEW_OK,
  PAGE_NEW_INVALID, /* an option is wrong; error begins with its name */
  PAGE_NEW_MEMORY,
  PAGE_NEW_SYSTEM /* no lock, or libcurl cannot be used */
};

/* A new page with one reference. *page is NULL, with a sentence in error, when the result is not PAGE_NEW_OK. */
enum page_new_result page_new(struct page **page, const struct page_options *options, char error[IW_ERROR_SIZE]);
struct page *page_hold(struct page *page);

/* The last one ends the page's threads, which takes as long as what they are at needs to stop: some milliseconds. */
void page_release(struct page *page);

/* Whether a token is needed. */
bool page_has_token(const struct page *page);

/*
 * Answers. Reads the file in the calling thread, so it is for threads of ours. patience, which may be NULL, says when
 * to give up; a request that took too long is answered 503, one that patience ended leaves out_of_luck.
 */
void page_answer(struct page *page, const struct page_request *request, const struct history_patience *patience,
                 struct page_response *response);

/* Puts the next piece in the body's place; needs response->more and the same request. */
void page_answer_more(struct page *page, const struct page_request *request, const struct history_patience *patience,
                      struct page_response *response);

void page_response_free(struct page_response *response);

#pragma GCC visibility pop
#endif
