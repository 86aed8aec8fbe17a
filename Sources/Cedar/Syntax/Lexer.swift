/// Splits policy text into tokens.
struct Lexer {
  private let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// All tokens up to and including `.end`.
  mutating func tokens() throws(CedarError) -> [Token] {
    var tokens: [Token] = []
    while true {
      let token = try next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  private mutating func next() throws(CedarError) -> Token {
    skipBlanks()
    let start = position
    guard position < bytes.count else { return Token(kind: .end, range: start..<start) }
    let byte = bytes[position]
    if Self.startsIdentifier(byte) {
      skip(while: Self.continuesIdentifier)
      return Token(kind: .identifier, range: start..<position)
    }
    if byte.decimalDigit != nil {
      skip { $0.decimalDigit != nil }
      return Token(kind: .number, range: start..<position)
    }
    if byte == UInt8(ascii: "\"") { return try string() }
    if byte == UInt8(ascii: "?"), position + 1 < bytes.count, Self.startsIdentifier(bytes[position + 1]) {
      position += 1
      skip(while: Self.continuesIdentifier)
      return Token(kind: .slot, range: start..<position)
    }
    return try symbol()
  }

  private mutating func symbol() throws(CedarError) -> Token {
    let start = position
    for length in [2, 1] where start + length <= bytes.count {
      let text = String(decoding: bytes[start..<start + length], as: UTF8.self)
      if let symbol = Token.Symbol(rawValue: text) {
        position += length
        return Token(kind: .symbol(symbol), range: start..<position)
      }
    }
    let scalar = String(decoding: bytes[start...].prefix(4), as: UTF8.self).unicodeScalars.first ?? "?"
    throw error("unexpected character \(CedarText.quoted(String(scalar)))", at: start)
  }

  private mutating func string() throws(CedarError) -> Token {
    let start = position
    position += 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return Token(kind: .string, range: start..<position)
      case UInt8(ascii: "\\"):
        guard position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "\n") else {
          throw error("a backslash in a string must be followed by an escape such as \\n or \\\"", at: position)
        }
        position += 2
      default:
        position += 1
      }
    }
    throw error("this string is never closed; add the missing \"", at: start)
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D) {
        position += 1
      } else if byte == UInt8(ascii: "/"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "/") {
        skip { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      } else if byte >= 0x80, let length = wideBlankLength() {
        position += length
      } else {
        return
      }
    }
  }

  /// The length in bytes of a white-space character outside ASCII at the current position.
  private func wideBlankLength() -> Int? {
    let ahead = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
    guard let scalar = ahead.unicodeScalars.first, scalar.properties.isWhitespace else { return nil }
    return UTF8.width(scalar)
  }

  private mutating func skip(while matches: (UInt8) -> Bool) {
    while position < bytes.count, matches(bytes[position]) { position += 1 }
  }

  static func startsIdentifier(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
      || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
  }

  static func continuesIdentifier(_ byte: UInt8) -> Bool {
    startsIdentifier(byte) || byte.decimalDigit != nil
  }

  private func error(_ message: String, at offset: Int) -> CedarError {
    CedarError(.syntax, message, at: SourceLocation(offset: offset, in: bytes))
  }
}

extension UTF8 {
  static func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<0x80: 1
    case 0x80..<0x800: 2
    case 0x800..<0x10000: 3
    default: 4
    }
  }
}

extension SourceLocation {
  init(offset: Int, in bytes: [UInt8]) {
    self = SourceLocation(line: 1, column: 1, offset: 0).advanced(to: offset, in: bytes)
  }

  /// The location of a later offset in the same text.
  func advanced(to offset: Int, in bytes: [UInt8]) -> SourceLocation {
    var line = line
    var column = column
    for byte in bytes[self.offset..<offset] {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return SourceLocation(line: line, column: column, offset: offset)
  }
}
