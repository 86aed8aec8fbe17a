internal import ConnectorKit
internal import JSON
internal import MCP

/// Discussions of a repository, which GitHub tells over GraphQL.
struct DiscussionTools {
  let github: GitHub

  var tools: [Tool] { [categories, list, read] }

  static let number = Argument.number("discussion_number", "The discussion's number.", required: true)

  private var categories: Tool {
    github.tool(
      "list_discussion_categories", "Categories of discussions", .reading,
      "Lists the categories that discussions of a repository have. Those of an organization are in its repository .github, or in another that it chose.",
      [.owner, .repo, .fields(.discussionCategory)], output: Output.list("categories", of: .discussionCategory, [Output.incomplete]),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let answer = try await github.graphQL(call, .discussionCategories, github.variables(repository), at: ["repository", "discussionCategories"])
      let nodes = answer.value["nodes"]?.elements.filter { !$0.isNull } ?? []
      return try await github.listing(call, GitHub.Page(json: answer.value), nodes, "categories", .discussionCategory, problems: answer.problems)
    }
  }

  private var list: Tool {
    github.tool(
      "list_discussions", "List discussions", .reading, "Lists the discussions of a repository, those that changed last first.",
      [
        .owner, .repo, .text("category", "Only those of a category: its slug, name or id.", longest: 200),
        .choice("state", ["open", "closed"], "Only those that are so."), .flag("answered", "Only those with an answer, or without."),
        .choice("sort", ["created", "updated"], "updated if not given."), .choice("direction", ["asc", "desc"], "desc if not given."), .fields(.discussion),
      ] + Argument.page,
      output: Output.list("discussions", of: .discussion, [Output.incomplete]), holding: [.list(.discussion, "/discussions"), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let rule = github.rule(call, .discussion)
      guard !SearchPushDown.isEmpty(rule) else { return github.result(["discussions": []], text: "Nothing found.") }
      var variables = github.variables(repository)
      if let name = call.string("category"), !name.isEmpty {
        variables["category"] = .string(try await Self.category(github, call, repository, name).id)
      }
      if let state = call.string("state") { variables["states"] = [.string(state.uppercased())] }
      if let answered = call.bool("answered") { variables["answered"] = .bool(answered) }
      variables["order"] = [
        "field": call.string("sort") == "created" ? "CREATED_AT" : "UPDATED_AT", "direction": call.string("direction") == "asc" ? "ASC" : "DESC",
      ]
      variables["body"] = .bool(call.chosenFields?.contains("body") == true || rule?.attributes.contains("body") == true)
      let (page, nodes, problems) = try await github.page(call, .discussions, variables, at: ["repository", "discussions"])
      return try await github.listing(call, page, nodes, "discussions", .discussion, problems: problems)
    }
  }

  /// The category that a slug, a name or an id means, and the id of the repository.
  static func category(
    _ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ name: String
  ) async throws(VendorError) -> (id: String, name: String, repositoryID: String) {
    let found = try await github.graphQL(call, .discussionCategories, github.variables(repository), at: ["repository"]).value
    let all = found["discussionCategories"]?["nodes"]?.elements.filter { !$0.isNull } ?? []
    let match = all.first { category in ["slug", "id", "name"].contains { category[$0]?.string?.lowercased() == name.lowercased() } }
    guard let match, let id = match["id"]?.string, let repositoryID = found["id"]?.string else {
      let known = all.compactMap { $0["slug"]?.string }.joined(separator: ", ")
      throw VendorError(.notFound, "\(repository.fullName) has no category \"\(name.prefix(100))\". \(known.isEmpty ? "It has no discussions." : "There are: \(known).")")
    }
    return (id, match["name"]?.string ?? "", repositoryID)
  }

  private var read: Tool {
    github.tool(
      "discussion_read", "Discussion", .reading, "Reads a discussion (get), or what was said to it (get_comments), each comment followed by the answers to it.",
      [.choice("method", ["get", "get_comments"], "What to read.", required: true), .owner, .repo, Self.number, .listFields] + Argument.page,
      output: Output.object([
        ("discussion", Shape.discussion.schema), ("comments", Output.array(of: .discussionComment)), ("next_cursor", Output.cursor), Output.incomplete,
      ]), holding: [.one(.discussion, "/discussion"), .within(.discussion), .within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      if call.string("method") == "get" { return github.showing(try await github.discussion(call, repository).record, "discussion", .discussion) }
      if github.rule(call, .discussion) != nil { _ = try await github.discussion(call, repository) }
      var variables = github.variables(repository)
      variables["number"] = .int(call.number("discussion_number"))
      let (page, nodes, problems) = try await github.page(call, .discussionComments, variables, at: ["repository", "discussion", "comments"])
      let all = nodes.flatMap { [$0] + ($0["replies"]?["nodes"]?.elements.filter { !$0.isNull } ?? []) }
      return try await github.listing(call, page, all, "comments", .discussionComment, problems: problems)
    }
  }
}

extension GitHub {
  /// The discussion of a call, if the caller may see it, and its id.
  func discussion(_ call: ToolCall, _ repository: Repository) async throws(VendorError) -> (record: JSONValue, id: String) {
    var variables = variables(repository)
    variables["number"] = .int(call.number("discussion_number"))
    let found = try await graphQL(call, .discussion, variables, at: ["repository", "discussion"]).value
    return (try await record(call, found, .discussion), found["id"]?.string ?? "")
  }
}

extension GraphQLDocument {
  static let discussionFields: StaticString = """
    fragment discussion on Discussion {
      id number title closed stateReason isAnswered locked upvoteCount createdAt updatedAt closedAt url body @include(if: $body)
      category { name } author { __typename login } labels(first: 100) { nodes { name } } comments { totalCount } repository { nameWithOwner visibility }
    }
    """
  static let discussionCommentFields: StaticString = """
    fragment comment on DiscussionComment {
      id body authorAssociation isAnswer upvoteCount createdAt url author { __typename login } replyTo { id }
    }
    """

  static let discussionCategories = query(
    """
    query($owner: String!, $name: String!, $renames: Boolean!) {
      repository(owner: $owner, name: $name, followRenames: $renames) {
        id discussionCategories(first: 100) { nodes { id slug name description isAnswerable } }
      }
      rateLimit { cost remaining resetAt }
    }
    """)

  static let discussions = query(
    """
    query(
      $owner: String!, $name: String!, $renames: Boolean!, $first: Int!, $after: String, $category: ID, $states: [DiscussionState!], $answered: Boolean,
      $order: DiscussionOrder!, $body: Boolean!
    ) {
      repository(owner: $owner, name: $name, followRenames: $renames) {
        discussions(first: $first, after: $after, categoryId: $category, states: $states, answered: $answered, orderBy: $order) {
          pageInfo { hasNextPage endCursor } nodes { ...discussion }
        }
      }
      rateLimit { cost remaining resetAt }
    }
    """, discussionFields)

  static let discussion = query(
    """
    query($owner: String!, $name: String!, $renames: Boolean!, $number: Int!, $body: Boolean = true) {
      repository(owner: $owner, name: $name, followRenames: $renames) { discussion(number: $number) { ...discussion } }
      rateLimit { cost remaining resetAt }
    }
    """, discussionFields)

  static let discussionComments = query(
    """
    query($owner: String!, $name: String!, $renames: Boolean!, $number: Int!, $first: Int!, $after: String) {
      repository(owner: $owner, name: $name, followRenames: $renames) {
        discussion(number: $number) {
          comments(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor }
            nodes { ...comment replies(first: 30) { pageInfo { hasNextPage } nodes { ...comment } } }
          }
        }
      }
      rateLimit { cost remaining resetAt }
    }
    """, discussionCommentFields)
}
