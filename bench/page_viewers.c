/*
 * page_viewers: the Intent History page, left open by many at once, without the browsers.
 *
 *     page_viewers PORT PAGES REPORT_FILE
 *
 * Each page is a thread with one connection that is kept. It asks what a page with an empty address asks, in the same
 * order and at the same pace (src/page/app.js, list.js and live.js), but for the scripts that come when it is at rest:
 * first the page and what it is made of, the list, the session, the overview and the names; then, 2 s after each round,
 * what came after the newest event that it has, or, when that was more than one answer holds, the list anew, and from
 * then on only the newest events until these overlap with the list; the events of the list that are still on their way;
 * and every fifth time the overview. The pages begin one after the other, over 2 s. Every answer is read to its end,
 * and must have status 200. Writes to REPORT_FILE "ready" when all of them have their list. Ends when its standard
 * input ends, and then writes there one line: requests, bytes of bodies, the median and the 99th percentile of the
 * microseconds that an answer took, and the milliseconds of processor time of this process.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* As the page has them. */
enum { FIRST_ROWS = 15, PAGE_ROWS = 50, MOST = 200, KEPT = 500 };
enum { EVERY_MS = 2000, OVERVIEW_EVERY = 5, ALL_EVERY = 15, RECENT_S = 300 };
enum { PAGES_MOST = 100, TIMES_MOST = 1 << 20, ANSWER_MOST = 4 << 20, REQUEST_MOST = 8192, TIMEOUT_S = 20 };

/* A row of the list. */
struct row {
  int64_t seq;
  double time;
  bool open; /* something of it is still on its way */
};

struct page {
  pthread_t thread;
  unsigned number;
  int socket;
  struct row rows[KEPT + MOST]; /* newest first */
  size_t row_count;
  bool flooded;
  char *answer; /* of the last request, from its first byte */
  size_t length;
  char *body;
};

static struct {
  uint16_t port;
  unsigned pages;
  int stop[2]; /* a pipe that says so by being closed */
  atomic_uint ready;
  atomic_size_t requests;
  atomic_long bytes;
  int64_t times[TIMES_MOST];
} viewers;

static _Noreturn void give_up(const char *what) {
  fprintf(stderr, "page_viewers: %s\n", what);
  exit(1);
}

static int64_t now_us(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* False: it is time to end. */
static bool pause_for(int milliseconds) {
  struct pollfd stop = {.fd = viewers.stop[0], .events = POLLIN};
  return poll(&stop, 1, milliseconds) == 0;
}

/* ---- requests ---- */

static int connect_to_page(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(viewers.port)};
  struct timeval patience = {.tv_sec = TIMEOUT_S};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
    give_up("cannot connect");
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return connection;
}

/* Reads on until the answer has `length` bytes, or, with 0, its head. */
static void read_until(struct page *page, size_t length) {
  while (length ? page->length < length : !memmem(page->answer, page->length, "\r\n\r\n", 4)) {
    if (length > ANSWER_MOST || page->length == ANSWER_MOST) give_up("an answer is too large");
    ssize_t got = read(page->socket, page->answer + page->length, ANSWER_MOST - page->length);
    if (got <= 0) give_up("an answer did not come");
    page->length += (size_t)got;
  }
  page->answer[page->length] = '\0';
}

static void ask(struct page *page, const char *target) {
  char request[REQUEST_MOST];
  int length = snprintf(request, sizeof request,
                        "GET /%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\nSec-Fetch-Site: same-origin\r\n\r\n",
                        target, viewers.port);
  int64_t started = now_us(CLOCK_MONOTONIC);
  if (write(page->socket, request, (size_t)length) != length) give_up("a request cannot be sent");
  page->length = 0;
  read_until(page, 0);
  page->body = strstr(page->answer, "\r\n\r\n") + 4;
  page->body[-1] = '\0';
  const char *size = strcasestr(page->answer, "\r\nContent-Length:");
  if (strncmp(page->answer, "HTTP/1.1 200 ", 13) != 0 || !size) {
    fprintf(stderr, "page_viewers: GET /%s\n%s\n", target, page->answer);
    exit(1);
  }
  size_t body = strtoul(size + 17, NULL, 10);
  read_until(page, (size_t)(page->body - page->answer) + body);
  size_t number = atomic_fetch_add(&viewers.requests, 1);
  if (number < TIMES_MOST) viewers.times[number] = now_us(CLOCK_MONOTONIC) - started;
  atomic_fetch_add(&viewers.bytes, (long)body);
}

