internal import JSON

/// Inline wiki markup as inline nodes of a document.
struct WikiInline {
  private let characters: [Character]
  private var output = InlineNodes()
  /// Where delimiters stand next, the end of the text where they do not: each is searched for once, and not from every place anew.
  private var upcoming: [String: Int] = [:]
  private static let maximumDepth = 16
  /// Characters that a span may have: what never closes must not be searched for to the end each time.
  private static let maximumSpan = 2000
  private static let marks: [(delimiter: String, type: String)] = [("*", "strong"), ("_", "em"), ("-", "strike"), ("+", "underline"), ("??", "em")]

  private init(_ text: some StringProtocol) { characters = Array(text) }

  static func nodes(_ text: some StringProtocol, marks: [JSONValue] = [], depth: Int = 0) -> [JSONValue] {
    var inline = WikiInline(text)
    inline.parse(marks, depth)
    return inline.output.nodes
  }

  private mutating func parse(_ marks: [JSONValue], _ depth: Int) {
    var position = 0
    while position < characters.count {
      let character = characters[position]
      let next = position + 1 < characters.count ? characters[position + 1] : nil
      if character == "\\", next == "\\" {
        output.addBreak(marks)
        position += 2
        while position < characters.count, characters[position].isWhitespace { position += 1 }
      } else if character == "\\", let next, WikiEscape.escapable.contains(next) {
        output.text.append(next)
        position += 2
      } else if character == "\n" {
        while output.text.hasSuffix(" ") { output.text.removeLast() }
        output.addBreak(marks)
        position += 1
      } else if character == "&", let (decoded, end) = reference(at: position) {
        output.text += decoded
        position = end
      } else if character == "{", let (found, end) = braced(at: position, marks, depth) {
        output.flush(marks)
        output += found
        position = end
      } else if character == "[", let (found, end) = bracketed(at: position, marks, depth) {
        output.flush(marks)
        output += found
        position = end
      } else if character == "!", let (node, end) = picture(at: position) {
        output.flush(marks)
        output += [node]
        position = end
      } else if depth < Self.maximumDepth, let (mark, content, end) = emphasis(at: position) {
        output.flush(marks)
        output += Self.nodes(content, marks: with(mark, marks), depth: depth + 1)
        position = end
      } else if character == "h", let (url, end) = address(at: position), !marks.contains(where: { $0["type"]?.string == "link" }) {
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

  private func with(_ type: String, _ marks: [JSONValue]) -> [JSONValue] {
    // Markdown has no underlining; the text stays.
    guard type != "underline", !marks.contains(where: { $0["type"]?.string == type }) else { return marks }
    return marks + [["type": .string(type)]]
  }

  // MARK: Spans

  private func matches(_ text: String, at position: Int) -> Bool {
    var place = position
    for character in text {
      guard place < characters.count, characters[place] == character else { return false }
      place += 1
    }
    return true
  }

  /// Where `delimiter` stands next; nil where it does not within a span.
  private mutating func find(_ delimiter: String, from start: Int, where isRight: (Int) -> Bool = { _ in true }) -> Int? {
    let last = min(characters.count, start + Self.maximumSpan)
    guard next(delimiter, from: start) < last else { return nil }
    var position = start
    while position < last {
      if characters[position] == "\\", position + 1 < characters.count {
        position += 2
      } else if matches(delimiter, at: position), isRight(position) {
        return position
      } else {
        position += 1
      }
    }
    return nil
  }

  private mutating func next(_ delimiter: String, from start: Int) -> Int {
    if let known = upcoming[delimiter], known >= start { return known }
    var position = start
    while position < characters.count, !matches(delimiter, at: position) { position += 1 }
    upcoming[delimiter] = position
    return position
  }

  /// `*strong*` between what is no word.
  private mutating func emphasis(at position: Int) -> (type: String, content: String, end: Int)? {
    for (delimiter, type) in Self.marks where matches(delimiter, at: position) {
      let start = position + delimiter.count
      guard start < characters.count, !characters[start].isWhitespace, !matches(delimiter, at: start), position == 0 || !WikiEscape.isWord(characters[position - 1])
      else { continue }
      let end = find(delimiter, from: start) { [characters] place in
        let after = place + delimiter.count
        return place > start && !characters[place - 1].isWhitespace && (after >= characters.count || !WikiEscape.isWord(characters[after]))
      }
      guard let end, !characters[start..<end].contains("\n") else { continue }
      return (type, String(characters[start..<end]), end + delimiter.count)
    }
    return nil
  }

  /// `{{code}}`, `{*}strong{*}`, and macros that change how a text looks.
  private mutating func braced(at position: Int, _ marks: [JSONValue], _ depth: Int) -> (nodes: [JSONValue], end: Int)? {
    if matches("{{", at: position), let end = find("}}", from: position + 2), end > position + 2 {
      // Only links may stand beside code.
      let code = Self.unescaped(characters[(position + 2)..<end])
      let link = marks.filter { $0["type"]?.string == "link" }
      return ([["type": "text", "text": .string(code), "marks": .array(link + [["type": "code"]])]], end + 2)
    }
    for (delimiter, type) in Self.marks + [("^", "underline"), ("~", "underline")] where depth < Self.maximumDepth && matches("{\(delimiter)}", at: position) {
      let start = position + delimiter.count + 2
      guard let end = find("{\(delimiter)}", from: start), end > start else { continue }
      return (Self.nodes(String(characters[start..<end]), marks: with(type, marks), depth: depth + 1), end + delimiter.count + 2)
    }
    // Colours and anchors say nothing that Markdown could.
    for macro in ["{color}", "{color:", "{anchor:"] where matches(macro, at: position) {
      guard let end = characters[position...].prefix(80).firstIndex(of: "}") else { return nil }
      return ([], end + 1)
    }
    return nil
  }

  /// `[label|address]`, `[address]`, `[~name]`, `[^attachment]`
  private mutating func bracketed(at position: Int, _ marks: [JSONValue], _ depth: Int) -> (nodes: [JSONValue], end: Int)? {
    guard let end = find("]", from: position + 1), end > position + 1 else { return nil }
    let inner = String(characters[(position + 1)..<end])
    guard !inner.contains("\n") else { return nil }
    if inner.hasPrefix("~"), inner.count > 1 {
      let id = String(inner.hasPrefix("~accountid:") ? inner.dropFirst(11) : inner.dropFirst())
      return ([["type": "mention", "attrs": ["id": .string(id), "text": .string("@" + id)]]], end + 1)
    }
    if inner.hasPrefix("^"), inner.count > 1 { return ([Self.attachment(String(inner.dropFirst()))], end + 1) }
    let parts = Self.parts(inner)
    let target = (parts.count > 1 ? parts[1] : parts[0]).trimmed
    guard Self.isAddress(target) else { return nil }
    let link: [JSONValue] = marks.filter { $0["type"]?.string != "link" } + [["type": "link", "attrs": ["href": .string(target)]]]
    guard parts.count > 1, !parts[0].isEmpty, depth < Self.maximumDepth else { return ([["type": "text", "text": .string(target), "marks": .array(link)]], end + 1) }
    return (Self.nodes(parts[0], marks: link, depth: depth + 1), end + 1)
  }

  /// `!picture.png|width=300!`
  private mutating func picture(at position: Int) -> (node: JSONValue, end: Int)? {
    guard position + 1 < characters.count, !characters[position + 1].isWhitespace, characters[position + 1] != "!", let end = find("!", from: position + 1),
      end > position + 1
    else { return nil }
    let name = Self.parts(String(characters[(position + 1)..<end]))[0]
    // A sentence between two exclamation marks is none.
    guard name.contains("."), !name.contains(where: \.isWhitespace) else { return nil }
    if Self.isAddress(name) { return (["type": "mediaInline", "attrs": ["alt": .string(""), "url": .string(name)]], end + 1) }
    return (Self.attachment(name), end + 1)
  }

  private static func attachment(_ name: String) -> JSONValue { ["type": "mediaInline", "attrs": ["alt": .string(name)]] }

  /// Cut at bars that are not escaped.
  private static func parts(_ text: String) -> [String] {
    var parts = [""]
    var isEscaped = false
    for character in text {
      if character == "|", !isEscaped { parts.append("") } else { parts[parts.count - 1].append(character) }
      isEscaped = character == "\\" && !isEscaped
    }
    return parts
  }

  private static func isAddress(_ text: String) -> Bool {
    ["http://", "https://", "mailto:", "ftp://", "/", "#"].contains { text.hasPrefix($0) && text.count > $0.count } && !text.contains(where: \.isWhitespace)
  }

  private static func unescaped(_ text: ArraySlice<Character>) -> String {
    let inline = WikiInline(String(text))
    var result = ""
    var position = 0
    while position < inline.characters.count {
      let character = inline.characters[position]
      if character == "\\", position + 1 < inline.characters.count, WikiEscape.escapable.contains(inline.characters[position + 1]) {
        result.append(inline.characters[position + 1])
        position += 2
      } else if character == "&", let (decoded, end) = inline.reference(at: position) {
        result += decoded
        position = end
      } else {
        result.append(character)
        position += 1
      }
    }
    return result
  }

  /// `&amp;`, `&#92;`
  private func reference(at position: Int) -> (String, Int)? {
    guard WikiEscape.isReference(characters[position...]), let end = characters[position...].prefix(10).firstIndex(of: ";") else { return nil }
    let name = String(characters[(position + 1)..<end])
    if name.hasPrefix("#"), let number = UInt32(name.dropFirst()), let scalar = Unicode.Scalar(number) { return (String(Character(scalar)), end + 1) }
    guard let known = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "nbsp": " "][name] else { return nil }
    return (known, end + 1)
  }

  /// An address that stands in the text as it is.
  private func address(at position: Int) -> (String, Int)? {
    guard position == 0 || !WikiEscape.isWord(characters[position - 1]) else { return nil }
    let rest = String(characters[position...].prefix(2048).prefix { !$0.isWhitespace && !"<>|[]{}".contains($0) })
    guard rest.hasPrefix("https://") || rest.hasPrefix("http://") else { return nil }
    var url = rest
    while let last = url.last, ".,;:!?)'\"*_~\\".contains(last) { url.removeLast() }
    return url.count > 8 ? (url, position + url.count) : nil
  }
}
