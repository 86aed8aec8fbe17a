internal import JSON
internal import MCP
internal import NIOCore

/// What came back for a call.
enum UpstreamAnswer: Sendable {
  /// A result object as the upstream sent it.
  case result(RawJSON)
  /// A result that the gateway made itself, complete for the client's era.
  case own(ByteBuffer)
  case error(RPCError)
}

/// Sends what was authorized and recorded, and nothing else, to where it belongs.
struct Dispatcher: Sendable {
  let policy: PolicyStage
  let seal: RequestStateSeal
  let lists: Lists

  func send(_ entry: borrowing RecordedIntent) async throws(Refusal) -> UpstreamAnswer {
    let call = entry.call
    switch call.target {
    case .list(let list): return .own(try lists.text(of: list, call))
    case .subscription, .acknowledged: return .own(ByteBuffer(string: "{}"))
    case .tool(let tool): return try await request(call, entry.admitted.permit.body(tool), isRead: tool.effect == .read)
    case .prompt(let prompt): return try await request(call, body(call, ["name": prompt.upstreamName], copying: ["arguments"]), isRead: true)
    case .resource(_, let uri): return try await request(call, body(call, ["uri": uri], copying: []), isRead: true)
    case .promptCompletion(let prompt):
      var members = ByteBuffer()
      members.writeStaticString("\"ref\":")
      members.write(["type": "ref/prompt", "name": .string(prompt.upstreamName)] as JSONValue)
      return try await request(call, completion(call, members), isRead: true)
    case .resourceCompletion(let entry):
      var members = ByteBuffer()
      members.writeStaticString("\"ref\":")
      members.write(["type": "ref/resource", "uri": .string(entry.uri)] as JSONValue)
      return try await request(call, completion(call, members), isRead: true)
    }
  }

  // MARK: Bodies

  private func body(_ call: Call, _ own: KeyValuePairs<String, String>, copying names: [String]) -> ClientConnection.RequestBody {
    var members = ByteBuffer()
    for (name, value) in own {
      if members.readableBytes > 0 { members.writeStaticString(",") }
      JSONText.write(name, to: &members)
      members.writeStaticString(":")
      JSONText.write(value, to: &members)
    }
    for name in names { members.writeMember(name, call.exchange.request[name]) }
    return ClientConnection.RequestBody(members: members, name: own.first?.value)
  }

  private func completion(_ call: Call, _ reference: ByteBuffer) -> ClientConnection.RequestBody {
    var members = reference
    for name in ["argument", "context"] { members.writeMember(name, call.exchange.request[name]) }
    return ClientConnection.RequestBody(members: members)
  }

  // MARK: Sending

  private func request(_ call: Call, _ body: ClientConnection.RequestBody, isRead: Bool) async throws(Refusal) -> UpstreamAnswer {
    guard let upstream = call.upstream else { throw Refusal(.internalError, .gateway, "The request has no upstream") }
    let exchange = call.exchange
    var body = body
    if exchange.era == .modern { body.capabilities = Self.passedOn(exchange.context.client.capabilities) }
    if upstream.configuration.learnsCaller { body.meta.writeMember(MetaKey.caller, JSONValue.string(exchange.principal.id).raw) }
    try unseal(call, into: &body)
    let answer = try await answer(of: upstream, to: exchange, body, isRead: isRead)
    guard let result = answer.result else {
      return .error(answer.error.map { RPCError($0) } ?? RPCError(.internalError, "The upstream answered with nothing"))
    }
    guard let type = result["resultType"], !type.equals("complete") else { return .result(result) }
    // What kind of result an extension would make of it is unknown here, and so not to be governed.
    guard type.equals("input_required") else {
      throw Refusal(.upstreamInvalidAnswer, .upstream, "\(upstream.name) gave an answer that is not valid and was dropped.", detail: "unknown resultType")
    }
    return .result(try question(result, call))
  }

