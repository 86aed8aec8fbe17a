/// A Cedar expression, parsed or left over by partial evaluation.
///
/// `&&` and `||` chains are flat lists: evaluation goes from left to right, stops at the first operand that decides,
/// and requires each operand reached to be a bool, so nesting would mean the same.
public indirect enum Expr: Sendable, Hashable {
  /// A literal, or a known part folded by partial evaluation.
  case value(Value)
  case variable(Variable)
  case not(Expr)
  case negate(Expr)
  /// All hold; two or more operands.
  case and([Expr])
  /// One holds; two or more operands.
  case or([Expr])
  case conditional(condition: Expr, then: Expr, otherwise: Expr)
  case binary(BinaryOperator, Expr, Expr)
  case isEmpty(Expr)
  /// `expr.name` or `expr["name"]`: the attribute of a record or entity; an error if absent.
  case attribute(Expr, String)
  /// `expr has a.b.c`: the path of one or more attributes is present.
  case has(Expr, path: [String])
  case like(Expr, Pattern)
  /// `expr is Type`
  case isType(Expr, String)
  case set([Expr])
  case record([RecordField])
  case call(ExtensionFunction, [Expr])
  /// Holds if the operand is true; false if it is false or its evaluation fails. Never fails itself.
  ///
  /// It wraps each policy in a residual: a failing policy counts as not satisfied. Cedar has no syntax for it.
  case isTrue(Expr)
  /// A part that is known to fail. Only in residuals; Cedar has no syntax for it.
  case failure(EvaluationError)

  public enum Variable: String, Sendable, Hashable {
    case principal, action, resource, context
  }

  public enum BinaryOperator: String, Sendable, Hashable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in`
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case contains, containsAll, containsAny, hasTag, getTag
  }

  /// A field of a record expression.
  public struct RecordField: Sendable, Hashable {
    public let name: String
    public let value: Expr

    public init(_ name: String, _ value: Expr) {
      self.name = name
      self.value = value
    }

    public static func == (left: RecordField, right: RecordField) -> Bool {
      left.name.hasSameBytes(as: right.name) && left.value == right.value
    }
  }
}

extension Expr {
  /// Whether evaluation, if it succeeds, is certain to give a bool. Judged by the form alone.
  var isCertainlyBool: Bool {
    switch self {
    case .value(.bool), .not, .and, .or, .isEmpty, .has, .like, .isType, .isTrue: true
    case .binary(let operation, _, _): operation.returnsBool
    case .call(let function, _): function.returnsBool
    case .conditional(_, let then, let otherwise): then.isCertainlyBool && otherwise.isCertainlyBool
    default: false
    }
  }

  /// The conjunction; flattens, and is the operand itself if there is only one.
  static func all(_ operands: [Expr]) -> Expr {
    if operands.count == 1 { return operands[0] }
    return .and(operands.flatMap { if case .and(let inner) = $0 { inner } else { [$0] } })
  }

  /// The disjunction; flattens, and is the operand itself if there is only one.
  static func any(_ operands: [Expr]) -> Expr {
    if operands.count == 1 { return operands[0] }
    return .or(operands.flatMap { if case .or(let inner) = $0 { inner } else { [$0] } })
  }

  /// The direct parts, in evaluation order.
  public var children: [Expr] {
    switch self {
    case .value, .variable, .failure: []
    case .not(let a), .negate(let a), .isEmpty(let a), .attribute(let a, _), .has(let a, _), .like(let a, _),
      .isType(let a, _), .isTrue(let a):
      [a]
    case .and(let operands), .or(let operands), .set(let operands), .call(_, let operands): operands
    case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
    case .binary(_, let a, let b): [a, b]
    case .record(let fields): fields.map(\.value)
    }
  }
}

extension Expr.BinaryOperator {
  var returnsBool: Bool {
    switch self {
    case .add, .subtract, .multiply, .getTag: false
    default: true
    }
  }

  /// Whether it is written as a method call.
  var isMethod: Bool {
    switch self {
    case .contains, .containsAll, .containsAny, .hasTag, .getTag: true
    default: false
    }
  }
}
