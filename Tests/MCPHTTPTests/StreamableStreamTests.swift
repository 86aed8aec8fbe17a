import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@Suite("Streamable HTTP: streams over the wire")
struct StreamableStreamTests {
  private static func call(_ tool: String, _ meta: JSONValue = ["progressToken": "p"]) -> String {
    var all = StreamableFixture.meta
    for (name, value) in meta.object ?? JSONObject() { all[name] = value }
    let body = StreamableFixture.modernBody("tools/call", ["name": .string(tool), "_meta": all], id: 8)
    return StreamableFixture.wire("POST", body.text, StreamableFixture.modernHeaders("tools/call", name: tool))
  }

  private static func listen(_ filter: JSONValue) -> String {
    let body = StreamableFixture.modernBody("subscriptions/listen", ["notifications": filter], id: "sub")
    return StreamableFixture.wire("POST", body.text, StreamableFixture.modernHeaders("subscriptions/listen"))
  }

  @Test("Progress comes before the answer, on one stream, and the connection goes on")
  func progress() async throws {
    try await StreamableFixture().serving { port in
      let socket = try RawSocket(port: port)
      for _ in 0..<2 {
        socket.send(Self.call("talk"))
        let text = await socket.read { $0.hasSuffix("\r\n0\r\n\r\n") }
        #expect(text.contains("Content-Type: text/event-stream") && text.contains("X-Accel-Buffering: no"))
        #expect(text.events.map { $0["method"] ?? $0["id"] } == ["notifications/progress", "notifications/progress", 8])
        #expect(text.events.last?["result"]?["content"]?.array?.first?["text"] == "done")
      }
    }
  }

  @Test("Log messages come to who asked for them in the request")
  func logLevel() async throws {
    try await StreamableFixture().serving { port in
      let socket = try RawSocket(port: port)
      socket.send(Self.call("talk", [MetaKey.logLevel: "info"]))
      let text = await socket.read { $0.hasSuffix("\r\n0\r\n\r\n") }
      #expect(text.events.map { $0["method"] ?? $0["id"] } == ["notifications/message", 8])
    }
  }

