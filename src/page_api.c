/*
 * page_api: see page_api.h.
 */
#include "page_api.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "cause.h"
#include "clock.h"
#include "history_body.h"
#include "history_erase.h"
#include "history_export.h"
#include "history_metrics.h"
#include "history_names.h"
#include "history_overview.h"
#include "history_query.h"
#include "json.h"

enum {
  LIMIT_DEFAULT = 50,
  LIMIT_MOST = 200,
  SEARCH_BYTES = 200,  /* what a search costs grows with its length */
  EXPORT_EVENTS = 100, /* in a piece */
  SEARCH_US = 800000,  /* then what has been found is answered, and the page asks for the rest */
  ERASE_SHORTEST = 3,  /* characters; a shorter value is in everything */
  ERASE_US = 60000000,
  NUMBER_MOST = 1000000
};

static void send_json(struct page_exchange *exchange) {
  page_header(exchange->response, "Cache-Control", "no-store");
  page_send(exchange->response, "application/json");
}

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

/* For what has no parameters: refuses when there are some. */
static bool has_no_parameters(struct page_exchange *exchange) {
  static const char *const none[] = {NULL};
  struct page_form form = {0};
  bool good = page_read_form(exchange, exchange->query, none, &form);
  page_form_free(&form);
  return good;
}

/* ---- filters ---- */

enum filter {
  FILTER_INTENT,
  FILTER_STATUS,
  FILTER_SESSION,
  FILTER_URL,
  FILTER_SEARCH,
  FILTER_SINCE,
  FILTER_UNTIL,
  FILTER_BEFORE,
  FILTER_AFTER,
  FILTER_LIMIT,
  FILTER_SEQS,
  FILTER_BRIEF
};

/* In the order of enum filter; those of an export are the same up to "before". */
static const char *const list_names[] = {"intent", "status", "session", "url",  "search", "since", "until",
                                         "before", "after",  "limit",   "seqs", "brief",  NULL};

struct filters {
  struct page_form form; /* has the texts of the query */
  struct history_query query;
  int64_t seqs[LIMIT_MOST];
};

static bool is_status(const char *word) {
  static const char *const words[] = {"pending", "delivered", "failed", "retrying", "paused", "unknown", "recorded"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i]) == 0) return true;
  return false;
}

/* From 1 on: 0 means to the query that there is none. */
static bool read_seq(const char *text, int64_t *seq) {
  return page_read_whole(text, INT64_MAX - 1, seq) && *seq > 0;
}

/* "1,2,3" */
static bool read_seqs(struct filters *filters, const char *text) {
  while (true) {
    char number[24];
    size_t length = strcspn(text, ",");
    if (length >= sizeof number || filters->query.seq_count == LIMIT_MOST) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!page_read_whole(number, INT64_MAX, &filters->seqs[filters->query.seq_count++])) return false;
    if (!text[length]) break;
    text += length + 1;
  }
  filters->query.seqs = filters->seqs;
  return true;
}

