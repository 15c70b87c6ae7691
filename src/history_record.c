/*
 * history_record: see history_record.h.
 *
 * What a row binds lies in the scratch buffer, or in the event, until its statement has run; SQLite copies it only
 * once, into the row. So first everything is appended to the scratch buffer, which may move while it grows, then bound.
 */
#include "history_record.h"

#include <string.h>

#include "endpoint.h"
#include "history_schema.h"
#include "utf8.h"

/* A piece of the scratch buffer. */
struct piece {
  size_t start, length;
};

static size_t begin_piece(const struct buffer *scratch) {
  return scratch->length;
}

static struct piece end_piece(const struct buffer *scratch, size_t start) {
  return (struct piece){start, scratch->length - start};
}

static struct piece redact_piece(struct buffer *scratch, const char *text, size_t length, const struct redaction *first,
                                 const struct redaction *second) {
  size_t start = begin_piece(scratch);
  redact_text(scratch, text, length, first, second);
  return end_piece(scratch, start);
}

/* What a string becomes, NULL an empty piece. */
static struct piece redact_string(struct buffer *scratch, const char *text, const struct redaction *first,
                                  const struct redaction *second) {
  return redact_piece(scratch, text, text ? strlen(text) : 0, first, second);
}

static struct piece redact_head_piece(struct buffer *scratch, const struct buffer *head, const struct redaction *first,
                                      const struct redaction *second) {
  size_t start = begin_piece(scratch);
  redact_head(scratch, head->bytes, head->length, first, second);
  return end_piece(scratch, start);
}

/* NULL for a NULL text. */
static void bind_string(sqlite3_stmt *statement, int column, const char *text) {
  if (text)
    sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
  else
    sqlite3_bind_null(statement, column);
}

/* Text where it is UTF-8 without a NUL, otherwise a blob, so that every byte survives and every tool can read it. */
static void bind_piece(sqlite3_stmt *statement, int column, const struct buffer *scratch, struct piece piece) {
  const char *bytes = piece.length ? scratch->bytes + piece.start : "";
  bool is_text = !memchr(bytes, '\0', piece.length) && utf8_valid_prefix(bytes, piece.length) == piece.length;
  if (is_text)
    sqlite3_bind_text64(statement, column, bytes, piece.length, SQLITE_STATIC, SQLITE_UTF8);
  else
    sqlite3_bind_blob64(statement, column, bytes, piece.length, SQLITE_STATIC);
}

static void bind_piece_or_null(sqlite3_stmt *statement, int column, const struct buffer *scratch, struct piece piece) {
  if (piece.length)
    bind_piece(statement, column, scratch, piece);
  else
    sqlite3_bind_null(statement, column);
}

static void bind_integer_or_null(sqlite3_stmt *statement, int column, int64_t value, int64_t none) {
  if (value == none)
    sqlite3_bind_null(statement, column);
  else
    sqlite3_bind_int64(statement, column, value);
}

static void bind_cause(sqlite3_stmt *statement, int column, enum cause cause) {
  bind_string(statement, column, cause == CAUSE_NONE ? NULL : cause_code(cause));
}

int history_recording_begin(struct history_recording *recording) {
  recording->first_seq = 0;
  recording->last_seq = 0;
  recording->earliest = INT64_MAX;
  recording->latest = INT64_MIN;
  int code = history_file_ask(recording->file, HISTORY_LAST_SEQ, &recording->last_seq);
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

int history_recording_end(struct history_recording *recording) {
  return write_span(recording);
}

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

static int insert_event(struct history_recording *recording, const struct event *event, const char *id, int64_t seq) {
  struct buffer *scratch = &recording->scratch;
  buffer_clear(scratch);
  struct piece error = redact_string(scratch, event->error, &event->redaction, NULL);
  struct piece note = redact_string(scratch, event->note, &event->redaction, NULL);
  if (scratch->failed) return SQLITE_NOMEM;

  sqlite3_stmt *statement = recording->file->statements[HISTORY_INSERT_EVENT];
  sqlite3_bind_int64(statement, 1, seq);
  sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 3, event->time_us);
  sqlite3_bind_text(statement, 4, event->intent, -1, SQLITE_STATIC);
  bind_string(statement, 5, event->session);
  sqlite3_bind_text(statement, 6, event->slots, -1, SQLITE_STATIC);
  bind_piece_or_null(statement, 7, scratch, error);
  bind_piece_or_null(statement, 8, scratch, note);
  return history_file_run(recording->file, HISTORY_INSERT_EVENT);
}

