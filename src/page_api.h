/*
 * page_api: the answers of the page's API. Routes, parameters and fields: docs/page.md.
 */
#ifndef INTENT_WEBHOOK_PAGE_API_H
#define INTENT_WEBHOOK_PAGE_API_H

#include "page_exchange.h"

#pragma GCC visibility push(hidden)

struct page_route {
  const char *path; /* below the prefix; one that ends in a slash stands for all below it */
  bool post;        /* changes something; otherwise it is read with GET or HEAD */
  bool open;        /* needs no token */
  void (*answer)(struct page_exchange *exchange);
};

/* NULL: there is nothing of ours at that path. */
const struct page_route *page_route_find(struct page_text path);

/* One piece of an export, from response->next_seq on; 0: the first one. */
void page_export(struct page_exchange *exchange);

#pragma GCC visibility pop
#endif