/* NULL, or what is wrong with them. An absent limit leaves that of the query. */
static const char *read_values(struct filters *filters, const char *const *values) {
  struct history_query *query = &filters->query;
  int64_t limit = query->limit;
  query->intent = values[FILTER_INTENT];
  query->status = values[FILTER_STATUS];
  query->session = values[FILTER_SESSION];
  query->url = values[FILTER_URL];
  query->search = values[FILTER_SEARCH];
  query->search_us = SEARCH_US;
  if (query->search && strlen(query->search) > SEARCH_BYTES) return "search: must have at most 200 bytes.";
  if (query->status && !is_status(query->status))
    return "status: must be pending, delivered, failed, retrying, paused, unknown or recorded.";
  if (values[FILTER_SINCE] && !page_read_seconds(values[FILTER_SINCE], &query->since_us))
    return "since: must be seconds since 1970, with at most six decimals.";
  if (values[FILTER_UNTIL] && !page_read_seconds(values[FILTER_UNTIL], &query->until_us))
    return "until: must be seconds since 1970, with at most six decimals.";
  if (values[FILTER_UNTIL] && query->until_us == 0) query->until_us = 1; /* 0 means no end to the query */
  if (values[FILTER_BEFORE] && !read_seq(values[FILTER_BEFORE], &query->before_seq))
    return "before: must be the \"next\" of an earlier answer.";
  if (values[FILTER_AFTER] && !read_seq(values[FILTER_AFTER], &query->after_seq))
    return "after: must be the \"seq\" of an event, or the \"next\" of an earlier answer.";
  if (values[FILTER_BEFORE] && values[FILTER_AFTER]) return "before and after: give one of them.";
  if (values[FILTER_LIMIT] && (!page_read_whole(values[FILTER_LIMIT], LIMIT_MOST, &limit) || limit == 0))
    return "limit: must be a whole number from 1 to 200.";
  if (values[FILTER_SEQS] && !read_seqs(filters, values[FILTER_SEQS]))
    return "seqs: must be at most 200 whole numbers with commas between them.";
  if (values[FILTER_BRIEF] && strcmp(values[FILTER_BRIEF], "true") != 0 && strcmp(values[FILTER_BRIEF], "false") != 0)
    return "brief: must be true or false.";
  query->brief = values[FILTER_BRIEF] && strcmp(values[FILTER_BRIEF], "true") == 0;
  query->limit = (int)limit;
  return NULL;
}

static bool read_filters(struct page_exchange *exchange, struct filters *filters) {
  *filters = (struct filters){.query.limit = LIMIT_DEFAULT};
  if (!page_read_form(exchange, exchange->query, list_names, &filters->form)) return false;
  const char *mistake = read_values(filters, filters->form.values);
  if (mistake) page_refuse(exchange->response, PAGE_BAD_REQUEST, mistake);
  return mistake == NULL;
}

/* ---- events ---- */

static bool list(struct page_exchange *exchange, const struct history_query *query) {
  struct history_patience patience;
  sqlite3 *database = NULL;
  int code = SQLITE_OK;
  enum history_found found = page_open_history(exchange, &patience, &database);
  if (found == HISTORY_FAILED) return false;
  if (found == HISTORY_NOTHING)
    history_query_nothing(query, &exchange->response->body);
  else
    code = history_query_run(database, query, &exchange->response->body);
  return page_close_history(exchange, database, code);
}

static void events(struct page_exchange *exchange) {
  struct filters filters;
  if (read_filters(exchange, &filters) && list(exchange, &filters.query)) send_json(exchange);
  page_form_free(&filters.form);
}

static bool is_nothing(const struct buffer *body) {
  return body->length == 4 && memcmp(body->bytes, "null", 4) == 0;
}

static void one_event(struct page_exchange *exchange, const char *id) {
  const struct history_query query = {.id = id};
  if (!list(exchange, &query)) return;
  if (is_nothing(&exchange->response->body))
    page_refuse(exchange->response, PAGE_NOT_FOUND, "There is no event of that id in the history.");
  else
    send_json(exchange);
}

/* Bytes that a stranger may have chosen: only ever to be saved. */
static void send_bytes(struct page_exchange *exchange, const char *file) {
  char value[64];
  snprintf(value, sizeof value, "attachment; filename=\"%s\"", file);
  page_header(exchange->response, "Content-Disposition", value);
  page_header(exchange->response, "Cache-Control", "no-store");
  page_send(exchange->response, "application/octet-stream");
}

static void one_body(struct page_exchange *exchange, const char *id, int64_t delivery, int64_t attempt,
                     enum history_body which) {
  struct history_patience patience;
  sqlite3 *database = NULL;
  bool found = false;
  if (page_open_history(exchange, &patience, &database) == HISTORY_FAILED) return;
  int code = database ? history_body_run(database, id, delivery, attempt, which, &exchange->response->body, &found)
                      : SQLITE_OK;
  if (!page_close_history(exchange, database, code)) return;
  if (found)
    send_bytes(exchange, which == HISTORY_REQUEST_BODY ? "request_body" : "response_body");
  else
    page_refuse(exchange->response, PAGE_NOT_FOUND, "There is no such body in the history.");
}

