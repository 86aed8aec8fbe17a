internal import ConnectorKit
internal import JSON
internal import MCPHTTP

/// Asks GitHub whether the credentials will do.
struct GitHubCheck {
  let github: GitHub

  func findings() async -> [ConnectorFinding] {
    switch github.settings.grant {
    case .app: return await app()
    case .oauth(_, _, _, let usesDevice):
      // Whoever is named may have signed in before; asking for a device's code would begin anew.
      if case .caller(let name?) = github.settings.subjects, !usesDevice { return await token(.user(name), "The token of \(name)") }
      return [
        ConnectorFinding(
          .warning, "People sign in one by one; there is no credential to check before somebody has.",
          remedy: usesDevice ? "Call get_me and enter the code that it tells." : "Call get_me through the gateway and follow its link.")
      ]
    case .tokens(let service, let users):
      guard case .caller = github.settings.subjects else { return await token(.service, "The connector's own token") }
      // Who acts for people takes the connector's own token only where nobody is named.
      if users.isEmpty, service != nil { return await token(.service, "The connector's own token") }
      var findings: [ConnectorFinding] = []
      for user in users.keys.sorted() { findings += await token(.user(user), "The token of \(user)") }
      if case .caller(let name?) = github.settings.subjects, users[name] == nil { findings += await token(.user(name), "The token of \(name)") }
      return findings
    }
  }

  private func token(_ subject: Subject, _ what: String) async -> [ConnectorFinding] {
    do throws(VendorError) {
      let response = try await github.api.send(VendorRequest(.get, ["user"], bucket: GitHub.Bucket.core), as: subject)
      var findings = [ConnectorFinding(.ok, "\(what) is that of \(response.json?["login"]?.string ?? "an account").")]
      if let end = response.headers["github-authentication-token-expiration"] { findings.append(ConnectorFinding(.ok, "\(what) ends on \(end).")) }
      findings += scopes(response.headers, what)
      if let remaining = response.headers["x-ratelimit-remaining"], let limit = response.headers["x-ratelimit-limit"] {
        findings.append(ConnectorFinding(.ok, "\(remaining) of \(limit) requests are left in this hour."))
      }
      return findings
    } catch {
      if error.code == .consentRequired {
        return [ConnectorFinding(.warning, "\(what) is missing: \(error)", remedy: "Call get_me through the gateway and follow its link, or add it to tokens.")]
      }
      return [
        ConnectorFinding(
          .failure, "\(what) does not work: \(error)",
          remedy: error.code == .unauthorized ? "Make a new one at \(github.settings.web.origin)/settings/tokens and put it where the reference points." : nil)
      ]
    }
  }

  /// Scopes that classic tokens need for a toolset, any of them, the least first; without them the tools of `lesser` ones still do something, or were
  /// not asked for by name: projects are on by themselves.
  private static let needed: [(toolset: String, scopes: [String])] = [
    ("context", ["read:org", "write:org", "admin:org"]), ("repos", ["repo"]), ("notifications", ["notifications", "repo"]),
    ("projects", ["read:project", "project"]),
    ("security", ["security_events", "repo"]), ("repos_write", ["repo", "public_repo"]), ("issues_write", ["repo", "public_repo"]),
    ("pull_requests_write", ["repo", "public_repo"]), ("actions_write", ["repo"]), ("security_write", ["security_events", "repo"]),
    ("notifications_write", ["notifications", "repo"]), ("gists_write", ["gist"]),
    ("discussions_write", ["repo", "public_repo"]), ("projects_write", ["project"]), ("stars_write", ["repo", "public_repo"]),
  ]
  private static let lesser: Set<String> = ["context", "repos", "projects"]

  private func scopes(_ headers: HTTPHeaders, _ what: String) -> [ConnectorFinding] {
    // Fine-grained tokens have permissions, which GitHub does not tell.
    guard let text = headers["X-OAuth-Scopes"] else {
      return [ConnectorFinding(.ok, "\(what) is fine-grained: what it may do shows when it is used. docs/connectors/github.md lists the permissions by toolset.")]
    }
    let scopes = Set(text.split(separator: ",").map { $0.trimmingSpaces })
    return Self.needed.compactMap { toolset, any in
      guard isOn(toolset), scopes.isDisjoint(with: any) else { return nil }
      return ConnectorFinding(
        Self.lesser.contains(toolset) ? .warning : .failure, "\(what) has no scope for the toolset \(toolset).",
        remedy: "Give it \(any.joined(separator: " or ")), or leave the toolset out.")
    }
  }

  private func isOn(_ toolset: String) -> Bool {
    let (offered, isWriting) = (github.settings.scope, toolset.hasSuffix("_write"))
    return !(offered.isReadOnly && isWriting) && offered.groups.map { $0.contains("all") || $0.contains(toolset) } ?? !isWriting
  }

  private func app() async -> [ConnectorFinding] {
    do throws(VendorError) {
      let response = try await github.api.send(
        VendorRequest(.get, ["installation", "repositories"], query: [("per_page", "1")], bucket: GitHub.Bucket.core), as: .service)
      let granted = try await AppGrant(github.settings, github.environment)?.permissions() ?? [:]
      return [ConnectorFinding(.ok, "The app's installation reaches \(response.json?["total_count"]?.int ?? 0) repositories.")]
        + AppPermissions.all.filter { isOn($0.toolset) }.compactMap { $0.finding(granted) }
    } catch {
      return [
        ConnectorFinding(
          .failure, "The app's installation does not work: \(error)",
          remedy: "Check app.id, app.private_key and app.installation, and that the clock of this machine is right.")
      ]
    }
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
