internal import ConnectorKit
internal import JSON
internal import MCP

/// Files: found, listed, and what is known of them.
struct FileTools: Sendable {
  let drive: DriveContext

  var tools: [Tool] { [about, search, listFolder, recent, metadata, labels] }

  private var about: Tool {
    drive.tool(
      "about", "About the account", "Tells whose account this is and how full its storage is.", [],
      output: [
        "type": "object",
        "properties": [
          "name": ["type": "string"], "email": ["type": "string"], "storage_used": ["type": "integer", "description": "Bytes."],
          "storage_limit": ["type": "integer", "description": "Bytes. Absent where there is none."], "maximum_upload": ["type": "integer", "description": "Bytes."],
        ], "required": ["email"],
      ]
    ) { _, subject throws(VendorError) in
      let json = try await drive.api.get(["about"], [("fields", "user(displayName,emailAddress),storageQuota(limit,usage),maxUploadSize")], as: subject)
      var result: JSONObject = ["email": .string(json["user"]?["emailAddress"]?.string ?? "")]
      if let name = json["user"]?["displayName"]?.string { result["name"] = .string(name) }
      func number(_ raw: RawJSON?, _ own: String) { if let value = raw?.string.flatMap({ Int($0) }) { result[own] = .int(value) } }
      number(json["storageQuota"]?["usage"], "storage_used")
      number(json["storageQuota"]?["limit"], "storage_limit")
      number(json["maxUploadSize"], "maximum_upload")
      return ToolResult(structured: .object(result))
    }
  }

  // MARK: Lists

  private static let scope = Field.text(
    "scope", "Where to look: the account's own files and what is shared with it (user, if not given), the whole domain, or all drives.", oneOf: ["user", "domain", "all"])
  private static let driveID = Field.text("drive", "A shared drive's id, to look in it alone.", length: 200)
  private static let order = Field.text(
    "order", "modified if not given; the best matches first where text is given.", oneOf: ["modified", "created", "name", "viewed", "size", "folder"])

  private var search: Tool {
    let shape = DriveFile.shape
    return drive.tool(
      "search_files", "Search files", "Finds files and folders. All conditions that are given must hold.",
      [
        Field.text("text", "Words in the name or the content.", length: 500), Field.text("name", "Part of the name, from the start of a word.", length: 300),
        Field.text("kind", "What kind.", oneOf: DriveQuery.kinds.map(\.name) + ["image", "video", "audio", "text"]),
        Field.text("mime_type", "An exact media type.", length: 200), Field.text("folder", "Directly in this folder: its id, or root.", length: 300),
        Field.text("owner", "The owner's e-mail address.", length: 320), Field.text("shared_with", "E-mail address of someone who may read it.", length: 320),
        Field.text("modified_after", "2026-07-28, or a time."), Field.text("modified_before", "2026-07-28, or a time."),
        Field.text("created_after", "2026-07-28, or a time."),
        Field.flag("shared_with_me", "Only what others shared with the account."), Field.flag("starred", "Only starred, or only not."),
        Field.text("label", "A Drive label's id.", length: 200), Field.flag("trashed", "Look in the trash instead."),
        Field.text("query", "A further condition in Drive's query language: properties has { key='a' and value='b' }.", length: 4000), Self.scope, Self.driveID,
        Self.order,
        shape.fields,
      ] + Field.page(limit: 25, most: 200), output: Self.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      try await list(
        call, subject, name: "search_files", conditions: try conditions(call), order: call.string("text") == nil ? Self.order(call, "modified") : nil, limit: 25)
    }
  }

  private func conditions(_ call: ToolCall) throws(VendorError) -> [String] {
    var conditions: [String] = []
    if let text = call.string("text") { conditions.append("fullText contains \(DriveQuery.quoted(text))") }
    if let name = call.string("name") { conditions.append("name contains \(DriveQuery.quoted(name))") }
    if let kind = call.string("kind").flatMap({ DriveQuery.kind($0) }) { conditions.append(kind) }
    if let type = call.string("mime_type") { conditions.append("mimeType = \(DriveQuery.quoted(type))") }
    if let folder = call.string("folder") { conditions.append("\(DriveQuery.quoted(try DriveContext.id(folder))) in parents") }
    if let owner = call.string("owner") { conditions.append("\(DriveQuery.quoted(owner)) in owners") }
    if let reader = call.string("shared_with") { conditions.append("\(DriveQuery.quoted(reader)) in readers") }
    if let time = try DriveQuery.time(call, "modified_after") { conditions.append("modifiedTime > \(time)") }
    if let time = try DriveQuery.time(call, "modified_before") { conditions.append("modifiedTime < \(time)") }
    if let time = try DriveQuery.time(call, "created_after") { conditions.append("createdTime > \(time)") }
    if call.bool("shared_with_me") == true { conditions.append("sharedWithMe = true") }
    if let starred = call.bool("starred") { conditions.append("starred = \(starred)") }
    if let label = call.string("label") { conditions.append("\(DriveQuery.quoted("labels/" + label)) in labels") }
    if let query = call.string("query") { conditions.append(try DriveQuery.parse(query)) }
    return conditions
  }

  private var listFolder: Tool {
    let shape = DriveFile.shape
    return drive.tool(
      "list_folder", "List a folder", "Lists what is directly in a folder, folders first.",
      [Field.text("folder", "Its id, its address in a browser, or root; root if not given.", length: 300), Self.order, shape.fields] + Field.page(limit: 50, most: 500),
      output: Self.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      var id = try DriveContext.id(call.string("folder") ?? "root")
      if !drive.tree.admitsAll { id = try await drive.target(id, as: subject).id }
      let result = try await listFolder(id, call, subject)
      // Nothing is in a shortcut: what was meant is the folder that it leads to.
      guard drive.tree.admitsAll, id != "root", call.string("cursor") == nil, result.structured?["files"] == [], result.structured?["next_cursor"] == nil else {
        return result
      }
      let target = try await drive.target(id, as: subject)
      return target.id == id ? result : try await listFolder(target.id, call, subject)
    }
  }

