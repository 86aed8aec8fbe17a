internal import ConnectorKit

/// What the connected app was granted, held against what the toolsets that are on need.
struct SalesforceScopes: Sendable {
  private let granted: Set<String>

  init(_ granted: [String]) { self.granted = Set(granted) }

  /// Each of these lets the REST API be called; each of those tells who the user is.
  private static let api: Set<String> = ["api", "full"]
  private static let identity: Set<String> = ["id", "openid", "profile", "full"]
  private static let staying: Set<String> = ["refresh_token", "offline_access"]

  /// - Parameter signsIn: whether people sign in in a browser.
  func findings(_ toolsets: [String], signsIn: Bool) -> [ConnectorFinding] {
    guard !granted.isEmpty else { return [ConnectorFinding(.ok, "Salesforce does not say what the token was granted: what follows tries it")] }
    var findings: [ConnectorFinding] = []
    let names = toolsets.joined(separator: ", ")
    if granted.isDisjoint(with: Self.api) {
      findings.append(
        ConnectorFinding(.failure, "\(names): the scope api is not granted", remedy: "Add \"Manage user data via APIs (api)\" to the connected app, and sign in again."))
    } else {
      findings.append(ConnectorFinding(.ok, "the scope that \(names) need is granted"))
    }
    if toolsets.contains("read"), granted.isDisjoint(with: Self.identity) {
      findings.append(
        ConnectorFinding(
          .warning, "read: get_identity will be refused: the scope id is not granted",
          remedy: "Add \"Access the identity URL service (id)\" to the connected app, and sign in again."))
    }
    if signsIn, granted.isDisjoint(with: Self.staying) {
      findings.append(
        ConnectorFinding(
          .warning, "who has signed in must do so again with each session: the scope refresh_token is not granted",
          remedy: "Add \"Perform requests at any time (refresh_token, offline_access)\" to the connected app and to oauth.scopes."))
    }
    return findings
  }
}
