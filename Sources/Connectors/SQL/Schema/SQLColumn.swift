public import JSON

/// One column of a served table.
public struct SQLColumn: Sendable, Hashable {
  /// What a column holds, after its declared type (SQLite, "Datatypes", section 3.1), with booleans told apart.
  public enum Kind: String, Sendable {
    case integer, real, boolean, text, blob
  }

  public let name: String
  /// The type as declared, for people.
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
  var mask: String { kind == .text ? "'[masked]'" : "NULL" }

  /// JSON Schema of the column in a result.
  public var schema: JSONValue {
    let type: JSONValue
    switch kind {
    case .integer: type = "integer"
    case .real: type = "number"
    case .boolean: type = "boolean"
    case .text, .blob: type = "string"
    }
    // What has a category may come out masked, and a mask is no number.
    let canBeNull = isNullable || (category != nil && category != "public" && kind != .text)
    var schema: JSONValue = ["type": canBeNull ? [type, "null"] : type]
    if let description { schema["description"] = .string(description) }
    return schema
  }
}
