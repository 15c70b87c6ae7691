/*
 * history_file: the writer's connection to the history file, with its prepared statements.
 *
 * All zero is a closed file. Only one thread uses it. Whatever fails leaves the reason, for people, in `error`.
 * SQLite codes are the primary ones. Nothing here waits for another program's lock: that gives SQLITE_BUSY at once.
 */
#ifndef INTENT_WEBHOOK_HISTORY_FILE_H
#define INTENT_WEBHOOK_HISTORY_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "history.h"

#pragma GCC visibility push(hidden)

/* clang-format off */
/*
 * For ageing the counts of a table: the first minute before ?1 that is no multiple of ?2, or any for 0. Goes from minute
 * to minute by the key, whatever stands in them.
 */
#define HISTORY_AGED_MINUTE(table) \
  "WITH RECURSIVE minutes (minute) AS (SELECT min(minute) FROM " table " WHERE minute > 0 UNION ALL" \
  " SELECT (SELECT min(later.minute) FROM " table " AS later WHERE later.minute > minutes.minute) FROM minutes" \
  " WHERE minutes.minute < ?1) SELECT minute FROM minutes WHERE minute < ?1 AND minute % ?2 IS NOT 0 LIMIT 1"

#define HISTORY_COUNT_DELIVERIES_AGAIN \
  " ON CONFLICT (minute, url, status, cause) DO UPDATE SET count = count + excluded.count"
#define HISTORY_COUNT_ATTEMPTS_AGAIN \
  " ON CONFLICT (minute, url, bucket, cause) DO UPDATE SET count = count + excluded.count," \
  " total_us = total_us + excluded.total_us"

#define HISTORY_STATEMENTS(X) \
  X(BEGIN, "BEGIN IMMEDIATE") \
  X(COMMIT, "COMMIT") \
  X(LAST_SEQ, "SELECT max(coalesce((SELECT max(seq) FROM events), 0)," \
    " coalesce((SELECT last_seq FROM event_spans ORDER BY span DESC LIMIT 1), 0))") \
  X(INSERT_SPAN, "INSERT INTO event_spans (span, earliest, latest, last_seq) VALUES (?1, ?2, ?3, ?4)" \
    " ON CONFLICT (span) DO UPDATE SET earliest = min(earliest, excluded.earliest)," \
    " latest = max(latest, excluded.latest), last_seq = max(last_seq, excluded.last_seq)") \
  X(FINISH_DELIVERY, "UPDATE deliveries SET status = ?3, cause = ?4, message = ?5, finished = ?6" \
    " WHERE event = ?1 AND number = ?2") \
  X(FINISH_DELIVERY_OF_TIME, "UPDATE deliveries SET status = ?3, cause = ?4, message = ?5, finished = ?6" \
    " WHERE event = ?1 AND number = ?2 AND (SELECT time FROM events WHERE seq = ?1) = ?7") \
  X(FIND_EVENT, "SELECT seq FROM events WHERE id = ?1") \
  X(FIND_SAME_EVENT, "SELECT seq FROM events WHERE id = ?1 AND time = ?2 AND slots = ?3") \
  X(DELETE_ATTEMPTS, "DELETE FROM attempts WHERE event = ?1") \
  X(DELETE_DELIVERIES, "DELETE FROM deliveries WHERE event = ?1") \
  X(DELETE_EVENT, "DELETE FROM events WHERE seq = ?1") \
  X(OLD_SPAN, "SELECT span FROM event_spans WHERE earliest < ?1 ORDER BY span LIMIT 1") \
  X(OLD_EVENT, "SELECT seq FROM events WHERE seq >= ?1 AND seq < ?2 AND time < ?3 ORDER BY seq LIMIT 1") \
  X(SHRINK_SPAN, "UPDATE event_spans SET earliest = coalesce((SELECT min(time) FROM events" \
    " WHERE seq >= ?2 AND seq < ?3), 9223372036854775807) WHERE span = ?1") \
  X(DELETE_SPAN, "DELETE FROM event_spans WHERE span = ?1 AND earliest = 9223372036854775807" \
    " AND span < (SELECT max(span) FROM event_spans)") \
  X(IS_FINISHED, "SELECT 1 FROM deliveries WHERE event = ?1 AND number = ?2 AND finished = ?3" \
    " AND (SELECT time FROM events WHERE seq = ?1) = ?4") \
  X(IS_ERASED, "SELECT 1 FROM erased_events WHERE event = ?1 AND time = ?2") \
  X(OLD_ERASED, "SELECT event FROM erased_events WHERE erased < ?1 LIMIT 1") \
  X(DELETE_ERASED, "DELETE FROM erased_events WHERE erased < ?1") \
  X(COUNT_DELIVERIES, "INSERT INTO delivery_minutes (minute, url, status, cause, count) VALUES (?1, ?2, ?3, ?4, ?5)" \
    HISTORY_COUNT_DELIVERIES_AGAIN) \
  X(COUNT_ATTEMPTS, "INSERT INTO attempt_minutes (minute, url, bucket, cause, count, total_us)" \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)" HISTORY_COUNT_ATTEMPTS_AGAIN) \
  X(UNCOUNT_DELIVERIES, "INSERT INTO delivery_minutes (minute, url, status, cause, count)" \
    " SELECT max(1, finished / 60000000), url, status, coalesce(cause, ''), -1 FROM deliveries" \
    " WHERE event = ?1 AND finished IS NOT NULL" HISTORY_COUNT_DELIVERIES_AGAIN) \
  X(UNCOUNT_ATTEMPTS, "INSERT INTO attempt_minutes (minute, url, bucket, cause, count, total_us)" \
    " SELECT max(1, started / 60000000), url, rollup_bucket(total_us), coalesce(cause, ''), -1," \
    " -coalesce(total_us, 0) FROM attempts WHERE event = ?1" HISTORY_COUNT_ATTEMPTS_AGAIN) \
  X(AGED_DELIVERY_MINUTE, HISTORY_AGED_MINUTE("delivery_minutes")) \
  X(AGED_ATTEMPT_MINUTE, HISTORY_AGED_MINUTE("attempt_minutes")) \
  X(MOVE_DELIVERY_MINUTE, "INSERT INTO delivery_minutes (minute, url, status, cause, count)" \
    " SELECT ?2, url, status, cause, count FROM delivery_minutes WHERE minute = ?1" HISTORY_COUNT_DELIVERIES_AGAIN) \
  X(MOVE_ATTEMPT_MINUTE, "INSERT INTO attempt_minutes (minute, url, bucket, cause, count, total_us)" \
    " SELECT ?2, url, bucket, cause, count, total_us FROM attempt_minutes WHERE minute = ?1" \
    HISTORY_COUNT_ATTEMPTS_AGAIN) \
  X(DELETE_DELIVERY_MINUTE, "DELETE FROM delivery_minutes WHERE minute = ?1") \
  X(DELETE_ATTEMPT_MINUTE, "DELETE FROM attempt_minutes WHERE minute = ?1")

