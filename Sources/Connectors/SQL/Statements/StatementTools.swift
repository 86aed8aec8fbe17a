internal import JSON
internal import MCP

/// A tool for each declared statement.
///
/// One that reads runs as `query` does, over the tables as the caller may see them. One that changes something changes only rows that the
/// caller sees before and after, and looks at nothing else unless the caller sees all.
struct StatementTools {
  let connector: SQLConnector

  /// The most rows that a caller who sees some only may change at once.
  private static let limitedRows = 200

  var reads: [Tool] { connector.configuration.statements.filter { !$0.isWrite }.map(read) }
  var writes: [Tool] { connector.configuration.scope.isReadOnly ? [] : connector.configuration.statements.filter(\.isWrite).map(write) }

  // MARK: Reading

  private func read(_ statement: DeclaredStatement) -> Tool {
    var categories = JSONObject()
    for (column, category) in statement.categories.sorted(by: { $0.key < $1.key }) { categories[TableDeclarations.pointer("rows/*", column)] = .string(category) }
    let meta = TableDeclarations(connector).influence(categories: categories)
    return Tool(
      name: statement.name, description: statement.description, inputSchema: statement.inputSchema,
      outputSchema: [
        "type": "object",
        "properties": [
          "rows": ["type": "array", "items": ["type": "object"]], "truncated": ["type": "boolean", "description": "Whether there are more rows than these."],
        ],
        "required": ["rows", "truncated"],
      ],
      annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false), meta: meta.isEmpty ? nil : meta
    ) { [connector] call in
      try await ToolResult.catching {
        let governance = try connector.governance(call)
        let arguments = try statement.arguments(call, connector.database.dialect)
        let visible = governance.visible(try await connector.currentTables())
        let found = try await connector.watchingSchema {
          try await connector.database.query(statement.sql, arguments: arguments, over: visible, rows: statement.rows)
        }
        try Self.check(found.columns, of: statement)
        return Self.result(statement, found, governance)
      }
    }
  }

  /// - Throws: where columns cannot be told apart, or one that has a category is missing.
  static func check(_ columns: [String], of statement: DeclaredStatement) throws(SQLToolError) {
    if let twice = columns.first(where: { name in columns.count { $0 == name } > 1 }) {
      throw SQLToolError("The statement \(statement.name) gives two columns called \"\(twice)\". Whoever runs this server must name one otherwise, by AS.")
    }
    if let missing = statement.categories.keys.filter({ !columns.contains($0) }).min() {
      throw SQLToolError("The statement \(statement.name) gives no column \"\(missing)\", which has a category. Whoever runs this server must correct one of them.")
    }
  }

  private static func result(_ statement: DeclaredStatement, _ found: SQLRows, _ governance: Governance) -> ToolResult {
    let hidden = found.columns.map { name in
      guard let clearance = governance.clearance, let category = statement.categories[name], category != "public" else { return false }
      return !clearance.contains(category)
    }
    let rows = found.rows.map { row in zip(row, hidden).map { $1 ? JSONValue.string("[masked]") : $0.json() } }
    let records = rows.map { row in JSONValue.object(JSONObject(distinct: found.columns.indices.map { (found.columns[$0], row[$0]) })) }
    var text = CompactTable(columns: found.columns, rows: rows).text
    if found.isTruncated { text += "\n\nThere are more rows than these." }
    return UntrustedText.mark(ToolResult(structured: ["rows": .array(records), "truncated": .bool(found.isTruncated)], text: text), "/rows")
  }

  // MARK: Changing

  private func write(_ statement: DeclaredStatement) -> Tool {
    let meta = TableDeclarations(connector).influence()
    return Tool(
      name: statement.name, description: statement.description, inputSchema: statement.inputSchema,
      outputSchema: [
        "type": "object",
        "properties": [
          "changed": ["type": "integer", "description": "How many rows."],
          "keys": ["type": "array", "items": ["type": "object"], "description": "Their primary keys, 100 at most."],
        ], "required": ["changed"],
      ],
      annotations: ToolAnnotations(readOnly: false, destructive: statement.isDestructive, idempotent: statement.isIdempotent, openWorld: false),
      meta: meta.isEmpty ? nil : meta
    ) { [connector] call in
      try await ToolResult.catching {
        let governance = try connector.governance(call)
        let arguments = try statement.arguments(call, connector.database.dialect)
        let tables = try await connector.currentTables()
        let table = try Self.target(of: statement, tables)
        let write = try Self.write(statement, arguments, table, tables, governance)
        let keys = try await connector.watchingSchema { try await connector.database.write(write) }
        var structured: JSONValue = ["changed": .int(keys.count)]
        let columns = table.primaryKey
        if !columns.isEmpty, columns.allSatisfy({ $0.isRevealed(to: governance.clearance) }) {
          structured["keys"] = .array(keys.prefix(100).map { key in .object(JSONObject(distinct: zip(columns, key).map { ($0.name, $1.json($0.kind)) })) })
        }
        return ToolResult(structured: structured, text: "Done: \(keys.count) row\(keys.count == 1 ? "" : "s") of \(table.name).")
      }
    }
  }

  /// The table that the statement changes.
  static func target(of statement: DeclaredStatement, _ tables: [SQLTable]) throws(SQLToolError) -> SQLTable {
    let target = statement.text.target
    let found =
      target.count == 2
      ? tables.first { $0.schema.lowercased() == target[0].lowercased() && $0.relation.lowercased() == target[1].lowercased() }
      : target.first.flatMap { SQLConnector.find($0, tables) }
    guard let found else {
      throw SQLToolError("The statement \(statement.name) changes \(target.joined(separator: ".")), which is no table that is served. Name one that tables holds.")
    }
    return found
  }

  static func fragment(_ statement: DeclaredStatement, _ arguments: [String: SQLFragment], _ table: SQLTable) -> SQLFragment {
    let key = table.primaryKey
    let returned: SQLFragment = key.isEmpty ? "1" : Self.names(key)
    // A comment at the end of the statement ends with its line.
    return "\(statement.text.fragment(arguments, table: table.reference))\n RETURNING \(returned)"
  }

  private static func names(_ columns: [SQLColumn]) -> SQLFragment { SQLFragment.joined(columns.map { "\(identifier: $0.name)" }, by: ", ") }

  private static func write(
    _ statement: DeclaredStatement, _ arguments: [String: SQLFragment], _ table: SQLTable, _ tables: [SQLTable], _ governance: Governance
  ) throws(SQLToolError) -> DeclaredWrite {
    let seen = statement.text.isPlain ? [table] : tables
    for source in seen {
      let meansAll = statement.text.meansAll(of: source)
      for column in source.columns where !column.isRevealed(to: governance.clearance) && (meansAll || statement.text.mentions(column.name)) {
        throw SQLToolError("\(statement.name) uses the column \"\(column.name)\", which is masked for you, so you cannot run it.")
      }
    }
    let limited = seen.first { governance.condition($0) != nil }
    var sight: DeclaredWrite.Sight?
    if let limited {
      guard statement.text.isPlain else {
        throw SQLToolError("You do not see all rows of \(limited.name), and \(statement.name) may depend on others, so you cannot run it.")
      }
      guard table.keyTellsRows else { throw SQLToolError("You do not see all rows of \(table.name), and no primary key tells which are changed.") }
      @Sendable func keys(_ keys: [[SQLValue]], of source: SQLFragment) -> SQLFragment {
        let places: [SQLFragment] = keys.map { key in
          let conditions: [SQLFragment] = zip(table.primaryKey, key).map { "\(identifier: $0.name) = \($1)" }
          return "(\(SQLFragment.joined(conditions, by: " AND ")))"
        }
        return "SELECT \(names(table.primaryKey)) FROM \(source) WHERE \(SQLFragment.joined(places, by: " OR "))"
      }
      sight = DeclaredWrite.Sight(
        present: { keys($0, of: table.reference) }, visible: { keys($0, of: "(\(governance.visible(table))) AS visible") })
    }
    return DeclaredWrite(
      kind: statement.text.write ?? .update, statement: fragment(statement, arguments, table),
      rows: limited == nil ? statement.rows : min(statement.rows, limitedRows), sight: sight)
  }
}
