/*
 * page_export: see page_export.h.
 */
#include "page_export.h"

#include <sqlite3.h>
#include <string.h>

#include "history_export.h"
#include "page_filters.h"

enum { PIECE_EVENTS = 100 };

static const struct {
  const char *name, *type, *disposition;
} formats[] = {
    [HISTORY_EXPORT_JSONL] = {"jsonl", "application/jsonl", "attachment; filename=\"intent-history.jsonl\""},
    [HISTORY_EXPORT_CSV] = {"csv", "text/csv; charset=utf-8", "attachment; filename=\"intent-history.csv\""},
};

/* The place of that name in `formats`; -1: there is none. */
static int find_format(const char *name) {
  for (size_t i = 0; name && i < sizeof formats / sizeof *formats; i++)
    if (strcmp(formats[i].name, name) == 0) return (int)i;
  return -1;
}

static void export_piece(struct page_exchange *exchange, struct page_filters *filters,
                         enum history_export_format format) {
  struct page_response *response = exchange->response;
  struct history_patience patience;
  sqlite3 *database = NULL;
  bool first = response->next_seq == 0;
  filters->query.limit = PIECE_EVENTS;
  if (!first) filters->query.before_seq = response->next_seq;
  if (page_open_history(exchange, &patience, &database) == HISTORY_FAILED) return;
  int code = history_export_run(database, &filters->query, format, &response->body, &response->next_seq);
  if (!page_close_history(exchange, database, code)) return;
  response->more = response->next_seq != 0;
  if (!first) return;
  page_header(response, "Content-Disposition", formats[format].disposition);
  page_send_unkept(response, formats[format].type);
}

void page_export(struct page_exchange *exchange) {
  struct page_filters filters;
  if (page_filters_read(exchange, PAGE_FILTERS_EXPORT, &filters)) {
    int format = find_format(filters.format);
    if (format < 0)
      page_refuse(exchange->response, PAGE_BAD_REQUEST, "format: must be jsonl or csv.");
    else
      export_piece(exchange, &filters, (enum history_export_format)format);
  }
  page_filters_free(&filters);
}
