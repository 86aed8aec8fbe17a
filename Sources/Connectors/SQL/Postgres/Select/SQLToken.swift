/// A token of a caller's statement (PostgreSQL, "Lexical Structure").
struct SQLToken: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    /// A name without quotes, in lower case: a keyword, or a name.
    case word
    /// A name in quotes.
    case quoted
    case number, string, symbol, end
  }
  let kind: Kind
  /// A name or string without its quotes; otherwise as it stands.
  let text: String
  /// Where it begins, in bytes.
  let position: Int
}

/// Cuts a statement into tokens. What is sent to PostgreSQL is written anew from these, so that it reads exactly what was checked here:
/// forms that could be read in two ways (escape strings, dollar quotes, Unicode escapes, bit strings) are refused.
struct SQLLexer {
  private let bytes: [UInt8]
  private var position = 0

  private init(_ text: String) { bytes = Array(text.utf8) }

  static func tokens(_ text: String) throws(SQLToolError) -> [SQLToken] {
    var lexer = SQLLexer(text)
    var tokens: [SQLToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private func peek(_ offset: Int = 0) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

  private func error(_ message: String) -> SQLToolError { SQLToolError("\(message) (at byte \(position + 1)).") }

  private mutating func next() throws(SQLToolError) -> SQLToken {
    try skipBlanks()
    let start = position
    func token(_ kind: SQLToken.Kind, _ text: String) -> SQLToken { SQLToken(kind: kind, text: text, position: start) }
    guard let byte = peek() else { return token(.end, "") }
    switch byte {
    case 0: throw error("The statement holds a null character. Leave it out")
    case UInt8(ascii: "'"): return token(.string, try quoted(by: byte))
    case UInt8(ascii: "\""):
      let name = try quoted(by: byte)
      guard !name.isEmpty, name.utf8.count < 64 else { throw error("A name has from 1 to 63 bytes") }
      return token(.quoted, name)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return token(.number, try number())
    case UInt8(ascii: ".") where peek(1).map(Self.isDigit) == true: return token(.number, try number())
    case _ where Self.startsName(byte):
      while let byte = peek(), Self.startsName(byte) || Self.isDigit(byte) { position += 1 }
      guard peek() != UInt8(ascii: "'"), peek() != UInt8(ascii: "$"), !(peek() == UInt8(ascii: "&") && position == start + 1 && (byte | 0x20) == UInt8(ascii: "u")) else {
        throw error("Strings are written in plain single quotes, without a letter before them")
      }
      guard position - start < 64 else { throw error("A name has at most 63 bytes") }
      // Only ASCII letters have another case without quotes, in every encoding.
      return token(.word, String(decoding: bytes[start..<position].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self))
    case UInt8(ascii: "$"): throw error("Parameters and dollar quotes are not served. Write values as literals")
    default:
      for symbol in Self.symbols where bytes[position...].starts(with: symbol.utf8) {
        position += symbol.utf8.count
        return token(.symbol, symbol)
      }
      throw error("Unexpected \"\(String(decoding: [byte], as: UTF8.self))\"")
    }
  }

  /// The longest first.
  private static let symbols = [
    "!~~*", "!~*", "!~~", "~~*", "->>", "#>>", "::", "<=", ">=", "<>", "!=", "||", "->", "#>", "@>", "<@", "&&", "!~", "~*", "~~", "?|", "?&", "(", ")", "[", "]", ",",
    ";",
    ".", ":", "+", "-", "*", "/", "%", "^", "<", ">", "=", "~", "|", "&", "#", "?",
  ]

  private mutating func skipBlanks() throws(SQLToolError) {
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0C: position += 1
      case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
        while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { position += 1 }
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
        // Comments nest.
        var depth = 0
        repeat {
          guard let byte = peek() else { throw error("A comment does not end") }
          if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
            (depth, position) = (depth + 1, position + 2)
          } else if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
            (depth, position) = (depth - 1, position + 2)
          } else {
            position += 1
          }
        } while depth > 0
      default: return
      }
    }
  }

  private mutating func quoted(by quote: UInt8) throws(SQLToolError) -> String {
    var text: [UInt8] = []
    position += 1
    while let byte = peek() {
      guard byte != 0 else { throw error("The statement holds a null character. Leave it out") }
      position += 1
      if byte == quote {
        guard peek() == quote else { return String(decoding: text, as: UTF8.self) }
        position += 1
      }
      text.append(byte)
    }
    throw error("A quote does not end")
  }

  private mutating func number() throws(SQLToolError) -> String {
    let start = position
    func digits(_ lexer: inout SQLLexer) { while let byte = lexer.peek(), Self.isDigit(byte) { lexer.position += 1 } }
    digits(&self)
    if peek() == UInt8(ascii: ".") {
      position += 1
      digits(&self)
    }
    if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      guard peek().map(Self.isDigit) == true else { throw error("A number ends in the middle") }
      digits(&self)
    }
    if let byte = peek(), Self.startsName(byte) || byte == UInt8(ascii: ".") { throw error("A number is followed by a letter or dot") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func startsName(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
  }
}
