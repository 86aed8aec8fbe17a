internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// What an API answered, as a tool's result: `{status, body}`, whatever the description promised of the body.
enum OperationAnswer {
  static let outputSchema: JSONValue = [
    "type": "object",
    "properties": [
      "status": ["type": "integer", "description": "The HTTP status."], "body": ["description": "The answer: JSON, or text."],
      "content_type": ["type": "string"], "bytes": ["type": "integer", "description": "How long a binary answer was; it is not shown."],
      "next": ["type": "object", "description": "The arguments to change for the next page. Absent at the end, or where the body tells it."],
    ],
    "required": ["status"],
  ]

  /// - Parameters:
  ///   - fields: the members to show; empty for all.
  ///   - next: what another call gets the next page with (``NextPage``).
  static func result(_ response: VendorResponse, fields: [String], next: JSONObject?) -> ToolResult {
    var structured: JSONValue = ["status": .int(response.status.code)]
    if let next { structured["next"] = .object(next) }
    let type = response.headers["Content-Type"] ?? ""
    if let json = response.json, type.contains("json") || type.isEmpty {
      let body = fields.isEmpty ? JSONValue(json) : selected(JSONValue(json), fields)
      structured["body"] = body
      var text = body.array.flatMap { rows in table(rows) } ?? body.text
      if let next { text += "\n\nThere is more: call again with \(next.map { "\($0.name)=\($0.value.string ?? $0.value.text)" }.joined(separator: ", "))." }
      return UntrustedText.mark(ToolResult(structured: structured, text: text), "/body")
    }
    structured["content_type"] = .string(type)
    guard response.body.readableBytes > 0 else { return ToolResult(structured: structured, text: "Done (\(response.status.code)).") }
    guard let text = String(validating: response.body.readableBytesView, as: UTF8.self), isText(type) else {
      structured["bytes"] = .int(response.body.readableBytes)
      if type.hasPrefix("image/"), response.body.readableBytes <= 1 << 20 {
        return ToolResult([.image(Array(response.body.readableBytesView), mimeType: type)], structured: structured)
      }
      return ToolResult(structured: structured, text: "The answer is \(response.body.readableBytes) bytes of \(type), which are not shown.")
    }
    structured["body"] = .string(text)
    return UntrustedText.mark(ToolResult(structured: structured, text: text), "/body")
  }

  private static func isText(_ type: String) -> Bool {
    type.hasPrefix("text/") || type.isEmpty || ["xml", "json", "yaml", "javascript", "csv", "urlencoded"].contains { type.contains($0) }
  }

  /// The members that were asked for, of an object or of the objects of a list.
  private static func selected(_ value: JSONValue, _ fields: [String]) -> JSONValue {
    switch value {
    case .array(let values): return .array(values.map { selected($0, fields) })
    case .object(let object):
      var result = JSONObject()
      for (name, member) in object where fields.contains(name) { result[name] = member }
      // Lists wrapped in an object are looked into as well.
      for (name, member) in object where result[name] == nil && member.array?.first?.object != nil { result[name] = selected(member, fields) }
      return .object(result)
    default: return value
    }
  }

  /// Flat objects make a table; nested ones stay JSON.
  private static func table(_ rows: [JSONValue]) -> String? {
    guard rows.count > 1, let first = rows.first?.object, first.count <= 12,
      rows.allSatisfy({ row in row.object?.allSatisfy { $0.value.object == nil && $0.value.array == nil } ?? false })
    else { return nil }
    return CompactTable(rows, columns: first.map(\.name)).text
  }
}
