import ArgumentParser
import MCPHTTP
import MCPToolMacros

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `elicitation-server` speaks MCP over standard input and output, `elicitation-server --port 8080` at http://127.0.0.1:8080/mcp.
@main struct ElicitationServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "elicitation-server", abstract: "An MCP server that asks back: a made-up travel desk.")

  @Option(help: "Serve HTTP on this port of 127.0.0.1, in place of standard input and output. 0 takes a free one; the URL is printed.")
  var port: Int?

  func run() async throws {
    let server = Server(name: "travel-desk", version: "1.0.0", TravelDesk(hotels: HotelSearch()), Outings())
    guard let port else { return try await server.run(.stdio) }
    let endpoint = HTTPEndpoint(server, port: port)
    print("http://127.0.0.1:\(try await endpoint.start())/mcp")
    // Whoever started this with a pipe waits for the line.
    fflush(nil)
    try await endpoint.run()
  }
}
