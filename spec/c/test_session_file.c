/*
 * test_session_file: session_file.c, session_table.c and session_seal.c (with what of history*.c opens a file).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "history.h"
#include "history_fixture.h"
#include "memory_faults.h"
#include "session_file.h"
#include "session_table.h"
#include "slowness.h"

enum { PATIENCE_MS = 20000, SECOND = 1000000 };

static char path[512];
static const char *folder;
static struct session_file *file;

static atomic_uint flushes;

/* In place of the system's, which SQLite calls. */
int fdatasync(int descriptor) {
  atomic_fetch_add(&flushes, 1);
  return (int)syscall(SYS_fdatasync, descriptor);
}

static struct session_text text(const char *bytes) {
  return (struct session_text){bytes, bytes ? strlen(bytes) : 0};
}

static struct session_file *open_with(const char *key) {
  char error[HISTORY_ERROR_SIZE] = "";
  struct session_file *opened = session_file_open(path, text(key), error);
  CHECK(opened != NULL);
  CHECK_TEXT(error, "");
  return opened;
}

static void begin(const char *key) {
  folder = fixture_folder(NULL);
  snprintf(path, sizeof path, "%s", fixture_path(folder, "h.db"));
  file = open_with(key);
}

static void end(void) {
  session_file_close(file);
  CHECK_TEXT(fixture_sql(path, "PRAGMA integrity_check"), "ok");
  CHECK(memory_faults_outstanding() == 0);
}

static const char *const words[] = {
    [SESSION_ANSWERED] = "answered", [SESSION_MISSING] = "missing",   [SESSION_CHANGED] = "changed",
    [SESSION_LOCKED] = "locked",     [SESSION_TOO_SLOW] = "too slow", [SESSION_BROKEN] = "broken"};

static char last_error[HISTORY_ERROR_SIZE]; /* in which the file's path reads FILE */

static const char *note(enum session_answer answer, const char *error) {
  bool starts = strncmp(error, path, strlen(path)) == 0;
  snprintf(last_error, sizeof last_error, "%s%s", starts ? "FILE" : "", error + (starts ? strlen(path) : 0));
  return words[answer];
}

static int64_t version; /* that the last get gave */

/* The body, or in brackets what else came of it; in static memory. */
static const char *get_from(struct session_file *from, const char *id, int64_t now_us, int timeout_ms) {
  static char given[4096];
  char error[HISTORY_ERROR_SIZE];
  struct buffer body = {0};
  enum session_answer answer = session_file_get(from, text(id), now_us, timeout_ms, &body, &version, error);
  const char *word = note(answer, error);
  if (answer == SESSION_ANSWERED)
    snprintf(given, sizeof given, "%.*s", (int)body.length, body.bytes ? body.bytes : "");
  else
    snprintf(given, sizeof given, "[%s]", word);
  buffer_free(&body);
  return given;
}

static const char *put_to(struct session_file *to, const char *id, const char *body, int64_t expected, int64_t now_us,
                          int timeout_ms) {
  char error[HISTORY_ERROR_SIZE];
  return note(session_file_put(to, text(id), text(body), expected, now_us, now_us + 10 * SECOND, timeout_ms, error),
              error);
}

static const char *get(const char *id, int64_t now_us) {
  return get_from(file, id, now_us, PATIENCE_MS);
}

static const char *put(const char *id, const char *body, int64_t expected, int64_t now_us) {
  return put_to(file, id, body, expected, now_us, PATIENCE_MS);
}

/* ---- rows ---- */

