internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to issues.
struct IssueWriteTools {
  let github: GitHub

  var tools: [Tool] { [write, comment, updateComment, subIssues, labels] }

  private static let body = Argument.long("body", "The text, in Markdown.")

  private var write: Tool {
    github.tool(
      "issue_write", "Write issue", .changing,
      """
      Opens an issue (create), or changes one (update): title, body, labels, assignees, milestone, type, state. Lists replace what was there. duplicate_of, \
      alone, closes it as the duplicate of another.
      """,
      [
        .choice("method", ["create", "update"], "What to do.", required: true), .owner, .repo, .number("issue_number", "The issue's number, to update one."),
        .text("title", "The title; needed to create.", longest: 256), Self.body, .texts("labels", "The labels."), .texts("assignees", "Logins."),
        .number("milestone", "A milestone's number."), .text("type", "The name of an issue type.", longest: 100),
        .choice("state", ["open", "closed"], "To update: the state."),
        .choice("state_reason", ["completed", "not_planned", "duplicate", "reopened"], "To update: why the state changes."),
        .number("duplicate_of", "To update: the number of the issue in the same repository that says the same."),
      ],
      output: Output.object([("issue", Shape.issue.schema)], required: ["issue"]), holding: [.one(.issue, "/issue"), .within(.issue), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      let made: RawJSON?
      var members = repository.members
      if call.string("method") == "create" {
        var body = call.body("title", "body", "labels", "assignees", "milestone", "type")
        body["title"] = .string(try call.need("title"))
        try github.permit(
          new: ["title": body["title"] ?? "", "state": "open", "labels": body["labels"] ?? [], "assignees": body["assignees"] ?? []], .issue, in: repository, call)
        made = try await github.write(call, .post, repository.path + ["issues"], body)
      } else {
        let number = try call.needNumber("issue_number")
        try await github.permit(repository, number: number, call)
        let body = call.body("title", "body", "labels", "assignees", "milestone", "type", "state", "state_reason")
        if let original = call.int("duplicate_of") {
          made = try await Self.close(github, call, repository, number, asDuplicateOf: original, body)
          for (name, value) in ["state": "closed", "state_reason": "duplicate"] as JSONObject { members[name] = value }
        } else {
          guard !body.isEmpty else { throw VendorError(.refused, "There is nothing to change: give title, body, labels, assignees, milestone, type or state.") }
          made = try await github.write(call, .patch, repository.path + ["issues", String(number)], body, isIdempotent: true)
        }
      }
      let record = try await github.written(call, made, .issue, adding: members)
      return github.showing(record, "issue", .issue, note: call.string("method") == "create" ? "Opened the issue." : "Changed the issue.")
    }
  }

  /// REST has no word for which issue it is the duplicate of.
  private static func close(
    _ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ number: Int, asDuplicateOf original: Int, _ body: JSONObject
  ) async throws(VendorError) -> RawJSON? {
    guard original != number, body.isEmpty else {
      throw VendorError(.refused, "An issue is closed as the duplicate of another one, and nothing else with it: give duplicate_of alone. Nothing was changed.")
    }
    let other = try GitHub.nodeID(try await github.seenIssue(original, in: repository, call))
    let issue = try await github.seenIssue(number, in: repository, call)
    let input: JSONObject = ["issueId": try GitHub.nodeID(issue), "duplicateIssueId": other, "stateReason": "DUPLICATE"]
    _ = try await github.graphQL(call, .closeIssue, ["input": .object(input)], at: ["closeIssue", "issue"])
    return issue
  }

  private var comment: Tool {
    github.tool(
      "add_issue_comment", "Comment", .adding, "Comments on an issue, or on a pull request as a whole.",
      [.owner, .repo, IssueTools.number, .long("body", "The text, in Markdown.", required: true)],
      output: Output.object([("comment", Shape.comment.schema)], required: ["comment"]), holding: [.within(.issue), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, number: call.number("issue_number"), call)
      let made = try await github.write(
        call, .post, repository.path + ["issues", String(call.number("issue_number")), "comments"], call.body("body"))
      return github.showing(Shape.comment.record(made ?? .null), "comment", .comment, note: "Commented.")
    }
  }

  private var updateComment: Tool {
    github.tool(
      "issue_comment_write", "Change comment", .removing, "Changes (update) or deletes (delete) a comment of an issue.",
      [
        .choice("method", ["update", "delete"], "What to do.", required: true), .owner, .repo, IssueTools.number,
        .number("comment_id", "The comment's id, as get_comments tells it.", required: true), Self.body,
      ], output: Output.object([("comment", Shape.comment.schema), ("done", ["type": "boolean"])]), holding: [.within(.issue), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      let (number, id) = (call.number("issue_number"), call.number("comment_id"))
      try await github.permit(repository, number: number, call)
      try await github.permit(repository, comment: id, of: number, call)
      let path = repository.path + ["issues", "comments", String(id)]
      if call.string("method") == "delete" {
        try await github.write(call, .delete, path, isIdempotent: true)
        return github.done("Deleted the comment.")
      }
      let made = try await github.write(call, .patch, path, ["body": .string(try call.need("body"))], isIdempotent: true)
      return github.showing(Shape.comment.record(made ?? .null), "comment", .comment, note: "Changed the comment.")
    }
  }

  private var subIssues: Tool {
    github.tool(
      "sub_issue_write", "Sub-issues", .changing, "Adds (add), takes away (remove) or moves (reprioritize) a sub-issue. Ids, not numbers, name sub-issues.",
      [
        .choice("method", ["add", "remove", "reprioritize"], "What to do.", required: true), .owner, .repo,
        .number("issue_number", "The parent's number.", required: true),
        .number("sub_issue_id", "The id of the sub-issue, as the field id of issue_read tells it.", required: true),
        .flag("replace_parent", "To add: take it from the parent that it has."), .number("after_id", "To move: the id of the sub-issue that it comes after."),
        .number("before_id", "To move: the id of the sub-issue that it comes before."),
      ], output: Output.object([("issue", Shape.issue.schema)], required: ["issue"]), holding: [.one(.issue, "/issue"), .within(.issue), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, number: call.number("issue_number"), call)
      let path = repository.path + ["issues", String(call.number("issue_number"))]
      try await Self.permit(github, call, path, repository)
      let made: RawJSON?
      switch call.string("method") {
      case "add": made = try await github.write(call, .post, path + ["sub_issues"], call.body("sub_issue_id", "replace_parent"))
      case "remove": made = try await github.write(call, .delete, path + ["sub_issue"], call.body("sub_issue_id"), isIdempotent: true)
      default:
        let body = call.body("sub_issue_id", "after_id", "before_id")
        guard body.count == 2 else { throw VendorError(.refused, "reprioritize needs one of after_id and before_id.") }
        made = try await github.write(call, .patch, path + ["sub_issues", "priority"], body, isIdempotent: true)
      }
      return github.showing(try await github.written(call, made, .issue, adding: repository.members), "issue", .issue, note: "Changed the sub-issues.")
    }
  }

  /// A sub-issue is changed as well. GitHub tells an issue by its id among the sub-issues of its parent alone.
  private static func permit(_ github: GitHub, _ call: ToolCall, _ path: [String], _ repository: GitHub.Repository) async throws(VendorError) {
    guard github.rule(call, .issue) != nil else { return }
    guard call.string("method") != "add" else {
      throw VendorError(.refused, "Policy limits which issues you may change, and one that is named by its id alone cannot be checked. Nothing was changed.")
    }
    let found = try await github.get(call, path + ["sub_issues"], [("per_page", "100")]).elements.first { $0["id"]?.int == call.int("sub_issue_id") }
    guard let found else { throw VendorError(.notFound, "The issue has no such sub-issue among its first 100. Nothing was changed.") }
    _ = try await github.record(call, found, .issue)
  }

  private var labels: Tool {
    github.tool(
      "label_write", "Labels of a repository", .removing, "Makes (create), changes (update) or deletes (delete) a label of a repository.",
      [
        .choice("method", ["create", "update", "delete"], "What to do.", required: true), .owner, .repo, .text("name", "The label's name.", required: true, longest: 100),
        .text("new_name", "To update: another name.", longest: 100), .text("color", "Six hexadecimal digits, without #.", longest: 6),
        .text("description", "What it is for.", longest: 100),
      ], output: Output.object([("label", Shape.label.schema), ("done", ["type": "boolean"])]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let name = call.string("name") ?? ""
      switch call.string("method") {
      case "create":
        let made = try await github.write(call, .post, repository.path + ["labels"], call.body("name", "color", "description"))
        return github.showing(Shape.label.record(made ?? .null), "label", .label, note: "Made the label.")
      case "update":
        let made = try await github.write(
          call, .patch, repository.path + ["labels", name], call.body("new_name", "color", "description"), isIdempotent: true)
        return github.showing(Shape.label.record(made ?? .null), "label", .label, note: "Changed the label.")
      default:
        try await github.write(call, .delete, repository.path + ["labels", name], isIdempotent: true)
        return github.done("Deleted the label \(name).")
      }
    }
  }
}

extension GraphQLDocument {
  fileprivate static let closeIssue = mutation("mutation($input: CloseIssueInput!) { closeIssue(input: $input) { issue { number } } }", isIdempotent: true)
}
