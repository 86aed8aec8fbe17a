internal import ConnectorKit
internal import JSON

/// Records of Jira besides issues, each from Jira's JSON.
enum JiraRecords {
  static func text(_ raw: RawJSON?) -> String? { raw?.string ?? raw?.int.map(String.init) }

  private static func record(_ raw: RawJSON, _ members: [(String, String)], _ extra: JSONObject = JSONObject()) -> JSONValue? {
    guard let id = text(raw["id"]) ?? raw["accountId"]?.string ?? raw["key"]?.string ?? raw["name"]?.string else { return nil }
    var json: JSONObject = ["id": .string(id)]
    for (member, own) in members {
      guard let value = raw[member], !value.isNull else { continue }
      json[own] = value.kind == .object ? (value["name"] ?? value["key"] ?? value["displayName"]).map { JSONValue($0) } ?? JSONValue(value) : JSONValue(value)
    }
    for (name, value) in extra { json[name] = value }
    return .object(json)
  }

  // MARK: Comments, work, history

  static let comment = RecordShape(
    RecordType("Comment", entities: ["author": "User"]), list: "comments", one: "comment",
    properties: [
      "id": ["type": "string"], "issue": ["type": "string"], "author": ["type": "string"], "author_name": ["type": "string"],
      "body": ["type": "string", "description": "Markdown."],
      "created": ["type": "string"], "updated": ["type": "string"], "visibility": ["type": "string", "enum": ["public", "restricted"]],
    ], always: ["author", "issue", "visibility"], columns: ["created", "author_name", "body"], untrusted: ["author_name", "body"])

  static func comment(_ raw: RawJSON, issue: String) -> JSONValue? {
    guard let id = text(raw["id"]) else { return nil }
    // `public` and `jsdPublic` tell internal comments of a service desk.
    let isPublic = raw["visibility"]?["value"] == nil && raw["public"]?.bool != false && raw["jsdPublic"]?.bool != false
    var json: JSONObject = ["id": .string(id), "issue": .string(issue), "visibility": isPublic ? "public" : "restricted"]
    if let author = raw["author"]?["accountId"]?.string ?? raw["author"]?["name"]?.string { json["author"] = .string(author) }
    if let name = raw["author"]?["displayName"]?.string { json["author_name"] = .string(name) }
    if let body = raw["body"] { json["body"] = .string(DocumentMarkdown.text(body)) }
    for member in ["created", "updated"] { if let time = time(raw[member]) { json[member] = .string(time) } }
    return .object(json)
  }

  static let worklog = RecordShape(
    RecordType("Worklog", entities: ["author": "User"]), list: "worklogs", one: "worklog",
    properties: [
      "id": ["type": "string"], "issue": ["type": "string"], "author": ["type": "string"], "author_name": ["type": "string"], "time_spent": ["type": "string"],
      "seconds": ["type": "integer"],
      "started": ["type": "string"], "comment": ["type": "string"],
    ], always: ["author", "issue"], columns: ["started", "author_name", "time_spent", "comment"],
    untrusted: ["author_name", "comment"])

  static func worklog(_ raw: RawJSON, issue: String) -> JSONValue? {
    guard let id = text(raw["id"]) else { return nil }
    var json: JSONObject = ["id": .string(id), "issue": .string(issue)]
    if let author = raw["author"]?["accountId"]?.string ?? raw["author"]?["name"]?.string { json["author"] = .string(author) }
    if let name = raw["author"]?["displayName"]?.string { json["author_name"] = .string(name) }
    if let spent = raw["timeSpent"]?.string { json["time_spent"] = .string(spent) }
    if let seconds = raw["timeSpentSeconds"]?.int { json["seconds"] = .int(seconds) }
    if let started = raw["started"]?.string { json["started"] = .string(JiraTime.text(started)) }
    if let comment = raw["comment"], !comment.isNull { json["comment"] = .string(DocumentMarkdown.text(comment)) }
    return .object(json)
  }

  static let change = RecordShape(
    RecordType("Change", entities: ["author": "User"]), list: "changes", one: "change",
    properties: [
      "id": ["type": "string"], "issue": ["type": "string"], "time": ["type": "string"], "author": ["type": "string"], "author_name": ["type": "string"],
      "field": ["type": "string"],
      "from": ["type": "string"], "to": ["type": "string"],
    ], always: ["author", "issue"], columns: ["time", "author_name", "field", "from", "to"],
    untrusted: ["author_name", "field", "from", "to"])

  /// Fields of a history that tell of other issues, whatever their texts say.
  private static let relations: Set<String> = [
    "link", "issuelinks", "parent", "parent issue", "parent link", "issueparentassociation", "epic link", "epic child", "sub-task", "subtasks",
  ]

