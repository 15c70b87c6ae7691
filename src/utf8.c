/*
 * utf8: see utf8.h.
 */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

/*
 * What may stand where (RFC 3629, section 4). Only the second byte's range depends on the first byte: it keeps out
 * overlong forms, surrogates and what is above U+10FFFF.
 */
struct lead {
  unsigned char length;                    /* of the whole sequence; 0: no sequence begins with this byte */
  unsigned char second_first, second_last; /* the range of the second byte */
};

static struct lead lead_of(unsigned char byte) {
  if (byte < 0x80) return (struct lead){1, 0, 0};
  if (byte < 0xC2) return (struct lead){0, 0, 0};
  if (byte < 0xE0) return (struct lead){2, 0x80, 0xBF};
  if (byte < 0xF0) return (struct lead){3, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
  if (byte < 0xF5) return (struct lead){4, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
  return (struct lead){0, 0, 0};
}

/* How many of the bytes are the beginning of one well-formed sequence; `complete` when they are all of it. */
static size_t sequence_length(const unsigned char *bytes, size_t length, bool *complete) {
  struct lead lead = lead_of(bytes[0]);
  *complete = lead.length == 1;
  if (lead.length < 2) return lead.length;
  if (length < 2 || bytes[1] < lead.second_first || bytes[1] > lead.second_last) return 1;
  size_t known = 2;
  while (known < lead.length && known < length && (bytes[known] & 0xC0) == 0x80) known++;
  *complete = known == lead.length;
  return known;
}

size_t utf8_valid_prefix(const char *bytes, size_t length) {
  const unsigned char *at = (const unsigned char *)bytes;
  size_t valid = 0;
  while (valid < length) {
    uint64_t eight;
    if (length - valid >= sizeof eight) { /* most text is ASCII */
      memcpy(&eight, at + valid, sizeof eight);
      if ((eight & UINT64_C(0x8080808080808080)) == 0) {
        valid += sizeof eight;
        continue;
      }
    }
    bool complete;
    size_t known = sequence_length(at + valid, length - valid, &complete);
    if (!complete) return valid;
    valid += known;
  }
  return length;
}

size_t utf8_bad_length(const char *bytes, size_t length) {
  bool complete;
  size_t known = sequence_length((const unsigned char *)bytes, length, &complete);
  return known ? known : 1;
}

bool utf8_repair(struct buffer *out, const char *bytes, size_t length) {
  size_t valid = utf8_valid_prefix(bytes, length);
  bool repaired = valid < length;
  for (;;) {
    buffer_append(out, bytes, valid);
    if (valid == length) return repaired;
    buffer_text(out, "\xEF\xBF\xBD"); /* U+FFFD */
    size_t done = valid + utf8_bad_length(bytes + valid, length - valid);
    bytes += done;
    length -= done;
    valid = utf8_valid_prefix(bytes, length);
  }
}
