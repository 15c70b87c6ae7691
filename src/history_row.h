/*
 * history_row: rows on their way into a table of the history file, redacted and collected, and written several at a
 * time.
 *
 * What a row binds lies in its own scratch buffer, or with the caller, until it is written; SQLite copies it only once,
 * into the file's pages. A row is filled in three steps: everything that has to be redacted is appended to its buffer,
 * which may move while it grows; it is asked whether that has failed; and the columns are bound, in the statement's
 * order.
 */
#ifndef INTENT_WEBHOOK_HISTORY_ROW_H
#define INTENT_WEBHOOK_HISTORY_ROW_H

#include "buffer.h"
#include "history_file.h"
#include "redaction.h"

#pragma GCC visibility push(hidden)

/* Rows of one table that are filled and not yet written. All zero but for the first two is none. */
struct history_rows {
  enum history_statement statement; /* one of HISTORY_INSERTS */
  int columns;
  int count;
  struct buffer scratch[HISTORY_ROWS];
};

/* One row while it is filled. */
struct history_row {
  sqlite3_stmt *statement;
  int bound; /* the last parameter that has been */
  struct buffer *scratch;
};

/* A piece of a row's scratch buffer. */
struct history_piece {
  size_t start, length;
};

/* The next row of a table, then that it is filled. The latter returns an SQLite code. */
struct history_row history_rows_begin(struct history_rows *rows, struct history_file *file);
int history_rows_end(struct history_rows *rows, struct history_file *file);

/* Writes what is filled. Returns an SQLite code. */
int history_rows_write(struct history_rows *rows, struct history_file *file);

void history_rows_free(struct history_rows *rows);

/* Text or a head with what `first` and `second` call secret replaced; NULL gives an empty piece. */
struct history_piece history_row_redact(struct history_row *row, const char *text, size_t length,
                                        const struct redaction *first, const struct redaction *second);
struct history_piece history_row_redact_string(struct history_row *row, const char *text, const struct redaction *first,
                                               const struct redaction *second);
struct history_piece history_row_redact_head(struct history_row *row, const struct buffer *head,
                                             const struct redaction *first, const struct redaction *second);

/* A name or a session as UTF-8, so that no tool stumbles over it; NULL gives an empty piece. */
struct history_piece history_row_repair(struct history_row *row, const char *text);

/*
 * Each binds the next column. A piece becomes text where it is UTF-8 without a NUL, otherwise a blob, so that every
 * byte survives and every tool can read it.
 */
void history_row_integer(struct history_row *row, int64_t value);
void history_row_integer_or_null(struct history_row *row, int64_t value, int64_t none);
void history_row_string(struct history_row *row, const char *text); /* NULL: NULL */
void history_row_piece(struct history_row *row, struct history_piece piece);
void history_row_piece_or_null(struct history_row *row, struct history_piece piece); /* empty: NULL */

#pragma GCC visibility pop
#endif
