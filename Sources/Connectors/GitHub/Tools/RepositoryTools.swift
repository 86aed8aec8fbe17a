internal import ConnectorKit
internal import JSON
internal import MCP

/// Repositories, their branches, tags and releases.
struct RepositoryTools {
  let github: GitHub

  var tools: [Tool] { [list, get, branches, tags, tag, releases, release] }

  private var list: Tool {
    github.tool(
      "list_repositories", "List repositories", .reading, "Lists the repositories of the account itself, or those of an organization.",
      [
        .text("org", "An organization. Without it: the repositories that the account may see.", longest: 100),
        .choice("visibility", ["all", "public", "private"], "Of the account's own list."), .choice("sort", ["created", "updated", "pushed", "full_name"], "The order."),
        .choice("direction", ["asc", "desc"], "The direction."), .fields(.repository),
      ] + Argument.page,
      output: Output.list("repositories", of: .repository), holding: [.list(.repository, "/repositories")]
    ) { [github] call in
      let order: [(name: String, value: String?)] = [("sort", call.string("sort")), ("direction", call.string("direction"))]
      let page: GitHub.Page
      if let org = try call.name("org") {
        page = try await github.page(call, ["orgs", org, "repos"], order)
      } else if case .app = github.settings.grant {
        page = try await github.page(call, ["installation", "repositories"])
      } else {
        page = try await github.page(call, ["user", "repos"], [("visibility", call.string("visibility"))] + order)
      }
      let items = (page.json["repositories"] ?? page.json).elements.filter { github.admits($0) }
      return try await github.listing(call, page, items, "repositories", .repository)
    }
  }

  private var get: Tool {
    github.tool(
      "get_repository", "Repository", .reading, "Tells of one repository: visibility, default branch, language, topics, license.", [.owner, .repo],
      output: Output.object([("repository", Shape.repository.schema)], required: ["repository"]), holding: [.one(.repository, "/repository")]
    ) { [github] call in
      let repository = try github.repository(call)
      let record = try await github.record(call, try await github.get(call, repository.path), .repository)
      return github.showing(record, "repository", .repository)
    }
  }

  private var branches: Tool {
    github.tool(
      "list_branches", "List branches", .reading, "Lists the branches of a repository with their newest commit.",
      [.owner, .repo, .flag("protected", "Only protected ones, or only others."), .fields(.branch)] + Argument.page, output: Output.list("branches", of: .branch),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(call, repository.path + ["branches"], [("protected", call.bool("protected").map { $0 ? "true" : "false" })])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "branches", .branch)
    }
  }

  private var tags: Tool {
    github.tool(
      "list_tags", "List tags", .reading, "Lists the tags of a repository.", [.owner, .repo, .fields(.tag)] + Argument.page,
      output: Output.list("tags", of: .tag), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(call, repository.path + ["tags"])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "tags", .tag)
    }
  }

  private var tag: Tool {
    github.tool(
      "get_tag", "Tag", .reading, "Tells the commit that a tag is at; of an annotated tag also its message, by whom and when, and whether the signature is valid.",
      [.owner, .repo, .text("tag", "The tag's name.", required: true, longest: 200)],
      output: Output.object([("tag", Shape.tagObject.schema)], required: ["tag"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let name = call.string("tag") ?? ""
      let ref = try await github.get(call, repository.path + ["git", "ref", "tags"] + name.pathSegments)
      // A lightweight tag is at a commit itself.
      guard ref["object"]?["type"]?.string == "tag", let sha = ref["object"]?["sha"]?.string else {
        return github.showing(Shape.tagObject.record(ref, isWhole: true, adding: ["name": .string(name)]), "tag", .tagObject)
      }
      let object = try await github.get(call, repository.path + ["git", "tags", sha])
      return github.showing(Shape.tagObject.record(object, isWhole: true, adding: ["name": .string(name)]), "tag", .tagObject)
    }
  }

  private var releases: Tool {
    github.tool(
      "list_releases", "List releases", .reading, "Lists the releases of a repository, the newest first.", [.owner, .repo, .fields(.release)] + Argument.page,
      output: Output.list("releases", of: .release), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let page = try await github.page(call, repository.path + ["releases"])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "releases", .release)
    }
  }

  private var release: Tool {
    github.tool(
      "get_release", "Release", .reading, "Shows the latest release, or that of a tag, with its notes.",
      [.owner, .repo, .text("tag", "The release's tag. Without it: the latest release.", longest: 200)],
      output: Output.object([("release", Shape.release.schema)], required: ["release"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let path = call.string("tag").flatMap { $0.isEmpty ? nil : ["tags", $0] } ?? ["latest"]
      let release = try await github.get(call, repository.path + ["releases"] + path)
      return github.showing(Shape.release.record(release, isWhole: true), "release", .release)
    }
  }
}
