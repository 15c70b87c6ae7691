/*
 * history_record: see history_record.h.
 */
#include "history_record.h"

#include <string.h>

#include "endpoint.h"
#include "history_schema.h"

/* ---- what an event's row says: its seq, and above that in which opening of the file it was written ---- */

enum { SEQ_BITS = 48, OPENING_BITS = 15 };

static const int64_t SEQ_MASK = (INT64_C(1) << SEQ_BITS) - 1;

static int64_t make_row(const struct history_recording *recording, int64_t seq) {
  return (int64_t)(recording->opening & ((1u << OPENING_BITS) - 1)) << SEQ_BITS | seq;
}

int64_t history_record_seq(const struct event *event) {
  return event->history.row & SEQ_MASK;
}

/* One that was written again in the failed transaction has a seq that may now become another's. */
void history_record_undo(const struct history_recording *recording, struct event *event) {
  if (event->history.row > 0 && history_record_seq(event) > recording->committed_seq)
    event->history.row = history_record_seq(event);
}

/* ---- the transaction ---- */

static void empty(struct history_rows *rows, enum history_statement statement, int columns) {
  rows->statement = statement;
  rows->columns = columns;
  rows->count = 0;
}

static struct history_rows *rows_of(struct history_recording *recording, enum history_statement statement) {
  return statement == HISTORY_INSERT_EVENTS       ? &recording->events
         : statement == HISTORY_INSERT_DELIVERIES ? &recording->deliveries
                                                  : &recording->attempts;
}

