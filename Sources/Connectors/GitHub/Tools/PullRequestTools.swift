internal import ConnectorKit
internal import JSON
internal import MCP
internal import NIOCore

/// Pull requests and what is said of them.
struct PullRequestTools {
  let github: GitHub

  var tools: [Tool] { [list, search, read] }

  static let number = Argument.number("pull_number", "The pull request's number.", required: true)

  private var list: Tool {
    github.tool(
      "list_pull_requests", "List pull requests", .reading, "Lists the pull requests of a repository, the newest first.",
      [
        .owner, .repo, .choice("state", ["open", "closed", "all"], "open if not given."), .text("head", "USER:BRANCH that is to be merged.", longest: 300),
        .text("base", "The branch to be merged into.", longest: 300), .choice("sort", ["created", "updated", "popularity", "long-running"], "created if not given."),
        .choice("direction", ["asc", "desc"], "The direction."), .fields(.pullRequest),
      ] + Argument.page,
      output: Output.list("pull_requests", of: .pullRequest), holding: [.list(.pullRequest, "/pull_requests")]
    ) { [github] call in
      let repository = try github.repository(call)
      let rule = github.rule(call, .pullRequest)
      guard !SearchPushDown.isEmpty(rule) else { return github.result(["pull_requests": []], text: "Nothing found.") }
      let query = ["state", "head", "base", "sort", "direction"].map { (name: $0, value: call.string($0).flatMap { $0.isEmpty ? nil : $0 }) }
      let page = try await github.page(call, repository.path + ["pulls"], query)
      return try await github.listing(call, page, page.json.elements.map { $0 }, "pull_requests", .pullRequest, adding: repository.members)
    }
  }

  private var search: Tool {
    github.tool(
      "search_pull_requests", "Search pull requests", .reading,
      "Searches pull requests everywhere: `review-requested:ada is:open draft:false`. Branches and sizes come with pull_request_read.",
      [
        SearchTools.query, .choice("sort", ["comments", "reactions", "interactions", "created", "updated"], "The order; best match if not given."), SearchTools.order,
        .fields(.pullRequest),
      ] + Argument.page,
      output: Output.list("pull_requests", of: .pullRequest, SearchTools.found), holding: [.list(.pullRequest, "/pull_requests")]
    ) { [github] call in
      let rule = github.rule(call, .pullRequest)
      guard !SearchPushDown.isEmpty(rule) else { return github.result(["pull_requests": []], text: "Nothing found.") }
      let query = ([call.string("query") ?? "", "is:pr"] + SearchPushDown.qualifiers(rule)).joined(separator: " ")
      return try await SearchTools(github: github).search(call, "issues", query, "pull_requests", .pullRequest) { $0["pull_request"] != nil }
    }
  }

  private static let methods = [
    "get", "get_diff", "get_files", "get_commits", "get_reviews", "get_review_comments", "get_comments", "get_status", "get_check_runs", "get_reviewers",
  ]

