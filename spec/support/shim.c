/*
 * shim: stands between a test's child process and the network (LD_PRELOAD). Two promises: no packet leaves loopback,
 * and every connection attempt stands in a log.
 *
 * SHIM_NAMES   what names resolve to: "NAME=ANSWER/ANSWER/...;NAME=..." One answer for each lookup, the last one
 *              stays. An answer is addresses with commas between them, or "slow": 5 seconds, then no such name.
 *              Every other name does not exist; no name server is ever asked.
 * SHIM_LOG     the log: "lookup NAME" and "connect ADDRESS PORT", a line each.
 *
 * Connecting to anything but loopback fails with "network is unreachable".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int resolve_function(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int connect_function(int, const struct sockaddr *, socklen_t);

enum { MOST_NAMES = 64, NAME_SIZE = 128 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void note(const char *what, const char *text) {
  const char *path = getenv("SHIM_LOG");
  FILE *log = path ? fopen(path, "a") : NULL;
  if (!log) return;
  fprintf(log, "%s %s\n", what, text);
  fclose(log);
}

/* Which lookup of this name it is, from 0. */
static unsigned lookup_number(const char *name) {
  static struct {
    char name[NAME_SIZE];
    unsigned lookups;
  } seen[MOST_NAMES];
  unsigned number = 0;
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < MOST_NAMES; i++) {
    if (seen[i].name[0] == '\0') snprintf(seen[i].name, NAME_SIZE, "%s", name);
    if (strcmp(seen[i].name, name) != 0) continue;
    number = seen[i].lookups++;
    break;
  }
  pthread_mutex_unlock(&lock);
  return number;
}

/* The nth answer of the name's, into answer. False when it has none. */
static bool find_answer(const char *name, char answer[NAME_SIZE]) {
  const char *names = getenv("SHIM_NAMES");
  size_t length = strlen(name);
  for (const char *entry = names; entry && *entry; entry = strchr(entry, ';') ? strchr(entry, ';') + 1 : NULL) {
    if (strncmp(entry, name, length) != 0 || entry[length] != '=') continue;
    const char *place = entry + length + 1;
    for (unsigned number = lookup_number(name); number > 0; number--) {
      const char *next = place + strcspn(place, "/;");
      if (*next != '/') break;
      place = next + 1;
    }
    snprintf(answer, NAME_SIZE, "%.*s", (int)strcspn(place, "/;"), place);
    return true;
  }
  return false;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  resolve_function *resolve = (resolve_function *)dlsym(RTLD_NEXT, "getaddrinfo");
  struct addrinfo numeric = hints ? *hints : (struct addrinfo){0};
  numeric.ai_flags |= AI_NUMERICHOST; /* the real one never gets a name */
  *result = NULL;
  if (!name || resolve(name, service, &numeric, result) == 0) return name ? 0 : resolve(name, service, hints, result);
  note("lookup", name);
  char answer[NAME_SIZE];
  if (!find_answer(name, answer)) return EAI_NONAME;
  if (strcmp(answer, "slow") == 0) {
    sleep(5);
    return EAI_NONAME;
  }
  struct addrinfo **tail = result;
  char *rest = NULL;
  for (char *address = strtok_r(answer, ",", &rest); address; address = strtok_r(NULL, ",", &rest)) {
    /* glibc's freeaddrinfo takes a chain apart piece by piece, whoever made it */
    if (resolve(address, service, &numeric, tail) != 0) continue;
    while (*tail) tail = &(*tail)->ai_next;
  }
  return *result ? 0 : EAI_NONAME;
}

static bool is_loopback(const struct sockaddr *address) {
  if (address->sa_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
  const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  connect_function *real = (connect_function *)dlsym(RTLD_NEXT, "connect");
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return real(fd, address, length);
  char host[NI_MAXHOST], port[NI_MAXSERV], text[NI_MAXHOST + NI_MAXSERV + 1];
  getnameinfo(address, length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  snprintf(text, sizeof text, "%s %s", host, port);
  note("connect", text);
  if (is_loopback(address)) return real(fd, address, length);
  errno = ENETUNREACH;
  return -1;
}
