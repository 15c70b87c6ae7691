/*
 * slow_disk: makes the disk slow for a child process of a test or benchmark (LD_PRELOAD). Every flush and every write
 * at a place in a file, which is how SQLite writes, takes SLOW_DISK_MS milliseconds longer, whichever thread asks for
 * it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

typedef int sync_function(int);
typedef ssize_t pwrite_function(int, const void *, size_t, off64_t);

static void delay(void) {
  const char *text = getenv("SLOW_DISK_MS");
  long milliseconds = text ? strtol(text, NULL, 10) : 0;
  nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

int fdatasync(int fd) {
  delay();
  return ((sync_function *)dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int fsync(int fd) {
  delay();
  return ((sync_function *)dlsym(RTLD_NEXT, "fsync"))(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t place) {
  delay();
  return ((pwrite_function *)dlsym(RTLD_NEXT, "pwrite64"))(fd, bytes, count, place);
}
