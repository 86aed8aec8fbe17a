public import ConnectorKit
internal import JSON

/// What `sluice connector check slack` asks Slack.
extension SlackConnector {
  public func check() async -> [ConnectorFinding] {
    var findings: [ConnectorFinding] = []
    if hasServiceToken { findings += await checkToken(of: .service, "the app") }
    for user in users { findings += await checkToken(of: .user(user), user) }
    if findings.isEmpty {
      findings.append(
        ConnectorFinding(.warning, "people sign in one by one: there is no token to check before somebody has", remedy: "Call a tool as a person to try one."))
    }
    return await findings + slack.office.findings + checkSocket()
  }

  private func checkToken(of subject: Subject, _ name: String) async -> [ConnectorFinding] {
    do throws(VendorError) {
      let (who, granted) = try await slack.api.identity(as: subject)
      var findings = [ConnectorFinding(.ok, "\(name): signed in to \(who["team"]?.string ?? "?") as \(who["user"]?.string ?? "?")")]
      findings += Self.missing(granted, who["bot_id"]?.string == nil ? .user : .bot, in: scope, name)
      do throws(VendorError) { _ = try await slack.api.get("conversations.list", [("limit", "1")], as: subject) } catch {
        findings.append(
          ConnectorFinding(
            .failure, "\(name): channels cannot be listed: \(error)",
            remedy: "Add the scope channels:read and install the app again. An organization's token needs team_id besides."))
      }
      do throws(VendorError) { _ = try await slack.api.get("users.list", [("limit", "1")], as: subject) } catch {
        findings.append(ConnectorFinding(.warning, "\(name): people cannot be listed: \(error)", remedy: "Add the scope users:read and install the app again."))
      }
      return findings
    } catch {
      let place = if case .user(let id) = subject { "settings.users.\(id) points" } else { "settings.token or oauth.refresh_token points" }
      return [
        ConnectorFinding(
          .failure, "\(name): Slack refuses: \(error)", remedy: "Put a valid token where \(place). docs/connectors/slack.md says how to get one.")
      ]
    }
  }

  /// The scopes that a token lacks for the toolsets that are on; none where Slack did not say which it has.
  private static func missing(_ granted: Set<String>, _ token: SlackScopes.Token, in scope: ToolScope, _ name: String) -> [ConnectorFinding] {
    guard !granted.isEmpty else { return [] }
    let toolsets = SlackScopes.toolsets(scope, token)
    var findings = toolsets.map { toolset, scopes in
      let missing = scopes.filter { !granted.contains($0) }
      guard !missing.isEmpty else { return ConnectorFinding(.ok, "\(name): all scopes of the toolset \(toolset) are there, search aside") }
      return ConnectorFinding(
        .warning, "\(name): some tools of \(toolset) will be refused: the token lacks \(missing.joined(separator: ", "))",
        remedy: "Add those that you need under OAuth & Permissions, and install the app again.")
    }
    guard toolsets.contains(where: { $0.toolset == "read" }) else { return findings }
    let canSearch = granted.contains { $0 == "search:read" || $0.hasPrefix("search:read.") }
    findings.append(
      canSearch
        ? ConnectorFinding(.ok, "\(name): a scope for search is there")
        : ConnectorFinding(
          .warning, "\(name): search_messages and search_files will be refused: the token has no scope for search",
          remedy: token == .bot
            ? "Search needs a person's token with search:read: set act_as: caller. Or leave search_messages and search_files out of tools."
            : "Add search:read, or search:read.public and its kin, under User Token Scopes, and install the app again."))
    return findings
  }

  /// Whether Slack gives an address for Socket Mode. It is not connected to: that would take events from who is.
  private func checkSocket() async -> [ConnectorFinding] {
    guard let socket else { return [] }
    do throws(VendorError) {
      _ = try await socket.address()
      return [ConnectorFinding(.ok, "events can be followed by Socket Mode")]
    } catch {
      return [
        ConnectorFinding(
          .failure, "events cannot be followed by Socket Mode: \(error)",
          remedy: "Under Basic Information, App-Level Tokens, make one with connections:write, and switch Socket Mode on.")
      ]
    }
  }
}
