/*
 * readiness: see readiness.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2 */
#endif
#include "readiness.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool make_pipe(int ends[2]) {
#if defined(__APPLE__)
  if (pipe(ends) != 0) return false;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  return true;
#else
  return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
#endif
}

bool readiness_open(struct readiness *readiness) {
  if (readiness->open) return true;
  *readiness = (struct readiness){0};
  readiness->open = make_pipe(readiness->ends);
  return readiness->open;
}

void readiness_close(struct readiness *readiness) {
  if (!readiness->open) return;
  close(readiness->ends[0]);
  close(readiness->ends[1]);
  *readiness = (struct readiness){0};
}

void readiness_set(struct readiness *readiness, bool ready) {
  if (!readiness->open || readiness->ready == ready) return;
  char byte = 0;
  ssize_t done;
  do done = ready ? write(readiness->ends[1], &byte, 1) : read(readiness->ends[0], &byte, 1);
  while (done < 0 && errno == EINTR);
  if (done == 1) readiness->ready = ready;
}
