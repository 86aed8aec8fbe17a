public import ConnectorKit
internal import JSON

/// What `sluice connector check salesforce` asks, of the connector's own account or of each person that the settings name.
extension SalesforceConnector {
  public func check() async -> [ConnectorFinding] {
    let subjects = checkedSubjects
    guard !subjects.isEmpty else {
      return [ConnectorFinding(.warning, "each person signs in for themselves, so nothing can be checked without one", remedy: "Set user to try one.")]
    }
    return await ConnectorFinding.all(of: subjects) { await check(as: $0) } + salesforce.documents.findings
  }

  private var checkedSubjects: [Subject] {
    guard case .caller(let alone) = salesforce.rule else { return [.service] }
    let named = credentials.people.union(alone.map { [$0] } ?? []).sorted().map { Subject.user($0) }
    // Changes are followed by the connector's own account, whoever calls.
    return feeds.isEmpty ? named : [.service] + named
  }

  private func check(as subject: Subject) async -> [ConnectorFinding] {
    var findings: [ConnectorFinding] = []
    do throws(VendorError) {
      let granted = try await credentials.tokens.token(for: subject).scopes
      findings += SalesforceScopes(granted).findings(toolsets, signsIn: !routes.isEmpty)
      findings.append(ConnectorFinding(.ok, "signed in; API version \(try await salesforce.api.version(for: subject))"))
      findings.append(await identity(subject))
      _ = try await salesforce.api.get(["limits"], as: subject)
      if let usage = salesforce.api.usage.reading {
        let isLow = usage.used * 100 >= usage.allowed * 90
        findings.append(ConnectorFinding(isLow ? .warning : .ok, "\(usage.used) of \(usage.allowed) requests of the last 24 hours are used"))
      }
    } catch {
      return findings + [
        ConnectorFinding(
          .failure, "Salesforce refuses: \(error)",
          remedy: "Check login_url and the grant's settings, and that the connected app lets this user in. docs/connectors/salesforce.md says how.")
      ]
    }
    for type in salesforce.types.all where salesforce.access.admits(object: type.object) { findings.append(await query(type, subject)) }
    return findings + (await changes(subject)) + (await permissions(subject)) + (await classified(subject))
  }

  private func identity(_ subject: Subject) async -> ConnectorFinding {
    do throws(VendorError) {
      let who = OrgTools.identity(try await salesforce.api.get(outside: ["services", "oauth2", "userinfo"], as: subject))
      return ConnectorFinding(.ok, "the user is \(who["username"]?.string ?? "?") of org \(who["organization_id"]?.string ?? "?")")
    } catch {
      return ConnectorFinding(
        .warning, "the user's identity cannot be read: \(error)", remedy: "Add the scope \"Access the identity URL service (id)\" to the connected app.")
    }
  }

  /// Whether the fields that policy decides by can be read: a query fails where one is hidden.
  private func query(_ type: SalesforceType, _ subject: Subject) async -> ConnectorFinding {
    do throws(VendorError) {
      var query = SOQLQuery(fields: type.standardFields.filter { salesforce.access.admits(field: $0, of: type.object) }, from: type.object)
      query.limit = 1
      _ = try await SalesforceQueries(salesforce: salesforce).run(query, as: subject)
      return ConnectorFinding(.ok, "\(type.object) can be read")
    } catch {
      return ConnectorFinding(
        .warning, "\(type.object) cannot be read: \(error)",
        remedy: "Give the user's permission set read access to the object and its fields, or deny it in settings.objects.")
    }
  }

  // MARK: Permissions

  /// Toolsets that make, change or delete records, and what Salesforce calls that in the description of its objects.
  private static let rights: [(toolset: String, flags: [(flag: String, word: String)])] = [
    ("write", [("createable", "create"), ("updateable", "edit")]), ("bulk", [("createable", "create"), ("updateable", "edit")]), ("delete", [("deletable", "delete")]),
  ]

  /// Which of the objects that policy knows the user may not change, by toolset.
  private func changes(_ subject: Subject) async -> [ConnectorFinding] {
    let rights = Self.rights.filter { toolsets.contains($0.toolset) }
    guard !rights.isEmpty else { return [] }
    let objects: [RawJSON]
    do throws(VendorError) { objects = try await OrgTools(salesforce: salesforce).objects(as: subject) } catch {
      return [ConnectorFinding(.warning, "what the user may change is not known: \(error)")]
    }
    return rights.map { toolset, flags in
      let missing: [String] = salesforce.types.all.compactMap { type in
        guard salesforce.access.admits(object: type.object), let object = objects.first(where: { $0["name"]?.string == type.object }) else { return nil }
        let words = flags.filter { object[$0.flag]?.bool == false }.map(\.word)
        return words.isEmpty ? nil : "\(words.joined(separator: " and ")) \(type.object)"
      }
      guard !missing.isEmpty else { return ConnectorFinding(.ok, "\(toolset): the user has the permissions on the objects") }
      return ConnectorFinding(
        .warning, "\(toolset): the user may not \(missing.joined(separator: ", "))",
        remedy: "Add that to the user's permission set where it is wanted, or leave \(toolset) out of toolsets.")
    }
  }

  /// Toolsets that need a permission of the system, and what nobody gets without it.
  private static let permissions: [(toolset: String, path: [String], query: [(name: String, value: String?)], permission: String)] = [
    ("reports", ["analytics", "reports"], [], "Run Reports"), ("flows", ["actions", "custom", "flow"], [], "Run Flows"),
    ("tooling", ["tooling", "query"], [("q", "SELECT Id FROM ApexClass LIMIT 1")], "View Setup and Configuration"),
  ]

  private func permissions(_ subject: Subject) async -> [ConnectorFinding] {
    var findings: [ConnectorFinding] = []
    for (toolset, path, query, permission) in Self.permissions where toolsets.contains(toolset) {
      do throws(VendorError) {
        _ = try await salesforce.api.get(path, query, as: subject)
        findings.append(ConnectorFinding(.ok, "\(toolset): can be used"))
      } catch {
        findings.append(
          ConnectorFinding(
            .warning, "\(toolset): Salesforce refuses: \(error)",
            remedy: "Add \"\(permission)\" to the user's permission set, or leave \(toolset) out of toolsets."))
      }
    }
    return findings
  }

  // MARK: Classification

  /// Whether Salesforce's classification of fields can be read; where it is left aside, whether there is one.
  private func classified(_ subject: Subject) async -> [ConnectorFinding] {
    let isUsed = salesforce.classification != nil
    var objects: [String] = []
    do throws(VendorError) {
      for type in salesforce.types.all where salesforce.access.admits(object: type.object) {
        let object = try await classification.object(type.object, as: subject)
        if isUsed, object.isEmpty { throw VendorError(.forbidden, "Salesforce tells no field of \(type.object).") }
        if !object.classified.isEmpty { objects.append("\(type.object) (\(object.classified.count))") }
      }
    } catch {
      return isUsed ? [ConnectorFinding(.failure, "the classification of fields cannot be read: \(error)", remedy: FieldClassification.remedy)] : []
    }
    let found = objects.isEmpty ? "none" : objects.joined(separator: ", ")
    if isUsed { return [ConnectorFinding(.ok, "the classification of fields can be read; classified fields: \(found)")] }
    guard !objects.isEmpty else { return [] }
    return [
      ConnectorFinding(.warning, "Salesforce classifies fields, which this connector leaves aside: \(found)", remedy: "Set classification: true to keep to it.")
    ]
  }
}
