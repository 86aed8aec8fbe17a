internal import ConnectorKit
internal import JSON
internal import Logging
internal import MCPAuth
internal import MCPHTTP
internal import NIOCore

/// Jira's REST API: Cloud (v3, Agile 1.0, Service Management) and Data Center (v2, the same Agile).
struct JiraAPI: Sendable {
  /// Which of the two this is.
  enum Deployment: String, Sendable { case cloud, dataCenter = "data_center" }

  let deployment: Deployment
  /// The address that people open: `https://example.atlassian.net`.
  let site: String
  private let api: VendorAPI
  /// What paths of a subject start with: Atlassian serves sites that people sign in to under their cloud ids.
  private let prefix: @Sendable (Subject) async throws(VendorError) -> [String]

  init(
    _ deployment: Deployment, base: HTTPURL, site: String, credentials: any CredentialSource,
    prefix: @escaping @Sendable (Subject) async throws(VendorError) -> [String] = { _ in [] }, _ environment: ConnectorEnvironment
  ) throws(ConnectorError) {
    self.deployment = deployment
    self.site = site.hasSuffix("/") ? String(site.dropLast()) : site
    self.prefix = prefix
    var configuration = VendorAPI.Configuration(name: "Jira", base: base) { Self.read($0, $1, $2) }
    configuration.headers = [("User-Agent", "Sluice"), ("Accept", "application/json"), ("X-Atlassian-Token", "no-check")]
    configuration.budgets = { _ in Self.budget }
    if deployment == .cloud { configuration.resourceBudgets = Self.issueBudgets }
    do throws(VendorError) {
      api = try VendorAPI(configuration, credentials: credentials, client: environment.http, time: environment.time, logger: environment.logger)
    } catch { throw ConnectorError(error.description) }
  }

  /// `/rest/api/3` or `/rest/api/2`.
  var core: [String] { ["rest", "api", deployment == .cloud ? "3" : "2"] }
  static let agile = ["rest", "agile", "1.0"]
  static let serviceDesk = ["rest", "servicedeskapi"]

  /// The least of Atlassian's bursts a second: that of changes.
  private static let budget = Budget(50, per: 1)

  /// Atlassian takes 20 changes of one issue in 2 s, and 100 in 30 s. Half of that at once, and what is beyond spread over the same time,
  /// stays within it wherever such a span begins.
  private static let issueBudgets = [Budget(10, per: 2), Budget(50, per: 30)]

  func get(_ path: [String], _ query: [(name: String, value: String?)] = [], as subject: Subject) async throws(VendorError) -> RawJSON {
    try await api.json(request(.get, path, query, subject), as: subject)
  }

  /// - Parameter isRead: of searches, which are sent as POST and change nothing.
  func post(
    _ path: [String], _ body: JSONValue, query: [(name: String, value: String?)] = [], as subject: Subject, isRead: Bool = false
  ) async throws(VendorError) -> RawJSON? {
    try await send(request(.post, path, query, subject, isIdempotent: isRead).json(body), path, subject)
  }

  func put(_ path: [String], _ body: JSONValue, query: [(name: String, value: String?)] = [], as subject: Subject) async throws(VendorError) -> RawJSON? {
    try await send(request(.put, path, query, subject).json(body), path, subject)
  }

  func delete(_ path: [String], _ query: [(name: String, value: String?)] = [], body: JSONValue? = nil, as subject: Subject) async throws(VendorError) {
    let request = try await request(.delete, path, query, subject)
    _ = try await send(body.map { request.json($0) } ?? request, path, subject)
  }

  private func request(
    _ method: HTTPMethod, _ path: [String], _ query: [(name: String, value: String?)], _ subject: Subject, isIdempotent: Bool? = nil
  ) async throws(VendorError) -> VendorRequest {
    var request = VendorRequest(method, try await prefix(subject) + path, query: query, bucket: "\(method) " + Self.bucket(path), isIdempotent: isIdempotent)
    // Data Center calls parts of Service Management experimental, and answers those who take that.
    if path.starts(with: Self.serviceDesk) { request.headers.set("X-ExperimentalApi", "opt-in") }
    return request
  }

  /// The bytes of an attachment.
  ///
  /// - Parameter about: what Jira says of it. Version 2 gives the bytes only where `content` leads.
  func download(_ id: String, _ about: RawJSON, as subject: Subject, maximumBytes: Int) async throws(VendorError) -> VendorResponse {
    var request: VendorRequest
    switch deployment {
    case .cloud:
      request = VendorRequest(.get, try await prefix(subject) + core + ["attachment", "content", id], bucket: "attachment", maximumBytes: maximumBytes)
    case .dataCenter:
      guard let path = about["content"]?.string.flatMap(path(ofLink:)) else {
        throw VendorError(.invalidAnswer, "Jira does not say where the attachment is, or it is not on \(site).")
      }
      request = VendorRequest(.get, path: path, bucket: "attachment", maximumBytes: maximumBytes)
    }
    request.followsRedirects = true
    return try await api.send(request, as: subject)
  }

  /// Links name the site as people open it, whichever way the API is reached.
  private func path(ofLink link: String) -> String? {
    if link.hasPrefix(site + "/") { return String(link.dropFirst(site.count)) }
    return api.path(ofLink: link)
  }