  /// The folder may be of any drive: `allDrives` finds what is in it wherever it is.
  private func listFolder(_ id: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) -> ToolResult {
    try await list(
      call, subject, name: "list_folder", conditions: ["\(DriveQuery.quoted(id)) in parents"], order: "folder,\(Self.order(call, "name"))", limit: 50,
      scope: id == "root" ? "user" : "all")
  }

  private var recent: Tool {
    let shape = DriveFile.shape
    return drive.tool(
      "list_recent", "List recent files", "Lists the files that were changed or opened last.",
      [
        Field.text("by", "modified if not given; viewed by this account; modified_by_me.", oneOf: ["modified", "viewed", "modified_by_me"]), Self.scope, Self.driveID,
        shape.fields,
      ] + Field.page(limit: 25, most: 200), output: Self.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let order = ["viewed": "viewedByMeTime desc", "modified_by_me": "modifiedByMeTime desc"][call.string("by") ?? ""] ?? "modifiedTime desc"
      return try await list(
        call, subject, name: "list_recent", conditions: ["mimeType != \(DriveQuery.quoted(DriveFile.folderType))"], order: order, limit: 25)
    }
  }

  private static func order(_ call: ToolCall, _ standard: String) -> String {
    switch call.string("order") ?? standard {
    case "created": "createdTime desc"
    case "name": "name_natural"
    case "viewed": "viewedByMeTime desc"
    case "size": "quotaBytesUsed desc"
    case "folder": "folder,name_natural"
    default: "modifiedTime desc"
    }
  }

  private static let listSchema: JSONValue = {
    var schema = DriveFile.shape.listSchema
    var properties = schema["properties"] ?? [:]
    properties["incomplete"] = ["type": "boolean", "description": "Google did not look everywhere: narrow the scope."]
    schema["properties"] = properties
    return schema
  }()

  private func list(
    _ call: ToolCall, _ subject: Subject, name: String, conditions: [String], order: String?, limit standard: Int, scope fixed: String? = nil
  ) async throws(VendorError) -> ToolResult {
    let shape = DriveFile.shape
    var conditions = conditions + ["trashed = \(call.bool("trashed") == true)"]
    if let rule = self.drive.rule(call, shape) {
      switch DriveQuery.pushed(rule, self.drive.labels) {
      case .none: return shape.result([])
      case .nothing: break
      case .condition(let text): conditions.append(text)
      }
    }
    let drive = try call.string("drive").map { text throws(VendorError) in try DriveContext.id(text) }
    if let drive {
      guard try await self.drive.tree.admits(drive: drive, as: subject) else { throw VendorError(.notFound, "There is no such drive, or it may not be seen.") }
    }
    let corpora = drive != nil ? "drive" : ["domain": "domain", "all": "allDrives"][fixed ?? call.string("scope") ?? ""] ?? "user"
    let query = DriveQuery.all(conditions)
    let place = PageCursor(list: [name, query, corpora, drive ?? "", order ?? ""])
    let token = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
    let json = try await self.drive.api.get(
      ["files"],
      [
        ("q", query), ("corpora", corpora), ("driveId", drive), ("orderBy", order), ("pageSize", String(call.int("limit") ?? standard)), ("pageToken", token),
        ("includeItemsFromAllDrives", "true"), ("spaces", "drive"), ("fields", "nextPageToken,incompleteSearch,files(\(DriveFile.fields))"),
      ] + self.drive.everywhere, as: subject)
    let rows = try await self.drive.records(DriveContext.elements(json, "files"), call, as: subject)
    var result = shape.result(rows, selection: shape.selection(call), next: DriveContext.next(json, place))
    if json["incompleteSearch"]?.bool == true {
      result.structured?["incomplete"] = true
      result.content.append(.text("Google did not look everywhere. Narrow the scope, or name a drive."))
    }
    return UntrustedText.mark(result, "/files")
  }

  // MARK: One file

  private var metadata: Tool {
    let shape = DriveFile.shape
    return drive.tool(
      "get_file", "Get a file's data", "Gets what is known of a file or folder: name, owner, who may see it, labels, times. Not its content.",
      [DriveContext.fileField, Field.flag("follow", "Follow a shortcut to what it leads to."), shape.fields], output: shape.oneSchema, meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let file = try await drive.reached(call, followsShortcuts: call.bool("follow") == true, as: subject)
      return UntrustedText.mark(shape.result(file.json, selection: shape.selection(call)), "/file")
    }
  }

  private var labels: Tool {
    let shape = DriveRecords.label
    return drive.tool(
      "list_labels", "List a file's labels", "Lists the Drive labels of a file with the values of their fields.",
      [DriveContext.fileField, shape.fields] + Field.page(limit: 50, most: 100),
      output: shape.listSchema, meta: DriveContext.meta(shape)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let place = PageCursor(list: ["list_labels", id])
      let token = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let json = try await drive.api.get(
        ["files", id, "listLabels"], [("maxResults", String(call.int("limit") ?? 50)), ("pageToken", token), ("fields", "nextPageToken,labels(id,revisionId,fields)")],
        as: subject)
      return shape.result(
        drive.admitted(DriveContext.elements(json, "labels").compactMap { DriveRecords.label($0, file: id) }, shape, call), selection: shape.selection(call),
        next: DriveContext.next(json, place))
    }
  }
}
