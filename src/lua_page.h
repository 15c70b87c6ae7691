/*
 * lua_page: how a page looks as a Lua object, for the module that serves it too.
 */
#ifndef INTENT_WEBHOOK_LUA_PAGE_H
#define INTENT_WEBHOOK_LUA_PAGE_H

#include "page_call.h"

#pragma GCC visibility push(hidden)

#define LUA_PAGE_CLASS "intent_webhook.page"

/* A userdata of that class. Whoever keeps the page longer than the userdata holds it. */
struct lua_page {
  const struct page_functions *functions;
  struct page *page; /* NULL: closed */
};

#pragma GCC visibility pop
#endif