/* ---- what a list of events says ---- */

static double number_behind(const char *text, const char *key) {
  const char *found = strstr(text, key);
  if (!found) give_up("an event is not as expected");
  return strtod(found + strlen(key), NULL);
}

static bool is_open(const char *event, const char *end) {
  static const char *const states[] = {"\"status\":\"pending\"", "\"status\":\"retrying\"", "\"status\":\"paused\""};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (memmem(event, (size_t)(end - event), states[i], strlen(states[i]))) return true;
  return false;
}

/* The events of the last answer, in its order: an event begins with its seq, and has its time soon behind. */
static size_t read_events(const struct page *page, struct row *rows, size_t most) {
  static const char beginning[] = "{\"seq\":";
  size_t count = 0;
  const char *event = strstr(page->body, beginning);
  while (event && count < most) {
    const char *next = strstr(event + 1, beginning);
    const char *end = next ? next : event + strlen(event);
    rows[count++] = (struct row){strtoll(event + strlen(beginning), NULL, 10), number_behind(event, "\"time\":"),
                                 is_open(event, end)};
    event = next;
  }
  return count;
}

static bool has_next(const struct page *page) {
  const char *next = memrchr(page->body, ']', page->length - (size_t)(page->body - page->answer));
  return next && strncmp(next, "],\"next\":null", 13) != 0;
}

/* ---- what a page does ---- */

static void load_list(struct page *page) {
  char target[64];
  snprintf(target, sizeof target, "api/events?limit=%d&brief=true", PAGE_ROWS);
  ask(page, target);
  page->row_count = read_events(page, page->rows, PAGE_ROWS);
}

/* The first rows, and when they are seen, those below. */
static void load_first_rows(struct page *page) {
  char target[96];
  snprintf(target, sizeof target, "api/events?limit=%d&brief=true", FIRST_ROWS);
  ask(page, target);
  page->row_count = read_events(page, page->rows, FIRST_ROWS);
  if (!has_next(page)) return;
  long long last = (long long)page->rows[page->row_count - 1].seq;
  snprintf(target, sizeof target, "api/events?before=%lld&limit=%d&brief=true", last, PAGE_ROWS);
  ask(page, target);
  page->row_count += read_events(page, page->rows + page->row_count, PAGE_ROWS);
}

static void load(struct page *page) {
  static const char *const parts[] = {"",         "page.css", "address.js", "api.js",      "element.js", "filters.js",
                                      "first.js", "json.js",  "list.js",    "list_end.js", "live.js",    "overview.js",
                                      "row.js",   "text.js",  "app.js",     "icon.svg"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) ask(page, parts[i]);
  load_first_rows(page);
  ask(page, "api/session");
  ask(page, "api/overview?span=hour");
  ask(page, "api/names");
}

/* In front of the list, newest first; they come oldest first. */
static void insert(struct page *page, const struct row *news, size_t count) {
  if (page->row_count > KEPT) page->row_count = KEPT;
  memmove(page->rows + count, page->rows, page->row_count * sizeof *page->rows);
  for (size_t i = 0; i < count; i++) page->rows[i] = news[count - 1 - i];
  page->row_count += count;
  if (page->row_count > KEPT) page->row_count = KEPT;
}

/* How many of the newest rows have just come. */
static size_t look_for_news(struct page *page) {
  struct row news[MOST];
  char target[96];
  int64_t newest = page->row_count > 0 ? page->rows[0].seq : 0;
  if (page->row_count == 0 || page->flooded) {
    load_list(page);
    page->flooded = newest > 0 && page->row_count == PAGE_ROWS && page->rows[PAGE_ROWS - 1].seq > newest;
    return page->row_count;
  }
  snprintf(target, sizeof target, "api/events?brief=true&after=%lld&limit=%d", (long long)newest, MOST);
  ask(page, target);
  size_t count = read_events(page, news, MOST);
  page->flooded = count == MOST && has_next(page);
  if (!page->flooded) {
    insert(page, news, count);
    return count;
  }
  load_list(page);
  return page->row_count;
}

