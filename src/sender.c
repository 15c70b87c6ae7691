/*
 * sender: see sender.h.
 *
 * Who touches what: `process_lock` guards which sender is the process's and how many use it; a sender's `lock` guards
 * its inbox. Everything else of a sender, and the lanes of all endpoints, belong to its thread.
 *
 * How it ends, in this order:
 *   1. the last client's retirement brings the users to 0, and the sender stops being the process's;
 *   2. the loop closes its handles, the multi handle its connections;
 *   3. the thread puts itself on the list of ended ones, and whoever comes next joins it.
 * At exit sender_finish does the same with a deadline, whoever still uses it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sender.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "client.h"
#include "memory.h"
#include "thread.h"
#include "transport.h"

enum {
  FEWEST_SOCKETS = 16,
  MOST_SOCKETS = 100000,
  PARK_MS = 1000,
  PARK_STEP_MS = 5,
  LATE_MS = 500,
  BLIND_MS = 20,
  STARTS_A_TURN = 100 /* the time of a request begins when it is started, so not more than can be dealt with */
};

/*
 * One socket of libcurl's, from its opening to its closing. libcurl tells us of the latter, but closes a socket that
 * was never connected without a word; the file's identity shows that, since the number may be somebody else's by then.
 */
struct poller {
  uv_poll_t poll;
  struct sender *sender;
  curl_socket_t socket;
  dev_t device;
  ino_t inode;
  bool ours;  /* opened by transport.c; libcurl's own ones (its resolver's) are gone with CURL_POLL_REMOVE */
  bool kept;  /* has outlived a transfer, so its closing will be told */
  bool polls; /* poll is initialised */
  int wanted; /* UV_READABLE, UV_WRITABLE: what libcurl waits for; 0 while the connection is idle */
  int polled; /* what the loop watches */
};

struct sender {
  uv_thread_t thread;
  struct sender *next_ended;

  uv_mutex_t lock;
  uv_cond_t parking;
  struct event *first_event, *last_event;
  struct sender_request *first_request, *last_request;
  bool awake; /* the wake-up has been given and not yet been taken */
  bool park, parked;
  atomic_bool finish; /* the process exits: nothing new is taken, and what there is ends within grace_ms */
  atomic_bool closed; /* finished: takes nothing more; its memory stays for those who still hold it */
  int grace_ms;

  uv_loop_t loop;
  uv_async_t wake;
  uv_prepare_t turn;
  uv_timer_t curl_timer, idle_timer, grace_timer, blind_timer;
  CURLM *multi;
  struct transport transport;
  struct poller **pollers; /* by socket */
  size_t poller_count;
  struct endpoint *busy;                     /* lanes with anything to do */
  struct endpoint *first_ready, *last_ready; /* lanes that wait for room among all, or for the next turn */
  size_t deliveries, in_flight, in_flight_limit, starts_left;
  struct sender_request *retiring; /* whose client still has deliveries here */
  bool ending;
};

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t sender_ended = PTHREAD_COND_INITIALIZER;
static struct sender *process_sender;
static size_t process_users;
static struct sender *ended_senders; /* their threads are to be joined */
static size_t running_senders;
static bool process_finished;
static struct sender *inherited_sender; /* in a child: the parent's, never touched again */

/* ---- sockets ---- */

