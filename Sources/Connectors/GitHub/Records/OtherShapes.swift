internal import ConnectorKit
internal import JSON

/// Shapes of what belongs to a record of policy, or that policy does not speak of.
extension Shape {
  private static func plain(_ name: String, untrusted: [String] = [], columns: [String], _ fields: [Field]) -> Shape {
    Shape(RecordType(name), identity: [], untrusted: untrusted, columns: columns, fields)
  }

  static let user = plain(
    "Account", untrusted: ["bio"], columns: ["login", "type", "name"],
    [
      Field("login"), Field("id", .number), Field("type"), Field("name"), Field("company", listed: false), Field("bio", listed: false), Field("email", listed: false),
      Field("url", at: ["html_url"]),
    ])

  static let collaborator = plain(
    "Collaborator", columns: ["login", "role"], [Field("login"), Field("role", at: ["role_name"]), Field("type"), Field("url", at: ["html_url"])])

  static let team = plain(
    "Team", untrusted: ["description"], columns: ["slug", "name", "description"],
    [
      Field("slug"), Field("name"), Field("organization", at: ["organization", "login"]), Field("description"), Field("privacy"),
      Field("parent", at: ["parent", "slug"]), Field("url", at: ["html_url"]),
    ])

  static let gist = plain(
    "Gist", untrusted: ["description"], columns: ["id", "description", "files", "public", "updated_at"],
    [
      Field("id"), Field("description"), Field("public", .flag), Field("owner", at: ["owner", "login"]),
      Field("files", .texts) { raw in raw["files"].map { .array($0.members.compactMap { $0.name.string.map { .string($0) } }) } }, Field("created_at"),
      Field("updated_at"), Field("url", at: ["html_url"]),
    ])

  static let branch = plain("Branch", columns: ["name", "sha", "protected"], [Field("name"), Field("sha", at: ["commit", "sha"]), Field("protected", .flag)])
  static let tag = plain("Tag", columns: ["name", "sha"], [Field("name"), Field("sha", at: ["commit", "sha"])])

  static let tagObject = plain(
    "TagObject", untrusted: ["message"], columns: ["name", "sha"],
    [
      Field("name"), Field("sha", at: ["object", "sha"]), Field("type", at: ["object", "type"]), Field("message"), Field("tagger", at: ["tagger", "name"]),
      Field("date", at: ["tagger", "date"]), Field("verified", .flag, at: ["verification", "verified"]),
    ])

  static let release = plain(
    "Release", untrusted: ["name", "body"], columns: ["tag", "name", "published_at", "prerelease"],
    [
      Field("id", .number), Field("tag", at: ["tag_name"]), Field("name"), Field("target", at: ["target_commitish"]), Field("draft", .flag), Field("prerelease", .flag),
      Field("author", at: ["author", "login"]), Field("published_at"), Field("body", listed: false), .names("assets", "name", listed: false),
      Field("url", at: ["html_url"]),
    ])

  static let treeEntry = plain(
    "TreeEntry", columns: ["path", "type", "size", "sha"], [Field("path"), Field("type"), Field("mode", listed: false), Field("size", .number), Field("sha")])

  static let match = plain(
    "CodeMatch", untrusted: ["fragments"], columns: ["repository", "path", "fragments"],
    [
      Field("repository", at: ["repository", "full_name"]), Field("path"), Field("sha"),
      .names("fragments", in: ["text_matches"], "fragment"), Field("url", at: ["html_url"]),
    ])

  static let comment = plain(
    "Comment", untrusted: ["body"], columns: ["id", "author", "created_at", "body"],
    [
      Field("id", .number), Field("author", at: ["user", "login"]), Field("association", at: ["author_association"]), Field("body"), Field("created_at"),
      Field("updated_at", listed: false), Field("url", at: ["html_url"], listed: false),
    ])

  static let reaction = plain(
    "Reaction", columns: ["author", "content", "created_at"],
    [Field("id", .number), Field("author", at: ["user", "login"]), Field("content"), Field("created_at")])

