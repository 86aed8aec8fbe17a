internal import ConnectorKit
internal import JSON
internal import MCP

/// The tools that change files: a toolset that is switched on, over roots that are declared writable.
struct WriteTools: Sendable {
  let files: FileSystem
  let maximumBytes: Int

  var tools: [Tool] { [writeFile, appendFile, editFile, createDirectory, copyFile, moveFile] }
  var deleting: [Tool] { [deleteFile] }

  private static let output: JSONValue = ["type": "object", "properties": ["file": FileInfo.schema], "required": ["file"]]

  private func tool(
    _ name: String, _ title: String, _ description: String, _ properties: JSONObject, required: [JSONValue], _ annotations: ToolAnnotations,
    _ work: @escaping @Sendable (ToolCall, FileSystem) throws(VendorError) -> FileInfo
  ) -> Tool {
    Tool(
      name: name, title: title, description: description, inputSchema: ReadTools.schema(properties, required: required), outputSchema: Self.output,
      annotations: annotations, meta: FileInfo.record.meta(rows: "/file", isList: false)
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let info = try await BlockingWork.run { () throws(VendorError) in try work(call, files) }
        return ToolResult(structured: ["file": info.json], text: "\(title): \(info.path)")
      }
    }
  }

  private var writeFile: Tool {
    tool(
      "write_file", "Write a file", "Writes a text file whole. A file that is there is replaced only if overwrite is true.",
      ["path": ReadTools.path, "text": ["type": "string"], "overwrite": ["type": "boolean"]], required: ["path", "text"],
      ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false)
    ) { call, files throws(VendorError) in
      let bytes = Array((call.string("text") ?? "").utf8)
      guard bytes.count <= maximumBytes else { throw VendorError(.tooLarge, "A file of at most \(maximumBytes) bytes can be written.") }
      return try files.write(bytes, to: FilePath(call.string("path") ?? ""), replaces: call.bool("overwrite") ?? false)
    }
  }

  private var editFile: Tool {
    Tool(
      name: "edit_file", title: "Edit a file",
      description: "Replaces texts in a file. Each old text must stand in it exactly once; if one does not, nothing is changed. Answers with the diff.",
      inputSchema: ReadTools.schema(
        [
          "path": ReadTools.path,
          "edits": [
            "type": "array", "minItems": 1, "maxItems": 100,
            "items": [
              "type": "object", "properties": ["old": ["type": "string", "minLength": 1], "new": ["type": "string"]], "required": ["old", "new"],
              "additionalProperties": false,
            ],
          ], "dry_run": ["type": "boolean", "description": "Only tell what would change."],
        ], required: ["path", "edits"]),
      outputSchema: [
        "type": "object",
        "properties": [
          "file": FileInfo.schema, "diff": ["type": "string", "description": "Unified."], "changed": ["type": "boolean", "description": "false for a dry run."],
        ],
        "required": ["file", "diff", "changed"],
      ], annotations: ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: false),
      meta: FileInfo.record.meta(rows: "/file", isList: false)
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let isDry = call.bool("dry_run") ?? false
        let (info, diff) = try await BlockingWork.run { () throws(VendorError) -> (FileInfo, String) in
          let path = try FilePath(call.string("path") ?? "")
          let (old, version) = try text(of: path, files)
          let new = try edited(old, call["edits"].map { Array($0.elements) } ?? [], path)
          let diff = LineDiff(old, new).text
          return (isDry ? try files.info(path) : try files.write(new, to: path, replaces: true, madeOf: version), diff)
        }
        let title = isDry ? "Nothing was changed; this would be:" : "Edited:"
        let told = "\(title) \(info.path)\n\n" + UntrustedText.framed(diff, source: info.path.description)
        return UntrustedText.mark(ToolResult(structured: ["file": info.json, "diff": .string(diff), "changed": .bool(!isDry)], text: told), "/diff")
      }
    }
  }

  /// The bytes of a text file that may be written, and which contents they are.
  private func text(of path: FilePath, _ files: FileSystem) throws(VendorError) -> (bytes: [UInt8], version: FileVersion?) {
    // Asked for before the contents, so that a change in between shows.
    let version = try files.version(of: path)
    let (bytes, length) = try files.read(path, offset: 0, count: maximumBytes)
    guard length <= maximumBytes, FileContent.text(bytes) != nil else {
      throw VendorError(.invalid, "\(path) is no text file of at most \(maximumBytes) bytes.")
    }
    return (bytes, version)
  }

  private func edited(_ bytes: [UInt8], _ edits: [RawJSON], _ path: FilePath) throws(VendorError) -> [UInt8] {
    // Bytes are compared: two ways to write one character are not the same text in a file.
    var edited = bytes
    for (number, edit) in edits.enumerated() {
      let (old, new) = (edit["old"]?.string ?? "", edit["new"]?.string ?? "")
      let places = Self.places(of: Array(old.utf8), in: edited)
      guard places.count == 1, let place = places.first else {
        throw VendorError(
          .conflict,
          "The old text of edit \(number + 1) stands in \(path) \(places.isEmpty ? "nowhere" : "more than once"), not once. Nothing was changed. Give it exactly, with more of its surroundings."
        )
      }
      edited.replaceSubrange(place..<(place + old.utf8.count), with: Array(new.utf8))
    }
    guard edited.count <= maximumBytes else { throw VendorError(.tooLarge, "The file would have more than \(maximumBytes) bytes.") }
    return edited
  }

  /// Where a text begins in another, its own repetitions included; two places at most, which is one too many. In one pass, however much
  /// repeats (Knuth, Morris and Pratt).
  private static func places(of text: [UInt8], in bytes: [UInt8]) -> [Int] {
    guard !text.isEmpty, bytes.count >= text.count else { return [] }
    // How much of the text's beginning ends at each of its bytes.
    var borders = [0]
    var matched = 0
    func take(_ byte: UInt8) {
      while matched > 0, matched == text.count || text[matched] != byte { matched = borders[matched - 1] }
      if text[matched] == byte { matched += 1 }
    }
    for byte in text.dropFirst() {
      take(byte)
      borders.append(matched)
    }
    matched = 0
    var places: [Int] = []
    for (index, byte) in bytes.enumerated() where places.count < 2 {
      take(byte)
      if matched == text.count { places.append(index + 1 - matched) }
    }
    return places
  }

  private var appendFile: Tool {
    tool(
      "append_file", "Append to a file", "Adds a text at the end of a text file, just as it is given.",
      ["path": ReadTools.path, "text": ["type": "string", "minLength": 1], "create": ["type": "boolean", "description": "Make the file if it is not there."]],
      required: ["path", "text"], ToolAnnotations(readOnly: false, destructive: false, idempotent: false, openWorld: false)
    ) { call, files throws(VendorError) in
      let path = try FilePath(call.string("path") ?? "")
      let added = Array((call.string("text") ?? "").utf8)
      let mayMake = call.bool("create") ?? false
      let isNew = mayMake ? try files.version(of: path) == nil : false
      let (bytes, version) = isNew ? ([], nil) : try text(of: path, files)
      guard bytes.count + added.count <= maximumBytes else { throw VendorError(.tooLarge, "The file would have more than \(maximumBytes) bytes.") }
      return try files.write(bytes + added, to: path, replaces: !isNew, madeOf: version)
    }
  }

  private var copyFile: Tool {
    tool(
      "copy_file", "Copy a file", "Copies a file. One that is there is replaced only if overwrite is true.",
      ["path": ReadTools.path, "to": ["type": "string", "description": "The path of the copy, its name included."], "overwrite": ["type": "boolean"]],
      required: ["path", "to"], ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false)
    ) { call, files throws(VendorError) in
      let (path, to) = (try FilePath(call.string("path") ?? ""), try FilePath(call.string("to") ?? ""))
      let (bytes, length) = try files.read(path, offset: 0, count: maximumBytes)
      guard length <= maximumBytes else { throw VendorError(.tooLarge, "\(path) has \(length) bytes; at most \(maximumBytes) are copied.") }
      guard path != to else { throw VendorError(.invalid, "A file is not copied onto itself.") }
      return try files.write(bytes, to: to, replaces: call.bool("overwrite") ?? false)
    }
  }

  private var createDirectory: Tool {
    tool(
      "create_directory", "Make a directory", "Makes a directory in one that is there.", ["path": ReadTools.path], required: ["path"],
      ToolAnnotations(readOnly: false, destructive: false, idempotent: false, openWorld: false)
    ) { call, files throws(VendorError) in try files.makeDirectory(FilePath(call.string("path") ?? "")) }
  }

  private var moveFile: Tool {
    tool(
      "move_file", "Move a file", "Moves or renames a file or directory. Nothing that is there is replaced.",
      ["path": ReadTools.path, "to": ["type": "string", "description": "The new path, its name included."]], required: ["path", "to"],
      ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: false)
    ) { call, files throws(VendorError) in try files.move(FilePath(call.string("path") ?? ""), to: FilePath(call.string("to") ?? "")) }
  }

  private var deleteFile: Tool {
    tool(
      "delete_file", "Delete a file", "Deletes a file, or a directory that is empty. It cannot be brought back.", ["path": ReadTools.path], required: ["path"],
      ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false)
    ) { call, files throws(VendorError) in
      let path = try FilePath(call.string("path") ?? "")
      let info = try files.info(path)
      try files.remove(path)
      return info
    }
  }
}
