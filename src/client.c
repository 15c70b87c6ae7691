/*
 * client: see intent_webhook.h. Ties endpoints, sender and history together for one host.
 *
 * An event's way through here: iw_client_fire makes it and gives it to the sender; the sender hands it over
 * (client_event_accepted) and, one by one, its finished deliveries (client_delivery_finished), each of which goes on to
 * the history; the history's writer says when it is in the file (event_recorded, delivery_recorded), and then it is
 * among the results until somebody takes it or, beyond the limits, newer ones push it out.
 *
 * `lock` guards everything below it in struct client, and the held figures of the endpoints. It is never held over a
 * call that waits for anything but memory.
 *
 * `users` counts who may still call in: the handle, the sender, and each record that the history has not finished. The
 * last one frees the client.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "clock.h"
#include "history.h"
#include "memory.h"
#include "process.h"
#include "readiness.h"
#include "sender.h"
#include "transport.h"

enum {
  DEFAULT_QUEUE_LIMIT = 10000,
  DEFAULT_QUEUE_BYTES = 64 * 1024 * 1024,
  LONGEST_START_S = 1000000, /* about eleven days; what is beyond counts as that */
  REFUSALS_IN_MEMORY = 100,  /* refused events that wait to be recorded; more are counted, and recorded as a number */
  REFUSAL_BYTES = 4 << 20,   /* of these; one is kept however large it is */
  RECORD_MS = 2000           /* what a close waits, beyond its time, until what it has cut off is recorded */
};

struct client {
  struct history *history; /* given back, and NULL, when the client is closed and all is recorded */
  size_t queue_limit, queue_bytes;
  struct endpoint *endpoints;
  size_t in_sender; /* the sender's */
  struct sender_request cancel_request, retire_request;
  atomic_uint generation; /* of the process that the rest is valid in */

  uv_mutex_t lock;
  uv_cond_t changed;            /* what somebody waits for has come: an event is finished, or no record is open */
  bool closed, cancelled, gone; /* gone: the handle was given back */
  struct sender *sender;        /* NULL: not in use yet, or retired */
  size_t users;
  struct event *newest, *oldest; /* in memory: not finished, or with results that nobody has taken */
  struct delivery *first_result, *last_result;
  size_t result_count, result_bytes;
  struct readiness readiness; /* of results, for an event loop */
  size_t bare_held;           /* events without a delivery that are not yet recorded */
  size_t bare_bytes;          /* of these */
  size_t open_records;        /* events and deliveries that are not yet recorded */
  unsigned drainers;          /* threads that wait until there is none */
  size_t queued, in_flight, unrecorded, cut;
  size_t refusals_held, refusal_bytes;
  unsigned hurries;            /* threads that wait and have the history hurry */
  uint64_t refusals_uncounted; /* refused and not yet recorded in any way */
  uint64_t fired, delivered, failed, refused, results_dropped;
  bool history_failed;               /* its thread could not be started */
  struct history_stats last_history; /* what it had to say when it was given back */
};

static const char *const result_codes[] = {"ok", "full", "closed", "timeout", "unknown", "history", "memory", "system"};

const char *iw_result_code(iw_result result) {
  return result_codes[result];
}

void iw_id_new(char id[IW_ID_SIZE], int64_t time_us) {
  process_setup(NULL, 0); /* so that a later fork is noticed, and no child makes the parent's ids again */
  id_new(id, time_us > 0 ? time_us : clock_wall_us());
}

/* ---- birth and death ---- */

