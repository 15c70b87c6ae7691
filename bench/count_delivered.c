/*
 * count_delivered: how many deliveries of a history file are delivered, and have their attempt, asked of SQLite itself.
 *
 *     count_delivered FILE
 */
#include <sqlite3.h>
#include <stdio.h>

int main(int count, char **arguments) {
  static const char question[] =
      "SELECT count(*) FROM deliveries JOIN attempts USING (event, number) WHERE status = 'delivered'";
  if (count != 2) return fprintf(stderr, "usage: count_delivered FILE\n"), 2;
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;
  if (sqlite3_open_v2(arguments[1], &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2(database, question, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW)
    printf("%lld\n", (long long)sqlite3_column_int64(statement, 0));
  int error = sqlite3_errcode(database);
  if (error != SQLITE_ROW) fprintf(stderr, "count_delivered: %s\n", sqlite3_errmsg(database));
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return error == SQLITE_ROW ? 0 : 1;
}
