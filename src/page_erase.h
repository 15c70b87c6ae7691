/*
 * page_erase: erasing from the history, which the page asks for.
 */
#ifndef INTENT_WEBHOOK_PAGE_ERASE_H
#define INTENT_WEBHOOK_PAGE_ERASE_H

#include "page_exchange.h"

#pragma GCC visibility push(hidden)

void page_erase(struct page_exchange *exchange); /* api/erase */

#pragma GCC visibility pop
#endif
