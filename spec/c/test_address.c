/*
 * test_address: address.c.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/un.h>

#include "address.h"
#include "check.h"

union socket_address {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
  struct sockaddr_un unix_domain;
};

static union socket_address address_of(const char *literal, unsigned port) {
  union socket_address address = {.ipv4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
  if (inet_pton(AF_INET, literal, &address.ipv4.sin_addr) == 1) return address;
  address = (union socket_address){.ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)}};
  if (inet_pton(AF_INET6, literal, &address.ipv6.sin6_addr) != 1) address.any.sa_family = AF_UNSPEC;
  return address;
}

/* The first and the last address of each range that is not public, and what it must not be confused with. */
static const char *const forbidden[] = {
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255", /* this network */
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.1.1",
    "192.168.255.255", /* private */
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255", /* shared */
    "127.0.0.0",
    "127.0.0.1",
    "127.1.1.1",
    "127.255.255.255", /* loopback */
    "169.254.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255", /* link-local, metadata */
    "192.0.0.0",
    "192.0.0.8",
    "192.0.0.11",
    "192.0.0.170",
    "192.0.0.171",
    "192.0.0.192",
    "192.0.0.255", /* IETF */
    "192.0.2.0",
    "192.0.2.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255", /* documentation */
    "192.88.99.0",
    "192.88.99.1",
    "192.88.99.255", /* 6to4 relays */
    "198.18.0.0",
    "198.19.255.255", /* benchmarking */
    "224.0.0.0",
    "224.0.0.251",
    "239.255.255.255", /* multicast */
    "240.0.0.0",
    "250.1.2.3",
    "255.255.255.254",
    "255.255.255.255", /* reserved, broadcast */
    "::",
    "::1",
    "::2", /* unspecified, loopback */
    "::7f00:1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::8.8.8.8", /* IPv4-compatible */
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:169.254.169.254",
    "::ffff:192.168.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:100.64.0.1",
    "::ffff:255.255.255.255", /* IPv4-mapped */
    "::ffff:0:127.0.0.1",
    "::fffe:8.8.8.8", /* nearly mapped */
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::192.0.2.1",
    "64:ff9b::0.0.0.0",
    "64:ff9b:0:0:0:1:808:808",
    "64:ff9b:1::",
    "64:ff9b:1::808:808",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", /* NAT64 */
    "100::",
    "100::1",
    "100::ffff:ffff:ffff:ffff",
    "100:0:0:1::1", /* discard, dummy */
    "2001::",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", /* Teredo */
    "2001:1::",
    "2001:1::4",
    "2001:1:0:0:1::1",
    "2001:2::",
    "2001:2:0:ffff:ffff:ffff:ffff:ffff",
    "2001:4:111::1",
    "2001:4:113::1",
    "2001:10::",
    "2001:1f:ffff::1",
    "2001:40::1",
    "2001:1ff:ffff::1", /* IETF */
    "2001:db8::",
    "2001:db8::1",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff::",
    "3fff:fff:ffff::1", /* docs */
    "2002::",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2002:c0a8:101::1",
    "2002:808:808::1",
    "2002:ffff:ffff::", /* 6to4 */
    "5f00::",
    "5f00:ffff::1", /* segment routing */
    "fc00::",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fdff:ffff::1", /* unique local, metadata */
    "fe80::",
    "fe80::1",
    "febf:ffff::1",
    "fec0::",
    "fec0::1",
    "feff:ffff::1", /* link-local, site-local */
    "ff00::",
    "ff02::1",
    "ff0e::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", /* multicast */
    "200::1",
    "400::1",
    "1000::1",
    "1fff:ffff::1",
    "4000::",
    "4000::1",
    "6000::1",
    "8000::1",
    "a000::1",
    "c000::1",
    "e000::1",
    "f000::1",
    "f800::1",
    "fe00::1",
    "fe7f:ffff::1", /* not set aside for unicast */
};

/* The neighbours of those ranges, the registries' exceptions, and a few that people know. */
static const char *const allowed[] = {
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.9.9.9",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.0.9",
    "192.0.0.10",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "192.175.48.1",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "::ffff:192.0.0.9",
    "64:ff9b::8.8.8.8",
    "64:ff9b::1.1.1.1",
    "2000::",
    "2000::1",
    "2001:1::1",
    "2001:1::2",
    "2001:1::3",
    "2001:3::1",
    "2001:4:112::1",
    "2001:20::1",
    "2001:2f:ffff::1",
    "2001:30::1",
    "2001:3f:ffff::1",
    "2001:200::",
    "2001:db7:ffff::1",
    "2001:db9::",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
    "2620:4f:8000::1",
    "2a00:1450:4001:82a::200e",
    "3ffe:ffff::1",
    "3fff:1000::",
    "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

static void test_public(void) {
  TEST("every address outside the public ranges is refused") {
    CHECK(sizeof forbidden / sizeof *forbidden >= 100);
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
      union socket_address address = address_of(forbidden[i], 80);
      bool ok = CHECK(address.any.sa_family != AF_UNSPEC);
      ok &= CHECK(!address_is_public(&address.any));
      if (!ok) printf("     %s\n", forbidden[i]);
    }
  }
  TEST("every public address is allowed, up to the edges of the ranges") {
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
      union socket_address address = address_of(allowed[i], 80);
      bool ok = CHECK(address.any.sa_family != AF_UNSPEC);
      ok &= CHECK(address_is_public(&address.any));
      if (!ok) printf("     %s\n", allowed[i]);
    }
  }
  TEST("an IPv4 address is judged the same when it is written as IPv4-mapped IPv6 or behind NAT64") {
    unsigned unlike = 0;
    for (uint32_t number = 0; number < UINT32_MAX - 65521; number += 65521) { /* prime: every byte takes many values */
      union socket_address plain = {.ipv4 = {.sin_family = AF_INET, .sin_addr = {htonl(number)}}};
      char mapped_text[64], translated_text[64];
      unsigned high = number >> 16, low = number & 0xFFFF;
      snprintf(mapped_text, sizeof mapped_text, "::ffff:%x:%x", high, low);
      snprintf(translated_text, sizeof translated_text, "64:ff9b::%x:%x", high, low);
      union socket_address mapped = address_of(mapped_text, 0), translated = address_of(translated_text, 0);
      bool is_public = address_is_public(&plain.any);
      unlike += address_is_public(&mapped.any) != is_public || address_is_public(&translated.any) != is_public;
    }
    CHECK(unlike == 0);
  }
  TEST("other address families are never public") {
    union socket_address address = {.unix_domain = {.sun_family = AF_UNIX, .sun_path = "/socket"}};
    CHECK(!address_is_public(&address.any));
    address.any.sa_family = AF_UNSPEC;
    CHECK(!address_is_public(&address.any));
  }
}

