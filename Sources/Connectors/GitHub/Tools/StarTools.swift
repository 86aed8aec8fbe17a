internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Repositories that somebody marked with a star.
struct StarTools {
  let github: GitHub

  var tools: [Tool] { [list] }
  var writes: [Tool] { [star] }

  private var list: Tool {
    github.tool(
      "list_starred_repositories", "Starred repositories", .reading, "Lists the repositories that the account, or another user, marked with a star.",
      [
        .text("username", "Another user; the account itself if not given.", longest: 100),
        .choice("sort", ["created", "updated"], "By when it was starred, or pushed to."), .choice("direction", ["asc", "desc"], "The direction."), .fields(.repository),
      ] + Argument.page,
      output: Output.list("repositories", of: .repository), holding: [.list(.repository, "/repositories")]
    ) { [github] call in
      let user = try call.name("username")
      let page = try await github.page(
        call, (user.map { ["users", $0] } ?? ["user"]) + ["starred"], [("sort", call.string("sort")), ("direction", call.string("direction"))])
      return try await github.listing(call, page, page.json.elements.filter { github.admits($0) }, "repositories", .repository)
    }
  }

  private var star: Tool {
    github.tool(
      "star_write", "Star", .setting, "Marks a repository with the account's star (star), or no longer (unstar).",
      [.choice("method", ["star", "unstar"], "What to do.", required: true), .owner, .repo], output: GitHub.doneOutput, holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let isStarring = call.string("method") == "star"
      try await github.write(call, isStarring ? .put : .delete, ["user", "starred", repository.owner, repository.name], isIdempotent: true)
      return github.done(isStarring ? "Starred \(repository.fullName)." : "\(repository.fullName) has the star no longer.")
    }
  }
}
