internal import ConnectorKit
internal import JSON

/// An issue.
struct JiraIssue: Sendable {
  let key: String
  let json: JSONValue

  /// What is asked of Jira where the caller chooses nothing.
  static let standardFields = [
    "summary", "status", "issuetype", "priority", "assignee", "reporter", "labels", "project", "created", "updated", "duedate", "parent", "resolution",
  ]
  static let longFields = ["description", "components", "fixVersions", "issuelinks", "subtasks", "attachment"]

  static let shape = RecordShape(
    RecordType("Issue", entities: ["assignee": "User", "reporter": "User"]), list: "issues", one: "issue",
    properties: [
      "id": ["type": "string"], "key": ["type": "string"], "summary": ["type": "string"], "status": ["type": "string"],
      "status_category": ["type": "string", "description": "new, indeterminate or done."], "type": ["type": "string"], "priority": ["type": "string"],
      "assignee": ["type": "string"],
      "assignee_name": ["type": "string"], "reporter": ["type": "string"], "reporter_name": ["type": "string"], "labels": ["type": "array", "items": ["type": "string"]],
      "project": ["type": "string"], "created": ["type": "string"], "updated": ["type": "string"], "due": ["type": "string"], "resolution": ["type": "string"],
      "parent": ["type": "string"],
      "description": ["type": "string", "description": "Markdown."], "components": ["type": "array", "items": ["type": "string"]],
      "fix_versions": ["type": "array", "items": ["type": "string"]],
      "links": ["type": "array", "items": ["type": "object"]], "subtasks": ["type": "array", "items": ["type": "string"]],
      "attachments": ["type": "array", "items": ["type": "object"]],
      "url": ["type": "string"], "custom": ["type": "object", "description": "Custom fields by id."],
    ], always: ["key", "project", "assignee", "reporter", "status", "type", "labels"], columns: ["key", "type", "status", "priority", "assignee_name", "summary"],
    untrusted: [
      "summary", "description", "status", "type", "priority", "resolution", "assignee_name", "reporter_name", "labels", "components", "fix_versions", "links",
      "attachments", "custom",
    ])

  /// Jira's names of the members that a caller chose.
  static func fields(for selection: Set<String>?) -> [String] {
    guard let selection else { return standardFields }
    let names = [
      "summary": "summary", "status": "status", "status_category": "status", "type": "issuetype", "priority": "priority", "assignee": "assignee",
      "assignee_name": "assignee",
      "reporter": "reporter", "reporter_name": "reporter", "labels": "labels", "project": "project", "created": "created", "updated": "updated", "due": "duedate",
      "resolution": "resolution", "parent": "parent", "description": "description", "components": "components", "fix_versions": "fixVersions", "links": "issuelinks",
      "subtasks": "subtasks", "attachments": "attachment",
    ]
    return Set(selection.compactMap { names[$0] }).sorted()
  }

  init?(_ raw: RawJSON, site: String) {
    guard let key = raw["key"]?.string else { return nil }
    self.key = key
    let fields = raw["fields"]
    var json: JSONObject = ["id": .string(raw["id"]?.string ?? key), "key": .string(key), "url": .string("\(site)/browse/\(key)")]
    func set(_ member: String, _ text: String?) { if let text, !text.isEmpty { json[member] = .string(text) } }
    func names(_ member: String) -> JSONValue? {
      let values = (fields?[member].map { Array($0.elements) } ?? []).compactMap { $0["name"]?.string ?? $0.string }
      return values.isEmpty ? nil : .array(values.map { .string($0) })
    }
    set("summary", fields?["summary"]?.string)
    set("status", fields?["status"]?["name"]?.string)
    set("status_category", fields?["status"]?["statusCategory"]?["key"]?.string)
    set("type", fields?["issuetype"]?["name"]?.string)
    set("priority", fields?["priority"]?["name"]?.string)
    for person in ["assignee", "reporter"] {
      set(person, fields?[person]?["accountId"]?.string ?? fields?[person]?["name"]?.string)
      set(person + "_name", fields?[person]?["displayName"]?.string)
    }
    set("project", fields?["project"]?["key"]?.string ?? String(key.prefix { $0 != "-" }))
    for (member, own) in [("created", "created"), ("updated", "updated")] { set(own, fields?[member]?.string.map(JiraTime.text)) }
    set("due", fields?["duedate"]?.string)
    set("resolution", fields?["resolution"]?["name"]?.string)
    set("parent", fields?["parent"]?["key"]?.string)
    if let labels = names("labels") { json["labels"] = labels }
    if let components = names("components") { json["components"] = components }
    if let versions = names("fixVersions") { json["fix_versions"] = versions }
    if let description = fields?["description"], !description.isNull { set("description", DocumentMarkdown.text(description)) }
    let subtasks = (fields?["subtasks"].map { Array($0.elements) } ?? []).compactMap { $0["key"]?.string }
    if !subtasks.isEmpty { json["subtasks"] = .array(subtasks.map { .string($0) }) }
    let links = (fields?["issuelinks"].map { Array($0.elements) } ?? []).compactMap { Self.link($0) }
    if !links.isEmpty { json["links"] = .array(links) }
    let attachments = (fields?["attachment"].map { Array($0.elements) } ?? []).compactMap { JiraAttachment($0)?.json }
    if !attachments.isEmpty { json["attachments"] = .array(attachments) }
    var custom = JSONObject()
    for (name, value) in fields?.members ?? RawJSON.null.members {
      if let name = name.string, name.hasPrefix("customfield_"), !value.isNull { custom[name] = Self.simple(value) }
    }
    if !custom.isEmpty { json["custom"] = .object(custom) }
    self.json = .object(json)
  }

