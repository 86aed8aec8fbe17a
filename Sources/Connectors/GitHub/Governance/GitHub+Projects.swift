internal import ConnectorKit
internal import JSON
internal import MCP

/// A project gathers issues and pull requests of many repositories: each is shown only to those who may see it where it stands.
extension GitHub {
  /// The owner of a call's project, if anything of theirs may be reached.
  func projectOwner(_ call: ToolCall) throws(VendorError) -> String {
    let owner = call.string("owner") ?? ""
    guard Self.isName(owner) else { throw VendorError(.refused, "\"\(owner.prefix(60))\" is no user or organization.") }
    // Projects belong to no repository: `acme/*` and `acme/tool` let acme's be reached, and `acme/*` among what is denied does not.
    let filter = settings.repositories
    func owners(_ patterns: [String]) -> [String] { patterns.map { String($0.prefix { $0 != "/" }) } }
    let denied = filter.deny.filter { $0.hasSuffix("/*") || !$0.contains("/") }
    guard NameFilter(allow: owners(filter.allow), deny: owners(denied)).admits(owner) else {
      throw VendorError(.refused, "\(owner) has no repository that this connector may reach, so that its projects may not be reached either.")
    }
    return owner
  }

  /// The items whose issue or pull request may be seen. Drafts belong to no repository: they are left out where repositories are filtered.
  func reachable(_ items: [RawJSON], _ call: some IncomingRequest) async throws(VendorError) -> [RawJSON] {
    var repositories: [String: Bool] = [:]
    var reachable: [RawJSON] = []
    for item in items {
      // What the credential may not see has no content.
      guard let content = item["content"], !content.isNull, admits(item) else { continue }
      if content["__typename"]?.string != "DraftIssue" {
        guard let repository = try await visibleRepository(of: item, &repositories, call), try await isVisible(item, content, repository, call) else { continue }
      }
      reachable.append(item)
    }
    return reachable
  }

  private func isVisible(_ item: RawJSON, _ content: RawJSON, _ repository: Repository, _ call: some IncomingRequest) async throws(VendorError) -> Bool {
    guard let rule = rule(call, content["__typename"]?.string == "PullRequest" ? .pullRequest : .issue) else { return true }
    // A rule that speaks of more than an item has is held against what REST says of the issue or pull request.
    if rule.attributes.isSubset(of: Shape.itemContent.fields.map(\.name)) { return rule.admits(Shape.itemContent.record(item, isWhole: true)) }
    guard let number = content["number"]?.int else { return false }
    return try await Self.isVisible { () async throws(VendorError) in try await permit(repository, number: number, call) }
  }

  /// The item that `item_id` of a call names, if it is one of the project and may be seen.
  func projectItem(_ call: ToolCall, of project: RawJSON) async throws(VendorError) -> JSONValue {
    let found = try await graphQL(call, .projectItem, ["id": .string(try call.need("item_id"))], at: ["node"]).value
    guard let id = project["id"]?.string, found["project"]?["id"]?.string == id, let item = try await reachable([found], call).first else {
      throw GitHubAnswers.notFound
    }
    return try await record(call, item, .projectItem)
  }
}
