/*
 * transport: see transport.h. All knowledge of libcurl's results is in here.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"

/* libcurl keeps this much of a response for each transfer; small, since many may be in flight. */
enum { RECEIVE_BUFFER = 4096 };

/* ---- what libcurl tells while it works; all in the sender's thread ---- */

static void forget_response(struct transfer *transfer) {
  struct attempt *attempt = &transfer->delivery->attempt;
  buffer_clear(&attempt->response_head);
  buffer_clear(&attempt->response_body);
  transfer->head_begun = transfer->head_complete = transfer->conflicting_length = false;
  transfer->announced = -1;
  transfer->body_bytes = 0;
}

/* The exact request head. A second one means that libcurl sent the request again on a fresh connection. */
static void request_head_sent(struct transfer *transfer, const char *bytes, size_t length) {
  struct attempt *attempt = &transfer->delivery->attempt;
  if (length >= 5 && memcmp(bytes, "POST ", 5) == 0) {
    if (transfer->requests_seen++ > 0) {
      attempt->resent = true;
      buffer_clear(&attempt->request_head);
      forget_response(transfer);
    }
  }
  buffer_append(&attempt->request_head, bytes, length);
}

static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context) {
  (void)easy;
  struct transfer *transfer = context;
  if (transfer->delivery == NULL) return 0;
  if (type == CURLINFO_HEADER_OUT) request_head_sent(transfer, bytes, length);
  /* libcurl says when an https connection stands only after the handshake; the first byte of that says it now */
  if (type == CURLINFO_SSL_DATA_OUT && transfer->connected_us < 0)
    transfer->connected_us = clock_monotonic_us() - transfer->started_us;
  return 0;
}

/* Ends the transfer by a short count from a callback; the outcome is decided already. */
static size_t end(struct transfer *transfer, enum cause cause) {
  transfer->ended_by_us = true;
  transfer->ended_cause = cause;
  return 0;
}

static void note_content_length(struct transfer *transfer, const char *line, size_t length) {
  static const char name[] = "content-length:";
  if (length < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0) return;
  char digits[24] = "";
  const char *value = line + sizeof name - 1, *line_end = line + length;
  while (value < line_end && (*value == ' ' || *value == '\t')) value++;
  size_t count = 0;
  while (value < line_end && *value >= '0' && *value <= '9' && count < sizeof digits - 1) digits[count++] = *value++;
  if (count == 0 || count > 18) return;
  int64_t announced = strtoll(digits, NULL, 10);
  if (transfer->announced >= 0 && transfer->announced != announced) transfer->conflicting_length = true;
  transfer->announced = announced;
}

/* libcurl's SSL object may only be asked while the transfer runs. */
static void note_tls_version(struct transfer *transfer) {
  struct curl_tlssessioninfo *session = NULL;
  if (curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL) return;
  if (session->backend != CURLSSLBACKEND_OPENSSL || session->internals == NULL) return;
  transfer->delivery->attempt.tls_version = SSL_get_version(session->internals);
}

static size_t head_ended(struct transfer *transfer, size_t length) {
  struct attempt *attempt = &transfer->delivery->attempt;
  long status = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 100 && status < 200 && status != 101) { /* an interim response: the real one follows */
    forget_response(transfer);
    return length;
  }
  attempt->http_status = (int)status;
  transfer->head_complete = true;
  if (transfer->endpoint->https) note_tls_version(transfer);
  /* RFC 9112 6.3: two different lengths cannot be framed; the status was said, but no byte behind it can be trusted */
  if (transfer->conflicting_length) return end(transfer, CAUSE_BODY_MALFORMED);
  return length;
}

