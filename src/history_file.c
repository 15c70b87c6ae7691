/*
 * history_file: see history_file.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_CLOEXEC */
#endif
#include "history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history_schema.h"

enum {
  PAGE_BYTES = 4096,
  CACHE_KIB = 8192,
  WAL_PAGES_QUIET = 4 * 1024 * 1024 / PAGE_BYTES,       /* checkpoint when there is time */
  WAL_PAGES_BUSY = 16 * 1024 * 1024 / PAGE_BYTES,       /* checkpoint in any case */
  WAL_PAGES_START_OVER = 64 * 1024 * 1024 / PAGE_BYTES, /* make the other writers wait for it */
  WAL_BYTES_KEPT = 16 * 1024 * 1024,                    /* of the file, when the WAL has started over */
  START_OVER_TRIES = 40,
  START_OVER_SLEEP_MS = 1
};

static const char WAL_SUFFIX[] = "-wal", SHM_SUFFIX[] = "-shm";

/* In a child whose parent was using SQLite at the fork: its locks and mutexes are in no known state. */
static atomic_bool forbidden;

void history_file_forbid(void) {
  atomic_store(&forbidden, true);
}

bool history_file_forbidden(char error[HISTORY_ERROR_SIZE]) {
  if (!atomic_load(&forbidden)) return false;
  snprintf(error, HISTORY_ERROR_SIZE,
           "The process forked while a history file was in use, so this child cannot open one: start a new program in "
           "the child (exec), or fork earlier.");
  return true;
}

static const char *advice(int code) {
  switch (code) {
  case SQLITE_BUSY: return "Another program keeps the history file locked: end its transaction";
  case SQLITE_FULL: return "The disk is full: free some space, and the history goes on";
  case SQLITE_NOTADB: return "The file is not an SQLite database: name another file";
  case SQLITE_CORRUPT: return "The history file is damaged: move it away, or repair it with sqlite3's .recover";
  case SQLITE_READONLY: return "The history file may not be written: check its permissions and its folder's";
  case SQLITE_CANTOPEN: return "The history file cannot be opened: check its permissions and its folder's";
  case SQLITE_IOERR: return "Reading or writing the history file failed: check the disk";
  case SQLITE_NOMEM: return "There was not enough memory to write the history";
  default: return "The history file cannot be written";
  }
}

int history_file_explain(struct history_file *file, int code) {
  int primary = code & 0xff, system = 0;
  if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) system = sqlite3_system_errno(file->database);
  const char *details = sqlite3_errstr(code);
  if (system)
    details = strerror(system);
  else if (file->database && sqlite3_errcode(file->database) != SQLITE_OK)
    details = sqlite3_errmsg(file->database);
  snprintf(file->error, sizeof file->error, "%s (%s).", advice(primary), details);
  return primary;
}

/*
 * Creates the file with mode 0600 where there is none. An existing file is never opened here: closing it again would
 * drop every lock that this process has on it. That is no danger for a new one, since nobody opens an empty file.
 */
static int create(struct history_file *file, const char *path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) return SQLITE_OK;
    snprintf(file->error, sizeof file->error,
             "The history file cannot be created (%s): check its folder's permissions.", strerror(errno));
    return SQLITE_CANTOPEN;
  }
  fchmod(descriptor, 0600); /* the umask may have taken bits away */
  close(descriptor);
  return SQLITE_OK;
}

static int note_wal(void *argument, sqlite3 *database, const char *name, int pages) {
  (void)database, (void)name;
  ((struct history_file *)argument)->wal_pages = pages;
  return SQLITE_OK;
}

/*
 * Foreign keys would look up a parent for each row, though the writer knows that it is there; they are declared for
 * those who delete by hand. What is deleted is overwritten with zeros. fullfsync is for macOS, where fsync alone does
 * not flush. Setting a WAL hook also ends SQLite's own checkpoints within a commit.
 */
