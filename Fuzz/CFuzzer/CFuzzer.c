#include "CFuzzer.h"

#ifdef SLUICE_LIBFUZZER

int LLVMFuzzerRunDriver(int *argc, char ***argv, fuzzer_callback callback);

int fuzzer_run(int argc, char **argv, fuzzer_callback callback) { return LLVMFuzzerRunDriver(&argc, &argv, callback); }

#else

int fuzzer_run(int argc, char **argv, fuzzer_callback callback) {
  (void)argc;
  (void)argv;
  (void)callback;
  return -1;
}

#endif
