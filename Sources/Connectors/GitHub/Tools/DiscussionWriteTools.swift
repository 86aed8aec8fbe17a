internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to discussions.
struct DiscussionWriteTools {
  let github: GitHub

  var tools: [Tool] { [create, comment] }

  private var create: Tool {
    github.tool(
      "create_discussion", "Start a discussion", .adding, "Starts a discussion in a category.",
      [
        .owner, .repo, .text("category", "The category's slug, name or id, as list_discussion_categories tells it.", required: true, longest: 200),
        .text("title", "The title.", required: true, longest: 256), .long("body", "The text, in Markdown.", required: true),
      ], output: Output.object([("discussion", Shape.discussion.schema)], required: ["discussion"]),
      holding: [.one(.discussion, "/discussion"), .within(.discussion), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let category = try await DiscussionTools.category(github, call, repository, call.string("category") ?? "")
      var input = call.body("title", "body")
      try github.permit(
        new: ["title": input["title"] ?? "", "body": input["body"] ?? "", "state": "open", "category": .string(category.name), "labels": []], .discussion,
        in: repository, call)
      input["repositoryId"] = .string(category.repositoryID)
      input["categoryId"] = .string(category.id)
      let made = try await github.graphQL(call, .createDiscussion, ["input": .object(input)], at: ["createDiscussion", "discussion"]).value
      return github.showing(try await github.written(call, made, .discussion), "discussion", .discussion, note: "Started the discussion.")
    }
  }

  private static let methods = ["add", "reply", "update", "delete", "mark_answer", "unmark_answer"]

  private var comment: Tool {
    github.tool(
      "discussion_comment_write", "Comment on a discussion", .changing,
      """
      Comments on a discussion (add), answers a comment (reply), changes one (update), deletes it (delete), or makes it the answer of the discussion \
      (mark_answer) and no longer (unmark_answer).
      """,
      [
        .choice("method", Self.methods, "What to do.", required: true), .owner, .repo, DiscussionTools.number,
        .text("comment_id", "For all but add: the comment's id, as discussion_read tells it.", longest: 200),
        .long("body", "To add, reply or update: the text, in Markdown."),
      ], output: Output.object([("comment", Shape.discussionComment.schema), ("done", ["type": "boolean"])]),
      holding: [.within(.discussion), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let discussion = try await github.discussion(call, repository).id
      let method = call.string("method") ?? ""
      if method == "add" {
        return try await Self.add(github, call, ["discussionId": .string(discussion), "body": .string(try call.need("body"))], "Commented.")
      }
      let comment = try await Self.comment(github, call, of: discussion)
      let id = comment["id"] ?? .null
      switch method {
      case "reply":
        // Answers have no answers: they belong below the comment that began.
        let parent = comment["replyTo"]?["id"].map { JSONValue($0) } ?? JSONValue(id)
        return try await Self.add(github, call, ["discussionId": .string(discussion), "replyToId": parent, "body": .string(try call.need("body"))], "Answered.")
      case "update":
        let input: JSONObject = ["commentId": JSONValue(id), "body": .string(try call.need("body"))]
        let made = try await github.graphQL(call, .updateDiscussionComment, ["input": .object(input)], at: ["updateDiscussionComment", "comment"]).value
        return github.showing(Shape.discussionComment.record(made, isWhole: true), "comment", .discussionComment, note: "Changed the comment.")
      default:
        let (document, place): (GraphQLDocument, String) =
          switch method {
          case "delete": (.deleteDiscussionComment, "deleteDiscussionComment")
          case "mark_answer": (.markAnswer, "markDiscussionCommentAsAnswer")
          default: (.unmarkAnswer, "unmarkDiscussionCommentAsAnswer")
          }
        _ = try await github.graphQL(call, document, ["input": ["id": JSONValue(id)]], at: [place])
        return github.done("Done: \(method).")
      }
    }
  }

  /// A comment by its id, which is one of all of GitHub: it must belong to the discussion that was checked.
  private static func comment(_ github: GitHub, _ call: ToolCall, of discussion: String) async throws(VendorError) -> RawJSON {
    let id = try call.need("comment_id")
    let comment = try await github.graphQL(call, .discussionComment, ["id": .string(id)], at: ["node"]).value
    guard let owner = comment["discussion"]?["id"]?.string, owner == discussion else {
      throw VendorError(.notFound, "The discussion has no comment \(id.prefix(100)). Nothing was changed.")
    }
    return comment
  }

  private static func add(_ github: GitHub, _ call: ToolCall, _ input: JSONObject, _ note: String) async throws(VendorError) -> ToolResult {
    let made = try await github.graphQL(call, .addDiscussionComment, ["input": .object(input)], at: ["addDiscussionComment", "comment"]).value
    return github.showing(Shape.discussionComment.record(made, isWhole: true), "comment", .discussionComment, note: note)
  }
}

extension GraphQLDocument {
  static let createDiscussion = mutation(
    "mutation($input: CreateDiscussionInput!, $body: Boolean = true) { createDiscussion(input: $input) { discussion { ...discussion } } }", discussionFields)
  static let discussionComment = query(
    """
    query($id: ID!) {
      node(id: $id) { ... on DiscussionComment { id replyTo { id } discussion { id } } }
      rateLimit { cost remaining resetAt }
    }
    """)
  static let addDiscussionComment = mutation(
    "mutation($input: AddDiscussionCommentInput!) { addDiscussionComment(input: $input) { comment { ...comment } } }", discussionCommentFields)
  static let updateDiscussionComment = mutation(
    "mutation($input: UpdateDiscussionCommentInput!) { updateDiscussionComment(input: $input) { comment { ...comment } } }", discussionCommentFields,
    isIdempotent: true)
  static let deleteDiscussionComment = mutation(
    "mutation($input: DeleteDiscussionCommentInput!) { deleteDiscussionComment(input: $input) { clientMutationId } }")
  static let markAnswer = mutation(
    "mutation($input: MarkDiscussionCommentAsAnswerInput!) { markDiscussionCommentAsAnswer(input: $input) { clientMutationId } }", isIdempotent: true)
  static let unmarkAnswer = mutation(
    "mutation($input: UnmarkDiscussionCommentAsAnswerInput!) { unmarkDiscussionCommentAsAnswer(input: $input) { clientMutationId } }", isIdempotent: true)
}
