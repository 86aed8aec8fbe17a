internal import ConnectorKit
internal import JSON

/// What the tools of a toolset need of a GitHub App's installation, by the names that GitHub's answer has.
struct AppPermissions: Sendable {
  let toolset: String
  /// Without these the toolset is of no use.
  var needed: [String: String] = [:]
  /// Without these some of its tools fail.
  var helpful: [String: String] = [:]
  /// What no installation can have: that of people.
  var isImpossible = false

  static let all: [AppPermissions] =
    [
      AppPermissions(toolset: "context", helpful: ["members": "read", "administration": "read"]),
      AppPermissions(toolset: "repos", needed: ["contents": "read"]), AppPermissions(toolset: "git", needed: ["contents": "read"]),
      AppPermissions(toolset: "issues", needed: ["issues": "read"]),
      AppPermissions(toolset: "pull_requests", needed: ["pull_requests": "read"], helpful: ["checks": "read", "statuses": "read"]),
      AppPermissions(toolset: "actions", needed: ["actions": "read"]), AppPermissions(toolset: "security", helpful: security("read")),
      AppPermissions(toolset: "discussions", needed: ["discussions": "read"]), AppPermissions(toolset: "projects", helpful: ["organization_projects": "read"]),
      AppPermissions(toolset: "repos_write", needed: ["contents": "write"], helpful: ["administration": "write", "workflows": "write"]),
      AppPermissions(toolset: "issues_write", needed: ["issues": "write"]),
      AppPermissions(toolset: "pull_requests_write", needed: ["pull_requests": "write", "contents": "write"]),
      AppPermissions(toolset: "actions_write", needed: ["actions": "write"]), AppPermissions(toolset: "security_write", helpful: security("write")),
      AppPermissions(toolset: "discussions_write", needed: ["discussions": "write"]),
      AppPermissions(toolset: "projects_write", needed: ["organization_projects": "write"]),
    ] + ["notifications", "gists", "stars"].flatMap { [AppPermissions(toolset: $0, isImpossible: true), AppPermissions(toolset: $0 + "_write", isImpossible: true)] }

  private static func security(_ level: String) -> [String: String] {
    var permissions = ["security_events": level, "vulnerability_alerts": level, "secret_scanning_alerts": level]
    // Advisories are not changed.
    if level == "read" { permissions["repository_advisories"] = level }
    return permissions
  }

  /// What is missing; nil where nothing is.
  ///
  /// - Parameter granted: `permissions` of the answer that a token of the installation comes with.
  func finding(_ granted: [String: String]) -> ConnectorFinding? {
    guard !isImpossible else {
      return ConnectorFinding(
        .warning, "An app's installation cannot do what is a person's own: the tools of the toolset \(toolset) fail.",
        remedy: "Leave the toolset out, or give people's credentials (oauth, tokens).")
    }
    func lacking(_ wanted: [String: String]) -> [String] {
      wanted.filter { Self.rank(granted[$0.key]) < Self.rank($0.value) }.map { "\($0.key): \($0.value)" }.sorted()
    }
    let (missing, others) = (lacking(needed), lacking(helpful))
    guard !(missing + others).isEmpty else { return nil }
    return ConnectorFinding(
      missing.isEmpty ? .warning : .failure,
      "The app's installation lacks permissions for \(missing.isEmpty ? "some tools of " : "")the toolset \(toolset): \((missing + others).joined(separator: ", ")).",
      remedy: "Add them to the app (Permissions & events) and have the owner accept them for the installation, or leave the toolset out.")
  }

  private static func rank(_ level: String?) -> Int { ["read", "write", "admin"].firstIndex(of: level ?? "").map { $0 + 1 } ?? 0 }
}
