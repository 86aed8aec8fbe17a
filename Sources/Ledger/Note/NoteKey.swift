internal import Crypto

/// What a verifier key and a signing key of a signed note share: the rules of names and key IDs (c2sp.org/signed-note).
enum NoteKey {
  /// The signature type identifier of plain Ed25519.
  static let ed25519: UInt8 = 0x01

  /// `SHA-256(name || 0x0A || 0x01 || public key)[:4]`, big-endian.
  static func id(name: String, publicKey: [UInt8]) -> UInt32 {
    var hasher = SHA256()
    let input = Array(name.utf8) + [0x0a, ed25519] + publicKey
    input.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    return hasher.finalize().withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)) }
  }

  static func hex(_ id: UInt32) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  static func id(hex text: Substring) -> UInt32? {
    guard text.utf8.count == 8, text == text.lowercased(), !text.hasPrefix("+") else { return nil }
    return UInt32(text, radix: 16)
  }

  /// Names are non-empty, without spaces, plus signs and control characters.
  static func isValid(name: some StringProtocol) -> Bool {
    !name.isEmpty
      && name.unicodeScalars.allSatisfy { scalar in
        scalar != "+" && scalar.value >= 0x20 && !scalar.properties.isWhitespace
      }
  }
}

/// An Ed25519 public key that verifies signed notes: `name+key ID in hex+base64(0x01 || key)`.
public struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  /// The key ID that precedes each signature, an identifier and not a security property.
  public let id: UInt32
  /// 32 bytes, RFC 8032.
  public let publicKey: [UInt8]

  init(name: String, publicKey: [UInt8]) {
    self.name = name
    self.publicKey = publicKey
    self.id = NoteKey.id(name: name, publicKey: publicKey)
  }

  /// Reads a vkey; surrounding white space is ignored.
  ///
  /// - Throws: `malformed` if it is not an Ed25519 verifier key, or its key ID is not that of the key.
  public init(parsing text: String) throws(LedgerError) {
    let parts = text.trimmingWhitespace().split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, NoteKey.isValid(name: parts[0]), let id = NoteKey.id(hex: parts[1]),
      let material = Base64.decode(parts[2])
    else {
      throw LedgerError(.malformed, "a verifier key is name+8 hex digits+base64; copy the line of key.pub as it is")
    }
    guard material.count == 33, material[0] == NoteKey.ed25519 else {
      throw LedgerError(.malformed, "the verifier key is not an Ed25519 key, the only kind supported")
    }
    self.init(name: String(parts[0]), publicKey: Array(material[1...]))
    guard self.id == id else {
      throw LedgerError(.malformed, "the key ID of the verifier key does not belong to its name and key")
    }
  }

  public var description: String {
    "\(name)+\(NoteKey.hex(id))+\(Base64.encode([NoteKey.ed25519] + publicKey))"
  }

  func isValidSignature(_ signature: [UInt8], for text: String) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(signature, for: Array(text.utf8))
  }
}

/// An Ed25519 private key that signs notes. It has no description and is not Codable, so that it is not logged by accident.
public struct SigningKey: Sendable {
  public let verifierKey: VerifierKey
  private let key: Curve25519.Signing.PrivateKey

  public var name: String { verifierKey.name }

  /// A new random key.
  ///
  /// - Parameter name: the key name, which should be the origin of the log: no spaces, no plus sign.
  public init(generating name: String) throws(LedgerError) {
    try self.init(name: name, key: Curve25519.Signing.PrivateKey())
  }

  /// Reads `PRIVATE+KEY+name+key ID+base64(0x01 || 32-byte seed)`; surrounding white space is ignored.
  ///
  /// - Throws: `malformed`, without the text in the message.
  public init(parsing text: String) throws(LedgerError) {
    let parts = text.trimmingWhitespace().split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY", let id = NoteKey.id(hex: parts[3]),
      let material = Base64.decode(parts[4]), material.count == 33, material[0] == NoteKey.ed25519,
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: material[1...])
    else {
      throw LedgerError(.malformed, "the private key is not of the form PRIVATE+KEY+name+8 hex digits+base64 (Ed25519)")
    }
    try self.init(name: String(parts[2]), key: key)
    guard verifierKey.id == id else {
      throw LedgerError(.malformed, "the key ID of the private key does not belong to its name and key")
    }
  }

  private init(name: String, key: Curve25519.Signing.PrivateKey) throws(LedgerError) {
    guard NoteKey.isValid(name: name) else {
      throw LedgerError(.malformed, "a key name is not empty and has neither white space nor a plus sign")
    }
    self.key = key
    verifierKey = VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
  }

  /// The text form that `init(parsing:)` reads: a secret.
  public func exportPrivateKey() -> String {
    let material = [NoteKey.ed25519] + Array(key.rawRepresentation)
    return "PRIVATE+KEY+\(name)+\(NoteKey.hex(verifierKey.id))+\(Base64.encode(material))"
  }

  func signature(for text: String) throws(LedgerError) -> [UInt8] {
    do {
      return Array(try key.signature(for: Array(text.utf8)))
    } catch {
      throw LedgerError(.unwritable, "signing the checkpoint failed")
    }
  }
}

extension String {
  func trimmingWhitespace() -> Substring {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
