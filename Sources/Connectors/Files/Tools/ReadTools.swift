internal import ConnectorKit
internal import JSON
internal import MCP

/// The tools that read.
struct ReadTools: Sendable {
  let files: FileSystem
  let maximumBytes: Int
  let documents: DocumentReader

  static let annotations = ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  private static let pageSize = 200

  var tools: [Tool] { [listRoots, listDirectory, directoryTree, readFile, readFiles, fileInfo, searchFiles, searchText] }

  static func schema(_ properties: JSONObject, required: [JSONValue] = ["path"]) -> JSONValue {
    ["type": "object", "properties": .object(properties), "required": .array(required), "additionalProperties": false]
  }

  static let path: JSONValue = ["type": "string", "description": "root/folder/file; list_roots tells the roots."]

  private static func list(_ member: String) -> JSONValue {
    [
      "type": "object",
      "properties": .object([
        member: ["type": "array", "items": FileInfo.schema], "next_cursor": ["type": "string"],
        "truncated": ["type": "boolean", "description": "Not all was looked at."],
      ]), "required": [.string(member)],
    ]
  }

  private var listRoots: Tool {
    Tool(
      name: "list_roots", title: "List roots", description: "Lists the directories that can be reached. Paths start with the name of one.",
      outputSchema: [
        "type": "object",
        "properties": [
          "roots": [
            "type": "array",
            "items": ["type": "object", "properties": ["name": ["type": "string"], "writable": ["type": "boolean"]], "required": ["name", "writable"]],
          ]
        ], "required": ["roots"],
      ], annotations: Self.annotations
    ) { call in
      let files = files.governed(by: call)
      let seen = (try? await BlockingWork.run { () throws(VendorError) in files.seenRoots }) ?? []
      let roots = seen.map { JSONValue.object(["name": .string($0.name), "writable": .bool($0.isWritable)]) }
      return ToolResult(structured: ["roots": .array(roots)], text: CompactTable(roots, columns: ["name", "writable"]).text)
    }
  }

