/// A signed commitment to the first `size` leaves of a log (c2sp.org/tlog-checkpoint).
public struct Checkpoint: Hashable, Sendable, CustomStringConvertible {
  /// The identity of the log, which is also the name of the key that signs for it.
  public let origin: String
  /// Number of leaves.
  public let size: UInt64
  /// The RFC 6962 root hash of these leaves.
  public let root: MerkleHash
  /// The note the above was read from, with its signatures.
  public let note: SignedNote

  /// Signs a checkpoint; the origin is the name of the key.
  public init(signing size: UInt64, root: MerkleHash, with key: SigningKey) throws(LedgerError) {
    origin = key.name
    self.size = size
    self.root = root
    note = try SignedNote(signing: "\(key.name)\n\(size)\n\(root)\n", with: key)
  }

  /// Reads a checkpoint without verifying a signature.
  public init(parsing bytes: [UInt8]) throws(LedgerError) {
    let note = try SignedNote(parsing: bytes)
    let lines = note.text.split(separator: "\n" as Character, omittingEmptySubsequences: false).dropLast()
    guard lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }) else {
      throw LedgerError(.malformed, "a checkpoint has three or more non-empty lines: origin, tree size, root hash")
    }
    guard let size = UInt64(lines[1]), String(size) == lines[1] else {
      throw LedgerError(.malformed, "the tree size of the checkpoint is not a decimal number")
    }
    guard let hash = Base64.decode(lines[2]), let root = MerkleHash(hash) else {
      throw LedgerError(.malformed, "the root hash of the checkpoint is not base64 of 32 bytes")
    }
    origin = String(lines[0])
    self.size = size
    self.root = root
    self.note = note
  }

  /// Checks the signature by `key` and that the origin is the key's name.
  ///
  /// - Throws: `unverified`.
  public func verify(with key: VerifierKey) throws(LedgerError) {
    try note.verify(with: key)
    guard origin == key.name else {
      throw LedgerError(.unverified, "the checkpoint is of the log \(origin), the key is for \(key.name)")
    }
  }

  /// The note as it is stored and sent.
  public var description: String { note.description }
}
