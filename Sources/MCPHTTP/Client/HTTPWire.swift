public import JSON
public import Logging
public import MCP
public import NIOCore
internal import Synchronization

/// The wire to a server that speaks Streamable HTTP, in either era.
public final class HTTPWire: ClientWire {
  /// Where the endpoint is and what goes with each request.
  public struct Configuration: Sendable {
    /// Where the endpoint is.
    public var origin: HTTPOrigin
    /// Path and query of the MCP endpoint.
    public var path: String
    /// Gives the headers of each request beyond the protocol's, credentials above all; read when used, kept nowhere.
    public var headers: @Sendable () throws -> [HTTPHint.Header]
    /// Supplies credentials and deals with 401 and 403; see ``OAuthClient``.
    public var authorizer: (any HTTPAuthorizer)?
    /// The longest answer, in bytes.
    public var limits: JSONLimits

    public init(
      origin: HTTPOrigin, path: String, headers: @escaping @Sendable () throws -> [HTTPHint.Header] = { [] }, authorizer: (any HTTPAuthorizer)? = nil,
      limits: JSONLimits = JSONLimits()
    ) {
      self.origin = origin
      self.path = path
      self.headers = headers
      self.authorizer = authorizer
      self.limits = limits
    }
  }

  private struct State {
    var sessionID: String?
    /// The version of the session, to end it in.
    var sessionVersion: ProtocolVersion?
    /// The server's older transport, once it turned out to have that one alone.
    var sse: SSEConnection?
    var isClosed = false
  }

  private let client: HTTPClient
  private let ownsClient: Bool
  private let answering: RequestsFromServer
  private let configuration: Configuration
  /// What every request says, so that it is written once.
  private let commonHeaders: HTTPHeaders
  /// Guards the legacy session.
  private let state = Mutex(State())

  /// - Parameter ownsClient: whether `client` is shut down with the wire.
  public init(_ configuration: Configuration, client: HTTPClient, ownsClient: Bool = false, logger: Logger = Logger(label: "mcp.client")) {
    self.configuration = configuration
    answering = RequestsFromServer(logger: logger)
    self.client = client
    self.ownsClient = ownsClient
    commonHeaders = HTTPHeaders([("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")])
  }

  public var requestsFromServer: RequestsFromServer? { answering }
  public var carriesHeaders: Bool { true }
  public var extensions: [String] { configuration.authorizer?.extensions ?? [] }

  /// Of what the headers say, credentials above all, this keeps no more than a number that nobody can tell them from.
  public var authorizationContext: Int {
    var hasher = Hasher()
    hasher.combine(configuration.authorizer?.context)
    for header in (try? configuration.headers()) ?? [] {
      hasher.combine(header.name)
      hasher.combine(header.value)
    }
    return hasher.finalize()
  }

  /// Ends the session (2025-11-25, basic/transports, "Session Management").
  public func close() async {
    let (session, version, sse, wasClosed) = state.withLock { state in
      defer { (state.sessionID, state.sse, state.isClosed) = (nil, nil, true) }
      return (state.sessionID, state.sessionVersion, state.sse, state.isClosed)
    }
    guard !wasClosed else { return }
    answering.cancelAll()
    sse?.close()
    if let session, var headers = try? headers(version: version ?? .latestLegacy, method: nil, name: nil, extra: []) {
      headers.set("Mcp-Session-Id", session)
      headers.remove("Content-Type")
      // A server may not want it (405), or be gone: both are as good.
      _ = try? await send(
        HTTPClientRequest(origin: configuration.origin, method: .delete, path: configuration.path, headers: headers, body: nil), eventLoop: nil,
        deadline: .now() + .seconds(2))
    }
    if ownsClient { await client.shutdown() }
  }

