/*
 * listener_queue: see listener_queue.h.
 */
#include "listener_queue.h"

#include <stdint.h>
#include <string.h>

#include "clock.h"
#include "memory.h"

enum { SMALLEST_BODY = 1024, BODY_STEP = 1024 * 1024 };

static const double LONGEST_WAIT = 1e6; /* seconds; keeps sums of microseconds below an int64_t */

bool listener_queue_init(struct listener_queue *queue) {
  if (uv_mutex_init(&queue->lock) != 0) return false;
  if (uv_cond_init(&queue->arrived) == 0) return true;
  uv_mutex_destroy(&queue->lock);
  return false;
}

void listener_queue_destroy(struct listener_queue *queue) {
  while (queue->first) listener_request_free(listener_queue_take(queue, 0));
  uv_cond_destroy(&queue->arrived);
  uv_mutex_destroy(&queue->lock);
}

struct listener_request *listener_request_new(const char *target) {
  struct listener_request *request = memory_zeroed(sizeof *request);
  if (!request) return NULL;
  request->body.bytes = "";
  request->target = memory_copy(target, strlen(target));
  if (request->target) return request;
  memory_free(request);
  return NULL;
}

void listener_request_free(struct listener_request *request) {
  if (!request) return;
  memory_free(request->target);
  memory_free(request->head);
  memory_free(request->body_bytes);
  memory_free(request);
}

bool listener_queue_hold(struct listener_queue *queue, struct listener_request *request, size_t size) {
  uv_mutex_lock(&queue->lock);
  bool fits = size <= LISTENER_BYTES - queue->held;
  if (fits) queue->held += size;
  uv_mutex_unlock(&queue->lock);
  if (fits) request->held += size;
  return fits;
}

/* To the double, later by steps: little is copied, and little of the queue's room is held for nothing. */
static bool body_grow(struct listener_queue *queue, struct listener_request *request, size_t needed) {
  size_t before = request->body_capacity;
  size_t capacity = before < SMALLEST_BODY ? SMALLEST_BODY : before < BODY_STEP ? before * 2 : before + BODY_STEP;
  if (capacity < needed) capacity = needed;
  if (!listener_queue_hold(queue, request, capacity - before)) return false;
  char *grown = memory_resize(request->body_bytes, capacity);
  if (!grown) return false;
  request->body_bytes = grown;
  request->body_capacity = capacity;
  request->body.bytes = grown;
  return true;
}

bool listener_queue_append(struct listener_queue *queue, struct listener_request *request, const char *bytes,
                           size_t length) {
  size_t needed = request->body.length + length + 1; /* with the NUL; far below SIZE_MAX, by LISTENER_BYTES */
  if (needed > request->body_capacity && !body_grow(queue, request, needed)) return false;
  memcpy(request->body_bytes + request->body.length, bytes, length);
  request->body.length += length;
  request->body_bytes[request->body.length] = '\0';
  return true;
}

bool listener_queue_put(struct listener_queue *queue, struct listener_request *request) {
  uv_mutex_lock(&queue->lock);
  bool room = queue->count < LISTENER_REQUESTS;
  if (room) {
    if (queue->last)
      queue->last->next = request;
    else
      queue->first = request;
    queue->last = request;
    queue->count++;
    uv_cond_signal(&queue->arrived);
  }
  uv_mutex_unlock(&queue->lock);
  return room;
}

void listener_queue_drop(struct listener_queue *queue, struct listener_request *request) {
  if (!request) return;
  uv_mutex_lock(&queue->lock);
  queue->held -= request->held;
  uv_mutex_unlock(&queue->lock);
  listener_request_free(request);
}

struct listener_request *listener_queue_take(struct listener_queue *queue, double timeout) {
  int64_t until_us = clock_monotonic_us();
  if (timeout > 0) until_us += (int64_t)((timeout < LONGEST_WAIT ? timeout : LONGEST_WAIT) * 1e6);
  uv_mutex_lock(&queue->lock);
  while (!queue->first) {
    int64_t left_us = until_us - clock_monotonic_us();
    if (left_us <= 0) break;
    uv_cond_timedwait(&queue->arrived, &queue->lock, (uint64_t)left_us * 1000);
  }
  struct listener_request *request = queue->first;
  if (request) {
    queue->first = request->next;
    if (!queue->first) queue->last = NULL;
    queue->count--;
    queue->held -= request->held;
    request->next = NULL;
  }
  uv_mutex_unlock(&queue->lock);
  return request;
}
