/*
 * history_fixture: see history_fixture.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "history_fixture.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "endpoint.h"
#include "fake_process.h"
#include "history.h"
#include "memory.h"
#include "slowness.h"

struct fixture_told fixture_told;
void (*fixture_on_recorded)(struct event *event, struct delivery *delivery, bool stored);

static void event_recorded(struct event *event, bool stored) {
  atomic_fetch_add(stored ? &fixture_told.events_stored : &fixture_told.events_failed, 1);
  if (fixture_on_recorded) fixture_on_recorded(event, NULL, stored);
}

static void delivery_recorded(struct delivery *delivery, bool stored) {
  atomic_fetch_add(stored ? &fixture_told.deliveries_stored : &fixture_told.deliveries_failed, 1);
  if (fixture_on_recorded) fixture_on_recorded(NULL, delivery, stored);
}

static const struct event_owner owner = {.event_recorded = event_recorded, .delivery_recorded = delivery_recorded};

const char *endpoint_url(const struct endpoint *endpoint) {
  return endpoint->url;
}

const struct redaction *endpoint_redaction(const struct endpoint *endpoint) {
  return &endpoint->redaction;
}

struct endpoint *fixture_endpoint(const char *url, const char *const *secrets) {
  enum { MOST_SECRETS = 4 };
  static const struct secret headers[] = {{"X-Api-Key", 9}};
  struct endpoint *endpoint = calloc(1, sizeof *endpoint);
  endpoint->url = strdup(url);
  endpoint->secret_values = calloc(MOST_SECRETS, sizeof *endpoint->secret_values);
  for (size_t i = 0; secrets && secrets[i] && i < MOST_SECRETS; i++) {
    endpoint->secret_values[i] = (struct secret){secrets[i], strlen(secrets[i])};
    endpoint->redaction.value_count++;
  }
  endpoint->redaction.values = endpoint->secret_values;
  endpoint->redaction.headers = headers;
  endpoint->redaction.header_count = 1;
  return endpoint;
}

void fixture_endpoint_free(struct endpoint *endpoint) {
  free(endpoint->secret_values);
  free(endpoint->url);
  free(endpoint);
}

struct event *fixture_event(const struct fixture_event *fields) {
  size_t size = sizeof(struct event) + (fields->deliveries + 1) * sizeof(struct delivery);
  struct event *event = memory_zeroed(size + sizeof(struct secret));
  if (!event) return NULL;
  atomic_init(&event->references, 1);
  event->owner = &owner;
  event->time_us = fields->time_us ? fields->time_us : clock_wall_us();
  id_new(event->id, event->time_us);
  event->intent = fields->intent ? fields->intent : "book_appointment";
  event->session = fields->session;
  event->slots = fields->slots ? fields->slots : "{\"customer_name\":\"John Doe\",\"phone\":\"+84901234567\"}";
  event->error = fields->error;
  event->note = fields->note;
  if (fields->secret) {
    struct secret *secret = (struct secret *)(void *)((char *)event + size);
    *secret = (struct secret){fields->secret, strlen(fields->secret)};
    event->redaction = (struct redaction){.values = secret, .value_count = 1};
  }
  event->delivery_count = fields->deliveries;
  for (unsigned i = 0; i < fields->deliveries; i++) {
    struct delivery *delivery = &event->deliveries[i];
    delivery->event = event;
    delivery->endpoint = fields->endpoint;
    delivery->number = i + 1;
    delivery->body = delivery->stored_body = event->slots;
    delivery->body_length = delivery->stored_body_length = strlen(event->slots);
  }
  return event;
}

void fixture_finish(struct delivery *delivery, int http_status) {
  struct attempt *attempt = &delivery->attempt;
  int64_t now_us = clock_wall_us();
  bool delivered = http_status / 100 == 2;
  attempt->made = true;
  attempt->started_us = now_us - 1500;
  attempt->name_lookup_us = 10;
  attempt->connect_us = 100;
  attempt->tls_us = -1;
  attempt->first_byte_us = 1400;
  attempt->total_us = 1500;
  attempt->http_status = http_status;
  attempt->http_version = "1.1";
  attempt->response_length = 2;
  attempt->cause = delivered ? CAUSE_NONE : CAUSE_STATUS_4XX;
  snprintf(attempt->remote_address, sizeof attempt->remote_address, "127.0.0.1:8080");
  buffer_text(
      &attempt->request_head,
      "POST /hooks/appointments HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
      "User-Agent: rag-go-intent-webhook/1.0\r\nAuthorization: Bearer abc123token\r\nContent-Length: 89\r\n\r\n");
  buffer_text(&attempt->response_head,
              "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 16:00:00 GMT\r\n"
              "Content-Type: application/octet-stream\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n");
  buffer_text(&attempt->response_body, "ok");
  delivery->status = delivered ? DELIVERY_DELIVERED : DELIVERY_FAILED;
  delivery->cause = attempt->cause;
  delivery->finished_us = now_us;
}

void fixture_refuse(struct delivery *delivery, enum cause cause, const char *message) {
  delivery->status = DELIVERY_FAILED;
  delivery->cause = cause;
  delivery->finished_us = clock_wall_us();
  if (message) snprintf(delivery->attempt.message, sizeof delivery->attempt.message, "%s", message);
}

static void remove_folder(const char *path) {
  DIR *entries = opendir(path);
  if (!entries) return;
  for (struct dirent *entry; (entry = readdir(entries));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlink(fixture_path(path, entry->d_name));
  closedir(entries);
  rmdir(path);
}

static char last_folder[512];

static void remove_last_folder(void) {
  if (*last_folder) remove_folder(last_folder);
}

const char *fixture_folder(const char *below) {
  if (!*last_folder) atexit(remove_last_folder);
  remove_last_folder();
  snprintf(last_folder, sizeof last_folder, "%s/iw-history-XXXXXX", below ? below : "/tmp");
  return mkdtemp(last_folder);
}

static char *next_text(size_t *size) {
  enum { TEXTS = 8 };
  static char texts[TEXTS][4096];
  static unsigned next;
  *size = sizeof *texts;
  return texts[next++ % TEXTS];
}

const char *fixture_path(const char *folder, const char *name) {
  size_t size;
  char *text = next_text(&size);
  snprintf(text, size, "%s/%s", folder, name);
  return text;
}

static int add_row(void *argument, int count, char **values, char **names) {
  (void)names;
  struct buffer *rows = argument;
  if (rows->length) buffer_byte(rows, '\n');
  for (int i = 0; i < count; i++) {
    if (i) buffer_byte(rows, '|');
    buffer_text(rows, values[i] ? values[i] : "-");
  }
  return 0;
}

const char *fixture_sql(const char *path, const char *sql) {
  size_t size;
  char *text = next_text(&size);
  sqlite3 *database = NULL;
  struct buffer rows = {0};
  int code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL);
  sqlite3_busy_timeout(database, 5000);
  if (code == SQLITE_OK) code = sqlite3_exec(database, sql, add_row, &rows, NULL);
  if (code == SQLITE_OK)
    snprintf(text, size, "%.*s", (int)rows.length, rows.bytes ? rows.bytes : "");
  else
    snprintf(text, size, "%s", sqlite3_errmsg(database));
  sqlite3_close(database);
  buffer_free(&rows);
  return text;
}

bool fixture_await(atomic_uint *counter, unsigned count) {
  int64_t deadline_us = clock_monotonic_us() + 10 * 1000000 * spec_slowness();
  while (atomic_load(counter) < count) {
    if (clock_monotonic_us() > deadline_us) return false;
    usleep(500);
  }
  return true;
}

struct event *fixture_record(struct history *history, const struct fixture_event *fields, int http_status) {
  struct event *event = fixture_event(fields);
  if (!event) return NULL;
  event_hold(event);
  if (!history_event(history, event)) {
    event_release(event);
    event_release(event);
    return NULL;
  }
  for (unsigned i = 0; http_status && i < event->delivery_count; i++) {
    event_hold(event);
    fixture_finish(&event->deliveries[i], http_status);
    history_delivery(history, &event->deliveries[i]);
  }
  return event;
}
