/*
 * listener_queue: the requests that a listener has received, until somebody takes them. Bounded, as listener.h says.
 *
 * A request's bytes count from when they are held, before it is complete, until it is taken or dropped.
 */
#ifndef INTENT_WEBHOOK_LISTENER_QUEUE_H
#define INTENT_WEBHOOK_LISTENER_QUEUE_H

#include <stdbool.h>
#include <uv.h>

#include "listener.h"

#pragma GCC visibility push(hidden)

struct listener_queue {
  uv_mutex_t lock; /* guards the rest */
  uv_cond_t arrived;
  struct listener_request *first, *last;
  size_t count, held; /* requests; bytes of those and of what is being received */
};

bool listener_queue_init(struct listener_queue *queue);

/* Drops what nobody took. */
void listener_queue_destroy(struct listener_queue *queue);

/* A request with nothing but a target; NULL when there is no memory. For listener_queue_put or _drop. */
struct listener_request *listener_request_new(const char *target);

/* Counts `size` more bytes as the request's. False when there is no room for them. */
bool listener_queue_hold(struct listener_queue *queue, struct listener_request *request, size_t size);

/* Adds to the request's body. False when there is no room or no memory. */
bool listener_queue_append(struct listener_queue *queue, struct listener_request *request, const char *bytes,
                           size_t length);

/* Takes over the request. False when the queue is full; then it still is the caller's. */
bool listener_queue_put(struct listener_queue *queue, struct listener_request *request);

/* Frees a request that was not put. NULL is fine. */
void listener_queue_drop(struct listener_queue *queue, struct listener_request *request);

/* See listener_take. */
struct listener_request *listener_queue_take(struct listener_queue *queue, double timeout);

#pragma GCC visibility pop
#endif
