public import JSON

/// One column of a served table.
public struct SQLColumn: Sendable, Hashable {
  /// What a column holds: after its declared type in SQLite ("Datatypes", section 3.1), with booleans told apart; after its
  /// type in PostgreSQL.
  public enum Kind: String, Sendable {
    case integer, real, boolean, text, blob
    /// An exact number, as text.
    case decimal
    /// What compares by its text alone: uuid, enumerations, dates, text without regard to case.
    case other
    /// A time, which is shown in another form than the database's own.
    case timestamp
    case json, array
  }

  public let name: String
  /// The type as declared, for people, and in PostgreSQL's case for casts.
  public let declaredType: String
  public let kind: Kind
  public let isNullable: Bool
  public let isPrimaryKey: Bool
  /// `table.column` that a foreign key refers to.
  public let references: String?
  /// The Cedar type of the entity whose id the column holds.
  public let entity: String?
  public let category: String?
  public let description: String?
  /// The values of an enumeration; empty where there is none.
  var values: [String] = []
  /// Whether the database gives it a value where none is given.
  var hasDefault = false

  static func kind(ofType declared: String) -> Kind {
    let type = declared.uppercased()
    if type.contains("BOOL") { return .boolean }
    if type.contains("INT") { return .integer }
    if type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT") || type.contains("DATE") { return .text }
    if type.contains("BLOB") { return .blob }
    if type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB") || type.contains("NUM") || type.contains("DEC") { return .real }
    return .text
  }

  /// Whether a caller with this clearance (nil: ungoverned) sees the column as it is.
  func isRevealed(to clearance: Set<String>?) -> Bool {
    guard let clearance, let category, category != "public" else { return true }
    return clearance.contains(category)
  }

  /// What stands in SQL in the place of a masked column.
  func mask(_ dialect: SQLDialect) -> String {
    switch dialect {
    case .sqlite: kind == .text ? "'[masked]'" : "NULL"
    case .postgres: kind == .text ? "'[masked]'::text" : "NULL::\(declaredType)"
    }
  }

  /// Whether rows can be put in the order of the column.
  var isOrdered: Bool {
    switch kind {
    case .integer, .text, .other, .timestamp, .boolean: !isNullable
    case .real, .decimal, .blob, .json, .array: false
    }
  }

  /// JSON Schema of the column in a result.
  public var schema: JSONValue {
    let type: JSONValue
    switch kind {
    case .integer: type = "integer"
    case .real: type = ["number", "string"]
    case .boolean: type = "boolean"
    case .array: type = ["array", "string"]
    case .json: type = .null
    case .text, .blob, .decimal, .other, .timestamp: type = "string"
    }
    var schema: JSONValue = .object(JSONObject())
    // What has a category may come out masked, and a mask is no number.
    let canBeNull = isNullable || (category != nil && category != "public" && kind != .text)
    if !type.isNull { schema["type"] = canBeNull ? .array((type.array ?? [type]) + ["null"]) : type }
    if let description { schema["description"] = .string(description) }
    return schema
  }
}
