/*
 * page_call: see page_call.h.
 *
 * A call is with its owner, in the page's line, or with one thread. `state` says where, and changes with the page's
 * lock held. A thread that is at a call asks must_stop now and then; before a fork that makes it stop, and the call is
 * begun again afterwards.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "page_call.h"

#include <stddef.h>

#include "clock.h"
#include "memory.h"
#include "page_exchange.h"
#include "process.h"

enum { RESTART_US = 5000000 };

enum call_state { CALL_WAITS, CALL_WORKED_ON, CALL_READY };

struct page_call {
  struct page_call *next; /* in the line */
  struct page *page;      /* held */
  unsigned generation;    /* of the process that has its page's threads */
  page_call_done done;
  void *done_context;
  struct page_request request; /* its texts are in `texts` */
  struct buffer texts;
  struct page_response response;
  bool goes_on;       /* it is a further piece that is asked for */
  int64_t restart_us; /* monotonic; what a fork stops later than this is not begun again */

  enum call_state state;
  unsigned telling;     /* threads in done: the next piece may be ready before one has come back from it */
  bool abandoned;       /* by its owner while a thread was at it, which frees it */
  atomic_bool given_up; /* nobody wants it any more */
};

_Static_assert(offsetof(struct page, workers) == 0, "see workers.h");
_Static_assert((int)PAGE_THREADS <= (int)WORKERS_THREADS, "struct workers has room for a page's threads");

static void free_memory(struct page_call *call) {
  page_response_free(&call->response);
  buffer_free(&call->texts);
  memory_free(call);
}

/* ---- in the threads ---- */

static bool must_stop(void *context) {
  struct page_call *call = context;
  return atomic_load_explicit(&call->given_up, memory_order_relaxed) ||
         atomic_load_explicit(&page_call_workers.parking, memory_order_relaxed);
}

/* False: a fork came between, and it is to be begun again; but not for ever in a process that forks and forks. */
static bool answer(struct page_call *call) {
  const struct history_patience patience = {.must_stop = must_stop, .context = call};
  if (call->goes_on)
    page_answer_more(call->page, &call->request, &patience, &call->response);
  else
    page_answer(call->page, &call->request, &patience, &call->response);
  return !call->response.out_of_luck || atomic_load(&call->given_up) || clock_monotonic_us() > call->restart_us;
}

static void put_first(struct page *page, struct page_call *call) {
  call->state = CALL_WAITS;
  call->next = page->waiting;
  page->waiting = call;
  if (!page->last_waiting) page->last_waiting = call;
  page->waiting_count++;
}

static struct page_call *take_first(struct page *page) {
  struct page_call *call = page->waiting;
  page->waiting = call->next;
  if (!page->waiting) page->last_waiting = NULL;
  page->waiting_count--;
  call->next = NULL;
  call->state = CALL_WORKED_ON;
  return call;
}

/* With the lock, which it gives back meanwhile. */
static void work_on(struct page *page, struct page_call *call) {
  struct workers *workers = &page->workers;
  workers->active++;
  uv_mutex_unlock(&workers->lock);
  bool answered = answer(call);
  uv_mutex_lock(&workers->lock);
  workers->active--;
  if (call->abandoned) {
    free_memory(call);
    uv_cond_broadcast(&workers->changed);
    return;
  }
  if (!answered) {
    put_first(page, call);
    uv_cond_broadcast(&workers->changed);
    return;
  }
  call->state = CALL_READY;
  if (call->done != NULL && !atomic_load(&call->given_up)) {
    call->telling++;
    uv_mutex_unlock(&workers->lock);
    call->done(call->done_context);
    uv_mutex_lock(&workers->lock);
    call->telling--;
  }
  uv_cond_broadcast(&workers->changed); /* the call may be freed from here on */
}

static void run(void *owner) {
  struct page *page = owner;
  struct workers *workers = &page->workers;
  uv_mutex_lock(&workers->lock);
  while (!workers->stop) {
    if (page->waiting && !atomic_load(&page_call_workers.parking))
      work_on(page, take_first(page));
    else
      uv_cond_wait(&workers->work, &workers->lock);
  }
  uv_mutex_unlock(&workers->lock);
}

static void forget(void *owner) {
  struct page *page = owner;
  page->waiting = page->last_waiting = NULL;
  page->waiting_count = 0;
  page->client = NULL; /* the parent's figures; in the child nobody holds it for us */
}

struct workers_kind page_call_workers = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .name = "iw-page", .run = run, .forget = forget};

/* ---- for their owners ---- */

