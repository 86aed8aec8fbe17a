import Logging
import MCP
import MCPHTTP
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The reference server of the ecosystem's conformance tooling, in the public API of the SDK alone.
///
///     everything-server --port 3000      Streamable HTTP at http://127.0.0.1:3000/mcp
///     everything-server --stdio
@main
enum EverythingServer {
  static func server() throws -> Server {
    let icon = Icon("https://example.com/icon.png", mimeType: "image/png", sizes: [.square(48)])
    let server = Server(
      name: "everything-server", title: "Everything", version: "1.0.0", instructions: "One of everything, for tests.",
      settings: Server.Settings(icons: [icon], websiteURL: "https://example.com"))
    ContentTools.add(to: server)
    QuestionTools.add(to: server)
    TaskTools.add(to: server)
    Prompts.add(to: server)
    try Resources.add(to: server)
    return server
  }

  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "--stdio" where arguments.count == 1:
      let transport = try StdioServerTransport.claimingStandardStreams(on: MultiThreadedEventLoopGroup.singleton.any())
      try await transport.serve(server())
    case "--port":
      guard arguments.count == 2, let port = UInt16(arguments[1]) else { fallthrough }
      let http = HTTPServer(
        host: "127.0.0.1", port: Int(port), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, responder: StreamableHTTPResponder(try server()))
      print("http://127.0.0.1:\(try await http.start())/mcp")
      // Whoever started this with a pipe waits for the line.
      fflush(nil)
      try await http.run()
    default: print("usage: everything-server --port N | --stdio")
    }
  }
}
