internal import JSON
internal import MCP
internal import SQLConnector

/// What the tools that list rows have in common: `limit`, `cursor` and `fields`, and the form of the result.
struct ListTool {
  /// Also the name of the array in the result.
  let table: SQLTable
  /// Columns that come with every row, so that policy can be checked on it.
  let always: [String]

  static let defaultLimit = 25
  static let maximumLimit = 200

  var outputSchema: JSONValue {
    var row = table.rowSchema
    row["required"] = ["id"]
    return [
      "type": "object",
      "properties": .object([
        table.name: ["type": "array", "items": row],
        "next_cursor": ["type": "string", "description": "Pass it with the same arguments to get what follows. Absent at the end."],
      ]),
      "required": [.string(table.name)],
    ]
  }

  var meta: JSONObject {
    [
      MetaKey.records: .array([table.declaration(rows: "/" + table.name)?.json].compactMap { $0 }),
      MetaKey.categories: .object(table.categories(row: "/\(table.name)/*")),
    ]
  }

  func inputSchema(_ properties: KeyValuePairs<String, JSONValue>, required: [JSONValue] = []) -> JSONValue {
    var all = JSONObject()
    for (name, schema) in properties { all[name] = schema }
    all["limit"] = ["type": "integer", "minimum": 1, "maximum": .int(Self.maximumLimit), "description": .string("Rows a page, \(Self.defaultLimit) if not given.")]
    all["cursor"] = ["type": "string", "description": "next_cursor of the page before."]
    all["fields"] = [
      "type": "array", "items": ["type": "string", "enum": .array(table.columns.map { .string($0.name) })],
      "description": "The fields to answer with; all if not given. A few more may come along.",
    ]
    return ["type": "object", "properties": .object(all), "required": .array(required), "additionalProperties": false]
  }

  func query(_ call: ToolCall, where conditions: [SQLFragment], order: RecordQuery.Order) throws(SQLToolError) -> RecordQuery {
    let limit = call["limit"] == nil ? Self.defaultLimit : call.int("limit") ?? 0
    guard (1...Self.maximumLimit).contains(limit) else { throw SQLToolError("\"limit\" must be a whole number from 1 to \(Self.maximumLimit).") }
    var fields: [String] = []
    for field in (call["fields"].map { Array($0.elements) } ?? []) {
      guard let name = field.string else { throw SQLToolError("\"fields\" must be a list of names.") }
      fields.append(name)
    }
    return RecordQuery(table, where: conditions, order: order, fields: fields, always: always, limit: limit, cursor: call.string("cursor"))
  }

  func result(_ page: RecordPage) -> ToolResult {
    var structured: JSONValue = .object([table.name: .array(page.records)])
    if let cursor = page.nextCursor { structured["next_cursor"] = .string(cursor) }
    return ToolResult(structured: structured, text: page.text)
  }
}
