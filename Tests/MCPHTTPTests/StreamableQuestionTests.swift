import JSON
import MCP
import MCPHTTP
import Testing

@Suite("Streamable HTTP: questions to legacy clients")
struct StreamableQuestionTests {
  private static let form = ElicitationForm(.string("name"))

  private static func fixture() -> StreamableFixture {
    let fixture = StreamableFixture()
    fixture.server.add(
      Tool(name: "ask") { call in
        ToolResult(text: "Hello, \(try await call.elicit("Name?", form, key: "k")["name"]?.string ?? "")!")
      })
    return fixture
  }

  private static func call(_ session: String, id: JSONValue = 8) -> String {
    let body: JSONValue = ["jsonrpc": "2.0", "id": id, "method": "tools/call", "params": ["name": "ask"]]
    return StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session)])
  }

  private static func session(_ fixture: StreamableFixture) async -> String {
    let body = StreamableFixture.initialize("2025-11-25", capabilities: ["elicitation": [:]])
    return await fixture.send(.post, body.text).headers["Mcp-Session-Id"] ?? ""
  }

  private static func response(_ id: JSONValue, _ name: String) -> String {
    let body: JSONValue = ["jsonrpc": "2.0", "id": id, "result": ["action": "accept", "content": ["name": .string(name)]]]
    return body.text
  }

  @Test("The question comes on the stream of the request, the answer in another POST of the same session")
  func live() async throws {
    let fixture = Self.fixture()
    let (session, other) = (await Self.session(fixture), await Self.session(fixture))
    try await fixture.serving { port in
      let socket = try RawSocket(port: port)
      socket.send(Self.call(session))
      let stream = await socket.read { $0.contains("elicitation/create") && $0.hasSuffix("\r\n") }
      let question = try #require(stream.events.last)
      let id = try #require(question["id"])
      #expect(id.string?.utf8.count == 22)
      // Another session cannot answer, not even with the id; nor can another process.
      #expect(await fixture.send(.post, Self.response(id, "Eve"), [("Mcp-Session-Id", other)]).status == 400)
      #expect(await Self.fixture().send(.post, Self.response(id, "Eve"), [("Mcp-Session-Id", session)]).status == 400)
      #expect(await fixture.send(.post, Self.response("x", "Eve"), [("Mcp-Session-Id", session)]).status == 400)
      #expect(await fixture.send(.post, Self.response(id, "Alice"), [("Mcp-Session-Id", session)]).status == 202)
      let rest = await socket.read { $0.hasSuffix("0\r\n\r\n") }
      #expect(rest.events.last?["result"]?["content"]?.array?.first?["text"] == "Hello, Alice!")
    }
  }

  @Test("Clients with the same request id do not get each other's questions")
  func apart() async throws {
    let fixture = Self.fixture()
    let sessions = [await Self.session(fixture), await Self.session(fixture)]
    try await fixture.serving { port in
      var ids: [JSONValue] = []
      var sockets: [RawSocket] = []
      for session in sessions {
        let socket = try RawSocket(port: port)
        sockets.append(socket)
        socket.send(Self.call(session, id: 1))
        let stream = await socket.read { $0.contains("elicitation/create") && $0.hasSuffix("\r\n") }
        ids.append(try #require(stream.events.last?["id"]))
      }
      #expect(await fixture.send(.post, Self.response(ids[1], "Two"), [("Mcp-Session-Id", sessions[1])]).status == 202)
      #expect(await fixture.send(.post, Self.response(ids[0], "One"), [("Mcp-Session-Id", sessions[0])]).status == 202)
      for (socket, name) in zip(sockets, ["One", "Two"]) {
        let rest = await socket.read { $0.hasSuffix("0\r\n\r\n") }
        #expect(rest.events.last?["result"]?["content"]?.array?.first?["text"] == .string("Hello, \(name)!"))
      }
    }
  }

  @Test("A client that takes its request back ends the wait")
  func cancelled() async throws {
    let fixture = Self.fixture()
    let session = await Self.session(fixture)
    try await fixture.serving { port in
      let socket = try RawSocket(port: port)
      socket.send(Self.call(session))
      let stream = await socket.read { $0.contains("elicitation/create") && $0.hasSuffix("\r\n") }
      let id = try #require(stream.events.last?["id"])
      #expect(await fixture.legacy(session, "notifications/cancelled", ["requestId": 8], id: nil).status == 202)
      let rest = await socket.read { $0.hasSuffix("0\r\n\r\n") }
      #expect(!rest.contains("Hello"))
      // It is too late, but it was asked for.
      #expect(await fixture.send(.post, Self.response(id, "Late"), [("Mcp-Session-Id", session)]).status == 202)
    }
  }

  @Test("A client that takes no stream is told that it cannot be asked")
  func noStream() async throws {
    let fixture = Self.fixture()
    let session = await Self.session(fixture)
    let reply = await fixture.legacy(session, "tools/call", ["name": "ask"], headers: [("Accept", "application/json")])
    #expect(reply.json?["result"]?["isError"] == true)
  }

  @Test("Modern clients are answered input_required, and 400 for a state that is none of theirs")
  func modern() async throws {
    let fixture = Self.fixture()
    let meta: JSONValue = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: ["elicitation": [:]]]
    let first = await fixture.modern("tools/call", ["name": "ask", "_meta": meta])
    #expect(first.status == 200 && first.json?["result"]?["resultType"] == "input_required")
    let state = first.json?["result"]?["requestState"]?.string ?? ""
    let answers: JSONValue = ["k": ["action": "accept", "content": ["name": "A"]]]
    let good = await fixture.modern("tools/call", ["name": "ask", "_meta": meta, "requestState": .string(state), "inputResponses": answers], id: 2)
    #expect(good.status == 200 && good.text.contains("Hello, A!"))
    let bad = await fixture.modern("tools/call", ["name": "ask", "_meta": meta, "requestState": .string(state + "x"), "inputResponses": answers], id: 3)
    #expect(bad.status == 400 && bad.json?["error"]?["code"] == -32602)
    let undeclared = await fixture.modern("tools/call", ["name": "ask"])
    #expect(undeclared.status == 400 && undeclared.json?["error"]?["data"]?["requiredCapabilities"] == ["elicitation": [:]])
  }
}
