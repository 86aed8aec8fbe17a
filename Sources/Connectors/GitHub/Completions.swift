internal import ConnectorKit
internal import JSON
internal import MCP

/// Suggestions for what people type: owners, repositories, branches, tags, commits, paths, numbers of open issues and pull requests.
struct GitHubCompletions {
  let github: GitHub

  func add(to server: Server) {
    for prompt in GitHubPrompts.names {
      for argument in ["owner", "repo", "issue_number", "pull_number", "base", "head"] { add(to: server, .prompt(prompt, argument: argument), argument) }
    }
    for template in GitHubResources.templates {
      for argument in ["owner", "repo", "branch", "tag", "sha", "number", "path"]
      where template.contains("{\(argument)}") || template.contains("{/\(argument)*}") {
        add(to: server, .resourceTemplate(template, argument: argument), argument == "number" ? "pull_number" : argument)
      }
    }
    for (template, argument) in [(GitHubResources.issueTemplate, "issue_number"), (GitHubResources.pullTemplate, "pull_number")] {
      add(to: server, .resourceTemplate(template, argument: "owner"), "owner")
      add(to: server, .resourceTemplate(template, argument: "repo"), "repo")
      add(to: server, .resourceTemplate(template, argument: "number"), argument)
    }
  }

  private func add(to server: Server, _ target: CompletionTarget, _ kind: String) {
    server.addCompletion(for: target) { [self] request in
      // A suggestion that cannot be had is no failure: whoever types goes on without.
      do { return Completion(Self.matching(try await values(kind, request), request.value)) } catch is VendorError { return [] }
    }
  }

  private func values(_ kind: String, _ request: CompletionRequest) async throws(VendorError) -> [String] {
    let owner = request.arguments["owner"] ?? ""
    switch kind {
    case "owner": return Self.unique(try await repositories(request).map { String($0.prefix { $0 != "/" }) })
    case "repo":
      return try await repositories(request).filter { owner.isEmpty || $0.lowercased().hasPrefix(owner.lowercased() + "/") }
        .map { String($0.drop { $0 != "/" }.dropFirst()) }
    case "branch": return try await names(request, owner, ["branches"])
    case "tag": return try await names(request, owner, ["tags"])
    // What is compared may be either; a version mostly ends at a branch and begins at a tag.
    case "head": return Self.unique(try await names(request, owner, ["branches"]) + names(request, owner, ["tags"]))
    case "base": return Self.unique(try await names(request, owner, ["tags"]) + names(request, owner, ["branches"]))
    case "sha":
      let repository = try await permitted(request, owner)
      let commits = try await github.get(request, repository.path + ["commits"], [("per_page", "100")]).elements
      return try await github.records(request, commits, .commit, adding: repository.members).compactMap { $0["sha"]?.string }
    case "path": return try await paths(request, owner)
    case "issue_number":
      let repository = try await permitted(request, owner)
      let issues = try await github.get(request, repository.path + ["issues"], [("per_page", "100")]).elements.filter { $0["pull_request"] == nil }
      return Self.numbers(try await github.records(request, issues, .issue, adding: repository.members))
    default:
      let repository = try await permitted(request, owner)
      let pulls = try await github.get(request, repository.path + ["pulls"], [("per_page", "100")]).elements
      return Self.numbers(try await github.records(request, pulls, .pullRequest, adding: repository.members))
    }
  }

  private static func numbers(_ records: [JSONValue]) -> [String] { records.compactMap { $0["number"]?.int.map { String($0) } } }

  private func permitted(_ request: CompletionRequest, _ owner: String) async throws(VendorError) -> GitHub.Repository {
    let repository = try github.repository(owner, request.arguments["repo"] ?? "")
    try await github.permit(repository, request)
    return repository
  }

  private func names(_ request: CompletionRequest, _ owner: String, _ path: [String]) async throws(VendorError) -> [String] {
    let repository = try await permitted(request, owner)
    return try await github.get(request, repository.path + path, [("per_page", "100")]).elements.compactMap { $0["name"]?.string }
  }

  /// What is in the folder that was typed so far, of the version that the other arguments name. Folders end with a slash.
  private func paths(_ request: CompletionRequest, _ owner: String) async throws(VendorError) -> [String] {
    let repository = try await permitted(request, owner)
    func given(_ name: String) -> String? { request.arguments[name].flatMap { $0.isEmpty ? nil : $0 } }
    let ref = given("branch") ?? given("sha") ?? given("tag").map { "refs/tags/\($0)" } ?? given("number").map { "refs/pull/\($0)/head" }
    let folder = request.value.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    guard case .folder(let entries) = try await github.contents(request, repository, folder, ref: ref) else { return [] }
    return entries.compactMap { entry in entry["path"]?.string.map { entry["type"]?.string == "dir" ? $0 + "/" : $0 } }
  }

  /// `owner/name` of what the account may see, the latest first.
  private func repositories(_ request: CompletionRequest) async throws(VendorError) -> [String] {
    let json: RawJSON
    if case .app = github.settings.grant {
      json = try await github.get(request, ["installation", "repositories"], [("per_page", "100")])
    } else {
      json = try await github.get(request, ["user", "repos"], [("sort", "pushed"), ("per_page", "100")])
    }
    let items = (json["repositories"] ?? json).elements.filter { github.admits($0) }
    return try await github.records(request, items, .repository).compactMap { $0["repository"]?.string }
  }

  private static func matching(_ values: [String], _ typed: String) -> [String] {
    let typed = typed.lowercased()
    let starts = values.filter { $0.lowercased().hasPrefix(typed) }
    return starts + values.filter { !$0.lowercased().hasPrefix(typed) && $0.lowercased().contains(typed) }
  }

  private static func unique(_ values: [String]) -> [String] {
    var seen: Set<String> = []
    return values.filter { seen.insert($0).inserted }
  }
}
