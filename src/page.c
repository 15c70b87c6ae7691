/*
 * page: see page.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "page.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "history_path.h"
#include "memory.h"
#include "page_api.h"
#include "page_assets.h"
#include "page_export.h"
#include "process.h"

enum { ANSWER_US = 5000000 };

/* ---- birth and death ---- */

static bool is_visible(const char *text) {
  for (; *text; text++)
    if (*text <= ' ' || *text > '~') return false;
  return true;
}

/* NULL, or the first mistake. */
static const char *find_mistake(const struct page_options *options) {
  const char *prefix = options->prefix ? options->prefix : "";
  if (!options->history || !*options->history) return "history: is missing: give the path of the history file";
  if (*prefix && (*prefix != '/' || prefix[strlen(prefix) - 1] == '/' || strstr(prefix, "//")))
    return "prefix: must begin with a slash and not end in one, like \"/history\"";
  if (!is_visible(prefix) || strpbrk(prefix, "?#%\\\"<>")) return "prefix: must be a plain path, like \"/history\"";
  if (options->token && strlen(options->token) < PAGE_TOKEN_SHORTEST)
    return "token: must have at least 16 characters, so that it cannot be guessed";
  if (options->token && !is_visible(options->token)) return "token: must be visible ASCII characters without spaces";
  for (size_t i = 0; i < options->host_count; i++)
    if (!*options->hosts[i] || !is_visible(options->hosts[i]) || strpbrk(options->hosts[i], ":/[]@"))
      return "hosts: must be names without scheme and port, like \"history.example.org\"";
  return NULL;
}

static void free_options(struct page *page) {
  for (size_t i = 0; page->hosts && i < page->access.host_count; i++) memory_free(page->hosts[i]);
  memory_free(page->hosts);
  memory_free(page->history);
  memory_free(page->prefix);
  memory_free(page->hosts_option);
}

static bool copy_options(struct page *page, const struct page_options *options) {
  const char *prefix = options->prefix ? options->prefix : "";
  const char *hosts_option = options->hosts_option ? options->hosts_option : "hosts";
  page->history = history_path_absolute(options->history);
  page->prefix = memory_copy(prefix, strlen(prefix));
  page->hosts_option = memory_copy(hosts_option, strlen(hosts_option));
  page->hosts = memory_zeroed((options->host_count + 1) * sizeof *page->hosts);
  if (!page->history || !page->prefix || !page->hosts_option || !page->hosts) return false;
  page->access.hosts = page->hosts;
  for (; page->access.host_count < options->host_count; page->access.host_count++) {
    const char *host = options->hosts[page->access.host_count];
    page->hosts[page->access.host_count] = memory_copy(host, strlen(host));
    if (!page->hosts[page->access.host_count]) return false;
  }
  return page_access_init(&page->access, options->token);
}

static enum page_new_result fail(enum page_new_result result, const char *sentence, char error[IW_ERROR_SIZE]) {
  snprintf(error, IW_ERROR_SIZE, "%s", sentence);
  return result;
}

enum page_new_result page_new(struct page **made, const struct page_options *options, char error[IW_ERROR_SIZE]) {
  const char *mistake = find_mistake(options);
  *made = NULL;
  if (mistake) return fail(PAGE_NEW_INVALID, mistake, error);
  if (!process_setup(error, IW_ERROR_SIZE)) return PAGE_NEW_SYSTEM;
  struct page *page = memory_zeroed(sizeof *page);
  if (!page || !copy_options(page, options)) {
    if (page) free_options(page);
    memory_free(page);
    return fail(PAGE_NEW_MEMORY, "memory: there is not enough of it for a page", error);
  }
  atomic_init(&page->references, 1);
  if (!workers_open(&page->workers, &page_call_workers)) {
    free_options(page);
    memory_free(page);
    return fail(PAGE_NEW_SYSTEM, "system: a lock cannot be made", error);
  }
  if (options->client) page->client = client_hold(options->client);
  *made = page;
  return PAGE_NEW_OK;
}

struct page *page_hold(struct page *page) {
  atomic_fetch_add(&page->references, 1);
  return page;
}

void page_release(struct page *page) {
  if (atomic_fetch_sub(&page->references, 1) != 1) return;
  workers_close(&page->workers); /* a call holds the page, so there is none any more but what was abandoned */
  if (page->client) client_let_go(page->client);
  free_options(page);
  memory_free(page);
}

bool page_has_token(const struct page *page) {
  return page->access.has_token;
}

/* ---- answering ---- */