/* These write up to HISTORY_ROWS rows at a time, which halves what a row costs. The first column is never NULL. */
#define HISTORY_INSERTS(X) \
  X(INSERT_EVENTS, 8, "events (seq, id, time, intent, session, slots, error, note)") \
  X(INSERT_DELIVERIES, 8, "deliveries (event, number, intent, url, status, cause, message, finished)") \
  X(INSERT_ATTEMPTS, 24, "attempts (event, number, started, method, url, request_headers, request_body, http_status," \
    " response_headers, response_body, response_length, truncated, remote_address, http_version, tls_version," \
    " name_lookup_us, connect_us, tls_us, first_byte_us, total_us, cause, message, body_cause, resent)")
/* clang-format on */

enum { HISTORY_ROWS = 16 };

enum history_statement {
#define HISTORY_STATEMENT_ENUM(name, sql) HISTORY_##name,
  HISTORY_STATEMENTS(HISTORY_STATEMENT_ENUM)
#undef HISTORY_STATEMENT_ENUM
#define HISTORY_INSERT_ENUM(name, columns, table) HISTORY_##name,
      HISTORY_INSERTS(HISTORY_INSERT_ENUM)
#undef HISTORY_INSERT_ENUM
          HISTORY_STATEMENT_COUNT
};

struct history_file {
  sqlite3 *database; /* NULL: closed */
  sqlite3_stmt *statements[HISTORY_STATEMENT_COUNT];
  int wal_pages;     /* in the WAL after the last commit */
  int checkpoint_at; /* so many make the next checkpoint */
  ino_t wal_inode, shm_inode;
  char error[HISTORY_ERROR_SIZE];
};

/* Opens the file, creates it where there is none, and brings it to the current schema. */
int history_file_open(struct history_file *file, const char *path);

/* checkpoint false: leaves the WAL as it is, which is quicker. */
void history_file_close(struct history_file *file, bool checkpoint);

/*
 * Whether the open file is still the one at its path. When somebody has moved, deleted or replaced it, it is brought up
 * to date, wherever it is now, and closed, and its WAL, which nobody else is to take for his own, is removed.
 */
int history_file_keep_place(struct history_file *file, const char *path);

/* Runs a statement that gives no row, with what is bound. */
int history_file_run(struct history_file *file, enum history_statement statement);

/* Runs a statement that gives at most one row with one integer. SQLITE_ROW: there was one. */
int history_file_ask(struct history_file *file, enum history_statement statement, int64_t *value);

/*
 * Runs one of HISTORY_INSERTS with its first `rows` rows: column n of row r, both from 0, is bound as number
 * r * columns + n + 1. A conflict (SQLITE_CONSTRAINT) rolls the whole transaction back.
 */
int history_file_insert(struct history_file *file, enum history_statement statement, int columns, int rows);

/* For statements of others on this connection: leaves the sentence in `error` and returns the primary code. */
int history_file_explain(struct history_file *file, int code);

/* Ends a transaction, if one is open. */
void history_file_roll_back(struct history_file *file);

/* Within a transaction: removes an event with its deliveries and attempts. */
int history_file_erase(struct history_file *file, int64_t seq);

/*
 * Copies the WAL into the file when it has grown enough. `busy`: there is more to write, so only when it must be. When
 * the WAL keeps growing, waits up to a few hundredths of a second for other writers, so that it can start over.
 */
void history_file_checkpoint(struct history_file *file, bool busy);

/* After a fork in the child while SQLite was in use: nothing can be opened in this process any more. */
void history_file_forbid(void);
bool history_file_forbidden(char error[HISTORY_ERROR_SIZE]);

#pragma GCC visibility pop
#endif
