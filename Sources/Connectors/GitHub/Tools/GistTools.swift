internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// The account's gists.
struct GistTools {
  let github: GitHub

  var tools: [Tool] { [list, get] }
  var writes: [Tool] { [write] }

  private var list: Tool {
    github.tool(
      "list_gists", "List gists", .reading, "Lists the account's gists, or the public ones of another user.",
      [
        .text("username", "Another user; the account itself if not given.", longest: 100),
        .text("since", "Only those that changed after this time.", longest: 40), .fields(.gist),
      ] + Argument.page,
      output: Output.list("gists", of: .gist)
    ) { [github] call in
      let path = (try call.name("username").map { ["users", $0] } ?? []) + ["gists"]
      let page = try await github.page(call, path, [("since", call.string("since").flatMap { $0.isEmpty ? nil : $0 })])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "gists", .gist)
    }
  }

  private var get: Tool {
    github.tool(
      "get_gist", "Gist", .reading, "Reads a gist with its files, cut to 100 KB in all.", [.text("gist_id", "The gist's id.", required: true, longest: 100)],
      output: Output.object(
        [("gist", Shape.gist.schema), ("contents", ["type": "object", "additionalProperties": ["type": "string"]]), ("truncated", ["type": "boolean"])],
        required: ["gist"])
    ) { [github] call in
      let raw = try await github.get(call, ["gists", call.string("gist_id") ?? ""])
      let record = Shape.gist.record(raw, isWhole: true)
      var rest = FileContent.mostText
      var contents = JSONObject()
      var isCut = false
      for (name, file) in raw["files"]?.members.map({ $0 }) ?? [] {
        guard let text = file["content"]?.string, text.utf8.count <= rest else {
          isCut = true
          continue
        }
        rest -= text.utf8.count
        contents[name.string ?? ""] = .string(text)
        isCut = isCut || file["truncated"]?.bool == true
      }
      let text = contents.map { "--- \($0.name)\n\($0.value.string ?? "")" }.joined(separator: "\n\n")
      var structured: JSONObject = ["gist": record, "contents": .object(contents)]
      if isCut { structured["truncated"] = true }
      return github.result(structured, text: text, untrusted: ["/gist/description", "/contents"], isFramed: true)
    }
  }

  private var write: Tool {
    github.tool(
      "gist_write", "Write gist", .changing, "Makes (create), changes (update) or deletes (delete) a gist. Gists are secret unless said otherwise.",
      [
        .choice("method", ["create", "update", "delete"], "What to do.", required: true), .text("gist_id", "To update or delete: the gist's id.", longest: 100),
        .text("description", "What it is.", longest: 300), .flag("public", "To create: whether everyone may find it."),
        .objects(
          "files", "The files. To update: those that change; one without content goes.",
          of: [.text("name", "The file's name.", required: true, longest: 255), .long("content", "The whole new text.")]),
      ], output: Output.object([("gist", Shape.gist.schema), ("done", ["type": "boolean"])])
    ) { [github] call in
      if call.string("method") == "delete" {
        try await github.write(call, .delete, ["gists", try call.need("gist_id")], isIdempotent: true)
        return github.done("Deleted the gist.")
      }
      let isNew = call.string("method") == "create"
      var body = call.body("description")
      var files = JSONObject()
      for file in call.arguments.elements(of: "files") {
        files[file["name"]?.string ?? ""] = file["content"]?.string.map { ["content": .string($0)] } ?? .null
      }
      if isNew {
        guard !files.isEmpty, !files.contains(where: { $0.value.isNull }) else { throw VendorError(.refused, "A new gist needs files with content.") }
        body["public"] = .bool(call.bool("public") ?? false)
      }
      if !files.isEmpty { body["files"] = .object(files) }
      let made =
        isNew
        ? try await github.write(call, .post, ["gists"], body)
        : try await github.write(call, .patch, ["gists", try call.need("gist_id")], body, isIdempotent: true)
      return github.showing(Shape.gist.record(made ?? .null), "gist", .gist, note: isNew ? "Made the gist." : "Changed the gist.")
    }
  }
}
