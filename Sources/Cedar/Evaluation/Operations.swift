/// The operators on values, shared by full and partial evaluation.
///
/// A class, like the evaluators, so that handing it on costs one reference count and not one for each part.
final class Operations: Sendable {
  let entities: Entities

  init(entities: Entities) { self.entities = entities }

  func binary(_ operation: Expr.BinaryOperator, _ left: Value, _ right: Value) throws(EvaluationError) -> Value {
    switch operation {
    case .equal: return .bool(left == right)
    case .notEqual: return .bool(left != right)
    case .less: return .bool(try compare(left, right) < 0)
    case .lessOrEqual: return .bool(try compare(left, right) <= 0)
    case .greater: return .bool(try compare(left, right) > 0)
    case .greaterOrEqual: return .bool(try compare(left, right) >= 0)
    case .in: return .bool(try isMember(left, of: right))
    case .add, .subtract, .multiply: return try arithmetic(operation, left, right)
    case .contains: return .bool(try Self.set(left).contains(right))
    case .containsAll: return .bool(try Self.set(left).isSuperset(of: Self.set(right)))
    case .containsAny: return .bool(try Self.set(left).intersects(Self.set(right)))
    case .hasTag:
      let uid = try Self.entity(left)
      let name = try Self.string(right)
      return .bool(entities[uid]?.tags[name] != nil)
    case .getTag:
      let uid = try Self.entity(left)
      let name = try Self.string(right)
      guard let entity = entities[uid] else { throw .entityMissing(uid) }
      guard let value = entity.tags[name] else { throw .tagMissing(name) }
      return value
    }
  }

  /// Negative, zero or positive; for two longs, datetimes or durations.
  private func compare(_ left: Value, _ right: Value) throws(EvaluationError) -> Int {
    switch (left, right) {
    case (.long(let a), .long(let b)): return a < b ? -1 : (a == b ? 0 : 1)
    case (.datetime, .datetime), (.duration, .duration): return left.compare(to: right)
    case (.long, _): throw .typeMismatch(expected: "long", found: right.kind)
    case (.datetime, _): throw .typeMismatch(expected: "datetime", found: right.kind)
    case (.duration, _): throw .typeMismatch(expected: "duration", found: right.kind)
    default: throw .typeMismatch(expected: "long, datetime or duration", found: left.kind)
    }
  }

  private func arithmetic(
    _ operation: Expr.BinaryOperator, _ left: Value, _ right: Value
  ) throws(EvaluationError) -> Value {
    let a = try Self.long(left)
    let b = try Self.long(right)
    let (result, overflow) =
      switch operation {
      case .add: a.addingReportingOverflow(b)
      case .subtract: a.subtractingReportingOverflow(b)
      default: a.multipliedReportingOverflow(by: b)
      }
    if overflow { throw .overflow(operation) }
    return .long(result)
  }

  private func isMember(_ left: Value, of right: Value) throws(EvaluationError) -> Bool {
    let uid = try Self.entity(left)
    switch right {
    case .entity(let ancestor): return entities.isMember(uid, of: ancestor)
    case .set(let set):
      var ancestors: [EntityUID] = []
      ancestors.reserveCapacity(set.count)
      for element in set.elements { ancestors.append(try Self.entity(element)) }
      return ancestors.contains { entities.isMember(uid, of: $0) }
    default: throw .typeMismatch(expected: "entity or set of entities", found: right.kind)
    }
  }

  func attribute(_ name: String, of value: Value) throws(EvaluationError) -> Value {
    switch value {
    case .record(let record):
      guard let value = record[name] else { throw .attributeMissing(name) }
      return value
    case .entity(let uid):
      guard let attribute = entities.attribute(name, of: uid) else { throw .entityMissing(uid) }
      guard let value = attribute else { throw .attributeMissing(name) }
      return value
    default: throw .typeMismatch(expected: "record or entity", found: value.kind)
    }
  }

  func has(_ path: [String], in value: Value) throws(EvaluationError) -> Bool {
    var current = value
    for name in path {
      let next: Value?
      switch current {
      case .record(let record): next = record[name]
      case .entity(let uid): next = entities.attribute(name, of: uid) ?? nil
      default: throw .typeMismatch(expected: "record or entity", found: current.kind)
      }
      guard let next else { return false }
      current = next
    }
    return true
  }

  static func negate(_ value: Value) throws(EvaluationError) -> Value {
    let (result, overflow) = (0 as Int64).subtractingReportingOverflow(try long(value))
    if overflow { throw .overflow(nil) }
    return .long(result)
  }

  static func like(_ value: Value, _ pattern: Pattern) throws(EvaluationError) -> Bool {
    pattern.matches(try string(value))
  }

  @inline(__always)
  static func bool(_ value: Value) throws(EvaluationError) -> Bool {
    guard case .bool(let result) = value else { throw .typeMismatch(expected: "bool", found: value.kind) }
    return result
  }

  static func long(_ value: Value) throws(EvaluationError) -> Int64 {
    guard case .long(let result) = value else { throw .typeMismatch(expected: "long", found: value.kind) }
    return result
  }

  static func string(_ value: Value) throws(EvaluationError) -> String {
    guard case .string(let result) = value else { throw .typeMismatch(expected: "string", found: value.kind) }
    return result
  }

  static func entity(_ value: Value) throws(EvaluationError) -> EntityUID {
    guard case .entity(let result) = value else { throw .typeMismatch(expected: "entity", found: value.kind) }
    return result
  }

  static func set(_ value: Value) throws(EvaluationError) -> ValueSet {
    guard case .set(let result) = value else { throw .typeMismatch(expected: "set", found: value.kind) }
    return result
  }
}
