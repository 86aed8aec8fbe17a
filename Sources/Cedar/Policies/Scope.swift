/// What a policy's scope asks of the principal or the resource.
public enum ScopeConstraint: Sendable, Hashable {
  case any
  case equal(EntityUID)
  case isIn(EntityUID)
  case isType(String)
  case isTypeIn(String, EntityUID)
}

/// What a policy's scope asks of the action.
public enum ActionConstraint: Sendable, Hashable {
  case any
  case equal(EntityUID)
  /// The action is one of these or a descendant of one.
  case isIn([EntityUID])
}

extension ScopeConstraint {
  func matches(_ uid: EntityUID, in entities: Entities) -> Bool {
    switch self {
    case .any: true
    case .equal(let expected): uid == expected
    case .isIn(let ancestor): entities.isMember(uid, of: ancestor)
    case .isType(let type): uid.isOfType(type)
    case .isTypeIn(let type, let ancestor): uid.isOfType(type) && entities.isMember(uid, of: ancestor)
    }
  }

  /// The same question as an expression over a variable; nil if it asks nothing.
  func expression(for variable: Expr.Variable) -> Expr? {
    switch self {
    case .any: nil
    case .equal(let uid): .binary(.equal, .variable(variable), .value(.entity(uid)))
    case .isIn(let uid): .binary(.in, .variable(variable), .value(.entity(uid)))
    case .isType(let type): .isType(.variable(variable), type)
    case .isTypeIn(let type, let uid):
      .and([.isType(.variable(variable), type), .binary(.in, .variable(variable), .value(.entity(uid)))])
    }
  }
}

extension ActionConstraint {
  func matches(_ uid: EntityUID, in entities: Entities) -> Bool {
    switch self {
    case .any: true
    case .equal(let expected): uid == expected
    case .isIn(let ancestors): ancestors.contains { entities.isMember(uid, of: $0) }
    }
  }
}
