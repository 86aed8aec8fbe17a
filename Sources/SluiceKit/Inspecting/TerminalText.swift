internal import JSON
internal import MCP

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Text for a terminal.
enum TerminalText {
  /// What a server says, with all that could change the terminal or the order of reading made visible: control characters, escape
  /// sequences among them, and directional overrides.
  static func harmless(_ text: some StringProtocol) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return String(text) }
    var safe = ""
    for scalar in text.unicodeScalars {
      if isHarmful(scalar) { safe += "\\u{\(String(scalar.value, radix: 16))}" } else { safe.unicodeScalars.append(scalar) }
    }
    return safe
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x09: false
    case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// Whether text to a descriptor may have colours: it is a terminal, and NO_COLOR (https://no-color.org) is not set to anything.
  static func mayHaveColour(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 && (ChildCommand.ownVariable("NO_COLOR") ?? "").isEmpty }

  enum Colour: String {
    case name = "36"
    case string = "32"
    case number = "33"
    case word = "35"
    case sent = "1;34"
    case received = "1;32"
    case faint = "2"
  }

  static func coloured(_ text: some StringProtocol, _ colour: Colour, _ isOn: Bool) -> String { isOn ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : String(text) }

  /// JSON on one line.
  static func json(_ value: JSONValue, colour isOn: Bool) -> String {
    switch value {
    case .null, .bool: coloured(value.text, .word, isOn)
    case .number: coloured(value.text, .number, isOn)
    case .string: coloured(harmless(value.text), .string, isOn)
    case .array(let elements): "[" + elements.map { json($0, colour: isOn) }.joined(separator: ",") + "]"
    case .object(let object):
      "{" + object.map { coloured(harmless(JSONValue.string($0.name).text), .name, isOn) + ":" + json($0.value, colour: isOn) }.joined(separator: ",") + "}"
    }
  }
}
