internal import ConnectorKit
internal import JSON

/// A message, with everything that a reader sees of it as text: blocks, attachments and unfurled links included, without which
/// many messages of apps look empty.
struct SlackMessage: Sendable {
  let ts: String
  let user: String?
  /// Ids of people who are named in the text.
  let mentioned: Set<String>
  /// What it says, as Slack writes it.
  private let plain: String
  private let raw: RawJSON
  private let channel: String?

  static let shape = RecordShape(
    RecordType("Message", entities: ["author": "User"]), list: "messages", one: "message",
    properties: RecordCategory.properties(SlackCategories.description, and: properties),
    always: RecordCategory.always + ["channel", "channel_name", "visibility", "author"], columns: ["time", "author_name", "text", "replies", "ts"],
    untrusted: ["author_name", "text", "files"])

  private static let properties: JSONObject = [
    "id": ["type": "string", "description": "channel:ts"], "ts": ["type": "string", "description": "Names the message within its channel."],
    "channel": ["type": "string"], "channel_name": ["type": "string"], "visibility": ["type": "string", "enum": ["public", "private"]], "time": ["type": "string"],
    "author": ["type": "string"], "author_name": ["type": "string"], "text": ["type": "string"], "thread_ts": ["type": "string"], "replies": ["type": "integer"],
    "reactions": ["type": "array", "items": ["type": "string"]], "files": ["type": "array", "items": ["type": "string"]], "is_edited": ["type": "boolean"],
    "is_hidden": ["type": "boolean", "description": "The workspace's plan hides what it says."],
    "permalink": ["type": "string"],
  ]

  init?(_ raw: RawJSON, channel: String? = nil) {
    guard let ts = raw["ts"]?.string ?? raw["message_ts"]?.string else { return nil }
    self.ts = ts
    self.raw = raw
    self.channel = channel ?? raw["channel"]?["id"]?.string ?? raw["channel"]?.string ?? raw["channel_id"]?.string
    user = [raw["user"]?.string, raw["author_user_id"]?.string].lazy.compactMap { $0 }.first { !$0.isEmpty }
    plain = SlackText.plain(raw)
    mentioned = SlackText.mentions(in: plain)
  }

  /// The message as a record.
  ///
  /// - Parameter names: of people by id.
  func json(in channel: SlackChannel?, names: [String: String]) -> JSONValue {
    let id = self.channel ?? channel?.id ?? ""
    var json: JSONObject = ["id": .string(id + ":" + ts), "ts": .string(ts), "channel": .string(id)]
    if let name = channel?.name ?? raw["channel"]?["name"]?.string ?? raw["channel_name"]?.string { json["channel_name"] = .string(name) }
    if let channel {
      json["visibility"] = .string(channel.isPrivate ? "private" : "public")
      RecordCategory.describe(&json, channel.categories)
    } else if let isPrivate = raw["channel"]?["is_private"]?.bool {
      json["visibility"] = .string(isPrivate ? "private" : "public")
    }
    if let time = SlackTime.text(ts) { json["time"] = .string(time) }
    if let user { json["author"] = .string(user) }
    let botName = raw["username"]?.string ?? raw["bot_profile"]?["name"]?.string ?? raw["author_name"]?.string
    if let name = user.flatMap({ names[$0] }) ?? botName { json["author_name"] = .string(name) }
    json["text"] = .string(SlackText.readable(plain, names: names))
    if HiddenHistory.hides(raw) { json["is_hidden"] = true }
    if let thread = raw["thread_ts"]?.string { json["thread_ts"] = .string(thread) }
    if let replies = raw["reply_count"]?.int { json["replies"] = .int(replies) }
    let reactions = (raw["reactions"].map { Array($0.elements) } ?? []).compactMap { reaction in
      reaction["name"]?.string.map { JSONValue.string("\($0) \(reaction["count"]?.int ?? 1)") }
    }
    if !reactions.isEmpty { json["reactions"] = .array(reactions) }
    let files = (raw["files"].map { Array($0.elements) } ?? []).compactMap { file in
      file["id"]?.string.map {
        JSONValue.string($0 + (file["name"]?.string.map { " " + $0 } ?? "") + (HiddenHistory.hides(file) ? " (hidden by the workspace's plan)" : ""))
      }
    }
    if !files.isEmpty { json["files"] = .array(files) }
    if raw["edited"] != nil { json["is_edited"] = true }
    if let link = raw["permalink"]?.string { json["permalink"] = .string(link) }
    return .object(json)
  }
}
