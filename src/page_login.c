/*
 * page_login: see page_login.h.
 */
#include "page_login.h"

#include <string.h>

#include "json.h"
#include "page_access.h"

void page_login(struct page_exchange *exchange) {
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
      page_send_unkept(response, NULL);
    }
  }
  page_form_free(&form);
}

void page_logout(struct page_exchange *exchange) {
  static const char *const no_names[] = {NULL};
  struct page_form form = {0};
  bool good = page_read_form(exchange, exchange->request->body, no_names, &form);
  page_form_free(&form);
  if (!good) return;
  exchange->response->status = 204;
  if (page_access_cookie(&exchange->page->access, exchange->request, exchange->now_us)) /* others learn no name of it */
    page_access_set_cookie(&exchange->page->access, exchange->request, 0, &exchange->response->headers);
  page_send_unkept(exchange->response, NULL);
}

void page_session(struct page_exchange *exchange) {
  if (!page_has_no_parameters(exchange)) return;
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
  page_send_json(exchange->response);
}