static void test_rows(void) {
  TEST("what is put is there until it is deleted, and each put has another version") {
    begin(NULL);
    CHECK_TEXT(get("a", 1), "[missing]");
    CHECK(version == 0);
    CHECK_TEXT(put("a", "{\"one\":1}", 0, 1), "answered");
    CHECK_TEXT(get("a", 2), "{\"one\":1}");
    int64_t first = version;
    CHECK(first > 0);
    CHECK_TEXT(put("a", "{\"two\":2}", first, 2), "answered");
    CHECK_TEXT(get("a", 3), "{\"two\":2}");
    CHECK(version > first);
    CHECK_TEXT(get("b", 3), "[missing]");
    get("a", 3);
    CHECK_TEXT(put("a", NULL, version, 3), "answered");
    CHECK_TEXT(get("a", 4), "[missing]");
    CHECK_TEXT(put("a", NULL, 0, 4), "answered");
    end();
  }
  TEST("a put with another version changes nothing, also when the session began anew under its id") {
    begin(NULL);
    CHECK_TEXT(put("a", "{\"one\":1}", 0, 1), "answered");
    get("a", 1);
    int64_t first = version;
    CHECK_TEXT(put("a", "{\"two\":2}", 0, 1), "changed");
    CHECK_TEXT(put("a", "{\"two\":2}", first + 1, 1), "changed");
    CHECK_TEXT(put("a", NULL, first + 1, 1), "changed");
    CHECK_TEXT(put("b", "{\"two\":2}", first, 1), "changed");
    CHECK_TEXT(get("a", 1), "{\"one\":1}");
    CHECK_TEXT(put("a", NULL, first, 1), "answered");
    CHECK_TEXT(put("a", "{\"new\":1}", 0, 1), "answered");
    CHECK_TEXT(put("a", "{\"old\":1}", first, 1), "changed");
    CHECK_TEXT(get("a", 1), "{\"new\":1}");
    end();
  }
  TEST("a session whose time is over counts as none, and its last moment as within") {
    begin(NULL);
    CHECK_TEXT(put("a", "{}", 0, 5), "answered");
    CHECK_TEXT(get("a", 5 + 10 * SECOND), "{}");
    int64_t first = version;
    CHECK_TEXT(get("a", 6 + 10 * SECOND), "[missing]");
    CHECK(version == 0);
    CHECK_TEXT(put("a", "{\"x\":1}", first, 6 + 10 * SECOND), "changed");
    CHECK_TEXT(put("a", "{\"x\":1}", 0, 6 + 10 * SECOND), "answered");
    CHECK_TEXT(get("a", 6 + 10 * SECOND), "{\"x\":1}");
    CHECK(version > first);
    end();
  }
  TEST("each put deletes up to four sessions whose time is over, and no other") {
    begin(NULL);
    char id[16];
    for (int i = 0; i < 10; i++) {
      snprintf(id, sizeof id, "old-%d", i);
      CHECK_TEXT(put(id, "{}", 0, i), "answered");
    }
    CHECK_TEXT(put("kept", "{}", 0, 5 * SECOND), "answered");
    static const char *const left[] = {"7", "4", "3"};
    for (int i = 0; i < 4; i++) {
      snprintf(id, sizeof id, "new-%d", i);
      CHECK_TEXT(put(id, "{}", 0, 11 * SECOND), "answered");
      if (i < 3) CHECK_TEXT(fixture_sql(path, "SELECT count(*) - 1 FROM sessions"), left[i]);
    }
    CHECK_TEXT(get("kept", 11 * SECOND), "{}");
    CHECK_TEXT(fixture_sql(path, "SELECT count(*) FROM sessions WHERE id LIKE 'old%'"), "0");
    CHECK_TEXT(fixture_sql(path, "EXPLAIN QUERY PLAN SELECT rowid FROM sessions WHERE expires < 5 ORDER BY expires"),
               "3|0|0|SEARCH sessions USING COVERING INDEX sessions_expires (expires<?)");
    end();
  }
  TEST("ids and bodies are bytes of any kind, up to a size") {
    begin("a key for the test");
    static char large[SESSION_BODY_BYTES + 1];
    memset(large, 'x', sizeof large);
    struct buffer body = {0};
    char error[HISTORY_ERROR_SIZE];
    static const char odd[] = "a\0b\xff'";
    struct session_text odd_id = {odd, sizeof odd}, most = {large, SESSION_BODY_BYTES};
    CHECK(session_file_put(file, odd_id, most, 0, 1, 2, PATIENCE_MS, error) == SESSION_ANSWERED);
    CHECK(session_file_get(file, odd_id, 1, PATIENCE_MS, &body, &version, error) == SESSION_ANSWERED);
    CHECK(body.length == SESSION_BODY_BYTES && memcmp(body.bytes, large, body.length) == 0);
    CHECK_TEXT(get("a", 1), "[missing]");
    struct session_text more = {large, sizeof large};
    CHECK(session_file_put(file, odd_id, more, 0, 1, 2, PATIENCE_MS, error) == SESSION_BROKEN);
    CHECK_TEXT(error, "The session is larger than 1 MiB: keep less in it.");
    CHECK(session_file_put(file, most, odd_id, 0, 1, 2, PATIENCE_MS, error) == SESSION_BROKEN);
    CHECK_TEXT(error, "The session's id is longer than 64 KiB: shorten it.");
    CHECK(session_file_get(file, most, 1, PATIENCE_MS, &body, &version, error) == SESSION_BROKEN);
    buffer_free(&body);
    end();
  }
}

