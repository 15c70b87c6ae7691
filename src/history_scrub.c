/*
 * history_scrub: see history_scrub.h.
 *
 * Pages are read and written past SQLite's cache, by its own means, as they stand in the file (sqlite.org/fileformat2).
 * This is safe because
 *
 *  1. we read in a transaction that began while the WAL was empty, so that until it ends no checkpoint may write to the
 *     file: it stays what it is, and is complete,
 *  2. only bytes that mean nothing are changed: whoever reads a page before, after or in between reads the same, and so
 *     does who finds half of a write after a power cut.
 *
 * Other connections may have pages in their caches, with the old bytes in them. They drop these when they see a
 * commit, so one is made at the end.
 */
#include "history_scrub.h"

#include <string.h>

#include "buffer.h"
#include "history_schema.h"
#include "memory.h"

enum {
  FILE_HEAD = 100, /* bytes before the first page's own head */
  PAGES_IN_PATIENCE = 256,
  /* kinds of pages that hold trees; the others are found by nobody */
  INTERIOR_INDEX = 2,
  INTERIOR_TABLE = 5,
  LEAF_INDEX = 10,
  LEAF_TABLE = 13
};

struct scrubber {
  sqlite3_file *file;
  const struct history_patience *patience;
  int64_t page_size, page_count;
  int64_t visited;
  unsigned char *page;   /* the one that is looked at */
  struct buffer numbers; /* of pages that are still to be looked at */
  bool changed;
};

