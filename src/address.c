/*
 * address: see address.h.
 *
 * An address is 16 bytes here, IPv4 as IPv4-mapped IPv6 (::ffff:a.b.c.d), so one table and one comparison serve both.
 * An IPv4-mapped address is that IPv4 address: the system dials the same host.
 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct address {
  unsigned char bytes[16];
};

#define IPV4(a, b, c, d, length) \
  { {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}, 96 + (length) }

/* The first four groups and the last one; in between every range here has zeros. */
#define IPV6(a, b, c, d, last, length) \
  { {GROUP(a), GROUP(b), GROUP(c), GROUP(d), 0, 0, 0, 0, 0, 0, GROUP(last)}, (length) }
#define GROUP(group) (group) >> 8, (group)&0xFF

/*
 * The IANA IPv4 and IPv6 Special-Purpose Address Registries by their column "Globally Reachable" ("N/A", which
 * deprecated ranges have, counts as no), multicast, and what is set aside for unicast at all. The first that holds an
 * address decides, so an exception stands before its range, and the last three hold every address.
 */
static const struct {
  struct address_range range;
  bool is_public;
} ranges[] = {
    {IPV4(0, 0, 0, 0, 8), false},       /* this network */
    {IPV4(10, 0, 0, 0, 8), false},      /* private */
    {IPV4(100, 64, 0, 0, 10), false},   /* shared: carrier-grade NAT */
    {IPV4(127, 0, 0, 0, 8), false},     /* loopback */
    {IPV4(169, 254, 0, 0, 16), false},  /* link-local, cloud metadata */
    {IPV4(172, 16, 0, 0, 12), false},   /* private */
    {IPV4(192, 0, 0, 9, 32), true},     /* Port Control Protocol anycast */
    {IPV4(192, 0, 0, 10, 32), true},    /* TURN anycast */
    {IPV4(192, 0, 0, 0, 24), false},    /* IETF protocol assignments */
    {IPV4(192, 0, 2, 0, 24), false},    /* documentation */
    {IPV4(192, 31, 196, 0, 24), true},  /* AS112 */
    {IPV4(192, 52, 193, 0, 24), true},  /* multicast tunnelling */
    {IPV4(192, 88, 99, 0, 24), false},  /* 6to4 relays, deprecated */
    {IPV4(192, 168, 0, 0, 16), false},  /* private */
    {IPV4(192, 175, 48, 0, 24), true},  /* AS112 direct delegation */
    {IPV4(198, 18, 0, 0, 15), false},   /* benchmarking */
    {IPV4(198, 51, 100, 0, 24), false}, /* documentation */
    {IPV4(203, 0, 113, 0, 24), false},  /* documentation */
    {IPV4(224, 0, 0, 0, 4), false},     /* multicast */
    {IPV4(240, 0, 0, 0, 4), false},     /* reserved, and broadcast */

    {IPV6(0x2001, 1, 0, 0, 1, 128), true},        /* Port Control Protocol anycast */
    {IPV6(0x2001, 1, 0, 0, 2, 128), true},        /* TURN anycast */
    {IPV6(0x2001, 1, 0, 0, 3, 128), true},        /* DNS-SD registration anycast */
    {IPV6(0x2001, 3, 0, 0, 0, 32), true},         /* multicast tunnelling */
    {IPV6(0x2001, 4, 0x112, 0, 0, 48), true},     /* AS112 */
    {IPV6(0x2001, 0x20, 0, 0, 0, 28), true},      /* ORCHIDv2 */
    {IPV6(0x2001, 0x30, 0, 0, 0, 28), true},      /* drone remote identification */
    {IPV6(0x2001, 0, 0, 0, 0, 23), false},        /* IETF protocol assignments, with Teredo and benchmarking */
    {IPV6(0x2001, 0xDB8, 0, 0, 0, 32), false},    /* documentation */
    {IPV6(0x2002, 0, 0, 0, 0, 16), false},        /* 6to4, deprecated: carries an IPv4 address */
    {IPV6(0x2620, 0x4F, 0x8000, 0, 0, 48), true}, /* AS112 direct delegation */
    {IPV6(0x3FFF, 0, 0, 0, 0, 20), false},        /* documentation */

    {IPV4(0, 0, 0, 0, 0), true},         /* all other IPv4 */
    {IPV6(0x2000, 0, 0, 0, 0, 3), true}, /* global unicast */
    {IPV6(0, 0, 0, 0, 0, 0), false}, /* loopback, unspecified, unique local, link-local, site-local, multicast ... */
};

