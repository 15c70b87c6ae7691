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

#include <pthread.h>

#include "clock.h"
#include "history_file.h"
#include "memory.h"
#include "page_exchange.h"
#include "process.h"
#include "thread.h"

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

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct page *_Atomic registry;
static atomic_bool parking; /* from before a fork until after it; for good at exit */

static void free_memory(struct page_call *call) {
  page_response_free(&call->response);
  buffer_free(&call->texts);
  memory_free(call);
}

/* ---- in the threads ---- */

static bool must_stop(void *context) {
  struct page_call *call = context;
  return atomic_load_explicit(&call->given_up, memory_order_relaxed) ||
         atomic_load_explicit(&parking, memory_order_relaxed);
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
  page->working++;
  uv_mutex_unlock(&page->lock);
  bool answered = answer(call);
  uv_mutex_lock(&page->lock);
  page->working--;
  if (call->abandoned) {
    free_memory(call);
    uv_cond_broadcast(&page->changed);
    return;
  }
  if (!answered) {
    put_first(page, call);
    uv_cond_broadcast(&page->changed);
    return;
  }
  call->state = CALL_READY;
  if (call->done != NULL && !atomic_load(&call->given_up)) {
    call->telling++;
    uv_mutex_unlock(&page->lock);
    call->done(call->done_context);
    uv_mutex_lock(&page->lock);
    call->telling--;
  }
  uv_cond_broadcast(&page->changed); /* the call may be freed from here on */
}

static void run(void *argument) {
  struct page *page = argument;
  uv_mutex_lock(&page->lock);
  while (!page->stop) {
    if (page->waiting && !atomic_load(&parking))
      work_on(page, take_first(page));
    else
      uv_cond_wait(&page->work, &page->lock);
  }
  uv_mutex_unlock(&page->lock);
}

/* ---- for their owners ---- */

/* Needs the lock. One thread more for each call that finds none idle, up to PAGE_THREADS. */
static bool have_thread(struct page *page) {
  bool wanted = page->thread_count < PAGE_THREADS && page->working + page->waiting_count >= page->thread_count;
  if (wanted && thread_start(&page->threads[page->thread_count], "iw-page", run, page)) page->thread_count++;
  return page->thread_count > 0;
}

/* Into the line. */
static bool hand_over(struct page_call *call) {
  struct page *page = call->page;
  call->restart_us = clock_monotonic_us() + RESTART_US;
  uv_mutex_lock(&page->lock);
  bool taken = page->waiting_count < PAGE_CALLS && have_thread(page);
  if (taken) {
    call->state = CALL_WAITS;
    if (page->last_waiting)
      page->last_waiting->next = call;
    else
      page->waiting = call;
    page->last_waiting = call;
    page->waiting_count++;
    uv_cond_signal(&page->work);
  }
  uv_mutex_unlock(&page->lock);
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
  uv_mutex_lock(&call->page->lock);
  bool ready = call->state == CALL_READY;
  uv_mutex_unlock(&call->page->lock);
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
  uv_mutex_lock(&page->lock);
  while (call->telling) uv_cond_wait(&page->changed, &page->lock);
  if (call->state == CALL_WAITS) leave_line(page, call);
  call->abandoned = call->state == CALL_WORKED_ON;
  if (!call->abandoned) free_memory(call);
  uv_mutex_unlock(&page->lock);
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

/* ---- a page's half ---- */

static bool make_locks(struct page *page) {
  if (uv_mutex_init(&page->lock) != 0) return false;
  if (uv_cond_init(&page->work) == 0) {
    if (uv_cond_init(&page->changed) == 0) return true;
    uv_cond_destroy(&page->work);
  }
  uv_mutex_destroy(&page->lock);
  return false;
}

bool page_calls_open(struct page *page) {
  if (!make_locks(page)) return false;
  pthread_mutex_lock(&registry_lock);
  page->next = registry;
  registry = page;
  pthread_mutex_unlock(&registry_lock);
  return true;
}

/* One store takes it out, so that the list is whole for the child of a fork at every moment. */
static void take_out(struct page *page) {
  pthread_mutex_lock(&registry_lock);
  struct page *before = NULL;
  for (struct page *other = registry; other != page; other = other->next) before = other;
  if (before)
    before->next = page->next;
  else
    registry = page->next;
  pthread_mutex_unlock(&registry_lock);
}

void page_calls_close(struct page *page) {
  uv_mutex_lock(&page->lock);
  page->stop = true;
  uv_cond_broadcast(&page->work);
  uv_mutex_unlock(&page->lock);
  for (unsigned i = 0; i < page->thread_count; i++) uv_thread_join(&page->threads[i]);
  take_out(page);
  uv_cond_destroy(&page->changed);
  uv_cond_destroy(&page->work);
  uv_mutex_destroy(&page->lock);
}

/* ---- around a fork, and at exit ---- */

static bool all_parked;

/* The threads call only those who wait for them, and that without a lock, so the registry can be kept locked. */
static void park(int deadline_ms) {
  int64_t deadline_us = clock_monotonic_us() + deadline_ms * (int64_t)1000;
  atomic_store(&parking, true);
  all_parked = true;
  pthread_mutex_lock(&registry_lock);
  for (struct page *page = registry; page; page = page->next) {
    uv_mutex_lock(&page->lock);
    while (page->working > 0) {
      int64_t left_us = deadline_us - clock_monotonic_us();
      if (left_us <= 0) break;
      uv_cond_timedwait(&page->changed, &page->lock, (uint64_t)left_us * 1000);
    }
    if (page->working > 0) all_parked = false;
    uv_mutex_unlock(&page->lock);
  }
  pthread_mutex_unlock(&registry_lock);
}

void page_call_before_fork(int deadline_ms) {
  park(deadline_ms);
}

void page_call_finish_all(int deadline_ms) {
  park(deadline_ms);
}

void page_call_after_fork_in_parent(void) {
  atomic_store(&parking, false);
  pthread_mutex_lock(&registry_lock);
  for (struct page *page = registry; page; page = page->next) {
    uv_mutex_lock(&page->lock);
    uv_cond_broadcast(&page->work);
    uv_mutex_unlock(&page->lock);
  }
  pthread_mutex_unlock(&registry_lock);
}

void page_call_after_fork_in_child(void) {
  atomic_store(&parking, false);
  pthread_mutex_init(&registry_lock, NULL);
  if (!all_parked) history_file_forbid();
  for (struct page *page = registry; page; page = page->next) {
    page->waiting = page->last_waiting = NULL;
    page->waiting_count = page->thread_count = page->working = 0;
    page->stop = false;
    page->client = NULL; /* the parent's figures; in the child nobody holds it for us */
    make_locks(page);
  }
}
