internal import NIOCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension VendorTime {
  /// The clocks of this machine.
  public static let system = VendorTime(
    now: { .now() }, seconds: { Int64(time(nil)) }, sleep: { try await Task.sleep(for: .nanoseconds($0.nanoseconds)) })
}
