#define _GNU_SOURCE 1
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_ON_EXEC (1U << 2)  // CLOSE_RANGE_CLOEXEC, missing in headers before Linux 5.11
#else
#include <spawn.h>
#endif

static pid_t fail(cspawn_failure *failure, cspawn_stage stage, int error) {
  failure->stage = stage;
  failure->error = error;
  return -1;
}

int cspawn_duplicate(int descriptor) {
  return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

int cspawn_pipe(int *reader, int *writer) {
  int ends[2];
#if defined(__linux__)
  if (pipe2(ends, O_CLOEXEC) != 0) { return errno; }
#else
  if (pipe(ends) != 0) { return errno; }
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
  for (int i = 0; i < 2; i++) {
    if (ends[i] > 2) { continue; }
    int moved = cspawn_duplicate(ends[i]);
    int error = errno;
    close(ends[i]);
    if (moved < 0) {
      close(ends[1 - i]);
      return error;
    }
    ends[i] = moved;
  }
  *reader = ends[0];
  *writer = ends[1];
  return 0;
}

int cspawn_null(void) {
  int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (descriptor < 0 || descriptor > 2) { return descriptor; }
  int moved = cspawn_duplicate(descriptor);
  int error = errno;
  close(descriptor);
  errno = error;
  return moved;
}

void cspawn_announce(int sentinel, const char *verb, pid_t group) {
  char line[48];
  size_t length = strlen(verb);
  if (length > 16) { return; }
  memcpy(line, verb, length);
  line[length++] = ' ';
  char digits[24];
  int count = 0;
  for (long rest = group; rest > 0; rest /= 10) { digits[count++] = (char)('0' + rest % 10); }
  while (count > 0) { line[length++] = digits[--count]; }
  line[length++] = '\n';
  // Short enough to be written whole or not at all. A pending SIGPIPE of a thread that blocks all signals harms nobody.
  ssize_t written;
  do { written = write(sentinel, line, length); } while (written < 0 && errno == EINTR);
}

#if defined(__linux__)

static void report_and_exit(int report, cspawn_stage stage, int error) {
  cspawn_failure failure = {stage, error};
  ssize_t written;
  do { written = write(report, &failure, sizeof failure); } while (written < 0 && errno == EINTR);
  _exit(127);
}

static void close_others_on_exec(long limit) {
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_ON_EXEC) == 0) { return; }
  for (long descriptor = 3; descriptor < limit; descriptor++) { fcntl((int)descriptor, F_SETFD, FD_CLOEXEC); }
}

// Async-signal-safe calls only from here to the exec: the parent has other threads, and their locks were copied as they were.
static void become(const cspawn_request *request, int report, pid_t parent, long descriptors) {
  if (setpgid(0, 0) != 0) { report_and_exit(report, cspawn_stage_setup, errno); }

  // The signal is sent when the thread that forked ends. If the parent died before prctl it never will be: ask again after.
  if (!request->survives) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) { report_and_exit(report, cspawn_stage_setup, errno); }
    if (getppid() != parent) { _exit(127); }
  }

  // By the child itself, so that there is no moment in which the group could grow unknown. Ignored rather than blocked: a
  // blocked SIGPIPE would wait for the mask to be lifted.
  signal(SIGPIPE, SIG_IGN);
  if (request->sentinel >= 0) { cspawn_announce(request->sentinel, "add", getpid()); }

  // Handlers are reset by exec, ignored signals are not (SwiftNIO ignores SIGPIPE for the whole process).
  for (int number = 1; number < NSIG; number++) { signal(number, SIG_DFL); }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  if (dup2(request->input, 0) < 0 || dup2(request->output, 1) < 0 || dup2(request->error, 2) < 0) {
    report_and_exit(report, cspawn_stage_setup, errno);
  }
  close_others_on_exec(descriptors);

  if (request->directory != NULL && chdir(request->directory) != 0) {
    report_and_exit(report, cspawn_stage_directory, errno);
  }
  execve(request->path, request->arguments, request->environment);
  report_and_exit(report, cspawn_stage_exec, errno);
}

