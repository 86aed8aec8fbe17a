import JSON
import MCP
import NIOCore
import Testing

@Suite("What both sides say of themselves and of what they offer")
struct SelfDescriptionTests {
  private static let icons = [
    Icon("https://example.com/icon.png", mimeType: "image/png", sizes: [.square(48), .pixels(width: 96, height: 64)], theme: .dark),
    Icon(bytes: Array("<svg/>".utf8), mimeType: "image/svg+xml", sizes: [.any]),
  ]
  private static let implementation: JSONValue = [
    "name": "weather", "version": "2", "title": "Weather", "description": "It forecasts.", "websiteUrl": "https://example.com",
    "icons": [
      ["src": "https://example.com/icon.png", "mimeType": "image/png", "sizes": ["48x48", "96x64"], "theme": "dark"],
      ["src": "data:image/svg+xml;base64,PHN2Zy8+", "mimeType": "image/svg+xml", "sizes": ["any"]],
    ],
  ]

  @Test("A server says what it does, how it looks and where to read about it, in both eras")
  func server() async throws {
    let settings = Server.Settings(icons: Self.icons, websiteURL: "https://example.com", description: "It forecasts.")
    let server = Server(name: "weather", title: "Weather", version: "2", settings: settings)
    let description = await server.describe(RequestContext(client: ClientDescription(version: .latestLegacy), transport: .inProcess))
    let initialized = try JSONValue(parsing: String(buffer: description.initializeResult(version: .latestLegacy)))
    #expect(initialized["serverInfo"] == Self.implementation)
    let client = Client(.inProcess(server))
    let peer = try await client.connect()
    #expect(peer.serverInfo.map { JSONValue($0) } == Self.implementation)
    await client.close()
  }

  @Test("A client says what it is for, how it looks and where to read about it, in both eras")
  func client() async throws {
    let settings = Client.Settings(
      name: "weather", title: "Weather", version: "2", description: "It forecasts.", icons: Self.icons, websiteURL: "https://example.com")
    let legacy = ScriptedServer.legacy { _, _ in [:] }
    try await Client(legacy.transport, settings: settings).connect()
    let initialize = legacy.messages.first { $0["method"] == "initialize" }
    #expect(initialize?["params"]?["clientInfo"] == Self.implementation)
    let modern = ScriptedServer.modern { _, _ in [:] }
    try await Client(modern.transport, settings: settings).connect()
    #expect(modern.messages.first?["params"]?["_meta"]?[MetaKey.clientInfo] == Self.implementation)
  }

  @Test("The title among the annotations is a tool's name for people where it has no other")
  func toolTitles() async throws {
    let server = Server(name: "s", version: "1")
    server.add(Tool(name: "a", annotations: ToolAnnotations(title: "Among the annotations", readOnly: true)) { _ in ToolResult(text: "") })
    server.add(Tool(name: "b", title: "Its own", annotations: ToolAnnotations(title: "Another")) { _ in ToolResult(text: "") })
    let tools = try await Client(.inProcess(server)).listTools()
    #expect(tools.map(\.title) == ["Among the annotations", "Its own"])
    #expect(tools.map(\.annotations) == [ToolAnnotations(title: "Among the annotations", readOnly: true), ToolAnnotations(title: "Another")])
    #expect(tools.first?.raw["annotations"]?["title"]?.string == "Among the annotations")
  }

  @Test("Links to resources keep their icons")
  func linkIcons() async throws {
    let link = ResourceLink(uri: "test://a", name: "a", icons: Self.icons)
    let server = Server(name: "s", version: "1")
    server.add(Resource(uri: "test://a", name: "a", icons: Self.icons) { _ in .text("x") })
    server.add(Tool(name: "t") { _ in ToolResult([.link(link)]) })
    let client = Client(.inProcess(server))
    let resource = try #require(try await client.listResources().first)
    #expect(resource.link == link && resource.icons == Self.icons)
    #expect(try Content(Content.link(link).json) == Content.link(link))
    #expect(try await client.callTool("t").content == [Content.link(link)])
  }

  @Test("Tools, templates and prompts show their icons; of what a server says of them, clients keep what can be read")
  func icons() async throws {
    let server = Server(name: "s", version: "1")
    server.add(Tool(name: "t", icons: Self.icons) { _ in ToolResult(text: "") })
    server.add(try ResourceTemplate(uriTemplate: "test://{a}", name: "a", icons: Self.icons) { _ in .text("x") })
    server.add(Prompt(name: "p", icons: Self.icons) { _ in PromptResult([]) })
    let client = Client(.inProcess(server))
    #expect(try await client.listTools().first?.icons == Self.icons)
    #expect(try await client.listResourceTemplates().first?.icons == Self.icons)
    #expect(try await client.listPrompts().first?.icons == Self.icons)
    await client.close()

    let odd: JSONValue = [
      ["src": "https://example.com/a.png", "sizes": ["48x48", "+9x9", "48", "0x0", "x", 5, "any"], "theme": "sepia", "mimeType": 7, "more": true],
      ["mimeType": "image/png"], "https://example.com/b.png", ["src": "b", "sizes": "48x48", "theme": "light"],
    ]
    let scripted = ScriptedServer.modern { _, request in
      request.method == .toolsList ? ["tools": [["name": "t", "inputSchema": ["type": "object"], "icons": odd]]] : [:]
    }
    let tool = try #require(try await Client(scripted.transport).listTools().first)
    #expect(tool.icons == [Icon("https://example.com/a.png", sizes: [.square(48), .any]), Icon("b", theme: .light)])
    #expect(tool.raw["icons"].map { JSONValue($0) } == odd)
  }

  private static let many = (1...150).map { "\($0)" }

  @Test(
    "That there are more suggestions is told with their number and without",
    arguments: [
      (Completion(["a"]), 1, false), (Completion(["a"], total: 7), 7, true), (Completion(["a"], total: 7, hasMore: true), 7, true),
      (Completion(["a"], hasMore: true), nil, true), (Completion(["a"], hasMore: false), 1, false), (Completion(many), 150, true),
      (Completion(many, hasMore: true), nil, true),
    ] as [(Completion, Int?, Bool)])
  func completions(_ said: Completion, _ total: Int?, _ hasMore: Bool) async throws {
    let server = Server(name: "s", version: "1")
    server.add(Prompt(name: "p", arguments: [Prompt.Argument("a")]) { _ in PromptResult([]) })
    server.addCompletion(for: .prompt("p", argument: "a")) { _ in said }
    let found = try await Client(.inProcess(server)).complete(.prompt("p", argument: "a"), "")
    #expect(found == Completion(Array(said.values.prefix(100)), total: total, hasMore: hasMore))
  }
}
