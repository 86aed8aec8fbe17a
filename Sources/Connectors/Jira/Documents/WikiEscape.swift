/// Plain text as wiki markup that says the same: what the renderer would take for markup is escaped, and nothing else.
///
/// Jira's renderer takes a backslash before `-#*_+?^~|%{}[]()!@` for an escape; anything else that must not be markup is written as a
/// numeric character reference.
enum WikiEscape {
  static let escapable: Set<Character> = Set("-#*_+?^~|%{}[]()!@")
  /// Pictures that Jira makes of letters in parentheses.
  private static let pictures = [
    "(/)", "(x)", "(!)", "(?)", "(+)", "(-)", "(*)", "(i)", "(y)", "(n)", "(on)", "(off)", "(*r)", "(*g)", "(*b)", "(*y)", "(flag)", "(flagoff)",
  ]

  /// - Parameters:
  ///   - previous: the character before the text; nil at the start of a line.
  ///   - next: the character after it; nil at the end of a line.
  static func text(_ text: some StringProtocol, after previous: Character? = nil, before next: Character? = nil) -> String {
    let characters = Array(text)
    var result = ""
    result.reserveCapacity(characters.count + 8)
    for (index, character) in characters.enumerated() {
      let before = index > 0 ? characters[index - 1] : previous
      let after = index + 1 < characters.count ? characters[index + 1] : next
      switch character {
      case "\\": result += after.map { $0 == "\\" || escapable.contains($0) } ?? true || before == "\\" ? "&#92;" : "\\"
      case "{", "}", "[", "]", "|": result += "\\" + String(character)
      case "*", "_", "+", "^", "~", "-": result += isMarkup(character, before, after) ? "\\" + String(character) : String(character)
      case "#": result += before == nil ? "\\#" : "#"
      case "?": result += before == "?" || after == "?" ? "\\?" : "?"
      case "!": result += after.map { !$0.isWhitespace } ?? false ? "\\!" : "!"
      case "(": result += before == ":" || isPicture(characters[index...]) ? "\\(" : "("
      case ")": result += before == ":" || before == ";" ? "\\)" : ")"
      case ":" where isFace(before, after, index + 2 < characters.count ? characters[index + 2] : nil): result += "&#58;"
      case "&" where isReference(characters[index...]): result += "&amp;"
      case "h" where before == nil && isLineMark(characters[index...]): result += "&#104;"
      case "b" where before == nil && isLineMark(characters[index...]): result += "&#98;"
      default: result.append(character)
      }
    }
    return result
  }

  static func isWord(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } ?? false }

  /// Within a word, and between spaces, these are characters as others are; at the start of a line they may make a list.
  private static func isMarkup(_ character: Character, _ before: Character?, _ after: Character?) -> Bool {
    if isWord(before), isWord(after) { return false }
    return !((before?.isWhitespace ?? !"*-".contains(character)) && (after?.isWhitespace ?? true))
  }

  private static func isPicture(_ rest: ArraySlice<Character>) -> Bool {
    let start = String(rest.prefix(9))
    return pictures.contains { start.hasPrefix($0) }
  }

  /// `:P` and `:D`, on their own.
  private static func isFace(_ before: Character?, _ after: Character?, _ beyond: Character?) -> Bool {
    guard let after, "PpD".contains(after) else { return false }
    return !isWord(before) && !isWord(beyond)
  }

  /// `&amp;`, `&#92;`
  static func isReference(_ rest: ArraySlice<Character>) -> Bool {
    guard let end = rest.prefix(10).firstIndex(of: ";") else { return false }
    let name = rest[(rest.startIndex + 1)..<end]
    return !name.isEmpty && (name.first == "#" ? name.count > 1 && name.dropFirst().allSatisfy { $0.isNumber } : name.allSatisfy { $0.isASCII && $0.isLetter })
  }

  /// `h1.`, `bq.`
  private static func isLineMark(_ rest: ArraySlice<Character>) -> Bool {
    let start = Array(rest.prefix(4))
    guard start.count >= 3, start[2] == ".", start.count < 4 || start[3].isWhitespace else { return false }
    return start[0] == "h" ? "123456".contains(start[1]) : start[1] == "q"
  }
}