static void drive(struct sender *sender, curl_socket_t socket, int events);
static struct poller *poller_of(struct sender *sender, curl_socket_t socket);
static bool poller_want(struct poller *poller, int events);

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct poller *poller = poll->data;
  if (poller->wanted == 0) { /* the other side closed an idle connection: libcurl finds out when it wants to use it */
    uv_poll_stop(poll);
    poller->polled = 0;
    return;
  }
  struct sender *sender = poller->sender;
  curl_socket_t socket = poller->socket;
  if (status == 0) {
    drive(sender, socket, (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
    return;
  }
  /*
   * The socket has an error, and libuv has stopped watching it. Reading tells libcurl which error, perhaps after bytes
   * that came before it; CURL_CSELECT_ERR would make one and the same of all.
   */
  poller->polled = 0;
  drive(sender, socket, CURL_CSELECT_IN | CURL_CSELECT_OUT);
  if (poller_of(sender, socket) == poller && poller->wanted != 0) poller_want(poller, poller->wanted);
}

static void on_poller_closed(uv_handle_t *handle) {
  memory_free(handle->data);
}

static struct poller *poller_of(struct sender *sender, curl_socket_t socket) {
  return (size_t)socket < sender->poller_count ? sender->pollers[socket] : NULL;
}

static void poller_close(struct poller *poller) {
  poller->sender->pollers[poller->socket] = NULL;
  if (poller->polls)
    uv_close((uv_handle_t *)&poller->poll, on_poller_closed);
  else
    memory_free(poller);
}

/* Whether the socket is still the one that was opened. */
static bool poller_is_open(const struct poller *poller) {
  struct stat status;
  return fstat(poller->socket, &status) == 0 && status.st_dev == poller->device && status.st_ino == poller->inode;
}

static struct poller *poller_new(struct sender *sender, curl_socket_t socket) {
  if ((size_t)socket >= sender->poller_count) {
    size_t count = (size_t)socket * 2 + 64;
    struct poller **longer = memory_resize(sender->pollers, count * sizeof *longer);
    if (longer == NULL) return NULL;
    memset(longer + sender->poller_count, 0, (count - sender->poller_count) * sizeof *longer);
    sender->pollers = longer;
    sender->poller_count = count;
  }
  if (sender->pollers[socket] != NULL) poller_close(sender->pollers[socket]); /* of a socket that has gone */
  struct poller *poller = memory_zeroed(sizeof *poller);
  if (poller == NULL) return NULL;
  poller->sender = sender;
  poller->socket = socket;
  sender->pollers[socket] = poller;
  return poller;
}

static bool on_socket_opened(void *context, curl_socket_t socket) {
  struct stat status;
  if (fstat(socket, &status) != 0) return false;
  struct poller *poller = poller_new(context, socket);
  if (poller == NULL) return false;
  poller->device = status.st_dev;
  poller->inode = status.st_ino;
  poller->ours = true;
  return true;
}

static int on_close_socket(void *context, curl_socket_t socket) {
  struct poller *poller = poller_of(context, socket);
  if (poller != NULL) poller_close(poller);
  return close(socket);
}

static bool poller_want(struct poller *poller, int events) {
  poller->wanted = events;
  if (poller->polled == events) return true;
  if (!poller->polls) {
    if (uv_poll_init_socket(&poller->sender->loop, &poller->poll, poller->socket) != 0) return false;
    poller->poll.data = poller;
    poller->polls = true;
  }
  poller->polled = events;
  return uv_poll_start(&poller->poll, events, on_poll) == 0;
}

static void on_blind(uv_timer_t *timer) {
  struct sender *sender = timer->data;
  if (sender->in_flight == 0) uv_timer_stop(timer);
  int running;
  curl_multi_perform(sender->multi, &running);
  drive(sender, CURL_SOCKET_TIMEOUT, 0);
}

/*
 * libcurl says what it waits for. A poller lives as long as its socket, and goes on watching while the connection is
 * idle, since the next request on it will most likely wait for the same.
 */
static int on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned) {
  struct sender *sender = context;
  struct poller *poller = poller_of(sender, socket);
  (void)easy, (void)assigned;
  if (what == CURL_POLL_REMOVE) {
    if (poller == NULL) return 0;
    poller->kept = poller->kept || (poller->ours && poller_is_open(poller));
    poller->wanted = 0;
    if (!poller->kept) poller_close(poller);
    return 0;
  }
  int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
  if (poller == NULL) poller = poller_new(sender, socket);
  /* Without a poller the socket is looked at now and then: an error from here would end every transfer. */
  if (poller == NULL || !poller_want(poller, events))
    uv_timer_start(&sender->blind_timer, on_blind, BLIND_MS, BLIND_MS);
  return 0;
}

