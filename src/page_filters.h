/*
 * page_filters: the parameters that say which events are asked for, of a list and of an export. Their meaning:
 * docs/page.md.
 */
#ifndef INTENT_WEBHOOK_PAGE_FILTERS_H
#define INTENT_WEBHOOK_PAGE_FILTERS_H

#include "history_query.h"
#include "page_exchange.h"

#pragma GCC visibility push(hidden)

/* Who asks; a list and an export do not take the same. */
enum page_filters_user { PAGE_FILTERS_LIST = 1, PAGE_FILTERS_EXPORT = 2, PAGE_FILTERS_BOTH = 3 };

enum { PAGE_FILTERS_SEQS = 200 };

struct page_filters {
  struct page_form form; /* has the texts of the others */
  struct history_query query;
  int64_t seqs[PAGE_FILTERS_SEQS];
  const char *format; /* of an export; NULL: not given */
};

/* Reads the query of the exchange's target; otherwise refuses. The filters are the caller's to free in either case. */
bool page_filters_read(struct page_exchange *exchange, enum page_filters_user user, struct page_filters *filters);
void page_filters_free(struct page_filters *filters);

#pragma GCC visibility pop
#endif
