internal import Crypto
internal import JSON

/// SHA-256 of JSON values: the same for texts that differ in white space, order of members and escapes only.
struct CanonicalDigest {
  private var hash = SHA256()

  mutating func add(_ text: String) {
    add(tag: 0, count: text.utf8.count)
    hash.update(data: Array(text.utf8))
  }

  mutating func add(_ value: RawJSON) {
    switch value.kind {
    case .string: add(value.string ?? "")
    case .object: add(members: value.members.map { ($0.name.string ?? "", $0.value) })
    case .array:
      let elements = Array(value.elements)
      add(tag: 2, count: elements.count)
      for element in elements { add(element) }
    case .null, .bool, .number:
      value.withBytes { bytes in
        add(tag: 3, count: bytes.count)
        hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      }
    }
  }

  /// An object with these members.
  mutating func add(members: [(String, RawJSON)]) {
    add(tag: 1, count: members.count)
    for (name, value) in members.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
      add(name)
      add(value)
    }
  }

  private mutating func add(tag: UInt8, count: Int) {
    withUnsafeBytes(of: tag) { hash.update(bufferPointer: $0) }
    withUnsafeBytes(of: UInt64(count).bigEndian) { hash.update(bufferPointer: $0) }
  }

  consuming func finish() -> [UInt8] { Array(hash.finalize()) }

  /// The first eight bytes of the digest of a value, in hexadecimal: enough to tell the questions of one call apart.
  static func hex(of value: JSONValue) -> String {
    var digest = CanonicalDigest()
    digest.add(value.raw)
    let digits = Array("0123456789abcdef")
    return String(digest.finish().prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