static void on_curl_timer(uv_timer_t *timer) {
  drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *context) {
  struct sender *sender = context;
  (void)multi;
  if (timeout_ms < 0)
    uv_timer_stop(&sender->curl_timer);
  else
    uv_timer_start(&sender->curl_timer, on_curl_timer, (uint64_t)timeout_ms, 0);
  return 0;
}

static CURLM *multi_new(struct sender *sender) {
  CURLM *multi = curl_multi_init();
  if (multi == NULL) return NULL;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, sender);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, sender);
  /* libcurl 7.88 now and then breaks off a stream when many share a connection; and nothing is sent again here */
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)sender->in_flight_limit);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)sender->in_flight_limit); /* idle ones make room */
  return multi;
}

/*
 * libcurl closes an idle connection only when something else is sent. So after a while without any traffic the multi
 * handle is replaced, which closes all of them.
 */
static void on_idle(uv_timer_t *timer) {
  struct sender *sender = timer->data;
  if (sender->in_flight > 0) return;
  CURLM *fresh = multi_new(sender);
  if (fresh == NULL) { /* no memory now */
    uv_timer_start(timer, on_idle, TRANSPORT_IDLE_SECONDS * 1000, 0);
    return;
  }
  curl_multi_cleanup(sender->multi);
  sender->multi = fresh;
}

/* ---- lanes ---- */

static void lane_listed(struct sender *sender, struct endpoint *endpoint) {
  struct lane *lane = &endpoint->lane;
  if (lane->busy) return;
  lane->busy = true;
  lane->previous_busy = NULL;
  lane->next_busy = sender->busy;
  if (sender->busy != NULL) sender->busy->lane.previous_busy = endpoint;
  sender->busy = endpoint;
}

static void lane_unlisted(struct sender *sender, struct endpoint *endpoint) {
  struct lane *lane = &endpoint->lane;
  if (!lane->busy || lane->first != NULL || lane->in_flight > 0) return;
  lane->busy = false;
  if (lane->previous_busy != NULL)
    lane->previous_busy->lane.next_busy = lane->next_busy;
  else
    sender->busy = lane->next_busy;
  if (lane->next_busy != NULL) lane->next_busy->lane.previous_busy = lane->previous_busy;
}

static void delivery_done(struct sender *sender, struct delivery *delivery) {
  struct client *client = delivery->event->client;
  sender->deliveries--;
  --*client_in_sender(client);
  client_delivery_finished(client, delivery);
}

/* Ends a delivery that has not come to the wire. */
static void delivery_dropped(struct sender *sender, struct delivery *delivery, enum cause cause) {
  delivery->attempt.made = false;
  delivery->status = DELIVERY_FAILED;
  delivery->cause = cause;
  delivery_done(sender, delivery);
  uv_async_send(&sender->wake); /* no transfer will end, so another turn for whatever waits for that */
}

static struct delivery *lane_pop(struct lane *lane) {
  struct delivery *delivery = lane->first;
  lane->first = delivery->next;
  if (lane->first == NULL) lane->last = NULL;
  delivery->next = NULL;
  return delivery;
}

static void active_push(struct lane *lane, struct transfer *transfer) {
  transfer->previous = NULL;
  transfer->next = lane->active;
  if (lane->active != NULL) lane->active->previous = transfer;
  lane->active = transfer;
}

static void active_remove(struct lane *lane, struct transfer *transfer) {
  if (transfer->previous != NULL)
    transfer->previous->next = transfer->next;
  else
    lane->active = transfer->next;
  if (transfer->next != NULL) transfer->next->previous = transfer->previous;
}

