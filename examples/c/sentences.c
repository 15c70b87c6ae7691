/*
 * Says what a text means, without any Lua: examples/c/sentences TEXT
 *
 * Build it with `make examples`; it needs the core's sources and its libraries, nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "sentences.h"

static void add_template(sentences_source *source, const char *text) {
  sentences_template(source, text, strlen(text));
}

static sentences *compile(void) {
  sentences_source *source = sentences_source_new();
  if (source == NULL) return NULL;
  sentences_phrase(source, false, "the", "[the|my]", 8);
  sentences_list(source, false, "area", (sentences_list_options){.kind = SENTENCES_VALUES});
  sentences_value(source, "kitchen", 7, sentences_text("kitchen", 7));
  sentences_value(source, "(living|sitting) room", 21, sentences_text("living_room", 11));
  sentences_intent(source, "light_on", 8, 0);
  sentences_slot(source, "area", 4);
  sentences_slot(source, "brightness", 10);
  sentences_block(source, 0);
  add_template(source, "(turn|switch) on <the> {area} light[s] [to {0..100:brightness} percent]");
  sentences *compiled = sentences_compile(source);
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes);
  for (size_t i = 0; i < count; i++)
    fprintf(stderr, "%s: column %u: %s\n", mistakes[i].text, mistakes[i].column, mistakes[i].message);
  sentences_source_free(source);
  return compiled;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s TEXT\n", argv[0]);
    return 2;
  }
  sentences *compiled = compile();
  sentences_matcher *matcher = sentences_matcher_new();
  const sentences_match *match = NULL;
  if (compiled != NULL && matcher != NULL) match = sentences_find(matcher, compiled, argv[1], strlen(argv[1]), NULL);
  if (match != NULL) {
    printf("%s\n", match->intent_name);
    for (size_t i = 0; i < match->capture_count; i++) {
      const sentences_capture *capture = &match->captures[i];
      if (capture->value.kind == SENTENCES_NUMBER)
        printf("  %s = %g\n", capture->name, capture->value.number);
      else
        printf("  %s = %.*s\n", capture->name, (int)capture->value.length, capture->value.text);
    }
  }
  int status = match != NULL ? 0 : 1;
  sentences_matcher_free(matcher);
  sentences_drop(compiled);
  return status;
}