  static let reviewComment = plain(
    "ReviewComment", untrusted: ["body", "diff_hunk"], columns: ["id", "author", "path", "line", "body"],
    [
      Field("id", .number), Field("review_id", .number, at: ["pull_request_review_id"]), Field("in_reply_to", .number, at: ["in_reply_to_id"]),
      Field("author", at: ["user", "login"]), Field("path"), Field("line", .number), Field("side"), Field("body"), Field("diff_hunk", listed: false),
      Field("created_at"), Field("url", at: ["html_url"], listed: false),
    ])

  static let review = plain(
    "Review", untrusted: ["body"], columns: ["id", "author", "state", "submitted_at", "body"],
    [
      Field("id", .number), Field("author", at: ["user", "login"]), Field("state"), Field("body"), Field("commit", at: ["commit_id"]), Field("submitted_at"),
      Field("url", at: ["html_url"], listed: false),
    ])

  static let event = plain(
    "TimelineEvent", untrusted: ["detail", "body"], columns: ["event", "actor", "created_at", "detail"],
    [
      Field("event"), Field("actor") { raw in (raw["actor"]?["login"] ?? raw["user"]?["login"])?.string.map { .string($0) } }, Field("created_at"),
      Field("detail") { raw in
        let value = raw["label"]?["name"] ?? raw["assignee"]?["login"] ?? raw["milestone"]?["title"] ?? raw["rename"]?["to"] ?? raw["source"]?["issue"]?["html_url"]
        return (value ?? raw["commit_id"] ?? raw["sha"])?.string.map { .string($0) }
      }, Field("body", listed: false),
    ])

  static let label = plain("Label", untrusted: ["description"], columns: ["name", "description"], [Field("name"), Field("color"), Field("description")])
  static let milestone = plain(
    "Milestone", untrusted: ["title", "description"], columns: ["number", "title", "state", "due_on"],
    [Field("number", .number), Field("title"), Field("state"), Field("description"), Field("due_on"), Field("open_issues", .number), Field("closed_issues", .number)])

  static let file = plain(
    "ChangedFile", untrusted: ["patch"], columns: ["path", "status", "additions", "deletions"],
    [
      Field("path", at: ["filename"]), Field("status"), Field("additions", .number), Field("deletions", .number), Field("previous_path", at: ["previous_filename"]),
      Field("sha", listed: false), Field("patch", listed: false),
    ])

  static let checkRun = plain(
    "CheckRun", columns: ["name", "status", "conclusion", "url"],
    [
      Field("id", .number), Field("name"), Field("status"), Field("conclusion"), Field("app", at: ["app", "slug"]), Field("started_at"), Field("completed_at"),
      Field("url", at: ["html_url"]),
    ])

  static let status = plain(
    "CommitStatus", untrusted: ["description"], columns: ["context", "state", "description"],
    [Field("context"), Field("state"), Field("description"), Field("url", at: ["target_url"])])

  static let workflow = plain(
    "Workflow", columns: ["id", "name", "state", "path"], [Field("id", .number), Field("name"), Field("path"), Field("state"), Field("url", at: ["html_url"])])

  static let run = plain(
    "WorkflowRun", untrusted: ["title"], columns: ["id", "workflow", "branch", "event", "status", "conclusion", "created_at"],
    [
      Field("id", .number), Field("workflow", at: ["name"]), Field("title", at: ["display_title"]), Field("branch", at: ["head_branch"]),
      Field("sha", at: ["head_sha"]), Field("event"), Field("status"), Field("conclusion"), Field("attempt", .number, at: ["run_attempt"]),
      Field("number", .number, at: ["run_number"]), Field("actor", at: ["actor", "login"]), Field("created_at"), Field("updated_at"), Field("url", at: ["html_url"]),
    ])

  static let runUsage = plain("RunUsage", columns: ["run_duration_ms"], [Field("run_duration_ms", .number), Field("billable", .object)])

