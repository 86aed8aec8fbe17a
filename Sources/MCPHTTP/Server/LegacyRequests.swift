internal import JSON
internal import MCP
internal import NIOCore

/// The legacy era: the handshake, and requests within its session (2025-11-25, basic/transports and basic/lifecycle).
extension StreamableHTTPResponder {
  /// A refusal that has nothing to do with what was asked for.
  struct SessionProblem: Error {
    let status: Int
    let error: RPCError
  }

  func legacy(_ message: Envelope, _ arrival: Arrival) async -> HTTPReply {
    if message.method == .initialize, let id = message.id { return await initialize(message, id: id, arrival) }
    let session: LegacySession
    do { session = try await legacySession(arrival) } catch {
      return MCPReply.failure(error.error, id: message.id, status: error.status)
    }
    guard let id = message.id, message.kind == .request else {
      guard await receive(message, session, arrival) else {
        return MCPReply.failure(RPCError(.invalidRequest, "No request of this server waits for this response"), id: nil, status: 400)
      }
      return MCPReply.accepted
    }
    let asEvent = !arrival.headers.acceptsJSON
    if let answer = await sessionAnswer(message, session, arrival) { return MCPReply.answer(answer, id: id, .legacy, asEvent: asEvent) }
    let exchange = Exchange(memory: streamMemory)
    let (key, loop) = (id.text, arrival.request.eventLoop)
    session.begin(exchange, id: key)
    let isStream = asEvent || (arrival.headers.acceptsEvents && message.meta?[MetaKey.progressToken] != nil)
    var keep: (@Sendable (String) -> Void)?
    if configuration.isResumable, session.token.client.version >= .v2025_11_25 {
      keep = { [self] in
        session.keep(exchange, streamID: $0)
        if exchange.isAnswered { forgetLater(exchange, of: session, on: loop) }
      }
    }
    return await answer(
      message, id: id, exchange, arrival, asEvent: isStream, keep: keep,
      finished: { [self] in
        session.finish(exchange, id: key)
        if session.keeps(exchange) { forgetLater(exchange, of: session, on: loop) }
      }
    ) { notify in
      arrival.headers.acceptsEvents
        ? arrival.context(session.token.client, session: session, channel: channel(of: exchange, session), notify: notify)
        : arrival.context(session.token.client, session: session)
    }
  }

  // MARK: Sessions

  private func initialize(_ message: Envelope, id: RawJSON, _ arrival: Arrival) async -> HTTPReply {
    let client: ClientDescription
    do throws(RPCError) {
      guard let requested = message["protocolVersion"]?.string else {
        throw RPCError(.invalidParams, "initialize needs \"protocolVersion\", a string")
      }
      guard let version = ProtocolVersion.negotiate(requested, among: configuration.versions) else {
        throw .unsupported(version: requested, supported: configuration.versions)
      }
      client = try ClientDescription(initializing: message, version: version, capabilityBytes: configuration.capabilityBytes)
    } catch {
      return MCPReply.failure(error, id: id, status: 200)
    }
    let token = SessionToken(client: client, callerID: arrival.caller?.id, issued: configuration.now())
    guard let sealed = token.sealed(with: configuration.sessionKey) else {
      return MCPReply.failure(RPCError(.invalidParams, "clientInfo and capabilities say more than a session id can carry: shorten them"), id: id, status: 400)
    }
    let description = await handler.describe(arrival.context(client))
    var headers = arrival.headers.acceptsJSON ? MCPReply.jsonHeaders : MCPReply.eventHeaders
    headers.add("Mcp-Session-Id", sealed)
    let response = Message.response(id: id, result: description.initializeResult(version: client.version))
    return .full(.ok, headers, body: arrival.headers.acceptsJSON ? response : SSE.event(data: response))
  }

