public import NIOCore

/// How a client's messages reach one server: HTTP, the pipes of a child process, or memory.
///
/// A wire moves messages; ``ClientConnection`` decides what they say.
public protocol ClientWire: Sendable {
  /// Sends one request and waits for its response. Cancelling the task tells the server (2026-07-28, patterns/cancellation).
  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope

  /// Sends a notification.
  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError)

  /// Delivers notifications that belong to no request of ours, until the task is cancelled or the server ends the stream.
  ///
  /// - Parameter opened: told once that nothing sent from now on will be missed.
  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError)

  /// Returns when the server is gone and must be connected to anew; on wires without a connection of their own, when the task is cancelled.
  func lost() async

  /// Ends the session and lets go of the server: its process, its connections. Requests fail from now on.
  func close() async

  /// Answers what legacy servers ask over this wire; nil where they cannot.
  var requestsFromServer: RequestsFromServer? { get }

  /// Whether requests say part of themselves in headers (`Mcp-Param-*`).
  var carriesHeaders: Bool { get }

  /// Whether all messages share one channel: those without a mark of the request that they belong to come as unsolicited.
  var isSharedChannel: Bool { get }

  /// The identifiers of the extensions that the wire speaks by itself, those of authorization above all: the client declares them.
  var extensions: [String] { get }

  /// Stands for whom requests go out as: it changes when somebody else is let in, and what was the server's answer to the one before is not
  /// given to them from the cache.
  var authorizationContext: Int { get }
}

extension ClientWire {
  /// Takes what a server sends of itself, until the connection ends.
  public func receiveUnsolicited(version: ProtocolVersion, _ receive: @escaping @Sendable (Envelope) async -> Void) async throws(WireError) {
    try await receiveUnsolicited(version: version, opened: {}, receive)
  }

  public func close() async {}
  public var requestsFromServer: RequestsFromServer? { nil }
  public var carriesHeaders: Bool { false }
  public var isSharedChannel: Bool { false }
  public var extensions: [String] { [] }
  public var authorizationContext: Int { 0 }

  public func lost() async {
    // Ends by cancellation only.
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
  }
}

/// One request on its way to a server.
public struct WireRequest: Sendable {
  /// Unique on the wire among requests in flight.
  public var id: Int
  /// The method of the request.
  public var method: Method
  /// What the `Mcp-Name` header says: the tool, prompt or URI.
  public var name: String?
  /// The revision that it is written in.
  public var version: ProtocolVersion
  /// The whole message, with ``id`` as its id.
  public var message: ByteBuffer
  /// `Mcp-Param-*` headers.
  public var parameterHeaders: [HTTPHint.Header]
  /// The event loop on which the caller runs; nil lets the wire choose.
  public var eventLoop: (any EventLoop)?
  /// When to give up waiting for the answer.
  public var deadline: NIODeadline
  /// Whether the response may be a stream that stays open beyond the usual bounds (`subscriptions/listen`).
  public var isStream: Bool
  /// Takes the notifications that come before the response.
  public var onNotification: (@Sendable (Envelope) async -> Void)?
  /// Answers what a legacy server asks about this request, on wires that show which request that is; nil leaves it to ``ClientWire/requestsFromServer``.
  public var onRequest: RequestsFromServer.Answering?

  public init(
    id: Int, method: Method, name: String? = nil, version: ProtocolVersion, message: ByteBuffer,
    parameterHeaders: [HTTPHint.Header] = [], eventLoop: (any EventLoop)? = nil, deadline: NIODeadline,
    isStream: Bool = false, onNotification: (@Sendable (Envelope) async -> Void)? = nil,
    onRequest: RequestsFromServer.Answering? = nil
  ) {
    self.id = id
    self.method = method
    self.name = name
    self.version = version
    self.message = message
    self.parameterHeaders = parameterHeaders
    self.eventLoop = eventLoop
    self.deadline = deadline
    self.isStream = isStream
    self.onNotification = onNotification
    self.onRequest = onRequest
  }
}

/// Why a request got no JSON-RPC response.
public struct WireError: Error, Sendable, CustomStringConvertible {
  /// Why there was no answer.
  public enum Code: Sendable, Hashable {
    /// The server cannot be reached or started.
    case unreachable
    /// No answer before the deadline.
    case timeout
    /// The connection or process ended before the answer.
    case closed
    /// The answer is no valid MCP message, or too large.
    case invalidAnswer
    /// An HTTP status without a JSON-RPC message.
    case status(Int)
    /// The legacy session is no longer known to the server.
    case sessionEnded
    /// The task that waited was cancelled.
    case cancelled
  }

  /// Why there was no answer.
  public var code: Code
  /// For operators; may name addresses and commands, never secrets.
  public var message: String
  /// Whether the server may have begun to act on the request.
  public var mayHaveHadEffect: Bool
  /// Seconds that the server asks to wait.
  public var retryAfter: Int?

  public init(_ code: Code, _ message: String, mayHaveHadEffect: Bool, retryAfter: Int? = nil) {
    self.code = code
    self.message = message
    self.mayHaveHadEffect = mayHaveHadEffect
    self.retryAfter = retryAfter
  }

  public var description: String { message }

  /// Whether the server was away, slow or busy, rather than refusing: what has no effect by being sent twice may be sent again.
  var isPassing: Bool {
    switch code {
    case .unreachable, .timeout, .closed, .sessionEnded: true
    case .status(let status): status >= 500 || [408, 425, 429].contains(status)
    case .invalidAnswer, .cancelled: false
    }
  }
}
