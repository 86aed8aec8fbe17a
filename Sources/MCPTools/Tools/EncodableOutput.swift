public import JSON
public import MCP

extension Tool {
  /// A tool that returns any `Encodable`: structured content.
  ///
  /// A type that is `Decodable` too has a schema. It is found once, here: the type decodes itself from made-up values, several times
  /// over, and what it asks for is written down; what it encodes then must fit. Mark enums `CaseIterable` to have their cases in it. An
  /// `init(from:)` should throw on what it cannot take, not trap. Types that only encode have no schema unless you give one, nor have types
  /// that write otherwise than they read or take none of the values.
  ///
  /// A ``ToolValue`` says its schema itself, with descriptions: mark the type `@ToolInput` where that matters.
  ///
  /// - Parameter outputSchema: JSON Schema of what `Output` encodes as, in the place of one that is found.
  @_disfavoredOverload
  public init<each Value: ToolValue, Output: Encodable & SendableMetatype>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], returns: Output.Type = Output.self,
    outputSchema: JSONValue? = nil, parameters: repeat Parameter<each Value>, run: @escaping @Sendable (ToolCall, repeat each Value) async throws -> Output
  ) {
    self.init(name: name, description: description, traits: traits, parameters: repeat each parameters) { (call: ToolCall, values: repeat each Value) in
      ToolResult(structured: try JSONValue(encoding: try await run(call, repeat each values)))
    }
    self.outputSchema = outputSchema ?? self.outputSchema ?? CodableProbe.schema(of: Output.self)
  }

  /// A tool whose arguments are one type, and that returns any `Encodable`: structured content, with a schema where the type is `Decodable` too.
  ///
  /// - Parameter outputSchema: JSON Schema of what `Output` encodes as, in the place of one that is found.
  @_disfavoredOverload
  public init<Input: ToolObject, Output: Encodable & SendableMetatype>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], input: Input.Type, outputSchema: JSONValue? = nil,
    run: @escaping @Sendable (Input, ToolCall) async throws -> Output
  ) {
    self.init(name: name, description: description, traits: traits, input: input) { (input: Input, call: ToolCall) in
      ToolResult(structured: try JSONValue(encoding: try await run(input, call)))
    }
    self.outputSchema = outputSchema ?? self.outputSchema ?? CodableProbe.schema(of: Output.self)
  }
}
