internal import ConnectorKit
internal import JSON

/// Which Google account a caller is: `accounts` of the settings, and else the caller's own id where that is an e-mail address.
struct GoogleAccounts: Sendable {
  private let byCaller: [String: String]
  /// Whose accounts are named.
  var people: Set<String> { Set(byCaller.keys) }
  /// Domains of which addresses are taken; empty for any.
  private let domains: [String]

  init(_ settings: ConnectorSettings) throws(ConnectorError) {
    var byCaller: [String: String] = [:]
    if let part = try settings.settings("accounts") {
      for (caller, _) in part.values {
        let address = try part.required(caller)
        guard Self.isAddress(address) else { throw part.error(caller, "expected an e-mail address") }
        byCaller[caller] = address
      }
    }
    self.byCaller = byCaller
    domains = (try settings.strings("domains") ?? []).map { $0.lowercased() }
  }

  /// The address of a person's account.
  ///
  /// - Throws: ``VendorError`` `refused` where nothing says which it is: nobody else's is taken.
  func address(of user: String) throws(VendorError) -> String {
    let address = byCaller[user] ?? user
    guard Self.isAddress(address) else {
      throw VendorError(.refused, "It is not known which Google account \(user.prefix(100)) has. An administrator names it in the connector's settings (accounts).")
    }
    let domain = address.split(separator: "@").last.map { $0.lowercased() } ?? ""
    guard domains.isEmpty || domains.contains(domain) else {
      throw VendorError(.refused, "\(address.prefix(100)) is of a domain for which this connector does not act.")
    }
    return address
  }

  static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && text.utf8.count <= 320 && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
  }

  static func isSame(_ one: String, _ other: String) -> Bool { one.lowercased() == other.lowercased() }
}
