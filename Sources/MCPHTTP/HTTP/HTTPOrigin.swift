/// Where requests go: scheme, host and port (RFC 9110, 4.3.1).
public struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
  /// With TLS, or without.
  public enum Scheme: String, Hashable, Sendable { case http, https }

  /// With TLS, or without.
  public let scheme: Scheme
  /// A name or an IP address; IPv6 without brackets.
  public let host: String
  /// The TCP port.
  public let port: Int
  /// The value of the Host field: the port is left out when it is the scheme's own (RFC 9110, 7.2).
  let authority: String
  /// Whether the authority holds nothing that could break out of its header line.
  let isWritable: Bool

  public init(scheme: Scheme, host: String, port: Int? = nil) {
    let standard = scheme == .http ? 80 : 443
    self.scheme = scheme
    self.host = host
    self.port = port ?? standard
    let name = host.utf8.contains(0x3A) ? "[\(host)]" : host
    authority = self.port == standard ? name : "\(name):\(self.port)"
    isWritable = !host.isEmpty && authority.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  public var description: String { "\(scheme.rawValue)://\(authority)" }

  public static func == (a: HTTPOrigin, b: HTTPOrigin) -> Bool {
    a.port == b.port && a.scheme == b.scheme && a.host == b.host
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(port)
    hasher.combine(host)
  }
}
