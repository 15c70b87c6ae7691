/*
 * test_history_schema: history_schema.c, and what of history_file.c opens a file (with memory.c, buffer.c and the
 * fixture's needs).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history_file.h"
#include "history_fixture.h"
#include "history_schema.h"

static int apply(const char *path, char *error, size_t error_size) {
  sqlite3 *database;
  error[0] = '\0';
  int code = sqlite3_open(path, &database);
  if (code == SQLITE_OK) code = history_schema_apply(database, error, error_size);
  sqlite3_close(database);
  return code;
}

static void write_bytes(const char *path, const char *bytes, size_t length) {
  FILE *file = fopen(path, "w");
  fwrite(bytes, 1, length, file);
  fclose(file);
}

static unsigned long checksum(const char *path) {
  FILE *file = fopen(path, "r");
  unsigned long sum = 5381;
  for (int byte; file && (byte = getc(file)) != EOF;) sum = sum * 33 + (unsigned)byte;
  if (file) fclose(file);
  return sum;
}

static void test_versions(void) {
  char error[HISTORY_ERROR_SIZE];
  TEST("an empty file gets the tables, the version and our application id, and is a WAL file") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    CHECK_TEXT(fixture_sql(path, "PRAGMA user_version"), "3");
    CHECK_TEXT(fixture_sql(path, "PRAGMA application_id"), "1230456881");
    CHECK_TEXT(fixture_sql(path, "PRAGMA journal_mode"), "wal");
    CHECK_TEXT(fixture_sql(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"),
               "attempt_minutes\nattempts\ndeliveries\ndelivery_minutes\nerased_events\nevent_spans\nevents\nsessions");
    CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
  }
  TEST("a current file stays as it is, and becomes a WAL file again when somebody changed that") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    fixture_sql(path, "INSERT INTO events VALUES (7, 'id', 1, 'intent', NULL, '{}', NULL, NULL)");
    CHECK_TEXT(fixture_sql(path, "PRAGMA journal_mode = DELETE"), "delete");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    CHECK_TEXT(fixture_sql(path, "SELECT seq FROM events"), "7");
    CHECK_TEXT(fixture_sql(path, "PRAGMA journal_mode"), "wal");
  }
  TEST("a file of a later version is refused, with a sentence, and not changed") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    fixture_sql(path, "PRAGMA user_version = 4");
    unsigned long before = checksum(path);
    CHECK(apply(path, error, sizeof error) == SQLITE_SCHEMA);
    CHECK_TEXT(error,
               "The history file has schema version 4 and this intent-webhook knows versions up to 3: use a newer "
               "intent-webhook, or another file.");
    CHECK(checksum(path) == before);
  }
  TEST("somebody else's database is refused, with a sentence, and not changed") {
    static const char *const foreign[] = {
        "CREATE TABLE a (b)",
        "PRAGMA application_id = 1; CREATE TABLE a (b)",
        "PRAGMA user_version = 1; CREATE TABLE events (seq)",
        "PRAGMA application_id = 99; CREATE TABLE a (b); DROP TABLE a",
        "PRAGMA application_id = 1230456881; PRAGMA user_version = -1; CREATE TABLE a (b)",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
      const char *path = fixture_path(fixture_folder(NULL), "h.db");
      write_bytes(path, "", 0);
      CHECK_TEXT(fixture_sql(path, foreign[i]), "");
      unsigned long before = checksum(path);
      CHECK(apply(path, error, sizeof error) == SQLITE_SCHEMA);
      CHECK_TEXT(error, "The file is an SQLite database, but not a history of intent-webhook: name another file.");
      CHECK(checksum(path) == before);
    }
  }
  TEST("what is no database is refused, with a sentence, and not changed") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    char text[2000];
    memset(text, 'x', sizeof text);
    write_bytes(path, text, sizeof text);
    CHECK(apply(path, error, sizeof error) == SQLITE_NOTADB);
    struct history_file file = {0};
    CHECK(history_file_open(&file, path) == SQLITE_NOTADB);
    CHECK_TEXT(file.error, "The file is not an SQLite database: name another file (file is not a database).");
    CHECK(file.database == NULL);
    struct stat status;
    CHECK(stat(path, &status) == 0 && status.st_size == sizeof text);
  }
}

static void test_migration(void) {
  char error[HISTORY_ERROR_SIZE];
  TEST("a step that fails leaves the file as it was, and the next try makes it") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    write_bytes(path, "", 0);
    sqlite3 *database = NULL, *other = NULL;
    CHECK(sqlite3_open(path, &database) == SQLITE_OK && sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    CHECK((history_schema_apply(database, error, sizeof error) & 0xff) == SQLITE_BUSY);
    CHECK_TEXT(error, "database is locked");
    CHECK(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(other) == SQLITE_OK);
    sqlite3_limit(database, SQLITE_LIMIT_COLUMN, 10); /* the attempts table has more */
    CHECK(history_schema_apply(database, error, sizeof error) == SQLITE_ERROR);
    CHECK(sqlite3_get_autocommit(database));
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM sqlite_master"), "0");
    CHECK_TEXT(fixture_sql(path, "PRAGMA user_version"), "0");
    sqlite3_limit(database, SQLITE_LIMIT_COLUMN, 2000);
    CHECK(history_schema_apply(database, error, sizeof error) == SQLITE_OK);
    CHECK_TEXT(fixture_sql(path, "PRAGMA user_version"), "3");
    CHECK(sqlite3_close(database) == SQLITE_OK);
  }
  TEST("a file of version 1 keeps what it holds, and gets the tables that came later") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    CHECK_TEXT(fixture_sql(path, "INSERT INTO events VALUES (7, 'id', 1, 'intent', NULL, '{}', NULL, NULL);"
                                 "DROP TABLE sessions; DROP TABLE delivery_minutes; DROP TABLE attempt_minutes;"
                                 "DROP TABLE erased_events; PRAGMA user_version = 1"),
               "");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    CHECK_TEXT(fixture_sql(path, "PRAGMA user_version"), "3");
    CHECK_TEXT(fixture_sql(path, "SELECT seq, (SELECT count(*) FROM sessions) FROM events"), "7|0");
    CHECK_TEXT(fixture_sql(path, "SELECT name FROM sqlite_master WHERE name = 'sessions_expires'"), "sessions_expires");
  }
  TEST("the deliveries and attempts of a file of version 2 are counted as if they had aged by now") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    long long now = (long long)(clock_wall_us() / 1000000 / 60);
    /* minutes ago: 1, 1, 150 (of ten minutes), 2000 (of an hour), 20000 (of no time) */
    static const int ages[] = {1, 1, 150, 2000, 20000};
    CHECK_TEXT(fixture_sql(path, "DROP TABLE delivery_minutes; DROP TABLE attempt_minutes; DROP TABLE erased_events;"
                                 "PRAGMA user_version = 2;"
                                 "INSERT INTO deliveries VALUES (9, 9, 'intent', 'u', 'pending', NULL, NULL, NULL)"),
               "");
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
      char sql[700];
      snprintf(sql, sizeof sql,
               "INSERT INTO events VALUES (%zu, 'id%zu', 1, 'intent', NULL, '{}', NULL, NULL);"
               "INSERT INTO deliveries VALUES (%zu, 1, 'intent', 'u', 'failed', 'memory', NULL, %lld * 60000000);"
               "INSERT INTO attempts (event, number, started, method, url, truncated, resent, total_us)"
               " VALUES (%zu, 1, %lld * 60000000 + 59999999, 'POST', 'u', 0, 0, %s)",
               i + 1, i + 1, i + 1, now - ages[i], i + 1, now - ages[i], i ? "5001" : "NULL");
      CHECK_TEXT(fixture_sql(path, sql), "");
    }
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    char expected[700];
    long long tens = (now - 150) / 10 * 10, hours = (now - 2000) / 60 * 60;
    snprintf(expected, sizeof expected,
             "0|u|failed|memory|1\n%lld|u|failed|memory|1\n%lld|u|failed|memory|1\n"
             "%lld|u|failed|memory|2",
             hours, tens, now - 1);
    CHECK_TEXT(fixture_sql(path, "SELECT * FROM delivery_minutes"), expected);
    snprintf(expected, sizeof expected,
             "0|u|5500||1|5001\n%lld|u|5500||1|5001\n%lld|u|5500||1|5001\n"
             "%lld|u|0||1|0\n%lld|u|5500||1|5001",
             hours, tens, now - 1, now - 1);
    CHECK_TEXT(fixture_sql(path, "SELECT * FROM attempt_minutes"), expected);
  }
  TEST("deleting an event by hand takes its deliveries and attempts along, when foreign keys are on") {
    const char *path = fixture_path(fixture_folder(NULL), "h.db");
    CHECK(apply(path, error, sizeof error) == SQLITE_OK);
    CHECK_TEXT(fixture_sql(path, "INSERT INTO events VALUES (7, 'id', 1, 'intent', NULL, '{}', NULL, NULL);"
                                 "INSERT INTO deliveries VALUES (7, 1, 'intent', 'u', 'pending', NULL, NULL, NULL);"
                                 "INSERT INTO attempts (event, number, started, method, url, truncated, resent)"
                                 " VALUES (7, 1, 1, 'POST', 'u', 0, 0);"
                                 "PRAGMA foreign_keys = ON; DELETE FROM events WHERE seq = 7;"
                                 "SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM attempts)"),
               "0|0");
  }
}

