internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// What is in files and canvases, for models: text where that can be had, else the image.
struct FileContent: Sendable {
  let slack: SlackContext

  static let schema: JSONValue = {
    var schema = SlackFile.shape.oneSchema
    var record = SlackFile.shape.schema
    record["properties"]?["text_length"] = ["type": "integer", "description": "Characters of the whole text."]
    record["properties"]?["next_offset"] = ["type": "integer", "description": "Where to go on. Absent at the end."]
    schema["properties"] = .object([SlackFile.shape.one: record])
    return schema
  }()

  func result(_ file: SlackFile, _ call: ToolCall, as subject: Subject) async throws(VendorError) -> ToolResult {
    let bytes = try await bytes(file, as: subject)
    if file.isCanvas { return try part(of: try canvas(bytes), file, call) }
    if file.mimeType.hasPrefix("image/") {
      let shape = SlackFile.shape
      return shape.mark(ToolResult([.image(bytes, mimeType: file.mimeType)], structured: .object([shape.one: file.json])), below: "/" + shape.one)
    }
    if let format = OfficeText.Format(mimeType: file.mimeType, name: file.json["name"]?.string ?? "") {
      return try part(of: try await slack.office.text(of: bytes, format, maximumBytes: slack.maximumBytes), file, call)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw VendorError(.invalid, "The file is \(file.mimeType), which is not text. Open it by its permalink.")
    }
    return try part(of: text, file, call)
  }

  private func bytes(_ file: SlackFile, as subject: Subject) async throws(VendorError) -> [UInt8] {
    if file.isHidden {
      throw VendorError(.forbidden, "The workspace's plan hides what is in the file: it is older than the plan shows. It was not deleted.")
    }
    guard let url = file.privateURL else { throw VendorError(.invalid, "Slack gives no content of this file. Open it by its permalink.") }
    guard file.bytes <= slack.maximumBytes else { throw VendorError(.tooLarge, "The file has \(file.bytes) bytes; \(slack.maximumBytes) are downloaded at most.") }
    let response = try await slack.api.download(url, as: subject, maximumBytes: slack.maximumBytes)
    // Without permission Slack answers with its sign-in page.
    if !file.isCanvas, response.headers["Content-Type"]?.hasPrefix("text/html") == true, !file.mimeType.contains("html") { throw Self.refused }
    return Array(response.body.readableBytesView)
  }

  private static let refused = VendorError(
    .forbidden, "Slack did not give the file. The app needs the scope files:read, and must be in a channel where the file is.")

  private func canvas(_ html: [UInt8]) throws(VendorError) -> String {
    // A canvas has no forms, and what people write in it is escaped; the sign-in page has one.
    guard html.firstRange(of: Array("<form".utf8)) == nil else { throw Self.refused }
    return CanvasText.markdown(html)
  }

  private func part(of text: String, _ file: SlackFile, _ call: ToolCall) throws(VendorError) -> ToolResult {
    let part = TextPart(of: text, call)
    var record = file.json
    record["text"] = .string(part.text)
    record["text_length"] = .int(part.total)
    if let next = part.next { record["next_offset"] = .int(next) }
    let shown = UntrustedText.framed(part.text, source: file.id) + (part.note.map { "\n" + $0 } ?? "")
    return SlackFile.shape.result(record, text: shown)
  }
}