  private var listDirectory: Tool {
    Tool(
      name: "list_directory", title: "List a directory", description: "Lists what is in a directory, by name, a page at a time.",
      inputSchema: Self.schema([
        "path": Self.path, "limit": ["type": "integer", "minimum": 1, "maximum": 1000, "description": .string("Entries a page, \(Self.pageSize) if not given.")],
        "cursor": ["type": "string", "description": "next_cursor of the page before."],
      ]),
      outputSchema: Self.list("files"), annotations: Self.annotations, meta: FileInfo.record.meta(rows: "/files")
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let path = try FilePath(call.string("path") ?? "")
        let entries = try await BlockingWork.run { () throws(VendorError) in try files.list(path) }
        let place = PageCursor(list: ["list_directory", path.description])
        // The name of the last entry shown: entries that come and go do not shift the page.
        let after = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
        let rest = entries.filter { entry in after.map { entry.path.name > $0 } ?? true }
        let page = rest.prefix(call.int("limit") ?? Self.pageSize)
        let next = page.count < rest.count ? page.last.map { place.text($0.path.name) } : nil
        return Self.result("files", page.map(\.json), next: next)
      }
    }
  }

  private static func result(_ member: String, _ rows: [JSONValue], next: String? = nil, truncated: Bool = false) -> ToolResult {
    var structured: JSONValue = .object([member: .array(rows)])
    if let next { structured["next_cursor"] = .string(next) }
    if truncated { structured["truncated"] = true }
    return ToolResult(structured: structured, text: CompactTable(rows, columns: FileInfo.columns, more: next != nil || truncated).text)
  }

  private var directoryTree: Tool {
    Tool(
      name: "directory_tree", title: "Show a tree", description: "Lists what is below a directory, down to a depth.",
      inputSchema: Self.schema([
        "path": Self.path, "depth": ["type": "integer", "minimum": 1, "maximum": 16, "description": "Levels, 3 if not given."],
        "limit": ["type": "integer", "minimum": 1, "maximum": 2000, "description": "Entries at most, 500 if not given."],
      ]),
      outputSchema: Self.list("files"), annotations: Self.annotations, meta: FileInfo.record.meta(rows: "/files")
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let path = try FilePath(call.string("path") ?? "")
        let (depth, limit) = (call.int("depth") ?? 3, call.int("limit") ?? 500)
        let (found, isWhole) = try await BlockingWork.run { () throws(VendorError) in try walk(files, path, depth: depth, limit: limit) { _ in true } }
        return Self.result("files", found.map(\.json), truncated: !isWhole)
      }
    }
  }

  private func walk(_ files: FileSystem, _ path: FilePath, depth: Int, limit: Int, where admits: (FileInfo) -> Bool) throws(VendorError) -> ([FileInfo], Bool) {
    var found: [FileInfo] = []
    let isWhole = try files.walk(path, depth: depth) { entry in
      guard found.count < limit else { return .stop }
      if admits(entry) { found.append(entry) }
      return .next
    }
    return (found, isWhole)
  }

  private var fileInfo: Tool {
    Tool(
      name: "get_file_info", title: "Look at a file", description: "Tells kind, size and time of change of a file or directory.",
      inputSchema: Self.schema(["path": Self.path]),
      outputSchema: ["type": "object", "properties": ["file": FileInfo.schema], "required": ["file"]], annotations: Self.annotations,
      meta: FileInfo.record.meta(rows: "/file", isList: false)
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let path = try FilePath(call.string("path") ?? "")
        let info = try await BlockingWork.run { () throws(VendorError) in try files.info(path) }
        return ToolResult(structured: ["file": info.json])
      }
    }
  }

  // MARK: Contents

  private static let contentSchema: JSONValue = {
    var file = FileInfo.schema
    file["properties"]?["text"] = ["type": "string"]
    file["properties"]?["first_line"] = ["type": "integer"]
    file["properties"]?["next_line"] = ["type": "integer", "description": "Where to go on; absent at the end."]
    return file
  }()

  private var readFile: Tool {
    Tool(
      name: "read_file", title: "Read a file",
      description: "Reads a text file, or the text of a PDF or office file, whole or from a line on. Images are shown; other binary files are not.",
      inputSchema: Self.schema([
        "path": Self.path, "line": ["type": "integer", "minimum": 1, "description": "The first line to show, 1 if not given."],
        "lines": ["type": "integer", "minimum": 1, "maximum": 20_000, "description": "How many lines at most, 2000 if not given."],
      ]),
      outputSchema: ["type": "object", "properties": ["file": Self.contentSchema], "required": ["file"]], annotations: Self.annotations,
      meta: FileInfo.record.meta(rows: "/file", isList: false)
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let path = try FilePath(call.string("path") ?? "")
        if FileContent.mimeType(path).hasPrefix("image/") { return try await image(files, path) }
        let (line, lines) = (call.int("line") ?? 1, call.int("lines") ?? 2000)
        let file = try await BlockingWork.run { () throws(VendorError) in try content(files, path, from: line, lines: lines, maximumBytes: maximumBytes) }
        let text = UntrustedText.framed(file["text"]?.string ?? "", source: path.description)
        let more = file["next_line"]?.int.map { "\n(there is more: read on with line=\($0))" } ?? ""
        return UntrustedText.mark(ToolResult(structured: ["file": file], text: text + more), "/file/text")
      }
    }
  }

  private func image(_ files: FileSystem, _ path: FilePath) async throws(VendorError) -> ToolResult {
    let (info, content) = try await BlockingWork.run { () throws(VendorError) in (try files.info(path), try files.read(path, offset: 0, count: maximumBytes)) }
    guard content.length <= maximumBytes else { throw VendorError(.tooLarge, "\(path) has \(content.length) bytes; \(maximumBytes) are shown at most.") }
    // A client would try to draw whatever is called an image.
    let type = FileContent.mimeType(path, content.bytes)
    guard type.hasPrefix("image/") else { throw VendorError(.invalid, "\(path) is no image, whatever its name says (\(content.length) bytes).") }
    return ToolResult([.image(content.bytes, mimeType: type)], structured: ["file": info.json])
  }

  private func content(
    _ files: FileSystem, _ path: FilePath, from line: Int, lines: Int, maximumBytes: Int, _ budget: DocumentReader.Budget = DocumentReader.Budget()
  ) throws(VendorError) -> JSONValue {
    var file = try files.info(path).json
    let start = try files.read(path, offset: 0, count: 16).bytes
    let content: FileLines
    if let format = documents.format(path, start) {
      guard budget.isLeft else { throw VendorError(.timeout, "Reading the documents before it took all the time of one answer. Read it alone.") }
      content = try FileLines(of: documents.text(path, format, files), path, from: line, lines: lines, maximumBytes: maximumBytes)
    } else {
      content = try FileLines(path, from: line, lines: lines, maximumBytes: maximumBytes, files)
    }
    file["text"] = .string(content.text)
    file["first_line"] = .int(line)
    if let next = content.next { file["next_line"] = .int(next) }
    return file
  }

  private var readFiles: Tool {
    Tool(
      name: "read_files", title: "Read several files",
      description:
        "Reads text files, and the text of PDF and office files, from the start, as much as fits. One that cannot be read is named with the reason; the others are shown.",
      inputSchema: Self.schema(["paths": ["type": "array", "items": Self.path, "minItems": 1, "maxItems": 20]], required: ["paths"]),
      outputSchema: [
        "type": "object",
        "properties": [
          "files": ["type": "array", "items": Self.contentSchema],
          "failed": [
            "type": "array",
            "items": ["type": "object", "properties": ["path": ["type": "string"], "reason": ["type": "string"]], "required": ["path", "reason"]],
          ],
        ], "required": ["files", "failed"],
      ], annotations: Self.annotations, meta: FileInfo.record.meta(rows: "/files")
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        var (read, failed): ([JSONValue], [JSONValue]) = ([], [])
        var rest = maximumBytes
        // Twenty at most: time is what may run out.
        let budget = DocumentReader.Budget()
        for text in call.texts("paths") {
          do throws(VendorError) {
            let path = try FilePath(text)
            let room = rest
            guard room > 0 else { throw VendorError(.tooLarge, "The files before it fill the \(maximumBytes) bytes of one answer. Read it alone.") }
            let file = try await BlockingWork.run { () throws(VendorError) in try content(files, path, from: 1, lines: 20_000, maximumBytes: room, budget) }
            rest -= file["text"]?.string?.utf8.count ?? 0
            read.append(file)
          } catch { failed.append(["path": .string(text), "reason": .string(error.description)]) }
        }
        let texts =
          read.map { UntrustedText.framed($0["text"]?.string ?? "", source: $0["path"]?.string ?? "") }
          + failed.map { "\($0["path"]?.string ?? ""): \($0["reason"]?.string ?? "")" }
        return UntrustedText.mark(ToolResult(structured: ["files": .array(read), "failed": .array(failed)], text: texts.joined(separator: "\n\n")), "/files/*/text")
      }
    }
  }

  // MARK: Search

  private var searchFiles: Tool {
    Tool(
      name: "search_files", title: "Find files by name", description: "Finds files and directories below a path whose name fits a pattern.",
      inputSchema: Self.schema(
        [
          "path": Self.path,
          "pattern": ["type": "string", "minLength": 1, "maxLength": 256, "description": "* stands for any characters: *.md, report*2026*. Case does not matter."],
          "limit": ["type": "integer", "minimum": 1, "maximum": 1000, "description": "100 if not given."],
        ], required: ["path", "pattern"]),
      outputSchema: Self.list("files"), annotations: Self.annotations, meta: FileInfo.record.meta(rows: "/files")
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let path = try FilePath(call.string("path") ?? "")
        let pattern = NameFilter(allow: [call.string("pattern") ?? ""])
        let limit = call.int("limit") ?? 100
        let (found, isWhole) = try await BlockingWork.run { () throws(VendorError) in
          try walk(files, path, depth: 64, limit: limit) { pattern.admits($0.path.name, $0.path.relative) }
        }
        return Self.result("files", found.map(\.json), truncated: !isWhole)
      }
    }
  }

  private var searchText: Tool {
    Tool(
      name: "search_text", title: "Search in files", description: "Finds lines that hold a text in the files below a path, also in the text of PDF and office files.",
      inputSchema: Self.schema(
        [
          "path": Self.path, "text": ["type": "string", "minLength": 1, "maxLength": 256],
          "pattern": ["type": "string", "minLength": 1, "maxLength": 256, "description": "Only files whose name fits: *.swift."],
          "case_sensitive": ["type": "boolean"], "limit": ["type": "integer", "minimum": 1, "maximum": 500, "description": "Lines at most, 100 if not given."],
        ], required: ["path", "text"]),
      outputSchema: [
        "type": "object",
        "properties": [
          "matches": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "id": ["type": "string"], "path": ["type": "string"], "root": ["type": "string"], "name": ["type": "string"], "extension": ["type": "string"],
                "line": ["type": "integer"], "text": ["type": "string"],
              ],
              "required": ["id", "path", "line", "text"],
            ],
          ], "truncated": ["type": "boolean"],
        ], "required": ["matches"],
      ], annotations: Self.annotations, meta: FileInfo.record.meta(rows: "/matches")
    ) { call in
      try await call.answering("Files") {
        let files = files.governed(by: call)
        let search = TextSearch(
          path: try FilePath(call.string("path") ?? ""), text: call.string("text") ?? "", isCaseSensitive: call.bool("case_sensitive") ?? false,
          names: NameFilter(allow: call.string("pattern").map { [$0] } ?? []), limit: call.int("limit") ?? 100, maximumBytes: maximumBytes, documents: documents)
        let (rows, isWhole) = try await BlockingWork.run { () throws(VendorError) in try search.run(files) }
        var structured: JSONValue = ["matches": .array(rows)]
        if !isWhole { structured["truncated"] = true }
        let table = CompactTable(rows, columns: ["path", "line", "text"], more: !isWhole).text
        let text = rows.isEmpty ? table : UntrustedText.framed(table, source: search.path.description)
        return UntrustedText.mark(ToolResult(structured: structured, text: text), "/matches/*/text")
      }
    }
  }
}
