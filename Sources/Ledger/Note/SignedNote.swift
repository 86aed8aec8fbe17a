/// Text with one or more signatures under it (c2sp.org/signed-note).
public struct SignedNote: Hashable, Sendable, CustomStringConvertible {
  /// One signature line.
  public struct Signature: Hashable, Sendable {
    public let name: String
    public let id: UInt32
    public let bytes: [UInt8]
  }

  /// The bound on the bytes of a note: far above 16 post-quantum signatures, the number verifiers must accept.
  static let maximumByteCount = 1 << 20

  /// The signed text with its final newline.
  public let text: String
  public let signatures: [Signature]

  /// Signs `text`, which ends in a newline.
  public init(signing text: String, with key: SigningKey) throws(LedgerError) {
    self.text = text
    let signature = Signature(name: key.name, id: key.verifierKey.id, bytes: try key.signature(for: text))
    signatures = [signature]
  }

  /// Splits a note into its text and its signatures, of which none is verified yet.
  public init(parsing bytes: [UInt8]) throws(LedgerError) {
    guard bytes.count <= Self.maximumByteCount else { throw Self.malformed("it is longer than 1 MiB") }
    guard let note = String(validating: bytes, as: UTF8.self) else { throw Self.malformed("it is not UTF-8") }
    guard note.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }) else { throw Self.malformed("it has control characters") }
    let lines = note.split(separator: "\n" as Character, omittingEmptySubsequences: false)
    guard lines.last == "", let blank = lines.dropLast().lastIndex(of: ""), blank > 0, blank < lines.count - 2 else {
      throw Self.malformed("it has no blank line between a text and signatures")
    }
    var signatures: [Signature] = []
    for line in lines[(blank + 1)..<(lines.count - 1)] {
      let fields = line.split(separator: " " as Character, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[0] == "\u{2014}", NoteKey.isValid(name: fields[1]),
        let bytes = Base64.decode(fields[2]), bytes.count > 4
      else { throw Self.malformed("signature line \(signatures.count + 1) is not a dash, a name and base64") }
      let id = bytes[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      signatures.append(Signature(name: String(fields[1]), id: id, bytes: Array(bytes[4...])))
    }
    self.text = lines[..<blank].joined(separator: "\n") + "\n"
    self.signatures = signatures
  }

  /// Checks that `key` signed this note. Signatures by other keys are ignored.
  ///
  /// - Throws: `unverified` if there is no signature by the key, or any that is not right.
  public func verify(with key: VerifierKey) throws(LedgerError) {
    let own = signatures.filter { $0.name == key.name && $0.id == key.id }
    guard !own.isEmpty else {
      let names = signatures.map(\.name).joined(separator: ", ")
      throw LedgerError(.unverified, "no signature by \(key.name)+\(NoteKey.hex(key.id)); signed by \(names)")
    }
    for signature in own where !key.isValidSignature(signature.bytes, for: text) {
      throw LedgerError(.unverified, "the signature by \(key.name)+\(NoteKey.hex(key.id)) is not valid for the text")
    }
  }

  /// The note as it is stored and sent.
  public var description: String {
    var note = text + "\n"
    for signature in signatures {
      let id: [UInt8] = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: signature.id >> $0) }
      note += "\u{2014} \(signature.name) \(Base64.encode(id + signature.bytes))\n"
    }
    return note
  }

  private static func malformed(_ reason: String) -> LedgerError {
    LedgerError(.malformed, "not a signed note: \(reason)")
  }
}
