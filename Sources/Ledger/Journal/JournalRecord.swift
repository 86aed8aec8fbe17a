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

  static func append(_ leaf: UnsafeRawBufferPointer, hash: MerkleHash, index: UInt64, to buffer: inout [UInt8]) {
    withUnsafeTemporaryAllocation(byteCount: headerByteCount, alignment: 8) { header in
      header.storeBytes(of: UInt32(leaf.count).bigEndian, toByteOffset: 0, as: UInt32.self)
      header.storeBytes(of: index.bigEndian, toByteOffset: 4, as: UInt64.self)
      hash.withBytes { UnsafeMutableRawBufferPointer(rebasing: header[12...]).copyMemory(from: $0) }
      buffer.append(contentsOf: UnsafeRawBufferPointer(header))
    }
    buffer.append(contentsOf: leaf)
  }
}
