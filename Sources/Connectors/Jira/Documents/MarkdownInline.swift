internal import JSON

/// Inline Markdown as inline nodes of the Atlassian Document Format: strong, em, strike, code, links, mentions, hard breaks.
///
/// A mention is written `[@Name](accountid:ID)`, which is also how one is read.
struct MarkdownInline {
  private let characters: [Character]
  private var output = InlineNodes()
  private static let maximumDepth = 16
  /// Characters that emphasis, code or the text of a link may span: what never closes must not be searched for to the end each time.
  private static let maximumSpan = 4000
  /// Delimiters that do not close anywhere in the rest of the text.
  private var unclosed: Set<String> = []

  private init(_ text: some StringProtocol) { characters = Array(text) }

  static func nodes(_ text: some StringProtocol, marks: [JSONValue] = [], depth: Int = 0) -> [JSONValue] {
    var inline = MarkdownInline(text)
    inline.parse(marks, depth)
    return inline.output.nodes
  }

  private mutating func parse(_ marks: [JSONValue], _ depth: Int) {
    var position = 0
    while position < characters.count {
      let character = characters[position]
      if character == "\\", position + 1 < characters.count, "\\`*_{}[]()#+-.!|~<>\n".contains(characters[position + 1]) {
        if characters[position + 1] == "\n" { output.addBreak(marks) } else { output.text.append(characters[position + 1]) }
        position += 2
      } else if character == "\n" {
        let isHard = output.text.hasSuffix("  ")
        while output.text.hasSuffix(" ") { output.text.removeLast() }
        if isHard { output.addBreak(marks) } else { output.text.append(" ") }
        position += 1
      } else if character == "`", let (content, end) = code(at: position) {
        output.flush(marks)
        // Only links may stand beside code (ADF, "code mark").
        output.add(content, marks.filter { $0["type"]?.string == "link" } + [["type": "code"]])
        position = end
      } else if depth < Self.maximumDepth, let (mark, content, end) = emphasis(at: position) {
        output.flush(marks)
        output += Self.nodes(content, marks: marks.contains(mark) ? marks : marks + [mark], depth: depth + 1)
        position = end
      } else if depth < Self.maximumDepth, character == "[", let (label, target, end) = link(at: position) {
        output.flush(marks)
        if target.hasPrefix("accountid:") {
          output += [["type": "mention", "attrs": ["id": .string(String(target.dropFirst(10))), "text": .string(label)]]]
        } else {
          let mark: JSONValue = ["type": "link", "attrs": ["href": .string(target)]]
          output += Self.nodes(label, marks: marks.filter { $0["type"]?.string != "link" } + [mark], depth: depth + 1)
        }
        position = end
      } else if let (url, end) = address(at: position), !marks.contains(where: { $0["type"]?.string == "link" }) {
        output.flush(marks)
        output.add(url, marks + [["type": "link", "attrs": ["href": .string(url)]]])
        position = end
      } else {
        output.text.append(character)
        position += 1
      }
    }
    output.flush(marks)
  }

  // MARK: Spans

  private func run(of character: Character, at position: Int) -> Int {
    var end = position
    while end < characters.count, characters[end] == character { end += 1 }
    return end - position
  }

  /// A code span: as many backticks close as opened.
  private mutating func code(at position: Int) -> (String, Int)? {
    let ticks = run(of: "`", at: position)
    let delimiter = String(repeating: "`", count: ticks)
    guard !unclosed.contains(delimiter) else { return nil }
    var end = position + ticks
    let last = min(characters.count, position + Self.maximumSpan)
    while end < last {
      if characters[end] == "`" {
        let closing = run(of: "`", at: end)
        if closing == ticks {
          var content = String(characters[(position + ticks)..<end]).replacing("\n", with: " ")
          if content.hasPrefix(" "), content.hasSuffix(" "), content.contains(where: { $0 != " " }) { content = String(content.dropFirst().dropLast()) }
          return content.isEmpty ? nil : (content, end + ticks)
        }
        end += closing
      } else {
        end += 1
      }
    }
    if last == characters.count { unclosed.insert(delimiter) }
    return nil
  }

