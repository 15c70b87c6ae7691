/*
 * http_pause: see http_pause.h.
 */
#include "http_pause.h"

#include "clock.h"
#include "thread.h"

enum { LOOK_US = 100 * 1000 };

bool http_pauses_init(struct http_pauses *pauses) {
  *pauses = (struct http_pauses){0};
  if (uv_mutex_init(&pauses->lock) != 0) return false;
  if (uv_cond_init(&pauses->changed) == 0) return true;
  uv_mutex_destroy(&pauses->lock);
  return false;
}

void http_pauses_destroy(struct http_pauses *pauses) {
  uv_cond_destroy(&pauses->changed);
  uv_mutex_destroy(&pauses->lock);
}

/* Most have the same delay, or none: so from the end. */
static void put_in(struct http_pauses *pauses, struct http_pause *pause) {
  struct http_pause *before = pauses->last;
  while (before && before->due_us > pause->due_us) before = before->previous;
  pause->previous = before;
  pause->next = before ? before->next : pauses->first;
  *(pause->next ? &pause->next->previous : &pauses->last) = pause;
  *(before ? &before->next : &pauses->first) = pause;
}

static void take_out(struct http_pauses *pauses, struct http_pause *pause) {
  *(pause->previous ? &pause->previous->next : &pauses->first) = pause->next;
  *(pause->next ? &pause->next->previous : &pauses->last) = pause->previous;
}

/* The connection was suspended so far, so nothing of it could end; from here on the pause may be gone at any moment. */
static void end_pause(struct http_pauses *pauses, struct http_pause *pause, bool cut_off) {
  pause->pausing = false;
  pause->cut_off = cut_off;
  take_out(pauses, pause);
  MHD_resume_connection(pause->connection);
}

static void end_if_pausing(struct http_pauses *pauses, struct http_pause *pause, bool cut_off) {
  uv_mutex_lock(&pauses->lock);
  if (pause->pausing) end_pause(pauses, pause, cut_off);
  uv_mutex_unlock(&pauses->lock);
}

void http_pause_wake(struct http_pauses *pauses, struct http_pause *pause) {
  end_if_pausing(pauses, pause, false);
}

void http_pause_cut(struct http_pauses *pauses, struct http_pause *pause) {
  end_if_pausing(pauses, pause, true);
}

bool http_pause_begin(struct http_pauses *pauses, struct http_pause *pause, struct MHD_Connection *connection,
                      int64_t due_us) {
  uv_mutex_lock(&pauses->lock);
  bool begins = !pauses->closing;
  if (begins) {
    MHD_suspend_connection(connection);
    *pause = (struct http_pause){.connection = connection, .due_us = due_us, .pausing = true};
    put_in(pauses, pause);
    if (pauses->first == pause) uv_cond_signal(&pauses->changed);
  }
  uv_mutex_unlock(&pauses->lock);
  return begins;
}

void http_pause_until(struct http_pauses *pauses, struct http_pause *pause, int64_t due_us) {
  uv_mutex_lock(&pauses->lock);
  if (pause->pausing) {
    take_out(pauses, pause);
    pause->due_us = due_us;
    put_in(pauses, pause);
    uv_cond_signal(&pauses->changed);
  }
  uv_mutex_unlock(&pauses->lock);
}

static void run_timer(void *context) {
  struct http_pauses *pauses = context;
  uv_mutex_lock(&pauses->lock);
  while (!pauses->closing) {
    int64_t now = clock_monotonic_us(), next = pauses->first ? pauses->first->due_us : INT64_MAX;
    if (next <= now) {
      end_pause(pauses, pauses->first, false);
    } else if (pauses->looking && pauses->look_us <= now) {
      pauses->look_us = now + LOOK_US;
      uv_mutex_unlock(&pauses->lock);
      pauses->look(pauses->context);
      uv_mutex_lock(&pauses->lock);
    } else {
      if (pauses->looking && pauses->look_us < next) next = pauses->look_us;
      if (next == INT64_MAX)
        uv_cond_wait(&pauses->changed, &pauses->lock);
      else
        uv_cond_timedwait(&pauses->changed, &pauses->lock, (uint64_t)(next - now) * 1000);
    }
  }
  uv_mutex_unlock(&pauses->lock);
}

bool http_pauses_start(struct http_pauses *pauses, const char *name, void (*look)(void *context), void *context) {
  pauses->look = look;
  pauses->context = context;
  pauses->timer_started = thread_start(&pauses->timer, name, run_timer, pauses);
  return pauses->timer_started;
}

void http_pauses_look(struct http_pauses *pauses, bool wanted) {
  uv_mutex_lock(&pauses->lock);
  if (wanted && !pauses->looking) {
    pauses->look_us = clock_monotonic_us() + LOOK_US;
    uv_cond_signal(&pauses->changed);
  }
  pauses->looking = wanted;
  uv_mutex_unlock(&pauses->lock);
}

void http_pauses_end(struct http_pauses *pauses) {
  uv_mutex_lock(&pauses->lock);
  pauses->closing = true;
  uv_cond_signal(&pauses->changed);
  uv_mutex_unlock(&pauses->lock);
  if (pauses->timer_started) uv_thread_join(&pauses->timer);
  pauses->timer_started = false;
  uv_mutex_lock(&pauses->lock);
  while (pauses->first) end_pause(pauses, pauses->first, true);
  uv_mutex_unlock(&pauses->lock);
}
