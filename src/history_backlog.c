/*
 * history_backlog: see history_backlog.h.
 */
#include "history_backlog.h"

#include <stdio.h>

/* An event in the batch that has no seq yet. Any row that is not 0 has been written or is about to be. */
static const int64_t ROW_TO_COME = -1;

/* Whether all deliveries of the event have been handed over. */
static bool is_finished(const struct event *event) {
  for (unsigned i = 0; i < event->delivery_count; i++)
    if (!event->deliveries[i].history.in_batch) return false;
  return true;
}

/* Marks the events of the batch: half of it, and more where there are few deliveries. */
static void select_events(struct history_backlog *backlog, size_t limit, bool hurried, struct history_batch *batch) {
  size_t deliveries = backlog->queue.deliveries, half = limit / 2;
  size_t room = limit - (deliveries < half ? deliveries : half);
  for (struct event *event = backlog->queue.first_event; event; event = event->next) {
    if (!hurried && batch->events >= backlog->due_events && !is_finished(event)) return;
    batch->full = batch->events == room;
    if (batch->full) return;
    event->history.row = ROW_TO_COME;
    batch->events++;
  }
}

/* Leaves only the deliveries of the batch marked. */
static void select_deliveries(struct history_backlog *backlog, size_t limit, struct history_batch *batch) {
  struct delivery *delivery = backlog->queue.first_delivery;
  for (; delivery && delivery->event->history.row; delivery = delivery->next) {
    if (batch->events + batch->deliveries == limit) {
      batch->full = true;
      break;
    }
    batch->deliveries++;
  }
  for (; delivery && delivery->history.in_batch; delivery = delivery->next) delivery->history.in_batch = false;
}

/* Marks those that can be in it at most, since a backlog can be long. */
static struct history_batch begin_batch(struct history_backlog *backlog, size_t limit, bool hurried) {
  struct history_batch batch = {0};
  struct delivery *delivery = backlog->queue.first_delivery;
  for (size_t i = 0; i < limit && delivery; i++, delivery = delivery->next) delivery->history.in_batch = true;
  select_events(backlog, limit, hurried, &batch);
  select_deliveries(backlog, limit, &batch);
  return batch;
}

static void undo_batch(struct history_backlog *backlog, struct history_batch *batch) {
  struct event *event = backlog->queue.first_event;
  for (size_t i = 0; i < batch->events; i++, event = event->next) event->history.row = 0;
  struct delivery *delivery = backlog->queue.first_delivery;
  for (size_t i = 0; i < batch->deliveries; i++, delivery = delivery->next) {
    delivery->history.in_batch = delivery->history.inserted_final = false;
    history_record_undo(&backlog->recording, delivery->event);
  }
  *batch = (struct history_batch){0};
}

static int write_records(struct history_backlog *backlog, struct history_batch *batch) {
  struct history_recording *recording = &backlog->recording;
  int code = history_recording_begin(recording);
  struct event *event = backlog->queue.first_event;
  for (size_t i = 0; code == SQLITE_OK && i < batch->events; i++, event = event->next) {
    code = history_record_event(recording, event);
    batch->written++;
  }
  if (code == SQLITE_OK) code = history_recording_flush(recording);
  struct delivery *delivery = backlog->queue.first_delivery;
  for (size_t i = 0; code == SQLITE_OK && i < batch->deliveries; i++, delivery = delivery->next) {
    code = history_record_delivery(recording, delivery);
    if (delivery->attempt.made) batch->written++;
  }
  return code == SQLITE_OK ? history_recording_end(recording) : code;
}

/* Whatever it returns, no transaction is open afterwards. */
static int try_batch(struct history_backlog *backlog, size_t limit, bool hurried, struct history_batch *batch) {
  struct history_file *file = backlog->recording.file;
  *batch = begin_batch(backlog, limit, hurried);
  if (batch->events + batch->deliveries == 0) return SQLITE_OK;
  int code = history_file_run(file, HISTORY_BEGIN);
  if (code == SQLITE_OK) code = write_records(backlog, batch);
  if (code == SQLITE_OK) code = history_file_run(file, HISTORY_COMMIT);
  if (code == SQLITE_OK) return code;
  history_file_roll_back(file);
  undo_batch(backlog, batch);
  return code;
}

int history_backlog_write(struct history_backlog *backlog, size_t limit, bool hurried, struct history_batch *batch) {
  struct history_recording *recording = &backlog->recording;
  recording->careful = false;
  int code = try_batch(backlog, limit, hurried, batch);
  recording->careful = code == SQLITE_CONSTRAINT;
  if (recording->careful) code = try_batch(backlog, limit, hurried, batch);
  if (code == SQLITE_NOMEM && recording->no_memory)
    snprintf(recording->file->error, HISTORY_ERROR_SIZE, "There was not enough memory to write the history.");
  backlog->due_events = backlog->queue.events - batch->events;
  return code;
}

static size_t less(size_t count, size_t gone) {
  return count > gone ? count - gone : 0;
}

void history_backlog_tell_stored(struct history_backlog *backlog, const struct history_batch *batch) {
  backlog->told_events = less(backlog->told_events, batch->events);
  backlog->told_deliveries = less(backlog->told_deliveries, batch->deliveries);
  for (size_t i = 0; i < batch->events; i++) {
    struct event *event = history_queue_take_event(&backlog->queue);
    event->owner->event_recorded(event, true);
    event_release(event);
  }
  for (size_t i = 0; i < batch->deliveries; i++) {
    struct delivery *delivery = history_queue_take_delivery(&backlog->queue);
    struct event *event = delivery->event;
    delivery->history.row = event->history.row;
    event->owner->delivery_recorded(delivery, true);
    event_release(event);
  }
}

void history_backlog_tell_failed(struct history_backlog *backlog) {
  size_t number = 0;
  for (struct event *event = backlog->queue.first_event; event; event = event->next)
    if (number++ >= backlog->told_events) event->owner->event_recorded(event, false);
  backlog->told_events = number;
  number = 0;
  for (struct delivery *delivery = backlog->queue.first_delivery; delivery; delivery = delivery->next)
    if (number++ >= backlog->told_deliveries) delivery->event->owner->delivery_recorded(delivery, false);
  backlog->told_deliveries = number;
}

void history_backlog_drop(struct history_backlog *backlog) {
  while (backlog->queue.first_event) event_release(history_queue_take_event(&backlog->queue));
  while (backlog->queue.first_delivery) event_release(history_queue_take_delivery(&backlog->queue)->event);
  backlog->due_events = backlog->told_events = backlog->told_deliveries = 0;
}
