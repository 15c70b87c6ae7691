/*
 * page_state: what a page is made of. page.c makes and frees it, page_call.c has the second half.
 */
#ifndef INTENT_WEBHOOK_PAGE_STATE_H
#define INTENT_WEBHOOK_PAGE_STATE_H

#include <stdatomic.h>
#include <uv.h>

#include "page_access.h"
#include "page_call.h"

#pragma GCC visibility push(hidden)

struct page {
  atomic_uint references;
  char *history, *prefix; /* an absolute path; where the page is */
  char *hosts_option;
  char **hosts;
  struct page_access access;
  iw_client *client; /* NULL: none, or the parent's */

  struct page *next;         /* the registry's */
  uv_mutex_t lock;           /* guards what follows */
  uv_cond_t work;            /* for the threads */
  uv_cond_t changed;         /* for the others */
  struct page_call *waiting; /* first come, first served */
  struct page_call *last_waiting;
  unsigned waiting_count, thread_count, working;
  uv_thread_t threads[PAGE_THREADS];
  bool stop;
};

/* Makes the second half, and enters the page into the registry. False: the system has no lock to give. */
bool page_calls_open(struct page *page);

/* Ends the threads. Needs that nobody has a call any more but the threads. */
void page_calls_close(struct page *page);

#pragma GCC visibility pop
#endif
