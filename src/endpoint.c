/*
 * endpoint: see endpoint.h. Everything that a URL, token or header could smuggle onto the wire is refused here, once.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "endpoint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "memory.h"

enum { DEFAULT_TIMEOUT_MS = 10000, DEFAULT_IN_FLIGHT = 64, MOST_IN_FLIGHT = 100000, LONGEST_TIMEOUT_S = 3600 };

#define USER_AGENT "rag-go-intent-webhook/1.0"

static bool refuse(char error[IW_ERROR_SIZE], const char *sentence) {
  snprintf(error, IW_ERROR_SIZE, "%s", sentence);
  return false;
}

static bool no_memory(char error[IW_ERROR_SIZE]) {
  return refuse(error, "memory: there is not enough of it for another endpoint");
}

/* Visible ASCII only: what a URL may consist of on the request line (RFC 3986; the rest is percent-encoded). */
static bool visible_ascii(const char *text) {
  for (; *text != '\0'; text++)
    if (*text <= ' ' || *text > '~') return false;
  return true;
}

/* Field values as in RFC 9110 5.5: no control characters but tab; bytes above ASCII are passed on. */
static bool field_value(const char *text) {
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if ((byte < ' ' && byte != '\t') || byte == 0x7f) return false;
  }
  return true;
}

/* tchar of RFC 9110 5.6.2 */
static bool field_name(const char *text) {
  if (*text == '\0') return false;
  for (; *text != '\0'; text++)
    if (strchr("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", *text) == NULL)
      return false;
  return true;
}

static bool check_url(struct endpoint *endpoint, const char *url, char error[IW_ERROR_SIZE]) {
  if (url == NULL || *url == '\0') return refuse(error, "url: is missing: give the address to post to");
  if (!visible_ascii(url))
    return refuse(error, "url: holds a space, a control character or a character beyond ASCII: percent-encode it");
  /* libcurl guesses where it can; what is written here is what is meant, or it is refused */
  size_t prefix = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
  if (prefix == 0) return refuse(error, "url: must begin with http:// or https://");
  size_t authority = strcspn(url + prefix, "/?#");
  if (authority == 0) return refuse(error, "url: has no host: write it like https://example.org/hook");
  if (url[prefix] != '[' && memchr(url + prefix, '%', authority) != NULL)
    return refuse(error, "url: holds a % in the host name: write the name as it is");
  CURLU *parts = curl_url();
  if (parts == NULL) return no_memory(error);
  char *user = NULL, *password = NULL, *port = NULL;
  CURLUcode result = curl_url_set(parts, CURLUPART_URL, url, 0);
  bool good = false;
  if (result != CURLUE_OK) {
    snprintf(error, IW_ERROR_SIZE, "url: is not a URL (%s): write it like https://example.org/hook",
             curl_url_strerror(result));
  } else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK ||
             curl_url_get(parts, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK) {
    refuse(error, "url: holds a user name or password: use token, or an Authorization header, instead");
  } else if (strchr(url, '#') != NULL) {
    refuse(error, "url: holds a #fragment, which is never sent: remove it");
  } else if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK && strcmp(port, "0") == 0) {
    refuse(error, "url: has port 0: give the port that the endpoint listens at, or leave it out");
  } else {
    endpoint->https = prefix == 8;
    endpoint->url = memory_copy(url, strlen(url));
    good = endpoint->url != NULL || no_memory(error);
  }
  curl_free(port);
  curl_free(user);
  curl_free(password);
  curl_url_cleanup(parts);
  return good;
}

static bool check_token(const char *token, char error[IW_ERROR_SIZE]) {
  if (*token == '\0') return refuse(error, "token: is empty: give the raw value, or leave token out");
  if (strncasecmp(token, "Bearer ", 7) == 0 || strcasecmp(token, "Bearer") == 0)
    return refuse(error, "token: begins with \"Bearer\": give the raw value only, the prefix is added");
  if (!visible_ascii(token))
    return refuse(error, "token: holds a space, a control character or a character beyond ASCII: give the raw value");
  return true;
}

/* Headers that are the contract's, or that decide how the message is framed: nobody adds a second one. */
static const char *const reserved_headers[] = {
    "Host",           "Content-Type",      "Content-Length",
    "User-Agent",     "Transfer-Encoding", "Connection",
    "Expect",         "Accept-Encoding",   "TE",
    "Trailer",        "Upgrade",           "Keep-Alive",
    "HTTP2-Settings", "Proxy-Connection",  "Proxy-Authorization",
};

