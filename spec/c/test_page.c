/* The page's one function, without HTTP: who gets which answer, and calls by its threads. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "intent_webhook.h"
#include "memory_faults.h"
#include "page_assets.h"
#include "page_call.h"
#include "page_state.h"
#include "page_text.h"

#define TOKEN         "0123456789abcdef"
#define TEXT(literal) ((struct page_text){literal, sizeof(literal) - 1})

static char folder[] = "/tmp/iw-page-XXXXXX";
static char path[64];

static struct page_text text(const char *string) {
  return (struct page_text){string, string ? strlen(string) : 0};
}

/* "GET /api/events" */
static struct page_request request(const char *line) {
  const char *space = strchr(line, ' ');
  return (struct page_request){
      .method = {line, (size_t)(space - line)}, .target = text(space + 1), .host = TEXT("localhost:8090")};
}

/* NULL: there is no memory. */
static struct page *open_page(const char *prefix, const char *token) {
  char error[IW_ERROR_SIZE] = "";
  const char *const hosts[] = {"history.example.org"};
  const struct page_options options = {
      .history = path, .prefix = prefix, .token = token, .hosts = hosts, .host_count = 1};
  struct page *page;
  enum page_new_result result = page_new(&page, &options, error);
  CHECK(page ? result == PAGE_NEW_OK : result == PAGE_NEW_MEMORY && *error);
  return page;
}

static int status_of(struct page *page, const struct page_request *asked) {
  struct page_response response = {0};
  page_answer(page, asked, NULL, &response);
  int status = response.status;
  page_response_free(&response);
  return status;
}

static int get(struct page *page, const char *line) {
  struct page_request asked = request(line);
  return status_of(page, &asked);
}

/* Events without deliveries, and as many with one that is refused. */
static void fill(int events) {
  char error[IW_ERROR_SIZE], id[IW_ID_SIZE];
  iw_client *client = iw_client_new(&(iw_client_options){.history = path}, error);
  iw_endpoint *endpoint = iw_endpoint_new(client, &(iw_endpoint_options){.url = "http://127.0.0.1:1/hook"}, error);
  for (int i = 0; i < events; i++) {
    const iw_request requests[] = {{.endpoint = endpoint, .body = "{}", .body_length = 2}};
    char slots[64];
    int length = snprintf(slots, sizeof slots, "{\"name\":\"Ann %d\"}", i);
    iw_client_fire(client,
                   &(iw_event){.intent = "greet",
                               .session = "chat-7",
                               .slots = slots,
                               .slots_length = (size_t)length,
                               .requests = requests,
                               .request_count = (size_t)(i % 2)},
                   id);
  }
  iw_client_flush(client, 10);
  iw_client_free(client);
}