/* Cuts off *rest up to the next slash, into text of that size. */
static bool next_step(struct page_text *rest, char *text, size_t size) {
  const char *slash = rest->length ? memchr(rest->bytes, '/', rest->length) : NULL;
  size_t length = slash ? (size_t)(slash - rest->bytes) : rest->length;
  if (length == 0 || length >= size) return false;
  memcpy(text, rest->bytes, length);
  text[length] = '\0';
  *rest = page_text_from(*rest, slash ? length + 1 : length);
  return strlen(text) == length;
}

/* "N/" behind a word: ".../deliveries/1/" */
static bool next_number(struct page_text *rest, const char *word, int64_t *number) {
  char text[24];
  if (!next_step(rest, text, sizeof text) || strcmp(text, word) != 0) return false;
  return next_step(rest, text, sizeof text) && page_read_whole(text, NUMBER_MOST, number);
}

/* api/events/ID, and api/events/ID/deliveries/N/attempts/N/request_body */
static void event(struct page_exchange *exchange) {
  struct page_text rest = page_text_from(exchange->path, strlen("api/events/"));
  char id[IW_ID_SIZE], word[24];
  int64_t delivery, attempt;
  if (!has_no_parameters(exchange)) return;
  if (next_step(&rest, id, sizeof id)) {
    if (rest.length == 0) {
      one_event(exchange, id);
      return;
    }
    if (next_number(&rest, "deliveries", &delivery) && next_number(&rest, "attempts", &attempt) &&
        next_step(&rest, word, sizeof word) && rest.length == 0) {
      bool request = strcmp(word, "request_body") == 0;
      if (request || strcmp(word, "response_body") == 0) {
        one_body(exchange, id, delivery, attempt, request ? HISTORY_REQUEST_BODY : HISTORY_RESPONSE_BODY);
        return;
      }
    }
  }
  page_refuse(exchange->response, PAGE_NOT_FOUND, "There is nothing at that address.");
}

/* ---- names, causes, figures ---- */

static int ask_names(sqlite3 *database, struct page_exchange *exchange) {
  struct buffer *body = &exchange->response->body;
  if (database) return history_names_run(database, body);
  buffer_text(body, "{\"intents\":[],\"urls\":[]}");
  return SQLITE_OK;
}

static void names(struct page_exchange *exchange) {
  if (has_no_parameters(exchange) && ask(exchange, ask_names)) send_json(exchange);
}

static void causes(struct page_exchange *exchange) {
  if (!has_no_parameters(exchange)) return;
  struct json json = {.out = &exchange->response->body};
  json_begin_object(&json);
  for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
    json_text_field(&json, cause_code((enum cause)cause), cause_sentence((enum cause)cause));
  json_end_object(&json);
  send_json(exchange);
}

static void overview(struct page_exchange *exchange) {
  static const char *const form_names[] = {"span", NULL}, *const spans[] = {"hour", "day", "week"};
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
  if (page_close_history(exchange, database, code)) send_json(exchange);
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
  if (!ask(exchange, ask_metrics)) return;
  page_header(exchange->response, "Cache-Control", "no-store");
  page_send(exchange->response, "text/plain; version=0.0.4; charset=utf-8");
}

static int ask_health(sqlite3 *database, struct page_exchange *exchange) {
  (void)database; /* that it could be opened is all */
  buffer_text(&exchange->response->body, "ok\n");
  return SQLITE_OK;
}

static void health(struct page_exchange *exchange) {
  if (!ask(exchange, ask_health)) return;
  page_header(exchange->response, "Cache-Control", "no-store");
  page_send(exchange->response, "text/plain; charset=utf-8");
}

/* ---- export ---- */

static const char *const export_names[] = {"intent", "status", "session", "url",    "search",
                                           "since",  "until",  "before",  "format", NULL};

