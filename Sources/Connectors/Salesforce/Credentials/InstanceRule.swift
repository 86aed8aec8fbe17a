internal import ConnectorKit
internal import MCPHTTP

/// Which servers tokens may be sent to. The answer to a sign-in names the org's own server (`instance_url`); it is believed only
/// where it is one of Salesforce's, or the one that the settings name.
struct InstanceRule: Sendable {
  /// `instance_url` of the settings; nil where any of Salesforce's may be named.
  let configured: HTTPURL?

  private static let domains = [".salesforce.com", ".salesforce.mil"]

  func origin(_ text: String?) throws(VendorError) -> HTTPOrigin {
    guard let text, let url = HTTPURL(text) else {
      if let configured { return configured.origin }
      throw VendorError(.invalidAnswer, "Salesforce's answer to the sign-in does not name the org's server. Set instance_url.")
    }
    if let configured {
      guard url.origin == configured.origin else {
        throw VendorError(.refused, "Salesforce's answer to the sign-in names another server (\(url.origin)) than instance_url of the settings. Nothing was sent there.")
      }
      return url.origin
    }
    let host = url.origin.host.lowercased()
    guard url.origin.scheme == .https, url.origin.port == 443, Self.domains.contains(where: { host.hasSuffix($0) }) else {
      throw VendorError(.refused, "Salesforce's answer to the sign-in names a server that is not Salesforce's (\(url.origin)). Nothing was sent there.")
    }
    return url.origin
  }
}