static const struct {
  const char *range, *inside, *outside; /* NULL: nothing is */
} ranges[] = {
    {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
    {"10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3"},
    {"0.0.0.0/0", "255.255.255.255", "::1"},
    {"0.0.0.0/0", "0.0.0.0", "2001:db8::1"},
    {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
    {"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
    {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
    {"192.0.2.4/30", "192.0.2.7", "192.0.2.8"},
    {"172.16.0.0/12", "172.31.0.1", "172.32.0.1"},
    {"127.0.0.0/31", "127.0.0.1", "127.0.0.2"},
    {"fd00::/8", "fdff::1", "fc00::1"},
    {"fd00::/8", "fd00::", "10.0.0.1"},
    {"::1", "::1", "127.0.0.1"},
    {"::1/128", "::1", "::"},
    {"::/0", "1.2.3.4", NULL},
    {"::/0", "ffff::", NULL},
    {"::ffff:10.0.0.0/104", "10.2.3.4", "11.2.3.4"},
    {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
    {"2001:db8::/127", "2001:db8::1", "2001:db8::2"},
};

static const char *const not_ranges[] = {
    "",
    "/",
    "/8",
    "10",
    "10.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/+8",
    "10.0.0.0/08",
    "10.0.0.0/ 8",
    "10.0.0.0/8 ",
    " 10.0.0.0/8",
    "10.0.0.0/8x",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "10.0.0.1/8",
    "10.0.0.0/0",
    "010.0.0.0/8",
    "0x0a.0.0.0/8",
    "10.0.0.0.0/8",
    "10.0.0.256",
    "10.0.0.0/4294967304",
    "10.0.0.0/999",
    "167772160/8",
    "localhost",
    "example.org",
    "*",
    "fd00::/129",
    "fd00::1/8",
    "fd00::/",
    "fd00:::/8",
    "::1%lo",
    "[::1]",
    "[::1]/128",
    "::ffff:10.0.0.0/8",
    "12345::",
    "10.0.0.0:80",
    "10.0.0.0\n",
    "0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0",
};

static void test_ranges(void) {
  TEST("a range holds its addresses and no others") {
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
      struct address_range range;
      bool ok = CHECK(address_range_parse(&range, ranges[i].range));
      if (ok && ranges[i].inside) {
        union socket_address inside = address_of(ranges[i].inside, 80);
        ok &= CHECK(address_in_range(&inside.any, &range));
      }
      if (ok && ranges[i].outside) {
        union socket_address outside = address_of(ranges[i].outside, 80);
        ok &= CHECK(!address_in_range(&outside.any, &range));
      }
      if (!ok) printf("     %s\n", ranges[i].range);
    }
  }
  TEST("what is no range in exact form is refused") {
    for (size_t i = 0; i < sizeof not_ranges / sizeof *not_ranges; i++) {
      struct address_range range;
      if (!CHECK(!address_range_parse(&range, not_ranges[i]))) printf("     \"%s\"\n", not_ranges[i]);
    }
  }
  TEST("no range holds an address of another family") {
    struct address_range range;
    CHECK(address_range_parse(&range, "::/0"));
    union socket_address address = {.unix_domain = {.sun_family = AF_UNIX, .sun_path = "/socket"}};
    CHECK(!address_in_range(&address.any, &range));
  }
}

static void test_text(void) {
  TEST("an address and its port are written as in a URL") {
    static const struct {
      const char *literal;
      unsigned port;
      const char *text;
    } rows[] = {
        {"127.0.0.1", 80, "127.0.0.1:80"},
        {"255.255.255.255", 65535, "255.255.255.255:65535"},
        {"::1", 8080, "[::1]:8080"},
        {"2001:DB8:0:0::1", 0, "[2001:db8::1]:0"},
        {"::ffff:192.0.2.1", 443, "[::ffff:192.0.2.1]:443"},
        {"1111:2222:3333:4444:5555:6666:7777:8888", 65535, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      union socket_address address = address_of(rows[i].literal, rows[i].port);
      char text[ADDRESS_TEXT_SIZE];
      address_text(text, &address.any);
      CHECK_TEXT(text, rows[i].text);
    }
  }
  TEST("an address of another family is written as nothing") {
    union socket_address address = {.unix_domain = {.sun_family = AF_UNIX, .sun_path = "/socket"}};
    char text[ADDRESS_TEXT_SIZE] = "before";
    address_text(text, &address.any);
    CHECK_TEXT(text, "");
  }
}

int main(void) {
  test_public();
  test_ranges();
  test_text();
  return check_finish();
}