/* Called with one whole line of a head, or of trailers behind the body. */
static size_t on_header(char *line, size_t size, size_t count, void *context) {
  struct transfer *transfer = context;
  size_t length = size * count;
  transfer->head_bytes += length;
  if (transfer->head_bytes > TRANSPORT_HEAD_LIMIT)
    return end(transfer, transfer->head_complete ? CAUSE_BODY_MALFORMED : CAUSE_HEAD_TOO_LARGE);
  transfer->head_begun = true;
  buffer_append(&transfer->delivery->attempt.response_head, line, length);
  if (transfer->head_complete) return length;
  note_content_length(transfer, line, length);
  bool blank = (length == 2 && line[0] == '\r' && line[1] == '\n') || (length == 1 && line[0] == '\n');
  return blank ? head_ended(transfer, length) : length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
  struct transfer *transfer = context;
  struct attempt *attempt = &transfer->delivery->attempt;
  size_t length = size * count, room = TRANSPORT_BODY_LIMIT - attempt->response_body.length;
  transfer->body_bytes += (int64_t)length;
  buffer_append(&attempt->response_body, bytes, length < room ? length : room);
  if (attempt->response_body.failed) attempt->truncated = true;
  if (length <= room) return length;
  attempt->truncated = true;
  return end(transfer, CAUSE_BODY_TOO_LARGE);
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct transfer *transfer = context;
  (void)purpose;
  if (!endpoint_allows(transfer->endpoint, &address->addr)) {
    transfer->forbidden = true;
    return CURL_SOCKET_BAD;
  }
  /* for the record when this comes to nothing; a connection that stands names its own address in the end */
  address_text(transfer->delivery->attempt.remote_address, &address->addr);
  int type = address->socktype;
#ifdef SOCK_CLOEXEC
  type |= SOCK_CLOEXEC; /* programs that the host starts shall not inherit it */
#endif
  curl_socket_t opened = socket(address->family, type, address->protocol);
  if (opened == CURL_SOCKET_BAD) return opened;
  if (transfer->transport->socket_opened(transfer->transport->close_context, opened)) return opened;
  close(opened);
  transfer->no_memory = true;
  return CURL_SOCKET_BAD;
}

