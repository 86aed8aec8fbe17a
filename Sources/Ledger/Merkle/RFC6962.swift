/// The proof checks of RFC 6962 (in the iterative form of RFC 9162, 2.1.3.2 and 2.1.4.2).
public enum RFC6962 {
  /// The largest power of two smaller than `count`; `count` is at least 2.
  static func split(_ count: UInt64) -> UInt64 {
    1 << UInt64(63 - (count - 1).leadingZeroBitCount)
  }

  /// Whether `proof` shows that the tree of `size` leaves with `root` has `leaf` at `index`.
  ///
  /// - Parameters:
  ///   - leaf: the leaf hash, `MerkleHash.leaf(bytes)`.
  ///   - proof: sibling hashes from the leaf upwards.
  public static func verifyInclusion(
    of leaf: MerkleHash, at index: UInt64, size: UInt64, root: MerkleHash, proof: [MerkleHash]
  ) -> Bool {
    guard index < size else { return false }
    var node = index
    var last = size - 1
    var hash = leaf
    for sibling in proof {
      if last == 0 { return false }
      if node & 1 == 1 || node == last {
        hash = .node(sibling, hash)
        while node & 1 == 0, node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        hash = .node(hash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && hash == root
  }

  /// Whether `proof` shows that the tree of `new` leaves starts with the very leaves of the tree of `old` leaves.
  public static func verifyConsistency(
    from old: UInt64, root oldRoot: MerkleHash, to new: UInt64, root newRoot: MerkleHash, proof: [MerkleHash]
  ) -> Bool {
    if old > new { return false }
    if old == new { return proof.isEmpty && oldRoot == newRoot }
    if old == 0 { return proof.isEmpty && oldRoot == .emptyRoot }
    var rest = proof[...]
    var node = old - 1
    var last = new - 1
    while node & 1 == 1 {
      node >>= 1
      last >>= 1
    }
    // An old tree that is one complete subtree is its own first proof element.
    var seed = oldRoot
    if node != 0 {
      guard let first = rest.popFirst() else { return false }
      seed = first
    }
    var oldHash = seed
    var newHash = seed
    for sibling in rest {
      if last == 0 { return false }
      if node & 1 == 1 || node == last {
        oldHash = .node(sibling, oldHash)
        newHash = .node(sibling, newHash)
        while node & 1 == 0, node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        newHash = .node(newHash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && oldHash == oldRoot && newHash == newRoot
  }
}
