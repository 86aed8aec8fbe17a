internal import JSON

/// Slack's ways of writing text, as plain text (<https://docs.slack.dev/messaging/formatting-message-text>).
enum SlackText {
  private static let maximumParts = 400

  /// Everything that a message says: its text, and what only its blocks, attachments and unfurls say.
  static func plain(_ message: RawJSON) -> String {
    var lines: [String] = []
    let text = message["text"]?.string ?? message["content"]?.string ?? ""
    if !text.isEmpty { lines.append(text) }
    var count = 0
    // A person's message is one block that repeats its text; apps give a summary as text, and say the rest in blocks alone.
    let blocks = message["blocks"].map { Array($0.elements) } ?? []
    let said = blocks.isEmpty ? "" : squeezed(text)
    for part in blocks where text.isEmpty || part["type"]?.string != "rich_text" {
      let shown = block(part, &count)
      if !shown.isEmpty, text.isEmpty || !said.contains(squeezed(shown)) { lines.append(shown) }
    }
    for attachment in message["attachments"].map({ Array($0.elements) }) ?? [] {
      let parts = ["pretext", "author_name", "title", "title_link", "text", "footer"].compactMap { attachment[$0]?.string }.filter { !$0.isEmpty }
      let fields = (attachment["fields"].map { Array($0.elements) } ?? []).map { "\($0["title"]?.string ?? ""): \($0["value"]?.string ?? "")" }
      let nested = (attachment["blocks"].map { Array($0.elements) } ?? []).map { block($0, &count) }.filter { !$0.isEmpty }
      var shown = parts + fields + nested
      if shown.isEmpty, let fallback = attachment["fallback"]?.string { shown = [fallback] }
      for inner in (attachment["message_blocks"].map { Array($0.elements) } ?? []).flatMap({ $0["message"]?["blocks"].map { Array($0.elements) } ?? [] }) {
        let text = block(inner, &count)
        if !text.isEmpty, !shown.contains(where: { squeezed($0).contains(squeezed(text)) }) { shown.append(text) }
      }
      if !shown.isEmpty { lines.append("> " + shown.joined(separator: "\n").replacing("\n", with: "\n> ")) }
    }
    if lines.isEmpty {
      lines = (message["files"].map { Array($0.elements) } ?? []).map { "[file \($0["title"]?.string ?? $0["name"]?.string ?? $0["id"]?.string ?? "")]" }
    }
    return lines.joined(separator: "\n")
  }

  /// Without what tells blocks and text apart where they say the same.
  private static func squeezed(_ text: String) -> String { text.filter { !$0.isWhitespace && !"*_~`".contains($0) } }

  /// Plain text within blocks is not escaped as that of messages is.
  private static func escaped(_ text: String) -> String { text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;") }

  /// A text object (<https://docs.slack.dev/reference/block-kit/composition-objects/text-object>), or an element that holds one.
  private static func object(_ element: RawJSON?) -> String? {
    guard let element else { return nil }
    if let text = element["text"]?.string { return element["type"]?.string == "mrkdwn" ? text : escaped(text) }
    return element["text"]?["text"]?.string.map(escaped)
  }

  /// The text of one block (<https://docs.slack.dev/reference/block-kit/blocks>).
  private static func block(_ block: RawJSON, _ count: inout Int) -> String {
    switch block["type"]?.string {
    case "section", "header", "context", "actions":
      var parts = [object(block["text"])]
      for member in ["fields", "elements"] {
        parts += (block[member].map { Array($0.elements) } ?? []).map { object($0) ?? $0["alt_text"]?.string }
      }
      return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    case "image", "video": return object(block["title"]) ?? block["alt_text"]?.string.map(escaped) ?? ""
    case "divider": return "---"
    case "markdown": return escaped(block["text"]?.string ?? "")
    case "table":
      let rows = (block["rows"].map { Array($0.elements) } ?? []).map { row in row.elements.map { rich($0, &count) } }
      return rows.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    case "rich_text": return rich(block, &count)
    default: return ""
    }
  }

  /// The text of a rich text element and all in it.
  private static func rich(_ element: RawJSON, _ count: inout Int) -> String {
    count += 1
    guard count < maximumParts else { return "" }
    switch element["type"]?.string {
    case "text", "raw_text": return escaped(element["text"]?.string ?? "")
    case "link":
      let url = escaped(element["url"]?.string ?? "")
      return element["text"]?.string.map { "\(escaped($0)) (\(url))" } ?? url
    case "user": return "<@\(element["user_id"]?.string ?? "")>"
    case "usergroup": return "@\(element["usergroup_id"]?.string ?? "")"
    case "channel": return "<#\(element["channel_id"]?.string ?? "")>"
    case "emoji": return ":\(element["name"]?.string ?? ""):"
    case "broadcast": return "@\(element["range"]?.string ?? "")"
    case "date": return element["fallback"]?.string ?? ""
    case "rich_text_list":
      return (element["elements"].map { Array($0.elements) } ?? []).map { "- " + rich($0, &count) }.joined(separator: "\n")
    case "rich_text_quote":
      return "> " + (element["elements"].map { Array($0.elements) } ?? []).map { rich($0, &count) }.joined()
    case "rich_text_preformatted":
      return "```\n" + (element["elements"].map { Array($0.elements) } ?? []).map { rich($0, &count) }.joined() + "\n```"
    default:
      let parts = (element["elements"].map { Array($0.elements) } ?? []).map { rich($0, &count) }
      return parts.joined(separator: element["type"]?.string == "rich_text" ? "\n" : "")
    }
  }

  static func mentions(in text: String) -> Set<String> {
    var found: Set<String> = []
    var rest = Array(text.utf8)[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[(start + 1)...]
      guard rest.first == UInt8(ascii: "@") else { continue }
      let id = rest.dropFirst().prefix { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
      let text = String(decoding: id, as: UTF8.self)
      if SlackDirectory.isID(text, "UWB") { found.insert(text) }
    }
    return found
  }

  /// `<@U1>`, `<#C1|name>`, `<https://x|label>`, `<!here>` and the three entities as a person reads them.
  static func readable(_ text: String, names: [String: String]) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) else { return text }
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      result += rest[..<start]
      rest = rest[start...]
      guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { break }
      result += reference(Substring(String(decoding: rest[(start + 1)..<end], as: UTF8.self)), names).utf8
      rest = rest[(end + 1)...]
    }
    result += rest
    return String(decoding: unescaped(result[...]), as: UTF8.self)
  }

  private static let entities = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")].map { (name: Array($0.utf8), mark: Array($1.utf8)[0]) }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text
    while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
      result += rest[..<start]
      rest = rest[start...]
      if let entity = entities.first(where: { rest.starts(with: $0.name) }) {
        result.append(entity.mark)
        rest = rest.dropFirst(entity.name.count)
      } else {
        result.append(UInt8(ascii: "&"))
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }

  private static func reference(_ text: Substring, _ names: [String: String]) -> String {
    let parts = text.split(separator: "|", maxSplits: 1)
    let target = parts.first.map(String.init) ?? ""
    let label = parts.count == 2 ? String(parts[1]) : nil
    switch target.first {
    case "@": return "@" + (label ?? names[String(target.dropFirst())] ?? String(target.dropFirst()))
    case "#": return "#" + (label ?? String(target.dropFirst()))
    case "!":
      if target.hasPrefix("!subteam^") { return label ?? "@" + target.dropFirst(9) }
      return label ?? "@" + target.dropFirst().prefix { $0 != "^" }
    default: return label.map { $0 == target ? target : "\($0) (\(target))" } ?? target
    }
  }
}
