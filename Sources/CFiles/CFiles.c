#define _GNU_SOURCE
#include "CFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
enum { no_magic_links = 0x02, no_links = 0x04, beneath = 0x08 };
// linux/fs.h
enum { no_replace = 1 };
#endif

int cfiles_flags_to_look(void) {
#ifdef O_PATH
  return O_PATH;
#else
  return O_RDONLY | O_NONBLOCK;
#endif
}

static int fails(int descriptor, int problem) {
  close(descriptor);
  errno = problem;
  return -1;
}

int cfiles_open_stepwise(int directory, const char *path, int flags) {
  if (*path == '/') { errno = EXDEV; return -1; }
  int at = fcntl(directory, F_DUPFD_CLOEXEC, 3);
  if (at < 0) return -1;
  while (1) {
    while (*path == '/') path++;
    size_t length = strcspn(path, "/");
    char name[256];
    if (length >= sizeof name) return fails(at, ENAMETOOLONG);
    memcpy(name, path, length);
    name[length] = 0;
    if (strcmp(name, "..") == 0) return fails(at, EXDEV);
    const char *rest = path + length;
    while (*rest == '/') rest++;
    int last = *rest == 0;
    int next = openat(at, length == 0 ? "." : name, (last ? flags : O_RDONLY | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
    int problem = errno;
    close(at);
    if (next < 0) { errno = problem; return -1; }
    if (last) {
      // O_PATH with O_NOFOLLOW opens a link itself.
      struct stat status;
      if (fstat(next, &status) != 0) return fails(next, errno);
      return S_ISLNK(status.st_mode) ? fails(next, ELOOP) : next;
    }
    at = next;
    path = rest;
  }
}

int cfiles_open_beneath(int directory, const char *path, int flags, int follows_links) {
  if (*path == '/') { errno = EXDEV; return -1; }
#ifdef __linux__
  struct how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = beneath | no_magic_links | (follows_links ? 0 : no_links)};
  for (int attempt = 0; attempt < 64; attempt++) {
    long result = syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (result >= 0) return (int)result;
    // The tree changed while it was walked: the kernel asks for another try.
    if (errno == EAGAIN || errno == EINTR) continue;
    if (errno == ENOSYS || errno == EPERM) break;
    return -1;
  }
#endif
  return cfiles_open_stepwise(directory, path, flags);
}

int cfiles_rename_to_new(int old_directory, const char *old_name, int new_directory, const char *new_name) {
#if defined(__linux__) && defined(SYS_renameat2)
  long result = syscall(SYS_renameat2, old_directory, old_name, new_directory, new_name, no_replace);
  // Some file systems cannot do it in one step.
  if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return (int)result;
#elif defined(RENAME_EXCL)
  int result = renameatx_np(old_directory, old_name, new_directory, new_name, RENAME_EXCL);
  if (result == 0 || errno != ENOTSUP) return result;
#endif
  struct stat status;
  if (fstatat(new_directory, new_name, &status, AT_SYMLINK_NOFOLLOW) == 0) { errno = EEXIST; return -1; }
  return renameat(old_directory, old_name, new_directory, new_name);
}
