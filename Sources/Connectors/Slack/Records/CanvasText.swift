/// A canvas as Markdown. Slack gives its content as the HTML of a document, in a few elements. Not an HTML parser: what is no text or form of
/// text is passed over, and nothing is resolved or loaded.
struct CanvasText {
  private struct List {
    var isOrdered: Bool
    var isChecklist: Bool
    var count = 0
  }
  private struct Link {
    var start: Int
    var target: String
  }

  private var text: [UInt8] = []
  /// The block that is being read.
  private var line: [UInt8] = []
  /// What it starts with: `## `, `- `.
  private var marker = ""
  private var quotes = 0
  private var lists: [List] = []
  private var isChecklist = false
  private var isPreformatted = false
  private var links: [Link] = []
  /// The cells of a table's row; nil outside.
  private var row: [String]?
  private var rows = 0
  /// The element whose content is passed over.
  private var skipped: String?

  private static let deepest = 10
  private static let marks = ["b": "**", "strong": "**", "i": "_", "em": "_", "s": "~~", "del": "~~", "strike": "~~"]
  private static let blocks: Set<String> = ["p", "div", "section", "article", "tbody", "thead", "body", "html"]

  static func markdown(_ html: [UInt8]) -> String {
    var canvas = CanvasText()
    var rest = html[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      canvas.add(rest[..<start])
      rest = rest[start...]
      guard let tag = Tag(&rest) else {
        canvas.add(rest.prefix(1))
        rest = rest.dropFirst()
        continue
      }
      canvas.take(tag)
    }
    canvas.add(rest)
    canvas.flush()
    return String(decoding: canvas.text, as: UTF8.self)
  }

  // MARK: Text

  private mutating func add(_ raw: ArraySlice<UInt8>) {
    guard skipped == nil, !raw.isEmpty else { return }
    let plain = Entities.decoded(raw)
    guard !isPreformatted else {
      line += plain
      return
    }
    for byte in plain {
      let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
      if !isSpace { line.append(byte) } else if let last = line.last, last != 0x20, last != 0x0A { line.append(0x20) }
    }
  }

  /// Ends the block that is being read.
  private mutating func flush() {
    guard row == nil else {
      if let last = line.last, last != 0x20 { line.append(0x20) }
      return
    }
    defer { (line, marker) = ([], "") }
    links = []
    var block = line[...]
    while let last = block.last, last == 0x20 || last == 0x0A { block = block.dropLast() }
    if !isPreformatted { block = block.drop { $0 == 0x20 || $0 == 0x0A } }
    guard !block.isEmpty || !marker.isEmpty else { return }
    if isPreformatted { block = Array("```\n".utf8) + block + Array("\n```".utf8) }
    // What hangs together is not set apart by an empty line.
    if !text.isEmpty, lists.isEmpty || !marker.contains(where: { $0 == "-" || $0 == "." }) { text.append(0x0A) }
    let indent = Array((String(repeating: "> ", count: quotes) + String(repeating: "  ", count: max(lists.count - 1, 0))).utf8)
    text += indent + Array(marker.utf8)
    for byte in block {
      text.append(byte)
      if byte == 0x0A { text += indent }
    }
    text.append(0x0A)
  }

  // MARK: Elements

  private mutating func take(_ tag: Tag) {
    if let name = skipped {
      if tag.isEnd, tag.name == name { skipped = nil }
      return
    }
    switch tag.name {
    case "script", "style", "head", "template": if !tag.isEnd { skipped = tag.name }
    case "br": if row == nil { line.append(0x0A) } else { flush() }
    case "hr":
      flush()
      marker = "---"
      flush()
    case "img": if let words = tag["alt"] { add(Array(words.utf8)[...]) }
    case "pre":
      flush()
      isPreformatted = !tag.isEnd
    case "blockquote":
      flush()
      quotes = tag.isEnd ? max(quotes - 1, 0) : min(quotes + 1, Self.deepest)
    case "code": if !isPreformatted { line.append(UInt8(ascii: "`")) }
    case "a": tag.isEnd ? closeLink() : openLink(tag["href"])
    case "ul", "ol", "li": list(tag)
    case "table", "tr", "td", "th": table(tag)
    case "h1", "h2", "h3", "h4", "h5", "h6":
      flush()
      if !tag.isEnd, let level = Int(tag.name.dropFirst()) { marker = String(repeating: "#", count: level) + " " }
    default:
      if let mark = Self.marks[tag.name], !isPreformatted { line += Array(mark.utf8) }
      guard Self.blocks.contains(tag.name) else { return }
      // A list says in the block around it whether it is one of tasks; a paragraph within an item is the item's own.
      if let style = tag["data-section-style"] { isChecklist = style == "7" }
      if !line.isEmpty { flush() }
    }
  }

  private mutating func list(_ tag: Tag) {
    flush()
    guard tag.name == "li" else {
      if tag.isEnd {
        _ = lists.popLast()
      } else if lists.count < Self.deepest {
        lists.append(List(isOrdered: tag.name == "ol", isChecklist: isChecklist || tag["data-section-style"] == "7"))
      }
      return
    }
    guard !tag.isEnd, !lists.isEmpty else { return }
    let index = lists.count - 1
    lists[index].count += 1
    let isDone = tag["class"]?.split(separator: " ").contains("checked") == true
    marker = lists[index].isChecklist ? (isDone ? "- [x] " : "- [ ] ") : lists[index].isOrdered ? "\(lists[index].count). " : "- "
  }

