public import ConnectorKit
internal import JSON

/// What `sluice connector check slack` asks Slack.
extension SlackConnector {
  public func check() async -> [ConnectorFinding] {
    await checkToken() + checkSocket()
  }

  private func checkToken() async -> [ConnectorFinding] {
    guard hasServiceToken else {
      return [ConnectorFinding(.warning, "people work with tokens of their own: there is none of the app's to check", remedy: "Call a tool as a person to try one.")]
    }
    do throws(VendorError) {
      let (who, granted) = try await slack.api.identity(as: .service)
      var findings = [ConnectorFinding(.ok, "signed in to \(who["team"]?.string ?? "?") as \(who["user"]?.string ?? "?")")]
      findings += Self.missing(granted, in: scope)
      do throws(VendorError) { _ = try await slack.api.get("conversations.list", [("limit", "1")], as: .service) } catch {
        findings.append(ConnectorFinding(.failure, "channels cannot be listed: \(error)", remedy: "Add the scope channels:read and install the app again."))
      }
      do throws(VendorError) { _ = try await slack.api.get("users.list", [("limit", "1")], as: .service) } catch {
        findings.append(ConnectorFinding(.warning, "people cannot be listed: \(error)", remedy: "Add the scope users:read and install the app again."))
      }
      return findings
    } catch {
      return [
        ConnectorFinding(.failure, "Slack refuses: \(error)", remedy: "Put a valid token where settings.token points. docs/connectors/slack.md says how to get one.")
      ]
    }
  }

  /// The scopes that a token lacks for the toolsets that are on; none where Slack did not say which it has.
  private static func missing(_ granted: Set<String>, in scope: ToolScope) -> [ConnectorFinding] {
    guard !granted.isEmpty else { return [] }
    return scopes.filter { toolset, _ in scope.groups.map { $0.contains("all") || $0.contains(toolset) } ?? (toolset == "read") }
      .map { toolset, scopes in
        let missing = scopes.filter { !granted.contains($0) }
        guard !missing.isEmpty else { return ConnectorFinding(.ok, "all scopes of the toolset \(toolset) are there") }
        return ConnectorFinding(
          .warning, "some tools of \(toolset) will be refused: the token lacks \(missing.joined(separator: ", "))",
          remedy: "Add those that you need under OAuth & Permissions, and install the app again.")
      }
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
