/*
 * test_http_fork: what becomes of a server, and of a listener, in a forked child.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "listener.h"
#include "memory_faults.h"
#include "server_scene.h"
#include "slowness.h"

enum { CHILDREN = 200, DESCRIPTORS = 1024 };

static const char answer_end[] = "body=0:"; /* the fake page's, and so the listener's */

enum kind { SERVER, LISTENER };

struct opened { /* one of them; none: it could not be opened */
  struct server *server;
  struct listener *listener;
};

/* At that port; 0: any that is free. */
static struct opened open_at(enum kind kind, unsigned port) {
  struct opened opened = {0};
  if (kind == SERVER) {
    enum server_result result;
    char error[SERVER_ERROR_SIZE];
    opened.server = server_scene_try((struct server_options){.port = port}, &result, error);
  } else {
    char error[LISTENER_ERROR_SIZE];
    struct listener_options options = {.port = port, .delay = 0.001, .body = {answer_end, sizeof answer_end - 1}};
    listener_open(&opened.listener, &options, error);
  }
  return opened;
}

static bool is_open(struct opened opened) {
  return opened.server || opened.listener;
}

static unsigned port_of(struct opened opened) {
  return opened.server ? server_port(opened.server) : listener_port(opened.listener);
}

static void close_it(struct opened opened) {
  server_close(opened.server);
  listener_close(opened.listener);
}

static bool is_left_clean(void) {
  return fake_page_held() == 0 && memory_faults_outstanding() == 0;
}

static bool answers(struct opened opened) {
  static char answer[SCENE_ANSWER_SIZE];
  return is_open(opened) && server_scene_get(port_of(opened), "/echo", answer) == 200;
}

static bool child_succeeded(pid_t child) {
  int status;
  return waitpid(child, &status, 0) == child && status == 0;
}

/* Whether this process has one that listens there, or a connection that was accepted there. */
static bool has_socket_at(unsigned port) {
  for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) {
    struct sockaddr_in own = {0};
    socklen_t size = sizeof own;
    if (getsockname(descriptor, (struct sockaddr *)&own, &size) == 0 && own.sin_family == AF_INET &&
        ntohs(own.sin_port) == port)
      return true;
  }
  return false;
}

/* Lives on, longer than what it has inherited. */
static void run_child(enum kind kind, struct opened inherited, int hear, int tell) {
  char byte;
  alarm((unsigned)(SCENE_PATIENCE_SECONDS * spec_slowness()));
  if (has_socket_at(port_of(inherited))) _exit(3);
  close_it(inherited);
  if (write(tell, "x", 1) != 1 || read(hear, &byte, 1) != 1) _exit(1);
  struct opened own = open_at(kind, 0);
  bool good = answers(own);
  close_it(own);
  _exit(good ? 0 : 2);
}

static void check_child(enum kind kind) {
  static char answer[SCENE_ANSWER_SIZE];
  struct opened opened = open_at(kind, 0);
  unsigned port = port_of(opened);
  int client = server_scene_connect(port), tell[2], hear[2];
  char byte;
  server_scene_ask(client, "/echo");
  CHECK(server_scene_hear(client, answer, answer_end) > 0 && has_socket_at(port));
  CHECK(pipe(tell) == 0 && pipe(hear) == 0);
  pid_t child = fork();
  if (child == 0) {
    close(client);
    close(tell[1]);
    run_child(kind, opened, tell[0], hear[1]);
  }
  close(tell[0]);
  close(hear[1]);
  CHECK(read(hear[0], &byte, 1) == 1);
  CHECK(answers(opened));
  close_it(opened);
  CHECK(server_scene_hear(client, answer, NULL) == 0);
  opened = open_at(kind, port);
  CHECK(is_open(opened));
  CHECK(write(tell[1], "x", 1) == 1);
  CHECK(child_succeeded(child));
  close_it(opened);
  close(client);
  close(tell[1]);
  close(hear[0]);
  CHECK(is_left_clean());
}

static struct {
  enum kind kind;
  unsigned port;
  atomic_bool stop;
  atomic_uint opened, taken;
} coming;

/* One after the other, at one port; a child has it only until it has come to itself. */
static void *come_and_go(void *nothing) {
  (void)nothing;
  while (!atomic_load(&coming.stop) && !coming.taken) {
    struct opened opened = open_at(coming.kind, coming.port);
    for (long tries = 200 * spec_slowness(); !is_open(opened) && tries > 0; tries--) {
      usleep(10000);
      opened = open_at(coming.kind, coming.port);
    }
    atomic_fetch_add(is_open(opened) ? &coming.opened : &coming.taken, 1);
    close_it(opened);
  }
  return NULL;
}

static void check_coming_and_going(enum kind kind) {
  int tell[2];
  pid_t children[CHILDREN];
  pthread_t thread;
  struct opened opened = open_at(kind, 0);
  coming.kind = kind;
  coming.port = port_of(opened);
  coming.stop = false;
  coming.opened = coming.taken = 0;
  close_it(opened);
  CHECK(pipe(tell) == 0 && pthread_create(&thread, NULL, come_and_go, NULL) == 0);
  for (int i = 0; i < CHILDREN; i++) {
    usleep((useconds_t)(rand() % 1000));
    children[i] = fork();
    if (children[i] != 0) continue;
    char byte;
    close(tell[1]);
    _exit(read(tell[0], &byte, 1) == 0 ? 0 : 1); /* lives on until the end */
  }
  atomic_store(&coming.stop, true);
  pthread_join(thread, NULL);
  close(tell[1]);
  for (int i = 0; i < CHILDREN; i++) CHECK(child_succeeded(children[i]));
  CHECK(coming.opened > 0 && coming.taken == 0);
  close(tell[0]);
  CHECK(is_left_clean());
}

int main(void) {
  memory_faults_install();
  signal(SIGPIPE, SIG_IGN); /* a child that has failed is not there to hear */

  TEST("a forked child keeps neither a server's port nor a connection, may close it, and opens one of its own")
  check_child(SERVER);

  TEST("a forked child keeps neither a listener's port nor a connection, may close it, and opens one of its own")
  check_child(LISTENER);

  TEST("what a listener has received is its own process's to take: a forked child gets nothing, at once") {
    struct opened opened = open_at(LISTENER, 0);
    CHECK(answers(opened));
    pid_t child = fork();
    if (child == 0) {
      alarm((unsigned)(SCENE_PATIENCE_SECONDS * spec_slowness()));
      _exit(listener_take(opened.listener, 3600) ? 1 : 0);
    }
    CHECK(child_succeeded(child));
    struct listener_request *request = listener_take(opened.listener, 0);
    if (CHECK(request != NULL)) CHECK_TEXT(request->target, "/echo");
    listener_request_free(request);
    close_it(opened);
    CHECK(is_left_clean());
  }

  TEST("forks while servers come and go in another thread: no child keeps the port") check_coming_and_going(SERVER);

  TEST("forks while listeners come and go in another thread: no child keeps the port") check_coming_and_going(LISTENER);

  return check_finish();
}
