internal import JSON

/// A document of the Atlassian Document Format as Markdown. What Markdown has no word for is told in words; nothing that a person
/// reads is left out.
struct DocumentMarkdown {
  private static let maximumDepth = 64

  /// - Parameter node: a `doc`, or what Data Center and older issues hold in its place: a text in wiki markup.
  static func text(_ node: RawJSON) -> String {
    if let text = node.string { return WikiDocument.markdown(text) }
    return blocks(node, depth: 0).joined(separator: "\n\n")
  }

  private static func children(_ node: RawJSON) -> [RawJSON] { node["content"].map { Array($0.elements) } ?? [] }

  private static func blocks(_ node: RawJSON, depth: Int) -> [String] {
    guard depth < maximumDepth else { return [] }
    return children(node).map { block($0, depth: depth + 1) }.filter { !$0.isEmpty }
  }

  private static func block(_ node: RawJSON, depth: Int) -> String {
    guard depth < maximumDepth else { return "" }
    switch node["type"]?.string {
    case "paragraph": return guarded(inline(node))
    case "heading":
      // A heading is one line.
      let text = inline(node).replacing("\\\n", with: " ").replacing("\n", with: " ")
      let closing = text.reversed().prefix { $0 == "#" }.count
      return String(repeating: "#", count: min(max(node["attrs"]?["level"]?.int ?? 1, 1), 6)) + " "
        + (closing > 0 ? String(text.dropLast()) + "\\#" : text)
    case "bulletList": return list(node, depth) { _ in "- " }
    case "orderedList":
      let first = node["attrs"]?["order"]?.int ?? 1
      return list(node, depth) { "\(first + $0). " }
    case "taskList": return tasks(node, depth)
    case "decisionList": return children(node).map { "- Decision: " + inline($0) }.joined(separator: "\n")
    case "codeBlock":
      let code = children(node).compactMap { $0["text"]?.string }.joined()
      let fence = code.contains("```") ? "~~~~" : "```"
      return "\(fence)\(node["attrs"]?["language"]?.string ?? "")\n\(code)\n\(fence)"
    case "blockquote": return prefixed(blocks(node, depth: depth).joined(separator: "\n\n"), "> ")
    case "panel":
      let kind = node["attrs"]?["panelType"]?.string ?? "note"
      return prefixed("**\(kind.prefix(1).uppercased() + kind.dropFirst()):** " + blocks(node, depth: depth).joined(separator: "\n\n"), "> ")
    case "rule": return "---"
    case "table": return table(node, depth)
    case "expand", "nestedExpand":
      let title = node["attrs"]?["title"]?.string ?? ""
      return ([title.isEmpty ? "" : "**\(title)**"] + blocks(node, depth: depth)).filter { !$0.isEmpty }.joined(separator: "\n\n")
    case "mediaSingle", "mediaGroup": return children(node).map { media($0) }.filter { !$0.isEmpty }.joined(separator: "\n")
    case "media", "mediaInline": return media(node)
    case "blockCard", "embedCard": return node["attrs"]?["url"]?.string ?? ""
    case "extension", "bodiedExtension", "inlineExtension":
      let body = blocks(node, depth: depth).joined(separator: "\n\n")
      return body.isEmpty ? "[\(node["attrs"]?["extensionKey"]?.string ?? "extension")]" : body
    case "text", "mention", "emoji", "hardBreak", "inlineCard", "status", "date": return inlineNode(node)
    default: return blocks(node, depth: depth).joined(separator: "\n\n")
    }
  }

