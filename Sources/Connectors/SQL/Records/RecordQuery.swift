public import JSON
internal import MCP

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
  /// Ties are broken by the primary key, or by `id` where there is none. The column must not be nullable.
  public var order: Order
  /// Columns to answer with; empty for all. `always` and the columns that row rules speak of come with them.
  public var fields: [String]
  public var always: [String]
  public var limit: Int
  /// Whether binary values come in hexadecimal, instead of their size.
  public var binary = false
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
    /// How many values the key of a place has; 0 where rows have none, so that there is no going on.
    let keys: Int
    let digest: String

    /// Takes off the keys, and the row that only tells that there is more.
    func page(_ found: SQLRows) -> RecordPage {
      let shown = found.rows.prefix(limit)
      let hasMore = found.isTruncated || found.rows.count > limit
      let next = hasMore && keys > 0 ? shown.last.map { RecordCursor(Array($0.suffix(keys))).text(digest: digest) } : nil
      return RecordPage(columns: columns, rows: keys == 0 ? Array(shown) : shown.map { Array($0.dropLast(keys)) }, nextCursor: next, isTruncated: hasMore)
    }
  }

  func plan(_ governance: Governance) throws(SQLToolError) -> Plan {
    let digest = Fingerprint(of: "\(table.name)|\(order.column)|\(order.descending)|\(conditions)").text
    let keys = try keys(governance)
    var conditions = conditions
    if let cursor {
      guard !keys.isEmpty else { throw SQLToolError("The rows of \(table.name) have no key that you may see, so there is no going on. Narrow the conditions.") }
      let position = try RecordCursor(cursor, digest: digest, count: keys.count)
      let place: SQLFragment = "(\(SQLFragment.joined(keys, by: ", ")))"
      let last: SQLFragment = "(\(SQLFragment.joined(position.values.map { "\($0)" }, by: ", ")))"
      conditions.append(order.descending ? "\(place) < \(last)" : "\(place) > \(last)")
    }
    let columns = try selected(governance)
    let names = columns.map { shown($0, governance) } + keys
    let filter = conditions.isEmpty ? governance.dialect.always : SQLFragment.joined(conditions.map { "(\($0))" }, by: " AND ")
    let direction: SQLFragment = order.descending ? "DESC" : "ASC"
    let ordering: SQLFragment = keys.isEmpty ? "" : " ORDER BY \(SQLFragment.joined(keys.map { "\($0) \(direction)" }, by: ", "))"
    let statement: SQLFragment = """
      SELECT \(SQLFragment.joined(names, by: ", ")) FROM (\(governance.visible(table))) AS visible \
      WHERE \(filter)\(ordering) LIMIT \(.integer(Int64(limit + 1)))
      """
    return Plan(statement: statement, columns: columns, limit: limit, keys: keys.count, digest: digest)
  }

  /// The order's column and those of the key, as they stand in the statement.
  private func keys(_ governance: Governance) throws(SQLToolError) -> [SQLFragment] {
    let key = table.primaryKey.isEmpty ? [table[column: "id"]].compactMap { $0 } : table.primaryKey
    // A masked key has one value for all rows.
    guard !key.isEmpty, key.allSatisfy({ $0.isRevealed(to: governance.clearance) }) else { return [] }
    guard let orderColumn = table[column: order.column] else { throw SQLToolError("Cannot order by \"\(order.column.prefix(64))\".") }
    // A masked column has one value, too: the order is by the key alone, and nothing of the column gets into a cursor.
    let first: SQLFragment = orderColumn.isRevealed(to: governance.clearance) ? "\(identifier: orderColumn.name)" : "\(.integer(0))"
    return [first] + key.map { "\(identifier: $0.name)" }
  }

  /// The column in the list of what is selected. Of a binary one the size, unless its bytes are asked for.
  private func shown(_ column: SQLColumn, _ governance: Governance) -> SQLFragment {
    let name: SQLFragment = "\(identifier: column.name)"
    guard column.kind == .blob, column.isRevealed(to: governance.clearance) else { return name }
    return switch (governance.dialect, binary) {
    case (.sqlite, false): name
    case (.sqlite, true): "lower(hex(\(name)))"
    case (.postgres, false): "'[' || octet_length(\(name)) || ' bytes]'"
    case (.postgres, true): "encode(\(name), 'hex')"
    }
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
  /// The rows as JSON.
  let cells: [[JSONValue]]
  /// Pass it with otherwise the same arguments to get the rows that follow; nil at the end.
  public let nextCursor: String?
  /// Whether there are more rows than these.
  public let isTruncated: Bool

  init(columns: [SQLColumn], rows: [[SQLValue]], nextCursor: String?, isTruncated: Bool = false) {
    self.columns = columns
    self.rows = rows
    let kinds = columns.map(\.kind)
    cells = rows.map { row in kinds.indices.map { row[$0].json(kinds[$0]) } }
    self.nextCursor = nextCursor
    self.isTruncated = isTruncated
  }

  /// The rows as objects, for structured content.
  public var records: [JSONValue] {
    let names = columns.map(\.name)
    return cells.map { row in .object(JSONObject(distinct: names.indices.map { (names[$0], row[$0]) })) }
  }

  /// The rows as text for a model: a Markdown table if small, else CSV.
  public var text: String {
    let table = CompactTable(columns: columns.map(\.name), rows: cells)
    if let nextCursor { return table.text + "\n\nThere is more: call again with the same arguments and cursor \"\(nextCursor)\"." }
    return isTruncated ? table.text + "\n\nThere are more rows, which have no key to go on by: narrow the conditions." : table.text
  }
}