/* NAT64: the last four bytes are the IPv4 address that is dialled in the end. */
static const struct address_range translated = IPV6(0x64, 0xFF9B, 0, 0, 0, 96);

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static struct address address_from_ipv4(const void *four_bytes) {
  struct address address;
  memcpy(address.bytes, mapped_prefix, sizeof mapped_prefix);
  memcpy(address.bytes + sizeof mapped_prefix, four_bytes, 4);
  return address;
}

/* False for families other than IPv4 and IPv6. */
static bool address_read(struct address *address, const struct sockaddr *from) {
  if (from->sa_family == AF_INET) {
    struct sockaddr_in ipv4;
    memcpy(&ipv4, from, sizeof ipv4);
    *address = address_from_ipv4(&ipv4.sin_addr);
    return true;
  }
  if (from->sa_family == AF_INET6) {
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, from, sizeof ipv6);
    memcpy(address->bytes, &ipv6.sin6_addr, sizeof address->bytes);
    return true;
  }
  return false;
}

static bool range_holds(const struct address_range *range, const struct address *address) {
  unsigned whole = range->prefix_length / 8, rest = range->prefix_length % 8;
  if (memcmp(range->bytes, address->bytes, whole) != 0) return false;
  return rest == 0 || (range->bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

static bool has_bits_beyond_prefix(const struct address_range *range) {
  for (unsigned bit = range->prefix_length; bit < 128; bit++) {
    if (range->bytes[bit / 8] & 0x80 >> bit % 8) return true;
  }
  return false;
}

/* A decimal number up to `most`, without leading zeros. */
static bool parse_prefix_length(unsigned *length, const char *text, unsigned most) {
  unsigned number = 0;
  size_t digits = strspn(text, "0123456789");
  if (digits < 1 || digits > 3 || text[digits] != '\0' || (digits > 1 && text[0] == '0')) return false;
  for (size_t i = 0; i < digits; i++) number = number * 10 + (unsigned)(text[i] - '0');
  *length = number;
  return number <= most;
}

bool address_range_parse(struct address_range *range, const char *text) {
  char literal[INET6_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  size_t length = slash ? (size_t)(slash - text) : strlen(text);
  if (length >= sizeof literal) return false;
  memcpy(literal, text, length);
  literal[length] = '\0';

  struct in_addr ipv4;
  struct in6_addr ipv6;
  unsigned bits = 0; /* before the address itself */
  if (inet_pton(AF_INET, literal, &ipv4) == 1) {
    struct address mapped = address_from_ipv4(&ipv4);
    memcpy(range->bytes, mapped.bytes, sizeof range->bytes);
    bits = 96;
  } else if (inet_pton(AF_INET6, literal, &ipv6) == 1) {
    memcpy(range->bytes, &ipv6, sizeof range->bytes);
  } else {
    return false;
  }
  range->prefix_length = 128 - bits;
  if (slash && !parse_prefix_length(&range->prefix_length, slash + 1, 128 - bits)) return false;
  range->prefix_length += bits;
  return !has_bits_beyond_prefix(range);
}

bool address_in_range(const struct sockaddr *address, const struct address_range *range) {
  struct address read;
  return address_read(&read, address) && range_holds(range, &read);
}

bool address_is_public(const struct sockaddr *address) {
  struct address read;
  if (!address_read(&read, address)) return false;
  if (range_holds(&translated, &read)) read = address_from_ipv4(read.bytes + 12);
  size_t i = 0;
  while (!range_holds(&ranges[i].range, &read)) i++;
  return ranges[i].is_public;
}

void address_text(char text[ADDRESS_TEXT_SIZE], const struct sockaddr *address) {
  char host[INET6_ADDRSTRLEN];
  text[0] = '\0';
  if (address->sa_family == AF_INET) {
    struct sockaddr_in ipv4;
    memcpy(&ipv4, address, sizeof ipv4);
    inet_ntop(AF_INET, &ipv4.sin_addr, host, sizeof host);
    snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, (unsigned)ntohs(ipv4.sin_port));
  } else if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, address, sizeof ipv6);
    inet_ntop(AF_INET6, &ipv6.sin6_addr, host, sizeof host);
    snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, (unsigned)ntohs(ipv6.sin6_port));
  }
}
