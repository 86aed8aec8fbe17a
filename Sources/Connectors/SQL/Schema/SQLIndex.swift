internal import JSON

/// An index over columns of a table: what is found and ordered quickly, and what occurs only once.
struct SQLIndex: Sendable, Hashable {
  let name: String
  /// In the index's order.
  let columns: [String]
  let isUnique: Bool
  /// Whether it has some of the rows only.
  let isPartial: Bool

  var json: JSONValue {
    var object: JSONValue = ["name": .string(name), "columns": .array(columns.map { .string($0) }), "unique": .bool(isUnique)]
    if isPartial { object["partial"] = true }
    return object
  }

  /// Those of which all columns are served: others would tell of columns that are hidden.
  static func served(_ indexes: [SQLIndex], _ columns: [SQLColumn]) -> [SQLIndex] {
    let names = Set(columns.map(\.name))
    return indexes.filter { !$0.columns.isEmpty && names.isSuperset(of: $0.columns) }
  }
}
