/*
 * server_scene: a server around a fake page, and clients of it that say what they are told, byte by byte.
 */
#ifndef INTENT_WEBHOOK_SPEC_SERVER_SCENE_H
#define INTENT_WEBHOOK_SPEC_SERVER_SCENE_H

#include <sys/types.h>

#include "fake_page.h"
#include "server.h"

enum { SCENE_ANSWER_SIZE = 64 * 1024, SCENE_PATIENCE_SECONDS = 20 };

/* What server_open does, around the fake page. */
struct server *server_scene_try(struct server_options options, enum server_result *result,
                                char error[SERVER_ERROR_SIZE]);

/* With so many seconds for everything that a client may take time for; 0: as usual. NULL when it cannot be opened. */
struct server *server_scene_open(unsigned seconds);

/* A socket, which waits at most SCENE_PATIENCE_SECONDS; -1 when nobody listens. */
int server_scene_connect(unsigned port);

/* Whether all of it was taken. */
bool server_scene_say(int client, const char *text);

/* A GET of that target. */
void server_scene_ask(int client, const char *target);

/* What comes until the end of the connection, or until `enough` was among it; -1: nothing did in time. */
ssize_t server_scene_hear(int client, char answer[SCENE_ANSWER_SIZE], const char *enough);

/* One request on a connection of its own, closed behind it: the answer's status, or 0 when there was none. */
int server_scene_status(unsigned port, const char *request, char answer[SCENE_ANSWER_SIZE]);
int server_scene_get(unsigned port, const char *target, char answer[SCENE_ANSWER_SIZE]);

int server_scene_status_of(const char *answer);
const char *server_scene_body_of(const char *answer);

#endif
