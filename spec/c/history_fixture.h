/*
 * history_fixture: events, deliveries and an endpoint for tests and benchmarks of the history, without client and
 * sender.
 *
 * It stands in for endpoint.c (endpoint_url, endpoint_redaction). Its owner counts what it is told.
 */
#ifndef INTENT_WEBHOOK_SPEC_HISTORY_FIXTURE_H
#define INTENT_WEBHOOK_SPEC_HISTORY_FIXTURE_H

#include <stdatomic.h>

#include "event.h"

struct endpoint;

/* What the owner of every fixture event was told. */
struct fixture_told {
  atomic_uint events_stored, events_failed, deliveries_stored, deliveries_failed;
};
extern struct fixture_told fixture_told;

/* Called by the owner after counting, when set; event or delivery is NULL. */
extern void (*fixture_on_recorded)(struct event *event, struct delivery *delivery, bool stored);

/* An endpoint with that URL and up to four secret values (NULL ends them). Freed with fixture_endpoint_free. */
struct endpoint *fixture_endpoint(const char *url, const char *const *secrets);
void fixture_endpoint_free(struct endpoint *endpoint);

struct fixture_event {
  const char *intent; /* NULL: "book_appointment" */
  const char *session, *slots, *error, *note;
  int64_t time_us;    /* 0: now */
  const char *secret; /* the value of a sensitive slot, or NULL */
  struct endpoint *endpoint;
  unsigned deliveries;
};

/*
 * A new event with one reference, whose deliveries are pending, or NULL when there is no memory. What it is given must
 * live as long as it does.
 */
struct event *fixture_event(const struct fixture_event *fields);

/* Makes the delivery finished: a request and its response, as on the wire. One more reference is to be handed over. */
void fixture_finish(struct delivery *delivery, int http_status);

/* The same, without an attempt: refused before anything was sent. */
void fixture_refuse(struct delivery *delivery, enum cause cause, const char *message);

/* A new empty folder below /tmp, or below `below`, in static memory; the one before is removed with what is in it. */
const char *fixture_folder(const char *below);

/* folder/name in one of eight static buffers. */
const char *fixture_path(const char *folder, const char *name);

/*
 * What a statement gives, through a connection of its own: the columns of its rows separated by '|', the rows by '\n'.
 * In one of eight static buffers; a failure gives its error. NULL is "-".
 */
const char *fixture_sql(const char *path, const char *sql);

/* Waits until the counter is at least `count`, at most ten seconds, longer where all is slow. */
bool fixture_await(atomic_uint *counter, unsigned count);

/*
 * Hands over a new event, and its deliveries finished with that status; 0 leaves them pending. Returns the event with
 * one reference for the caller, or NULL.
 */
struct history;
struct event *fixture_record(struct history *history, const struct fixture_event *fields, int http_status);

#endif
