public import JSON
public import MCP

/// One served table, as read from the database, with the rules of the configuration.
public struct SQLTable: Sendable, Hashable {
  /// The schema in which the database has it: `main` in SQLite.
  let schema: String
  /// What it is called there.
  let relation: String
  /// What callers call it: with its schema where several are served.
  public let name: String
  public let description: String?
  public let columns: [SQLColumn]
  /// Those over columns, and over nothing that is hidden.
  let indexes: [SQLIndex]
  /// The Cedar type of the rows.
  public let recordType: String?
  /// The changes that the generic tools may make.
  public let writes: Set<TableRules.Write>

  /// The columns of the primary key, in its order; empty where there is none.
  public var primaryKey: [SQLColumn] { columns.filter(\.isPrimaryKey) }

  /// Whether rows are told apart by their key as a result shows it: of binary values it shows the size.
  var keyTellsRows: Bool { !primaryKey.isEmpty && primaryKey.allSatisfy { $0.kind != .blob && $0.kind != .array } }

  /// The table as it stands in SQL.
  var reference: SQLFragment { "\(identifier: schema).\(identifier: relation)" }

  /// Whether callers call it by its schema as well.
  var isQualified: Bool { name != relation }

  /// The name of a table among several schemas: no two have the same.
  static func qualifiedName(_ schema: String, _ relation: String) -> String {
    [schema, relation].map { $0.contains { $0 == "." || $0 == "\"" } ? SQLLiteral.identifier($0) : $0 }.joined(separator: ".")
  }

  /// A column by its name, in any case as in SQL.
  public subscript(column column: String) -> SQLColumn? {
    columns.first { $0.name == column } ?? columns.first { $0.name.lowercased() == column.lowercased() }
  }

  /// JSON Schema of one row as an object.
  public var rowSchema: JSONValue {
    var properties = JSONObject()
    for column in columns { properties[column.name] = column.schema }
    return ["type": "object", "properties": .object(properties)]
  }

  /// How a tool declares that its result holds rows of this table (``MetaKey/records``).
  ///
  /// - Parameter rows: JSON Pointer of the rows in `structuredContent`; nil if they only influence the result.
  public func declaration(rows: String?) -> RecordDeclaration? {
    recordType.map { type in
      let entities = columns.reduce(into: [String: String]()) { $0[$1.name] = $1.entity }
      return RecordDeclaration(type: type, rows: rows, entities: entities)
    }
  }

  /// Path pattern -> data category of the columns that have one, for ``MetaKey/categories``.
  ///
  /// - Parameter row: path pattern of one row, such as `/contacts/*`.
  public func categories(row: String) -> JSONObject {
    columns.reduce(into: JSONObject()) { categories, column in
      if let category = column.category { categories["\(row)/\(column.name)"] = .string(category) }
    }
  }

  /// The table's description for `describe_table` and the schema resource.
  var json: JSONValue {
    let columns: [JSONValue] = columns.map { column in
      var object: JSONValue = [
        "name": .string(column.name), "type": .string(column.declaredType), "nullable": .bool(column.isNullable),
        "primary_key": .bool(column.isPrimaryKey),
      ]
      if !column.values.isEmpty { object["values"] = .array(column.values.map { .string($0) }) }
      if let references = column.references { object["references"] = .string(references) }
      if let category = column.category { object["category"] = .string(category) }
      if let description = column.description { object["description"] = .string(description) }
      return object
    }
    var object: JSONValue = ["name": .string(name), "columns": .array(columns)]
    if !indexes.isEmpty { object["indexes"] = .array(indexes.map(\.json)) }
    if let description { object["description"] = .string(description) }
    return object
  }
}
