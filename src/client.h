/*
 * client: what the sender calls back. The client's own interface is intent_webhook.h.
 */
#ifndef INTENT_WEBHOOK_CLIENT_H
#define INTENT_WEBHOOK_CLIENT_H

#include "endpoint.h"
#include "event.h"

#pragma GCC visibility push(hidden)

/* A new event has reached the sender; in the sender's thread, before anything is done with its deliveries. */
void client_event_accepted(struct event *event);

/* Takes over a finished delivery, and the reference that the sender had; in the sender's thread. */
void client_delivery_finished(struct client *client, struct delivery *delivery);

/* A delivery goes from its lane onto the wire; in the sender's thread, for the figures. */
void client_delivery_started(struct delivery *delivery);

/* The sender's last word after sender_retire; the client may be freed in it. */
void client_retired(struct client *client);

/* The client's endpoints, linked by `next`. */
struct endpoint *client_endpoints(struct client *client);

/* For those who look at a client's figures: keeps it in memory, whatever becomes of its handle. Not across a fork. */
struct client *client_hold(struct client *client);
void client_let_go(struct client *client);

/* For process.c. */
void client_after_fork_in_child(void);

/* How many of the client's deliveries the sender still has. The sender's own count; only its thread uses it. */
size_t *client_in_sender(struct client *client);

#pragma GCC visibility pop
#endif
