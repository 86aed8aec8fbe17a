internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Google documents by their structure (Docs v1). For reading, read_content is shorter; this gives the indexes that changes need.
struct DocumentTools: Sendable {
  let drive: DriveContext

  var reading: [Tool] { [get] }
  var writing: [Tool] { [update] }

  private var get: Tool {
    drive.tool(
      "get_document", "Get a document's structure", "Gets the paragraphs of a Google document with their places, for update_document.",
      [
        DriveContext.fileField, Field.text("tab", "The id of a tab; the first if not given.", length: 200),
        Field.integer("offset", "The first paragraph to give, 0 if not given.", 0...Int.max), Field.integer("length", "How many paragraphs, 200 if not given.", 1...2000),
      ],
      output: [
        "type": "object",
        "properties": [
          "id": ["type": "string"], "title": ["type": "string"], "revision": ["type": "string", "description": "Pass it to update_document."],
          "tabs": ["type": "array", "items": ["type": "object", "properties": ["id": ["type": "string"], "title": ["type": "string"]]]],
          "paragraphs": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "start": ["type": "integer"], "end": ["type": "integer"], "style": ["type": "string"], "in": ["type": "string", "description": "table, or contents."],
                "bullet": ["type": "boolean"], "text": ["type": "string"],
              ],
            ],
          ], "total_paragraphs": ["type": "integer"], "next_offset": ["type": "integer"],
        ], "required": ["id", "paragraphs"],
      ], meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let (id, json) = try await drive.following(call, as: subject) { id throws(VendorError) in
        try await drive.api.docs(
          path: "/v1/documents/\(PercentEncoding.segment(id))", [("includeTabsContent", "true"), ("suggestionsViewMode", "PREVIEW_WITHOUT_SUGGESTIONS")], as: subject,
          maximumBytes: max(drive.maximumBytes, 16 << 20))
      }
      return try Self.result(json, id, call)
    }
  }

  private static func result(_ json: RawJSON, _ id: String, _ call: ToolCall) throws(VendorError) -> ToolResult {
    let tabs = flat(DriveContext.elements(json, "tabs"))
    let wanted = call.string("tab")
    let tab = wanted.map { wanted in tabs.first { $0["tabProperties"]?["tabId"]?.string == wanted } } ?? tabs.first
    if wanted != nil, tab == nil { throw VendorError(.notFound, "The document has no such tab.") }
    // Documents that are asked for without tabs, and older recordings, have the body at the top.
    let body = tab?["documentTab"]?["body"] ?? json["body"]
    var paragraphs: [JSONValue] = []
    collect(DriveContext.elements(body, "content"), nil, 0, &paragraphs)
    let (offset, length) = (call.int("offset") ?? 0, call.int("length") ?? 200)
    let shown = Array(paragraphs.dropFirst(offset).prefix(length))
    var structured: JSONValue = [
      "id": .string(id), "title": .string(json["title"]?.string ?? ""), "paragraphs": .array(shown), "total_paragraphs": .int(paragraphs.count),
      "tabs": .array(
        tabs.map { ["id": .string($0["tabProperties"]?["tabId"]?.string ?? ""), "title": .string($0["tabProperties"]?["title"]?.string ?? "")] }),
    ]
    if let revision = json["revisionId"]?.string { structured["revision"] = .string(revision) }
    if offset + shown.count < paragraphs.count { structured["next_offset"] = .int(offset + shown.count) }
    let text = CompactTable(shown, columns: ["start", "end", "style", "text"]).text
    return UntrustedText.mark(ToolResult(structured: structured, text: UntrustedText.framed(text, source: id)), "/title", "/paragraphs")
  }

  /// Tabs may hold tabs.
  private static func flat(_ tabs: [RawJSON]) -> [RawJSON] { tabs.flatMap { [$0] + flat(DriveContext.elements($0, "childTabs")) } }

  private static func collect(_ elements: [RawJSON], _ place: String?, _ depth: Int, _ paragraphs: inout [JSONValue]) {
    guard depth < 20 else { return }
    for element in elements {
      if let paragraph = element["paragraph"] {
        var row: JSONObject = ["start": .int(element["startIndex"]?.int ?? 0), "end": .int(element["endIndex"]?.int ?? 0)]
        if let style = paragraph["paragraphStyle"]?["namedStyleType"]?.string { row["style"] = .string(style) }
        if let place { row["in"] = .string(place) }
        if paragraph["bullet"] != nil { row["bullet"] = true }
        let texts = DriveContext.elements(paragraph, "elements").compactMap { part in
          part["textRun"]?["content"]?.string ?? part["person"]?["personProperties"]?["email"]?.string ?? part["richLink"]?["richLinkProperties"]?["uri"]?.string
        }
        row["text"] = .string(texts.joined())
        paragraphs.append(.object(row))
      } else if let table = element["table"] {
        for row in DriveContext.elements(table, "tableRows") {
          for cell in DriveContext.elements(row, "tableCells") { collect(DriveContext.elements(cell, "content"), "table", depth + 1, &paragraphs) }
        }
      } else if let contents = element["tableOfContents"] {
        collect(DriveContext.elements(contents, "content"), "contents", depth + 1, &paragraphs)
      }
    }
  }

  private var update: Tool {
    drive.tool(
      "update_document", "Change a document", "Changes a Google document: all requests together, or none.",
      [
        DriveContext.fileField,
        Field(
          "requests",
          [
            "type": "array", "minItems": 1, "maxItems": 200, "items": ["type": "object", "minProperties": 1, "maxProperties": 1],
            "description":
              "Requests of the Docs API's batchUpdate, one member each: {\"insertText\": {\"endOfSegmentLocation\": {}, \"text\": \"...\"}}, {\"replaceAllText\": {\"containsText\": {\"text\": \"old\"}, \"replaceText\": \"new\"}}.",
          ], required: true),
        Field.text("revision", "From get_document: refused if the document has changed since.", length: 500),
      ],
      output: ["type": "object", "properties": ["id": ["type": "string"], "replies": ["type": "array", "items": ["type": "object"]]], "required": ["id"]],
      annotations: ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true), meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      var body: JSONObject = ["requests": call["requests"].map { JSONValue($0) } ?? []]
      if let revision = call.string("revision") { body["writeControl"] = ["requiredRevisionId": .string(revision)] }
      let document = JSONValue.object(body)
      let (id, json) = try await drive.following(call, as: subject) { id throws(VendorError) in
        try await drive.api.docs(.post, path: "/v1/documents/\(PercentEncoding.segment(id)):batchUpdate", [], document, as: subject, isIdempotent: false)
      }
      let replies = DriveContext.elements(json, "replies").map { JSONValue($0) }
      return ToolResult(structured: ["id": .string(json["documentId"]?.string ?? id), "replies": .array(replies)], text: "Changed the document.")
    }
  }
}
