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
    let blocks = (message["blocks"].map { Array($0.elements) } ?? []).map { block($0, &count) }.filter { !$0.isEmpty }
    // The text of most messages repeats their blocks.
    if text.isEmpty { lines += blocks }
    for attachment in message["attachments"].map({ Array($0.elements) }) ?? [] {
      let parts = ["pretext", "author_name", "title", "title_link", "text", "footer"].compactMap { attachment[$0]?.string }.filter { !$0.isEmpty }
      let fields = (attachment["fields"].map { Array($0.elements) } ?? []).map { "\($0["title"]?.string ?? ""): \($0["value"]?.string ?? "")" }
      let nested = (attachment["blocks"].map { Array($0.elements) } ?? []).map { block($0, &count) }.filter { !$0.isEmpty }
      var shown = parts + fields + nested
      if shown.isEmpty, let fallback = attachment["fallback"]?.string { shown = [fallback] }
      if !shown.isEmpty { lines.append("> " + shown.joined(separator: "\n> ")) }
    }
    return lines.joined(separator: "\n")
  }

  /// The text of one block (<https://docs.slack.dev/reference/block-kit/blocks>).
  private static func block(_ block: RawJSON, _ count: inout Int) -> String {
    switch block["type"]?.string {
    case "section", "header", "context", "actions":
      var parts = [block["text"]?["text"]?.string]
      for member in ["fields", "elements"] {
        parts += (block[member].map { Array($0.elements) } ?? []).map { $0["text"]?.string ?? $0["text"]?["text"]?.string ?? $0["alt_text"]?.string }
      }
      return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    case "image", "video": return block["title"]?["text"]?.string ?? block["alt_text"]?.string ?? ""
    case "divider": return "---"
    case "rich_text", "table", "markdown":
      if let text = block["text"]?.string { return text }
      return rich(block, &count)
    default: return ""
    }
  }

  /// The text of a rich text element and all in it.
  private static func rich(_ element: RawJSON, _ count: inout Int) -> String {
    count += 1
    guard count < maximumParts else { return "" }
    switch element["type"]?.string {
    case "text", "raw_text": return element["text"]?.string ?? ""
    case "link":
      let url = element["url"]?.string ?? ""
      return element["text"]?.string.map { "\($0) (\(url))" } ?? url
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
    for part in text.split(separator: "<@").dropFirst(text.hasPrefix("<@") ? 0 : 1) {
      let id = part.prefix { ($0.isASCII && $0.isLetter) || $0.isNumber }
      if SlackDirectory.isID(String(id), "UWB") { found.insert(String(id)) }
    }
    return found
  }

  /// `<@U1>`, `<#C1|name>`, `<https://x|label>`, `<!here>` and the three entities as a person reads them.
  static func readable(_ text: String, names: [String: String]) -> String {
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "<") {
      result += rest[..<start]
      guard let end = rest[start...].firstIndex(of: ">") else { break }
      result += reference(rest[rest.index(after: start)..<end], names)
      rest = rest[rest.index(after: end)...]
    }
    result += rest
    return result.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
  }

  private static func reference(_ text: Substring, _ names: [String: String]) -> String {
    let parts = text.split(separator: "|", maxSplits: 1)
    let target = parts.first.map(String.init) ?? ""
    let label = parts.count == 2 ? String(parts[1]) : nil
    switch target.first {
    case "@": return "@" + (label ?? names[String(target.dropFirst())] ?? String(target.dropFirst()))
    case "#": return "#" + (label ?? String(target.dropFirst()))
    case "!": return label ?? "@" + target.dropFirst().prefix { $0 != "^" }
    default: return label.map { $0 == target ? target : "\($0) (\(target))" } ?? target
    }
  }
}
