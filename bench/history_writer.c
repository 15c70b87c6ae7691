/*
 * history_writer: how fast the history writes, and what it costs the writer's thread.
 *
 *     history_writer FILE [EVENTS [LAG [SESSIONS]]]
 *
 * Hands over events, each with one delivery that finishes LAG events later (0: at once, so that both are in one batch),
 * as fast as the writer takes them with at most 10,000 not yet recorded. SESSIONS: how many different ones, 0 for none.
 * Prints one line: events a second, microseconds of processor time of the writer's thread for each event (everything
 * but the producer's), and the bytes of the file for each event.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "history_fixture.h"

enum { MOST_OPEN = 10000, MOST_LAG = 5000 };

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void remove_file(const char *path) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    char name[4096];
    snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
    unlink(name);
  }
}

static void finish(struct history *history, struct event *event) {
  event_hold(event);
  fixture_finish(&event->deliveries[0], 200);
  history_delivery(history, &event->deliveries[0]);
  event_release(event); /* the producer's own reference */
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "usage: history_writer FILE [EVENTS [LAG [SESSIONS]]]\n");
    return 2;
  }
  const char *path = arguments[1];
  unsigned events = count > 2 ? (unsigned)atol(arguments[2]) : 200000;
  unsigned lag = count > 3 ? (unsigned)atol(arguments[3]) : 0, sessions = count > 4 ? (unsigned)atol(arguments[4]) : 0;
  if (lag > MOST_LAG) lag = MOST_LAG;
  remove_file(path);

  char error[HISTORY_ERROR_SIZE];
  struct history *history = history_acquire(path, 0, error);
  if (!history || !history_start(history, 5000, error)) {
    fprintf(stderr, "history_writer: %s\n", error);
    return 1;
  }
  static const char *const secrets[] = {"abc123token", NULL};
  struct endpoint *endpoint = fixture_endpoint("http://127.0.0.1:8080/hooks/appointments", secrets);
  char(*names)[24] = calloc(sessions + 1, sizeof *names);
  for (unsigned i = 0; i < sessions; i++) snprintf(names[i], sizeof *names, "chat-%08x", i * 2654435761u);
  struct event **open = calloc(lag + 1, sizeof(struct event *));

  double started = seconds(CLOCK_MONOTONIC), all = seconds(CLOCK_PROCESS_CPUTIME_ID),
         own = seconds(CLOCK_THREAD_CPUTIME_ID);
  for (unsigned i = 0; i < events + lag; i++) {
    while (i - atomic_load(&fixture_told.deliveries_stored) > MOST_OPEN) usleep(500);
    struct event **place = &open[i % (lag + 1)];
    if (lag && *place) {
      finish(history, *place);
      *place = NULL;
    }
    if (i >= events) continue;
    struct event *event = fixture_event(
        &(struct fixture_event){.endpoint = endpoint,
                                .deliveries = 1,
                                .session = sessions ? names[(unsigned)random() % sessions] : NULL,
                                .slots = "{\"customer_name\":\"John Doe\",\"appointment_date\":\"2026-03-15\","
                                         "\"phone\":\"+84901234567\"}"});
    event_hold(event);
    history_event(history, event);
    if (lag)
      *place = event;
    else
      finish(history, event);
  }
  for (unsigned i = 0; i <= lag; i++)
    if (open[i]) finish(history, open[i]);
  while (atomic_load(&fixture_told.deliveries_stored) < events) usleep(500);
  double wall = seconds(CLOCK_MONOTONIC) - started, producer = seconds(CLOCK_THREAD_CPUTIME_ID) - own,
         writer = seconds(CLOCK_PROCESS_CPUTIME_ID) - all - producer;

  history_release(history);
  history_finish_all(10000);
  struct stat status = {0};
  stat(path, &status);
  printf("lag %u, sessions %u: %.0f events/s, writer %.1f us/event, producer %.1f us/event, %.0f bytes/event\n", lag,
         sessions, events / wall, writer / events * 1e6, producer / events * 1e6, (double)status.st_size / events);
  fixture_endpoint_free(endpoint);
  free(open);
  free(names);
  return 0;
}
