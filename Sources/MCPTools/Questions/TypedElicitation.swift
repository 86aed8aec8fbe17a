public import JSON
public import MCP

/// A question to the user whose form is a Swift type: its members are the fields, and it is the answer.
///
/// The answer is nil where the user declined or made no choice; `Elicitation` with `ElicitationForm(of:)` tells these apart.
public struct TypedElicitation<Form: ToolObject>: Question {
  private let elicitation: Elicitation
  public let problem: String?

  /// - Parameter key: what the question is called on the wire; without it the name follows from what is asked.
  public init(_ message: String, as type: Form.Type = Form.self, key: String? = nil) {
    do throws(UnfitForm) {
      elicitation = Elicitation(message, try ElicitationForm(of: type), key: key)
      problem = nil
    } catch {
      elicitation = Elicitation(message, ElicitationForm(), key: key)
      problem = error.description
    }
  }

  public var key: String? { elicitation.key }
  public var method: MCP.Method { elicitation.method }
  public func params(for version: ProtocolVersion) -> JSONValue { elicitation.params(for: version) }
  public func missingCapability(of client: ClientDescription) -> JSONObject? { elicitation.missingCapability(of: client) }

  public func answer(_ result: JSONValue) throws(AnswerProblem) -> Form? {
    let answer = try elicitation.answer(result)
    guard answer.isAccepted else { return nil }
    do throws(ValueError) { return try Form(json: JSONValue.object(answer.content ?? JSONObject()).raw) } catch {
      throw AnswerProblem(error.description)
    }
  }
}

extension IncomingRequest {
  /// Asks the user to fill in a form whose fields are the members of a type.
  ///
  /// ```swift
  /// guard let bicycle = try await call.elicit("How shall it be?", as: Bicycle.self) else { return "Nothing was ordered." }
  /// ```
  ///
  /// - Parameter key: what the question is called on the wire; without it the name follows from what is asked.
  /// - Returns: nil where the user declined or made no choice.
  /// - Throws: ``MCP/RPCError`` `-32603` when the type makes no form (see ``MCP/ElicitationForm/init(of:)``), before anybody is asked, and
  ///   `-32021` when the client did not declare that it can; ``MCP/ClientFailure`` when there is no usable answer. In the modern era also the
  ///   error by which the handler is left until the answer is there: let it pass.
  public func elicit<Form: ToolObject>(_ message: String, as type: Form.Type, key: String? = nil) async throws -> Form? {
    try await ask(TypedElicitation(message, as: type, key: key))
  }
}