  private mutating func table(_ tag: Tag) {
    switch (tag.name, tag.isEnd) {
    case ("table", _):
      row = nil
      flush()
      rows = 0
    case ("tr", false):
      row = nil
      flush()
      row = []
    case ("tr", true):
      guard let cells = row, !cells.isEmpty else { return }
      row = nil
      if rows == 0, !text.isEmpty { text.append(0x0A) }
      text += Array("| \(cells.joined(separator: " | ")) |\n".utf8)
      if rows == 0 { text += Array("|\(String(repeating: " --- |", count: cells.count))\n".utf8) }
      rows += 1
    case (_, false): line = []
    case (_, true):
      guard row != nil else { return }
      let cell = String(decoding: line, as: UTF8.self).replacing("|", with: "\\|").replacing("\n", with: " ")
      row?.append(String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
      line = []
    }
  }

  private mutating func openLink(_ target: String?) {
    guard links.count < Self.deepest else { return }
    links.append(Link(start: line.count, target: target ?? ""))
  }

  private mutating func closeLink() {
    guard let link = links.popLast(), link.start < line.count else { return }
    guard link.target.hasPrefix("https://") || link.target.hasPrefix("http://") || link.target.hasPrefix("mailto:") else { return }
    let target = link.target.replacing(" ", with: "%20").replacing(")", with: "%29").replacing("\n", with: "")
    let label = Array(line[link.start...])
    line.removeLast(label.count)
    line += Array("[".utf8) + label + Array("](\(target))".utf8)
  }
}

/// A tag, from `<` to `>`.
private struct Tag {
  let name: String
  let isEnd: Bool
  private var attributes: [String: String] = [:]

  subscript(_ attribute: String) -> String? { isEnd ? nil : attributes[attribute] }

  private static let longest = 2048

  /// Takes a tag from the start of a text; nil if there is none, and then nothing is taken.
  init?(_ rest: inout ArraySlice<UInt8>) {
    // A tag that is longer is none: what is not closed is not looked for to the end of the text again and again.
    var text = rest.dropFirst().prefix(Self.longest)
    if text.starts(with: Array("!--".utf8)) {
      rest = rest[(rest.firstRange(of: Array("-->".utf8))?.upperBound ?? rest.endIndex)...]
      (name, isEnd) = ("!--", false)
      return
    }
    guard text.contains(UInt8(ascii: ">")) else { return nil }
    let isEnd = text.first == UInt8(ascii: "/")
    if isEnd { text = text.dropFirst() }
    let name = text.prefix { Self.isName($0) || $0 == UInt8(ascii: "!") }
    guard !name.isEmpty else { return nil }
    text = text[name.endIndex...]
    var attributes: [String: String] = [:]
    while true {
      text = text.drop { $0 != UInt8(ascii: ">") && !Self.isName($0) }
      guard let first = text.first else { return nil }
      if first == UInt8(ascii: ">") { break }
      let key = text.prefix { Self.isName($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "_") }
      text = text[key.endIndex...].drop { $0 == 0x20 }
      guard text.first == UInt8(ascii: "=") else { continue }
      text = text.dropFirst().drop { $0 == 0x20 }
      let value: ArraySlice<UInt8>
      if let quote = text.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
        text = text.dropFirst()
        guard let end = text.firstIndex(of: quote) else { return nil }
        value = text[..<end]
        text = text[(end + 1)...]
      } else {
        value = text.prefix { $0 > 0x20 && $0 != UInt8(ascii: ">") }
        text = text[value.endIndex...]
      }
      if attributes.count < 32 { attributes[String(decoding: key, as: UTF8.self).lowercased()] = String(decoding: Entities.decoded(value), as: UTF8.self) }
    }
    rest = rest[text.index(after: text.startIndex)...]
    (self.name, self.isEnd, self.attributes) = (String(decoding: name, as: UTF8.self).lowercased(), isEnd, attributes)
  }

  private static func isName(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
}

private enum Entities {
  private static let named = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " "]

  static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = text
    while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
      result += rest[..<start]
      rest = rest[start...]
      let name = rest.dropFirst().prefix(12).prefix { $0 != UInt8(ascii: ";") }
      if rest.dropFirst(name.count + 1).first == UInt8(ascii: ";"), let value = value(String(decoding: name, as: UTF8.self)) {
        result += Array(value.utf8)
        rest = rest.dropFirst(name.count + 2)
      } else {
        result.append(UInt8(ascii: "&"))
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }

  private static func value(_ name: String) -> String? {
    if let known = named[name] { return known }
    guard name.hasPrefix("#") else { return nil }
    let number = name.dropFirst()
    let code = number.first == "x" || number.first == "X" ? UInt32(number.dropFirst(), radix: 16) : UInt32(number)
    // Empty paragraphs hold a space of no width.
    if code == 0x200B { return "" }
    return code.flatMap { Unicode.Scalar($0) }.map { String($0) }
  }
}