/* At what is still on its way but for the rows that have just come. */
static void look_again(struct page *page, size_t come, bool all) {
  char target[REQUEST_MOST - 512] = "api/events?seqs=";
  double recent = (double)now_us(CLOCK_REALTIME) / 1e6 - RECENT_S;
  size_t length = strlen(target), asked = 0;
  for (size_t i = come; i < page->row_count && asked < MOST; i++) {
    const struct row *row = &page->rows[i];
    if (!row->open || (!all && row->time <= recent)) continue;
    length +=
        (size_t)snprintf(target + length, sizeof target - length, "%s%lld", asked++ ? "%2C" : "", (long long)row->seq);
  }
  if (!asked) return;
  snprintf(target + length, sizeof target - length, "&brief=true");
  ask(page, target);
  struct row *seen = calloc(MOST, sizeof *seen);
  if (!seen) give_up("memory");
  size_t count = read_events(page, seen, MOST);
  for (size_t i = 0; i < page->row_count; i++)
    for (size_t k = 0; k < count; k++)
      if (seen[k].seq == page->rows[i].seq) page->rows[i].open = seen[k].open;
  free(seen);
}

static void *view(void *argument) {
  struct page *page = argument;
  if (!pause_for((int)(page->number * EVERY_MS / viewers.pages))) return NULL;
  page->socket = connect_to_page();
  load(page);
  atomic_fetch_add(&viewers.ready, 1);
  for (unsigned turn = 0; pause_for(EVERY_MS); turn++) {
    look_again(page, look_for_news(page), turn % ALL_EVERY == 0);
    if (turn % OVERVIEW_EVERY == 0) ask(page, "api/overview?span=hour");
  }
  close(page->socket);
  return NULL;
}

/* ---- the report ---- */

static void write_line(const char *path, const char *line) {
  FILE *file = fopen(path, "w");
  if (!file || fprintf(file, "%s\n", line) < 0 || fclose(file) != 0) give_up("the report cannot be written");
}

static int by_size(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static void report(const char *path) {
  size_t requests = atomic_load(&viewers.requests), count = requests < TIMES_MOST ? requests : TIMES_MOST;
  struct rusage used;
  char line[200];
  getrusage(RUSAGE_SELF, &used);
  qsort(viewers.times, count, sizeof *viewers.times, by_size);
  long cpu_ms =
      (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
  snprintf(line, sizeof line, "%zu %ld %lld %lld %ld", requests, atomic_load(&viewers.bytes),
           (long long)viewers.times[count / 2], (long long)viewers.times[count * 99 / 100], cpu_ms);
  write_line(path, line);
}

int main(int count, char **arguments) {
  static struct page pages[PAGES_MOST];
  if (count != 4) return fprintf(stderr, "usage: page_viewers PORT PAGES REPORT_FILE\n"), 2;
  viewers.port = (uint16_t)strtoul(arguments[1], NULL, 10);
  viewers.pages = (unsigned)strtoul(arguments[2], NULL, 10);
  if (viewers.pages > PAGES_MOST || viewers.pages == 0) give_up("PAGES: 1 to 100");
  if (pipe(viewers.stop) != 0) give_up("no pipe");
  for (unsigned i = 0; i < viewers.pages; i++) {
    pages[i].number = i;
    pages[i].answer = malloc(ANSWER_MOST + 1);
    if (!pages[i].answer || pthread_create(&pages[i].thread, NULL, view, &pages[i]) != 0) give_up("no thread");
  }
  while (atomic_load(&viewers.ready) < viewers.pages) usleep(10000);
  write_line(arguments[3], "ready");
  char nothing;
  while (read(STDIN_FILENO, &nothing, 1) > 0) {}
  close(viewers.stop[1]);
  for (unsigned i = 0; i < viewers.pages; i++) pthread_join(pages[i].thread, NULL);
  report(arguments[3]);
  return 0;
}
