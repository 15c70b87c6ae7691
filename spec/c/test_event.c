/*
 * test_event: event.c and cause.c (with buffer.c and memory.c).
 */
#include <stdatomic.h>
#include <uv.h>

#include "check.h"
#include "event.h"
#include "memory.h"
#include "memory_faults.h"

static struct event *event_with(unsigned delivery_count) {
  struct event *event = memory_zeroed(sizeof *event + delivery_count * sizeof event->deliveries[0]);
  atomic_init(&event->references, 1);
  event->delivery_count = delivery_count;
  for (unsigned i = 0; i < delivery_count; i++) {
    struct attempt *attempt = &event->deliveries[i].attempt;
    buffer_text(&attempt->request_head, "POST / HTTP/1.1\r\n\r\n");
    buffer_text(&attempt->response_head, "HTTP/1.1 200 OK\r\n\r\n");
    buffer_text(&attempt->response_body, "OK");
  }
  return event;
}

static void hold_and_release(void *argument) {
  struct event *event = argument;
  for (unsigned i = 0; i < 100000; i++) {
    event_hold(event);
    event_release(event);
  }
  event_release(event);
}

static bool is_code(const char *text) {
  return *text != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

int main(void) {
  memory_faults_install();
  TEST("the last reference frees the event with all its attempts' buffers") {
    struct event *event = event_with(3);
    CHECK(memory_faults_outstanding() == 10);
    event_hold(event);
    event_hold(event);
    event_release(event);
    event_release(event);
    CHECK(memory_faults_outstanding() == 10);
    event_release(event);
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("an event without deliveries is freed too") {
    event_release(event_with(0));
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("an attempt's buffers can be given back before") {
    struct event *event = event_with(1);
    struct attempt *attempt = &event->deliveries[0].attempt;
    attempt->http_status = 200;
    attempt_free_buffers(attempt);
    CHECK(memory_faults_outstanding() == 1);
    CHECK(attempt->response_body.length == 0 && attempt->http_status == 200);
    event_release(event);
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("holders in several threads free it once") {
    enum { THREADS = 4 };
    struct event *event = event_with(2);
    uv_thread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
      event_hold(event);
      CHECK(uv_thread_create(&threads[i], hold_and_release, event) == 0);
    }
    event_release(event);
    for (unsigned i = 0; i < THREADS; i++) uv_thread_join(&threads[i]);
    CHECK(memory_faults_outstanding() == 0);
  }
  TEST("a delivery's status is a word") {
    CHECK_TEXT(delivery_status_text(DELIVERY_PENDING), "pending");
    CHECK_TEXT(delivery_status_text(DELIVERY_DELIVERED), "delivered");
    CHECK_TEXT(delivery_status_text(DELIVERY_FAILED), "failed");
  }
  TEST("every cause has a code of its own and a sentence") {
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
      const char *code = cause_code((enum cause)i), *sentence = cause_sentence((enum cause)i);
      bool ok = CHECK(is_code(code));
      for (unsigned other = 0; other < i; other++) ok &= CHECK(strcmp(code, cause_code((enum cause)other)) != 0);
      if (i == CAUSE_NONE) {
        CHECK_TEXT(code, "none");
        CHECK_TEXT(sentence, "");
      } else {
        ok &= CHECK(strlen(sentence) > 10 && strchr(".?", sentence[strlen(sentence) - 1]));
      }
      if (!ok) printf("     %s\n", code);
    }
    CHECK_TEXT(cause_code(CAUSE_BODY_MALFORMED), "body_malformed");
  }
  return check_finish();
}
