/*
 * page_login: how a browser gets a cookie for the token, loses it, and learns whether it needs one.
 */
#ifndef INTENT_WEBHOOK_PAGE_LOGIN_H
#define INTENT_WEBHOOK_PAGE_LOGIN_H

#include "page_exchange.h"

#pragma GCC visibility push(hidden)

void page_login(struct page_exchange *exchange);   /* api/login */
void page_logout(struct page_exchange *exchange);  /* api/logout */
void page_session(struct page_exchange *exchange); /* api/session */

#pragma GCC visibility pop
#endif
