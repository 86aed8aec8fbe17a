internal import ConnectorKit

/// The scopes that tokens need, by toolset: for sign-ins and for `check`. Some differ between an app's own token and a person's
/// (<https://docs.slack.dev/reference/scopes>).
enum SlackScopes {
  enum Token: Sendable { case bot, user }

  private static let read = [
    "channels:read", "groups:read", "im:read", "mpim:read", "channels:history", "groups:history", "im:history", "mpim:history", "users:read", "users:read.email",
    "users.profile:read", "usergroups:read", "team:read", "reactions:read", "pins:read", "bookmarks:read", "files:read", "canvases:read",
  ]

  /// What every toolset needs to find channels and people by name.
  private static let lookups = ["channels:read", "groups:read", "im:read", "mpim:read", "users:read"]

  /// Of the older search and of the newer one, which each kind of thing has its own for. Only people have them all.
  static let search = ["search:read", "search:read.public", "search:read.private", "search:read.im", "search:read.mpim", "search:read.files"]

  /// The toolsets that are on, with the scopes of each. Search is apart: one kind of its scopes is enough.
  static func toolsets(_ scope: ToolScope, _ token: Token) -> [(toolset: String, scopes: [String])] {
    let all: [(toolset: String, scopes: [String])] = [
      ("read", read), ("messages", ["chat:write", "im:write", "reactions:write", "pins:write"]), ("files", ["files:write", "canvases:write"]),
      ("channels", (token == .bot ? ["channels:manage", "channels:join"] : ["channels:write"]) + ["groups:write", "im:write", "mpim:write"]),
      ("groups", ["usergroups:read", "usergroups:write"]),
    ]
    var chosen = all.filter { toolset, _ in
      guard toolset == "read" || !scope.isReadOnly else { return false }
      return scope.groups.map { $0.contains("all") || $0.contains(toolset) } ?? (toolset == "read")
    }
    if chosen.first?.toolset != "read", !chosen.isEmpty { chosen[0].scopes = lookups + chosen[0].scopes }
    return chosen
  }

  /// What people are asked for when they sign in.
  static func signIn(_ scope: ToolScope) -> [String] {
    let chosen = toolsets(scope, .user)
    // Slack grants no sign-in without a scope.
    guard !chosen.isEmpty else { return lookups }
    var asked: [String] = []
    for (toolset, scopes) in chosen { for scope in toolset == "read" ? scopes + search : scopes where !asked.contains(scope) { asked.append(scope) } }
    return asked
  }
}
