/*
 * test_endpoint: what an endpoint may be, and what it becomes (with address.c, buffer.c, memory.c and redaction.c).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "check.h"
#include "endpoint.h"
#include "memory_faults.h"

#define URL "https://example.org/hook"

/* Checks that these options are refused with a sentence that begins so. */
static void check_refused(const iw_endpoint_options *options, const char *beginning) {
  char error[IW_ERROR_SIZE] = "";
  struct endpoint *endpoint = endpoint_new(options, error);
  if (!CHECK(endpoint == NULL)) endpoint_free(endpoint);
  if (!CHECK(strncmp(error, beginning, strlen(beginning)) == 0)) printf("     %s\n", error);
}

static struct endpoint *make(const iw_endpoint_options *options) {
  char error[IW_ERROR_SIZE] = "";
  struct endpoint *endpoint = endpoint_new(options, error);
  if (!CHECK(endpoint != NULL)) printf("     %s\n", error);
  return endpoint;
}

static bool allows(const struct endpoint *endpoint, const char *text) {
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) return endpoint_allows(endpoint, (struct sockaddr *)&v4);
  inet_pton(AF_INET6, text, &v6.sin6_addr);
  return endpoint_allows(endpoint, (struct sockaddr *)&v6);
}

static void test_urls(void) {
  TEST("a URL is kept exactly as it is written") {
    static const char *const urls[] = {
        URL,
        "http://example.org",
        "http://127.0.0.1:8080/a/../b//c?d=e&f=%2F",
        "HTTPS://Example.ORG:443/UPPER",
        "https://[2001:db8::1]:8443/x?y=[z]",
        "http://example.org/?empty=",
        "https://xn--bcher-kva.example/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
      struct endpoint *endpoint = make(&(iw_endpoint_options){.url = urls[i]});
      if (endpoint == NULL) continue;
      CHECK_TEXT(endpoint_url(endpoint), urls[i]);
      CHECK(endpoint->https == (urls[i][4] == 's' || urls[i][4] == 'S'));
      endpoint_free(endpoint);
    }
  }
  TEST("what is no http or https URL, or could smuggle something onto the wire, is refused") {
    static const char *const urls[] = {
        NULL,
        "",
        "example.org/hook",
        "//example.org/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "unix:/run/socket",
        "https://",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://:password@example.org/",
        "https://example.org/#part",
        "https://example.org/a b",
        "https://example.org/a\tb",
        "https://example.org/\r\nX-Injected: yes",
        "https://example.org/\nX-Injected: yes",
        "https://example.org/\r",
        " https://example.org/",
        "https://example.org/\x7f",
        "https://example.org/\x01",
        "https://example.org/caf\xc3\xa9",
        "https://ex\xc3\xa4mple.org/",
        "http://example.org:99999/",
        "http://example.org:port/",
        "http://[::1/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
      check_refused(&(iw_endpoint_options){.url = urls[i]}, "url: ");
  }
}

static void test_headers(void) {
  TEST("a token is the raw value, without anything around it") {
    static const char *const tokens[] = {"",     "Bearer abc", "bearer abc", "BEARER abc",   "Bearer",
                                         "a b",  "a\rb",       "a\nb",       "a\tb",         "\x01",
                                         "abc ", " abc",       "\x7f",       "t\xc3\xb6ken", "abc\r\n"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
      check_refused(&(iw_endpoint_options){.url = URL, .token = tokens[i]}, "token: ");
    struct endpoint *endpoint = make(&(iw_endpoint_options){.url = URL, .token = "Bearer-like.abc/+=~"});
    endpoint_free(endpoint);
  }
  TEST("a header's name is a token and its value holds no control character") {
    static const iw_header headers[] = {
        {"", "v", false},       {NULL, "v", false},   {"X Y", "v", false},       {"X:", "v", false},
        {"X\r\nY", "v", false}, {"X\nY", "v", false}, {"X\xc3\xa9", "v", false}, {"X(", "v", false},
        {"X", NULL, false},     {"X", "a\rb", false}, {"X", "a\nb", false},      {"X", "a\r\nY: b", false},
        {"X", "\x01", false},   {"X", "\x7f", false}, {"X", "a\x1bz", true},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
      check_refused(&(iw_endpoint_options){.url = URL, .headers = &headers[i], .header_count = 1}, "headers: ");
  }
  TEST("headers that are the contract's, or frame the message, cannot be given, in whatever case") {
    static const char *const names[] = {
        "Host",       "content-type", "CONTENT-LENGTH",   "User-Agent", "Transfer-Encoding",
        "Connection", "Expect",       "Keep-Alive",       "Trailer",    "Accept-Encoding",
        "TE",         "Upgrade",      "Proxy-Connection",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      iw_header header = {names[i], "x", false};
      check_refused(&(iw_endpoint_options){.url = URL, .headers = &header, .header_count = 1}, "headers: ");
    }
  }
  TEST("no header comes twice, and Authorization not beside a token") {
    const iw_header twice[] = {{"X-One", "1", false}, {"X-Two", "2", false}, {"x-one", "3", false}};
    check_refused(&(iw_endpoint_options){.url = URL, .headers = twice, .header_count = 3}, "headers: x-one");
    const iw_header authorization = {"authorization", "Basic abc", false};
    check_refused(&(iw_endpoint_options){.url = URL, .token = "t", .headers = &authorization, .header_count = 1},
                  "headers: Authorization");
  }
  TEST("the header lines are the contract's, then the token's, then the given ones in order") {
    const iw_header headers[] = {{"X-B", "b; \t\xff", false}, {"X-Empty", "", false}, {"X-A", "a", true}};
    struct endpoint *endpoint =
        make(&(iw_endpoint_options){.url = URL, .token = "secret", .headers = headers, .header_count = 3});
    static const char *const lines[] = {"Content-Type: application/json",
                                        "User-Agent: rag-go-intent-webhook/1.0",
                                        "Accept:",
                                        "Expect:",
                                        "Authorization: Bearer secret",
                                        "X-B: b; \t\xff",
                                        "X-Empty;",
                                        "X-A: a"};
    const struct curl_slist *line = endpoint->headers;
    for (size_t i = 0; i < sizeof lines / sizeof *lines && CHECK(line != NULL); i++, line = line->next)
      CHECK_TEXT(line->data, lines[i]);
    CHECK(line == NULL);
    endpoint_free(endpoint);
  }
  TEST("token, secret headers and Authorization are known to the redaction, other headers are not") {
    const iw_header headers[] = {{"X-Open", "open", false}, {"X-Key", "key-value", true}};
    struct endpoint *endpoint =
        make(&(iw_endpoint_options){.url = URL, .token = "token-value", .headers = headers, .header_count = 2});
    const struct redaction *redaction = endpoint_redaction(endpoint);
    CHECK(redaction->value_count == 2 && redaction->header_count == 1);
    CHECK_BYTES(redaction->values[0].bytes, redaction->values[0].length, "token-value");
    CHECK_BYTES(redaction->values[1].bytes, redaction->values[1].length, "key-value");
    CHECK_BYTES(redaction->headers[0].bytes, redaction->headers[0].length, "X-Key");
    endpoint_free(endpoint);
    const iw_header authorization = {"Authorization", "Basic dXNlcg==", false};
    endpoint = make(&(iw_endpoint_options){.url = URL, .headers = &authorization, .header_count = 1});
    CHECK(endpoint_redaction(endpoint)->value_count > 0 && endpoint_redaction(endpoint)->header_count == 1);
    endpoint_free(endpoint);
  }
}

static void test_limits(void) {
  TEST("timeout and in_flight have a range and a default") {
    static const double timeouts[] = {-1, 0.0009, 3601, 1e300, -1e300};
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++)
      check_refused(&(iw_endpoint_options){.url = URL, .timeout = timeouts[i]}, "timeout: ");
    const double nan = 0.0 / (timeouts[0] + 1);
    check_refused(&(iw_endpoint_options){.url = URL, .timeout = nan}, "timeout: ");
    check_refused(&(iw_endpoint_options){.url = URL, .in_flight = 100001}, "in_flight: ");
    struct endpoint *endpoint = make(&(iw_endpoint_options){.url = URL});
    CHECK(endpoint->timeout_ms == 10000 && endpoint->in_flight_limit == 64 && !endpoint->disabled);
    endpoint_free(endpoint);
    endpoint = make(&(iw_endpoint_options){.url = URL, .timeout = 0.001, .in_flight = 100000, .disabled = true});
    CHECK(endpoint->timeout_ms == 1 && endpoint->in_flight_limit == 100000 && endpoint->disabled);
    endpoint_free(endpoint);
    endpoint = make(&(iw_endpoint_options){.url = URL, .timeout = 3600, .in_flight = 1});
    CHECK(endpoint->timeout_ms == 3600000 && endpoint->in_flight_limit == 1);
    endpoint_free(endpoint);
  }
  TEST("an authority file has a name, and is not opened before it is needed") {
    check_refused(&(iw_endpoint_options){.url = URL, .ca_file = ""}, "ca_file: ");
    struct endpoint *endpoint = make(&(iw_endpoint_options){.url = URL, .ca_file = "/nowhere.pem"});
    CHECK_TEXT(endpoint->ca_file, "/nowhere.pem");
    endpoint_free(endpoint);
  }
  TEST("public_only refuses what is not public, but for the ranges that are allowed") {
    static const char *const wrong[] = {"", "10.0.0.0/33", "localhost", "10.0.0", "fd00::/129", "10.0.0.0/8/9", NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
      check_refused(&(iw_endpoint_options){.url = URL, .allow = &wrong[i], .allow_count = 1}, "allow: ");
    const char *const ranges[] = {"10.1.0.0/16", "fd00::/8"};
    struct endpoint *endpoint =
        make(&(iw_endpoint_options){.url = URL, .public_only = true, .allow = ranges, .allow_count = 2});
    CHECK(allows(endpoint, "93.184.216.34") && allows(endpoint, "2606:4700::1111"));
    CHECK(allows(endpoint, "10.1.255.255") && allows(endpoint, "fd12::1"));
    CHECK(!allows(endpoint, "10.2.0.0") && !allows(endpoint, "127.0.0.1") && !allows(endpoint, "::1"));
    CHECK(!allows(endpoint, "169.254.169.254") && !allows(endpoint, "::ffff:127.0.0.1"));
    endpoint_free(endpoint);
    endpoint = make(&(iw_endpoint_options){.url = URL});
    CHECK(allows(endpoint, "127.0.0.1") && allows(endpoint, "169.254.169.254"));
    endpoint_free(endpoint);
  }
  TEST("what was given is copied") {
    char url[] = URL, token[] = "token", name[] = "X-A", value[] = "a", file[] = "/ca.pem";
    iw_header header = {name, value, true};
    struct endpoint *endpoint = make(
        &(iw_endpoint_options){.url = url, .token = token, .headers = &header, .header_count = 1, .ca_file = file});
    url[0] = token[0] = name[0] = value[0] = file[0] = '!';
    CHECK_TEXT(endpoint_url(endpoint), URL);
    CHECK_TEXT(endpoint->ca_file, "/ca.pem");
    CHECK(endpoint->redaction.values[0].bytes[0] == 't' && endpoint->redaction.headers[0].bytes[0] == 'X');
    endpoint_free(endpoint);
  }
}

int main(void) {
  memory_faults_install();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  test_urls();
  test_headers();
  test_limits();
  TEST("each allocation that fails is told, and leaves nothing behind") {
    const iw_header headers[] = {{"X-A", "a", true}, {"X-B", "b", false}};
    const char *const ranges[] = {"10.0.0.0/8"};
    iw_endpoint_options options = {.url = URL,
                                   .token = "token",
                                   .headers = headers,
                                   .header_count = 2,
                                   .allow = ranges,
                                   .allow_count = 1,
                                   .ca_file = "/ca.pem"};
    unsigned nth = 1;
    for (;; nth++) {
      char error[IW_ERROR_SIZE] = "";
      memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
      struct endpoint *endpoint = endpoint_new(&options, error);
      bool hit = memory_faults_hit();
      CHECK(hit == (endpoint == NULL));
      if (endpoint == NULL) CHECK(strncmp(error, "memory: ", 8) == 0);
      if (endpoint != NULL) endpoint_free(endpoint);
      CHECK(memory_faults_outstanding() == 0);
      if (!hit) break;
    }
    CHECK(nth > 8);
  }
  curl_global_cleanup();
  return check_finish();
}
