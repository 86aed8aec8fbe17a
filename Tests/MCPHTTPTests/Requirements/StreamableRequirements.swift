import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

/// What the Streamable HTTP pages of 2026-07-28 and 2025-11-25 ask of a server.
@Suite("Requirements of Streamable HTTP servers")
struct StreamableRequirements {
  @Test(
    "Every legacy and modern revision is served on the one path",
    arguments: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
  func onePath(_ version: String) async {
    let fixture = StreamableFixture()
    if version == "2026-07-28" {
      #expect(await fixture.modern("tools/list").status == 200)
    } else {
      let session = await fixture.session(version)
      #expect(await fixture.legacy(session, "tools/list").json?["result"]?["tools"] != nil)
    }
  }

  @Test("Whatever fails a check of the headers names HeaderMismatch, and nothing is done")
  func nothingDone() async {
    let fixture = StreamableFixture()
    let body = StreamableFixture.modernBody("tools/call", ["name": "wait"])
    let reply = await fixture.send(.post, body.text, StreamableFixture.modernHeaders("tools/call", name: "echo"))
    #expect(reply.status == 400 && reply.json?["error"]?["code"] == -32020 && reply.json?["error"]?["message"]?.string?.contains("Mcp-Name") == true)
  }

  @Test(
    "Header names count in any case, values in their own",
    arguments: [("mcp-method", "tools/list", 200), ("MCP-METHOD", "tools/list", 200), ("Mcp-Method", "Tools/List", 400)])
  func headerCase(_ name: String, _ value: String, _ status: Int) async {
    let body = StreamableFixture.modernBody("tools/list")
    #expect(await StreamableFixture().send(.post, body.text, [("mcp-protocol-version", "2026-07-28"), (name, value)]).status == status)
  }

  @Test("A capability that the client did not declare is asked for with status 400")
  func missingCapability() async {
    let fixture = StreamableFixture()
    fixture.server.add(
      Tool(name: "sampling") { call in
        try call.requireClient("sampling")
        return ToolResult(text: "sampled")
      })
    let refused = await fixture.modern("tools/call", ["name": "sampling"])
    #expect(refused.status == 400 && refused.json?["error"]?["code"] == -32021)
    #expect(refused.json?["error"]?["data"]?["requiredCapabilities"] == ["sampling": [:]])
    // What another request declared does not count.
    let meta: JSONValue = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: ["sampling": [:]]]
    #expect(await fixture.modern("tools/call", ["name": "sampling", "_meta": meta]).status == 200)
    #expect(await fixture.modern("tools/call", ["name": "sampling"]).status == 400)
  }

  @Test("Last-Event-ID and session ids of other eras are passed over, and none are made", arguments: [("Last-Event-ID", "17"), ("Mcp-Session-Id", "x")])
  func ignored(_ name: String, _ value: String) async {
    let reply = await StreamableFixture().modern("tools/list", headers: [(name, value)])
    #expect(reply.status == 200 && reply.json?["result"]?["tools"] != nil && reply.headers["Mcp-Session-Id"] == nil)
  }

  @Test("GET and DELETE are not allowed where modern revisions alone are spoken", arguments: [HTTPMethod.get, .delete])
  func modernOnlyMethods(_ method: HTTPMethod) async {
    let fixture = StreamableFixture { $0.versions = [.v2026_07_28] }
    #expect(await fixture.send(method).status == 405)
    #expect(await fixture.send(method, "", [("MCP-Protocol-Version", "2026-07-28")]).status == 405)
  }

  @Test("A request without the version header is rejected where modern revisions alone are spoken")
  func modernOnlyHeader() async {
    let fixture = StreamableFixture { $0.versions = [.v2026_07_28] }
    let reply = await fixture.send(.post, StreamableFixture.modernBody("tools/list").text, [("Mcp-Method", "tools/list")])
    #expect(reply.status == 400 && reply.json?["error"] != nil && reply.json?["result"] == nil)
  }

  @Test("A server of modern revisions alone names them when it is asked to initialize")
  func modernOnlyInitialize() async {
    let reply = await StreamableFixture { $0.versions = [.v2026_07_28] }.send(.post, StreamableFixture.initialize("2025-11-25").text)
    #expect(reply.json?["error"]?["data"]?["supported"] == ["2026-07-28"] && reply.headers["Mcp-Session-Id"] == nil)
  }

