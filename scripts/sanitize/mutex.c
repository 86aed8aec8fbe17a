// Tells Thread Sanitizer of the slow paths of Swift's Mutex on Linux: they are compiled into libswiftSynchronization, which is not
// instrumented, so that every access under a contended lock would look like a race. The fast paths are compiled into each caller, and are
// instrumented. Preloaded by scripts/sanitize.sh; built by Swift's clang.
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
