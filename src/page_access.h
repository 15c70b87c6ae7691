/*
 * page_access: who may ask a page for what. Pure functions over a request, but for the clock.
 *
 * Three checks, in this order:
 *   Host    an IP address, localhost, or a name that the page was given. A browser that was led here under a name of
 *           somebody else's (DNS rebinding) sends that name.
 *   token   where one is configured: "Authorization: Bearer", or the cookie that a login gave. The cookie holds an
 *           expiry and its HMAC, not the token. Compared in constant time, by digest, so that no length shows either.
 *   origin  what changes something has to come from the page itself: Sec-Fetch-Site: same-origin, which scripts cannot
 *           set, or an Origin that is the Host's. A request with the token in its header needs neither, since no
 *           other site can know it.
 */
#ifndef INTENT_WEBHOOK_PAGE_ACCESS_H
#define INTENT_WEBHOOK_PAGE_ACCESS_H

#include "page.h"

#pragma GCC visibility push(hidden)

enum { PAGE_DIGEST_BYTES = 32, PAGE_COOKIE_SECONDS = 12 * 3600 };

struct page_access {
  bool has_token;
  unsigned char token[PAGE_DIGEST_BYTES]; /* its digest */
  unsigned char key[PAGE_DIGEST_BYTES];   /* that cookies are made with; derived from the token */
  char cookie_name[32];                   /* differs with the token, since cookies know no ports */
  char *const *hosts;                     /* borrowed */
  size_t host_count;
};

enum page_token { PAGE_TOKEN_NONE, PAGE_TOKEN_WRONG, PAGE_TOKEN_RIGHT };

/* token NULL: none is needed. False: the digest could not be computed. */
bool page_access_init(struct page_access *access, const char *token);

/* Of the header Authorization. Without a configured token nothing is right. */
enum page_token page_access_bearer(const struct page_access *access, const struct page_request *request);

/* Of a token that somebody typed. */
enum page_token page_access_typed(const struct page_access *access, const char *token);

/* Whether the request has a cookie of a login that is not over. */
bool page_access_cookie(const struct page_access *access, const struct page_request *request, int64_t now_us);

/* Appends the header line that sets the cookie, or, with now_us 0, removes it. */
void page_access_set_cookie(const struct page_access *access, const struct page_request *request, int64_t now_us,
                            struct buffer *headers);

/* Whether the Host header names us. One that is missing does: browsers always send it. */
bool page_access_host(const struct page_access *access, const struct page_request *request);

/* Whether the page itself has sent it. */
bool page_access_same_origin(const struct page_request *request);

#pragma GCC visibility pop
#endif
