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

  /// - Parameter rule: for what is searched for; the part that Slack's terms can say narrows the search.
  /// - Throws: ``VendorError`` `refused` where an argument could say something else to Slack than what it is, or nothing is searched for;
  ///   `notFound` where the settings keep the channel out.
  init(_ call: ToolCall, _ rule: RecordRule, _ slack: SlackContext, as subject: Subject) async throws(VendorError) {
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
    guard !terms.isEmpty || words.contains(where: { !$0.isWhitespace }) else {
      throw VendorError(.refused, "Say what to search for: words, or an argument that narrows the search.")
    }
    // Terms come first: a quote that is not closed in what was typed takes none of them in.
    text = (Self.pushed(rule, beside: terms, words) + terms + (words.isEmpty ? [] : [words])).joined(separator: " ")
  }

  /// What of a rule Slack's terms can say. It lets through at least what the rule does, which is held against what is found in any case.
  ///
  /// Slack takes several terms of one kind for alternatives: one of each goes out, and none beside one that was asked for.
  private static func pushed(_ rule: RecordRule, beside terms: [String], _ words: String) -> [String] {
    var pushed: [String] = []
    for term in conjuncts(rule.filter).compactMap(term) {
      let kind = term.prefix { $0 != ":" } + ":"
      let isThere = (pushed + terms).contains { $0.hasPrefix(kind) } || words.lowercased().contains(kind)
      if !isThere { pushed.append(term) }
    }
    return pushed
  }

  private static func term(_ conjunct: RowFilter) -> String? {
    switch conjunct {
    case .isIn(let attribute, let values) where values.count == 1: term(.compare(attribute: attribute, .equal, values[0]))
    case .compare("channel", .equal, .string(let id)), .contains("channels", .string(let id)): SlackDirectory.isID(id, "CG") ? "in:<#\(id)>" : nil
    case .compare("channel_name", .equal, .string(let name)):
      // A direct conversation is called by its person; that of a group has no name that people know.
      SlackDirectory.isID(name, "UW") ? "in:<@\(name)>" : isName(name, besides: "-_") && !name.hasPrefix("mpdm-") ? "in:#\(name)" : nil
    case .compare("author", .equal, .string(let id)), .compare("owner", .equal, .string(let id)): SlackDirectory.isID(id, "UW") ? "from:<@\(id)>" : nil
    default: nil
    }
  }

  private static func conjuncts(_ rule: RowFilter?) -> [RowFilter] {
    switch rule {
    case nil: []
    case .and(let filters): filters.flatMap { conjuncts($0) }
    case .isTrue(let filter): conjuncts(filter)
    case .some(let filter): [filter]
    }
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
