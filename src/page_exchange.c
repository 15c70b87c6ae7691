/*
 * page_exchange: see page_exchange.h.
 */
#include "page_exchange.h"

#include <sqlite3.h>
#include <string.h>

#include "clock.h"
#include "json.h"

/*
 * On every response. Trusted types keep even a mistake in the page's own scripts from making HTML out of text; there is
 * nothing to frame, no address to give away, and nobody else's site may load any of it.
 */
static const char always[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

static const struct {
  int status;
  const char *code;
} refusals[] = {
#define PAGE_REFUSAL_ROW(name, status, code) {status, code},
    PAGE_REFUSALS(PAGE_REFUSAL_ROW)
#undef PAGE_REFUSAL_ROW
};

void page_header(struct page_response *response, const char *name, const char *value) {
  buffer_text(&response->headers, name);
  buffer_text(&response->headers, ": ");
  buffer_text(&response->headers, value);
  buffer_text(&response->headers, "\r\n");
}

void page_send(struct page_response *response, const char *type) {
  if (response->status == 0) response->status = 200;
  buffer_text(&response->headers, always);
  if (type) page_header(response, "Content-Type", type);
}

void page_send_unkept(struct page_response *response, const char *type) {
  page_header(response, "Cache-Control", "no-store");
  page_send(response, type);
}

void page_send_json(struct page_response *response) {
  page_send_unkept(response, "application/json");
}

void page_refuse(struct page_response *response, enum page_refusal refusal, const char *sentence) {
  struct json json = {.out = &response->body};
  buffer_clear(&response->headers);
  buffer_clear(&response->body);
  response->more = false;
  response->status = refusals[refusal].status;
  json_begin_object(&json);
  json_text_field(&json, "error", sentence);
  json_text_field(&json, "code", refusals[refusal].code);
  json_end_object(&json);
  if (refusal == PAGE_UNAUTHORISED) page_header(response, "WWW-Authenticate", "Bearer");
  page_send_json(response);
}

bool page_read_form(struct page_exchange *exchange, struct page_text text, const char *const *names,
                    struct page_form *form) {
  struct buffer complaint = {0};
  bool good = page_form_read(form, text, names, &complaint);
  buffer_byte(&complaint, '\0');
  if (!good && (form->storage.failed || complaint.failed))
    page_refuse(exchange->response, PAGE_MEMORY, "There was not enough memory for the request.");
  else if (!good)
    page_refuse(exchange->response, PAGE_BAD_REQUEST, complaint.bytes);
  buffer_free(&complaint);
  return good;
}

bool page_has_no_parameters(struct page_exchange *exchange) {
  static const char *const none[] = {NULL};
  struct page_form form = {0};
  bool good = page_read_form(exchange, exchange->query, none, &form);
  page_form_free(&form);
  return good;
}

/* ---- the history ---- */

static const char too_slow[] = "The history did not answer in time: ask for less, or again.";

static bool given_up(const struct page_exchange *exchange) {
  return exchange->patience && exchange->patience->must_stop(exchange->patience->context);
}

bool page_out_of_time(void *context) {
  const struct page_exchange *exchange = context;
  return given_up(exchange) || clock_monotonic_us() > exchange->deadline_us;
}

enum history_found page_open_history(struct page_exchange *exchange, struct history_patience *patience,
                                     sqlite3 **database) {
  char error[HISTORY_ERROR_SIZE] = "";
  *patience = (struct history_patience){.must_stop = page_out_of_time, .context = exchange};
  enum history_found found = history_connection_open(exchange->page->history, patience, database, error);
  if (found == HISTORY_OPEN || found == HISTORY_NOTHING) return found;
  exchange->response->out_of_luck = given_up(exchange);
  if (page_out_of_time(exchange))
    page_refuse(exchange->response, PAGE_TIMEOUT, too_slow);
  else
    page_refuse(exchange->response, found == HISTORY_NO_MEMORY ? PAGE_MEMORY : PAGE_HISTORY, error);
  return HISTORY_FAILED;
}

bool page_close_history(struct page_exchange *exchange, sqlite3 *database, int code) {
  struct page_response *response = exchange->response;
  char error[HISTORY_ERROR_SIZE] = "";
  int primary = code & 0xff;
  if (code != SQLITE_OK) history_connection_explain(database, code, error);
  if (database) history_connection_close(database);
  if (primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY) {
    response->out_of_luck = given_up(exchange);
    page_refuse(response, PAGE_TIMEOUT, too_slow);
  } else if (primary == SQLITE_NOMEM || response->body.failed) {
    buffer_free(&response->body);
    page_refuse(response, PAGE_MEMORY, "There was not enough memory for the answer.");
  } else if (code != SQLITE_OK) {
    page_refuse(response, PAGE_HISTORY, error);
  } else {
    return true;
  }
  return false;
}
