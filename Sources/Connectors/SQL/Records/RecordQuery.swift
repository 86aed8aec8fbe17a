public import JSON

/// A page of one table's rows: conditions, an order, and where to go on.
public struct RecordQuery: Sendable {
  public struct Order: Sendable, Hashable {
    public var column: String
    public var descending: Bool

    public init(_ column: String, descending: Bool = false) {
      self.column = column
      self.descending = descending
    }
  }

  public var table: SQLTable
  /// Conditions over the columns as the caller sees them: a masked column compares as its mask.
  public var conditions: [SQLFragment]
  /// Ties are broken by `id`. The column must not be nullable.
  public var order: Order
  /// Columns to answer with; empty for all. `always` and the columns that row rules speak of come with them.
  public var fields: [String]
  public var always: [String]
  public var limit: Int
  /// As ``RecordPage/nextCursor`` gave it.
  public var cursor: String?

  public init(
    _ table: SQLTable, where conditions: [SQLFragment] = [], order: Order = Order("id"), fields: [String] = [], always: [String] = ["id"],
    limit: Int = 50, cursor: String? = nil
  ) {
    self.table = table
    self.conditions = conditions
    self.order = order
    self.fields = fields
    self.always = always
    self.limit = limit
    self.cursor = cursor
  }

  struct Plan {
    let statement: SQLFragment
    let columns: [SQLColumn]
    let limit: Int
    let cursor: (_ key: SQLValue, _ id: SQLValue) -> String

    /// Takes off the two key columns, and the row that only tells that there is more.
    func page(_ rows: [[SQLValue]]) -> RecordPage {
      let shown = rows.prefix(limit)
      let next = rows.count > limit ? shown.last.map { cursor($0[$0.count - 2], $0[$0.count - 1]) } : nil
      return RecordPage(columns: columns, rows: shown.map { Array($0.dropLast(2)) }, nextCursor: next)
    }
  }

  func plan(_ governance: Governance) throws(SQLToolError) -> Plan {
    guard let orderColumn = table[column: order.column] else { throw SQLToolError("Cannot order by \"\(order.column)\".") }
    // A masked column has one value for all rows: the order is by id alone, and nothing of it gets into a cursor.
    let key: SQLFragment = orderColumn.isRevealed(to: governance.clearance) ? "\(identifier: orderColumn.name)" : "0"
    let digest = Fingerprint(of: "\(table.name)|\(order.column)|\(order.descending)|\(conditions)").text
    var conditions = conditions
    if let cursor {
      let position = try RecordCursor(cursor, digest: digest)
      let pair: SQLFragment = "(\(key), id)"
      let last: SQLFragment = "(\(position.key), \(position.id))"
      conditions.append(order.descending ? "\(pair) < \(last)" : "\(pair) > \(last)")
    }
    let columns = try selected(governance)
    let names: [SQLFragment] = columns.map { "\(identifier: $0.name)" }
    let filter: SQLFragment = conditions.isEmpty ? "1" : SQLFragment.joined(conditions.map { "(\($0))" }, by: " AND ")
    let direction: SQLFragment = order.descending ? "DESC" : "ASC"
    let statement: SQLFragment = """
      SELECT \(SQLFragment.joined(names, by: ", ")), \(key), id FROM (\(governance.visible(table))) \
      WHERE \(filter) ORDER BY \(key) \(direction), id \(direction) LIMIT \(.integer(Int64(limit + 1)))
      """
    return Plan(statement: statement, columns: columns, limit: limit) { RecordCursor(key: $0, id: $1).text(digest: digest) }
  }

  private func selected(_ governance: Governance) throws(SQLToolError) -> [SQLColumn] {
    guard !fields.isEmpty else { return table.columns }
    for field in fields where table[column: field] == nil {
      throw SQLToolError("There is no field \"\(field.prefix(64))\". Fields are: \(table.columns.map(\.name).joined(separator: ", ")).")
    }
    let wanted = Set(fields.compactMap { table[column: $0]?.name } + always).union(governance.columns(of: table))
    return table.columns.filter { wanted.contains($0.name) }
  }
}

/// Rows of one table, as the caller may see them.
public struct RecordPage: Sendable {
  public let columns: [SQLColumn]
  public let rows: [[SQLValue]]
  /// Pass it with otherwise the same arguments to get the rows that follow; nil at the end.
  public let nextCursor: String?

  /// The rows as objects, for structured content.
  public var records: [JSONValue] {
    rows.map { row in
      var object = JSONObject()
      for (column, value) in zip(columns, row) { object[column.name] = value.json(column.kind) }
      return .object(object)
    }
  }

  /// The rows as text for a model: a Markdown table if small, else CSV.
  public var text: String {
    let table = ResultText(columns: columns.map(\.name), rows: rows.map { row in zip(columns, row).map { $1.json($0.kind) } })
    return nextCursor == nil ? table.text : table.text + "\n\nThere is more: call again with the same arguments and cursor \"\(nextCursor ?? "")\"."
  }
}
