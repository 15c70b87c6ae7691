/*
 * history_row: see history_row.h.
 */
#include "history_row.h"

#include <string.h>

#include "utf8.h"

enum { SCRATCH_KEPT = 16 * 1024 }; /* for the next row; a long body's memory is given back */

struct history_row history_rows_begin(struct history_rows *rows, struct history_file *file) {
  struct history_row row = {.statement = file->statements[rows->statement],
                            .bound = rows->count * rows->columns,
                            .scratch = &rows->scratch[rows->count]};
  buffer_clear(row.scratch);
  return row;
}

int history_rows_end(struct history_rows *rows, struct history_file *file) {
  return ++rows->count < HISTORY_ROWS ? SQLITE_OK : history_rows_write(rows, file);
}

int history_rows_write(struct history_rows *rows, struct history_file *file) {
  if (rows->count == 0) return SQLITE_OK;
  int code = history_file_insert(file, rows->statement, rows->columns, rows->count);
  for (int i = 0; i < rows->count; i++)
    if (rows->scratch[i].capacity > SCRATCH_KEPT) buffer_free(&rows->scratch[i]);
  rows->count = 0;
  return code;
}

void history_rows_free(struct history_rows *rows) {
  for (int i = 0; i < HISTORY_ROWS; i++) buffer_free(&rows->scratch[i]);
}

struct history_piece history_row_redact(struct history_row *row, const char *text, size_t length,
                                        const struct redaction *first, const struct redaction *second) {
  size_t start = row->scratch->length;
  redact_text(row->scratch, text, length, first, second);
  return (struct history_piece){start, row->scratch->length - start};
}

struct history_piece history_row_redact_string(struct history_row *row, const char *text, const struct redaction *first,
                                               const struct redaction *second) {
  return history_row_redact(row, text, text ? strlen(text) : 0, first, second);
}

struct history_piece history_row_repair(struct history_row *row, const char *text) {
  size_t start = row->scratch->length;
  if (text) utf8_repair(row->scratch, text, strlen(text));
  return (struct history_piece){start, row->scratch->length - start};
}

struct history_piece history_row_redact_head(struct history_row *row, const struct buffer *head,
                                             const struct redaction *first, const struct redaction *second) {
  size_t start = row->scratch->length;
  redact_head(row->scratch, head->bytes, head->length, first, second);
  return (struct history_piece){start, row->scratch->length - start};
}

void history_row_integer(struct history_row *row, int64_t value) {
  sqlite3_bind_int64(row->statement, ++row->bound, value);
}

void history_row_integer_or_null(struct history_row *row, int64_t value, int64_t none) {
  if (value == none)
    sqlite3_bind_null(row->statement, ++row->bound);
  else
    history_row_integer(row, value);
}

void history_row_string(struct history_row *row, const char *text) {
  sqlite3_bind_text(row->statement, ++row->bound, text, -1, SQLITE_STATIC); /* NULL is NULL to SQLite too */
}

void history_row_piece(struct history_row *row, struct history_piece piece) {
  const char *bytes = piece.length ? row->scratch->bytes + piece.start : "";
  bool is_text = !memchr(bytes, '\0', piece.length) && utf8_valid_prefix(bytes, piece.length) == piece.length;
  if (is_text)
    sqlite3_bind_text64(row->statement, ++row->bound, bytes, piece.length, SQLITE_STATIC, SQLITE_UTF8);
  else
    sqlite3_bind_blob64(row->statement, ++row->bound, bytes, piece.length, SQLITE_STATIC);
}

void history_row_piece_or_null(struct history_row *row, struct history_piece piece) {
  if (piece.length)
    history_row_piece(row, piece);
  else
    history_row_string(row, NULL);
}