static struct transfer *transfer_take(struct sender *sender, struct endpoint *endpoint) {
  struct transfer *transfer = endpoint->lane.idle;
  if (transfer == NULL) return transfer_new(&sender->transport, endpoint);
  endpoint->lane.idle = transfer->next;
  return transfer;
}

static void transfer_give_back(struct endpoint *endpoint, struct transfer *transfer) {
  transfer->next = endpoint->lane.idle;
  endpoint->lane.idle = transfer;
}

static void lane_start_one(struct sender *sender, struct endpoint *endpoint) {
  struct lane *lane = &endpoint->lane;
  struct delivery *delivery = lane_pop(lane);
  struct transfer *transfer = transfer_take(sender, endpoint);
  if (transfer == NULL) {
    delivery_dropped(sender, delivery, CAUSE_MEMORY);
    return;
  }
  if (!transfer_begin(transfer, delivery) || curl_multi_add_handle(sender->multi, transfer->easy) != CURLM_OK) {
    transfer->delivery = NULL;
    transfer_give_back(endpoint, transfer);
    delivery_dropped(sender, delivery, CAUSE_MEMORY);
    return;
  }
  active_push(lane, transfer);
  lane->in_flight++;
  sender->starts_left--;
  if (sender->in_flight++ == 0) uv_timer_stop(&sender->idle_timer);
  client_delivery_started(delivery);
}

static bool has_room(const struct sender *sender) {
  return sender->in_flight < sender->in_flight_limit && sender->starts_left > 0;
}

/* Starts what the lane's limit and the limits of all lanes allow. Whoever waits for the latter goes first. */
static void lane_fill(struct sender *sender, struct endpoint *endpoint) {
  struct lane *lane = &endpoint->lane;
  while (lane->first != NULL && lane->in_flight < endpoint->in_flight_limit) {
    if (!has_room(sender) || sender->first_ready != NULL) {
      if (lane->ready) return;
      lane->ready = true;
      lane->next_ready = NULL;
      if (sender->last_ready != NULL)
        sender->last_ready->lane.next_ready = endpoint;
      else
        sender->first_ready = endpoint;
      sender->last_ready = endpoint;
      return;
    }
    lane_start_one(sender, endpoint);
  }
  lane_unlisted(sender, endpoint);
}

/* Room has come up: the lane that waits longest takes it, and queues again when it wants more. */
static void lanes_resume(struct sender *sender) {
  while (sender->first_ready != NULL && has_room(sender)) {
    struct endpoint *endpoint = sender->first_ready;
    sender->first_ready = endpoint->lane.next_ready;
    if (sender->first_ready == NULL) sender->last_ready = NULL;
    endpoint->lane.ready = false;
    if (endpoint->lane.first != NULL && endpoint->lane.in_flight < endpoint->in_flight_limit)
      lane_start_one(sender, endpoint);
    lane_fill(sender, endpoint);
  }
}

static void lane_append(struct sender *sender, struct delivery *delivery) {
  struct endpoint *endpoint = delivery->endpoint;
  struct lane *lane = &endpoint->lane;
  delivery->next = NULL;
  if (lane->last != NULL)
    lane->last->next = delivery;
  else
    lane->first = delivery;
  lane->last = delivery;
  sender->deliveries++;
  ++*client_in_sender(delivery->event->client);
  lane_listed(sender, endpoint);
  lane_fill(sender, endpoint);
}

static void transfer_ended(struct sender *sender, struct transfer *transfer) {
  struct endpoint *endpoint = transfer->endpoint;
  active_remove(&endpoint->lane, transfer);
  transfer_give_back(endpoint, transfer);
  endpoint->lane.in_flight--;
  if (--sender->in_flight == 0) uv_timer_start(&sender->idle_timer, on_idle, TRANSPORT_IDLE_SECONDS * 1000, 0);
}

/* ---- the loop's work ---- */

static void retire_idle_clients(struct sender *sender);
static void end_if_finished(struct sender *sender);

