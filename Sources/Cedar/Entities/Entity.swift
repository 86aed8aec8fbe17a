/// An entity: an identity with attributes, tags, and parents in the hierarchy.
public struct Entity: Sendable, Hashable {
  public var uid: EntityUID
  public var attributes: Record
  /// The entities this one is directly in. They need not be known themselves.
  public var parents: [EntityUID]
  /// Dynamic attributes, read with `hasTag` and `getTag`.
  public var tags: Record

  public init(uid: EntityUID, attributes: Record = [:], parents: [EntityUID] = [], tags: Record = [:]) {
    self.uid = uid
    self.attributes = attributes
    self.parents = parents
    self.tags = tags
  }
}
