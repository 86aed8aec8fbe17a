internal import MCPAuth
public import JSON
public import Logging
public import MCPHTTP
public import NIOCore

/// A vendor's API, asked on behalf of people and services.
///
/// It adds the credential of the subject and no other's, keeps ahead of the vendor's limits, waits where it must and tells how long
/// where waiting would outlast the call, renews a credential that was refused once, repeats what may be repeated, and never reads more
/// of an answer than asked for. What the vendor's answers mean, ``Configuration/read`` says.
public final class VendorAPI: Sendable {
  public struct Configuration: Sendable {
    /// As it stands in messages: `Slack`.
    public var name: String
    /// Scheme, host, and a path that all requests start with.
    public var base: HTTPURL
    /// Other origins that requests may name, such as that of uploads.
    public var otherOrigins: Set<HTTPOrigin> = []
    /// Sent with every request.
    public var headers: [(name: String, value: String)] = []
    /// Reads an answer.
    public var read: @Sendable (VendorResponse, VendorRequest, _ now: Int64) -> Disposition
    /// The budget of a bucket.
    public var budgets: @Sendable (String) -> Budget? = { _ in nil }
    /// What may be sent about one thing (``VendorRequest/limitedResource``), whoever sends it; each of them holds.
    public var resourceBudgets: [Budget] = []
    /// Longest time for one call with all its waiting and repetitions.
    public var timeout: TimeAmount = .seconds(45)
    /// Longest time for one try.
    public var tryTimeout: TimeAmount = .seconds(30)
    public var maximumTries = 4
    public var cachedBytes = 16 << 20
    /// Whether plain http is allowed elsewhere than on this machine. No vendor of a cloud needs it.
    public var allowsPlainHTTP = false

    public init(name: String, base: HTTPURL, read: @escaping @Sendable (VendorResponse, VendorRequest, _ now: Int64) -> Disposition) {
      self.name = name
      self.base = base
      self.read = read
    }
  }

  public let configuration: Configuration
  private let client: HTTPClient
  private let credentials: any CredentialSource
  private let limits: RateLimits
  private let cache: ConditionalCache
  private let time: VendorTime
  private let logger: Logger
  private let basePath: String