  // MARK: Other issues

  /// Those that it names: its parent, its subtasks, the other ends of its links, and what custom fields hold, such as its epic.
  var others: [String] {
    let links = (json["links"]?.array ?? []).compactMap { $0["key"]?.string }
    return [json["parent"]].compactMap { $0?.string } + links + (json["subtasks"]?.array ?? []).compactMap(\.string) + (json["custom"].map { IssueKeys.values($0) } ?? [])
  }

  /// Without what it tells of other issues that may not be seen.
  ///
  /// - Parameter admits: whether another may be seen, by its key.
  func showing(_ admits: (String) -> Bool) -> JSONValue {
    var shown = JSONObject()
    for (member, value) in json.object ?? JSONObject() {
      switch member {
      case "parent": if admits(value.string ?? "") { shown[member] = value }
      case "subtasks", "links":
        let others = (value.array ?? []).filter { admits(($0["key"] ?? $0).string ?? "") }
        if !others.isEmpty { shown[member] = .array(others) }
      case "custom":
        var custom = JSONObject()
        for (name, value) in value.object ?? JSONObject() where IssueKeys.values(value).allSatisfy(admits) { custom[name] = value }
        if !custom.isEmpty { shown[member] = .object(custom) }
      default: shown[member] = value
      }
    }
    return .object(shown)
  }

  private static func link(_ raw: RawJSON) -> JSONValue? {
    let isOutward = raw["outwardIssue"] != nil
    guard let other = raw["outwardIssue"] ?? raw["inwardIssue"], let key = other["key"]?.string else { return nil }
    var link: JSONObject = [
      "relation": .string(raw["type"]?[isOutward ? "outward" : "inward"]?.string ?? raw["type"]?["name"]?.string ?? "relates to"), "key": .string(key),
    ]
    if let id = raw["id"]?.string { link["id"] = .string(id) }
    if let summary = other["fields"]?["summary"]?.string { link["summary"] = .string(summary) }
    if let status = other["fields"]?["status"]?["name"]?.string { link["status"] = .string(status) }
    return .object(link)
  }

  /// The value of a custom field, as short as it can be said.
  private static func simple(_ raw: RawJSON) -> JSONValue {
    switch raw.kind {
    case .object:
      if raw["type"]?.string == "doc" { return .string(DocumentMarkdown.text(raw)) }
      return (raw["value"] ?? raw["name"] ?? raw["displayName"]).flatMap { $0.string }.map { .string($0) } ?? JSONValue(raw)
    case .array: return .array(raw.elements.map { simple($0) })
    default: return JSONValue(raw)
    }
  }
}

/// A file at an issue.
struct JiraAttachment: Sendable {
  let json: JSONValue

  init?(_ raw: RawJSON) {
    guard let id = raw["id"]?.string ?? raw["id"]?.int.map(String.init) else { return nil }
    var json: JSONObject = ["id": .string(id)]
    if let name = raw["filename"]?.string { json["name"] = .string(name) }
    if let type = raw["mimeType"]?.string { json["mime_type"] = .string(type) }
    if let bytes = raw["size"]?.int { json["bytes"] = .int(bytes) }
    if let created = raw["created"]?.string { json["created"] = .string(JiraTime.text(created)) }
    self.json = .object(json)
  }
}
