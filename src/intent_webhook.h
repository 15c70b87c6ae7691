/*
 * intent_webhook: the C core's own interface. No Lua in here.
 *
 * A client has a history file and endpoints. Fire an event, with a body for each endpoint that shall get it, and go
 * on: the process's sender thread posts it, the history's writer thread records it, and the finished deliveries wait
 * to be polled. Nothing here but the functions that say so ever waits, and these have a timeout.
 *
 *     char error[IW_ERROR_SIZE];
 *     iw_client *client = iw_client_new(&(iw_client_options){.history = "history.db"}, error);
 *     iw_endpoint *endpoint = iw_endpoint_new(client, &(iw_endpoint_options){.url = "https://example.org/hook"},
 * error);
 *
 * Any thread may use a client, also several at once. After a fork the child may go on with a client that it inherited:
 * it starts with empty queues and threads of its own; what was on its way is the parent's.
 */
#ifndef INTENT_WEBHOOK_H
#define INTENT_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define IW_VERSION "0.1.0"

enum { IW_ERROR_SIZE = 512, IW_ID_SIZE = 37 };

typedef struct client iw_client;
typedef struct endpoint iw_endpoint;

/* What became of a call. IW_OK, or why not; the codes in the Lua layer are these words in lower case. */
typedef enum {
  IW_OK,
  IW_FULL,    /* queue_limit or queue_bytes reached */
  IW_CLOSED,  /* the client is closed */
  IW_TIMEOUT, /* not finished within the time that was given */
  IW_UNKNOWN, /* no event of that id in memory */
  IW_HISTORY, /* the history file cannot be opened or written */
  IW_MEMORY,  /* out of memory */
  IW_SYSTEM   /* a thread could not be started */
} iw_result;

const char *iw_result_code(iw_result result); /* "ok", "full", ... */

typedef struct {
  const char *name, *value;
  bool secret; /* stored as [redacted] */
} iw_header;

typedef struct {
  const char *history; /* path of the history file; required */
  size_t queue_limit;  /* deliveries in memory for each endpoint, from 1; 0: 10,000 */
  size_t queue_bytes;  /* bytes in memory for each endpoint; 0: 64 MiB */
  double keep_days;    /* history older than that is deleted; 0: kept for ever */
} iw_client_options;

typedef struct {
  const char *url;   /* http or https; required */
  const char *token; /* raw value for "Authorization: Bearer"; NULL: none */
  const iw_header *headers;
  size_t header_count;
  double timeout;           /* seconds for one whole call, 0.001 to 3600; 0: 10 */
  unsigned in_flight;       /* requests at once, 1 to 100,000; 0: 64 */
  bool public_only;         /* refuse addresses that are not public (network = "public") */
  const char *const *allow; /* CIDR ranges that are allowed all the same */
  size_t allow_count;
  const char *ca_file; /* PEM file of authorities to trust instead of the system's; NULL: the system's */
  bool disabled;       /* deliveries are recorded as failed, endpoint_disabled */
} iw_endpoint_options;

/* For iw_request.refused: what went wrong before the sender gets it. */
typedef enum { IW_SEND, IW_MAP_ERROR, IW_PAYLOAD_INVALID } iw_refusal;

typedef struct {
  iw_endpoint *endpoint;
  const char *body; /* what goes on the wire */
  size_t body_length;
  const char *stored_body; /* what is recorded; NULL: the body */
  size_t stored_body_length;
  iw_refusal refused;  /* not IW_SEND: recorded as failed, nothing is sent */
  const char *message; /* with a refusal: the details, or NULL */
  unsigned number; /* which webhook action it is, from 1, unlike all others of the event; 0: its place in the list */
} iw_request;

typedef struct {
  const char *bytes;
  size_t length;
} iw_secret;

typedef struct {
  const char *intent;       /* required */
  const char *session;      /* NULL: none */
  const char *slots;        /* JSON object as recorded, sensitive values masked; NULL: {} */
  size_t slots_length;      /* 0 with slots NULL */
  const char *error;        /* Lua errors with traceback, or NULL */
  const char *note;         /* or NULL */
  const char *id;           /* from iw_id_new; NULL: made here */
  int64_t time_us;          /* when it fired, microseconds since 1970; 0: now */
  const iw_secret *secrets; /* kept out of everything recorded: the values of sensitive slots */
  size_t secret_count;
  const iw_request *requests; /* one for each webhook action that runs */
  size_t request_count;       /* 0: recorded as an event without a delivery */
} iw_event;

