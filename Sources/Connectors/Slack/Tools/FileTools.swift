internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// Files and canvases.
struct FileTools: Sendable {
  let slack: SlackContext

  var reading: [Tool] { [listFiles, getFile, readCanvas, canvasSections] }
  var writing: [Tool] { [upload, createCanvas, editCanvas] }

  private var listFiles: Tool {
    let shape = SlackFile.shape
    return slack.tool(
      "list_files", "List files", "Lists files, newest first, of a channel or of a person if one is given.",
      [
        Field.text("channel", "A channel's id or name."), Field.text("user", "U..."), Field.text("oldest", "Only what is newer."),
        Field.text("latest", "Only what is older."),
        Field.text("types", "all, images, pdfs, snippets, zips, ... separated by commas."), shape.fields,
      ] + Field.page(limit: 50, most: 100), output: shape.limitedSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      var channel: SlackChannel?
      if let name = call.string("channel") { channel = try await slack.channel(name, as: subject) }
      let oldest = try call.string("oldest").map { text throws(VendorError) in try SlackTime.timestamp(text) }
      let latest = try call.string("latest").map { text throws(VendorError) in try SlackTime.timestamp(text) }
      let place = PageCursor(list: ["list_files", channel?.id ?? "", call.string("user") ?? "", oldest ?? "", latest ?? "", call.string("types") ?? ""])
      let page = try call.string("cursor").map { text throws(VendorError) in Int(try place.vendor(text)) ?? 1 } ?? 1
      let json = try await slack.api.get(
        "files.list",
        [
          ("channel", channel?.id), ("user", call.string("user")), ("ts_from", oldest), ("ts_to", latest), ("types", call.string("types")),
          ("count", String(call.int("limit") ?? 50)), ("page", String(page)), ("show_files_hidden_by_limit", "true"),
        ], as: subject)
      let found = await slack.admitted(SlackContext.elements(json, "files").compactMap { SlackFile($0) }, as: subject)
      let files = try await slack.whole(found, for: shape.rule(call), as: subject)
      let pages = json["paging"]?["pages"]?.int ?? page
      let result = shape.result(
        files.map(\.json), for: call, selection: shape.selection(call), next: page < pages ? place.text(String(page + 1)) : nil,
        total: slack.channels.admitsAll ? json["paging"]?["total"]?.int : nil)
      return slack.told(result, by: json, as: subject, slack.hidden.ofFiles)
    }
  }

  /// A canvas is a file: it may be reached where a channel that it is in may be.
  private func checkCanvas(_ call: ToolCall, as subject: Subject) async throws(VendorError) {
    guard !slack.channels.admitsAll || SlackFile.shape.rule(call).limits else { return }
    _ = try await slack.file(call.string("canvas") ?? "", for: call, as: subject)
  }

  private var getFile: Tool {
    let shape = SlackFile.shape
    return slack.tool(
      "get_file", "Get a file",
      "Gets what is known of a file; with content=true also its text (of PDF and office files without their layout, of a canvas as Markdown), or the image.",
      [Field.text("file", "F...", required: true, length: 20), Field.flag("content", "Download it too.")] + TextPart.fields(), output: FileContent.schema,
      meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let file = try await slack.file(call.string("file") ?? "", for: call, as: subject)
      return call.bool("content") == true ? try await FileContent(slack: slack).result(file, call, as: subject) : shape.result(file.json)
    }
  }

  private var readCanvas: Tool {
    slack.tool(
      "read_canvas", "Read a canvas", "Reads a canvas as Markdown. get_channel tells a channel's own.",
      [Field.text("canvas", "F...", required: true, length: 20)] + TextPart.fields(), output: FileContent.schema, meta: SlackFile.shape.oneMeta
    ) { call, subject throws(VendorError) in
      let file = try await slack.file(call.string("canvas") ?? "", for: call, as: subject)
      guard file.isCanvas else { throw VendorError(.invalid, "This is no canvas. get_file with content=true reads other files.") }
      return try await FileContent(slack: slack).result(file, call, as: subject)
    }
  }

  private var canvasSections: Tool {
    slack.tool(
      "find_canvas_sections", "Find sections of a canvas", "Finds the sections of a canvas that hold a text, for edit_canvas.",
      [Field.text("canvas", "F...", required: true, length: 20), Field.text("text", "What the section holds.", required: true, length: 500)],
      output: [
        "type": "object", "properties": ["sections": ["type": "array", "items": ["type": "object", "properties": ["id": ["type": "string"]], "required": ["id"]]]],
        "required": ["sections"],
      ], meta: SlackFile.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      try await checkCanvas(call, as: subject)
      let json = try await slack.api.post(
        "canvases.sections.lookup", ["canvas_id": .string(call.string("canvas") ?? ""), "criteria": ["contains_text": .string(call.string("text") ?? "")]], as: subject,
        isRead: true)
      let rows = SlackContext.elements(json, "sections").compactMap { $0["id"]?.string }.map { JSONValue.object(["id": .string($0)]) }
      return ToolResult(structured: ["sections": .array(rows)], text: CompactTable(rows, columns: ["id"]).text)
    }
  }

  // MARK: Writing

  /// Slack tells the type of a file by itself.
  private static let content = UploadPlace.fields.filter { $0.name != "mime_type" }

