public import JSON
public import MCP

/// What a tool may return.
///
/// A ``ToolValue`` becomes `structuredContent` with its schema, and its JSON text for clients that do not read that. A `String` is text,
/// `Content` and `[Content]` are what they say, and a `ToolResult` is the whole answer.
public protocol ToolOutput: Sendable {
  /// The schema of what ``toolResult()`` has in `structured`; nil when it has nothing there.
  static var outputSchema: JSONValue? { get }
  /// The answer of the tool.
  func toolResult() throws -> ToolResult

  /// The same for arrays: a list of contents is one answer, a list of values is an array.
  static var outputSchemaOfArray: JSONValue? { get }
  /// The answer of a tool that returns an array of these.
  static func toolResult(of array: [Self]) throws -> ToolResult
}

extension ToolOutput where Self: ToolValue {
  public static var outputSchema: JSONValue? { schema }
  public func toolResult() -> ToolResult { ToolResult(structured: jsonValue) }
  public static var outputSchemaOfArray: JSONValue? { [Self].schema }
  public static func toolResult(of array: [Self]) -> ToolResult { ToolResult(structured: array.jsonValue) }
}

extension ToolOutput {
  public static var outputSchemaOfArray: JSONValue? { nil }
  public static func toolResult(of array: [Self]) throws -> ToolResult {
    var whole = ToolResult([])
    for element in array { whole.content += try element.toolResult().content }
    return whole
  }
}

extension ToolResult: ToolOutput {
  public static var outputSchema: JSONValue? { nil }
  /// The answer of the tool.
  public func toolResult() -> ToolResult { self }
}

extension Content: ToolOutput {
  public static var outputSchema: JSONValue? { nil }
  /// The answer of the tool.
  public func toolResult() -> ToolResult { ToolResult([self]) }
}

extension ResourceLink: ToolOutput {
  public static var outputSchema: JSONValue? { nil }
  /// The answer of the tool.
  public func toolResult() -> ToolResult { ToolResult([.link(self)]) }
}

extension ResourceContents: ToolOutput {
  public static var outputSchema: JSONValue? { nil }
  /// The answer of the tool.
  public func toolResult() -> ToolResult { ToolResult([.resource(self)]) }
}

/// A failure that the model should read: what is wrong, and what would be right.
///
/// Any other error that a tool throws is logged, and the model is told only that the tool failed.
public struct ToolError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what would be right, for the model.
  public var message: String
  public init(_ message: String) { self.message = message }
  public var description: String { message }
}
