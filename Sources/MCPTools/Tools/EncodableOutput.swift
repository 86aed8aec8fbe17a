internal import JSON
public import MCP

extension Tool {
  /// A tool that returns any `Encodable`: structured content, without a schema, which only a ``ToolValue`` has.
  @_disfavoredOverload
  public init<each Value: ToolValue, Output: Encodable & SendableMetatype>(
    name: String, description: String? = nil, traits: [ToolTrait] = [], returns: Output.Type = Output.self,
    parameters: repeat Parameter<each Value>, run: @escaping @Sendable (ToolCall, repeat each Value) async throws -> Output
  ) {
    self.init(name: name, description: description, traits: traits, parameters: repeat each parameters) { (call: ToolCall, values: repeat each Value) in
      ToolResult(structured: try JSONValue(encoding: try await run(call, repeat each values)))
    }
  }
}