static bool check_header(const iw_endpoint_options *options, size_t index, char error[IW_ERROR_SIZE]) {
  const iw_header *header = &options->headers[index];
  if (header->name == NULL || !field_name(header->name)) {
    return refuse(error, "headers: a name is empty or holds something else than letters, digits and !#$%&'*+-.^_`|~");
  }
  if (header->value == NULL || !field_value(header->value)) {
    snprintf(error, IW_ERROR_SIZE, "headers: the value of %.100s holds a control character: remove it", header->name);
    return false;
  }
  for (size_t i = 0; i < sizeof reserved_headers / sizeof *reserved_headers; i++) {
    if (strcasecmp(header->name, reserved_headers[i]) == 0) {
      snprintf(error, IW_ERROR_SIZE, "headers: %.100s cannot be set, it is part of every request as it is",
               header->name);
      return false;
    }
  }
  if (options->token != NULL && strcasecmp(header->name, "Authorization") == 0)
    return refuse(error, "headers: Authorization is set by token already: remove one of the two");
  for (size_t i = 0; i < index; i++) {
    if (strcasecmp(header->name, options->headers[i].name) == 0) {
      snprintf(error, IW_ERROR_SIZE, "headers: %.100s is given twice: remove one of the two", header->name);
      return false;
    }
  }
  return true;
}

static bool add_line(struct curl_slist **list, const char *line) {
  struct curl_slist *longer = curl_slist_append(*list, line);
  if (longer == NULL) return false;
  *list = longer;
  return true;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value) {
  struct buffer line = {0};
  buffer_text(&line, name);
  /* libcurl reads "Name:" as "leave it out" and "Name;" as a header with an empty value */
  buffer_text(&line, *value == '\0' ? ";" : ": ");
  buffer_text(&line, value);
  buffer_byte(&line, '\0');
  bool added = !line.failed && add_line(list, line.bytes);
  buffer_free(&line);
  return added;
}

static bool make_headers(struct endpoint *endpoint, const iw_endpoint_options *options) {
  struct curl_slist **list = &endpoint->headers;
  /* "Name:" takes out what libcurl would add by itself */
  bool made = add_line(list, "Content-Type: application/json") && add_line(list, "User-Agent: " USER_AGENT) &&
              add_line(list, "Accept:") && add_line(list, "Expect:");
  if (made && options->token != NULL) {
    struct buffer value = {0};
    buffer_text(&value, "Bearer ");
    buffer_text(&value, options->token);
    buffer_byte(&value, '\0');
    made = !value.failed && add_header(list, "Authorization", value.bytes);
    buffer_free(&value);
  }
  for (size_t i = 0; made && i < options->header_count; i++)
    made = add_header(list, options->headers[i].name, options->headers[i].value);
  return made;
}

static bool is_blank(char character) {
  return character == ' ' || character == '\t';
}

/* A value as it is seen by the other side, which is without the blanks around it. */
static struct secret trimmed(const char *value) {
  size_t length = strlen(value);
  while (length > 0 && is_blank(value[length - 1])) length--;
  while (length > 0 && is_blank(*value)) value++, length--;
  return (struct secret){value, length};
}

/* What stands behind the scheme in "Basic dXNlcjpwYXNz"; an endpoint that complains quotes that alone. */
static struct secret credential(const iw_header *header) {
  struct secret value = trimmed(header->value);
  const char *blank = memchr(value.bytes, ' ', value.length);
  if (blank == NULL || strcasecmp(header->name, "Authorization") != 0) return (struct secret){"", 0};
  return trimmed(blank); /* up to the end of the header's value: its blanks are gone too */
}

static bool is_secret(const iw_header *header) {
  return header->secret || strcasecmp(header->name, "Authorization") == 0;
}

/* The secrets' bytes live in one block, values first, then names; the redaction's two arrays point into it. */
static bool make_redaction(struct endpoint *endpoint, const iw_endpoint_options *options) {
  size_t values = options->token != NULL, names = 0, bytes = options->token != NULL ? strlen(options->token) : 0;
  for (size_t i = 0; i < options->header_count; i++) {
    const iw_header *header = &options->headers[i];
    if (!is_secret(header)) continue;
    values += 2;
    names++;
    bytes += strlen(header->name) + 2 * strlen(header->value);
  }
  if (values == 0) return true;
  endpoint->secret_values = memory_zeroed(values * sizeof *endpoint->secret_values);
  endpoint->secret_names = memory_zeroed((names + 1) * sizeof *endpoint->secret_names);
  endpoint->secret_bytes = memory_alloc(bytes + 1);
  if (endpoint->secret_values == NULL || endpoint->secret_names == NULL || endpoint->secret_bytes == NULL) return false;
  char *place = endpoint->secret_bytes;
  struct redaction *redaction = &endpoint->redaction;
  redaction->values = endpoint->secret_values;
  redaction->headers = endpoint->secret_names;
#define KEEP(array, count, from, size)               \
  do {                                               \
    size_t length = size;                            \
    memcpy(place, from, length);                     \
    array[count++] = (struct secret){place, length}; \
    place += length;                                 \
  } while (0)
  if (options->token != NULL)
    KEEP(endpoint->secret_values, redaction->value_count, options->token, strlen(options->token));
  for (size_t i = 0; i < options->header_count; i++) {
    const iw_header *header = &options->headers[i];
    if (!is_secret(header)) continue;
    struct secret value = trimmed(header->value), part = credential(header);
    KEEP(endpoint->secret_values, redaction->value_count, value.bytes, value.length);
    if (part.length > 0) KEEP(endpoint->secret_values, redaction->value_count, part.bytes, part.length);
    KEEP(endpoint->secret_names, redaction->header_count, header->name, strlen(header->name));
  }
#undef KEEP
  return true;
}

