internal import ConnectorKit
internal import JSON
internal import MCP

/// Files, issues and pull requests by URI.
struct GitHubResources {
  let github: GitHub

  /// The part of a URI that names a version of the repository, and the `ref` by which GitHub knows it.
  private static let versions: [(template: String, name: String, title: String, ref: @Sendable (ResourceRead) -> String?)] = [
    ("", "file", "A file or folder of the default branch", { _ in nil }),
    ("/refs/heads/{branch}", "file-of-branch", "A file or folder of a branch", { $0["branch"] }),
    ("/sha/{sha}", "file-of-commit", "A file or folder of a commit", { $0["sha"] }),
    ("/refs/tags/{tag}", "file-of-tag", "A file or folder of a tag", { $0["tag"].map { "refs/tags/\($0)" } }),
    ("/refs/pull/{number}/head", "file-of-pull-request", "A file or folder of a pull request", { $0["number"].map { "refs/pull/\($0)/head" } }),
  ]

  static var templates: [String] { versions.map { "repo://{owner}/{repo}\($0.template)/contents{/path*}" } }
  static let issueTemplate = "repo://{owner}/{repo}/issues/{number}"
  static let pullTemplate = "repo://{owner}/{repo}/pulls/{number}"

  func add(to server: Server) throws(URITemplate.ParseError) {
    for version in Self.versions {
      server.add(
        try ResourceTemplate(uriTemplate: "repo://{owner}/{repo}\(version.template)/contents{/path*}", name: version.name, title: version.title) { [github] read in
          try await read.reading { try await Self.contents(github, read, ref: version.ref(read)) }
        })
    }
    server.add(
      try ResourceTemplate(uriTemplate: Self.issueTemplate, name: "issue", title: "An issue", mimeType: "text/markdown") { [github] read in
        try await read.reading { try await Self.issue(github, read) }
      })
    server.add(
      try ResourceTemplate(uriTemplate: Self.pullTemplate, name: "pull-request", title: "A pull request", mimeType: "text/markdown") { [github] read in
        try await read.reading { try await Self.pullRequest(github, read) }
      })
  }

  private static func contents(_ github: GitHub, _ read: ResourceRead, ref: String?) async throws -> ReadResult {
    let repository = try github.repository(read["owner"] ?? "", read["repo"] ?? "")
    try await github.permit(repository, read)
    let path = read["path"] ?? ""
    let source = "\(repository.fullName)/\(path)"
    switch try await github.contents(read, repository, path, ref: ref) {
    case .folder(let entries):
      let lines = entries.map { "\($0["type"]?.string == "dir" ? "folder" : "file") \($0["path"]?.string ?? "")" }
      return .untrusted(lines.joined(separator: "\n"), source: source, mimeType: "text/plain")
    case .other: throw read.notFound
    case .file(_, let content):
      guard content.bytes.count <= 1 << 20 else { throw VendorError(.tooLarge, "The file has more than a megabyte. Read lines of it with get_file_contents.") }
      if let text = content.text { return .untrusted(text, source: source, mimeType: MediaType.of(path)) }
      return UntrustedText.mark(.blob(content.bytes, mimeType: MediaType.of(path, isText: false)))
    }
  }

  private static func issue(_ github: GitHub, _ read: ResourceRead) async throws -> ReadResult {
    let (repository, number) = try place(github, read)
    let raw = try await github.get(read, repository.path + ["issues", number])
    guard raw["pull_request"] == nil else { throw read.notFound }
    return UntrustedText.mark(.text(IssueText.text(try await github.record(read, raw, .issue, adding: repository.members)), mimeType: "text/markdown"))
  }

  private static func pullRequest(_ github: GitHub, _ read: ResourceRead) async throws -> ReadResult {
    let (repository, number) = try place(github, read)
    let raw = try await github.get(read, repository.path + ["pulls", number])
    return UntrustedText.mark(.text(IssueText.text(try await github.record(read, raw, .pullRequest, adding: repository.members)), mimeType: "text/markdown"))
  }

  private static func place(_ github: GitHub, _ read: ResourceRead) throws -> (GitHub.Repository, String) {
    guard let number = read["number"].flatMap({ Int($0) }), number > 0 else { throw read.notFound }
    return (try github.repository(read["owner"] ?? "", read["repo"] ?? ""), String(number))
  }
}

/// An issue or pull request as a text.
enum IssueText {
  static func text(_ record: JSONValue) -> String {
    var lines = ["# \(record["title"]?.string ?? "") (#\(record["number"]?.int ?? 0))", ""]
    for (name, value) in record.object ?? JSONObject() where !["title", "number", "body"].contains(name) {
      let text = value.string ?? value.array.map { $0.compactMap(\.string).joined(separator: ", ") } ?? value.text
      if !text.isEmpty { lines.append("- \(name): \(text)") }
    }
    return UntrustedText.framed((lines + ["", record["body"]?.string ?? ""]).joined(separator: "\n"), source: GitHub.vendor)
  }
}

/// Media types of files by their names.
enum MediaType {
  private static let types: [String: String] = [
    "md": "text/markdown", "html": "text/html", "css": "text/css", "csv": "text/csv", "json": "application/json", "xml": "application/xml",
    "yaml": "application/yaml", "yml": "application/yaml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "svg": "image/svg+xml", "pdf": "application/pdf", "zip": "application/zip", "js": "text/javascript",
  ]

  static func of(_ path: String, isText: Bool = true) -> String {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
    return ending.flatMap { types[$0] } ?? (isText ? "text/plain" : "application/octet-stream")
  }
}
