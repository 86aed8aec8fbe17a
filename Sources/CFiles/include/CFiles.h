#ifndef CFILES_H
#define CFILES_H

#include <sys/types.h>

// Opens `path` below the directory `directory` and nowhere else: no step of the resolution leaves it. `path` is relative; "." is the
// directory itself. Symbolic links that stay below are followed only if `follows_links` is not 0 and the kernel can keep them below
// (Linux: openat2 with RESOLVE_BENEATH); elsewhere every component is opened with O_NOFOLLOW. Creates nothing. Returns a descriptor
// that closes on exec, or -1 with errno: EXDEV for what leads out, ELOOP for a link that is not followed.
int cfiles_open_beneath(int directory, const char *path, int flags, int follows_links);

// What cfiles_open_beneath does where the kernel has no openat2: one component after the other, none of them a link.
int cfiles_open_stepwise(int directory, const char *path, int flags);

// The flags that open a file for looking at it (fstat) and nothing else: whoever waits at the other end of a pipe does not notice.
int cfiles_flags_to_look(void);

// Gives a file another name where nothing has that name; -1 with EEXIST where something does, be it a link that leads nowhere.
int cfiles_rename_to_new(int old_directory, const char *old_name, int new_directory, const char *new_name);

#endif
