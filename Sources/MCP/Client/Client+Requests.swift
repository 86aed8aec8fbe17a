public import JSON
internal import NIOCore
internal import Synchronization

extension ClientConnection.RequestBody {
  /// A body with the one member `uri`.
  public init(uri: String) {
    var members = ByteBuffer()
    members.writeStaticString("\"uri\":")
    JSONText.write(uri, to: &members)
    self.init(members: members, name: uri)
  }
}

extension Client {
  /// Sends any request, its `params` without `_meta`, and answers the questions that the server has about it.
  ///
  /// - Returns: the result object.
  public func request(_ method: Method, _ params: JSONObject = JSONObject(), options: RequestOptions = RequestOptions()) async throws(ClientError) -> RawJSON {
    var members = ByteBuffer()
    for (name, value) in params {
      if members.readableBytes > 0 { members.writeStaticString(",") }
      JSONText.write(name, to: &members)
      members.writeStaticString(":")
      members.write(value)
    }
    let name = method.nameParameter.flatMap { params[$0]?.string }
    return try await perform(method, ClientConnection.RequestBody(members: members, name: name), options)
  }

  /// One request with all its rounds (2026-07-28, basic/patterns/mrtr).
  func perform(
    _ method: Method, _ body: ClientConnection.RequestBody, _ options: RequestOptions, cacheKey: ResultCache.Key? = nil
  ) async throws(ClientError) -> RawJSON {
    if let cacheKey, options.usesCache, let kept = cache.result(for: cacheKey, context: { wire.authorizationContext }) { return kept }
    try await ensureConnected()
    let (generation, context) = cacheKey == nil ? (0, 0) : (cache.generation, wire.authorizationContext)
    var base = body
    add(options, to: &base)
    var sent = base
    var round = 0
    var hasVisited = false
    while true {
      let answer = try await exchange(method, sent, options)
      guard let result = answer.result else {
        try await visitPages(of: answer, isFirst: !hasVisited)
        hasVisited = true
        continue
      }
      guard let type = result["resultType"], !type.equals("complete") else {
        // What depends on input is nobody else's answer ("Cache Key").
        if let cacheKey, round == 0, !hasVisited { cache.keep(result, for: cacheKey, since: generation, context: context) }
        return result
      }
      if type.equals("task"), method == .toolsCall, settings.acceptsTasks { return result }
      guard type.equals("input_required"), method == .toolsCall || method == .promptsGet || method == .resourcesRead else {
        throw invalid("the server answered \(method.rawValue) with a result of type \(type.text.prefix(40))")
      }
      round += 1
      guard round <= settings.maximumRounds else {
        throw ClientError.input("the server asked for input \(settings.maximumRounds) times and still gave no result")
      }
      sent = base
      try await addAnswers(to: result, round: round, into: &sent.members)
    }
  }

  /// Puts the pages that a legacy server wants visited first to the user (2025-11-25, client/elicitation, "URL Elicitation Required Error").
  ///
  /// - Throws: the server's error, unless it is that one and every visit was accepted: then the request may be sent again.
  @inline(never)
  private func visitPages(of answer: Envelope, isFirst: Bool) async throws(ClientError) {
    let error = answer.error.map { RPCError($0) } ?? RPCError(.internalError, "no result")
    let pages = error.requiredElicitations
    guard isFirst, !pages.isEmpty, pages.count <= 64, let visit = handlers.url, connection.version?.era == .legacy else { throw ClientError(error) }
    for page in pages {
      let accepted = (try? await visit(page))?.isAccepted == true
      if Task.isCancelled { throw Self.cancelled }
      guard accepted else { throw ClientError(error) }
    }
  }

  func invalid(_ message: String) -> ClientError { ClientError(WireError(.invalidAnswer, message, mayHaveHadEffect: true)) }

  // MARK: Input

  /// Answers the questions of an `input_required` result and adds the answers, and the state, to the members of the retry.
  private func addAnswers(to result: RawJSON, round: Int, into members: inout ByteBuffer) async throws(ClientError) {
    let state = result["requestState"]
    if let questions = result["inputRequests"], questions.kind == .object {
      let responses = try await answers(to: questions)
      members.writeRequestMember("inputResponses", ByteBuffer(.object(responses)))
    } else {
      guard state != nil else { throw invalid("the server asks for input and says neither what nor with which state") }
      // It wants to be asked again later.
      do { try await Task.sleep(for: .milliseconds(min(25 << round, 2000))) } catch { throw Self.cancelled }
    }
    // Its very bytes: what it means is the server's affair alone.
    if let state { members.writeRequestMember("requestState", state.bytes) }
  }

