import JSON
import MCP
import MCPHTTP
import Synchronization
import Testing

@Suite("Streamable HTTP: legacy era")
struct StreamableLegacyTests {
  @Test(
    "initialize agrees on a version and opens a session",
    arguments: [
      ("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"), ("2026-07-28", "2025-11-25"), ("1.0", "2025-11-25"),
    ])
  func initialize(_ requested: String, _ agreed: String) async throws {
    let reply = await StreamableFixture().send(.post, StreamableFixture.initialize(requested).text)
    #expect(reply.status == 200 && reply.json?["id"] == "i")
    #expect(reply.json?["result"]?["protocolVersion"] == .string(agreed))
    #expect(reply.json?["result"]?["serverInfo"]?["name"] == "fixture" && reply.json?["result"]?["resultType"] == nil)
    let session = try #require(reply.headers["Mcp-Session-Id"])
    #expect(session.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
  }

  @Test("initialize without its fields is refused", arguments: ["protocolVersion", "capabilities", "clientInfo"])
  func incomplete(_ field: String) async {
    var body = StreamableFixture.initialize("2025-11-25")
    body["params"]?[field] = nil
    let reply = await StreamableFixture().send(.post, body.text)
    #expect(reply.json?["error"]?["code"] == -32602 && reply.json?["id"] == "i" && reply.headers["Mcp-Session-Id"] == nil)
  }

  @Test("Requests of a session are answered in the form of its revision")
  func requests() async {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    let list = await fixture.legacy(session, "tools/list", headers: [("MCP-Protocol-Version", "2025-11-25")])
    #expect(list.status == 200 && list.json?["result"]?["tools"] != nil && list.json?["result"]?["resultType"] == nil)
    #expect(await fixture.legacy(session, "ping").json?["result"] == [:])
    #expect(await fixture.legacy(session, "notifications/initialized", id: nil).status == 202)
    let unknown = await fixture.legacy(session, "no/such", id: "u")
    #expect(unknown.status == 200 && unknown.json?["error"]?["code"] == -32601 && unknown.json?["id"] == "u")
    let missing = await fixture.legacy(session, "resources/read", ["uri": "test://nope"])
    #expect(missing.status == 200 && missing.json?["error"]?["code"] == -32002)
    #expect(await fixture.legacy(session, "server/discover").json?["error"]?["code"] == -32601)
    #expect(await fixture.send(.post, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}", [("Mcp-Session-Id", session)]).status == 400)
    #expect(await fixture.legacy(session, "logging/setLevel", ["level": "error"]).json?["result"] == [:])
    #expect(await fixture.legacy(session, "logging/setLevel", ["level": "x"]).json?["error"]?["code"] == -32602)
    #expect(await fixture.legacy(session, "initialize").json?["error"] != nil)
  }

  @Test("Handlers see what the client said of itself, on every replica with the key")
  func replicas() async {
    let (one, other) = (StreamableFixture(), StreamableFixture())
    let session = await one.session("2025-06-18")
    let here = await one.legacy(session, "tools/call", ["name": "client"]).json?["result"]?["structuredContent"]
    let there = await other.legacy(session, "tools/call", ["name": "client"]).json?["result"]?["structuredContent"]
    #expect(here == there)
    #expect(there?["info"] == ["name": "tests", "version": "2"] && there?["capabilities"] == ["sampling": [:]])
    #expect(there?["version"] == "2025-06-18" && there?["session"]?.string?.count == 22)
  }

  @Test("Capabilities too long for a header keep their names")
  func longCapabilities() async {
    let fixture = StreamableFixture()
    let long: JSONValue = ["sampling": ["x": .string(String(repeating: "y", count: 4000))], "experimental": [:]]
    let session = await fixture.send(.post, StreamableFixture.initialize("2025-11-25", capabilities: long).text).headers["Mcp-Session-Id"] ?? ""
    #expect(session.utf8.count < 1000)
    let seen = await fixture.legacy(session, "tools/call", ["name": "client"]).json?["result"]?["structuredContent"]
    #expect(seen?["capabilities"] == ["sampling": [:]])
  }

  @Test("Without a session there is 400, with one that is none 404")
  func noSession() async {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    let missing = await fixture.send(.post, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\"}")
    #expect(missing.status == 400 && missing.json?["id"] == 4)
    let first = session.first == "A" ? "B" : "A"
    for bad in ["x", "", first + session.dropFirst(), session + "A", String(session.dropLast(4))] {
      let reply = await fixture.legacy(bad, "tools/list", id: 4)
      #expect(reply.status == 404 && reply.json?["id"] == 4, "\(bad)")
    }
  }

  @Test(
    "The version header must be that of the session, or absent",
    arguments: [
      ("2025-11-25", 400), ("2025-06-18", 200), ("(none)", 200), ("2024-01-01", 400), ("x", 400),
    ])
  func versionHeader(_ version: String, _ status: Int) async {
    let fixture = StreamableFixture()
    let session = await fixture.session("2025-06-18")
    #expect(await fixture.legacy(session, "tools/list", headers: [("MCP-Protocol-Version", version)]).status == status)
  }

