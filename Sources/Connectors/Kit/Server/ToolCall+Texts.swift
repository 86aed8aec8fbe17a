internal import JSON
public import MCP

extension ToolCall {
  /// The texts of a list, none where it was not given.
  public func texts(_ argument: String) -> [String] { arguments.elements(of: argument).compactMap(\.string) }
}
