/*
 * history_chance: see history_chance.h.
 */
#include "history_chance.h"

#include <stdlib.h>

#include "clock.h"
#include "history.h"
#include "history_fixture.h"

static const int64_t MINUTE_US = 60 * 1000000;

struct endpoint *chance_endpoints[CHANCE_ENDPOINTS];

void chance_make_endpoints(void) {
  static const char *const secrets[] = {"abc123token", NULL};
  static const char *const urls[CHANCE_ENDPOINTS] = {"http://127.0.0.1:8080/hook", "https://example.org/abc123token/in",
                                                     "http://127.0.0.1:8080/other"};
  for (size_t i = 0; i < CHANCE_ENDPOINTS; i++) chance_endpoints[i] = fixture_endpoint(urls[i], secrets);
}

void chance_free_endpoints(void) {
  for (size_t i = 0; i < CHANCE_ENDPOINTS; i++) fixture_endpoint_free(chance_endpoints[i]);
}

void chance_finish(struct delivery *delivery, int64_t minutes) {
  static const int statuses[] = {200, 201, 404, 503};
  int64_t ago_us = random() % minutes * MINUTE_US;
  if (random() % 8 == 0) {
    fixture_refuse(delivery, random() % 2 ? CAUSE_QUEUE_FULL : CAUSE_MAP_ERROR, "no");
  } else {
    fixture_finish(delivery, statuses[random() % 4]);
    int64_t most_us = 1;
    for (long digits = random() % 9; digits > 0; digits--) most_us *= 10;
    delivery->attempt.total_us = random() % 50 ? random() % most_us : -1;
    delivery->attempt.started_us -= ago_us;
  }
  delivery->finished_us -= ago_us;
}

void chance_hand_over(struct history *history, struct event *event, unsigned index) {
  event_hold(event);
  history_delivery(history, &event->deliveries[index]);
}

static void finish_event(struct history *history, struct event *event, int64_t minutes) {
  for (unsigned i = 0; i < event->delivery_count; i++) {
    chance_finish(&event->deliveries[i], minutes);
    chance_hand_over(history, event, i);
  }
  event_release(event);
}

unsigned chance_record(struct history *history, unsigned events, int64_t minutes) {
  enum { LATER = 64 };
  struct event *later[LATER] = {0};
  unsigned deliveries = 0;
  for (unsigned i = 0; i < events + LATER; i++) {
    struct event **place = &later[i % LATER];
    if (*place) finish_event(history, *place, minutes);
    *place = NULL;
    if (i >= events) continue;
    struct event *event =
        fixture_event(&(struct fixture_event){.endpoint = chance_endpoints[random() % CHANCE_ENDPOINTS],
                                              .time_us = clock_wall_us() - random() % minutes * MINUTE_US,
                                              .deliveries = (unsigned)random() % 4});
    deliveries += event->delivery_count;
    event_hold(event);
    history_event(history, event);
    if (random() % 2)
      finish_event(history, event, minutes);
    else
      *place = event;
  }
  return deliveries;
}
