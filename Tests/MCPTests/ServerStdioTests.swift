import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// A stdio client that writes lines and waits for those it expects.
final class StdioClient: Sendable {
  let responder: StdioResponder
  private let lines: AsyncStream<JSONValue>
  private let seen = Mutex<[JSONValue]>([])

  init(_ server: Server, _ configuration: StdioResponder.Configuration = StdioResponder.Configuration()) {
    let (lines, continuation) = AsyncStream.makeStream(of: JSONValue.self)
    self.lines = lines
    responder = StdioResponder(
      server, configuration: configuration,
      send: { line in
        if let value = try? JSONValue(parsing: String(buffer: line)) { continuation.yield(value) }
      })
  }

  @discardableResult
  func write(_ text: String) -> LineFlow { responder.receive(ByteBuffer(string: text)) }

  func write(_ value: JSONValue) { write(value.text) }

  /// The first line, of those not looked at before, that fits.
  func line(_ fits: @Sendable (JSONValue) -> Bool = { _ in true }) async -> JSONValue? {
    let kept: JSONValue? = seen.withLock { seen in
      seen.firstIndex(where: fits).map { seen.remove(at: $0) }
    }
    if let kept { return kept }
    for await line in lines {
      if fits(line) { return line }
      seen.withLock { $0.append(line) }
    }
    return nil
  }

  func answer(_ id: JSONValue) async -> JSONValue? { await line { $0["id"] == id } }
}

