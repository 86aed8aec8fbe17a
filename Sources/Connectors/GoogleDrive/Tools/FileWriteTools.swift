internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// Files: made, uploaded, changed, moved, copied, and deleted where that is switched on.
struct FileWriteTools: Sendable {
  let drive: DriveContext
  let uploads: DriveUpload

  var tools: [Tool] { [createFile, createFolder, upload, updateContent, update, move, trash, copy] }
  var deleting: [Tool] { [delete] }

  private static let shape = DriveFile.shape
  private static let output: JSONValue = ["type": "object", "properties": ["file": DriveFile.briefSchema], "required": ["file"]]
  private static let name = Field.text("name", "Its name.", required: true, length: 500)
  private static let folder = Field.text("folder", "The folder to put it in: its id, or root; root if not given.", length: 300)

  private func done(_ made: DriveFile, _ what: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) -> ToolResult {
    // It is done, whatever becomes of looking at its labels.
    guard let file = try? await drive.visible(made, call, as: subject) else { throw DriveContext.unseenWrite }
    return UntrustedText.mark(Self.shape.result(file.json, text: "\(what) \(file.name) (\(file.id)).\(file.link.map { " \($0)" } ?? "")"), "/file")
  }

  private var answer: [(name: String, value: String?)] { [("fields", DriveFile.fields)] + drive.everywhere }

  // MARK: New ones

  /// What a new file is made with, if the caller may make it.
  private func metadata(_ call: ToolCall, _ mimeType: String?, _ subject: Subject) async throws(VendorError) -> JSONObject {
    var metadata: JSONObject = ["name": .string(call.string("name") ?? "")]
    if let mimeType { metadata["mimeType"] = .string(mimeType) }
    if let description = call.string("description") { metadata["description"] = .string(description) }
    let folder = try await drive.folder(call, as: subject)
    if let folder { metadata["parents"] = [.string(folder.id)] }
    try await drive.check(newFile: call.string("name") ?? "", mimeType ?? "application/octet-stream", in: folder, call, as: subject)
    return metadata
  }

  private func create(_ metadata: JSONObject, _ subject: Subject) async throws(VendorError) -> DriveFile {
    try drive.record(try await drive.api.send(.post, ["files"], answer, .object(metadata), as: subject, isIdempotent: false))
  }

  private var createFile: Tool {
    drive.tool(
      "create_file", "Create a document", "Creates an empty Google document of a kind, or a shortcut to a file. upload_file makes documents with content.",
      [
        Self.name, Field.text("kind", "What kind.", required: true, oneOf: ["document", "spreadsheet", "presentation", "drawing", "form", "shortcut"]),
        Self.folder, Field.text("target", "Of a shortcut: the id that it leads to.", length: 300), Field.text("description", "A short description.", length: 4000),
      ], output: Self.output, annotations: .adding, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      let kind = call.string("kind") ?? ""
      var metadata = try await metadata(call, DriveQuery.kinds.first { $0.name == kind }?.mimeType, subject)
      if kind == "shortcut" {
        guard call.string("target") != nil else { throw VendorError(.refused, "A shortcut needs \"target\".") }
        metadata["shortcutDetails"] = ["targetId": .string(try await drive.admitted(call, "target", as: subject))]
      }
      return try await done(try await create(metadata, subject), "Created", call, subject)
    }
  }

  private var createFolder: Tool {
    drive.tool(
      "create_folder", "Create a folder", "Creates a folder.", [Self.name, Self.folder, Field.text("description", "A short description.", length: 4000)],
      output: Self.output,
      annotations: .adding, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      try await done(try await create(try await metadata(call, DriveFile.folderType, subject), subject), "Created the folder", call, subject)
    }
  }

  // MARK: Content

  private var upload: Tool {
    drive.tool(
      "upload_file", "Upload a file", "Uploads content as a new file. With convert it becomes a Google document: Markdown or text a document, CSV a spreadsheet.",
      [Self.name] + UploadPlace.fields + [
        Self.folder, Field.text("convert", "The kind of Google document to make of it.", oneOf: ["document", "spreadsheet", "presentation"]),
        Field.text("description", "A short description.", length: 4000),
      ], output: Self.output, annotations: .adding, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      let (bytes, type) = try await drive.uploads.content(call)
      let kind = call.string("convert")
      let metadata = try await metadata(call, kind.flatMap { kind in DriveQuery.kinds.first { $0.name == kind }?.mimeType } ?? type, subject)
      return try await done(try drive.record(try await uploads.send(metadata, bytes, mimeType: type, id: nil, answer, as: subject)), "Uploaded", call, subject)
    }
  }

  private var updateContent: Tool {
    drive.tool(
      "update_content", "Replace a file's content", "Replaces what is in a file. The state before stays among its revisions for a while.",
      [DriveContext.fileField] + UploadPlace.fields, output: Self.output, annotations: .changing, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      let (bytes, type) = try await drive.uploads.content(call)
      let id = try await drive.admitted(call, as: subject)
      let json = try await uploads.send(JSONObject(), bytes, mimeType: type, id: id, answer, as: subject)
      return try await done(try drive.record(json), "Replaced the content of", call, subject)
    }
  }

