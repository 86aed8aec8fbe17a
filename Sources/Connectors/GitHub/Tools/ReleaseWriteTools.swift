internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to releases.
struct ReleaseWriteTools {
  let github: GitHub

  var tools: [Tool] { [create, update, delete] }

  private static let id = Argument.number("release_id", "The release's id, as list_releases and get_release tell it.", required: true)
  private static let output = Output.object([("release", Shape.release.schema)], required: ["release"])
  private static let title = Argument.text("name", "The release's title.", longest: 300)
  private static let notes = Argument.long("body", "The notes, in Markdown.")
  private static let target = Argument.text("target_commitish", "Where a missing tag is made.", longest: 300)
  private static let flags: [Argument] = [.flag("draft", "Not yet public."), .flag("prerelease", "Not for production.")]

  private var create: Tool {
    github.tool(
      "create_release", "Create release", .adding, "Makes a release of a tag; GitHub makes the tag where it is missing.",
      [.owner, .repo, .text("tag_name", "The tag.", required: true, longest: 200), Self.target, Self.title, Self.notes] + Self.flags + [
        .flag("generate_release_notes", "Let GitHub write the notes from pull requests.")
      ], output: Self.output, holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let body = call.body("tag_name", "target_commitish", "name", "body", "draft", "prerelease", "generate_release_notes")
      let made = try await github.write(call, .post, repository.path + ["releases"], body)
      return github.showing(Shape.release.record(made ?? .null), "release", .release, note: "Made the release.")
    }
  }

  private var update: Tool {
    github.tool(
      "update_release", "Change release", .removing, "Changes a release: title, notes, tag, draft, prerelease, whether it is the latest. What is not given stays.",
      [.owner, .repo, Self.id, .text("tag_name", "Another tag.", longest: 200), Self.target, Self.title, Self.notes] + Self.flags + [
        .choice("make_latest", ["true", "false", "legacy"], "Whether it is the latest; legacy lets GitHub choose by date and version.")
      ], output: Self.output, holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let body = call.body("tag_name", "target_commitish", "name", "body", "draft", "prerelease", "make_latest")
      guard !body.isEmpty else { throw VendorError(.refused, "There is nothing to change: give name, body, draft or another setting.") }
      let made = try await github.write(call, .patch, repository.path + ["releases", String(call.number("release_id"))], body, isIdempotent: true)
      return github.showing(Shape.release.record(made ?? .null), "release", .release, note: "Changed the release.")
    }
  }

  private var delete: Tool {
    github.tool(
      "delete_release", "Delete release", .removing, "Deletes a release with its files. Its tag stays.", [.owner, .repo, Self.id], output: GitHub.doneOutput,
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      try await github.write(call, .delete, repository.path + ["releases", String(call.number("release_id"))], isIdempotent: true)
      return github.done("Deleted the release. Its tag is still there.")
    }
  }
}
