/*
 * history_schema: see history_schema.h.
 *
 * What each index is for is said next to it. There are no more than that, since every one costs the writer about a
 * microsecond an event. Those on `deliveries`, a table without rowid, carry (event, number) behind their own columns,
 * as those on the others carry seq; so each gives its rows in the order in which lists are paged.
 */
#include "history_schema.h"

#include <stdio.h>
#include <string.h>

#include "history_rollup.h"

/*
 * What step 3 counts of an older file, as if it had aged by now (history_rollup.h): as much as takes a second or two to
 * read.
 */
/* clang-format off */
#define NOW "(SELECT strftime('%s', 'now') / 60 AS now)"
#define AGED(time) \
  "CASE WHEN " time " / 60000000 < now - 11520 THEN 0" \
  " WHEN " time " / 60000000 < now - 1560 THEN " time " / 3600000000 * 60" \
  " WHEN " time " / 60000000 < now - 120 THEN " time " / 600000000 * 10" \
  " ELSE " time " / 60000000 END"
#define COUNT_OLD_DELIVERIES \
  "INSERT INTO delivery_minutes SELECT " AGED("finished") " AS minute, url, status, coalesce(cause, ''), count(*)" \
  " FROM deliveries, " NOW " WHERE finished IS NOT NULL AND event > (SELECT max(seq) FROM events) - 1000000" \
  " GROUP BY 1, 2, 3, 4;"
#define COUNT_OLD_ATTEMPTS \
  "INSERT INTO attempt_minutes SELECT " AGED("started") " AS minute, url, rollup_bucket(total_us)," \
  " coalesce(cause, ''), count(*), coalesce(sum(total_us), 0)" \
  " FROM (SELECT * FROM attempts ORDER BY seq DESC LIMIT 10000), " NOW " GROUP BY 1, 2, 3, 4;"
/* clang-format on */

