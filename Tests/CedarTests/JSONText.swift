import Cedar

/// A JSON reader for the tests, so that they need no other module. It expects well-formed text.
struct JSONText {
  struct Malformed: Error { let offset: Int }

  private let bytes: [UInt8]
  private var position = 0

  static func parse(_ bytes: some Sequence<UInt8>) throws -> CedarJSON {
    var text = JSONText(bytes: Array(bytes))
    return try text.value()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func value() throws -> CedarJSON {
    skipBlanks()
    switch peek {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): position += 4; return .bool(true)
    case UInt8(ascii: "f"): position += 5; return .bool(false)
    case UInt8(ascii: "n"): position += 4; return .null
    default: return try number()
    }
  }

  private mutating func object() throws -> CedarJSON {
    position += 1
    var members: [CedarJSON.Member] = []
    skipBlanks()
    while peek != UInt8(ascii: "}") {
      skipBlanks()
      let key = try string()
      skipBlanks()
      try take(":")
      members.append(CedarJSON.Member(key, try value()))
      skipBlanks()
      if peek == UInt8(ascii: ",") { position += 1 }
    }
    position += 1
    return .object(members)
  }

  private mutating func array() throws -> CedarJSON {
    position += 1
    var items: [CedarJSON] = []
    skipBlanks()
    while peek != UInt8(ascii: "]") {
      items.append(try value())
      skipBlanks()
      if peek == UInt8(ascii: ",") { position += 1 }
    }
    position += 1
    return .array(items)
  }

  private mutating func number() throws -> CedarJSON {
    let start = position
    while let byte = peek, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard !text.isEmpty else { throw Malformed(offset: start) }
    return Int64(text).map { .int($0) } ?? .unsupported(text)
  }

  private mutating func string() throws -> String {
    try take("\"")
    var units: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      position += 1
      guard byte == UInt8(ascii: "\\") else {
        units.append(byte)
        continue
      }
      let escape = peek ?? 0
      position += 1
      switch escape {
      case UInt8(ascii: "n"): units.append(10)
      case UInt8(ascii: "r"): units.append(13)
      case UInt8(ascii: "t"): units.append(9)
      case UInt8(ascii: "b"): units.append(8)
      case UInt8(ascii: "f"): units.append(12)
      case UInt8(ascii: "u"): units.append(contentsOf: Array(String(try unicodeEscape()).utf8))
      default: units.append(escape)
      }
    }
    try take("\"")
    return String(decoding: units, as: UTF8.self)
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    position += 2
    let low = try hexadecimal()
    return Unicode.Scalar(0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF))) ?? "\u{FFFD}"
  }

  private mutating func hexadecimal() throws -> UInt32 {
    let digits = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
    guard let value = UInt32(digits, radix: 16) else { throw Malformed(offset: position) }
    position += 4
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = peek, byte <= 0x20 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) throws {
    guard peek == UInt8(ascii: character) else { throw Malformed(offset: position) }
    position += 1
  }
}

extension CedarJSON {
  subscript(key: String) -> CedarJSON {
    guard case .object(let members) = self else { return .null }
    return members.first { $0.key == key }?.value ?? .null
  }

  var text: String {
    if case .string(let text) = self { text } else { "" }
  }

  var items: [CedarJSON] {
    if case .array(let items) = self { items } else { [] }
  }

  /// The JSON text.
  var encoded: String {
    switch self {
    case .null: return "null"
    case .bool(let bool): return bool ? "true" : "false"
    case .int(let int): return String(int)
    case .unsupported(let text): return text
    case .string(let string): return Self.quoted(string)
    case .array(let items): return "[" + items.map(\.encoded).joined(separator: ",") + "]"
    case .object(let members):
      return "{" + members.map { Self.quoted($0.key) + ":" + $0.value.encoded }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" {
        result += "\\\(scalar)"
      } else if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
