internal import ConnectorKit
internal import JSON

/// A file, a folder or a shortcut.
struct DriveFile: Sendable {
  static let folderType = "application/vnd.google-apps.folder"
  static let shortcutType = "application/vnd.google-apps.shortcut"
  /// `drive` of files that are in no shared drive.
  static let personal = "personal"

  let id: String
  let name: String
  let mimeType: String
  /// Nil for Google's own documents.
  let bytes: Int?
  /// The shared drive; nil where there is none.
  let driveID: String?
  let parents: [String]
  let target: String?
  let link: String?
  /// Counts whatever is changed in the file.
  let version: String?
  private(set) var json: JSONValue

  static let shape = RecordShape(
    RecordType("File", entities: ["owner": "User"]), list: "files", one: "file",
    properties: RecordCategory.properties("What the labels say of the data; unknown where Drive does not tell the labels.", and: properties),
    always: RecordCategory.always + [TeamRules.member, "owner", "visibility", "drive", "labels", "parents", "mime_type", "name", "trashed", "starred"],
    columns: ["id", "name", "kind", "bytes", "owner", "modified"])

  private static let properties: JSONObject = [
    "id": ["type": "string"], "name": ["type": "string"], "kind": ["type": "string"], "mime_type": ["type": "string"], "bytes": ["type": "integer"],
    "owner": ["type": "string", "description": "E-mail address. Files of shared drives have none."], "owner_name": ["type": "string"],
    "visibility": ["type": "string", "enum": ["private", "shared", "domain", "public"]],
    TeamRules.member: TeamRules.property,
    "drive": ["type": "string", "description": "A shared drive's id, or personal."], "parents": ["type": "array", "items": ["type": "string"]],
    "labels": ["type": "array", "items": ["type": "string"], "description": "Ids of Drive labels."],
    "created": ["type": "string"], "modified": ["type": "string"],
    "modified_by": ["type": "string"], "description": ["type": "string"], "starred": ["type": "boolean"], "trashed": ["type": "boolean"],
    "target": ["type": "string", "description": "What a shortcut leads to."], "version": ["type": "string"], "md5": ["type": "string"], "url": ["type": "string"],
    "text": ["type": "string"],
  ]

  /// The schema of a file in results of tools that are not about its data: the members that matter there. The others come along.
  static let briefSchema: JSONValue = [
    "type": "object",
    "properties": [
      "id": ["type": "string"], "name": ["type": "string"], "kind": ["type": "string"], "owner": ["type": "string"],
      "parents": ["type": "array", "items": ["type": "string"]],
      "url": ["type": "string"],
    ], "required": ["id"],
  ]

  /// What is asked of Drive for a file. Labels come along where `includeLabels` names them.
  static let fields =
    "id,name,mimeType,size,owners(emailAddress,displayName),shared,permissions(type),driveId,parents,labelInfo(labels(id,fields)),createdTime,modifiedTime,lastModifyingUser(emailAddress),description,starred,trashed,shortcutDetails(targetId),version,md5Checksum,webViewLink"

  /// About as many as a file has.
  private static let members = 18

  init?(_ raw: RawJSON, labels: DriveLabels, teams: TeamRules) {
    guard let id = raw["id"]?.string else { return nil }
    self.id = id
    name = raw["name"]?.string ?? id
    mimeType = raw["mimeType"]?.string ?? "application/octet-stream"
    // Google writes 64-bit numbers as texts.
    bytes = raw["size"]?.string.flatMap { Int($0) } ?? raw["size"]?.int
    driveID = raw["driveId"]?.string
    parents = raw.elements(of: "parents").compactMap(\.string)
    target = raw["shortcutDetails"]?["targetId"]?.string
    link = raw["webViewLink"]?.string
    version = raw["version"]?.string
    var json = JSONObject()
    json.reserveCapacity(Self.members)
    (json["id"], json["name"], json["kind"], json["mime_type"]) = (.string(id), .string(name), .string(Self.kind(mimeType)), .string(mimeType))
    if let bytes { json["bytes"] = .int(bytes) }
    if let owner = raw["owners"]?.elements.first(where: { _ in true }) {
      if let mail = owner["emailAddress"]?.string { json["owner"] = .string(mail) }
      if let name = owner["displayName"]?.string { json["owner_name"] = .string(name) }
    }
    json["visibility"] = .string(Self.visibility(raw))
    json["drive"] = .string(driveID ?? Self.personal)
    if !parents.isEmpty { json["parents"] = .array(parents.map { .string($0) }) }
    Self.describe(&json, teams, drive: driveID, parents: parents)
    labels.describe(raw["labelInfo"].flatMap { $0.isNull ? nil : Array($0.elements(of: "labels")) }, in: &json)
    for (member, own) in [("createdTime", "created"), ("modifiedTime", "modified"), ("description", "description"), ("webViewLink", "url"), ("md5Checksum", "md5")] {
      if let text = raw[member]?.string, !text.isEmpty { json[own] = .string(text) }
    }
    if let mail = raw["lastModifyingUser"]?["emailAddress"]?.string { json["modified_by"] = .string(mail) }
    if let version { json["version"] = .string(version) }
    json["starred"] = .bool(raw["starred"]?.bool ?? false)
    json["trashed"] = .bool(raw["trashed"]?.bool ?? false)
    if let target { json["target"] = .string(target) }
    self.json = .object(json)
  }

  /// Says whose team's a file is, by its shared drive, its folder or its owner.
  static func describe(_ json: inout JSONObject, _ teams: TeamRules, drive: String?, parents: [String]) {
    let team = teams.team(of: [drive ?? personal] + parents + [json["owner"]?.string].compactMap { $0 })
    if let team { json[TeamRules.member] = team }
  }

  /// Takes in labels that were asked for by themselves.
  mutating func describe(_ found: [RawJSON]?, _ labels: DriveLabels) {
    var object = json.object ?? JSONObject()
    labels.describe(found, in: &object)
    json = .object(object)
  }

  var isFolder: Bool { mimeType == Self.folderType }
  var isShortcut: Bool { mimeType == Self.shortcutType }
  /// Whether it has no bytes of its own and is exported.
  var isGoogleDocument: Bool { mimeType.hasPrefix("application/vnd.google-apps.") }

  static func kind(_ mimeType: String) -> String {
    if let known = DriveQuery.kinds.first(where: { $0.mimeType == mimeType }) { return known.name }
    if mimeType.hasPrefix("application/vnd.google-apps.") { return String(mimeType.dropFirst(28)) }
    let main = mimeType.prefix { $0 != "/" }
    return ["image", "video", "audio", "text"].contains(main) ? String(main) : "file"
  }

  /// Drive shows who else may read only to those who may share; others learn that it is shared.
  private static func visibility(_ raw: RawJSON) -> String {
    func isShared(with type: StaticString) -> Bool { raw.elements(of: "permissions").contains { $0["type"]?.equals(type) == true } }
    if isShared(with: "anyone") { return "public" }
    if isShared(with: "domain") { return "domain" }
    return raw["shared"]?.bool ?? true ? "shared" : "private"
  }
}
