import JSON
import MCP
import Testing

/// MCP Apps through the gateway: a tool's view is its own upstream's, whatever others call theirs.
@Suite("Views of upstreams")
struct ViewTests {
  private static func upstream(_ name: String) -> Server {
    let metadata = UIResourceMetadata(csp: .init(connect: ["https://\(name).example.com"]), prefersBorder: true)
    let view = UIResource("board", name: "Board", metadata: metadata) { _ in "<!DOCTYPE html><title>\(name)</title>" }
    return Server(name: name, version: "1") {
      view
      Tool(name: "chart", annotations: SDKUpstream.reading) { call in ToolResult(structured: ["of": .string(name)], text: call.clientShowsUI ? "view" : "text") }
        .showing(view)
      Tool(name: "reload", annotations: SDKUpstream.reading) { _ in ToolResult(text: "again") }.showing(view, visibility: [.app])
    }
  }

  @Test("Metadata of tools and views survive, under URIs that name the upstream, and each tool gets its own view", arguments: [ProtocolVersion.latest, .latestLegacy])
  func views(_ version: ProtocolVersion) async throws {
    try await withUpstream(Self.upstream("one"), versions: [version]) { one in
      try await withUpstream(Self.upstream("two"), versions: [version]) { two in
        var configuration = TestConfiguration()
        configuration.add("one", port: one)
        configuration.add("two", port: two)
        try await withGateway(configuration) { gateway in
          let ada = try await gateway.client("ada")
          let tools = try await ada.list("tools/list", "tools")
          let links = Dictionary(tools.map { ($0["name"]?.string ?? "", $0["_meta"]?["ui"]) }) { first, _ in first }
          #expect(links["one__chart"] == ["resourceUri": "ui://one__board"])
          #expect(links["two__chart"] == ["resourceUri": "ui://two__board"])
          #expect(links["two__reload"] == ["resourceUri": "ui://two__board", "visibility": ["app"]])
          let resources = try await ada.list("resources/list", "resources")
          #expect(resources.compactMap { $0["uri"]?.string } == ["ui://one__board", "ui://two__board"])
          #expect(resources.allSatisfy { $0["mimeType"] == "text/html;profile=mcp-app" && $0["_meta"]?["ui"]?["prefersBorder"] == true })
          for name in ["one", "two"] {
            let content = try await ada.modern("resources/read", ["uri": .string("ui://\(name)__board")]).result?["contents"]?.array?.first
            #expect(content?["uri"]?.string == "ui://\(name)__board" && content?["mimeType"] == "text/html;profile=mcp-app")
            #expect(content?["text"]?.string == "<!DOCTYPE html><title>\(name)</title>")
            #expect(content?["_meta"]?["ui"]?["csp"] == ["connectDomains": [.string("https://\(name).example.com")]])
          }
          // Neither the bare URI nor somebody else's.
          for uri in ["ui://board", "ui://three__board", "ui://one__two__board"] {
            #expect(try await ada.modern("resources/read", ["uri": .string(uri)]).result == nil, "\(uri)")
          }
          // Who may read no resources sees no views.
          let eve = try await gateway.client("eve")
          #expect(try await eve.modern("resources/read", ["uri": "ui://one__board"]).result == nil)
        }
      }
    }
  }
}
