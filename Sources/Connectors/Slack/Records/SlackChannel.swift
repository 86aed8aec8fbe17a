internal import ConnectorKit
internal import JSON

/// A channel, a group, or a direct conversation.
struct SlackChannel: Sendable {
  let id: String
  let name: String
  let isPrivate: Bool
  /// Nil where Slack said too little of the channel to tell.
  let categories: Set<RecordCategory>?
  let json: JSONValue

  static let shape = RecordShape(
    RecordType("Channel", entities: ["creator": "User"]), list: "channels", one: "channel",
    properties: RecordCategory.properties(SlackCategories.description, and: properties), always: RecordCategory.always + ["visibility", "name"],
    columns: ["id", "name", "visibility", "members", "topic"], untrusted: ["topic", "purpose"])

  private static let properties: JSONObject = [
    "id": ["type": "string"], "name": ["type": "string"], "kind": ["type": "string", "enum": ["channel", "private_channel", "group_message", "direct_message"]],
    "visibility": ["type": "string", "enum": ["public", "private"]], "is_archived": ["type": "boolean"], "is_member": ["type": "boolean"],
    "is_shared": ["type": "boolean", "description": "With another organization."], "topic": ["type": "string"], "purpose": ["type": "string"],
    "members": ["type": "integer"], "creator": ["type": "string"], "created": ["type": "string"],
    "canvas": ["type": "string", "description": "Its own canvas, for read_canvas."],
  ]

  init?(_ raw: RawJSON, _ settings: SlackCategories) {
    guard let id = raw["id"]?.string else { return nil }
    self.id = id
    let isDirect = raw["is_im"]?.bool ?? false
    let isGroup = raw["is_mpim"]?.bool ?? false
    isPrivate = raw["is_private"]?.bool ?? (isDirect || isGroup || raw["is_group"]?.bool ?? false)
    name = raw["name"]?.string ?? raw["user"]?.string ?? id
    var json: JSONObject = [
      "id": .string(id), "name": .string(name),
      "kind": .string(isDirect ? "direct_message" : isGroup ? "group_message" : isPrivate ? "private_channel" : "channel"),
      "visibility": .string(isPrivate || isDirect || isGroup ? "private" : "public"),
    ]
    for (member, own) in [("is_archived", "is_archived"), ("is_member", "is_member"), ("is_ext_shared", "is_shared")] {
      if let value = raw[member]?.bool { json[own] = .bool(value) }
    }
    for member in ["topic", "purpose"] { if let text = raw[member]?["value"]?.string, !text.isEmpty { json[member] = .string(text) } }
    if let canvas = raw["properties"]?["canvas"]?["file_id"]?.string { json["canvas"] = .string(canvas) }
    if let members = raw["num_members"]?.int { json["members"] = .int(members) }
    if let creator = raw["creator"]?.string, !creator.isEmpty { json["creator"] = .string(creator) }
    if let created = raw["created"]?.int { json["created"] = .string(SlackTime.text(seconds: created)) }
    categories = settings.isEmpty || isPrivate || isDirect || raw["is_private"]?.bool != nil ? settings.of(json) : nil
    RecordCategory.describe(&json, categories)
    self.json = .object(json)
  }
}
