internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Single labels, assignees and reactions of issues and pull requests: what is there besides stays.
struct IssueMarkTools {
  let github: GitHub

  var tools: [Tool] { [labels, assignees, react] }

  private static let holding: [Holding] = [.within(.issue), .within(.pullRequest)]
  private static let number = Argument.number("issue_number", "The number of the issue or pull request.", required: true)

  private var labels: Tool {
    github.tool(
      "issue_labels_write", "Labels of an issue", .removing,
      "Puts labels on an issue or pull request (add) or takes them off (remove). Others stay. GitHub makes a label that the repository lacks.",
      [
        .choice("method", ["add", "remove"], "What to do.", required: true), .owner, .repo, Self.number,
        .texts("labels", "The labels' names, 20 at most to take off.", required: true),
      ],
      output: Output.object([
        ("labels", Output.array(of: .label)),
        ("missing", ["type": "array", "items": ["type": "string"], "description": "Labels to take off that were not there."]),
      ]), holding: Self.holding
    ) { [github] call in
      let (repository, path) = try await Self.place(github, call)
      let names = call.strings("labels") ?? []
      guard !names.isEmpty else { throw VendorError(.refused, "There is no label to \(call.string("method") ?? ""): give labels.") }
      guard call.string("method") == "remove" else {
        let made = try await github.write(call, .post, path + ["labels"], call.body("labels"), isIdempotent: true)
        return try await Self.labeled(github, call, repository, made, [], note: "Put on: \(names.joined(separator: ", ")).")
      }
      guard names.count <= Self.mostRemoved else {
        throw VendorError(.refused, "At most \(Self.mostRemoved) labels are taken off at once. Nothing was changed.")
      }
      var (left, missing, removed): (RawJSON?, [String], [String]) = (nil, [], [])
      for name in names {
        do throws(VendorError) {
          left = try await github.write(call, .delete, path + ["labels", name], isIdempotent: true)
          removed.append(name)
        } catch {
          // GitHub's words tell a label that is not on the issue from an issue that is not there.
          guard error.code == .notFound, error.vendorCode == Self.noLabel else { throw Self.partly(error, removed) }
          missing.append(name)
        }
      }
      let note = [("Taken off", removed), ("Not there", missing)].filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))." }
      return try await Self.labeled(github, call, repository, left, missing, note: note.joined(separator: " "))
    }
  }

  /// Each is a request of its own.
  private static let mostRemoved = 20
  private static let noLabel = "Label does not exist"

  private static func partly(_ error: VendorError, _ removed: [String]) -> VendorError {
    guard !removed.isEmpty else { return error }
    var error = error
    error.message = "Taken off: \(removed.joined(separator: ", ")). Then: \(error.message)"
    return error
  }

  private static func labeled(
    _ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ labels: RawJSON?, _ missing: [String], note: String
  ) async throws(VendorError) -> ToolResult {
    var structured = JSONObject()
    if let labels, labels.kind == .array {
      structured["labels"] = .array(try await github.records(call, labels.elements, .label, adding: repository.members))
    }
    if !missing.isEmpty { structured["missing"] = .array(missing.map { .string($0) }) }
    return github.result(structured, text: note, untrusted: Shape.label.untrusted.map { "/labels/*/\($0)" })
  }

  private var assignees: Tool {
    github.tool(
      "issue_assignees_write", "Assignees of an issue", .removing, "Assigns people to an issue or pull request (add) or no longer (remove). Others stay.",
      [
        .choice("method", ["add", "remove"], "What to do.", required: true), .owner, .repo, Self.number,
        .texts("assignees", "Logins; an issue has 10 assignees at most.", required: true),
      ],
      output: Output.object([
        ("assignees", ["type": "array", "items": ["type": "string"]]),
        ("ignored", ["type": "array", "items": ["type": "string"], "description": "Who was to be assigned and is not: GitHub says no more of them."]),
      ]), holding: Self.holding
    ) { [github] call in
      let (_, path) = try await Self.place(github, call)
      let logins = call.strings("assignees") ?? []
      guard !logins.isEmpty else { throw VendorError(.refused, "There is nobody to \(call.string("method") ?? ""): give assignees.") }
      let isRemoval = call.string("method") == "remove"
      let made = try await github.write(call, isRemoval ? .delete : .post, path + ["assignees"], call.body("assignees"), isIdempotent: true)
      // Who may not be assigned is left out by GitHub without a word.
      guard let list = made?["assignees"], list.kind == .array else { return github.result([:], text: isRemoval ? "No longer assigned." : "Assigned.") }
      let now = list.elements.compactMap { $0["login"]?.string }
      let known = Set(now.map { $0.lowercased() })
      let ignored = isRemoval ? [] : logins.filter { !known.contains($0.lowercased()) }
      var structured: JSONObject = ["assignees": .array(now.map { .string($0) })]
      if !ignored.isEmpty { structured["ignored"] = .array(ignored.map { .string($0) }) }
      var text = now.isEmpty ? "Nobody is assigned now." : "Assigned now: \(now.joined(separator: ", "))."
      if !ignored.isEmpty { text += " GitHub did not assign \(ignored.joined(separator: ", ")): they may lack access to the repository." }
      return github.result(structured, text: text)
    }
  }

  private var react: Tool {
    github.tool(
      "add_reaction", "React", .setting,
      "Reacts to an issue or pull request, to a comment in its conversation, or to one on lines of a pull request. The same reaction again changes nothing.",
      [
        .owner, .repo, Self.number, .number("comment_id", "The comment's id, as get_comments tells it; the issue or pull request itself if not given."),
        .number("review_comment_id", "The id of a comment on lines, as get_review_comments tells it, instead."),
        .choice("content", ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"], "The reaction.", required: true),
      ], output: Output.object([("reaction", Shape.reaction.schema)], required: ["reaction"]), holding: Self.holding
    ) { [github] call in
      var (repository, path) = try await Self.place(github, call)
      guard call.int("comment_id") == nil || call.int("review_comment_id") == nil else { throw VendorError(.refused, "Give one of comment_id and review_comment_id.") }
      if let comment = call.int("review_comment_id") {
        try await github.permit(repository, comment: comment, of: call.number("issue_number"), call, isOnLines: true)
        path = repository.path + ["pulls", "comments", String(comment)]
      } else if let comment = call.int("comment_id") {
        try await github.permit(repository, comment: comment, of: call.number("issue_number"), call)
        path = repository.path + ["issues", "comments", String(comment)]
      }
      let made = try await github.write(call, .post, path + ["reactions"], call.body("content"), isIdempotent: true)
      return github.showing(Shape.reaction.record(made ?? .null), "reaction", .reaction, note: "Reacted.")
    }
  }

  /// The issue or pull request of a call, if the caller may see it.
  private static func place(_ github: GitHub, _ call: ToolCall) async throws(VendorError) -> (GitHub.Repository, [String]) {
    let repository = try github.repository(call)
    let number = call.number("issue_number")
    try await github.permit(repository, number: number, call)
    return (repository, repository.path + ["issues", String(number)])
  }
}
