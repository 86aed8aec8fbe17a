internal import ConnectorKit
internal import JSON
internal import MCP

/// Threads of a review: comments on the same lines, and whether they are resolved. GitHub tells that over GraphQL alone.
struct ReviewThreadTools {
  let github: GitHub

  var tools: [Tool] { [list] }
  var writes: [Tool] { [resolve] }

  private var list: Tool {
    github.tool(
      "list_review_threads", "Review threads", .reading,
      "Lists the threads of a pull request's reviews with their comments, 20 of each, and whether they are resolved or outdated.",
      [
        .owner, .repo, PullRequestTools.number, .flag("resolved", "Only those that are resolved, or that are not; pages may then hold fewer."),
        .fields(.reviewThread),
      ] + Argument.page,
      output: Output.list("review_threads", of: .reviewThread, [Output.incomplete]), holding: [.list(.reviewThread, "/review_threads"), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      try await github.permit(repository, pull: call.number("pull_number"), call)
      var variables = github.variables(repository)
      variables["number"] = .int(call.number("pull_number"))
      let (page, nodes, problems) = try await github.page(call, .reviewThreads, variables, at: ["repository", "pullRequest", "reviewThreads"])
      let threads = call.bool("resolved").map { wanted in nodes.filter { $0["isResolved"]?.bool == wanted } } ?? nodes
      return try await github.listing(call, page, threads, "review_threads", .reviewThread, problems: problems)
    }
  }

  private var resolve: Tool {
    github.tool(
      "review_thread_write", "Resolve a review thread", .setting, "Marks a thread of a review as resolved (resolve), or no longer (unresolve).",
      [
        .choice("method", ["resolve", "unresolve"], "What to do.", required: true), .owner, .repo, PullRequestTools.number,
        .text("thread_id", "The thread's id, as list_review_threads tells it.", required: true, longest: 200),
      ], output: Output.object([("review_thread", Shape.reviewThread.schema)], required: ["review_thread"]),
      holding: [.one(.reviewThread, "/review_thread"), .within(.reviewThread), .within(.pullRequest)]
    ) { [github] call in
      let repository = try github.repository(call)
      let number = call.number("pull_number")
      try await github.permit(repository, pull: number, call)
      let id = call.string("thread_id") ?? ""
      // Ids are of all of GitHub: the thread must be one of the pull request that was checked.
      let found = try await github.graphQL(call, .reviewThread, ["id": .string(id)], at: ["node"]).value
      guard found["pullRequest"]?["number"]?.int == number, RecordPlace.repository(found)?.lowercased() == repository.fullName.lowercased() else {
        throw VendorError(.notFound, "The pull request has no thread \(id.prefix(100)). Nothing was changed.")
      }
      _ = try await github.record(call, found, .reviewThread)
      let isResolving = call.string("method") == "resolve"
      let made = try await github.graphQL(
        call, isResolving ? .resolveThread : .unresolveThread, ["input": ["threadId": .string(id)]],
        at: [isResolving ? "resolveReviewThread" : "unresolveReviewThread", "thread"])
      let record = try await github.written(call, made.value, .reviewThread)
      return github.showing(record, "review_thread", .reviewThread, note: isResolving ? "Resolved the thread." : "Opened the thread again.")
    }
  }
}

extension GraphQLDocument {
  private static let threadFields: StaticString = """
    fragment thread on PullRequestReviewThread {
      id path line diffSide isResolved isOutdated resolvedBy { login } pullRequest { number } repository { nameWithOwner visibility }
      comments(first: 20) { pageInfo { hasNextPage } nodes { databaseId body createdAt author { __typename login } } }
    }
    """

  static let reviewThreads = query(
    """
    query($owner: String!, $name: String!, $renames: Boolean!, $number: Int!, $first: Int!, $after: String) {
      repository(owner: $owner, name: $name, followRenames: $renames) {
        pullRequest(number: $number) {
          reviewThreads(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...thread } }
        }
      }
      rateLimit { cost remaining resetAt }
    }
    """, threadFields)
  static let reviewThread = query(
    """
    query($id: ID!) {
      node(id: $id) { ...thread }
      rateLimit { cost remaining resetAt }
    }
    """, threadFields)
  static let resolveThread = mutation(
    "mutation($input: ResolveReviewThreadInput!) { resolveReviewThread(input: $input) { thread { ...thread } } }", threadFields, isIdempotent: true)
  static let unresolveThread = mutation(
    "mutation($input: UnresolveReviewThreadInput!) { unresolveReviewThread(input: $input) { thread { ...thread } } }", threadFields, isIdempotent: true)
}
