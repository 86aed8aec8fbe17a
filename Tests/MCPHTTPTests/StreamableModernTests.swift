import JSON
import MCP
import MCPHTTP
import Testing

@Suite("Streamable HTTP: modern era")
struct StreamableModernTests {
  @Test("A request is answered by itself, with its id as it was written", arguments: ["1", "\"a\\u0062\"", "9007199254740993"])
  func ids(_ id: String) async throws {
    let body = StreamableFixture.modernBody("tools/list").text.replacing("\"id\":1", with: "\"id\":\(id)")
    let reply = await StreamableFixture().send(.post, body, StreamableFixture.modernHeaders("tools/list"))
    #expect(reply.status == 200 && reply.headers["Content-Type"] == "application/json")
    #expect(reply.text.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{\"resultType\":\"complete\""))
    #expect(reply.headers["Mcp-Session-Id"] == nil)
  }

  @Test(
    "Headers that are missing or differ from the body are refused first",
    arguments: [
      ("MCP-Protocol-Version", "(none)"), ("MCP-Protocol-Version", "2025-11-25"), ("MCP-Protocol-Version", "1900-01-01"),
      ("Mcp-Method", "(none)"), ("Mcp-Method", "tools/list"), ("Mcp-Method", "Tools/call"), ("Mcp-Name", "(none)"), ("Mcp-Name", "Echo"),
      ("Mcp-Name", "=?base64?!!?="), ("Mcp-Name", "=?base64?ZWNobzI=?="), ("Mcp-Name", "écho"), ("Mcp-Name", ""),
    ])
  func headerMismatch(_ name: String, _ value: String) async {
    let headers = StreamableFixture.modernHeaders("tools/call", name: "echo").filter { $0.0 != name } + [(name, value)]
    // The rest of the request is wrong too: that is found later.
    for meta: JSONValue in [StreamableFixture.meta, [MetaKey.protocolVersion: "2026-07-28"]] {
      let body = StreamableFixture.modernBody("tools/call", ["name": "echo", "arguments": [:], "_meta": meta], id: "x")
      let reply = await StreamableFixture().send(.post, body.text, headers)
      #expect(reply.status == 400 && reply.json?["error"]?["code"] == -32020 && reply.json?["id"] == "x", "\(reply.text)")
    }
  }

  @Test(
    "Mcp-Name may be in Base64, and must be where it is not plain ASCII",
    arguments: [
      ("test://é", "=?base64?dGVzdDovL8OpP?=", 400), ("test://é", "=?base64?dGVzdDovL8Op?=", 200), ("test://é", "test://é", 400),
      ("test://watched", "=?base64?dGVzdDovL3dhdGNoZWQ=?=", 200), ("test://watched", "test://watched", 200),
    ])
  func encodedName(_ uri: String, _ header: String, _ status: Int) async {
    let body = StreamableFixture.modernBody("resources/read", ["uri": .string(uri)])
    let reply = await StreamableFixture().send(.post, body.text, StreamableFixture.modernHeaders("resources/read", name: header))
    #expect(reply.status == status, "\(reply.text)")
  }