  public func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    if let sse = state.withLock(\.sse) { return try await sse.roundTrip(request) }
    do throws(WireError) { return try await exchange(request) } catch {
      if error.code == .cancelled || error.code == .timeout, error.mayHaveHadEffect { cancel(request) }
      throw error
    }
  }

  /// Tells a legacy server that nobody waits any more: to it, a closed connection says nothing (2025-11-25, basic/transports).
  private func cancel(_ request: WireRequest) {
    guard request.version.era == .legacy, request.method != .initialize else { return }
    let params = ByteBuffer(string: "{\"requestId\":\(request.id)}")
    // A task of its own, because the caller's is over; `send` bounds it.
    Task { try? await send(Message.notification(.cancelled, params: params), version: request.version) }
  }

  private func exchange(_ request: WireRequest) async throws(WireError) -> Envelope {
    if request.method == .initialize, state.withLock(\.isClosed) {
      throw WireError(.closed, "the connection to \(configuration.origin) is closed", mayHaveHadEffect: false)
    }
    let response = try await post(
      request.message, version: request.version, method: request.method, name: request.name, extra: request.parameterHeaders,
      streams: true, isBounded: !request.isStream, eventLoop: request.eventLoop, deadline: request.deadline)
    switch response.body {
    case .full(let body):
      if request.method == .initialize, [400, 404, 405].contains(response.status.code), let answer = try await initializeOverSSE(request, refusal: body) {
        return answer
      }
      guard body.readableBytes > 0 else { throw status(response) }
      let messages: [Envelope]
      do throws(RPCError) {
        messages = try Envelope.messages(in: body, allowsBatch: request.version == .v2025_03_26, limits: configuration.limits)
      } catch {
        if !response.status.isSuccess { throw status(response) }
        throw invalid("the answer is no valid MCP message: \(error.message)")
      }
      // What comes in a batch with the answer is dealt with before it.
      for other in messages where messages.count > 1 && other.kind != .response {
        if other.kind == .request { receive(other, version: request.version, answering: request.onRequest) } else { await request.onNotification?(other) }
      }
      guard let message = messages.first(where: { answers($0, request, isSuccess: response.status.isSuccess) }) ?? messages.first else { throw status(response) }
      guard answers(message, request, isSuccess: response.status.isSuccess) else {
        if !response.status.isSuccess { throw status(response) }
        throw invalid("the answer belongs to another request")
      }
      // Who asks is a matter between client and server, not of the request, whatever the body says of it.
      if response.status.code == 401 { throw status(response, saying: message.error?["message"]?.string) }
      if request.method == .initialize { begin(response, with: message, version: request.version) }
      return message
    case .stream(let stream):
      let message = try await readEvents(stream, request)
      if request.method == .initialize { begin(response, with: message, version: request.version) }
      return message
    }
  }

  /// Until there is another, the session before is the one of the requests beside `initialize`.
  private func begin(_ response: HTTPClientResponse, with answer: Envelope, version: ProtocolVersion) {
    guard answer.error == nil else { return }
    let session = response.headers["Mcp-Session-Id"]
    state.withLock { ($0.sessionID, $0.sessionVersion) = (session, version) }
  }

  // MARK: HTTP+SSE

  /// Tries the transport of 2024-11-05 (2026-07-28, streamable-http, "HTTP+SSE Transport"), unless the refusal is a modern server's.
  ///
  /// - Returns: the answer to `initialize`; nil where the server has not that transport either.
  private func initializeOverSSE(_ request: WireRequest, refusal: ByteBuffer) async throws(WireError) -> Envelope? {
    if let message = try? Envelope(scanning: refusal, limits: configuration.limits), let code = message.error?["code"]?.int,
      RPCError.Code(rawValue: code).isModern
    {
      return nil
    }
    var headers = try headers(version: request.version, method: .initialize, name: nil, extra: [])
    headers.set("Accept", "text/event-stream")
    headers.remove("Content-Type")
    let get = HTTPClientRequest(
      origin: configuration.origin, method: .get, path: configuration.path, headers: headers, body: nil, streamsEvents: true)
    guard let response = try? await send(get, eventLoop: nil, deadline: min(request.deadline, .now() + .seconds(10))), response.status.isSuccess,
      case .stream(let stream) = response.body
    else { return nil }
    let connection = SSEConnection(name: configuration.origin.description, limits: configuration.limits, answering: answering) {
      [self] message, path, deadline throws(WireError) in try await postOverSSE(message, to: path, deadline: deadline)
    }
    let opened = await connection.open(stream, origin: configuration.origin, path: configuration.path, deadline: min(request.deadline, .now() + .seconds(10)))
    guard opened else { return nil }
    state.withLock { $0.sse = connection }
    return try await connection.roundTrip(request)
  }

  private func postOverSSE(_ message: ByteBuffer, to path: String, deadline: NIODeadline) async throws(WireError) {
    let headers = try headers(version: .v2024_11_05, method: .initialize, name: nil, extra: [])
    let response = try await send(
      HTTPClientRequest(origin: configuration.origin, method: .post, path: path, headers: headers, body: message), eventLoop: nil, deadline: deadline)
    guard response.status.isSuccess else { throw status(response) }
  }

  /// The older transport has one stream for its whole life; over Streamable HTTP there is nothing to lose.
  public func lost() async {
    guard let sse = state.withLock(\.sse) else {
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
      return
    }
    await sse.lost()
    state.withLock { if $0.sse === sse { $0.sse = nil } }
  }

  // MARK: Messages of no request

  public func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {
    if let sse = state.withLock(\.sse) { return try await sse.send(notification, deadline: .now() + .seconds(30)) }
    // 2026-07-28 has no notifications from the client over HTTP: closing the connection cancels.
    guard version.era == .legacy else { return }
    let response = try await post(notification, version: version, method: nil, name: nil, extra: [], streams: false, eventLoop: nil, deadline: .now() + .seconds(30))
    guard response.status.isSuccess else { throw status(response) }
  }

  public func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    if let sse = state.withLock(\.sse) { return await sse.receiveUnsolicited(opened: opened, receive) }
    guard version.era == .legacy else { return }
    var reader = EventStreamReader(limits: configuration.limits, version: version)
    while true {
      let stream: HTTPBodyStream
      do throws(WireError) {
        stream = try await get(version: version, after: reader.lastEventID, deadline: .now() + .seconds(30), isBounded: false)
      } catch {
        // A place that the server no longer knows: what comes next is a stream from its start.
        if case .status = error.code, reader.lastEventID != nil { return }
        throw error
      }
      // A stream that goes on from its last event has missed nothing.
      if reader.lastEventID == nil { opened() }
      let isResumable: Bool
      do throws(WireError) {
        _ = try await events(of: stream, &reader, version: version) { message in
          if message.kind == .notification { await receive(message) }
          return false
        }
        isResumable = reader.lastEventID != nil || reader.retry != nil
      } catch {
        guard error.code == .closed, reader.lastEventID != nil else { throw error }
        isResumable = true
      }
      guard isResumable else { return }
      try await sleep(reader.wait, until: .distantFuture)
    }
  }

  /// Opens the stream of the server's own messages, or goes on with one that was closed early.
  private func get(version: ProtocolVersion, after lastEventID: String?, deadline: NIODeadline, isBounded: Bool) async throws(WireError) -> HTTPBodyStream {
    var headers = try headers(version: version, method: nil, name: nil, extra: [])
    headers.set("Accept", "text/event-stream")
    headers.remove("Content-Type")
    if let lastEventID { headers.set("Last-Event-ID", lastEventID) }
    let response = try await send(
      HTTPClientRequest(
        origin: configuration.origin, method: .get, path: configuration.path, headers: headers, body: nil, streamsEvents: true, boundsStream: isBounded),
      eventLoop: nil, deadline: deadline)
    guard response.status.isSuccess, case .stream(let stream) = response.body else {
      if response.status == .notFound, headers.contains("Mcp-Session-Id") { throw sessionEnded }
      throw status(response)
    }
    return stream
  }

  // MARK: Requests

  private func post(
    _ body: ByteBuffer, version: ProtocolVersion, method: MCP.Method?, name: String?, extra: [HTTPHint.Header], streams: Bool,
    isBounded: Bool = true, eventLoop: (any EventLoop)?, deadline: NIODeadline
  ) async throws(WireError) -> HTTPClientResponse {
    let headers = try headers(version: version, method: method, name: name, extra: extra)
    let request = HTTPClientRequest(
      origin: configuration.origin, method: .post, path: configuration.path, headers: headers, body: body, streamsEvents: streams,
      boundsStream: isBounded)
    let response = try await send(request, eventLoop: eventLoop, deadline: deadline)
    // Whatever the body says (2025-11-25, basic/transports, "Session Management"): it may be a proxy's.
    if response.status == .notFound, version.era == .legacy, headers.contains("Mcp-Session-Id") { throw sessionEnded }
    return response
  }

  private func send(_ request: HTTPClientRequest, eventLoop: (any EventLoop)?, deadline: NIODeadline) async throws(WireError) -> HTTPClientResponse {
    guard let authorizer = configuration.authorizer else { return try await transmit(request, eventLoop: eventLoop, deadline: deadline) }
    return try await authorizer.send(request, deadline: deadline) { request, deadline throws(WireError) in
      try await transmit(request, eventLoop: eventLoop, deadline: deadline)
    }
  }

  private func transmit(_ request: HTTPClientRequest, eventLoop: (any EventLoop)?, deadline: NIODeadline) async throws(WireError) -> HTTPClientResponse {
    do throws(HTTPClientError) {
      if let eventLoop { return try await client.send(request, on: eventLoop, deadline: deadline) }
      return try await client.send(request, deadline: deadline)
    } catch { throw WireError(error) }
  }

  private func headers(version: ProtocolVersion, method: MCP.Method?, name: String?, extra: [HTTPHint.Header]) throws(WireError) -> HTTPHeaders {
    var headers = commonHeaders
    if version.era == .modern {
      headers.add("MCP-Protocol-Version", version.rawValue)
      if let method { headers.add("Mcp-Method", method.rawValue) }
      if let name { headers.add("Mcp-Name", HeaderValue.encode(name)) }
      for header in extra { headers.add(header.name, header.value) }
    } else if method != .initialize {
      if version >= .v2025_06_18 { headers.add("MCP-Protocol-Version", version.rawValue) }
      if let session = state.withLock({ $0.sessionID }) { headers.add("Mcp-Session-Id", session) }
    }
    do {
      for header in try configuration.headers() { headers.set(header.name, header.value) }
    } catch {
      throw WireError(.unreachable, "the credentials for \(configuration.origin) cannot be read: \(error)", mayHaveHadEffect: false)
    }
    return headers
  }

  // MARK: Answers

  /// Reads up to the answer. A legacy server may close the stream early and have us come back for the rest (2025-11-25,
  /// basic/transports, "Resumability and Redelivery").
  private func readEvents(_ first: HTTPBodyStream, _ request: WireRequest) async throws(WireError) -> Envelope {
    var reader = EventStreamReader(limits: configuration.limits, version: request.version)
    var stream: HTTPBodyStream? = first
    var failures = 0
    while true {
      let position = reader.lastEventID
      do throws(WireError) {
        let current: HTTPBodyStream
        if let stream {
          current = stream
        } else {
          current = try await get(version: request.version, after: position, deadline: request.deadline, isBounded: true)
        }
        let answer = try await events(of: current, &reader, version: request.version, answering: request.onRequest) { message in
          if message.kind == .notification { await request.onNotification?(message) }
          return answers(message, request, isSuccess: true)
        }
        if let answer { return answer }
      } catch {
        // Only a lost connection is a reason to come back; and a server that will not have us back has no more to say.
        let mayReturn = error.code == .closed || (stream == nil && (error.code == .unreachable || [502, 503, 504].map { .status($0) }.contains(error.code)))
        guard mayReturn, reader.lastEventID != nil else {
          guard stream == nil else { throw error }
          // The request was taken, and may not be sent again for want of its session.
          if case .status = error.code { throw endedEarly }
          throw error.code == .sessionEnded ? endedEarly : error
        }
      }
      failures = reader.lastEventID == position && stream == nil ? failures + 1 : 0
      guard request.version.era == .legacy, reader.lastEventID != nil, failures < 5 else { throw endedEarly }
      try await sleep(reader.wait, until: request.deadline)
      stream = nil
    }
  }

  private var endedEarly: WireError { WireError(.closed, "\(configuration.origin) ended the stream before the answer", mayHaveHadEffect: true) }

  private func sleep(_ duration: TimeAmount, until deadline: NIODeadline) async throws(WireError) {
    guard NIODeadline.now() + duration < deadline else {
      throw WireError(.timeout, "\(configuration.origin) wants us to come back for the answer later than we may wait", mayHaveHadEffect: true)
    }
    do { try await Task.sleep(for: .nanoseconds(duration.nanoseconds)) } catch {
      throw WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: true)
    }
  }

  /// The first message that `isLast` accepts; nil if the stream ends before. Requests of the server are answered on their way.
  private func events(
    of stream: HTTPBodyStream, _ reader: inout EventStreamReader, version: ProtocolVersion, answering own: RequestsFromServer.Answering? = nil,
    isLast: (Envelope) async -> Bool
  ) async throws(WireError) -> Envelope? {
    reader.begin()
    var iterator = stream.makeAsyncIterator()
    while true {
      let chunk: ByteBuffer?
      do throws(HTTPClientError) { chunk = try await iterator.next(isolation: nil) } catch { throw WireError(error) }
      guard let chunk else { return nil }
      let messages: [Envelope]
      do throws(EventStreamReader.Invalid) { messages = try reader.read(chunk) } catch { throw invalid(error.description) }
      for message in messages {
        if message.kind == .request {
          receive(message, version: version, answering: own)
        } else if message.method == .cancelled {
          answering.cancel(message)
        } else if await isLast(message) {
          return message
        }
      }
    }
  }

  /// Takes a request of the server's: legacy servers ask, modern ones must not.
  private func receive(_ request: Envelope, version: ProtocolVersion, answering own: RequestsFromServer.Answering?) {
    guard version.era == .legacy else { return }
    answering.receive(request, with: own) { [weak self] answer in
      guard let self else { return }
      _ = try? await post(
        answer, version: version, method: nil, name: nil, extra: [], streams: false, eventLoop: nil, deadline: .now() + .seconds(30))
    }
  }

  /// An error response may lack the id where the server could not read it.
  private func answers(_ message: Envelope, _ request: WireRequest, isSuccess: Bool) -> Bool {
    guard message.kind == .response else { return false }
    if let id = message.id { return id.int == request.id }
    return message.error != nil && !isSuccess
  }

  private var sessionEnded: WireError { WireError(.sessionEnded, "the server ended the session", mayHaveHadEffect: false) }

  private func invalid(_ message: String) -> WireError { WireError(.invalidAnswer, "\(configuration.origin): \(message)", mayHaveHadEffect: true) }

  private func status(_ response: HTTPClientResponse, saying reason: String? = nil) -> WireError {
    let code = response.status.code
    return WireError(
      .status(code), "\(configuration.origin) answered with HTTP status \(code)\(reason.map { ": \($0.prefix(200))" } ?? "")", mayHaveHadEffect: code >= 500,
      retryAfter: response.headers["Retry-After"].flatMap { Int($0) }.map { min(max($0, 0), 86_400) })
  }
}
