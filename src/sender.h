/*
 * sender: the one thread of a process that sends webhooks.
 *
 * One libuv loop drives one libcurl multi handle for every client of the process. It starts with the first event, and
 * ends when no client is left and nothing is under way. Events come in through a list behind a mutex and one wake-up;
 * each delivery waits in its endpoint's lane until that lane has room in flight. A finished delivery goes to its
 * client.
 *
 * Never blocks in the loop but for the poll: names are resolved by libcurl's resolver threads, files are not touched.
 *
 * Limits: at most half of the process's file descriptors (RLIMIT_NOFILE, soft) are sockets of ours; what is above
 * waits.
 *
 * Fork: the child forgets the sender, closes its copies of the sockets, and starts another when it fires.
 */
#ifndef INTENT_WEBHOOK_SENDER_H
#define INTENT_WEBHOOK_SENDER_H

#include "endpoint.h"
#include "event.h"

#pragma GCC visibility push(hidden)

struct sender;

/* The process's sender, started if need be, with one more user. NULL when it cannot be started. */
struct sender *sender_acquire(void);

/* Whether the process exits: the sender ends and takes no more events. Cheap. */
bool sender_is_closed(struct sender *sender);

/* Something asked of the sender about one client. Its memory is the client's, so that asking cannot fail. */
struct sender_request {
  struct sender_request *next;
  struct client *client;
  bool retire; /* otherwise cancel, for that cause */
  enum cause cause;
};

/*
 * Ends the use by a client: when its last delivery is finished the sender gives back the handles of its endpoints and
 * calls client_retired (client.h), in the sender's thread, as its last word on that client.
 */
void sender_retire(struct sender *sender, struct sender_request *request);

/*
 * Ends every delivery of the client that is not finished, as failed for that cause. Does not wait for it. The request
 * is free again when these deliveries are finished.
 */
void sender_cancel(struct sender *sender, struct sender_request *request, enum cause cause);

/*
 * Takes over an event with all its references. The sender's thread calls client_event_accepted, then sends what is
 * pending and hands everything else to client_delivery_finished at once. Never waits. False, and nothing is taken over,
 * when the sender is closed.
 */
bool sender_submit(struct sender *sender, struct event *event);

void sender_before_fork(void);
void sender_after_fork_in_parent(void);
void sender_after_fork_in_child(void);

/* For process.c: gives what is under way grace_ms, ends the rest as process_exit, and ends the thread. */
bool sender_finish(int grace_ms);

#pragma GCC visibility pop
#endif