  /// Uploads a file to an issue (multipart/form-data, RFC 7578).
  ///
  /// - Parameter mimeType: safe to stand in a header.
  func upload(_ name: String, _ bytes: ByteBuffer, _ mimeType: String, issue: String, as subject: Subject) async throws(VendorError) -> RawJSON? {
    let path = core + ["issue", issue, "attachments"]
    let request = try await request(.post, path, [], subject, isIdempotent: false)
      .multipart("form-data", [MultipartPart(field: "file", filename: name, type: mimeType, bytes)])
    return try await send(request, path, subject)
  }

  private func send(_ request: VendorRequest, _ path: [String], _ subject: Subject) async throws(VendorError) -> RawJSON? {
    var request = request
    // Searches are sent as POST and change nothing.
    if request.method != .post || !request.isIdempotent { request.limitedResource = Self.issue(path).map { "issue " + $0 } }
    let response = try await api.send(request, as: subject)
    // Changes are answered with nothing now and then, searches never: a page that is no JSON is not an empty list.
    guard response.json != nil || response.body.readableBytes == 0 && (request.method != .post || !request.isIdempotent) else {
      throw VendorError(.invalidAnswer, "Jira answered with something that is not JSON.", status: response.status.code, mayHaveHadEffect: !request.isIdempotent)
    }
    return response.json
  }

  /// The issue that a path is of: `.../issue/ABC-1/comment`, `.../request/ABC-1/comment`.
  private static func issue(_ path: [String]) -> String? {
    zip(path, path.dropFirst()).first { ["issue", "request"].contains($0) && (IssueKeys.isKey($1, anyCase: true) || $1.allSatisfy(\.isNumber)) }?.1.uppercased()
  }

  /// What counts as one endpoint for Jira's burst limits: the path without its ids.
  private static func bucket(_ path: [String]) -> String {
    path.filter { part in !part.contains { $0.isNumber } && part.allSatisfy { $0.isLowercase || !$0.isLetter } }.joined(separator: "/")
  }

  // MARK: Answers

  static func read(_ response: VendorResponse, _ request: VendorRequest, _ now: Int64) -> Disposition {
    switch response.status.code {
    case 200..<300: return .accepted(quota(response, now))
    case 401: return .unauthorized()
    case 429: return .throttled(throttle(response, now))
    case 503 where response.headers["Retry-After"] != nil, 502, 503, 504: return .unavailable(retryAfter: response.retryAfter(now: now))
    default: return .failed(failure(response))
    }
  }

  /// What is left, and until when. Data Center tells how often it adds to what is left.
  private static func quota(_ response: VendorResponse, _ now: Int64) -> QuotaReading? {
    guard let remaining = response.headers["X-RateLimit-Remaining"].flatMap({ Int($0) }) else { return nil }
    let reset = response.headers["X-RateLimit-Reset"].flatMap { Timestamp.seconds($0) }.map { $0 - now }
    guard let seconds = reset ?? response.headers["X-RateLimit-Interval-Seconds"].flatMap({ Int64($0) }), seconds > 0 else { return nil }
    return QuotaReading(remaining: remaining, resetsIn: seconds)
  }

  /// <https://developer.atlassian.com/cloud/jira/platform/rate-limiting/>
  private static func throttle(_ response: VendorResponse, _ now: Int64) -> Throttle {
    let reason = response.headers["RateLimit-Reason"]
    var retryAfter = response.retryAfter(now: now)
    if retryAfter == nil, let reset = response.headers["X-RateLimit-Reset"] { retryAfter = Timestamp.seconds(reset).map { max($0 - now, 1) } }
    let scope: Throttle.Scope =
      switch reason {
      case "jira-per-issue-on-write": .resource
      case "jira-quota-tenant-based", "jira-quota-global-based": .everything
      default: .bucket
      }
    return Throttle(scope, retryAfter: retryAfter, vendorCode: reason, isExhausted: scope == .everything && (retryAfter ?? 0) > 60)
  }

  private static func failure(_ response: VendorResponse) -> VendorError {
    let json = response.json
    var texts = (json?["errorMessages"].map { Array($0.elements) } ?? []).compactMap(\.string)
    texts += (json?["errors"].map { Array($0.members) } ?? []).map { "\($0.name.string ?? ""): \($0.value.string ?? $0.value.text)" }
    if texts.isEmpty, let text = json?["message"]?.string ?? json?["errorMessage"]?.string { texts = [text] }
    let said = texts.isEmpty ? "" : " It says: \(texts.joined(separator: "; ").prefix(600))"
    let status = response.status.code
    switch status {
    case 403: return VendorError(.forbidden, "Jira does not allow this to the account that is used.\(said)", status: status)
    case 404: return VendorError(.notFound, "Jira does not find it, or it may not be seen.\(said)", status: status)
    case 409: return VendorError(.conflict, "Jira says that this conflicts with what is there.\(said)", status: status)
    case 413: return VendorError(.tooLarge, "Jira says that this is too large.\(said)", status: status)
    case 500...: return VendorError(.unavailable, "Jira failed.\(said)", status: status)
    default: return VendorError(.invalid, "Jira refuses the request.\(said)", status: status)
    }
  }
}
