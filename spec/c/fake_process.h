/*
 * fake_process: process_generation() for tests of single modules, which do not link process.c.
 */
#ifndef INTENT_WEBHOOK_SPEC_FAKE_PROCESS_H
#define INTENT_WEBHOOK_SPEC_FAKE_PROCESS_H

/* What process_generation() says. A test that forks counts it up in the child. */
extern unsigned fake_process_generation;

#endif
