/*
 * id: see id.h.
 *
 * Layout (RFC 9562, section 5.7, with section 6.2 method 3): 48 bits of milliseconds, 12 bits of the fraction of that
 * millisecond, 62 random bits. So ids made for different moments sort like those moments down to 1/4096 ms,
 * finer than the microsecond that they are made from; ids of the same microsecond sort by chance.
 *
 * Random bytes come from the kernel in blocks, since asking for each id's eight costs more than all the rest. A few
 * blocks serve all threads: a thread takes one that nobody holds, and when all are held it asks the kernel for itself.
 * So nothing waits. (A block per thread would be thread-local storage of a loaded library, for which glibc allocates on
 * first use, and aborts when it cannot.) A block filled before a fork is thrown away in the child.
 *
 * Where the kernel gives no random bytes at all (no call, no device), ids are made from address, process, clock and a
 * counter: still distinct within a machine in all likelihood, but guessable. They are names, not secrets.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* getrandom, getentropy, O_CLOEXEC */
#endif
#include "id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "process.h"

enum {
  BLOCK_BYTES = 256, /* the kernel gives so many at once, never fewer */
  BLOCK_COUNT = 4,
};

/*
 * holder is generation + 1 of the process whose thread holds the block, 0 when nobody does: a thread that held it in
 * a parent process does not exist in the child, so there the block is free.
 */
struct block {
  atomic_uint holder;
  unsigned generation; /* of the process that filled it */
  unsigned left;       /* unused bytes, at the end */
  unsigned char bytes[BLOCK_BYTES];
};

static struct block blocks[BLOCK_COUNT];

static bool random_from_call(unsigned char *bytes, size_t length) {
#if defined(__linux__)
  /* At boot this would wait for entropy, and the host must not; the device does not wait. */
  ssize_t got;
  do got = getrandom(bytes, length, GRND_NONBLOCK);
  while (got < 0 && errno == EINTR);
  return got == (ssize_t)length;
#else
  return getentropy(bytes, length) == 0;
#endif
}

static bool random_from_device(unsigned char *bytes, size_t length) {
  int device = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (device < 0) return false;
  size_t done = 0;
  while (done < length) {
    ssize_t got = read(device, bytes + done, length - done);
    if (got <= 0 && !(got < 0 && errno == EINTR)) break;
    if (got > 0) done += (size_t)got;
  }
  close(device);
  return done == length;
}

static uint64_t mix(uint64_t state) {
  state = (state ^ state >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  state = (state ^ state >> 27) * UINT64_C(0x94D049BB133111EB);
  return state ^ state >> 31;
}

static void random_from_circumstances(unsigned char *bytes, size_t length) {
  static atomic_uint_fast64_t counter;
  uint64_t state = mix((uint64_t)(uintptr_t)&state);
  state = mix(state ^ (uint64_t)getpid());
  state = mix(state ^ (uint64_t)clock_wall_us());
  state = mix(state ^ (uint64_t)clock_monotonic_us());
  for (size_t done = 0; done < length;) {
    uint64_t eight = mix(state + UINT64_C(0x9E3779B97F4A7C15) * (atomic_fetch_add(&counter, 1) + 1));
    size_t piece = length - done < sizeof eight ? length - done : sizeof eight;
    memcpy(bytes + done, &eight, piece);
    done += piece;
  }
}

static void random_bytes(unsigned char *bytes, size_t length) {
  if (random_from_call(bytes, length) || random_from_device(bytes, length)) return;
  random_from_circumstances(bytes, length);
}

/* Takes a block for this thread; NULL when others hold all of them. */
static struct block *block_take(unsigned generation) {
  for (unsigned i = 0; i < BLOCK_COUNT; i++) {
    unsigned holder = atomic_load_explicit(&blocks[i].holder, memory_order_relaxed);
    if (holder == generation + 1) continue;
    if (atomic_compare_exchange_strong_explicit(&blocks[i].holder, &holder, generation + 1, memory_order_acquire,
                                                memory_order_relaxed))
      return &blocks[i];
  }
  return NULL;
}

static void block_give_back(struct block *block) {
  atomic_store_explicit(&block->holder, 0, memory_order_release);
}

static void random_eight(unsigned char bytes[8]) {
  unsigned generation = process_generation();
  struct block *block = block_take(generation);
  if (!block) {
    random_bytes(bytes, 8);
    return;
  }
  if (block->left < 8 || block->generation != generation) {
    random_bytes(block->bytes, BLOCK_BYTES);
    block->left = BLOCK_BYTES;
    block->generation = generation;
  }
  block->left -= 8;
  memcpy(bytes, block->bytes + block->left, 8);
  block_give_back(block);
}

void id_new(char id[ID_SIZE], int64_t time_us) {
  uint64_t us = time_us < 0 ? 0 : (uint64_t)time_us;
  uint64_t ms = us / 1000, fraction = us % 1000 * 4096 / 1000;
  unsigned char bytes[16];
  for (unsigned i = 0; i < 6; i++) bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
  bytes[6] = (unsigned char)(0x70 | fraction >> 8); /* version 7 */
  bytes[7] = (unsigned char)fraction;
  random_eight(bytes + 8);
  bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F)); /* variant of RFC 9562 */

  static const char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < sizeof bytes; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *id++ = '-';
    *id++ = digits[bytes[i] >> 4];
    *id++ = digits[bytes[i] & 15];
  }
  *id = '\0';
}

bool id_valid(const char *text) {
  /* x: a hexadecimal digit, small letters only, so that an id has one spelling. v: 8, 9, a or b. */
  static const char form[] = "xxxxxxxx-xxxx-7xxx-vxxx-xxxxxxxxxxxx";
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < sizeof form; i++) {
    char character = text[i];
    bool right;
    if (form[i] == 'x')
      right = character && strchr(digits, character);
    else if (form[i] == 'v')
      right = character && strchr("89ab", character);
    else
      right = character == form[i]; /* the NUL too */
    if (!right) return false;
  }
  return true;
}
