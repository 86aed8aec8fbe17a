internal import Crypto

/// A SHA-256 hash of the RFC 6962 Merkle tree: of a leaf, of an inner node, or the root.
///
/// Stored as four words in memory order, so that an array of hashes is byte for byte a tile.
public struct MerkleHash: Hashable, Sendable, CustomStringConvertible {
  /// Length of a hash in bytes.
  public static let byteCount = 32

  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// All zero bytes: a placeholder that is the hash of nothing known.
  public init() { words = (0, 0, 0, 0) }

  /// Takes exactly 32 bytes; anything else gives nil.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init()
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  init(copying source: UnsafeRawPointer) {
    words = source.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
  }

  /// The root of the tree without leaves: SHA-256 of the empty string (RFC 6962, 2.1).
  public static let emptyRoot: MerkleHash = MerkleHash(finishing: SHA256())

  /// `SHA-256(0x00 || leaf)` (RFC 6962, 2.1).
  public static func leaf(_ leaf: UnsafeRawBufferPointer) -> MerkleHash {
    var hasher = SHA256()
    withUnsafeBytes(of: 0 as UInt8) { hasher.update(bufferPointer: $0) }
    hasher.update(bufferPointer: leaf)
    return MerkleHash(finishing: hasher)
  }

  /// `SHA-256(0x00 || leaf)` (RFC 6962, 2.1).
  public static func leaf(_ bytes: [UInt8]) -> MerkleHash { bytes.withUnsafeBytes { leaf($0) } }

  /// `SHA-256(0x01 || left || right)` (RFC 6962, 2.1).
  public static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
    withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { buffer in
      buffer[0] = 1
      buffer.baseAddress!.storeBytes(of: left.words.0, toByteOffset: 1, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: left.words.1, toByteOffset: 9, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: left.words.2, toByteOffset: 17, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: left.words.3, toByteOffset: 25, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: right.words.0, toByteOffset: 33, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: right.words.1, toByteOffset: 41, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: right.words.2, toByteOffset: 49, as: UInt64.self)
      buffer.baseAddress!.storeBytes(of: right.words.3, toByteOffset: 57, as: UInt64.self)
      var hasher = SHA256()
      hasher.update(bufferPointer: UnsafeRawBufferPointer(buffer))
      return MerkleHash(finishing: hasher)
    }
  }

  private init(finishing hasher: SHA256) {
    words = hasher.finalize().withUnsafeBytes { digest in
      digest.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
    }
  }

  /// The 32 bytes.
  public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeBytes(of: words, body)
  }

  /// Standard base64, as checkpoints and proofs write it.
  public var description: String { Base64.encode(bytes) }

  public static func == (left: MerkleHash, right: MerkleHash) -> Bool { left.words == right.words }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }
}
