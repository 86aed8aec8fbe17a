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
      let result = try await task.result { print($0.status, $0.message ?? "") }
      print(result.text)
    }
    // snippet end
    #expect(try await client.callTool("build_report").text == "The report is ready.")
  }

  @Test("views of MCP Apps")
  func apps() async throws {
    // snippet: app-server
    let chart = UIResource(
      "budget/chart", name: "Budget", metadata: UIResourceMetadata(csp: .init(resources: ["https://cdn.example.com"]), prefersBorder: true)
    ) { _ in
      "<!DOCTYPE html><html><title>Budget</title><script src=\"https://cdn.example.com/chart.js\"></script></html>"
    }
    let server = Server(name: "budget") {
      chart
      Tool(name: "show_budget", description: "Shows the budget of this year.") { call in
        // The text is for the model, and for hosts without views.
        ToolResult(structured: ["spent": 8, "left": 4], text: call.clientShowsUI ? "The chart is shown." : "8 of 12 are spent.")
      }.showing(chart)
      Tool(name: "choose_year", description: "For the buttons of the chart.") { _ in
        ToolResult(structured: ["spent": 11, "left": 1])
      }.showing(chart, visibility: [.app])
    }
    // snippet end
    // snippet: app-host
    let client = Client(.inProcess(server), settings: Client.Settings(showsUI: true))
    let tools = try await client.listTools()
    // What is for views alone is not for the model, and the other way round.
    let forModel = tools.filter { $0.isVisible(to: .model) }
    for tool in forModel {
      guard let view = try await client.readUI(of: tool) else { continue }
      print(view.html, view.metadata.contentSecurityPolicy, view.metadata.allowAttribute)
    }
    // snippet end
    #expect(forModel.map(\.name) == ["show_budget"] && tools.count == 2)
    let view = try #require(try await client.readUI(of: forModel[0]))
    #expect(view.metadata.contentSecurityPolicy.contains("script-src 'self' 'unsafe-inline' https://cdn.example.com"))
    #expect(try await client.callTool("show_budget").text == "The chart is shown.")
    #expect(try await Client(.inProcess(server)).callTool("show_budget").text == "8 of 12 are spent.")
    #expect(try await client.callTool("choose_year").structured == ["spent": 11, "left": 1])
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
