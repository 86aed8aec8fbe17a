internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Who may see and change a file.
struct SharingTools: Sendable {
  let drive: DriveContext

  var reading: [Tool] { [list] }
  var writing: [Tool] { [share, update, remove] }

  private static let shape = DriveRecords.permission
  private static let role = Field.text("role", "What they may do.", required: true, oneOf: ["reader", "commenter", "writer", "fileOrganizer", "organizer"])
  private static let permission = Field.text("permission", "Its id, from list_permissions.", required: true, length: 200)
  private static let all: [(name: String, value: String?)] = [("supportsAllDrives", "true"), ("fields", DriveRecords.permissionFields)]

  private var list: Tool {
    drive.tool(
      "list_permissions", "List who may see a file", "Lists who may see and change a file, as far as the account may know.",
      [DriveContext.fileField, Self.shape.fields] + Field.page(limit: 100, most: 100), output: Self.shape.listSchema, meta: DriveContext.meta(Self.shape)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      return try await drive.page(
        call, subject, ["files", id, "permissions"], [("supportsAllDrives", "true")], member: "permissions", fields: DriveRecords.permissionFields,
        list: ["list_permissions", id], shape: Self.shape, limit: 100
      ) { DriveRecords.permission($0, file: id) }
    }
  }

  private func result(_ json: RawJSON?, _ id: String, _ text: String, _ call: ToolCall) throws(VendorError) -> ToolResult {
    Self.shape.result(try drive.written(json.flatMap { DriveRecords.permission($0, file: id) }, Self.shape, call), text: text)
  }

  /// Checks a permission before it is changed.
  private func check(_ id: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    let path = ["files", id, "permissions", call.string("permission") ?? ""]
    try await drive.check(Self.shape, path, fields: DriveRecords.permissionFields, call, as: subject) { DriveRecords.permission($0, file: id) }
  }

  private var share: Tool {
    drive.tool(
      "share_file", "Share a file", "Lets a person, a group, a domain or everybody see or change a file or folder.",
      [
        DriveContext.fileField, Field.text("type", "With whom.", required: true, oneOf: ["user", "group", "domain", "anyone"]), Self.role,
        Field.text("email", "Of a user or group.", length: 320), Field.text("domain", "Of a domain.", length: 255),
        Field.flag("discoverable", "Of domain and anyone: whether it is found by searching, not only by its link."),
        Field.text("expires", "When it ends, of users and groups: 2026-07-28T12:00:00Z."), Field.flag("notify", "Tell them by e-mail; not told if not given."),
        Field.text("message", "What the e-mail says.", length: 2000),
      ], output: Self.shape.oneSchema, annotations: .adding, meta: DriveContext.meta(Self.shape, isList: false)
    ) { call, subject throws(VendorError) in
      let type = call.string("type") ?? ""
      var body: JSONObject = ["type": .string(type), "role": .string(call.string("role") ?? "")]
      switch type {
      case "user", "group":
        guard let email = call.string("email"), GoogleAccounts.isAddress(email) else { throw VendorError(.refused, "A \(type) needs \"email\".") }
        body["emailAddress"] = .string(email)
      case "domain":
        guard let domain = call.string("domain") else { throw VendorError(.refused, "A domain needs \"domain\".") }
        body["domain"] = .string(domain)
      default: break
      }
      if let discoverable = call.bool("discoverable") { body["allowFileDiscovery"] = .bool(discoverable) }
      if let expires = call.string("expires") {
        guard let seconds = Timestamp.seconds(expires) else { throw VendorError(.refused, "\"expires\" must be a time such as 2026-07-28T12:00:00Z.") }
        body["expirationTime"] = .string(Timestamp.text(seconds: seconds))
      }
      let id = try await drive.admitted(call, as: subject)
      var new: JSONObject = ["file": .string(id), "deleted": false, "pending_owner": false]
      for (member, own) in [("type", "type"), ("role", "role"), ("emailAddress", "email"), ("domain", "domain"), ("expirationTime", "expires")] {
        new[own] = body[member]
      }
      if type == "domain" || type == "anyone" { new["discoverable"] = body["allowFileDiscovery"] ?? false }
      try await drive.check(new: new, Self.shape, call, as: subject)
      let notifies = call.bool("notify") == true
      // Google sends a mail unless told not to; of types that have nobody to be told it knows no such parameter.
      let mail: [(name: String, value: String?)] =
        type == "user" || type == "group" ? [("sendNotificationEmail", String(notifies)), ("emailMessage", notifies ? call.string("message") : nil)] : []
      let json = try await drive.api.send(.post, ["files", id, "permissions"], mail + Self.all, .object(body), as: subject, isIdempotent: false)
      return try result(json, id, "Shared.", call)
    }
  }

  private var update: Tool {
    drive.tool(
      "update_permission", "Change what somebody may do", "Changes the role of a permission.", [DriveContext.fileField, Self.permission, Self.role],
      output: Self.shape.oneSchema,
      annotations: .changing, meta: DriveContext.meta(Self.shape, isList: false)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      try await check(id, call, subject)
      let json = try await drive.api.send(
        .patch, ["files", id, "permissions", call.string("permission") ?? ""], Self.all, ["role": .string(call.string("role") ?? "")], as: subject, isIdempotent: true)
      return try result(json, id, "Changed.", call)
    }
  }

  private var remove: Tool {
    drive.tool(
      "remove_permission", "Stop sharing a file with somebody", "Removes a permission.", [DriveContext.fileField, Self.permission], output: DriveContext.doneSchema,
      annotations: .changing, meta: DriveContext.meta(touching: Self.shape)
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      let permission = call.string("permission") ?? ""
      try await check(id, call, subject)
      _ = try await drive.api.send(.delete, ["files", id, "permissions", permission], [("supportsAllDrives", "true")], nil, as: subject, isIdempotent: true)
      return DriveContext.done(permission, "Removed.")
    }
  }
}