static void drive(struct sender *sender, curl_socket_t socket, int events) {
  int running, waiting;
  curl_multi_socket_action(sender->multi, socket, events, &running);
  CURLMsg *message;
  while ((message = curl_multi_info_read(sender->multi, &waiting)) != NULL) {
    if (message->msg != CURLMSG_DONE) continue;
    struct transfer *transfer = NULL;
    CURLcode result = message->data.result; /* the message is gone with the next call */
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    struct endpoint *endpoint = transfer->endpoint;
    struct delivery *delivery = transfer->delivery;
    transfer_finish(transfer, result);
    curl_multi_remove_handle(sender->multi, transfer->easy);
    transfer_ended(sender, transfer);
    delivery_done(sender, delivery);
    lane_fill(sender, endpoint);
    lanes_resume(sender);
  }
  retire_idle_clients(sender);
  end_if_finished(sender);
}

static void lane_cancel(struct sender *sender, struct endpoint *endpoint, enum cause cause) {
  struct lane *lane = &endpoint->lane;
  while (lane->first != NULL) delivery_dropped(sender, lane_pop(lane), cause);
  while (lane->active != NULL) {
    struct transfer *transfer = lane->active;
    struct delivery *delivery = transfer->delivery;
    transfer_abandon(transfer, cause);
    curl_multi_remove_handle(sender->multi, transfer->easy);
    transfer_ended(sender, transfer);
    delivery_done(sender, delivery);
  }
  lane_unlisted(sender, endpoint);
}

static void free_handles(struct endpoint *endpoint) {
  while (endpoint->lane.idle != NULL) {
    struct transfer *transfer = endpoint->lane.idle;
    endpoint->lane.idle = transfer->next;
    transfer_free(transfer);
  }
}

static void unready(struct sender *sender, struct endpoint *endpoint) {
  if (!endpoint->lane.ready) return;
  struct endpoint **place = &sender->first_ready, *last = NULL;
  while (*place != endpoint) {
    last = *place;
    place = &(*place)->lane.next_ready;
  }
  *place = endpoint->lane.next_ready;
  if (sender->last_ready == endpoint) sender->last_ready = last;
  endpoint->lane.ready = false;
}

static void retire(struct sender *sender, struct client *client) {
  for (struct endpoint *endpoint = client_endpoints(client); endpoint != NULL; endpoint = endpoint->next) {
    unready(sender, endpoint);
    free_handles(endpoint);
  }
  pthread_mutex_lock(&process_lock);
  process_users--;
  if (process_users == 0 && process_sender == sender) {
    process_sender = NULL;
    sender->ending = true;
  }
  pthread_mutex_unlock(&process_lock);
  client_retired(client);
}

static void retire_idle_clients(struct sender *sender) {
  struct sender_request **place = &sender->retiring;
  while (*place != NULL) {
    struct sender_request *request = *place;
    if (*client_in_sender(request->client) > 0) {
      place = &request->next;
      continue;
    }
    *place = request->next;
    retire(sender, request->client); /* the request's memory may be gone now */
  }
}

static void accept_event(struct sender *sender, struct event *event) {
  /* The event may be freed as soon as it, or its last delivery, has been handed over. */
  unsigned count = event->delivery_count;
  struct client *client = event->client;
  client_event_accepted(event);
  for (unsigned i = 0; i < count; i++) {
    struct delivery *delivery = &event->deliveries[i];
    if (delivery->status == DELIVERY_PENDING)
      lane_append(sender, delivery);
    else
      client_delivery_finished(client, delivery);
  }
}

static void accept_request(struct sender *sender, struct sender_request *request) {
  if (request->retire) {
    request->next = sender->retiring;
    sender->retiring = request;
    return;
  }
  struct client *client = request->client;
  for (struct endpoint *endpoint = client_endpoints(client); endpoint != NULL; endpoint = endpoint->next)
    lane_cancel(sender, endpoint, request->cause);
}

