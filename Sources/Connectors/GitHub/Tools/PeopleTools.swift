internal import ConnectorKit
internal import JSON
internal import MCP

/// Teams of an organization, and who may do what in a repository.
struct PeopleTools {
  let github: GitHub

  var tools: [Tool] { [teams, members, collaborators] }

  private var teams: Tool {
    github.tool(
      "list_teams", "List teams", .reading, "Lists the teams of an organization, or those that the account itself is in.",
      [.text("org", "The organization. Without it: the account's own teams, of all organizations.", longest: 100), .fields(.team)] + Argument.page,
      output: Output.list("teams", of: .team)
    ) { [github] call in
      let page = try await github.page(call, (try call.name("org").map { ["orgs", $0] } ?? ["user"]) + ["teams"])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "teams", .team)
    }
  }

  private var members: Tool {
    github.tool(
      "list_team_members", "Members of a team", .reading, "Lists who is in a team.",
      [
        .text("org", "The organization.", required: true, longest: 100), .text("team_slug", "The team's slug, as list_teams tells it.", required: true, longest: 100),
        .choice("role", ["member", "maintainer", "all"], "all if not given."), .fields(.user),
      ] + Argument.page, output: Output.list("accounts", of: .user)
    ) { [github] call in
      let path = ["orgs", try call.name("org") ?? "", "teams", try call.name("team_slug") ?? "", "members"]
      let page = try await github.page(call, path, [("role", call.string("role"))])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "accounts", .user)
    }
  }

  private var collaborators: Tool {
    github.tool(
      "list_collaborators", "List collaborators", .reading, "Lists who may do what in a repository.",
      [
        .owner, .repo, .choice("affiliation", ["outside", "direct", "all"], "all if not given."),
        .choice("permission", ["pull", "triage", "push", "maintain", "admin"], "Only those who may at least this."), .fields(.collaborator),
      ] + Argument.page, output: Output.list("accounts", of: .collaborator), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(
        call, repository.path + ["collaborators"], [("affiliation", call.string("affiliation")), ("permission", call.string("permission"))])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "accounts", .collaborator)
    }
  }
}
