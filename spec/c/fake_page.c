/*
 * fake_page: see fake_page.h.
 */
#include "fake_page.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "thread.h"

struct page {
  bool has_token;
};

struct page_call {
  page_call_done done;
  void *context;
  char target[64];
  struct page_response response;
  int pieces; /* left to be made */
  int asked;  /* for the next one, in vain */
  uv_thread_t thread;
  uv_mutex_t lock;
  uv_cond_t changed;
  bool given_up;
  atomic_bool ready;
};

static struct page page;
static atomic_uint held, calls, opened, waiting, pieces;

struct page *fake_page(bool has_token) {
  page.has_token = has_token;
  return &page;
}

unsigned fake_page_held(void) {
  return atomic_load(&held);
}

unsigned fake_page_calls(void) {
  return atomic_load(&calls);
}

unsigned fake_page_open(void) {
  return atomic_load(&opened);
}

unsigned fake_page_waiting(void) {
  return atomic_load(&waiting);
}

unsigned fake_page_pieces(void) {
  return atomic_load(&pieces);
}

static struct page *hold(struct page *one) {
  atomic_fetch_add(&held, 1);
  return one;
}

static void release(struct page *one) {
  (void)one;
  atomic_fetch_sub(&held, 1);
}

static bool has_token(const struct page *one) {
  return one->has_token;
}

static void fill(struct page_call *call, size_t bytes) {
  buffer_clear(&call->response.body);
  for (size_t i = 1; i < bytes; i++) buffer_byte(&call->response.body, 'x');
  if (bytes) buffer_byte(&call->response.body, '.');
}

static void echo(struct page_call *call, const struct page_request *request) {
  const struct {
    const char *name;
    struct page_text text;
  } parts[] = {
      {"", request->method},           {" ", request->target},
      {" host=", request->host},       {" origin=", request->origin},
      {" site=", request->fetch_site}, {" token=", request->authorization},
      {" cookie=", request->cookie},   {" match=", request->if_none_match},
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    buffer_text(&call->response.body, parts[i].name);
    if (parts[i].text.bytes) buffer_append(&call->response.body, parts[i].text.bytes, parts[i].text.length);
  }
  char numbers[64];
  size_t length = request->body.length;
  snprintf(numbers, sizeof numbers, " secure=%d body=%zu:", request->secure, length);
  buffer_text(&call->response.body, numbers);
  if (length) buffer_append(&call->response.body, request->body.bytes, length < 20 ? length : 20);
}

static void work(void *context) {
  struct page_call *call = context;
  uv_mutex_lock(&call->lock);
  while (strcmp(call->target, "/hold") == 0 && !call->given_up) uv_cond_wait(&call->changed, &call->lock);
  bool given_up = call->given_up;
  uv_mutex_unlock(&call->lock);
  atomic_fetch_add(&pieces, 1);
  atomic_store(&call->ready, true);
  atomic_fetch_sub(&waiting, 1);
  if (!given_up) call->done(call->context);
}

static bool begin_work(struct page_call *call) {
  atomic_store(&call->ready, false);
  atomic_fetch_add(&waiting, 1);
  if (thread_start(&call->thread, "fake-page", work, call)) return true;
  atomic_fetch_sub(&waiting, 1);
  return false;
}

static void end_call(struct page_call *call) {
  buffer_free(&call->response.headers);
  buffer_free(&call->response.body);
  uv_cond_destroy(&call->changed);
  uv_mutex_destroy(&call->lock);
  memory_free(call);
  atomic_fetch_sub(&opened, 1);
}

static void prepare(struct page_call *call, const struct page_request *request) {
  struct page_response *response = &call->response;
  size_t bytes = 1000;
  response->status = 200;
  buffer_text(&response->headers, "X-Fake: yes\r\nContent-Type: text/plain\r\n");
  if (sscanf(call->target, "/delay/%d", &response->delay_ms) == 1)
    response->status = 401;
  else if (sscanf(call->target, "/bytes/%zu", &bytes) == 1)
    fill(call, bytes);
  else if (sscanf(call->target, "/pieces/%d/%zu", &call->pieces, &bytes) == 2 ||
           sscanf(call->target, "/late/%d/%zu", &call->pieces, &bytes) == 2 ||
           sscanf(call->target, "/broken/%d", &call->pieces) == 1)
    fill(call, bytes);
  else
    echo(call, request);
  if (call->pieces > 0) response->more = --call->pieces > 0;
}

static struct page_call *start(struct page *one, const struct page_request *request, page_call_done done,
                               void *context) {
  (void)one;
  atomic_fetch_add(&calls, 1);
  if (request->target.length == 5 && memcmp(request->target.bytes, "/busy", 5) == 0) return NULL;
  struct page_call *call = memory_zeroed(sizeof *call);
  if (!call) return NULL;
  atomic_fetch_add(&opened, 1);
  call->done = done;
  call->context = context;
  uv_mutex_init(&call->lock);
  uv_cond_init(&call->changed);
  snprintf(call->target, sizeof call->target, "%.*s", (int)request->target.length, request->target.bytes);
  prepare(call, request);
  if (!call->response.body.failed && !call->response.headers.failed && begin_work(call)) return call;
  end_call(call);
  return NULL;
}

static bool ready(struct page_call *call) {
  return atomic_load(&call->ready);
}

static const struct page_response *response_of(struct page_call *call) {
  return &call->response;
}

static bool more(struct page_call *call) {
  if (strncmp(call->target, "/late/", 6) == 0 && ++call->asked % 3 != 0) return false;
  uv_thread_join(&call->thread);
  fill(call, call->response.body.length);
  call->response.more = --call->pieces > 0;
  if (!call->response.more && strncmp(call->target, "/broken/", 8) == 0) call->response.broken = true;
  if (begin_work(call)) return true;
  call->thread = (uv_thread_t){0};
  return false;
}

static void free_call(struct page_call *call) {
  if (!call) return;
  uv_mutex_lock(&call->lock);
  call->given_up = true;
  uv_cond_signal(&call->changed);
  uv_mutex_unlock(&call->lock);
  if (call->thread) uv_thread_join(&call->thread);
  end_call(call);
}

const struct page_functions fake_page_functions = {
    .version = PAGE_FUNCTIONS_VERSION,
    .response_size = sizeof(struct page_response),
    .hold = hold,
    .release = release,
    .has_token = has_token,
    .start = start,
    .ready = ready,
    .response = response_of,
    .more = more,
    .free = free_call,
};
