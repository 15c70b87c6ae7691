/*
 * page_call: a request handed to the page's own threads, so that neither a host nor a loop of connections waits for the
 * disk.
 *
 * A page has PAGE_THREADS threads, which start with the first call. At most PAGE_CALLS calls wait for them. A call
 * belongs to whoever started it, who uses it from one thread at a time. Fork: the threads finish what they are at
 * before it; in the child there are none until its first call, and calls of the parent's are answered 503 there.
 */
#ifndef INTENT_WEBHOOK_PAGE_CALL_H
#define INTENT_WEBHOOK_PAGE_CALL_H

#include "page.h"

#pragma GCC visibility push(hidden)

enum { PAGE_THREADS = 2, PAGE_CALLS = 64 };

struct page_call;

/* Called in a thread of the page's when a piece is ready. Must not wait, and must not use the call. */
typedef void (*page_call_done)(void *context);

/*
 * Copies the request and hands it over. done, which may be NULL, is called once for each piece. NULL: PAGE_CALLS are
 * waiting, or there is no memory, or no thread could be started.
 */
struct page_call *page_call_start(struct page *page, const struct page_request *request, page_call_done done,
                                  void *context);

/* Whether the response, or its next piece, is there. */
bool page_call_ready(struct page_call *call);

/* Only when it is ready. The call's; its body changes with page_call_more. */
const struct page_response *page_call_response(struct page_call *call);

/* Only when it is ready and response->more: has the next piece made, in the body's place. False: no thread for it. */
bool page_call_more(struct page_call *call);

/*
 * At any time, and without waiting for more than a done that is being called: what is being worked on is given up.
 * Afterwards done is not called any more. NULL is none.
 */
void page_call_free(struct page_call *call);

extern struct workers_kind page_call_workers; /* for page.c and process.c */

/*
 * The same for another shared object, which gets it with a page from Lua (lua_page.h). The version tells that both were
 * made of the same sources.
 */
enum { PAGE_FUNCTIONS_VERSION = 1 };

struct page_functions {
  unsigned version;
  size_t response_size; /* of struct page_response */
  struct page *(*hold)(struct page *page);
  void (*release)(struct page *page);
  bool (*has_token)(const struct page *page);
  struct page_call *(*start)(struct page *page, const struct page_request *request, page_call_done done, void *context);
  bool (*ready)(struct page_call *call);
  const struct page_response *(*response)(struct page_call *call);
  bool (*more)(struct page_call *call);
  void (*free)(struct page_call *call);
};

extern const struct page_functions page_functions;

#pragma GCC visibility pop
#endif
