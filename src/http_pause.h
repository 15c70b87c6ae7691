/*
 * http_pause: connections of libmicrohttpd that pause, until somebody wakes them or until their time. A thread of its
 * own watches the time; it also looks after other things ten times a second, as long as it is asked to.
 *
 * A pause begins in libmicrohttpd's thread and ends once, whoever ends it first: http_pause_wake and http_pause_cut may
 * come from any thread, also when there is nothing to end. Connections are suspended and resumed with the lock held:
 * libmicrohttpd calls nobody with the lock that it takes for that.
 */
#ifndef INTENT_WEBHOOK_HTTP_PAUSE_H
#define INTENT_WEBHOOK_HTTP_PAUSE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#pragma GCC visibility push(hidden)

#define HTTP_PAUSE_UNTIL_WOKEN INT64_MAX

/* A connection's; all zero at first. */
struct http_pause {
  struct http_pause *previous, *next; /* among those that pause */
  struct MHD_Connection *connection;
  int64_t due_us; /* monotonic */
  bool pausing;
  bool cut_off; /* when it has ended: the connection shall end too */
};

struct http_pauses {
  uv_mutex_t lock; /* guards the rest but look and context */
  uv_cond_t changed;
  struct http_pause *first, *last; /* by due_us */
  bool timer_started, closing, looking;
  int64_t look_us; /* monotonic; when to look next */
  uv_thread_t timer;
  void (*look)(void *context);
  void *context;
};

/* False, with nothing to be destroyed: the system has no lock to give. */
bool http_pauses_init(struct http_pauses *pauses);

/* Starts the thread that watches the time; before that, nothing ends by itself. `name` is at most 15 bytes. */
bool http_pauses_start(struct http_pauses *pauses, const char *name, void (*look)(void *context), void *context);

/* Whether the thread calls look, ten times a second. It may still be in look when this returns. */
void http_pauses_look(struct http_pauses *pauses, bool wanted);

/*
 * For before MHD_stop_daemon, which cannot stop with connections suspended: ends the thread and, cut off, every pause;
 * from here on none begins.
 */
void http_pauses_end(struct http_pauses *pauses);
void http_pauses_destroy(struct http_pauses *pauses);

/* In libmicrohttpd's thread. False, and nothing pauses: it is the end, and the connection shall end too. */
bool http_pause_begin(struct http_pauses *pauses, struct http_pause *pause, struct MHD_Connection *connection,
                      int64_t due_us);
void http_pause_wake(struct http_pauses *pauses, struct http_pause *pause);
/* Gives it another time to end by itself. */
void http_pause_until(struct http_pauses *pauses, struct http_pause *pause, int64_t due_us);
void http_pause_cut(struct http_pauses *pauses, struct http_pause *pause);

#pragma GCC visibility pop
#endif
