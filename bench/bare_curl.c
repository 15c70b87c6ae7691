/*
 * bare_curl: the yardstick. Posts the contract's request COUNT times with libcurl and nothing else: one thread, one
 * multi handle driven by curl_multi_socket_action over epoll, IN_FLIGHT easy handles used again and again, the answer
 * thrown away, nothing recorded. Prints requests a second.
 *
 *     bare_curl URL COUNT [textbook]
 *
 * What makes it fast: a socket stays in epoll from its first use until it is closed, although libcurl takes it out and
 * puts it back with every transfer; all that epoll has to say is handled before the finished handles start again; and
 * they all start in one call. With "textbook" the socket leaves epoll whenever libcurl says so, as in libcurl's
 * examples.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BODY "{\"customer_name\":\"John Doe\",\"appointment_date\":\"2026-03-15\",\"phone\":\"+84901234567\"}"

enum { IN_FLIGHT = 64, EVENTS = 128, SOCKETS = 4096 };

struct loop {
  CURLM *multi;
  int epoll;
  bool textbook;
  long timeout_ms;           /* what libcurl asked for; -1 nothing */
  uint32_t watched[SOCKETS]; /* by socket: what epoll watches; 0 not in it */
};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t discard(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes, (void)context;
  return size * count;
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context) {
  struct loop *loop = context;
  (void)easy, (void)socket_context;
  if (socket >= SOCKETS) return fprintf(stderr, "bare_curl: more sockets than it can hold\n"), exit(1), 0;
  if (what == CURL_POLL_REMOVE) {
    if (!loop->textbook) return 0;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, socket, NULL);
    loop->watched[socket] = 0;
    return 0;
  }
  uint32_t wanted = EPOLLIN | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
  if (loop->watched[socket] == wanted) return 0;
  struct epoll_event event = {.events = wanted, .data.fd = socket};
  epoll_ctl(loop->epoll, loop->watched[socket] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  loop->watched[socket] = wanted;
  return 0;
}

static int close_socket(void *context, curl_socket_t socket) {
  struct loop *loop = context;
  if (socket < SOCKETS) loop->watched[socket] = 0; /* closing takes it out of epoll */
  return close(socket);
}

static int set_timeout(CURLM *multi, long timeout_ms, void *context) {
  (void)multi;
  ((struct loop *)context)->timeout_ms = timeout_ms;
  return 0;
}

static CURL *new_request(struct loop *loop, const char *url, struct curl_slist *headers) {
  CURL *easy = curl_easy_init();
  if (easy == NULL) return NULL;
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, BODY);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)sizeof BODY - 1);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, loop);
  return easy;
}

/* Starts what still has to be sent again; returns how many answers came that are not 2xx. */
static long restart_finished(struct loop *loop, long *to_start, long *finished) {
  long failed = 0;
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(loop->multi, &left)) != NULL;) {
    CURL *easy = message->easy_handle;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (message->data.result != CURLE_OK || status / 100 != 2) failed++;
    curl_multi_remove_handle(loop->multi, easy);
    (*finished)++;
    if (*to_start > 0) {
      curl_multi_add_handle(loop->multi, easy);
      (*to_start)--;
    }
  }
  return failed;
}

int main(int count, char **arguments) {
  static struct loop loop;
  if (count < 3) return fprintf(stderr, "usage: bare_curl URL COUNT [textbook]\n"), 2;
  loop.textbook = count > 3;
  long total = atol(arguments[2]), finished = 0, failed = 0;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  loop.multi = curl_multi_init();
  loop.epoll = epoll_create1(EPOLL_CLOEXEC);
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, set_timeout);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
  curl_multi_setopt(loop.multi, CURLMOPT_MAXCONNECTS, (long)IN_FLIGHT);

  static const char *const lines[] = {"Content-Type: application/json", "User-Agent: rag-go-intent-webhook/1.0",
                                      "Authorization: Bearer abc123", "Accept:", "Expect:"};
  struct curl_slist *headers = NULL;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) headers = curl_slist_append(headers, lines[i]);

  long to_start = total;
  CURL *requests[IN_FLIGHT];
  double start = seconds_now();
  for (int i = 0; i < IN_FLIGHT; i++) {
    requests[i] = new_request(&loop, arguments[1], headers);
    if (requests[i] == NULL) return fprintf(stderr, "bare_curl: no memory\n"), 1;
    if (to_start > 0) curl_multi_add_handle(loop.multi, requests[i]), to_start--;
  }
  int running;
  while (finished < total) {
    struct epoll_event events[EVENTS];
    int ready = loop.timeout_ms == 0 ? 0 : epoll_wait(loop.epoll, events, EVENTS, (int)loop.timeout_ms);
    for (int i = 0; i < ready; i++) {
      int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      curl_multi_socket_action(loop.multi, events[i].data.fd, what, &running);
    }
    if (ready <= 0) curl_multi_socket_action(loop.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    failed += restart_finished(&loop, &to_start, &finished);
  }
  double took = seconds_now() - start;
  for (int i = 0; i < IN_FLIGHT; i++) curl_easy_cleanup(requests[i]);
  curl_multi_cleanup(loop.multi);
  curl_slist_free_all(headers);
  curl_global_cleanup();
  if (failed > 0) return fprintf(stderr, "bare_curl: %ld of %ld requests failed\n", failed, total), 1;
  printf("%.0f\n", (double)total / took);
  return 0;
}
