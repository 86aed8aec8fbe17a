// Tells Thread Sanitizer of what orders threads in the parts of Swift's runtime that are not instrumented. Preloaded by
// scripts/sanitize.sh; built by Swift's clang.
//
// - The slow paths of Mutex on Linux are compiled into libswiftSynchronization: every access under a contended lock would look like a race.
//   The fast paths are compiled into each caller, and are instrumented.
// - A continuation may be resumed before its task waits for it, or while it is about to. libswift_Concurrency tells the sanitizer of the
//   resuming (`_swift_tsan_release` of the task), but of no acquiring on these ways.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// There in programs that are built with the sanitizer; the others that a test starts are left as they are.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *handle

// Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow()
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK_SLOW);

static void *original(void **kept, const char *symbol) {
  void *found = __atomic_load_n(kept, __ATOMIC_RELAXED);
  if (!found) {
    found = dlsym(RTLD_NEXT, symbol);
    __atomic_store_n(kept, found, __ATOMIC_RELAXED);
  }
  return found;
}

SWIFT void lock_slow(uint32_t thread, SELF) {
  static void *kept;
  ((SWIFT void (*)(uint32_t, SELF))original(&kept, LOCK_SLOW))(thread, handle);
  if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF) {
  static void *kept;
  if (__tsan_release) __tsan_release(handle);
  ((SWIFT void (*)(SELF))original(&kept, UNLOCK_SLOW))(handle);
}

// The task whose continuation it is, or nil where there is none.
__attribute__((weak)) SWIFT void *swift_task_getCurrent(void);

static void acquire_current(void) {
  if (__tsan_acquire && swift_task_getCurrent) __tsan_acquire(swift_task_getCurrent());
}

#define ASYNC __attribute__((swiftasynccall))

ASYNC void swift_continuation_await(void *context) {
  static void *kept;
  acquire_current();
  __attribute__((musttail)) return ((ASYNC void (*)(void *))original(&kept, "swift_continuation_await"))(context);
}

// What the runtime calls where a task goes on; also where it was resumed while it was about to wait.
SWIFT void swift_task_enterThreadLocalContext(char *storage) {
  static void *kept;
  acquire_current();
  ((SWIFT void (*)(char *))original(&kept, "swift_task_enterThreadLocalContext"))(storage);
}
