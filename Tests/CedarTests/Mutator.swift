import Cedar

/// Makes policies that are nearly right: a generated policy with tokens dropped, doubled, swapped or replaced.
struct Mutator {
  private var generator: Generator

  init(seed: UInt64) { generator = Generator(seed: seed) }

  private static let replacements: [String] = [
    "(", ")", "{", "}", "[", "]", ",", ";", ".", "::", ":", "==", "!=", "<", "<=", ">", ">=", "=", "&&", "||", "!", "-",
    "+", "*", "/", "%", "@", "if", "then", "else", "in", "has", "like", "is", "true", "false", "when", "unless", "permit",
    "forbid", "principal", "action", "resource", "context", "User", "User::\"u1\"", "A::B", "\"text\"", "\"a*\\*b\"",
    "\"\\u{41}\"", "\"\\q\"", "0", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "ip", "decimal",
    "contains", "isEmpty()", "hasTag", "__cedar", "?principal", "?resource", "?x", "// note\n", "\u{a0}", "é", "_", "ip(\"x\")",
    "x.y", "[\"k\"]", "{a: 1, \"b\": 2,}", "@note", "has a.b", "is User in", "getTag(\"x\")",
  ]

  mutating func mutant() -> String {
    var tokens = Self.tokens(of: generator.policy())
    for _ in 0..<generator.pick([1, 1, 1, 2, 3]) where !tokens.isEmpty {
      let position = generator.pick(Array(tokens.indices))
      switch generator.pick([0, 1, 2, 3, 3, 3, 4]) {
      case 0: tokens.remove(at: position)
      case 1: tokens.insert(tokens[position], at: position)
      case 2: tokens.swapAt(position, generator.pick(Array(tokens.indices)))
      case 3: tokens[position] = generator.pick(Self.replacements)
      default: tokens.insert(generator.pick(Self.replacements), at: position)
      }
    }
    return tokens.joined(separator: " ")
  }

  /// A rough split into tokens: names and numbers, strings, and single signs (pairs kept where they matter).
  private static func tokens(of text: String) -> [String] {
    var tokens: [String] = []
    var current = ""
    var inString = false
    var escaped = false
    func flush() {
      if !current.isEmpty { tokens.append(current) }
      current = ""
    }
    for character in text.unicodeScalars {
      if inString {
        current.unicodeScalars.append(character)
        if escaped {
          escaped = false
        } else if character == "\\" {
          escaped = true
        } else if character == "\"" {
          inString = false
          flush()
        }
      } else if character == "\"" {
        flush()
        current = "\""
        inString = true
      } else if character.properties.isAlphabetic || character == "_" || ("0"..."9").contains(character) {
        if let last = current.unicodeScalars.last, "=!<>&|:".unicodeScalars.contains(last) { flush() }
        current.unicodeScalars.append(character)
      } else if "=!<>&|:".unicodeScalars.contains(character) {
        if let last = current.unicodeScalars.last, !"=!<>&|:".unicodeScalars.contains(last) { flush() }
        current.unicodeScalars.append(character)
      } else {
        flush()
        if character != " ", character != "\n" { tokens.append(String(character)) }
      }
    }
    flush()
    return tokens
  }
}
