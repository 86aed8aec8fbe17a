internal import ConnectorKit
internal import JSON
internal import MCP

/// What is searched for: words, and typed arguments that become Slack's own terms (`in:`, `from:`, `before:`, ...).
struct SearchQuery: Sendable {
  let text: String

  static let words = Field.text("query", "Words; \"in quotes\" for a phrase. May be left out where another argument narrows the search.", length: 500)

  private static let place: [Field] = [
    Field.text("channel", "Only in this channel: its id or name.", length: 100),
    Field.text("from", "Only what this person wrote or shared: U..., their handle, or me.", length: 80),
    Field.text("after", "Only after this day: 2026-07-28.", length: 10), Field.text("before", "Only before this day: 2026-07-28.", length: 10),
  ]
  static let sort = Field.text("sort", "The best matches first (score, if not given), or the newest.", oneOf: ["score", "timestamp"])

  static let ofFiles = [words] + place + [sort]
  static let ofMessages =
    [words] + place + [
      Field.texts("has", "Only messages that have all of these.", oneOf: ["link", "file", "pin"], most: 3),
      Field.text("reaction", "Only messages with this reaction: an emoji's name.", length: 100),
      Field.flag("thread", "Only messages in threads, or only others."), sort,
    ]

  /// - Throws: ``VendorError`` `refused` where an argument could say something else to Slack than what it is, or nothing is searched for;
  ///   `notFound` where the settings keep the channel out.
  init(_ call: ToolCall, _ slack: SlackContext, as subject: Subject) async throws(VendorError) {
    var terms: [String] = []
    if let name = call.string("channel") {
      let channel = try await slack.channel(name, as: subject)
      // A direct conversation is called by its person.
      terms.append(SlackDirectory.isID(channel.name, "UW") ? "in:<@\(channel.name)>" : "in:<#\(channel.id)>")
    }
    if let person = call.string("from") { terms.append("from:" + (try Self.person(person))) }
    for name in ["after", "before"] { if let day = call.string(name) { terms.append(name + ":" + (try Self.day(day, name))) } }
    for thing in call["has"].map({ Array($0.elements) }) ?? [] { if let name = thing.string { terms.append("has:" + name) } }
    if let emoji = call.string("reaction") { terms.append("has::\(try Self.emoji(emoji)):") }
    if let isThread = call.bool("thread") { terms.append(isThread ? "is:thread" : "-is:thread") }
    let words = call.string("query") ?? ""
    // Terms come first: a quote that is not closed in what was typed takes none of them in.
    text = (terms + (words.isEmpty ? [] : [words])).joined(separator: " ")
    guard text.contains(where: { !$0.isWhitespace }) else { throw VendorError(.refused, "Say what to search for: words, or an argument that narrows the search.") }
  }

  private static func person(_ text: String) throws(VendorError) -> String {
    if text == "me" || SlackDirectory.isID(text, "UWB") { return text == "me" ? text : "<@\(text)>" }
    let handle = text.hasPrefix("@") ? String(text.dropFirst()) : text
    guard isName(handle, besides: ".-_") else {
      throw VendorError(.refused, "\"from\" must be an id (U...), a handle, or me. find_user finds a person by e-mail address.")
    }
    return "@" + handle
  }

  private static func emoji(_ text: String) throws(VendorError) -> String {
    let name = text.filter { $0 != ":" }
    guard isName(name, besides: "_-+'") else { throw VendorError(.refused, "\"reaction\" must be the name of an emoji, such as thumbsup.") }
    return name
  }

  private static func day(_ text: String, _ name: String) throws(VendorError) -> String {
    guard text.utf8.count == 10, let seconds = Timestamp.seconds(text), Timestamp.text(seconds: seconds).hasPrefix(text) else {
      throw VendorError(.refused, "\"\(name)\" must be a day such as 2026-07-28.")
    }
    return text
  }

  private static func isName(_ text: String, besides marks: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || marks.contains($0) }
  }
}
