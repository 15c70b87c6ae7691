/*
 * event: see event.h.
 */
#include "event.h"

#include "memory.h"

const char *delivery_status_text(enum delivery_status status) {
  static const char *const texts[] = {
      [DELIVERY_PENDING] = "pending",
      [DELIVERY_DELIVERED] = "delivered",
      [DELIVERY_FAILED] = "failed",
  };
  return texts[status];
}

void event_hold(struct event *event) {
  /* Whoever holds may hand out more, so nothing needs to be ordered. */
  atomic_fetch_add_explicit(&event->references, 1, memory_order_relaxed);
}

void event_release(struct event *event) {
  /* What the other holders wrote happens before it is freed here. */
  if (atomic_fetch_sub_explicit(&event->references, 1, memory_order_acq_rel) != 1) return;
  for (unsigned i = 0; i < event->delivery_count; i++) attempt_free_buffers(&event->deliveries[i].attempt);
  memory_free(event);
}

void attempt_free_buffers(struct attempt *attempt) {
  buffer_free(&attempt->request_head);
  buffer_free(&attempt->response_head);
  buffer_free(&attempt->response_body);
}