  @Test(
    "What every request must say of itself",
    arguments: [
      ("{}", 400, -32602), ("{\"_meta\":{}}", 400, -32602),
      ("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}", 400, -32602),
      ("{\"_meta\":{\"io.modelcontextprotocol/clientCapabilities\":{}}}", 400, -32602),
      ("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":1}}", 400, -32602),
    ])
  func metadata(_ params: String, _ status: Int, _ code: Int) async throws {
    var body = StreamableFixture.modernBody("tools/list", id: 5)
    body["params"] = try JSONValue(parsing: params)
    let reply = await StreamableFixture().send(.post, body.text, StreamableFixture.modernHeaders("tools/list"))
    #expect(reply.status == status && reply.json?["error"]?["code"] == .int(code) && reply.json?["id"] == 5, "\(reply.text)")
  }

  @Test("An unknown version is answered with those that are spoken")
  func unknownVersion() async {
    var body = StreamableFixture.modernBody("tools/list", id: 5)
    body["params"]?["_meta"] = [MetaKey.protocolVersion: "1900-01-01", MetaKey.clientCapabilities: [:]]
    let headers = [("MCP-Protocol-Version", "1900-01-01"), ("Mcp-Method", "tools/list")]
    let reply = await StreamableFixture().send(.post, body.text, headers)
    #expect(reply.status == 400 && reply.json?["error"]?["code"] == -32022 && reply.json?["id"] == 5)
    #expect(reply.json?["error"]?["data"]?["requested"] == "1900-01-01")
    #expect(reply.json?["error"]?["data"]?["supported"]?.array?.first == "2026-07-28")
    let bare = await StreamableFixture().send(.post, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/list\"}", headers)
    #expect(bare.status == 400 && bare.json?["error"]?["code"] == -32022 && bare.json?["id"] == 5)
  }

  @Test(
    "Methods that the revision does not have are not found",
    arguments: [
      "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "no/such", "sampling/createMessage",
      "notifications/initialized",
    ])
  func unknownMethod(_ method: String) async {
    let reply = await StreamableFixture().modern(method, id: "m")
    #expect(reply.status == 404 && reply.json?["error"]?["code"] == -32601 && reply.json?["id"] == "m")
  }

  @Test(
    "Errors of the request have the status of their code",
    arguments: [
      ("nope", 400, -32602), ("forbidden", 400, -32602),
    ])
  func errors(_ tool: String, _ status: Int, _ code: Int) async {
    for meta in [StreamableFixture.meta, Self.withProgress] {
      let reply = await StreamableFixture().modern("tools/call", ["name": .string(tool), "_meta": meta], id: 3)
      #expect(reply.status == status && reply.json?["error"]?["code"] == .int(code) && reply.json?["id"] == 3)
    }
  }

  private static let withProgress: JSONValue = {
    var meta = StreamableFixture.meta
    meta[MetaKey.progressToken] = "p"
    return meta
  }()

  @Test(
    "What is no message is refused, with the id where there is one",
    arguments: [
      ("{", -32700, "{\"jsonrpc\":\"2.0\",\"error\""), ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "{\"jsonrpc\":\"2.0\",\"id\":1,"),
      ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}", -32600, "{\"jsonrpc\":\"2.0\",\"error\""), ("[]", -32600, "{\"jsonrpc\":\"2.0\",\"error\""),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"x\"}", -32700, "{\"jsonrpc\":\"2.0\",\"error\""),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", -32600, "{\"jsonrpc\":\"2.0\",\"error\""), ("", -32700, "{\"jsonrpc\":\"2.0\",\"error\""),
    ])
  func malformed(_ body: String, _ code: Int, _ prefix: String) async {
    let reply = await StreamableFixture().send(.post, body, StreamableFixture.modernHeaders("tools/list"))
    #expect(reply.status == 400 && reply.json?["error"]?["code"] == .int(code) && reply.text.hasPrefix(prefix), "\(reply.text)")
  }

  @Test("Discovery names versions, capabilities and server")
  func discover() async {
    let result = await StreamableFixture().modern("server/discover").json?["result"]
    #expect(result?["supportedVersions"]?.array?.first == "2026-07-28" && result?["supportedVersions"]?.array?.contains("2025-11-25") == true)
    #expect(result?["capabilities"]?["tools"] == ["listChanged": true])
    #expect(result?["_meta"]?[MetaKey.serverInfo]?["name"] == "fixture" && result?["cacheScope"] != nil && result?["ttlMs"] != nil)
  }

  @Test("Notifications are accepted, and a session id is ignored")
  func notifications() async {
    let fixture = StreamableFixture()
    let body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}"
    let reply = await fixture.send(.post, body, [("MCP-Protocol-Version", "2026-07-28")])
    #expect(reply.status == 202 && reply.text.isEmpty)
    #expect(await fixture.modern("tools/list", headers: [("Mcp-Session-Id", "anything")]).status == 200)
  }

  @Test("Handlers see the headers of the request")
  func parameterHeaders() async {
    let reply = await StreamableFixture().modern("tools/call", ["name": "echo", "arguments": ["text": "hi"]], headers: [("mcp-param-region", "eu")])
    #expect(reply.json?["result"]?["content"]?.array?.first?["text"] == "hi eu -")
  }

  @Test(
    "Who asks for progress gets a stream if it takes one",
    arguments: [
      ("application/json, text/event-stream", true), ("application/json", false),
    ])
  func progress(_ accept: String, _ isEvents: Bool) async throws {
    var meta = StreamableFixture.meta
    meta[MetaKey.progressToken] = "p"
    let reply = await StreamableFixture().modern("tools/call", ["name": "echo", "_meta": meta], headers: [("Accept", accept)])
    #expect(reply.status == 200 && reply.isEvents == isEvents && reply.json?["result"]?["content"] != nil)
    if isEvents { #expect(reply.headers["X-Accel-Buffering"] == "no") }
  }

  @Test("subscriptions/listen needs a filter and a client that takes a stream")
  func listen() async {
    let fixture = StreamableFixture()
    #expect(await fixture.modern("subscriptions/listen").json?["error"]?["code"] == -32602)
    #expect(await fixture.modern("subscriptions/listen", ["notifications": ["toolsListChanged": 1]]).json?["error"]?["code"] == -32602)
    #expect(await fixture.modern("subscriptions/listen", ["notifications": [:]], headers: [("Accept", "application/json")]).status == 406)
    let many: [JSONValue] = (0...1000).map { .string("u:\($0)") }
    #expect(await fixture.modern("subscriptions/listen", ["notifications": ["resourceSubscriptions": .array(many)]]).status == 400)
  }
}
