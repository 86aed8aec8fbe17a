public import JSON
internal import NIOCore
import Synchronization

/// Who a request acts for, as policy sees it. Made once a credential and then shared.
public final class Principal: Sendable {
  public enum Kind: String, Sendable { case user, agent }

  /// How the principal proved who it is.
  public enum Authentication: Sendable, Hashable {
    /// An API token of this gateway.
    case apiToken
    /// A JWT of this issuer.
    case jwt(issuer: String)
    /// A session of the gateway's own, such as the console's.
    case session
    /// The user that runs the process, over stdio.
    case local
  }

  /// The user, unique within the gateway.
  public let id: String
  public let kind: Kind
  /// Sorted, without repeats.
  public let groups: [String]
  /// Sorted, without repeats.
  public let roles: [String]
  public let attributes: JSONObject
  /// The OAuth client that the token was issued to.
  public let clientID: String?
  /// The API token's id, or the JWT's `jti`.
  public let tokenID: String?
  public let authentication: Authentication
  /// Equal for principals with equal id, kind, groups, roles and attributes, different otherwise, in this process only.
  ///
  /// A decision may be cached under it if it looks at nothing else of the principal: the client and the token are not in it.
  /// Keys are never given twice; a principal not seen for long may get a new one.
  public let cacheKey: UInt64
  /// ``id`` as what it is told apart by.
  let userKey: UserKey
  /// How the audit log names the principal.
  let auditText: ByteBuffer

  public init(
    id: String, kind: Kind = .user, groups: [String] = [], roles: [String] = [], attributes: JSONObject = [:],
    clientID: String? = nil, tokenID: String? = nil, authentication: Authentication
  ) {
    self.id = id
    userKey = UserKey(id)
    self.kind = kind
    self.groups = Array(Set(groups)).sorted()
    self.roles = Array(Set(roles)).sorted()
    self.attributes = attributes
    self.clientID = clientID
    self.tokenID = tokenID
    self.authentication = authentication
    auditText = AuditLeaf.who(id: id, kind: kind, clientID: clientID, tokenID: tokenID, authentication)
    cacheKey = PrincipalKeys.shared.key(
      for: PrincipalKeys.Identity(id: id, kind: kind, groups: self.groups, roles: self.roles, attributes: attributes))
  }
}

/// A user's id by its bytes: policies take two Unicode forms of a name for two people, so everything else must.
struct UserKey: Hashable, Sendable {
  private let bytes: [UInt8]

  init(_ id: String) { bytes = Array(id.utf8) }
}

/// Gives each distinct principal a number. Exact, where a hash could collide and lend one principal another's decisions.
private final class PrincipalKeys: Sendable {
  /// The bytes of all that tells principals apart. Not `String`s: those are equal in different Unicode forms, Cedar's are not.
  struct Identity: Hashable {
    private let bytes: [UInt8]

    init(id: String, kind: Principal.Kind, groups: [String], roles: [String], attributes: JSONObject) {
      let parts: JSONValue = [
        .string(id), .string(kind.rawValue), .array(groups.map { .string($0) }), .array(roles.map { .string($0) }),
        Self.ordered(.object(attributes)),
      ]
      bytes = Array(parts.text.utf8)
    }

    /// The same value with the members of objects in the order of their names' bytes.
    private static func ordered(_ value: JSONValue) -> JSONValue {
      switch value {
      case .array(let elements): return .array(elements.map(ordered))
      case .object(let object):
        var sorted = JSONObject()
        for member in object.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) { sorted[member.name] = ordered(member.value) }
        return .object(sorted)
      default: return value
      }
    }
  }

  private struct State {
    var next: UInt64 = 1
    var keys: [Identity: UInt64] = [:]
  }

  static let shared = PrincipalKeys()
  private static let capacity = 100_000
  /// Guards the table and the counter together.
  private let state = Mutex(State())

  func key(for identity: Identity) -> UInt64 {
    state.withLock { state in
      if let key = state.keys[identity] { return key }
      // Numbers go on, so forgetting costs cache misses and never a wrong hit.
      if state.keys.count >= Self.capacity { state.keys.removeAll() }
      defer { state.next += 1 }
      state.keys[identity] = state.next
      return state.next
    }
  }
}