/* ---- several at once ---- */

enum { THREADS = 4, INCREMENTS = 100 };

static atomic_uint conflicts, troubles;

/* Adds one to the number in the session, as often as it has to. */
static void *increment(void *argument) {
  (void)argument;
  char error[HISTORY_ERROR_SIZE];
  struct session_file *own = session_file_open(path, text(NULL), error);
  for (int done = 0; own && done < INCREMENTS;) {
    struct buffer body = {0};
    int64_t seen = 0;
    enum session_answer answer = session_file_get(own, text("sum"), 1, PATIENCE_MS, &body, &seen, error);
    char next[32];
    buffer_byte(&body, '\0');
    snprintf(next, sizeof next, "%d", atoi(body.bytes) + 1);
    buffer_free(&body);
    if (answer == SESSION_ANSWERED || answer == SESSION_MISSING)
      answer = session_file_put(own, text("sum"), text(next), seen, 1, SECOND, PATIENCE_MS, error);
    if (answer == SESSION_ANSWERED) done++;
    if (answer == SESSION_CHANGED) conflicts++;
    if (answer != SESSION_ANSWERED && answer != SESSION_CHANGED) {
      troubles++;
      break;
    }
  }
  session_file_close(own);
  return NULL;
}

static void test_together(void) {
  TEST("of several that change a session at once each knows whether it was the first: nothing is lost") {
    begin(NULL);
    pthread_t threads[THREADS];
    conflicts = troubles = 0;
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, increment, NULL) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    char sum[16];
    snprintf(sum, sizeof sum, "%d", THREADS * INCREMENTS);
    CHECK_TEXT(get("sum", 1), sum);
    CHECK(troubles == 0 && conflicts > 0);
    end();
  }
  TEST("beside the history's writer both get on, and a put does not wait for the disk while a record does") {
    begin(NULL);
    char error[HISTORY_ERROR_SIZE];
    struct history *history = history_acquire(path, 0, error);
    struct endpoint *endpoint = fixture_endpoint("http://127.0.0.1:8080/hook", NULL);
    memset(&fixture_told, 0, sizeof fixture_told);
    CHECK(history && history_start(history, PATIENCE_MS, error));
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    unsigned before = flushes;
    for (int i = 0; i < 50; i++) {
      get("a", 1);
      CHECK_TEXT(put("a", "{\"more\":true}", version, 1), "answered");
    }
    CHECK(flushes == before);
    for (unsigned i = 1; i <= 20; i++) {
      before = flushes;
      struct event *event = fixture_record(history, &(struct fixture_event){.note = "n"}, 0);
      get("a", 1);
      CHECK_TEXT(put("a", "{\"more\":true}", version, 1), "answered");
      CHECK(fixture_await(&fixture_told.events_stored, i));
      CHECK(flushes > before);
      if (event) event_release(event);
    }
    history_release(history);
    CHECK(history_finish_all(PATIENCE_MS));
    fixture_endpoint_free(endpoint);
    CHECK_TEXT(fixture_sql(path, "SELECT (SELECT count(*) FROM events), (SELECT body FROM sessions)"),
               "20|{\"more\":true}");
    end();
  }
  TEST("the WAL does not grow for ever, without a writer of the history") {
    begin(NULL);
    static char body[4000];
    memset(body, 'x', sizeof body - 1);
    char id[16], error[HISTORY_ERROR_SIZE];
    struct stat status = {0};
    for (int i = 0; i < 8000; i++) {
      snprintf(id, sizeof id, "%d", i % 100);
      session_file_put(file, text(id), text(NULL), 0, 1, 0, PATIENCE_MS, error);
      get(id, 1);
      CHECK_TEXT(put(id, body, version, 1), "answered");
    }
    CHECK(stat(fixture_path(folder, "h.db-wal"), &status) == 0);
    CHECK(status.st_size < 40 * 1024 * 1024);
    end();
  }
}