  /// What of a client's capabilities an upstream may build on: those that come back through us. Extensions do not.
  private static func passedOn(_ capabilities: RawJSON) -> RawJSON {
    guard capabilities.members.contains(where: { _ in true }) else { return capabilities }
    var passed: JSONValue = .object(JSONObject())
    for name in ["elicitation", "sampling", "roots"] { passed[name] = capabilities[name].map { JSONValue($0) } }
    return passed.raw
  }

  /// The upstream's response; a request that failed is sent again where that is safe.
  private func answer(of upstream: Upstream, to exchange: Exchange, _ body: ClientConnection.RequestBody, isRead: Bool) async throws(Refusal) -> Envelope {
    let progress = progressForwarder(exchange)
    var body = body
    body.wantsProgress = progress != nil
    let deadline = exchange.started + upstream.configuration.timeout
    let retries = upstream.configuration.retries
    var attempt = 0
    while true {
      do throws(ClientError) {
        return try await upstream.connection.request(
          exchange.request.method ?? .toolsCall, body, eventLoop: exchange.context.eventLoop, deadline: deadline, onNotification: progress)
      } catch {
        attempt += 1
        guard attempt <= retries.attempts, let wait = Self.wait(error, attempt, retries, isRead: isRead),
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
    case .timeout:
      return Refusal(
        .upstreamTimeout, .upstream, "\(upstream.name) did not answer in time. The request may have had its effect; check before you repeat it.", detail: wire.message)
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
  private func progressForwarder(_ exchange: Exchange) -> (@Sendable (Envelope) async -> Void)? {
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

  // MARK: Multi round-trip requests

  private func unseal(_ call: Call, into body: inout ClientConnection.RequestBody) throws(Refusal) {
    let request = call.exchange.request
    guard call.exchange.era == .modern else { return }
    if let responses = request["inputResponses"] { body.members.writeMember("inputResponses", responses) }
    guard let state = request["requestState"] else { return }
    guard let sealed = state.string else { throw Refusal(.invalidParams, .client, "Invalid params: \"requestState\" must be a string") }
    if let inner = try seal.open(sealed, binding: RequestStateSeal.binding(call), now: call.exchange.time) {
      body.members.writeMember("requestState", JSONValue.string(inner).raw)
    }
  }

  /// An upstream's question goes to the caller with the gateway's seal around the upstream's state.
  private func question(_ result: RawJSON, _ call: Call) throws(Refusal) -> RawJSON {
    guard call.exchange.era == .modern else {
      throw Refusal(
        .inputNotSupported, .upstream,
        "\(call.upstream?.name ?? "The upstream") asks for input before it goes on, and your client's protocol version has no way to give it through this gateway.")
    }
    var question = JSONValue(result)
    question["requestState"] = .string(
      try seal.seal(result["requestState"]?.string, binding: RequestStateSeal.binding(call), now: call.exchange.time))
    return question.raw
  }
}

extension Permit {
  /// What an upstream is sent for a tool call: its own name for the tool, the arguments, and what it must enforce.
  func body(_ tool: ToolEntry) -> ClientConnection.RequestBody {
    var members = ByteBuffer()
    members.writeStaticString("\"name\":")
    JSONText.write(tool.upstreamName, to: &members)
    if let arguments {
      members.writeStaticString(",\"arguments\":")
      members.writeImmutableBuffer(arguments)
    } else {
      members.writeMember("arguments", call.exchange.request["arguments"])
    }
    return ClientConnection.RequestBody(members: members, meta: meta, name: tool.upstreamName, parameterHeaders: tool.headers(for: call.exchange))
  }
}

extension ToolEntry {
  /// The `Mcp-Param-*` headers that the tool asks for.
  func headers(for exchange: Exchange) -> [HTTPHint.Header] {
    HeaderParameter.headers(headerParameters, for: exchange.request["arguments"])
  }
}

extension ByteBuffer {
  /// Appends `,"name":value` where there is a value; the comma only after other members.
  mutating func writeMember(_ name: String, _ value: RawJSON?) {
    guard let value else { return }
    if readableBytes > 1 { writeStaticString(",") }
    JSONText.write(name, to: &self)
    writeStaticString(":")
    write(value)
  }
}
