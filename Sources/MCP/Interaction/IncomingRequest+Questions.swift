internal import JSON
internal import NIOCore

extension IncomingRequest {
  // MARK: Questions

  /// Asks the user to fill in a form.
  ///
  /// - Parameter key: what the question is called on the wire; without it the name follows from what is asked.
  /// - Throws: ``RPCError`` `-32021` when the client did not declare that it can; ``ClientFailure`` when there is no usable answer.
  ///   In the modern era also the error by which the handler is left until the answer is there: let it pass.
  public func elicit(_ message: String, _ form: ElicitationForm, key: String? = nil) async throws -> ElicitationResult {
    try await ask(Elicitation(message, form, key: key))
  }

  /// Asks the user to visit a page.
  public func elicit(_ message: String, url: String, id: String? = nil, key: String? = nil) async throws -> ElicitationResult {
    try await ask(Elicitation(message, url: url, id: id, key: key))
  }

  /// Asks the client's model to write a message.
  public func sample(_ request: SamplingRequest, key: String? = nil) async throws -> SamplingResult {
    try await ask(Sampling(request, key: key))
  }

  /// Asks the client's model to answer one prompt.
  public func sample(_ prompt: String, maxTokens: Int, key: String? = nil) async throws -> SamplingResult {
    try await ask(Sampling(prompt, maxTokens: maxTokens, key: key))
  }

  /// Asks for the client's roots.
  public func roots(key: String? = nil) async throws -> [Root] { try await ask(ListRoots(key: key)) }

  /// Asks one question.
  public func ask<Q: Question>(_ question: Q) async throws -> Q.Answer {
    try interaction.check(question)
    guard let answer = try await interaction.begin(question)() else { throw Interaction.Suspension() }
    return answer
  }

  /// Asks several questions in one round; nothing is asked unless all of them may be.
  ///
  ///     let (name, roots) = try await call.ask(Elicitation("Your name?", form), ListRoots())
  public func ask<each Q: Question>(_ question: repeat each Q) async throws -> (repeat (each Q).Answer) {
    repeat try interaction.check(each question)
    let pending = (repeat try await interaction.begin(each question))
    let answers = (repeat try await (each pending)())
    func settled<Answer>(_ answer: Answer?) throws -> Answer {
      guard let answer else { throw Interaction.Suspension() }
      return answer
    }
    return (repeat try settled(each answers))
  }

  /// Asks several questions of one kind in one round; nothing is asked unless all of them may be.
  public func ask<Q: Question>(_ questions: [Q]) async throws -> [Q.Answer] {
    for question in questions { try interaction.check(question) }
    var answers: [Q.Answer] = []
    var pending: [@Sendable () async throws -> Q.Answer?] = []
    for question in questions { pending.append(try await interaction.begin(question)) }
    for wait in pending {
      if let answer = try await wait() { answers.append(answer) }
    }
    guard answers.count == questions.count else { throw Interaction.Suspension() }
    return answers
  }

  /// Whether the client can be asked this.
  public func canAsk(_ question: some Question) -> Bool { question.missingCapability(of: context.client) == nil }

  /// Tells a client of revision 2025-11-25 that the page of an URL elicitation is done with. Later clients find out by asking again.
  public func elicitationCompleted(_ id: String) async {
    guard context.era == .legacy else { return }
    await context.notify(Message.notification(.elicitationComplete, params: ByteBuffer(["elicitationId": .string(id)])))
  }

  /// Ends the HTTP response and goes on: a client of revision 2025-11-25 comes back for what is said from here on, the answer included.
  /// Does nothing for other clients and transports.
  ///
  /// - Parameter milliseconds: how long the client is asked to wait before it comes back.
  public func closeStream(retryAfter milliseconds: Int) async { await context.channel?.closeStream(retryAfter: milliseconds) }

  // MARK: Rounds

  /// The same in all rounds of one call, and of no other call: for the idempotency keys of whatever the handler calls.
  public var idempotencyKey: String { interaction.callID }

  /// Does work that must not be done again when the handler runs again with an answer: its result is recorded in the sealed state.
  ///
  /// Work that fails is not recorded. Work whose round is never answered may have been done all the same.
  ///
  /// - Parameter key: the name of the work among those of the handler.
  public func once<Value: Codable & Sendable>(_ key: String, _ work: () async throws -> Value) async throws -> Value {
    let (name, recorded) = interaction.recorded(key)
    if let recorded { return try recorded.decode(Value.self) }
    let value = try await work()
    interaction.record(try JSONValue(encoding: value), as: name)
    return value
  }
}
