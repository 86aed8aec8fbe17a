internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// GitHub's REST API as the tools use it; GraphQL, for what REST has not, stands in GraphQL.swift.
struct GitHub: Sendable {
  static let vendor = "GitHub"
  static let userAgent = "sluice-github-connector"

  let api: VendorAPI
  let settings: GitHubSettings
  let environment: ConnectorEnvironment

  init(_ settings: GitHubSettings, _ environment: ConnectorEnvironment, credentials: any CredentialSource) throws(VendorError) {
    self.settings = settings
    self.environment = environment
    let answers = GitHubAnswers()
    var configuration = VendorAPI.Configuration(name: Self.vendor, base: settings.base) { answers.read($0, $1, $2) }
    configuration.headers = [
      ("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", settings.apiVersion), ("User-Agent", Self.userAgent),
    ]
    configuration.budgets = { bucket in
      switch bucket {
      case Bucket.search: Budget(30, per: 60)
      case Bucket.codeSearch: Budget(10, per: 60)
      default: nil
      }
    }
    configuration.timeout = .seconds(settings.timeout)
    api = try VendorAPI(configuration, credentials: credentials, client: environment.http, time: environment.time, logger: environment.logger)
  }

  /// GitHub counts these apart (docs.github.com/rest/search, "Rate limit").
  enum Bucket {
    static let core = "core"
    static let search = "search"
    static let codeSearch = "code_search"
    static let graphQL = "graphql"
  }

  // MARK: Repositories

  /// A repository that may be reached.
  struct Repository: Sendable {
    let owner: String
    let name: String
    var fullName: String { owner + "/" + name }
    var path: [String] { ["repos", owner, name] }
  }

  /// - Throws: ``VendorError`` `refused` where the name is none, or the settings do not allow the repository.
  func repository(_ owner: String, _ name: String) throws(VendorError) -> Repository {
    guard Self.isName(owner), Self.isName(name) else {
      throw VendorError(.refused, "\"\(owner.prefix(60))/\(name.prefix(60))\" is no repository: give owner and repo as they stand in its URL.")
    }
    guard settings.repositories.admits("\(owner)/\(name)") else {
      throw VendorError(.refused, "The repository \(owner)/\(name) is not one that this connector may reach.")
    }
    return Repository(owner: owner, name: name)
  }

  func repository(_ call: ToolCall) throws(VendorError) -> Repository { try repository(call.string("owner") ?? "", call.string("repo") ?? "") }

  static func isName(_ text: String) -> Bool {
    (1...100).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
          UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  /// Whether a record's repository may be seen. A record that names none is seen where there is no filter.
  func admits(_ record: RawJSON) -> Bool {
    guard !settings.repositories.admitsAll else { return true }
    return RecordPlace.repository(record).map { settings.repositories.admits($0) } ?? false
  }

  // MARK: Requests

  func subject(_ request: some IncomingRequest) throws(VendorError) -> Subject { try settings.subjects.subject(of: request, environment) }

  /// A read, revalidated by its ETag. Redirects (renamed repositories) are followed where no name is filtered: the new name was not checked.
  func read(_ segments: [String], _ query: [(name: String, value: String?)] = [], bucket: String = Bucket.core, accept: String? = nil) -> VendorRequest {
    var request = VendorRequest(.get, segments, query: query, bucket: bucket).cached()
    request.followsRedirects = settings.repositories.admitsAll
    return accept.map { request.header("Accept", $0) } ?? request
  }

  func get(
    _ request: some IncomingRequest, _ segments: [String], _ query: [(name: String, value: String?)] = [], bucket: String = Bucket.core
  ) async throws(VendorError) -> RawJSON {
    try await api.json(read(segments, query, bucket: bucket), as: try subject(request))
  }

  /// A write. What GitHub answers is nil where it answers nothing.
  ///
  /// - Parameter isIdempotent: whether it may be sent again when its answer was lost.
  @discardableResult
  func write(
    _ request: some IncomingRequest, _ method: HTTPMethod, _ segments: [String], _ body: JSONObject? = nil, isIdempotent: Bool = false
  ) async throws(VendorError) -> RawJSON? {
    var message = VendorRequest(method, segments, bucket: Bucket.core, isIdempotent: isIdempotent)
    if let body { message = message.json(.object(body)) }
    return try await api.send(message, as: try subject(request)).json
  }

  // MARK: Pages

  struct Page: Sendable {
    var json: RawJSON
    /// For `next_cursor`.
    var next: String?
  }

  static let defaultLimit = 30

  /// A page of a list, as `limit` and `cursor` of the call say.
  func page(
    _ call: ToolCall, _ segments: [String], _ query: [(name: String, value: String?)] = [], bucket: String = Bucket.core, accept: String? = nil
  ) async throws(VendorError) -> Page {
    let query = query + [("per_page", String(call.int("limit") ?? Self.defaultLimit))]
    let cursor = PageCursor(list: [call.name] + segments + query.compactMap { field in field.value.map { "\(field.name)=\($0)" } })
    var request = read(segments, query, bucket: bucket, accept: accept)
    if let text = call.string("cursor") {
      let place = try cursor.vendor(text)
      guard LinkHeader.isPaging(place) else { throw VendorError(.refused, "The cursor is not valid: pass next_cursor exactly as it was received.") }
      var next = VendorRequest(.get, path: request.path + "&" + place, bucket: bucket).cached()
      next.followsRedirects = request.followsRedirects
      next.headers = request.headers
      request = next
    }
    let response = try await api.send(request, as: try subject(call))
    guard let json = response.json else { throw VendorError(.invalidAnswer, "GitHub answered with something that is not JSON.", status: response.status.code) }
    return Page(json: json, next: LinkHeader.next(response.headers).map { cursor.text($0) })
  }
}

/// Where a record belongs, from whatever GitHub says of it.
enum RecordPlace {
  /// `owner/name`
  static func repository(_ raw: RawJSON) -> String? {
    if let name = raw["full_name"]?.string ?? raw["repository"]?["full_name"]?.string ?? raw["base"]?["repo"]?["full_name"]?.string { return name }
    // As GraphQL has it; of an item of a project that of its issue or pull request.
    if let name = (raw["repository"] ?? raw["content"]?["repository"])?["nameWithOwner"]?.string { return name }
    if let url = raw["repository_url"]?.string, let name = tail(of: url, after: "/repos/") { return name }
    guard let url = raw["html_url"]?.string, let start = url.firstRange(of: "://") else { return nil }
    let parts = url[start.upperBound...].split(separator: "/")
    return parts.count >= 4 ? "\(parts[1])/\(parts[2])" : nil
  }

  private static func tail(of url: String, after mark: String) -> String? {
    guard let range = url.firstRange(of: mark) else { return nil }
    let parts = url[range.upperBound...].split(separator: "/").prefix(2)
    return parts.count == 2 ? parts.joined(separator: "/") : nil
  }
}
