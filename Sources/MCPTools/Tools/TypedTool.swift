internal import JSON
public import MCP

extension Tool {
  /// A tool whose arguments and answer have Swift types.
  ///
  /// ```swift
  /// Tool(name: "add", description: "Adds.", traits: [.readOnly], parameters: Parameter("a", Int.self), Parameter("b", default: 1)) {
  ///   call, a, b in a + b
  /// }
  /// ```
  ///
  /// Its schemas follow from the types. `returns` need not be said where the closure leaves no doubt. Arguments that do not fit are answered with what would be right, and `run` is not called.
  public init<each Value: ToolValue, Output: ToolOutput>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], returns: Output.Type = Output.self,
    parameters: repeat Parameter<each Value>, run: @escaping @Sendable (ToolCall, repeat each Value) async throws -> Output
  ) {
    self.init(
      name: name, description: description, traits: traits, schema: Tool.schema(repeat each parameters), outputSchema: Output.outputSchema
    ) { call in
      let arguments = try Arguments { () throws(ValueError) in
        let reader = try ObjectReader(call.arguments)
        return (repeat try (each parameters).read(from: reader))
      }
      return try await run(call, repeat each arguments.values).toolResult()
    }
  }

  /// A tool that only does something: the answer is the text "Done."
  public init<each Value: ToolValue>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], parameters: repeat Parameter<each Value>,
    run: @escaping @Sendable (ToolCall, repeat each Value) async throws -> Void
  ) {
    self.init(
      name: name, description: description, traits: traits, schema: Tool.schema(repeat each parameters), outputSchema: nil
    ) { call in
      let arguments = try Arguments { () throws(ValueError) in
        let reader = try ObjectReader(call.arguments)
        return (repeat try (each parameters).read(from: reader))
      }
      try await run(call, repeat each arguments.values)
      return ToolResult(text: "Done.")
    }
  }

  /// No tool: a parameter or the answer is nothing that has a form in JSON.
  @available(
    *, unavailable,
    message: "a tool takes ToolValues and returns a ToolValue (mark the type @ToolInput), an Encodable, String, Content, [Content], ResourceLink, ToolResult or nothing"
  )
  @_disfavoredOverload
  public init<each Value, Output>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], returns: Output.Type = Output.self,
    parameters: repeat Parameter<each Value>, run: @escaping @Sendable (ToolCall, repeat each Value) async throws -> Output
  ) {
    self.init(name: name) { _ in ToolResult([]) }
  }

  /// A tool whose arguments are one type.
  ///
  /// ```swift
  /// Tool(name: "search", input: SearchQuery.self) { query, call in try await index.search(query) }
  /// ```
  public init<Input: ToolObject, Output: ToolOutput>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], input: Input.Type,
    run: @escaping @Sendable (Input, ToolCall) async throws -> Output
  ) {
    self.init(name: name, description: description, traits: traits, schema: Input.schema, outputSchema: Output.outputSchema) { call in
      let input = try Arguments { () throws(ValueError) in try Input(json: call.arguments) }.values
      return try await run(input, call).toolResult()
    }
  }

  private init(
    name: String, description: String?, traits: [ToolTrait], schema: JSONValue, outputSchema: JSONValue?,
    run: @escaping @Sendable (ToolCall) async throws -> ToolResult
  ) {
    self.init(name: name, description: description, inputSchema: schema, outputSchema: outputSchema, checksFormats: true) { call in
      do { return try await run(call) } catch let error as UnfitArguments {
        return .error(error.error.argumentDescription)
      } catch let error as ToolError {
        return .error(error.message)
      }
    }
    for trait in traits { trait.apply(&self) }
  }

  private static func schema<each Value: ToolValue>(_ parameters: repeat Parameter<each Value>) -> JSONValue {
    var schemas = MemberSchemas()
    repeat (each parameters).add(to: &schemas)
    return schemas.finish()
  }
}

/// The arguments of a call, read. What is wrong with them is told apart from what goes wrong in the tool.
private struct Arguments<each Value: Sendable>: Sendable {
  let values: (repeat each Value)

  init(_ read: () throws(ValueError) -> (repeat each Value)) throws(UnfitArguments) {
    do { values = try read() } catch { throw UnfitArguments(error: error) }
  }
}

private struct UnfitArguments: Error {
  let error: ValueError
}

extension ValueError {
  var argumentDescription: String { path.isEmpty ? "The arguments \(problem)." : "Argument \(description)" }
}
