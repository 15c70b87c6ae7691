/*
 * session_seal: encrypts the body of a session, so that the file it stands in gives nothing away and takes nothing that
 * was not sealed with the same key, for the same session, at the same version.
 *
 * AES-256-GCM. Each session id has a key of its own, HMAC-SHA256 of the id under the key that was derived, so that the
 * random nonces of 96 bits have to differ only among the bodies of one id. A sealed body is a byte that says how it was
 * sealed (1), 12 bytes of nonce, as many bytes as the body has, and 16 bytes by which it is known to be whole.
 */
#ifndef INTENT_WEBHOOK_SESSION_SEAL_H
#define INTENT_WEBHOOK_SESSION_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum { SESSION_KEY_BYTES = 32 };

struct session_key {
  unsigned char bytes[SESSION_KEY_BYTES];
};

/* Bytes that belong to somebody else. Not more than INT_MAX of them. */
struct session_text {
  const char *bytes;
  size_t length;
};

/* The key that a text means. False: the library cannot do it. */
bool session_key_derive(struct session_key *key, struct session_text text);

/* Makes `sealed` the sealed body. False: not enough memory, or no random numbers. */
bool session_seal(const struct session_key *key, struct session_text id, int64_t version, struct session_text body,
                  struct buffer *sealed);

/* Makes `body` what was sealed. False: it was sealed otherwise, was changed, or there is no memory (body->failed). */
bool session_unseal(const struct session_key *key, struct session_text id, int64_t version, struct session_text sealed,
                    struct buffer *body);

#pragma GCC visibility pop
#endif