iw_client *iw_client_new(const iw_client_options *options, char error[IW_ERROR_SIZE]) {
  if (options->history == NULL || *options->history == '\0') {
    snprintf(error, IW_ERROR_SIZE, "history: is missing: give the path of the history file");
    return NULL;
  }
  if (!process_setup(error, IW_ERROR_SIZE)) return NULL;
  struct client *client = memory_zeroed(sizeof *client);
  if (client == NULL) {
    snprintf(error, IW_ERROR_SIZE, "memory: there is not enough of it for a client");
    return NULL;
  }
  client->queue_limit = options->queue_limit == 0 ? DEFAULT_QUEUE_LIMIT : options->queue_limit;
  client->queue_bytes = options->queue_bytes == 0 ? DEFAULT_QUEUE_BYTES : options->queue_bytes;
  client->cancel_request.client = client->retire_request.client = client;
  atomic_init(&client->generation, process_generation());
  client->users = 1;
  if (uv_mutex_init(&client->lock) != 0) {
    snprintf(error, IW_ERROR_SIZE, "system: a lock cannot be made");
    memory_free(client);
    return NULL;
  }
  if (uv_cond_init(&client->changed) != 0) {
    snprintf(error, IW_ERROR_SIZE, "system: a condition cannot be made");
    uv_mutex_destroy(&client->lock);
    memory_free(client);
    return NULL;
  }
  char why[HISTORY_ERROR_SIZE];
  double keep_us = options->keep_days * 86400e6;
  client->history = history_acquire(options->history, keep_us < (double)INT64_MAX ? (int64_t)keep_us : 0, why);
  if (client->history == NULL) {
    snprintf(error, IW_ERROR_SIZE, "history: %s", why);
    uv_cond_destroy(&client->changed);
    uv_mutex_destroy(&client->lock);
    memory_free(client);
    return NULL;
  }
  return client;
}

static void free_all(struct client *client) {
  if (client->history != NULL) history_release(client->history);
  while (client->endpoints != NULL) {
    struct endpoint *endpoint = client->endpoints;
    client->endpoints = endpoint->next;
    endpoint_free(endpoint);
  }
  uv_cond_destroy(&client->changed);
  uv_mutex_destroy(&client->lock);
  memory_free(client);
}

/* Ends `count` uses. Needs the lock, and gives it back; the client may be gone afterwards. */
static void leave_and_unlock(struct client *client, size_t count) {
  client->users -= count;
  bool last = client->users == 0;
  if (client->drainers > 0 && client->open_records == 0) uv_cond_broadcast(&client->changed);
  uv_mutex_unlock(&client->lock);
  if (last) free_all(client);
}

/*
 * A forked child starts afresh with what it inherited: what was under way is the parent's, and so are its threads. The
 * memory of the parent's events stays as it is, since another thread may have been changing it when the fork came.
 */
static pthread_mutex_t adopting = PTHREAD_MUTEX_INITIALIZER;

void client_after_fork_in_child(void) {
  pthread_mutex_init(&adopting, NULL); /* another thread of the parent, a child itself, may have been adopting */
}

static void adopt(struct client *client) {
  pthread_mutex_lock(&adopting);
  if (client->generation != process_generation()) {
    uv_mutex_init(&client->lock);
    uv_cond_init(&client->changed);
    for (struct endpoint *endpoint = client->endpoints; endpoint != NULL; endpoint = endpoint->next) {
      memset(&endpoint->lane, 0, sizeof endpoint->lane);
      endpoint->held = endpoint->held_bytes = 0;
    }
    client->in_sender = 0;
    client->sender = NULL;
    client->users = 1;
    client->newest = client->oldest = NULL;
    client->first_result = client->last_result = NULL;
    client->result_count = client->result_bytes = 0;
    readiness_close(&client->readiness); /* its byte is for both processes, or for neither */
    client->bare_held = client->bare_bytes = 0;
    client->open_records = client->queued = client->in_flight = client->unrecorded = 0;
    client->refusals_held = client->refusal_bytes = client->cut = client->hurries = 0;
    client->refusals_uncounted = 0;
    client->drainers = 0;
    client->cancelled = client->history_failed = false;
    client->fired = client->delivered = client->failed = client->refused = client->results_dropped = 0;
    client->generation = process_generation();
  }
  pthread_mutex_unlock(&adopting);
}

static void lock(struct client *client) {
  if (client->generation != process_generation()) adopt(client);
  uv_mutex_lock(&client->lock);
}

/* Needs the lock. */
static bool have_sender(struct client *client) {
  if (client->sender != NULL && sender_is_closed(client->sender)) return false; /* the process exits */
  if (client->sender == NULL) {
    client->sender = sender_acquire();
    if (client->sender != NULL) client->users++;
  }
  return client->sender != NULL;
}

iw_endpoint *iw_endpoint_new(iw_client *client, const iw_endpoint_options *options, char error[IW_ERROR_SIZE]) {
  struct endpoint *endpoint = endpoint_new(options, error);
  if (endpoint == NULL) return NULL;
  lock(client);
  endpoint->next = client->endpoints;
  client->endpoints = endpoint;
  uv_mutex_unlock(&client->lock);
  return endpoint;
}

