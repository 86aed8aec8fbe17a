public import JSON

/// A value in a statement or a result.
public enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case boolean(Bool)
  /// A document or list, as it stands in a result.
  case json(JSONValue)
}

/// A piece of SQL in which values stay apart from the text until it is rendered.
///
/// Made by interpolation: `"owner = \(.text(owner))"` interpolates a value, `\(identifier: name)` a quoted name,
/// `\(fragment)` another piece. A plain string cannot be interpolated, so no value is ever taken for SQL.
public struct SQLFragment: Sendable, Hashable, ExpressibleByStringInterpolation {
  enum Part: Sendable, Hashable {
    case sql(String)
    case value(SQLValue)
  }

  private(set) var parts: [Part]

  init(parts: [Part]) { self.parts = parts }

  public init(stringLiteral value: StaticString) { parts = [.sql("\(value)")] }
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []
    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ literal: StaticString) { parts.append(.sql("\(literal)")) }
    public mutating func appendInterpolation(_ value: SQLValue) { parts.append(.value(value)) }
    public mutating func appendInterpolation(_ fragment: SQLFragment) { parts += fragment.parts }
    public mutating func appendInterpolation(identifier name: String) { parts.append(.sql(SQLLiteral.identifier(name))) }
  }

  static func joined(_ fragments: [SQLFragment], by separator: StaticString) -> SQLFragment {
    SQLFragment(parts: Array(fragments.map(\.parts).joined(separator: [.sql("\(separator)")])))
  }

  /// The text with `?` in place of the values, and the values in order.
  var bound: (sql: String, values: [SQLValue]) {
    var (sql, values) = ("", [SQLValue]())
    for part in parts {
      switch part {
      case .sql(let text): sql += text
      case .value(let value):
        sql += "?"
        values.append(value)
      }
    }
    return (sql, values)
  }

  /// The text with `$1` and so on in place of the values, for PostgreSQL. Numbers say their type, so that a comparison with a
  /// column of a smaller one does not fail; texts take the type of what they are compared with.
  var numbered: (sql: String, values: [SQLValue]) {
    var (sql, values) = ("", [SQLValue]())
    for part in parts {
      switch part {
      case .sql(let text): sql += text
      case .value(let value):
        values.append(value)
        sql += "$\(values.count)"
        switch value {
        case .integer: sql += "::int8"
        case .real: sql += "::float8"
        case .boolean: sql += "::bool"
        case .null, .text, .json: break
        }
      }
    }
    return (sql, values)
  }

  /// The text with the values written into it, for the one place where SQLite takes no parameters: the body of a view.
  ///
  /// - Returns: nil if a value cannot be written.
  var literal: String? {
    var sql = ""
    for part in parts {
      switch part {
      case .sql(let text): sql += text
      case .value(let value):
        guard let text = SQLLiteral.text(value) else { return nil }
        sql += text
      }
    }
    return sql
  }
}
