internal import ConnectorKit
internal import JSON

/// What `sluice connector check` tells: who is signed in, and what the tools that are on lack.
struct JiraChecks: Sendable {
  let jira: JiraContext
  let access: JiraAccess
  let toolsets: [JiraToolset]

  func findings() async -> [ConnectorFinding] {
    var findings = scopes(access.signing?.scopes, "scopes") + jira.office.findings
    guard let subjects = subjects() else {
      return findings + [
        ConnectorFinding(
          .failure, "act_as is service, and there is no account of the connector's own",
          remedy: "Set act_as: caller, so that people are served with their own credentials; or give a token.")
      ]
    }
    if subjects.isEmpty {
      findings.append(
        ConnectorFinding(.warning, "people sign in themselves, so that nobody's permissions were checked", remedy: "Name somebody who has signed in with user: NAME."))
    }
    for subject in subjects { findings += await self.findings(subject) }
    return findings
  }

  /// In whose names there is something to ask; nil where settings leave nobody.
  private func subjects() -> [Subject]? {
    guard case .caller(let alone) = jira.rule else { return access.hasService ? [.service] : nil }
    if access.signing != nil { return alone.map { [.user($0)] } ?? [] }
    let users = access.users.map { Subject.user($0) }
    return users.isEmpty || access.hasService ? [.service] + users : users
  }

  private func findings(_ subject: Subject) async -> [ConnectorFinding] {
    var who = ""
    if case .user(let id) = subject { who = id + ": " }
    do throws(VendorError) {
      let own = try await jira.api.get(jira.api.core + ["myself"], as: subject)
      var findings = [ConnectorFinding(.ok, "\(who)signed in as \(own["displayName"]?.string ?? "?")")]
      if let signing = access.signing { findings += scopes(try await signing.tokens.token(for: subject).scopes, who + "scopes that were granted") }
      let wanted = JiraToolset.all(toolsets, \.permissions)
      let json = try await jira.api.get(jira.api.core + ["mypermissions"], [("permissions", wanted.joined(separator: ","))], as: subject)
      for name in wanted {
        let isGranted = json["permissions"]?[name]?["havePermission"]?.bool == true
        let level: ConnectorFinding.Level = isGranted ? .ok : name == "BROWSE_PROJECTS" ? .failure : .warning
        let needed = toolsets.filter { $0.permissions.contains(name) }.map(\.rawValue).joined(separator: ", ")
        findings.append(
          ConnectorFinding(
            level, "\(who)\(name): \(isGranted ? "granted in some project" : "missing")",
            remedy: isGranted ? nil : "Give the account a role that has it, or leave out the toolset that needs it: \(needed)."))
      }
      return findings
    } catch {
      return [
        ConnectorFinding(
          .failure, "\(who)Jira refuses: \(error)", remedy: "Check settings.site and the credential. docs/connectors/jira.md says how to get one.")
      ]
    }
  }

  /// Scopes that toolsets need and that are not among these.
  private func scopes(_ scopes: [String]?, _ what: String) -> [ConnectorFinding] {
    guard let scopes, !scopes.isEmpty else { return [] }
    return toolsets.compactMap { toolset in
      let missing = toolset.scopes.filter { !scopes.contains($0) }
      guard !missing.isEmpty else { return nil }
      return ConnectorFinding(
        .warning, "\(what): \(toolset.rawValue) lacks \(missing.joined(separator: ", "))",
        remedy: "Add them to the app and to oauth.scopes and sign in again, or leave out the toolset.")
    }
  }
}
