internal import ConnectorKit
internal import JSON
internal import MCP

/// Git's own objects.
struct GitTools {
  let github: GitHub

  var tools: [Tool] { [tree, ref, blob] }

  private var tree: Tool {
    github.tool(
      "get_repository_tree", "Tree", .reading, "Lists all paths below a folder of a repository at once.",
      [
        .owner, .repo, .text("tree_sha", "A branch, tag, commit or tree; HEAD if not given.", longest: 300),
        .flag("recursive", "Whether folders are opened; yes if not given."), .text("path_prefix", "Only paths that start so.", longest: 1000), .fields(.treeEntry),
      ] + Argument.page,
      output: Output.list("entries", of: .treeEntry, [("truncated", ["type": "boolean", "description": "GitHub gave the first 100,000 entries only."])]),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let sha = call.string("tree_sha").flatMap { $0.isEmpty ? nil : $0 } ?? "HEAD"
      let recursive = call.bool("recursive") ?? true
      var read = github.read(repository.path + ["git", "trees", sha], [("recursive", recursive ? "1" : nil)])
      read.maximumBytes = 16 << 20
      let json = try await github.api.json(read, as: try github.subject(call))
      let prefix = call.string("path_prefix") ?? ""
      let entries = (json["tree"]?.elements.map { $0 } ?? []).filter { prefix.isEmpty || $0["path"]?.string?.hasPrefix(prefix) == true }
      // GitHub gives all at once; pages are ours, within the very tree that the first page came from.
      let cursor = PageCursor(list: [call.name, repository.fullName, sha, prefix, "\(recursive)"])
      var start = 0
      if let text = call.string("cursor") {
        guard let place = Int(try cursor.vendor(text)), place >= 0 else { throw VendorError(.refused, "The cursor is not valid.") }
        start = min(place, entries.count)
      }
      let end = min(start + (call.int("limit") ?? 100), entries.count)
      let records = entries[start..<end].map { Shape.treeEntry.record($0, call.chosenFields) }
      var structured: JSONObject = ["entries": .array(records)]
      if end < entries.count { structured["next_cursor"] = .string(cursor.text(String(end))) }
      if json["truncated"]?.bool == true { structured["truncated"] = true }
      return github.result(structured, text: CompactTable(records, columns: Shape.treeEntry.columns(call.chosenFields), more: end < entries.count).text)
    }
  }

  private var ref: Tool {
    github.tool(
      "get_ref", "Reference", .reading, "Tells the commit that a branch or tag is at.",
      [.owner, .repo, .text("ref", "heads/BRANCH or tags/TAG.", required: true, longest: 300)],
      output: Output.object([("ref", ["type": "string"]), ("sha", ["type": "string"]), ("type", ["type": "string"])], required: ["ref", "sha"]),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let name = (call.string("ref") ?? "").pathSegments
      guard name.count >= 2, name[0] == "heads" || name[0] == "tags" else { throw VendorError(.refused, "ref must be heads/BRANCH or tags/TAG.") }
      let json = try await github.get(call, repository.path + ["git", "ref"] + name)
      let (sha, type) = (json["object"]?["sha"]?.string ?? "", json["object"]?["type"]?.string ?? "")
      return github.result(
        ["ref": .string(json["ref"]?.string ?? ""), "sha": .string(sha), "type": .string(type)], text: "\(name.joined(separator: "/")) is at \(type) \(sha)")
    }
  }

  private var blob: Tool {
    github.tool(
      "get_blob", "Blob", .reading, "Reads a blob by its SHA, as trees name it. For files by path there is get_file_contents.",
      [.owner, .repo, .text("sha", "The blob's SHA.", required: true, longest: 64), .number("start_line", "The first line."), .number("end_line", "The last line.")],
      output: Output.object(
        [("sha", ["type": "string"]), ("size", ["type": "integer"]), ("text", ["type": "string"]), ("truncated", ["type": "boolean"])], required: ["sha"]),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let sha = call.string("sha") ?? ""
      let content = try await github.blob(call, repository, sha)
      guard let text = content.text else { return github.result(["sha": .string(sha), "size": .int(content.bytes.count)], text: "The blob is no text.") }
      let (lines, isCut) = FileContent.lines(of: text, from: call.int("start_line"), to: call.int("end_line"))
      var structured: JSONObject = ["sha": .string(sha), "size": .int(content.bytes.count), "text": .string(lines)]
      if isCut { structured["truncated"] = true }
      return github.result(structured, text: lines, untrusted: ["/text"], isFramed: true)
    }
  }
}
