public import JSON

/// A call by which a tool is tried.
public struct ToolSample: Sendable {
  /// What must be the same wherever the tool is called.
  public enum Comparison: Sendable {
    /// The content, the structured content, and whether it failed.
    case everything
    /// Whether it failed, and the types of the content blocks: for tools that tell the time or count their calls.
    case form
  }

  public var tool: String
  public var arguments: JSONValue
  public var comparing: Comparison
  /// Whether the tool is meant to fail with these arguments.
  public var fails: Bool

  public init(_ tool: String, _ arguments: JSONValue = .object(JSONObject()), comparing: Comparison = .everything, fails: Bool = false) {
    self.tool = tool
    self.arguments = arguments
    self.comparing = comparing
    self.fails = fails
  }
}
