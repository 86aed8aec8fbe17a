import ArgumentParser
import MCPHTTP
import MCPToolMacros

/// `weather-server` speaks MCP over standard input and output, `weather-server --port 8080` at http://127.0.0.1:8080/mcp.
@main struct WeatherServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "weather-server", abstract: "An MCP server for a made-up weather service.")

  @Option(help: "Serve HTTP on this port of 127.0.0.1, in place of standard input and output.")
  var port: Int?

  func run() async throws {
    let server = Server(name: "weather", version: "1.0.0", instructions: "Cities are those of list_cities.", Weather(data: .sample))
    try await server.run(port.map { .http(port: $0) } ?? .stdio)
  }
}
