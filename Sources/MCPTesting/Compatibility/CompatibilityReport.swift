public import MCP

/// What a compatibility suite found.
public struct CompatibilityReport: Error, Sendable, CustomStringConvertible {
  public struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// Nil where it is about a comparison of wires.
    public var wire: Wire?
    /// The tool, prompt or resource.
    public var subject: String
    /// What is wrong and what would be right.
    public var message: String

    public var description: String { (wire.map { "over \($0), " } ?? "") + "\(subject): \(message)" }
  }

  public private(set) var problems: [Problem] = []
  /// How many tools the server offers.
  public internal(set) var tools = 0
  /// How many calls were made.
  public internal(set) var calls = 0

  init() {}

  mutating func add(_ wire: Wire?, _ subject: String, _ message: String) {
    let problem = Problem(wire: wire, subject: subject, message: message)
    if !problems.contains(problem) { problems.append(problem) }
  }

  /// Throws the report where there is a problem.
  public func check() throws(CompatibilityReport) { if !problems.isEmpty { throw self } }

  public var description: String {
    problems.isEmpty
      ? "no problems with \(tools) tools in \(calls) calls" : "\(problems.count) problems:\n" + problems.map { "- \($0)" }.joined(separator: "\n")
  }
}