static void test_opening(void) {
  TEST("the file is created with mode 0600 whatever the umask, and so are WAL and SHM") {
    static const mode_t masks[] = {0, 022, 077, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
      const char *folder = fixture_folder(NULL);
      mode_t before = umask(masks[i]);
      struct history_file file = {0};
      int code = history_file_open(&file, fixture_path(folder, "h.db"));
      umask(before);
      CHECK(code == SQLITE_OK);
      static const char *const names[] = {"h.db", "h.db-wal", "h.db-shm"};
      for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
        struct stat status = {0};
        CHECK(stat(fixture_path(folder, names[j]), &status) == 0 && (status.st_mode & 07777) == 0600);
      }
      history_file_close(&file, true);
    }
  }
  TEST("the last to close leaves one file") {
    const char *folder = fixture_folder(NULL), *path = fixture_path(folder, "h.db");
    struct history_file file = {0};
    CHECK(history_file_open(&file, path) == SQLITE_OK);
    history_file_close(&file, true);
    CHECK(access(path, F_OK) == 0);
    CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) != 0);
    CHECK(access(fixture_path(folder, "h.db-shm"), F_OK) != 0);
  }
  TEST("a file that may not be opened is refused with a sentence") {
    const char *folder = fixture_folder(NULL), *path = fixture_path(folder, "h.db");
    bool root = geteuid() == 0; /* who may open everything */
    write_bytes(path, "", 0);
    chmod(path, 0);
    chmod(folder, 0777);
    if (root) CHECK(seteuid(65534) == 0);
    struct history_file file = {0};
    CHECK(history_file_open(&file, path) == SQLITE_CANTOPEN);
    if (root) CHECK(seteuid(0) == 0);
    CHECK_TEXT(file.error,
               "The history file cannot be opened: check its permissions and its folder's (Permission denied).");
    chmod(path, 0444);
    if (root) CHECK(seteuid(65534) == 0);
    CHECK(history_file_open(&file, path) == SQLITE_READONLY);
    if (root) CHECK(seteuid(0) == 0);
    CHECK_TEXT(
        file.error,
        "The history file may not be written: check its permissions and its folder's (attempt to write a readonly "
        "database).");
  }
  TEST("a folder that is gone is a sentence") {
    struct history_file file = {0};
    CHECK(history_file_open(&file, "/nonexistent/h.db") == SQLITE_CANTOPEN);
    CHECK_TEXT(file.error,
               "The history file cannot be created (No such file or directory): check its folder's permissions.");
  }
}

int main(void) {
  test_versions();
  test_migration();
  test_opening();
  return check_finish();
}
