import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// The stateless era, 2026-07-28, at the gateway.
@Suite("The modern era", .timeLimit(.minutes(2)))
struct ModernEraTests {
  @Test("server/discover says what is spoken, without a session")
  func discover() async throws {
    try await withEcho { gateway in
      let reply = try await gateway.client("ada").modern("server/discover")
      #expect(reply.status == 200)
      #expect(reply.headers["Mcp-Session-Id"] == nil)
      let versions = reply.result?["supportedVersions"]?.array?.compactMap(\.string) ?? []
      #expect(Set(versions).isSuperset(of: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]))
      #expect(reply.result?["capabilities"]?["tools"]?["listChanged"] == true)
      #expect(reply.result?["_meta"]?[MetaKey.serverInfo]?["name"] == "sluice")
    }
  }

  @Test("results carry resultType, lists their caching hints, and private ones are marked so")
  func form() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      let list = try await ada.modern("tools/list")
      #expect(list.result?["resultType"] == "complete")
      #expect(list.result?["cacheScope"] == "private")
      #expect(list.result?["ttlMs"]?.int != nil)
      #expect(try await ada.call("echo__say", ["text": "x"]).result?["resultType"] == "complete")
    }
  }

  @Test("the id comes back as it was sent", arguments: ["1", "\"a\"", "\"\\u0031\"", "-7", "9007199254740993", "\"\(String(repeating: "i", count: 200))\""])
  func ids(_ id: String) async throws {
    try await withEcho { gateway in
      let params = MCPClient.modernParams(["name": "echo__say", "arguments": [:]])
      let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":\#(params.text)}"#)
      let reply = try await gateway.client("ada").send(headers: MCPClient.modernHeaders("tools/call", params), body: body)
      #expect(reply.text.contains("\"id\":\(id)"), "\(reply.text)")
      #expect(reply.result != nil)
    }
  }

  @Test("an upstream of either era answers clients of either era", arguments: ["modern", "legacy"])
  func upstreams(_ kind: String) async throws {
    let versions: [ProtocolVersion] = kind == "modern" ? [.v2026_07_28] : [.v2025_11_25, .v2025_06_18, .v2025_03_26]
    try await withUpstream(SDKUpstream.echo(), versions: versions) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        let arguments = try JSONValue(parsing: #"{"value": {"a": 1.0}}"#)
        let modern = try await ada.call("echo__structure", arguments)
        #expect(modern.structured?["a"]?.text == "1.0", "numbers keep their text: \(modern.text)")
        #expect(modern.result?["resultType"] == "complete")
        for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
          let session = try await ada.initialize(version)
          #expect(session.version == version)
          let legacy = try await session.call("echo__structure", arguments)
          #expect(legacy.structured?["a"]?.text == "1.0")
          #expect(legacy.result?["resultType"] == nil, "what is modern only is taken off")
        }
      }
    }
  }

  @Test("a client that goes away cancels the call at the upstream")
  func cancellation() async throws {
    let (started, cancelled) = (Tally(), Tally())
    let server = Server(name: "slow", version: "1")
    server.add(
      Tool(name: "wait", annotations: SDKUpstream.reading) { _ in
        started.add()
        await withTaskCancellationHandler {
          while !Task.isCancelled { try? await Task.sleep(for: .seconds(600)) }
        } onCancel: {
          cancelled.add()
        }
        return ToolResult(text: "too late")
      })
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("slow", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        let going = Task { try await ada.call("slow__wait") }
        try await eventually("the upstream has the call") { started.count == 1 }
        going.cancel()
        try await eventually("the upstream is told") { cancelled.count == 1 }

        // A legacy client stays and takes its request back.
        let session = try await ada.initialize()
        async let taken = session.request("tools/call", ["name": "slow__wait", "arguments": [:]], id: "seven")
        try await eventually("the upstream has the second call") { started.count == 2 }
        let note = ByteBuffer(string: #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"seven"}}"#)
        #expect(try await ada.send(headers: session.headers, body: note).status == 202)
        try await eventually("the upstream is told again") { cancelled.count == 2 }
        #expect(try await taken.result == nil)
        try await eventually("both calls have outcomes") { try gateway.leaves().of("outcome").count == 2 }
        #expect(try gateway.leaves().of("outcome").allSatisfy { $0["result"]?["refused"] == "cancelled" })
      }
    }
  }

  @Test("progress reaches the client under its own token, in both eras")
  func progress() async throws {
    let server = Server(name: "work", version: "1")
    server.add(
      Tool(name: "do", annotations: SDKUpstream.reading) { call in
        await call.progress(1, total: 2, message: "write to jane@example.com")
        await call.progress(2, total: 2)
        return ToolResult(text: "done")
      })
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("work", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        let session = try await ada.initialize()
        for token in ["\"mine\"", "42", "1.50"] {
          let raw = try JSONValue(parsing: token)
          let modern = try await ada.modern("tools/call", ["name": "work__do", "arguments": [:]], meta: ["progressToken": raw])
          let legacy = try await session.request("tools/call", ["name": "work__do", "arguments": [:], "_meta": ["progressToken": raw]])
          for reply in [modern, legacy] {
            #expect(reply.headers["Content-Type"] == "text/event-stream")
            let notes = reply.messages.dropLast()
            #expect(notes.map { $0["method"]?.string } == ["notifications/progress", "notifications/progress"])
            #expect(notes.allSatisfy { $0["params"]?["progressToken"]?.text == token })
            #expect(notes.compactMap { $0["params"]?["progress"]?.double } == [1, 2])
            #expect(!reply.text.contains("jane"), "text of an upstream that was not screened is not passed on")
            #expect(reply.content == "done")
          }
        }
        let silent = try await ada.call("work__do")
        #expect(silent.messages.count == 1)
      }
    }
  }

  @Test("a change of an upstream's tools reaches open subscriptions of modern clients and the stream of legacy ones")
  func listChanged() async throws {
    let server = SDKUpstream.echo()
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        var subscription = try await ada.listen(["toolsListChanged": true]).makeAsyncIterator()
        let acknowledged = try await subscription.next()
        #expect(acknowledged?["method"] == "notifications/subscriptions/acknowledged")
        let session = try await ada.initialize()
        let stream = try await ada.stream("GET", headers: session.headers + [("Accept", "text/event-stream")])
        var legacy = stream.messages.makeAsyncIterator()
        #expect(stream.response.status.code == 200)

        // The gateway's own subscription at the upstream opens a little after it has listed.
        let changer = Task {
          var count = 0
          while !Task.isCancelled {
            count += 1
            server.add(Tool(name: "new\(count)", annotations: SDKUpstream.reading) { _ in ToolResult(text: "new") })
            try? await Task.sleep(for: .milliseconds(200))
          }
        }
        let first = try await subscription.next()
        let second = try await legacy.next()
        changer.cancel()
        #expect(first?["method"] == "notifications/tools/list_changed")
        #expect(first?["params"]?["_meta"]?[MetaKey.subscriptionID]?.int == 1)
        #expect(second?["method"] == "notifications/tools/list_changed")
        #expect(try await ada.list("tools/list", "tools").contains { $0["name"] == "echo__new1" })
        #expect(try await ada.call("echo__new1").content == "new")
      }
    }
  }
}

/// A gateway in front of an echo server.
func withEcho<R: Sendable>(_ change: (inout TestConfiguration) -> Void = { _ in }, _ body: @Sendable (GatewayUnderTest) async throws -> R) async throws -> R {
  var configuration = TestConfiguration()
  change(&configuration)
  let made = configuration
  return try await withUpstream(SDKUpstream.echo()) { port in
    var configuration = made
    configuration.add("echo", port: port)
    return try await withGateway(configuration, body)
  }
}
