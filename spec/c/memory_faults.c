/*
 * memory_faults: see memory_faults.h.
 */
#include "memory_faults.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "memory.h"

static atomic_uint tried, fail_at;
static atomic_bool onwards, hit;
static atomic_long outstanding;

static void *faulty(void *memory, size_t size) {
  if (size == 0) {
    if (memory) atomic_fetch_sub(&outstanding, 1);
    free(memory);
    return NULL;
  }
  unsigned number = atomic_fetch_add(&tried, 1) + 1, nth = atomic_load(&fail_at);
  if (nth && (number == nth || (number > nth && atomic_load(&onwards)))) {
    atomic_store(&hit, true);
    return NULL;
  }
  void *result = realloc(memory, size);
  if (!memory && result) atomic_fetch_add(&outstanding, 1);
  return result;
}

void memory_faults_install(void) {
  memory_replace(faulty);
}

void memory_faults_fail(unsigned nth, enum memory_faults_mode mode) {
  atomic_store(&fail_at, 0); /* none while the rest changes */
  atomic_store(&onwards, mode == MEMORY_FAULTS_ONWARDS);
  atomic_store(&hit, false);
  atomic_store(&tried, 0);
  atomic_store(&fail_at, nth);
}

bool memory_faults_hit(void) {
  atomic_store(&fail_at, 0);
  return atomic_load(&hit);
}

unsigned memory_faults_tried(void) {
  return atomic_load(&tried);
}

long memory_faults_outstanding(void) {
  return atomic_load(&outstanding);
}
