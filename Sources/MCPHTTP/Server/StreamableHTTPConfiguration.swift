public import Crypto
public import JSON
public import Logging
public import MCP
public import NIOCore

/// How an MCP endpoint is served.
public struct StreamableHTTPConfiguration: Sendable {
  /// The one path of the endpoint.
  public var path: String
  /// Under which names the endpoint may be reached, and from which origins.
  public var allowed: AllowedHosts
  /// The revisions that are spoken, the preferred one first.
  public var versions: [ProtocolVersion]
  /// Bounds of a request body.
  public var limits: JSONLimits
  /// How often a stream on which nothing happens carries a comment.
  public var keepAlive: TimeAmount
  /// Seals the ids of legacy sessions. Replicas of one server share it.
  public var sessionKey: SymmetricKey
  /// For how many seconds a legacy session id is good.
  public var sessionLifetime: Int
  /// How many legacy sessions have state in memory at a time (log level, subscriptions, the stream for notifications). The least
  /// recently used lose it first; their ids stay good.
  public var sessionsInMemory: Int
  /// The longest `capabilities` of a legacy client that a session id carries whole, in bytes; of longer ones the names are kept.
  public var capabilityBytes: Int
  /// The most messages in a batch of revision 2025-03-26.
  public var batchLimit: Int
  /// The longest that a legacy client may take to answer a request of ours.
  public var answerBound: Duration
  /// Whether clients of revision 2025-11-25 can go on with a stream that they lost, by `Last-Event-ID`: its events are kept in the memory
  /// of this process, and its handler is not cancelled when the client goes. Handlers may end a response early either way.
  public var isResumable: Bool
  /// How long a client can still come back to a stream whose request has its answer.
  public var resumableFor = TimeAmount.seconds(300)
  /// How many bytes the streams that clients can go on with may keep, all together. Beyond that what is said is not kept.
  public var resumableBytes = 64 << 20
  /// How many milliseconds a legacy client is asked to wait before it opens its stream of notifications again.
  public var retryAfter: Int
  /// Where it logs.
  public var logger: Logger
  /// The time in seconds since 1970.
  public var now: @Sendable () -> Int

  public init(
    path: String = "/mcp", allowed: AllowedHosts = .loopback, versions: [ProtocolVersion] = ProtocolVersion.newestFirst,
    limits: JSONLimits = JSONLimits(), keepAlive: TimeAmount = .seconds(15), sessionKey: SymmetricKey = SymmetricKey(size: .bits256),
    sessionLifetime: Int = 7 * 86_400, sessionsInMemory: Int = 10_000, capabilityBytes: Int = 2048, batchLimit: Int = 100,
    answerBound: Duration = .seconds(600), isResumable: Bool = false, retryAfter: Int = 1000,
    logger: Logger = Logger(label: "mcp.http"), now: @escaping @Sendable () -> Int = StreamableHTTPConfiguration.systemTime
  ) {
    self.path = path
    self.allowed = allowed
    self.versions = versions
    self.limits = limits
    self.keepAlive = keepAlive
    self.sessionKey = sessionKey
    self.sessionLifetime = sessionLifetime
    self.sessionsInMemory = sessionsInMemory
    self.capabilityBytes = capabilityBytes
    self.batchLimit = batchLimit
    self.answerBound = answerBound
    self.isResumable = isResumable
    self.retryAfter = retryAfter
    self.logger = logger
    self.now = now
  }
}

/// What authentication made of a request.
public enum Authentication: Sendable {
  /// The request may go on, in the name of the caller or of nobody.
  case allowed((any Caller)?)
  /// The answer is this, for example 401 with a `WWW-Authenticate` challenge.
  case refused(HTTPHint, body: ByteBuffer = ByteBuffer())
}
