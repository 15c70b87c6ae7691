/*
 * page_state: what a page is made of. page.c makes and frees it, page_call.c has the line of calls and the threads.
 */
#ifndef INTENT_WEBHOOK_PAGE_STATE_H
#define INTENT_WEBHOOK_PAGE_STATE_H

#include <stdatomic.h>

#include "page_access.h"
#include "page_call.h"
#include "workers.h"

#pragma GCC visibility push(hidden)

struct page {
  struct workers workers; /* PAGE_THREADS, each active while it works on a call */
  atomic_uint references;
  char *history, *prefix; /* an absolute path; where the page is */
  char *hosts_option;
  char **hosts;
  struct page_access access;
  iw_client *client; /* NULL: none, or the parent's */

  /* With the lock of `workers`. */
  struct page_call *waiting; /* first come, first served */
  struct page_call *last_waiting;
  unsigned waiting_count;
};

#pragma GCC visibility pop
#endif