  @Test("A legacy answer becomes a stream when there is something to say before it, and only then")
  func legacyUpgrade() async throws {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    try await fixture.serving { port in
      let socket = try RawSocket(port: port)
      func call(_ tool: String) -> String {
        let body: JSONValue = ["jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": ["name": .string(tool)]]
        return StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session)])
      }
      socket.send(call("talk"))
      let talk = await socket.read { $0.hasSuffix("\r\n0\r\n\r\n") }
      #expect(talk.events.map { $0["method"] ?? $0["id"] } == ["notifications/message", 8])
      socket.send(call("echo"))
      let echo = await socket.read { $0.hasSuffix("}}") }
      #expect(echo.contains("Content-Type: application/json"))
    }
  }

  @Test("A client that leaves cancels its request", arguments: ["p", ""])
  func disconnect(_ token: String) async throws {
    let fixture = StreamableFixture()
    try await fixture.serving { port in
      let socket = try RawSocket(port: port)
      socket.send(Self.call("wait", token.isEmpty ? [:] : ["progressToken": .string(token)]))
      await fixture.began.wait()
      if !token.isEmpty { _ = await socket.read { $0.contains("notifications/progress") } }
      socket.disconnect()
      await fixture.wasCancelled.wait()
    }
  }

  @Test("A cancelled legacy stream ends without an answer")
  func legacyCancellation() async throws {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    try await fixture.serving { port in
      let socket = try RawSocket(port: port)
      let body: JSONValue = [
        "jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": ["name": "wait", "_meta": ["progressToken": 1]],
      ]
      socket.send(StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session)]))
      _ = await socket.read { $0.contains("notifications/progress") }
      let cancel = await fixture.legacy(session, "notifications/cancelled", ["requestId": 8], id: nil)
      #expect(cancel.status == 202)
      await fixture.wasCancelled.wait()
      let rest = await socket.read { $0.hasSuffix("0\r\n\r\n") }
      #expect(rest.events.isEmpty && rest.hasSuffix("0\r\n\r\n"))
    }
  }

  @Test("A subscription is acknowledged first, tells what was asked for once, and ends with a result when the server does")
  func subscription() async throws {
    let fixture = StreamableFixture()
    // Time enough for the last event.
    let socket = try await fixture.serving({ $0.shutdownTimeout = .seconds(30) }) { port in
      let socket = try RawSocket(port: port)
      socket.send(
        Self.listen([
          "toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["test://watched", "test://watched"],
        ]))
      let opening = await socket.read { !$0.events.isEmpty }
      #expect(opening.contains("Content-Type: text/event-stream"))
      // The server has no prompts, so it cannot tell of them.
      #expect(
        opening.events == [
          [
            "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
            "params": [
              "_meta": [MetaKey.subscriptionID: "sub"],
              "notifications": ["toolsListChanged": true, "resourceSubscriptions": ["test://watched"]],
            ],
          ]
        ])
      fixture.server.notifyResourceUpdated("test://other")
      fixture.server.add(Resource(uri: "test://new", name: "new") { _ in .text("") })
      fixture.server.notifyResourceUpdated("test://watched")
      let updated = await socket.read { !$0.events.isEmpty }
      #expect(updated.events.map { $0["params"] } == [["_meta": [MetaKey.subscriptionID: "sub"], "uri": "test://watched"]])
      fixture.server.removeTool("echo")
      let changed = await socket.read { !$0.events.isEmpty }
      #expect(changed.events.map { $0["method"] } == ["notifications/tools/list_changed"])
      return socket
    }
    let ending = await socket.readToEnd()
    #expect(
      ending.events == [
        [
          "jsonrpc": "2.0", "id": "sub", "result": ["resultType": "complete", "_meta": [MetaKey.subscriptionID: "sub"]],
        ]
      ])
  }

  @Test("A stream on which nothing happens shows that it is alive")
  func keepAlive() async throws {
    try await StreamableFixture { $0.keepAlive = .milliseconds(5) }.serving { port in
      let socket = try RawSocket(port: port)
      socket.send(Self.listen([:]))
      let text = await socket.read { $0.count(of: ": \n\n") >= 3 }
      #expect(text.events.count == 1)
    }
  }

  @Test("A legacy client hears of changes on its stream, and a second stream takes the place of the first")
  func legacyStream() async throws {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    #expect(await fixture.legacy(session, "resources/subscribe", ["uri": "test://watched"]).json?["result"] == [:])
    #expect(await fixture.legacy(session, "resources/subscribe", ["uri": "test://nope"]).json?["error"]?["code"] == -32002)
    try await fixture.serving { port in
      let first = try RawSocket(port: port)
      let get = StreamableFixture.wire("GET", "", [("Mcp-Session-Id", session)])
      first.send(get)
      let opened = await first.read { $0.contains("retry: ") && $0.hasSuffix("\n\n\r\n") }
      #expect(opened.contains("retry: 1000\n\n"), "when to come back, should it end")
      fixture.server.notifyResourceUpdated("test://other")
      fixture.server.notifyResourceUpdated("test://watched")
      let updated = await first.read { !$0.events.isEmpty }
      #expect(updated.events == [["jsonrpc": "2.0", "method": "notifications/resources/updated", "params": ["uri": "test://watched"]]])
      let second = try RawSocket(port: port)
      second.send(get)
      let taken = await second.read { $0.contains("retry: ") && $0.hasSuffix("\n\n\r\n") }
      #expect(taken.contains("retry: "))
      let replaced = await first.read { $0.hasSuffix("\r\n0\r\n\r\n") || $0 == "0\r\n\r\n" }
      #expect(replaced.hasSuffix("0\r\n\r\n") && replaced.events.isEmpty)
      fixture.server.removeTool("echo")
      let changed = await second.read { !$0.events.isEmpty }
      #expect(changed.events == [["jsonrpc": "2.0", "method": "notifications/tools/list_changed"]])
      #expect(await fixture.send(.delete, "", [("Mcp-Session-Id", session)]).status == 204)
      let ended = await second.read { $0.hasSuffix("0\r\n\r\n") }
      #expect(ended.hasSuffix("0\r\n\r\n") && ended.events.isEmpty)
    }
  }

  @Test("A legacy stream needs a client that takes one")
  func legacyStreamAccept() async {
    let fixture = StreamableFixture()
    let session = await fixture.session()
    #expect(await fixture.send(.get, "", [("Mcp-Session-Id", session), ("Accept", "application/json")]).status == 405)
  }
}