static void on_grace_over(uv_timer_t *timer) {
  struct sender *sender = timer->data;
  while (sender->busy != NULL) lane_cancel(sender, sender->busy, CAUSE_PROCESS_EXIT);
  retire_idle_clients(sender);
  end_if_finished(sender);
}

/* Before the loop looks at the sockets again. What it starts makes libcurl's timer due at once, so it will not sleep.
 */
static void on_turn(uv_prepare_t *turn) {
  struct sender *sender = turn->data;
  sender->starts_left = STARTS_A_TURN;
  lanes_resume(sender);
}

/* Stands still before a fork, so that no lock of ours, libcurl's or OpenSSL's is held in the copy. Needs the lock. */
static void stand_still(struct sender *sender) {
  sender->parked = true;
  uv_cond_broadcast(&sender->parking);
  while (sender->park) uv_cond_wait(&sender->parking, &sender->lock);
  sender->parked = false;
}

static void on_wake(uv_async_t *wake) {
  struct sender *sender = wake->data;
  uv_mutex_lock(&sender->lock);
  if (sender->park && !sender->ending) stand_still(sender); /* an ending one is not waited for, nor released */
  sender->awake = false;
  struct event *event = sender->first_event;
  struct sender_request *request = sender->first_request;
  sender->first_event = sender->last_event = NULL;
  sender->first_request = sender->last_request = NULL;
  bool finish = sender->finish;
  uv_mutex_unlock(&sender->lock);
  while (event != NULL) {
    struct event *next = event->next;
    accept_event(sender, event);
    event = next;
  }
  while (request != NULL) {
    struct sender_request *next = request->next;
    accept_request(sender, request);
    request = next;
  }
  lanes_resume(sender);
  retire_idle_clients(sender);
  if (finish && !uv_is_active((uv_handle_t *)&sender->grace_timer))
    uv_timer_start(&sender->grace_timer, on_grace_over, (uint64_t)sender->grace_ms, 0);
  end_if_finished(sender);
}

static void end_if_finished(struct sender *sender) {
  if (sender->deliveries > 0) return;
  uv_mutex_lock(&sender->lock);
  bool nothing_new = sender->first_event == NULL && sender->first_request == NULL;
  if (sender->finish && nothing_new) {
    sender->ending = true;
    atomic_store(&sender->closed, true);
  }
  uv_mutex_unlock(&sender->lock);
  if (sender->ending) uv_stop(&sender->loop);
}

/* ---- its life ---- */

static void close_handle(uv_handle_t *handle, void *context) {
  (void)context;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

/* What sender_new made for the loop, in the reverse order. Also for a half-made one: what was not made is NULL. */
static void close_all(struct sender *sender) {
  if (sender->multi != NULL) curl_multi_cleanup(sender->multi);
  for (size_t i = 0; i < sender->poller_count; i++)
    if (sender->pollers[i] != NULL) poller_close(sender->pollers[i]);
  if (sender->transport.share != NULL) curl_share_cleanup(sender->transport.share);
  uv_walk(&sender->loop, close_handle, NULL);
  uv_run(&sender->loop, UV_RUN_DEFAULT);
  uv_loop_close(&sender->loop);
  memory_free(sender->pollers);
}

static void sender_free(struct sender *sender) {
  uv_cond_destroy(&sender->parking);
  uv_mutex_destroy(&sender->lock);
  memory_free(sender);
}

static void run(void *argument) {
  struct sender *sender = argument;
  while (!sender->ending) uv_run(&sender->loop, UV_RUN_DEFAULT);
  close_all(sender);
  pthread_mutex_lock(&process_lock);
  if (process_sender == sender) process_sender = NULL;
  sender->next_ended = ended_senders;
  ended_senders = sender;
  running_senders--;
  pthread_cond_broadcast(&sender_ended);
  pthread_mutex_unlock(&process_lock);
}

static size_t socket_limit(void) {
  struct rlimit limit;
  size_t most = MOST_SOCKETS;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) most = (size_t)limit.rlim_cur / 2;
  return most < FEWEST_SOCKETS ? FEWEST_SOCKETS : most > MOST_SOCKETS ? MOST_SOCKETS : most;
}

