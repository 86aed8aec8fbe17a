internal import GRDB

/// Reads which tables an SQLite file has, and joins them with the configured rules.
struct SQLiteSchema {
  let rules: [TableRules]?

  /// - Throws: ``SQLConnectorError`` where a rule names a table or column that is not there.
  func tables(_ database: Database) throws -> [SQLTable] {
    let names = try String.fetchAll(
      database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
    guard let rules else { return try names.map { try table(TableRules($0), database) } }
    return try rules.map { rule in
      guard names.contains(rule.name) else { throw SQLConnectorError.missing(table: rule.name, among: names) }
      return try table(rule, database)
    }
  }

  private func table(_ rules: TableRules, _ database: Database) throws -> SQLTable {
    let references = try Row.fetchAll(database, sql: "SELECT * FROM pragma_foreign_key_list(?)", arguments: [rules.name])
      .reduce(into: [String: String]()) { found, row in
        let from: String = row["from"], table: String = row["table"], to: String? = row["to"]
        found[from] = "\(table).\(to ?? "id")"
      }
    let columns = try Row.fetchAll(database, sql: "SELECT * FROM pragma_table_info(?)", arguments: [rules.name]).map { row in
      let name: String = row["name"], type: String = row["type"], notNull: Bool = row["notnull"], key: Int = row["pk"], standard: String? = row["dflt_value"]
      return SQLColumn(
        name: name, declaredType: type, kind: SQLColumn.kind(ofType: type), isNullable: !notNull && key == 0, isPrimaryKey: key > 0,
        references: references[name], entity: rules.entities[name], category: rules.categories[name], description: rules.columns[name],
        hasDefault: standard != nil || (key > 0 && type.uppercased() == "INTEGER"))
    }
    return try SQLTable(rules, schema: "main", relation: rules.name, columns: columns, indexes: try indexes(of: rules.name, database))
  }
}

extension SQLiteSchema {
  private static let indexes = """
    SELECT l.name AS "index", l."unique" AS isUnique, l.partial AS isPartial, i.name AS "column" FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i \
    ORDER BY l.name, i.seqno
    """

  /// Indexes over expressions have columns without a name, and are left out.
  private func indexes(of table: String, _ database: Database) throws -> [SQLIndex] {
    var found: [(index: SQLIndex, isWhole: Bool)] = []
    for row in try Row.fetchAll(database, sql: Self.indexes, arguments: [table]) {
      let name: String = row["index"], column: String? = row["column"]
      let last = found.last.flatMap { $0.index.name == name ? found.removeLast() : nil }
      found.append(
        (
          SQLIndex(name: name, columns: (last?.index.columns ?? []) + (column.map { [$0] } ?? []), isUnique: row["isUnique"], isPartial: row["isPartial"]),
          (last?.isWhole ?? true) && column != nil
        ))
    }
    return found.filter(\.isWhole).map(\.index)
  }
}

extension SQLTable {
  /// - Throws: ``SQLConnectorError`` where a rule speaks of a column that is not there, or hides one of the key.
  init(
    _ rules: TableRules, schema: String, relation: String, columns: [SQLColumn], indexes: [SQLIndex] = [], description: String? = nil
  ) throws(SQLConnectorError) {
    let named = Set(rules.entities.keys).union(rules.categories.keys).union(rules.columns.keys).union(rules.hidden)
    for name in named.sorted() where !columns.contains(where: { $0.name == name }) {
      throw SQLConnectorError("The table \"\(rules.name)\" has no column \"\(name)\", which the configuration speaks of.")
    }
    if let key = columns.first(where: { $0.isPrimaryKey && rules.hidden.contains($0.name) }) {
      throw SQLConnectorError("The column \"\(key.name)\" of \"\(rules.name)\" is its key and cannot be hidden. Give it a category instead.")
    }
    let shown = columns.filter { !rules.hidden.contains($0.name) }
    self.init(
      schema: schema, relation: relation, name: rules.name, description: rules.description ?? description, columns: shown, indexes: SQLIndex.served(indexes, shown),
      recordType: rules.recordType, writes: rules.writes)
  }
}

extension SQLConnectorError {
  static func missing(table: String, among names: [String]) -> SQLConnectorError {
    SQLConnectorError("The database has no table \"\(table)\". It has: \(names.joined(separator: ", ")).")
  }
}
