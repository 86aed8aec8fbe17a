/// A question: may this principal perform this action on this resource, given this context?
public struct Request: Sendable, Hashable {
  public var principal: EntityUID
  public var action: EntityUID
  public var resource: EntityUID
  public var context: Record

  public init(principal: EntityUID, action: EntityUID, resource: EntityUID, context: Record = [:]) {
    self.principal = principal
    self.action = action
    self.resource = resource
    self.context = context
  }
}

public enum Decision: String, Sendable, Hashable {
  case allow, deny
}

/// The answer to a request.
public struct Response: Sendable, Hashable {
  /// Deny unless a permit policy is satisfied and no forbid policy is.
  public var decision: Decision
  /// The ids of the policies that determined the decision, in policy order: the satisfied forbids, or if there are none
  /// the satisfied permits. Empty if nothing was satisfied.
  public var reasons: [String]
  /// The policies that could not be evaluated and were skipped, in policy order.
  public var errors: [PolicyFailure]

  public init(decision: Decision, reasons: [String], errors: [PolicyFailure]) {
    self.decision = decision
    self.reasons = reasons
    self.errors = errors
  }
}

/// A policy whose evaluation failed.
public struct PolicyFailure: Sendable, Hashable {
  public var policyID: String
  public var error: EvaluationError

  public init(policyID: String, error: EvaluationError) {
    self.policyID = policyID
    self.error = error
  }
}
