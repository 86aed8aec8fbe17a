internal import JSON
public import MCP

/// What a server gets when it asks the user, the model or the client for something: answers in the order in which they are given.
///
/// ```swift
/// let answers = ScriptedAnswers(forms: [.accept(["city": "Ghent"]), .decline])
/// try await forEachWire(server, answers: answers) { client, recording in
///   #expect(try await client.callTool("plan").text == "Ghent")
///   #expect(recording.asked.count == 2)
/// }
/// ```
///
/// What is empty is not declared as a capability, so that servers find a client that cannot do it. A question beyond the last answer fails
/// the call with a message that says which.
public struct ScriptedAnswers: Sendable {
  public var forms: [ElicitationResult]
  public var urls: [ElicitationResult]
  public var samples: [SamplingResult]
  /// Nil for a client without roots.
  public var roots: [Root]?
  /// Whether the model may be given tools.
  public var samplesWithTools: Bool

  public init(
    forms: [ElicitationResult] = [], urls: [ElicitationResult] = [], samples: [SamplingResult] = [], roots: [Root]? = nil, samplesWithTools: Bool = false
  ) {
    self.forms = forms
    self.urls = urls
    self.samples = samples
    self.roots = roots
    self.samplesWithTools = samplesWithTools
  }

  /// The handlers of a client that answers so and whose questions `recording` keeps.
  func handlers(_ recording: Recording) -> ClientHandlers {
    var handlers = ClientHandlers(samplesWithTools: samplesWithTools)
    if !forms.isEmpty {
      handlers.form = { [forms] form in
        try Self.answer(forms, at: recording.add(.form(form)) { if case .form = $0 { true } else { false } }, "form", form.message)
      }
    }
    if !urls.isEmpty {
      handlers.url = { [urls] url in
        try Self.answer(urls, at: recording.add(.url(url)) { if case .url = $0 { true } else { false } }, "URL", url.message)
      }
    }
    if !samples.isEmpty {
      handlers.sampling = { [samples] request in
        let place = recording.add(.sample(request)) { if case .sample = $0 { true } else { false } }
        return try Self.answer(samples, at: place, "message of the model", request.messages.last?.text ?? "")
      }
    }
    if let roots {
      handlers.roots = {
        _ = recording.add(.roots) { $0 == .roots }
        return roots
      }
    }
    return handlers
  }

  private static func answer<Answer>(_ answers: [Answer], at place: Int, _ kind: String, _ question: String) throws -> Answer {
    guard place < answers.count else {
      throw RPCError(.internalError, "The test has \(answers.count) answers for a \(kind), and was asked once more: \(question.prefix(200))")
    }
    return answers[place]
  }
}
