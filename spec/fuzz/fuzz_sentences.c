/*
 * fuzz_sentences: libFuzzer's way into sentence_fuzz_grammar. See spec/fuzz/README.md.
 */
#include "fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  return fuzz_target("sentences", sentence_fuzz_grammar, bytes, length);
}
