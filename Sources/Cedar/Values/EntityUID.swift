/// The identity of an entity: a type name such as `User` or `CRM::Opportunity`, and an identifier.
///
/// Two identities are equal when type and identifier hold the same bytes; Unicode normalization plays no part.
/// The hash is computed once, copies share storage.
public struct EntityUID: Sendable, Hashable {
  private final class Storage: Sendable {
    let type: String
    let id: String
    let hash: Int

    init(type: String, id: String) {
      self.type = type
      self.id = id
      var hasher = Hasher()
      type.hashBytes(into: &hasher)
      id.hashBytes(into: &hasher)
      self.hash = hasher.finalize()
    }
  }

  private let storage: Storage

  /// - Parameters:
  ///   - type: the type's full name, its parts joined by `::`. It is not checked to be a valid Cedar name.
  ///   - id: any text.
  public init(type: String, id: String) {
    storage = Storage(type: type, id: id)
  }

  /// The full type name, parts joined by `::`.
  public var type: String { storage.type }
  /// The identifier within the type.
  public var id: String { storage.id }

  public static func == (left: EntityUID, right: EntityUID) -> Bool {
    if left.storage === right.storage { return true }
    return left.storage.hash == right.storage.hash && left.id.hasSameBytes(as: right.id)
      && left.type.hasSameBytes(as: right.type)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(storage.hash)
  }

  /// Whether the entity is of the named type.
  public func isOfType(_ type: String) -> Bool {
    storage.type.hasSameBytes(as: type)
  }

  func compare(to other: EntityUID) -> Int {
    let order = type.compareBytes(to: other.type)
    return order != 0 ? order : id.compareBytes(to: other.id)
  }
}

extension EntityUID: CustomStringConvertible {
  /// The identity as Cedar writes it, for example `User::"alice"`.
  public var description: String { "\(type)::\(CedarText.quoted(id))" }
}
