import JSON
import MCP
import NIOCore
import Testing

@Suite("MCP Apps")
struct UITests {
  private static let page = "<!DOCTYPE html><html><title>Weather</title></html>"
  private static let metadata = UIResourceMetadata(
    csp: .init(connect: ["https://api.example.com"], resources: ["https://*.example.com"]), permissions: [.geolocation, .clipboardWrite],
    domain: "a1.views.example.com", prefersBorder: true)

  private func server() -> Server {
    let view = UIResource("weather/dashboard", name: "Weather", metadata: Self.metadata) { _ in Self.page }
    return Server(name: "weather", version: "1") {
      view
      Tool(name: "forecast", meta: ["example.com/x": 1]) { call in
        ToolResult(structured: ["sky": "clear"], text: call.clientShowsUI ? "Shown." : "Clear skies.")
      }.showing(view)
      Tool(name: "refresh") { _ in ToolResult([], structured: ["sky": "grey"]) }.showing(view, visibility: [.app])
      Tool(name: "plain") { _ in ToolResult(text: "plain") }
    }
  }

  @Test("A server offers views as resources, links tools to them, and says that it knows the extension", arguments: [Era.modern, .legacy])
  func wireForm(_ era: Era) async throws {
    let server = server()
    func ask(_ method: String, _ params: JSONValue = [:]) async throws -> JSONValue {
      let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
      let context = RequestContext(client: ClientDescription(version: era == .modern ? .latest : .latestLegacy), transport: .inProcess)
      guard case .result(let text) = await server.handle(try Envelope(request.raw), context) else { return .null }
      return JSONValue(try RawJSON(scanning: text))
    }
    let ui: JSONValue = [
      "csp": ["connectDomains": ["https://api.example.com"], "resourceDomains": ["https://*.example.com"]],
      "permissions": ["geolocation": [:], "clipboardWrite": [:]], "domain": "a1.views.example.com", "prefersBorder": true,
    ]
    let capabilities = await server.describe(RequestContext(client: ClientDescription(version: era == .modern ? .latest : .latestLegacy), transport: .inProcess))
      .capabilities
    #expect(capabilities["extensions"] == ["io.modelcontextprotocol/ui": [:]])
    #expect(
      try await ask("resources/list")["resources"] == [
        ["uri": "ui://weather/dashboard", "name": "Weather", "mimeType": "text/html;profile=mcp-app", "_meta": ["ui": ui]]
      ])
    let contents = try await ask("resources/read", ["uri": "ui://weather/dashboard"])["contents"]
    #expect(
      contents == [["uri": "ui://weather/dashboard", "mimeType": "text/html;profile=mcp-app", "text": .string(Self.page), "_meta": ["ui": ui]]])
    let tools = try await ask("tools/list")["tools"]?.array ?? []
    #expect(tools.map { $0["_meta"]?["ui"] } == [["resourceUri": "ui://weather/dashboard"], ["resourceUri": "ui://weather/dashboard", "visibility": ["app"]], nil])
    #expect(tools.first?["_meta"]?["example.com/x"] == 1)
    // Text in any case: what a tool leaves to its view alone is said in words too.
    #expect(try await ask("tools/call", ["name": "refresh"])["content"] == [["type": "text", "text": #"{"sky":"grey"}"#]])
  }

  @Test("A client that shows views says so in either era, and tools answer it accordingly", arguments: [true, false])
  func negotiation(shows: Bool) async throws {
    let client = Client(.inProcess(server()), settings: .init(showsUI: shows))
    #expect(try await client.callTool("forecast").text == (shows ? "Shown." : "Clear skies."))
    let legacy = ScriptedServer.legacy { _, _ in [:] }
    let old = Client(legacy.transport, settings: .init(showsUI: shows))
    try await old.connect()
    let declared = legacy.messages.first { $0["method"] == "initialize" }?["params"]?["capabilities"]?["extensions"]
    #expect(declared == (shows ? ["io.modelcontextprotocol/ui": ["mimeTypes": ["text/html;profile=mcp-app"]]] : nil))
    // What was said at the handshake counts for the session.
    let handshake: JSONValue = ["protocolVersion": "2025-11-25", "capabilities": ["extensions": declared ?? [:]], "clientInfo": ["name": "t", "version": "1"]]
    let message = try Envelope((["jsonrpc": "2.0", "id": 1, "method": "initialize", "params": handshake] as JSONValue).raw)
    #expect(try ClientDescription(initializing: message, version: .latestLegacy).showsUI == shows)
    await old.close()
  }

  @Test("A client reads the view of a tool, with what it may load and what it asks for")
  func reading() async throws {
    let client = Client(.inProcess(server()), settings: .init(showsUI: true))
    let tools = try await client.listTools()
    let forecast = try #require(tools.first { $0.name == "forecast" })
    #expect(forecast.ui == UIToolMetadata(resourceURI: "ui://weather/dashboard"))
    let view = try #require(try await client.readUI(of: forecast))
    #expect(view.html == Self.page && view.metadata == Self.metadata && view.uri == "ui://weather/dashboard")
    #expect(view.metadata.allowAttribute == "geolocation; clipboard-write")
    #expect(tools.filter { $0.isVisible(to: .model) }.map(\.name) == ["forecast", "plain"])
    #expect(tools.filter { $0.isVisible(to: .app) }.map(\.name) == ["forecast", "refresh", "plain"])
    let plain = try #require(tools.first { $0.name == "plain" })
    #expect(try await client.readUI(of: plain) == nil)
    await #expect(throws: ClientError.self) { try await client.readUI("ui://nowhere") }
    await #expect(throws: ClientError.self) { try await client.readUI("https://example.com") }
  }

  @Test(
    "What a server says of a tool's view is read as the extension has it, and lets nobody in where it cannot be",
    arguments: [
      (#"{"ui":{"resourceUri":"ui://a"}}"#, UIToolMetadata(resourceURI: "ui://a")), (#"{"ui/resourceUri":"ui://a"}"#, UIToolMetadata(resourceURI: "ui://a")),
      (#"{"ui":{"resourceUri":"https://a"}}"#, UIToolMetadata()), (#"{"ui":{"visibility":["app"]}}"#, UIToolMetadata(visibility: [.app])),
      (#"{"ui":{"visibility":["app","future"]}}"#, UIToolMetadata(visibility: [.app])), (#"{"ui":{"visibility":"app"}}"#, UIToolMetadata(visibility: [])),
      (#"{"ui":{"visibility":[]}}"#, UIToolMetadata(visibility: [])), (#"{"ui":7}"#, nil), ("{}", nil), (#"{"x":1}"#, nil),
    ] as [(String, UIToolMetadata?)])
  func toolMetadata(_ meta: String, _ expected: UIToolMetadata?) throws {
    #expect(UIToolMetadata(meta: try JSONValue(parsing: meta).object) == expected)
  }

  @Test("A view that declares nothing may load nothing")
  func restrictive() {
    #expect(
      UIResourceMetadata().contentSecurityPolicy
        == "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'")
    #expect(UIResourceMetadata().allowAttribute == "")
  }

  @Test("A declared origin is allowed where it was declared, and no value adds a directive of its own")
  func policy() throws {
    let meta = try JSONValue(
      parsing: """
        {"ui":{"csp":{"connectDomains":["https://api.example.com:8443","wss://live.example.com","https://x.com; script-src *","*","'unsafe-eval'","javascript:","https://"],
        "resourceDomains":["https://*.cdn.example.com",7],"frameDomains":["https://a b"],"baseUriDomains":["https://cdn.example.com"]},"permissions":{"camera":{},"root":{}}}}
        """)
    let metadata = try #require(UIResourceMetadata(meta: meta.object))
    #expect(
      metadata.contentSecurityPolicy
        == "default-src 'none'; script-src 'self' 'unsafe-inline' https://*.cdn.example.com; style-src 'self' 'unsafe-inline' https://*.cdn.example.com; "
        + "connect-src 'self' https://api.example.com:8443 wss://live.example.com; img-src 'self' data: https://*.cdn.example.com; "
        + "font-src 'self' https://*.cdn.example.com; media-src 'self' data: https://*.cdn.example.com; frame-src 'none'; object-src 'none'; "
        + "base-uri https://cdn.example.com")
    #expect(metadata.permissions == [.camera])
  }

  @Test(
    "Contents that are no view are not taken for one",
    arguments: [
      (#"{"uri":"ui://a","mimeType":"text/html","text":"<p>"}"#, false), (#"{"uri":"ui://a","text":"<p>"}"#, false),
      (#"{"uri":"ui://b","mimeType":"text/html;profile=mcp-app","text":"<p>"}"#, false),
      (#"{"uri":"ui://a","mimeType":"text/html;profile=mcp-app","blob":"//8="}"#, false),
      (#"{"uri":"ui://a","mimeType":"text/html;profile=mcp-app","blob":"PHA+"}"#, true),
      (#"{"uri":"ui://a","mimeType":"Text/HTML; profile=mcp-app","text":"<p>"}"#, true),
    ])
  func contents(_ content: String, _ isView: Bool) async throws {
    let given = try JSONValue(parsing: content)
    let server = ScriptedServer.modern { _, _ in ["contents": [given]] }
    let view = try? await Client(server.transport).readUI("ui://a")
    #expect((view?.html == "<p>") == isView)
  }
}