  /// Answers questions beside each other, since one user may see them together.
  func answers(to questions: RawJSON, skipping answered: Set<String> = []) async throws(ClientError) -> JSONObject {
    var asked: [(key: String, method: Method, params: JSONValue)] = []
    for (name, question) in questions.members {
      guard let key = name.string, !answered.contains(key) else { continue }
      guard asked.count < 64 else { throw ClientError.input("the server asked more than 64 questions at once") }
      guard let method = question["method"]?.string.flatMap({ Method(rawValue: $0) }) else {
        throw ClientError.input("the server asked for \(question["method"]?.string?.prefix(64) ?? "nothing"), which is not known here")
      }
      asked.append((key, method, question["params"].map { JSONValue($0) } ?? .object(JSONObject())))
    }
    let results = await withTaskGroup(of: (Int, Result<JSONValue, RPCError>).self) { group in
      for (index, question) in asked.enumerated() {
        group.addTask { [handlers] in
          do throws(RPCError) { return (index, .success(try await handlers.answer(question.method, question.params))) } catch {
            return (index, .failure(error))
          }
        }
      }
      var results: [Result<JSONValue, RPCError>?] = Array(repeating: nil, count: asked.count)
      for await (index, result) in group {
        results[index] = result
        // One that cannot be answered ends the call: the others need not be.
        if case .failure = result { group.cancelAll() }
      }
      return results
    }
    if Task.isCancelled { throw Self.cancelled }
    var responses = JSONObject()
    for (question, result) in zip(asked, results) {
      switch result {
      case .success(let answer): responses[question.key] = answer
      case .failure(let error): throw ClientError.input("\(question.method.rawValue) could not be answered: \(error.message)")
      case nil: throw Self.cancelled
      }
    }
    return responses
  }

  static var cancelled: ClientError { ClientError(WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: true)) }

  // MARK: One exchange

  private func add(_ options: RequestOptions, to body: inout ClientConnection.RequestBody) {
    body.wantsProgress = options.onProgress != nil || options.maximumTimeout != nil
    guard options.logLevel != nil || options.trace != nil || !options.meta.isEmpty else { return }
    var meta = options.meta
    if let level = options.logLevel, connection.version?.era == .modern { meta[MetaKey.logLevel] = .string(level.rawValue) }
    if let trace = options.trace {
      meta[MetaKey.traceParent] = .string(trace.traceparent)
      if let state = trace.tracestate { meta[MetaKey.traceState] = .string(state) }
      if let baggage = trace.baggage { meta[MetaKey.baggage] = .string(baggage) }
    }
    for (name, value) in meta {
      if body.meta.readableBytes > 0 { body.meta.writeStaticString(",") }
      JSONText.write(name, to: &body.meta)
      body.meta.writeStaticString(":")
      body.meta.write(value)
    }
  }

  private func exchange(_ method: Method, _ body: ClientConnection.RequestBody, _ options: RequestOptions) async throws(ClientError) -> Envelope {
    let timeout = TimeAmount(options.timeout ?? settings.timeout)
    if let maximum = options.maximumTimeout {
      return try await exchange(method, body, options, silence: timeout, maximum: TimeAmount(maximum))
    }
    let logs = logListener(options)
    defer { logs?.cancel() }
    return try await connection.request(method, body, deadline: .now() + timeout, onNotification: receiver(options))
  }

  /// As above; every sign of progress starts the timeout anew. Apart, so that calls without it do not carry its room while they wait.
  @inline(never)
  private func exchange(
    _ method: Method, _ body: ClientConnection.RequestBody, _ options: RequestOptions, silence: TimeAmount, maximum: TimeAmount
  ) async throws(ClientError) -> Envelope {
    let lastSign = LastSign()
    var watched = options
    watched.maximumTimeout = nil
    watched.timeout = .nanoseconds(maximum.nanoseconds)
    watched.onProgress = { progress in
      lastSign.time.withLock { $0 = .now() }
      await options.onProgress?(progress)
    }
    let request = watched
    let result = await withTaskGroup(of: Result<Envelope, ClientError>?.self) { group in
      group.addTask {
        do throws(ClientError) { return .success(try await self.exchange(method, body, request)) } catch { return .failure(error) }
      }
      group.addTask {
        while true {
          let rest = lastSign.time.withLock { $0 } + silence - .now()
          guard rest > .zero else { return nil }
          do { try await Task.sleep(for: .nanoseconds(rest.nanoseconds)) } catch { return nil }
        }
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    if let result { return try result.get() }
    throw ClientError(WireError(Task.isCancelled ? .cancelled : .timeout, "the server showed no progress in time", mayHaveHadEffect: true))
  }

  /// What takes the notifications that come with one request; nil where the transport cannot tell which do, and none are asked for.
  private func receiver(_ options: RequestOptions) -> (@Sendable (Envelope) async -> Void)? {
    let onProgress = options.onProgress
    if wire.isSharedChannel {
      guard let onProgress else { return nil }
      return { if let progress = Progress($0) { await onProgress(progress) } }
    }
    let onLog = options.onLog
    guard onProgress != nil || onLog != nil else { return forward }
    return { [forward] notification in
      if let progress = Progress(notification) {
        await onProgress?(progress)
      } else {
        if let onLog, let message = LogMessage(notification) { await onLog(message) }
        await forward(notification)
      }
    }
  }

  /// On a shared channel log messages do not say which request they are about: while one asks for them, all are its.
  private func logListener(_ options: RequestOptions) -> Task<Void, Never>? {
    guard wire.isSharedChannel, let onLog = options.onLog else { return nil }
    let events = hub.listen(buffering: 256)
    return Task {
      for await event in events { if case .log(let message) = event { await onLog(message) } }
    }
  }
}

/// When a request last showed progress.
private final class LastSign: Sendable {
  let time = Mutex(NIODeadline.now())
}

extension ByteBuffer {
  /// Appends `,"name":text`; the comma only after other members.
  mutating func writeRequestMember(_ name: StaticString, _ text: ByteBuffer) {
    if readableBytes > 0 { writeStaticString(",") }
    writeStaticString("\"")
    writeStaticString(name)
    writeStaticString("\":")
    writeImmutableBuffer(text)
  }
}
