import MCPToolMacros

/// A server to test the tests with.
@Tools struct Calculator {
  /// Adds two numbers.
  /// - Parameters:
  ///   - a: One of them.
  ///   - b: The other.
  @Tool(.readOnly, .closedWorld)
  func add(a: Int, b: Int = 1) -> Int { a + b }

  /// Divides.
  /// - Parameters:
  ///   - a: What is divided.
  ///   - b: By what.
  @Tool(.readOnly, .closedWorld)
  func divide(a: Double, b: Double) throws -> Quotient {
    guard b != 0 else { throw ToolError("Nothing can be divided by zero.") }
    return Quotient(value: a / b)
  }

  /// Asks the user for a number and doubles it.
  @Tool("ask_and_double", .readOnly)
  func askAndDouble(call: ToolCall) async throws -> String {
    let answer = try await call.elicit("Which number?", ElicitationForm(.integer("n")))
    guard answer.action == .accept, let number = answer.content?["n"]?.int else { return "no number" }
    return "\(number * 2)"
  }

  /// Counts to a number, telling how far it is.
  /// - Parameter n: The number.
  @Tool(.readOnly, .closedWorld)
  func count(to n: Int, call: ToolCall) async -> String {
    for step in 1...max(n, 1) { await call.progress(Double(step), total: Double(n)) }
    return "counted to \(n)"
  }

  /// What the server can do.
  @Resource("calculator://help", mimeType: "text/plain")
  func help() -> String { "Ask it to add." }

  /// Asks for a sum.
  /// - Parameter n: How many numbers.
  @Prompt
  func sum(n: Int) -> String { "Add \(n) numbers." }

  static func server() -> Server {
    Server(name: "calculator", version: "1.0.0", instructions: "It calculates.", Calculator())
  }
}

@ToolInput struct Quotient {
  var value: Double
}