  private mutating func emphasis(at position: Int) -> (mark: JSONValue, content: String, end: Int)? {
    for (delimiter, type) in [("**", "strong"), ("__", "strong"), ("~~", "strike"), ("*", "em"), ("_", "em")] {
      let marker = Array(delimiter)
      guard matches(marker, at: position), !unclosed.contains(delimiter) else { continue }
      let start = position + marker.count
      guard start < characters.count, !characters[start].isWhitespace else { continue }
      // `_` within a word is a character of it: snake_case.
      if marker[0] == "_", position > 0, characters[position - 1].isLetter || characters[position - 1].isNumber { continue }
      var end = start
      var nestedEnd = -1
      let last = min(characters.count, position + Self.maximumSpan)
      while end < last {
        if characters[end] == "\\" {
          end += 2
          continue
        }
        if marker.count == 1, end != nestedEnd, let after = nested(marker[0], at: end, from: start) {
          end = after
          nestedEnd = after
          continue
        }
        if characters[end] == "`", let (_, after) = code(at: end) {
          end = after
          continue
        }
        if matches(marker, at: end), end > start, !characters[end - 1].isWhitespace, end == nestedEnd || isClosing(marker, at: end, from: start) {
          return (["type": .string(type)], String(characters[start..<end]), end + marker.count)
        }
        end += 1
      }
      if last == characters.count { unclosed.insert(delimiter) }
    }
    return nil
  }

  /// The end of strong text that begins at `position` within emphasis by the same character; nil where none does.
  private func nested(_ mark: Character, at position: Int, from start: Int) -> Int? {
    guard matches([mark, mark], at: position), position + 2 < characters.count, !characters[position + 2].isWhitespace, characters[position + 2] != mark,
      position == start || !(characters[position - 1].isLetter || characters[position - 1].isNumber)
    else { return nil }
    var end = position + 3
    let last = min(characters.count - 1, position + Self.maximumSpan)
    while end < last {
      if matches([mark, mark], at: end), !characters[end - 1].isWhitespace { return end + 2 }
      end += 1
    }
    return nil
  }

  private func isClosing(_ marker: [Character], at position: Int, from start: Int) -> Bool {
    let after = position + marker.count
    // ***both***: what was opened last is closed first.
    if marker.count == 2, characters[start] == marker[0], after < characters.count, characters[after] == marker[0] { return false }
    if marker.count == 1, after < characters.count, characters[after] == marker[0] { return false }
    if marker.count == 1, position > 0, characters[position - 1] == marker[0] { return false }
    return marker[0] != "_" || after >= characters.count || !(characters[after].isLetter || characters[after].isNumber)
  }

  private func matches(_ marker: [Character], at position: Int) -> Bool {
    position + marker.count <= characters.count && characters[position..<(position + marker.count)].elementsEqual(marker)
  }

  private mutating func link(at position: Int) -> (label: String, target: String, end: Int)? {
    guard !unclosed.contains("[") else { return nil }
    var depth = 0
    var end = position
    let last = min(characters.count, position + Self.maximumSpan)
    while end < last {
      if characters[end] == "\\" {
        end += 1
      } else if characters[end] == "[" {
        depth += 1
      } else if characters[end] == "]" {
        depth -= 1
        if depth == 0 { break }
      }
      end += 1
    }
    if end >= last, last == characters.count, !characters[position...].contains("]") { unclosed.insert("[") }
    guard end < last, end + 1 < characters.count, characters[end + 1] == "(", let close = characters[(end + 2)...].firstIndex(of: ")") else { return nil }
    let label = String(characters[(position + 1)..<end])
    let target = String(characters[(end + 2)..<close]).split(separator: " ").first.map(String.init) ?? ""
    guard !label.isEmpty, Self.isAddress(target) || target.hasPrefix("accountid:") && target.count > 10 else { return nil }
    return (label, target, close + 1)
  }

  private static func isAddress(_ text: String) -> Bool {
    ["http://", "https://", "mailto:", "/", "#"].contains { text.hasPrefix($0) } && !text.contains(where: \.isWhitespace)
  }

  /// An address that stands in the text as it is.
  private func address(at position: Int) -> (String, Int)? {
    guard characters[position] == "h", position == 0 || !characters[position - 1].isLetter else { return nil }
    let rest = String(characters[position...].prefix(2048).prefix { !$0.isWhitespace && $0 != "<" && $0 != ">" && $0 != "|" })
    guard rest.hasPrefix("https://") || rest.hasPrefix("http://") else { return nil }
    var url = rest
    while let last = url.last, ".,;:!?)'\"*_~".contains(last) { url.removeLast() }
    return url.count > 8 ? (url, position + url.count) : nil
  }
}
