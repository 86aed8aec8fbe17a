/// The words of a line, as a shell splits them: quotes and backslashes keep spaces, nothing is expanded.
enum CommandWords {
  struct Unfinished: Error, CustomStringConvertible {
    let description = "a quote is opened and never closed"
  }

  /// - Parameter keepsJSON: a word that begins with `{` or `[` goes to the end of the line as it is, so that JSON needs no quotes of its own.
  static func split(_ line: String, keepsJSON: Bool = false) throws(Unfinished) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var rest = Substring(line)
    while let character = rest.first {
      if keepsJSON, word == nil, quote == nil, character == "{" || character == "[" {
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return words + [String(rest)]
      }
      rest.removeFirst()
      switch (quote, character) {
      case ("'"?, "'"), ("\""?, "\""): quote = nil
      case ("'"?, _): word?.append(character)
      case (_, "\\"):
        guard let next = rest.popFirst() else { throw Unfinished() }
        // Between double quotes a backslash is itself but before these.
        if quote != nil, next != "\"", next != "\\" { word?.append("\\") }
        word = (word ?? "") + String(next)
      case (_?, _): word?.append(character)
      case (nil, "'"), (nil, "\""):
        quote = character
        word = word ?? ""
      case (nil, _) where character.isWhitespace:
        if let whole = word { words.append(whole) }
        word = nil
      case (nil, _): word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { throw Unfinished() }
    if let word { words.append(word) }
    return words
  }
}
