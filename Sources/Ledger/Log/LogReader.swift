/// Reads a log from its files alone: beside a running writer, or offline on a copy. It verifies nothing; `LogVerifier` does.
public struct LogReader: Sendable {
  let files: LogDirectory
  /// The checkpoint as of the opening or the last `refresh`.
  public private(set) var checkpoint: Checkpoint

  /// - Throws: `missing` if there is no log, `malformed` if its checkpoint cannot be read.
  public init(directory: String) throws(LedgerError) {
    files = LogDirectory(path: directory)
    checkpoint = try files.readCheckpoint()
  }

  public var directory: String { files.path }

  /// Reads the checkpoint again.
  public mutating func refresh() throws(LedgerError) { checkpoint = try files.readCheckpoint() }

  /// The verifier key beside the log. Whoever can change the log can change this file: to verify, use a key that you kept.
  public func publicKeyBesideLog() throws(LedgerError) -> VerifierKey {
    let bytes = try files.read(LogDirectory.publicKey, maximum: 4096)
    return try VerifierKey(parsing: String(decoding: bytes, as: UTF8.self))
  }

  /// One leaf, of the tree or of the journal.
  ///
  /// - Throws: `outOfRange` if the log has no such leaf.
  public func leaf(at index: UInt64) throws(LedgerError) -> Leaf {
    var leaves = leaves(from: index)
    guard let leaf = try leaves.next() else {
      throw LedgerError(.outOfRange, "the log has no leaf \(index) yet")
    }
    return leaf
  }

  /// The leaves from `index` on, in order, up to the last one written.
  public func leaves(from index: UInt64 = 0) -> LeafCursor { LeafCursor(reader: self, index: index) }

  /// Number of leaves, those of the journal included. Reads the journal.
  public func writtenSize() throws(LedgerError) -> UInt64 {
    var leaves = leaves(from: checkpoint.size)
    while try leaves.next() != nil {}
    return leaves.index
  }

  /// The leaves from `index` on without end: at the end it looks again after `interval`. Cancel the task to stop.
  public func follow(from index: UInt64, every interval: Duration) -> LeafFollower {
    LeafFollower(cursor: leaves(from: index), interval: interval)
  }

  /// The proof that leaf `index` is in the tree of the checkpoint (RFC 6962, 2.1.1).
  public func inclusionProof(index: UInt64) throws(LedgerError) -> [MerkleHash] {
    var hashes = TileHashes(directory: files, size: checkpoint.size)
    return try hashes.inclusionProof(index: index, size: checkpoint.size)
  }

  /// The proof that the tree of the checkpoint extends its first `old` leaves (RFC 6962, 2.1.2).
  public func consistencyProof(from old: UInt64) throws(LedgerError) -> [MerkleHash] {
    var hashes = TileHashes(directory: files, size: checkpoint.size)
    return try hashes.consistencyProof(from: old, to: checkpoint.size)
  }

  /// The root of the first `size` leaves, computed from tiles.
  public func root(size: UInt64) throws(LedgerError) -> MerkleHash {
    guard size <= checkpoint.size else {
      throw LedgerError(.outOfRange, "the checkpoint covers \(checkpoint.size) leaves, not \(size)")
    }
    var hashes = TileHashes(directory: files, size: checkpoint.size)
    return try hashes.root(of: 0..<size)
  }

  /// A self-contained proof of a leaf (c2sp.org/tlog-proof).
  public func proof(index: UInt64) throws(LedgerError) -> LogProof {
    LogProof(index: index, hashes: try inclusionProof(index: index), checkpoint: checkpoint)
  }
}
