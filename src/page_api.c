/*
 * page_api: see page_api.h.
 */
#include "page_api.h"

#include <sqlite3.h>
#include <string.h>

#include "cause.h"
#include "history_metrics.h"
#include "history_names.h"
#include "history_overview.h"
#include "json.h"
#include "page_erase.h"
#include "page_events.h"
#include "page_export.h"
#include "page_login.h"

/*
 * A question without parameters of its own. It gets database NULL when there are no events, and returns an SQLite code.
 * False after a refusal.
 */
static bool ask(struct page_exchange *exchange, int (*question)(sqlite3 *database, struct page_exchange *exchange)) {
  struct history_patience patience;
  sqlite3 *database = NULL;
  if (page_open_history(exchange, &patience, &database) == HISTORY_FAILED) return false;
  return page_close_history(exchange, database, question(database, exchange));
}

static int ask_names(sqlite3 *database, struct page_exchange *exchange) {
  struct buffer *body = &exchange->response->body;
  if (database) return history_names_run(database, body);
  buffer_text(body, "{\"intents\":[],\"urls\":[]}");
  return SQLITE_OK;
}

static void names(struct page_exchange *exchange) {
  if (page_has_no_parameters(exchange) && ask(exchange, ask_names)) page_send_json(exchange->response);
}

static void causes(struct page_exchange *exchange) {
  if (!page_has_no_parameters(exchange)) return;
  struct json json = {.out = &exchange->response->body};
  json_begin_object(&json);
  for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
    json_text_field(&json, cause_code((enum cause)cause), cause_sentence((enum cause)cause));
  json_end_object(&json);
  page_send_json(exchange->response);
}

static void overview(struct page_exchange *exchange) {
  static const char *const form_names[] = {"span", NULL},
                           *const spans[] = {[HISTORY_HOUR] = "hour", [HISTORY_DAY] = "day", [HISTORY_WEEK] = "week"};
  enum { SPANS = sizeof spans / sizeof *spans };
  struct history_patience patience;
  sqlite3 *database = NULL;
  struct page_form form = {0};
  size_t span = 0;
  bool good = page_read_form(exchange, exchange->query, form_names, &form);
  if (good && form.values[0])
    while (span < SPANS && strcmp(spans[span], form.values[0]) != 0) span++;
  page_form_free(&form);
  if (!good) return;
  if (span == SPANS) {
    page_refuse(exchange->response, PAGE_BAD_REQUEST, "span: must be hour, day or week.");
    return;
  }
  if (page_open_history(exchange, &patience, &database) == HISTORY_FAILED) return;
  int code = history_overview_run(database, (enum history_span)span, exchange->now_us, &exchange->response->body);
  if (page_close_history(exchange, database, code)) page_send_json(exchange->response);
}

static int ask_metrics(sqlite3 *database, struct page_exchange *exchange) {
  struct history_metrics_queue queue = {0};
  if (exchange->page->client) {
    iw_stats stats;
    iw_client_stats(exchange->page->client, &stats);
    queue = (struct history_metrics_queue){
        .known = true, .deliveries = stats.queued + stats.in_flight, .bytes = stats.bytes};
  }
  return history_metrics_run(database, exchange->now_us, &queue, &exchange->response->body);
}

static void metrics(struct page_exchange *exchange) {
  if (ask(exchange, ask_metrics)) page_send_unkept(exchange->response, "text/plain; version=0.0.4; charset=utf-8");
}

static int ask_health(sqlite3 *database, struct page_exchange *exchange) {
  (void)database; /* that it could be opened is all */
  buffer_text(&exchange->response->body, "ok\n");
  return SQLITE_OK;
}

static void health(struct page_exchange *exchange) {
  if (ask(exchange, ask_health)) page_send_unkept(exchange->response, "text/plain; charset=utf-8");
}

/* ---- routes ---- */

static const struct page_route routes[] = {
    {"api/events", false, false, page_events}, {"api/events/", false, false, page_event},
    {"api/names", false, false, names},        {"api/overview", false, false, overview},
    {"api/causes", false, false, causes},      {"api/export", false, false, page_export},
    {"api/erase", true, false, page_erase},    {"api/login", true, true, page_login},
    {"api/logout", true, true, page_logout},   {"api/session", false, true, page_session},
    {"metrics", false, false, metrics},        {"healthz", false, true, health},
};

const struct page_route *page_route_find(struct page_text path) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    const char *known = routes[i].path;
    bool below = known[strlen(known) - 1] == '/';
    if (below ? page_text_begins(path, known) : page_text_is(path, known)) return &routes[i];
  }
  return NULL;
}
