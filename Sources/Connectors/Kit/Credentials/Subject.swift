/// In whose name a vendor is asked.
public enum Subject: Sendable, Hashable {
  /// The connector's own account: a bot, an app, a service account.
  case service
  /// A person, by the id that the gateway knows.
  case user(String)

  /// Tells subjects apart in keys of stores and limits.
  public var key: String {
    switch self {
    case .service: "service"
    case .user(let id): "user:" + id
    }
  }

  /// As it stands in messages.
  public var name: String {
    switch self {
    case .service: "the connector's own account"
    case .user(let id): id
    }
  }
}
