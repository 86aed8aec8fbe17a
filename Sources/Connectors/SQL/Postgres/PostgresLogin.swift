/// What a connection string says of where the server is. The string itself is not kept.
struct PostgresLogin {
  /// Whether the server is on this machine: a socket of the file system, or loopback. Otherwise the connection must be encrypted,
  /// unless the string itself says more (`sslmode=verify-full`) or less.
  private(set) var isLocal = true

  /// - Throws: a failure without any part of the string, if libpq cannot read it.
  init(_ string: String, _ pq: LibPQ) throws(PostgresFailure) {
    guard !string.utf8.contains(0), let options = pq.parseConnectionString(string, nil) else { throw PostgresFailure(kind: .statement, state: "28000") }
    defer { pq.freeOptions(options) }
    var option = options.assumingMemoryBound(to: LibPQ.Option.self)
    while let keyword = option.pointee.keyword {
      let value = option.pointee.value.map { String(cString: $0) } ?? ""
      switch String(cString: keyword) {
      case "host" where !value.isEmpty, "hostaddr" where !value.isEmpty:
        if !value.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(Self.isLocal) { isLocal = false }
      // A service file may name any host.
      case "service" where !value.isEmpty: isLocal = false
      default: break
      }
      option += 1
    }
  }

  private static func isLocal(_ host: Substring) -> Bool {
    host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") || host == "localhost" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
      || host == "::1"
  }
}
