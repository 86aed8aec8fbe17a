internal import JSON
internal import MCP

/// How the generic tools, each of which serves all tables, tell policy of the records in their results.
///
/// A result holds rows by table: `{"rows": {"orders": [...]}}`. Each table with a record type has a place of its own there, which is
/// null in results that are about another table. All of this comes from the configuration: a database that is down takes no rule away.
struct TableDeclarations {
  let rules: [TableRules]

  init(_ connector: SQLConnector) { rules = connector.configuration.tables ?? [] }

  /// The most places that one tool may declare to the gateway. The connector masks all columns itself.
  private static let places = 64

  /// `_meta` of a tool whose result holds rows.
  ///
  /// - Parameters:
  ///   - member: `rows`, an array by table, or `row`, an object.
  ///   - tables: those that the tool serves.
  func meta(_ member: String, _ tables: [TableRules]? = nil) -> JSONObject {
    let tables = tables ?? rules
    let records = tables.compactMap { rule in
      rule.recordType.map { RecordDeclaration(type: $0, rows: Self.pointer(member, rule.name), entities: rule.entities).json }
    }
    var categories = JSONObject()
    for rule in tables {
      for (column, category) in rule.categories.sorted(by: { $0.key < $1.key }) where categories.count < Self.places {
        categories["\(Self.pointer(member, rule.name))\(member == "rows" ? "/*" : "")/\(column)"] = .string(category)
      }
    }
    return meta(records, categories)
  }

  /// `_meta` of a tool whose result depends on rows and holds none as such.
  ///
  /// - Parameter categories: those of columns that are computed.
  func influence(_ tables: [TableRules]? = nil, categories: JSONObject = [:]) -> JSONObject {
    meta((tables ?? rules).compactMap { rule in rule.recordType.map { RecordDeclaration(type: $0, rows: nil, entities: rule.entities).json } }, categories)
  }

  private func meta(_ records: [JSONValue], _ categories: JSONObject) -> JSONObject {
    var meta = JSONObject()
    if !records.isEmpty { meta[MetaKey.records] = .array(records) }
    if !categories.isEmpty { meta[MetaKey.categories] = .object(categories) }
    return meta
  }

  /// JSON Pointer (RFC 6901).
  static func pointer(_ member: String, _ table: String) -> String {
    var name = ""
    for scalar in table.unicodeScalars { name += scalar == "~" ? "~0" : scalar == "/" ? "~1" : String(scalar) }
    return "/\(member)/\(name)"
  }

  /// The member of a result: the rows of one table, nothing of the others.
  func structured(_ table: SQLTable, _ rows: JSONValue) -> JSONValue {
    var object = JSONObject()
    for rule in rules where rule.recordType != nil { object[rule.name] = .null }
    object[table.name] = rows
    return .object(object)
  }
}