/* The step from version i to i + 1. A released step is never changed; a change is a new step. */
static const char *const steps[HISTORY_SCHEMA_VERSION] = {
    "CREATE TABLE events ("
    "  seq INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL UNIQUE," /* UUIDs that grow with time: new ones go to the index's end */
    "  time INTEGER NOT NULL,"
    "  intent TEXT NOT NULL,"
    "  session TEXT,"
    "  slots TEXT NOT NULL,"
    "  error TEXT,"
    "  note TEXT"
    ");"
    "CREATE INDEX events_intent ON events (intent);"
    /* Sessions come in no order; within a span they stay on few pages. A reader looks in one span after the other. */
    "CREATE INDEX events_session ON events (seq" HISTORY_TO_SPAN ", session) WHERE session IS NOT NULL;"

    /* `intent` repeats the event's, so that one index answers a question for intent and status. */
    "CREATE TABLE deliveries ("
    "  event INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,"
    "  number INTEGER NOT NULL,"
    "  intent TEXT NOT NULL,"
    "  url TEXT NOT NULL,"
    "  status TEXT NOT NULL,"
    "  cause TEXT,"
    "  message TEXT,"
    "  finished INTEGER,"
    "  PRIMARY KEY (event, number)"
    ") WITHOUT ROWID;"
    "CREATE INDEX deliveries_status ON deliveries (status);"
    "CREATE INDEX deliveries_intent_status ON deliveries (intent, status);"
    "CREATE INDEX deliveries_url ON deliveries (url);"

    "CREATE TABLE attempts ("
    "  seq INTEGER PRIMARY KEY,"
    "  event INTEGER NOT NULL,"
    "  number INTEGER NOT NULL,"
    "  started INTEGER NOT NULL,"
    "  method TEXT NOT NULL,"
    "  url TEXT NOT NULL,"
    "  request_headers TEXT,"
    "  request_body TEXT,"
    "  http_status INTEGER,"
    "  response_headers TEXT,"
    "  response_body TEXT,"
    "  response_length INTEGER,"
    "  truncated INTEGER NOT NULL,"
    "  remote_address TEXT,"
    "  http_version TEXT,"
    "  tls_version TEXT,"
    "  name_lookup_us INTEGER,"
    "  connect_us INTEGER,"
    "  tls_us INTEGER,"
    "  first_byte_us INTEGER,"
    "  total_us INTEGER,"
    "  cause TEXT,"
    "  message TEXT,"
    "  body_cause TEXT,"
    "  resent INTEGER NOT NULL,"
    "  FOREIGN KEY (event, number) REFERENCES deliveries (event, number) ON DELETE CASCADE"
    ");"
    "CREATE INDEX attempts_delivery ON attempts (event, number);" /* one event's attempts; cascades */

    /*
     * For each 4096 seqs the earliest and latest time in them: finds a range of time without an index on events.time,
     * in the order of seq, also where a clock went back. last_seq is the highest seq ever given, so that none
     * comes twice after the newest event was deleted.
     */
    "CREATE TABLE event_spans ("
    "  span INTEGER PRIMARY KEY,"
    "  earliest INTEGER NOT NULL,"
    "  latest INTEGER NOT NULL,"
    "  last_seq INTEGER NOT NULL"
    ");",

    /*
     * Conversations on their way; session_table.c. With a rowid, so that a body of up to 4 KB stands in its leaf, and
     * nothing but that leaf and the index on `expires` changes with each message.
     */
    "CREATE TABLE sessions ("
    "  id TEXT NOT NULL UNIQUE,"
    "  version INTEGER NOT NULL,"
    "  updated INTEGER NOT NULL,"
    "  expires INTEGER NOT NULL,"
    "  body BLOB NOT NULL"
    ");"
    "CREATE INDEX sessions_expires ON sessions (expires);", /* finds those that are to be deleted */

    /* Counts by the minute; history_rollup.c. The cause is '' for none, since a key's NULL would equal no other. */
    "CREATE TABLE delivery_minutes ("
    "  minute INTEGER NOT NULL,"
    "  url TEXT NOT NULL,"
    "  status TEXT NOT NULL,"
    "  cause TEXT NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  PRIMARY KEY (minute, url, status, cause)"
    ") WITHOUT ROWID;"
    "CREATE TABLE attempt_minutes ("
    "  minute INTEGER NOT NULL,"
    "  url TEXT NOT NULL,"
    "  bucket INTEGER NOT NULL,"
    "  cause TEXT NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  total_us INTEGER NOT NULL,"
    "  PRIMARY KEY (minute, url, bucket, cause)"
    ") WITHOUT ROWID;"

    /* Events that were erased while a delivery was on its way, so that the writer does not bring them back. */
    "CREATE TABLE erased_events ("
    "  event INTEGER PRIMARY KEY,"
    "  time INTEGER NOT NULL,"
    "  erased INTEGER NOT NULL"
    ");"

    COUNT_OLD_DELIVERIES COUNT_OLD_ATTEMPTS,
};

