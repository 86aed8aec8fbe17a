internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Comments on files, and the replies to them. The API wants `fields` with each of them and knows no `supportsAllDrives`.
struct CommentTools: Sendable {
  let drive: DriveContext

  var reading: [Tool] { [list, get, replies] }
  var writing: [Tool] { [add, update, delete, reply] }

  private static let comment = Field.text("comment", "The comment's id, from list_comments.", required: true, length: 200)
  private static let text = Field.text("text", "What it says, as plain text.", required: true, length: 4096)
  private static let whole: [(name: String, value: String?)] = [("fields", DriveRecords.commentFields)]

  private var list: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "list_comments", "List comments", "Lists the comments on a file with their replies.",
      [
        DriveContext.fileField, Field.text("since", "Only what changed since: 2026-07-28, or a time."), Field.flag("deleted", "Deleted ones too, without their text."),
        shape.fields,
      ] + Field.page(limit: 20, most: 100), output: shape.listSchema, meta: DriveContext.meta(shape)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      var since: String?
      if let text = call.string("since") {
        guard let seconds = Timestamp.seconds(text) else { throw VendorError(.refused, "\"since\" must be a date such as 2026-07-28, or a time.") }
        since = Timestamp.text(seconds: seconds)
      }
      let deleted = call.bool("deleted").map { String($0) }
      return UntrustedText.mark(
        try await drive.page(
          call, subject, ["files", id, "comments"], [("startModifiedTime", since), ("includeDeleted", deleted)], member: "comments", fields: DriveRecords.commentFields,
          list: ["list_comments", id, since ?? "", deleted ?? ""], shape: shape, limit: 20
        ) { DriveRecords.comment($0, file: id) }, "/comments")
    }
  }

  private var get: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "get_comment", "Get a comment", "Gets a comment with its replies.", [DriveContext.fileField, Self.comment], output: shape.oneSchema,
      meta: DriveContext.meta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      return try Self.result(try await drive.api.get(["files", id, "comments", call.string("comment") ?? ""], Self.whole, as: subject), id)
    }
  }

  private var replies: Tool {
    let shape = DriveRecords.reply
    return drive.tool(
      "list_replies", "List replies", "Lists the replies to a comment.", [DriveContext.fileField, Self.comment, shape.fields] + Field.page(limit: 20, most: 100),
      output: shape.listSchema, meta: DriveContext.meta(shape)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let comment = call.string("comment") ?? ""
      return UntrustedText.mark(
        try await drive.page(
          call, subject, ["files", id, "comments", comment, "replies"], [], member: "replies", fields: DriveRecords.replyFields, list: ["list_replies", id, comment],
          shape: shape, limit: 20
        ) { DriveRecords.reply($0, file: id, comment: comment) }, "/replies")
    }
  }

  private static func result(_ json: RawJSON?, _ id: String) throws(VendorError) -> ToolResult {
    guard let record = json.flatMap({ DriveRecords.comment($0, file: id) }) else { throw VendorError(.invalidAnswer, "Google described the comment in no known form.") }
    return UntrustedText.mark(DriveRecords.comment.result(record), "/comment")
  }

  // MARK: Writing

  private var add: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "add_comment", "Comment on a file", "Adds a comment to a file as a whole, or about a text that is in it.",
      [DriveContext.fileField, Self.text, Field.text("quoted", "The text in the file that it is about.", length: 2000)], output: shape.oneSchema, annotations: .adding,
      meta: DriveContext.meta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      var body: JSONObject = ["content": .string(call.string("text") ?? "")]
      if let quoted = call.string("quoted") { body["quotedFileContent"] = ["mimeType": "text/plain", "value": .string(quoted)] }
      return try Self.result(try await drive.api.send(.post, ["files", id, "comments"], Self.whole, .object(body), as: subject, isIdempotent: false), id)
    }
  }

  private var update: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "update_comment", "Change a comment", "Replaces the text of a comment of the same account.", [DriveContext.fileField, Self.comment, Self.text],
      output: shape.oneSchema,
      annotations: .changing, meta: DriveContext.meta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      return try Self.result(
        try await drive.api.send(
          .patch, ["files", id, "comments", call.string("comment") ?? ""], Self.whole, ["content": .string(call.string("text") ?? "")], as: subject, isIdempotent: true),
        id)
    }
  }

  private var delete: Tool {
    drive.tool(
      "delete_comment", "Delete a comment", "Deletes a comment of the same account.", [DriveContext.fileField, Self.comment], output: DriveContext.doneSchema,
      annotations: .changing, meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let comment = call.string("comment") ?? ""
      _ = try await drive.api.send(.delete, ["files", id, "comments", comment], [], nil, as: subject, isIdempotent: true)
      return DriveContext.done(comment, "Deleted.")
    }
  }

  private var reply: Tool {
    let shape = DriveRecords.reply
    return drive.tool(
      "reply_to_comment", "Reply to a comment", "Replies to a comment, and resolves or opens it again where that is said.",
      [
        DriveContext.fileField, Self.comment, Field.text("text", "What it says; may be left out with an action.", length: 4096),
        Field.text("action", "What becomes of the comment.", oneOf: ["resolve", "reopen"]),
      ], output: shape.oneSchema, annotations: .adding, meta: DriveContext.meta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      var body = JSONObject()
      if let text = call.string("text") { body["content"] = .string(text) }
      if let action = call.string("action") { body["action"] = .string(action) }
      guard !body.isEmpty else { throw VendorError(.refused, "Give text, an action, or both.") }
      let id = try await drive.admitted(call, as: subject)
      let comment = call.string("comment") ?? ""
      let json = try await drive.api.send(
        .post, ["files", id, "comments", comment, "replies"], [("fields", DriveRecords.replyFields)], .object(body), as: subject, isIdempotent: false)
      guard let record = json.flatMap({ DriveRecords.reply($0, file: id, comment: comment) }) else {
        throw VendorError(.invalidAnswer, "Google described the reply in no known form.")
      }
      return UntrustedText.mark(shape.result(record), "/reply")
    }
  }
}
