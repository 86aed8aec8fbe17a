internal import ConnectorKit
internal import JSON
internal import MCP

/// The tools that change files: a toolset that is switched on, over roots that are declared writable.
struct WriteTools: Sendable {
  let files: FileSystem
  let maximumBytes: Int

  var tools: [Tool] { [writeFile, editFile, createDirectory, moveFile] }
  var deleting: [Tool] { [deleteFile] }

  private static let output: JSONValue = ["type": "object", "properties": ["file": FileInfo.schema], "required": ["file"]]

  private func tool(
    _ name: String, _ title: String, _ description: String, _ properties: JSONObject, required: [JSONValue], _ annotations: ToolAnnotations,
    _ work: @escaping @Sendable (ToolCall) throws(VendorError) -> FileInfo
  ) -> Tool {
    Tool(
      name: name, title: title, description: description, inputSchema: ReadTools.schema(properties, required: required), outputSchema: Self.output,
      annotations: annotations, meta: FileInfo.record.meta(rows: "/file", isList: false)
    ) { call in
      try await call.answering("Files") {
        let info = try await files.perform { () throws(VendorError) in try work(call) }
        return ToolResult(structured: ["file": info.json], text: "\(title): \(info.path)")
      }
    }
  }

  private var writeFile: Tool {
    tool(
      "write_file", "Write a file", "Writes a text file whole. A file that is there is replaced only if overwrite is true.",
      ["path": ReadTools.path, "text": ["type": "string"], "overwrite": ["type": "boolean"]], required: ["path", "text"],
      ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false)
    ) { call throws(VendorError) in
      let bytes = Array((call.string("text") ?? "").utf8)
      guard bytes.count <= maximumBytes else { throw VendorError(.tooLarge, "A file of at most \(maximumBytes) bytes can be written.") }
      return try files.write(bytes, to: FilePath(call.string("path") ?? ""), replaces: call.bool("overwrite") ?? false)
    }
  }

  private var editFile: Tool {
    tool(
      "edit_file", "Edit a file", "Replaces texts in a file. Each old text must stand in it exactly once; if one does not, nothing is changed.",
      [
        "path": ReadTools.path,
        "edits": [
          "type": "array", "minItems": 1, "maxItems": 100,
          "items": [
            "type": "object", "properties": ["old": ["type": "string", "minLength": 1], "new": ["type": "string"]], "required": ["old", "new"],
            "additionalProperties": false,
          ],
        ],
      ], required: ["path", "edits"], ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: false)
    ) { call throws(VendorError) in
      let path = try FilePath(call.string("path") ?? "")
      // Asked for before the contents, so that a change in between shows.
      let version = try files.version(of: path)
      let (bytes, length) = try files.read(path, offset: 0, count: maximumBytes)
      guard length <= maximumBytes, FileContent.text(bytes) != nil else {
        throw VendorError(.invalid, "\(path) is no text file of at most \(maximumBytes) bytes.")
      }
      // Bytes are compared: two ways to write one character are not the same text in a file.
      var edited = bytes
      let edits: [RawJSON] = call["edits"].map { Array($0.elements) } ?? []
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
      return try files.write(edited, to: path, replaces: true, madeOf: version)
    }
  }

  /// Where a text begins in another, its own repetitions included; two places at most, which is one too many.
  private static func places(of text: [UInt8], in bytes: [UInt8]) -> [Int] {
    var places: [Int] = []
    guard let first = text.first, bytes.count >= text.count else { return places }
    for start in 0...(bytes.count - text.count) where bytes[start] == first && bytes[start..<(start + text.count)].elementsEqual(text) {
      places.append(start)
      if places.count == 2 { break }
    }
    return places
  }

  private var createDirectory: Tool {
    tool(
      "create_directory", "Make a directory", "Makes a directory in one that is there.", ["path": ReadTools.path], required: ["path"],
      ToolAnnotations(readOnly: false, destructive: false, idempotent: false, openWorld: false)
    ) { call throws(VendorError) in try files.makeDirectory(FilePath(call.string("path") ?? "")) }
  }

  private var moveFile: Tool {
    tool(
      "move_file", "Move a file", "Moves or renames a file or directory. Nothing that is there is replaced.",
      ["path": ReadTools.path, "to": ["type": "string", "description": "The new path, its name included."]], required: ["path", "to"],
      ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: false)
    ) { call throws(VendorError) in try files.move(FilePath(call.string("path") ?? ""), to: FilePath(call.string("to") ?? "")) }
  }

  private var deleteFile: Tool {
    tool(
      "delete_file", "Delete a file", "Deletes a file, or a directory that is empty. It cannot be brought back.", ["path": ReadTools.path], required: ["path"],
      ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: false)
    ) { call throws(VendorError) in
      let path = try FilePath(call.string("path") ?? "")
      let info = try files.info(path)
      try files.remove(path)
      return info
    }
  }
}