static int run(sqlite3 *database, const char *sql) {
  return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

static int explain(sqlite3 *database, int code, char *error, size_t error_size) {
  if (code != SQLITE_OK) snprintf(error, error_size, "%s", sqlite3_errmsg(database));
  return code;
}

/* The one integer that `sql` selects. Returns an SQLite code. */
static int read_integer(sqlite3 *database, const char *sql, sqlite3_int64 *value) {
  sqlite3_stmt *statement;
  int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  if (sqlite3_step(statement) == SQLITE_ROW) *value = sqlite3_column_int64(statement, 0);
  return sqlite3_finalize(statement); /* the error of the step, if there was one */
}

static int look(sqlite3 *database, sqlite3_int64 *version, enum history_schema_state *state, char *error,
                size_t error_size) {
  sqlite3_int64 application = 0, tables = 0;
  int code = read_integer(database, "PRAGMA application_id", &application);
  if (code == SQLITE_OK) code = read_integer(database, "PRAGMA user_version", version);
  if (code == SQLITE_OK) code = read_integer(database, "SELECT count(*) FROM sqlite_master", &tables);
  if (code != SQLITE_OK) return explain(database, code, error, error_size);
  bool empty = application == 0 && *version == 0 && tables == 0;
  if (!empty && (application != HISTORY_APPLICATION_ID || *version < 1)) {
    snprintf(error, error_size,
             "The file is an SQLite database, but not a history of intent-webhook: name another file.");
    return SQLITE_SCHEMA;
  }
  if (*version > HISTORY_SCHEMA_VERSION) {
    snprintf(error, error_size,
             "The history file has schema version %lld and this intent-webhook knows versions up to %d: use a newer "
             "intent-webhook, or another file.",
             (long long)*version, (int)HISTORY_SCHEMA_VERSION);
    return SQLITE_SCHEMA;
  }
  *state = empty                               ? HISTORY_SCHEMA_EMPTY
           : *version < HISTORY_SCHEMA_VERSION ? HISTORY_SCHEMA_OLDER
                                               : HISTORY_SCHEMA_CURRENT;
  return SQLITE_OK;
}

int history_schema_look(sqlite3 *database, enum history_schema_state *state, char *error, size_t error_size) {
  sqlite3_int64 version = 0;
  int code = run(database, "BEGIN"); /* one moment for all that is read: another process may be making the tables */
  if (code != SQLITE_OK) return explain(database, code, error, error_size);
  code = look(database, &version, state, error, error_size);
  if (code == SQLITE_OK) return run(database, "COMMIT");
  return code; /* the transaction ends with the connection, which keeps its error message until then */
}

/* SQLite says "delete" instead of failing where the file system cannot do it. */
static int make_wal(sqlite3 *database, char *error, size_t error_size) {
  sqlite3_stmt *statement;
  bool done = false;
  int code = sqlite3_prepare_v2(database, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
  if (code != SQLITE_OK) return explain(database, code, error, error_size);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    const unsigned char *mode = sqlite3_column_text(statement, 0);
    done = mode && strcmp((const char *)mode, "wal") == 0;
  }
  code = sqlite3_finalize(statement);
  if (code != SQLITE_OK) return explain(database, code, error, error_size);
  if (done) return SQLITE_OK;
  snprintf(error, error_size, "The history file cannot be a WAL file there: put it on a local file system.");
  return SQLITE_CANTOPEN;
}

static int step_from(sqlite3 *database, int version) {
  char pragmas[128];
  snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d", (int)HISTORY_APPLICATION_ID,
           version + 1);
  int code = run(database, steps[version]);
  return code == SQLITE_OK ? run(database, pragmas) : code;
}

/*
 * Looks within the transaction: others migrate too. All steps are one transaction, so that who reads a file that is
 * just being made never finds one of an earlier version.
 */
static int migrate(sqlite3 *database, char *error, size_t error_size) {
  int code = run(database, "BEGIN IMMEDIATE");
  if (code != SQLITE_OK) return explain(database, code, error, error_size);
  sqlite3_int64 version = 0;
  enum history_schema_state state = HISTORY_SCHEMA_EMPTY;
  code = look(database, &version, &state, error, error_size);
  if (code == SQLITE_OK) {
    while (code == SQLITE_OK && version < HISTORY_SCHEMA_VERSION) code = step_from(database, (int)version++);
    if (code == SQLITE_OK) code = run(database, "COMMIT");
    explain(database, code, error, error_size);
  }
  if (!sqlite3_get_autocommit(database)) run(database, "ROLLBACK");
  return code;
}

int history_schema_apply(sqlite3 *database, char *error, size_t error_size) {
  enum history_schema_state state;
  int code = history_schema_look(database, &state, error, error_size);
  if (code == SQLITE_OK) code = make_wal(database, error, error_size);
  if (code == SQLITE_OK) code = history_rollup_enter(database);
  return code == SQLITE_OK && state != HISTORY_SCHEMA_CURRENT ? migrate(database, error, error_size) : code;
}
