/*
 * page_access: see page_access.h.
 */
#include "page_access.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { HEX_BYTES = 2 * PAGE_DIGEST_BYTES, EXPIRY_DIGITS = 20, HOST_BYTES = 256 };

/* ---- tokens ---- */

static bool hmac(const void *key, int key_length, const void *text, size_t length,
                 unsigned char digest[PAGE_DIGEST_BYTES]) {
  unsigned size = 0;
  return HMAC(EVP_sha256(), key, key_length, text, length, digest, &size) != NULL && size == PAGE_DIGEST_BYTES;
}

/* Tokens are compared by this, so that what is compared always has the same length. */
static bool token_digest(const char *bytes, size_t length, unsigned char digest[PAGE_DIGEST_BYTES]) {
  static const char purpose[] = "intent-webhook page token 1";
  return hmac(purpose, sizeof purpose - 1, bytes, length, digest);
}

bool page_access_init(struct page_access *access, const char *token) {
  static const char cookies[] = "intent-webhook page cookies 1", name[] = "name";
  access->has_token = token != NULL;
  if (!token) return true;
  unsigned char digest[PAGE_DIGEST_BYTES];
  if (!token_digest(token, strlen(token), access->token)) return false;
  if (!hmac(cookies, sizeof cookies - 1, token, strlen(token), access->key)) return false;
  if (!hmac(access->key, PAGE_DIGEST_BYTES, name, sizeof name - 1, digest)) return false;
  snprintf(access->cookie_name, sizeof access->cookie_name, "intent_webhook_%02x%02x%02x%02x", digest[0], digest[1],
           digest[2], digest[3]);
  return true;
}

static enum page_token judge(const struct page_access *access, const char *bytes, size_t length) {
  unsigned char digest[PAGE_DIGEST_BYTES];
  bool right = access->has_token && token_digest(bytes, length, digest) &&
               CRYPTO_memcmp(digest, access->token, PAGE_DIGEST_BYTES) == 0;
  return right ? PAGE_TOKEN_RIGHT : PAGE_TOKEN_WRONG;
}

enum page_token page_access_typed(const struct page_access *access, const char *token) {
  return judge(access, token, strlen(token));
}

enum page_token page_access_bearer(const struct page_access *access, const struct page_request *request) {
  static const char scheme[] = "bearer ";
  struct page_text header = request->authorization;
  if (!header.bytes || !access->has_token) return PAGE_TOKEN_NONE;
  bool bearer = header.length >= sizeof scheme - 1 &&
                page_text_is_any_case((struct page_text){header.bytes, sizeof scheme - 1}, scheme);
  if (!bearer) return PAGE_TOKEN_NONE; /* another scheme is that of a proxy in front */
  struct page_text token = page_text_from(header, sizeof scheme - 1);
  return judge(access, token.bytes, token.length);
}

/* ---- cookies ---- */

