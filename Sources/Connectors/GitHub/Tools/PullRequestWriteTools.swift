internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to pull requests, and reviews.
struct PullRequestWriteTools {
  let github: GitHub

  var tools: [Tool] { [create, update, merge, updateBranch, reviewers, review] }

  private static let output = Output.object([("pull_request", Shape.pullRequest.schema)], required: ["pull_request"])
  private static let holding: [Holding] = [.one(.pullRequest, "/pull_request"), .within(.pullRequest)]

  private var create: Tool {
    github.tool(
      "create_pull_request", "Open pull request", .adding, "Opens a pull request.",
      [
        .owner, .repo, .text("title", "The title.", required: true, longest: 256),
        .text("head", "The branch to be merged; USER:BRANCH from a fork.", required: true, longest: 300),
        .text("base", "The branch to merge into.", required: true, longest: 300), .long("body", "The text, in Markdown."), .flag("draft", "Not yet for review."),
        .flag("maintainer_can_modify", "Whether maintainers may push to it."),
      ], output: Self.output, holding: Self.holding
    ) { [github] call in
      let repository = try github.repository(call)
      let body = call.body("title", "head", "base", "body", "draft", "maintainer_can_modify")
      // A fork has the name of the repository most often; GitHub has no way to say another.
      if let fork = call.string("head"), let colon = fork.firstIndex(of: ":") { _ = try github.repository(String(fork[..<colon]), repository.name) }
      try github.permit(
        new: ["title": body["title"] ?? "", "state": "open", "head": body["head"] ?? "", "base": body["base"] ?? "", "labels": []], .pullRequest, in: repository, call)
      let made = try await github.write(call, .post, repository.path + ["pulls"], body)
      let record = try await github.written(call, made, .pullRequest, adding: repository.members)
      return github.showing(record, "pull_request", .pullRequest, note: "Opened the pull request.")
    }
  }