/* Path and query of a target below the prefix. False: it is not below it. */
static bool split_target(struct page_exchange *exchange) {
  struct page_text target = exchange->request->target;
  const char *prefix = exchange->page->prefix;
  const char *mark = target.length ? memchr(target.bytes, '?', target.length) : NULL;
  size_t length = mark ? (size_t)(mark - target.bytes) : target.length;
  exchange->path = (struct page_text){target.bytes, length};
  if (mark) exchange->query = page_text_from(target, length + 1);
  if (!page_text_begins(exchange->path, prefix)) return false;
  exchange->path = page_text_from(exchange->path, strlen(prefix));
  return true;
}

static void send_asset(struct page_exchange *exchange, const struct page_asset *asset) {
  struct page_response *response = exchange->response;
  struct page_text known = exchange->request->if_none_match;
  bool same = known.bytes && memmem(known.bytes, known.length, asset->etag, strlen(asset->etag)) != NULL;
  bool compressed = !same && page_text_takes_gzip(exchange->request->accept_encoding);
  if (compressed) page_assets_compress();
  compressed = compressed && asset->gzip;
  page_header(response, "ETag", asset->etag);
  page_header(response, "Cache-Control", "no-cache"); /* may be kept, and is asked for each time */
  page_header(response, "Vary", "Accept-Encoding");
  if (compressed) page_header(response, "Content-Encoding", "gzip");
  response->status = same ? 304 : 200;
  if (compressed)
    buffer_append(&response->body, asset->gzip, asset->gzip_length);
  else if (!same)
    buffer_append(&response->body, asset->bytes, asset->length);
  page_send(response, same ? NULL : asset->type);
}

static void redirect(struct page_exchange *exchange) {
  struct page_response *response = exchange->response;
  const char *name = strrchr(exchange->page->prefix, '/') + 1; /* relative: a proxy may have another path in front */
  response->status = 308;
  buffer_text(&response->headers, "Location: ");
  buffer_text(&response->headers, name);
  buffer_byte(&response->headers, '/');
  if (exchange->query.length > 0) {
    buffer_byte(&response->headers, '?');
    buffer_append(&response->headers, exchange->query.bytes, exchange->query.length);
  }
  buffer_text(&response->headers, "\r\n");
  page_send(response, NULL);
}

static bool is_read(const struct page_request *request) {
  return page_text_is(request->method, "GET") || page_text_is(request->method, "HEAD");
}

static void refuse_method(struct page_exchange *exchange, const char *allowed) {
  page_refuse(exchange->response, PAGE_METHOD, "That address does not take this method.");
  page_header(exchange->response, "Allow", allowed);
}

/* Token and origin; refuses where they are not as they have to be. */
static bool is_allowed(struct page_exchange *exchange, const struct page_route *route) {
  const struct page_access *access = &exchange->page->access;
  const struct page_request *request = exchange->request;
  enum page_token bearer = page_access_bearer(access, request);
  if (bearer == PAGE_TOKEN_WRONG && !route->open) {
    page_refuse(exchange->response, PAGE_UNAUTHORISED, "That is not the token.");
    return false;
  }
  bool known = bearer == PAGE_TOKEN_RIGHT;
  if (access->has_token && !route->open && !known && !page_access_cookie(access, request, exchange->now_us)) {
    page_refuse(exchange->response, PAGE_UNAUTHORISED, "This needs the page's token: Authorization: Bearer TOKEN.");
    return false;
  }
  if (route->post && !known && !page_access_same_origin(request)) {
    page_refuse(exchange->response, PAGE_FORBIDDEN,
                "What changes something must come from the page itself, or with its token: send Authorization: Bearer "
                "TOKEN, or an Origin that is this host's.");
    return false;
  }
  /* No other site has a reason to load the answers; it could not read them, but see whether they come. */
  bool foreign = page_text_is(request->fetch_site, "cross-site") || page_text_is(request->fetch_site, "same-site");
  if (!known && foreign) {
    page_refuse(exchange->response, PAGE_FORBIDDEN, "Other sites may not ask this.");
    return false;
  }
  return true;
}

static void answer_route(struct page_exchange *exchange, const struct page_route *route) {
  bool fits = route->post ? page_text_is(exchange->request->method, "POST") : is_read(exchange->request);
  if (!fits)
    refuse_method(exchange, route->post ? "POST" : "GET, HEAD");
  else if (is_allowed(exchange, route) && (!route->post || page_has_no_parameters(exchange)))
    route->answer(exchange);
  if (page_access_bearer(&exchange->page->access, exchange->request) == PAGE_TOKEN_WRONG)
    exchange->response->delay_ms = PAGE_FAILURE_DELAY_MS; /* whatever the answer is, since it may tell */
}

/*
 * What first.js is going to ask for at an address without parameters: so that the browser asks for it at once, while
 * the scripts are still on their way. Not where a token is needed, since nothing here tells whether the browser has
 * logged in: the cookie is for the API alone.
 */
