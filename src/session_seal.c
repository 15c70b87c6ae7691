/*
 * session_seal: see session_seal.h.
 */
#include "session_seal.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { MARK = 1, NONCE_BYTES = 12, TAG_BYTES = 16, HEAD_BYTES = 1 + NONCE_BYTES, VERSION_BYTES = 8 };

/* The first half of HKDF, whose second is not needed: what comes out is as long as a key. */
static bool derive(struct session_key *key, const void *secret, int secret_length, struct session_text text) {
  unsigned length = 0;
  return HMAC(EVP_sha256(), secret, secret_length, (const unsigned char *)text.bytes, text.length, key->bytes,
              &length) != NULL &&
         length == SESSION_KEY_BYTES;
}

bool session_key_derive(struct session_key *key, struct session_text text) {
  static const char purpose[] = "intent-webhook sessions 1"; /* the same text for anything else is another key */
  return derive(key, purpose, sizeof purpose - 1, text);
}

/* What belongs to the body without being in it. */
static bool begin(EVP_CIPHER_CTX *cipher, bool encrypts, const struct session_key *key, const unsigned char *nonce,
                  struct session_text id, int64_t version) {
  struct session_key own;
  unsigned char place[VERSION_BYTES];
  int ignored;
  for (int i = 0; i < VERSION_BYTES; i++) place[i] = (unsigned char)((uint64_t)version >> (8 * i));
  bool good = id.length <= INT_MAX && derive(&own, key->bytes, SESSION_KEY_BYTES, id) &&
              EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, own.bytes, nonce, encrypts) == 1 &&
              EVP_CipherUpdate(cipher, NULL, &ignored, place, VERSION_BYTES) == 1 &&
              EVP_CipherUpdate(cipher, NULL, &ignored, (const unsigned char *)id.bytes, (int)id.length) == 1;
  OPENSSL_cleanse(&own, sizeof own);
  return good;
}

bool session_seal(const struct session_key *key, struct session_text id, int64_t version, struct session_text body,
                  struct buffer *sealed) {
  if (body.length > INT_MAX - HEAD_BYTES - TAG_BYTES) return false;
  if (!buffer_zero(sealed, HEAD_BYTES + body.length + TAG_BYTES)) return false;
  unsigned char *bytes = (unsigned char *)sealed->bytes, *nonce = bytes + 1, *text = bytes + HEAD_BYTES;
  int written = 0, rest = 0;
  bytes[0] = MARK;
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  bool good = cipher && RAND_bytes(nonce, NONCE_BYTES) == 1 && begin(cipher, true, key, nonce, id, version) &&
              EVP_CipherUpdate(cipher, text, &written, (const unsigned char *)body.bytes, (int)body.length) == 1 &&
              EVP_CipherFinal_ex(cipher, text + written, &rest) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, text + body.length) == 1;
  EVP_CIPHER_CTX_free(cipher);
  return good;
}

bool session_unseal(const struct session_key *key, struct session_text id, int64_t version, struct session_text sealed,
                    struct buffer *body) {
  buffer_clear(body);
  if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed.length > INT_MAX || sealed.bytes[0] != MARK) return false;
  const unsigned char *bytes = (const unsigned char *)sealed.bytes;
  int length = (int)sealed.length - HEAD_BYTES - TAG_BYTES, written = 0, rest = 0;
  unsigned char tag[TAG_BYTES];
  memcpy(tag, bytes + HEAD_BYTES + length, TAG_BYTES);
  if (!buffer_zero(body, (size_t)length + 1)) return false; /* one more, so that there are bytes at all */
  unsigned char *text = (unsigned char *)body->bytes;
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  bool good = cipher && begin(cipher, false, key, bytes + 1, id, version) &&
              EVP_CipherUpdate(cipher, text, &written, bytes + HEAD_BYTES, length) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
              EVP_CipherFinal_ex(cipher, text + written, &rest) == 1;
  body->length = good ? (size_t)length : 0;
  body->failed = !cipher;
  EVP_CIPHER_CTX_free(cipher);
  return good;
}