void iw_client_free(iw_client *client) {
  if (client->generation != process_generation()) { /* the parent's; a child only forgets it */
    readiness_close(&client->readiness);
    return;
  }
  uv_mutex_lock(&client->lock);
  client->closed = true;
  if (client->sender != NULL) {
    sender_retire(client->sender, &client->retire_request);
    client->sender = NULL;
  }
  for (struct event *event = client->newest; event != NULL; event = event->older) event->listed = false;
  client->newest = client->oldest = NULL;
  while (client->first_result != NULL) {
    struct delivery *result = client->first_result;
    client->first_result = result->newer_result;
    event_release(result->event);
  }
  client->last_result = NULL;
  readiness_close(&client->readiness);
  client->gone = true;
  leave_and_unlock(client, 1);
}

struct client *client_hold(struct client *client) {
  lock(client);
  client->users++;
  uv_mutex_unlock(&client->lock);
  return client;
}

void client_let_go(struct client *client) {
  lock(client);
  leave_and_unlock(client, 1);
}

/* ---- the list of events in memory, and the results; all need the lock ---- */

static void list(struct client *client, struct event *event) {
  event->listed = true;
  event->older = client->newest;
  event->newer = NULL;
  if (client->newest != NULL)
    client->newest->newer = event;
  else
    client->oldest = event;
  client->newest = event;
}

static void unlist_if_done(struct client *client, struct event *event) {
  if (!event->listed || event->unfinished > 0 || event->untaken > 0) return;
  event->listed = false;
  if (event->newer != NULL)
    event->newer->older = event->older;
  else
    client->newest = event->older;
  if (event->older != NULL)
    event->older->newer = event->newer;
  else
    client->oldest = event->newer;
}

static struct event *find(struct client *client, const char *id) {
  for (struct event *event = client->newest; event != NULL; event = event->older)
    if (strcmp(event->id, id) == 0) return event;
  return NULL;
}

/* Takes a delivery out of the results, with the reference that they had. */
static void take(struct client *client, struct delivery *delivery) {
  if (delivery->older_result != NULL)
    delivery->older_result->newer_result = delivery->newer_result;
  else
    client->first_result = delivery->newer_result;
  if (delivery->newer_result != NULL)
    delivery->newer_result->older_result = delivery->older_result;
  else
    client->last_result = delivery->older_result;
  delivery->result = RESULT_TAKEN;
  delivery->event->untaken--;
  client->result_count--;
  client->result_bytes -= delivery->event->bytes;
  if (client->result_count == 0) readiness_set(&client->readiness, false);
  unlist_if_done(client, delivery->event);
}

static void publish(struct client *client, struct delivery *delivery) {
  struct event *event = delivery->event;
  if (delivery->result != RESULT_NOT_YET) return;
  event->unfinished--;
  if (event->unfinished == 0 && event->waiters > 0) uv_cond_broadcast(&client->changed);
  if (client->gone || event->refusal) {
    delivery->result = RESULT_TAKEN;
    unlist_if_done(client, event);
    return;
  }
  event_hold(event);
  event->untaken++;
  delivery->result = RESULT_WAITING;
  delivery->newer_result = NULL;
  delivery->older_result = client->last_result;
  if (client->last_result != NULL)
    client->last_result->newer_result = delivery;
  else
    client->first_result = delivery;
  client->last_result = delivery;
  client->result_count++;
  client->result_bytes += event->bytes;
  readiness_set(&client->readiness, true);
  while (client->result_count > client->queue_limit ||
         (client->result_bytes > client->queue_bytes && client->result_count > 1)) {
    struct delivery *oldest = client->first_result;
    take(client, oldest);
    client->results_dropped++;
    event_release(oldest->event);
  }
}

/* ---- what the history's writer says; in its thread ---- */

static void event_recorded(struct event *event, bool stored);
static void delivery_recorded(struct delivery *delivery, bool stored);

static const struct event_owner owner = {.event_recorded = event_recorded, .delivery_recorded = delivery_recorded};

static struct event *event_make(struct client *client, const iw_event *given);

/* A refused event waits to be recorded, no longer, and whether it may. All need the lock. */
static void refusal_begins(struct client *client, struct event *event) {
  event->refusal = true;
  client->refusals_held++;
  client->refusal_bytes += event->bytes;
}

static void refusal_ends(struct client *client, const struct event *event) {
  client->refusals_held--;
  client->refusal_bytes -= event->bytes;
}