static int configure(struct history_file *file) {
  char pragmas[256];
  snprintf(pragmas, sizeof pragmas,
           "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON; "
           "PRAGMA cache_size = -%d;"
           "PRAGMA journal_size_limit = %d; PRAGMA trusted_schema = OFF",
           (int)CACHE_KIB, (int)WAL_BYTES_KEPT);
  int code = sqlite3_exec(file->database, pragmas, NULL, NULL, NULL);
  if (code != SQLITE_OK) return history_file_explain(file, code);
  sqlite3_wal_hook(file->database, note_wal, file);
  file->checkpoint_at = WAL_PAGES_QUIET;
  return SQLITE_OK;
}

static int prepare_one(struct history_file *file, enum history_statement statement, const char *sql) {
  int code = sqlite3_prepare_v3(file->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &file->statements[statement], NULL);
  return code == SQLITE_OK ? code : history_file_explain(file, code);
}

/*
 * Rows that are not used have a NULL in front. A conflict rolls back everything, so that SQLite need not be able to
 * undo this statement alone, which costs a copy of each page.
 */
static int prepare_insert(struct history_file *file, enum history_statement statement, int columns, const char *table) {
  struct buffer sql = {0};
  buffer_text(&sql, "INSERT OR ROLLBACK INTO ");
  buffer_text(&sql, table);
  buffer_text(&sql, " SELECT * FROM (VALUES ");
  for (int row = 0; row < HISTORY_ROWS; row++) {
    buffer_text(&sql, row ? ", (?" : "(?");
    for (int column = 1; column < columns; column++) buffer_text(&sql, ", ?");
    buffer_byte(&sql, ')');
  }
  buffer_text(&sql, ") WHERE column1 IS NOT NULL");
  buffer_byte(&sql, '\0');
  int code = sql.failed ? history_file_explain(file, SQLITE_NOMEM) : prepare_one(file, statement, sql.bytes);
  buffer_free(&sql);
  return code;
}