static void check_options(void) {
  const struct {
    struct page_options options;
    const char *mistake;
  } rows[] = {
      {{.history = ""}, "history:"},
      {{.history = "h.db", .prefix = "history"}, "prefix:"},
      {{.history = "h.db", .prefix = "/history/"}, "prefix:"},
      {{.history = "h.db", .prefix = "/a//b"}, "prefix:"},
      {{.history = "h.db", .prefix = "/a?b"}, "prefix:"},
      {{.history = "h.db", .prefix = "/a\r\nSet-Cookie: x"}, "prefix:"},
      {{.history = "h.db", .token = "short"}, "token:"},
      {{.history = "h.db", .token = "0123456789 abcdef"}, "token:"},
      {{.history = "h.db", .hosts = (const char *const[]){"http://a"}, .host_count = 1}, "hosts:"},
      {{.history = "h.db", .hosts = (const char *const[]){"a:80"}, .host_count = 1}, "hosts:"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char error[IW_ERROR_SIZE] = "";
    struct page *page;
    if (!CHECK(page_new(&page, &rows[i].options, error) == PAGE_NEW_INVALID && !page) ||
        !CHECK(strncmp(error, rows[i].mistake, strlen(rows[i].mistake)) == 0))
      printf("  row %zu: %s\n", i, error);
  }
}

/* In a folder that was deleted, no path is absolute. */
static void check_deleted_folder(void) {
  char error[IW_ERROR_SIZE], gone[128];
  int before = open(".", O_RDONLY);
  snprintf(gone, sizeof gone, "%s/gone", folder);
  CHECK(before >= 0 && mkdir(gone, 0700) == 0 && chdir(gone) == 0 && rmdir(gone) == 0);
  struct page *page;
  if (CHECK(page_new(&page, &(struct page_options){.history = "h.db"}, error) == PAGE_NEW_OK)) {
    CHECK_TEXT(page->history, "./h.db");
    page_release(page);
  }
  CHECK(fchdir(before) == 0);
  close(before);
}

static void check_hosts(struct page *page) {
  static const struct {
    const char *host;
    int status;
  } rows[] = {
      {NULL, 200},
      {"localhost", 200},
      {"LocalHost:1", 200},
      {"127.0.0.1:8090", 200},
      {"[::1]:8090", 200},
      {"[::1]", 200},
      {"192.168.1.7:80", 200},
      {"history.example.org", 200},
      {"History.Example.Org:443", 200},
      {"", 421},
      {"evil.example", 421},
      {"evil.example:8090", 421},
      {"localhost.evil.example", 421},
      {"127.0.0.1.evil.example", 421},
      {"history.example.org.evil.example", 421},
      {"[::1", 421},
      {"[::1]x", 421},
      {"127.1", 421},
      {"0x7f000001", 421},
      {":80", 421},
      {"localhost@evil.example", 421},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct page_request asked = request("GET /healthz");
    asked.host = text(rows[i].host);
    if (!CHECK(status_of(page, &asked) == rows[i].status))
      printf("  host %s: %d\n", rows[i].host ? rows[i].host : "(none)", status_of(page, &asked));
  }
}

static void check_origins(struct page *page) {
  static const struct {
    const char *origin, *fetch_site;
    bool secure;
    int status;
  } rows[] = {
      {NULL, NULL, false, 403},
      {"http://localhost:8090", NULL, false, 200},
      {"https://localhost:8090", NULL, true, 200},
      {"http://localhost:8090", NULL, true, 403},
      {"http://localhost", NULL, false, 403},
      {"http://localhost:8091", NULL, false, 403},
      {"http://localhost:80901", NULL, false, 403},
      {"http://evil.example", NULL, false, 403},
      {"null", NULL, false, 403},
      {"", NULL, false, 403},
      {"file://localhost:8090", NULL, false, 403},
      {NULL, "same-origin", false, 200},
      {"http://localhost:8090", "cross-site", false, 403},
      {"http://localhost:8090", "same-site", false, 403},
      {"http://localhost:8090", "none", false, 403},
      {"http://evil.example", "same-origin", false, 200},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct page_request asked = request("POST /api/erase");
    asked.body = TEXT("containing=nothing+has+this&dry_run=true");
    asked.origin = text(rows[i].origin);
    asked.fetch_site = text(rows[i].fetch_site);
    asked.secure = rows[i].secure;
    if (!CHECK(status_of(page, &asked) == rows[i].status)) printf("  row %zu: %d\n", i, status_of(page, &asked));
  }
}

static int with_token(struct page *page, const char *line, const char *authorization, int *delay_ms) {
  struct page_request asked = request(line);
  struct page_response response = {0};
  asked.authorization = text(authorization);
  page_answer(page, &asked, NULL, &response);
  int status = response.status;
  *delay_ms = response.delay_ms;
  page_response_free(&response);
  return status;
}

static void check_tokens(struct page *page) {
  static const struct {
    const char *authorization;
    int status;
    bool delayed;
  } rows[] = {
      {NULL, 401, false},
      {"Bearer " TOKEN, 200, false},
      {"bearer " TOKEN, 200, false},
      {"Bearer " TOKEN "0", 401, true},
      {"Bearer 0123456789abcde", 401, true},
      {"Bearer ", 401, true},
      {"Bearer", 401, false},
      {"Basic " TOKEN, 401, false},
      {TOKEN, 401, false},
  };
  static const char *const lines[] = {"GET /api/events", "GET /api/names", "GET /api/overview", "GET /metrics",
                                      "GET /api/export?format=csv"};
  for (size_t line = 0; line < sizeof lines / sizeof *lines; line++)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      int delay_ms, status = with_token(page, lines[line], rows[i].authorization, &delay_ms);
      if (!CHECK(status == rows[i].status) || !CHECK((delay_ms > 0) == rows[i].delayed))
        printf("  %s, row %zu: %d\n", lines[line], i, status);
    }
}