static bool has_room_for_refusal(const struct client *client, const struct event *event) {
  if (client->refusals_held == 0) return true;
  return client->refusals_held < REFUSALS_IN_MEMORY && client->refusal_bytes + event->bytes <= REFUSAL_BYTES;
}

/* Refused events that there was no room to record one by one are recorded as a number, behind one that was. */
static void record_refusals(struct client *client, const struct event *like) {
  char note[128];
  snprintf(note, sizeof note, "%llu more events were refused: queue full",
           (unsigned long long)client->refusals_uncounted);
  struct event *event = event_make(client, &(iw_event){.intent = like->intent, .note = note});
  if (event == NULL) return; /* the number stays, for the next time */
  client->refusals_uncounted = 0;
  refusal_begins(client, event);
  client->open_records++;
  client->users++;
  uv_mutex_unlock(&client->lock);
  bool taken = history_event(client->history, event);
  uv_mutex_lock(&client->lock);
  if (taken) return;
  refusal_ends(client, event);
  client->open_records--;
  client->users--;
  event_release(event);
}

/* An event without a delivery, which was admitted, is held no more. Needs the lock. */
static void dismiss(struct client *client, const struct event *event) {
  client->bare_held--;
  client->bare_bytes -= event->bytes;
}

/* The event, or one of its deliveries, is in the file. With the last of them a refused event is held no more. */
static void record_ends(struct client *client, struct event *event) {
  event->unrecorded--;
  if (event->unrecorded > 0 || !event->refusal) return;
  refusal_ends(client, event);
  if (client->refusals_uncounted > 0) record_refusals(client, event);
}

static void event_recorded(struct event *event, bool stored) {
  struct client *client = event->client;
  uv_mutex_lock(&client->lock);
  if (event->delivery_count == 0) {
    event->deliveries[0].recorded = stored;
    if (!event->refusal && stored) dismiss(client, event);
    publish(client, &event->deliveries[0]);
  }
  if (!stored) {
    uv_mutex_unlock(&client->lock);
    return;
  }
  record_ends(client, event);
  client->open_records--;
  leave_and_unlock(client, 1);
}

static void delivery_recorded(struct delivery *delivery, bool stored) {
  struct client *client = delivery->event->client;
  uv_mutex_lock(&client->lock);
  delivery->recorded = stored && !delivery->event->history_failed;
  publish(client, delivery);
  if (!stored) {
    uv_mutex_unlock(&client->lock);
    return;
  }
  attempt_free_buffers(&delivery->attempt);
  if (delivery->held) {
    delivery->endpoint->held--;
    delivery->endpoint->held_bytes -= delivery->bytes;
  }
  client->unrecorded--;
  record_ends(client, delivery->event);
  client->open_records--;
  leave_and_unlock(client, 1);
}

/* ---- what the sender says; in its thread ---- */

/* Nothing of the event can be recorded: what there is to say, the results and the figures say. Needs the lock. */
static void without_history(struct client *client, struct event *event) {
  client->history_failed = true;
  event->history_failed = true;
  record_ends(client, event);
  client->open_records--;
  if (event->delivery_count > 0) return;
  if (!event->refusal) dismiss(client, event);
  publish(client, &event->deliveries[0]);
}

void client_event_accepted(struct event *event) {
  struct client *client = event->client;
  if (history_event(client->history, event)) return;
  uv_mutex_lock(&client->lock);
  without_history(client, event);
  leave_and_unlock(client, 1); /* not the last: the sender's own use is another */
  event_release(event);
}

void client_delivery_started(struct delivery *delivery) {
  struct client *client = delivery->event->client;
  uv_mutex_lock(&client->lock);
  delivery->place = PLACE_IN_FLIGHT;
  client->queued--;
  client->in_flight++;
  uv_mutex_unlock(&client->lock);
}

/*
 * What is admitted counts with its request alone. So responses may go beyond queue_bytes by what can be in flight at
 * once; more than that comes together only when the history cannot be written, and then a response is let go.
 */
static bool has_room_for_response(const struct client *client, const struct endpoint *endpoint, size_t response) {
  size_t beyond = endpoint->in_flight_limit * (size_t)(TRANSPORT_HEAD_LIMIT + TRANSPORT_BODY_LIMIT);
  return endpoint->held_bytes + response <= client->queue_bytes + beyond;
}

