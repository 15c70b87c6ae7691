/*
 * server_scene: see server_scene.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#endif
#include "server_scene.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fake_page.h"

struct server *server_scene_try(struct server_options options, enum server_result *result,
                                char error[SERVER_ERROR_SIZE]) {
  struct server *server;
  options.functions = &fake_page_functions;
  if (!options.page) options.page = fake_page(false);
  *result = server_open(&server, &options, error);
  return server;
}

struct server *server_scene_open(unsigned seconds) {
  char error[SERVER_ERROR_SIZE] = "";
  enum server_result result;
  return server_scene_try((struct server_options){.idle_seconds = seconds, .receive_seconds = seconds}, &result, error);
}

int server_scene_connect(unsigned port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct timeval patience = {.tv_sec = SCENE_PATIENCE_SECONDS};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(client, (struct sockaddr *)&address, sizeof address) == 0) return client;
  close(client);
  return -1;
}

bool server_scene_say(int client, const char *text) {
  size_t length = strlen(text);
  return send(client, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

void server_scene_ask(int client, const char *target) {
  char request[256];
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
  server_scene_say(client, request);
}

ssize_t server_scene_hear(int client, char answer[SCENE_ANSWER_SIZE], const char *enough) {
  size_t length = 0;
  while (length < SCENE_ANSWER_SIZE - 1) {
    ssize_t got = recv(client, answer + length, SCENE_ANSWER_SIZE - 1 - length, 0);
    if (got < 0 && length == 0) got = 0; /* reset by a server that had more to read: an end, too */
    if (got < 0) return -1;
    length += (size_t)got;
    answer[length] = '\0';
    if (got == 0 || (enough && strstr(answer, enough))) break;
  }
  return (ssize_t)length;
}

int server_scene_status_of(const char *answer) {
  return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

int server_scene_status(unsigned port, const char *request, char answer[SCENE_ANSWER_SIZE]) {
  int client = server_scene_connect(port);
  answer[0] = '\0';
  if (client < 0 || !server_scene_say(client, request) || server_scene_hear(client, answer, NULL) < 0) answer[0] = '\0';
  close(client);
  return server_scene_status_of(answer);
}

int server_scene_get(unsigned port, const char *target, char answer[SCENE_ANSWER_SIZE]) {
  char request[256];
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
  return server_scene_status(port, request, answer);
}

const char *server_scene_body_of(const char *answer) {
  const char *end = strstr(answer, "\r\n\r\n");
  return end ? end + 4 : "";
}