static bool address_parse(struct sockaddr_storage *address, const char *text) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    return true;
  }
  char plain[INET6_ADDRSTRLEN];
  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "%"), text); /* without a zone */
  if (inet_pton(AF_INET6, plain, &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  return true;
}

/*
 * Just before the request goes out. The connection may be one that another endpoint opened under other rules, so its
 * address is judged again.
 */
static int on_before_request(void *context, char *remote, char *local, int remote_port, int local_port) {
  struct transfer *transfer = context;
  struct sockaddr_storage address;
  (void)local, (void)local_port, (void)remote_port;
  if (!transfer->endpoint->public_only) return CURL_PREREQFUNC_OK;
  if (address_parse(&address, remote) && endpoint_allows(transfer->endpoint, (struct sockaddr *)&address))
    return CURL_PREREQFUNC_OK;
  transfer->forbidden = true;
  return CURL_PREREQFUNC_ABORT;
}

static int on_resolver_start(void *resolver, void *reserved, void *context) {
  struct transfer *transfer = context;
  (void)resolver, (void)reserved;
  transfer->resolving = true;
  return 0;
}

/* ---- setting up ---- */

static bool set_options(struct transfer *transfer) {
  CURL *easy = transfer->easy;
  const struct endpoint *endpoint = transfer->endpoint;
  bool set = true;
#define SET(option, value) set = set && curl_easy_setopt(easy, CURLOPT_##option, value) == CURLE_OK
  SET(URL, endpoint->url);
  SET(PATH_AS_IS, 1L);
  SET(POST, 1L);
  SET(HTTPHEADER, endpoint->headers);
  SET(TIMEOUT_MS, endpoint->timeout_ms);
  SET(CONNECTTIMEOUT_MS, endpoint->timeout_ms);
  SET(FOLLOWLOCATION, 0L);
  SET(PROXY, "");
  SET(NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  SET(QUICK_EXIT,
      1L); /* do not wait for the resolver's thread when the time is over: it would hold up every transfer */
#endif
  SET(HTTP_CONTENT_DECODING, 0L);
  SET(MAXAGE_CONN, (long)TRANSPORT_IDLE_SECONDS);
  SET(BUFFERSIZE, (long)RECEIVE_BUFFER);
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(PROTOCOLS_STR, "http,https");
#else
  SET(PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  if (endpoint->https) {
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  } else {
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  }
  if (endpoint->ca_file != NULL) {
    SET(CAINFO, endpoint->ca_file);
    SET(CAPATH, NULL);
  }
  SET(SHARE, transfer->transport->share);
  SET(PRIVATE, transfer);
  SET(ERRORBUFFER, transfer->error);
  SET(HEADERFUNCTION, on_header);
  SET(HEADERDATA, transfer);
  SET(WRITEFUNCTION, on_body);
  SET(WRITEDATA, transfer);
  SET(DEBUGFUNCTION, on_debug);
  SET(DEBUGDATA, transfer);
  SET(VERBOSE, 1L);
  SET(OPENSOCKETFUNCTION, on_open_socket);
  SET(OPENSOCKETDATA, transfer);
  SET(CLOSESOCKETFUNCTION, transfer->transport->close_socket);
  SET(CLOSESOCKETDATA, transfer->transport->close_context);
  SET(PREREQFUNCTION, on_before_request);
  SET(PREREQDATA, transfer);
  SET(RESOLVER_START_FUNCTION, on_resolver_start);
  SET(RESOLVER_START_DATA, transfer);
#undef SET
  return set;
}

struct transfer *transfer_new(const struct transport *transport, struct endpoint *endpoint) {
  struct transfer *transfer = memory_zeroed(sizeof *transfer);
  if (transfer == NULL) return NULL;
  transfer->transport = transport;
  transfer->endpoint = endpoint;
  transfer->easy = curl_easy_init();
  if (transfer->easy == NULL || !set_options(transfer)) {
    transfer_free(transfer);
    return NULL;
  }
  return transfer;
}

void transfer_free(struct transfer *transfer) {
  if (transfer->easy != NULL) curl_easy_cleanup(transfer->easy);
  memory_free(transfer);
}

bool transfer_begin(struct transfer *transfer, struct delivery *delivery) {
  transfer->delivery = delivery;
  transfer->started_us = clock_monotonic_us();
  transfer->head_bytes = 0;
  transfer->requests_seen = 0;
  transfer->connected_us = -1;
  transfer->forbidden = transfer->no_memory = transfer->resolving = transfer->ended_by_us = false;
  transfer->ended_cause = CAUSE_NONE;
  transfer->error[0] = '\0';
  forget_response(transfer);
  struct attempt *attempt = &delivery->attempt;
  attempt->made = true;
  attempt->started_us = clock_wall_us();
  if (curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, delivery->body) == CURLE_OK &&
      curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)delivery->body_length) == CURLE_OK)
    return true;
  transfer->delivery = NULL;
  return false;
}

/* ---- the outcome ---- */

static int64_t time_of(CURL *easy, CURLINFO what) {
  curl_off_t time = 0;
  curl_easy_getinfo(easy, what, &time);
  return time > 0 ? (int64_t)time : -1;
}

static const char *http_version_text(CURL *easy) {
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  switch (version) {
  case CURL_HTTP_VERSION_1_0: return "1.0";
  case CURL_HTTP_VERSION_1_1: return "1.1";
  case CURL_HTTP_VERSION_2_0: return "2";
  case CURL_HTTP_VERSION_3: return "3";
  default: return NULL;
  }
}

static void read_figures(struct transfer *transfer) {
  struct attempt *attempt = &transfer->delivery->attempt;
  CURL *easy = transfer->easy;
  attempt->name_lookup_us = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
  attempt->connect_us = time_of(easy, CURLINFO_CONNECT_TIME_T);
  if (attempt->connect_us < 0) attempt->connect_us = transfer->connected_us;
  attempt->tls_us = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
  attempt->first_byte_us = transfer->head_begun ? time_of(easy, CURLINFO_STARTTRANSFER_TIME_T) : -1;
  attempt->total_us = clock_monotonic_us() - transfer->started_us;
  char *ip = NULL;
  long port = 0;
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
  if (ip != NULL && *ip != '\0')
    snprintf(attempt->remote_address, sizeof attempt->remote_address,
             strchr(ip, ':') != NULL ? "[%.45s]:%ld" : "%.45s:%ld", ip, port);
  if (transfer->head_begun) attempt->http_version = http_version_text(easy);
}