  /// What a history tells, each with the other issues that it names; nil where it is about some and does not name them.
  static func changes(_ raw: RawJSON, issue: String) -> [(json: JSONValue, others: [String]?)] {
    (raw["items"].map { Array($0.elements) } ?? []).enumerated().map { index, item in
      var json: JSONObject = ["id": .string("\(text(raw["id"]) ?? ""):\(index)"), "issue": .string(issue)]
      if let time = raw["created"]?.string.map(JiraTime.text) ?? raw["created"]?.int.flatMap(JiraTime.text) { json["time"] = .string(time) }
      if let author = raw["author"]?["accountId"]?.string ?? raw["author"]?["name"]?.string { json["author"] = .string(author) }
      if let name = raw["author"]?["displayName"]?.string { json["author_name"] = .string(name) }
      for (member, own) in [("field", "field"), ("fromString", "from"), ("toString", "to")] { if let value = item[member]?.string { json[own] = .string(value) } }
      let texts = ["from", "fromString", "to", "toString"].compactMap { item[$0]?.string }
      let isRelation = ["field", "fieldId"].contains { relations.contains(item[$0]?.string?.lowercased() ?? "") }
      let others = isRelation ? texts.flatMap { IssueKeys.within($0) } : texts.filter { IssueKeys.isKey($0) }
      return (.object(json), isRelation && others.isEmpty ? nil : others)
    }
  }

  // MARK: Projects, people, boards

  static let project = RecordShape(
    RecordType("Project", entities: ["lead": "User"]), list: "projects", one: "project",
    properties: [
      "id": ["type": "string"], "key": ["type": "string"], "name": ["type": "string"], "type": ["type": "string"], "lead": ["type": "string"],
      "description": ["type": "string"],
      "is_private": ["type": "boolean"], "issue_types": ["type": "array", "items": ["type": "string"]],
    ], always: ["key"], columns: ["key", "name", "type"], untrusted: ["name", "description", "issue_types"])

  static func project(_ raw: RawJSON) -> JSONValue? {
    var extra = JSONObject()
    if let lead = raw["lead"]?["accountId"]?.string ?? raw["lead"]?["name"]?.string { extra["lead"] = .string(lead) }
    let types = (raw["issueTypes"].map { Array($0.elements) } ?? []).compactMap { $0["name"]?.string }
    if !types.isEmpty { extra["issue_types"] = .array(types.map { .string($0) }) }
    return record(raw, [("key", "key"), ("name", "name"), ("projectTypeKey", "type"), ("description", "description"), ("isPrivate", "is_private")], extra)
  }

  static let user = RecordShape(
    RecordType("Member", categories: ["email": "pii"]), list: "users", one: "user",
    properties: [
      "id": ["type": "string", "description": "The account id."], "name": ["type": "string"], "email": ["type": "string"], "is_active": ["type": "boolean"],
      "kind": ["type": "string"],
      "time_zone": ["type": "string"],
    ], always: [], columns: ["id", "name", "email", "is_active"], untrusted: ["name"])

  static func user(_ raw: RawJSON) -> JSONValue? {
    guard let id = raw["accountId"]?.string ?? raw["name"]?.string else { return nil }
    var json: JSONObject = ["id": .string(id)]
    for (member, own) in [("displayName", "name"), ("emailAddress", "email"), ("accountType", "kind"), ("timeZone", "time_zone")] {
      if let text = raw[member]?.string, !text.isEmpty { json[own] = .string(text) }
    }
    if let isActive = raw["active"]?.bool { json["is_active"] = .bool(isActive) }
    return .object(json)
  }

  static let board = RecordShape(
    RecordType("Board"), list: "boards", one: "board",
    properties: ["id": ["type": "string"], "name": ["type": "string"], "type": ["type": "string"], "project": ["type": "string"]], always: ["project"],
    columns: ["id", "name", "type", "project"], untrusted: ["name"])

  static func board(_ raw: RawJSON) -> JSONValue? {
    var extra = JSONObject()
    if let key = raw["location"]?["projectKey"]?.string { extra["project"] = .string(key) }
    return record(raw, [("name", "name"), ("type", "type")], extra)
  }

