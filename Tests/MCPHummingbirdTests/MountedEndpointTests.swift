import Hummingbird
import JSON
import MCP
import MCPHTTP
import MCPHummingbird
import NIOCore
import Synchronization
import Testing

@Suite("An MCP endpoint in an application of Hummingbird")
struct MountedEndpointTests {
  @Test("serves clients of every revision: calls, progress, questions, changes", arguments: ProtocolVersion.allCases)
  func everyRevision(_ version: ProtocolVersion) async throws {
    let application = MountedApplication()
    let server = application.server
    try await application.serving { port in
      var handlers = ClientHandlers()
      handlers.form = { _ in ElicitationResult(.accept, content: ["name": "Ada"]) }
      try await Client.with(
        .http("http://127.0.0.1:\(port)/mcp"), handlers: handlers, settings: .init(versions: [version], timeout: .seconds(20))
      ) { client in
        #expect(try await client.connect().version == version)
        #expect(try await client.listTools().map(\.name) == ["echo", "count", "ask", "wait", "flood"])
        #expect(try await client.callTool("echo", ["text": "hi"]).text == "hi for nobody")

        let steps = Mutex<[Double]>([])
        let options = RequestOptions(onProgress: { progress in steps.withLock { $0.append(progress.progress) } })
        #expect(try await client.callTool("count", options: options).text == "counted")
        #expect(steps.withLock { $0 } == [1, 2, 3])

        if version >= .v2025_06_18 { #expect(try await client.callTool("ask").text == "Hello, Ada") }

        var changes = try await client.subscribe(to: ChangeFilter(toolsList: true)).makeAsyncIterator()
        server.add(Tool(name: "late") { _ in ToolResult(text: "late") })
        #expect(await changes.next() == .toolsListChanged)
      }
    }
  }

  @Test("the application's other routes stay what they are")
  func otherRoutes() async throws {
    try await MountedApplication().serving { port in
      let answer = try await Wire(port: port).send(.get, "/hello")
      #expect(answer.status == 200)
      #expect(answer.text == "Hello")
    }
  }

  @Test("a group's path and middleware hold for the endpoint in it")
  func inGroup() async throws {
    try await MountedApplication().serving({ router, server in
      router.group("api").add(middleware: Stamp()).mcp("tools", server: server)
    }) { port in
      let wire = Wire(port: port)
      let answer = try await wire.send(.post, "/api/tools", Wire.call("echo", ["text": "hi"]))
      #expect(answer.text.contains("hi for nobody"))
      #expect(answer.headers["X-Stamp"] == "seen")
      #expect(try await wire.send(.post, "/mcp", Wire.call("echo")).status == 404)
    }
  }

  @Test(
    "refuses what the endpoint itself refuses",
    arguments: [
      (["Origin": "https://evil.example"], 403), (["Content-Type": "text/plain"], 415), (["Accept": "text/html"], 406), (["Mcp-Method": "tools/list"], 400),
    ] as [([String: String], Int)])
  func refusals(_ headers: [String: String], _ status: Int) async throws {
    try await MountedApplication().serving { port in
      let answer = try await Wire(port: port).send(.post, "/mcp", Wire.call("echo"), headers.map { ($0, $1) })
      #expect(answer.status == status)
    }
  }

  @Test("a host that is not allowed is refused")
  func hosts() async throws {
    try await MountedApplication().serving({ router, server in
      router.mcp(server: server, configuration: StreamableHTTPConfiguration(allowed: AllowedHosts(hosts: ["mcp.example.com"])))
    }) { port async throws in
      #expect(try await Wire(port: port).send(.post, "/mcp", Wire.call("echo")).status == 403)
    }
  }

  @Test("takes no body beyond its bound")
  func bodyBound() async throws {
    try await MountedApplication().serving({ $0.mcp(server: $1, maximumBodyBytes: 1000) }) { port in
      let wire = Wire(port: port)
      #expect(try await wire.send(.post, "/mcp", Wire.call("echo", ["text": "short"])).status == 200)
      let long = Wire.call("echo", ["text": .string(String(repeating: "x", count: 2000))])
      let answer = try await wire.send(.post, "/mcp", long)
      #expect(answer.status == 413)
      #expect(answer.text.contains("1000"))
    }
  }

  @Test("ends a legacy session without a body")
  func endOfSession() async throws {
    try await MountedApplication().serving { port in
      let wire = Wire(port: port)
      let opening: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": ["protocolVersion": "2025-11-25", "capabilities": [:], "clientInfo": ["name": "t", "version": "1"]],
      ]
      let opened = try await wire.send(.post, "/mcp", opening, [("MCP-Protocol-Version", "2025-11-25")])
      let session = try #require(opened.headers["Mcp-Session-Id"])
      let ended = try await wire.send(.delete, "/mcp", nil, [("Mcp-Session-Id", session)])
      #expect(ended.status == 204)
      #expect(ended.headers["Content-Length"] == nil)
      #expect(try await wire.send(.delete, "/mcp", nil, [("Mcp-Session-Id", session)]).status == 404)
    }
  }
}

private struct Stamp: RouterMiddleware {
  func handle(_ request: Request, context: MCPRequestContext, next: @concurrent (Request, MCPRequestContext) async throws -> Response) async throws -> Response {
    var response = try await next(request, context)
    response.headers[.init("X-Stamp")!] = "seen"
    return response
  }
}
