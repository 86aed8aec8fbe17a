/// A request in which the principal, the resource or parts of the context are not known yet.
public struct PartialRequest: Sendable, Hashable {
  /// The principal or the resource.
  public enum Subject: Sendable, Hashable {
    case known(EntityUID)
    /// Some entity of this type: identity, attributes, parents and tags are unknown.
    case unknown(type: String)
  }

  public var principal: Subject
  public var action: EntityUID
  public var resource: Subject
  /// The known part of the context.
  public var context: Record
  /// Names of context attributes that may be present later, with any value. They must not be in `context` as well; if they
  /// are, they count as unknown.
  public var unknownContext: Set<String>

  public init(
    principal: Subject, action: EntityUID, resource: Subject, context: Record = [:], unknownContext: Set<String> = []
  ) {
    self.principal = principal
    self.action = action
    self.resource = resource
    self.context = context
    self.unknownContext = unknownContext
  }

  /// A known principal and action on some resource of a type: the question behind row-level rules.
  public init(
    principal: EntityUID, action: EntityUID, resourceType: String, context: Record = [:],
    unknownContext: Set<String> = []
  ) {
    self.init(
      principal: .known(principal), action: action, resource: .unknown(type: resourceType), context: context,
      unknownContext: unknownContext)
  }
}
