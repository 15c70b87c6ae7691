/*
 * address: which socket addresses may be dialled. Pure functions over socket addresses, never over text that
 * somebody wrote, so that spellings (octal, hex, IPv4-mapped, a name that changes) make no difference.
 *
 * Public means globally reachable by the IANA special-purpose registries for IPv4 and IPv6. An IPv6 address that
 * carries an IPv4 address (mapped, compatible, NAT64 64:ff9b::/96, 6to4 2002::/16, Teredo) is judged by that one too.
 */
#ifndef INTENT_WEBHOOK_ADDRESS_H
#define INTENT_WEBHOOK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#pragma GCC visibility push(hidden)

struct address_range { /* a CIDR block; IPv4 as IPv4-mapped IPv6, prefix length then counts from 96 */
  unsigned char bytes[16];
  unsigned prefix_length; /* 0 to 128 */
};

/* "10.0.0.0/8", "fd00::/8", "192.0.2.1" (one address). False when text is none of these or has bits beyond the prefix.
 */
bool address_range_parse(struct address_range *range, const char *text);

bool address_in_range(const struct sockaddr *address, const struct address_range *range);

/* False for every address that is not public, and for families other than IPv4 and IPv6. */
bool address_is_public(const struct sockaddr *address);

enum { ADDRESS_TEXT_SIZE = 64 };

/* "127.0.0.1:80", "[::1]:80". */
void address_text(char text[ADDRESS_TEXT_SIZE], const struct sockaddr *address);

#pragma GCC visibility pop
#endif
