internal import ConnectorKit
internal import JSON
internal import MCP

/// Shared drives, changes and revisions.
struct DriveTools: Sendable {
  let drive: DriveContext

  var tools: [Tool] { [listDrives, getDrive, changes, revisions] }

  private var listDrives: Tool {
    let shape = DriveRecords.drive
    return drive.tool(
      "list_drives", "List shared drives", "Lists the shared drives that the account is a member of.",
      [Field.text("name", "Part of the name.", length: 200), shape.fields] + Field.page(limit: 50, most: 100), output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let query = call.string("name").map { "name contains \(DriveQuery.quoted($0))" }
      return try await drive.page(
        call, subject, ["drives"], [("q", query)], member: "drives", fields: DriveRecords.driveFields, list: ["list_drives", query ?? ""], shape: shape, limit: 50
      ) { raw in
        guard drive.tree.admits(drive: raw["id"]?.string ?? "", name: raw["name"]?.string ?? "") else { return nil }
        return DriveRecords.drive(raw)
      }
    }
  }

  private var getDrive: Tool {
    let shape = DriveRecords.drive
    return drive.tool(
      "get_drive", "Get a shared drive", "Gets a shared drive.", [Field.text("drive", "Its id.", required: true, length: 200)], output: shape.oneSchema,
      meta: shape.oneMeta
    ) { call, subject throws(VendorError) in
      let json = try await drive.api.get(["drives", try DriveContext.id(call.string("drive"))], [("fields", DriveRecords.driveFields)], as: subject)
      guard let record = DriveRecords.drive(json) else { throw VendorError(.invalidAnswer, "Google described the drive in no known form.") }
      guard drive.tree.admits(drive: record["id"]?.string ?? "", name: record["name"]?.string ?? "") else {
        throw VendorError(.notFound, "There is no such drive, or it may not be seen.")
      }
      return shape.result(try drive.permitted(record, shape, call))
    }
  }

  private var changes: Tool {
    let shape = DriveRecords.change
    return drive.tool(
      "list_changes", "List changes", "Lists what changed since a cursor. Without a cursor it gives the one of now, and nothing else.",
      [Field.text("drive", "A shared drive's id; all that the account sees if not given.", length: 200), shape.fields] + Field.page(limit: 50, most: 200),
      output: shape.listSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let id = try call.string("drive").map { text throws(VendorError) in try DriveContext.id(text) }
      if let id { guard try await drive.tree.admits(drive: id, as: subject) else { throw VendorError(.notFound, "There is no such drive, or it may not be seen.") } }
      let place = PageCursor(list: ["list_changes", id ?? ""])
      guard let cursor = call.string("cursor") else {
        let token = try await DriveChanges.start(drive.api, drive: id, as: subject)
        return shape.result([], next: place.text(token))
      }
      let json = try await DriveChanges.page(drive.api, try place.vendor(cursor), drive: id, limit: call.int("limit") ?? 50, labels: drive.labels, as: subject)
      let rows = try await rows(DriveContext.elements(json, "changes"), shape.rule(call), subject)
      let next = (json["nextPageToken"] ?? json["newStartPageToken"])?.string
      return UntrustedText.mark(shape.result(rows, selection: shape.selection(call), next: next.map { place.text($0) }), "/changes")
    }
  }

  private func rows(_ changes: [RawJSON], _ rule: RecordRule, _ subject: Subject) async throws(VendorError) -> [JSONValue] {
    var files: [DriveFile] = []
    for change in changes where change["removed"]?.bool != true {
      guard let file = change["file"].flatMap({ DriveFile($0, labels: drive.labels, teams: drive.teams) }) else { continue }
      if !drive.tree.admitsAll { guard try await drive.tree.admits(file, as: subject) else { continue } }
      files.append(file)
    }
    let visible = Dictionary(try await drive.visible(files, rule, as: subject).map { ($0.id, $0) }) { _, last in last }
    return changes.compactMap { row($0, visible) }.filter { rule.admits($0) }
  }

  /// A change as the file that it is of. What was removed can no longer be seen to be admitted, nor of what category it was: it is told only
  /// where all is.
  private func row(_ change: RawJSON, _ visible: [String: DriveFile]) -> JSONValue? {
    guard let id = change["fileId"]?.string else { return nil }
    let isRemoved = change["removed"]?.bool == true
    var record: JSONValue
    if let file = change["file"]?["id"]?.string, !isRemoved {
      guard let visible = visible[file] else { return nil }
      record = visible.json
    } else {
      guard drive.tree.admitsAll else { return nil }
      record = ["id": .string(id)]
      if !drive.labels.isEmpty { record[RecordCategory.member] = .string(RecordCategory.unknown) }
    }
    record["removed"] = .bool(isRemoved)
    if let time = change["time"]?.string { record["changed"] = .string(time) }
    return record
  }

  private var revisions: Tool {
    let shape = DriveRecords.revision
    return drive.tool(
      "list_revisions", "List revisions", "Lists the earlier states of a file that Google keeps, oldest first.",
      [DriveContext.fileField, shape.fields] + Field.page(limit: 100, most: 1000), output: shape.listSchema, meta: DriveContext.meta(shape)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      return try await drive.page(
        call, subject, ["files", id, "revisions"], [], member: "revisions", fields: DriveRecords.revisionFields, list: ["list_revisions", id], shape: shape, limit: 100
      ) { DriveRecords.revision($0, file: id) }
    }
  }
}