  /// The session that a request belongs to.
  func legacySession(_ arrival: Arrival) async throws(SessionProblem) -> LegacySession {
    let version = arrival.headers.protocolVersion
    if let version, version.protocolVersion.map({ configuration.versions.contains($0) }) != true {
      let text = String(String(buffer: version).prefix(64))
      throw SessionProblem(status: 400, error: .unsupported(version: text, supported: configuration.versions))
    }
    guard let sealed = arrival.headers.sessionID else {
      throw SessionProblem(
        status: 400,
        error: RPCError(
          .invalidRequest,
          "Missing Mcp-Session-Id: send initialize first, or speak \(ProtocolVersion.latest.rawValue) with its headers and params._meta"))
    }
    let key = configuration.sessionKey
    // One answer for all of these: it tells nobody whether a session exists.
    guard let session = sessions.session(sealed, make: { SessionToken(opening: sealed, with: key) }),
      session.token.belongs(to: arrival.caller), configuration.now() < session.token.issued + configuration.sessionLifetime,
      await !registry.isEnded(session.token.id)
    else {
      throw SessionProblem(status: 404, error: RPCError(.invalidRequest, "Session not found: send initialize to start a new one"))
    }
    if let version, version.protocolVersion != session.token.client.version {
      throw SessionProblem(
        status: 400,
        error: RPCError(
          .invalidRequest, "MCP-Protocol-Version must be \(session.token.client.version.rawValue), the version of the session"))
    }
    return session
  }

  func endLegacySession(_ arrival: Arrival) async -> HTTPReply {
    guard arrival.isOfLegacyClient else { return MCPReply.methodNotAllowed("POST") }
    let session: LegacySession
    do { session = try await legacySession(arrival) } catch { return MCPReply.failure(error.error, id: nil, status: error.status) }
    await registry.end(session.token.id, until: session.token.issued + configuration.sessionLifetime)
    session.end()
    if let sealed = arrival.headers.sessionID { sessions.forget(sealed) }
    return .full(.noContent, HTTPHeaders(), body: ByteBuffer())
  }

  func openLegacyStream(_ arrival: Arrival) async -> HTTPReply {
    guard arrival.isOfLegacyClient, arrival.headers.acceptsEvents else { return MCPReply.methodNotAllowed("POST") }
    let session: LegacySession
    do { session = try await legacySession(arrival) } catch { return MCPReply.failure(error.error, id: nil, status: error.status) }
    if let event = arrival.request.headers["Last-Event-ID"] { return resume(event, session) }
    let queue = ChangeQueue()
    session.open(queue) { [handler] uri in handler.follow(uri, for: arrival.caller) }
    let observation = handler.observe(for: arrival.caller) { change in
      if session.admits(change) { queue.add(change) }
    }
    return .stream(.ok, MCPReply.eventHeaders) { [self] writer in
      defer {
        observation.cancel()
        session.close(queue)
      }
      // Said at once: whichever way the stream ends, its client knows when to come back for another one. Older clients take it amiss.
      if session.token.client.version >= .v2025_11_25 { try await writer.write(SSE.retry(configuration.retryAfter)) }
      try await relay(queue, to: writer, for: arrival) { $0.notification() }
    }
  }

  /// Goes on with the stream of a request whose response ended before its answer.
  private func resume(_ event: String, _ session: LegacySession) -> HTTPReply {
    guard let place = EventLog.place(event), let exchange = session.exchange(streamID: place.streamID) else {
      return MCPReply.failure(RPCError(.invalidRequest, "There is no stream with this Last-Event-ID, or no longer"), id: nil, status: 400)
    }
    return .stream(.ok, MCPReply.eventHeaders) { writer in try await exchange.resume(to: writer, after: place.number) }
  }

  private func forgetLater(_ exchange: Exchange, of session: LegacySession, on eventLoop: any EventLoop) {
    eventLoop.scheduleTask(in: configuration.resumableFor) { [weak session, weak exchange] in
      if let exchange { session?.forget(exchange) }
    }
  }

  // MARK: Requests

  /// - Returns: false for a response to nothing.
  private func receive(_ message: Envelope, _ session: LegacySession, _ arrival: Arrival) async -> Bool {
    if message.kind == .response { return requestsToClient.resolve(message, scope: session.token.id) }
    if message.method == .cancelled {
      CancellationReason.log(message, to: configuration.logger)
      if let id = message["requestId"] { session.cancel(id: id.text) }
      return true
    }
    await handler.receive(message, arrival.context(session.token.client, session: session))
    return true
  }

  private func channel(of exchange: Exchange, _ session: LegacySession) -> LegacyChannel {
    LegacyChannel(requestsToClient, exchange, of: session)
  }

