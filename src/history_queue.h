/*
 * history_queue: records on their way to the history's writer, in the order in which they were handed over.
 *
 * Events and finished deliveries are two lists, linked by their `next`; an event is handed over before its deliveries.
 * All zero is an empty queue. Nothing here can fail.
 */
#ifndef INTENT_WEBHOOK_HISTORY_QUEUE_H
#define INTENT_WEBHOOK_HISTORY_QUEUE_H

#include "event.h"

#pragma GCC visibility push(hidden)

struct history_queue {
  struct event *first_event, *last_event;
  struct delivery *first_delivery, *last_delivery;
  size_t events, deliveries;
};

void history_queue_add_event(struct history_queue *queue, struct event *event);
void history_queue_add_delivery(struct history_queue *queue, struct delivery *delivery);

/* Moves everything to the end of `to`. */
void history_queue_move(struct history_queue *to, struct history_queue *from);

/* Takes the first one; there must be one. */
struct event *history_queue_take_event(struct history_queue *queue);
struct delivery *history_queue_take_delivery(struct history_queue *queue);

/* How many records there are. */
size_t history_queue_length(const struct history_queue *queue);

#pragma GCC visibility pop
#endif
