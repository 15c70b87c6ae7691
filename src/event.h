/*
 * event: one firing of one intent, with its deliveries and their attempts.
 *
 * An event and its deliveries are one block of memory, made by the client when it accepts a firing and written by one
 * thread at a time after that: the sender owns a delivery until it is finished, then the history writer until it
 * is recorded, then the client's list of results. References count those holders; the last one frees all.
 */
#ifndef INTENT_WEBHOOK_EVENT_H
#define INTENT_WEBHOOK_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "buffer.h"
#include "cause.h"
#include "id.h"
#include "redaction.h"

#pragma GCC visibility push(hidden)

struct client;
struct endpoint;
struct event;

enum delivery_status { DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_FAILED };

const char *delivery_status_text(enum delivery_status status); /* "pending", ... */

/* One HTTP request on the wire. Times are microseconds from the start, -1 where that point was not reached. */
struct attempt {
  bool made;          /* false: the delivery ended before anything was tried */
  int64_t started_us; /* wall clock */
  int64_t name_lookup_us, connect_us, tls_us, first_byte_us, total_us;
  enum cause cause;                       /* why this is not a success; CAUSE_NONE for 2xx */
  enum cause body_cause;                  /* what went wrong after a complete head; changes nothing in the outcome */
  int http_status;                        /* 0: no complete response head */
  const char *http_version, *tls_version; /* static text ("1.1", "TLSv1.3"), or NULL */
  char remote_address[ADDRESS_TEXT_SIZE]; /* "" when never connected */
  bool resent;                            /* libcurl sent the request again on a fresh connection */
  bool truncated;                         /* response_body is not all of it */
  int64_t response_length;                /* what the endpoint announced or sent in full; -1 unknown */
  struct buffer request_head, response_head, response_body; /* as on the wire, not yet redacted */
  char message[256];                                        /* what libcurl or the system says; "" for nothing */
};

struct delivery {
  struct delivery *next;                        /* link of whichever queue holds it */
  struct delivery *newer_result, *older_result; /* the client's list of results */
  enum { RESULT_NOT_YET, RESULT_WAITING, RESULT_TAKEN } result;
  enum { PLACE_NONE, PLACE_QUEUED, PLACE_IN_FLIGHT } place; /* for the client's figures */
  bool held;                                                /* counts against its endpoint's limit */
  bool recorded;                                            /* stands in the file */
  struct event *event;
  struct endpoint *endpoint;
  unsigned number; /* from 1: which webhook action of the intent */
  const char *body;
  size_t body_length;
  const char *stored_body; /* body with sensitive values masked; equals body when there are none */
  size_t stored_body_length;
  enum delivery_status status;
  enum cause cause;
  int64_t finished_us; /* wall clock; 0 while pending */
  size_t bytes;        /* counted against the endpoint's limit */
  struct attempt attempt;
  struct { /* the history writer's own */
    int64_t row;
    bool in_batch, inserted_final;
  } history;
};

/*
 * Told by the history writer's thread about each thing handed to it: stored = true after the commit, exactly once, as
 * the last word; stored = false before that, at most once, when the first try to write it failed.
 */
struct event_owner {
  void (*event_recorded)(struct event *event, bool stored);
  void (*delivery_recorded)(struct delivery *delivery, bool stored);
};

struct event {
  struct event *next;          /* link of whichever queue holds it */
  struct event *newer, *older; /* the client's list of events in memory */
  atomic_uint references;
  const struct event_owner *owner;
  struct client *client;
  char id[ID_SIZE];
  int64_t time_us; /* when it fired, wall clock */
  const char *intent;
  const char *session;        /* NULL: none */
  const char *slots;          /* JSON object, sensitive values masked */
  const char *error;          /* Lua errors in the user's functions, with traceback; NULL: none */
  const char *note;           /* why something was not sent, or that text was repaired; NULL: none */
  struct redaction redaction; /* values of sensitive slots */
  size_t bytes;               /* memory held */
  bool listed;                /* in the client's list */
  bool refusal;               /* records that the event was refused */
  bool history_failed;        /* the writer could not be started, so nothing of it is recorded */
  struct {                    /* the history writer's own */
    int64_t row;
  } history;
  /* The client's: deliveries not yet among the results, and results not yet taken. */
  unsigned unfinished, untaken;
  unsigned unrecorded; /* the client's: of itself and its deliveries, how many are not in the file yet */
  unsigned waiters;    /* the client's: threads that wait until it is finished */
  unsigned delivery_count;
  /* At least one: without a delivery the first stands for the event itself among the results, with number 0. */
  struct delivery deliveries[];
};

void event_hold(struct event *event);
void event_release(struct event *event); /* frees with the last reference */

/* Gives the attempt's buffers back; what is small stays. */
void attempt_free_buffers(struct attempt *attempt);

#pragma GCC visibility pop
#endif
