import Foundation
import MCP
import MCPHTTP
import MCPTools
import Testing

@Suite("The examples weather-client and weather-server", .timeLimit(.minutes(2)))
struct WeatherClientTests {
  private static let client = ExampleProgram("weather-client")

  @Test("lists, calls with types and follows progress")
  func overStdio() async throws {
    let outcome = try await Self.client.run(["Oslo", "--", ExampleProgram("weather-server").path])
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.first == "weather speaks 2026-07-28")
    #expect(lines.contains("tool list_cities: Lists the cities whose weather is known."))
    #expect(lines.contains { $0.hasPrefix("Oslo now: ") })
    #expect(lines.filter { $0.hasPrefix("progress ") } == ["progress 1 of 3", "progress 2 of 3", "progress 3 of 3"])
    #expect(lines.filter { $0.hasPrefix("day ") }.count == 3)
  }

  @Test("says why where a city is not known")
  func unknownCity() async throws {
    let outcome = try await Self.client.run(["Atlantis", "--", ExampleProgram("weather-server").path])
    #expect(outcome.status != 0)
  }

  @Test("watches the lists of a server over HTTP")
  func watching() async throws {
    struct Day: Codable, Sendable { var city: String, day: Int, sky: String, temperature: Double }
    let server = Server(name: "changing") {
      Tool(name: "get_current", returns: Day.self, parameters: Parameter("city", String.self)) { (_: ToolCall, city: String) in
        Day(city: city, day: 0, sky: "clear", temperature: 21)
      }
      Tool(name: "get_forecast", returns: [Day].self, parameters: Parameter("city", String.self), Parameter("days", Int.self)) {
        (call: ToolCall, city: String, days: Int) in
        (0..<days).map { Day(city: city, day: $0, sky: "clear", temperature: 21) }
      }
    }
    let endpoint = HTTPEndpoint(server, port: 0)
    let port = try await endpoint.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await endpoint.run() }
      // A list that changes again and again: the client that watches sees it sooner or later.
      group.addTask {
        for count in 0... {
          server.add(Tool(name: "late-\(count)") { _ in ToolResult(text: "late") })
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      let outcome = try await Self.client.run(["Bruges", "--url", "http://127.0.0.1:\(port)/mcp", "--watch", "2"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("Bruges now: clear, 21.0 degrees"))
      #expect(outcome.output.split(separator: "\n").filter { $0 == "changed: toolsListChanged" }.count == 2)
      group.cancelAll()
    }
  }
}
