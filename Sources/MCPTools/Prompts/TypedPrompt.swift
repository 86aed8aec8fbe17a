internal import JSON
public import MCP

/// What a prompt may return: a text that the user says, messages, or the whole result.
public protocol PromptOutput: Sendable {
  /// The messages that the prompt becomes.
  func promptResult() -> PromptResult
}

extension String: PromptOutput {
  /// The messages that the prompt becomes.
  public func promptResult() -> PromptResult { PromptResult([.user(self)]) }
}
extension PromptResult: PromptOutput {
  /// The messages that the prompt becomes.
  public func promptResult() -> PromptResult { self }
}
extension PromptResult.Message: PromptOutput {
  /// The messages that the prompt becomes.
  public func promptResult() -> PromptResult { PromptResult([self]) }
}
extension Array: PromptOutput where Element == PromptResult.Message {
  /// The messages that the prompt becomes.
  public func promptResult() -> PromptResult { PromptResult(self) }
}

extension Prompt {
  /// A prompt whose arguments have Swift types.
  ///
  /// Arguments of prompts are strings (2026-07-28, server/prompts). Those of other types are read as JSON: `5`, `true`, `["a"]`. Those of
  /// enums have their values as suggestions.
  public init<each Value: ToolValue, Output: PromptOutput>(
    name: String, title: String? = nil, description: String? = nil, parameters: repeat Parameter<each Value>,
    get: @escaping @Sendable (PromptGet, repeat each Value) async throws -> Output
  ) {
    var arguments: [Argument] = []
    repeat arguments.append((each parameters).promptArgument)
    self.init(name: name, title: title, description: description, arguments: arguments) { request in
      let values = (repeat try (each parameters).read(from: request))
      return try await get(request, repeat each values).promptResult()
    }
    repeat completions[(each parameters).name] = (each parameters).completion
  }

  /// No prompt: an argument or the answer is nothing that a prompt has.
  @available(
    *, unavailable, message: "a prompt takes ToolValues and returns String, PromptResult.Message, [PromptResult.Message] or PromptResult"
  )
  @_disfavoredOverload
  public init<each Value, Output>(
    name: String, title: String? = nil, description: String? = nil, parameters: repeat Parameter<each Value>,
    get: @escaping @Sendable (PromptGet, repeat each Value) async throws -> Output
  ) {
    self.init(name: name) { _ in PromptResult([]) }
  }
}

extension Parameter where Value: ToolValue {
  fileprivate var promptArgument: Prompt.Argument {
    Prompt.Argument(name, description: description, required: `default` == nil && Value.absent == nil)
  }

  /// The values of an enum that start as typed; nil for other types.
  fileprivate var completion: (@Sendable (CompletionRequest) async throws -> Completion)? {
    var builder = SchemaBuilder()
    let schema = Value.memberSchema(&builder)
    guard let values = builder.finish(schema)["enum"]?.array?.map({ $0.string ?? $0.text }) else { return nil }
    return { request in
      let typed = request.value.lowercased()
      return Completion(values.filter { $0.lowercased().hasPrefix(typed) })
    }
  }

  fileprivate func read(from request: PromptGet) throws -> Value {
    guard let text = request[name] else {
      if let value = `default` ?? Value.absent { return value }
      throw RPCError(.invalidParams, "Missing required argument \"\(name)\" of prompt \(request.name)")
    }
    do throws(ValueError) {
      return try Value(promptArgument: text)
    } catch {
      throw RPCError(.invalidParams, "Argument \"\(name)\" of prompt \(request.name) \(error.problem)")
    }
  }
}

extension ToolValue {
  /// - Throws: the problem with the text as a string where it is no JSON either.
  init(promptArgument text: String) throws(ValueError) {
    do { self = try Self(json: JSONValue.string(text).raw) } catch let asString {
      guard let json = try? RawJSON(text) else { throw asString }
      self = try Self(json: json)
    }
  }
}
