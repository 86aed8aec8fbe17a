internal import ConnectorKit
internal import JSON
internal import Logging
internal import MCPHTTP
internal import NIOCore
internal import Synchronization

/// Salesforce's REST API, at the server that each subject's sign-in names, in a version that it offers.
final class SalesforceAPI: Sendable {
  private struct State {
    var apis: [HTTPOrigin: VendorAPI] = [:]
    var versions: [HTTPOrigin: String] = [:]
  }

  let usage: SalesforceUsage
  private let descriptions = KeptDescriptions()
  private let tokens: TokenCredentials
  private let rule: InstanceRule
  private let environment: ConnectorEnvironment
  /// `62.0`, where the settings name one.
  private let pinnedVersion: String?
  /// For one call with all its waiting.
  private let timeout: TimeAmount
  /// Guards what is known of servers. Never held while anything waits.
  private let state = Mutex(State())

  /// Versions that this connector was written for.
  static let versions = 45.0...66.0
  /// Servers of one connector: an org has one, and sometimes moves.
  private static let maximumServers = 32
  private static let bucket = "api"

  init(tokens: TokenCredentials, rule: InstanceRule, version: String?, reserve: Int, timeout: TimeAmount, _ environment: ConnectorEnvironment) {
    self.tokens = tokens
    self.rule = rule
    self.environment = environment
    pinnedVersion = version
    self.timeout = timeout
    usage = SalesforceUsage(reserve: reserve)
  }

  // MARK: Requests

  /// - Parameter path: below `/services/data/vNN.0`.
  func get(
    _ path: [String], _ query: [(name: String, value: String?)] = [], headers: [(String, String)] = [], as subject: Subject, maximumBytes: Int = 8 << 20
  ) async throws(VendorError) -> RawJSON {
    let api = try await api(for: subject)
    var request = VendorRequest(.get, try await root(api, subject) + path, query: query, bucket: Self.bucket, maximumBytes: maximumBytes)
    for (name, value) in headers { request.headers.set(name, value) }
    return try await api.json(request, as: subject)
  }

  /// A description of objects, as it was within the last minutes. What was said to one subject is not said to another.
  ///
  /// - Parameter isFresh: whether Salesforce is asked in any case.
  /// - Returns: also whether it was kept from before.
  func description(_ path: [String], as subject: Subject, isFresh: Bool = false) async throws(VendorError) -> (json: RawJSON, wasKept: Bool) {
    // Whose sign-in has ended is told nothing.
    let origin = try await api(for: subject).configuration.base.origin
    let key = "\(origin) \(subject.key) \(path.joined(separator: "/").lowercased())"
    if !isFresh, let kept = descriptions.find(key, now: environment.time.seconds()) { return (kept, true) }
    let json = try await get(path, as: subject, maximumBytes: 16 << 20)
    descriptions.keep(json, key, now: environment.time.seconds())
    return (json, false)
  }

  /// A path that Salesforce gave, such as that of a query's next page.
  func get(link: String, as subject: Subject, maximumBytes: Int = 8 << 20) async throws(VendorError) -> RawJSON {
    let api = try await api(for: subject)
    guard let path = api.path(ofLink: link) else { throw VendorError(.invalidAnswer, "Salesforce gave a link to another server.") }
    return try await api.json(VendorRequest(.get, path: path, bucket: Self.bucket, maximumBytes: maximumBytes), as: subject)
  }

  /// A path that stands outside of the versioned API.
  func get(outside path: [String], as subject: Subject) async throws(VendorError) -> RawJSON {
    try await api(for: subject).json(VendorRequest(.get, path, bucket: Self.bucket), as: subject)
  }

