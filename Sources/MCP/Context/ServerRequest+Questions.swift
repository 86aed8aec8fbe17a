public import JSON
internal import NIOCore

extension ServerRequest {
  // MARK: Questions

  /// Asks the user to fill in a form.
  ///
  /// - Parameter key: what the question is called on the wire; without it the name follows from what is asked.
  /// - Throws: ``RPCError`` `-32021` when the client did not declare that it can; ``ClientFailure`` when there is no usable answer.
  ///   In the modern era also the error by which the handler is left until the answer is there: let it pass.
  public func elicit(_ message: String, _ form: ElicitationForm, key: String? = nil) async throws -> ElicitationAnswer {
    try await ask(Elicitation(message, form, key: key))
  }

  /// Asks the user to visit a page.
  public func elicit(_ message: String, url: String, id: String? = nil, key: String? = nil) async throws -> ElicitationAnswer {
    try await ask(Elicitation(message, url: url, id: id, key: key))
  }

  /// Asks the client's model to write a message.
  public func sample(_ sampling: Sampling) async throws -> SamplingAnswer { try await ask(sampling) }

  /// Asks the client's model to answer one prompt.
  public func sample(_ prompt: String, maxTokens: Int, key: String? = nil) async throws -> SamplingAnswer {
    try await ask(Sampling(prompt, maxTokens: maxTokens, key: key))
  }

  /// Asks for the client's roots.
  public func roots(key: String? = nil) async throws -> [Root] { try await ask(ListRoots(key: key)) }

  /// Asks one question.
  public func ask<Q: Question>(_ question: Q) async throws -> Q.Answer {
    try interaction.check(question)
    guard let answer = try await interaction.answer(to: question) else { throw Interaction.Suspension() }
    return answer
  }

  /// Asks several questions in one round; nothing is asked unless all of them may be.
  ///
  ///     let (name, roots) = try await call.ask(Elicitation("Your name?", form), ListRoots())
  public func ask<each Q: Question>(_ question: repeat each Q) async throws -> (repeat (each Q).Answer) {
    repeat try interaction.check(each question)
    let answers = (repeat try await interaction.answer(to: each question))
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
    for question in questions {
      if let answer = try await interaction.answer(to: question) { answers.append(answer) }
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

  // MARK: Rounds

  /// The same in all rounds of one call, and of no other call: for the idempotency keys of whatever the handler calls.
  public var idempotencyKey: String { interaction.callID }

  /// Does work that must not be done again when the handler runs again with an answer: its result is recorded in the sealed state.
  ///
  /// Work that fails is not recorded. Work whose round is never answered may have been done all the same.
  ///
  /// - Parameter key: the name of the work among those of the handler.
  public func once<Value: Recordable>(_ key: String, _ work: () async throws -> Value) async throws -> Value {
    let (name, recorded) = interaction.recorded(key)
    if let recorded, let value = Value(recorded: recorded) { return value }
    let value = try await work()
    interaction.record(value.recorded, as: name)
    return value
  }
}

/// A value that can be recorded between the rounds of a call.
public protocol Recordable: Sendable {
  var recorded: JSONValue { get }
  /// - Returns: nil for what `recorded` never is.
  init?(recorded: JSONValue)
}

extension JSONValue: Recordable {
  public var recorded: JSONValue { self }
  public init?(recorded: JSONValue) { self = recorded }
}

extension String: Recordable {
  public var recorded: JSONValue { .string(self) }
  public init?(recorded: JSONValue) {
    guard let string = recorded.string else { return nil }
    self = string
  }
}

extension Int: Recordable {
  public var recorded: JSONValue { .int(self) }
  public init?(recorded: JSONValue) {
    guard let int = recorded.int else { return nil }
    self = int
  }
}

extension Bool: Recordable {
  public var recorded: JSONValue { .bool(self) }
  public init?(recorded: JSONValue) {
    guard let bool = recorded.bool else { return nil }
    self = bool
  }
}

extension Array: Recordable where Element: Recordable {
  public var recorded: JSONValue { .array(map(\.recorded)) }
  public init?(recorded: JSONValue) {
    guard let elements = recorded.array else { return nil }
    self = elements.compactMap { Element(recorded: $0) }
    guard count == elements.count else { return nil }
  }
}