/* One finished delivery, or, number 0, an event that had none and is recorded. */
typedef struct {
  char id[IW_ID_SIZE];
  const char *intent, *session; /* session NULL: none */
  unsigned number;              /* which webhook action of the event, from 1: iw_request.number */
  const char *url;              /* NULL with number 0 */
  bool delivered, recorded;     /* recorded false: the history could not be written yet */
  int http_status;              /* 0: no response */
  const char *cause, *sentence; /* code and words; NULL when delivered */
  const char *message;          /* what the system said, or NULL */
  double seconds;               /* what the attempt took; 0: none was made */
} iw_delivery;

typedef struct {
  uint64_t fired, delivered, failed, refused; /* events accepted; deliveries finished; events refused as full */
  uint64_t results_dropped;                   /* finished deliveries that nobody polled in time */
  size_t queued, in_flight, unrecorded; /* deliveries now waiting, on the wire, finished but not yet in the file */
  size_t bytes;                         /* memory held by all of them */
  uint64_t history_recorded, history_waiting; /* of the file's writer, which several clients may share */
  char history_error[384];                    /* why the last write failed; "" when it did not */
} iw_stats;

/* NULL with a sentence in error. Starts no thread and creates no file; iw_client_start does, or the first event. */
iw_client *iw_client_new(const iw_client_options *options, char error[IW_ERROR_SIZE]);

/*
 * Checks everything and copies it. NULL with a sentence in error that names the option. The client owns the endpoint,
 * which lives as long as the client.
 */
iw_endpoint *iw_endpoint_new(iw_client *client, const iw_endpoint_options *options, char error[IW_ERROR_SIZE]);

/* Opens the history and starts the threads now, to learn of trouble early. Waits at most timeout seconds. */
iw_result iw_client_start(iw_client *client, double timeout, char error[IW_ERROR_SIZE]);

/*
 * Accepts an event: copies all of it, hands it over and writes its id. Never waits for network or disk. On IW_FULL (no
 * endpoint of the event has room) the refusal is recorded too.
 */
iw_result iw_client_fire(iw_client *client, const iw_event *event, char id[IW_ID_SIZE]);

/*
 * Takes one finished delivery from the results, oldest first, of any event or, with an id, of that event; false when
 * there is none now. What it points to stays valid until the next call with the same `held`, which must start as NULL;
 * iw_poll_end gives the last one back.
 */
bool iw_client_poll(iw_client *client, const char *id, void **held, iw_delivery *delivery);
void iw_poll_end(void **held);

/*
 * A descriptor for poll(2) and event loops: readable as long as iw_client_poll has something. Only to be watched: do
 * not read from it or close it. It is the client's until iw_client_free; in a forked child it is closed with the first
 * call, and this gives another one. -1, with errno, when there are no descriptors left.
 */
int iw_client_fd(iw_client *client);

/*
 * Waits until every delivery of an event is among the results: IW_OK. IW_TIMEOUT, or IW_UNKNOWN when nothing of that
 * event is in memory, since it was never fired here or its results have been taken.
 */
iw_result iw_client_wait(iw_client *client, const char *id, double timeout);

/* Waits until nothing is queued, in flight or unrecorded. IW_OK or IW_TIMEOUT. */
iw_result iw_client_flush(iw_client *client, double timeout);

/*
 * Accepts nothing more, waits at most timeout seconds, then ends what is still under way: recorded as failed,
 * client_closed. IW_TIMEOUT says that there was such; *cut is how many (may be NULL). The client stays valid, closed.
 * Within that time it also waits until the history's writer has closed the file, when no other client of the process
 * needs it.
 */
iw_result iw_client_close(iw_client *client, double timeout, size_t *cut);

/*
 * Gives the client back. Does not wait: what was accepted goes on in the background, for at most two seconds longer
 * than the process lives.
 */
void iw_client_free(iw_client *client);

void iw_client_stats(iw_client *client, iw_stats *stats);

/* A new id for an event of that time (microseconds since 1970; 0: now). */
void iw_id_new(char id[IW_ID_SIZE], int64_t time_us);

#pragma GCC visibility pop
#endif
