import JSON
import MCP
import MCPToolMacros
import MCPTools
import Testing

@Suite("The snippets on extensions and on migrating", .timeLimit(.minutes(1)))
struct ExtensionSnippets {
  @Test("tasks")
  func tasks() async throws {
    // snippet: task-tool
    let server = Server(name: "reports") {
      Tool(name: "build_report", description: "Builds the report of a year.", task: .optional) { call in
        for month in 1...12 { await call.reportTask("month \(month)") }
        return ToolResult(text: "The report is ready.")
      }
    }
    // snippet end
    let client = Client(.inProcess(server))
    // snippet: task-client
    switch try await client.startTool("build_report") {
    case .result(let result): print(result.text)
    case .task(let task):
      let result = try await task.result { status in print(status.state, status.message ?? "") }
      print(result.text)
    }
    // snippet end
    #expect(try await client.callTool("build_report").text == "The report is ready.")
  }

  @Test("an extension of one's own")
  func ownExtension() async throws {
    // snippet: own-extension
    let extensions: JSONObject = ["extensions": ["com.example/units": ["metric": true]]]
    let server = Server(
      name: "sizes", settings: Server.Settings(capabilities: extensions),
      Tool(name: "size") { call in
        let isKnown = call.context.client.capabilities["extensions"]?["com.example/units"] != nil
        return ToolResult(text: isKnown ? "12 m" : "12 m (39 ft)")
      })
    let client = Client(.inProcess(server), settings: Client.Settings(capabilities: extensions))
    // snippet end
    #expect(try await client.callTool("size").text == "12 m")
    #expect(try await Client(.inProcess(server)).callTool("size").text == "12 m (39 ft)")
  }

  @Test("a server that was rewritten")
  func migrated() async throws {
    let client = Client(.inProcess(Server(name: "tools", Calculator())))
    #expect(try await client.callTool("calculate", ["left": 1, "right": 0, "operation": "divide"]).isError)
    #expect(try await client.callTool("calculate", ["left": 6, "right": 2, "operation": "divide"], returning: Double.self) == 3)
  }
}

// snippet: migrated
@ToolInput enum Operation: String {
  case add, divide
}

@Tools struct Calculator {
  /// Calculates with two numbers.
  @Tool(.readOnly, .closedWorld) func calculate(left: Double, right: Double, operation: Operation) throws -> Double {
    switch operation {
    case .add: return left + right
    case .divide:
      guard right != 0 else { throw ToolError("Nothing can be divided by 0.") }
      return left / right
    }
  }
}
// snippet end
