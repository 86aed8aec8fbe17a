/// Where the hashes of complete subtrees come from: tiles on disk, or a list in memory.
protocol SubtreeHashes {
  /// The Merkle Tree Hash of `D[index << level ..< (index + 1) << level]`, which must lie inside the tree.
  mutating func subtree(level: Int, index: UInt64) throws(LedgerError) -> MerkleHash
}

extension SubtreeHashes {
  /// `MTH(D[range])` of RFC 6962, 2.1, for a range that starts where a subtree of its size may start.
  mutating func root(of range: Range<UInt64>) throws(LedgerError) -> MerkleHash {
    if range.isEmpty { return .emptyRoot }
    let count = range.upperBound - range.lowerBound
    if count & (count - 1) == 0 {
      let level = count.trailingZeroBitCount
      return try subtree(level: level, index: range.lowerBound >> UInt64(level))
    }
    let middle = range.lowerBound + RFC6962.split(count)
    let left = try root(of: range.lowerBound..<middle)
    let right = try root(of: middle..<range.upperBound)
    return .node(left, right)
  }

  /// `PATH(index, D[0 ..< size])` of RFC 6962, 2.1.1: from the leaf's sibling to the root's child.
  mutating func inclusionProof(index: UInt64, size: UInt64) throws(LedgerError) -> [MerkleHash] {
    guard index < size else {
      throw LedgerError(.outOfRange, "leaf \(index) is not in a tree of \(size) leaves")
    }
    return try subtreeProof(height: 0, index: index, size: size)
  }

  /// The upper part of the inclusion proofs of all leaves of one complete subtree of `1 << height` leaves.
  mutating func subtreeProof(height: Int, index: UInt64, size: UInt64) throws(LedgerError) -> [MerkleHash] {
    let index = index << UInt64(height)
    var proof: [MerkleHash] = []
    var range: Range<UInt64> = 0..<size
    while range.upperBound - range.lowerBound > 1 << UInt64(height) {
      let middle = range.lowerBound + RFC6962.split(range.upperBound - range.lowerBound)
      if index < middle {
        proof.append(try root(of: middle..<range.upperBound))
        range = range.lowerBound..<middle
      } else {
        proof.append(try root(of: range.lowerBound..<middle))
        range = middle..<range.upperBound
      }
    }
    return proof.reversed()
  }

  /// `PROOF(old, D[0 ..< new])` of RFC 6962, 2.1.2. Empty if `old` is 0 or equal to `new`.
  mutating func consistencyProof(from old: UInt64, to new: UInt64) throws(LedgerError) -> [MerkleHash] {
    guard old <= new else {
      throw LedgerError(.outOfRange, "a tree of \(new) leaves cannot be consistent with an older one of \(old)")
    }
    guard old > 0, old < new else { return [] }
    var proof: [MerkleHash] = []
    var range: Range<UInt64> = 0..<new
    var isWholeOldTree = true
    while old != range.upperBound {
      let middle = range.lowerBound + RFC6962.split(range.upperBound - range.lowerBound)
      if old <= middle {
        proof.append(try root(of: middle..<range.upperBound))
        range = range.lowerBound..<middle
      } else {
        proof.append(try root(of: range.lowerBound..<middle))
        range = middle..<range.upperBound
        isWholeOldTree = false
      }
    }
    if !isWholeOldTree { proof.append(try root(of: range)) }
    return proof.reversed()
  }
}
