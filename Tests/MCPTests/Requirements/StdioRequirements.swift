import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// What the stdio transport and the message patterns ask of a server whose messages all share one channel.
@Suite("Requirements of stdio servers")
struct StdioRequirements {
  private static func modern(_ id: JSONValue?, _ method: String, _ params: JSONValue = [:], capabilities: JSONValue = [:]) -> JSONValue {
    var params = params
    params["_meta"] = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: capabilities]
    var message: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": params]
    if let id { message["id"] = id }
    return message
  }

  private static let initialize: JSONValue = [
    "jsonrpc": "2.0", "id": 0, "method": "initialize",
    "params": ["protocolVersion": "2025-11-25", "capabilities": [:], "clientInfo": ["name": "t", "version": "1"]],
  ]

  @Test("What one request declares does not count for the next")
  func noMemory() async throws {
    let client = StdioClient(try ServerFixture().server)
    client.write(Self.modern(1, "tools/call", ["name": "needs_sampling"], capabilities: ["sampling": [:]]))
    #expect(await client.answer(1)?["result"]?["content"] != nil)
    client.write(Self.modern(2, "tools/call", ["name": "needs_sampling"]))
    let refused = await client.answer(2)?["error"]
    #expect(refused?["code"] == -32021 && refused?["data"]?["requiredCapabilities"] == ["sampling": [:]])
    client.write(["jsonrpc": "2.0", "id": 3, "method": "tools/list"])
    #expect(await client.answer(3)?["error"]?["code"] == -32602)
  }

  @Test("Requests side by side each get their own answer, once")
  func concurrent() async throws {
    let client = StdioClient(try ServerFixture().server)
    for number in 0..<50 { client.write(Self.modern(.string("n\(number)"), "tools/call", ["name": "add", "arguments": ["a": .int(number), "b": 1]])) }
    for number in 0..<50 {
      let answer = await client.answer(.string("n\(number)"))
      #expect(answer?["result"]?["structuredContent"] == ["sum": .int(number + 1)])
    }
    client.write(Self.modern("last", "server/discover"))
    #expect(await client.line()?["id"] == "last")
  }

  @Test("Notifications are not answered, known or not, and neither are responses", arguments: [Era.modern, .legacy])
  func silence(_ era: Era) async throws {
    let client = StdioClient(try ServerFixture().server)
    if era == .legacy {
      client.write(Self.initialize)
      _ = await client.answer(0)
    }
    for method in ["notifications/initialized", "notifications/no_such", "notifications/roots/list_changed", "tools/list"] {
      client.write(era == .modern ? Self.modern(nil, method) : ["jsonrpc": "2.0", "method": .string(method)])
    }
    client.write(["jsonrpc": "2.0", "id": 77, "result": [:]])
    client.write(["jsonrpc": "2.0", "id": 78, "error": ["code": 1, "message": "m"]])
    await client.responder.finish(within: .seconds(5))
    client.write(Self.modern("end", "server/discover"))
    #expect(await client.line()?["id"] == "end")
  }

  @Test(
    "Cancellations of what is unknown or over, and malformed ones, are passed over",
    arguments: [
      "{\"requestId\":\"nope\"}", "{\"requestId\":1}", "{}", "{\"requestId\":{}}", "{\"requestId\":null}", "{\"requestId\":1,\"reason\":7}",
    ])
  func strayCancellations(_ params: String) async throws {
    let client = StdioClient(try ServerFixture().server)
    client.write(Self.modern(1, "server/discover"))
    #expect(await client.answer(1)?["result"] != nil)
    client.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":\(params)}")
    client.write(Self.modern(2, "server/discover"))
    #expect(await client.line()?["id"] == 2)
  }

  @Test("A cursor counts on any connection to the server")
  func cursors() async throws {
    let server = try ServerFixture(pageSize: 3).server
    let (first, second) = (StdioClient(server), StdioClient(server))
    first.write(Self.modern(1, "tools/list"))
    let page = await first.answer(1)?["result"]
    let next = try #require(page?["nextCursor"])
    second.write(Self.modern(1, "tools/list", ["cursor": next]))
    let rest = await second.answer(1)?["result"]?["tools"]?.array ?? []
    #expect(rest.count == 3 && !(page?["tools"]?.array ?? []).contains(rest[0]))
  }

  @Test("A server of modern revisions alone names them when it is asked to initialize")
  func modernOnly() async throws {
    let client = StdioClient(try ServerFixture().server, StdioResponder.Configuration(versions: [.v2026_07_28]))
    client.write(Self.initialize)
    let error = await client.answer(0)?["error"]
    #expect(error?["data"]?["supported"] == ["2026-07-28"] && error?["code"]?.int != nil)
  }

  @Test("notifications/cancelled takes down subscriptions and is sent for nothing else")
  func cancelledForSubscriptionsOnly() async throws {
    let lines = Mutex<[JSONValue]>([])
    let server = try ServerFixture().server
    let (began, signal) = AsyncStream.makeStream(of: Void.self)
    server.add(
      Tool(name: "endless") { _ in
        signal.yield()
        try await Task.sleep(for: .seconds(600))
        return ToolResult(text: "late")
      })
    server.add(Tool(name: "asks") { ToolResult(text: try await $0.elicit("?", ElicitationForm(.string("a"))).action.rawValue) })
    let responder = StdioResponder(
      server,
      send: { line in
        let message = (try? JSONValue(parsing: String(buffer: line))) ?? .null
        lines.withLock { $0.append(message) }
      })
    let messages: [JSONValue] = [
      Self.modern("a", "subscriptions/listen", ["notifications": ["toolsListChanged": true]]),
      Self.modern("b", "subscriptions/listen", ["notifications": ["toolsListChanged": true]]), Self.modern(1, "tools/call", ["name": "explode"]),
      Self.modern(2, "tools/call", ["name": "asks"], capabilities: ["elicitation": ["form": [:]]]), Self.modern(3, "no/such"),
      Self.modern(4, "tools/call", ["name": "endless"]), Self.modern(5, "tools/call", ["name": "endless"]),
    ]
    for message in messages { _ = responder.receive(ByteBuffer(message)) }
    var calls = began.makeAsyncIterator()
    for _ in 0..<2 { await calls.next() }
    for id: JSONValue in ["b", 4] {
      _ = responder.receive(ByteBuffer(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": id]]))
    }
    await responder.finish(within: .seconds(3))
    let cancelled = lines.withLock { $0 }.filter { $0["method"] == "notifications/cancelled" }
    #expect(cancelled.map { $0["params"]?["requestId"] } == ["a"])
  }

  @Test("The reason of a cancellation is logged, without what could forge a line")
  func reason() async throws {
    let logged = CapturedLines()
    let client = StdioClient(try ServerFixture().server, StdioResponder.Configuration(logger: logged.logger))
    client.write(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 7, "reason": "user\npressed stop"]])
    client.write(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 8]])
    #expect(logged.all.count == 1)
    #expect(logged.all.first?.contains("user\u{FFFD}pressed stop") == true && logged.all.first?.contains("7") == true)
    // And by the client, where a legacy server takes its question back.
    let requests = RequestsFromServer(logger: logged.logger)
    requests.cancel(
      try Envelope(
        scanning: ByteBuffer(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": "q", "reason": "no longer needed"]])))
    #expect(logged.all.last?.contains("no longer needed") == true)
  }

  @Test("A server sends no requests, and each of its messages is one line of JSON")
  func noRequests() async throws {
    let lines = Mutex<[ByteBuffer]>([])
    let server = try ServerFixture().server
    server.add(Tool(name: "lines") { _ in ToolResult(text: "one\ntwo\r\n\u{2028}three") })
    let responder = StdioResponder(server, send: { line in lines.withLock { $0.append(line) } })
    let messages: [JSONValue] = [
      Self.modern(1, "tools/call", ["name": "lines"]), Self.modern(2, "tools/call", ["name": "needs_sampling"], capabilities: ["sampling": [:]]),
      Self.modern(3, "subscriptions/listen", ["notifications": ["toolsListChanged": true]]), Self.modern(4, "prompts/get"),
    ]
    for message in messages { _ = responder.receive(ByteBuffer(message)) }
    server.removeTool("talk")
    await responder.finish(within: .seconds(5))
    let written = lines.withLock { $0 }
    #expect(written.count >= 5)
    for line in written {
      let message = try JSONValue(parsing: String(buffer: line))
      #expect(message["method"] == nil || message["id"] == nil, "a request: \(message.text)")
      #expect(!line.readableBytesView.contains(UInt8(ascii: "\n")) && !line.readableBytesView.contains(UInt8(ascii: "\r")))
    }
  }
}