static const struct {
  const char *name, *type, *disposition;
} formats[] = {
    [HISTORY_EXPORT_JSONL] = {"jsonl", "application/jsonl", "attachment; filename=\"intent-history.jsonl\""},
    [HISTORY_EXPORT_CSV] = {"csv", "text/csv; charset=utf-8", "attachment; filename=\"intent-history.csv\""},
};

/* The place of the format in `formats`; -1 after a refusal. */
static int read_export(struct page_exchange *exchange, struct filters *filters) {
  enum { FORMAT = FILTER_BEFORE + 1, FORMATS = sizeof formats / sizeof *formats };
  const char *values[PAGE_FORM_FIELDS] = {NULL};
  *filters = (struct filters){.query.limit = EXPORT_EVENTS};
  if (!page_read_form(exchange, exchange->query, export_names, &filters->form)) return -1;
  memcpy(values, filters->form.values, (FILTER_BEFORE + 1) * sizeof *values);
  const char *mistake = read_values(filters, values), *name = filters->form.values[FORMAT];
  int format = 0;
  while (name && format < FORMATS && strcmp(formats[format].name, name) != 0) format++;
  if (!mistake && (!name || format == FORMATS)) mistake = "format: must be jsonl or csv.";
  if (mistake) page_refuse(exchange->response, PAGE_BAD_REQUEST, mistake);
  return mistake ? -1 : format;
}

static void export_piece(struct page_exchange *exchange, struct filters *filters, enum history_export_format format) {
  struct page_response *response = exchange->response;
  struct history_patience patience;
  sqlite3 *database = NULL;
  bool first = response->next_seq == 0;
  if (!first) filters->query.before_seq = response->next_seq;
  if (page_open_history(exchange, &patience, &database) == HISTORY_FAILED) return;
  int code = history_export_run(database, &filters->query, format, &response->body, &response->next_seq);
  if (!page_close_history(exchange, database, code)) return;
  response->more = response->next_seq != 0;
  if (!first) return;
  page_header(response, "Content-Disposition", formats[format].disposition);
  page_header(response, "Cache-Control", "no-store");
  page_send(response, formats[format].type);
}

void page_export(struct page_exchange *exchange) {
  struct filters filters;
  int format = read_export(exchange, &filters);
  if (format >= 0) export_piece(exchange, &filters, (enum history_export_format)format);
  page_form_free(&filters.form);
}

/* ---- erasing ---- */

enum erase_field { ERASE_ID, ERASE_SESSION, ERASE_CONTAINING, ERASE_DRY_RUN };

static const char *const erase_names[] = {"id", "session", "containing", "dry_run", NULL};

/* NULL, or what is wrong. */
static const char *read_erasure(const struct page_form *form, struct history_erasure *erasure) {
  const char *const *values = form->values;
  *erasure = (struct history_erasure){
      .id = values[ERASE_ID], .session = values[ERASE_SESSION], .containing = values[ERASE_CONTAINING]};
  if (!!erasure->id + !!erasure->session + !!erasure->containing != 1)
    return "Give exactly one of id, session and containing.";
  if (erasure->containing && strlen(erasure->containing) < ERASE_SHORTEST)
    return "containing: must have at least 3 bytes, since a shorter text is in nearly everything.";
  const char *dry_run = values[ERASE_DRY_RUN];
  bool is_word = dry_run && (strcmp(dry_run, "true") == 0 || strcmp(dry_run, "false") == 0);
  if (form->given[ERASE_DRY_RUN] && !is_word) return "dry_run: must be true or false.";
  erasure->dry_run = dry_run && strcmp(dry_run, "true") == 0;
  return NULL;
}