void client_delivery_finished(struct client *client, struct delivery *delivery) {
  struct event *event = delivery->event;
  const struct attempt *attempt = &delivery->attempt;
  size_t response = attempt->request_head.capacity + attempt->response_head.capacity + attempt->response_body.capacity;
  if (delivery->finished_us == 0) delivery->finished_us = clock_wall_us();
  uv_mutex_lock(&client->lock);
  if (delivery->place == PLACE_QUEUED) client->queued--;
  if (delivery->place == PLACE_IN_FLIGHT) client->in_flight--;
  delivery->place = PLACE_NONE;
  if (delivery->held && !has_room_for_response(client, delivery->endpoint, response)) {
    buffer_free(&delivery->attempt.response_head);
    buffer_free(&delivery->attempt.response_body);
    delivery->attempt.truncated = true;
    response = attempt->request_head.capacity;
  }
  if (delivery->held) {
    delivery->bytes += response;
    delivery->endpoint->held_bytes += response;
  }
  if (delivery->status == DELIVERY_DELIVERED)
    client->delivered++;
  else
    client->failed++;
  if (delivery->cause == CAUSE_CLIENT_CLOSED) client->cut++;
  client->unrecorded++;
  if (!event->history_failed) {
    uv_mutex_unlock(&client->lock);
    history_delivery(client->history, delivery);
    return;
  }
  uv_mutex_unlock(&client->lock);
  delivery_recorded(delivery, true); /* gives back what it held */
  event_release(event);
}

void client_retired(struct client *client) {
  uv_mutex_lock(&client->lock);
  leave_and_unlock(client, 1);
}

struct endpoint *client_endpoints(struct client *client) {
  uv_mutex_lock(&client->lock);
  struct endpoint *first = client->endpoints; /* more come in before it; what it links to stays */
  uv_mutex_unlock(&client->lock);
  return first;
}

size_t *client_in_sender(struct client *client) {
  return &client->in_sender;
}

/* ---- firing ---- */

/* Copies text to *place and moves it on. NULL stays NULL. */
static const char *keep(char **place, const char *text, size_t length) {
  if (text == NULL) return NULL;
  char *kept = *place;
  memcpy(kept, text, length);
  kept[length] = '\0';
  *place += length + 1;
  return kept;
}

static size_t text_size(const char *text) {
  return text == NULL ? 0 : strlen(text) + 1;
}

static const char *request_note(const iw_request *request) {
  return request->refused != IW_SEND ? request->message : NULL;
}

static void delivery_make(struct delivery *delivery, const iw_request *request, char **place) {
  delivery->endpoint = request->endpoint;
  delivery->body = keep(place, request->body != NULL ? request->body : "", request->body_length);
  delivery->body_length = request->body_length;
  delivery->stored_body = delivery->body;
  delivery->stored_body_length = delivery->body_length;
  if (request->stored_body != NULL) {
    delivery->stored_body = keep(place, request->stored_body, request->stored_body_length);
    delivery->stored_body_length = request->stored_body_length;
  }
  enum cause refused = request->refused == IW_MAP_ERROR         ? CAUSE_MAP_ERROR
                       : request->refused == IW_PAYLOAD_INVALID ? CAUSE_PAYLOAD_INVALID
                       : request->endpoint->disabled            ? CAUSE_ENDPOINT_DISABLED
                                                                : CAUSE_NONE;
  if (refused == CAUSE_NONE) return;
  delivery->status = DELIVERY_FAILED;
  delivery->cause = refused;
  if (request_note(request) == NULL) return;
  size_t length = strlen(request->message), most = sizeof delivery->attempt.message - 1;
  if (length > most)
    length = redact_cut(request->message, most, &request->endpoint->redaction, &delivery->event->redaction);
  snprintf(delivery->attempt.message, sizeof delivery->attempt.message, "%.*s", (int)length, request->message);
}

