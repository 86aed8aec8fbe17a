public import MCP
internal import JSON
internal import NIOCore

/// Serves a request handler over Streamable HTTP, for clients of both eras on one path.
///
/// A request passes, in this order: path, `Host` and `Origin`, method, authentication, content negotiation, the scan of the body, the
/// choice of the era, the headers of that era, the session of that era. Then the handler answers.
public final class StreamableHTTPResponder: HTTPResponder {
  /// Finds out who sends a request, or how it is refused.
  public typealias Authenticate = @Sendable (HTTPRequest) async -> Authentication

  let handler: any RequestHandler
  let configuration: StreamableHTTPConfiguration
  let registry: any SessionRegistry
  let sessions: SessionCache
  let requestsToClient: RequestsToClient
  let streamMemory: StreamMemory
  private let authenticate: Authenticate?

  /// - Parameters:
  ///   - registry: remembers ended legacy sessions; replicas share one.
  ///   - authenticate: finds out who sends a request, before its body is read; nil leaves the endpoint open.
  public init(
    _ handler: any RequestHandler, configuration: StreamableHTTPConfiguration = StreamableHTTPConfiguration(),
    registry: any SessionRegistry = InMemorySessionRegistry(), authenticate: Authenticate? = nil
  ) {
    self.handler = handler
    self.configuration = configuration
    self.registry = registry
    self.authenticate = authenticate
    sessions = SessionCache(capacity: configuration.sessionsInMemory)
    requestsToClient = RequestsToClient(bound: configuration.answerBound)
    streamMemory = StreamMemory(limit: configuration.resumableBytes)
  }

  /// A request that has passed the checks which do not depend on its body.
  struct Arrival: Sendable {
    let request: HTTPRequest
    let headers: TransportHeaders
    let caller: (any Caller)?
    let authenticate: Authenticate?
  }

  /// Answers a request to the endpoint; 404 for any other path.
  public func respond(to request: HTTPRequest) async -> HTTPReply {
    guard request.path == configuration.path else { return .text(.notFound, "There is nothing here.") }
    return await respond(toMounted: request, authenticate: authenticate)
  }

  /// Answers a request that the router of another framework has found to be for this endpoint, whatever its path.
  ///
  /// - Parameter authenticate: in the place of the endpoint's own: finds out who sends the request, and on long streams again and again
  ///   whether they still may; nil where nobody has to be known.
  public func respond(toMounted request: HTTPRequest, authenticate: Authenticate?) async -> HTTPReply {
    let headers = TransportHeaders(request.headers)
    guard configuration.allowed.allows(host: headers.host) else { return forbidden("Host") }
    guard configuration.allowed.allows(origin: headers.origin) else { return forbidden("Origin") }
    switch request.method {
    case .post, .get, .delete: break
    default: return MCPReply.methodNotAllowed("GET, POST, DELETE")
    }
    var caller: (any Caller)?
    if let authenticate {
      switch await authenticate(request) {
      case .allowed(let found): caller = found
      case .refused(let hint, let body):
        return .full(HTTPStatus(hint.status), HTTPHeaders(hint.headers.map { ($0.name, $0.value) }), body: body)
      }
    }
    if let repeated = headers.repeated {
      return MCPReply.failure(RPCError(.headerMismatch, "Header mismatch: \(repeated) is sent more than once"), id: nil, status: 400)
    }
    let arrival = Arrival(request: request, headers: headers, caller: caller, authenticate: authenticate)
    switch request.method {
    case .post: return await post(arrival)
    case .get: return await openLegacyStream(arrival)
    default: return await endLegacySession(arrival)
    }
  }

  private func forbidden(_ header: String) -> HTTPReply {
    MCPReply.failure(RPCError(.invalidRequest, "Forbidden: this \(header) is not allowed here"), id: nil, status: 403)
  }

