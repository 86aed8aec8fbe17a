internal import JSON

/// A document as wiki markup, which is what Jira Data Center's texts are in
/// (<https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all>). Documents come from ``MarkdownDocument``, so that both kinds
/// of Jira are written to in the same Markdown.
enum DocumentWiki {
  private static let maximumDepth = 32

  static func text(_ document: JSONValue) -> String { blocks(document["content"]?.array ?? [], 0).joined(separator: "\n\n") }

  private static func blocks(_ nodes: [JSONValue], _ depth: Int) -> [String] {
    guard depth < maximumDepth else { return [] }
    return nodes.map { block($0, depth + 1) }.filter { !$0.isEmpty }
  }

  private static func children(_ node: JSONValue) -> [JSONValue] { node["content"]?.array ?? [] }

  private static func block(_ node: JSONValue, _ depth: Int) -> String {
    switch node["type"]?.string {
    case "heading": return "h\(min(max(node["attrs"]?["level"]?.int ?? 1, 1), 6)). " + inline(node, .line)
    case "bulletList", "orderedList", "taskList": return list(node, "", depth).joined(separator: "\n")
    case "codeBlock": return code(node)
    case "blockquote":
      let inner = children(node)
      let text = blocks(inner, depth).joined(separator: "\n\n")
      return inner.count == 1 && inner[0]["type"]?.string == "paragraph" && !text.contains("\n") ? "bq. " + text : "{quote}\n\(text)\n{quote}"
    case "rule": return "----"
    case "table": return children(node).map(row).joined(separator: "\n")
    default: return inline(node, .paragraph)
    }
  }

  // MARK: Lists

  /// - Parameter marks: those of the lists around it: `*#` is a numbered list in an item of a bulleted one.
  private static func list(_ node: JSONValue, _ marks: String, _ depth: Int) -> [String] {
    guard depth < maximumDepth else { return [] }
    let marks = marks + (node["type"]?.string == "orderedList" ? "#" : "*")
    return children(node).flatMap { item -> [String] in
      if item["type"]?.string == "taskItem" {
        return ["\(marks) \\[\(item["attrs"]?["state"]?.string == "DONE" ? "x" : " ")\\] " + inline(item, .line)]
      }
      var lines: [String] = []
      var said = ""
      for block in children(item) {
        switch block["type"]?.string {
        case "bulletList", "orderedList", "taskList": lines += list(block, marks, depth + 1)
        case "codeBlock": lines.append(code(block))
        default:
          let text = inline(block, .line)
          // A second paragraph of an item is a new line of it, or follows what stands between.
          if lines.isEmpty { said += said.isEmpty || text.isEmpty ? text : "\\\\ " + text } else if !text.isEmpty { lines.append(text) }
        }
      }
      return ["\(marks) \(said)"] + lines
    }
  }

  // MARK: Code and tables

  private static func code(_ node: JSONValue) -> String {
    let code = children(node).compactMap { $0["text"]?.string }.joined()
    let language = (node["attrs"]?["language"]?.string ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || "+#-_.".contains($0)) }
    // The one without a language is not coloured. Each may hold the other, and neither itself.
    let isPlain = language.isEmpty ? !code.contains("{noformat}") : code.contains("{code}")
    if isPlain { return "{noformat}\n\(code.replacing("{noformat}", with: "{ noformat}"))\n{noformat}" }
    return "{code\(language.isEmpty ? "" : ":" + language)}\n\(code.replacing("{code}", with: "{ code}"))\n{code}"
  }

  private static func row(_ node: JSONValue) -> String {
    var text = ""
    var mark = "|"
    for cell in children(node) {
      mark = cell["type"]?.string == "tableHeader" ? "||" : "|"
      let content = children(cell).map { inline($0, .line) }.filter { !$0.isEmpty }.joined(separator: "\\\\ ")
      text += mark + (content.isEmpty ? " " : content)
    }
    return text + mark
  }

  // MARK: Inline

  private enum Place {
    /// A break is a line of its own.
    case paragraph
    /// All must stand in one line: a break is `\\`.
    case line
  }

  private static func inline(_ node: JSONValue, _ place: Place) -> String {
    let nodes = children(node)
    var result = ""
    var index = 0
    while index < nodes.count {
      let node = nodes[index]
      switch node["type"]?.string {
      case "hardBreak": result += place == .paragraph ? "\n" : "\\\\ "
      case "mention":
        let id = node["attrs"]?["id"]?.string ?? ""
        result += id.contains { $0 == "]" || $0 == "|" || $0.isNewline } ? WikiEscape.text(node["attrs"]?["text"]?.string ?? "") : "[~\(id)]"
      case "text":
        guard let target = target(of: node) else {
          result += span(node, after: result.last, before: first(nodes[safe: index + 1]))
          break
        }
        // What is one link is one, whatever is bold in it.
        var label = ""
        var end = index
        while end < nodes.count, nodes[end]["type"]?.string == "text", self.target(of: nodes[end]) == target { end += 1 }
        for place in index..<end { label += span(nodes[place], after: label.last ?? "[", before: place + 1 < end ? nodes[place + 1]["text"]?.string?.first : "|") }
        let isBare = end == index + 1 && node["text"]?.string == target
        let address = target.replacing("|", with: "%7C").replacing("]", with: "%5D").replacing("[", with: "%5B")
        result += isBare ? "[\(address)]" : "[\(label)|\(address)]"
        index = end - 1
      default: break
      }
      index += 1
    }
    return result
  }

  private static func target(of node: JSONValue) -> String? {
    node["marks"]?.array?.first { $0["type"]?.string == "link" }?["attrs"]?["href"]?.string
  }

  /// The first character that a node shows.
  private static func first(_ node: JSONValue?) -> Character? {
    guard let node, node["type"]?.string != "hardBreak" else { return nil }
    return node["type"]?.string == "text" && target(of: node) == nil ? node["text"]?.string?.first : "["
  }

  /// A text with its marks.
  private static func span(_ node: JSONValue, after previous: Character?, before next: Character?) -> String {
    let text = node["text"]?.string ?? ""
    let kinds = Set((node["marks"]?.array ?? []).compactMap { $0["type"]?.string })
    let previous = previous?.isNewline == true ? nil : previous
    if kinds.contains("code") { return "{{" + WikiEscape.text(text, after: "{", before: "}") + "}}" }
    let delimiters = [("strong", "*"), ("em", "_"), ("strike", "-")].filter { kinds.contains($0.0) }.map(\.1)
    // Marks hold no white space at their edges.
    let core = text.trimmed
    guard !delimiters.isEmpty, !core.isEmpty else { return WikiEscape.text(text, after: previous, before: next) }
    let start = text.prefix(while: \.isWhitespace)
    let end = text.dropFirst(start.count + core.count)
    let isFree =
      (start.last ?? previous).map { $0.isWhitespace || "([\"'".contains($0) } ?? true
      && (end.first ?? next).map { $0.isWhitespace || ".,;:!?)]|\"'".contains($0) } ?? true
    let marks = delimiters.map { isFree ? $0 : "{\($0)}" }
    // Inside, the marks stand around the text.
    return start + marks.joined() + WikiEscape.text(core, after: "*", before: "*") + marks.reversed().joined() + end
  }
}
