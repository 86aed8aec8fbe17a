internal import JSON
internal import MCP
internal import NIOCore
internal import Synchronization

/// A request on its way to one upstream, as it was authorized.
struct OutgoingRequest: Sendable {
  let call: Call
  let upstream: Upstream
  var body: ClientConnection.RequestBody
  let isRead: Bool
}

/// Sending, and sending again where that is safe.
extension Dispatcher {
  /// A request during which nobody is asked.
  func plain(_ request: OutgoingRequest, onRequest: RequestsFromServer.Answering? = nil) async throws(Refusal) -> UpstreamAnswer {
    let deadline = request.call.exchange.started + request.upstream.configuration.timeout
    let answer = try answer(try await send(request, until: deadline, onRequest: onRequest), of: request.upstream)
    guard case .result(let result) = answer, Self.isQuestion(result) else { return answer }
    // It was told that there is nobody to ask.
    throw .inputNotSupported(request.upstream)
  }

  /// What a response says; a result is complete or a question.
  func answer(_ response: Envelope, of upstream: Upstream) throws(Refusal) -> UpstreamAnswer {
    guard let result = response.result else {
      return .error(response.error.map { RPCError($0) } ?? RPCError(.internalError, "The upstream answered with nothing"))
    }
    guard let type = result["resultType"], !type.equals("complete") else { return .result(result) }
    // What kind of result an extension would make of it is unknown here, and so not to be governed. Legacy revisions know no kinds.
    guard type.equals("input_required"), upstream.connection.version?.era == .modern else {
      throw Refusal(.upstreamInvalidAnswer, .upstream, "\(upstream.name) gave an answer that is not valid and was dropped.", detail: "unknown resultType")
    }
    return .result(result)
  }

  static func isQuestion(_ result: RawJSON) -> Bool { result["resultType"]?.equals("input_required") == true }

  /// The upstream's response; a request that failed is sent again where that is safe.
  ///
  /// - Parameter onProgress: nil passes progress on to the caller.
  func send(
    _ request: OutgoingRequest, until deadline: NIODeadline, onProgress: (@Sendable (Envelope) async -> Void)? = nil,
    onRequest: RequestsFromServer.Answering? = nil
  ) async throws(Refusal) -> Envelope {
    let (exchange, upstream) = (request.call.exchange, request.upstream)
    let progress = onProgress ?? progressForwarder(exchange)
    var body = request.body
    body.wantsProgress = progress != nil
    let retries = upstream.configuration.retries
    var attempt = 0
    while true {
      do throws(ClientError) {
        return try await upstream.connection.request(
          exchange.request.method ?? .toolsCall, body, eventLoop: exchange.context.eventLoop, deadline: deadline, onNotification: progress,
          onRequest: onRequest)
      } catch {
        attempt += 1
        // What asked the caller something has begun, whatever the wire knows of it.
        guard attempt <= retries.attempts, let wait = Self.wait(error, attempt, retries, isRead: request.isRead && exchange.asked.withLock(\.isEmpty)),
          NIODeadline.now() + wait < min(deadline, exchange.started + retries.total), !Task.isCancelled
        else { throw Self.refusal(error, upstream) }
        try? await Task.sleep(for: .nanoseconds(wait.nanoseconds))
      }
    }
  }

  /// How long to wait before sending again; nil where that is not safe or would not help.
  private static func wait(_ error: ClientError, _ attempt: Int, _ retries: RetryPolicy, isRead: Bool) -> TimeAmount? {
    guard case .wire(let wire) = error, !wire.mayHaveHadEffect || isRead else { return nil }
    switch wire.code {
    case .unreachable, .closed, .status(429), .status(502), .status(503), .status(504):
      return retries.delay(before: attempt, retryAfter: wire.retryAfter)
    default: return nil
    }
  }

  private static func refusal(_ error: ClientError, _ upstream: Upstream) -> Refusal {
    guard case .wire(let wire) = error else {
      return Refusal(.upstreamInvalidAnswer, .upstream, "\(upstream.name) could not be used: it refused the connection's set-up.", detail: "\(error)")
    }
    switch wire.code {
    case .timeout: return .upstreamTimeout(upstream, detail: wire.message)
    case .invalidAnswer:
      return Refusal(.upstreamInvalidAnswer, .upstream, "\(upstream.name) gave an answer that is not valid and was dropped.", detail: wire.message)
    case .cancelled: return Refusal(.cancelled, .client, "The request was cancelled.")
    case .unreachable, .closed, .status, .sessionEnded:
      return Refusal(
        .upstreamUnavailable, .upstream,
        wire.mayHaveHadEffect
          ? "\(upstream.name) was lost before it answered. The request may have had its effect; check before you repeat it."
          : "\(upstream.name) is not available now. Nothing was done; try again later.",
        detail: wire.message, retryAfter: wire.retryAfter)
    }
  }

  // MARK: Progress

  /// Passes progress on under the client's own token. Other notifications of upstreams are not passed on: their text is not screened.
  func progressForwarder(_ exchange: Exchange) -> (@Sendable (Envelope) async -> Void)? {
    guard let token = exchange.request.meta?[MetaKey.progressToken], token.kind == .string || token.kind == .number else { return nil }
    let notify = exchange.context.notify
    return { notification in
      guard notification.method == .progress, let progress = notification["progress"], progress.kind == .number else { return }
      var params = ByteBuffer()
      params.writeStaticString("{\"progressToken\":")
      params.write(token)
      for name in ["progress", "total"] {
        guard let value = notification[name], value.kind == .number else { continue }
        params.writeMember(name, value)
      }
      params.writeStaticString("}")
      await notify(Message.notification(.progress, params: params))
    }
  }
}

extension Refusal {
  static func upstreamTimeout(_ upstream: Upstream, detail: String? = nil) -> Refusal {
    Refusal(
      .upstreamTimeout, .upstream, "\(upstream.name) did not answer in time. The request may have had its effect; check before you repeat it.", detail: detail)
  }

  static func inputNotSupported(_ upstream: Upstream, detail: String? = nil) -> Refusal {
    Refusal(
      .inputNotSupported, .upstream,
      "\(upstream.name) asks for input before it goes on, and your client has not declared that it can give it. Use a client that can (elicitation, sampling, roots).",
      detail: detail)
  }
}