  private var upload: Tool {
    let shape = SlackFile.shape
    return slack.tool(
      "upload_file", "Upload a file", "Uploads a text or bytes as a file, and shares it in a channel if one is given.",
      [Field.text("filename", "With its ending: notes.md.", required: true, length: 255)] + Self.content + [
        Field.text("title", "As it is shown."), Field.text("channel", "Where to share it: id or name."), Field.text("thread_ts", "In which thread."),
        Field.text("comment", "A message along with it."),
      ], output: shape.oneSchema, annotations: .adding, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let bytes = try await slack.uploads.content(call).bytes
      var channel: SlackChannel?
      if call.string("channel") != nil { channel = try await slack.channel(call, for: shape.rule(call), as: subject) }
      var record = record(in: channel)
      record["name"] = call.string("filename").map { .string($0) }
      record["title"] = (call.string("title") ?? call.string("filename")).map { .string($0) }
      record["bytes"] = .int(bytes.readableBytes)
      try await slack.permit(new: record, shape.rule(call), owner: "owner", as: subject)
      let place = try await slack.api.form(
        "files.getUploadURLExternal", [("filename", call.string("filename")), ("length", String(bytes.readableBytes))], as: subject)
      guard let url = place["upload_url"]?.string, let id = place["file_id"]?.string else { throw VendorError(.invalidAnswer, "Slack gave no place for the upload.") }
      try await slack.api.upload(bytes, to: url, as: subject)
      var arguments: JSONObject = ["files": [["id": .string(id), "title": .string(call.string("title") ?? call.string("filename") ?? "")]]]
      if let channel { arguments["channel_id"] = .string(channel.id) }
      if let thread = call.string("thread_ts") { arguments["thread_ts"] = .string(thread) }
      if let comment = call.string("comment") { arguments["initial_comment"] = .string(comment) }
      let json = try await slack.api.post("files.completeUploadExternal", arguments, as: subject)
      var done = SlackContext.elements(json, "files").first.flatMap { SlackFile($0)?.json.object } ?? ["id": .string(id)]
      RecordCategory.describe(&done, slack.categories.of([channel].compactMap { $0 }))
      return shape.result(.object(done), text: "Uploaded as \(id).")
    }
  }

  /// What is known beforehand of a file.
  private func record(in channel: SlackChannel?) -> JSONObject {
    var record: JSONObject = ["visibility": .string(channel.map { $0.isPrivate ? "private" : "public" } ?? "private")]
    if let channel { record["channels"] = [.string(channel.id)] }
    RecordCategory.describe(&record, slack.categories.of([channel].compactMap { $0 }))
    return record
  }

  private static let canvasOutput: JSONValue = ["type": "object", "properties": ["canvas_id": ["type": "string"]], "required": ["canvas_id"]]

  private var createCanvas: Tool {
    slack.tool(
      "create_canvas", "Create a canvas", "Creates a canvas from Markdown, of a channel's own if one is given.",
      [
        Field.text("title", "Its title."), Field.text("markdown", "What is on it.", required: true, length: 100_000),
        Field.text("channel", "A channel whose canvas it becomes: id or name."),
      ],
      output: Self.canvasOutput, annotations: .adding, meta: SlackFile.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let rule = SlackFile.shape.rule(call)
      var arguments: JSONObject = ["document_content": ["type": "markdown", "markdown": .string(call.string("markdown") ?? "")]]
      if let title = call.string("title") { arguments["title"] = .string(title) }
      var method = "canvases.create"
      var channel: SlackChannel?
      if call.string("channel") != nil {
        let found = try await slack.channel(call, for: rule, as: subject)
        arguments["channel_id"] = .string(found.id)
        method = "conversations.canvases.create"
        channel = found
      }
      var record = record(in: channel)
      record["title"] = call.string("title").map { .string($0) }
      try await slack.permit(new: record, rule, owner: "owner", as: subject)
      let json = try await slack.api.post(method, arguments, as: subject)
      let id = json["canvas_id"]?.string ?? ""
      return ToolResult(structured: ["canvas_id": .string(id)], text: "Created canvas \(id).")
    }
  }

  private var editCanvas: Tool {
    slack.tool(
      "edit_canvas", "Edit a canvas", "Changes a canvas: adds Markdown at its start or end, or replaces or deletes a section.",
      [
        Field.text("canvas", "F...", required: true, length: 20),
        Field.text("operation", "What to do.", required: true, oneOf: ["insert_at_start", "insert_at_end", "insert_before", "insert_after", "replace", "delete"]),
        Field.text("section", "As find_canvas_sections gave it; for all but the first two."),
        Field.text("markdown", "The new text; for all but delete.", length: 100_000),
      ], output: Self.canvasOutput, annotations: .changing, meta: SlackFile.shape.type.meta(rows: nil)
    ) { call, subject throws(VendorError) in
      let operation = call.string("operation") ?? ""
      var change: JSONObject = ["operation": .string(operation)]
      if let section = call.string("section") { change["section_id"] = .string(section) }
      if let markdown = call.string("markdown") { change["document_content"] = ["type": "markdown", "markdown": .string(markdown)] }
      guard operation == "delete" || change["document_content"] != nil else { throw VendorError(.refused, "\(operation) needs \"markdown\".") }
      guard operation.hasPrefix("insert_at") || change["section_id"] != nil || operation == "replace" else {
        throw VendorError(.refused, "\(operation) needs \"section\".")
      }
      try await checkCanvas(call, as: subject)
      _ = try await slack.api.post("canvases.edit", ["canvas_id": .string(call.string("canvas") ?? ""), "changes": [.object(change)]], as: subject)
      return ToolResult(structured: ["canvas_id": .string(call.string("canvas") ?? "")], text: "Changed the canvas.")
    }
  }
}
