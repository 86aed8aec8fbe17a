internal import JSON

/// Writes names and values into the text of a statement (SQLite, "SQL As Understood", literal values).
enum SQLLiteral {
  /// A name in double quotes, which make it a name and nothing else.
  static func identifier(_ name: String) -> String { quoted(name, "\"") }

  /// A text in single quotes, as PostgreSQL reads it with `standard_conforming_strings`.
  static func string(_ text: String) -> String { quoted(text, "'") }

  /// - Returns: nil for what has no exact literal: a text with U+0000, at which SQLite would stop reading, and NaN.
  static func text(_ value: SQLValue) -> String? {
    switch value {
    case .null: "NULL"
    // The least integer has no literal of its own: its digits alone are out of range before the sign applies.
    case .integer(.min): "(-9223372036854775807 - 1)"
    case .integer(let value): value < 0 ? "(\(value))" : "\(value)"
    case .real(let value) where value.isNaN: nil
    case .real(let value) where value.isInfinite: value > 0 ? "9e999" : "(-9e999)"
    case .real(let value): value < 0 ? "(\(value))" : "\(value)"
    case .boolean(let value): value ? "1" : "0"
    case .json(let value): text(.text(value.text))
    case .text(let value): value.utf8.contains(0) ? nil : quoted(value, "'")
    }
  }

  /// Doubles the quote. Works on bytes: a `Character` may hide a quote that a combining mark follows.
  private static func quoted(_ text: String, _ quote: Unicode.Scalar) -> String {
    let mark = UInt8(ascii: quote)
    var bytes: [UInt8] = [mark]
    for byte in text.utf8 {
      if byte == mark { bytes.append(mark) }
      bytes.append(byte)
    }
    bytes.append(mark)
    return String(decoding: bytes, as: UTF8.self)
  }
}