/* Logs in, and gives the cookie as a browser would send it; "" when there was none. */
static void log_in(struct page *page, const char *body, char cookie[256], int *status) {
  struct page_request asked = request("POST /api/login");
  struct page_response response = {0};
  asked.fetch_site = TEXT("same-origin");
  asked.body = text(body);
  page_answer(page, &asked, NULL, &response);
  *status = response.status;
  cookie[0] = '\0';
  buffer_byte(&response.headers, '\0');
  const char *line = strstr(response.headers.bytes, "Set-Cookie: ");
  if (line) snprintf(cookie, 256, "other=1; %.*s", (int)strcspn(line + 12, ";"), line + 12);
  if (line) CHECK(strstr(line, "; HttpOnly; SameSite=Strict") != NULL);
  page_response_free(&response);
}

static int with_cookie(struct page *page, const char *cookie) {
  struct page_request asked = request("GET /api/events");
  asked.cookie = text(cookie);
  return status_of(page, &asked);
}

static void check_targets(struct page *page) {
  static const struct {
    const char *line;
    int status;
  } rows[] = {
      {"GET /history/", 200},
      {"GET /history/app.js", 200},
      {"GET /history", 308},
      {"GET /history?intent=a", 308},
      {"HEAD /history/", 200},
      {"GET /", 404},
      {"GET /historyx/", 404},
      {"GET history/", 404},
      {"GET /history/../etc/passwd", 404},
      {"GET /history/%2e%2e/etc/passwd", 404},
      {"GET /history/..%2f..%2fetc", 404},
      {"GET /history/\\..\\x", 404},
      {"GET /history//etc/passwd", 404},
      {"GET /history/api", 404},
      {"GET /history/api/", 404},
      {"GET /history/api/events/", 404},
      {"GET /history/api/events/../names", 404},
      {"GET /history/api/events/x/deliveries/1/attempts/1/request_body", 404},
      {"GET /history/api/events/x/deliveries/1/attempts/1", 404},
      {"GET /history/api/events/x/deliveries/-1/attempts/1/request_body", 404},
      {"POST /history/api/events", 405},
      {"DELETE /history/", 405},
      {"GET /history/api/erase", 405},
      {"OPTIONS /history/api/events", 405},
      {"GET /history/api/events?intent=a&intent=b", 400},
      {"GET /history/api/events?nothing=a", 400},
      {"GET /history/api/events/x?nothing=a", 400},
      {"GET /history/api/names?nothing=a", 400},
      {"GET /history/api/causes?nothing=a", 400},
      {"GET /history/api/session?nothing=a", 400},
      {"GET /history/metrics?nothing=a", 200},
      {"GET /history/healthz?nothing=a", 200},
      {"GET /history/api/events?intent=%zz", 400},
      {"GET /history/api/events?intent=%4", 400},
      {"GET /history/api/events?intent=%", 400},
      {"GET /history/api/events?intent=a%00b", 400},
      {"GET /history/api/events?status=well", 400},
      {"GET /history/api/events?limit=0", 400},
      {"GET /history/api/events?limit=201", 400},
      {"GET /history/api/events?limit=1e2", 400},
      {"GET /history/api/events?before=1&after=1", 400},
      {"GET /history/api/events?before=99999999999999999999", 400},
      {"GET /history/api/events?before=0", 400},
      {"GET /history/api/events?after=0", 400},
      {"GET /history/api/export?format=csv&before=0", 400},
      {"GET /history/api/events?since=yesterday", 400},
      {"GET /history/api/events?since=1.1234567", 400},
      {"GET /history/api/events?since=-1", 400},
      {"GET /history/api/events?seqs=1,,2", 400},
      {"GET /history/api/events?seqs=1,a", 400},
      {"GET /history/api/events?brief=yes", 400},
      {"GET /history?a\r\nSet-Cookie: b", 400},
      {"GET /history/a b", 400},
      {"POST /history/api/erase", 403},
      {"GET /history/api/overview?span=year", 400},
      {"GET /history/api/export", 400},
      {"GET /history/api/export?format=xml", 400},
      {"GET /history/api/events?intent=&status=&search=", 200},
      {"GET /history/api/events?search=Ann+1&since=1.5&until=4000000000&limit=200&brief=true", 200},
      {"GET /history/api/events?seqs=1,2,3", 200},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!CHECK(get(page, rows[i].line) == rows[i].status)) printf("  %s: %d\n", rows[i].line, get(page, rows[i].line));
}