@Suite("Stdio responder")
struct ServerStdioTests {
  private static let meta: JSONValue = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:]]

  private static func modern(_ id: JSONValue, _ method: String, _ params: JSONValue = [:]) -> JSONValue {
    var params = params
    params["_meta"] = meta
    return ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
  }

  private static func legacy(_ id: JSONValue, _ method: String, _ params: JSONValue = [:]) -> JSONValue {
    ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
  }

  private static func initialize(_ version: String) -> JSONValue {
    legacy(0, "initialize", ["protocolVersion": .string(version), "capabilities": [:], "clientInfo": ["name": "t", "version": "1"]])
  }

  @Test("Both eras may interleave once initialize has opened the legacy one")
  func eras() async throws {
    let client = StdioClient(try ServerFixture().server)
    client.write(Self.legacy(1, "tools/list"))
    #expect(await client.answer(1)?["error"]?["code"] == -32602)
    client.write(Self.legacy(2, "ping"))
    #expect(await client.answer(2)?["result"] == [:])
    client.write(Self.modern(3, "server/discover"))
    #expect(await client.answer(3)?["result"]?["resultType"] == "complete")
    client.write(Self.initialize("1999-01-01"))
    client.write(Self.legacy(4, "tools/list"))
    #expect(await client.answer(0)?["result"]?["protocolVersion"] == "2025-11-25")
    let legacy = await client.answer(4)
    #expect(legacy?["result"]?["tools"] != nil && legacy?["result"]?["resultType"] == nil)
    client.write(Self.modern(5, "tools/list"))
    #expect(await client.answer(5)?["result"]?["resultType"] == "complete")
    client.write(Self.legacy(6, "server/discover"))
    #expect(await client.answer(6)?["error"]?["code"] == -32601)
    client.write(Self.modern(7, "ping"))
    #expect(await client.answer(7)?["error"]?["code"] == -32601)
  }

  @Test("Errors name the id where it can be read, and say null in the legacy era where it cannot")
  func malformed() async throws {
    let client = StdioClient(try ServerFixture().server)
    client.write("{")
    let unread = await client.line { $0["error"]?["code"] == -32700 }
    #expect(unread != nil && unread?["id"] == nil)
    client.write("{\"jsonrpc\":\"1.0\",\"id\":\"x\",\"method\":\"ping\"}")
    #expect(await client.answer("x")?["error"]?["code"] == -32600)
    client.write("[]")
    let empty = await client.line { $0["error"]?["code"] == -32600 }
    #expect(empty != nil)
    var unknown = Self.modern(9, "tools/list")
    unknown["params"]?["_meta"] = [MetaKey.protocolVersion: "2099-01-01", MetaKey.clientCapabilities: [:]]
    client.write(unknown)
    let refused = await client.answer(9)
    #expect(refused?["error"]?["code"] == -32022 && refused?["error"]?["data"]?["requested"] == "2099-01-01")
    client.write(Self.initialize("2025-11-25"))
    _ = await client.answer(0)
    client.write("{")
    let unreadLegacy = await client.line { $0["error"]?["code"] == -32700 }
    #expect(unreadLegacy?["id"] == .null)
  }

  @Test("A cancelled request is not answered, in either era", arguments: [Era.modern, .legacy])
  func cancellation(_ era: Era) async throws {
    let server = Server(name: "s", version: "1")
    let (cancelled, continuation) = AsyncStream.makeStream(of: Bool.self)
    server.add(
      Tool(name: "wait") { call in
        await call.progress(1)
        let sleep = Task { try await Task.sleep(for: .seconds(600)) }
        await withTaskCancellationHandler {
          _ = await sleep.result
        } onCancel: {
          sleep.cancel()
        }
        continuation.yield(Task.isCancelled)
        return ToolResult(text: "late")
      })
    let client = StdioClient(server)
    client.write(Self.initialize("2025-11-25"))
    _ = await client.answer(0)
    var call = era == .modern ? Self.modern("w", "tools/call", ["name": "wait"]) : Self.legacy("w", "tools/call", ["name": "wait"])
    var meta = call["params"]?["_meta"] ?? [:]
    meta[MetaKey.progressToken] = "t"
    call["params"]?["_meta"] = meta
    client.write(call)
    _ = await client.line { $0["method"] == "notifications/progress" }
    client.write(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": "w"]])
    for await isCancelled in cancelled {
      #expect(isCancelled)
      break
    }
    await client.responder.finish(within: .seconds(5))
    client.write(Self.modern("after", "server/discover"))
    let next = await client.line { $0["id"] != nil }
    #expect(next?["id"] == "after")
  }

  @Test("Subscriptions are acknowledged, tagged with their id, and end by notifications/cancelled and a result when the input does")
  func subscriptions() async throws {
    let fixture = try ServerFixture()
    let client = StdioClient(fixture.server)
    client.write(Self.modern("s", "subscriptions/listen", ["notifications": ["toolsListChanged": true, "resourceSubscriptions": ["test://static"]]]))
    let acknowledged = await client.line()
    #expect(acknowledged?["method"] == "notifications/subscriptions/acknowledged")
    #expect(acknowledged?["params"]?["notifications"] == ["toolsListChanged": true, "resourceSubscriptions": ["test://static"]])
    fixture.server.removePrompt("greet")
    fixture.server.notifyResourceUpdated("test://other")
    fixture.server.notifyResourceUpdated("test://static")
    let updated = await client.line()
    #expect(updated?["params"] == ["_meta": [MetaKey.subscriptionID: "s"], "uri": "test://static"])
    fixture.server.removeTool("add")
    #expect(await client.line()?["method"] == "notifications/tools/list_changed")
    await client.responder.finish(within: .seconds(5))
    let takenDown = await client.line()
    #expect(takenDown?["method"] == "notifications/cancelled" && takenDown?["params"]?["requestId"] == "s" && takenDown?["id"] == nil)
    let ended = await client.line()
    #expect(ended == ["jsonrpc": "2.0", "id": "s", "result": ["resultType": "complete", "_meta": [MetaKey.subscriptionID: "s"]]])
  }

  @Test("A cancelled subscription ends without a result")
  func cancelledSubscription() async throws {
    let fixture = try ServerFixture()
    let client = StdioClient(fixture.server)
    client.write(Self.modern(1, "subscriptions/listen", ["notifications": ["toolsListChanged": true]]))
    _ = await client.line()
    client.write(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1]])
    await client.responder.finish(within: .seconds(5))
    fixture.server.removeTool("add")
    client.write(Self.modern(2, "server/discover"))
    #expect(await client.line()?["id"] == 2)
  }

  @Test("Legacy clients hear of list changes after initialized, and of resources that they subscribed to")
  func legacyChanges() async throws {
    let fixture = try ServerFixture()
    let client = StdioClient(fixture.server)
    client.write(Self.initialize("2025-06-18"))
    _ = await client.answer(0)
    fixture.server.removePrompt("greet")
    client.write(["jsonrpc": "2.0", "method": "notifications/initialized"])
    client.write(Self.legacy(1, "resources/subscribe", ["uri": "test://static"]))
    #expect(await client.answer(1)?["result"] == [:])
    client.write(Self.legacy(2, "resources/subscribe", ["uri": "test://nope"]))
    #expect(await client.answer(2)?["error"]?["code"] == -32002)
    fixture.server.notifyResourceUpdated("test://other")
    fixture.server.notifyResourceUpdated("test://static")
    #expect(await client.line() == ["jsonrpc": "2.0", "method": "notifications/resources/updated", "params": ["uri": "test://static"]])
    fixture.server.removeTool("add")
    #expect(await client.line() == ["jsonrpc": "2.0", "method": "notifications/tools/list_changed"])
  }

  @Test("Batches are answered in order where the revision has them", arguments: ["2025-03-26", "2025-06-18"])
  func batches(_ version: String) async throws {
    let client = StdioClient(try ServerFixture().server)
    client.write(Self.initialize(version))
    _ = await client.answer(0)
    client.write(
      .array([
        Self.legacy(1, "ping"), ["jsonrpc": "2.0", "method": "notifications/initialized"], Self.legacy(2, "prompts/list"), ["id": 3],
      ]))
    let answer = await client.line()
    if version == "2025-03-26" {
      #expect(answer?.array?.map { $0["id"] } == [1, 2, 3])
      #expect(answer?.array?.last?["error"]?["code"] == -32600)
    } else {
      #expect(answer?["error"]?["code"] == -32600)
    }
  }

  @Test("No more lines are asked for while too many requests are being answered")
  func pausing() async throws {
    let server = Server(name: "s", version: "1")
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    server.add(
      Tool(name: "wait") { _ in
        for await _ in gate {}
        return ToolResult(text: "")
      })
    let client = StdioClient(server, StdioResponder.Configuration(maximumInFlight: 2))
    #expect(client.write(Self.modern(1, "tools/call", ["name": "wait"]).text) == .more)
    #expect(client.write(Self.modern(2, "tools/call", ["name": "wait"]).text) == .pause)
    open.finish()
  }

  @Test("Subscriptions do not keep the lines after them from being read, and have a bound of their own")
  func subscriptionBound() async throws {
    let client = StdioClient(try ServerFixture().server, StdioResponder.Configuration(maximumInFlight: 1, maximumSubscriptions: 2))
    for id in 1...2 {
      client.write(Self.modern(.int(id), "subscriptions/listen", ["notifications": ["toolsListChanged": true]]))
      #expect(await client.line()?["method"] == "notifications/subscriptions/acknowledged")
    }
    #expect(client.write(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"nothing"}}"#) == .more)
    client.write(Self.modern(3, "subscriptions/listen", ["notifications": [:]]))
    let refused = await client.answer(3)
    #expect(refused?["error"]?["message"]?.string?.contains("At most 2 subscriptions") == true)
    await client.responder.finish(within: .seconds(5))
  }

  @Test("A member of a batch is cancelled by itself", .timeLimit(.minutes(1)))
  func cancelledMember() async throws {
    let server = Server(name: "s", version: "1")
    server.add(
      Tool(name: "wait") { _ in
        try await Task.sleep(for: .seconds(3600))
        return ToolResult(text: "")
      })
    let client = StdioClient(server)
    client.write(Self.initialize("2025-03-26"))
    _ = await client.answer(0)
    client.write(.array([Self.legacy(1, "tools/call", ["name": "wait"]), Self.legacy(2, "ping")]))
    client.write(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1]])
    #expect(await client.line()?.array?.map { $0["id"] } == [2])
  }
}