/* Needs the lock. One thread more for each call that finds none idle, up to PAGE_THREADS. */
static bool have_thread(struct page *page) {
  struct workers *workers = &page->workers;
  bool wanted = workers->count < PAGE_THREADS && workers->active + page->waiting_count >= workers->count;
  return (wanted && workers_start(workers)) || workers->count > 0;
}

/* Into the line. */
static bool hand_over(struct page_call *call) {
  struct page *page = call->page;
  call->restart_us = clock_monotonic_us() + RESTART_US;
  uv_mutex_lock(&page->workers.lock);
  bool taken = page->waiting_count < PAGE_CALLS && have_thread(page);
  if (taken) {
    call->state = CALL_WAITS;
    if (page->last_waiting)
      page->last_waiting->next = call;
    else
      page->waiting = call;
    page->last_waiting = call;
    page->waiting_count++;
    uv_cond_signal(&page->workers.work);
  }
  uv_mutex_unlock(&page->workers.lock);
  return taken;
}

static bool copy_request(struct page_call *call, const struct page_request *request) {
  call->request = *request;
  struct page_request *copy = &call->request;
  struct page_text *const texts[] = {&copy->method,          &copy->target,        &copy->host,   &copy->origin,
                                     &copy->fetch_site,      &copy->authorization, &copy->cookie, &copy->if_none_match,
                                     &copy->accept_encoding, &copy->body};
  enum { TEXTS = sizeof texts / sizeof *texts };
  size_t starts[TEXTS];
  for (size_t i = 0; i < TEXTS; i++) {
    starts[i] = call->texts.length;
    if (texts[i]->bytes) buffer_append(&call->texts, texts[i]->bytes, texts[i]->length);
  }
  buffer_byte(&call->texts, '\0'); /* so that there are bytes at all */
  if (call->texts.failed) return false;
  for (size_t i = 0; i < TEXTS; i++)
    if (texts[i]->bytes) texts[i]->bytes = call->texts.bytes + starts[i];
  return true;
}

struct page_call *page_call_start(struct page *page, const struct page_request *request, page_call_done done,
                                  void *context) {
  struct page_call *call = memory_zeroed(sizeof *call);
  if (!call) return NULL;
  call->page = page;
  call->generation = process_generation();
  call->done = done;
  call->done_context = context;
  if (copy_request(call, request)) {
    page_hold(page);
    if (hand_over(call)) return call;
    page_release(page); /* whoever asks has one reference himself */
  }
  free_memory(call);
  return NULL;
}

/* In a forked child a call of the parent's is over; its memory, which a thread was changing, is left alone. */
static bool is_ours(const struct page_call *call) {
  return call->generation == process_generation();
}

bool page_call_ready(struct page_call *call) {
  if (!is_ours(call)) return true;
  uv_mutex_lock(&call->page->workers.lock);
  bool ready = call->state == CALL_READY;
  uv_mutex_unlock(&call->page->workers.lock);
  return ready;
}

const struct page_response *page_call_response(struct page_call *call) {
  static const struct page_response lost = {.status = 503};
  return is_ours(call) ? &call->response : &lost;
}

bool page_call_more(struct page_call *call) {
  if (!is_ours(call)) return false;
  call->goes_on = true;
  return hand_over(call);
}

/* Needs the lock. Whether it stood in the line. */
static bool leave_line(struct page *page, struct page_call *call) {
  struct page_call *before = NULL;
  for (struct page_call *other = page->waiting; other != call; other = other->next) {
    if (!other) return false;
    before = other;
  }
  if (before)
    before->next = call->next;
  else
    page->waiting = call->next;
  if (page->last_waiting == call) page->last_waiting = before;
  page->waiting_count--;
  return true;
}

void page_call_free(struct page_call *call) {
  if (!call || !is_ours(call)) return;
  struct page *page = call->page;
  atomic_store(&call->given_up, true);
  uv_mutex_lock(&page->workers.lock);
  while (call->telling) uv_cond_wait(&page->workers.changed, &page->workers.lock);
  if (call->state == CALL_WAITS) leave_line(page, call);
  call->abandoned = call->state == CALL_WORKED_ON;
  if (!call->abandoned) free_memory(call);
  uv_mutex_unlock(&page->workers.lock);
  page_release(page);
}

const struct page_functions page_functions = {
    .version = PAGE_FUNCTIONS_VERSION,
    .response_size = sizeof(struct page_response),
    .hold = page_hold,
    .release = page_release,
    .has_token = page_has_token,
    .start = page_call_start,
    .ready = page_call_ready,
    .response = page_call_response,
    .more = page_call_more,
    .free = page_call_free,
};