static bool has_header(const struct page_response *response, const char *line) {
  return memmem(response->headers.bytes, response->headers.length, line, strlen(line)) != NULL;
}

/* As another program might. */
static void set_id(int seq, const char *id) {
  sqlite3 *database = NULL;
  char *sql = sqlite3_mprintf("UPDATE events SET id = %Q WHERE seq = %d", id, seq);
  CHECK(sqlite3_open(path, &database) == SQLITE_OK && sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK);
  sqlite3_close(database);
  sqlite3_free(sql);
}

static void check_headers(struct page *page) {
  static const char *const lines[] = {"GET /",           "GET /app.js",     "GET /nothing",
                                      "GET /api/events", "POST /api/erase", "GET /x?%",
                                      "GET /metrics",    "GET /healthz",    "GET /api/events?limit=0"};
  static const char *const headers[] = {"Content-Security-Policy: default-src 'none'; script-src 'self';",
                                        "frame-ancestors 'none'",
                                        "X-Content-Type-Options: nosniff\r\n",
                                        "X-Frame-Options: DENY\r\n",
                                        "Referrer-Policy: no-referrer\r\n",
                                        "Cross-Origin-Resource-Policy: same-origin\r\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct page_request asked = request(lines[i]);
    struct page_response response = {0};
    page_answer(page, &asked, NULL, &response);
    for (size_t header = 0; header < sizeof headers / sizeof *headers; header++)
      if (!CHECK(has_header(&response, headers[header]))) printf("  %s: %s\n", lines[i], headers[header]);
    CHECK(!has_header(&response, "unsafe-inline"));
    CHECK(!has_header(&response, "text/html") || strcmp(lines[i], "GET /") == 0);
    page_response_free(&response);
  }
}

/* ---- calls ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static int tellings;

static void on_done(void *context) {
  (void)context;
  pthread_mutex_lock(&lock);
  tellings++;
  pthread_cond_signal(&told);
  pthread_mutex_unlock(&lock);
}

static void await_tellings(int count) {
  pthread_mutex_lock(&lock);
  while (tellings < count) pthread_cond_wait(&told, &lock);
  pthread_mutex_unlock(&lock);
}

/* Until it is ready, for calls without a done. */
static void await_ready(struct page_call *call) {
  while (!page_call_ready(call)) usleep(500);
}

static atomic_int in_done;

static void slow_done(void *context) {
  (void)context;
  atomic_fetch_add(&in_done, 1);
  usleep(30000 * (useconds_t)(atomic_load(&in_done)));
  atomic_fetch_sub(&in_done, 1);
}

static int count_lines(const struct buffer *body) {
  int lines = 0;
  for (size_t i = 0; i < body->length; i++) lines += body->bytes[i] == '\n';
  return lines;
}

static void check_export(struct page *page, const char *line, int expected) {
  struct page_request asked = request(line);
  tellings = 0;
  struct page_call *call = page_call_start(page, &asked, on_done, NULL);
  if (!CHECK(call != NULL)) return;
  int pieces = 1, lines;
  await_tellings(1);
  const struct page_response *response = page_call_response(call);
  CHECK(response->status == 200);
  lines = count_lines(&response->body);
  while (response->more && CHECK(page_call_more(call))) {
    await_tellings(++pieces);
    CHECK(page_call_ready(call));
    lines += count_lines(&response->body);
  }
  if (!CHECK(lines == expected)) printf("  %s: %d lines in %d pieces\n", line, lines, pieces);
  CHECK(pieces > 1);
  page_call_free(call);
}

static bool at_once(void *context) {
  (void)context;
  return true;
}

