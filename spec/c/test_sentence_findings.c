/*
 * test_sentence_findings: what the fuzzers found, and what they start from: spec/fuzz/findings and spec/fuzz/seeds. A
 * file whose name begins with "image" is for sentence_fuzz_image, the others are for sentence_fuzz_grammar.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sentence_fuzz.h"

static uint8_t *read_file(const char *path, size_t *length) {
  enum { MOST = 1 << 20 };
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = malloc(MOST);
  if (!file || !bytes) {
    if (file) fclose(file);
    free(bytes);
    return NULL;
  }
  *length = fread(bytes, 1, MOST, file);
  fclose(file);
  uint8_t *exact = malloc(*length ? *length : 1); /* so that a sanitizer sees who reads on */
  if (exact) memcpy(exact, bytes, *length);
  free(bytes);
  return exact;
}

static void replay(const char *folder, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  size_t length;
  uint8_t *bytes = read_file(path, &length);
  if (!CHECK(bytes != NULL)) return;
  struct sentence_fuzz_time slowest = {"nothing", 0};
  bool image = strncmp(name, "image", 5) == 0;
  const char *problem = (image ? sentence_fuzz_image : sentence_fuzz_grammar)(bytes, length, &slowest);
  if (!CHECK(problem == NULL)) printf("     %s: %s\n", path, problem);
  free(bytes);
}

static int is_input(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* Every file of a folder, by name; returns how many. */
static int replay_all(const char *folder) {
  struct dirent **entries;
  int count = scandir(folder, &entries, is_input, alphasort);
  for (int i = 0; i < count; i++) {
    replay(folder, entries[i]->d_name);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  return count;
}

int main(void) {
  TEST("what must hold of any grammar and image holds for what the fuzzers start from") {
    CHECK(replay_all("spec/fuzz/seeds") > 0);
  }
  TEST("what the fuzzers found stays mended") {
    CHECK(replay_all("spec/fuzz/findings") >= 0);
  }
  return check_finish();
}
