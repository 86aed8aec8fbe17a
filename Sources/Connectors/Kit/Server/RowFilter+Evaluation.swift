public import JSON
public import MCP

extension RowFilter {
  /// Whether the rule holds for a record; what is unknown does not (see ``RowFilter``).
  ///
  /// For connectors whose vendor's query language cannot say the whole rule, and for records that a call reads or changes by id.
  public func admits(_ record: JSONValue) -> Bool { truth(record) == true }

  /// The attributes that the rule speaks of: results must keep them, so that whoever checks again can.
  public var attributes: Set<String> {
    switch self {
    case .constant: []
    case .and(let filters), .or(let filters): filters.reduce(into: []) { $0.formUnion($1.attributes) }
    case .not(let filter), .isTrue(let filter): filter.attributes
    case .compare(let attribute, _, _), .isIn(let attribute, _), .contains(let attribute, _), .has(let attribute), .like(let attribute, _): [attribute]
    }
  }

  /// Nil is unknown.
  private func truth(_ record: JSONValue) -> Bool? {
    switch self {
    case .constant(let value): return value
    case .and(let filters):
      let values = filters.map { $0.truth(record) }
      return values.contains(false) ? false : values.contains(nil) ? nil : true
    case .or(let filters):
      let values = filters.map { $0.truth(record) }
      return values.contains(true) ? true : values.contains(nil) ? nil : false
    case .not(let filter): return filter.truth(record).map { !$0 }
    case .isTrue(let filter): return filter.truth(record) == true
    case .has(let attribute): return Self.value(attribute, record) != nil
    case .compare(let attribute, let comparison, let value):
      guard let own = Self.value(attribute, record) else { return nil }
      switch comparison {
      case .equal: return own == value
      case .less: return Self.isLess(own, value, orEqual: false)
      case .lessOrEqual: return Self.isLess(own, value, orEqual: true)
      }
    case .isIn(let attribute, let values): return Self.value(attribute, record).map { values.contains($0) }
    case .contains(let attribute, let value): return Self.value(attribute, record)?.array.map { $0.contains(value) }
    case .like(let attribute, let pattern): return Self.value(attribute, record)?.string.map { RowPattern(pattern).matches($0) }
    }
  }

  private static func value(_ attribute: String, _ record: JSONValue) -> JSONValue? {
    var value: JSONValue? = record
    for part in attribute.split(separator: ".") { value = value?[String(part)] }
    // A null is no value. (Within a closure `nil` would be the JSON value.)
    guard let value, !value.isNull else { return nil }
    return value
  }

  /// Policy compares whole numbers only; anything else is unknown.
  private static func isLess(_ one: JSONValue, _ other: JSONValue, orEqual: Bool) -> Bool? {
    guard let one = one.int, let other = other.int else { return nil }
    return orEqual ? one <= other : one < other
  }
}