  /// - Throws: ``VendorError`` `refused` where the base URL may not be used.
  public init(
    _ configuration: Configuration, credentials: any CredentialSource, client: HTTPClient, time: VendorTime = .system,
    logger: Logger = Logger(label: "connector")
  ) throws(VendorError) {
    guard configuration.base.origin.scheme == .https || configuration.base.isLoopback || configuration.allowsPlainHTTP else {
      throw VendorError(.refused, "\(configuration.name): the base URL must be https.")
    }
    self.configuration = configuration
    self.client = client
    self.credentials = credentials
    self.time = time
    self.logger = logger
    limits = RateLimits(budgets: configuration.budgets, resourceBudgets: configuration.resourceBudgets)
    cache = ConditionalCache(maximumBytes: configuration.cachedBytes)
    let path = configuration.base.path
    basePath = path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The path of a link that the vendor gave, for another request; nil where it leads to another origin.
  public func path(ofLink link: String) -> String? {
    if link.hasPrefix("/"), !link.hasPrefix("//") { return link.hasPrefix(basePath + "/") ? String(link.dropFirst(basePath.count)) : nil }
    guard let url = HTTPURL(link), url.origin == configuration.base.origin, url.path.hasPrefix(basePath + "/") || basePath.isEmpty else { return nil }
    return String(url.path.dropFirst(basePath.count))
  }

  /// Sends a request as `subject`, again where that is safe and helps.
  ///
  /// - Throws: why there is no answer that was accepted. Nothing is ever repeated that may have had an effect, unless it is idempotent.
  public func send(_ request: VendorRequest, as subject: Subject) async throws(VendorError) -> VendorResponse {
    guard !PercentEncoding.climbs(request.path) else { throw VendorError(.refused, "A part of the request's path is \".\" or \"..\": it would lead elsewhere.") }
    let deadline = time.now() + configuration.timeout
    var credential = request.isAuthenticated ? try await credentials.credential(for: subject, asking: configuration.name) : .none
    var wasRenewed = false
    var tries = 0
    while true {
      try await waitForSlot(request, credential, deadline)
      tries += 1
      let now = time.seconds()
      var outcome: Disposition
      var wasSent = true
      do throws(HTTPClientError) {
        let response = try await exchange(request, credential, deadline: min(deadline, time.now() + configuration.tryTimeout))
        outcome = configuration.read(response, request, now)
        if case .accepted(let quota) = outcome {
          if let quota { limits.note(quota, holder: credential.limitedAs, bucket: request.bucket, now: time.now()) }
          return request.isCacheable ? cache.keep(response, for: request, credential: credential.id) : response
        }
      } catch {
        guard let mayGoOn = try failure(error, request) else { throw VendorError(.cancelled, "The request was cancelled.") }
        outcome = mayGoOn
        wasSent = error.requestWasSent
      }
      switch outcome {
      case .accepted: continue  // Returned above.
      case .failed(let error): throw error
      case .unauthorized(let code):
        guard !wasRenewed, request.isAuthenticated else {
          throw VendorError(.unauthorized, "\(configuration.name) refuses the credential. Sign in again, or check its scopes.", vendorCode: code, status: 401)
        }
        wasRenewed = true
        credential = try await credentials.renew(credential, for: subject, asking: configuration.name)
      case .throttled(let throttle):
        let wait = max(throttle.retryAfter ?? 0, backoff(tries))
        limits.block(
          throttle.scope, holder: credential.limitedAs, bucket: request.bucket, resource: request.limitedResource,
          // A little later each time, so that replicas that share a vendor's limit do not all come back at once.
          until: time.now() + .milliseconds((throttle.isExhausted ? max(wait, 60) : wait) * 1000 + .random(in: 0...500)))
        guard !throttle.isExhausted, tries < configuration.maximumTries, time.now() + .seconds(wait) < deadline else {
          throw VendorError(
            .throttled, "\(configuration.name) limits how often it may be asked.", vendorCode: throttle.vendorCode, status: 429, retryAfter: wait)
        }
      case .unavailable(let retryAfter, let code):
        let wait = max(retryAfter ?? 0, backoff(tries))
        // What never left cannot have had an effect, so that even a write goes again.
        let isRepeatable = request.isIdempotent || !wasSent
        guard isRepeatable, tries < configuration.maximumTries, time.now() + .seconds(wait) < deadline else {
          throw VendorError(
            .unavailable, "\(configuration.name) cannot answer at the moment.", vendorCode: code, retryAfter: wait, mayHaveHadEffect: !isRepeatable)
        }
        try await sleep(.milliseconds(wait * 1000 + .random(in: 0...500)))
      }
    }
  }

  /// Sends a request and reads its answer as JSON.
  public func json(_ request: VendorRequest, as subject: Subject) async throws(VendorError) -> RawJSON {
    let response = try await send(request, as: subject)
    guard let json = response.json else {
      throw VendorError(.invalidAnswer, "\(configuration.name) answered with something that is not JSON.", status: response.status.code)
    }
    return json
  }

  /// Whose limits at the vendor a subject's requests count against (``VendorCredential/limitedAs``).
  public func limitHolder(of subject: Subject) async throws(VendorError) -> String {
    try await credentials.credential(for: subject, asking: configuration.name).limitedAs
  }

  // MARK: Steps

  /// Waits for the vendor's limits; tells how long instead where that is longer than the call may take.
  private func waitForSlot(_ request: VendorRequest, _ credential: VendorCredential, _ deadline: NIODeadline) async throws(VendorError) {
    let holder = credential.limitedAs
    var now = time.now()
    var start = limits.reserve(holder: holder, bucket: request.bucket, resource: request.limitedResource, now: now, deadline: deadline)
    while start > now {
      guard start <= deadline else {
        let seconds = ((start - now).nanoseconds + 999_999_999) / 1_000_000_000
        throw VendorError(.throttled, "\(configuration.name) limits how often it may be asked, and the limit is reached.", retryAfter: seconds)
      }
      try await sleep(start - now)
      now = time.now()
      // The slot is ours. A throttle that came meanwhile is for all who stand in the line.
      start = limits.blockedUntil(holder: holder, bucket: request.bucket, resource: request.limitedResource)
    }
  }

  private func sleep(_ amount: TimeAmount) async throws(VendorError) {
    do { try await time.sleep(amount) } catch { throw VendorError(.cancelled, "The request was cancelled.") }
  }

  /// Seconds before the next try: grows, and is never nothing, whatever `Retry-After` says.
  private func backoff(_ tries: Int) -> Int64 { min(1 << min(tries - 1, 5), 30) }

  private func exchange(_ request: VendorRequest, _ credential: VendorCredential, deadline: NIODeadline) async throws(HTTPClientError) -> VendorResponse {
    var origin = request.origin ?? configuration.base.origin
    var path = request.origin == nil ? basePath + request.path : request.path
    var isAuthenticated = request.isAuthenticated
    let isKnown = origin == configuration.base.origin || configuration.otherOrigins.contains(origin)
    guard isKnown else { throw HTTPClientError(.connect, "\(origin) is not an origin of \(configuration.name)") }
    for _ in 0..<5 {
      var message = HTTPClientRequest(origin: origin, method: request.method, path: path, headers: HTTPHeaders(configuration.headers), body: request.body)
      for (name, value) in request.headers.pairs { message.headers.set(name, value) }
      if isAuthenticated { for header in credential.headers { message.headers.set(header.name, header.value.reveal()) } }
      if request.isCacheable, let tag = cache.tag(for: request, credential: credential.id) { message.headers.set("If-None-Match", tag) }
      message.maxResponseBytes = request.maximumBytes
      let response = try await client.send(message, deadline: deadline)
      guard case .full(let body) = response.body else { throw HTTPClientError(.protocol, "\(origin) sent a stream") }
      if response.status.code == 304, let kept = cache.response(for: request, credential: credential.id, revalidatedBy: response.headers) { return kept }
      guard request.followsRedirects, [301, 302, 303, 307, 308].contains(response.status.code), let link = response.headers["Location"],
        let target = HTTPURL(link.hasPrefix("/") && !link.hasPrefix("//") ? origin.description + link : link)
      else { return VendorResponse(status: response.status, headers: response.headers, body: body) }
      guard target.origin.scheme == .https || target.isLoopback && configuration.base.isLoopback else {
        throw HTTPClientError(.protocol, "\(origin) redirects to an origin that is not https")
      }
      if target.origin != origin { isAuthenticated = false }
      (origin, path) = (target.origin, target.path)
    }
    throw HTTPClientError(.protocol, "\(configuration.base.origin) redirects too often")
  }

  /// - Returns: how to go on after a request that got no answer; nil if the task was cancelled.
  private func failure(_ error: HTTPClientError, _ request: VendorRequest) throws(VendorError) -> Disposition? {
    logger.debug("a request got no answer", metadata: ["vendor": "\(configuration.name)", "error": "\(error)"])
    let hadEffect = error.requestWasSent && !request.isIdempotent
    switch error.code {
    case .cancelled: return nil
    case .tooLarge:
      throw VendorError(
        .tooLarge, "The answer of \(configuration.name) is longer than \(request.maximumBytes) bytes. Ask for less: fewer fields, a smaller page, a part.")
    case .tls: throw VendorError(.unavailable, "\(configuration.name) cannot be reached securely. An administrator finds the reason in the log.")
    case .protocol: throw VendorError(.invalidAnswer, "\(configuration.name) sent an answer that is not valid.", mayHaveHadEffect: hadEffect)
    case .timeout where !request.isIdempotent && error.requestWasSent:
      throw VendorError(.timeout, "\(configuration.name) did not answer in time.", mayHaveHadEffect: true)
    case .closedBeforeAnswer, .closedMidAnswer, .connect, .timeout:
      if hadEffect { throw VendorError(.unavailable, "The connection to \(configuration.name) was lost.", mayHaveHadEffect: true) }
      return .unavailable()
    }
  }
}

/// The clock of a connector: given so that tests need not wait.
public struct VendorTime: Sendable {
  /// Monotonic.
  public var now: @Sendable () -> NIODeadline
  /// Seconds since 1970.
  public var seconds: @Sendable () -> Int64
  public var sleep: @Sendable (TimeAmount) async throws -> Void

  public init(
    now: @escaping @Sendable () -> NIODeadline, seconds: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (TimeAmount) async throws -> Void
  ) {
    self.now = now
    self.seconds = seconds
    self.sleep = sleep
  }
}
