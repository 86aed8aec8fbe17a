internal import ConnectorKit
internal import JSON
internal import MCP
internal import NIOCore

/// What is in files.
struct ContentTools: Sendable {
  let drive: DriveContext
  let reader: ContentReader

  var tools: [Tool] { [read, download] }

  private static let schema: JSONValue = {
    var record = DriveFile.shape.schema
    var properties = record["properties"] ?? [:]
    properties["text_length"] = ["type": "integer", "description": "Characters of the whole text."]
    properties["next_offset"] = ["type": "integer", "description": "Where to go on. Absent at the end."]
    properties["content_type"] = ["type": "string"]
    properties["note"] = ["type": "string"]
    record["properties"] = properties
    return ["type": "object", "properties": ["file": record], "required": ["file"]]
  }()

  private var read: Tool {
    drive.tool(
      "read_content", "Read a file",
      "Reads what is in a file: Google documents as Markdown, spreadsheets as CSV, presentations as text, drawings and images as pictures, PDF and office files as plain text.",
      [
        DriveContext.fileField,
        Field.text("format", "Another form of a Google document; its best one if not given.", oneOf: ["markdown", "text", "html", "csv", "tsv", "svg", "png", "json"]),
      ] + TextPart.fields() + [
        Field.text("revision", "An earlier state of a file that is not a Google document, from list_revisions.", length: 200)
      ], output: Self.schema, meta: DriveContext.meta(DriveFile.shape, isList: false, touching: DriveRecords.revision)
    ) { call, subject throws(VendorError) in
      let file = try await drive.reached(call, as: subject)
      try await checkRevision(file, call, subject)
      let content = try await reader.read(file, format: call.string("format"), revision: call.string("revision"), as: subject)
      switch content {
      case .bytes(let bytes, let mimeType):
        var record = file.json
        record["content_type"] = .string(mimeType)
        let name = String(mimeType.prefix { $0 != ";" })
        guard name.hasPrefix("image/") else { throw VendorError(.invalid, "This form is not text. download_file gives its bytes.") }
        return UntrustedText.mark(ToolResult([.image(Array(bytes.readableBytesView), mimeType: name)], structured: ["file": record]), "/file")
      case .text(let text, let mimeType, let note): return Self.result(file, text, mimeType, note, call)
      }
    }
  }

  /// Checks the earlier state that is asked for, if one is.
  private func checkRevision(_ file: DriveFile, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    guard let revision = call.string("revision") else { return }
    try await drive.check(DriveRecords.revision, ["files", file.id, "revisions", revision], fields: DriveRecords.revisionFields, call, as: subject) {
      DriveRecords.revision($0, file: file.id)
    }
  }

  private static func result(_ file: DriveFile, _ text: String, _ mimeType: String, _ note: String?, _ call: ToolCall) -> ToolResult {
    let part = TextPart(of: text, call)
    var record = file.json
    record["text"] = .string(part.text)
    record["content_type"] = .string(mimeType)
    record["text_length"] = .int(part.total)
    if let next = part.next { record["next_offset"] = .int(next) }
    if let note { record["note"] = .string(note) }
    let notes = [note, part.note].compactMap { $0.map { "\n" + $0 } }.joined()
    let shown = "\(file.name) (\(file.id))\n" + UntrustedText.framed(part.text, source: file.id) + notes
    return UntrustedText.mark(ToolResult(structured: ["file": record], text: shown), "/file")
  }

  private var download: Tool {
    drive.tool(
      "download_file", "Download a file", "Gives the bytes of a file, or of a Google document in a form such as pdf or docx.",
      [
        DriveContext.fileField, Field.text("format", "Of a Google document; pdf if not given.", oneOf: ExportFormat.names),
        Field.text("revision", "An earlier state, from list_revisions.", length: 200),
        Field.flag("prepared", "Let Google prepare the download first: for what is too large to be exported at once."),
      ],
      output: [
        "type": "object",
        "properties": ["file": DriveFile.briefSchema, "content_type": ["type": "string"], "downloaded_bytes": ["type": "integer"]],
        "required": ["file"],
      ], meta: DriveContext.meta(DriveFile.shape, isList: false, touching: DriveRecords.revision)
    ) { call, subject throws(VendorError) in
      let file = try await drive.reached(call, as: subject)
      try await checkRevision(file, call, subject)
      guard !file.isFolder else { throw VendorError(.refused, "This is a folder. list_folder tells what is in it.") }
      let format = file.isGoogleDocument ? try ExportFormat.find(call.string("format") ?? "pdf", of: file) : nil
      guard format != nil || call.string("format") == nil else { throw VendorError(.refused, "Only Google's documents have forms; this is \(file.mimeType).") }
      let revision = call.string("revision")
      let bytes: ByteBuffer
      if call.bool("prepared") == true {
        bytes = try await drive.api.preparedBytes(file.id, format?.mimeType, revision: revision, as: subject, maximumBytes: drive.maximumBytes).body
      } else if let format {
        guard revision == nil else { throw VendorError(.refused, "Earlier revisions of Google's documents come with prepared only.") }
        bytes = try await reader.exported(file, format, as: subject)
      } else {
        bytes = try await reader.bytes(file, revision: revision, as: subject)
      }
      let mimeType = format?.mimeType ?? file.mimeType
      let contents = ResourceContents.blob(Array(bytes.readableBytesView), mimeType: mimeType, uri: DriveResources.uri(file.id, format?.name))
      return UntrustedText.mark(
        ToolResult(
          [.text("\(file.name): \(bytes.readableBytes) bytes, \(mimeType)."), .resource(contents)],
          structured: ["file": file.json, "content_type": .string(mimeType), "downloaded_bytes": .int(bytes.readableBytes)]), "/file")
    }
  }
}
