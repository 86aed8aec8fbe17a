/// The form of a leaf in the journal: a header of 44 bytes and the leaf.
///
/// The header is the length of the leaf (32 bits), its index in the log (64 bits), both big-endian, and its RFC 6962 leaf
/// hash. The hash is the record's checksum and is what the tree takes, so that a leaf is hashed once; a wrong
/// length gives a wrong hash, and the index must be the next one.
struct JournalRecord {
  static let headerByteCount = 4 + 8 + MerkleHash.byteCount

  let index: UInt64
  let hash: MerkleHash
  /// Where the leaf is in the buffer of the cursor that gave the record.
  let leaf: Range<Int>

  /// Writes the record of a leaf to `target`, which has exactly its size.
  ///
  /// The length, without which there is no record, goes last: whoever is killed in between leaves none.
  static func write(_ leaf: UnsafeRawBufferPointer, hash: MerkleHash, index: UInt64, to target: UnsafeMutableRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: target[headerByteCount...]).copyMemory(from: leaf)
    hash.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[12...]).copyMemory(from: $0) }
    target.storeBytes(of: index.bigEndian, toByteOffset: 4, as: UInt64.self)
    target.storeBytes(of: UInt32(leaf.count).bigEndian, toByteOffset: 0, as: UInt32.self)
  }
}
