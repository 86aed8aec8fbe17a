/// The right edge of the tree: the hashes of the partial tile of every level, which is all that appending needs.
struct TreeEdge: Sendable {
  private(set) var size: UInt64 = 0
  /// `levels[l]` has the `(size >> 8l) mod 256` hashes of the partial tile of level `l`.
  private(set) var levels: [[MerkleHash]] = []

  init() {}

  /// Reads the edge of a tree of `size` leaves from its partial tiles.
  init(size: UInt64, in directory: LogDirectory) throws(LedgerError) {
    self.size = size
    var level = 0
    while level < 8, size >> UInt64(8 * level) > 0 {
      let count = size >> UInt64(8 * level)
      if count & 255 == 0 {
        levels.append([])
      } else if let tile = Tile.hashes(level: level, index: count >> 8, size: size) {
        levels.append(try directory.hashes(of: tile))
      }
      level += 1
    }
  }

  /// Adds a leaf hash.
  ///
  /// - Parameter filled: called with each tile that became full, lowest level first.
  mutating func append(_ leaf: MerkleHash, filled: (Tile, [MerkleHash]) throws(LedgerError) -> Void) throws(LedgerError) {
    size += 1
    var hash = leaf
    var level = 0
    while true {
      if level == levels.count { levels.append([]) }
      levels[level].append(hash)
      guard levels[level].count == Tile.fullWidth else { return }
      let index = (size >> UInt64(8 * (level + 1))) - 1
      try filled(Tile(content: .hashes(level: level), index: index, width: Tile.fullWidth), levels[level])
      hash = .perfectRoot(levels[level][...])
      levels[level].removeAll(keepingCapacity: true)
      level += 1
    }
  }

  /// `MTH(D[0 ..< size])`.
  var root: MerkleHash {
    var result: MerkleHash?
    for hashes in levels {
      // Complete subtrees from right to left: the lowest set bit of the count first.
      var end = hashes.count
      while end > 0 {
        let width = 1 << end.trailingZeroBitCount
        let subtree = MerkleHash.perfectRoot(hashes[(end - width)..<end])
        result = result.map { MerkleHash.node(subtree, $0) } ?? subtree
        end -= width
      }
    }
    return result ?? .emptyRoot
  }
}
