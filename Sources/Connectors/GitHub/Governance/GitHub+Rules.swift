internal import ConnectorKit
internal import JSON
internal import MCP

/// What policy says of records, kept here as well where a gateway sends it: rows that the caller may not see are left out, single
/// records that they may not see are not found, and nothing is changed that they may not change.
extension GitHub {
  /// The rule for records of a type; nil where there is none to keep.
  func rule(_ request: some IncomingRequest, _ shape: Shape) -> RowFilter? {
    // Comments, labels and the like are no records of policy: they go with what they belong to.
    shape.isRecord ? request.limit(on: shape.type.name) : nil
  }

  /// Members that the caller is not cleared for.
  private func hidden(_ request: some IncomingRequest, _ shape: Shape) -> Set<String> {
    guard let clearance = request.grantedCategories else { return [] }
    return Set(shape.type.categories.filter { !clearance.contains($0.value) }.keys)
  }

  /// The records among GitHub's objects that may be shown.
  ///
  /// - Parameter extra: members that GitHub does not say in the objects themselves.
  func records(
    _ call: some IncomingRequest, _ items: some Sequence<RawJSON>, _ shape: Shape, chosen: Set<String>? = nil, isWhole: Bool = false,
    adding extra: JSONObject = JSONObject()
  ) async throws(VendorError) -> [JSONValue] {
    let rule = rule(call, shape)
    let hidden = hidden(call, shape)
    let needed = rule?.attributes ?? []
    let shown = (chosen ?? (isWhole ? nil : Set(shape.fields.filter(\.isListed).map(\.name)))).map { $0.union(needed) }
    var records: [JSONValue] = []
    for item in items {
      var extra = extra
      if needed.contains("visibility"), let name = extra["repository"]?.string ?? RecordPlace.repository(item), shape.type.name != Shape.repository.type.name {
        extra["visibility"] = try await visibility(of: name, call)
      }
      if let rule, !rule.admits(shape.record(item, isWhole: true, adding: extra)) { continue }
      var record = shape.record(item, shown, isWhole: isWhole, adding: extra)
      for name in hidden { record[name] = nil }
      records.append(record)
    }
    return records
  }

  /// One record whole.
  ///
  /// - Throws: ``VendorError`` `notFound` where policy hides it: as if it were not there.
  func record(_ call: some IncomingRequest, _ item: RawJSON, _ shape: Shape, adding extra: JSONObject = JSONObject()) async throws(VendorError) -> JSONValue {
    guard let record = try await records(call, [item], shape, isWhole: true, adding: extra).first else { throw Self.hiddenRecord }
    return record
  }

  /// What a write made of a record, as far as it may be shown.
  ///
  /// - Throws: ``VendorError`` `notFound` where policy hides what it has become: it was written all the same, and the words say so.
  func written(_ call: some IncomingRequest, _ item: RawJSON?, _ shape: Shape, adding extra: JSONObject = JSONObject()) async throws(VendorError) -> JSONValue {
    guard let record = try await records(call, [item ?? .null], shape, isWhole: true, adding: extra).first else {
      throw VendorError(.notFound, "It is done. You are not permitted to see what it is now.")
    }
    return record
  }

  private static let hiddenRecord = VendorError(.notFound, "GitHub has no such thing, or you are not permitted to see it. Nothing was changed.")

  private func visibility(of name: String, _ call: some IncomingRequest) async throws(VendorError) -> JSONValue? {
    let parts = name.split(separator: "/").map(String.init)
    guard parts.count == 2 else { return nil }
    return Shape.visibility(try await get(call, ["repos", parts[0], parts[1]]))
  }

  /// The repository that a record belongs to, if it may be seen.
  ///
  /// - Parameter known: what is known of repositories already: each is asked for once.
  func visibleRepository(of record: RawJSON, _ known: inout [String: Bool], _ call: some IncomingRequest) async throws(VendorError) -> Repository? {
    guard let parts = RecordPlace.repository(record)?.split(separator: "/"), parts.count == 2, admits(record) else { return nil }
    let repository = try repository(String(parts[0]), String(parts[1]))
    if known[repository.fullName] == nil {
      known[repository.fullName] = try await Self.isVisible { () async throws(VendorError) in try await permit(repository, call) }
    }
    return known[repository.fullName] == true ? repository : nil
  }