  // MARK: Changes

  private func change(_ id: String, _ metadata: JSONObject, _ query: [(name: String, value: String?)] = [], as subject: Subject) async throws(VendorError) -> DriveFile {
    try drive.record(try await drive.api.send(.patch, ["files", id], query + answer, .object(metadata), as: subject, isIdempotent: true))
  }

  private var update: Tool {
    drive.tool(
      "update_file", "Change a file's data", "Renames a file or folder, or changes its description or star.",
      [
        DriveContext.fileField, Field.text("name", "The new name.", length: 500), Field.text("description", "The new description; empty removes it.", length: 4000),
        Field.flag("starred", "Star it, or take the star away."),
      ], output: Self.output, annotations: .changing, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      var metadata = JSONObject()
      for member in ["name", "description"] { if let text = call.string(member) { metadata[member] = .string(text) } }
      if let starred = call.bool("starred") { metadata["starred"] = .bool(starred) }
      guard !metadata.isEmpty else { throw VendorError(.refused, "Say what to change: name, description or starred.") }
      return try await done(try await change(try await drive.admitted(call, as: subject), metadata, as: subject), "Changed", call, subject)
    }
  }

  private var move: Tool {
    drive.tool(
      "move_file", "Move a file", "Moves a file or folder into another folder.",
      [DriveContext.fileField, Field.text("folder", "The folder to move it to: its id, or root.", required: true, length: 300)], output: Self.output,
      annotations: .changing, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      // Where it is now must be named to be left.
      let file = try await drive.reached(call, followsShortcuts: false, as: subject)
      guard let folder = try await drive.folder(call, as: subject) else { throw VendorError(.refused, "Say where to move it: folder.") }
      let left = file.parents.filter { $0 != folder.id }
      guard !file.parents.contains(folder.id) || !left.isEmpty else { return try await done(file, "It is there already:", call, subject) }
      let parents: [(name: String, value: String?)] = [
        (name: "addParents", value: folder.id), (name: "removeParents", value: left.isEmpty ? nil : left.joined(separator: ",")),
      ]
      return try await done(try await change(file.id, JSONObject(), parents, as: subject), "Moved", call, subject)
    }
  }

  private var trash: Tool {
    drive.tool(
      "trash_file", "Trash a file", "Puts a file or folder into the trash, from which it can be taken for 30 days, or takes it out.",
      [DriveContext.fileField, Field.flag("restore", "Take it out of the trash.")], output: Self.output, annotations: .changing, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      let restores = call.bool("restore") == true
      let file = try await change(try await drive.admitted(call, as: subject), ["trashed": .bool(!restores)], as: subject)
      return try await done(file, restores ? "Took out of the trash:" : "Put into the trash:", call, subject)
    }
  }

  private var copy: Tool {
    drive.tool(
      "copy_file", "Copy a file", "Copies a file. Folders cannot be copied.",
      [
        DriveContext.fileField, Field.text("name", "The copy's name; Google makes one up if not given.", length: 500),
        Field.text("folder", "Where to; beside the file if not given.", length: 300),
      ],
      output: Self.output, annotations: .adding, meta: Self.shape.oneMeta
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      var metadata = JSONObject()
      if let name = call.string("name") { metadata["name"] = .string(name) }
      var folder: DriveFolder?
      if call.string("folder") != nil { folder = try await drive.folder(call, as: subject) }
      if let folder { metadata["parents"] = [.string(folder.id)] }
      try await checkCopy(of: id, in: folder, call, subject)
      let json = try await drive.api.send(.post, ["files", id, "copy"], answer, .object(metadata), as: subject, isIdempotent: false)
      return try await done(try drive.record(json), "Copied to", call, subject)
    }
  }

  /// A copy is a new file: where no folder is named, beside the other.
  private func checkCopy(of id: String, in folder: DriveFolder?, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    guard drive.rule(call, Self.shape) != nil else { return }
    let file = try await drive.file(id, as: subject)
    var place = folder
    if place == nil, let parent = file.parents.first {
      let parent = try await drive.file(parent, as: subject)
      place = DriveFolder(id: parent.id, file: parent)
    }
    try await drive.check(newFile: call.string("name") ?? file.name, file.mimeType, in: place, call, as: subject)
  }

  private var delete: Tool {
    drive.tool(
      "delete_file", "Delete a file for ever", "Deletes a file, or a folder with all that is in it, past the trash. It cannot be brought back; trash_file can.",
      [DriveContext.fileField], output: DriveContext.doneSchema, annotations: .changing, meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let id = try await drive.admitted(call, as: subject)
      _ = try await drive.api.send(.delete, ["files", id], [("supportsAllDrives", "true")], nil, as: subject, isIdempotent: true)
      return DriveContext.done(id, "Deleted \(id).")
    }
  }
}

extension DriveContext {
  static let doneSchema: JSONValue = ["type": "object", "properties": ["id": ["type": "string"]], "required": ["id"]]
  static func done(_ id: String, _ text: String) -> ToolResult { ToolResult(structured: ["id": .string(id)], text: text) }
}