  /// A board with how it is set up.
  static let boardSetup = RecordShape(
    board.type, list: "boards", one: "board",
    properties: board.properties.merging([
      "columns": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": [
            "name": ["type": "string"], "statuses": ["type": "array", "items": ["type": "string"]], "min": ["type": "integer"], "max": ["type": "integer"],
          ],
        ],
      ],
      "estimate_field": ["type": "string", "description": "The field that issues are estimated with, for custom_fields. Absent where issues are counted."],
      "estimate_name": ["type": "string"], "filter": ["type": "string", "description": "The id of its filter."],
    ]), always: board.always, columns: board.columns, untrusted: board.untrusted + ["columns", "estimate_name"])

  /// - Parameter board: as ``board(_:)`` gave it.
  static func board(_ board: JSONValue, _ setup: RawJSON, statuses: [String: String]) -> JSONValue {
    var board = board
    if let columns = setup["columnConfig"]?["columns"] {
      board["columns"] = .array(
        columns.elements.map { column in
          let ids = (column["statuses"].map { Array($0.elements) } ?? []).compactMap { text($0["id"]) }
          var json: JSONObject = ["name": .string(column["name"]?.string ?? ""), "statuses": .array(ids.map { .string(statuses[$0] ?? $0) })]
          for bound in ["min", "max"] { if let count = column[bound]?.int { json[bound] = .int(count) } }
          return .object(json)
        })
    }
    if let field = setup["estimation"]?["field"] {
      if let id = field["fieldId"]?.string { board["estimate_field"] = .string(id) }
      if let name = field["displayName"]?.string { board["estimate_name"] = .string(name) }
    }
    if let filter = text(setup["filter"]?["id"]) { board["filter"] = .string(filter) }
    return board
  }

  static let sprint = RecordShape(
    RecordType("Sprint"), list: "sprints", one: "sprint",
    properties: [
      "id": ["type": "string"], "name": ["type": "string"], "state": ["type": "string"], "goal": ["type": "string"], "start": ["type": "string"],
      "end": ["type": "string"],
      "completed": ["type": "string"], "board": ["type": "string"],
    ], always: [], columns: ["id", "name", "state", "start", "end", "goal"], untrusted: ["name", "goal"])

  static func sprint(_ raw: RawJSON) -> JSONValue? {
    var extra = JSONObject()
    for (member, own) in [("startDate", "start"), ("endDate", "end"), ("completeDate", "completed")] {
      if let time = raw[member]?.string { extra[own] = .string(JiraTime.text(time)) }
    }
    if let board = text(raw["originBoardId"]) { extra["board"] = .string(board) }
    return record(raw, [("name", "name"), ("state", "state"), ("goal", "goal")], extra)
  }

  /// Anything that has a name: versions, components, link types, priorities, fields, queues.
  static let named = RecordShape(
    RecordType("JiraItem"), list: "items", one: "item",
    properties: [
      "id": ["type": "string"], "name": ["type": "string"], "description": ["type": "string"], "key": ["type": "string"], "type": ["type": "string"],
      "released": ["type": "boolean"], "archived": ["type": "boolean"], "start_date": ["type": "string"],
      "release_date": ["type": "string"], "inward": ["type": "string"], "outward": ["type": "string"], "required": ["type": "boolean"],
      "allowed": ["type": "array", "items": ["type": "string"], "description": "What a field may hold: the first 100. list_field_options gives all."],
      "allowed_total": ["type": "integer", "description": "How much a field may hold, where that is more."],
      "category": ["type": "string"], "to": ["type": "string"],
    ], always: [], columns: ["id", "name", "description"], untrusted: ["name", "description", "inward", "outward", "allowed", "to"])

  /// One of what a field may hold.
  static let option = RecordShape(
    named.type, list: "options", one: "option",
    properties: [
      "id": ["type": "string"], "name": ["type": "string"], "parent": ["type": "string", "description": "The id of the option under which it stands."],
      "disabled": ["type": "boolean"],
    ], always: [], columns: ["id", "name", "parent"], untrusted: ["name"])

  /// An option, and those under it.
  static func options(_ raw: RawJSON) -> [JSONValue] { options(raw, parent: text(raw["optionId"])) }

  private static func options(_ raw: RawJSON, parent: String?) -> [JSONValue] {
    guard let name = label(raw), let id = text(raw["id"]) ?? raw["accountId"]?.string ?? raw["key"]?.string else { return [] }
    var json: JSONObject = ["id": .string(id), "name": .string(name)]
    if let parent { json["parent"] = .string(parent) }
    if let disabled = raw["disabled"]?.bool { json["disabled"] = .bool(disabled) }
    return [.object(json)] + (raw["children"].map { Array($0.elements) } ?? []).flatMap { options($0, parent: id) }
  }

  private static func label(_ raw: RawJSON) -> String? { (raw["name"] ?? raw["label"] ?? raw["value"] ?? raw["displayName"])?.string }

  static func named(_ raw: RawJSON) -> JSONValue? {
    var extra = JSONObject()
    if let type = (raw["schema"] ?? raw["jiraSchema"])?["type"]?.string { extra["type"] = .string(type) }
    let allowed = ((raw["allowedValues"] ?? raw["validValues"]).map { Array($0.elements) } ?? []).compactMap(label)
    if !allowed.isEmpty { extra["allowed"] = .array(allowed.prefix(100).map { .string($0) }) }
    if allowed.count > 100 { extra["allowed_total"] = .int(allowed.count) }
    if let category = raw["statusCategory"]?["key"]?.string { extra["category"] = .string(category) }
    if let to = raw["to"]?["name"]?.string { extra["to"] = .string(to) }
    if raw["id"] == nil, let id = raw["fieldId"]?.string { extra["id"] = .string(id) }
    return record(
      raw,
      [
        ("name", "name"), ("description", "description"), ("key", "key"), ("released", "released"), ("archived", "archived"), ("startDate", "start_date"),
        ("releaseDate", "release_date"), ("inward", "inward"), ("outward", "outward"), ("required", "required"),
      ], extra)
  }
}
