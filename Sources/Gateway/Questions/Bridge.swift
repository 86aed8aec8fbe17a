internal import JSON
internal import MCP
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Questions of upstreams on their way to callers, in all four combinations of eras (docs/adr/0016-questions-across-eras.md).
///
/// | Upstream | Caller | Way |
/// | --- | --- | --- |
/// | modern | modern | `input_required` is passed on, the upstream's state inside our seal |
/// | modern | legacy | the caller is asked while the call is answered, then the upstream is asked again |
/// | legacy | legacy | the upstream's request becomes one of ours |
/// | legacy | modern | the call stays open here while the caller has `input_required` |
extension Dispatcher {
  /// How often one call may come back for input.
  private static let maximumRounds = 16
  /// The longest that one call may be open at a legacy upstream, the time of its questions included.
  private static let longestCall = TimeAmount.hours(1)

  // MARK: Modern clients

  /// Goes on with what an earlier request of this client's began; nil where this is a first one.
  func continuation(of request: OutgoingRequest, _ asker: Asker?) async throws(Refusal) -> UpstreamAnswer? {
    let call = request.call
    let (state, responses) = (call.exchange.request["requestState"], call.exchange.request["inputResponses"])
    guard state != nil || responses != nil else { return nil }
    if let responses, responses.kind != .object { throw Refusal(.invalidParams, .client, "Invalid params: \"inputResponses\" must be an object") }
    guard let sealed = state?.string else {
      throw Refusal(.invalidParams, .client, "Invalid params: \"requestState\" must come back with \"inputResponses\", the string that it was")
    }
    let content = try seal.open(sealed, binding: RequestStateSeal.binding(call), now: call.exchange.time)
    call.exchange.asked.withLock { $0.continued = content.exchange }
    let answers = Self.answers(responses, of: request.upstream)
    if content.kind == .suspended { return try await resume(content, answers, request, asker) }

    guard let asker else { throw .inputNotSupported(request.upstream) }
    var again = request
    if !answers.isEmpty {
      var given = JSONObject()
      for (key, answer) in answers {
        given[key] = answer
        call.exchange.asked.withLock { $0.add(Self.method(answeredBy: answer), RelayedQuestion.summary(of: answer)) }
      }
      again.body.members.writeMember("inputResponses", JSONValue.object(given).raw)
    }
    if content.kind == .upstream { again.body.members.writeMember("requestState", JSONValue.string(content.text).raw) }
    return try await askInRounds(again, asker, after: content)
  }

  /// The answers to questions of this upstream, by the upstream's own keys. Others are ignored ("Error Handling").
  private static func answers(_ responses: RawJSON?, of upstream: Upstream) -> [(key: String, answer: JSONValue)] {
    guard let responses else { return [] }
    let prefix = upstream.name + "/"
    return responses.members.prefix(64).compactMap { name, answer in
      guard let key = name.string, key.hasPrefix(prefix) else { return nil }
      return (String(key.dropFirst(prefix.count)), JSONValue(answer))
    }
  }

  private static func method(answeredBy answer: JSONValue) -> MCP.Method {
    answer["action"] != nil ? .elicit : answer["roots"] != nil ? .rootsList : .createMessage
  }

  /// A modern upstream for a modern client.
  func askInRounds(_ request: OutgoingRequest, _ asker: Asker, after earlier: RequestStateSeal.Content?) async throws(Refusal) -> UpstreamAnswer {
    var request = request
    request.body.capabilities = asker.capabilities
    let deadline = request.call.exchange.started + request.upstream.configuration.timeout
    let answer = try answer(try await send(request, until: deadline), of: request.upstream)
    guard case .result(let result) = answer, Self.isQuestion(result) else { return answer }
    let state = result["requestState"]?.string
    return try inputRequired(
      try questions(of: result, asker, request.upstream),
      RequestStateSeal.Content(
        kind: state == nil ? .none : .upstream, text: state ?? "", round: earlier?.round ?? 0, exchange: request.call.exchange.id),
      request, asker)
  }

