/*
 * fake_process: see fake_process.h.
 */
#include "fake_process.h"

#include "process.h"

unsigned fake_process_generation;

unsigned process_generation(void) {
  return fake_process_generation;
}