static uint32_t read_two(const unsigned char *at) {
  return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t read_four(const unsigned char *at) {
  return read_two(at) << 16 | read_two(at + 2);
}

static void push(struct scrubber *scrubber, uint32_t number) {
  buffer_push(&scrubber->numbers, &number, sizeof number);
}

/* ---- pages ---- */

/* What a page says of itself. */
struct page_head {
  bool interior;
  uint32_t pointers; /* where those to its cells begin, two bytes each */
  uint32_t cells;    /* how many */
  uint32_t content;  /* where the cells begin, up to the end of the page */
};

/* False when it is none of a tree. */
static bool read_head(const struct scrubber *scrubber, uint32_t number, struct page_head *head) {
  uint32_t at = number == 1 ? FILE_HEAD : 0;
  const unsigned char *bytes = scrubber->page + at;
  head->interior = bytes[0] == INTERIOR_INDEX || bytes[0] == INTERIOR_TABLE;
  if (!head->interior && bytes[0] != LEAF_INDEX && bytes[0] != LEAF_TABLE) return false;
  head->pointers = at + (head->interior ? 12 : 8);
  head->cells = read_two(bytes + 3);
  head->content = read_two(bytes + 5);
  if (head->content == 0) head->content = 65536;
  return head->pointers + 2 * head->cells <= head->content && head->content <= scrubber->page_size;
}

/* Of an interior page: the last one's number is in its head, the others' at the beginning of its cells. */
static bool push_children(struct scrubber *scrubber, const struct page_head *head) {
  push(scrubber, read_four(scrubber->page + head->pointers - 4));
  for (uint32_t i = 0; i < head->cells; i++) {
    uint32_t cell = read_two(scrubber->page + head->pointers + 2 * i);
    if (cell < head->content || cell + 4 > scrubber->page_size) return false;
    push(scrubber, read_four(scrubber->page + cell));
  }
  return true;
}

static bool is_zero(const unsigned char *bytes, size_t length) {
  return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static int scrub_page(struct scrubber *scrubber, uint32_t number) {
  struct page_head head;
  int64_t offset = (int64_t)(number - 1) * scrubber->page_size;
  if (number == 0 || number > scrubber->page_count) return SQLITE_CORRUPT;
  int code = scrubber->file->pMethods->xRead(scrubber->file, scrubber->page, (int)scrubber->page_size, offset);
  if (code != SQLITE_OK) return code;
  if (!read_head(scrubber, number, &head)) return SQLITE_CORRUPT;
  if (head.interior && !push_children(scrubber, &head)) return SQLITE_CORRUPT;
  uint32_t unused = head.pointers + 2 * head.cells, length = head.content - unused;
  if (is_zero(scrubber->page + unused, length)) return SQLITE_OK;
  memset(scrubber->page + unused, 0, length);
  scrubber->changed = true;
  return scrubber->file->pMethods->xWrite(scrubber->file, scrubber->page + unused, (int)length, offset + unused);
}

static int scrub_trees(struct scrubber *scrubber) {
  int code = SQLITE_OK;
  while (code == SQLITE_OK && scrubber->numbers.length > 0) {
    bool asks = scrubber->visited++ % PAGES_IN_PATIENCE == 0;
    if (asks && scrubber->patience->must_stop(scrubber->patience->context)) return SQLITE_INTERRUPT;
    if (scrubber->visited > scrubber->page_count) return SQLITE_CORRUPT; /* they go round in circles */
    scrubber->numbers.length -= sizeof(uint32_t);
    code = scrub_page(scrubber, buffer_numbers(&scrubber->numbers)[scrubber->numbers.length / sizeof(uint32_t)]);
    if (scrubber->numbers.failed) code = SQLITE_NOMEM;
  }
  return code;
}

/* ---- the file ---- */

/* Whether the file is all that there is, and stays as it is while our transaction reads. */
static bool is_frozen(sqlite3 *database) {
  sqlite3_file *wal = NULL;
  sqlite3_int64 size = 1;
  if (sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK) return false;
  return wal && wal->pMethods && wal->pMethods->xFileSize(wal, &size) == SQLITE_OK && size == 0;
}

/* Begins to read, and notes the sizes and where the trees begin. */
static int read_roots(struct scrubber *scrubber, sqlite3 *database) {
  static const char sql[] = "SELECT page_size, page_count, rootpage FROM pragma_page_size, pragma_page_count, (SELECT 1"
                            " AS rootpage UNION ALL SELECT rootpage FROM sqlite_master WHERE rootpage > 0)";
  sqlite3_stmt *rows;
  int code = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
  if (code != SQLITE_OK) return code;
  while (sqlite3_step(rows) == SQLITE_ROW) {
    scrubber->page_size = sqlite3_column_int64(rows, 0);
    scrubber->page_count = sqlite3_column_int64(rows, 1);
    push(scrubber, (uint32_t)sqlite3_column_int64(rows, 2));
  }
  code = sqlite3_finalize(rows);
  if (code != SQLITE_OK) return code;
  scrubber->page = memory_alloc((size_t)scrubber->page_size);
  return scrubber->page && !scrubber->numbers.failed ? SQLITE_OK : SQLITE_NOMEM;
}

static int scrub(struct scrubber *scrubber, sqlite3 *database) {
  int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &scrubber->file);
  if (code == SQLITE_OK) code = read_roots(scrubber, database);
  if (code == SQLITE_OK && !is_frozen(database)) code = SQLITE_BUSY;
  if (code == SQLITE_OK) code = scrub_trees(scrubber);
  if (!scrubber->changed) return code;
  int synced = scrubber->file->pMethods->xSync(scrubber->file, SQLITE_SYNC_NORMAL);
  return code == SQLITE_OK ? synced : code;
}

/* A commit that says what was so already, and is so in every version. */
static int renew_caches(sqlite3 *database) {
  char *sql = sqlite3_mprintf("PRAGMA application_id = %d", (int)HISTORY_APPLICATION_ID);
  int code = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return code;
}

int history_scrub(sqlite3 *database, const struct history_patience *patience) {
  struct scrubber scrubber = {.patience = patience};
  int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
  if (code != SQLITE_OK) return code;
  code = scrub(&scrubber, database);
  sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  memory_free(scrubber.page);
  buffer_free(&scrubber.numbers);
  return code == SQLITE_OK && scrubber.changed ? renew_caches(database) : code;
}