  static let job = plain(
    "Job", columns: ["id", "name", "status", "conclusion", "failed_steps"],
    [
      Field("id", .number), Field("run_id", .number), Field("name"), Field("status"), Field("conclusion"), Field("started_at"), Field("completed_at"),
      Field("failed_steps", .texts) { raw in
        guard let steps = raw["steps"] else { return nil }
        return .array(steps.elements.filter { $0["conclusion"]?.string == "failure" }.compactMap { $0["name"]?.string.map { .string($0) } })
      }, Field("runner", at: ["runner_name"], listed: false), Field("url", at: ["html_url"]),
    ])

  static let artifact = plain(
    "Artifact", columns: ["id", "name", "size", "expired"],
    [Field("id", .number), Field("name"), Field("size", .number, at: ["size_in_bytes"]), Field("expired", .flag), Field("created_at"), Field("expires_at")])

  /// An alert of any of the three kinds. The secret that a secret-scanning alert is about is asked to be hidden, and is never taken over.
  static let alert = plain(
    "Alert", untrusted: ["summary"], columns: ["number", "state", "severity", "summary", "place"],
    [
      Field("number", .number), Field("state"),
      Field("severity") { raw in
        let severity = raw["rule"]?["security_severity_level"] ?? raw["rule"]?["severity"] ?? raw["security_advisory"]?["severity"]
        return severity?.string.map { .string($0) }
      },
      Field("summary") { raw in
        let summary = raw["rule"]?["description"] ?? raw["security_advisory"]?["summary"] ?? raw["secret_type_display_name"] ?? raw["secret_type"]
        return summary?.string.map { .string($0) }
      },
      Field("place") { raw in
        let place = raw["most_recent_instance"]?["location"]?["path"] ?? raw["dependency"]?["manifest_path"]
        return place?.string.map { .string($0) }
      },
      Field("package", at: ["dependency", "package", "name"]), Field("rule", at: ["rule", "id"]), Field("tool", at: ["tool", "name"]),
      Field("advisory", at: ["security_advisory", "ghsa_id"]), Field("cve", at: ["security_advisory", "cve_id"]), Field("secret_type"), Field("validity"),
      Field("resolution"), Field("dismissed_reason"), Field("created_at"), Field("updated_at", listed: false), Field("url", at: ["html_url"]),
    ])

  static let advisory = plain(
    "Advisory", untrusted: ["summary", "description"], columns: ["id", "cve", "severity", "state", "packages", "summary"],
    [
      Field("id", at: ["ghsa_id"]), Field("cve", at: ["cve_id"]), Field("type"), Field("state"), Field("severity"), Field("score", .number, at: ["cvss", "score"]),
      repositoryName, Field("summary"),
      Field("packages", .texts) { raw in
        guard let vulnerabilities = raw["vulnerabilities"], vulnerabilities.kind == .array else { return nil }
        return .array(
          vulnerabilities.elements.map { one in
            let mended = (one["first_patched_version"] ?? one["patched_versions"])?.string
            let package = one["package"]
            let parts = [
              package?["ecosystem"]?.string, package?["name"]?.string, one["vulnerable_version_range"]?.string, mended.map { "(mended in \($0))" },
            ]
            return .string(parts.compactMap { $0 }.joined(separator: " "))
          })
      }, .names("cwes", "cwe_id"), Field("published_at"), Field("updated_at", listed: false), Field("withdrawn_at", listed: false),
      Field("description", listed: false), Field("url", at: ["html_url"]),
    ])

  static let issueType = plain("IssueType", untrusted: ["description"], columns: ["name", "description"], [Field("id", .number), Field("name"), Field("description")])

  static let notification = plain(
    "Notification", untrusted: ["title"], columns: ["id", "repository", "type", "title", "reason", "updated_at"],
    [
      Field("id"), Field("repository", at: ["repository", "full_name"]), Field("type", at: ["subject", "type"]), Field("title", at: ["subject", "title"]),
      Field("reason"), Field("unread", .flag), Field("updated_at"), Field("subject_url", at: ["subject", "url"], listed: false),
    ])
}