/* One block: the event, its deliveries, its secrets, and the text of all. NULL: no memory. */
static struct event *event_make(struct client *client, const iw_event *given) {
  size_t nodes = given->request_count > 0 ? given->request_count : 1;
  const char *slots = given->slots != NULL ? given->slots : "{}";
  size_t slots_length = given->slots != NULL ? given->slots_length : 2;
  size_t size = sizeof(struct event) + nodes * sizeof(struct delivery) + given->secret_count * sizeof(struct secret);
  size += text_size(given->intent) + text_size(given->session) + slots_length + 1 + text_size(given->error) +
          text_size(given->note);
  for (size_t i = 0; i < given->secret_count; i++) size += given->secrets[i].length + 1;
  for (size_t i = 0; i < given->request_count; i++)
    size += given->requests[i].body_length + 1 + given->requests[i].stored_body_length + 1;
  struct event *event = memory_alloc(size);
  if (event == NULL) return NULL;
  memset(event, 0, sizeof *event + nodes * sizeof(struct delivery));
  struct secret *secrets = (struct secret *)(void *)&event->deliveries[nodes];
  char *place = (char *)(secrets + given->secret_count);
  event->owner = &owner;
  event->client = client;
  event->time_us = given->time_us > 0 ? given->time_us : clock_wall_us();
  if (given->id != NULL)
    memcpy(event->id, given->id, ID_SIZE);
  else
    id_new(event->id, event->time_us);
  event->intent = keep(&place, given->intent, strlen(given->intent));
  event->session = keep(&place, given->session, given->session != NULL ? strlen(given->session) : 0);
  event->slots = keep(&place, slots, slots_length);
  event->error = keep(&place, given->error, given->error != NULL ? strlen(given->error) : 0);
  event->note = keep(&place, given->note, given->note != NULL ? strlen(given->note) : 0);
  for (size_t i = 0; i < given->secret_count; i++) {
    secrets[i].length = given->secrets[i].length;
    secrets[i].bytes = keep(&place, given->secrets[i].bytes, given->secrets[i].length);
  }
  event->redaction.values = secrets;
  event->redaction.value_count = given->secret_count;
  event->bytes = size;
  event->delivery_count = (unsigned)given->request_count;
  event->unfinished = (unsigned)nodes;
  event->unrecorded = 1 + (unsigned)given->request_count;
  atomic_init(&event->references, 1 + event->delivery_count);
  for (size_t i = 0; i < nodes; i++) event->deliveries[i].event = event;
  for (size_t i = 0; i < given->request_count; i++) {
    unsigned number = given->requests[i].number;
    event->deliveries[i].number = number > 0 ? number : (unsigned)i + 1;
    event->deliveries[i].bytes = size; /* as long as one of them is held, so is all of the event */
    delivery_make(&event->deliveries[i], &given->requests[i], &place);
  }
  return event;
}

static void event_unmake(struct event *event) {
  atomic_store(&event->references, 1);
  event_release(event);
}

/* Whether any delivery of the event found room; those that did not are refused. Needs the lock. */
static bool admit(struct client *client, struct event *event) {
  if (event->delivery_count == 0) {
    if (client->bare_held >= client->queue_limit || client->bare_bytes + event->bytes > client->queue_bytes)
      return false;
    client->bare_held++;
    client->bare_bytes += event->bytes;
    return true;
  }
  bool any = false;
  for (unsigned i = 0; i < event->delivery_count; i++) {
    struct delivery *delivery = &event->deliveries[i];
    struct endpoint *endpoint = delivery->endpoint;
    if (endpoint->held < client->queue_limit && endpoint->held_bytes + delivery->bytes <= client->queue_bytes) {
      delivery->held = any = true;
      endpoint->held++;
      endpoint->held_bytes += delivery->bytes;
    } else {
      delivery->status = DELIVERY_FAILED;
      delivery->cause = CAUSE_QUEUE_FULL;
    }
  }
  return any;
}

/* Needs the lock. */
static void count_in(struct client *client, struct event *event) {
  for (unsigned i = 0; i < event->delivery_count; i++) {
    struct delivery *delivery = &event->deliveries[i];
    if (delivery->status != DELIVERY_PENDING) continue;
    delivery->place = PLACE_QUEUED;
    client->queued++;
  }
  client->open_records += 1 + event->delivery_count;
  client->users += 1 + event->delivery_count;
  if (event->refusal) return;
  client->fired++;
  list(client, event);
}

