internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Which issues keep others from being done.
struct IssueDependencyTools {
  let github: GitHub

  var tools: [Tool] { [write] }

  private var write: Tool {
    github.tool(
      "issue_dependency_write", "Dependencies of an issue", .removing, "Says that an issue is blocked by another (add), or no longer (remove).",
      [
        .choice("method", ["add", "remove"], "What to do.", required: true), .owner, .repo, IssueTools.number,
        .number("blocked_by", "The number of the issue that has to be done before.", required: true),
        .text("blocked_by_owner", "Its repository's owner; the same if not given.", longest: 100),
        .text("blocked_by_repo", "Its repository's name; the same if not given.", longest: 100),
      ], output: GitHub.doneOutput, holding: [.within(.issue), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      let other = try github.repository(try call.name("blocked_by_owner") ?? repository.owner, try call.name("blocked_by_repo") ?? repository.name)
      try await github.permit(repository, number: call.number("issue_number"), call)
      // GitHub wants ids; by its number an issue can be checked.
      let blocking = try await github.seenIssue(call.number("blocked_by"), in: other, call)
      guard let id = blocking["id"]?.int else { throw VendorError(.invalidAnswer, "GitHub does not say the id of the issue. Nothing was changed.") }
      let path = repository.path + ["issues", String(call.number("issue_number")), "dependencies", "blocked_by"]
      let isNew = call.string("method") == "add"
      if isNew {
        try await github.write(call, .post, path, ["issue_id": .int(id)])
      } else {
        try await github.write(call, .delete, path + [String(id)], isIdempotent: true)
      }
      return github.done(
        "#\(call.number("issue_number")) is \(isNew ? "" : "no longer ")blocked by \(other.fullName)#\(call.number("blocked_by")).")
    }
  }
}

extension GitHub {
  /// An issue, and no pull request, that the caller may see.
  func seenIssue(_ number: Int, in repository: Repository, _ call: ToolCall) async throws(VendorError) -> RawJSON {
    let issue = try await get(call, repository.path + ["issues", String(number)])
    guard issue["pull_request"] == nil else { throw VendorError(.refused, "\(repository.fullName)#\(number) is a pull request, no issue. Nothing was changed.") }
    _ = try await record(call, issue, .issue, adding: repository.members)
    return issue
  }

  /// The id by which GraphQL knows what REST answered.
  static func nodeID(_ raw: RawJSON?) throws(VendorError) -> JSONValue {
    guard let id = raw?["node_id"]?.string else { throw VendorError(.invalidAnswer, "GitHub does not say the id that GraphQL wants. Nothing was changed by it.") }
    return .string(id)
  }
}
