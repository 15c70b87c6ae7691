/*
 * page_events: lists of events, single events, and the bodies of their attempts.
 */
#ifndef INTENT_WEBHOOK_PAGE_EVENTS_H
#define INTENT_WEBHOOK_PAGE_EVENTS_H

#include "page_exchange.h"

#pragma GCC visibility push(hidden)

/* api/events */
void page_events(struct page_exchange *exchange);

/* api/events/ID, and api/events/ID/deliveries/N/attempts/K/request_body or response_body */
void page_event(struct page_exchange *exchange);

#pragma GCC visibility pop
#endif