/* ---- keys ---- */

static bool holds(const char *name, const char *needle) {
  static char content[8 << 20];
  FILE *stream = fopen(fixture_path(folder, name), "r");
  if (!stream) return false;
  size_t length = fread(content, 1, sizeof content, stream);
  fclose(stream);
  return memmem(content, length, needle, strlen(needle)) != NULL;
}

#define CHANGED_BYTE(number)                                           \
  "UPDATE sessions SET body = CAST(substr(body, 1, " number " - 1) ||" \
  " CASE substr(body, " number ", 1) WHEN x'00' THEN x'01' ELSE x'00' END || substr(body, " number " + 1) AS BLOB)"

static void test_keys(void) {
  TEST("with a key nothing of a body is in the file or its WAL, and it comes back whole") {
    begin("correct horse battery staple");
    CHECK_TEXT(put("a", "{\"phone\":\"+84901234567\"}", 0, 1), "answered");
    CHECK_TEXT(get("a", 1), "{\"phone\":\"+84901234567\"}");
    CHECK(holds("h.db-wal", "sessions")); /* it is looked at */
    CHECK(!holds("h.db-wal", "84901234567") && !holds("h.db", "84901234567"));
    session_file_close(file);
    CHECK(!holds("h.db", "84901234567") && holds("h.db", "sessions"));
    file = open_with("correct horse battery staple");
    CHECK_TEXT(get("a", 1), "{\"phone\":\"+84901234567\"}");
    end();
  }
  TEST("the same body twice looks different, and has a length that tells nothing but its own") {
    begin("correct horse battery staple");
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    CHECK_TEXT(put("b", "{}", 0, 1), "answered");
    CHECK_TEXT(fixture_sql(path, "SELECT count(DISTINCT body), max(length(body)), min(length(body)) FROM sessions"),
               "2|31|31");
    end();
  }
  TEST("another key, or none, or one too many: the session counts as none, is told of, and can be replaced") {
    static const char *const keys[][2] = {
        {"the key of yesterday", "the key of today"}, {"the key of yesterday", NULL}, {NULL, "the key of today"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
      begin(keys[i][0]);
      CHECK_TEXT(put("a", "{\"old\":1}", 0, 1), "answered");
      session_file_close(file);
      file = open_with(keys[i][1]);
      CHECK_TEXT(get("a", 1), "[locked]");
      CHECK_TEXT(last_error, keys[i][1]
                                 ? "FILE: a session cannot be decrypted, and counts as none: is the key another one?"
                                 : "FILE: a session is encrypted, and counts as none: give the key");
      CHECK(version > 0);
      CHECK_TEXT(put("a", "{\"new\":1}", 0, 1), "changed");
      CHECK_TEXT(put("a", "{\"new\":1}", version, 1), "answered");
      CHECK_TEXT(get("a", 1), "{\"new\":1}");
      end();
    }
  }
  TEST("a sealed body that was changed, cut off, or moved to another session or version is not taken") {
    static const char *const changes[] = {
        "UPDATE sessions SET version = version + 1",
        "UPDATE sessions SET id = 'b' WHERE id = 'a'",
        "UPDATE sessions SET body = CAST(substr(body, 1, length(body) - 1) AS BLOB)",
        "UPDATE sessions SET body = CAST(substr(body, 1, 20) AS BLOB)",
        "UPDATE sessions SET body = CAST('' AS BLOB) || x'02' || substr(body, 2)",
        CHANGED_BYTE("6"),
        CHANGED_BYTE("20"),
        CHANGED_BYTE("40"),
        "UPDATE sessions SET body = '{\"forged\":1}'",
        "UPDATE sessions SET body = zeroblob(29)",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
      begin("correct horse battery staple");
      CHECK_TEXT(put("a", "{\"phone\":\"+84901234567\"}", 0, 1), "answered");
      CHECK_TEXT(fixture_sql(path, changes[i]), "");
      if (!CHECK_TEXT(get(i == 1 ? "b" : "a", 1), "[locked]")) printf("     %s\n", changes[i]);
      end();
    }
  }
}

/* ---- files in every state ---- */

static void write_file(const char *name, const char *bytes) {
  FILE *stream = fopen(name, "w");
  fputs(bytes, stream);
  fclose(stream);
}

static void test_files(void) {
  TEST("a place where no file can be is refused at once") {
    char error[HISTORY_ERROR_SIZE];
    CHECK(session_file_open("/nonexistent/h.db", text(NULL), error) == NULL);
    CHECK_TEXT(error, "/nonexistent/h.db: the folder does not exist: create it first");
    CHECK(session_file_open("/tmp", text(NULL), error) == NULL);
    CHECK_TEXT(error, "/tmp: is not a regular file");
    session_file_close(NULL);
  }
  TEST("the file is made with the first request, for its owner only, and is one file again at the end") {
    begin(NULL);
    CHECK(access(path, F_OK) != 0);
    mode_t before = umask(0);
    CHECK_TEXT(get("a", 1), "[missing]");
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    umask(before);
    static const char *const names[] = {"h.db", "h.db-wal", "h.db-shm"};
    for (size_t i = 0; i < 3; i++) {
      struct stat status = {0};
      CHECK(stat(fixture_path(folder, names[i]), &status) == 0 && (status.st_mode & 07777) == 0600);
    }
    session_file_close(file);
    CHECK(access(fixture_path(folder, "h.db-wal"), F_OK) != 0);
    file = open_with(NULL);
    CHECK_TEXT(get("a", 1), "{}");
    end();
  }
  TEST("what is no history is said to be none, and left as it is; afterwards a good one is used") {
    begin(NULL);
    write_file(path, "notes notes notes notes notes notes notes notes notes notes notes notes notes notes notes notes "
                     "notes notes notes");
    CHECK_TEXT(get("a", 1), "[broken]");
    CHECK_TEXT(last_error, "FILE: The file is not an SQLite database: name another file (file is not a database).");
    CHECK_TEXT(put("a", "{}", 0, 1), "broken");
    unlink(path);
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    CHECK_TEXT(fixture_sql(path, "PRAGMA user_version = 9"), "");
    session_file_close(file);
    file = open_with(NULL);
    CHECK_TEXT(get("a", 1), "[broken]");
    CHECK(strstr(last_error, "has schema version 9") != NULL);
    CHECK_TEXT(fixture_sql(path, "PRAGMA user_version = 3"), "");
    CHECK_TEXT(get("a", 1), "{}");
    end();
  }
  TEST("a file that was moved or deleted while in use is let go, and a new one is begun in its place") {
    begin(NULL);
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    char moved[600];
    snprintf(moved, sizeof moved, "%s.1", path);
    CHECK(rename(path, moved) == 0);
    CHECK_TEXT(get("a", 1), "[missing]");
    CHECK_TEXT(put("a", "{\"new\":1}", 0, 1), "answered");
    CHECK_TEXT(fixture_sql(moved, "SELECT body FROM sessions"), "{}");
    CHECK(unlink(path) == 0);
    CHECK_TEXT(get("a", 1), "[missing]");
    end();
  }
  TEST("a damaged table is said to be damaged, and does not stay open") {
    begin(NULL);
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    CHECK_TEXT(fixture_sql(path, "ALTER TABLE sessions RENAME TO gone"), "");
    CHECK_TEXT(get("a", 1), "[broken]");
    CHECK(strstr(last_error, "no such table") != NULL);
    CHECK_TEXT(fixture_sql(path, "ALTER TABLE gone RENAME TO sessions"), "");
    CHECK_TEXT(get("a", 1), "{}");
    end();
  }
}

/* ---- time ---- */

static void *commit_soon(void *database) {
  usleep(20000);
  sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
  return NULL;
}

static void test_time(void) {
  TEST("a file that another program keeps locked: get answers, put gives up in time, and nothing comes of it later") {
    begin(NULL);
    CHECK_TEXT(put("a", "{\"one\":1}", 0, 1), "answered");
    get("a", 1);
    sqlite3 *other = NULL;
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    int64_t started = clock_monotonic_us(), first = version;
    CHECK_TEXT(get("a", 1), "{\"one\":1}");
    CHECK_TEXT(put_to(file, "a", "{\"two\":2}", first, 1, 30), "too slow");
    CHECK_TEXT(last_error,
               "The session was not written within 30 ms, and whether it will be is not known: does another "
               "program keep the history file locked?");
    CHECK_TEXT(put_to(file, "a", "{\"two\":2}", first, 1, 0), "too slow");
    CHECK(clock_monotonic_us() - started < SECOND * spec_slowness());
    CHECK_TEXT(get("a", 1), "{\"one\":1}"); /* so the thread has given up the others */
    CHECK(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(other);
    CHECK_TEXT(get("a", 1), "{\"one\":1}");
    CHECK(version == first);
    CHECK_TEXT(put("a", "{\"two\":2}", first, 1), "answered");
    end();
  }
  TEST("a lock that ends in time is waited for") {
    begin(NULL);
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    sqlite3 *other = NULL;
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    get("a", 1);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, commit_soon, other) == 0);
    CHECK_TEXT(put("a", "{\"two\":2}", version, 1), "answered");
    pthread_join(thread, NULL);
    sqlite3_close(other);
    end();
  }
  TEST("a file that somebody keeps for himself can be closed in the middle of what nobody waits for") {
    begin(NULL);
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    session_file_close(file);
    sqlite3 *other = NULL;
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
    file = open_with(NULL);
    CHECK_TEXT(get_from(file, "a", 1, 20), "[too slow]");
    CHECK_TEXT(last_error,
               "The session could not be read within 20 ms: does another program keep the history file locked?");
    CHECK_TEXT(get_from(file, "a", 1, 0), "[too slow]");
    session_file_close(file);
    sqlite3_close(other);
    file = open_with(NULL);
    CHECK_TEXT(get("a", 1), "{}");
    end();
  }
}

