internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to repositories: branches, files, tags, new repositories.
struct RepositoryWriteTools {
  let github: GitHub

  var tools: [Tool] { [createBranch, writeFile, deleteFile, pushFiles, createTag, createRepository, fork] }

  private static let branch = Argument.text("branch", "The branch; the default branch if not given.", longest: 300)
  private static let message = Argument.long("message", "The commit's message.", required: true)
  private static let commitOutput = Output.object(
    [("commit", ["type": "string"]), ("sha", ["type": "string"]), ("path", ["type": "string"]), ("url", ["type": "string"])])

  private var createBranch: Tool {
    github.tool(
      "create_branch", "Create branch", .adding, "Makes a branch from another branch or a commit.",
      [
        .owner, .repo, .text("branch", "The new branch's name.", required: true, longest: 200),
        .text("from", "The branch or commit to start from; the default branch if not given.", longest: 200),
      ], output: Output.object([("ref", ["type": "string"]), ("sha", ["type": "string"])], required: ["ref"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let from = call.string("from").flatMap { $0.isEmpty ? nil : $0 }
      let sha: String
      if let from, from.utf8.count == 40, GitHub.isSHA(from) {
        sha = from
      } else {
        let branch: String
        if let from { branch = from } else { branch = try await github.get(call, repository.path)["default_branch"]?.string ?? "main" }
        sha = try await github.head(call, repository, branch: branch)
      }
      let name = (call.string("branch") ?? "").replacing("refs/heads/", with: "")
      let made = try await github.write(
        call, .post, repository.path + ["git", "refs"], ["ref": .string("refs/heads/\(name)"), "sha": .string(sha)])
      return github.result(
        ["ref": .string(made?["ref"]?.string ?? "refs/heads/\(name)"), "sha": .string(sha)], text: "Made the branch \(name) at \(sha).")
    }
  }

  private var writeFile: Tool {
    github.tool(
      "create_or_update_file", "Write file", .removing, "Writes one file in a commit of its own. To replace a file give the SHA of what is replaced.",
      [
        .owner, .repo, .text("path", "The file's path.", required: true, longest: 4000), .long("content", "The whole new text.", required: true), Self.message,
        Self.branch, .text("sha", "Of the blob that is replaced, as get_file_contents tells it. Without it the file must be new.", longest: 64),
      ], output: Self.commitOutput, holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let path = try Self.path(call)
      var body = call.body("message", "branch", "sha")
      body["content"] = .string(Base64.encode(Array((call.string("content") ?? "").utf8)))
      let made = try await github.write(call, .put, repository.path + ["contents"] + path, body)
      return Self.committed(github, made, path.joined(separator: "/"), "Wrote")
    }
  }

  private var deleteFile: Tool {
    github.tool(
      "delete_file", "Delete file", .removing, "Deletes one file in a commit of its own.",
      [
        .owner, .repo, .text("path", "The file's path.", required: true, longest: 4000), Self.message, Self.branch,
        .text("sha", "Of the blob that is deleted; what is there now if not given.", longest: 64),
      ], output: Self.commitOutput, holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let path = try Self.path(call)
      var body = call.body("message", "branch", "sha")
      if body["sha"] == nil {
        let now = try await github.get(call, repository.path + ["contents"] + path, [("ref", call.string("branch"))])
        guard let sha = now["sha"]?.string else { throw VendorError(.refused, "\(path.joined(separator: "/")) is no file.") }
        body["sha"] = .string(sha)
      }
      let made = try await github.write(call, .delete, repository.path + ["contents"] + path, body)
      return Self.committed(github, made, path.joined(separator: "/"), "Deleted")
    }
  }

  private static func path(_ call: ToolCall) throws(VendorError) -> [String] {
    let path = (call.string("path") ?? "").pathSegments
    guard !path.isEmpty, !path.contains(".."), !path.contains("."), path.first?.lowercased() != ".git" else {
      throw VendorError(.refused, "\"\(call.string("path")?.prefix(100) ?? "")\" is no path of a file in a repository.")
    }
    return path
  }

  private static func committed(_ github: GitHub, _ made: RawJSON?, _ path: String, _ verb: String) -> ToolResult {
    var structured: JSONObject = ["path": .string(path)]
    if let commit = made?["commit"]?["sha"]?.string { structured["commit"] = .string(commit) }
    if let sha = made?["content"]?["sha"]?.string { structured["sha"] = .string(sha) }
    if let url = made?["commit"]?["html_url"]?.string { structured["url"] = .string(url) }
    return github.result(structured, text: "\(verb) \(path) in commit \(made?["commit"]?["sha"]?.string ?? "").")
  }

  private var pushFiles: Tool {
    github.tool(
      "push_files", "Push files", .changing, "Writes and deletes several files in one commit on a branch: all of them or none.",
      [
        .owner, .repo, .text("branch", "The branch.", required: true, longest: 300), Self.message,
        .objects(
          "files", "The files. One without content is deleted.",
          of: [
            .text("path", "The file's path.", required: true, longest: 4000), .long("content", "The whole new text."),
            .choice("encoding", ["utf-8", "base64"], "How content is written; utf-8 if not given."), .flag("executable", "Whether the file may be run."),
          ], required: true),
      ], output: Output.object([("commit", ["type": "string"]), ("files", ["type": "integer"])], required: ["commit"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let branch = call.string("branch") ?? ""
      // ref -> commit -> tree -> commit -> ref: the branch moves last, and only if nobody moved it meanwhile.
      let parent = try await github.head(call, repository, branch: branch)
      let commit = try await github.get(call, repository.path + ["git", "commits", parent])
      guard let base = commit["tree"]?["sha"]?.string else { throw VendorError(.invalidAnswer, "GitHub does not say the tree of \(parent).") }
      var entries: [JSONValue] = []
      for file in call.arguments.elements(of: "files") { entries.append(try await Self.entry(github, call, repository, file)) }
      guard !entries.isEmpty else { throw VendorError(.refused, "There are no files to push.") }
      let tree = try await github.write(call, .post, repository.path + ["git", "trees"], ["base_tree": .string(base), "tree": .array(entries)])
      guard let treeSHA = tree?["sha"]?.string else { throw VendorError(.invalidAnswer, "GitHub made no tree. The branch is unchanged.") }
      let made = try await github.write(
        call, .post, repository.path + ["git", "commits"],
        ["message": .string(call.string("message") ?? ""), "tree": .string(treeSHA), "parents": [.string(parent)]])
      guard let sha = made?["sha"]?.string else { throw VendorError(.invalidAnswer, "GitHub made no commit. The branch is unchanged.") }
      do throws(VendorError) {
        try await github.write(
          call, .patch, repository.path + ["git", "refs", "heads"] + branch.pathSegments, ["sha": .string(sha), "force": false], isIdempotent: true)
      } catch {
        guard error.code == .invalid || error.code == .conflict else { throw error }
        throw VendorError(
          .conflict, "The branch \(branch) was moved by somebody else meanwhile, so nothing was changed on it. Look again and repeat.", status: error.status)
      }
      return github.result(["commit": .string(sha), "files": .int(entries.count)], text: "Pushed \(entries.count) files to \(branch) in commit \(sha).")
    }
  }

  private static func entry(_ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ file: RawJSON) async throws(VendorError) -> JSONValue {
    let path = (file["path"]?.string ?? "").pathSegments
    guard !path.isEmpty, !path.contains(".."), !path.contains("."), path.first?.lowercased() != ".git" else {
      throw VendorError(.refused, "\"\((file["path"]?.string ?? "").prefix(100))\" is no path of a file in a repository.")
    }
    var entry: JSONValue = [
      "path": .string(path.joined(separator: "/")), "mode": file["executable"]?.bool == true ? "100755" : "100644", "type": "blob",
    ]
    guard let content = file["content"]?.string else {
      entry["sha"] = .null
      return entry
    }
    guard file["encoding"]?.string == "base64" else {
      entry["content"] = .string(content)
      return entry
    }
    let blob = try await github.write(call, .post, repository.path + ["git", "blobs"], ["content": .string(content), "encoding": "base64"])
    guard let sha = blob?["sha"]?.string else { throw VendorError(.invalidAnswer, "GitHub made no blob. The branch is unchanged.") }
    entry["sha"] = .string(sha)
    return entry
  }

  private var createTag: Tool {
    github.tool(
      "create_tag", "Create tag", .adding, "Makes a lightweight tag at a commit.",
      [.owner, .repo, .text("tag", "The tag's name.", required: true, longest: 200), .text("sha", "The commit, whole.", required: true, longest: 64)],
      output: Output.object([("ref", ["type": "string"]), ("sha", ["type": "string"])], required: ["ref"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let (tag, sha) = (call.string("tag") ?? "", call.string("sha") ?? "")
      try await github.write(call, .post, repository.path + ["git", "refs"], ["ref": .string("refs/tags/\(tag)"), "sha": .string(sha)])
      return github.result(["ref": .string("refs/tags/\(tag)"), "sha": .string(sha)], text: "Made the tag \(tag) at \(sha).")
    }
  }

  private var createRepository: Tool {
    github.tool(
      "create_repository", "Create repository", .adding, "Makes a repository of the account, or of an organization. Private if not said otherwise.",
      [
        .text("name", "The repository's name.", required: true, longest: 100), .text("org", "The organization; the account itself if not given.", longest: 100),
        .text("description", "What it is for.", longest: 350), .flag("private", "Whether it is private; yes if not given."),
        .flag("auto_init", "Whether it starts with a README."),
      ], output: Output.object([("repository", Shape.repository.schema)], required: ["repository"]), holding: [.one(.repository, "/repository"), .within(.repository)]
    ) { [github] call in
      let org = call.string("org").flatMap { $0.isEmpty ? nil : $0 }
      let repository = try await Self.new(github, call, org, call.string("name") ?? "")
      var body = call.body("name", "description", "auto_init")
      body["private"] = .bool(call.bool("private") ?? true)
      try github.permit(
        new: ["visibility": body["private"] == true ? "private" : "public"], .repository, in: repository, call)
      let made = try await github.write(call, .post, org.map { ["orgs", $0, "repos"] } ?? ["user", "repos"], body)
      return github.showing(Shape.repository.record(made ?? .null), "repository", .repository, note: "Made the repository.")
    }
  }

  /// A name that the settings allow. Whose the account's own repositories are is asked only where it matters.
  private static func new(_ github: GitHub, _ call: ToolCall, _ org: String?, _ name: String) async throws(VendorError) -> GitHub.Repository {
    if let org { return try github.repository(org, name) }
    guard !github.settings.repositories.admitsAll || github.rule(call, .repository) != nil else { return try github.repository("me", name) }
    return try github.repository(try await github.get(call, ["user"])["login"]?.string ?? "", name)
  }

  private var fork: Tool {
    github.tool(
      "fork_repository", "Fork repository", .adding, "Forks a repository to the account or an organization. GitHub goes on with it after the answer.",
      [
        .owner, .repo, .text("organization", "Where the fork goes; the account itself if not given.", longest: 100),
        .text("name", "Another name for the fork.", longest: 100), .flag("default_branch_only", "Only the default branch."),
      ], output: Output.object([("repository", Shape.repository.schema)], required: ["repository"]), holding: [.one(.repository, "/repository"), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let org = call.string("organization").flatMap { $0.isEmpty ? nil : $0 }
      let fork = try await Self.new(github, call, org, call.string("name").flatMap { $0.isEmpty ? nil : $0 } ?? repository.name)
      try github.permit(new: [:], .repository, in: fork, call)
      let made = try await github.write(call, .post, repository.path + ["forks"], call.body("organization", "name", "default_branch_only"))
      return github.showing(Shape.repository.record(made ?? .null), "repository", .repository, note: "The fork is being made.")
    }
  }
}
