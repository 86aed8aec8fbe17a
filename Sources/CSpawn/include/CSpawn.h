#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

// The part of starting a process that must be C: what runs between fork and exec may call async-signal-safe functions
// only, and Swift promises that of none of its own.

typedef enum {
  cspawn_stage_none = 0,
  cspawn_stage_fork,        // no process was made
  cspawn_stage_setup,       // process group, signals or descriptors
  cspawn_stage_directory,   // changing into the working directory
  cspawn_stage_exec,        // replacing the image
} cspawn_stage;

typedef struct {
  cspawn_stage stage;
  int error;                // errno
} cspawn_failure;

typedef struct {
  const char *path;         // the file to execute, already searched for; relative to the working directory
  char *const *arguments;   // NULL-terminated, argv[0] first
  char *const *environment; // NULL-terminated; the whole environment of the child
  const char *directory;    // NULL: the parent's
  int input, output, error; // become 0, 1 and 2 of the child; each must be above 2
  int sentinel;             // is told the new group before the exec; -1: none
  int survives;             // 1: not killed when the parent dies
} cspawn_request;

// Starts a process that leads its own process group, has default signal handling and an empty signal mask, and holds no
// descriptor but 0, 1 and 2. Linux: unless it survives, it is killed when the
// calling *thread* ends, so the thread must outlive it.
// Returns its id, or -1 with *failure saying why (the failed child is reaped). Returns after the exec.
pid_t cspawn_start(const cspawn_request *request, cspawn_failure *failure);

// A pipe whose ends close on exec and are above 2, so that neither can be mistaken for a standard stream. 0 or errno.
int cspawn_pipe(int *reader, int *writer);

// A copy of a descriptor that closes on exec and is above 2, or -1 with errno.
int cspawn_duplicate(int descriptor);

// Writes "verb group" as a line. A reader that is gone is no error. Async-signal-safe. The calling thread must
// block or ignore SIGPIPE.
void cspawn_announce(int sentinel, const char *verb, pid_t group);

// /dev/null for reading and writing, close-on-exec and above 2, or -1 with errno.
int cspawn_null(void);

// Waits until the process has ended and leaves it unreaped, so that its id still names its group. 0 or errno.
int cspawn_await(pid_t process);

// Takes the status of an ended process. One of *code and *signal is set, the other is -1. 0 or errno.
int cspawn_reap(pid_t process, int *code, int *signal);

// Runs body(context) on a new detached thread that takes no signals. 0 or errno.
int cspawn_thread(void (*body)(void *), void *context);

#endif
