public import JSON
internal import MCP

/// A statement that an administrator wrote, and that callers run by its name with typed values.
public struct DeclaredStatement: Sendable {
  public struct Parameter: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
      case text, integer, number, boolean, date, timestamp
      /// An exact number, as text.
      case decimal
    }

    public var name: String
    public var kind: Kind
    public var isOptional: Bool
    /// What stands for a value that is not given. Without it that is NULL.
    public var standard: JSONValue?
    /// Further keywords of JSON Schema: `description`, `enum`, `minimum`, `maxLength`, `pattern`, ...
    public var keywords: JSONObject

    public init(_ name: String, _ kind: Kind, isOptional: Bool = false, standard: JSONValue? = nil, keywords: JSONObject = [:]) {
      self.name = name
      self.kind = kind
      self.isOptional = isOptional || standard != nil
      self.standard = standard
      self.keywords = keywords
    }
  }

  /// That of the tool.
  public let name: String
  public let description: String
  public let sql: String
  public let parameters: [Parameter]
  /// What a statement that changes something does to what is there, and when it is repeated.
  public let isDestructive: Bool
  public let isIdempotent: Bool
  /// Column of the result -> data category, for columns that are computed. Those of the tables keep their own.
  public let categories: [String: String]
  /// The most rows that are answered with, or changed.
  public let rows: Int
  let text: StatementText

  /// Whether the statement changes something.
  public var isWrite: Bool { text.write != nil }

  /// - Parameter isWrite: whether the statement is meant to change something.
  /// - Throws: where statement and declaration do not belong together.
  public init(
    _ name: String, description: String, sql: String, parameters: [Parameter] = [], isWrite: Bool = false, isDestructive: Bool = true, isIdempotent: Bool = false,
    categories: [String: String] = [:], rows: Int = 100
  ) throws(SQLConnectorError) {
    func isName(_ text: String) -> Bool {
      text.utf8.count <= 64 && text.utf8.first.map { (0x61...0x7A).contains($0) } == true
        && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
    func problem(_ message: String) -> SQLConnectorError { SQLConnectorError("The statement \"\(name)\": \(message).") }
    guard isName(name) else { throw problem("a name has small letters, digits and _, and begins with a letter") }
    do { text = try StatementText(sql) } catch { throw problem(error.description) }
    guard isWrite == (text.write != nil) else { throw problem(isWrite ? "it changes nothing, so it is no write" : "it changes something: say write: true") }
    let names = Set(parameters.map(\.name))
    guard names.count == parameters.count, names.allSatisfy(isName) else { throw problem("each parameter has a name of its own, in small letters, digits and _") }
    if let unknown = text.parameters.subtracting(names).min() { throw problem("there is no parameter \"\(unknown)\", which it uses") }
    if let unused = names.subtracting(text.parameters).min() { throw problem("the parameter \"\(unused)\" is not used") }
    for parameter in parameters {
      guard let standard = parameter.standard else { continue }
      guard (try? parameter.value(standard)) != nil else { throw problem("the default of \"\(parameter.name)\" is no \(parameter.kind.rawValue)") }
    }
    guard !isWrite || categories.isEmpty else { throw problem("only what is read has categories") }
    (self.name, self.description, self.sql, self.parameters, self.categories, self.rows) = (name, description, sql, parameters, categories, rows)
    (self.isDestructive, self.isIdempotent) = (isDestructive, isIdempotent)
  }

  var inputSchema: JSONValue {
    var properties = JSONObject()
    for parameter in parameters { properties[parameter.name] = .object(parameter.schema) }
    return [
      "type": "object", "properties": .object(properties), "required": .array(parameters.filter { !$0.isOptional }.map { .string($0.name) }),
      "additionalProperties": false,
    ]
  }

  /// The values of a call as they stand in the statement.
  func arguments(_ call: ToolCall, _ dialect: SQLDialect) throws(SQLToolError) -> [String: SQLFragment] {
    var arguments: [String: SQLFragment] = [:]
    for parameter in parameters {
      let value = try (call[parameter.name].map { JSONValue($0) } ?? parameter.standard).map { given throws(SQLToolError) in try parameter.value(given) }
      arguments[parameter.name] = parameter.fragment(value ?? .null, dialect)
    }
    return arguments
  }

  /// NULL for each, to try the statement.
  func noArguments(_ dialect: SQLDialect) -> [String: SQLFragment] {
    Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.fragment(.null, dialect)) })
  }
}

extension DeclaredStatement.Parameter {
  var schema: JSONObject {
    var schema: JSONObject
    switch kind {
    case .text: schema = ["type": "string", "maxLength": 4000]
    case .integer: schema = ["type": "integer"]
    case .number: schema = ["type": "number"]
    case .boolean: schema = ["type": "boolean"]
    case .decimal: schema = ["type": "string", "pattern": #"^-?[0-9]{1,30}(\.[0-9]{1,20})?$"#]
    case .date: schema = ["type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "format": "date"]
    case .timestamp:
      schema = [
        "type": "string", "pattern": #"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"#, "format": "date-time",
      ]
    }
    if let standard { schema["default"] = standard }
    for (name, value) in keywords { schema[name] = value }
    return schema
  }

  /// The value as the database gets it. What the schema says was held against it before.
  func value(_ given: JSONValue) throws(SQLToolError) -> SQLValue {
    switch (kind, given) {
    case (.text, .string(let text)), (.decimal, .string(let text)), (.date, .string(let text)), (.timestamp, .string(let text)):
      guard !text.utf8.contains(0) else { throw SQLToolError("\"\(name)\" holds a null character. Leave it out.") }
      return .text(text)
    case (.integer, .number(let number)): if let value = number.int { return .integer(Int64(value)) }
    case (.number, .number(let number)): if let value = number.double, value.isFinite { return .real(value) }
    case (.boolean, .bool(let value)): return .boolean(value)
    default: break
    }
    throw SQLToolError("\"\(name)\" must be a \(kind.rawValue).")
  }

  /// PostgreSQL is told the type, which it could not always infer, and SQLite what is a number: to a computed one it compares no text.
  fileprivate func fragment(_ value: SQLValue, _ dialect: SQLDialect) -> SQLFragment {
    guard dialect == .postgres else { return kind == .decimal ? "CAST(\(value) AS NUMERIC)" : "\(value)" }
    return switch kind {
    case .text: "\(value)::text"
    case .integer: "\(value)::int8"
    case .number: "\(value)::float8"
    case .boolean: "\(value)::bool"
    case .decimal: "\(value)::numeric"
    case .date: "\(value)::date"
    case .timestamp: "\(value)::timestamptz"
    }
  }
}
