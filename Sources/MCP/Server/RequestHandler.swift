public import JSON
public import NIOCore

/// What answers MCP requests: a ``Server`` built with the SDK, or the gateway.
///
/// The transports (Streamable HTTP, stdio, in process) do framing, eras, sessions and streams, and hand every request here.
public protocol RequestHandler: Sendable {
  /// Answers one request. Runs in a task that is cancelled when the client gives up.
  func handle(_ request: Envelope, _ context: RequestContext) async -> Answer

  /// Takes a notification that is not about the transport itself (cancellation is handled before), or the response of a
  /// legacy client to a request that was sent to it.
  func receive(_ notification: Envelope, _ context: RequestContext) async

  /// What this side says of itself in `initialize` and `server/discover`.
  func describe(_ context: RequestContext) async -> ServerDescription

  /// Calls `observer` at each change that `caller` may know of, until the observation is cancelled.
  func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation

  /// Follows a resource on behalf of `caller` until the observation ends: its updates come to those who observe.
  ///
  /// - Returns: nil where `caller` cannot be told of this resource.
  func follow(_ uri: String, for caller: (any Caller)?) -> Observation?
}

extension RequestHandler {
  /// For handlers that know of the changes of their resources whether somebody follows them or not.
  public func follow(_ uri: String, for caller: (any Caller)?) -> Observation? { Observation {} }
}

/// What a request is answered with.
public enum Answer: Sendable {
  /// The text of the result object, complete for the era of the request (`resultType` and caching hints included).
  case result(ByteBuffer)
  case failure(RPCError, HTTPHint? = nil)
}

/// What an HTTP transport adds to a failure; other transports ignore it.
public struct HTTPHint: Sendable, Hashable {
  /// The status of the answer.
  public var status: Int
  /// Extra headers, for example `Retry-After`.
  public var headers: [Header]

  /// One header field.
  public struct Header: Sendable, Hashable {
    /// The name of the field.
    public var name: String
    /// The value of the field.
    public var value: String
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(status: Int, headers: [Header] = []) {
    self.status = status
    self.headers = headers
  }
}

/// Who sends the requests of a connection, as an authenticating transport found out.
public protocol Caller: AnyObject, Sendable {
  /// The same for all requests of one caller, and for nobody else's.
  var id: String { get }
}

/// A server's description of itself (`initialize`, `server/discover`).
public struct ServerDescription: Sendable {
  /// What the server is called, for programs.
  public var name: String
  /// What it is called, for people.
  public var title: String?
  /// The version of the server's own program.
  public var version: String
  /// How to use the server, for the model.
  public var instructions: String?
  /// Pictures of it, for people to see.
  public var icons: [Icon]
  /// Where people can read about the server.
  public var websiteURL: String?
  /// What the server does, for people.
  public var description: String?
  /// `ServerCapabilities`.
  public var capabilities: JSONValue
  /// How long and by whom this description may be kept.
  public var cache: CacheHint

  public init(
    name: String, title: String? = nil, version: String, instructions: String? = nil, capabilities: JSONValue,
    icons: [Icon] = [], websiteURL: String? = nil, description: String? = nil,
    cache: CacheHint = CacheHint(milliseconds: 0, scope: .private)
  ) {
    self.name = name
    self.title = title
    self.version = version
    self.instructions = instructions
    self.capabilities = capabilities
    self.icons = icons
    self.websiteURL = websiteURL
    self.description = description
    self.cache = cache
  }

  /// The `Implementation` object.
  public var implementation: JSONValue {
    var object: JSONValue = ["name": .string(name), "version": .string(version)]
    if let title { object["title"] = .string(title) }
    if let description { object["description"] = .string(description) }
    if !icons.isEmpty { object["icons"] = .array(icons.map(\.json)) }
    if let websiteURL { object["websiteUrl"] = .string(websiteURL) }
    return object
  }
}

/// Something that clients can be told of.
public enum ServerChange: Sendable, Hashable {
  case toolsListChanged
  case promptsListChanged
  case resourcesListChanged
  case resourceUpdated(uri: String)
  /// Extension `io.modelcontextprotocol/tasks`.
  case taskUpdated(TaskRecord)
}

/// A running observation; ends when cancelled or released.
public final class Observation: Sendable {
  private let onCancel: @Sendable () -> Void
  /// An observation that ends by `onCancel`.
  public init(onCancel: @escaping @Sendable () -> Void) { self.onCancel = onCancel }
  /// Ends it: the observer is not called again.
  public func cancel() { onCancel() }
  deinit { onCancel() }
}

/// What surrounds one request. A class, since it is handed on at every step: that costs one reference.
public final class RequestContext: Sendable {
  /// How requests come.
  public enum Transport: String, Sendable { case http, stdio, inProcess }

  /// Who asks, as it describes itself.
  public let client: ClientDescription
  /// Who asks, as the transport found out; nil where nobody has to be known.
  public let caller: (any Caller)?
  /// The legacy session, where there is one.
  public let sessionID: String?
  /// How the request came.
  public let transport: Transport
  /// The IP address of the other side, over HTTP.
  public let remoteAddress: String?
  /// The event loop on which the request arrived; answers cost least when they are produced there.
  public let eventLoop: (any EventLoop)?
  /// Looks up a header of the HTTP request, any case; nil where the transport has none. For `Mcp-Param-*`, which only
  /// someone who knows the tool can check (2026-07-28, streamable-http, "Server Behavior for Custom Headers").
  public let header: (@Sendable (String) -> String?)?
  /// The least severe log message that a legacy client asked for with `logging/setLevel`. Modern requests say it in `_meta`.
  public let logLevel: LogLevel?
  /// Sends a notification that belongs to this request (progress, log message) before its answer. Waits while the client is slow to read.
  public let notify: @Sendable (ByteBuffer) async -> Void
  /// Where a legacy client can be asked while its request is answered; nil for modern ones.
  public let channel: (any ClientChannel)?

  public init(
    client: ClientDescription, caller: (any Caller)? = nil, sessionID: String? = nil, transport: Transport,
    remoteAddress: String? = nil, eventLoop: (any EventLoop)? = nil, header: (@Sendable (String) -> String?)? = nil,
    logLevel: LogLevel? = nil, channel: (any ClientChannel)? = nil,
    notify: @escaping @Sendable (ByteBuffer) async -> Void = { _ in }
  ) {
    self.client = client
    self.caller = caller
    self.sessionID = sessionID
    self.transport = transport
    self.remoteAddress = remoteAddress
    self.eventLoop = eventLoop
    self.header = header
    self.logLevel = logLevel
    self.channel = channel
    self.notify = notify
  }

  /// The era of the client's revision.
  public var era: Era { client.version.era }
}
