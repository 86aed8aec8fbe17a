internal import JSON
internal import MCP

/// Translates a ``RowFilter`` into a condition over the columns of a table.
///
/// SQL's own three-valued logic is the filter's: a comparison with NULL is unknown. What Cedar calls a type error is
/// unknown, too: values of different types are never equal, only numbers have an order, only text matches a pattern.
/// A filter that names an attribute which is no column, or that is larger than any policy needs, lets nothing through.
struct RowFilterSQL {
  private let table: SQLTable
  private let dialect: SQLDialect

  /// How deep filters may be nested, how many parts one operator may have, and how many values a list. SQLite bounds the
  /// depth of an expression at 1000.
  private static let depth = 60
  private static let operands = 400
  private static let values = 2000

  private struct Untranslatable: Error {}

  private static let unknown: SQLFragment = "NULL"

  /// The condition that a row of `table` must fulfil.
  static func condition(_ filter: RowFilter, _ table: SQLTable, _ dialect: SQLDialect) -> SQLFragment {
    do { return try RowFilterSQL(table: table, dialect: dialect).fragment(filter, 0) } catch { return dialect.never }
  }

  private init(table: SQLTable, dialect: SQLDialect) {
    self.table = table
    self.dialect = dialect
  }

  private func fragment(_ filter: RowFilter, _ depth: Int) throws(Untranslatable) -> SQLFragment {
    guard depth < Self.depth else { throw Untranslatable() }
    switch filter {
    case .constant(let value): return value ? dialect.always : dialect.never
    case .and(let filters): return try joined(filters, by: " AND ", empty: dialect.always, depth)
    case .or(let filters): return try joined(filters, by: " OR ", empty: dialect.never, depth)
    case .not(let filter): return "(NOT \(try fragment(filter, depth + 1)))"
    case .isTrue(let filter): return "(\(try fragment(filter, depth + 1)) IS TRUE)"
    case .has(let attribute): return "(\(identifier: try column(attribute).name) IS NOT NULL)"
    case .contains(let attribute, _):
      // No column holds a set.
      _ = try column(attribute)
      return Self.unknown
    case .like(let attribute, let pattern): return try like(column(attribute), pattern)
    case .compare(let attribute, let comparison, let value): return try compare(column(attribute), comparison, value)
    case .isIn(let attribute, let values): return try isIn(column(attribute), values)
    }
  }

  private func joined(_ filters: [RowFilter], by separator: StaticString, empty: SQLFragment, _ depth: Int) throws(Untranslatable) -> SQLFragment {
    guard filters.count <= Self.operands else { throw Untranslatable() }
    var fragments: [SQLFragment] = []
    for filter in filters { fragments.append(try fragment(filter, depth + 1)) }
    return fragments.isEmpty ? empty : "(\(SQLFragment.joined(fragments, by: separator)))"
  }

  /// The column of an attribute. Case matters: attributes are Cedar's.
  private func column(_ attribute: String) throws(Untranslatable) -> SQLColumn {
    guard let column = table.columns.first(where: { $0.name == attribute }) else { throw Untranslatable() }
    return column
  }

  private func compare(_ column: SQLColumn, _ comparison: RowFilter.Comparison, _ value: JSONValue) throws(Untranslatable) -> SQLFragment {
    guard value.array == nil, value.object == nil, !value.isNull else { throw Untranslatable() }
    let typed = self.value(value, for: column)
    switch comparison {
    case .equal:
      guard let typed else { return different(column) }
      return "(\(operand(column)) = \(typed))"
    case .less, .lessOrEqual:
      guard let typed, column.kind == .integer || column.kind == .real else { return Self.unknown }
      return comparison == .less ? "(\(identifier: column.name) < \(typed))" : "(\(identifier: column.name) <= \(typed))"
    }
  }

  private func isIn(_ column: SQLColumn, _ values: [JSONValue]) throws(Untranslatable) -> SQLFragment {
    guard values.count <= Self.values else { throw Untranslatable() }
    let typed = values.compactMap { self.value($0, for: column) }
    guard !typed.isEmpty else { return different(column) }
    let list = SQLFragment.joined(typed, by: ", ")
    return "(\(operand(column)) IN (\(list)))"
  }

  /// The column in the form in which it is compared: text by its bytes, whatever its collation, and what has a type of its own by its text.
  private func operand(_ column: SQLColumn) -> SQLFragment {
    switch (dialect, column.kind) {
    case (.sqlite, .text): "\(identifier: column.name) COLLATE BINARY"
    // A deterministic collation is equal where the bytes are, so that an index still serves.
    case (.postgres, .other): "\(identifier: column.name)::text COLLATE \"C\""
    default: "\(identifier: column.name)"
    }
  }

  /// False, but unknown where the attribute is absent.
  private func different(_ column: SQLColumn) -> SQLFragment { "(\(identifier: column.name) IS NULL AND NULL)" }

  /// The value as the column would hold it; nil if it never would.
  private func value(_ value: JSONValue, for column: SQLColumn) -> SQLFragment? {
    switch (value, column.kind) {
    case (.string(let text), .text), (.string(let text), .other):
      if text.utf8.contains(0) { return nil }
      return dialect == .sqlite ? "\(.text(text))" : "\(.text(text))::text"
    case (.bool(let bool), .boolean): return dialect == .sqlite ? "\(.integer(bool ? 1 : 0))" : "\(.boolean(bool))"
    case (.number(let number), .integer), (.number(let number), .real): return number.int.map { "\(.integer(Int64($0)))" }
    default: return nil
    }
  }

  private func like(_ column: SQLColumn, _ pattern: String) throws(Untranslatable) -> SQLFragment {
    guard column.kind == .text || column.kind == .other else { return Self.unknown }
    guard pattern.utf8.count <= 1000, !pattern.utf8.contains(0) else { throw Untranslatable() }
    let pattern = RowPattern(pattern)
    if dialect == .postgres { return "(\(identifier: column.name)::text COLLATE \"C\" LIKE \(.text(Self.like(pattern)))::text)" }
    return "(\(identifier: column.name) GLOB \(.text(Self.glob(pattern))))"
  }

  /// The pattern as PostgreSQL's LIKE (PostgreSQL, "Pattern Matching").
  private static func like(_ pattern: RowPattern) -> String {
    spelled(pattern, any: "%") { ["%", "_", "\\"].contains($0) ? "\\\($0)" : String($0) }
  }

  /// The pattern as SQLite's GLOB, which tells upper from lower case as Cedar does.
  private static func glob(_ pattern: RowPattern) -> String {
    spelled(pattern, any: "*") { ["*", "?", "["].contains($0) ? "[\($0)]" : String($0) }
  }

  private static func spelled(_ pattern: RowPattern, any: String, _ character: (Unicode.Scalar) -> String) -> String {
    pattern.parts.map { part in
      switch part {
      case .any: any
      case .character(let scalar): character(scalar)
      }
    }.joined()
  }
}
