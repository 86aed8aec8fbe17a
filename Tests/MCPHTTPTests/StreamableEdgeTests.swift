import JSON
import MCP
import MCPHTTP
import Testing

@Suite("Streamable HTTP: before the message")
struct StreamableEdgeTests {
  private static let body = StreamableFixture.modernBody("tools/list").text
  private static let headers = StreamableFixture.modernHeaders("tools/list")

  @Test("There is one path")
  func path() async {
    #expect(await StreamableFixture().send(.post, Self.body, Self.headers, path: "/mcp/").status == 404)
  }

  @Test(
    "Host and Origin must be allowed",
    arguments: [
      ("Host", "localhost", 200), ("Host", "LOCALHOST:1", 200), ("Host", "127.0.0.1:99", 200), ("Host", "[::1]:99", 200), ("Host", "[::1]", 200),
      ("Host", "evil.example", 403), ("Host", "localhost.evil.example", 403), ("Host", "(none)", 403), ("Host", "127.0.0.1.evil", 403),
      ("Origin", "http://localhost:3000", 200), ("Origin", "https://127.0.0.1", 200), ("Origin", "http://evil.example", 403),
      ("Origin", "null", 403), ("Origin", "file://localhost", 403), ("Origin", "http://localhost@evil.example", 403), ("Origin", "", 403),
    ])
  func foreign(_ name: String, _ value: String, _ status: Int) async {
    #expect(await StreamableFixture().send(.post, Self.body, Self.headers + [(name, value)]).status == status)
  }

  @Test(
    "Listed hosts may have a port of their own, and listed origins may be elsewhere",
    arguments: [
      ("mcp.example:8443", "https://app.example", 200), ("mcp.example", "https://app.example", 403), ("mcp.example:8443", "https://app.example:1", 403),
      ("mcp.example:8443", "HTTPS://APP.example", 200), ("any.example:1", "https://mcp.example:8443", 200),
    ])
  func listed(_ host: String, _ origin: String, _ status: Int) async {
    let fixture = StreamableFixture { $0.allowed = AllowedHosts(hosts: ["mcp.example:8443", "any.example"], origins: ["https://app.example"]) }
    #expect(await fixture.send(.post, Self.body, Self.headers + [("Host", host), ("Origin", origin)]).status == status)
  }

  @Test("Other methods are not allowed")
  func methods() async {
    let reply = await StreamableFixture().send(.put, Self.body, Self.headers)
    #expect(reply.status == 405 && reply.headers["Allow"] == "GET, POST, DELETE")
  }

  @Test("GET and DELETE are for sessions, which modern clients have not", arguments: [HTTPMethod.get, .delete])
  func sessionless(_ method: HTTPMethod) async {
    let fixture = StreamableFixture()
    #expect(await fixture.send(method).status == 405)
    #expect(await fixture.send(method, "", [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Session-Id", "x")]).status == 405)
    #expect(await fixture.send(method, "", [("MCP-Protocol-Version", "2025-11-25")]).status == 400)
    #expect(await fixture.send(method, "", [("Mcp-Session-Id", "x")]).status == 404)
  }

  @Test(
    "The body is JSON and the client takes an answer that there is",
    arguments: [
      ("Content-Type", "text/plain", 415), ("Content-Type", "(none)", 415), ("Content-Type", "application/jsonx", 415),
      ("Content-Type", "Application/JSON; charset=utf-8", 200), ("Accept", "text/html", 406), ("Accept", "*/*", 200), ("Accept", "(none)", 200),
      ("Accept", "application/*", 200), ("Accept", "application/json;q=0.9", 200), ("Accept", "text/event-stream", 200),
    ])
  func negotiation(_ name: String, _ value: String, _ status: Int) async {
    let reply = await StreamableFixture().send(.post, Self.body, Self.headers + [(name, value)])
    #expect(reply.status == status)
    if status == 200 {
      #expect(reply.isEvents == (value == "text/event-stream"))
      #expect(reply.json?["result"]?["tools"] != nil)
    }
  }

  @Test("A header that has one value must not be sent twice", arguments: ["Mcp-Method", "MCP-Protocol-Version", "Mcp-Name", "Host", "Mcp-Session-Id"])
  func repeated(_ name: String) async {
    let value = Self.headers.first { $0.0 == name }?.1 ?? "localhost"
    let reply = await StreamableFixture().send(.post, Self.body, Self.headers.filter { $0.0 != name } + [(name, value), (name, value)])
    #expect(reply.status == 400 && reply.json?["error"]?["code"] == -32020)
  }

  @Test("The caller is asked for before the body is read, and after the origin was checked")
  func authentication() async {
    let fixture = StreamableFixture(people: true)
    let challenged = await fixture.send(.post, "not JSON", [("Content-Type", "x/y")])
    #expect(challenged.status == 401 && challenged.headers["WWW-Authenticate"] == "Bearer")
    #expect(await fixture.send(.get).status == 401)
    #expect(await fixture.send(.post, Self.body, [("Origin", "http://evil.example")]).status == 403)
    let call = await fixture.modern("tools/call", ["name": "echo", "arguments": ["text": "hi"]], headers: [("Authorization", "ann")])
    #expect(call.json?["result"]?["content"]?.array?.first?["text"] == "hi - ann")
  }
}
