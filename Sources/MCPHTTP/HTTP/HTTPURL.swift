/// An absolute http or https URL, cut into what a request needs.
public struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
  /// Scheme, host and port.
  public var origin: HTTPOrigin
  /// Path and query.
  public var path: String

  /// Nil for anything else, and for a URL with user information.
  public init?(_ text: String) {
    let lowercased = text.lowercased()
    let scheme: HTTPOrigin.Scheme
    if lowercased.hasPrefix("https://") { scheme = .https } else if lowercased.hasPrefix("http://") { scheme = .http } else { return nil }
    let rest = text.dropFirst(scheme == .https ? 8 : 7)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.isEmpty, !authority.contains("@"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    var host = String(authority)
    var port: Int?
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
      host = String(authority[..<colon])
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { return nil }
    origin = HTTPOrigin(scheme: scheme, host: host, port: port)
    let tail = rest[end...].prefix { $0 != "#" }
    path = tail.isEmpty ? "/" : tail.hasPrefix("?") ? "/" + tail : String(tail)
  }

  /// Whether the host is this machine: an address of the loopback network or the name `localhost`.
  public var isLoopback: Bool {
    let host = origin.host.lowercased()
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts[0] == 127 && parts.allSatisfy { $0 != nil }
  }

  /// The URL without a fragment.
  public var description: String { origin.description + path }
}
