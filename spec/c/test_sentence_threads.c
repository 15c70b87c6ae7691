/*
 * test_sentence_threads: any number of threads match with one compiled object, while its lists are replaced.
 */
#include <pthread.h>

#include "check.h"
#include "memory_faults.h"
#include "sentence_fixture.h"
#include "slowness.h"

enum { THREADS = 4 };

static const char lines[] =
    "skip please\nnumber five => 5\nlist area\nvalue kitchen\nvalue living room => living_room\n"
    "range percent 0 100\nintent light\nslot area\nslot brightness\n"
    "say (turn|switch) on [the] {area} light[s]\nsay {area} to {percent:brightness}\n"
    "intent note\nslot text\nsay note {text}\n";

static const struct {
  const char *text, *found;
} rows[] = {
    {"please turn on the living room lights", "light area=living_room"},
    {"kitchen to five", "light area=kitchen brightness=5"},
    {"note that the kitchen is cold", "note text=that the kitchen is cold"},
    {"turn on the cellar light", "-"},
};

struct worker {
  pthread_t thread;
  sentences *compiled; /* one owner is the worker */
  unsigned rounds, wrong;
};

static void *work(void *argument) {
  struct worker *worker = argument;
  sentences_matcher *matcher = sentences_matcher_new();
  for (unsigned i = 0; matcher && i < worker->rounds; i++) {
    size_t row = i % (sizeof rows / sizeof *rows), count;
    const char *found = sentence_found(matcher, worker->compiled, rows[row].text, NULL);
    worker->wrong += strcmp(found, rows[row].found) != 0;
    if (i % 16 == 0) sentences_explain(matcher, worker->compiled, rows[row].text, strlen(rows[row].text), NULL, &count);
  }
  worker->wrong += matcher == NULL;
  sentences_matcher_free(matcher);
  sentences_drop(worker->compiled);
  return NULL;
}

static unsigned start(struct worker *workers, sentences *compiled, unsigned rounds) {
  unsigned started = 0;
  for (; started < THREADS; started++) {
    workers[started] = (struct worker){.compiled = compiled, .rounds = rounds};
    sentences_hold(compiled);
    if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0) continue;
    sentences_drop(compiled);
    break;
  }
  return started;
}

static unsigned finish(struct worker *workers, unsigned count) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < count; i++) {
    pthread_join(workers[i].thread, NULL);
    wrong += workers[i].wrong;
  }
  return wrong;
}

int main(void) {
  memory_faults_install();
  unsigned rounds = (unsigned)(4000 / spec_slowness());
  TEST("threads match with one object, each with its own matcher, and the last owner frees it") {
    struct worker workers[THREADS];
    sentences *compiled = sentence_compile(lines);
    unsigned started = start(workers, compiled, rounds);
    sentences_drop(compiled);
    CHECK(finish(workers, started) == 0 && started == THREADS);
  }
  TEST("they go on with the old lists while new ones are made from it, again and again") {
    struct worker workers[THREADS];
    sentences *compiled = sentence_compile(lines);
    sentences_matcher *matcher = sentences_matcher_new();
    unsigned started = start(workers, compiled, rounds), wrong = 0;
    sentences *newest = compiled;
    for (unsigned i = 0; i < rounds / 40; i++) {
      bool known;
      sentences_source *source = sentences_source_new();
      sentence_declare(source, "list area\nvalue cellar\n");
      sentences *next = sentences_with_list(newest, "area", source, &known);
      sentences_source_free(source);
      wrong += strcmp(sentence_found(matcher, next, "turn on the cellar light", NULL), "light area=cellar") != 0;
      sentences_drop(newest);
      newest = next;
    }
    CHECK(wrong == 0);
    sentences_drop(newest);
    CHECK(finish(workers, started) == 0 && started == THREADS);
    sentences_matcher_free(matcher);
  }
  TEST("nothing is left allocated") {
    CHECK(memory_faults_outstanding() == 0);
  }
  return check_finish();
}
