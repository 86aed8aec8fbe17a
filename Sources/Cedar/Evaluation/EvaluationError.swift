/// Why an expression could not be evaluated. The policy it belongs to is then skipped.
public enum EvaluationError: Error, Sendable, Hashable {
  /// An operand is of the wrong kind.
  case typeMismatch(expected: String, found: Value.Kind)
  /// A record or entity lacks the attribute.
  case attributeMissing(String)
  /// An attribute or tag of an entity was asked for that is not among the entities.
  case entityMissing(EntityUID)
  /// The entity lacks the tag.
  case tagMissing(String)
  /// 64-bit arithmetic overflowed.
  case overflow(Expr.BinaryOperator?)
  /// An extension function was given malformed text, overflowed, or had the wrong number of arguments.
  case extensionFailed(ExtensionFunction, String)
  /// The expression is nested deeper than evaluation allows.
  case tooDeep
}

extension EvaluationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .typeMismatch(let expected, let found): "expected \(expected), found \(found.rawValue)"
    case .attributeMissing(let name): "there is no attribute \(CedarText.quoted(name)); guard it with `has`"
    case .entityMissing(let uid): "the entity \(uid) is not known"
    case .tagMissing(let name): "there is no tag \(CedarText.quoted(name)); guard it with hasTag"
    case .overflow(let operation): "integer overflow in \(operation?.rawValue ?? "negation")"
    case .extensionFailed(let function, let reason): "\(function.rawValue): \(reason)"
    case .tooDeep: "the expression is nested too deeply to be evaluated"
    }
  }
}
