/*
 * page_api: the routes of the page's API, and the answers that have no file of their own. Parameters and fields:
 * docs/page.md.
 */
#ifndef INTENT_WEBHOOK_PAGE_API_H
#define INTENT_WEBHOOK_PAGE_API_H

#include "page_exchange.h"

#pragma GCC visibility push(hidden)

struct page_route {
  const char *path; /* below the prefix; one that ends in a slash stands for all below it */
  bool post;        /* changes something, with parameters in the body; otherwise it is read with GET or HEAD */
  bool open;        /* needs no token */
  void (*answer)(struct page_exchange *exchange);
};

/* NULL: there is nothing of ours at that path. */
const struct page_route *page_route_find(struct page_text path);

#pragma GCC visibility pop
#endif
