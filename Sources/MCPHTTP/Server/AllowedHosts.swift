internal import NIOCore

/// The names under which a server may be reached, and the origins whose pages may call it: the defence against DNS rebinding
/// (2026-07-28, streamable-http, "Security & Endpoint").
public struct AllowedHosts: Sendable {
  /// Nil stands for any host.
  private let hosts: [Authority]?
  private let origins: [[UInt8]]

  private struct Authority: Sendable {
    let host: [UInt8]
    /// Nil stands for any port.
    let port: [UInt8]?
  }

  /// - Parameters:
  ///   - hosts: `Host` values, as `name` for any port or `name:port`; IPv6 addresses in brackets. Nil allows all.
  ///   - origins: `Origin` values such as `https://app.example.com`. Origins on one of `hosts` are allowed without being listed.
  public init(hosts: [String]?, origins: [String] = []) {
    self.hosts = hosts?.map { text in
      let (host, port) = AllowedHosts.split(Array(text.lowercased().utf8)[...])
      return Authority(host: Array(host), port: port.map { Array($0) })
    }
    self.origins = origins.map { Array($0.lowercased().utf8) }
  }

  /// A server that only this machine may use.
  public static let loopback = AllowedHosts(hosts: loopbackNames)
  static let loopbackNames = ["localhost", "127.0.0.1", "[::1]"]
  /// Any host; pages of no origin. For servers behind something that checks.
  public static let any = AllowedHosts(hosts: nil)

  func allows(host: ByteBuffer?) -> Bool {
    guard let hosts else { return true }
    guard let host else { return false }
    return host.withUnsafeReadableBytes { AllowedHosts.isListed($0[...], in: hosts) }
  }

  func allows(origin: ByteBuffer?) -> Bool {
    guard let origin else { return true }
    return origin.withUnsafeReadableBytes { bytes in
      if origins.contains(where: { AllowedHosts.equal(bytes[...], $0) }) { return true }
      guard let hosts else { return false }
      let text = bytes[...]
      for scheme in ["http://", "https://"] as [StaticString] {
        let length = scheme.utf8CodeUnitCount
        guard text.count > length, ASCII.equalIgnoringCase(UnsafeRawBufferPointer(rebasing: text.prefix(length)), scheme) else { continue }
        return AllowedHosts.isListed(text.dropFirst(length), in: hosts)
      }
      return false
    }
  }

  private static func isListed(_ authority: Slice<UnsafeRawBufferPointer>, in hosts: [Authority]) -> Bool {
    let (host, port) = split(authority)
    return hosts.contains { allowed in
      equal(host, allowed.host) && (allowed.port.map { expected in port?.elementsEqual(expected) == true } ?? true)
    }
  }

  private static func equal(_ bytes: Slice<UnsafeRawBufferPointer>, _ lowercase: [UInt8]) -> Bool {
    bytes.count == lowercase.count && zip(bytes, lowercase).allSatisfy { ASCII.lowercase($0) == $1 }
  }

  private static func split<Bytes: RandomAccessCollection>(
    _ authority: Bytes
  ) -> (host: Bytes.SubSequence, port: Bytes.SubSequence?) where Bytes.Element == UInt8, Bytes.SubSequence: BidirectionalCollection {
    guard let colon = authority.lastIndex(of: UInt8(ascii: ":")), authority[colon...].allSatisfy({ $0 != UInt8(ascii: "]") }) else {
      return (authority[...], nil)
    }
    return (authority[..<colon], authority[authority.index(after: colon)...])
  }
}
