internal import JSON
internal import MCP

/// `insert_row`, `update_row` and `delete_row`, for the tables whose rules allow them.
///
/// A row is changed by its primary key, if the caller's rules let it through; and after an insert or update they must let the new row
/// through, too, or nothing is changed: nobody writes what they could not see, nor gives a row away.
struct WriteTools {
  let connector: SQLConnector

  private var rules: [TableRules] { connector.configuration.tables ?? [] }

  var all: [Tool] {
    var tools: [Tool] = []
    if let tables = tables(.insert) { tools.append(insert(tables)) }
    if let tables = tables(.update) { tools.append(update(tables)) }
    if let tables = tables(.delete) { tools.append(delete(tables)) }
    return tools
  }

  private func tables(_ write: TableRules.Write) -> [TableRules]? {
    let tables = rules.filter { $0.writes.contains(write) }
    return tables.isEmpty ? nil : tables
  }

  // MARK: Tools

  private func insert(_ tables: [TableRules]) -> Tool {
    Tool(
      name: "insert_row", title: "Insert a row", description: "Adds a row to a table: \(names(tables)). Columns that are left out get their default.",
      inputSchema: input(tables, ["values": values("Column to value.")], ["values"]), outputSchema: Self.output,
      annotations: ToolAnnotations(readOnly: false, destructive: false, idempotent: false, openWorld: false), meta: TableDeclarations(connector).meta("row", tables)
    ) { call in
      try await answer(call, .insert) { table, governance in
        let set = try assignments(call["values"], table, governance)
        guard !set.isEmpty else { throw SQLToolError("\"values\" is empty: give at least one column.") }
        let columns = SQLFragment.joined(set.map { "\(identifier: $0.column.name)" }, by: ", ")
        let values = SQLFragment.joined(set.map { "\($0.value)" }, by: ", ")
        return SQLChange(
          statement: "INSERT INTO \(table.reference) (\(columns)) VALUES (\(values)) RETURNING \(key(table))", result: { row(table, $0, governance) },
          requiresResult: true)
      }
    }
  }