static void erase_events(struct page_exchange *exchange, const struct history_erasure *erasure) {
  struct page_response *response = exchange->response;
  const struct history_patience patience = {.must_stop = page_out_of_time, .context = exchange};
  char error[HISTORY_ERROR_SIZE] = "";
  int64_t count = 0, sessions = 0;
  exchange->deadline_us = clock_monotonic_us() + ERASE_US;
  enum history_erase_result result =
      history_erase(exchange->page->history, erasure, &patience, &count, &sessions, error);
  if (result != HISTORY_ERASED) {
    page_refuse(response, result == HISTORY_ERASE_TOO_SLOW ? PAGE_TIMEOUT : PAGE_HISTORY, error);
    return;
  }
  struct json json = {.out = &response->body};
  json_begin_object(&json);
  json_integer_field(&json, "events", count);
  json_integer_field(&json, "sessions", sessions);
  json_text_field(&json, "note", *error ? error : NULL);
  json_end_object(&json);
  send_json(exchange);
}

static void erase(struct page_exchange *exchange) {
  struct history_erasure erasure;
  struct page_form form = {0};
  if (page_read_form(exchange, exchange->request->body, erase_names, &form)) {
    const char *mistake = read_erasure(&form, &erasure);
    if (mistake)
      page_refuse(exchange->response, PAGE_BAD_REQUEST, mistake);
    else
      erase_events(exchange, &erasure);
  }
  page_form_free(&form);
}

/* ---- logging in ---- */

static void login(struct page_exchange *exchange) {
  static const char *const token_names[] = {"token", NULL};
  const struct page_access *access = &exchange->page->access;
  struct page_response *response = exchange->response;
  struct page_form form = {0};
  if (page_read_form(exchange, exchange->request->body, token_names, &form)) {
    const char *token = form.values[0] ? form.values[0] : "";
    if (!access->has_token) {
      page_refuse(response, PAGE_BAD_REQUEST, "This page needs no token.");
    } else if (page_access_typed(access, token) != PAGE_TOKEN_RIGHT) {
      page_refuse(response, PAGE_UNAUTHORISED, "That is not the token.");
      response->delay_ms = PAGE_FAILURE_DELAY_MS;
    } else {
      response->status = 204;
      page_access_set_cookie(access, exchange->request, exchange->now_us, &response->headers);
      page_header(response, "Cache-Control", "no-store");
      page_send(response, NULL);
    }
  }
  page_form_free(&form);
}

static void logout(struct page_exchange *exchange) {
  exchange->response->status = 204;
  if (page_access_cookie(&exchange->page->access, exchange->request, exchange->now_us)) /* others learn no name of it */
    page_access_set_cookie(&exchange->page->access, exchange->request, 0, &exchange->response->headers);
  page_header(exchange->response, "Cache-Control", "no-store");
  page_send(exchange->response, NULL);
}

static void session(struct page_exchange *exchange) {
  if (!has_no_parameters(exchange)) return;
  const struct page_access *access = &exchange->page->access;
  enum page_token bearer = page_access_bearer(access, exchange->request);
  bool authorised = !access->has_token || bearer == PAGE_TOKEN_RIGHT ||
                    page_access_cookie(access, exchange->request, exchange->now_us);
  struct json json = {.out = &exchange->response->body};
  json_begin_object(&json);
  json_key(&json, "token", strlen("token"));
  json_boolean(&json, access->has_token);
  json_key(&json, "authorised", strlen("authorised"));
  json_boolean(&json, authorised);
  json_text_field(&json, "version", IW_VERSION);
  json_end_object(&json);
  send_json(exchange);
}

/* ---- routes ---- */

static const struct page_route routes[] = {
    {"api/events", false, false, events}, {"api/events/", false, false, event},
    {"api/names", false, false, names},   {"api/overview", false, false, overview},
    {"api/causes", false, false, causes}, {"api/export", false, false, page_export},
    {"api/erase", true, false, erase},    {"api/login", true, true, login},
    {"api/logout", true, true, logout},   {"api/session", false, true, session},
    {"metrics", false, false, metrics},   {"healthz", false, true, health},
};

const struct page_route *page_route_find(struct page_text path) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    const char *known = routes[i].path;
    bool below = known[strlen(known) - 1] == '/';
    if (below ? page_text_begins(path, known) : page_text_is(path, known)) return &routes[i];
  }
  return NULL;
}