  /// Whether a check passes that takes what may not be seen for absent.
  static func isVisible(_ check: () async throws(VendorError) -> Void) async throws(VendorError) -> Bool {
    do throws(VendorError) { try await check() } catch {
      guard error.code == .notFound else { throw error }
      return false
    }
    return true
  }

  // MARK: Before a read or a change by name

  /// The repository of a call, if the caller may see it.
  func permitted(_ call: ToolCall) async throws(VendorError) -> Repository {
    let repository = try repository(call)
    try await permit(repository, call)
    return repository
  }

  func permit(_ repository: Repository, _ call: some IncomingRequest) async throws(VendorError) {
    guard rule(call, .repository) != nil else { return }
    _ = try await record(call, try await get(call, repository.path), .repository)
  }

  /// Checks an issue or pull request by its number, whichever it is, before something of it is read or changed.
  func permit(_ repository: Repository, number: Int, _ call: some IncomingRequest) async throws(VendorError) {
    guard rule(call, .issue) != nil || rule(call, .pullRequest) != nil else { return }
    let issue = try await get(call, repository.path + ["issues", String(number)])
    guard issue["pull_request"] != nil else {
      _ = try await record(call, issue, .issue, adding: repository.members)
      return
    }
    try await permit(repository, pull: number, call)
  }

  /// Checks a pull request before something of it is read or changed.
  func permit(_ repository: Repository, pull number: Int, _ call: some IncomingRequest) async throws(VendorError) {
    guard rule(call, .pullRequest) != nil else { return }
    _ = try await record(call, try await get(call, repository.path + ["pulls", String(number)]), .pullRequest, adding: repository.members)
  }

  /// Checks a comment, which its id names in the whole repository: it must be one of the issue or pull request that was checked.
  ///
  /// - Parameter isOnLines: whether it is one on lines of a pull request, which have ids of their own.
  func permit(
    _ repository: Repository, comment id: Int, of number: Int, _ call: some IncomingRequest, isOnLines: Bool = false
  ) async throws(VendorError) {
    guard rule(call, .issue) != nil || rule(call, .pullRequest) != nil else { return }
    let (kind, member) = isOnLines ? ("pulls", "pull_request_url") : ("issues", "issue_url")
    let comment = try await get(call, repository.path + [kind, "comments", String(id)])
    guard comment[member]?.string?.hasSuffix("/\(kind)/\(number)") == true else {
      throw VendorError(.notFound, "The comment \(id) is not one of \(isOnLines ? "pull request" : "issue") \(number). Nothing was changed.")
    }
  }

  /// Checks an end of a comparison: `OWNER:BRANCH` and `OWNER:REPO:BRANCH` lead to a fork, which must be one that may be reached.
  func permit(revision: String, of repository: Repository, _ request: some IncomingRequest) async throws(VendorError) {
    let parts = revision.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1 else { return }
    // GitHub says no repository with the commits: those of a fork would count as the repository's own.
    guard rule(request, .commit) == nil else {
      throw VendorError(.refused, "Policy limits which commits you may see, and those of a fork cannot be checked. Compare in the fork itself.")
    }
    guard parts.count > 2 || settings.repositories.admitsAll else { throw VendorError(.refused, "Say which fork \(revision.prefix(100)) is: OWNER:REPO:BRANCH.") }
    try await permit(try self.repository(parts[0], parts.count > 2 ? parts[1] : repository.name), request)
  }

  /// Checks what is about to be made, as far as it is known.
  func permit(new members: JSONObject, _ shape: Shape, in repository: Repository, _ call: some IncomingRequest) throws(VendorError) {
    guard let rule = rule(call, shape) else { return }
    var record = members
    record["repository"] = .string(repository.fullName)
    record["owner"] = .string(repository.owner)
    guard rule.admits(.object(record)) else {
      throw VendorError(.refused, "You are not permitted to make this. Nothing was changed.")
    }
  }
}

extension String {
  /// The segments of a path within a repository, or of a branch's name, each to be encoded as one.
  var pathSegments: [String] { split(separator: "/", omittingEmptySubsequences: true).map(String.init) }
}
