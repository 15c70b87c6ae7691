/*
 * history_chance: histories by chance, for tests that count them again by other means.
 */
#ifndef INTENT_WEBHOOK_SPEC_HISTORY_CHANCE_H
#define INTENT_WEBHOOK_SPEC_HISTORY_CHANCE_H

#include "event.h"

struct history;

enum { CHANCE_ENDPOINTS = 3 };

/* Endpoints that deliveries go to, one with a secret in its URL. Made and freed once for each test. */
extern struct endpoint *chance_endpoints[CHANCE_ENDPOINTS];
void chance_make_endpoints(void);
void chance_free_endpoints(void);

/*
 * Makes a delivery finished some time in the last `minutes`: one in eight without an attempt, the others with one that
 * took anything from nothing to two minutes.
 */
void chance_finish(struct delivery *delivery, int64_t minutes);

/* Hands over a finished delivery. */
void chance_hand_over(struct history *history, struct event *event, unsigned index);

/*
 * Records events of the last `minutes`, with up to three deliveries each. Half of them are finished at once, and the
 * others when some dozens of events have come in behind them. Returns the number of deliveries.
 */
unsigned chance_record(struct history *history, unsigned events, int64_t minutes);

#endif