/* The HMAC of an expiry, in hexadecimal digits. */
static bool sign(const struct page_access *access, const char *expiry, size_t length, char hex[HEX_BYTES + 1]) {
  unsigned char digest[PAGE_DIGEST_BYTES];
  if (!hmac(access->key, PAGE_DIGEST_BYTES, expiry, length, digest)) return false;
  for (int i = 0; i < PAGE_DIGEST_BYTES; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  return true;
}

/* "EXPIRY.HMAC" */
static bool cookie_is_good(const struct page_access *access, struct page_text value, int64_t now_us) {
  const char *dot = value.length ? memchr(value.bytes, '.', value.length) : NULL;
  size_t digits = dot ? (size_t)(dot - value.bytes) : 0;
  char expiry[EXPIRY_DIGITS + 1], hex[HEX_BYTES + 1];
  int64_t seconds;
  if (digits == 0 || digits > EXPIRY_DIGITS || value.length - digits - 1 != HEX_BYTES) return false;
  memcpy(expiry, value.bytes, digits);
  expiry[digits] = '\0';
  if (!sign(access, expiry, digits, hex) || CRYPTO_memcmp(hex, dot + 1, HEX_BYTES) != 0) return false;
  return page_read_whole(expiry, INT64_MAX / 1000000, &seconds) && seconds > now_us / 1000000;
}

bool page_access_cookie(const struct page_access *access, const struct page_request *request, int64_t now_us) {
  if (!access->has_token || !request->cookie.bytes) return false;
  struct page_text rest = request->cookie;
  size_t name_length = strlen(access->cookie_name);
  while (rest.length > 0) { /* "name=value; name=value" */
    while (rest.length > 0 && (*rest.bytes == ' ' || *rest.bytes == ';')) rest = page_text_from(rest, 1);
    const char *end = rest.length ? memchr(rest.bytes, ';', rest.length) : NULL;
    struct page_text pair = {rest.bytes, end ? (size_t)(end - rest.bytes) : rest.length};
    rest = page_text_from(rest, pair.length);
    if (page_text_begins(pair, access->cookie_name) && pair.length > name_length && pair.bytes[name_length] == '=' &&
        cookie_is_good(access, page_text_from(pair, name_length + 1), now_us))
      return true;
  }
  return false;
}

/* No Path: the browser takes the folder of the request's, api/, as it sees it, whatever proxies do to it. */
void page_access_set_cookie(const struct page_access *access, const struct page_request *request, int64_t now_us,
                            struct buffer *headers) {
  char expiry[EXPIRY_DIGITS + 1] = "", hex[HEX_BYTES + 1] = "", line[256];
  int age = now_us ? PAGE_COOKIE_SECONDS : 0;
  if (now_us) {
    int length = snprintf(expiry, sizeof expiry, "%lld", (long long)(now_us / 1000000 + PAGE_COOKIE_SECONDS));
    if (!sign(access, expiry, (size_t)length, hex)) {
      headers->failed = true;
      return;
    }
  }
  snprintf(line, sizeof line, "Set-Cookie: %s=%s%s%s; Max-Age=%d; HttpOnly; SameSite=Strict%s\r\n", access->cookie_name,
           expiry, now_us ? "." : "", hex, age, request->secure ? "; Secure" : "");
  buffer_text(headers, line);
}

/* ---- hosts and origins ---- */

/* A Host header's name or address, without port and brackets. */
static bool host_name(struct page_text host, char name[HOST_BYTES]) {
  if (host.length == 0 || host.length >= HOST_BYTES) return false;
  memcpy(name, host.bytes, host.length);
  name[host.length] = '\0';
  if (strlen(name) != host.length) return false;
  char *end = name[0] == '[' ? strchr(name, ']') : NULL;
  if (name[0] == '[') {
    if (!end || (end[1] && end[1] != ':')) return false;
    *end = '\0';
    memmove(name, name + 1, strlen(name));
    return true;
  }
  end = strchr(name, ':');
  if (end) *end = '\0';
  return name[0] != '\0';
}

bool page_access_host(const struct page_access *access, const struct page_request *request) {
  char name[HOST_BYTES];
  struct in6_addr address;
  if (!request->host.bytes) return true;
  if (!host_name(request->host, name)) return false;
  if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1) return true;
  struct page_text text = {name, strlen(name)};
  if (page_text_is_any_case(text, "localhost")) return true;
  for (size_t i = 0; i < access->host_count; i++)
    if (page_text_is_any_case(text, access->hosts[i])) return true;
  return false;
}

bool page_access_same_origin(const struct page_request *request) {
  static const char plain[] = "http://", secure[] = "https://";
  if (request->fetch_site.bytes) return page_text_is(request->fetch_site, "same-origin");
  struct page_text origin = request->origin;
  if (!request->host.bytes || request->host.length >= HOST_BYTES) return false;
  if (page_text_begins(origin, secure))
    origin = page_text_from(origin, sizeof secure - 1);
  else if (page_text_begins(origin, plain) && !request->secure)
    origin = page_text_from(origin, sizeof plain - 1);
  else
    return false;
  char host[HOST_BYTES];
  memcpy(host, request->host.bytes, request->host.length);
  host[request->host.length] = '\0';
  return page_text_is_any_case(origin, host);
}