  /// A paragraph none of whose lines reads as the start of another block: `- `, `1. `, `# `, `> `, a rule, a fence.
  private static func guarded(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      let rest = line.drop { $0 == " " }
      guard let first = rest.first else { return "" }
      let next = rest.dropFirst().first
      if "-+".contains(first), next == " " || first == "-" && (next == nil || next == "-") { return "\\" + String(rest) }
      if first == ">" || first == "#" && [" ", nil].contains(rest.drop(while: { $0 == "#" }).first) { return "\\" + String(rest) }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let after = rest.dropFirst(digits.count)
      if !digits.isEmpty, after.hasPrefix(". ") || after.hasPrefix(") ") { return String(digits) + "\\" + String(after) }
      return String(rest)
    }.joined(separator: "\n")
  }

  private static func media(_ node: RawJSON) -> String {
    if node["type"]?.string == "caption" { return inline(node) }
    let name = node["attrs"]?["alt"]?.string ?? node["attrs"]?["id"]?.string ?? ""
    return node["attrs"]?["url"]?.string.map { "![\(name)](\($0))" } ?? "[attachment\(name.isEmpty ? "" : " " + name)]"
  }

  private static func prefixed(_ text: String, _ prefix: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? String(prefix.dropLast()) : prefix + $0 }.joined(separator: "\n")
  }

  private static func list(_ node: RawJSON, _ depth: Int, _ mark: (Int) -> String) -> String {
    children(node).enumerated().map { index, item in
      let mark = mark(index)
      let content = children(item).map { block($0, depth: depth + 2) }.filter { !$0.isEmpty }
      // Lists follow their item's text at once, other blocks after an empty line.
      var text = ""
      for (place, part) in content.enumerated() {
        let isList = ["bulletList", "orderedList", "taskList"].contains(children(item)[safe: place]?["type"]?.string)
        if place > 0 { text += isList ? "\n" : "\n\n" }
        text += part
      }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let indent = String(repeating: " ", count: mark.count)
      return lines.enumerated().map { $0 == 0 ? mark + $1 : $1.isEmpty ? "" : indent + $1 }.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private static func tasks(_ node: RawJSON, _ depth: Int) -> String {
    children(node).map { item in
      if item["type"]?.string == "taskList" { return prefixed(tasks(item, depth + 1), "  ") }
      return (item["attrs"]?["state"]?.string == "DONE" ? "- [x] " : "- [ ] ") + inline(item)
    }.joined(separator: "\n")
  }

  private static func table(_ node: RawJSON, _ depth: Int) -> String {
    let rows = children(node).map { row in
      children(row).map { cell in
        blocks(cell, depth: depth + 2).joined(separator: "<br>").replacing("\n", with: "<br>").replacing("|", with: "\\|")
      }
    }
    let width = rows.map(\.count).max() ?? 0
    guard width > 0 else { return "" }
    let lines = rows.map { "| " + ($0 + Array(repeating: "", count: width - $0.count)).joined(separator: " | ") + " |" }
    let ruler = "| " + Array(repeating: "---", count: width).joined(separator: " | ") + " |"
    return ([lines[0], ruler] + lines.dropFirst()).joined(separator: "\n")
  }

  // MARK: Inline

  private static func inline(_ node: RawJSON) -> String { children(node).map { inlineNode($0) }.joined() }

  private static func inlineNode(_ node: RawJSON) -> String {
    let attributes = node["attrs"]
    switch node["type"]?.string {
    case "text": return marked(node["text"]?.string ?? "", node["marks"].map { Array($0.elements) } ?? [])
    case "hardBreak": return "\\\n"
    case "mention":
      let name = attributes?["text"]?.string ?? attributes?["id"]?.string ?? ""
      return "[\(name.hasPrefix("@") ? name : "@" + name)](accountid:\(attributes?["id"]?.string ?? ""))"
    case "emoji": return attributes?["text"]?.string ?? attributes?["shortName"]?.string ?? ""
    case "inlineCard": return attributes?["url"]?.string ?? ""
    case "status": return "[\(attributes?["text"]?.string ?? "")]"
    case "date": return attributes?["timestamp"]?.string.flatMap { Int64($0) }.map { String(JiraTime.text(milliseconds: $0).prefix(10)) } ?? ""
    case "placeholder": return attributes?["text"]?.string ?? ""
    case "media", "mediaInline": return media(node)
    default: return inline(node)
    }
  }

  private static func marked(_ text: String, _ marks: [RawJSON]) -> String {
    let kinds = marks.compactMap { $0["type"]?.string }
    var result = text
    if kinds.contains("code") {
      let ticks = text.contains("`") ? "``" : "`"
      result = text.contains("`") ? "\(ticks) \(text) \(ticks)" : ticks + text + ticks
    } else {
      result = escaped(text, isLink: kinds.contains("link"))
      // Emphasis holds no white space at its edges.
      for (kind, delimiter) in [("em", "*"), ("strong", "**"), ("strike", "~~")] where kinds.contains(kind) { result = wrapped(result, delimiter) }
    }
    if let link = marks.first(where: { $0["type"]?.string == "link" })?["attrs"]?["href"]?.string { result = link == text ? link : "[\(result)](\(link))" }
    return result
  }

  private static func wrapped(_ text: String, _ delimiter: String) -> String {
    let start = text.prefix(while: \.isWhitespace)
    let core = text.dropFirst(start.count).trimmedEnd
    guard !core.isEmpty else { return text }
    return start + delimiter + core + delimiter + text.dropFirst(start.count + core.count)
  }

  private static func escaped(_ text: String, isLink: Bool) -> String {
    guard text.contains(where: { "\\`*_[]~".contains($0) }), !isLink || !text.hasPrefix("http") else { return text }
    var result = ""
    var isInWord = false
    for (index, character) in zip(text.indices, text) {
      // `_` within a word is a character of it: snake_case.
      let next = text[text.index(after: index)...].first
      let isWordy = isInWord && next.map { $0.isLetter || $0.isNumber } ?? false
      if "\\`*[]~".contains(character) || character == "_" && !isWordy { result.append("\\") }
      result.append(character)
      isInWord = character.isLetter || character.isNumber
    }
    return result
  }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
