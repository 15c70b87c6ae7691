/*
 * loopback: an HTTP receiver in a thread of the test's process, on a free port of 127.0.0.1.
 *
 * The path of a request says what it gets:
 *
 *     /STATUS      that status at once, with the body "OK"
 *     /STATUS/MS   the same, so many milliseconds later
 *     /large       200 with a body of 64 KiB
 *     /hold        nothing until loopback_release; then 200
 *     /hang        never anything
 *
 * What stands behind a "?" tells the requests of one test apart. Connections are kept until the other side closes them.
 * Any thread may ask; starting and stopping is one thread's business. Not for the child of a fork: its thread is
 * the parent's.
 */
#ifndef INTENT_WEBHOOK_SPEC_LOOPBACK_H
#define INTENT_WEBHOOK_SPEC_LOOPBACK_H

enum { LOOPBACK_URL_SIZE = 128 };

struct loopback;

/* Never fails: ends the program with a message instead. */
struct loopback *loopback_start(void);
void loopback_stop(struct loopback *loopback);

/* Writes http://127.0.0.1:PORT and the path, and returns it. */
const char *loopback_url(const struct loopback *loopback, const char *path, char url[LOOPBACK_URL_SIZE]);

/* Answers every request that is held, and from now on /hold is answered at once. */
void loopback_release(struct loopback *loopback);

/* Complete requests for that target (path and query); NULL: for any. */
unsigned loopback_requests(struct loopback *loopback, const char *target);

/* The most requests for that target that waited for an answer at once; NULL: for any. */
unsigned loopback_most_waiting(struct loopback *loopback, const char *target);

/* Connections accepted so far, and those that are open now. */
unsigned loopback_connections(struct loopback *loopback);
unsigned loopback_open(struct loopback *loopback);

/* A port where connecting never ends, as long as the blackhole is open. */
struct blackhole {
  int sockets[8];
  unsigned port;
};
void blackhole_open(struct blackhole *blackhole);
void blackhole_close(struct blackhole *blackhole);

#endif
