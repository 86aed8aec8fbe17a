internal import ConnectorKit
internal import JSON
internal import MCP

/// GitHub's search: thirty questions a minute, ten for code, and a thousand results at most.
struct SearchTools {
  let github: GitHub

  static let query = Argument.text("query", "What to search, in GitHub's search syntax, qualifiers included.", required: true, longest: 256)
  static let found: [(name: String, schema: JSONValue)] = [
    ("total_count", ["type": "integer", "description": "How many GitHub found in all; it gives the first 1,000 only."]),
    ("incomplete_results", ["type": "boolean", "description": "GitHub ran out of time: there may be more."]),
  ]

  var tools: [Tool] { [repositories, code, users, commits] }

  private var repositories: Tool {
    github.tool(
      "search_repositories", "Search repositories", .reading, "Searches repositories by name, description, topic or language: `topic:swift stars:>100`.",
      [Self.query, .choice("sort", ["stars", "forks", "help-wanted-issues", "updated"], "The order; best match if not given."), Self.order, .fields(.repository)]
        + Argument.page, output: Output.list("repositories", of: .repository, Self.found), holding: [.list(.repository, "/repositories")]
    ) { [self] call in try await search(call, "repositories", call.string("query") ?? "", "repositories", .repository) }
  }

  private var code: Tool {
    github.tool(
      "search_code", "Search code", .reading, "Searches code on default branches: `parseHeader repo:octo/cat language:swift`. Shows matching fragments.",
      [Self.query, .fields(.match)] + Argument.page, output: Output.list("matches", of: .match, Self.found), holding: [.within(.repository)]
    ) { [github, self] call in
      // What a match shows belongs to a repository whose rule cannot be checked match by match.
      guard github.rule(call, .repository) == nil else {
        throw VendorError(.refused, "Policy limits which repositories you may see, and code search cannot be limited to them. Read files instead.")
      }
      return try await search(
        call, "code", call.string("query") ?? "", "matches", .match, bucket: GitHub.Bucket.codeSearch, accept: "application/vnd.github.text-match+json")
    }
  }

  private var users: Tool {
    github.tool(
      "search_users", "Search users", .reading, "Searches users and organizations: `ada type:user location:london`.",
      [Self.query, .fields(.user)] + Argument.page,
      output: Output.list("accounts", of: .user, Self.found)
    ) { [self] call in try await search(call, "users", call.string("query") ?? "", "accounts", .user, isFiltered: false) }
  }

  private var commits: Tool {
    github.tool(
      "search_commits", "Search commits", .reading, "Searches commits on default branches by message, author or date: `fix repo:octo/cat author-date:>2026-01-01`.",
      [Self.query, .choice("sort", ["author-date", "committer-date"], "The order; best match if not given."), Self.order, .fields(.commit)] + Argument.page,
      output: Output.list("commits", of: .commit, Self.found), holding: [.list(.commit, "/commits")]
    ) { [self] call in try await search(call, "commits", call.string("query") ?? "", "commits", .commit) }
  }

  static let order = Argument.choice("order", ["asc", "desc"], "The direction of the order.")

  func search(
    _ call: ToolCall, _ kind: String, _ query: String, _ member: String, _ shape: Shape, bucket: String = GitHub.Bucket.search, isFiltered: Bool = true,
    accept: String? = nil, where isWanted: (RawJSON) -> Bool = { _ in true }
  ) async throws -> ToolResult {
    let page = try await github.page(
      call, ["search", kind], [("q", query), ("sort", call.string("sort")), ("order", call.string("order"))], bucket: bucket, accept: accept)
    let items = (page.json["items"]?.elements.map { $0 } ?? []).filter { isWanted($0) && (!isFiltered || github.admits($0)) }
    var more = JSONObject()
    // The count would tell of what is filtered out.
    if github.settings.repositories.admitsAll, github.rule(call, shape) == nil, let total = page.json["total_count"]?.int { more["total_count"] = .int(total) }
    if page.json["incomplete_results"]?.bool == true { more["incomplete_results"] = true }
    return try await github.listing(call, page, items, member, shape, more: more)
  }
}
