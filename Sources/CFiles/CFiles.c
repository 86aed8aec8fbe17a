#define _GNU_SOURCE
#include "CFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

// linux/openat2.h, which older headers lack.
struct how {
  uint64_t flags, mode, resolve;
};
enum { no_magic_links = 0x02, beneath = 0x08 };
#endif

// Without links: one component after the other, none of them a symbolic link or a step upwards.
static int open_stepwise(int directory, const char *path, int flags, mode_t mode) {
  int at = fcntl(directory, F_DUPFD_CLOEXEC, 3);
  if (at < 0) return -1;
  while (1) {
    while (*path == '/') path++;
    size_t length = strcspn(path, "/");
    char name[256];
    if (length >= sizeof name) { close(at); errno = ENAMETOOLONG; return -1; }
    memcpy(name, path, length);
    name[length] = 0;
    if (strcmp(name, "..") == 0) { close(at); errno = EXDEV; return -1; }
    const char *rest = path + length;
    while (*rest == '/') rest++;
    int last = *rest == 0;
    const char *target = length == 0 ? "." : name;
    int next = openat(at, target, last ? flags | O_NOFOLLOW | O_CLOEXEC : O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, mode);
    int problem = errno;
    close(at);
    if (next < 0 || last) { errno = problem; return next; }
    at = next;
    path = rest;
  }
}

int cfiles_open_beneath(int directory, const char *path, int flags, mode_t mode) {
  if (*path == '/') { errno = EXDEV; return -1; }
#ifdef __linux__
  struct how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .mode = (flags & O_CREAT) ? mode : 0, .resolve = beneath | no_magic_links};
  for (int attempt = 0; attempt < 16; attempt++) {
    long result = syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (result >= 0) return (int)result;
    // The tree changed while it was walked: the kernel asks for another try.
    if (errno == EAGAIN || errno == EINTR) continue;
    if (errno == ENOSYS || errno == EPERM) break;
    return -1;
  }
#endif
  return open_stepwise(directory, path, flags, mode);
}