/*
 * There is an event of the same id. It is the same one when a commit failed after it had reached the disk; then this
 * one says as much, and more. Another one with an id that was used twice stays, and this one gets a new id.
 */
static int insert_again(struct history_recording *recording, const struct event *event, int64_t seq) {
  int64_t same;
  sqlite3_stmt *statement = recording->file->statements[HISTORY_FIND_EVENT];
  sqlite3_bind_text(statement, 1, event->id, -1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 2, event->time_us);
  int code = history_file_ask(recording->file, HISTORY_FIND_EVENT, &same);
  if (code == SQLITE_OK) {
    char id[ID_SIZE];
    id_new(id, event->time_us);
    return insert_event(recording, event, id, seq);
  }
  if (code == SQLITE_ROW) code = history_file_erase(recording->file, same);
  return code == SQLITE_OK ? insert_event(recording, event, event->id, seq) : code;
}

/*
 * What a delivery says for people: its cause's sentence, and the details where no attempt will say them. `pending` is
 * not looked at.
 */
static struct piece redact_message(struct buffer *scratch, const struct delivery *delivery, bool pending) {
  size_t start = begin_piece(scratch);
  if (!pending && delivery->cause != CAUSE_NONE) {
    buffer_text(scratch, cause_sentence(delivery->cause));
    if (!delivery->attempt.made && delivery->attempt.message[0]) {
      buffer_byte(scratch, ' ');
      redact_string(scratch, delivery->attempt.message, endpoint_redaction(delivery->endpoint),
                    &delivery->event->redaction);
    }
  }
  return end_piece(scratch, start);
}

static int insert_delivery(struct history_recording *recording, const struct delivery *delivery, bool pending) {
  struct buffer *scratch = &recording->scratch;
  buffer_clear(scratch);
  struct piece url =
      redact_string(scratch, endpoint_url(delivery->endpoint), endpoint_redaction(delivery->endpoint), NULL);
  struct piece message = redact_message(scratch, delivery, pending);
  if (scratch->failed) return SQLITE_NOMEM;

  sqlite3_stmt *statement = recording->file->statements[HISTORY_INSERT_DELIVERY];
  sqlite3_bind_int64(statement, 1, delivery->event->history.row);
  sqlite3_bind_int64(statement, 2, delivery->number);
  sqlite3_bind_text(statement, 3, delivery->event->intent, -1, SQLITE_STATIC);
  bind_piece(statement, 4, scratch, url);
  bind_string(statement, 5, delivery_status_text(pending ? DELIVERY_PENDING : delivery->status));
  bind_cause(statement, 6, pending ? CAUSE_NONE : delivery->cause);
  bind_piece_or_null(statement, 7, scratch, message);
  bind_integer_or_null(statement, 8, pending ? 0 : delivery->finished_us, 0);
  return history_file_run(recording->file, HISTORY_INSERT_DELIVERY);
}

int history_record_event(struct history_recording *recording, struct event *event) {
  int64_t seq;
  int code = next_seq(recording, event->time_us, &seq);
  if (code == SQLITE_OK) code = insert_event(recording, event, event->id, seq);
  if (code == SQLITE_CONSTRAINT) code = insert_again(recording, event, seq);
  if (code != SQLITE_OK) return code;
  event->history.row = seq;
  for (unsigned i = 0; code == SQLITE_OK && i < event->delivery_count; i++) {
    struct delivery *delivery = &event->deliveries[i];
    bool finished = delivery->history.in_batch || delivery->history.row;
    code = insert_delivery(recording, delivery, !finished);
    delivery->history.inserted_final = finished;
  }
  return code;
}

/*
 * The event's time is compared too: should the file have been replaced, another event may have that row now. When none
 * has both, the event is written again.
 */
