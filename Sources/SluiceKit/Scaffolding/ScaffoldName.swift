/// The name of a new package, and the names in Swift that follow from it.
struct ScaffoldName {
  /// Lower-case words with hyphens: `weather-server`.
  let text: String

  /// Names of modules that a module of the package must not have.
  private static let taken: Set<String> = [
    "swift", "foundation", "testing", "json", "mcp", "mcphttp", "mcpauth", "mcptools", "mcptoolmacros", "mcptesting", "argumentparser", "nio", "package", "main", "test",
  ]

  /// - Throws: what is wrong with the name.
  init(_ text: String) throws(CommandError) {
    guard Self.isValid(text, separators: "-") else {
      throw CommandError("\"\(text)\" is no name for a package: up to 64 lower-case letters, digits and single hyphens, a letter first, such as weather-server")
    }
    guard !Self.taken.contains(text) else { throw CommandError("\"\(text)\" is the name of a library that the package uses: take another one, such as \(text)-server") }
    self.text = text
  }

  static func isValid(_ text: String, separators: String) -> Bool {
    guard text.utf8.count <= 64, let first = text.utf8.first, (0x61...0x7A).contains(first), let last = text.last, !separators.contains(last) else { return false }
    var afterSeparator = false
    for character in text {
      let isSeparator = separators.contains(character)
      guard isSeparator ? !afterSeparator : character.isASCII && (character.isNumber || character.isLowercase) else { return false }
      afterSeparator = isSeparator
    }
    return true
  }

  /// `WeatherServer`.
  var type: String { text.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() }
}