  /// Sends a change. Answers without content give nil.
  func send(
    _ method: HTTPMethod, _ path: [String], _ body: JSONValue? = nil, query: [(name: String, value: String?)] = [], as subject: Subject, isIdempotent: Bool = false
  ) async throws(VendorError) -> RawJSON? {
    let api = try await api(for: subject)
    var request = VendorRequest(method, try await root(api, subject) + path, query: query, bucket: Self.bucket, isIdempotent: isIdempotent, maximumBytes: 8 << 20)
    if let body { request = request.json(body) }
    return try await api.send(request, as: subject).json
  }

  /// Sends a new record with bytes (`multipart/form-data`).
  func send(_ method: HTTPMethod, _ path: [String], parts: [MultipartPart], as subject: Subject) async throws(VendorError) -> RawJSON? {
    let api = try await api(for: subject)
    let request = VendorRequest(method, try await root(api, subject) + path, bucket: Self.bucket, isIdempotent: false, maximumBytes: 8 << 20)
    return try await api.send(request.multipart("form-data", parts), as: subject).json
  }

  /// Bytes: of a file, of a result in CSV.
  func download(
    _ path: [String], _ query: [(name: String, value: String?)] = [], accept: String, as subject: Subject, maximumBytes: Int
  ) async throws(VendorError) -> VendorResponse {
    let api = try await api(for: subject)
    var request = VendorRequest(.get, try await root(api, subject) + path, query: query, bucket: Self.bucket, maximumBytes: maximumBytes)
    request.headers.set("Accept", accept)
    return try await api.send(request, as: subject)
  }

  // MARK: Server and version

  /// Adopts the server that the subject's token is for.
  private func api(for subject: Subject) async throws(VendorError) -> VendorAPI {
    let origin = try rule.origin(try await tokens.token(for: subject).extra["instance_url"]?.string)
    if let known = state.withLock({ $0.apis[origin] }) { return known }
    guard let base = HTTPURL(origin.description) else { throw VendorError(.invalidAnswer, "Salesforce named a server that cannot be reached.") }
    let usage = usage
    var configuration = VendorAPI.Configuration(name: "Salesforce", base: base) { SalesforceAnswers.read($0, $1, $2, usage) }
    configuration.headers = [("User-Agent", "Sluice"), ("Accept", "application/json")]
    configuration.timeout = timeout
    configuration.tryTimeout = min(timeout, .seconds(60))
    let api = try VendorAPI(configuration, credentials: tokens, client: environment.http, time: environment.time, logger: environment.logger)
    return state.withLock { state in
      if let known = state.apis[origin] { return known }
      if state.apis.count >= Self.maximumServers { state.apis.removeAll() }
      state.apis[origin] = api
      return api
    }
  }

  private func root(_ api: VendorAPI, _ subject: Subject) async throws(VendorError) -> [String] {
    ["services", "data", "v" + (try await version(api, subject))]
  }

  /// The version that requests of the subject are sent in: `62.0`.
  func version(for subject: Subject) async throws(VendorError) -> String { try await version(try await api(for: subject), subject) }

  private func version(_ api: VendorAPI, _ subject: Subject) async throws(VendorError) -> String {
    if let pinnedVersion { return pinnedVersion }
    let origin = api.configuration.base.origin
    if let known = state.withLock({ $0.versions[origin] }) { return known }
    // Every server tells its versions to everybody.
    var request = VendorRequest(.get, ["services", "data"], bucket: "versions")
    request.isAuthenticated = false
    let offered = try await api.json(request, as: subject).elements.compactMap { $0["version"]?.string }.compactMap { text in Double(text).map { (text, $0) } }
    guard let best = offered.filter({ Self.versions.contains($0.1) }).max(by: { $0.1 < $1.1 }) else {
      throw VendorError(
        .invalidAnswer,
        "Salesforce offers no version of its API from \(Self.versions.lowerBound) to \(Self.versions.upperBound). Set api_version to one of: \(offered.map(\.0).joined(separator: ", ").prefix(200))."
      )
    }
    state.withLock { $0.versions[origin] = best.0 }
    return best.0
  }
}