static bool request_sent(const struct transfer *transfer) {
  curl_off_t sent = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  return transfer->requests_seen > 0 && (size_t)sent >= transfer->delivery->body_length;
}

static enum cause timeout_cause(const struct transfer *transfer) {
  const struct attempt *attempt = &transfer->delivery->attempt;
  if (transfer->head_begun) return CAUSE_HEAD_TIMEOUT;
  /* before the times, since a reused connection has none of its own */
  if (transfer->requests_seen > 0) return request_sent(transfer) ? CAUSE_RESPONSE_TIMEOUT : CAUSE_SEND_TIMEOUT;
  if (attempt->name_lookup_us < 0 && transfer->resolving) return CAUSE_NAME_TIMEOUT;
  if (attempt->connect_us < 0) return CAUSE_CONNECT_TIMEOUT;
  if (transfer->endpoint->https && attempt->tls_us < 0) return CAUSE_TLS_TIMEOUT;
  return CAUSE_SEND_TIMEOUT;
}

static enum cause connect_cause(const struct transfer *transfer) {
  long system_error = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &system_error);
  switch (system_error) {
  case ECONNREFUSED: return CAUSE_CONNECT_REFUSED;
  case ENETUNREACH:
  case EHOSTUNREACH:
  case EADDRNOTAVAIL: return CAUSE_CONNECT_UNREACHABLE;
  case ETIMEDOUT: return CAUSE_CONNECT_TIMEOUT;
  default:
    return transfer->forbidden ? CAUSE_ADDRESS_FORBIDDEN : transfer->no_memory ? CAUSE_MEMORY : CAUSE_CONNECT_FAILED;
  }
}

static enum cause certificate_cause(const struct transfer *transfer) {
  long verdict = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  switch (verdict) {
  case X509_V_OK:              /* nothing is wrong with the chain, or (libcurl's initial value) */
  case X509_V_ERR_UNSPECIFIED: /* it was not even looked at: so it was the name that libcurl refused */
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH: return CAUSE_TLS_NAME;
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID: return CAUSE_TLS_EXPIRED;
  default: return CAUSE_TLS_UNTRUSTED;
  }
}

/* Why there is no complete response head. */
static enum cause head_cause(const struct transfer *transfer, CURLcode result) {
  if (transfer->ended_by_us) return transfer->ended_cause;
  switch (result) {
  case CURLE_OPERATION_TIMEDOUT: return timeout_cause(transfer);
  case CURLE_COULDNT_RESOLVE_HOST: return CAUSE_NAME_UNRESOLVED;
  case CURLE_COULDNT_CONNECT: return connect_cause(transfer);
  case CURLE_ABORTED_BY_CALLBACK: return transfer->forbidden ? CAUSE_ADDRESS_FORBIDDEN : CAUSE_INTERNAL;
  case CURLE_PEER_FAILED_VERIFICATION: return certificate_cause(transfer);
  case CURLE_SSL_CACERT_BADFILE: return CAUSE_TLS_CA_FILE;
  case CURLE_SSL_CONNECT_ERROR: return CAUSE_TLS_HANDSHAKE;
  case CURLE_SEND_ERROR: return CAUSE_SEND_FAILED;
  case CURLE_RECV_ERROR: return transfer->head_begun ? CAUSE_HEAD_RESET : CAUSE_RESPONSE_RESET;
  case CURLE_OK: /* libcurl is content with a head that ends with the connection; we are not */
  case CURLE_PARTIAL_FILE:
  case CURLE_GOT_NOTHING: return transfer->head_begun ? CAUSE_HEAD_CUT : CAUSE_RESPONSE_EMPTY;
  case CURLE_UNSUPPORTED_PROTOCOL: /* "HTTP/0.9", libcurl's word for bytes that are no HTTP head */
  case CURLE_WEIRD_SERVER_REPLY: return CAUSE_RESPONSE_MALFORMED;
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM: return CAUSE_HTTP2_ERROR;
  case CURLE_OUT_OF_MEMORY: /* also its word for one header line above 100 KiB */
    return transfer->requests_seen > 0 ? CAUSE_HEAD_TOO_LARGE : CAUSE_MEMORY;
#if LIBCURL_VERSION_NUM >= 0x080600
  case CURLE_TOO_LARGE: return CAUSE_HEAD_TOO_LARGE;
#endif
  default: return CAUSE_INTERNAL;
  }
}

