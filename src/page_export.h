/*
 * page_export: events as a file, in pieces.
 */
#ifndef INTENT_WEBHOOK_PAGE_EXPORT_H
#define INTENT_WEBHOOK_PAGE_EXPORT_H

#include "page_exchange.h"

#pragma GCC visibility push(hidden)

/* api/export: one piece, from response->next_seq on; 0: the first one. */
void page_export(struct page_exchange *exchange);

#pragma GCC visibility pop
#endif
