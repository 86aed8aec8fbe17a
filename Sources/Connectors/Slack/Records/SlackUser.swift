internal import ConnectorKit
internal import JSON

/// A person or a bot.
struct SlackUser: Sendable {
  let id: String
  let displayName: String
  let json: JSONValue

  static let shape = RecordShape(
    RecordType("Member", categories: ["email": "pii", "phone": "pii"]), list: "users", one: "user",
    properties: [
      "id": ["type": "string"], "name": ["type": "string", "description": "The handle."], "display_name": ["type": "string"], "real_name": ["type": "string"],
      "title": ["type": "string"], "email": ["type": "string"], "phone": ["type": "string"], "time_zone": ["type": "string"], "status": ["type": "string"],
      "team": ["type": "string"], "is_bot": ["type": "boolean"], "is_guest": ["type": "boolean"], "is_deleted": ["type": "boolean"], "is_admin": ["type": "boolean"],
    ], always: [], columns: ["id", "display_name", "real_name", "title", "email"],
    untrusted: ["display_name", "real_name", "title", "status"])

  init?(_ raw: RawJSON) {
    guard let id = raw["id"]?.string else { return nil }
    self.id = id
    let profile = raw["profile"]
    func text(_ members: String...) -> String? { members.lazy.compactMap { (profile?[$0] ?? raw[$0])?.string }.first { !$0.isEmpty } }
    displayName = text("display_name", "real_name") ?? raw["name"]?.string ?? id
    var json: JSONObject = ["id": .string(id), "display_name": .string(displayName)]
    if let name = raw["name"]?.string { json["name"] = .string(name) }
    for (member, own) in [("real_name", "real_name"), ("title", "title"), ("email", "email"), ("phone", "phone"), ("status_text", "status")] {
      if let value = text(member) { json[own] = .string(value) }
    }
    if let zone = raw["tz"]?.string { json["time_zone"] = .string(zone) }
    if let team = raw["team_id"]?.string { json["team"] = .string(team) }
    for (member, own) in [("is_bot", "is_bot"), ("is_restricted", "is_guest"), ("deleted", "is_deleted"), ("is_admin", "is_admin")] {
      if let value = raw[member]?.bool { json[own] = .bool(value) }
    }
    self.json = .object(json)
  }
}