  private func update(_ tables: [TableRules]) -> Tool {
    Tool(
      name: "update_row", title: "Update a row", description: "Changes columns of one row, found by its primary key, in a table: \(names(tables)).",
      inputSchema: input(tables, ["key": values("The primary key: column to value."), "values": values("Column to its new value.")], ["key", "values"]),
      outputSchema: Self.output, annotations: ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false),
      meta: TableDeclarations(connector).meta("row", tables)
    ) { call in
      try await answer(call, .update) { table, governance in
        let set = try assignments(call["values"], table, governance)
        guard !set.isEmpty else { throw SQLToolError("\"values\" is empty: give at least one column.") }
        let changes = SQLFragment.joined(set.map { "\(identifier: $0.column.name) = \($0.value)" }, by: ", ")
        return SQLChange(
          statement: "UPDATE \(table.reference) SET \(changes) WHERE \(try place(call["key"], table, governance)) RETURNING \(key(table))",
          result: { row(table, $0, governance) }, requiresResult: true)
      }
    }
  }

  private func delete(_ tables: [TableRules]) -> Tool {
    Tool(
      name: "delete_row", title: "Delete a row", description: "Deletes one row, found by its primary key, from a table: \(names(tables)).",
      inputSchema: input(tables, ["key": values("The primary key: column to value.")], ["key"]),
      outputSchema: ["type": "object", "properties": ["table": ["type": "string"], "deleted": ["type": "boolean"]], "required": ["table", "deleted"]],
      annotations: ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false), meta: TableDeclarations(connector).influence(tables)
    ) { call in
      try await answer(call, .delete) { table, governance in
        SQLChange(statement: "DELETE FROM \(table.reference) WHERE \(try place(call["key"], table, governance)) RETURNING \(key(table))", result: nil)
      }
    }
  }

  private func answer(_ call: ToolCall, _ write: TableRules.Write, _ change: (SQLTable, Governance) throws -> SQLChange) async throws -> ToolResult {
    try await ToolResult.catching {
      let table = try await connector.currentTable(call.string("table") ?? "")
      guard table.writes.contains(write) else {
        throw SQLToolError("\(write.rawValue) is not allowed on \(table.name). It is on: \(names(rules.filter { $0.writes.contains(write) })).")
      }
      guard !table.primaryKey.isEmpty else { throw SQLToolError("The table \(table.name) has no primary key, so its rows cannot be changed one by one.") }
      guard write == .delete || table.keyTellsRows else { throw SQLToolError("The primary key of \(table.name) is binary, so its rows cannot be changed one by one.") }
      let change = try change(table, try connector.governance(call))
      switch try await connector.watchingSchema({ try await connector.database.change(change) }) {
      case nil:
        return .error("There is no such row in \(table.name), or you are not permitted to change it so. Nothing was changed.")
      case .key:
        return ToolResult(structured: ["table": .string(table.name), "deleted": true], text: "Deleted one row of \(table.name).")
      case .row(let values):
        let page = RecordPage(columns: table.columns, rows: [values], nextCursor: nil)
        let record = page.records.first ?? .null
        let structured: JSONValue = ["table": .string(table.name), "row": TableDeclarations(connector).structured(table, record)]
        return UntrustedText.mark(ToolResult(structured: structured, text: "Done:\n\(page.text)"), "/row")
      }
    }
  }

  // MARK: Statements

  private func key(_ table: SQLTable) -> SQLFragment { SQLFragment.joined(table.primaryKey.map { "\(identifier: $0.name)" }, by: ", ") }

  /// The row as the caller may see it.
  private func row(_ table: SQLTable, _ key: [SQLValue], _ governance: Governance) -> SQLFragment {
    let conditions: [SQLFragment] = zip(table.primaryKey, key).map { "\(identifier: $0.name) = \($1)" }
    return "SELECT * FROM (\(governance.visible(table))) AS visible WHERE \(SQLFragment.joined(conditions, by: " AND "))"
  }

  /// The row that the caller means, if it is one of theirs.
  private func place(_ given: RawJSON?, _ table: SQLTable, _ governance: Governance) throws(SQLToolError) -> SQLFragment {
    let key = table.primaryKey
    let values = try assignments(given, table, governance)
    guard values.count == key.count, values.allSatisfy(\.column.isPrimaryKey), !values.contains(where: { $0.value == .null }) else {
      throw SQLToolError("\"key\" must give each column of the primary key, and no other: \(key.map(\.name).joined(separator: ", ")).")
    }
    var conditions: [SQLFragment] = values.map { "\(identifier: $0.column.name) = \($0.value)" }
    if let rule = governance.condition(table) { conditions.append(rule) }
    return SQLFragment.joined(conditions, by: " AND ")
  }

  private func assignments(_ given: RawJSON?, _ table: SQLTable, _ governance: Governance) throws(SQLToolError) -> [(column: SQLColumn, value: SQLValue)] {
    var set: [(column: SQLColumn, value: SQLValue)] = []
    for (name, value) in given.map({ $0.members.map { ($0.name, $0.value) } }) ?? [] {
      let column = try table.column(name.string ?? "")
      // Who does not see a column in clear does not set it, and does not learn its values by trying.
      guard column.isRevealed(to: governance.clearance) else { throw SQLToolError("The column \"\(column.name)\" is masked for you, so you cannot use it here.") }
      guard !set.contains(where: { $0.column.name == column.name }) else { throw SQLToolError("\"\(column.name)\" is given twice.") }
      set.append((column, try column.value(JSONValue(value), connector.database.dialect)))
    }
    return set
  }

  // MARK: Schemas

  private func names(_ tables: [TableRules]) -> String { tables.map(\.name).joined(separator: ", ") }

  private func values(_ description: String) -> JSONValue { ["type": "object", "description": .string(description)] }

  private func input(_ tables: [TableRules], _ properties: JSONObject, _ required: [JSONValue]) -> JSONValue {
    var all: JSONObject = ["table": ["type": "string", "enum": .array(tables.map { .string($0.name) })]]
    for (name, schema) in properties { all[name] = schema }
    return ["type": "object", "properties": .object(all), "required": .array(["table"] + required), "additionalProperties": false]
  }

  private static let output: JSONValue = [
    "type": "object",
    "properties": [
      "table": ["type": "string"],
      "row": ["type": "object", "additionalProperties": ["type": ["object", "null"]], "description": "The row as it is now, under the name of the table."],
    ],
    "required": ["table", "row"],
  ]
}