iw_result iw_client_fire(iw_client *client, const iw_event *given, char id[IW_ID_SIZE]) {
  struct event *event = event_make(client, given);
  if (event == NULL) return IW_MEMORY;
  memcpy(id, event->id, ID_SIZE);
  lock(client);
  iw_result result = client->closed ? IW_CLOSED : have_sender(client) ? IW_OK : IW_SYSTEM;
  bool goes_on = result == IW_OK;
  if (goes_on && !admit(client, event)) {
    result = IW_FULL;
    client->refused++;
    goes_on = has_room_for_refusal(client, event);
    if (goes_on)
      refusal_begins(client, event);
    else
      client->refusals_uncounted++;
  }
  if (goes_on && sender_submit(client->sender, event)) {
    count_in(client, event); /* whoever gets it needs the lock before it can be done with it */
  } else if (goes_on) {
    goes_on = false;
    result = IW_SYSTEM; /* the process exits; what admit has counted is of no use to anybody any more */
  }
  uv_mutex_unlock(&client->lock);
  if (!goes_on) event_unmake(event);
  return result;
}

static int milliseconds(double timeout) {
  if (!(timeout > 0)) return 0; /* NaN too */
  return timeout < LONGEST_START_S ? (int)(timeout * 1000) : LONGEST_START_S * 1000;
}

iw_result iw_client_start(iw_client *client, double timeout, char error[IW_ERROR_SIZE]) {
  lock(client);
  iw_result result = client->closed ? IW_CLOSED : have_sender(client) ? IW_OK : IW_SYSTEM;
  struct history *history = result == IW_OK ? history_hold(client->history) : NULL; /* somebody may close meanwhile */
  uv_mutex_unlock(&client->lock);
  if (result != IW_OK) {
    snprintf(error, IW_ERROR_SIZE, "%s",
             result == IW_CLOSED ? "the client is closed" : "the sender's thread could not be started");
    return result;
  }
  char why[HISTORY_ERROR_SIZE];
  bool started = history_start(history, milliseconds(timeout), why);
  history_release(history);
  if (started) return IW_OK;
  snprintf(error, IW_ERROR_SIZE, "%s", why);
  return IW_HISTORY;
}

/* ---- results ---- */

void iw_poll_end(void **held) {
  if (*held == NULL) return;
  event_release(*held);
  *held = NULL;
}

static void describe(const struct delivery *delivery, iw_delivery *out) {
  const struct event *event = delivery->event;
  const struct attempt *attempt = &delivery->attempt;
  memset(out, 0, sizeof *out);
  memcpy(out->id, event->id, ID_SIZE);
  out->intent = event->intent;
  out->session = event->session;
  out->number = delivery->number;
  out->recorded = delivery->recorded;
  if (delivery->number == 0) return;
  out->url = delivery->endpoint->url;
  out->delivered = delivery->status == DELIVERY_DELIVERED;
  out->http_status = attempt->http_status;
  if (!out->delivered) {
    out->cause = cause_code(delivery->cause);
    out->sentence = cause_sentence(delivery->cause);
  }
  if (attempt->message[0] != '\0') out->message = attempt->message;
  if (attempt->made) out->seconds = (double)attempt->total_us / 1e6;
}

static struct delivery *first_result_of(struct client *client, const char *id) {
  if (id == NULL) return client->first_result;
  struct event *event = find(client, id);
  if (event == NULL) return NULL;
  unsigned nodes = event->delivery_count > 0 ? event->delivery_count : 1;
  for (unsigned i = 0; i < nodes; i++)
    if (event->deliveries[i].result == RESULT_WAITING) return &event->deliveries[i];
  return NULL;
}

bool iw_client_poll(iw_client *client, const char *id, void **held, iw_delivery *out) {
  iw_poll_end(held);
  lock(client);
  struct delivery *delivery = first_result_of(client, id);
  if (delivery != NULL) {
    take(client, delivery);
    *held = delivery->event;
    describe(delivery, out);
  }
  uv_mutex_unlock(&client->lock);
  return delivery != NULL;
}

int iw_client_fd(iw_client *client) {
  lock(client);
  int descriptor = -1;
  if (readiness_open(&client->readiness)) {
    readiness_set(&client->readiness, client->result_count > 0);
    descriptor = client->readiness.ends[0];
  }
  uv_mutex_unlock(&client->lock);
  return descriptor;
}

/* ---- waiting ---- */

static uint64_t deadline_after(double timeout) {
  uint64_t now = uv_hrtime();
  if (!(timeout > 0)) return now;
  return now + (uint64_t)(timeout < 1e9 ? timeout * 1e9 : 1e18); /* libuv adds the time of day to what is left */
}

