public import Crypto
public import Logging
public import MCP
public import MCPHTTP
public import NIOCore

/// A vendor's system as an MCP server: an ordinary ``Server`` that knows nothing of the gateway, and what goes on beside it.
public protocol Connector: Sendable {
  /// Its name in `sluice connector NAME` and in `connector: NAME` of sluice.yaml.
  static var name: String { get }

  /// Whether it enforces ``MetaKey/rows`` and ``MetaKey/clearance`` itself, before a change and where records are no rows of a result.
  static var enforcesRows: Bool { get }

  /// - Throws: ``ConnectorError`` that says which key of the settings is wrong and what would be right.
  init(_ settings: ConnectorSettings, _ environment: ConnectorEnvironment) throws(ConnectorError)

  var server: Server { get }

  /// Paths that the vendor calls: webhooks, and the end of a sign-in.
  var routes: [ConnectorRoute] { get }

  /// Follows changes at the vendor until the task is cancelled. Never needed for answering calls.
  func run() async

  /// Asks the vendor whether credentials and scopes will do, for `sluice connector check`.
  func check() async -> [ConnectorFinding]
}

extension Connector {
  public static var enforcesRows: Bool { false }
  public var routes: [ConnectorRoute] { [] }
  public func run() async {}
}

/// What a connector is given by whoever runs it.
public struct ConnectorEnvironment: Sendable {
  public var http: HTTPClient
  public var state: any ConnectorState
  public var time: VendorTime
  public var logger: Logger
  /// Whether a gateway in this process governs every request: only then does ``MetaKey/caller`` name the caller.
  public var isGoverned: Bool
  /// The URL under which ``Connector/routes`` are reached, without a slash at the end; nil where they are not.
  public var publicURL: String?
  /// The name under which this connector runs, which tells two of a kind apart.
  public var name: String
  /// Seals sign-ins; the same in every replica and after a restart.
  public var signInKey: SymmetricKey

  public init(
    name: String, http: HTTPClient, state: any ConnectorState, time: VendorTime = .system, logger: Logger, isGoverned: Bool = false, publicURL: String? = nil,
    signInKey: SymmetricKey = SymmetricKey(size: .bits256)
  ) {
    self.name = name
    self.http = http
    self.state = state
    self.time = time
    self.logger = logger
    self.isGoverned = isGoverned
    self.publicURL = publicURL
    self.signInKey = signInKey
  }
}

/// What is wrong with a connector's settings, and what to do.
public struct ConnectorError: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// One finding of a check.
public struct ConnectorFinding: Sendable, Hashable {
  public enum Level: String, Sendable { case ok, warning, failure }

  public var level: Level
  public var message: String
  /// What to do about it.
  public var remedy: String?

  public init(_ level: Level, _ message: String, remedy: String? = nil) {
    self.level = level
    self.message = message
    self.remedy = remedy
  }
}

/// A path below ``ConnectorEnvironment/publicURL`` that is served without the gateway's own authentication: the handler checks
/// a signature or a sealed state itself.
public struct ConnectorRoute: Sendable {
  public var method: HTTPMethod
  /// Starts with `/`.
  public var path: String
  public var respond: @Sendable (RouteRequest) async -> RouteReply

  public init(_ method: HTTPMethod, _ path: String, respond: @escaping @Sendable (RouteRequest) async -> RouteReply) {
    self.method = method
    self.path = path
    self.respond = respond
  }
}

/// What came in on a route.
public struct RouteRequest: Sendable {
  public var headers: HTTPHeaders
  /// Decoded fields of the query.
  public var query: [String: String]
  public var body: ByteBuffer

  public init(headers: HTTPHeaders = HTTPHeaders(), query: [String: String] = [:], body: ByteBuffer = ByteBuffer()) {
    self.headers = headers
    self.query = query
    self.body = body
  }
}

/// What a route answers.
public struct RouteReply: Sendable, Hashable {
  public var status: Int
  public var contentType: String
  public var body: String
  /// Where to go instead, of a redirect.
  public var location: String?

  public init(_ status: Int, _ body: String = "", contentType: String = "text/plain; charset=utf-8", location: String? = nil) {
    self.status = status
    self.body = body
    self.contentType = contentType
    self.location = location
  }
}
