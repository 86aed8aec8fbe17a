// Counts what a program takes from the allocator of the C library.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

/// Whether this program's allocations can be counted: with glibc.
bool allocations_are_counted(void);

/// How often memory was taken since the start, by any thread.
uint64_t allocations_count(void);

#endif
