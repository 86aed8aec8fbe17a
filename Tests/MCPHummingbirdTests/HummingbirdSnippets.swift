// snippet: hummingbird
import Hummingbird
import MCP
import MCPHummingbird

func makeApplication() -> some ApplicationProtocol {
  let server = Server(name: "clock") {
    Tool(name: "now", description: "Tells the time.") { _ in ToolResult(text: "Noon.") }
  }
  let router = Router(context: MCPRequestContext.self)
  router.get("/") { _, _ in "Hello" }
  router.mcp("/mcp", server: server)
  return Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 8080)))
}
// snippet end