static int prepare(struct history_file *file) {
  int code = SQLITE_OK;
#define PREPARE(name, sql) \
  if (code == SQLITE_OK) code = prepare_one(file, HISTORY_##name, sql);
  HISTORY_STATEMENTS(PREPARE)
#undef PREPARE
#define PREPARE(name, columns, table) \
  if (code == SQLITE_OK) code = prepare_insert(file, HISTORY_##name, columns, table);
  HISTORY_INSERTS(PREPARE)
#undef PREPARE
  return code;
}

/* Writes the name of a file beside the database. Returns its inode number, 0 when there is none. */
static ino_t beside(char name[PATH_MAX], const char *path, const char *suffix) {
  struct stat status;
  int length = snprintf(name, PATH_MAX, "%s%s", path, suffix);
  return length > 0 && length < PATH_MAX && stat(name, &status) == 0 ? status.st_ino : 0;
}

static void note_inodes(struct history_file *file, const char *path) {
  char name[PATH_MAX];
  file->wal_inode = beside(name, path, WAL_SUFFIX);
  file->shm_inode = beside(name, path, SHM_SUFFIX);
}

static int attach(struct history_file *file, const char *path) {
  int code = create(file, path);
  if (code != SQLITE_OK) return code;
  code =
      sqlite3_open_v2(path, &file->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  if (code != SQLITE_OK) return history_file_explain(file, code);
  if (sqlite3_db_readonly(file->database, "main") == 1) return history_file_explain(file, SQLITE_READONLY);
  code = history_schema_apply(file->database, file->error, sizeof file->error);
  if (code != SQLITE_OK) return code == SQLITE_SCHEMA ? code : history_file_explain(file, code);
  code = configure(file);
  if (code == SQLITE_OK) code = prepare(file);
  note_inodes(file, path);
  return code;
}

int history_file_open(struct history_file *file, const char *path) {
  *file = (struct history_file){0};
  if (history_file_forbidden(file->error)) return SQLITE_CANTOPEN;
  if (!sqlite3_threadsafe()) {
    snprintf(file->error, sizeof file->error, "This SQLite was built without threads: install another.");
    return SQLITE_CANTOPEN;
  }
  int code = attach(file, path);
  if (code != SQLITE_OK) history_file_close(file, false);
  return code;
}

void history_file_close(struct history_file *file, bool checkpoint) {
  for (int i = 0; i < HISTORY_STATEMENT_COUNT; i++) {
    sqlite3_finalize(file->statements[i]);
    file->statements[i] = NULL;
  }
  if (file->database && !checkpoint) sqlite3_db_config(file->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_close_v2(file->database);
  file->database = NULL;
}

int history_file_keep_place(struct history_file *file, const char *path) {
  int moved = 0, pages = 0, copied = 0;
  sqlite3_file_control(file->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (!moved) return SQLITE_OK;
  int code = sqlite3_wal_checkpoint_v2(file->database, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
  if (code == SQLITE_OK && copied < pages) code = SQLITE_BUSY; /* somebody reads; what is only in the WAL must stay */
  if (code == SQLITE_BUSY) return history_file_explain(file, code);
  /* Before closing, so that the numbers are not another file's already. */
  char name[PATH_MAX];
  if (beside(name, path, WAL_SUFFIX) == file->wal_inode && file->wal_inode) unlink(name);
  if (beside(name, path, SHM_SUFFIX) == file->shm_inode && file->shm_inode) unlink(name);
  history_file_close(file, false);
  return SQLITE_OK;
}

int history_file_run(struct history_file *file, enum history_statement statement) {
  sqlite3_stmt *prepared = file->statements[statement];
  int code = sqlite3_step(prepared);
  if (code == SQLITE_DONE) code = SQLITE_OK;
  if (code != SQLITE_OK) code = history_file_explain(file, code); /* before the reset: that clears the system's error */
  sqlite3_reset(prepared);
  return code;
}

int history_file_ask(struct history_file *file, enum history_statement statement, int64_t *value) {
  sqlite3_stmt *prepared = file->statements[statement];
  int code = sqlite3_step(prepared);
  if (code == SQLITE_ROW)
    *value = sqlite3_column_int64(prepared, 0);
  else if (code != SQLITE_DONE)
    code = history_file_explain(file, code);
  sqlite3_reset(prepared);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int history_file_insert(struct history_file *file, enum history_statement statement, int columns, int rows) {
  for (int row = rows; row < HISTORY_ROWS; row++) sqlite3_bind_null(file->statements[statement], row * columns + 1);
  return history_file_run(file, statement);
}

void history_file_roll_back(struct history_file *file) {
  if (!sqlite3_get_autocommit(file->database)) sqlite3_exec(file->database, "ROLLBACK", NULL, NULL, NULL);
}

int history_file_erase(struct history_file *file, int64_t seq) {
  static const enum history_statement statements[] = {HISTORY_DELETE_ATTEMPTS, HISTORY_DELETE_DELIVERIES,
                                                      HISTORY_DELETE_EVENT};
  int code = SQLITE_OK;
  for (size_t i = 0; code == SQLITE_OK && i < sizeof statements / sizeof *statements; i++) {
    sqlite3_bind_int64(file->statements[statements[i]], 1, seq);
    code = history_file_run(file, statements[i]);
  }
  return code;
}

static int wait_for_others(void *argument, int tries) {
  (void)argument;
  if (tries >= START_OVER_TRIES) return 0;
  usleep(START_OVER_SLEEP_MS * 1000);
  return 1;
}

void history_file_checkpoint(struct history_file *file, bool busy) {
  if (file->wal_pages < WAL_PAGES_QUIET) file->checkpoint_at = WAL_PAGES_QUIET; /* it has started over */
  if (file->wal_pages < file->checkpoint_at) return;
  if (busy && file->wal_pages < WAL_PAGES_BUSY) return;
  bool start_over = file->wal_pages >= WAL_PAGES_START_OVER;
  sqlite3_wal_checkpoint_v2(file->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  if (start_over) {
    sqlite3_busy_handler(file->database, wait_for_others, NULL);
    sqlite3_wal_checkpoint_v2(file->database, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_handler(file->database, NULL, NULL);
  }
  /* A reader may hold it back; trying again with each commit would only cost flushes. */
  file->checkpoint_at = file->wal_pages + WAL_PAGES_QUIET;
}
