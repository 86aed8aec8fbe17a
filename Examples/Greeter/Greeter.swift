// snippet: greeter
import MCPHTTP
import MCPToolMacros

@Tools struct Greeter {
  /// Greets somebody.
  /// - Parameters:
  ///   - name: Whom to greet.
  ///   - times: How often.
  @Tool(.readOnly) func greet(name: String, @Range(1...3) times: Int = 1) -> String {
    Array(repeating: "Hello, \(name)!", count: times).joined(separator: " ")
  }
}

@main struct Main {
  static func main() async throws {
    try await Server(name: "greeter", Greeter()).run(CommandLine.arguments.contains("--http") ? .http(port: 8080) : .stdio)
  }
}
// snippet end
