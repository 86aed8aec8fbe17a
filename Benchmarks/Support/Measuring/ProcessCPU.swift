#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What this process has used of the processors.
package enum ProcessCPU {
  /// User and system time of all its threads, in seconds. That of other processes, its children among them, is not in it.
  package static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// Shows what was printed to whoever reads a pipe.
package func flushOutput() { fflush(nil) }
