internal import ConnectorKit
internal import JSON
internal import MCP

/// Issues, their comments, labels, sub-issues and history.
struct IssueTools {
  let github: GitHub

  var tools: [Tool] { [list, search, read, labels, types, milestones] }

  static let number = Argument.number("issue_number", "The issue's number.", required: true)

  private var list: Tool {
    github.tool(
      "list_issues", "List issues", .reading, "Lists the issues of a repository, without pull requests, the newest first.",
      [
        .owner, .repo, .choice("state", ["open", "closed", "all"], "open if not given."), .texts("labels", "Only those that have all of these labels."),
        .text("assignee", "A login, `none` or `*`.", longest: 100), .text("creator", "A login.", longest: 100), .text("mentioned", "A login.", longest: 100),
        .text("milestone", "A milestone's number, `none` or `*`.", longest: 20), .text("type", "The name of an issue type, `none` or `*`.", longest: 100),
        .choice("sort", ["created", "updated", "comments"], "created if not given."), .choice("direction", ["asc", "desc"], "desc if not given."),
        .text("since", "Only those that changed after this time: 2026-11-29T00:00:00Z.", longest: 40), .fields(.issue),
      ] + Argument.page,
      output: Output.list("issues", of: .issue), holding: [.list(.issue, "/issues")]
    ) { [github] call in
      let repository = try github.repository(call)
      let rule = github.rule(call, .issue)
      guard let query = Self.query(call, rule) else { return github.result(["issues": []], text: "Nothing found.") }
      let page = try await github.page(call, repository.path + ["issues"], query)
      // GitHub's list holds pull requests as well.
      let issues = page.json.elements.filter { $0["pull_request"] == nil }
      return try await github.listing(call, page, issues, "issues", .issue, adding: repository.members)
    }
  }

  /// What is asked of GitHub: the arguments and what of the rule it can say; nil where the two leave nothing.
  private static func query(_ call: ToolCall, _ rule: RowFilter?) -> [(name: String, value: String?)]? {
    guard !SearchPushDown.isEmpty(rule) else { return nil }
    func given(_ name: String) -> String? { call.string(name).flatMap { $0.isEmpty ? nil : $0 } }
    let pushed = SearchPushDown.parameters(rule)
    var values: [String: String] = [:]
    for name in ["state", "assignee", "creator", "mentioned", "milestone", "type", "sort", "direction", "since"] { values[name] = given(name) }
    for (name, wanted) in pushed where name != "labels" {
      // GitHub takes one value: a second is left to the check here.
      let first = wanted[0]
      switch values[name] {
      case nil: values[name] = first
      case "*" where name == "assignee", "all" where name == "state": values[name] = first
      case let own?: if own.lowercased() != first.lowercased() { return nil }
      }
    }
    let labels = (call.strings("labels") ?? []) + (pushed["labels"] ?? [])
    if !labels.isEmpty { values["labels"] = labels.joined(separator: ",") }
    return ["state", "labels", "assignee", "creator", "mentioned", "milestone", "type", "sort", "direction", "since"].map { ($0, values[$0]) }
  }

  private var search: Tool {
    github.tool(
      "search_issues", "Search issues", .reading, "Searches issues everywhere: `crash in:title repo:octo/cat is:open label:bug`.",
      [
        SearchTools.query, .choice("sort", ["comments", "reactions", "interactions", "created", "updated"], "The order; best match if not given."), SearchTools.order,
        .fields(.issue),
      ] + Argument.page,
      output: Output.list("issues", of: .issue, SearchTools.found), holding: [.list(.issue, "/issues")]
    ) { [github] call in
      let rule = github.rule(call, .issue)
      guard !SearchPushDown.isEmpty(rule) else { return github.result(["issues": []], text: "Nothing found.") }
      let query = ([call.string("query") ?? "", "is:issue"] + SearchPushDown.qualifiers(rule)).joined(separator: " ")
      return try await SearchTools(github: github).search(call, "issues", query, "issues", .issue) { $0["pull_request"] == nil }
    }
  }

