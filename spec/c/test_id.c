/*
 * test_id: id.c (with clock.c and fake_process.c).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "check.h"
#include "clock.h"
#include "fake_process.h"
#include "id.h"

enum { MARCH_2026 = 1773567000 };
static const int64_t some_time_us = INT64_C(1000000) * MARCH_2026 + 123456;

/* These stand in front of the C library's, so that a test can take the system call or the device away. */
static int getrandom_error;
static bool device_missing;
static unsigned getrandom_refused, device_opened;

ssize_t getrandom(void *bytes, size_t length, unsigned flags);
ssize_t getrandom(void *bytes, size_t length, unsigned flags) {
  if (getrandom_error) {
    errno = getrandom_error;
    getrandom_refused++;
    return -1;
  }
  return syscall(SYS_getrandom, bytes, length, flags);
}

int open(const char *path, int flags, ...) {
  if (strcmp(path, "/dev/urandom") == 0) {
    device_opened++;
    if (device_missing) {
      errno = ENOENT;
      return -1;
    }
  }
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

enum { IDS_EACH = 20000 };

struct ids {
  char (*ids)[ID_SIZE];
  size_t count;
};

static int compare_ids(const void *one, const void *other) {
  return memcmp(one, other, ID_SIZE);
}

static size_t count_repeated(char (*ids)[ID_SIZE], size_t count) {
  qsort(ids, count, sizeof *ids, compare_ids);
  size_t repeated = 0;
  for (size_t i = 1; i < count; i++) repeated += memcmp(ids[i - 1], ids[i], ID_SIZE) == 0;
  return repeated;
}

static void make_ids(void *argument) {
  struct ids *ids = argument;
  for (size_t i = 0; i < ids->count; i++) id_new(ids->ids[i], some_time_us);
}

static void test_form(void) {
  TEST("an id holds its moment, version 7 and the variant") {
    char id[ID_SIZE];
    id_new(id, some_time_us);
    char milliseconds[16];
    uint64_t ms = (uint64_t)some_time_us / 1000;
    snprintf(milliseconds, sizeof milliseconds, "%08llx-%04llx", (unsigned long long)(ms >> 16),
             (unsigned long long)(ms & 0xFFFF));
    CHECK(strlen(id) == 36 && memcmp(id, milliseconds, 13) == 0);
    CHECK(id[14] == '7');
    char fraction[4];
    snprintf(fraction, sizeof fraction, "%03x", 456 * 4096 / 1000);
    CHECK(memcmp(id + 15, fraction, 3) == 0);
    CHECK(id_valid(id));
  }
  TEST("ids sort by time, down to the microsecond") {
    char before[ID_SIZE] = "", id[ID_SIZE];
    unsigned wrong = 0;
    for (int64_t us = some_time_us; us < some_time_us + 5000; us++) {
      id_new(id, us);
      wrong += strcmp(before, id) >= 0;
      memcpy(before, id, sizeof id);
    }
    CHECK(wrong == 0);
  }
  TEST("the earliest and the latest moments give ids too") {
    char id[ID_SIZE];
    id_new(id, 0);
    CHECK(memcmp(id, "00000000-0000-7000-", 19) == 0 && id_valid(id));
    id_new(id, -1);
    CHECK(memcmp(id, "00000000-0000-7000-", 19) == 0 && id_valid(id));
    id_new(id, INT64_MAX);
    CHECK(id_valid(id));
  }
  TEST("only the form of an id is valid") {
    CHECK(id_valid("019cf0a5-7c40-7abc-8def-0123456789ab"));
    CHECK(id_valid("019cf0a5-7c40-7abc-bdef-0123456789ab"));
    static const char *const others[] = {"",
                                         "0",
                                         "019cf0a5-7c40-7abc-8def-0123456789a",
                                         "019cf0a5-7c40-7abc-8def-0123456789abc",
                                         "019cf0a5-7c40-4abc-8def-0123456789ab",
                                         "019cf0a5-7c40-7abc-7def-0123456789ab",
                                         "019cf0a5-7c40-7abc-cdef-0123456789ab",
                                         "019CF0A5-7C40-7ABC-8DEF-0123456789AB",
                                         "019cf0a57c407abc8def0123456789ab",
                                         "019cf0a5-7c40-7abc-8def-0123456789ag",
                                         "019cf0a5 7c40 7abc 8def 0123456789ab",
                                         "{019cf0a5-7c40-7abc-8def-0123456789ab}",
                                         "019cf0a5-7c40-7abc-8def-01234567'9ab",
                                         "019cf0a5-7c40-7abc--def-0123456789ab"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
      if (!CHECK(!id_valid(others[i]))) printf("     %s\n", others[i]);
    }
  }
}

static void test_uniqueness(void) {
  TEST("ids of one moment differ, and every random bit takes both values") {
    struct ids ids = {calloc(IDS_EACH, ID_SIZE), IDS_EACH};
    make_ids(&ids);
    CHECK(count_repeated(ids.ids, ids.count) == 0);
    for (size_t place = 19; place < 36; place++) {
      unsigned seen = 0;
      for (size_t i = 0; i < ids.count; i++) {
        char digit[2] = {ids.ids[i][place], 0};
        if (*digit != '-') seen |= 1U << strtoul(digit, NULL, 16);
      }
      unsigned expected = place == 19 ? 0x0F00 : place == 23 ? 0 : 0xFFFF;
      CHECK(seen == expected);
    }
    free(ids.ids);
  }
  TEST("eight threads at once, more than there are blocks, make different ids") {
    enum { THREADS = 8 };
    char(*all)[ID_SIZE] = calloc(THREADS * IDS_EACH, ID_SIZE);
    struct ids ids[THREADS];
    uv_thread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
      ids[i] = (struct ids){all + i * IDS_EACH, IDS_EACH};
      CHECK(uv_thread_create(&threads[i], make_ids, &ids[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) uv_thread_join(&threads[i]);
    CHECK(count_repeated(all, THREADS * IDS_EACH) == 0);
    free(all);
  }
  TEST("parent, child and grandchild never make the same id") {
    enum { EACH = 100 };
    char ids[3 * EACH][ID_SIZE];
    int ends[2];
    CHECK(pipe(ends) == 0);
    char first[ID_SIZE];
    id_new(first, some_time_us); /* so that a filled block is inherited */
    pid_t child = fork();
    if (child == 0) {
      fake_process_generation++;
      pid_t grandchild = fork();
      if (grandchild == 0) fake_process_generation++;
      char own[EACH][ID_SIZE];
      make_ids(&(struct ids){own, EACH});
      bool written = write(ends[1], own, sizeof own) == (ssize_t)sizeof own; /* in one piece: a pipe holds 64 KiB */
      if (grandchild > 0) waitpid(grandchild, NULL, 0);
      _exit(!written);
    }
    make_ids(&(struct ids){ids, EACH});
    size_t got = 0;
    for (ssize_t count; got < 2 * EACH * ID_SIZE; got += (size_t)count) {
      count = read(ends[0], (char *)ids + EACH * ID_SIZE + got, 2 * EACH * ID_SIZE - got);
      if (!CHECK(count > 0)) break;
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(ends[0]);
    close(ends[1]);
    CHECK(count_repeated(ids, 3 * EACH) == 0);
  }
}

static void test_sources(void) {
  TEST("without the system call, or before it is ready, the device gives the random bits") {
    static const int errors[] = {ENOSYS, EAGAIN, EPERM};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
      getrandom_error = errors[i];
      getrandom_refused = device_opened = 0;
      struct ids ids = {calloc(1000, ID_SIZE), 1000};
      make_ids(&ids);
      CHECK(getrandom_refused > 0 && device_opened == getrandom_refused);
      for (size_t at = 0; at < ids.count; at++) CHECK(id_valid(ids.ids[at]));
      CHECK(count_repeated(ids.ids, ids.count) == 0);
      free(ids.ids);
    }
    getrandom_error = 0;
  }
  TEST("without any source of random bits ids still differ, also across a fork") {
    int ends[2];
    CHECK(pipe(ends) == 0);
    device_missing = true;
    getrandom_error = ENOSYS;
    enum { EACH = 1000 };
    char(*ids)[ID_SIZE] = calloc(2 * EACH, ID_SIZE);
    fake_process_generation++; /* so that nothing is left of earlier blocks */
    pid_t child = fork();
    if (child == 0) {
      fake_process_generation++;
      make_ids(&(struct ids){ids, EACH});
      _exit(write(ends[1], ids, EACH * ID_SIZE) != EACH * ID_SIZE);
    }
    make_ids(&(struct ids){ids, EACH});
    size_t got = 0;
    for (ssize_t count; got < EACH * ID_SIZE; got += (size_t)count) {
      count = read(ends[0], (char *)(ids + EACH) + got, EACH * ID_SIZE - got);
      if (!CHECK(count > 0)) break;
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    getrandom_error = 0;
    device_missing = false;
    close(ends[0]);
    close(ends[1]);
    for (size_t at = 0; at < 2 * EACH; at++) CHECK(id_valid(ids[at]));
    CHECK(count_repeated(ids, 2 * EACH) == 0);
    free(ids);
    fake_process_generation++;
  }
}

static int64_t noon(void) {
  return INT64_C(43200) * 1000000;
}

static void test_clock(void) {
  TEST("the wall clock can be replaced and restored") {
    CHECK(clock_wall_us() > INT64_C(1000000) * MARCH_2026 / 2);
    clock_replace_wall(noon);
    CHECK(clock_wall_us() == noon());
    clock_replace_wall(NULL);
    CHECK(clock_wall_us() > INT64_C(1000000) * MARCH_2026 / 2);
  }
  TEST("the monotonic clock never goes back") {
    int64_t before = clock_monotonic_us();
    unsigned wrong = 0;
    for (unsigned i = 0; i < 100000; i++) {
      int64_t now = clock_monotonic_us();
      wrong += now < before;
      before = now;
    }
    CHECK(wrong == 0 && before > 0);
  }
}

int main(void) {
  test_form();
  test_uniqueness();
  test_sources();
  test_clock();
  return check_finish();
}
