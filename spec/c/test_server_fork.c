/*
 * test_server_fork: what becomes of a server in a forked child.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memory_faults.h"
#include "server_scene.h"
#include "slowness.h"

enum { CHILDREN = 200 };

static struct server_options again;
static atomic_bool stop;
static atomic_uint opened, taken;

/* One server after the other, at one port; a child has it only until it has come to itself. */
static void *come_and_go(void *nothing) {
  (void)nothing;
  char error[SERVER_ERROR_SIZE] = "";
  enum server_result result;
  while (!atomic_load(&stop) && !taken) {
    struct server *server = server_scene_try(again, &result, error);
    for (long tries = 200 * spec_slowness(); !server && tries > 0; tries--) {
      usleep(10000);
      server = server_scene_try(again, &result, error);
    }
    atomic_fetch_add(server ? &opened : &taken, 1);
    server_close(server);
  }
  return NULL;
}

int main(void) {
  static char answer[SCENE_ANSWER_SIZE];
  memory_faults_install();

  TEST("a forked child keeps neither the port nor a connection, and may close the server") {
    struct server *server = server_scene_open(0);
    int client = server_scene_connect(server_port(server)), tell[2], hear[2];
    char byte;
    server_scene_ask(client, "/echo");
    CHECK(server_scene_hear(client, answer, "secure") > 0);
    CHECK(pipe(tell) == 0 && pipe(hear) == 0);
    pid_t child = fork();
    if (child == 0) {
      close(client);
      close(tell[1]);
      server_close(server);
      if (write(hear[1], "x", 1) != 1) _exit(2);
      _exit(read(tell[0], &byte, 1) == 1 ? 0 : 1); /* lives on, longer than the server */
    }
    CHECK(read(hear[0], &byte, 1) == 1);
    CHECK(server_scene_get(server_port(server), "/echo", answer) == 200);
    again = (struct server_options){.port = server_port(server)};
    server_close(server);
    CHECK(server_scene_hear(client, answer, NULL) == 0);
    char error[SERVER_ERROR_SIZE] = "";
    enum server_result result;
    server = server_scene_try(again, &result, error);
    CHECK(result == SERVER_OK);
    int status = -1;
    CHECK(write(tell[1], "x", 1) == 1);
    waitpid(child, &status, 0);
    CHECK(status == 0);
    server_close(server);
    close(client);
    close(tell[0]);
    close(tell[1]);
    close(hear[0]);
    close(hear[1]);
    CHECK(fake_page_held() == 0 && memory_faults_outstanding() == 0);
  }

  TEST("forks while servers come and go in another thread: no child keeps the port") {
    int tell[2];
    pid_t children[CHILDREN];
    pthread_t thread;
    CHECK(pipe(tell) == 0 && pthread_create(&thread, NULL, come_and_go, NULL) == 0);
    for (int i = 0; i < CHILDREN; i++) {
      usleep((useconds_t)(rand() % 1000));
      children[i] = fork();
      if (children[i] != 0) continue;
      char byte;
      close(tell[1]);
      _exit(read(tell[0], &byte, 1) == 0 ? 0 : 1); /* lives on until the end */
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    close(tell[1]);
    for (int i = 0; i < CHILDREN; i++) CHECK(waitpid(children[i], NULL, 0) == children[i]);
    CHECK(opened > 0 && taken == 0);
    close(tell[0]);
    CHECK(fake_page_held() == 0 && memory_faults_outstanding() == 0);
  }

  return check_finish();
}
