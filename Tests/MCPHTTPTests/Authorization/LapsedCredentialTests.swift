import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

@Suite("A stream whose credential lapses", .timeLimit(.minutes(1)))
struct LapsedCredentialTests {
  @Test("is cut, and its client listens anew with another and hears of what it may have missed")
  func subscription() async throws {
    let token = Mutex("first")
    let (server, count) = (Server(name: "s", version: "1"), Counter())
    server.add(Tool(name: "one") { _ in ToolResult(text: "") })
    let responder = StreamableHTTPResponder(server) { request in
      guard request.headers["Authorization"] == "Bearer \(token.withLock { $0 })" else { return .refused(HTTPHint(status: 401)) }
      if request.headers["Mcp-Method"] == "subscriptions/listen", !request.isRecheck { count.increment() }
      return .allowed(StreamableFixture.Person("ada"))
    }
    try await withServer(Responder { await responder.respond(to: $0) }) { port in
      let client = Client(
        .http("http://127.0.0.1:\(port)/mcp", headers: { [HTTPHint.Header("Authorization", "Bearer \(token.withLock { $0 })")] }),
        settings: .init(name: "t", version: "1", versions: [.v2026_07_28]))
      var changes = try await client.subscribe(to: .lists).makeAsyncIterator()
      token.withLock { $0 = "second" }
      // The change that the first stream must not tell any more.
      server.add(Tool(name: "two") { _ in ToolResult(text: "") })
      #expect(await changes.next() == .toolsListChanged)
      #expect(count.value == 2)
      await client.close()
    }
  }

  @Test("is cut before the next event, not ended", arguments: [true, false])
  func cut(isLegacy: Bool) async throws {
    let isAllowed = Atomic<Bool>(true)
    let server = Server(name: "s", version: "1")
    server.add(Tool(name: "one") { _ in ToolResult(text: "") })
    let responder = StreamableHTTPResponder(server, configuration: StreamableHTTPConfiguration(sessionKey: StreamableFixture.key)) { _ in
      isAllowed.load(ordering: .relaxed) ? .allowed(nil) : .refused(HTTPHint(status: 401))
    }
    let session = await StreamableFixture().session()
    try await withServer(Responder { await responder.respond(to: $0) }) { port in
      let socket = try RawSocket(port: port)
      let opening: String
      if isLegacy {
        socket.send(StreamableFixture.wire("GET", "", [("Mcp-Session-Id", session)]))
        opening = await socket.read { $0.contains("retry: ") && $0.hasSuffix("\n\n\r\n") }
      } else {
        let body = StreamableFixture.modernBody("subscriptions/listen", ["notifications": ["toolsListChanged": true]], id: "sub")
        socket.send(StreamableFixture.wire("POST", body.text, StreamableFixture.modernHeaders("subscriptions/listen")))
        opening = await socket.read { !$0.events.isEmpty && $0.hasSuffix("\r\n") }
      }
      #expect(opening.contains("text/event-stream"))
      isAllowed.store(false, ordering: .relaxed)
      server.removeTool("one")
      #expect(await socket.readToEnd() == "", "no event, and no end of the chunks")
    }
  }
}
