/*
 * cause: why a delivery was not made, or what went wrong in a response body after it was.
 *
 * One list. `code` is stable: programs branch on it, and it stands in the history. `sentence` is for people, says what
 * to do, and may change.
 */
#ifndef INTENT_WEBHOOK_CAUSE_H
#define INTENT_WEBHOOK_CAUSE_H

#pragma GCC visibility push(hidden)

/* clang-format off */
#define CAUSES(X) \
  X(NONE, "none", "") \
  /* before anything is sent */ \
  X(QUEUE_FULL, "queue_full", "The endpoint's queue was full: raise queue_limit or queue_bytes, or find out why the endpoint is slow.") \
  X(ENDPOINT_DISABLED, "endpoint_disabled", "The webhook action is disabled in the intents: remove disabled = true to send.") \
  X(MAP_ERROR, "map_error", "The action's map function raised an error: see the event's error for the traceback.") \
  X(PAYLOAD_INVALID, "payload_invalid", "The action's map function returned something that JSON cannot say.") \
  X(CLIENT_CLOSED, "client_closed", "The client was closed before the endpoint answered: give close() more time.") \
  X(PROCESS_EXIT, "process_exit", "The process exited before the endpoint answered: call close() before exit.") \
  X(MEMORY, "memory", "There was not enough memory to send the request.") \
  X(INTERNAL, "internal", "The HTTP library refused the request; the message says why.") \
  /* name and address */ \
  X(NAME_UNRESOLVED, "name_unresolved", "The host name could not be resolved: check the URL and the machine's DNS.") \
  X(NAME_TIMEOUT, "name_timeout", "Resolving the host name took longer than the timeout: check the machine's DNS.") \
  X(ADDRESS_FORBIDDEN, "address_forbidden", "The address is not public and network = \"public\" forbids it: allow its range, or use network = \"any\".") \
  /* connection */ \
  X(CONNECT_REFUSED, "connect_refused", "Nothing listens at that address and port: is the endpoint running?") \
  X(CONNECT_UNREACHABLE, "connect_unreachable", "There is no route to the address: check the network.") \
  X(CONNECT_TIMEOUT, "connect_timeout", "The address did not answer the connection attempt within the timeout: check address and firewall.") \
  X(CONNECT_FAILED, "connect_failed", "The connection could not be made; the message says why.") \
  /* TLS */ \
  X(TLS_UNTRUSTED, "tls_untrusted", "The certificate is not signed by a trusted authority: install its authority, or name it with ca_file.") \
  X(TLS_EXPIRED, "tls_expired", "The certificate has expired or is not valid yet: renew it, or check this machine's clock.") \
  X(TLS_NAME, "tls_name", "The certificate is for another host name: use the name in the certificate, or replace it.") \
  X(TLS_HANDSHAKE, "tls_handshake", "The TLS handshake failed: does this port speak TLS? The message says more.") \
  X(TLS_TIMEOUT, "tls_timeout", "The TLS handshake was not finished within the timeout.") \
  X(TLS_CA_FILE, "tls_ca_file", "The endpoint's ca_file could not be read: check the path and the permissions.") \
  /* request */ \
  X(SEND_FAILED, "send_failed", "The connection broke while the request was being sent.") \
  X(SEND_TIMEOUT, "send_timeout", "The request could not be sent completely within the timeout.") \
  /* response head */ \
  X(RESPONSE_RESET, "response_reset", "The endpoint reset the connection before it answered: look into its log.") \
  X(RESPONSE_EMPTY, "response_empty", "The endpoint closed the connection without an answer: look into its log.") \
  X(RESPONSE_TIMEOUT, "response_timeout", "The endpoint did not answer within the timeout: answer 200 at once and work afterwards.") \
  X(HEAD_RESET, "head_reset", "The endpoint reset the connection within the response head.") \
  X(HEAD_CUT, "head_cut", "The endpoint closed the connection within the response head.") \
  X(HEAD_TIMEOUT, "head_timeout", "The response head was not complete within the timeout.") \
  X(HEAD_TOO_LARGE, "head_too_large", "The response head is larger than 256 KiB.") \
  X(RESPONSE_MALFORMED, "response_malformed", "The answer is not HTTP: does the URL point at an HTTP server?") \
  X(HTTP2_ERROR, "http2_error", "The endpoint broke off the HTTP/2 stream; the message says why.") \
  /* status */ \
  X(STATUS_3XX, "status_3xx", "The endpoint answered with a redirect or another 3xx; redirects are never followed: configure the final URL.") \
  X(STATUS_4XX, "status_4xx", "The endpoint refused the request with a 4xx status: its response says why.") \
  X(STATUS_5XX, "status_5xx", "The endpoint failed with a 5xx status: look into its log.") \
  X(STATUS_OTHER, "status_other", "The endpoint answered with a status that is not 2xx.") \
  /* response body; these never make a delivery fail */ \
  X(BODY_CUT, "body_cut", "The connection ended before the whole response body had come.") \
  X(BODY_RESET, "body_reset", "The connection was reset before the whole response body had come.") \
  X(BODY_TIMEOUT, "body_timeout", "The response body was not complete within the timeout.") \
  X(BODY_TOO_LARGE, "body_too_large", "The response body is larger than 64 KiB; the rest was not read.") \
  X(BODY_MALFORMED, "body_malformed", "The response body's framing is broken.")
/* clang-format on */

enum cause {
#define CAUSE_ENUM(name, code, sentence) CAUSE_##name,
  CAUSES(CAUSE_ENUM)
#undef CAUSE_ENUM
      CAUSE_COUNT
};

const char *cause_code(enum cause cause);
const char *cause_sentence(enum cause cause);

#pragma GCC visibility pop
#endif
