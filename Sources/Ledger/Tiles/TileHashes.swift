/// The subtree hashes of a tree of `size` leaves, computed from its tile files. Keeps the last tile of each level.
struct TileHashes: SubtreeHashes {
  let directory: LogDirectory
  let size: UInt64
  private var cache: [Int: (index: UInt64, hashes: [MerkleHash])] = [:]

  init(directory: LogDirectory, size: UInt64) {
    self.directory = directory
    self.size = size
  }

  mutating func subtree(level: Int, index: UInt64) throws(LedgerError) -> MerkleHash {
    let tileLevel = level / 8
    let height = level % 8
    let first = index << UInt64(height)
    let hashes = try tile(level: tileLevel, index: first >> 8)
    let start = Int(first & 255)
    let end = start + (1 << height)
    guard end <= hashes.count else {
      throw LedgerError(.outOfRange, "the subtree is not inside a tree of \(size) leaves")
    }
    return MerkleHash.perfectRoot(hashes[start..<end])
  }

  private mutating func tile(level: Int, index: UInt64) throws(LedgerError) -> [MerkleHash] {
    if let cached = cache[level], cached.index == index { return cached.hashes }
    guard let tile = Tile.hashes(level: level, index: index, size: size) else {
      throw LedgerError(.outOfRange, "the tile is not inside a tree of \(size) leaves")
    }
    let hashes = try directory.hashes(of: tile)
    cache[level] = (index, hashes)
    return hashes
  }
}

extension MerkleHash {
  /// The root over a power of two of hashes, all of the same height.
  static func perfectRoot(_ hashes: ArraySlice<MerkleHash>) -> MerkleHash {
    if hashes.count == 1 { return hashes[hashes.startIndex] }
    var row: [MerkleHash] = []
    row.reserveCapacity(hashes.count / 2)
    var position = hashes.startIndex
    while position < hashes.endIndex {
      row.append(.node(hashes[position], hashes[position + 1]))
      position += 2
    }
    var count = row.count
    while count > 1 {
      count /= 2
      for target in 0..<count { row[target] = .node(row[2 * target], row[2 * target + 1]) }
    }
    return row[0]
  }
}