/* ---- memory ---- */

/* Everything once, the nth allocation failing. Whether all went well; nothing else than "no memory" may go wrong. */
static bool live(void) {
  char error[HISTORY_ERROR_SIZE] = "";
  struct session_file *one = session_file_open(path, text("correct horse battery staple"), error);
  if (!one) return !CHECK(*error != '\0');
  bool good = true;
  struct buffer body = {0};
  int64_t seen = 0;
  enum session_answer answer = session_file_get(one, text("a"), 1, PATIENCE_MS, &body, &seen, error);
  if (answer == SESSION_BROKEN) good = !CHECK(*error != '\0');
  CHECK(answer == SESSION_BROKEN || answer == SESSION_ANSWERED || answer == SESSION_MISSING);
  if (answer == SESSION_ANSWERED) CHECK_BYTES(body.bytes, body.length, "{\"phone\":\"+84901234567\"}");
  if (answer != SESSION_BROKEN) {
    answer =
        session_file_put(one, text("a"), text("{\"phone\":\"+84901234567\"}"), seen, 1, SECOND, PATIENCE_MS, error);
    CHECK(answer == SESSION_ANSWERED || answer == SESSION_BROKEN);
    if (answer == SESSION_BROKEN) good = !CHECK(*error != '\0');
  }
  buffer_free(&body);
  session_file_close(one);
  return good;
}

