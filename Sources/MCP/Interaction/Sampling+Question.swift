public import JSON

/// Asks the client's model to write a message (2026-07-28, client/sampling).
public struct Sampling: Question {
  /// What the model is asked.
  public var request: SamplingRequest
  public var key: String?

  public init(_ request: SamplingRequest, key: String? = nil) {
    self.request = request
    self.key = key
  }

  /// One prompt of the user's.
  public init(_ prompt: String, maxTokens: Int, key: String? = nil) {
    self.init(SamplingRequest([.user(prompt)], maxTokens: maxTokens), key: key)
  }

  public var method: Method { .createMessage }

  public func params(for version: ProtocolVersion) -> JSONValue { request.params(for: version) }

  public var problem: String? { request.toolUseProblem }

  public func missingCapability(of client: ClientDescription) -> JSONObject? {
    let needsTools = !request.tools.isEmpty || request.toolChoice != nil
    guard let declared = client.capabilities["sampling"] else { return ["sampling": needsTools ? ["tools": [:]] : [:]] }
    if needsTools, declared["tools"] == nil { return ["sampling": ["tools": [:]]] }
    // Before 2025-11-25 every client that samples knew of contexts.
    if let context = request.includeContext, context != "none", declared["context"] == nil, client.version >= .v2025_11_25 {
      return ["sampling": ["context": [:]]]
    }
    return nil
  }

  public func answer(_ result: JSONValue) throws(AnswerProblem) -> SamplingResult {
    do { return try SamplingResult(result) } catch { throw AnswerProblem(error.message) }
  }
}

extension SamplingResult {
  /// The text blocks, joined.
  public var text: String { message.text }

  /// The calls of tools that the model asks for; running them and asking again is up to the handler.
  public var toolUses: [(id: String, name: String, input: JSONValue)] {
    message.content.compactMap { if case .toolUse(let id, let name, let input) = $0.kind { (id, name, input) } else { nil } }
  }
}