static int finish_delivery(struct history_recording *recording, struct delivery *delivery) {
  struct buffer *scratch = &recording->scratch;
  buffer_clear(scratch);
  struct piece message = redact_message(scratch, delivery, false);
  if (scratch->failed) return SQLITE_NOMEM;

  sqlite3_stmt *statement = recording->file->statements[HISTORY_FINISH_DELIVERY];
  sqlite3_bind_int64(statement, 1, delivery->event->history.row);
  sqlite3_bind_int64(statement, 2, delivery->number);
  bind_string(statement, 3, delivery_status_text(delivery->status));
  bind_cause(statement, 4, delivery->cause);
  bind_piece_or_null(statement, 5, scratch, message);
  bind_integer_or_null(statement, 6, delivery->finished_us, 0);
  sqlite3_bind_int64(statement, 7, delivery->event->time_us);
  int code = history_file_run(recording->file, HISTORY_FINISH_DELIVERY);
  if (code != SQLITE_OK || sqlite3_changes(recording->file->database)) return code;
  return history_record_event(recording, delivery->event);
}

static int insert_attempt(struct history_recording *recording, const struct delivery *delivery) {
  const struct attempt *attempt = &delivery->attempt;
  const struct redaction *first = endpoint_redaction(delivery->endpoint), *second = &delivery->event->redaction;
  struct buffer *scratch = &recording->scratch;
  buffer_clear(scratch);
  struct piece url = redact_string(scratch, endpoint_url(delivery->endpoint), first, NULL);
  struct piece request_head = redact_head_piece(scratch, &attempt->request_head, first, second);
  struct piece request_body = redact_piece(scratch, delivery->stored_body, delivery->stored_body_length, first, second);
  struct piece response_head = redact_head_piece(scratch, &attempt->response_head, first, second);
  const struct buffer *body = &attempt->response_body;
  size_t body_length = attempt->truncated ? redact_cut(body->bytes, body->length, first, second) : body->length;
  struct piece response_body = redact_piece(scratch, body->bytes, body_length, first, second);
  struct piece message = redact_string(scratch, attempt->message, first, second);
  if (scratch->failed) return SQLITE_NOMEM;

  sqlite3_stmt *statement = recording->file->statements[HISTORY_INSERT_ATTEMPT];
  sqlite3_bind_int64(statement, 1, delivery->event->history.row);
  sqlite3_bind_int64(statement, 2, delivery->number);
  sqlite3_bind_int64(statement, 3, attempt->started_us);
  bind_piece(statement, 4, scratch, url);
  bind_piece_or_null(statement, 5, scratch, request_head);
  bind_piece(statement, 6, scratch, request_body);
  bind_integer_or_null(statement, 7, attempt->http_status, 0);
  bind_piece_or_null(statement, 8, scratch, response_head);
  if (attempt->http_status)
    bind_piece(statement, 9, scratch, response_body);
  else
    sqlite3_bind_null(statement, 9);
  bind_integer_or_null(statement, 10, attempt->response_length, -1);
  sqlite3_bind_int(statement, 11, attempt->truncated);
  bind_string(statement, 12, attempt->remote_address[0] ? attempt->remote_address : NULL);
  bind_string(statement, 13, attempt->http_version);
  bind_string(statement, 14, attempt->tls_version);
  bind_integer_or_null(statement, 15, attempt->name_lookup_us, -1);
  bind_integer_or_null(statement, 16, attempt->connect_us, -1);
  bind_integer_or_null(statement, 17, attempt->tls_us, -1);
  bind_integer_or_null(statement, 18, attempt->first_byte_us, -1);
  bind_integer_or_null(statement, 19, attempt->total_us, -1);
  bind_cause(statement, 20, attempt->cause);
  bind_piece_or_null(statement, 21, scratch, message);
  bind_cause(statement, 22, attempt->body_cause);
  sqlite3_bind_int(statement, 23, attempt->resent);
  return history_file_run(recording->file, HISTORY_INSERT_ATTEMPT);
}

int history_record_delivery(struct history_recording *recording, struct delivery *delivery) {
  int code = SQLITE_OK;
  if (!delivery->history.inserted_final) code = finish_delivery(recording, delivery);
  if (code == SQLITE_OK && delivery->attempt.made) code = insert_attempt(recording, delivery);
  return code;
}
