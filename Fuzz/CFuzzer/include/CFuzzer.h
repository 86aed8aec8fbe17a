// libFuzzer as a library (https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

typedef int (*fuzzer_callback)(const uint8_t *_Nullable bytes, size_t count);

/// Runs libFuzzer with the given arguments and returns its exit status; -1 where this program was built without it.
int fuzzer_run(int argc, char *_Nullable *_Nonnull argv, fuzzer_callback _Nonnull callback);

#endif