  @Test(
    "A version that is known and not spoken is refused like an unknown one", arguments: ["2026-07-28", "2027-01-01"])
  func versionNotSpoken(_ version: String) async {
    let fixture = StreamableFixture { $0.versions = [.v2025_11_25, .v2025_06_18] }
    var body = StreamableFixture.modernBody("tools/list")
    body["params"]?["_meta"] = [MetaKey.protocolVersion: .string(version), MetaKey.clientCapabilities: [:]]
    let reply = await fixture.send(.post, body.text, [("MCP-Protocol-Version", version), ("Mcp-Method", "tools/list")])
    #expect(reply.status == 400 && reply.json?["error"]?["code"] == -32022)
    #expect(reply.json?["error"]?["data"]?["supported"] == ["2025-11-25", "2025-06-18"])
  }

  @Test(
    "A notification that cannot be read is refused, one that can is accepted without a body",
    arguments: [
      ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", 202), ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{\"a\":1}}", 202),
      ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":[1]}", 400), ("{\"jsonrpc\":\"2.0\",\"method\":5}", 400),
      ("{\"jsonrpc\":\"1.0\",\"method\":\"notifications/x\"}", 400), ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"", 400),
    ])
  func notifications(_ body: String, _ status: Int) async {
    let fixture = StreamableFixture()
    let modern = await fixture.send(.post, body, [("MCP-Protocol-Version", "2026-07-28")])
    #expect(modern.status == status && modern.text.isEmpty == (status == 202))
    let session = await fixture.session()
    let legacy = await fixture.send(.post, body, [("Mcp-Session-Id", session)])
    #expect(legacy.status == status && legacy.text.isEmpty == (status == 202))
  }

  @Test("A subscription hears nothing of what belongs to requests")
  func separateStreams() async throws {
    let fixture = StreamableFixture()
    try await fixture.serving { port in
      let listener = try RawSocket(port: port)
      let listen = StreamableFixture.modernBody("subscriptions/listen", ["notifications": ["toolsListChanged": true]], id: "sub")
      listener.send(StreamableFixture.wire("POST", listen.text, StreamableFixture.modernHeaders("subscriptions/listen")))
      let opening = await listener.read { !$0.events.isEmpty }
      #expect(opening.events.count == 1)
      let caller = try RawSocket(port: port)
      var meta = StreamableFixture.meta
      meta[MetaKey.progressToken] = "p"
      meta[MetaKey.logLevel] = "debug"
      let call = StreamableFixture.modernBody("tools/call", ["name": "talk", "_meta": meta], id: "call")
      caller.send(StreamableFixture.wire("POST", call.text, StreamableFixture.modernHeaders("tools/call", name: "talk")))
      let stream = await caller.read { $0.hasSuffix("\r\n0\r\n\r\n") }
      let said = stream.events.compactMap { $0["method"]?.string }
      #expect(said == ["notifications/progress", "notifications/message", "notifications/progress"])
      #expect(stream.events.allSatisfy { $0["method"] == nil || $0["id"] == nil }, "no requests")
      #expect(stream.events.compactMap { $0["params"]?["progressToken"] } == ["p", "p"])
      #expect(stream.events.last?["id"] == "call")
      fixture.server.removeTool("echo")
      let changed = await listener.read { !$0.events.isEmpty }
      #expect(changed.events.map { $0["method"] } == ["notifications/tools/list_changed"])
    }
  }

  @Test("Each message goes to one stream, and none to the stream of another request")
  func oneStream() async throws {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    try await fixture.serving { port in
      let stream = try RawSocket(port: port)
      stream.send(StreamableFixture.wire("GET", "", [("Mcp-Session-Id", session)]))
      let opening = await stream.read { $0.contains("retry: ") && $0.hasSuffix("\n\n\r\n") }
      #expect(opening.contains("retry: "))
      let caller = try RawSocket(port: port)
      let body: JSONValue = ["jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": ["name": "talk", "_meta": ["progressToken": 1]]]
      caller.send(StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session)]))
      let answered = await caller.read { $0.hasSuffix("\r\n0\r\n\r\n") }
      #expect(answered.events.map { $0["method"] ?? $0["id"] } == ["notifications/progress", "notifications/message", "notifications/progress", 8])
      fixture.server.removeTool("echo")
      let changed = await stream.read { !$0.events.isEmpty }
      #expect(changed.events == [["jsonrpc": "2.0", "method": "notifications/tools/list_changed"]])
    }
  }

  @Test("That a URL elicitation is done with is told by its id, to the client that was asked and to no other")
  func elicitationComplete() async throws {
    let fixture = StreamableFixture()
    fixture.server.add(
      Tool(name: "visit") { call in
        let answer = try await call.elicit("Sign in", url: "https://example.com/sign-in", id: "e-1")
        await call.elicitationCompleted("e-1")
        return ToolResult(text: answer.action.rawValue)
      })
    let body = StreamableFixture.initialize("2025-11-25", capabilities: ["elicitation": ["url": [:]]])
    let session = await fixture.send(.post, body.text).headers["Mcp-Session-Id"] ?? ""
    let other = await fixture.send(.post, body.text).headers["Mcp-Session-Id"] ?? ""
    try await fixture.serving { port in
      let bystander = try RawSocket(port: port)
      bystander.send(StreamableFixture.wire("GET", "", [("Mcp-Session-Id", other)]))
      let opening = await bystander.read { $0.contains("retry: ") && $0.hasSuffix("\n\n\r\n") }
      #expect(opening.contains("retry: "))
      let caller = try RawSocket(port: port)
      let call: JSONValue = ["jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": ["name": "visit"]]
      caller.send(StreamableFixture.wire("POST", call.text, [("Mcp-Session-Id", session)]))
      let question = await caller.read { $0.contains("elicitation/create") && $0.hasSuffix("\r\n") }
      let asked = try #require(question.events.last)
      #expect(asked["params"]?["elicitationId"] == "e-1" && asked["params"]?["mode"] == "url")
      let response: JSONValue = ["jsonrpc": "2.0", "id": asked["id"] ?? .null, "result": ["action": "accept"]]
      #expect(await fixture.send(.post, response.text, [("Mcp-Session-Id", session)]).status == 202)
      let rest = await caller.read { $0.hasSuffix("0\r\n\r\n") }
      #expect(rest.events.first == ["jsonrpc": "2.0", "method": "notifications/elicitation/complete", "params": ["elicitationId": "e-1"]])
      fixture.server.removeTool("echo")
      let heard = await bystander.read { !$0.events.isEmpty }
      #expect(heard.events.map { $0["method"] } == ["notifications/tools/list_changed"])
    }
  }

  @Test("Session ids are long, each its own, of visible characters, and those of others cannot be guessed from them")
  func sessionIDs() async {
    let fixture = StreamableFixture()
    var seen: Set<String> = []
    for _ in 0..<50 { seen.insert(await fixture.session()) }
    #expect(seen.count == 50)
    for session in seen {
      #expect(session.utf8.allSatisfy { (0x21...0x7E).contains($0) } && session.utf8.count >= 64)
      var changed = Array(session.utf8)
      changed[20] = changed[20] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(await fixture.legacy(String(decoding: changed, as: UTF8.self), "ping").status == 404)
    }
  }

  @Test("Streams of either era tell proxies not to buffer")
  func buffering() async throws {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    let legacy = await fixture.send(.get, "", [("Mcp-Session-Id", session)])
    #expect(legacy.status == 200 && legacy.isEvents && legacy.headers["X-Accel-Buffering"] == "no")
    let modern = await fixture.modern("subscriptions/listen", ["notifications": ["toolsListChanged": true]])
    #expect(modern.status == 200 && modern.isEvents && modern.headers["X-Accel-Buffering"] == "no")
  }

  @Test(
    "Header values are plain ASCII or Base64 between markers, and both ways lead back",
    arguments: [
      ("plain", "plain"), ("us-west 1", "us-west 1"), ("", ""), (" padded", "=?base64?IHBhZGRlZA==?="), ("padded ", "=?base64?cGFkZGVkIA==?="),
      ("naïve", "=?base64?bmHDr3Zl?="), ("a\nb", "=?base64?YQpi?="), ("a\r\nX-Evil: 1", "=?base64?YQ0KWC1FdmlsOiAx?="), ("日本", "=?base64?5pel5pys?="),
      ("=?base64?eA==?=", "=?base64?PT9iYXNlNjQ/ZUE9PT89?="), ("=?BASE64?eA==?=", "=?BASE64?eA==?="),
    ])
  func headerValues(_ text: String, _ header: String) {
    #expect(HeaderValue.encode(text) == header)
    #expect(HeaderValue.decode(header) == text)
  }

  @Test(
    "Header values with invalid characters or invalid Base64 stand for nothing", arguments: ["=?base64?!!?=", "=?base64?eA=?=", "=?base64?/w==?=", "a\nb", "é", "\u{7F}"])
  func invalidHeaderValues(_ header: String) {
    #expect(HeaderValue.decode(header) == nil)
  }
}
