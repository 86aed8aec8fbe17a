internal import ConnectorKit
internal import JSON
internal import MCP
internal import NIOCore

/// Files that workflow runs left: zip files, of which a model wants the list and the texts.
struct ArtifactTools {
  let github: GitHub

  var tools: [Tool] { [get] }

  private static let mostBytes = 32 << 20
  private static let mostEntries = 1000
  /// The longest entry that is shown without being asked for by its path, in bytes.
  private static let small = 32 << 10
  /// How many entries are unpacked in one call.
  private static let mostFiles = 50

  private static let entry = Output.object([("path", ["type": "string"]), ("size", ["type": "integer"])])
  private static let file = Output.object([("path", ["type": "string"]), ("text", ["type": "string"]), ("truncated", ["type": "boolean"])])

  private var get: Tool {
    github.tool(
      "get_artifact", "Artifact", .reading,
      """
      Unpacks an artifact of a workflow run: lists its files, and shows the texts among them, 100 KB in all: small ones, or those that paths names. Artifacts of \
      more than 32 MB are not read.
      """,
      [
        .owner, .repo, .number("artifact_id", "The artifact's id, as actions_list tells it.", required: true),
        .texts("paths", "Paths of files in it, * for any run of characters. Without it: texts of up to 32 KB each."),
      ],
      output: Output.object(
        [
          ("entries", ["type": "array", "items": Self.entry]), ("files", ["type": "array", "items": Self.file]),
          ("more_entries", ["type": "boolean", "description": "There are more files than were listed."]),
          ("more_files", ["type": "boolean", "description": "More texts were meant than are shown: name them in paths."]),
        ], required: ["entries", "files"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let path = repository.path + ["actions", "artifacts", String(call.number("artifact_id")), "zip"]
      let body = try await github.download(call, repository, path, maximumBytes: Self.mostBytes).body
      do { return try Self.show(github, call, ZipReader(Array(body.readableBytesView))) } catch let error as ZipError {
        throw VendorError(.invalidAnswer, "The artifact cannot be unpacked: \(error.description).")
      }
    }
  }

  private static func show(_ github: GitHub, _ call: ToolCall, _ zip: ZipReader) throws(ZipError) -> ToolResult {
    let entries = zip.entries.filter { !$0.isDirectory && !$0.isSymbolicLink }
    let wanted = (call.strings("paths") ?? []).filter { !$0.isEmpty }
    let filter = NameFilter(allow: wanted)
    let meant = entries.filter { wanted.isEmpty ? $0.size <= small : filter.admits($0.name) && $0.size <= FileContent.mostBytes }
    var (files, rest): ([JSONValue], Int) = ([], FileContent.mostText)
    var isCut = meant.count > mostFiles || (!wanted.isEmpty && meant.count < entries.filter { filter.admits($0.name) }.count)
    for entry in meant.prefix(mostFiles) {
      guard let text = FileContent(bytes: try zip.read(entry, limit: FileContent.mostBytes)).text else { continue }
      let (shown, isPart) = FileContent.lines(of: text, from: nil, to: nil)
      guard shown.utf8.count <= rest else {
        isCut = true
        continue
      }
      rest -= shown.utf8.count
      var file: JSONValue = ["path": .string(entry.name), "text": .string(shown)]
      if isPart { file["truncated"] = true }
      files.append(file)
    }
    let listed = entries.prefix(mostEntries).map { entry in ["path": .string(entry.name), "size": .int(entry.size)] as JSONValue }
    var structured: JSONObject = ["entries": .array(listed), "files": .array(files)]
    var text = CompactTable(listed, columns: ["path", "size"], more: entries.count > mostEntries).text
    if entries.count > mostEntries { structured["more_entries"] = true }
    for file in files { text += "\n\n--- \(file["path"]?.string ?? "")\n\(file["text"]?.string ?? "")" }
    if isCut {
      structured["more_files"] = true
      text += "\n\n(more than is shown: name single files in paths)"
    }
    return github.result(structured, text: text, untrusted: ["/entries/*/path", "/files/*/path", "/files/*/text"], isFramed: true)
  }
}
