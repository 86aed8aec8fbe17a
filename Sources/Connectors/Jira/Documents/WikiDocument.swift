internal import JSON

/// Wiki markup as a document, by which it is read as Markdown: headings, lists of all kinds within one another, quotes, panels, code, tables, rules.
struct WikiDocument {
  private var lines: ArraySlice<Substring>
  /// Macros that do not close anywhere in the rest.
  private var unclosed: Set<String> = []
  private static let maximumDepth = 12
  /// Lines that a row of a table may have.
  private static let maximumRowLines = 50

  private init(_ lines: ArraySlice<Substring>) { self.lines = lines }

  static func markdown(_ wiki: String) -> String { DocumentMarkdown.text(adf(wiki).raw) }

  static func adf(_ wiki: String) -> JSONValue {
    var document = WikiDocument(wiki.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)[...])
    return ["type": "doc", "version": 1, "content": .array(document.blocks(depth: 0))]
  }

  // MARK: Blocks

  private mutating func blocks(depth: Int) -> [JSONValue] {
    var content: [JSONValue] = []
    while let line = lines.first {
      if line.allSatisfy(\.isWhitespace) {
        lines.removeFirst()
      } else if let block = verbatim() ?? heading(line) ?? rule(line) ?? table(line) ?? quoteLine(line) {
        content.append(block)
      } else if depth < Self.maximumDepth, let block = macro(line, depth) {
        content.append(block)
      } else if Item(line) != nil {
        content += lists()
      } else {
        content.append(paragraph())
      }
    }
    return content
  }

  private func startsBlock(_ line: Substring) -> Bool {
    let trimmed = line.trimmed
    return Self.level(line) != nil || trimmed.hasPrefix("|") || trimmed.hasPrefix("bq. ") || Self.isRule(line) || Item(line) != nil
      || Self.opening(line, Self.verbatims) != nil
      || Self.opening(line, Self.macros) != nil
  }

  private static func level(_ line: Substring) -> Int? {
    let text = Array(line.drop { $0 == " " }.prefix(4))
    guard text.count >= 3, text[0] == "h", let level = text[1].wholeNumberValue, (1...6).contains(level), text[2] == ".", text.count < 4 || text[3] == " " else {
      return nil
    }
    return level
  }

  private mutating func heading(_ line: Substring) -> JSONValue? {
    guard let level = Self.level(line) else { return nil }
    lines.removeFirst()
    return Self.node("heading", WikiInline.nodes(line.drop { $0 == " " }.dropFirst(3).trimmed), ["level": .int(level)])
  }

  private static func isRule(_ line: Substring) -> Bool {
    let text = line.trimmed
    return text.count >= 4 && text.allSatisfy { $0 == "-" }
  }

  private mutating func rule(_ line: Substring) -> JSONValue? {
    guard Self.isRule(line) else { return nil }
    lines.removeFirst()
    return ["type": "rule"]
  }

  private mutating func quoteLine(_ line: Substring) -> JSONValue? {
    let text = line.trimmed
    guard text.hasPrefix("bq. ") else { return nil }
    lines.removeFirst()
    return ["type": "blockquote", "content": [Self.node("paragraph", WikiInline.nodes(text.dropFirst(4)))]]
  }

  /// Each line of a paragraph is a line of its own, as Jira shows it.
  private mutating func paragraph() -> JSONValue {
    var text: [Substring] = []
    while let line = lines.first, !line.allSatisfy(\.isWhitespace) {
      if !text.isEmpty, startsBlock(line) { break }
      text.append(line)
      lines.removeFirst()
    }
    return Self.node("paragraph", WikiInline.nodes(text.map { $0.trimmed }.joined(separator: "\n")))
  }

  private static func node(_ type: String, _ content: [JSONValue], _ attributes: JSONValue? = nil) -> JSONValue {
    var node: JSONValue = ["type": .string(type)]
    if let attributes { node["attrs"] = attributes }
    if !content.isEmpty { node["content"] = .array(content) }
    return node
  }

  // MARK: Macros

  private static let verbatims = ["code", "noformat"]
  private static let macros = ["quote", "panel", "info", "note", "tip", "warning"]

  /// The macro with which a line begins: its name, what it is told, and the rest of the line.
  private static func opening(_ line: Substring, _ names: [String]) -> (name: String, parameters: Substring, rest: Substring)? {
    let text = line.drop { $0 == " " }
    guard text.hasPrefix("{"), let end = text.prefix(400).firstIndex(of: "}") else { return nil }
    let inner = text.dropFirst().prefix(upTo: end)
    let name = inner.prefix { $0 != ":" }
    guard names.contains(String(name)) else { return nil }
    return (String(name), inner.dropFirst(name.count + 1), text[text.index(after: end)...])
  }

  /// The lines up to the macro that closes, which is taken away; nil where none does.
  private mutating func body(_ name: String, _ rest: Substring) -> [Substring]? {
    let closing = "{\(name)}"
    if let end = rest.firstRange(of: closing) {
      lines.removeFirst()
      putBack(rest[end.upperBound...])
      return [rest[..<end.lowerBound]]
    }
    guard !unclosed.contains(name), let last = lines.dropFirst().firstIndex(where: { $0.contains(closing) }), let end = lines[last].firstRange(of: closing) else {
      unclosed.insert(name)
      return nil
    }
    var body = Array(lines[(lines.startIndex + 1)..<last])
    if !rest.allSatisfy(\.isWhitespace) { body.insert(rest, at: 0) }
    let line = lines[last]
    if end.lowerBound > line.startIndex, !line[..<end.lowerBound].allSatisfy(\.isWhitespace) { body.append(line[..<end.lowerBound]) }
    lines = lines[(last + 1)...]
    putBack(line[end.upperBound...])
    return body
  }

  /// What follows a macro in its line is a line of its own.
  private mutating func putBack(_ rest: Substring) { if !rest.allSatisfy(\.isWhitespace) { lines = ([rest] + lines)[...] } }

  private mutating func verbatim() -> JSONValue? {
    guard let line = lines.first, let (name, parameters, rest) = Self.opening(line, Self.verbatims), let body = body(name, rest) else { return nil }
    let language = parameters.split(separator: "|").first.flatMap { $0.contains("=") ? nil : String($0) }
    let text = body.joined(separator: "\n")
    return Self.node("codeBlock", text.isEmpty ? [] : [["type": "text", "text": .string(text)]], language.map { ["language": .string($0)] })
  }

  private mutating func macro(_ line: Substring, _ depth: Int) -> JSONValue? {
    guard let (name, parameters, rest) = Self.opening(line, Self.macros), let body = body(name, rest) else { return nil }
    var document = WikiDocument(body[...])
    var content = document.blocks(depth: depth + 1)
    if let title = parameters.split(separator: "|").first(where: { $0.hasPrefix("title=") })?.dropFirst(6), !title.isEmpty {
      content.insert(Self.node("paragraph", [["type": "text", "text": .string(String(title)), "marks": [["type": "strong"]]]]), at: 0)
    }
    if content.isEmpty { content = [["type": "paragraph"]] }
    switch name {
    case "quote", "panel": return ["type": "blockquote", "content": .array(content)]
    default: return ["type": "panel", "attrs": ["panelType": .string(name)], "content": .array(content)]
    }
  }

  // MARK: Lists

  /// The start of an item: `* `, `** `, `#* `, `- `.
  private struct Item {
    var marks: [Character]
    var text: Substring

    init?(_ line: Substring) {
      let start = line.drop { $0 == " " || $0 == "\t" }
      let marks = start.prefix { "*#-".contains($0) }
      guard (1...20).contains(marks.count), start.dropFirst(marks.count).first == " " else { return nil }
      // `--` and `---` are dashes.
      guard marks.count == 1 || !marks.allSatisfy({ $0 == "-" }) else { return nil }
      self.marks = marks.map { $0 == "-" ? "*" : $0 }
      text = start.dropFirst(marks.count)
    }
  }

  private struct Entry {
    var marks: [Character]
    var content: [JSONValue]
  }

  private mutating func lists() -> [JSONValue] {
    var entries: [Entry] = []
    while let line = lines.first, let item = Item(line) {
      lines.removeFirst()
      var text = [item.text]
      var content: [JSONValue] = []
      while let line = lines.first, !line.allSatisfy(\.isWhitespace), Item(line) == nil {
        if let code = verbatim() {
          content.append(code)
        } else if startsBlock(line) || !content.isEmpty {
          break
        } else {
          text.append(line)
          lines.removeFirst()
        }
      }
      let paragraph = Self.node("paragraph", WikiInline.nodes(text.map { $0.trimmed }.joined(separator: "\n")))
      entries.append(Entry(marks: item.marks, content: [paragraph] + content))
    }
    var nodes: [JSONValue] = []
    var rest = entries[...]
    while !rest.isEmpty { nodes.append(Self.list(&rest, depth: 0)) }
    return nodes
  }

  /// The list of the entries whose mark at `depth` is the same; deeper ones belong to the item before them.
  private static func list(_ entries: inout ArraySlice<Entry>, depth: Int) -> JSONValue {
    let kind = entries.first?.marks[safe: depth] ?? "*"
    let around = entries.first?.marks.prefix(depth) ?? []
    var items: [JSONValue] = []
    while let entry = entries.first, entry.marks.count > depth, entry.marks[depth] == kind, entry.marks.prefix(depth) == around {
      if entry.marks.count == depth + 1 {
        entries.removeFirst()
        items.append(["type": "listItem", "content": .array(entry.content)])
      } else {
        let inner = list(&entries, depth: depth + 1)
        if items.isEmpty { items.append(["type": "listItem", "content": [["type": "paragraph"]]]) }
        items[items.count - 1]["content"] = .array((items[items.count - 1]["content"]?.array ?? []) + [inner])
      }
    }
    return tasks(items, kind) ?? ["type": kind == "#" ? "orderedList" : "bulletList", "content": .array(items)]
  }

  /// A list each of whose items begins with a box is one of tasks.
  private static func tasks(_ items: [JSONValue], _ kind: Character) -> JSONValue? {
    guard kind == "*" else { return nil }
    var tasks: [JSONValue] = []
    for item in items {
      guard let blocks = item["content"]?.array, blocks.count == 1, let content = blocks[0]["content"]?.array, let first = content.first,
        first["marks"] == nil, let text = first["text"]?.string, let box = ["[ ] ", "[x] ", "[X] "].first(where: { text.hasPrefix($0) })
      else { return nil }
      let rest = String(text.dropFirst(4))
      let inline: [JSONValue] = (rest.isEmpty ? [] : [["type": "text", "text": .string(rest)]]) + content.dropFirst()
      tasks.append(node("taskItem", inline, ["localId": .string("task-\(tasks.count + 1)"), "state": .string(box == "[ ] " ? "TODO" : "DONE")]))
    }
    return tasks.isEmpty ? nil : ["type": "taskList", "attrs": ["localId": "tasks"], "content": .array(tasks)]
  }

  // MARK: Tables

  private mutating func table(_ line: Substring) -> JSONValue? {
    guard line.hasTrimmedPrefix("|") else { return nil }
    var rows: [JSONValue] = []
    while let line = lines.first, line.hasTrimmedPrefix("|") {
      lines.removeFirst()
      var text = line.trimmed
      // A row goes on until a bar ends a line.
      var count = 1
      while !text.hasSuffix("|"), count < Self.maximumRowLines, let next = lines.first, !next.allSatisfy(\.isWhitespace), !next.hasTrimmedPrefix("|") {
        text += "\n" + next.trimmed
        lines.removeFirst()
        count += 1
      }
      rows.append(["type": "tableRow", "content": .array(Self.cells(text))])
    }
    return ["type": "table", "content": .array(rows)]
  }

  /// Cut at bars that are neither escaped nor within a link, a picture or code.
  private static func cells(_ row: String) -> [JSONValue] {
    var cells: [(isHead: Bool, text: String)] = []
    let characters = Array(row)
    var position = 0
    var text = ""
    var isHead = false
    var isOpen = false
    func close() { if isOpen { cells.append((isHead, text)) } }
    while position < characters.count {
      let character = characters[position]
      if character == "\\", position + 1 < characters.count {
        text += String(characters[position...(position + 1)])
        position += 2
      } else if let end = inner(characters, position) {
        text += String(characters[position..<end])
        position = end
      } else if character == "|" {
        close()
        isHead = position + 1 < characters.count && characters[position + 1] == "|"
        position += isHead ? 2 : 1
        text = ""
        // A bar at the end opens nothing.
        isOpen = position < characters.count
      } else {
        text.append(character)
        position += 1
      }
    }
    close()
    return cells.map { cell in node(cell.isHead ? "tableHeader" : "tableCell", [node("paragraph", WikiInline.nodes(cell.text.trimmed))]) }
  }

  /// The end of a link, a picture or code that begins here.
  private static func inner(_ characters: [Character], _ position: Int) -> Int? {
    let closing: [Character]
    switch characters[position] {
    case "[": closing = ["]"]
    case "{" where position + 1 < characters.count && characters[position + 1] == "{": closing = ["}", "}"]
    case "!" where position + 1 < characters.count && !characters[position + 1].isWhitespace && characters[position + 1] != "|": closing = ["!"]
    default: return nil
    }
    var end = position + 1
    let last = min(characters.count, position + 2000)
    while end + closing.count <= last, characters[end] != "\n" {
      if characters[end..<(end + closing.count)].elementsEqual(closing) {
        // Only where there is a bar within does it matter.
        return characters[position..<end].contains("|") ? end + closing.count : nil
      }
      end += 1
    }
    return nil
  }
}