  private func post(_ arrival: Arrival) async -> HTTPReply {
    guard arrival.headers.hasJSONBody else {
      return MCPReply.failure(RPCError(.invalidRequest, "Content-Type must be application/json"), id: nil, status: 415)
    }
    guard arrival.headers.acceptsJSON || arrival.headers.acceptsEvents else {
      return MCPReply.failure(
        RPCError(.invalidRequest, "Accept must list application/json and text/event-stream"), id: nil, status: 406)
    }
    if arrival.request.body.isBatch { return await legacyBatch(arrival) }
    let message: Envelope
    do { message = try Envelope(scanning: arrival.request.body, limits: configuration.limits) } catch {
      let id = error.code == .parseError ? nil : Envelope.id(of: arrival.request.body, limits: configuration.limits)
      // JSON-RPC 2.0 wants a null id where none could be read; 2026-07-28 leaves it out.
      return MCPReply.failure(error, id: id, status: 400, nullID: !arrival.namesModernVersion)
    }
    let version = message.meta?[MetaKey.protocolVersion]
    if version != nil || arrival.namesModernVersion { return await modern(message, version: version, arrival) }
    return await legacy(message, arrival)
  }

  // MARK: Modern

  private func modern(_ message: Envelope, version: RawJSON?, _ arrival: Arrival) async -> HTTPReply {
    guard let id = message.id, message.kind == .request else { return await modernOneWay(message, arrival) }
    let client: ClientDescription
    do throws(RPCError) {
      try arrival.headers.check(message, version: version)
      client = try ClientDescription(modern: message, supported: configuration.versions)
      guard configuration.versions.contains(client.version) else {
        throw .unsupported(version: client.version.rawValue, supported: configuration.versions)
      }
      if let method = message.method, !method.isRequest(in: .modern) { throw .methodNotFound(method.rawValue) }
    } catch {
      return MCPReply.failure(error, id: id, status: error.httpStatus)
    }
    let isSilent =
      !arrival.headers.acceptsEvents
      || (message.meta?[MetaKey.progressToken] == nil && message.meta?[MetaKey.logLevel] == nil)
    switch message.method {
    case .discover:
      let description = await handler.describe(arrival.context(client))
      return MCPReply.answer(
        .result(description.discoverResult(versions: configuration.versions)), id: id, .modern, asEvent: !arrival.headers.acceptsJSON)
    case .subscriptionsListen: return await listen(message, id: id, client, arrival)
    default: break
    }
    if isSilent {
      let answer = await handler.handle(message, arrival.context(client))
      return MCPReply.answer(answer, id: id, .modern, asEvent: !arrival.headers.acceptsJSON)
    }
    return await answer(message, id: id, Exchange(), arrival, asEvent: true) { arrival.context(client, notify: $0) }
  }

  private func modernOneWay(_ message: Envelope, _ arrival: Arrival) async -> HTTPReply {
    guard message.kind == .notification else {
      return MCPReply.failure(
        RPCError(.invalidRequest, "Invalid request: \(ProtocolVersion.latest.rawValue) clients send requests and notifications only"),
        id: nil, status: 400)
    }
    // Which headers and fields such a notification has is not defined: what is there is taken.
    let client = (try? ClientDescription(modern: message)) ?? ClientDescription(version: .latest)
    // Streams are how requests are cancelled here (2026-07-28, basic/patterns/cancellation).
    if message.method != .cancelled { await handler.receive(message, arrival.context(client)) }
    return MCPReply.accepted
  }

  private func listen(_ message: Envelope, id: RawJSON, _ client: ClientDescription, _ arrival: Arrival) async -> HTTPReply {
    guard arrival.headers.acceptsEvents else {
      return MCPReply.failure(
        RPCError(.invalidRequest, "subscriptions/listen is answered with text/event-stream: Accept must list it"), id: id, status: 406)
    }
    let description = await handler.describe(arrival.context(client))
    var filter: SubscriptionFilter
    do { filter = try SubscriptionFilter(of: message, capabilities: description.capabilities, client: client) } catch {
      return MCPReply.failure(error, id: id, status: error.httpStatus)
    }
    let queue = ChangeQueue()
    let observations = filter.observe(handler, for: arrival.caller, into: queue)
    return .stream(.ok, MCPReply.eventHeaders) { [self, filter] writer in
      defer { for one in observations { one.cancel() } }
      try await writer.write(SSE.event(data: filter.acknowledgement(id: id)))
      try await relay(queue, to: writer, for: arrival) { $0.notification(subscription: id) }
      // The stream ends because the server does; if it is the client that went, this goes nowhere.
      try await writer.write(SSE.event(data: SubscriptionFilter.ended(id: id)))
    }
  }

