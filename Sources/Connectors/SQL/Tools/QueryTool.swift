internal import JSON
internal import MCP

/// `query`: one read-only statement of the caller's own.
struct QueryTool {
  let connector: SQLConnector

  private static let defaultRows = 100

  var tool: Tool {
    let limits = connector.configuration.query
    let declarations = connector.tables.compactMap { $0.declaration(rows: nil)?.json }
    var meta = JSONObject()
    if !declarations.isEmpty { meta[MetaKey.records] = .array(declarations) }
    return Tool(
      name: "query", title: "Query",
      description: """
        Runs one read-only SQLite SELECT over the tables of list_tables: the rows and columns that you may see, others are absent or masked. \
        At most \(limits.rows) rows and \(limits.bytes >> 10) KB come back, within \(limits.time). Aggregate in SQL rather than fetching rows.
        """,
      inputSchema: [
        "type": "object",
        "properties": [
          "sql": [
            "type": "string", "minLength": 1, "maxLength": .int(QueryConnection.statementBytes),
            "description": "One SELECT, with or without WITH. Name tables without a schema.",
          ],
          "limit": [
            "type": "integer", "minimum": 1, "maximum": .int(limits.rows), "description": .string("The most rows to answer with, \(Self.defaultRows) if not given."),
          ],
        ],
        "required": ["sql"], "additionalProperties": false,
      ],
      outputSchema: [
        "type": "object",
        "properties": [
          "columns": ["type": "array", "items": ["type": "string"]],
          "rows": ["type": "array", "items": ["type": "array"], "description": "Values in the order of columns."],
          "truncated": ["type": "boolean", "description": "Whether there are more rows than these."],
        ],
        "required": ["columns", "rows", "truncated"],
      ],
      annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false), meta: meta.isEmpty ? nil : meta
    ) { [connector] call in
      try await ToolResult.catching {
        let limit = call.int("limit") ?? Self.defaultRows
        guard (1...limits.rows).contains(limit) else { throw SQLToolError("\"limit\" must be from 1 to \(limits.rows).") }
        let governance = try connector.governance(call)
        var tables: [String: SQLFragment] = [:]
        for table in connector.tables { tables[table.name] = governance.visible(table) }
        return Self.result(try await connector.sandbox.run(call.string("sql") ?? "", tables: tables, rows: limit))
      }
    }
  }

  private static func result(_ found: QueryResult) -> ToolResult {
    let rows = found.rows.map { $0.map { $0.json() } }
    let structured: JSONValue = [
      "columns": .array(found.columns.map { .string($0) }), "rows": .array(rows.map { .array($0) }), "truncated": .bool(found.isTruncated),
    ]
    var text = ResultText(columns: found.columns, rows: rows).text
    if found.isTruncated { text += "\n\nThere are more rows: ask for a higher limit, narrow the query, or go on with LIMIT and OFFSET and a fixed ORDER BY." }
    return ToolResult(structured: structured, text: text)
  }
}
