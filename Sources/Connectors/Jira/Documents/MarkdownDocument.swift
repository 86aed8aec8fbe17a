internal import JSON

/// Markdown as a document of the Atlassian Document Format (<https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>):
/// headings, paragraphs, lists with tasks among them, quotes, code, tables, rules.
struct MarkdownDocument {
  private var lines: ArraySlice<Substring>
  private var nextLocalID = 1
  private static let maximumDepth = 12

  private init(_ lines: ArraySlice<Substring>) { self.lines = lines }

  static func adf(_ markdown: String) -> JSONValue {
    var document = MarkdownDocument(markdown.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)[...])
    var content = document.blocks(depth: 0)
    if content.isEmpty { content = [["type": "paragraph"]] }
    return ["type": "doc", "version": 1, "content": .array(content)]
  }

  // MARK: Blocks

  private mutating func blocks(depth: Int) -> [JSONValue] {
    var content: [JSONValue] = []
    while let line = lines.first {
      if line.allSatisfy(\.isWhitespace) {
        lines.removeFirst()
      } else if let block = fence() ?? heading(line) ?? rule(line) ?? table() {
        content.append(block)
      } else if line.hasTrimmedPrefix(">") {
        content.append(quote(depth))
      } else if depth < Self.maximumDepth, let item = ListItem(line) {
        content.append(list(item, depth))
      } else {
        content.append(paragraph())
      }
    }
    return content
  }

  private mutating func fence() -> JSONValue? {
    guard let line = lines.first else { return nil }
    let trimmed = line.drop { $0 == " " }
    guard let tick = trimmed.first, tick == "`" || tick == "~" else { return nil }
    let ticks = trimmed.prefix { $0 == tick }.count
    guard ticks >= 3 else { return nil }
    let language = trimmed.dropFirst(ticks).trimmed
    // Such a line is a span of code within a paragraph.
    guard tick != "`" || !language.contains("`") else { return nil }
    lines.removeFirst()
    var code: [Substring] = []
    while let line = lines.popFirst() {
      let closing = line.drop { $0 == " " }
      if closing.prefix(while: { $0 == tick }).count >= ticks, closing.drop(while: { $0 == tick }).allSatisfy(\.isWhitespace) { break }
      code.append(line)
    }
    var node: JSONValue = ["type": "codeBlock"]
    if !language.isEmpty { node["attrs"] = ["language": .string(language)] }
    let text = code.joined(separator: "\n")
    if !text.isEmpty { node["content"] = [["type": "text", "text": .string(text)]] }
    return node
  }

  private mutating func heading(_ line: Substring) -> JSONValue? {
    let level = line.prefix { $0 == "#" }.count
    guard (1...6).contains(level), line.dropFirst(level).first == " " else { return nil }
    lines.removeFirst()
    var text = line.dropFirst(level).trimmed
    // A closing run of # belongs to the text where no space is in front of it: C#.
    let closing = text.reversed().prefix { $0 == "#" }.count
    if closing == text.count || text.dropLast(closing).last == " " { text = text.dropLast(closing).trimmed }
    var node: JSONValue = ["type": "heading", "attrs": ["level": .int(level)]]
    let content = MarkdownInline.nodes(text)
    if !content.isEmpty { node["content"] = .array(content) }
    return node
  }

  private mutating func rule(_ line: Substring) -> JSONValue? {
    guard Self.isRule(line) else { return nil }
    lines.removeFirst()
    return ["type": "rule"]
  }

  private static func isRule(_ line: Substring) -> Bool {
    let marks = line.filter { !$0.isWhitespace }
    guard marks.count >= 3, let first = marks.first, "-*_".contains(first) else { return false }
    return marks.allSatisfy { $0 == first }
  }

  private mutating func quote(_ depth: Int) -> JSONValue {
    var inner: [Substring] = []
    while let line = lines.first, line.hasTrimmedPrefix(">") {
      let rest = line.drop { $0 == " " }.dropFirst()
      inner.append(rest.first == " " ? rest.dropFirst() : rest)
      lines.removeFirst()
    }
    // A quote of Jira holds paragraphs only.
    var document = MarkdownDocument(inner[...])
    var content: [JSONValue] = []
    while !document.lines.isEmpty {
      if document.lines.first?.allSatisfy(\.isWhitespace) == true { document.lines.removeFirst() } else { content.append(document.paragraph(plain: true)) }
    }
    return ["type": "blockquote", "content": .array(content.isEmpty ? [["type": "paragraph"]] : content)]
  }

  /// - Parameter plain: whether every line but an empty one belongs to it.
  private mutating func paragraph(plain: Bool = false) -> JSONValue {
    var text: [Substring] = []
    while let line = lines.first, !line.allSatisfy(\.isWhitespace) {
      // In a quote, where no lists are, each item is a paragraph of its own.
      if !text.isEmpty, plain ? ListItem(line) != nil : startsBlock(line) || isTable { break }
      text.append(line)
      lines.removeFirst()
    }
    let content = MarkdownInline.nodes(text.map { String($0.drop { $0 == " " }) }.joined(separator: "\n").trimmedEnd)
    return content.isEmpty ? ["type": "paragraph"] : ["type": "paragraph", "content": .array(content)]
  }

  private func startsBlock(_ line: Substring) -> Bool {
    let trimmed = line.drop { $0 == " " }
    if trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") || trimmed.hasPrefix(">") { return true }
    let level = line.prefix { $0 == "#" }.count
    return (1...6).contains(level) && line.dropFirst(level).first == " " || ListItem(line) != nil || Self.isRule(line)
  }

  // MARK: Lists

  /// The start of an item: `- `, `* `, `1. `, `- [ ] `.
  private struct ListItem {
    enum Kind: Hashable { case bullet, ordered, task }
    var kind: Kind
    var indent: Int
    /// Columns up to the item's text.
    var width: Int
    var isDone = false
    var number = 1
    var text: Substring

    init?(_ line: Substring) {
      indent = line.prefix { $0 == " " }.count
      let rest = line.dropFirst(indent)
      if let mark = rest.first, "-*+".contains(mark), rest.dropFirst().first == " " {
        text = rest.dropFirst(2)
        kind = .bullet
        width = indent + 2
        for (box, done) in [("[ ] ", false), ("[x] ", true), ("[X] ", true)] where text.hasPrefix(box) {
          kind = .task
          isDone = done
          text = text.dropFirst(4)
        }
      } else {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.count <= 9, let mark = rest.dropFirst(digits.count).first, mark == "." || mark == ")", rest.dropFirst(digits.count + 1).first == " "
        else {
          return nil
        }
        kind = .ordered
        number = Int(digits) ?? 1
        width = indent + digits.count + 2
        text = rest.dropFirst(digits.count + 2)
      }
    }
  }

  private mutating func list(_ first: ListItem, _ depth: Int) -> JSONValue {
    var items: [JSONValue] = []
    while let line = lines.first, let item = ListItem(line), item.kind == first.kind, item.indent >= first.indent, item.indent < first.width {
      lines.removeFirst()
      let inner = self.inner(item)
      items.append(first.kind == .task ? task(item, inner) : listItem(item, inner, depth))
      // Empty lines between items do not end the list.
      let rest = lines.drop { $0.allSatisfy(\.isWhitespace) }
      if let next = rest.first, let following = ListItem(next), following.kind == first.kind, following.indent >= first.indent, following.indent < first.width {
        lines = rest
      }
    }
    switch first.kind {
    case .bullet: return ["type": "bulletList", "content": .array(items)]
    case .task: return ["type": "taskList", "attrs": ["localId": .string(localID())], "content": .array(items)]
    case .ordered:
      var node: JSONValue = ["type": "orderedList"]
      if first.number != 1 { node["attrs"] = ["order": .int(first.number)] }
      node["content"] = .array(items)
      return node
    }
  }

  /// The lines of an item: its first, and those that are indented under it.
  private mutating func inner(_ item: ListItem) -> [Substring] {
    var inner = [item.text]
    while let line = lines.first {
      let indent = line.prefix { $0 == " " }.count
      if line.allSatisfy(\.isWhitespace) {
        guard let next = lines.dropFirst().first, next.prefix(while: { $0 == " " }).count >= item.width, !next.allSatisfy(\.isWhitespace) else { break }
        inner.append("")
      } else if indent >= item.width || (indent > item.indent && ListItem(line) != nil) {
        inner.append(line.dropFirst(min(indent, item.width)))
      } else if ListItem(line) == nil, !startsBlock(line), !inner.isEmpty, inner.last?.isEmpty == false {
        // A lazy continuation of the paragraph.
        inner.append(line)
      } else {
        break
      }
      lines.removeFirst()
    }
    return inner
  }

  private mutating func listItem(_ item: ListItem, _ inner: [Substring], _ depth: Int) -> JSONValue {
    var document = MarkdownDocument(inner[...])
    document.nextLocalID = nextLocalID
    let allowed: Set<String> = ["paragraph", "bulletList", "orderedList", "codeBlock"]
    var content = document.blocks(depth: depth + 1).flatMap { block in
      allowed.contains(block["type"]?.string ?? "") ? [block] : Self.flattened(block)
    }
    nextLocalID = document.nextLocalID
    // An item starts with a paragraph or code.
    if content.first.map({ ["bulletList", "orderedList"].contains($0["type"]?.string) }) ?? true { content.insert(["type": "paragraph"], at: 0) }
    return ["type": "listItem", "content": .array(content)]
  }

  /// What cannot stand in an item, as paragraphs that can.
  private static func flattened(_ block: JSONValue) -> [JSONValue] {
    if block["type"]?.string == "rule" { return [] }
    let content = block["content"]?.array ?? []
    if content.contains(where: { ["text", "mention", "hardBreak"].contains($0["type"]?.string) }) { return [["type": "paragraph", "content": .array(content)]] }
    return content.flatMap { $0["type"]?.string == "paragraph" ? [$0] : flattened($0) }
  }

  private mutating func task(_ item: ListItem, _ inner: [Substring]) -> JSONValue {
    let content = MarkdownInline.nodes(inner.joined(separator: "\n").trimmedEnd)
    var node: JSONValue = ["type": "taskItem", "attrs": ["localId": .string(localID()), "state": item.isDone ? "DONE" : "TODO"]]
    if !content.isEmpty { node["content"] = .array(content) }
    return node
  }

  private mutating func localID() -> String {
    defer { nextLocalID += 1 }
    return "task-\(nextLocalID)"
  }

  // MARK: Tables

  /// The columns of the table that starts here; nil where none does.
  private var tableWidth: Int? {
    guard let head = lines.first, head.contains("|"), let ruler = lines.dropFirst().first, ruler.contains("-") else { return nil }
    let columns = Self.cells(ruler)
    guard columns.allSatisfy({ cell in cell.contains("-") && cell.allSatisfy { "-: ".contains($0) } }), Self.cells(head).count == columns.count else { return nil }
    return columns.count
  }

  private var isTable: Bool { tableWidth != nil }

  private mutating func table() -> JSONValue? {
    guard let width = tableWidth, let head = lines.first else { return nil }
    lines.removeFirst(2)
    var rows = [Self.row(Self.cells(head), width, "tableHeader")]
    while let line = lines.first, line.contains("|"), !line.allSatisfy(\.isWhitespace) {
      rows.append(Self.row(Self.cells(line), width, "tableCell"))
      lines.removeFirst()
    }
    return ["type": "table", "content": .array(rows)]
  }

  private static func row(_ cells: [String], _ count: Int, _ type: String) -> JSONValue {
    let padded = Array((cells + Array(repeating: "", count: max(count - cells.count, 0))).prefix(count))
    return [
      "type": "tableRow",
      "content": .array(
        padded.map { cell in
          let content = MarkdownInline.nodes(cell.replacing("<br>", with: "\\\n"))
          let paragraph: JSONValue = content.isEmpty ? ["type": "paragraph"] : ["type": "paragraph", "content": .array(content)]
          return ["type": .string(type), "content": [paragraph]]
        }),
    ]
  }

  private static func cells(_ line: Substring) -> [String] {
    var text = line.trimmed[...]
    if text.hasPrefix("|") { text = text.dropFirst() }
    if text.hasSuffix("|"), !text.hasSuffix("\\|") { text = text.dropLast() }
    var cells = [""]
    var isEscaped = false
    for character in text {
      if character == "|", !isEscaped {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
      isEscaped = character == "\\" && !isEscaped
    }
    return cells.map { $0[...].trimmed }
  }
}

extension StringProtocol {
  var trimmed: String { String(drop { $0.isWhitespace }).trimmedEnd }

  var trimmedEnd: String {
    var text = String(self)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  func hasTrimmedPrefix(_ prefix: String) -> Bool { drop { $0 == " " }.starts(with: prefix) }
}
