#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Where a stage reads the time of day from, so that a test can set it.
public struct WallClock: Sendable {
  private let read: @Sendable () -> Int64

  /// - Parameter read: nanoseconds since 1970-01-01T00:00:00Z.
  public init(_ read: @escaping @Sendable () -> Int64) { self.read = read }

  /// The clock of the machine.
  public static let system = WallClock {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Nanoseconds since 1970.
  public var nanoseconds: Int64 { read() }
  /// Whole seconds since 1970.
  public var seconds: Int64 { read() / 1_000_000_000 }
}
