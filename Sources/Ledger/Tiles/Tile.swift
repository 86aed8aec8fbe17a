/// One file of a tiled log: 256 hashes of a level or 256 entries when full, fewer at the right edge (c2sp.org/tlog-tiles).
struct Tile: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    /// Merkle Tree Hashes of subtrees of `256 ** level` leaves.
    case hashes(level: Int)
    /// The entries themselves, each with its length before it.
    case entries
  }

  static let fullWidth = 256

  let content: Content
  let index: UInt64
  /// 1 to 256; below 256 the tile is partial.
  let width: Int

  /// Relative to the log directory: `tile/0/x001/x234/067`, `tile/entries/000.p/7`.
  var path: String { isFull ? fullPath : "\(partialDirectory)/\(width)" }

  var fullPath: String {
    let folder =
      switch content {
      case .hashes(let level): "tile/\(level)/"
      case .entries: "tile/entries/"
      }
    return folder + Self.encode(index)
  }

  /// The directory of all partial forms of this tile.
  var partialDirectory: String { fullPath + ".p" }

  var isFull: Bool { width == Self.fullWidth }
  var full: Tile { Tile(content: content, index: index, width: Self.fullWidth) }

  /// Three digits a path element, `x` before all but the last: 1234067 is `x001/x234/067`.
  private static func encode(_ index: UInt64) -> String {
    let digits = String(index % 1000)
    let last = String(repeating: "0", count: 3 - digits.count) + digits
    var path = last
    var rest = index / 1000
    while rest > 0 {
      let digits = String(rest % 1000)
      path = "x" + String(repeating: "0", count: 3 - digits.count) + digits + "/" + path
      rest /= 1000
    }
    return path
  }

  /// The tile of `level` at `index` as a tree of `size` leaves has it; nil if it would be empty.
  static func hashes(level: Int, index: UInt64, size: UInt64) -> Tile? {
    tile(.hashes(level: level), index: index, count: size >> UInt64(8 * level))
  }

  /// The entry bundle at `index` as a tree of `size` leaves has it; nil if it would be empty.
  static func entries(index: UInt64, size: UInt64) -> Tile? {
    tile(.entries, index: index, count: size)
  }

  private static func tile(_ content: Content, index: UInt64, count: UInt64) -> Tile? {
    let start = index << 8
    guard start < count else { return nil }
    return Tile(content: content, index: index, width: Int(min(count - start, UInt64(fullWidth))))
  }

  /// The most bytes the file of this tile may have.
  var maximumByteCount: Int {
    switch content {
    case .hashes: width * MerkleHash.byteCount
    case .entries: width * (2 + EntryBundle.maximumEntryByteCount)
    }
  }
}

extension LogDirectory {
  /// Reads a tile file. A partial tile that is gone is taken from the full one that replaced it, cut to its width by the caller.
  func read(_ tile: Tile) throws(LedgerError) -> [UInt8] {
    do throws(LedgerError) {
      return try read(tile.path, maximum: tile.maximumByteCount)
    } catch  where error.code == .missing && !tile.isFull && exists(tile.fullPath) {
      return try read(tile.fullPath, maximum: tile.full.maximumByteCount)
    }
  }

  /// The `tile.width` hashes of a tile.
  ///
  /// - Throws: `missing`, `unreadable`, or `corrupt` if the file is too short.
  func hashes(of tile: Tile) throws(LedgerError) -> [MerkleHash] {
    let bytes = try read(tile)
    let isUsable =
      bytes.count == tile.width * MerkleHash.byteCount
      || (!tile.isFull && bytes.count == Tile.fullWidth * MerkleHash.byteCount)
    guard isUsable else {
      throw LedgerError(.corrupt, "has \(bytes.count) bytes, not \(tile.width) hashes of 32", path: tile.path)
    }
    return bytes.withUnsafeBytes { buffer in
      (0..<tile.width).map { MerkleHash(copying: buffer.baseAddress! + $0 * MerkleHash.byteCount) }
    }
  }

  /// The entry bundle of a tile, with exactly `tile.width` entries.
  ///
  /// - Throws: `missing`, `unreadable`, or `corrupt` if the lengths in the file do not add up.
  func bundle(of tile: Tile) throws(LedgerError) -> EntryBundle {
    let bytes = try read(tile)
    guard let bundle = EntryBundle(parsing: bytes, width: tile.width, allowsMore: !tile.isFull) else {
      throw LedgerError(.corrupt, "is not \(tile.width) entries, each with its length before it", path: tile.path)
    }
    return bundle
  }
}