  private var read: Tool {
    github.tool(
      "issue_read", "Issue", .reading,
      """
      Reads an issue (get), its comments (get_comments), labels (get_labels), reactions (get_reactions), sub-issues (get_sub_issues), the issue that it is part of \
      (get_parent), what blocks it (get_blocked_by), what it blocks (get_blocking) or its history (get_timeline).
      """,
      [
        .choice("method", Self.methods, "What to read.", required: true), .owner, .repo, number, .listFields,
      ] + Argument.page,
      output: Output.object([
        ("issue", Shape.issue.schema), ("comments", Output.array(of: .comment)), ("labels", Output.array(of: .label)),
        ("reactions", Output.array(of: .reaction)), ("sub_issues", Output.array(of: .issue)),
        ("blocked_by", Output.array(of: .issue)), ("blocking", Output.array(of: .issue)), ("parent", Shape.issue.schema),
        ("events", Output.array(of: .event)), ("next_cursor", Output.cursor),
      ]),
      holding: [
        .one(.issue, "/issue"), .one(.issue, "/parent"), .list(.issue, "/sub_issues"), .list(.issue, "/blocked_by"), .list(.issue, "/blocking"), .within(.issue),
        .within(.pullRequest),
      ]
    ) { [github] call in
      let repository = try github.repository(call)
      let path = repository.path + ["issues", String(call.number("issue_number"))]
      if call.string("method") == "get" {
        let issue = try await github.get(call, path)
        guard issue["pull_request"] == nil else {
          throw VendorError(.refused, "\(call.number("issue_number")) is a pull request: read it with pull_request_read.")
        }
        return github.showing(try await github.record(call, issue, .issue, adding: repository.members), "issue", .issue)
      }
      try await github.permit(repository, number: call.number("issue_number"), call)
      if call.string("method") == "get_parent" {
        let parent = try await github.get(call, path + ["parent"])
        guard github.admits(parent) else { throw GitHubAnswers.notFound }
        return github.showing(try await github.record(call, parent, .issue), "parent", .issue)
      }
      let (segment, member, shape) = Self.part(call.string("method") ?? "")
      let page = try await github.page(call, path + segment)
      var items: [RawJSON] = []
      for item in page.json.elements where shape.type.name != "Issue" || github.admits(item) {
        // Another issue that names this one is shown to those who may see it.
        if let source = item["source"]?["issue"] {
          guard github.admits(source), try await !github.records(call, [source], source["pull_request"] == nil ? .issue : .pullRequest).isEmpty else { continue }
        }
        items.append(item)
      }
      return try await github.listing(call, page, items, member, shape)
    }
  }

  private var number: Argument { Self.number }

  private static let methods = [
    "get", "get_comments", "get_labels", "get_reactions", "get_sub_issues", "get_parent", "get_blocked_by", "get_blocking", "get_timeline",
  ]

  private static func part(_ method: String) -> ([String], String, Shape) {
    switch method {
    case "get_labels": (["labels"], "labels", .label)
    case "get_reactions": (["reactions"], "reactions", .reaction)
    case "get_sub_issues": (["sub_issues"], "sub_issues", .issue)
    case "get_blocked_by": (["dependencies", "blocked_by"], "blocked_by", .issue)
    case "get_blocking": (["dependencies", "blocking"], "blocking", .issue)
    case "get_timeline": (["timeline"], "events", .event)
    default: (["comments"], "comments", .comment)
    }
  }

  private var labels: Tool {
    github.tool(
      "list_labels", "List labels", .reading, "Lists the labels that a repository has.", [.owner, .repo, .fields(.label)] + Argument.page,
      output: Output.list("labels", of: .label), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(call, repository.path + ["labels"])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "labels", .label)
    }
  }

  private var types: Tool {
    github.tool(
      "list_issue_types", "List issue types", .reading, "Lists the types that issues of a repository may have.", [.owner, .repo, .fields(.issueType)],
      output: Output.list("types", of: .issueType), holding: [.within(.repository)]
    ) { [github] call in
      let types = try await github.get(call, try await github.permitted(call).path + ["issue-types"])
      return try await github.listing(call, GitHub.Page(json: types), types.elements.map { $0 }, "types", .issueType)
    }
  }

  private var milestones: Tool {
    github.tool(
      "list_milestones", "List milestones", .reading, "Lists the milestones of a repository.",
      [.owner, .repo, .choice("state", ["open", "closed", "all"], "open if not given."), .fields(.milestone)] + Argument.page,
      output: Output.list("milestones", of: .milestone), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(call, repository.path + ["milestones"], [("state", call.string("state"))])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "milestones", .milestone)
    }
  }
}
