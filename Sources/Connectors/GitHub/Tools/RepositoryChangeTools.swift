internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to what is there already: a repository's own settings, and branches that go.
struct RepositoryChangeTools {
  let github: GitHub

  var tools: [Tool] { [deleteBranch, update] }

  private var deleteBranch: Tool {
    github.tool(
      "delete_branch", "Delete branch", .removing, "Deletes a branch and tells the commit that it was at, from which create_branch makes it again.",
      [
        .owner, .repo, .text("branch", "The branch's name.", required: true, longest: 300),
        .text("sha", "Only if the branch is still at this commit, whole.", longest: 64),
      ], output: Output.object([("ref", ["type": "string"]), ("sha", ["type": "string"])], required: ["ref", "sha"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      var branch = call.string("branch") ?? ""
      if branch.hasPrefix("refs/heads/") { branch.removeFirst("refs/heads/".count) }
      guard !branch.pathSegments.isEmpty else { throw VendorError(.refused, "branch is the name of a branch, such as topic/mend.") }
      let head = try await github.head(call, repository, branch: branch)
      if let sha = call.string("sha"), !sha.isEmpty, sha.lowercased() != head {
        throw VendorError(.conflict, "The branch \(branch) is at \(head) by now. Nothing was deleted.")
      }
      try await github.write(call, .delete, repository.path + ["git", "refs", "heads"] + branch.pathSegments, isIdempotent: true)
      return github.result(["ref": .string("refs/heads/\(branch)"), "sha": .string(head)], text: "Deleted the branch \(branch), which was at \(head).")
    }
  }

  private static let flags: [(name: String, description: String)] = [
    ("archived", "Whether nobody may change it any more."), ("has_issues", "Whether it has issues."), ("has_projects", "Whether it has projects."),
    ("has_wiki", "Whether it has a wiki."), ("is_template", "Whether new repositories may start from it."),
    ("allow_merge_commit", "Whether pull requests may be merged with a commit."), ("allow_squash_merge", "Whether they may be squashed."),
    ("allow_rebase_merge", "Whether they may be rebased."), ("allow_auto_merge", "Whether they may be merged when their checks end well."),
    ("allow_update_branch", "Whether their branches may always be updated."), ("delete_branch_on_merge", "Whether their branches go when they are merged."),
  ]

  private var update: Tool {
    github.tool(
      "update_repository", "Change repository", .removing,
      "Changes a repository: name, description, homepage, visibility, default branch, archived, features, ways of merging. What is not given stays.",
      [
        .owner, .repo, .text("name", "Another name.", longest: 100), .text("description", "What it is for.", longest: 350),
        .text("homepage", "A URL with more about it.", longest: 2000),
        .choice("visibility", ["private", "internal", "public"], "Who may see it: public is everybody."),
        .text("default_branch", "The branch that counts if none is named.", longest: 300),
      ] + Self.flags.map { .flag($0.name, $0.description) },
      output: Output.object([("repository", Shape.repository.schema)], required: ["repository"]), holding: [.one(.repository, "/repository"), .within(.repository)]
    ) { [github] call in
      let repository = try github.repository(call)
      var body = call.body("name", "description", "homepage", "visibility", "default_branch")
      for (name, _) in Self.flags { if let value = call.bool(name) { body[name] = .bool(value) } }
      // The settings' filter is by name: a repository must not leave it by a new one.
      let renamed = try call.string("name").map { name throws(VendorError) in try github.repository(repository.owner, name) }
      try await Self.permit(github, call, repository, renamed, body)
      guard !body.isEmpty else { throw VendorError(.refused, "There is nothing to change: give description, visibility or another setting.") }
      // Under its old name a renamed repository is found no more, so a second sending would only fail.
      let made = try await github.write(call, .patch, repository.path, body, isIdempotent: renamed == nil)
      return github.showing(try await github.written(call, made, .repository), "repository", .repository, note: "Changed the repository.")
    }
  }

  /// Checks the repository as it is, and as it would be.
  private static func permit(
    _ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ renamed: GitHub.Repository?, _ body: JSONObject
  ) async throws(VendorError) {
    guard let rule = github.rule(call, .repository) else { return }
    var record = try await github.record(call, try await github.get(call, repository.path), .repository)
    for name in ["description", "visibility", "default_branch", "archived"] { if let value = body[name] { record[name] = value } }
    if let renamed { record["repository"] = .string(renamed.fullName) }
    guard rule.admits(record) else { throw VendorError(.refused, "You are not permitted to make this of the repository. Nothing was changed.") }
  }
}
