/*
 * history_queries: how long the history's readers take when there are many events.
 *
 *     history_queries FILE [EVENTS]
 *
 * Fills a new history with EVENTS (1,000,000) events of 20 intents in 50,000 sessions over 30 days, each with a
 * delivery: one of a hundred failed, one of ten thousand pending; the last one of the intents fires one time of a
 * thousand. Then puts each question of the page, one at a time through a reader as a client has it, and prints the
 * median and the longest of 25 answers, in milliseconds. The first answer of each, which warms the caches, does not
 * count.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "history.h"
#include "history_fixture.h"
#include "history_reader.h"

enum { MOST_OPEN = 10000, INTENTS = 20, SESSIONS = 50000, ROUNDS = 25, PAGE = 50 };

static const int64_t DAY_US = 86400 * (int64_t)1000000;
static char intents[INTENTS][24], sessions[SESSIONS][24];
static char some_id[ID_SIZE];
static int64_t first_us;

static void remove_file(const char *path) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    char name[4096];
    snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
    unlink(name);
  }
}

static void name_things(void) {
  for (unsigned i = 0; i < INTENTS; i++) snprintf(intents[i], sizeof *intents, "intent_number_%u", i);
  for (unsigned i = 0; i < SESSIONS; i++) snprintf(sessions[i], sizeof *sessions, "chat-%08x", i * 2654435761u);
}

/* Whether all went well. */
static bool fill(const char *path, unsigned events) {
  char error[HISTORY_ERROR_SIZE];
  struct history *history = history_acquire(path, 0, error);
  if (!history || !history_start(history, 5000, error)) {
    fprintf(stderr, "history_queries: %s\n", error);
    return false;
  }
  struct endpoint *endpoint = fixture_endpoint("https://example.org/hooks/appointments", NULL);
  first_us = clock_wall_us() - 30 * DAY_US;
  for (unsigned i = 0; i < events; i++) {
    while (i - atomic_load(&fixture_told.events_stored) > MOST_OPEN) usleep(500);
    unsigned intent = random() % 1000 == 0 ? INTENTS - 1 : (unsigned)random() % (INTENTS - 1);
    int status = i % 10000 == 5000 ? 0 : i % 100 == 50 ? 404 : 200;
    struct event *event =
        fixture_record(history,
                       &(struct fixture_event){.intent = intents[intent],
                                               .session = sessions[(unsigned)random() % SESSIONS],
                                               .endpoint = endpoint,
                                               .deliveries = 1,
                                               .time_us = first_us + (int64_t)i * (30 * DAY_US / events)},
                       status);
    if (!event) return false;
    if (i == events / 2) memcpy(some_id, event->id, sizeof some_id);
    event_release(event);
  }
  history_release(history);
  bool finished = history_finish_all(60000);
  fixture_endpoint_free(endpoint);
  return finished;
}

static int compare(const void *first, const void *second) {
  int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
  return a < b ? -1 : a > b;
}

/* Whether it was answered. */
static bool measure(struct history_reader *reader, const char *name, const struct history_query *query) {
  int64_t times[ROUNDS];
  size_t bytes = 0;
  for (int i = -1; i < ROUNDS; i++) {
    char error[HISTORY_ERROR_SIZE];
    struct buffer out = {0};
    int64_t started = clock_monotonic_us();
    enum history_answer answer = history_reader_ask(reader, query, 60000, &out, error);
    if (i >= 0) times[i] = clock_monotonic_us() - started;
    bytes = out.length;
    buffer_free(&out);
    if (answer != HISTORY_ANSWERED) {
      fprintf(stderr, "history_queries: %s: %s\n", name, error);
      return false;
    }
  }
  qsort(times, ROUNDS, sizeof *times, compare);
  printf("%-34s %8.2f ms  longest %8.2f ms  %6zu bytes\n", name, (double)times[ROUNDS / 2] / 1e3,
         (double)times[ROUNDS - 1] / 1e3, bytes);
  return true;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "usage: history_queries FILE [EVENTS]\n");
    return 2;
  }
  const char *path = arguments[1];
  unsigned events = count > 2 ? (unsigned)atol(arguments[2]) : 1000000;
  char error[HISTORY_ERROR_SIZE];
  srandom(1);
  name_things();
  remove_file(path);
  if (!fill(path, events)) return 1;
  struct history_reader *reader = history_reader_open(path, error);
  if (!reader) return 1;
  int64_t middle_us = first_us + 15 * DAY_US;
  const struct {
    const char *name;
    struct history_query query;
  } questions[] = {
      {"newest 50", {.limit = PAGE}},
      {"50 from the middle", {.limit = PAGE, .before_seq = events / 2}},
      {"by intent", {.limit = PAGE, .intent = intents[3]}},
      {"by a rare intent", {.limit = PAGE, .intent = intents[INTENTS - 1]}},
      {"by status delivered", {.limit = PAGE, .status = "delivered"}},
      {"by status failed", {.limit = PAGE, .status = "failed"}},
      {"by status pending (rare)", {.limit = PAGE, .status = "pending"}},
      {"by a status that nothing has", {.limit = PAGE, .status = "paused"}},
      {"by intent and status", {.limit = PAGE, .intent = intents[3], .status = "failed"}},
      {"by rare intent and rare status", {.limit = PAGE, .intent = intents[INTENTS - 1], .status = "pending"}},
      {"by session", {.limit = PAGE, .session = sessions[7]}},
      {"by session and status", {.limit = PAGE, .session = sessions[7], .status = "failed"}},
      {"by URL", {.limit = PAGE, .url = "https://example.org/hooks/appointments"}},
      {"by URL and status failed",
       {.limit = PAGE, .url = "https://example.org/hooks/appointments", .status = "failed"}},
      {"an hour in the middle", {.limit = PAGE, .since_us = middle_us, .until_us = middle_us + DAY_US / 24}},
      {"all but the newest half", {.limit = PAGE, .until_us = middle_us}},
      {"by intent, the oldest day", {.limit = PAGE, .intent = intents[3], .until_us = first_us + DAY_US}},
      {"by status failed, the oldest day", {.limit = PAGE, .status = "failed", .until_us = first_us + DAY_US}},
      {"one event by id", {.id = some_id}},
  };
  bool answered = true;
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
    answered = measure(reader, questions[i].name, &questions[i].query) && answered;
  history_reader_close(reader);
  remove_file(path);
  return answered ? 0 : 1;
}
