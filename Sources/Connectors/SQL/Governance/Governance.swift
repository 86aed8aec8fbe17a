internal import JSON
internal import MCP

/// What the gateway tells of the caller of one request: which rows of which types, and which data categories.
struct Governance: Sendable {
  /// Nil when no gateway governs the request.
  let clearance: Set<String>?
  private let isGoverned: Bool
  private let filters: [String: RowFilter]
  /// Whether policy speaks of records of this database at all.
  private let hasRecordTypes: Bool
  let dialect: SQLDialect

  /// - Parameter types: the record types of the configuration, which are known also where the database is not.
  init(_ request: some IncomingRequest, types: [String], _ dialect: SQLDialect) {
    self.dialect = dialect
    isGoverned = request.meta?[MetaKey.rows] != nil
    filters = types.reduce(into: [:]) { $0[$1] = request.rowFilter($1) }
    hasRecordTypes = !types.isEmpty
    // Governed as to rows but silent on categories means that none were granted.
    clearance = request.clearance ?? (isGoverned ? [] : nil)
  }

  /// What rows of the table must fulfil; nil if all may be read.
  func condition(_ table: SQLTable) -> SQLFragment? {
    guard isGoverned else { return nil }
    guard let type = table.recordType else { return hasRecordTypes ? dialect.never : nil }
    let filter = filters[type] ?? .constant(false)
    return filter == .constant(true) ? nil : RowFilterSQL.condition(filter, table, dialect)
  }

  /// The table as the caller may see it: its rows filtered, its columns masked.
  ///
  /// The condition is over the stored values, everything around this `SELECT` over what is shown.
  func visible(_ table: SQLTable) -> SQLFragment {
    let columns: [SQLFragment] = table.columns.map { column in
      column.isRevealed(to: clearance)
        ? "\(identifier: column.name)" : SQLFragment(parts: [.sql("\(column.mask(dialect)) AS \(SQLLiteral.identifier(column.name))")])
    }
    let select: SQLFragment = "SELECT \(SQLFragment.joined(columns, by: ", ")) FROM \(table.reference)"
    return condition(table).map { "\(select) WHERE \($0)" } ?? select
  }

  /// The tables as a free query may read them.
  func visible(_ tables: [SQLTable]) -> [VisibleTable] {
    tables.map { VisibleTable(table: $0, select: visible($0), isFiltered: condition($0) != nil) }
  }

  /// The columns that the rules of the request speak of. The gateway needs them in the result to check it again.
  func columns(of table: SQLTable) -> Set<String> {
    guard let type = table.recordType, let filter = filters[type] else { return [] }
    return filter.attributes
  }
}

extension RowFilter {
  fileprivate var attributes: Set<String> {
    switch self {
    case .constant: []
    case .and(let filters), .or(let filters): filters.reduce(into: []) { $0.formUnion($1.attributes) }
    case .not(let filter), .isTrue(let filter): filter.attributes
    case .compare(let attribute, _, _), .isIn(let attribute, _), .contains(let attribute, _), .has(let attribute), .like(let attribute, _): [attribute]
    }
  }
}