static struct sender *sender_new(void) {
  struct sender *sender = memory_zeroed(sizeof *sender);
  if (sender == NULL) return NULL;
  if (uv_mutex_init(&sender->lock) != 0) {
    memory_free(sender);
    return NULL;
  }
  if (uv_cond_init(&sender->parking) != 0) {
    uv_mutex_destroy(&sender->lock);
    memory_free(sender);
    return NULL;
  }
  if (uv_loop_init(&sender->loop) != 0) {
    uv_cond_destroy(&sender->parking);
    uv_mutex_destroy(&sender->lock);
    memory_free(sender);
    return NULL;
  }
  uv_timer_t *timers[] = {&sender->curl_timer, &sender->idle_timer, &sender->grace_timer, &sender->blind_timer};
  for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
    uv_timer_init(&sender->loop, timers[i]); /* cannot fail */
    timers[i]->data = sender;
  }
  uv_prepare_init(&sender->loop, &sender->turn); /* nor can these */
  uv_prepare_start(&sender->turn, on_turn);
  sender->turn.data = sender;
  sender->starts_left = STARTS_A_TURN;
  sender->in_flight_limit = socket_limit();
  sender->transport =
      (struct transport){.close_socket = on_close_socket, .close_context = sender, .socket_opened = on_socket_opened};
  sender->transport.share = curl_share_init();
  sender->multi = multi_new(sender);
  sender->wake.data = sender;
  if (sender->transport.share == NULL || sender->multi == NULL ||
      uv_async_init(&sender->loop, &sender->wake, on_wake)) {
    close_all(sender);
    sender_free(sender);
    return NULL;
  }
  curl_share_setopt(sender->transport.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  return sender;
}

/* Joins the threads that have ended. Needs process_lock. */
static void join_ended(void) {
  while (ended_senders != NULL) {
    struct sender *sender = ended_senders;
    ended_senders = sender->next_ended;
    uv_thread_join(&sender->thread);
    sender_free(sender);
  }
}

struct sender *sender_acquire(void) {
  pthread_mutex_lock(&process_lock);
  if (!process_finished) join_ended(); /* afterwards those who still hold them may ask them */
  if (process_sender == NULL && !process_finished) {
    struct sender *sender = sender_new();
    if (sender != NULL && !thread_start(&sender->thread, "webhook-sender", run, sender)) {
      close_all(sender);
      sender_free(sender);
      sender = NULL;
    }
    if (sender != NULL) running_senders++;
    process_sender = sender;
  }
  struct sender *sender = process_finished ? NULL : process_sender;
  if (sender != NULL) process_users++;
  pthread_mutex_unlock(&process_lock);
  return sender;
}

/* Needs the sender's lock, and gives it back. One wake-up serves all that comes in until it is taken. */
static void wake_and_unlock(struct sender *sender) {
  bool asleep = !sender->awake;
  sender->awake = true;
  uv_mutex_unlock(&sender->lock);
  if (asleep) uv_async_send(&sender->wake);
}

bool sender_is_closed(struct sender *sender) {
  return atomic_load_explicit(&sender->finish, memory_order_relaxed);
}

bool sender_submit(struct sender *sender, struct event *event) {
  event->next = NULL;
  uv_mutex_lock(&sender->lock);
  if (sender->finish) {
    uv_mutex_unlock(&sender->lock);
    return false;
  }
  if (sender->last_event != NULL)
    sender->last_event->next = event;
  else
    sender->first_event = event;
  sender->last_event = event;
  wake_and_unlock(sender);
  return true;
}

