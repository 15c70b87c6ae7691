/*
 * memory_faults: an allocator for memory_replace that counts, and fails the allocation that a test asks for.
 *
 * A test that lets every allocation fail in turn:
 *
 *     for (unsigned nth = 1;; nth++) {
 *       memory_faults_fail(nth, MEMORY_FAULTS_ONCE);
 *       ... the thing under test, checked to succeed or to fail as it should ...
 *       if (!memory_faults_hit()) break;
 *     }
 *
 * Allocating and resizing count, also where they are failed; freeing never fails. Any thread.
 */
#ifndef INTENT_WEBHOOK_SPEC_MEMORY_FAULTS_H
#define INTENT_WEBHOOK_SPEC_MEMORY_FAULTS_H

#include <stdbool.h>

enum memory_faults_mode {
  MEMORY_FAULTS_ONCE,    /* the nth allocation only */
  MEMORY_FAULTS_ONWARDS, /* the nth and all later ones */
};

/* Puts the allocator in place of the C library's. Call it before anything of the core allocates. */
void memory_faults_install(void);

/* Counts from now on, and fails the nth allocation; 0 fails none. */
void memory_faults_fail(unsigned nth, enum memory_faults_mode mode);

/* Whether an allocation was failed since the last memory_faults_fail. No more are failed from here on. */
bool memory_faults_hit(void);

/* How many allocations were tried since the last memory_faults_fail. */
unsigned memory_faults_tried(void);

/* Blocks that were allocated and not freed. */
long memory_faults_outstanding(void);

#endif