static void test_memory(void) {
  static const enum memory_faults_mode modes[] = {MEMORY_FAULTS_ONCE, MEMORY_FAULTS_ONWARDS};
  for (size_t i = 0; i < 2; i++) TEST("each allocation fails: it is said, nothing leaks, and the session stays whole") {
      begin(NULL);
      unsigned nth = 1, bad = 0;
      for (;; nth++) {
        memory_faults_fail(nth, modes[i]);
        bool good = live(), hit = memory_faults_hit();
        if (!hit && !CHECK(good)) break;
        if (!hit) break;
        if (!good) bad++;
      }
      CHECK(nth > 10 && bad > 5);
      end();
    }
  TEST("SQLite without memory: it is said, and goes by") {
    begin(NULL);
    CHECK_TEXT(put("a", "{}", 0, 1), "answered");
    int64_t limit = sqlite3_hard_heap_limit64(-1);
    if (limit < 0) {
      SKIP("this SQLite knows no limit");
      continue;
    }
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 1);
    static char large[200000];
    memset(large, 'x', sizeof large - 1);
    CHECK_TEXT(put("b", large, 0, 1), "broken");
    sqlite3_hard_heap_limit64(0);
    CHECK(strstr(last_error, "There was not enough memory") != NULL);
    CHECK_TEXT(get("a", 1), "{}");
    CHECK_TEXT(get("b", 1), "[missing]");
    end();
  }
}

int main(void) {
  memory_faults_install();
  test_rows();
  test_together();
  test_keys();
  test_files();
  test_time();
  test_memory();
  return check_finish();
}