  private var read: Tool {
    github.tool(
      "pull_request_read", "Pull request", .reading,
      """
      Reads a pull request (get), its diff (get_diff), changed files with patches (get_files), commits (get_commits), reviews (get_reviews), comments on lines \
      (get_review_comments), the conversation (get_comments), statuses (get_status), check runs (get_check_runs) or who is asked to review (get_reviewers).
      """,
      [.choice("method", Self.methods, "What to read.", required: true), .owner, .repo, Self.number, .listFields] + Argument.page,
      output: Output.object([
        ("pull_request", Shape.pullRequest.schema), ("diff", ["type": "string"]), ("truncated", ["type": "boolean"]), ("files", Output.array(of: .file)),
        ("commits", Output.array(of: .commit)), ("reviews", Output.array(of: .review)), ("review_comments", Output.array(of: .reviewComment)),
        ("comments", Output.array(of: .comment)), ("state", ["type": "string"]), ("statuses", Output.array(of: .status)),
        ("check_runs", Output.array(of: .checkRun)), ("reviewers", Output.array(of: .user)), ("teams", ["type": "array", "items": ["type": "string"]]),
        ("next_cursor", Output.cursor),
      ]), holding: [.one(.pullRequest, "/pull_request"), .list(.commit, "/commits"), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      let number = String(call.number("pull_number"))
      let path = repository.path + ["pulls", number]
      let method = call.string("method") ?? ""
      if method == "get" {
        let record = try await github.record(call, try await github.get(call, path), .pullRequest, adding: repository.members)
        return github.showing(record, "pull_request", .pullRequest)
      }
      try await github.permit(repository, pull: call.number("pull_number"), call)
      switch method {
      case "get_diff": return try await Self.diff(github, call, path)
      case "get_status", "get_check_runs":
        let pull = try await github.get(call, path)
        guard let sha = pull["head"]?["sha"]?.string else { throw VendorError(.invalidAnswer, "GitHub does not say the head of the pull request.") }
        return try await Self.checks(github, call, repository, sha)
      case "get_reviewers":
        let json = try await github.get(call, path + ["requested_reviewers"])
        let users = json["users"]?.elements.map { Shape.user.record($0, call.chosenFields) } ?? []
        let teams = json["teams"]?.elements.compactMap { $0["slug"]?.string } ?? []
        return github.result(
          ["reviewers": .array(users), "teams": .array(teams.map { .string($0) })],
          text: "People: \(json["users"]?.elements.compactMap { $0["login"]?.string }.joined(separator: ", ") ?? "")\nTeams: \(teams.joined(separator: ", "))")
      case "get_files":
        let page = try await github.page(call, path + ["files"])
        let files = FileTools.files(page.json, withPatch: true, call.chosenFields)
        var structured: JSONObject = ["files": .array(files)]
        if let next = page.next { structured["next_cursor"] = .string(next) }
        var text = CompactTable(files, columns: Shape.file.columns(call.chosenFields), more: page.next != nil).text
        for file in files { if let patch = file["patch"]?.string { text += "\n\n--- \(file["path"]?.string ?? "")\n\(patch)" } }
        return github.result(structured, text: text, untrusted: ["/files/*/patch"], isFramed: true)
      default:
        let (segments, member, shape) = Self.part(method, repository, number)
        let page = try await github.page(call, segments)
        return try await github.listing(call, page, page.json.elements.map { $0 }, member, shape, adding: shape.type.name == "Commit" ? repository.members : [:])
      }
    }
  }

  private static func part(_ method: String, _ repository: GitHub.Repository, _ number: String) -> ([String], String, Shape) {
    let path = repository.path + ["pulls", number]
    return switch method {
    case "get_commits": (path + ["commits"], "commits", .commit)
    case "get_reviews": (path + ["reviews"], "reviews", .review)
    case "get_review_comments": (path + ["comments"], "review_comments", .reviewComment)
    default: (repository.path + ["issues", number, "comments"], "comments", .comment)
    }
  }

  private static func diff(_ github: GitHub, _ call: ToolCall, _ path: [String]) async throws -> ToolResult {
    var request = github.read(path, accept: "application/vnd.github.diff")
    request.maximumBytes = 16 << 20
    let text = try await github.api.send(request, as: try github.subject(call)).text
    let (diff, isCut) = FileContent.lines(of: text, from: nil, to: nil)
    var structured: JSONObject = ["diff": .string(diff)]
    if isCut { structured["truncated"] = true }
    return github.result(structured, text: diff + (isCut ? "\n(cut: read single files with get_files)" : ""), untrusted: ["/diff"], isFramed: true)
  }

  private static func checks(_ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ sha: String) async throws -> ToolResult {
    let path = repository.path + ["commits", sha]
    if call.string("method") == "get_status" {
      let page = try await github.page(call, path + ["status"])
      let state = page.json["state"]?.string ?? "unknown"
      return try await github.listing(call, page, page.json["statuses"]?.elements.map { $0 } ?? [], "statuses", .status, more: ["state": .string(state)])
    }
    let page = try await github.page(call, path + ["check-runs"])
    return try await github.listing(call, page, page.json["check_runs"]?.elements.map { $0 } ?? [], "check_runs", .checkRun)
  }
}
