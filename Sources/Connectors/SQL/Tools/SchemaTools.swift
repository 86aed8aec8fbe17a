internal import JSON
internal import MCP

/// `list_tables` and `describe_table`: what the database holds, without any of its rows.
struct SchemaTools {
  let connector: SQLConnector

  var all: [Tool] { [listTables, describeTable] }

  private static let annotations = ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false)

  private var listTables: Tool {
    Tool(
      name: "list_tables", title: "List tables", description: "Lists the tables of the database with their columns. describe_table tells more of one.",
      outputSchema: [
        "type": "object",
        "properties": [
          "tables": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": ["name": ["type": "string"], "description": ["type": "string"], "columns": ["type": "array", "items": ["type": "string"]]],
              "required": ["name", "columns"],
            ],
          ]
        ],
        "required": ["tables"],
      ],
      annotations: Self.annotations
    ) { [connector] _ in
      try await ToolResult.catching {
        let tables = try await connector.currentTables()
        let text = CompactTable(columns: ["table", "columns"], rows: tables.map { [.string($0.name), .string($0.columns.map(\.name).joined(separator: " "))] })
        return ToolResult(structured: TableResources.list(tables), text: text.text)
      }
    }
  }

  private var describeTable: Tool {
    Tool(
      name: "describe_table", title: "Describe a table",
      description: "Tells the columns of a table: types, keys, what they refer to, and the data category of columns that some callers see masked; and its indexes.",
      inputSchema: [
        "type": "object",
        "properties": ["table": ["type": "string", "description": "A name from list_tables."]],
        "required": ["table"], "additionalProperties": false,
      ],
      outputSchema: [
        "type": "object",
        "properties": [
          "name": ["type": "string"], "description": ["type": "string"], "columns": ["type": "array", "items": ["type": "object"]],
          "indexes": ["type": "array", "items": ["type": "object"]],
        ],
        "required": ["name", "columns"],
      ],
      annotations: Self.annotations
    ) { [connector] call in
      try await ToolResult.catching {
        let table = try await connector.currentTable(call.string("table") ?? "")
        let rows: [[JSONValue]] = table.columns.map { column in
          [
            .string(column.name), .string(column.declaredType), .bool(column.isNullable), .string(column.references ?? ""), .string(column.category ?? ""),
            .string(column.description ?? ""),
          ]
        }
        var text = CompactTable(columns: ["column", "type", "nullable", "references", "category", "description"], rows: rows).text
        for index in table.indexes { text += "\n\(index.isUnique ? "unique " : "")index \(index.name): \(index.columns.joined(separator: ", "))" }
        return ToolResult(structured: table.json, text: text)
      }
    }
  }
}
