internal import ConnectorKit
internal import JSON
internal import MCP

/// Files, commits and what differs between them.
struct FileTools {
  let github: GitHub

  var tools: [Tool] { [contents, commits, commit, compare] }

  static let path = Argument.text("path", "A path in the repository, without a slash in front.", longest: 4000)
  static let ref = Argument.text("ref", "A branch, tag or commit; the default branch if not given.", longest: 300)

  private static let file: JSONValue = Output.object([
    ("path", ["type": "string"]), ("type", ["type": "string"]), ("sha", ["type": "string"]), ("size", ["type": "integer"]),
    ("text", ["type": "string", "description": "Of files that are text."]), ("truncated", ["type": "boolean", "description": "There is more: ask for lines."]),
    ("url", ["type": "string"]),
  ])

  private var contents: Tool {
    github.tool(
      "get_file_contents", "File or folder", .reading,
      "Reads a file, or lists a folder. Of long files ask for lines; at most 100 KB come back. Files that are no text come as a resource.",
      [
        .owner, .repo, Self.path, Self.ref, .number("start_line", "The first line to show, counted from 1."), .number("end_line", "The last line to show."),
      ],
      output: Output.object([("file", Self.file), ("entries", Output.array(of: .treeEntry))]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let path = call.string("path") ?? ""
      let ref = call.string("ref").flatMap { $0.isEmpty ? nil : $0 }
      switch try await github.contents(call, repository, path, ref: ref) {
      case .folder(let entries):
        let records = entries.map { Shape.treeEntry.record($0) }
        return github.result(["entries": .array(records)], text: CompactTable(records, columns: Shape.treeEntry.columns).text)
      case .other(let entry):
        return github.result(["file": Self.describe(entry)], text: "\(path) is a \(entry["type"]?.string ?? "thing") and has no content of its own.")
      case .file(let entry, let content):
        var file = Self.describe(entry)
        guard let text = content.text else {
          guard content.bytes.count <= 1 << 20 else { throw VendorError(.tooLarge, "\(path) is no text and has more than a megabyte.") }
          let uri = "repo://\(repository.fullName)/contents/\(path)"
          return ToolResult(
            [.text("\(path): \(content.bytes.count) bytes that are no text"), .resource(.blob(content.bytes, mimeType: "application/octet-stream", uri: uri))],
            structured: .object(["file": file]))
        }
        let (lines, isCut) = FileContent.lines(of: text, from: call.int("start_line"), to: call.int("end_line"))
        file["text"] = .string(lines)
        if isCut { file["truncated"] = true }
        let shown = UntrustedText.framed(lines, source: "\(repository.fullName)/\(path)") + (isCut ? "\n(cut: ask for lines)" : "")
        return github.result(["file": file], text: shown, untrusted: ["/file/text"])
      }
    }
  }

  private static func describe(_ entry: RawJSON) -> JSONValue {
    var file = JSONObject()
    for name in ["path", "type", "sha", "size"] { if let value = entry[name], !value.isNull { file[name] = JSONValue(value) } }
    if let url = entry["html_url"]?.string { file["url"] = .string(url) }
    return .object(file)
  }

  private var commits: Tool {
    github.tool(
      "list_commits", "List commits", .reading, "Lists the commits of a branch, the newest first, optionally of a path, a person or a time.",
      [
        .owner, .repo, .text("sha", "A branch, tag or commit to start from; the default branch if not given.", longest: 300), Self.path,
        .text("author", "A login or an email address.", longest: 200), .text("since", "Only those after this time: 2026-11-29T00:00:00Z.", longest: 40),
        .text("until", "Only those before this time.", longest: 40), .fields(.commit),
      ] + Argument.page,
      output: Output.list("commits", of: .commit), holding: [.list(.commit, "/commits")]
    ) { [github] call in
      let repository = try github.repository(call)
      let query = ["sha", "path", "author", "since", "until"].map { (name: $0, value: call.string($0).flatMap { $0.isEmpty ? nil : $0 }) }
      let page = try await github.page(call, repository.path + ["commits"], query)
      return try await github.listing(call, page, page.json.elements.map { $0 }, "commits", .commit, adding: repository.members)
    }
  }

  private var commit: Tool {
    github.tool(
      "get_commit", "Commit", .reading, "Shows a commit and the files that it changes, with patches where asked for.",
      [
        .owner, .repo, .text("sha", "A commit, branch or tag.", required: true, longest: 300),
        .flag("include_patch", "Whether the patch of each file comes along, cut to 100 KB in all."), .listFields,
      ] + Argument.page,
      output: Output.object([("commit", Shape.commit.schema), ("files", Output.array(of: .file)), ("next_cursor", Output.cursor)]),
      holding: [.one(.commit, "/commit"), .within(.commit)]
    ) { [github] call in
      let repository = try github.repository(call)
      let page = try await github.page(call, repository.path + ["commits"] + (call.string("sha") ?? "").pathSegments)
      let record = try await github.record(call, page.json, .commit, adding: repository.members)
      return Self.changes(github, call, record, page)
    }
  }

  private static func changes(_ github: GitHub, _ call: ToolCall, _ record: JSONValue, _ page: GitHub.Page) -> ToolResult {
    let files = Self.files(page.json["files"], withPatch: call.bool("include_patch") ?? false, call.chosenFields)
    var more: JSONObject = ["files": .array(files)]
    if let next = page.next { more["next_cursor"] = .string(next) }
    var text = (record["message"]?.string ?? "") + "\n" + CompactTable(files, columns: Shape.file.columns(call.chosenFields), more: page.next != nil).text
    for file in files { if let patch = file["patch"]?.string { text += "\n\n--- \(file["path"]?.string ?? "")\n\(patch)" } }
    var structured: JSONObject = ["commit": record]
    for (name, value) in more { structured[name] = value }
    return github.result(structured, text: text, untrusted: ["/commit/message", "/files/*/patch"], isFramed: true)
  }

  /// Changed files; patches until the bound is reached.
  static func files(_ raw: RawJSON?, withPatch: Bool, _ chosen: Set<String>? = nil) -> [JSONValue] {
    var rest = FileContent.mostText
    let withPatch = chosen.map { $0.contains("patch") } ?? withPatch
    return (raw?.elements.map { $0 } ?? []).map { file in
      var record = Shape.file.record(file, chosen)
      record["patch"] = nil
      if withPatch, let patch = file["patch"]?.string, patch.utf8.count <= rest {
        rest -= patch.utf8.count
        record["patch"] = .string(patch)
      }
      return record
    }
  }

  private var compare: Tool {
    github.tool(
      "compare_commits", "Compare", .reading, "Tells what is in head and not in base: commits and changed files.",
      [
        .owner, .repo, .text("base", "A branch, tag or commit; OWNER:REPO:BRANCH of a fork.", required: true, longest: 300),
        .text("head", "The same, of what is compared with it.", required: true, longest: 300),
        .flag("include_patch", "Whether the patch of each file comes along, cut to 100 KB in all."), .fields(.commit),
      ] + Argument.page,
      output: Output.object([
        ("status", ["type": "string"]), ("ahead_by", ["type": "integer"]), ("behind_by", ["type": "integer"]), ("commits", Output.array(of: .commit)),
        ("files", Output.array(of: .file)), ("next_cursor", Output.cursor),
      ]), holding: [.list(.commit, "/commits"), .within(.commit), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      for end in ["base", "head"] { try await github.permit(revision: call.string(end) ?? "", of: repository, call) }
      let range = "\(call.string("base") ?? "")...\(call.string("head") ?? "")"
      let page = try await github.page(call, repository.path + ["compare", range])
      let commits = try await github.records(
        call, page.json["commits"]?.elements.map { $0 } ?? [], .commit, chosen: call.chosenFields, adding: repository.members)
      // Files and counts are of all commits together: where one is hidden, or on another page, neither is told.
      let isWhole = github.rule(call, .commit) == nil || (page.next == nil && call.string("cursor") == nil && commits.count == page.json["total_commits"]?.int)
      let files = isWhole ? Self.files(page.json["files"], withPatch: call.bool("include_patch") ?? false) : []
      var structured: JSONObject = ["commits": .array(commits), "files": .array(files)]
      var text = range
      if let status = page.json["status"]?.string { (structured["status"], text) = (.string(status), "\(text): \(status)") }
      for (name, words) in [("ahead_by", "ahead by"), ("behind_by", "behind by")] where isWhole {
        if let count = page.json[name]?.int { (structured[name], text) = (.int(count), "\(text), \(words) \(count)") }
      }
      text += "\n"
      if let next = page.next { structured["next_cursor"] = .string(next) }
      text += CompactTable(commits, columns: Shape.commit.columns(call.chosenFields), more: page.next != nil).text + "\n"
      text += CompactTable(files, columns: Shape.file.columns).text
      for file in files { if let patch = file["patch"]?.string { text += "\n\n--- \(file["path"]?.string ?? "")\n\(patch)" } }
      return github.result(structured, text: text, untrusted: ["/commits/*/message", "/files/*/patch"], isFramed: true)
    }
  }
}

extension GitHub.Repository {
  /// What GitHub does not repeat in each object of a repository's list.
  var members: JSONObject { ["repository": .string(fullName), "owner": .string(owner)] }
}
