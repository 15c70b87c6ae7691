/*
 * scene_client: see scene_client.h.
 */
#include "scene_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "scene.h"

static _Noreturn void give_up(const char *what, const char *why) {
  fprintf(stderr, "scene_client: %s: %s\n", what, why);
  exit(1);
}

iw_client *scene_client(const char *history) {
  char error[IW_ERROR_SIZE];
  iw_client *client = iw_client_new(&(iw_client_options){.history = history}, error);
  if (client == NULL) give_up("client", error);
  return client;
}

iw_endpoint *scene_endpoint(iw_client *client, const char *url) {
  char error[IW_ERROR_SIZE];
  iw_endpoint *endpoint = iw_endpoint_new(client, &(iw_endpoint_options){.url = url}, error);
  if (endpoint == NULL) give_up("endpoint", error);
  return endpoint;
}

iw_result scene_fire(iw_client *client, iw_endpoint *first, iw_endpoint *second, int n, char id[IW_ID_SIZE]) {
  char body[32];
  size_t length = (size_t)snprintf(body, sizeof body, "{\"n\":%d}", n);
  iw_endpoint *endpoints[] = {first, second};
  iw_request requests[2];
  iw_event event = {.intent = "test", .slots = body, .slots_length = length, .requests = requests};
  for (size_t i = 0; i < 2 && endpoints[i] != NULL; i++)
    requests[event.request_count++] = (iw_request){.endpoint = endpoints[i], .body = body, .body_length = length};
  return iw_client_fire(client, &event, id);
}

unsigned scene_drain(iw_client *client, const char *id) {
  iw_delivery delivery;
  void *held = NULL;
  unsigned count = 0;
  while (iw_client_poll(client, id, &held, &delivery)) count++;
  iw_poll_end(&held);
  return count;
}

void scene_settle(const struct scene *scene, unsigned threads_at_rest) {
  for (int i = 0; i < 10000 && scene_threads() > threads_at_rest; i++) scene_rest();
  iw_client_free(scene_client(scene->history));
}
