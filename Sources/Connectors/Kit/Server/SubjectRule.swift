internal import JSON
public import MCP

/// In whose name a connector asks its vendor: `act_as` of its settings.
public enum SubjectRule: Sendable, Hashable {
  /// Always as the connector's own account. What people may see of it is up to policy alone.
  case service
  /// As the person who calls, with that person's credential and no other. Run alone, the connector knows one person.
  case caller(alone: String?)

  public static let keys: Set<String> = ["act_as", "user"]

  /// Reads `act_as: service` or `act_as: caller`, and `user`, which names the person of a connector that runs alone.
  public init(_ settings: ConnectorSettings, default standard: SubjectRule = .service) throws(ConnectorError) {
    let user = try settings.string("user")
    switch try settings.string("act_as") {
    case nil:
      if case .caller = standard { self = .caller(alone: user) } else { self = standard }
    case "service": self = .service
    case "caller": self = .caller(alone: user)
    default: throw settings.error("act_as", "expected service or caller")
    }
  }

  /// The subject of one request.
  ///
  /// - Throws: ``VendorError`` `refused` where a gateway should have named the caller and did not: nobody else's credential is taken.
  public func subject(of request: some IncomingRequest, _ environment: ConnectorEnvironment) throws(VendorError) -> Subject {
    switch self {
    case .service: return .service
    case .caller(let alone):
      if environment.isGoverned {
        guard let id = request.meta?[MetaKey.caller]?.string, !id.isEmpty else {
          throw VendorError(.refused, "The request does not say in whose name it is, so no credential can be chosen.")
        }
        return .user(id)
      }
      // Over HTTP an authenticating transport names the caller; `_meta` comes from the client and proves nothing.
      return (request.context.caller?.id ?? alone).map { .user($0) } ?? .service
    }
  }
}
