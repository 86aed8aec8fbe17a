#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension StreamableHTTPConfiguration {
  /// The clock of the system.
  public static let systemTime: @Sendable () -> Int = { time(nil) }
}
