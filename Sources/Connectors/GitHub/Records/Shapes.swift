internal import ConnectorKit
internal import JSON

extension Shape {
  static let repository = Shape(
    RecordType("Repository", entities: ["owner": "User"]), identity: ["repository", "owner", "visibility"], untrusted: ["description"],
    columns: ["repository", "visibility", "language", "stars", "pushed_at", "description"],
    [
      Field("repository", at: ["full_name"]), Field("owner", at: ["owner", "login"]), Field("visibility", .text, visibility),
      Field("description"), Field("default_branch"), Field("language"), Field("topics", .texts, listed: false), Field("stars", .number, at: ["stargazers_count"]),
      Field("forks", .number, at: ["forks_count"], listed: false), Field("open_issues", .number, at: ["open_issues_count"]), Field("archived", .flag),
      Field("fork", .flag), Field("license", at: ["license", "spdx_id"], listed: false), Field("created_at", listed: false), Field("pushed_at"),
      Field("updated_at", listed: false), Field("url", at: ["html_url"]), Field("id", .number, listed: false),
    ])

  static let issue = Shape(
    RecordType("Issue", entities: ["owner": "User", "author": "User"]), identity: ["repository", "owner", "number", "author"], untrusted: ["title", "body"],
    columns: ["repository", "number", "state", "title", "author", "assignees", "labels", "updated_at"],
    [
      repositoryName, repositoryOwner, Field("number", .number), Field("title"), Field("state"), Field("state_reason", listed: false),
      Field("author", at: ["user", "login"]), .names("assignees", "login"), .names("labels", "name"), Field("milestone", at: ["milestone", "title"]),
      Field("type", at: ["type", "name"]), Field("comments", .number), Field("visibility", listed: false) { $0["repository"].flatMap(visibility) },
      Field("created_at"), Field("updated_at"), Field("closed_at", listed: false), Field("body", listed: false),
      Field("is_pull_request", .flag) { $0["pull_request"].map { _ in true } }, Field("sub_issues", .object, at: ["sub_issues_summary"], listed: false),
      Field("locked", .flag, listed: false), Field("id", .number, listed: false), Field("url", at: ["html_url"]),
    ])

  static let pullRequest = Shape(
    RecordType("PullRequest", entities: ["owner": "User", "author": "User"]), identity: ["repository", "owner", "number", "author"], untrusted: ["title", "body"],
    columns: ["repository", "number", "state", "title", "author", "head", "base", "draft", "updated_at"],
    [
      repositoryName, repositoryOwner, Field("number", .number), Field("title"), Field("state"), Field("draft", .flag), Field("author", at: ["user", "login"]),
      .names("assignees", "login", listed: false), .names("reviewers", in: ["requested_reviewers"], "login"),
      .names("team_reviewers", in: ["requested_teams"], "slug", listed: false), .names("labels", "name"),
      Field("milestone", at: ["milestone", "title"], listed: false), Field("head", at: ["head", "ref"]), Field("head_sha", at: ["head", "sha"]),
      Field("head_repository", at: ["head", "repo", "full_name"], listed: false), Field("base", at: ["base", "ref"]),
      Field("base_sha", at: ["base", "sha"], listed: false), Field("visibility", listed: false) { $0["base"]?["repo"].flatMap(visibility) },
      Field("merged", .flag, listed: false), Field("mergeable", .flag, listed: false), Field("mergeable_state", listed: false),
      Field("merged_by", at: ["merged_by", "login"], listed: false), Field("merged_at", listed: false), Field("commits", .number, listed: false),
      Field("changed_files", .number, listed: false), Field("additions", .number, listed: false), Field("deletions", .number, listed: false),
      Field("created_at"), Field("updated_at"), Field("closed_at", listed: false), Field("body", listed: false), Field("url", at: ["html_url"]),
    ])

  static let commit = Shape(
    RecordType("Commit", entities: ["owner": "User", "author": "User"], categories: ["author_email": "pii"]), identity: ["sha", "repository", "owner"],
    untrusted: ["message"], columns: ["sha", "date", "author", "message"],
    [
      Field("sha"), repositoryName, repositoryOwner, Field("message", at: ["commit", "message"]), Field("author", at: ["author", "login"]),
      Field("author_name", at: ["commit", "author", "name"]), Field("author_email", at: ["commit", "author", "email"], listed: false),
      Field("date", at: ["commit", "author", "date"]), .names("parents", "sha", listed: false),
      Field("visibility", listed: false) { $0["repository"].flatMap(visibility) }, Field("verified", .flag, at: ["commit", "verification", "verified"], listed: false),
      Field("additions", .number, at: ["stats", "additions"], listed: false), Field("deletions", .number, at: ["stats", "deletions"], listed: false),
      Field("url", at: ["html_url"]),
    ])

  static let repositoryName = Field("repository") { RecordPlace.repository($0).map { .string($0) } }
  static let repositoryOwner = Field("owner") { raw in
    RecordPlace.repository(raw).flatMap { $0.split(separator: "/").first }.map { .string(String($0)) }
  }
  /// GraphQL has it in capitals.
  static let visibility: @Sendable (RawJSON) -> JSONValue? = { raw in
    (raw["visibility"]?.string.map { $0.lowercased() } ?? raw["private"]?.bool.map { $0 ? "private" : "public" }).map { .string($0) }
  }
}
