import Crypto

/// The SHA-256 of a presented credential: what is stored and cached in place of the credential itself.
public struct CredentialDigest: Sendable, Hashable {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// Hashes the bytes of a credential.
  public init(of credential: UnsafeRawBufferPointer) {
    var hash = SHA256()
    hash.update(bufferPointer: credential)
    words = hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
  }

  public init(of credential: some StringProtocol) {
    var text = String(credential)
    self = text.withUTF8 { CredentialDigest(of: UnsafeRawBufferPointer($0)) }
  }

  /// The 32 bytes.
  public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

  /// Compares all 32 bytes whatever they are, so the time taken tells nothing about the stored digest.
  public static func == (one: CredentialDigest, other: CredentialDigest) -> Bool {
    let difference =
      (one.words.0 ^ other.words.0) | (one.words.1 ^ other.words.1) | (one.words.2 ^ other.words.2) | (one.words.3 ^ other.words.3)
    return difference == 0
  }

  /// One word of a digest is as good as all of it.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
