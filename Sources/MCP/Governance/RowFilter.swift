public import JSON

/// A row-level rule in a form that a connector can push into its query language.
///
/// The gateway derives it from policy and hands it to a connector in `_meta` (``MetaKey/rows``); the connector turns it
/// into SQL, SOQL, JQL. Logic is three-valued as in SQL: a comparison with an attribute that the record lacks is unknown,
/// and a record is in only when the whole filter is true.
///
/// The JSON form is an array whose first element names the operator: `["and", f, ...]`, `["or", f, ...]`, `["not", f]`,
/// `["true"]`, `["false"]`, `["=", attribute, value]`, `["<", ...]`, `["<=", ...]`, `["in", attribute, [value, ...]]`,
/// `["contains", attribute, value]` (a set attribute), `["has", attribute]`, `["like", attribute, pattern]`,
/// `["isTrue", f]` (unknown becomes false). An attribute is a dotted path; an entity reference is its id.
public indirect enum RowFilter: Sendable, Hashable {
  case constant(Bool)
  case and([RowFilter])
  case or([RowFilter])
  case not(RowFilter)
  case compare(attribute: String, Comparison, JSONValue)
  case isIn(attribute: String, [JSONValue])
  /// The set attribute holds the value.
  case contains(attribute: String, JSONValue)
  case has(attribute: String)
  /// `*` stands for any run of characters, `\*` for an asterisk; a backslash before anything else is itself. Case counts.
  case like(attribute: String, pattern: String)
  /// Unknown becomes false.
  case isTrue(RowFilter)

  /// How an attribute is compared; the rest is made with `not`.
  public enum Comparison: String, Sendable, Hashable {
    case equal = "="
    case less = "<"
    case lessOrEqual = "<="
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    switch self {
    case .constant(let value): [.string(value ? "true" : "false")]
    case .and(let filters): .array(["and"] + filters.map(\.json))
    case .or(let filters): .array(["or"] + filters.map(\.json))
    case .not(let filter): ["not", filter.json]
    case .compare(let attribute, let comparison, let value): [.string(comparison.rawValue), .string(attribute), value]
    case .isIn(let attribute, let values): ["in", .string(attribute), .array(values)]
    case .contains(let attribute, let value): ["contains", .string(attribute), value]
    case .has(let attribute): ["has", .string(attribute)]
    case .like(let attribute, let pattern): ["like", .string(attribute), .string(pattern)]
    case .isTrue(let filter): ["isTrue", filter.json]
    }
  }

  /// Reads the JSON form. Whoever gets nil must not serve any row.
  public init?(_ json: JSONValue) {
    guard let parts = json.array, let name = parts.first?.string else { return nil }
    let rest = parts.dropFirst()
    func filters() -> [RowFilter]? {
      let read = rest.compactMap { RowFilter($0) }
      return read.count == rest.count ? read : nil
    }
    switch (name, rest.count) {
    case ("true", 0): self = .constant(true)
    case ("false", 0): self = .constant(false)
    case ("and", _): guard let filters = filters() else { return nil }; self = .and(filters)
    case ("or", _): guard let filters = filters() else { return nil }; self = .or(filters)
    case ("not", 1): guard let filter = filters()?.first else { return nil }; self = .not(filter)
    case ("isTrue", 1): guard let filter = filters()?.first else { return nil }; self = .isTrue(filter)
    case ("has", 1): guard let attribute = parts[1].string else { return nil }; self = .has(attribute: attribute)
    case ("=", 2), ("<", 2), ("<=", 2):
      guard let attribute = parts[1].string, let comparison = Comparison(rawValue: name) else { return nil }
      self = .compare(attribute: attribute, comparison, parts[2])
    case ("in", 2):
      guard let attribute = parts[1].string, let values = parts[2].array else { return nil }
      self = .isIn(attribute: attribute, values)
    case ("contains", 2): guard let attribute = parts[1].string else { return nil }; self = .contains(attribute: attribute, parts[2])
    case ("like", 2):
      guard let attribute = parts[1].string, let pattern = parts[2].string else { return nil }
      self = .like(attribute: attribute, pattern: pattern)
    default: return nil
    }
  }
}

/// How a tool declares which records its result holds, so that policy can speak of them: in the tool's `_meta` under ``MetaKey/records``.
///
/// `[{"type": "Opportunity", "rows": "/opportunities", "entities": {"owner": "User"}}]`: the rows at that JSON Pointer of
/// `structuredContent` (an array, or one object) are records of that Cedar type; the listed members are references to entities.
/// A declaration without `rows` says that the tool touches such records and enforces ``MetaKey/rows`` itself, but that they do
/// not stand in its result as rows. With `"category": "category"` that member of a record names the data category of the whole record:
/// who may not see that category does not get the record. Where several apply it names the strictest, and `categories` beside it lists all. A record without the member is of no category; an unknown category is for who may see all.
public struct RecordDeclaration: Sendable, Hashable {
  /// The type of the records, as policies name it.
  public var type: String
  /// The member of the structured content that holds the records; nil where the whole is the record.
  public var rows: String?
  /// Member -> entity type, for members that refer to entities.
  public var entities: [String: String]
  /// The member that names the data category of a whole record; nil where records have none.
  public var category: String?
  /// The member that lists all categories of a record that is of several.
  public static let allCategories = "categories"

  public init(type: String, rows: String?, entities: [String: String] = [:], category: String? = nil) {
    self.type = type
    self.rows = rows
    self.entities = entities
    self.category = category
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var object: JSONValue = ["type": .string(type)]
    if let rows { object["rows"] = .string(rows) }
    if !entities.isEmpty {
      object["entities"] = .object(entities.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) })
    }
    if let category { object["category"] = .string(category) }
    return object
  }

  /// Reads the JSON form; nil where it names no type.
  public init?(_ json: JSONValue) {
    guard let type = json["type"]?.string else { return nil }
    self.init(
      type: type, rows: json["rows"]?.string,
      entities: (json["entities"]?.object ?? JSONObject()).reduce(into: [:]) { $0[$1.name] = $1.value.string },
      category: json["category"]?.string)
  }
}
