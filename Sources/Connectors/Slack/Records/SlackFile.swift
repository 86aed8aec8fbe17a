internal import ConnectorKit
internal import JSON

/// A file that was shared.
struct SlackFile: Sendable {
  let id: String
  let privateURL: String?
  let mimeType: String
  let bytes: Int
  let channels: [String]
  /// The workspace's plan hides what is in it.
  let isHidden: Bool
  /// Whether it is a canvas, whose bytes are HTML.
  let isCanvas: Bool
  /// Whether Slack said in which channels it is.
  let saysPlace: Bool
  private(set) var json: JSONValue

  static let shape = RecordShape(
    RecordType("File", entities: ["owner": "User"]), list: "files", one: "file",
    properties: RecordCategory.properties(SlackCategories.description, and: properties), always: RecordCategory.always + ["owner", "visibility"],
    columns: ["id", "name", "type", "bytes", "owner", "created"], untrusted: ["name", "title", "text"])

  private static let properties: JSONObject = [
    "id": ["type": "string"], "name": ["type": "string"], "title": ["type": "string"], "type": ["type": "string"], "mime_type": ["type": "string"],
    "bytes": ["type": "integer"],
    "owner": ["type": "string"], "created": ["type": "string"], "visibility": ["type": "string", "enum": ["public", "private"]],
    "channels": ["type": "array", "items": ["type": "string"]], "permalink": ["type": "string"], "text": ["type": "string"],
    "is_hidden": ["type": "boolean", "description": "The workspace's plan hides what is in it."],
  ]

  init?(_ raw: RawJSON) {
    guard let id = raw["id"]?.string else { return nil }
    self.id = id
    privateURL = raw["url_private_download"]?.string ?? raw["url_private"]?.string
    mimeType = raw["mimetype"]?.string ?? "application/octet-stream"
    bytes = raw["size"]?.int ?? 0
    isHidden = HiddenHistory.hides(raw)
    isCanvas = ["canvas", "quip", "docs"].contains(raw["mode"]?.string) || mimeType == "application/vnd.slack-docs"
    let places = ["channels", "groups", "ims"].compactMap { raw[$0] }
    saysPlace = !places.isEmpty
    channels = places.flatMap { $0.elements.compactMap(\.string) }
    var json: JSONObject = ["id": .string(id), "mime_type": .string(mimeType), "bytes": .int(bytes)]
    for (member, own) in [("name", "name"), ("title", "title"), ("pretty_type", "type"), ("user", "owner"), ("permalink", "permalink")] {
      if let text = raw[member]?.string, !text.isEmpty { json[own] = .string(text) }
    }
    if let created = raw["created"]?.int { json["created"] = .string(SlackTime.text(seconds: created)) }
    json["visibility"] = .string(raw["is_public"]?.bool == true ? "public" : "private")
    if !channels.isEmpty { json["channels"] = .array(channels.map { .string($0) }) }
    if isHidden { json["is_hidden"] = true }
    self.json = .object(json)
  }

  /// A file as `assistant.search.context` tells of it: not where it is, nor who may see it.
  init?(match raw: RawJSON) {
    guard let id = raw["file_id"]?.string else { return nil }
    self.id = id
    (privateURL, mimeType, bytes, channels) = (nil, "application/octet-stream", raw["size"]?.int ?? 0, [])
    (isHidden, isCanvas, saysPlace) = (false, false, false)
    var json: JSONObject = ["id": .string(id)]
    for (member, own) in [("title", "title"), ("file_type", "type"), ("permalink", "permalink")] {
      if let text = raw[member]?.string, !text.isEmpty { json[own] = .string(text) }
    }
    if let owner = ["uploader_user_id", "author_user_id"].lazy.compactMap({ raw[$0]?.string }).first(where: { !$0.isEmpty }) { json["owner"] = .string(owner) }
    if let size = raw["size"]?.int { json["bytes"] = .int(size) }
    // Microseconds, by Slack's description; seconds elsewhere.
    if let created = raw["date_created"]?.int { json["created"] = .string(SlackTime.text(seconds: created > 100_000_000_000 ? created / 1_000_000 : created)) }
    self.json = .object(json)
  }

  /// The file with it said of what categories it is; nil is that it cannot be told.
  func described(_ categories: Set<RecordCategory>?) -> SlackFile {
    var (file, object) = (self, json.object ?? JSONObject())
    RecordCategory.describe(&object, categories)
    file.json = .object(object)
    return file
  }
}
