import JSON
import MCP
import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Streamable HTTP: who writes to a stream, and what is kept of it", .timeLimit(.minutes(1)))
struct StreamTurnTests {
  typealias Produce = @Sendable (HTTPBodyWriter) async throws -> Void

  /// What was written to a stream.
  private final class Written: Sendable {
    private let texts = Mutex<[String]>([])
    let began = Signal()
    var all: [String] { texts.withLock { $0 } }
    var ids: [String] { all.joined().split(separator: "\n").filter { $0.hasPrefix("id: ") }.map(String.init) }
    func append(_ text: ByteBuffer) {
      texts.withLock { $0.append(String(buffer: text)) }
      began.fire()
    }
    var writer: HTTPBodyWriter { HTTPBodyWriter { [self] in append($0) } }
  }

  /// The stream that answers a call.
  private func call(_ tool: String, id: Int = 8, _ session: String, _ fixture: StreamableFixture) async throws -> Produce {
    let body: JSONValue = ["jsonrpc": "2.0", "id": .int(id), "method": "tools/call", "params": ["name": .string(tool), "_meta": ["progressToken": .int(id)]]]
    return try await stream(.post, ByteBuffer(body), [("Mcp-Session-Id", session)], fixture)
  }

  private func stream(_ method: HTTPMethod, _ body: ByteBuffer, _ more: [(String, String)], _ fixture: StreamableFixture) async throws -> Produce {
    let headers = HTTPHeaders([("Host", "localhost"), ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")] + more)
    let request = HTTPRequest(method: method, path: "/mcp", headers: headers, body: body, eventLoop: loops.next())
    guard case .stream(_, _, let produce) = await fixture.responder.respond(to: request) else { throw NoStream() }
    return produce
  }
  private struct NoStream: Error {}

  @Test("Notifications that a handler sends side by side go out in the order of their numbers")
  func order() async throws {
    let fixture = StreamableFixture { $0.isResumable = true }
    fixture.server.add(
      Tool(name: "chorus") { call in
        await withTaskGroup(of: Void.self) { group in
          for number in 0..<8 { group.addTask { await call.log(.error, .int(number)) } }
        }
        return ToolResult(text: "done")
      })
    let produce = try await call("chorus", await fixture.session(), fixture)
    let (written, count) = (Written(), Counter())
    try await produce(
      HTTPBodyWriter { text in
        count.increment()
        // The second is slow: whoever does not wait for it comes before it.
        if count.value == 2 { for _ in 0..<1000 { await Task.yield() } }
        written.append(text)
      })
    let numbers = written.ids.compactMap { $0.split(separator: ".").last.flatMap { Int($0) } }
    #expect(numbers == Array(1...10))
  }

  @Test("A client that leaves before it has a place to come back to leaves no handler behind")
  func leaving() async throws {
    let fixture = StreamableFixture { $0.isResumable = true }
    let produce = try await call("wait", await fixture.session(), fixture)
    await #expect(throws: HTTPClientGone.self) { try await produce(HTTPBodyWriter { _ in throw HTTPClientGone() }) }
    await fixture.wasCancelled.wait()
  }

  @Test("However many streams were left, each request of a session ends with it")
  func manyStreams() async throws {
    let fixture = StreamableFixture { $0.isResumable = true }
    let (cancelled, all) = (Counter(), Signal())
    fixture.server.add(
      Tool(name: "hold") { call in
        await call.progress(1)
        let sleep = Task { try await Task.sleep(for: .seconds(600)) }
        let end = await withTaskCancellationHandler {
          await sleep.result
        } onCancel: {
          sleep.cancel()
        }
        guard case .failure = end else { return ToolResult(text: "late") }
        cancelled.increment()
        if cancelled.value == 20 { all.fire() }
        return ToolResult(text: "late")
      })
    let session = await fixture.session()
    for id in 0..<20 {
      let produce = try await call("hold", id: id, session, fixture)
      let written = Written()
      let reading = Task { try await produce(written.writer) }
      await written.began.wait()
      reading.cancel()
      _ = await reading.result
    }
    #expect(cancelled.value == 0, "a client that can come back cancels nothing by leaving")
    #expect(await fixture.send(.delete, "", [("Mcp-Session-Id", session)]).status == 204)
    await all.wait()
  }

  @Test("A stream is kept for a while after its answer, and then no more", arguments: [TimeAmount.seconds(300), .zero])
  func lifetime(_ time: TimeAmount) async throws {
    let fixture = StreamableFixture { ($0.isResumable, $0.resumableFor) = (true, time) }
    let session = await fixture.session()
    let written = Written()
    try await call("talk", session, fixture)(written.writer)
    let first = try #require(written.ids.first?.dropFirst(4))
    func status() async -> Int { await fixture.send(.get, "", [("Mcp-Session-Id", session), ("Last-Event-ID", String(first))]).status }
    if time > .zero {
      #expect(await status() == 200)
    } else {
      await eventually("the stream is forgotten") { await status() == 400 }
    }
  }

  @Test("An answer that comes while its client is away is there when it comes back")
  func away() async throws {
    let fixture = StreamableFixture { $0.isResumable = true }
    let (release, said) = (Signal(), Signal())
    fixture.server.add(
      Tool(name: "slow") { call in
        await call.progress(1)
        await release.wait()
        await call.progress(2)
        said.fire()
        return ToolResult(text: "here it is")
      })
    let session = await fixture.session()
    let produce = try await call("slow", session, fixture)
    let written = Written()
    let reading = Task { try await produce(written.writer) }
    await written.began.wait()
    reading.cancel()
    _ = await reading.result
    release.fire()
    await said.wait()
    let first = try #require(written.ids.first?.dropFirst(4))
    let rest = Written()
    try await stream(.get, ByteBuffer(), [("Mcp-Session-Id", session), ("Last-Event-ID", String(first))], fixture)(rest.writer)
    let events = rest.all.joined().events
    #expect(events.map { $0["method"] ?? $0["id"] } == ["notifications/progress", "notifications/progress", 8])
    #expect(events.last?["result"]?["content"]?.array?.first?["text"] == "here it is")
  }

  @Test("What all streams keep together is bounded", arguments: [1 << 20, 10])
  func memory(_ bytes: Int) async throws {
    let fixture = StreamableFixture { ($0.isResumable, $0.resumableBytes) = (true, bytes) }
    let session = await fixture.session()
    let written = Written()
    try await call("talk", session, fixture)(written.writer)
    #expect(written.all.joined().events.count == 4)
    let first = try #require(written.ids.first?.dropFirst(4))
    let again = Written()
    try await stream(.get, ByteBuffer(), [("Mcp-Session-Id", session), ("Last-Event-ID", String(first))], fixture)(again.writer)
    #expect(again.all.joined().events.count == (bytes == 10 ? 0 : 4))
  }
}
