/// Resolves the escapes of a string literal.
///
/// Escapes: `\n \r \t \\ \0 \' \"`, `\xHH` up to 7F, `\u{H...}` with one to six digits; in patterns also `\*`.
struct StringLiteral {
  /// A piece of a literal: a scalar, or in a pattern the wildcard.
  enum Element: Equatable {
    case scalar(Unicode.Scalar)
    case wildcard
  }

  struct Malformed: Error {
    let message: String
    /// The offset in bytes from the start of the literal's content.
    let offset: Int
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0
  /// Where the last character or escape read starts.
  private var elementStart = 0

  /// - Parameter content: the text between the quotes.
  init(content: String) { scalars = Array(content.unicodeScalars) }

  /// The literal as plain text.
  static func text(_ content: String) throws(Malformed) -> String {
    if !content.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\r") }) { return content }
    var literal = StringLiteral(content: content)
    var view = String.UnicodeScalarView()
    while let element = try literal.next(isPattern: false) {
      if case .scalar(let scalar) = element { view.append(scalar) }
    }
    return String(view)
  }

  /// The literal as a pattern, in which an unescaped `*` is the wildcard.
  static func pattern(_ content: String) throws(Malformed) -> Pattern {
    var literal = StringLiteral(content: content)
    var elements: [Element] = []
    while let element = try literal.next(isPattern: true) { elements.append(element) }
    return Pattern(elements)
  }

  private mutating func next(isPattern: Bool) throws(Malformed) -> Element? {
    elementStart = position
    guard let scalar = read() else { return nil }
    if isPattern, scalar == "*" { return .wildcard }
    if scalar == "\r" { throw malformed("a carriage return in a string must be written \\r") }
    guard scalar == "\\" else { return .scalar(scalar) }
    switch read() {
    case "n": return .scalar("\n")
    case "r": return .scalar("\r")
    case "t": return .scalar("\t")
    case "\\": return .scalar("\\")
    case "0": return .scalar("\0")
    case "'": return .scalar("'")
    case "\"": return .scalar("\"")
    case "x": return .scalar(try byteEscape())
    case "u": return .scalar(try unicodeEscape())
    case "*" where isPattern: return .scalar("*")
    case let other:
      let shown = other.map { String($0) } ?? ""
      throw malformed("unknown escape \\\(shown); known are \\n \\r \\t \\0 \\\\ \\' \\\" \\xHH \\u{H}")
    }
  }

  private mutating func byteEscape() throws(Malformed) -> Unicode.Scalar {
    guard let high = read()?.hexadecimalDigit, let low = read()?.hexadecimalDigit else {
      throw malformed("\\x must be followed by two hexadecimal digits")
    }
    guard high < 8, let scalar = Unicode.Scalar(high << 4 | low) else {
      throw malformed("\\x reaches up to \\x7F; use \\u{...} for other characters")
    }
    return scalar
  }

  private mutating func unicodeEscape() throws(Malformed) -> Unicode.Scalar {
    guard read() == "{" else { throw malformed("\\u must be followed by {, hexadecimal digits and }") }
    var value: UInt32 = 0
    var digits = 0
    while true {
      guard let scalar = read() else { throw malformed("\\u{ is never closed") }
      if scalar == "}" { break }
      if scalar == "_", digits > 0 { continue }
      guard let digit = scalar.hexadecimalDigit, digits < 6 else {
        throw malformed("\\u{...} takes one to six hexadecimal digits")
      }
      value = value << 4 | digit
      digits += 1
    }
    guard digits > 0, let scalar = Unicode.Scalar(value) else {
      throw malformed("\\u{...} does not name a Unicode scalar value")
    }
    return scalar
  }

  private mutating func read() -> Unicode.Scalar? {
    guard position < scalars.count else { return nil }
    defer { position += 1 }
    return scalars[position]
  }

  private func malformed(_ message: String) -> Malformed {
    Malformed(message: message, offset: scalars.prefix(elementStart).reduce(0) { $0 + UTF8.width($1) })
  }
}

extension Unicode.Scalar {
  fileprivate var hexadecimalDigit: UInt32? {
    value < 0x80 ? UInt8(value).hexadecimalDigit : nil
  }
}
