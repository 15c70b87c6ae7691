/*
 * history_queue: see history_queue.h.
 */
#include "history_queue.h"

/* Appends the list from `first` to `last`. */
static void append_events(struct history_queue *queue, struct event *first, struct event *last) {
  if (queue->last_event)
    queue->last_event->next = first;
  else
    queue->first_event = first;
  queue->last_event = last;
}

static void append_deliveries(struct history_queue *queue, struct delivery *first, struct delivery *last) {
  if (queue->last_delivery)
    queue->last_delivery->next = first;
  else
    queue->first_delivery = first;
  queue->last_delivery = last;
}

void history_queue_add_event(struct history_queue *queue, struct event *event) {
  event->next = NULL;
  append_events(queue, event, event);
  queue->events++;
}

void history_queue_add_delivery(struct history_queue *queue, struct delivery *delivery) {
  delivery->next = NULL;
  append_deliveries(queue, delivery, delivery);
  queue->deliveries++;
}

void history_queue_move(struct history_queue *to, struct history_queue *from) {
  if (from->first_event) append_events(to, from->first_event, from->last_event);
  if (from->first_delivery) append_deliveries(to, from->first_delivery, from->last_delivery);
  to->events += from->events;
  to->deliveries += from->deliveries;
  *from = (struct history_queue){0};
}

struct event *history_queue_take_event(struct history_queue *queue) {
  struct event *event = queue->first_event;
  queue->first_event = event->next;
  if (!queue->first_event) queue->last_event = NULL;
  queue->events--;
  event->next = NULL;
  return event;
}

struct delivery *history_queue_take_delivery(struct history_queue *queue) {
  struct delivery *delivery = queue->first_delivery;
  queue->first_delivery = delivery->next;
  if (!queue->first_delivery) queue->last_delivery = NULL;
  queue->deliveries--;
  delivery->next = NULL;
  return delivery;
}

size_t history_queue_length(const struct history_queue *queue) {
  return queue->events + queue->deliveries;
}
