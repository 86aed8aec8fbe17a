internal import ConnectorKit
internal import JSON
internal import MCP

/// Which commit the lines of a file are from, which GitHub tells over GraphQL.
struct BlameTools {
  let github: GitHub

  var tools: [Tool] { [blame] }

  private var blame: Tool {
    github.tool(
      "get_file_blame", "Blame", .reading, "Tells for each run of lines of a file the commit that they are from, by whom and when.",
      [
        .owner, .repo, .text("path", "A path in the repository, without a slash in front.", required: true, longest: 4000), FileTools.ref,
        .number("start_line", "The first line, counted from 1."), .number("end_line", "The last line."), .fields(.blame),
      ] + Argument.page,
      output: Output.list("ranges", of: .blame, [Output.incomplete]), holding: [.list(.blame, "/ranges"), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let rule = github.rule(call, .blame)
      guard !SearchPushDown.isEmpty(rule) else { return github.result(["ranges": []], text: "Nothing found.") }
      if let rule, !rule.attributes.isSubset(of: Shape.blame.fields.map(\.name)) {
        throw VendorError(.refused, "Policy limits which commits you may see by more than a blame tells of them. Use list_commits with the path instead.")
      }
      let path = (call.string("path") ?? "").pathSegments.joined(separator: "/")
      let ref = call.string("ref").flatMap { $0.isEmpty ? nil : $0 } ?? "HEAD"
      var variables = github.variables(repository)
      (variables["ref"], variables["path"]) = (.string(ref), .string(path))
      let isWhole = rule?.attributes.contains("message") == true
      variables["whole"] = .bool(isWhole)
      let answer = try await github.graphQL(call, .blame, variables, at: ["repository", "object"])
      guard let blame = answer.value["blame"] ?? answer.value["target"]?["blame"] else { throw VendorError(.refused, "\(ref.prefix(100)) is no branch, tag or commit.") }
      let (first, last) = (call.int("start_line") ?? 1, call.int("end_line") ?? .max)
      let ranges = (blame["ranges"]?.elements.map { $0 } ?? []).filter { ($0["endingLine"]?.int ?? 0) >= first && ($0["startingLine"]?.int ?? 0) <= last }
      // GitHub gives all at once; pages are ours.
      let cursor = PageCursor(list: [call.name, repository.fullName, ref, path, "\(first)", "\(last)"])
      var start = 0
      if let text = call.string("cursor") {
        guard let place = Int(try cursor.vendor(text)), place >= 0 else { throw VendorError(.refused, "The cursor is not valid.") }
        start = min(place, ranges.count)
      }
      let end = min(start + (call.int("limit") ?? GitHub.defaultLimit), ranges.count)
      let page = GitHub.Page(json: answer.value, next: end < ranges.count ? cursor.text(String(end)) : nil)
      let shape: Shape = isWhole ? .blameOfMessages : .blame
      return try await github.listing(call, page, Array(ranges[start..<end]), "ranges", shape, adding: repository.members, problems: answer.problems)
    }
  }
}

extension Shape {
  /// Lines of a file and the commit that they are from: as policy has commits, so that its rules hold for them.
  static let blame = blame(message: "messageHeadline")
  /// With whole messages, for rules that speak of them: first lines do not tell what the rest holds.
  static let blameOfMessages = blame(message: "message")

  private static func blame(message: String) -> Shape {
    Shape(
      commit.type, identity: commit.identity, untrusted: ["message"], columns: ["first_line", "last_line", "sha", "date", "author", "message"],
      [
        Field("first_line", .number, at: ["startingLine"]), Field("last_line", .number, at: ["endingLine"]), Field("sha", at: ["commit", "oid"]), repositoryName,
        repositoryOwner, Field("author", at: ["commit", "author", "user", "login"]), Field("author_name", at: ["commit", "author", "name"]),
        Field("date", at: ["commit", "authoredDate"]), Field("message", at: ["commit", message]), Field("visibility", listed: false) { _ in nil },
        Field("url", at: ["commit", "url"], listed: false),
      ])
  }
}

extension GraphQLDocument {
  fileprivate static let blame = query(
    """
    query($owner: String!, $name: String!, $renames: Boolean!, $ref: String!, $path: String!, $whole: Boolean!) {
      repository(owner: $owner, name: $name, followRenames: $renames) {
        object(expression: $ref) { ... on Commit { ...blamed } ... on Tag { target { ... on Commit { ...blamed } } } }
      }
      rateLimit { cost remaining resetAt }
    }
    """,
    """
    fragment blamed on Commit {
      blame(path: $path) {
        ranges { startingLine endingLine commit { oid messageHeadline message @include(if: $whole) authoredDate url author { name user { login } } } }
      }
    }
    """)
}
