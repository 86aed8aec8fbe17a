internal import JSON
internal import MCP

/// `list_rows`: the rows of one table by typed conditions, a page at a time.
struct RowsTool {
  let connector: SQLConnector

  private static let defaultLimit = 25
  private static let maximumLimit = 500
  private static let comparisons: [String: StaticString] = ["=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="]

  var tool: Tool {
    let declarations = TableDeclarations(connector)
    let meta = declarations.meta("rows")
    return Tool(
      name: "list_rows", title: "List rows",
      description: """
        Lists the rows of a table that you may see, a page at a time. All conditions must hold. For sums, counts and joins use query instead.
        """,
      inputSchema: Self.inputSchema,
      outputSchema: [
        "type": "object",
        "properties": [
          "table": ["type": "string"],
          "rows": [
            "type": "object", "additionalProperties": ["type": ["array", "null"], "items": ["type": "object"]], "description": "The rows, under the name of the table.",
          ],
          "next_cursor": ["type": "string", "description": "Pass it with the same arguments to get what follows. Absent at the end."],
        ],
        "required": ["table", "rows"],
      ],
      annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false), meta: meta.isEmpty ? nil : meta
    ) { [connector] call in
      try await ToolResult.catching {
        let table = try await connector.currentTable(call.string("table") ?? "")
        var query = RecordQuery(table, order: try Self.order(call.string("order"), table), always: table.primaryKey.map(\.name), cursor: call.string("cursor"))
        query.conditions = try (call["where"].map { Array($0.elements) } ?? []).map { condition throws(SQLToolError) in
          try Self.condition(JSONValue(condition), table, connector.database.dialect)
        }
        query.fields = call.arguments.elements(of: "fields").compactMap(\.string)
        query.binary = call.bool("binary") ?? false
        query.limit = call.int("limit") ?? Self.defaultLimit
        guard (1...Self.maximumLimit).contains(query.limit) else { throw SQLToolError("\"limit\" must be a whole number from 1 to \(Self.maximumLimit).") }
        let page = try await connector.page(query, for: call)
        var structured: JSONValue = ["table": .string(table.name), "rows": declarations.structured(table, .array(page.records))]
        if let cursor = page.nextCursor { structured["next_cursor"] = .string(cursor) }
        return UntrustedText.mark(ToolResult(structured: structured, text: page.text), "/rows")
      }
    }
  }

  private static let inputSchema: JSONValue = [
    "type": "object",
    "properties": [
      "table": ["type": "string", "description": "A name from list_tables."],
      "where": [
        "type": "array", "maxItems": 20,
        "items": [
          "type": "object",
          "properties": [
            "column": ["type": "string"],
            "is": [
              "type": "string", "enum": ["=", "!=", "<", "<=", ">", ">=", "like", "null", "not null"],
              "description": "= if not given. like knows % and _; null and not null take no value.",
            ],
            "value": ["type": ["string", "number", "boolean"]],
          ],
          "required": ["column"], "additionalProperties": false,
        ],
      ],
      "order": ["type": "string", "description": "A column that is never null; a minus before it means descending. The primary key if not given."],
      "fields": [
        "type": "array", "items": ["type": "string"], "maxItems": 200, "description": "The columns to answer with; all if not given. A few more may come along.",
      ],
      "limit": ["type": "integer", "minimum": 1, "maximum": 500, "description": "Rows a page, 25 if not given."],
      "cursor": ["type": "string", "description": "next_cursor of the page before."],
      "binary": ["type": "boolean", "description": "Whether binary values come in hexadecimal; otherwise their size does."],
    ],
    "required": ["table"], "additionalProperties": false,
  ]

  private static func order(_ text: String?, _ table: SQLTable) throws(SQLToolError) -> RecordQuery.Order {
    guard let text else { return .init(table.primaryKey.first?.name ?? "id") }
    let isDescending = text.hasPrefix("-")
    let name = isDescending ? String(text.dropFirst()) : text
    guard let column = table[column: name], column.isOrdered || column.isPrimaryKey else {
      throw SQLToolError(
        "Rows cannot be put in the order of \"\(name.prefix(64))\". Columns for that are: \(table.columns.filter(\.isOrdered).map(\.name).joined(separator: ", ")).")
    }
    return .init(column.name, descending: isDescending)
  }

  private static func condition(_ json: JSONValue, _ table: SQLTable, _ dialect: SQLDialect) throws(SQLToolError) -> SQLFragment {
    let column = try table.column(json["column"]?.string ?? "")
    let name: SQLFragment = "\(identifier: column.name)"
    let comparison = json["is"]?.string ?? "="
    switch comparison {
    case "null": return "\(name) IS NULL"
    case "not null": return "\(name) IS NOT NULL"
    default: break
    }
    guard let given = json["value"] else { throw SQLToolError("The condition on \"\(column.name)\" needs a \"value\".") }
    let value = try column.value(given, dialect)
    if comparison == "like" { return dialect == .sqlite ? "\(name) LIKE \(value)" : "\(name)::text LIKE \(value)::text" }
    guard let symbol = comparisons[comparison] else { throw SQLToolError("There is no comparison \"\(comparison.prefix(16))\".") }
    return "\(name) \(SQLFragment(stringLiteral: symbol)) \(value)"
  }
}

extension SQLTable {
  /// - Throws: ``SQLToolError`` naming the columns that there are.
  func column(_ name: String) throws(SQLToolError) -> SQLColumn {
    guard let column = self[column: name] else {
      throw SQLToolError("The table \(self.name) has no column \"\(name.prefix(64))\". Columns are: \(columns.map(\.name).joined(separator: ", ")).")
    }
    return column
  }
}

extension SQLColumn {
  /// A value of a caller for this column. PostgreSQL reads it as the column's type and says where it does not fit; SQLite does not.
  func value(_ json: JSONValue, _ dialect: SQLDialect) throws(SQLToolError) -> SQLValue {
    func misfit(_ expected: String) -> SQLToolError { SQLToolError("\"\(name)\" takes \(expected).") }
    if case .string(let text) = json, text.utf8.contains(0) { throw misfit("a text without null characters") }
    if dialect == .postgres {
      switch json {
      case .null: return .null
      case .string(let text): return .text(text)
      case .number(let number): return .text(number.text)
      case .bool(let value): return .boolean(value)
      case .array where kind == .array: return .text(PostgresArray.text(json))
      case .array, .object:
        guard kind == .json else { throw misfit("a single value") }
        return .json(json)
      }
    }
    switch (json, kind) {
    case (.null, _): return .null
    case (.bool(let value), .boolean): return .integer(value ? 1 : 0)
    case (.number(let number), .integer):
      guard let int = number.int else { throw misfit("a whole number") }
      return .integer(Int64(int))
    case (.number(let number), .real):
      if let int = number.int { return .integer(Int64(int)) }
      guard let double = number.double else { throw misfit("a number") }
      return .real(double)
    case (.string(let text), .text), (.string(let text), .blob): return .text(text)
    case (_, .boolean): throw misfit("true or false")
    case (_, .integer): throw misfit("a whole number")
    case (_, .real): throw misfit("a number")
    default: throw misfit("a text")
    }
  }
}

extension PostgresArray {
  /// The text that PostgreSQL reads as the array.
  static func text(_ json: JSONValue) -> String {
    switch json {
    case .array(let items): return "{\(items.map { text($0) }.joined(separator: ","))}"
    case .null: return "NULL"
    case .string(let text): return quoted(text)
    case .object: return quoted(json.text)
    case .bool, .number: return json.text
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { quoted += "\\" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
