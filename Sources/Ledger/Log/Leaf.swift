/// One leaf as a reader finds it.
public struct Leaf: Hashable, Sendable {
  public let index: UInt64
  public let bytes: [UInt8]
  /// Whether the checkpoint covers it. A leaf of the journal is written, but nobody has signed for it yet.
  public let isSigned: Bool

  /// The RFC 6962 leaf hash.
  public var hash: MerkleHash { .leaf(bytes) }
}