static void check_stopped_export(struct page *page) {
  const struct history_patience none = {.must_stop = at_once};
  struct page_request asked = request("GET /api/export?format=jsonl");
  struct page_response response = {0};
  page_answer(page, &asked, NULL, &response);
  int lines = count_lines(&response.body), pieces = 1;
  for (; response.more; pieces++) {
    page_answer_more(page, &asked, &none, &response);
    CHECK(response.out_of_luck);
    page_answer_more(page, &asked, NULL, &response);
    CHECK(!response.out_of_luck && !response.broken);
    lines += count_lines(&response.body);
  }
  CHECK(pieces > 1 && lines == 250);
  page_response_free(&response);
}

static void check_allocations(void) {
  long before = memory_faults_outstanding(); /* of the client, whose history ends by itself */
  for (unsigned nth = 1;; nth++) {
    memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
    struct page *page = open_page("", TOKEN);
    if (page) {
      struct page_request asked = request("GET /api/events?search=Ann&brief=true");
      struct page_response response = {0};
      asked.authorization = TEXT("Bearer " TOKEN);
      page_answer(page, &asked, NULL, &response);
      if (!CHECK(response.status == 200 || response.status == 503)) printf("  %d at %u\n", response.status, nth);
      page_response_free(&response);
      struct page_call *call = page_call_start(page, &asked, NULL, NULL);
      if (call) await_ready(call);
      page_call_free(call);
      page_release(page);
    }
    if (!memory_faults_hit()) break;
  }
  CHECK(memory_faults_outstanding() <= before);
}

static bool has_text(const struct buffer *body, const char *text_in_it) {
  return memmem(body->bytes, body->length, text_in_it, strlen(text_in_it)) != NULL;
}

/* Lets SQLite have a little more each time, until it is enough. */
static void check_sqlite_memory(struct page *page, const char *line, const char *body) {
  enum { STEP = 512, MOST = 4 << 20 };
  struct page_request asked = request(line);
  struct page_response response = {0};
  int refused = 0;
  asked.origin = TEXT("http://localhost:8090");
  asked.body = text(body);
  for (int64_t room = 1; room < MOST && response.status != 200; room += STEP) {
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + room);
    page_answer(page, &asked, NULL, &response);
    sqlite3_hard_heap_limit64(0);
    bool refusal = response.status == 503 && has_text(&response.body, "\"code\":\"memory\"");
    if (!CHECK(response.status == 200 || refusal))
      printf("  %s with %d: %.*s\n", line, (int)room, (int)response.body.length, response.body.bytes);
    refused += refusal;
  }
  CHECK(response.status == 200 && refused > 0);
  page_response_free(&response);
}

/* The same bytes, when they are decompressed. */
static void check_gzip(const struct buffer *compressed, const struct buffer *expected) {
  static char bytes[64 * 1024];
  z_stream stream = {.next_out = (Bytef *)bytes, .avail_out = sizeof bytes};
  stream.next_in = (Bytef *)compressed->bytes;
  stream.avail_in = (uInt)compressed->length;
  CHECK(inflateInit2(&stream, 15 + 16) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.total_out == expected->length && memcmp(bytes, expected->bytes, expected->length) == 0);
  CHECK(compressed->length < expected->length / 2);
  inflateEnd(&stream);
}

