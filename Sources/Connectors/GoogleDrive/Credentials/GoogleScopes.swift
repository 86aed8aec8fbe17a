internal import ConnectorKit

/// What Google granted, held against what the toolsets that are on need.
struct GoogleScopes: Sendable {
  private let granted: Set<String>

  init(_ granted: [String]) { self.granted = Set(granted) }

  private static let prefix = "https://www.googleapis.com/auth/"
  /// Of files that were made or opened with the client alone.
  private static let own = prefix + "drive.file"

  /// The scopes of which a toolset needs one, the least first.
  private static func enough(_ toolset: String) -> [String] { (toolset == "read" ? ["drive.readonly", "drive"] : ["drive"]).map { prefix + $0 } }

  /// What is missing, and what is there.
  func findings(_ toolsets: [String]) -> [ConnectorFinding] {
    var findings: [ConnectorFinding] = []
    var whole: [String] = []
    for toolset in toolsets {
      let enough = Self.enough(toolset)
      if !granted.isDisjoint(with: enough) {
        whole.append(toolset)
      } else if granted.contains(Self.own) {
        findings.append(
          ConnectorFinding(
            .warning, "\(toolset): only for files that were made or opened with this client, by the scope \(Self.own)", remedy: "Grant \(enough[0]) for all files."))
      } else {
        findings.append(
          ConnectorFinding(
            .failure, "\(toolset): the scope \(enough[0]) is not granted",
            remedy:
              "Ask for it (scopes) and sign in again, or with a service account let the domain's administrator delegate it; or leave \(toolset) out of toolsets."))
      }
    }
    if !whole.isEmpty { findings.append(ConnectorFinding(.ok, "the scopes that \(whole.joined(separator: ", ")) need are granted")) }
    return findings
  }
}