pid_t cspawn_start(const cspawn_request *request, cspawn_failure *failure) {
  int reader, writer;
  int error = cspawn_pipe(&reader, &writer);
  if (error != 0) { return fail(failure, cspawn_stage_fork, error); }

  pid_t parent = getpid();
  long descriptors = sysconf(_SC_OPEN_MAX);

  // A signal handler of the parent must not run in the child before its dispositions are reset.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t child = fork();
  if (child == 0) { become(request, writer, parent, descriptors); }
  error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(writer);
  if (child < 0) {
    close(reader);
    return fail(failure, cspawn_stage_fork, error);
  }

  // The other end closes on exec: end of file is success.
  ssize_t count;
  do { count = read(reader, failure, sizeof *failure); } while (count < 0 && errno == EINTR);
  close(reader);
  if (count == 0) {
    failure->stage = cspawn_stage_none;
    failure->error = 0;
    return child;
  }
  if (count != (ssize_t)sizeof *failure) { fail(failure, cspawn_stage_setup, EIO); }
  if (request->sentinel >= 0) { cspawn_announce(request->sentinel, "drop", child); }
  int code, number;
  cspawn_reap(child, &code, &number);
  return -1;
}

#else

// Darwin: posix_spawn does all of it but the death with the parent, which Darwin does not know. There the end of
// standard input, and the signal to the group when the parent stops in order, take its place.
pid_t cspawn_start(const cspawn_request *request, cspawn_failure *failure) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  int error = posix_spawnattr_init(&attributes);
  if (error != 0) { return fail(failure, cspawn_stage_fork, error); }
  error = posix_spawn_file_actions_init(&actions);
  if (error != 0) {
    posix_spawnattr_destroy(&attributes);
    return fail(failure, cspawn_stage_fork, error);
  }

  sigset_t all, none;
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
#if defined(POSIX_SPAWN_CLOEXEC_DEFAULT)
  flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
  posix_spawnattr_setflags(&attributes, flags);

  posix_spawn_file_actions_adddup2(&actions, request->input, 0);
  posix_spawn_file_actions_adddup2(&actions, request->output, 1);
  posix_spawn_file_actions_adddup2(&actions, request->error, 2);
  cspawn_stage stage = cspawn_stage_exec;
  if (request->directory != NULL) {
    // posix_spawn does not say which step failed.
    if (access(request->directory, X_OK) != 0) {
      error = errno;
      stage = cspawn_stage_directory;
    } else {
      posix_spawn_file_actions_addchdir_np(&actions, request->directory);
    }
  }
  pid_t child = -1;
  if (error == 0) { error = posix_spawn(&child, request->path, &actions, &attributes, request->arguments, request->environment); }
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) { return fail(failure, stage, error); }
  if (request->sentinel >= 0) { cspawn_announce(request->sentinel, "add", child); }
  failure->stage = cspawn_stage_none;
  failure->error = 0;
  return child;
}

#endif

int cspawn_await(pid_t process) {
  siginfo_t information;
  while (waitid(P_PID, (id_t)process, &information, WEXITED | WNOWAIT) != 0) {
    if (errno != EINTR) { return errno; }
  }
  return 0;
}

int cspawn_reap(pid_t process, int *code, int *signal) {
  *code = -1;
  *signal = -1;
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) { return errno; }
  }
  if (WIFSIGNALED(status)) { *signal = WTERMSIG(status); } else { *code = WEXITSTATUS(status); }
  return 0;
}

typedef struct {
  void (*body)(void *);
  void *context;
} thread_start;

static void *run_thread(void *pointer) {
  thread_start start = *(thread_start *)pointer;
  free(pointer);
  start.body(start.context);
  return NULL;
}

int cspawn_thread(void (*body)(void *), void *context) {
  thread_start *start = malloc(sizeof *start);
  if (start == NULL) { return ENOMEM; }
  start->body = body;
  start->context = context;

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);

  // Inherited by the new thread: the process's signals belong to its other threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error != 0) { free(start); }
  return error;
}
