/*
 * history_queries: how long the history's readers take when there are many events.
 *
 *     history_queries FILE [EVENTS [fill]]
 *
 * Fills a new history with EVENTS (1,000,000) events of 20 intents in 50,000 sessions over 30 days, each with a
 * delivery: one of a hundred failed, one of ten thousand pending; the last one of the intents fires one time of a
 * thousand, and one event in ten thousand has the same phone number in its slots. Then puts each question of the page,
 * one at a time through a reader as a client has it, and prints the median and the longest of 25 answers, in
 * milliseconds. Last those that have to look through events one by one, to which the page puts a budget: of 3 answers,
 * in seconds. The first answer of each, which warms the caches, does not count. With "fill", the file is only made, and
 * stays.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "history.h"
#include "history_fixture.h"
#include "history_names.h"
#include "history_reader.h"

enum {
  MOST_OPEN = 10000,
  INTENTS = 20,
  SESSIONS = 50000,
  PHONES = 10000,
  ROUNDS = 25,
  LONG_ROUNDS = 3,
  PAGE = 50,
  CHOSEN = 40,
  BUDGET_US = 800000
};

static const int64_t DAY_US = 86400 * (int64_t)1000000;
static char intents[INTENTS][24], sessions[SESSIONS][24], slots[PHONES][64];
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
  for (unsigned i = 0; i < PHONES; i++)
    snprintf(slots[i], sizeof *slots, "{\"customer_name\":\"John Doe\",\"phone\":\"+8490%07u\"}", i * 999u);
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
                                               .slots = slots[i * 7919u % PHONES],
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

/* Sorted, in microseconds, of so many answers. Returns the bytes of an answer; 0: there was none. */
static size_t measure(struct history_reader *reader, const char *name, const struct history_query *query, int rounds,
                      int64_t *times) {
  size_t bytes = 0;
  for (int i = -1; i < rounds; i++) {
    char error[HISTORY_ERROR_SIZE];
    struct buffer out = {0};
    int64_t started = clock_monotonic_us();
    enum history_answer answer = history_reader_ask(reader, query, 60000, &out, error);
    if (i >= 0) times[i] = clock_monotonic_us() - started;
    bytes = out.length;
    buffer_free(&out);
    if (answer != HISTORY_ANSWERED) {
      fprintf(stderr, "history_queries: %s: %s\n", name, error);
      return 0;
    }
  }
  qsort(times, (size_t)rounds, sizeof *times, compare);
  return bytes;
}

struct question {
  const char *name;
  struct history_query query;
};

/* Whether all were answered. */
static bool ask(struct history_reader *reader, const struct question *questions, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int64_t times[ROUNDS];
    size_t bytes = measure(reader, questions[i].name, &questions[i].query, ROUNDS, times);
    if (bytes == 0) return false;
    printf("%-34s %8.2f ms  longest %8.2f ms  %6zu bytes\n", questions[i].name, (double)times[ROUNDS / 2] / 1e3,
           (double)times[ROUNDS - 1] / 1e3, bytes);
  }
  return true;
}

static bool search(struct history_reader *reader, const struct question *questions, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int64_t times[LONG_ROUNDS];
    size_t bytes = measure(reader, questions[i].name, &questions[i].query, LONG_ROUNDS, times);
    if (bytes == 0) return false;
    printf("%-34s %8.3f s   longest %8.3f s   %6zu bytes\n", questions[i].name, (double)times[LONG_ROUNDS / 2] / 1e6,
           (double)times[LONG_ROUNDS - 1] / 1e6, bytes);
  }
  return true;
}

/* The names, which no reader is asked for. */
static bool measure_names(const char *path) {
  int64_t times[ROUNDS];
  struct buffer out = {0};
  int code = SQLITE_OK;
  for (int i = 0; i < ROUNDS && code == SQLITE_OK; i++) {
    sqlite3 *database;
    int64_t started = clock_monotonic_us();
    buffer_clear(&out);
    code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL);
    if (code == SQLITE_OK) code = history_names_run(database, &out);
    sqlite3_close(database);
    times[i] = clock_monotonic_us() - started;
  }
  if (code != SQLITE_OK) return false;
  qsort(times, ROUNDS, sizeof *times, compare);
  printf("%-34s %8.2f ms  longest %8.2f ms  %6zu bytes\n", "names of intents and URLs", (double)times[ROUNDS / 2] / 1e3,
         (double)times[ROUNDS - 1] / 1e3, out.length);
  buffer_free(&out);
  return true;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "usage: history_queries FILE [EVENTS [fill]]\n");
    return 2;
  }
  const char *path = arguments[1];
  unsigned events = count > 2 ? (unsigned)atol(arguments[2]) : 1000000;
  char error[HISTORY_ERROR_SIZE];
  srandom(1);
  name_things();
  remove_file(path);
  if (!fill(path, events)) return 1;
  if (count > 3 && strcmp(arguments[3], "fill") == 0) return printf("%u\n", events), 0;
  struct history_reader *reader = history_reader_open(path, error);
  if (!reader) return 1;
  int64_t middle_us = first_us + 15 * DAY_US;
  int64_t chosen[CHOSEN];
  for (unsigned i = 0; i < CHOSEN; i++) chosen[i] = events - i;
  const struct question questions[] = {
      {"newest 50", {.limit = PAGE}},
      {"newest 50 in brief", {.limit = PAGE, .brief = true}},
      {"what came after, in brief", {.limit = PAGE, .after_seq = events - 20, .brief = true}},
      {"40 chosen ones, in brief", {.seqs = chosen, .seq_count = CHOSEN, .brief = true}},
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
  const struct question searches[] = {
      {"search, often there", {.limit = PAGE, .search = "JOHN", .search_us = BUDGET_US}},
      {"search, once in 10,000", {.limit = PAGE, .search = "+84900419580", .search_us = BUDGET_US}},
      {"search, nowhere, with a budget", {.limit = PAGE, .search = "nowhere", .search_us = BUDGET_US}},
      {"search, nowhere, through all", {.limit = PAGE, .search = "nowhere"}},
      {"search in a session", {.limit = PAGE, .search = "nowhere", .session = sessions[7]}},
      {"search among the failed", {.limit = PAGE, .search = "nowhere", .status = "failed"}},
      {"no deliveries, with a budget", {.limit = PAGE, .status = "recorded", .search_us = BUDGET_US}},
      {"no deliveries, through all", {.limit = PAGE, .status = "recorded"}},
  };
  bool answered = ask(reader, questions, sizeof questions / sizeof *questions) && measure_names(path) &&
                  search(reader, searches, sizeof searches / sizeof *searches);
  history_reader_close(reader);
  remove_file(path);
  return answered ? 0 : 1;
}