  /// The questions of an `input_required` result, as the caller may be asked them.
  private func questions(
    of result: RawJSON, _ asker: Asker, _ upstream: Upstream
  ) throws(Refusal) -> [(key: String, question: RelayedQuestion)] {
    guard let asked = result["inputRequests"] else {
      guard result["requestState"]?.kind == .string else { throw .unaskable(upstream, "neither questions nor a state") }
      return []
    }
    var questions: [(key: String, question: RelayedQuestion)] = []
    for (name, request) in asked.members {
      guard questions.count < 16, let key = name.string, key.utf8.count <= 256 else { throw .unaskable(upstream, "too many questions, or a bad key") }
      let question: RelayedQuestion
      do throws(RPCError) { question = try RelayedQuestion(request) } catch { throw .unaskable(upstream, error.message) }
      guard question.canBeAsked(of: asker.client) else { throw .inputNotSupported(upstream, detail: question.method.rawValue) }
      do throws(RPCError) { questions.append((key, try asker.prepare(question))) } catch { throw .unaskable(upstream, error.message) }
    }
    return questions
  }

  private func inputRequired(
    _ questions: [(key: String, question: RelayedQuestion)], _ state: RequestStateSeal.Content, _ request: OutgoingRequest, _ asker: Asker
  ) throws(Refusal) -> UpstreamAnswer {
    var state = state
    guard state.round < Self.maximumRounds else { throw .tooManyRounds(request.upstream) }
    state.round += 1
    var result: JSONValue = ["resultType": "input_required"]
    if !questions.isEmpty {
      var asked = JSONObject()
      for (key, question) in questions {
        asked[request.upstream.name + "/" + key] = ["method": .string(question.method.rawValue), "params": question.params(for: asker.client.version)]
        asker.note(question, "pending")
      }
      result["inputRequests"] = .object(asked)
    }
    result["requestState"] = .string(try seal.seal(state, binding: RequestStateSeal.binding(request.call), now: request.call.exchange.time))
    return .asked(ByteBuffer(result))
  }

  // MARK: Legacy upstreams

  /// A legacy upstream may ask while the call is open. Every call is known to be open, so that no question is put to somebody else.
  func requestOfLegacy(_ request: OutgoingRequest, _ asker: Asker?) async throws(Refusal) -> UpstreamAnswer {
    let (upstream, exchange) = (request.upstream, request.call.exchange)
    guard let asker else {
      let key = upstream.openCalls.open(exchange.principal, nil)
      defer { upstream.openCalls.close(key) }
      return try await plain(request, onRequest: OpenCalls.refuse)
    }
    let bridged = BridgedCall(
      asker, on: exchange.context.eventLoop ?? MultiThreadedEventLoopGroup.singleton.any(), bound: upstream.configuration.timeout,
      timeout: .upstreamTimeout(upstream), progress: progressForwarder(exchange))
    bridged.start { [self] () async -> Result<Envelope, Refusal> in await send(request, bridged) }
    return try await settle(bridged, round: 0, request, asker)
  }

  private func send(_ request: OutgoingRequest, _ bridged: BridgedCall) async -> Result<Envelope, Refusal> {
    let (upstream, exchange) = (request.upstream, request.call.exchange)
    let answering: RequestsFromServer.Answering = { method, params throws(RPCError) in try await bridged.answer(method, params) }
    let progress: @Sendable (Envelope) async -> Void = { await bridged.report($0) }
    let key = upstream.openCalls.open(exchange.principal, answering)
    defer { upstream.openCalls.close(key) }
    let deadline = NIODeadline.now() + upstream.configuration.timeout + Self.longestCall
    do throws(Refusal) {
      return .success(
        try await send(request, until: deadline, onProgress: exchange.request.meta?[MetaKey.progressToken] == nil ? nil : progress, onRequest: answering))
    } catch {
      return .failure(error)
    }
  }

  private func settle(_ bridged: BridgedCall, round: UInt8, _ request: OutgoingRequest, _ asker: Asker) async throws(Refusal) -> UpstreamAnswer {
    switch await bridged.next() {
    case .answered(let result): return try answer(try result.get(), of: request.upstream)
    case .asked(let questions):
      guard round < Self.maximumRounds else {
        bridged.cancel()
        throw .tooManyRounds(request.upstream)
      }
      let id = try suspended.suspend(bridged, of: request.upstream, for: request.call.exchange.principal)
      return try inputRequired(
        questions, RequestStateSeal.Content(kind: .suspended, text: id, round: round, exchange: request.call.exchange.id), request, asker)
    }
  }