  @Test("A session is of no use to another caller")
  func otherCaller() async {
    let fixture = StreamableFixture(people: true)
    let session = await fixture.session("2025-11-25", [("Authorization", "ann")])
    #expect(await fixture.legacy(session, "tools/list", headers: [("Authorization", "ann")]).status == 200)
    #expect(await fixture.legacy(session, "tools/list", headers: [("Authorization", "bob")]).status == 404)
    #expect(await fixture.send(.delete, "", [("Mcp-Session-Id", session), ("Authorization", "bob")]).status == 404)
    #expect(await fixture.legacy(session, "tools/list", headers: [("Authorization", "ann")]).status == 200)
  }

  @Test("DELETE ends a session")
  func ended() async {
    let fixture = StreamableFixture()
    let (session, other) = (await fixture.session(), await fixture.session())
    #expect(await fixture.legacy(session, "ping").status == 200)
    #expect(await fixture.send(.delete, "", [("Mcp-Session-Id", session)]).status == 204)
    #expect(await fixture.legacy(session, "ping").status == 404)
    #expect(await fixture.send(.delete, "", [("Mcp-Session-Id", session)]).status == 404)
    #expect(await fixture.send(.get, "", [("Mcp-Session-Id", session)]).status == 404)
    #expect(await fixture.legacy(other, "ping").status == 200)
  }

  @Test("A session ends with its lifetime")
  func expired() async {
    let clock = Clock()
    let fixture = StreamableFixture {
      $0.now = { clock.now.withLock { $0 } }
      $0.sessionLifetime = 60
    }
    let session = await fixture.session()
    clock.now.withLock { $0 += 59 }
    #expect(await fixture.legacy(session, "ping").status == 200)
    clock.now.withLock { $0 += 1 }
    #expect(await fixture.legacy(session, "ping").status == 404)
  }

  private final class Clock: Sendable {
    let now = Mutex(1_000_000)
  }

  @Test("Forgetting the state of sessions does not end them")
  func eviction() async {
    let fixture = StreamableFixture { $0.sessionsInMemory = 2 }
    var sessions: [String] = []
    for _ in 0..<8 { sessions.append(await fixture.session()) }
    for session in sessions + sessions { #expect(await fixture.legacy(session, "ping").status == 200) }
  }

  @Test("Batches are for the one revision that has them", arguments: [("2025-03-26", true), ("2025-06-18", false), ("2025-11-25", false)])
  func batches(_ version: String, _ isAllowed: Bool) async {
    let fixture = StreamableFixture { $0.batchLimit = 4 }
    let session = [("Mcp-Session-Id", await fixture.session(version))]
    let batch = """
      [{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},
      {"jsonrpc":"2.0","id":"2","method":"tools/call","params":{"name":"talk"}},{"id":3}]
      """
    let reply = await fixture.send(.post, batch, session)
    guard isAllowed else {
      #expect(reply.status == 400 && reply.json?["error"]?["code"] == -32600)
      return
    }
    #expect(reply.status == 200 && reply.json?.array?.map { $0["id"] } == [1, "2", 3], "\(reply.text)")
    #expect(reply.json?.array?[1]["result"]?["content"]?.array?.first?["text"] == "done")
    #expect(reply.json?.array?[2]["error"]?["code"] == -32600)
    #expect(await fixture.send(.post, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]", session).status == 202)
    #expect(await fixture.send(.post, "[]", session).status == 400)
    #expect(await fixture.send(.post, "[1,2,3,4,5]", session).status == 400)
    #expect(await fixture.send(.post, "[" + StreamableFixture.initialize(version).text + "]", session).json?.array?.first?["error"] != nil)
  }

  @Test("A batch without a session has nothing to belong to")
  func batchWithoutSession() async {
    #expect(await StreamableFixture().send(.post, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]").status == 400)
  }

  @Test("A request that the client takes back is not answered, and another session cannot take it back")
  func cancellation() async throws {
    let fixture = StreamableFixture()
    let (session, other) = (await fixture.session(), await fixture.session())
    let cancel: JSONValue = ["requestId": 9]
    async let reply = fixture.legacy(session, "tools/call", ["name": "wait"], id: 9, headers: [("Accept", "application/json")])
    await fixture.began.wait()
    #expect(await fixture.legacy(other, "notifications/cancelled", cancel, id: nil).status == 202)
    #expect(await fixture.legacy(session, "notifications/cancelled", ["requestId": "9"], id: nil).status == 202)
    #expect(await fixture.legacy(session, "notifications/cancelled", cancel, id: nil).status == 202)
    await fixture.wasCancelled.wait()
    let answer = await reply
    #expect(answer.status == 202 && answer.text.isEmpty)
  }
  @Test("A client that says more of itself than a session id can carry is told so")
  func longDescription() async {
    let fixture = StreamableFixture()
    var body = StreamableFixture.initialize("2025-11-25")
    // One character each, of any length.
    body["params"]?["clientInfo"] = ["name": .string("e" + String(repeating: "\u{301}", count: 2000)), "version": "1"]
    let session = await fixture.send(.post, body.text).headers["Mcp-Session-Id"] ?? ""
    #expect(session.utf8.count > 4000 && session.utf8.count <= 8192)
    #expect(await fixture.legacy(session, "ping").status == 200)
    body["params"]?["clientInfo"] = ["name": .string("e" + String(repeating: "\u{301}", count: 4000)), "version": "1"]
    let refused = await fixture.send(.post, body.text)
    #expect(refused.status == 400 && refused.headers["Mcp-Session-Id"] == nil)
    #expect(refused.json?["error"]?["message"]?.string?.contains("shorten them") == true)
  }
}