static bool make_allow(struct endpoint *endpoint, const iw_endpoint_options *options, char error[IW_ERROR_SIZE]) {
  if (options->allow_count == 0) return true;
  endpoint->allow = memory_zeroed(options->allow_count * sizeof *endpoint->allow);
  if (endpoint->allow == NULL) return no_memory(error);
  for (size_t i = 0; i < options->allow_count; i++) {
    if (options->allow[i] == NULL || !address_range_parse(&endpoint->allow[i], options->allow[i])) {
      snprintf(error, IW_ERROR_SIZE, "allow: \"%.100s\" is not an address range: write it like 10.1.0.0/16 or fd00::/8",
               options->allow[i] != NULL ? options->allow[i] : "");
      return false;
    }
  }
  endpoint->allow_count = options->allow_count;
  return true;
}

static bool make(struct endpoint *endpoint, const iw_endpoint_options *options, char error[IW_ERROR_SIZE]) {
  if (!check_url(endpoint, options->url, error)) return false;
  if (options->token != NULL && !check_token(options->token, error)) return false;
  for (size_t i = 0; i < options->header_count; i++)
    if (!check_header(options, i, error)) return false;
  if (options->timeout != 0 && !(options->timeout >= 0.001 && options->timeout <= LONGEST_TIMEOUT_S))
    return refuse(error, "timeout: must be from 0.001 to 3600 seconds");
  if (options->in_flight > MOST_IN_FLIGHT) return refuse(error, "in_flight: must be from 1 to 100000");
  endpoint->timeout_ms = options->timeout == 0 ? DEFAULT_TIMEOUT_MS : (long)(options->timeout * 1000 + 0.5);
  endpoint->in_flight_limit = options->in_flight == 0 ? DEFAULT_IN_FLIGHT : options->in_flight;
  endpoint->public_only = options->public_only;
  endpoint->disabled = options->disabled;
  if (options->ca_file != NULL) {
    if (*options->ca_file == '\0')
      return refuse(error, "ca_file: is empty: give the path of a PEM file, or leave it out");
    endpoint->ca_file = memory_copy(options->ca_file, strlen(options->ca_file));
    if (endpoint->ca_file == NULL) return no_memory(error);
  }
  if (!make_allow(endpoint, options, error)) return false;
  return (make_headers(endpoint, options) && make_redaction(endpoint, options)) || no_memory(error);
}

struct endpoint *endpoint_new(const iw_endpoint_options *options, char error[IW_ERROR_SIZE]) {
  struct endpoint *endpoint = memory_zeroed(sizeof *endpoint);
  if (endpoint == NULL) {
    no_memory(error);
    return NULL;
  }
  if (!make(endpoint, options, error)) {
    endpoint_free(endpoint);
    return NULL;
  }
  return endpoint;
}

void endpoint_free(struct endpoint *endpoint) {
  memory_free(endpoint->url);
  curl_slist_free_all(endpoint->headers);
  memory_free(endpoint->ca_file);
  memory_free(endpoint->allow);
  memory_free(endpoint->secret_values);
  memory_free(endpoint->secret_names);
  memory_free(endpoint->secret_bytes);
  memory_free(endpoint);
}

const char *endpoint_url(const struct endpoint *endpoint) {
  return endpoint->url;
}

const struct redaction *endpoint_redaction(const struct endpoint *endpoint) {
  return &endpoint->redaction;
}

bool endpoint_allows(const struct endpoint *endpoint, const struct sockaddr *address) {
  if (!endpoint->public_only || address_is_public(address)) return true;
  for (size_t i = 0; i < endpoint->allow_count; i++)
    if (address_in_range(address, &endpoint->allow[i])) return true;
  return false;
}
