internal import ConnectorKit
internal import JSON
internal import MCP

/// What policy says of issues, where a gateway sends it. Where it limits nothing, nothing more is asked of Jira.
///
/// A rule goes along as JQL as far as JQL can say it (``JQL/condition(_:)``), which lets through more than the rule: JQL does not tell
/// `done` from `Done`, nor a project's key from its name. What comes back is held against the rule itself.
extension JiraContext {
  static let absence = VendorError(.notFound, "Jira does not find it, or it may not be seen.")
  static let refusal = VendorError(.forbidden, "Policy does not let this issue be made, or it cannot be told beforehand that it does. Nothing was sent.")

  /// `_meta` of a tool that reaches an issue and shows other records, or none: what hangs on an issue that may not be seen may not be either.
  static func issueMeta(_ shape: RecordShape? = nil) -> JSONObject {
    let issue = (type: JiraIssue.shape.type, rows: String?.none, isList: false)
    guard let shape else { return RecordType.meta([issue]) }
    return RecordType.meta([(shape.type, "/" + shape.list, true), issue])
  }

  /// Jira's names of the fields that a call asked for, with those that a rule has to look at.
  func fields(for selection: Set<String>?, _ rule: RecordRule, standard: [String] = JiraIssue.standardFields) -> [String] {
    let own = selection.map { JiraIssue.fields(for: $0) } ?? standard
    let needed = JiraIssue.fields(for: rule.members) + Self.customFields(rule)
    return own + needed.filter { !own.contains($0) }
  }

  /// `custom.customfield_10016`, by which policy speaks of custom fields.
  private static func customFields(_ rule: RecordRule) -> [String] {
    (rule.filter?.attributes ?? []).compactMap { attribute in
      let parts = attribute.split(separator: ".")
      return parts.count > 1 && parts[0] == "custom" && parts[1].hasPrefix("customfield_") ? String(parts[1]) : nil
    }.sorted()
  }

  /// The key of a call's issue, if policy lets the caller see it.
  func permitted(_ call: ToolCall, _ argument: String = "issue", as subject: Subject) async throws(VendorError) -> String {
    let key = call.string(argument) ?? ""
    try await permit([key], call, as: subject)
    return key
  }

  /// Sees that settings and policy let issues be seen, before something of them is read or changed.
  func permit(_ keys: [String], _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    for key in keys { try check(key) }
    let rule = JiraIssue.shape.rule(request)
    // An issue that was moved answers to its old key: its project is known once Jira has told it.
    guard rule.limits || !projects.admitsAll, !keys.isEmpty else { return }
    guard !rule.admitsNone else { throw Self.absence }
    let found: [JiraIssue]
    do throws(VendorError) {
      let fields = fields(for: ["project"], rule)
      found = keys.count == 1 ? try await issue(keys[0], fields, as: subject).map { [$0] } ?? [] : try await issues(keys, fields, as: subject)
    } catch {
      // What is not there looks like what may not be seen.
      guard error.code == .notFound || error.code == .invalid else { throw error }
      throw Self.absence
    }
    let names = Set(found.filter { rule.admits($0.json) }.flatMap { [$0.key.uppercased(), $0.json["id"]?.string ?? ""] })
    guard keys.allSatisfy({ names.contains($0.uppercased()) }) else { throw Self.absence }
  }

  /// Sees that an issue may be seen and has an attachment, which does not tell its issue itself.
  func permit(attachment id: String, of key: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    try check(key)
    let rule = JiraIssue.shape.rule(request)
    guard !rule.admitsNone, let issue = try await issue(key, fields(for: ["attachments"], rule), as: subject), rule.admits(issue.json),
      issue.json["attachments"]?.array?.contains(where: { $0["id"]?.string == id }) == true
    else { throw Self.absence }
  }

  /// An issue by its key, as far as settings let it be reached: one that was moved answers to its old key.
  func issue(_ key: String, _ fields: [String], as subject: Subject) async throws(VendorError) -> JiraIssue? {
    let json = try await api.get(api.core + ["issue", key], [("fields", fields.joined(separator: ","))], as: subject)
    return issue(in: json).flatMap { admits($0) ? $0 : nil }
  }

  /// Issues by their keys, as far as settings let them be reached. What is not there is left out.
  func issues(_ keys: [String], _ fields: [String], as subject: Subject) async throws(VendorError) -> [JiraIssue] {
    let json: RawJSON?
    if api.deployment == .cloud {
      json = try await api.post(
        api.core + ["issue", "bulkfetch"], ["issueIdsOrKeys": .array(keys.map { .string($0) }), "fields": .array(fields.map { .string($0) })], as: subject, isRead: true)
    } else {
      json = try await api.post(
        api.core + ["search"],
        [
          "jql": .string("key in (\(keys.map(JQL.quoted).joined(separator: ", ")))"), "fields": .array(fields.map { .string($0) }), "maxResults": .int(keys.count),
          // Else one key that is not there refuses all.
          "validateQuery": false,
        ],
        as: subject, isRead: true)
    }
    return Self.elements(json, "issues").compactMap { issue(in: $0) }.filter(admits)
  }

  /// An issue as Jira describes it, with what it tells of others (``rows(_:_:as:)`` leaves out what may not be seen).
  func issue(in raw: RawJSON) -> JiraIssue? { JiraIssue(raw, site: api.site) }

  /// Whether the settings let an issue's project be reached.
  func admits(_ issue: JiraIssue) -> Bool { admits(key: issue.key) }

  /// Holds an issue that is about to be made against the rule, as far as it is known beforehand.
  ///
  /// - Throws: where policy does not admit it for sure. Nothing was sent.
  func permit(new record: JSONObject, _ rule: RecordRule, as subject: Subject) async throws(VendorError) {
    var record = record
    if rule.members.contains("reporter"), record["reporter"] == nil {
      let own = try await api.get(api.core + ["myself"], as: subject)
      record["reporter"] = (own["accountId"]?.string ?? own["name"]?.string).map { .string($0) } ?? .null
    }
    guard rule.admits(.object(record)) else { throw Self.refusal }
  }

  // MARK: Counting

  /// Issues that are looked at one by one for a count.
  private static let maximumCounted = 1000
  private static let maximumPages = 20

  /// How many issues of a query the rule admits, counted one by one: JQL cannot say a rule to the letter.
  func count(_ jql: String, _ rule: RecordRule, as subject: Subject) async throws(VendorError) -> Int {
    guard !rule.admitsNone else { return 0 }
    let list = JSONValue.array(fields(for: ["project"], rule).map { .string($0) })
    var (count, seen) = (0, 0)
    var token: String?
    // An empty page is not the end, but there are only so many of them.
    for _ in 0..<Self.maximumPages where seen < Self.maximumCounted {
      var body: JSONObject = ["jql": .string(jql), "fields": list, "maxResults": 100]
      if api.deployment == .dataCenter { body["startAt"] = .int(seen) } else if let token { body["nextPageToken"] = .string(token) }
      let json = try await api.post(api.core + (api.deployment == .cloud ? ["search", "jql"] : ["search"]), .object(body), as: subject, isRead: true)
      let found = Self.elements(json, "issues")
      count += found.compactMap { issue(in: $0) }.filter { admits($0) && rule.admits($0.json) }.count
      seen += found.count
      token = json?["nextPageToken"]?.string
      let isLast = api.deployment == .cloud ? token == nil : found.isEmpty || seen >= json?["total"]?.int ?? 0
      if isLast { return count }
    }
    throw VendorError(.refused, "Policy limits which issues may be counted, and more than \(Self.maximumCounted) would have to be looked at. Narrow the query.")
  }
}
