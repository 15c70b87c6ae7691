/*
 * Sends one webhook without any Lua: examples/c/send URL HISTORY-FILE [TOKEN]
 *
 * Build it with `make examples`; it needs the core's sources and its libraries, nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "intent_webhook.h"

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s URL HISTORY-FILE [TOKEN]\n", argv[0]);
    return 2;
  }
  char error[IW_ERROR_SIZE], id[IW_ID_SIZE];
  iw_client *client = iw_client_new(&(iw_client_options){.history = argv[2], .keep_days = 30}, error);
  if (client == NULL) {
    fprintf(stderr, "%s\n", error);
    return 3;
  }
  iw_endpoint_options options = {.url = argv[1], .token = argc > 3 ? argv[3] : NULL};
  iw_endpoint *endpoint = iw_endpoint_new(client, &options, error);
  if (endpoint == NULL) {
    fprintf(stderr, "%s\n", error);
    iw_client_free(client);
    return 2;
  }
  const char *slots = "{\"customer_name\":\"John Doe\",\"appointment_date\":\"2026-03-15\",\"phone\":\"+84901234567\"}";
  iw_request request = {.endpoint = endpoint, .body = slots, .body_length = strlen(slots)};
  iw_event event = {.intent = "book_appointment",
                    .slots = slots,
                    .slots_length = strlen(slots),
                    .requests = &request,
                    .request_count = 1};
  bool delivered = false;
  iw_result result = iw_client_fire(client, &event, id);
  if (result == IW_OK) result = iw_client_wait(client, id, 15);
  if (result == IW_OK) {
    iw_delivery delivery;
    void *held = NULL;
    while (iw_client_poll(client, id, &held, &delivery)) {
      delivered = delivery.delivered;
      printf("%s %s: %s, status %d, %.1f ms%s%s\n", delivery.id, delivery.url,
             delivery.delivered ? "delivered" : delivery.cause, delivery.http_status, delivery.seconds * 1e3,
             delivery.sentence != NULL ? ". " : "", delivery.sentence != NULL ? delivery.sentence : "");
    }
    iw_poll_end(&held);
  } else {
    fprintf(stderr, "not sent: %s\n", iw_result_code(result));
  }
  iw_client_close(client, 5, NULL);
  iw_client_free(client);
  return delivered ? 0 : 1;
}
