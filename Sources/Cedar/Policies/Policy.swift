/// One parsed policy. Copies share storage.
public struct Policy: Sendable {
  final class Storage: Sendable {
    let effect: Effect
    let annotations: [Annotation]
    let principal: ScopeConstraint
    let action: ActionConstraint
    let resource: ScopeConstraint
    let conditions: [Condition]
    let sourceRange: Range<Int>
    let location: SourceLocation

    init(
      effect: Effect, annotations: [Annotation], principal: ScopeConstraint, action: ActionConstraint,
      resource: ScopeConstraint, conditions: [Condition], sourceRange: Range<Int>, location: SourceLocation
    ) {
      self.effect = effect
      self.annotations = annotations
      self.principal = principal
      self.action = action
      self.resource = resource
      self.conditions = conditions
      self.sourceRange = sourceRange
      self.location = location
    }
  }

  /// The policy's name in responses: `policy0`, `policy1`, ... in the order of the text unless asked otherwise.
  public internal(set) var id: String
  private let storage: Storage

  init(id: String, _ storage: Storage) {
    self.id = id
    self.storage = storage
  }

  public var effect: Effect { storage.effect }
  /// The annotations, `@name("value")`, in the order of the text. They have no bearing on evaluation.
  public var annotations: [Annotation] { storage.annotations }
  public var principal: ScopeConstraint { storage.principal }
  public var action: ActionConstraint { storage.action }
  public var resource: ScopeConstraint { storage.resource }
  /// The `when` and `unless` clauses, in order.
  public var conditions: [Condition] { storage.conditions }
  /// The policy's bytes in the text it was parsed from, annotations included.
  public var sourceRange: Range<Int> { storage.sourceRange }
  /// Where the policy starts in the text.
  public var location: SourceLocation { storage.location }

  public enum Effect: String, Sendable, Hashable { case permit, forbid }

  public struct Annotation: Sendable, Hashable {
    public let name: String
    /// The text in parentheses; empty for an annotation without value.
    public let value: String
  }

  public struct Condition: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable { case when, unless }
    public let kind: Kind
    public let expression: Expr
  }

  /// The value of the named annotation, nil if the policy does not carry it.
  public func annotation(_ name: String) -> String? {
    annotations.first { $0.name == name }?.value
  }
}

extension Policy: Hashable {
  public static func == (left: Policy, right: Policy) -> Bool {
    if left.id != right.id { return false }
    if left.storage === right.storage { return true }
    return left.effect == right.effect && left.annotations == right.annotations && left.principal == right.principal
      && left.action == right.action && left.resource == right.resource && left.conditions == right.conditions
      && left.sourceRange == right.sourceRange && left.location == right.location
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(sourceRange)
    hasher.combine(conditions)
  }
}
