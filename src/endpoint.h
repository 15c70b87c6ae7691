/*
 * endpoint: where a webhook action posts. Checked once, then immutable, except for its lane, which belongs to the
 * sender.
 *
 * A client owns its endpoints. Each has its own queue, its own limit of requests in flight and its own libcurl handles,
 * so that one that hangs holds up only itself.
 */
#ifndef INTENT_WEBHOOK_ENDPOINT_H
#define INTENT_WEBHOOK_ENDPOINT_H

#include <curl/curl.h>

#include "event.h"
#include "intent_webhook.h"

#pragma GCC visibility push(hidden)

struct transfer;

/* The endpoint's work in the sender. Only the sender's thread touches it, and forgetting after a fork. */
struct lane {
  struct delivery *first, *last;              /* waiting, in order */
  struct endpoint *next_busy, *previous_busy; /* the sender's list of lanes with anything to do */
  struct endpoint *next_ready;                /* the sender's list of lanes that wait for room among all */
  bool busy, ready;
  unsigned in_flight;
  struct transfer *idle;   /* handles to use again */
  struct transfer *active; /* on the wire */
};

struct endpoint {
  struct endpoint *next; /* the client's list */
  char *url;
  struct curl_slist *headers; /* every header line that libcurl sends besides Host and Content-Length */
  char *ca_file;              /* NULL: the system's */
  long timeout_ms;
  unsigned in_flight_limit;
  bool public_only, disabled, https;
  struct address_range *allow;
  size_t allow_count;
  struct redaction redaction; /* token and secret headers; its memory is the endpoint's */
  struct secret *secret_values, *secret_names;
  char *secret_bytes;

  /* held deliveries and bytes, guarded by the client's lock */
  size_t held, held_bytes;

  struct lane lane;
};

/* Checks and copies. NULL with a sentence in error that names the option. */
struct endpoint *endpoint_new(const iw_endpoint_options *options, char error[IW_ERROR_SIZE]);

/* Frees it; its lane must be empty, its handles given back (transfer_free). */
void endpoint_free(struct endpoint *endpoint);

const char *endpoint_url(const struct endpoint *endpoint);
const struct redaction *endpoint_redaction(const struct endpoint *endpoint);

/* Whether a connection to that address may be used. */
bool endpoint_allows(const struct endpoint *endpoint, const struct sockaddr *address);

#pragma GCC visibility pop
#endif
