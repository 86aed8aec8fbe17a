import JSON
import MCP
import MCPTools

/// A server to test the tests with. Without macros: a target that uses them is built for the machine that builds, with all that it needs
/// a second time.
enum Calculator {
  static func server() -> Server {
    Server(name: "calculator", version: "1.0.0", instructions: "It calculates.") {
      Tool(
        name: "add", description: "Adds two numbers.", traits: [.readOnly, .closedWorld], parameters: Parameter("a", Int.self), Parameter("b", default: 1)
      ) { _, a, b in a + b }
      Tool(
        name: "divide", description: "Divides.", traits: [.readOnly, .closedWorld], parameters: Parameter("a", Double.self), Parameter("b", Double.self)
      ) { _, a, b in
        guard b != 0 else { throw ToolError("Nothing can be divided by zero.") }
        return a / b
      }
      Tool(name: "ask_and_double", description: "Asks the user for a number and doubles it.", traits: [.readOnly]) { call in
        let answer = try await call.elicit("Which number?", ElicitationForm(.integer("n")))
        guard answer.action == .accept, let number = answer.content?["n"]?.int else { return "no number" }
        return "\(number * 2)"
      }
      Tool(
        name: "count", description: "Counts to a number, telling how far it is.", traits: [.readOnly, .closedWorld], parameters: Parameter("n", Int.self)
      ) { call, n in
        for step in 1...max(n, 1) { await call.progress(Double(step), total: Double(n)) }
        return "counted to \(n)"
      }
      Resource(uri: "calculator://help", name: "help", mimeType: "text/plain") { _ in .text("Ask it to add.") }
      Prompt(name: "sum", parameters: Parameter("n", Int.self)) { _, n in "Add \(n) numbers." }
    }
  }
}