  /// Hands a client's answers to the call that waits for them.
  private func resume(
    _ state: RequestStateSeal.Content, _ answers: [(key: String, answer: JSONValue)], _ request: OutgoingRequest, _ asker: Asker?
  ) async throws(Refusal) -> UpstreamAnswer {
    guard let bridged = suspended.take(state.text) else { throw .callLost(request.upstream) }
    guard let asker else {
      bridged.cancel()
      throw .inputNotSupported(request.upstream)
    }
    bridged.resume(asker, progress: progressForwarder(request.call.exchange), answers: Dictionary(answers.map { ($0.key, $0.answer) }) { first, _ in first })
    return try await settle(bridged, round: state.round, request, asker)
  }

  // MARK: Modern upstreams, legacy clients

  /// Asks the caller while the request is answered, and the upstream again with the answers.
  func askLive(_ request: OutgoingRequest, _ asker: Asker) async throws(Refusal) -> UpstreamAnswer {
    guard let channel = asker.channel else { return try await plain(request) }
    var first = request
    first.body.capabilities = asker.capabilities
    var next = first
    var deadline = request.call.exchange.started + request.upstream.configuration.timeout
    for round in 0...Self.maximumRounds {
      let answer = try answer(try await send(next, until: deadline), of: request.upstream)
      guard case .result(let result) = answer, Self.isQuestion(result) else { return answer }
      guard round < Self.maximumRounds else { break }
      let questions = try questions(of: result, asker, request.upstream)
      next = first
      if questions.isEmpty {
        // It wants to be asked again later.
        try? await Task.sleep(for: .milliseconds(min(25 << round, 2000)))
      } else {
        next.body.members.writeMember("inputResponses", JSONValue.object(try await answers(to: questions, channel, asker, request.upstream)).raw)
      }
      if Task.isCancelled { throw Refusal(.cancelled, .client, "The request was cancelled.") }
      if let state = result["requestState"] { next.body.members.writeMember("requestState", state) }
      // The time of the people who answered is not the upstream's.
      deadline = .now() + request.upstream.configuration.timeout
    }
    throw .tooManyRounds(request.upstream)
  }

  /// Asks all at once, as one user may see them together.
  private func answers(
    to questions: [(key: String, question: RelayedQuestion)], _ channel: any ClientChannel, _ asker: Asker, _ upstream: Upstream
  ) async throws(Refusal) -> JSONObject {
    let results = await RelayedQuestion.ask(questions.map(\.question), channel, asker.client.version)
    var answers = JSONObject()
    var problem: RPCError?
    for (index, (key, question)) in questions.enumerated() {
      do throws(RPCError) { answers[key] = try asker.settle(question, results[index]) } catch { problem = problem ?? error }
    }
    if Task.isCancelled { throw Refusal(.cancelled, .client, "The request was cancelled.") }
    if let problem { throw .unanswered(upstream, problem) }
    return answers
  }
}

extension Call {
  /// Whether an upstream may ask its caller something before it answers (2026-07-28, basic/patterns/mrtr, "Supported Requests").
  var mayAsk: Bool {
    switch target {
    case .tool, .prompt, .resource: true
    default: false
    }
  }
}

extension Refusal {
  fileprivate static func unaskable(_ upstream: Upstream, _ detail: String) -> Refusal {
    Refusal(.upstreamInvalidAnswer, .upstream, "\(upstream.name) asks for input in a way that cannot be passed on.", detail: detail)
  }

  fileprivate static func tooManyRounds(_ upstream: Upstream) -> Refusal {
    Refusal(.upstreamInvalidAnswer, .upstream, "\(upstream.name) asked for input again and again and gave no result. It may have had part of its effect.")
  }

  fileprivate static func unanswered(_ upstream: Upstream, _ error: RPCError) -> Refusal {
    Refusal(
      .inputNotGiven, .client, "\(upstream.name) needs input that your client did not give. Call again and answer its question.", detail: error.message)
  }

  fileprivate static func callLost(_ upstream: Upstream) -> Refusal {
    Refusal(
      .callLost, .gateway,
      "The call of \(upstream.name) that asked is no longer open here: its time to answer is over, it was answered already, or the gateway was restarted. It may have had part of its effect; check before you send it again."
    )
  }
}
