/// A sequence of entries, each after its length as a big-endian 16-bit number (c2sp.org/tlog-tiles, "Log entries").
struct EntryBundle: Sendable {
  /// What a 16-bit length can say.
  static let maximumEntryByteCount = 65_535

  private let bytes: [UInt8]
  private let ranges: [Range<Int>]

  var count: Int { ranges.count }

  /// Nil if the bytes are not `width` whole entries. With `allowsMore`, entries of a fuller bundle after these are left out.
  init?(parsing bytes: [UInt8], width: Int, allowsMore: Bool) {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(width)
    var position = 0
    while ranges.count < width {
      guard bytes.count - position >= 2 else { return nil }
      let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
      position += 2
      guard bytes.count - position >= length else { return nil }
      ranges.append(position..<(position + length))
      position += length
    }
    guard allowsMore || position == bytes.count else { return nil }
    self.bytes = position == bytes.count ? bytes : Array(bytes[..<position])
    self.ranges = ranges
  }

  /// The whole bundle as its file has it.
  var encoded: [UInt8] { bytes }

  subscript(_ position: Int) -> [UInt8] { Array(bytes[ranges[position]]) }

  func leafHash(_ position: Int) -> MerkleHash {
    bytes.withUnsafeBytes { MerkleHash.leaf(UnsafeRawBufferPointer(rebasing: $0[ranges[position]])) }
  }

  /// Appends one entry to the bytes of a bundle.
  static func append(_ leaf: UnsafeRawBufferPointer, to bundle: inout [UInt8]) {
    bundle.append(UInt8(truncatingIfNeeded: leaf.count >> 8))
    bundle.append(UInt8(truncatingIfNeeded: leaf.count))
    bundle.append(contentsOf: leaf)
  }
}