  // MARK: Answers

  /// Sends changes until the queue is closed, with a sign of life when nothing happens.
  ///
  /// - Throws: `CredentialLapsed` when the caller's credential no longer holds: the stream is cut, not ended, so that its client listens
  ///   anew with another and takes everything for changed.
  func relay(
    _ queue: ChangeQueue, to writer: HTTPBodyWriter, for arrival: Arrival, _ notification: (ServerChange) -> ByteBuffer
  ) async throws {
    let keepAlive = arrival.request.eventLoop.scheduleRepeatedTask(initialDelay: configuration.keepAlive, delay: configuration.keepAlive) { _ in
      queue.keepAlive()
    }
    defer { keepAlive.cancel() }
    while true {
      let event: ByteBuffer
      switch await queue.next() {
      case .change(let change): event = SSE.event(data: notification(change))
      case .idle: event = SSE.comment()
      case .closed: return
      }
      // A stream outlives requests by far, and must not outlive the right to it.
      guard await isStillAllowed(arrival) else { throw CredentialLapsed() }
      try await writer.write(event)
    }
  }

  private struct CredentialLapsed: Error {}

  private func isStillAllowed(_ arrival: Arrival) async -> Bool {
    guard let authenticate = arrival.authenticate else { return true }
    var request = arrival.request
    request.isRecheck = true
    guard case .allowed(let caller) = await authenticate(request) else { return false }
    return caller?.id == arrival.caller?.id
  }

  /// Answers a request that may have something to say before its answer.
  ///
  /// - Parameters:
  ///   - asEvent: whether a result goes out as a stream even if nothing was said before it.
  ///   - keep: makes the stream one that can be gone on with, and is told its name.
  ///   - finished: runs when the handler is done, whatever becomes of the answer.
  func answer(
    _ message: Envelope, id: RawJSON, _ exchange: Exchange, _ arrival: Arrival, asEvent: Bool, keep: (@Sendable (String) -> Void)? = nil,
    finished: @escaping @Sendable () -> Void = {},
    _ context: (@escaping @Sendable (ByteBuffer) async -> Void) -> RequestContext
  ) async -> HTTPReply {
    let context = context { [weak exchange] in await exchange?.notify($0) }
    let handler = handler
    let loop = arrival.request.eventLoop
    let executor = loop.inEventLoop ? LoopExecutor.current(on: loop) : nil
    switch await exchange.begin(on: executor, finished: finished, { await handler.handle(message, context) }) {
    case .answer(let answer): return MCPReply.answer(answer, id: id, context.era, asEvent: asEvent)
    case .cancelled: return MCPReply.accepted
    case .notification:
      return .stream(.ok, MCPReply.eventHeaders) { writer in
        try await exchange.stream(to: writer, keep: keep) { Message.answer($0, id: id) }
      }
    }
  }
}

extension StreamableHTTPResponder.Arrival {
  /// Whether the version header names a revision of the modern era.
  var namesModernVersion: Bool { headers.protocolVersion?.is("2026-07-28") == true }

  func context(
    _ client: ClientDescription, session: LegacySession? = nil, channel: (any ClientChannel)? = nil,
    notify: @escaping @Sendable (ByteBuffer) async -> Void = { _ in }
  ) -> RequestContext {
    let fields = request.headers
    return RequestContext(
      client: client, caller: caller, sessionID: session?.token.id, transport: .http, remoteAddress: request.remoteAddress,
      eventLoop: request.eventLoop, header: { fields[$0] }, logLevel: session?.logLevel, channel: channel, notify: notify)
  }
}

extension ByteBuffer {
  /// Whether the text is an array, which no single message is.
  var isBatch: Bool {
    for byte in readableBytesView {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
      default: return byte == UInt8(ascii: "[")
      }
    }
    return false
  }
}