int main(void) {
  memory_faults_install();
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/history.db", folder);

  TEST("a wrong option is named") check_options();

  TEST("a relative path is never taken for one at the root") check_deleted_folder();

  TEST("a whole number is at most what it may be") {
    int64_t value;
    CHECK(page_read_whole("3", 3, &value) && value == 3);
    CHECK(!page_read_whole("4", 3, &value) && !page_read_whole("1", 0, &value));
    CHECK(page_read_whole("9223372036854775807", INT64_MAX, &value) && value == INT64_MAX);
    CHECK(!page_read_whole("9223372036854775808", INT64_MAX, &value));
  }

  TEST("a history that does not exist yet is a page without events") {
    struct page *page = open_page("", NULL);
    static const char *const lines[] = {"GET /api/events",
                                        "GET /api/names",
                                        "GET /api/overview",
                                        "GET /metrics",
                                        "GET /healthz",
                                        "GET /api/export?format=jsonl",
                                        "GET /api/export?format=csv"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
      if (!CHECK(get(page, lines[i]) == 200)) printf("  %s\n", lines[i]);
    CHECK(get(page, "GET /api/events/x") == 404);
    page_release(page);
  }

  fill(250);

  TEST("a Host header that is nobody's of ours is refused, whatever is asked") {
    struct page *page = open_page("", NULL);
    check_hosts(page);
    page_release(page);
  }
  TEST("what changes something has to come from the page itself") {
    struct page *page = open_page("", NULL);
    check_origins(page);
    page_release(page);
  }
  TEST("with a token, nothing of the history is given without it, and a wrong one is answered late") {
    struct page *page = open_page("", TOKEN);
    check_tokens(page);
    CHECK(get(page, "GET /") == 200);
    CHECK(get(page, "GET /healthz") == 200);
    CHECK(get(page, "GET /api/session") == 200);
    page_release(page);
  }
  TEST("a login gives a cookie that stands for the token, until it is changed") {
    struct page *page = open_page("", TOKEN), *other = open_page("", TOKEN TOKEN);
    char cookie[256], none[256];
    int status;
    log_in(page, "token=" TOKEN, cookie, &status);
    CHECK(status == 204);
    CHECK(with_cookie(page, cookie) == 200);
    CHECK(with_cookie(other, cookie) == 401);
    CHECK(strstr(cookie, TOKEN) == NULL);
    cookie[strlen(cookie) - 1] ^= 1;
    CHECK(with_cookie(page, cookie) == 401);
    char *expiry = strchr(strchr(cookie, ' '), '=') + 1;
    cookie[strlen(cookie) - 1] ^= 1;
    *expiry = '9'; /* for ever */
    CHECK(with_cookie(page, cookie) == 401);
    log_in(page, "token=wrong", none, &status);
    CHECK(status == 401 && !*none);
    page_release(page);
    page_release(other);
  }
  TEST("a body's file is named after its event, and nothing that a stranger wrote gets out of that name") {
    struct page *page = open_page("", NULL);
    set_id(2, "a\"b;\\c\xc3\xa4");
    struct page_request asked = request("GET /api/events/a\"b;\\c\xc3\xa4/deliveries/1/attempts/1/request_body");
    struct page_response response = {0};
    page_answer(page, &asked, NULL, &response);
    CHECK(response.status == 200 && response.body.length == 2);
    CHECK(has_header(&response, "Content-Disposition: attachment; filename=\"a_b__c__-1-1-request_body\"\r\n"));
    page_response_free(&response);
    page_release(page);
  }
  TEST("only what there is below the prefix is found, and a wrong parameter is refused") {
    struct page *page = open_page("/history", NULL);
    check_targets(page);
    page_release(page);
  }
  TEST("a target and a body that are too long are refused") {
    struct page *page = open_page("", NULL);
    static char target[PAGE_TARGET_BYTES + 2], body[PAGE_BODY_BYTES + 2];
    memset(target, 'a', sizeof target - 1);
    memset(body, 'a', sizeof body - 1);
    target[0] = '/';
    struct page_request asked = request("GET /");
    asked.target = text(target);
    CHECK(status_of(page, &asked) == 414);
    asked = request("POST /api/erase");
    asked.body = text(body);
    CHECK(status_of(page, &asked) == 413);
    page_release(page);
  }
  TEST("every answer has the headers that keep strangers' text from being more than that") {
    struct page *page = open_page("", NULL);
    check_headers(page);
    page_release(page);
  }
  TEST("an empty dry_run erases nothing, and other sites may ask nothing, not even of this host") {
    struct page *page = open_page("", NULL);
    struct page_request asked = request("POST /api/erase");
    asked.origin = TEXT("http://localhost:8090");
    asked.body = TEXT("session=chat-7&dry_run=");
    CHECK(status_of(page, &asked) == 400);
    asked = request("GET /api/events");
    asked.fetch_site = TEXT("same-site");
    CHECK(status_of(page, &asked) == 403);
    page_release(page);
  }
  TEST("what changes something takes no parameter from the query, and then does nothing") {
    static const char *const lines[] = {"POST /api/erase?dry_run=true", "POST /api/erase?session=chat-7",
                                        "POST /api/erase?nothing", ("POST /api/login?token=" TOKEN),
                                        "POST /api/logout?x="};
    struct page *page = open_page("", TOKEN);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
      struct page_request asked = request(lines[i]);
      struct page_response response = {0};
      asked.authorization = TEXT("Bearer " TOKEN);
      asked.body = strstr(lines[i], "erase")   ? TEXT("session=chat-7")
                   : strstr(lines[i], "login") ? TEXT("token=" TOKEN)
                                               : TEXT("");
      page_answer(page, &asked, NULL, &response);
      if (!CHECK(response.status == 400) || !CHECK(!has_header(&response, "Set-Cookie"))) printf("  %s\n", lines[i]);
      page_response_free(&response);
    }
    struct page_request asked = request("GET /api/events?session=chat-7");
    struct page_response response = {0};
    asked.authorization = TEXT("Bearer " TOKEN);
    page_answer(page, &asked, NULL, &response);
    CHECK(memmem(response.body.bytes, response.body.length, "chat-7", 6) != NULL);
    page_response_free(&response);
    asked = request("POST /api/erase?");
    asked.authorization = TEXT("Bearer " TOKEN);
    asked.body = TEXT("session=chat-8&dry_run=true");
    CHECK(status_of(page, &asked) == 200);
    page_release(page);
  }
  TEST("a wrong token is answered late where none is needed, and nothing tells of the cookie to who has none") {
    struct page *page = open_page("", TOKEN);
    int delay_ms;
    CHECK(with_token(page, "GET /api/session", "Bearer 0123456789abcdeX", &delay_ms) == 200 && delay_ms > 0);
    struct page_request asked = request("POST /api/logout");
    struct page_response response = {0};
    asked.fetch_site = TEXT("same-origin");
    page_answer(page, &asked, NULL, &response);
    CHECK(response.status == 204 && !has_header(&response, "Set-Cookie"));
    page_response_free(&response);
    page_release(page);
  }
  TEST("an asset that the browser has is not sent again") {
    struct page *page = open_page("", NULL);
    struct page_request asked = request("GET /app.js");
    struct page_response response = {0};
    page_answer(page, &asked, NULL, &response);
    char etag[64] = "";
    buffer_byte(&response.headers, '\0');
    const char *line = strstr(response.headers.bytes, "ETag: ");
    if (CHECK(line)) snprintf(etag, sizeof etag, "%.*s", (int)strcspn(line + 6, "\r"), line + 6);
    page_response_free(&response);
    asked.if_none_match = text(etag);
    CHECK(status_of(page, &asked) == 304);
    asked.if_none_match = TEXT("\"0000000000000000\"");
    CHECK(status_of(page, &asked) == 200);
    page_release(page);
  }
  TEST("the page offers its first rows ahead where it is going to ask for just these, and needs no token") {
    struct page *open = open_page("", NULL);
    struct page *closed = open_page("", TOKEN);
    const struct {
      struct page *page;
      const char *line;
      bool offered;
    } rows[] = {
        {open, "GET /", true},
        {open, "GET /?status=failed", false},
        {open, "GET /index.html", false},
        {open, "GET /app.js", false},
        {closed, "GET /", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      struct page_request asked = request(rows[i].line);
      struct page_response response = {0};
      page_answer(rows[i].page, &asked, NULL, &response);
      CHECK(response.status == 200);
      if (!CHECK(has_header(&response, "Link") == rows[i].offered)) printf("     row %zu\n", i);
      page_response_free(&response);
    }
    page_release(open);
    page_release(closed);
  }
  TEST("an asset is compressed for who takes that, and has the same ETag") {
    struct page *page = open_page("", NULL);
    static const struct {
      const char *accepted;
      bool taken;
    } rows[] = {
        {"gzip", true},
        {"GZip", true},
        {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
        {"gzip, deflate, br", true},
        {" deflate ,\tgzip ; q=1", true},
        {"", false},
        {"identity", false},
        {"gzip;q=0", false},
        {"gzip; Q=0.000, br", false},
        {"xgzip", false},
        {"gzip2", false},
        {",;,", false},
    };
    struct page_request asked = request("GET /app.js");
    struct page_response plain = {0};
    page_answer(page, &asked, NULL, &plain);
    CHECK(!has_header(&plain, "Content-Encoding") && has_header(&plain, "Vary"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      struct page_response response = {0};
      asked.accept_encoding = text(rows[i].accepted);
      page_answer(page, &asked, NULL, &response);
      bool compressed = has_header(&response, "Content-Encoding");
      if (!CHECK(compressed == rows[i].taken)) printf("     %s\n", rows[i].accepted);
      if (compressed) check_gzip(&response.body, &plain.body);
      page_response_free(&response);
    }
    page_response_free(&plain);
    page_release(page);
  }
  TEST("every asset is smaller by gzip, and there is room for all of them") {
    DIR *sources = opendir("src/page");
    unsigned files = 0;
    page_assets_compress();
    for (const struct dirent *file; sources && (file = readdir(sources)) != NULL;) {
      if (file->d_name[0] == '.') continue;
      const struct page_asset *asset = page_asset_find(file->d_name, strlen(file->d_name));
      if (!CHECK(asset && asset->gzip && asset->gzip_length < asset->length)) printf("     %s\n", file->d_name);
      files++;
    }
    CHECK(sources && files > 20);
    if (sources) closedir(sources);
  }
  TEST("an export comes piece by piece, with every event once") {
    struct page *page = open_page("", NULL);
    check_export(page, "GET /api/export?format=jsonl", 250);
    check_export(page, "GET /api/export?format=csv", 251);
    check_export(page, "GET /api/export?format=jsonl&status=failed", 125);
    page_release(page);
  }
  TEST("a piece of an export that patience ended is made when it is asked for again") {
    struct page *page = open_page("", NULL);
    check_stopped_export(page);
    page_release(page);
  }
  TEST("a call that is given up is told of no more, also when pieces were asked for faster than it could tell") {
    struct page *page = open_page("", NULL);
    struct page_request asked = request("GET /api/export?format=jsonl");
    struct page_call *many[4 * PAGE_THREADS]; /* so that all threads are there */
    for (int i = 0; i < 4 * PAGE_THREADS; i++) many[i] = page_call_start(page, &asked, NULL, NULL);
    for (int i = 0; i < 4 * PAGE_THREADS; i++) await_ready(many[i]);
    for (int i = 0; i < 4 * PAGE_THREADS; i++) page_call_free(many[i]);
    struct page_call *call = page_call_start(page, &asked, slow_done, NULL);
    await_ready(call);
    CHECK(page_call_response(call)->more && page_call_more(call));
    await_ready(call);
    page_call_free(call);
    CHECK(atomic_load(&in_done) == 0);
    page_release(page);
  }
  TEST("calls that nobody wants any more are given up, at any time") {
    struct page *page = open_page("", NULL);
    struct page_request asked = request("GET /api/events?limit=200");
    for (int round = 0; round < 50; round++) {
      struct page_call *calls[5];
      for (int i = 0; i < 5; i++) calls[i] = page_call_start(page, &asked, on_done, NULL);
      if (round % 2) usleep((useconds_t)(round * 20));
      for (int i = 0; i < 5; i++) page_call_free(calls[i]);
    }
    page_release(page);
  }
  TEST("more calls than can wait are refused at once") {
    struct page *page = open_page("", NULL);
    struct page_request asked = request("GET /api/events?limit=200");
    enum { MANY = 2 * PAGE_CALLS };
    struct page_call *calls[MANY];
    int refused = 0;
    for (int i = 0; i < MANY; i++) {
      calls[i] = page_call_start(page, &asked, NULL, NULL);
      refused += calls[i] == NULL;
    }
    CHECK(refused > 0 && refused <= MANY - PAGE_CALLS);
    for (int i = 0; i < MANY; i++) page_call_free(calls[i]);
    page_release(page);
  }
  TEST("what is answered without memory says so, and nothing is lost of it") check_allocations();

  TEST("that SQLite has no memory is not taken for trouble with the history") {
    struct page *page = open_page("", NULL);
    check_sqlite_memory(page, "GET /api/events", NULL);
    check_sqlite_memory(page, "GET /api/names", NULL);
    check_sqlite_memory(page, "GET /api/overview", NULL);
    check_sqlite_memory(page, "GET /api/export?format=csv", NULL);
    check_sqlite_memory(page, "POST /api/erase", "session=chat-8&dry_run=true");
    page_release(page);
  }

  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  CHECK(system(command) == 0);
  return check_finish();
}
