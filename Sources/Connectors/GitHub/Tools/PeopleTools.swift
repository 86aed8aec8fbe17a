internal import ConnectorKit
internal import JSON
internal import MCP

/// Teams of an organization, and who may do what in a repository.
struct PeopleTools {
  let github: GitHub

  var tools: [Tool] { [teams, members, collaborators] }

  private static let org = Argument.text("org", "The organization.", required: true, longest: 100)

  private var teams: Tool {
    github.tool(
      "list_teams", "List teams", .reading, "Lists the teams of an organization.", [Self.org] + Argument.page, output: Output.list("teams", of: .team)
    ) { [github] call in
      let page = try await github.page(call, ["orgs", try Self.name(call, "org"), "teams"])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "teams", .team)
    }
  }

  private var members: Tool {
    github.tool(
      "list_team_members", "Members of a team", .reading, "Lists who is in a team.",
      [
        Self.org, .text("team_slug", "The team's slug, as list_teams tells it.", required: true, longest: 100),
        .choice("role", ["member", "maintainer", "all"], "all if not given."),
      ] + Argument.page, output: Output.list("accounts", of: .user)
    ) { [github] call in
      let path = ["orgs", try Self.name(call, "org"), "teams", try Self.name(call, "team_slug"), "members"]
      let page = try await github.page(call, path, [("role", call.string("role"))])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "accounts", .user)
    }
  }

  private var collaborators: Tool {
    github.tool(
      "list_collaborators", "List collaborators", .reading, "Lists who may do what in a repository.",
      [
        .owner, .repo, .choice("affiliation", ["outside", "direct", "all"], "all if not given."),
        .choice("permission", ["pull", "triage", "push", "maintain", "admin"], "Only those who may at least this."),
      ] + Argument.page, output: Output.list("accounts", of: .collaborator), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(
        call, repository.path + ["collaborators"], [("affiliation", call.string("affiliation")), ("permission", call.string("permission"))])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "accounts", .collaborator)
    }
  }

  private static func name(_ call: ToolCall, _ argument: String) throws(VendorError) -> String {
    let name = call.string(argument) ?? ""
    guard GitHub.isName(name) else { throw VendorError(.refused, "\"\(name.prefix(60))\" is no name as GitHub has them in URLs.") }
    return name
  }
}
