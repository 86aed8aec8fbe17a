/// Evidence that a leaf is in a log, complete in itself (c2sp.org/tlog-proof). Stored with the extension `.tlog-proof`.
public struct LogProof: Hashable, Sendable, CustomStringConvertible {
  private static let header = "c2sp.org/tlog-proof@v1"
  private static let maximumByteCount = 2 << 20

  public let index: UInt64
  /// Sibling hashes from the leaf upwards.
  public let hashes: [MerkleHash]
  public let checkpoint: Checkpoint
  /// Data of the application, not authenticated.
  public let extra: [UInt8]?

  public init(index: UInt64, hashes: [MerkleHash], checkpoint: Checkpoint, extra: [UInt8]? = nil) {
    self.index = index
    self.hashes = hashes
    self.checkpoint = checkpoint
    self.extra = extra
  }

  /// Reads the text form.
  ///
  /// - Throws: `malformed`.
  public init(parsing bytes: [UInt8]) throws(LedgerError) {
    guard bytes.count <= Self.maximumByteCount, let text = String(validating: bytes, as: UTF8.self),
      let lines = Self.split(text)
    else { throw LedgerError(.malformed, "not a tlog proof: it has a header, an index, hashes, a blank line, a checkpoint") }
    var rest = lines.head[...]
    guard rest.popFirst() == Self.header[...] else {
      throw LedgerError(.malformed, "the proof does not begin with \(Self.header)")
    }
    var extra: [UInt8]?
    if let line = rest.first, line.hasPrefix("extra ") {
      guard let data = Base64.decode(line.dropFirst(6)) else {
        throw LedgerError(.malformed, "the extra data of the proof is not base64")
      }
      extra = data
      rest.removeFirst()
    }
    guard let line = rest.popFirst(), line.hasPrefix("index "), let index = UInt64(line.dropFirst(6)),
      String(index) == line.dropFirst(6)
    else { throw LedgerError(.malformed, "the proof has no line \"index N\"") }
    // A tree of 2^64 leaves has paths of 64 hashes.
    guard rest.count <= 64 else { throw LedgerError(.malformed, "the proof has more than 64 hashes") }
    var hashes: [MerkleHash] = []
    for line in rest {
      guard let bytes = Base64.decode(line), let hash = MerkleHash(bytes) else {
        throw LedgerError(.malformed, "hash \(hashes.count + 1) of the proof is not base64 of 32 bytes")
      }
      hashes.append(hash)
    }
    self.init(
      index: index, hashes: hashes, checkpoint: try Checkpoint(parsing: Array(lines.checkpoint.utf8)), extra: extra)
  }

  private static func split(_ text: String) -> (head: [Substring], checkpoint: Substring)? {
    var rest = text[...]
    var head: [Substring] = []
    while let newline = rest.firstIndex(of: "\n") {
      let line = rest[..<newline]
      rest = rest[rest.index(after: newline)...]
      if line.isEmpty { return (head, rest) }
      head.append(line)
    }
    return nil
  }

  /// Checks that the log of `key` signed for a tree that has `leaf` at `index`.
  ///
  /// - Throws: `unverified`.
  public func verify(leaf: [UInt8], key: VerifierKey) throws(LedgerError) {
    try checkpoint.verify(with: key)
    let isIncluded = RFC6962.verifyInclusion(
      of: .leaf(leaf), at: index, size: checkpoint.size, root: checkpoint.root, proof: hashes)
    guard isIncluded else {
      throw LedgerError(.unverified, "the hashes do not lead from this leaf at index \(index) to the root of the checkpoint")
    }
  }

  /// The text form.
  public var description: String {
    var text = Self.header + "\n"
    if let extra { text += "extra \(Base64.encode(extra))\n" }
    text += "index \(index)\n"
    for hash in hashes { text += "\(hash)\n" }
    return text + "\n\(checkpoint)"
  }
}
