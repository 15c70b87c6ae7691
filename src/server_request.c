/*
 * server_request: see server_request.h.
 */
#include "server_request.h"

#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include "memory.h"
#include "server.h"

static const size_t SEPARATORS = 4; /* of a header: colon, space, CR, LF */

void server_request_begin(struct server_request *request, const char *target) {
  *request = (struct server_request){.target = target ? memory_copy(target, strlen(target)) : memory_copy("", 0)};
  request->without_memory = !request->target;
}

void server_request_append(struct server_request *request, const char *bytes, size_t length) {
  size_t room = PAGE_BODY_BYTES + 1 - request->body.length;
  buffer_append(&request->body, bytes, length < room ? length : room);
}

void server_request_free(struct server_request *request) {
  memory_free(request->target);
  buffer_free(&request->body);
  *request = (struct server_request){0};
}

/* --- the head --- */

/* The headers that a page looks at. One that comes twice would be read differently by a proxy than by us. */
static const struct {
  const char *name;
  size_t place;
} known[] = {
    {"Host", offsetof(struct page_request, host)},
    {"Origin", offsetof(struct page_request, origin)},
    {"Sec-Fetch-Site", offsetof(struct page_request, fetch_site)},
    {"Authorization", offsetof(struct page_request, authorization)},
    {"Cookie", offsetof(struct page_request, cookie)},
    {"If-None-Match", offsetof(struct page_request, if_none_match)},
};

struct head {
  struct page_request *asked;
  struct page_text forwarded_protocol;
  size_t size;
  unsigned lengths; /* headers that say how long the body is */
  bool twice, misnamed;
};

static bool is_named(const char *name, size_t length, const char *other) {
  return length == strlen(other) && strncasecmp(name, other, length) == 0;
}

static enum MHD_Result read_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                   const char *value, size_t value_length) {
  (void)kind;
  struct head *head = context;
  for (size_t i = 0; i < name_length; i++) /* libmicrohttpd knows no "Content-Length " where a proxy may know one */
    if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f) head->misnamed = true;
  head->size += name_length + value_length + SEPARATORS;
  if (is_named(name, name_length, "Content-Length") || is_named(name, name_length, "Transfer-Encoding"))
    head->lengths++;
  const struct page_text text = {.bytes = value ? value : "", .length = value_length};
  if (is_named(name, name_length, "X-Forwarded-Proto")) head->forwarded_protocol = text;
  if (is_named(name, name_length, "Accept-Encoding")) head->asked->accept_encoding = text; /* may come twice */
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!is_named(name, name_length, known[i].name)) continue;
    struct page_text *place = (void *)((char *)head->asked + known[i].place);
    if (place->bytes) head->twice = true;
    *place = text;
  }
  return MHD_YES;
}

enum server_refusal server_request_read(const struct server_request *request, struct MHD_Connection *connection,
                                        const char *method, struct page_request *asked) {
  if (request->without_memory || request->body.failed) return SERVER_REFUSED_MEMORY;
  *asked = (struct page_request){
      .method = {.bytes = method, .length = strlen(method)},
      .target = {.bytes = request->target, .length = strlen(request->target)},
      .body = {.bytes = request->body.bytes, .length = request->body.length},
  };
  if (asked->target.length > PAGE_TARGET_BYTES) return SERVER_NOT_REFUSED; /* by us: the page does */
  struct head head = {.asked = asked, .size = asked->method.length + asked->target.length + SEPARATORS};
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, read_header, &head);
  if (head.size > SERVER_HEAD_BYTES) return SERVER_REFUSED_HEAD;
  if (head.twice || head.misnamed || head.lengths > 1) return SERVER_REFUSED_MALFORMED;
  asked->secure = is_named(head.forwarded_protocol.bytes, head.forwarded_protocol.length, "https");
  return SERVER_NOT_REFUSED;
}

/* --- refusing --- */

static const struct {
  unsigned status;
  const char *body;
} refusals[SERVER_REFUSAL_COUNT] = {
#define SERVER_REFUSAL_ROW(name, status, code, sentence) \
  [SERVER_REFUSED_##name] = {status, "{\"error\":\"" sentence "\",\"code\":\"" code "\"}"},
    SERVER_REFUSALS(SERVER_REFUSAL_ROW)
#undef SERVER_REFUSAL_ROW
};

static const char *const refusal_headers[][2] = {
    {"Content-Type", "application/json"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
};

/*
 * libmicrohttpd only reads what is persistent, but does not say so in the type. Where a request that could be read in
 * two ways ends is not known, so nothing behind it is.
 */
static struct MHD_Response *make_refusal(const char *body, bool ends) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
  bool complete = response != NULL;
  for (size_t i = 0; complete && i < sizeof refusal_headers / sizeof *refusal_headers; i++)
    complete = MHD_add_response_header(response, refusal_headers[i][0], refusal_headers[i][1]) == MHD_YES;
  if (complete && ends) complete = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
  if (complete) return response;
  if (response) MHD_destroy_response(response);
  return NULL;
}

bool server_refusals_make(struct server_refusal_answer answers[SERVER_REFUSAL_COUNT]) {
  bool complete = true;
  for (size_t i = SERVER_NOT_REFUSED + 1; i < SERVER_REFUSAL_COUNT; i++) {
    answers[i] = (struct server_refusal_answer){
        .status = refusals[i].status, .response = make_refusal(refusals[i].body, i == SERVER_REFUSED_MALFORMED)};
    complete = complete && answers[i].response;
  }
  if (!complete) server_refusals_free(answers);
  return complete;
}

void server_refusals_free(struct server_refusal_answer answers[SERVER_REFUSAL_COUNT]) {
  for (size_t i = SERVER_NOT_REFUSED + 1; i < SERVER_REFUSAL_COUNT; i++) {
    if (answers[i].response) MHD_destroy_response(answers[i].response);
    answers[i].response = NULL;
  }
}