/* Needs the lock. False when the deadline has passed. */
static bool wait_for_change(struct client *client, uint64_t deadline) {
  uint64_t now = uv_hrtime();
  if (now >= deadline) return false;
  uv_cond_timedwait(&client->changed, &client->lock, deadline - now);
  return true;
}

/* Turns a waiting thread's hurry on or off. Needs the lock. */
static void hurry(struct client *client, bool on) {
  if (client->history == NULL) return; /* whoever gave it back has turned off all of them */
  client->hurries += on ? 1U : -1U;
  history_hurry(client->history, on);
}

iw_result iw_client_wait(iw_client *client, const char *id, double timeout) {
  uint64_t deadline = deadline_after(timeout);
  lock(client);
  struct event *event = find(client, id);
  if (event == NULL) {
    uv_mutex_unlock(&client->lock);
    return IW_UNKNOWN;
  }
  event_hold(event);
  if (event->unfinished > 0) {
    event->waiters++;
    hurry(client, true);
    while (event->unfinished > 0 && wait_for_change(client, deadline)) {}
    hurry(client, false);
    event->waiters--;
  }
  iw_result result = event->unfinished > 0 ? IW_TIMEOUT : event->untaken > 0 ? IW_OK : IW_UNKNOWN;
  uv_mutex_unlock(&client->lock);
  event_release(event);
  return result;
}

/* Waits until everything is recorded. Needs the lock. */
static bool drain(struct client *client, uint64_t deadline) {
  if (client->open_records == 0) return true;
  client->drainers++;
  hurry(client, true);
  while (client->open_records > 0 && wait_for_change(client, deadline)) {}
  hurry(client, false);
  client->drainers--;
  return client->open_records == 0;
}

iw_result iw_client_flush(iw_client *client, double timeout) {
  uint64_t deadline = deadline_after(timeout);
  lock(client);
  bool drained = drain(client, deadline);
  uv_mutex_unlock(&client->lock);
  return drained ? IW_OK : IW_TIMEOUT;
}

iw_result iw_client_close(iw_client *client, double timeout, size_t *cut) {
  uint64_t deadline = deadline_after(timeout);
  lock(client);
  client->closed = true;
  bool drained = drain(client, deadline);
  if (!drained && !client->cancelled) {
    client->cancelled = true;
    sender_cancel(client->sender, &client->cancel_request, CAUSE_CLIENT_CLOSED);
    drained = drain(client, deadline_after(RECORD_MS / 1e3));
  }
  if (client->sender != NULL) {
    sender_retire(client->sender, &client->retire_request);
    client->sender = NULL;
  }
  bool whole = drained && client->cut == 0;
  if (cut != NULL) *cut = client->cut;
  client->cut = 0; /* said once */
  struct history *history = client->history;
  if (drained && history != NULL) { /* nobody else needs it any more, and without it its thread can end */
    history_read_stats(history, &client->last_history);
    while (client->hurries > 0) hurry(client, false);
    client->history = NULL;
  }
  uv_mutex_unlock(&client->lock);
  uint64_t now = uv_hrtime();
  if (drained && history != NULL)
    history_release_closed(history, now < deadline ? (int64_t)((deadline - now) / 1000) : 0);
  return whole ? IW_OK : IW_TIMEOUT;
}

void iw_client_stats(iw_client *client, iw_stats *stats) {
  memset(stats, 0, sizeof *stats);
  struct history_stats history;
  lock(client);
  if (client->history != NULL)
    history_read_stats(client->history, &history);
  else
    history = client->last_history;
  stats->fired = client->fired;
  stats->delivered = client->delivered;
  stats->failed = client->failed;
  stats->refused = client->refused;
  stats->results_dropped = client->results_dropped;
  stats->queued = client->queued;
  stats->in_flight = client->in_flight;
  stats->unrecorded = client->unrecorded;
  stats->bytes = client->result_bytes + client->bare_bytes;
  for (struct endpoint *endpoint = client->endpoints; endpoint != NULL; endpoint = endpoint->next)
    stats->bytes += endpoint->held_bytes;
  bool failed = client->history_failed;
  uv_mutex_unlock(&client->lock);
  stats->history_recorded = history.recorded;
  stats->history_waiting = history.waiting;
  snprintf(stats->history_error, sizeof stats->history_error, "%s",
           failed ? "the history's thread could not be started: what happened since then is not in the file"
                  : history.error);
}