static void ask(struct sender *sender, struct sender_request *request) {
  request->next = NULL;
  uv_mutex_lock(&sender->lock);
  if (sender->closed) {
    uv_mutex_unlock(&sender->lock);
    return;
  }
  if (sender->last_request != NULL)
    sender->last_request->next = request;
  else
    sender->first_request = request;
  sender->last_request = request;
  wake_and_unlock(sender);
}

void sender_retire(struct sender *sender, struct sender_request *request) {
  request->retire = true;
  ask(sender, request);
}

void sender_cancel(struct sender *sender, struct sender_request *request, enum cause cause) {
  request->retire = false;
  request->cause = cause;
  ask(sender, request);
}

bool sender_finish(int grace_ms) {
  pthread_mutex_lock(&process_lock);
  process_finished = true;
  struct sender *sender = process_sender;
  if (sender != NULL) {
    uv_mutex_lock(&sender->lock);
    sender->finish = true;
    sender->grace_ms = grace_ms;
    wake_and_unlock(sender);
  }
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += (grace_ms + LATE_MS) / 1000;
  deadline.tv_nsec += (long)((grace_ms + LATE_MS) % 1000) * 1000000;
  if (deadline.tv_nsec >= 1000000000) {
    deadline.tv_sec++;
    deadline.tv_nsec -= 1000000000;
  }
  while (running_senders > 0 && pthread_cond_timedwait(&sender_ended, &process_lock, &deadline) == 0) {}
  bool ended = running_senders == 0;
  for (struct sender *one = ended_senders; one != NULL; one = one->next_ended) uv_thread_join(&one->thread);
  pthread_mutex_unlock(&process_lock);
  return ended;
}

/* ---- forks ---- */

/*
 * Asks the sender to stand still, and gives it a moment. Whether it does, and no other one is still closing its
 * connections. Needs process_lock.
 */
static bool all_still(void) {
  struct sender *sender = process_sender;
  bool still = true;
  if (sender != NULL) {
    uv_mutex_lock(&sender->lock);
    if (!sender->awake && !sender->closed) uv_async_send(&sender->wake);
    sender->park = sender->awake = true;
    if (!sender->parked) uv_cond_timedwait(&sender->parking, &sender->lock, PARK_STEP_MS * (uint64_t)1000000);
    still = sender->parked;
    uv_mutex_unlock(&sender->lock);
  }
  return still && running_senders == (sender != NULL);
}

void sender_before_fork(void) {
  uint64_t start = uv_hrtime();
  pthread_mutex_lock(&process_lock);
  while (!all_still() && uv_hrtime() - start < PARK_MS * (uint64_t)1000000) {
    /* one that retires a client, or ends, needs this lock */
    pthread_mutex_unlock(&process_lock);
    uv_sleep(1);
    pthread_mutex_lock(&process_lock);
  }
}

void sender_after_fork_in_parent(void) {
  struct sender *sender = process_sender;
  if (sender != NULL) {
    uv_mutex_lock(&sender->lock);
    sender->park = false;
    uv_cond_broadcast(&sender->parking);
    uv_mutex_unlock(&sender->lock);
  }
  pthread_mutex_unlock(&process_lock);
}

/*
 * The connections are the parent's. As long as the child held them open too, the other side would not see the parent
 * close them. Closing a descriptor does no more than that.
 */
void sender_after_fork_in_child(void) {
  struct sender *sender = process_sender;
  if (sender != NULL) {
    for (size_t i = 0; i < sender->poller_count; i++)
      if (sender->pollers[i] != NULL && sender->pollers[i]->ours && poller_is_open(sender->pollers[i]))
        close(sender->pollers[i]->socket);
    close(uv_backend_fd(&sender->loop));
    sender->next_ended = inherited_sender;
    inherited_sender = sender;
  }
  process_sender = NULL;
  process_users = 0;
  ended_senders = NULL;
  running_senders = 0;
  process_finished = false;
  pthread_mutex_init(&process_lock, NULL);
  pthread_cond_init(&sender_ended, NULL);
}