static enum cause status_cause(int status) {
  switch (status / 100) {
  case 2: return CAUSE_NONE;
  case 3: return CAUSE_STATUS_3XX;
  case 4: return CAUSE_STATUS_4XX;
  case 5: return CAUSE_STATUS_5XX;
  default: return CAUSE_STATUS_OTHER;
  }
}

/* What went wrong behind a complete head. */
static enum cause body_cause(const struct transfer *transfer, CURLcode result) {
  if (transfer->ended_by_us) return transfer->ended_cause;
  switch (result) {
  case CURLE_OK: return CAUSE_NONE;
  case CURLE_OPERATION_TIMEDOUT: return CAUSE_BODY_TIMEOUT;
  case CURLE_PARTIAL_FILE: return CAUSE_BODY_CUT;
  case CURLE_RECV_ERROR:
    /* libcurl's only sign of broken chunks is its message */
    return strstr(transfer->error, "chunk") != NULL ? CAUSE_BODY_MALFORMED : CAUSE_BODY_RESET;
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM: return CAUSE_BODY_RESET;
  default: return CAUSE_BODY_MALFORMED;
  }
}

static void let_go(struct transfer *transfer) {
  struct delivery *delivery = transfer->delivery;
  struct attempt *attempt = &delivery->attempt;
  if ((attempt->request_head.failed || attempt->response_head.failed) && attempt->message[0] == '\0')
    snprintf(attempt->message, sizeof attempt->message, "There was not enough memory to keep all of the headers.");
  delivery->finished_us = clock_wall_us();
  delivery->status = delivery->cause == CAUSE_NONE ? DELIVERY_DELIVERED : DELIVERY_FAILED;
  transfer->delivery = NULL;
  curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, NULL);
}

void transfer_finish(struct transfer *transfer, CURLcode result) {
  struct delivery *delivery = transfer->delivery;
  struct attempt *attempt = &delivery->attempt;
  read_figures(transfer);
  if (transfer->head_complete) {
    attempt->cause = status_cause(attempt->http_status);
    attempt->body_cause = body_cause(transfer, result);
    bool whole = attempt->body_cause == CAUSE_NONE;
    if (!whole) attempt->truncated = true;
    attempt->response_length = transfer->announced >= 0 ? transfer->announced : whole ? transfer->body_bytes : -1;
    if (transfer->conflicting_length) attempt->response_length = -1;
  } else {
    attempt->cause = head_cause(transfer, result);
    attempt->response_length = -1;
  }
  if (result != CURLE_OK && !transfer->ended_by_us)
    snprintf(attempt->message, sizeof attempt->message, "%s",
             transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(result));
  delivery->cause = attempt->cause;
  let_go(transfer);
}

void transfer_abandon(struct transfer *transfer, enum cause cause) {
  struct attempt *attempt = &transfer->delivery->attempt;
  read_figures(transfer);
  attempt->response_length = -1;
  attempt->cause = transfer->delivery->cause = cause;
  /* a complete 2xx head has acknowledged the event, whatever becomes of the body */
  if (transfer->head_complete) {
    attempt->cause = transfer->delivery->cause = status_cause(attempt->http_status);
    attempt->body_cause = CAUSE_BODY_CUT;
    attempt->truncated = true;
  }
  let_go(transfer);
}
