internal import JSON
internal import MCP

/// `query`, one read-only statement of the caller's own, and `explain`, how the database would run it.
struct QueryTool {
  let connector: SQLConnector

  private static let defaultRows = 100
  private static let annotations = ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false)

  private var statement: JSONValue {
    [
      "type": "string", "minLength": 1, "maxLength": .int(SelectParser.statementBytes),
      "description": "One SELECT, with or without WITH. Name tables as list_tables does.",
    ]
  }

  var tool: Tool {
    let limits = connector.configuration.query
    let meta = TableDeclarations(connector).influence()
    return Tool(
      name: "query", title: "Query",
      description: """
        Runs one read-only \(connector.database.dialect.name) SELECT over the tables of list_tables: the rows and columns that you may see, others are absent or masked. \
        At most \(limits.rows) rows and \(limits.bytes >> 10) KB come back, within \(limits.time). Aggregate in SQL rather than fetching rows.
        """,
      inputSchema: [
        "type": "object",
        "properties": [
          "sql": statement,
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
      annotations: Self.annotations, meta: meta.isEmpty ? nil : meta
    ) { [connector] call in
      try await ToolResult.catching {
        let limit = call.int("limit") ?? Self.defaultRows
        guard (1...limits.rows).contains(limit) else { throw SQLToolError("\"limit\" must be from 1 to \(limits.rows).") }
        let tables = try await connector.currentTables()
        let visible = try connector.governance(call).visible(tables)
        return Self.result(try await connector.watchingSchema { try await connector.database.query(call.string("sql") ?? "", over: visible, rows: limit) })
      }
    }
  }

  private static func result(_ found: SQLRows) -> ToolResult {
    let rows = found.rows.map { $0.map { $0.json() } }
    let structured: JSONValue = [
      "columns": .array(found.columns.map { .string($0) }), "rows": .array(rows.map { .array($0) }), "truncated": .bool(found.isTruncated),
    ]
    var text = CompactTable(columns: found.columns, rows: rows).text
    if found.isTruncated { text += "\n\nThere are more rows: ask for a higher limit, narrow the query, or go on with LIMIT and OFFSET and a fixed ORDER BY." }
    return UntrustedText.mark(ToolResult(structured: structured, text: text), "/rows")
  }

  var explain: Tool {
    let meta = TableDeclarations(connector).influence()
    return Tool(
      name: "explain", title: "Explain a query",
      description: "Tells how the database would run a SELECT, without running it: which indexes it uses, where it reads whole tables. For queries that run too long.",
      inputSchema: ["type": "object", "properties": ["sql": statement], "required": ["sql"], "additionalProperties": false],
      outputSchema: ["type": "object", "properties": ["plan": ["type": "array", "items": ["type": "string"]]], "required": ["plan"]],
      annotations: Self.annotations, meta: meta.isEmpty ? nil : meta
    ) { [connector] call in
      try await ToolResult.catching {
        let tables = try await connector.currentTables()
        let visible = try connector.governance(call).visible(tables)
        let plan = try await connector.watchingSchema { try await connector.database.explain(call.string("sql") ?? "", over: visible) }
        return ToolResult(structured: ["plan": .array(plan.split(separator: "\n").map { .string(String($0)) })], text: plan)
      }
    }
  }
}