static void offer_first_rows(struct page_exchange *exchange) {
  if (!exchange->page->access.has_token && exchange->query.length == 0)
    page_header(exchange->response, "Link", "<api/events?limit=15&brief=true>; rel=preload; as=fetch; crossorigin");
}

static void answer_asset(struct page_exchange *exchange) {
  struct page_text path = exchange->path;
  const struct page_asset *asset =
      path.length ? page_asset_find(path.bytes, path.length) : page_asset_find("index.html", strlen("index.html"));
  if (!asset)
    page_refuse(exchange->response, PAGE_NOT_FOUND, "There is nothing at that address.");
  else if (!is_read(exchange->request))
    refuse_method(exchange, "GET, HEAD");
  else {
    if (path.length == 0) offer_first_rows(exchange);
    send_asset(exchange, asset);
  }
}

/* Parts of it go into a header of a redirect. */
static bool is_printable(struct page_text text) {
  for (size_t i = 0; i < text.length; i++)
    if ((unsigned char)text.bytes[i] <= ' ' || text.bytes[i] == 0x7f) return false;
  return true;
}

static void answer(struct page_exchange *exchange) {
  const struct page_request *request = exchange->request;
  struct page_response *response = exchange->response;
  if (!page_access_host(&exchange->page->access, request)) {
    char sentence[256];
    snprintf(sentence, sizeof sentence, "This page is not known under that host name. If it should be, name it: %.100s",
             exchange->page->hosts_option);
    page_refuse(response, PAGE_MISDIRECTED, sentence);
  } else if (!is_printable(request->target)) {
    page_refuse(response, PAGE_BAD_REQUEST, "The request's address holds what has to be percent-encoded.");
  } else if (request->target.length > PAGE_TARGET_BYTES) {
    page_refuse(response, PAGE_TARGET_TOO_LARGE, "The request's address is longer than 8 KiB.");
  } else if (request->body.length > PAGE_BODY_BYTES) {
    page_refuse(response, PAGE_BODY_TOO_LARGE, "The request's body is larger than 16 KiB.");
  } else if (!split_target(exchange) || (exchange->path.length > 0 && exchange->path.bytes[0] != '/')) {
    char sentence[256];
    snprintf(sentence, sizeof sentence, "The page is below %.150s/, as its option \"prefix\" says.",
             exchange->page->prefix);
    page_refuse(response, PAGE_NOT_FOUND, sentence);
  } else if (exchange->path.length == 0) {
    if (*exchange->page->prefix)
      redirect(exchange);
    else
      page_refuse(response, PAGE_NOT_FOUND, "There is nothing at that address.");
  } else {
    exchange->path = page_text_from(exchange->path, 1);
    const struct page_route *route = page_route_find(exchange->path);
    if (route)
      answer_route(exchange, route);
    else
      answer_asset(exchange);
  }
}

/* What was put together without memory is no answer. */
static void check_memory(struct page_response *response) {
  if (!response->headers.failed && !response->body.failed) return;
  buffer_free(&response->headers);
  buffer_free(&response->body);
  page_refuse(response, PAGE_MEMORY, "There was not enough memory for the answer.");
}

void page_answer(struct page *page, const struct page_request *request, const struct history_patience *patience,
                 struct page_response *response) {
  struct page_exchange exchange = {.page = page,
                                   .request = request,
                                   .patience = patience,
                                   .response = response,
                                   .now_us = clock_wall_us(),
                                   .deadline_us = clock_monotonic_us() + ANSWER_US};
  page_response_free(response);
  answer(&exchange);
  check_memory(response);
  if (page_text_is(request->method, "HEAD")) response->more = false; /* nothing of it is sent */
}

void page_answer_more(struct page *page, const struct page_request *request, const struct history_patience *patience,
                      struct page_response *response) {
  struct page_exchange exchange = {.page = page,
                                   .request = request,
                                   .patience = patience,
                                   .response = response,
                                   .now_us = clock_wall_us(),
                                   .deadline_us = clock_monotonic_us() + ANSWER_US};
  int64_t from_seq = response->next_seq;
  response->status = 200; /* as that of the first piece was; when patience ended the last try, it is a refusal's */
  response->out_of_luck = response->more = false;
  buffer_clear(&response->body);
  if (split_target(&exchange)) page_export(&exchange);
  if (response->out_of_luck) response->next_seq = from_seq;
  response->broken = response->status != 200 || response->body.failed;
  if (!response->broken) return;
  response->more = false;
  buffer_free(&response->body);
}

void page_response_free(struct page_response *response) {
  buffer_free(&response->headers);
  buffer_free(&response->body);
  *response = (struct page_response){0};
}