  /// Answers requests that are about the session itself; nil for all others.
  private func sessionAnswer(_ message: Envelope, _ session: LegacySession, _ arrival: Arrival) async -> Answer? {
    switch message.method {
    case .ping: return .result(ByteBuffer(staticString: "{}"))
    case .initialize: return .failure(RPCError(.invalidRequest, "Invalid request: initialize stands alone"))
    case .setLogLevel, .resourcesSubscribe, .resourcesUnsubscribe: break
    case let method?: return method.isRequest(in: .legacy) ? nil : .failure(.methodNotFound(method.rawValue))
    case nil: return nil
    }
    // The handler says whether the level or resource is one, the session keeps it.
    let answer = await handler.handle(message, arrival.context(session.token.client, session: session))
    guard case .result = answer else { return answer }
    let uri = message["uri"]?.string ?? ""
    switch message.method {
    case .setLogLevel: session.logLevel = message["level"]?.string.flatMap { LogLevel(rawValue: $0) }
    case .resourcesUnsubscribe: session.unsubscribe(from: uri)
    default:
      guard session.subscribe(to: uri) else {
        return .failure(RPCError(.invalidParams, "A session may subscribe to at most \(SubscriptionFilter.resourceLimit) resources"))
      }
    }
    return answer
  }

  // MARK: Batches

  /// Answers a batch, which revision 2025-03-26 alone allows (2025-03-26, basic, "Batching").
  func legacyBatch(_ arrival: Arrival) async -> HTTPReply {
    let session: LegacySession
    let elements: [RawJSON]
    do throws(SessionProblem) {
      guard !arrival.namesModernVersion else { throw .batch("one message") }
      session = try await legacySession(arrival)
      guard session.token.client.version == .v2025_03_26 else { throw .batch("one message") }
      elements = try batch(arrival.request.body)
    } catch {
      return MCPReply.failure(error.error, id: nil, status: error.status, nullID: !arrival.namesModernVersion)
    }
    let answers = await withTaskGroup(of: (Int, ByteBuffer?).self) { group in
      for (index, element) in elements.enumerated() {
        group.addTask { (index, await self.batchAnswer(element, session, arrival)) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let messages = answers.sorted { $0.0 < $1.0 }.compactMap(\.1)
    guard !messages.isEmpty else { return MCPReply.accepted }
    guard arrival.headers.acceptsJSON else {
      let frames = messages.map { SSE.event(data: $0) }
      return .full(.ok, MCPReply.eventHeaders, body: frames.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) })
    }
    var body = ByteBuffer()
    for (index, message) in messages.enumerated() {
      body.writeStaticString(index == 0 ? "[" : ",")
      body.writeImmutableBuffer(message)
    }
    body.writeStaticString("]")
    return MCPReply.json(body)
  }

  private func batch(_ text: ByteBuffer) throws(SessionProblem) -> [RawJSON] {
    let raw: RawJSON
    do { raw = try RawJSON(scanning: text, limits: configuration.limits) } catch {
      throw SessionProblem(status: 400, error: RPCError(.parseError, "Parse error: \(error)"))
    }
    let elements = Array(raw.elements)
    guard !elements.isEmpty else { throw .batch("messages, this batch is empty") }
    guard elements.count <= configuration.batchLimit else { throw .batch("at most \(configuration.batchLimit) messages in a batch") }
    return elements
  }

  private func batchAnswer(_ element: RawJSON, _ session: LegacySession, _ arrival: Arrival) async -> ByteBuffer? {
    let message: Envelope
    do { message = try Envelope(element) } catch {
      let id = element["id"].flatMap { $0.kind == .string || $0.kind == .number ? $0 : nil }
      return Message.error(error, id: id, nullID: true)
    }
    guard let id = message.id, message.kind == .request else {
      _ = await receive(message, session, arrival)
      return nil
    }
    if let answer = await sessionAnswer(message, session, arrival) { return Message.answer(answer, id: id) }
    let exchange = Exchange()
    session.begin(exchange, id: id.text)
    defer { session.finish(exchange, id: id.text) }
    let context = arrival.context(session.token.client, session: session)
    let loop = arrival.request.eventLoop
    let executor = loop.inEventLoop ? LoopExecutor.current(on: loop) : nil
    let handler = handler
    guard case .answer(let answer) = await exchange.begin(on: executor, { await handler.handle(message, context) }) else { return nil }
    return Message.answer(answer, id: id)
  }
}

extension StreamableHTTPResponder.SessionProblem {
  fileprivate static func batch(_ wanted: String) -> Self {
    Self(status: 400, error: RPCError(.invalidRequest, "Invalid request: the body must hold \(wanted)"))
  }
}

extension StreamableHTTPResponder.Arrival {
  /// Whether a GET or DELETE comes from a client that may have a session: modern revisions know neither.
  fileprivate var isOfLegacyClient: Bool {
    !namesModernVersion && (headers.sessionID != nil || headers.protocolVersion != nil)
  }
}
