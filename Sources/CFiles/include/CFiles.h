#ifndef CFILES_H
#define CFILES_H

#include <sys/types.h>

// Opens `path` below the directory `directory` and nowhere else: no step of the resolution, symbolic links included, leaves it
// (Linux: openat2 with RESOLVE_BENEATH; elsewhere every component is opened with O_NOFOLLOW). `path` is relative; "." is the
// directory itself. Returns a descriptor that closes on exec, or -1 with errno.
int cfiles_open_beneath(int directory, const char *path, int flags, mode_t mode);

#endif
