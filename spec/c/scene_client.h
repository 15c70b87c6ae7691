/*
 * scene_client: clients for tests of the whole core, and events to fire on them.
 */
#ifndef INTENT_WEBHOOK_SPEC_SCENE_CLIENT_H
#define INTENT_WEBHOOK_SPEC_SCENE_CLIENT_H

#include "intent_webhook.h"
#include "scene.h"

/* Both end the program when they fail. */
iw_client *scene_client(const char *history);
iw_endpoint *scene_endpoint(iw_client *client, const char *url);

/* Fires the intent "test" with {"n":N} for each endpoint that is not NULL; up to two. */
iw_result scene_fire(iw_client *client, iw_endpoint *first, iw_endpoint *second, int n, char id[IW_ID_SIZE]);

/* Takes all results of an event, or of any with NULL; how many there were. */
unsigned scene_drain(iw_client *client, const char *id);

/*
 * Makes the core join its threads that have ended and free what they used. One block may stay: the last sender, which
 * the next one frees.
 */
void scene_settle(const struct scene *scene, unsigned threads_at_rest);

#endif