int history_recording_begin(struct history_recording *recording) {
#define EMPTY(name, columns, table) empty(rows_of(recording, HISTORY_##name), HISTORY_##name, columns);
  HISTORY_INSERTS(EMPTY)
#undef EMPTY
  history_rollup_clear(&recording->rollup);
  recording->no_memory = false;
  recording->first_seq = 0;
  recording->last_seq = 0;
  int code = history_file_ask(recording->file, HISTORY_LAST_SEQ, &recording->last_seq);
  recording->committed_seq = recording->last_seq;
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int write_span(struct history_recording *recording) {
  if (!recording->first_seq) return SQLITE_OK;
  sqlite3_stmt *statement = recording->file->statements[HISTORY_INSERT_SPAN];
  sqlite3_bind_int64(statement, 1, recording->first_seq >> HISTORY_SPAN_SHIFT);
  sqlite3_bind_int64(statement, 2, recording->earliest);
  sqlite3_bind_int64(statement, 3, recording->latest);
  sqlite3_bind_int64(statement, 4, recording->last_seq);
  return history_file_run(recording->file, HISTORY_INSERT_SPAN);
}

int history_recording_flush(struct history_recording *recording) {
  int code = history_rows_write(&recording->events, recording->file);
  return code == SQLITE_OK ? history_rows_write(&recording->deliveries, recording->file) : code;
}

static int no_memory(struct history_recording *recording) {
  recording->no_memory = true;
  return SQLITE_NOMEM;
}

/* What a function of history_rollup.h came to. */
static int counted(struct history_recording *recording, int code) {
  return recording->rollup.url.failed ? no_memory(recording) : code;
}

int history_recording_end(struct history_recording *recording) {
  int code = history_recording_flush(recording);
  if (code == SQLITE_OK) code = history_rows_write(&recording->attempts, recording->file);
  if (code == SQLITE_OK) code = counted(recording, history_rollup_write(&recording->rollup, recording->file));
  return code == SQLITE_OK ? write_span(recording) : code;
}

void history_recording_free(struct history_recording *recording) {
  history_rows_free(&recording->events);
  history_rows_free(&recording->deliveries);
  history_rows_free(&recording->attempts);
  history_rollup_free(&recording->rollup);
  buffer_free(&recording->finishing);
}

/* ---- events ---- */

/* Gives the next seq to an event of that time. */
static int next_seq(struct history_recording *recording, int64_t time_us, int64_t *seq) {
  *seq = recording->last_seq + 1;
  if (recording->first_seq && *seq >> HISTORY_SPAN_SHIFT != recording->first_seq >> HISTORY_SPAN_SHIFT) {
    int code = write_span(recording);
    if (code != SQLITE_OK) return code;
    recording->first_seq = 0;
  }
  if (!recording->first_seq) {
    recording->first_seq = *seq;
    recording->earliest = recording->latest = time_us;
  }
  if (time_us < recording->earliest) recording->earliest = time_us;
  if (time_us > recording->latest) recording->latest = time_us;
  recording->last_seq = *seq;
  return SQLITE_OK;
}

/* What users' functions raised may hold the token of any endpoint of the event, which their code knows. */
static struct history_piece redact_error(struct history_row *row, const struct event *event) {
  struct buffer text = {0};
  if (event->error) redact_text(&text, event->error, strlen(event->error), &event->redaction, NULL);
  for (unsigned i = 0; event->error && i < event->delivery_count; i++) {
    struct buffer less = {0};
    redact_text(&less, text.bytes, text.length, endpoint_redaction(event->deliveries[i].endpoint), NULL);
    less.failed = less.failed || text.failed;
    buffer_free(&text);
    text = less;
  }
  struct history_piece piece = history_row_redact(row, text.bytes, text.length, NULL, NULL);
  if (text.failed) row->scratch->failed = true;
  buffer_free(&text);
  return piece;
}

static int insert_event(struct history_recording *recording, const struct event *event, const char *id, int64_t seq) {
  struct history_row row = history_rows_begin(&recording->events, recording->file);
  struct history_piece intent = history_row_repair(&row, event->intent);
  struct history_piece session = history_row_repair(&row, event->session);
  struct history_piece error = redact_error(&row, event);
  struct history_piece note = history_row_redact_string(&row, event->note, &event->redaction, NULL);
  if (row.scratch->failed) return no_memory(recording);
  history_row_integer(&row, seq);
  history_row_string(&row, id);
  history_row_integer(&row, event->time_us);
  history_row_piece(&row, intent);
  if (event->session)
    history_row_piece(&row, session);
  else
    history_row_string(&row, NULL);
  history_row_string(&row, event->slots);
  history_row_piece_or_null(&row, error);
  history_row_piece_or_null(&row, note);
  return history_rows_end(&recording->events, recording->file);
}

/*
 * An id can be in the file already. It is the same event when a commit failed after it had reached the disk; then this
 * one says as much, and more. Another event, with an id that was used twice, stays, and this one gets a new id.
 */
static int insert_event_carefully(struct history_recording *recording, const struct event *event, int64_t seq) {
  int64_t other;
  char new_id[ID_SIZE];
  const char *id = event->id;
  sqlite3_stmt *same = recording->file->statements[HISTORY_FIND_SAME_EVENT],
               *any = recording->file->statements[HISTORY_FIND_EVENT];
  sqlite3_bind_text(same, 1, id, -1, SQLITE_STATIC);
  sqlite3_bind_int64(same, 2, event->time_us);
  sqlite3_bind_text(same, 3, event->slots, -1, SQLITE_STATIC);
  int code = history_file_ask(recording->file, HISTORY_FIND_SAME_EVENT, &other);
  if (code == SQLITE_ROW) {
    code = history_rollup_take_out(recording->file, other);
    if (code == SQLITE_OK) code = history_file_erase(recording->file, other);
  }
  if (code != SQLITE_OK) return code;
  sqlite3_bind_text(any, 1, id, -1, SQLITE_STATIC);
  code = history_file_ask(recording->file, HISTORY_FIND_EVENT, &other);
  if (code == SQLITE_ROW) {
    id_new(new_id, event->time_us);
    id = new_id;
    code = SQLITE_OK;
  }
  if (code == SQLITE_OK) code = insert_event(recording, event, id, seq);
  /* While new_id is there, and so that the next event finds this one. */
  return code == SQLITE_OK ? history_recording_flush(recording) : code;
}

/*
 * What a delivery says for people: its cause's sentence, and the details where no attempt will say them. `pending` is
 * not looked at.
 */
static struct history_piece add_message(struct history_row *row, const struct delivery *delivery, bool pending) {
  size_t start = row->scratch->length;
  if (!pending && delivery->cause != CAUSE_NONE) {
    buffer_text(row->scratch, cause_sentence(delivery->cause));
    if (!delivery->attempt.made && delivery->attempt.message[0]) {
      buffer_byte(row->scratch, ' ');
      history_row_redact_string(row, delivery->attempt.message, endpoint_redaction(delivery->endpoint),
                                &delivery->event->redaction);
    }
  }
  return (struct history_piece){start, row->scratch->length - start};
}

static const char *code_or_null(enum cause cause) {
  return cause == CAUSE_NONE ? NULL : cause_code(cause);
}

/* Binds what a delivery's outcome is, in the order of the columns. */
static void bind_outcome(struct history_row *row, const struct delivery *delivery, struct history_piece message,
                         bool pending) {
  history_row_string(row, delivery_status_text(pending ? DELIVERY_PENDING : delivery->status));
  history_row_string(row, pending ? NULL : code_or_null(delivery->cause));
  history_row_piece_or_null(row, message);
  history_row_integer_or_null(row, pending ? 0 : delivery->finished_us, 0);
}

static int insert_delivery(struct history_recording *recording, const struct delivery *delivery, bool pending) {
  const struct endpoint *endpoint = delivery->endpoint;
  struct history_row row = history_rows_begin(&recording->deliveries, recording->file);
  struct history_piece url =
      history_row_redact_string(&row, endpoint_url(endpoint), endpoint_redaction(endpoint), NULL);
  struct history_piece message = add_message(&row, delivery, pending);
  struct history_piece intent = history_row_repair(&row, delivery->event->intent);
  if (row.scratch->failed) return no_memory(recording);
  history_row_integer(&row, history_record_seq(delivery->event));
  history_row_integer(&row, delivery->number);
  history_row_piece(&row, intent);
  history_row_piece(&row, url);
  bind_outcome(&row, delivery, message, pending);
  return history_rows_end(&recording->deliveries, recording->file);
}

int history_record_event(struct history_recording *recording, struct event *event) {
  int64_t seq;
  int code = next_seq(recording, event->time_us, &seq);
  if (code == SQLITE_OK)
    code = recording->careful ? insert_event_carefully(recording, event, seq)
                              : insert_event(recording, event, event->id, seq);
  if (code != SQLITE_OK) return code;
  event->history.row = make_row(recording, seq);
  for (unsigned i = 0; code == SQLITE_OK && i < event->delivery_count; i++) {
    struct delivery *delivery = &event->deliveries[i];
    bool finished = delivery->history.in_batch || delivery->history.row;
    code = insert_delivery(recording, delivery, !finished);
    delivery->history.inserted_final = finished;
  }
  return code;
}

/* ---- finished deliveries ---- */

/*
 * Whether the file has it already, by a commit that failed after it had reached the disk: then all of it is there. That
 * closes the file, so it is asked only after it was opened again.
 */
static int find_finished(struct history_recording *recording, const struct delivery *delivery, bool *found) {
  sqlite3_stmt *statement = recording->file->statements[HISTORY_IS_FINISHED];
  int64_t one;
  sqlite3_bind_int64(statement, 1, history_record_seq(delivery->event));
  sqlite3_bind_int64(statement, 2, delivery->number);
  sqlite3_bind_int64(statement, 3, delivery->finished_us);
  sqlite3_bind_int64(statement, 4, delivery->event->time_us);
  int code = history_file_ask(recording->file, HISTORY_IS_FINISHED, &one);
  *found = code == SQLITE_ROW;
  return *found ? SQLITE_OK : code;
}

static int update_delivery(struct history_recording *recording, const struct delivery *delivery, bool same_file) {
  enum history_statement finish = same_file ? HISTORY_FINISH_DELIVERY : HISTORY_FINISH_DELIVERY_OF_TIME;
  struct history_row row = {.statement = recording->file->statements[finish], .scratch = &recording->finishing};
  buffer_clear(row.scratch);
  struct history_piece message = add_message(&row, delivery, false);
  if (row.scratch->failed) return no_memory(recording);
  history_row_integer(&row, history_record_seq(delivery->event));
  history_row_integer(&row, delivery->number);
  bind_outcome(&row, delivery, message, false);
  if (!same_file) history_row_integer(&row, delivery->event->time_us);
  return history_file_run(recording->file, finish);
}

static int find_erased(struct history_recording *recording, const struct event *event, bool *found) {
  sqlite3_stmt *statement = recording->file->statements[HISTORY_IS_ERASED];
  int64_t one;
  sqlite3_bind_int64(statement, 1, history_record_seq(event));
  sqlite3_bind_int64(statement, 2, event->time_us);
  int code = history_file_ask(recording->file, HISTORY_IS_ERASED, &one);
  *found = code == SQLITE_ROW;
  return *found ? SQLITE_OK : code;
}

/*
 * Writes the event again. Its deliveries that were finished before were counted in the file where they stood; another
 * file counts them too.
 */
static int record_again(struct history_recording *recording, struct event *event, bool same_file) {
  int code = history_record_event(recording, event);
  for (unsigned i = 0; code == SQLITE_OK && !same_file && i < event->delivery_count; i++) {
    const struct delivery *delivery = &event->deliveries[i];
    if (delivery->history.row) /* not one of this batch */
      code = counted(recording, history_rollup_add_delivery(&recording->rollup, recording->file, delivery));
  }
  return code == SQLITE_OK ? history_recording_flush(recording) : code;
}

/*
 * When the file has been opened again since the event was written, it may be another file, and another event may have
 * that seq; so the time is compared too. When nothing fits, the event is written again. `done`: there is nothing more
 * to be written of this delivery.
 */
static int finish_delivery(struct history_recording *recording, struct delivery *delivery, bool *done) {
  struct event *event = delivery->event;
  bool same_file = event->history.row == make_row(recording, history_record_seq(event));
  int code = same_file ? SQLITE_OK : find_finished(recording, delivery, done);
  if (code != SQLITE_OK || *done) return code;
  code = update_delivery(recording, delivery, same_file);
  if (code != SQLITE_OK || sqlite3_changes(recording->file->database)) return code;
  code = find_erased(recording, event, done);
  return code == SQLITE_OK && !*done ? record_again(recording, event, same_file) : code;
}

static int insert_attempt(struct history_recording *recording, const struct delivery *delivery) {
  const struct attempt *attempt = &delivery->attempt;
  const struct redaction *first = endpoint_redaction(delivery->endpoint), *second = &delivery->event->redaction;
  const struct buffer *body = &attempt->response_body;
  struct history_row row = history_rows_begin(&recording->attempts, recording->file);
  struct history_piece url = history_row_redact_string(&row, endpoint_url(delivery->endpoint), first, NULL);
  struct history_piece request_head = history_row_redact_head(&row, &attempt->request_head, first, second);
  struct history_piece request_body =
      history_row_redact(&row, delivery->stored_body, delivery->stored_body_length, first, second);
  struct history_piece response_head = history_row_redact_head(&row, &attempt->response_head, first, second);
  size_t shown =
      attempt->truncated && body->length ? redact_cut(body->bytes, body->length, first, second) : body->length;
  struct history_piece response_body = history_row_redact(&row, body->bytes, shown, first, second);
  struct history_piece message = history_row_redact_string(&row, attempt->message, first, second);
  if (row.scratch->failed) return no_memory(recording);
  history_row_integer(&row, history_record_seq(delivery->event));
  history_row_integer(&row, delivery->number);
  history_row_integer(&row, attempt->started_us);
  history_row_string(&row, "POST");
  history_row_piece(&row, url);
  history_row_piece_or_null(&row, request_head);
  history_row_piece(&row, request_body);
  history_row_integer_or_null(&row, attempt->http_status, 0);
  history_row_piece_or_null(&row, response_head);
  if (attempt->http_status)
    history_row_piece(&row, response_body);
  else
    history_row_string(&row, NULL);
  history_row_integer_or_null(&row, attempt->response_length, -1);
  history_row_integer(&row, attempt->truncated);
  history_row_string(&row, attempt->remote_address[0] ? attempt->remote_address : NULL);
  history_row_string(&row, attempt->http_version);
  history_row_string(&row, attempt->tls_version);
  history_row_integer_or_null(&row, attempt->name_lookup_us, -1);
  history_row_integer_or_null(&row, attempt->connect_us, -1);
  history_row_integer_or_null(&row, attempt->tls_us, -1);
  history_row_integer_or_null(&row, attempt->first_byte_us, -1);
  history_row_integer_or_null(&row, attempt->total_us, -1);
  history_row_string(&row, code_or_null(attempt->cause));
  history_row_piece_or_null(&row, message);
  history_row_string(&row, code_or_null(attempt->body_cause));
  history_row_integer(&row, attempt->resent);
  return history_rows_end(&recording->attempts, recording->file);
}

int history_record_delivery(struct history_recording *recording, struct delivery *delivery) {
  int code = SQLITE_OK;
  bool done = false;
  if (!delivery->history.inserted_final) code = finish_delivery(recording, delivery, &done);
  if (code != SQLITE_OK || done) return code;
  code = counted(recording, history_rollup_add_delivery(&recording->rollup, recording->file, delivery));
  if (code != SQLITE_OK || !delivery->attempt.made) return code;
  code = counted(recording, history_rollup_add_attempt(&recording->rollup, recording->file, delivery));
  return code == SQLITE_OK ? insert_attempt(recording, delivery) : code;
}
