public import JSON
public import MCP
public import NIOCore
internal import Synchronization

/// The wire to a server that speaks Streamable HTTP, in either era.
public final class HTTPWire: ClientWire {
  public struct Configuration: Sendable {
    public var origin: HTTPOrigin
    /// Path and query of the MCP endpoint.
    public var path: String
    /// Gives the headers of each request beyond the protocol's, credentials above all; read when used, kept nowhere.
    public var headers: @Sendable () throws -> [HTTPHint.Header]
    /// The longest answer, in bytes.
    public var limits: JSONLimits

    public init(
      origin: HTTPOrigin, path: String, headers: @escaping @Sendable () throws -> [HTTPHint.Header] = { [] }, limits: JSONLimits = JSONLimits()
    ) {
      self.origin = origin
      self.path = path
      self.headers = headers
      self.limits = limits
    }
  }

  private struct State {
    var sessionID: String?
  }

  private let client: HTTPClient
  private let configuration: Configuration
  /// What every request says, so that it is written once.
  private let commonHeaders: HTTPHeaders
  /// Guards the legacy session id.
  private let state = Mutex(State())

  public init(_ configuration: Configuration, client: HTTPClient) {
    self.configuration = configuration
    self.client = client
    commonHeaders = HTTPHeaders([("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")])
  }

  public func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
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
    if request.method == .initialize { state.withLock { $0.sessionID = nil } }
    let response = try await post(
      request.message, version: request.version, method: request.method, name: request.name, extra: request.parameterHeaders,
      streams: true, isBounded: !request.isStream, eventLoop: request.eventLoop, deadline: request.deadline)
    if request.method == .initialize, let session = response.headers["Mcp-Session-Id"] { state.withLock { $0.sessionID = session } }
    switch response.body {
    case .full(let body):
      guard body.readableBytes > 0 else { throw status(response) }
      let message: Envelope
      do throws(RPCError) { message = try Envelope(scanning: body, limits: configuration.limits) } catch {
        if !response.status.isSuccess { throw status(response) }
        throw invalid("the answer is no valid MCP message: \(error.message)")
      }
      if response.status == .notFound, request.version.era == .legacy, hasSession, message.kind == .response { throw sessionEnded }
      guard answers(message, request, isSuccess: response.status.isSuccess) else {
        if !response.status.isSuccess { throw status(response) }
        throw invalid("the answer belongs to another request")
      }
      return message
    case .stream(let stream): return try await readEvents(stream, request)
    }
  }

  public func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {
    // 2026-07-28 has no notifications from the client over HTTP: closing the connection cancels.
    guard version.era == .legacy else { return }
    let response = try await post(notification, version: version, method: nil, name: nil, extra: [], streams: false, eventLoop: nil, deadline: .now() + .seconds(30))
    guard response.status.isSuccess else { throw status(response) }
  }

  public func receiveUnsolicited(version: ProtocolVersion, _ receive: @escaping @Sendable (Envelope) async -> Void) async throws(WireError) {
    guard version.era == .legacy else { return }
    var headers = try headers(version: version, method: nil, name: nil, extra: [])
    headers.set("Accept", "text/event-stream")
    headers.remove("Content-Type")
    let response = try await send(
      HTTPClientRequest(origin: configuration.origin, method: .get, path: configuration.path, headers: headers, body: nil, streamsEvents: true),
      eventLoop: nil, deadline: .now() + .seconds(30))
    guard response.status.isSuccess, case .stream(let stream) = response.body else { throw status(response) }
    _ = try await events(of: stream) { message in
      await receive(message)
      return false
    }
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
    if response.status == .notFound, version.era == .legacy, hasSession, method != .initialize, case .full(let body) = response.body, body.readableBytes == 0 {
      throw sessionEnded
    }
    return response
  }

  private func send(_ request: HTTPClientRequest, eventLoop: (any EventLoop)?, deadline: NIODeadline) async throws(WireError) -> HTTPClientResponse {
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

  private func readEvents(_ stream: HTTPBodyStream, _ request: WireRequest) async throws(WireError) -> Envelope {
    let answer = try await events(of: stream) { message in
      switch message.kind {
      case .response: return answers(message, request, isSuccess: true)
      case .notification: await request.onNotification?(message)
      // Legacy servers may ask back on the stream. We declare no capability for it, and it stays unanswered.
      case .request: break
      }
      return false
    }
    guard let answer else { throw WireError(.closed, "the stream ended before the answer", mayHaveHadEffect: true) }
    return answer
  }

  /// The first message that `isLast` accepts; nil if the stream ends before.
  private func events(of stream: HTTPBodyStream, isLast: (Envelope) async -> Bool) async throws(WireError) -> Envelope? {
    var parser = SSEParser()
    var iterator = stream.makeAsyncIterator()
    while true {
      let chunk: ByteBuffer?
      do throws(HTTPClientError) { chunk = try await iterator.next(isolation: nil) } catch { throw WireError(error) }
      guard let chunk else { return nil }
      let events: [SSEEvent]
      do { events = try parser.parse(chunk) } catch { throw invalid("the event stream is not valid: \(error)") }
      for event in events where event.data.readableBytes > 0 {
        let message: Envelope
        do throws(RPCError) { message = try Envelope(scanning: event.data, limits: configuration.limits) } catch {
          throw invalid("an event is no valid MCP message: \(error.message)")
        }
        if await isLast(message) { return message }
      }
    }
  }

  /// An error response may lack the id where the server could not read it.
  private func answers(_ message: Envelope, _ request: WireRequest, isSuccess: Bool) -> Bool {
    guard message.kind == .response else { return false }
    if let id = message.id { return id.int == request.id }
    return message.error != nil && !isSuccess
  }

  private var hasSession: Bool { state.withLock { $0.sessionID != nil } }

  private var sessionEnded: WireError { WireError(.sessionEnded, "the server ended the session", mayHaveHadEffect: false) }

  private func invalid(_ message: String) -> WireError { WireError(.invalidAnswer, "\(configuration.origin): \(message)", mayHaveHadEffect: true) }

  private func status(_ response: HTTPClientResponse) -> WireError {
    let code = response.status.code
    return WireError(
      .status(code), "\(configuration.origin) answered with HTTP status \(code)", mayHaveHadEffect: code >= 500,
      retryAfter: response.headers["Retry-After"].flatMap { Int($0) }.map { min(max($0, 0), 86_400) })
  }
}

extension WireError {
  init(_ error: HTTPClientError) {
    let code: Code =
      switch error.code {
      case .connect, .tls: .unreachable
      case .timeout: .timeout
      case .closedBeforeAnswer, .closedMidAnswer: .closed
      case .tooLarge, .protocol: .invalidAnswer
      case .cancelled: .cancelled
      }
    self.init(code, error.message, mayHaveHadEffect: error.requestWasSent)
  }
}