  private var update: Tool {
    github.tool(
      "update_pull_request", "Change pull request", .removing, "Changes title, text, base or state of a pull request, or whether it is a draft.",
      [
        .owner, .repo, PullRequestTools.number, .text("title", "The title.", longest: 256), .long("body", "The text, in Markdown."),
        .choice("state", ["open", "closed"], "The state."), .text("base", "Another branch to merge into.", longest: 300),
        .flag("maintainer_can_modify", "Whether maintainers may push to it."), .flag("draft", "Not yet for review; false: ready for it."),
      ], output: Self.output, holding: Self.holding
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, pull: call.number("pull_number"), call)
      let body = call.body("title", "body", "state", "base", "maintainer_can_modify")
      let draft = call.bool("draft")
      guard !body.isEmpty || draft != nil else {
        throw VendorError(.refused, "There is nothing to change: give title, body, state, base, maintainer_can_modify or draft.")
      }
      let path = repository.path + ["pulls", String(call.number("pull_number"))]
      let made = body.isEmpty ? try await github.get(call, path) : try await github.write(call, .patch, path, body, isIdempotent: true)
      var members = repository.members
      if let draft {
        members["draft"] = .bool(draft)
        if made?["draft"]?.bool != draft {
          do throws(VendorError) { try await Self.mark(github, call, made, asDraft: draft) } catch {
            guard !body.isEmpty else { throw error }
            var error = error
            error.message = "The rest was changed. Then: \(error.message)"
            throw error
          }
        }
      }
      let record = try await github.written(call, made, .pullRequest, adding: members)
      return github.showing(record, "pull_request", .pullRequest, note: "Changed the pull request.")
    }
  }

  /// REST cannot do it.
  private static func mark(_ github: GitHub, _ call: ToolCall, _ pull: RawJSON?, asDraft isDraft: Bool) async throws(VendorError) {
    let (document, name): (GraphQLDocument, String) = isDraft ? (.toDraft, "convertPullRequestToDraft") : (.toReady, "markPullRequestReadyForReview")
    _ = try await github.graphQL(call, document, ["input": ["pullRequestId": try GitHub.nodeID(pull)]], at: [name, "pullRequest"])
  }

  private var merge: Tool {
    github.tool(
      "merge_pull_request", "Merge", .removing, "Merges a pull request. With sha only if its head is still there.",
      [
        .owner, .repo, PullRequestTools.number, .choice("merge_method", ["merge", "squash", "rebase"], "merge if not given."),
        .text("commit_title", "The title of the merge commit.", longest: 256), .long("commit_message", "More of its message."),
        .text("sha", "The head that is meant, as pull_request_read tells it.", longest: 64),
      ],
      output: Output.object([("merged", ["type": "boolean"]), ("sha", ["type": "string"]), ("message", ["type": "string"])], required: ["merged"]),
      holding: [.within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, pull: call.number("pull_number"), call)
      let answer = try await github.write(
        call, .put, repository.path + ["pulls", String(call.number("pull_number")), "merge"], call.body("commit_title", "commit_message", "sha", "merge_method"))
      var structured: JSONObject = ["merged": .bool(answer?["merged"]?.bool ?? false)]
      for name in ["sha", "message"] { if let text = answer?[name]?.string { structured[name] = .string(text) } }
      return github.result(structured, text: answer?["message"]?.string ?? "Merged.")
    }
  }

  private var updateBranch: Tool {
    github.tool(
      "update_pull_request_branch", "Update branch", .setting, "Merges the base into the branch of a pull request. GitHub goes on with it after the answer.",
      [.owner, .repo, PullRequestTools.number, .text("expected_head_sha", "Only if its head is still there.", longest: 64)],
      output: Output.object([("message", ["type": "string"])]), holding: [.within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, pull: call.number("pull_number"), call)
      let answer = try await github.write(
        call, .put, repository.path + ["pulls", String(call.number("pull_number")), "update-branch"], call.body("expected_head_sha"))
      let message = answer?["message"]?.string ?? "Updating the branch."
      return github.result(["message": .string(message)], text: message)
    }
  }

  private var reviewers: Tool {
    github.tool(
      "pull_request_reviewers", "Reviewers", .removing, "Asks people or teams for a review (request), or no longer (remove).",
      [
        .choice("method", ["request", "remove"], "What to do.", required: true), .owner, .repo, PullRequestTools.number, .texts("reviewers", "Logins."),
        .texts("team_reviewers", "Slugs of teams."),
      ], output: Self.output, holding: Self.holding
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, pull: call.number("pull_number"), call)
      var body = call.body("reviewers", "team_reviewers")
      guard !body.isEmpty else { throw VendorError(.refused, "Give reviewers or team_reviewers.") }
      let isRemoval = call.string("method") == "remove"
      // GitHub wants the list of people there even where only teams are meant.
      if isRemoval, body["reviewers"] == nil { body["reviewers"] = [] }
      let path = repository.path + ["pulls", String(call.number("pull_number")), "requested_reviewers"]
      let made = try await github.write(call, isRemoval ? .delete : .post, path, body, isIdempotent: isRemoval)
      let record = try await github.written(call, made, .pullRequest, adding: repository.members)
      return github.showing(record, "pull_request", .pullRequest, note: isRemoval ? "No longer asked." : "Asked for a review.")
    }
  }

  private static let reviewMethods = ["create", "submit", "update", "delete_pending", "dismiss", "comment", "reply"]

  private var review: Tool {
    github.tool(
      "pull_request_review_write", "Review", .changing,
      """
      Writes a review (create; without event it stays pending), ends a pending one (submit), changes its text (update), throws a pending one away \
      (delete_pending), dismisses one (dismiss), comments on a line (comment), or answers such a comment (reply).
      """,
      [
        .choice("method", Self.reviewMethods, "What to do.", required: true), .owner, .repo, PullRequestTools.number,
        .choice("event", ["APPROVE", "REQUEST_CHANGES", "COMMENT"], "To create or submit: the verdict."), .long("body", "The text, in Markdown."),
        .text("commit_id", "The commit that is reviewed; the newest if not given. Needed to comment on a line.", longest: 64),
        .objects(
          "comments", "To create: comments on lines.",
          of: [
            .text("path", "The file.", required: true, longest: 4000), .long("body", "The text.", required: true), .number("line", "The line, the last of several."),
            .choice("side", ["LEFT", "RIGHT"], "Before or after the change."), .number("start_line", "The first of several lines."),
            .choice("start_side", ["LEFT", "RIGHT"], "Its side."),
          ]), .number("review_id", "To submit, update, delete or dismiss: the review's id."),
        .number("comment_id", "To reply: the id of the first comment of the thread."),
        .text("path", "To comment: the file.", longest: 4000), .number("line", "To comment: the line, the last of several."),
        .choice("side", ["LEFT", "RIGHT"], "To comment: before or after the change."), .number("start_line", "To comment: the first of several lines."),
        .choice("start_side", ["LEFT", "RIGHT"], "To comment: its side."), .choice("subject_type", ["line", "file"], "To comment: on a line or the whole file."),
      ],
      output: Output.object([("review", Shape.review.schema), ("comment", Shape.reviewComment.schema)]), holding: [.within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, pull: call.number("pull_number"), call)
      let path = repository.path + ["pulls", String(call.number("pull_number"))]
      switch call.string("method") {
      case "comment":
        var body = call.body("body", "commit_id", "path", "line", "side", "start_line", "start_side", "subject_type")
        for name in ["body", "commit_id", "path"] { body[name] = .string(try call.need(name)) }
        let made = try await github.write(call, .post, path + ["comments"], body)
        return github.showing(Shape.reviewComment.record(made ?? .null), "comment", .reviewComment, note: "Commented.")
      case "reply":
        let made = try await github.write(
          call, .post, path + ["comments", String(try call.needNumber("comment_id")), "replies"], ["body": .string(try call.need("body"))])
        return github.showing(Shape.reviewComment.record(made ?? .null), "comment", .reviewComment, note: "Answered.")
      case let method:
        let made = try await Self.review(github, call, method ?? "", path + ["reviews"])
        return github.showing(Shape.review.record(made ?? .null), "review", .review, note: "Done: \(method ?? "").")
      }
    }
  }

  private static func review(_ github: GitHub, _ call: ToolCall, _ method: String, _ path: [String]) async throws(VendorError) -> RawJSON? {
    if method == "create" { return try await github.write(call, .post, path, call.body("commit_id", "body", "event", "comments")) }
    let one = path + [String(try call.needNumber("review_id"))]
    switch method {
    case "submit":
      var body = call.body("body", "event")
      body["event"] = .string(try call.need("event"))
      return try await github.write(call, .post, one + ["events"], body)
    case "update": return try await github.write(call, .put, one, ["body": .string(try call.need("body"))], isIdempotent: true)
    case "dismiss": return try await github.write(call, .put, one + ["dismissals"], ["message": .string(try call.need("body"))])
    default: return try await github.write(call, .delete, one, isIdempotent: true)
    }
  }
}

extension GraphQLDocument {
  fileprivate static let toDraft = mutation(
    "mutation($input: ConvertPullRequestToDraftInput!) { convertPullRequestToDraft(input: $input) { pullRequest { isDraft } } }")
  fileprivate static let toReady = mutation(
    "mutation($input: MarkPullRequestReadyForReviewInput!) { markPullRequestReadyForReview(input: $input) { pullRequest { isDraft } } }")
}
