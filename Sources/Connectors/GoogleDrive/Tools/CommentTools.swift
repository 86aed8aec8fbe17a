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
      ] + Field.page(limit: 20, most: 100), output: shape.listSchema, meta: DriveContext.meta(shape, touching: DriveRecords.reply)
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
        ) { comment($0, id, call) }, "/comments")
    }
  }

  private var get: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "get_comment", "Get a comment", "Gets a comment with its replies.", [DriveContext.fileField, Self.comment], output: shape.oneSchema,
      meta: DriveContext.meta(shape, isList: false, touching: DriveRecords.reply)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let json = try await drive.api.get(["files", id, "comments", call.string("comment") ?? ""], Self.whole, as: subject)
      return Self.result(try drive.permitted(comment(json, id, call), shape, call))
    }
  }

  private var replies: Tool {
    let shape = DriveRecords.reply
    return drive.tool(
      "list_replies", "List replies", "Lists the replies to a comment.", [DriveContext.fileField, Self.comment, shape.fields] + Field.page(limit: 20, most: 100),
      output: shape.listSchema, meta: DriveContext.meta(shape, touching: DriveRecords.comment)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let comment = call.string("comment") ?? ""
      try await check(id, call, subject)
      return UntrustedText.mark(
        try await drive.page(
          call, subject, ["files", id, "comments", comment, "replies"], [], member: "replies", fields: DriveRecords.replyFields, list: ["list_replies", id, comment],
          shape: shape, limit: 20
        ) { DriveRecords.reply($0, file: id, comment: comment) }, "/replies")
    }
  }

  private static func result(_ record: JSONValue) -> ToolResult { UntrustedText.mark(DriveRecords.comment.result(record), "/comment") }

  /// A comment with those of its replies that the caller may see.
  private func comment(_ raw: RawJSON, _ file: String, _ call: ToolCall) -> JSONValue? {
    guard var record = DriveRecords.comment(raw, file: file) else { return nil }
    if let replies = record["replies"]?.array { record["replies"] = .array(replies.filter { drive.admits($0, DriveRecords.reply, call) }) }
    return record
  }

  /// Checks a comment before it is changed, or its replies are read or added to.
  private func check(_ id: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    let path = ["files", id, "comments", call.string("comment") ?? ""]
    try await drive.check(DriveRecords.comment, path, fields: DriveRecords.commentFields, call, as: subject) { DriveRecords.comment($0, file: id) }
  }

  // MARK: Writing

  private var add: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "add_comment", "Comment on a file", "Adds a comment to a file as a whole, or about a text that is in it.",
      [DriveContext.fileField, Self.text, Field.text("quoted", "The text in the file that it is about.", length: 2000)], output: shape.oneSchema, annotations: .adding,
      meta: DriveContext.meta(shape, isList: false, touching: DriveRecords.reply)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      var new: JSONObject = ["file": .string(id), "text": .string(call.string("text") ?? ""), "resolved": false, "deleted": false]
      if let quoted = call.string("quoted") { new["quoted"] = .string(quoted) }
      try await drive.check(new: new, shape, own: "author", call, as: subject)
      var body: JSONObject = ["content": .string(call.string("text") ?? "")]
      if let quoted = call.string("quoted") { body["quotedFileContent"] = ["mimeType": "text/plain", "value": .string(quoted)] }
      let json = try await drive.api.send(.post, ["files", id, "comments"], Self.whole, .object(body), as: subject, isIdempotent: false)
      return Self.result(try drive.written(json.flatMap { comment($0, id, call) }, shape, call))
    }
  }

  private var update: Tool {
    let shape = DriveRecords.comment
    return drive.tool(
      "update_comment", "Change a comment", "Replaces the text of a comment of the same account.", [DriveContext.fileField, Self.comment, Self.text],
      output: shape.oneSchema,
      annotations: .changing, meta: DriveContext.meta(shape, isList: false, touching: DriveRecords.reply)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      try await check(id, call, subject)
      let json = try await drive.api.send(
        .patch, ["files", id, "comments", call.string("comment") ?? ""], Self.whole, ["content": .string(call.string("text") ?? "")], as: subject, isIdempotent: true)
      return Self.result(try drive.written(json.flatMap { comment($0, id, call) }, shape, call))
    }
  }

  private var delete: Tool {
    drive.tool(
      "delete_comment", "Delete a comment", "Deletes a comment of the same account.", [DriveContext.fileField, Self.comment], output: DriveContext.doneSchema,
      annotations: .changing, meta: DriveContext.meta(touching: DriveRecords.comment)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let comment = call.string("comment") ?? ""
      try await check(id, call, subject)
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
      ], output: shape.oneSchema, annotations: .adding, meta: DriveContext.meta(shape, isList: false, touching: DriveRecords.comment)
    ) { call, subject throws(VendorError) in
      var body = JSONObject()
      if let text = call.string("text") { body["content"] = .string(text) }
      if let action = call.string("action") { body["action"] = .string(action) }
      guard !body.isEmpty else { throw VendorError(.refused, "Give text, an action, or both.") }
      let id = try await drive.admitted(call, as: subject)
      let comment = call.string("comment") ?? ""
      try await check(id, call, subject)
      var new: JSONObject = ["file": .string(id), "comment": .string(comment), "deleted": false]
      for (member, own) in [("content", "text"), ("action", "action")] { new[own] = body[member] }
      try await drive.check(new: new, shape, own: "author", call, as: subject)
      let json = try await drive.api.send(
        .post, ["files", id, "comments", comment, "replies"], [("fields", DriveRecords.replyFields)], .object(body), as: subject, isIdempotent: false)
      return UntrustedText.mark(shape.result(try drive.written(json.flatMap { DriveRecords.reply($0, file: id, comment: comment) }, shape, call)), "/reply")
    }
  }
}
