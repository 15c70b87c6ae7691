/* Calls to a page around forks. A program of its own, since a child's threads are more than TSan takes. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "page_call.h"
#include "slowness.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static const struct page_request asked = {
    .method = TEXT("GET"), .target = TEXT("/api/events"), .host = TEXT("localhost")};

static void await_ready(struct page_call *call) {
  while (!page_call_ready(call)) usleep(500);
}

static void check_fork(struct page *page) {
  struct page_call *call = page_call_start(page, &asked, NULL, NULL);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bool good = page_call_ready(call) && page_call_response(call)->status == 503; /* the parent's */
    page_call_free(call);
    struct page_call *own = page_call_start(page, &asked, NULL, NULL);
    if (own) await_ready(own);
    good = good && own && page_call_response(own)->status == 200;
    page_call_free(own);
    _exit(good ? 0 : 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  await_ready(call);
  CHECK(page_call_response(call)->status == 200);
  page_call_free(call);
}

int main(void) {
  char folder[] = "/tmp/iw-page-fork-XXXXXX", path[64], error[IW_ERROR_SIZE];
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/history.db", folder);
  iw_client *client = iw_client_new(&(iw_client_options){.history = path}, error);
  iw_client_fire(client, &(iw_event){.intent = "greet"}, error);
  iw_client_flush(client, 10);

  TEST("a fork ends nothing in the parent, and the child can ask for itself") {
    struct page *page;
    CHECK(page_new(&page, &(struct page_options){.history = path, .client = client}, error) == PAGE_NEW_OK);
    for (int round = 0; round < 5; round++) check_fork(page);
    page_release(page);
  }

  iw_client_free(client);
  TEST("a process that forks and forks gets an answer all the same, if only that there is none in time") {
    sqlite3 *lock;
    CHECK(sqlite3_open(path, &lock) == SQLITE_OK &&
          sqlite3_exec(lock, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT * FROM events", NULL, NULL,
                       NULL) == SQLITE_OK);
    struct page *page;
    CHECK(page_new(&page, &(struct page_options){.history = path}, error) == PAGE_NEW_OK);
    struct page_call *call = page_call_start(page, &asked, NULL, NULL);
    int64_t start_us = clock_monotonic_us(), patience_us = 20000000 * spec_slowness();
    while (!page_call_ready(call) && clock_monotonic_us() - start_us < patience_us) {
      pid_t child = fork();
      if (child == 0) _exit(0);
      CHECK(waitpid(child, NULL, 0) == child);
      usleep(100000);
    }
    if (CHECK(page_call_ready(call))) CHECK(page_call_response(call)->status == 503);
    page_call_free(call);
    page_release(page);
    CHECK(sqlite3_close(lock) == SQLITE_OK);
  }
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  if (system(command) != 0) return 1;
  return check_finish();
}
