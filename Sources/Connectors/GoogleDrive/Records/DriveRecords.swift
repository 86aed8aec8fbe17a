internal import ConnectorKit
internal import JSON

/// Records of Drive besides files, each from Drive's JSON.
enum DriveRecords {
  private static func record(_ raw: RawJSON, _ members: [(String, String)], _ extra: JSONObject = JSONObject()) -> JSONValue? {
    guard let id = raw["id"]?.string else { return nil }
    var json: JSONObject = ["id": .string(id)]
    for (member, own) in members { if let value = raw[member], !value.isNull { json[own] = JSONValue(value) } }
    for (name, value) in extra { json[name] = value }
    return .object(json)
  }

  private static func text(_ type: String = "string") -> JSONValue { ["type": .string(type)] }

  // MARK: Who may what

  static let permission = RecordShape(
    RecordType("Permission", entities: ["email": "User"]), list: "permissions", one: "permission",
    properties: [
      "id": text(), "file": text(), "type": ["type": "string", "enum": ["user", "group", "domain", "anyone"]], "role": text(), "email": text(), "name": text(),
      "domain": text(), "expires": text(), "discoverable": text("boolean"), "deleted": text("boolean"), "pending_owner": text("boolean"),
    ], always: ["file", "type", "email"], columns: ["id", "type", "role", "email", "domain", "expires"])

  static let permissionFields = "id,type,role,emailAddress,displayName,domain,expirationTime,allowFileDiscovery,deleted,pendingOwner"

  static func permission(_ raw: RawJSON, file: String) -> JSONValue? {
    record(
      raw,
      [
        ("type", "type"), ("role", "role"), ("emailAddress", "email"), ("displayName", "name"), ("domain", "domain"), ("expirationTime", "expires"),
        ("allowFileDiscovery", "discoverable"), ("deleted", "deleted"), ("pendingOwner", "pending_owner"),
      ], ["file": .string(file)])
  }

  // MARK: Comments

  static let comment = RecordShape(
    RecordType("Comment", entities: ["author": "User"]), list: "comments", one: "comment",
    properties: [
      "id": text(), "file": text(), "author": text(), "author_name": text(), "text": text(), "quoted": ["type": "string", "description": "The text that it is about."],
      "created": text(), "modified": text(), "resolved": text("boolean"), "deleted": text("boolean"),
      "replies": ["type": "array", "items": ["type": "object"]],
    ], always: ["file", "author"], columns: ["id", "created", "author_name", "text", "resolved"])

  static let reply = RecordShape(
    RecordType("Reply", entities: ["author": "User"]), list: "replies", one: "reply",
    properties: [
      "id": text(), "file": text(), "comment": text(), "author": text(), "author_name": text(), "text": text(),
      "action": ["type": "string", "description": "resolve or reopen"], "created": text(), "modified": text(), "deleted": text("boolean"),
    ], always: ["file", "author", "comment"], columns: ["id", "created", "author_name", "text", "action"])

  static let replyFields = "id,author(displayName,emailAddress,me),content,action,createdTime,modifiedTime,deleted"
  static let commentFields = "id,author(displayName,emailAddress,me),content,quotedFileContent(value),createdTime,modifiedTime,resolved,deleted,replies(\(replyFields))"

  static func comment(_ raw: RawJSON, file: String) -> JSONValue? {
    var extra = author(raw)
    extra["file"] = .string(file)
    if let quoted = raw["quotedFileContent"]?["value"]?.string { extra["quoted"] = .string(quoted) }
    let replies = (raw["replies"].map { Array($0.elements) } ?? []).compactMap { reply($0, file: file, comment: raw["id"]?.string ?? "") }
    if !replies.isEmpty { extra["replies"] = .array(replies) }
    return record(raw, [("content", "text"), ("createdTime", "created"), ("modifiedTime", "modified"), ("resolved", "resolved"), ("deleted", "deleted")], extra)
  }

  static func reply(_ raw: RawJSON, file: String, comment: String) -> JSONValue? {
    var extra = author(raw)
    extra["file"] = .string(file)
    extra["comment"] = .string(comment)
    return record(raw, [("content", "text"), ("action", "action"), ("createdTime", "created"), ("modifiedTime", "modified"), ("deleted", "deleted")], extra)
  }

  private static func author(_ raw: RawJSON) -> JSONObject {
    var json = JSONObject()
    if let mail = raw["author"]?["emailAddress"]?.string { json["author"] = .string(mail) }
    if let name = raw["author"]?["displayName"]?.string { json["author_name"] = .string(name) }
    return json
  }

  // MARK: Revisions, drives, labels

  static let revision = RecordShape(
    RecordType("Revision", entities: ["modified_by": "User"]), list: "revisions", one: "revision",
    properties: [
      "id": text(), "file": text(), "modified": text(), "modified_by": text(), "mime_type": text(), "bytes": text("integer"), "name": text(),
      "kept_forever": text("boolean"), "published": text("boolean"),
    ], always: ["file"], columns: ["id", "modified", "modified_by", "bytes", "kept_forever"])

  static let revisionFields = "id,modifiedTime,lastModifyingUser(emailAddress),mimeType,size,originalFilename,keepForever,published"

  static func revision(_ raw: RawJSON, file: String) -> JSONValue? {
    var extra: JSONObject = ["file": .string(file)]
    if let mail = raw["lastModifyingUser"]?["emailAddress"]?.string { extra["modified_by"] = .string(mail) }
    if let bytes = raw["size"]?.string.flatMap({ Int($0) }) { extra["bytes"] = .int(bytes) }
    return record(
      raw, [("modifiedTime", "modified"), ("mimeType", "mime_type"), ("originalFilename", "name"), ("keepForever", "kept_forever"), ("published", "published")], extra)
  }

  static let drive = RecordShape(
    RecordType("SharedDrive"), list: "drives", one: "drive",
    properties: ["id": text(), "name": text(), "created": text(), "hidden": text("boolean")], always: ["name"], columns: ["id", "name", "created"])

  static let driveFields = "id,name,createdTime,hidden"

  static func drive(_ raw: RawJSON) -> JSONValue? { record(raw, [("name", "name"), ("createdTime", "created"), ("hidden", "hidden")]) }

  static let label = RecordShape(
    RecordType("Label"), list: "labels", one: "label",
    properties: ["id": text(), "file": text(), "revision": text(), "fields": ["type": "object", "description": "Values by the field's id."]], always: ["file"],
    columns: ["id", "revision", "fields"])

  static func label(_ raw: RawJSON, file: String) -> JSONValue? {
    var fields = JSONObject()
    for (name, field) in raw["fields"]?.members ?? RawJSON.null.members {
      guard let name = name.string else { continue }
      let value = ["selection", "text", "integer", "dateString"].compactMap { field[$0] }.first { !$0.isNull }
      if let value {
        fields[name] = JSONValue(value)
      } else if let users = field["user"] {
        fields[name] = .array(users.elements.compactMap { $0["emailAddress"]?.string }.map { .string($0) })
      }
    }
    return record(raw, [("revisionId", "revision")], ["file": .string(file), "fields": .object(fields)])
  }

  // MARK: Changes

  static let change = RecordShape(
    DriveFile.shape.type, list: "changes", one: "change",
    properties: DriveFile.shape.properties.merging(["removed": text("boolean"), "changed": text()]), always: DriveFile.shape.always + ["removed"],
    columns: ["changed", "id", "name", "kind", "removed", "modified_by"])
}
