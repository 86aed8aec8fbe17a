import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

/// What the transport pages ask of streams that are lost, of sessions that are kept, and of where a server listens.
@Suite("Requirements of lost streams, sessions and addresses")
struct LegacyStreamRequirements {
  @Test("A legacy client that loses its stream cancels nothing, and comes back for the answer")
  func disconnection() async throws {
    let fixture = StreamableFixture { $0.isResumable = true }
    let (release, began) = (Signal(), Signal())
    let wasCancelled = Mutex(false)
    fixture.server.add(
      Tool(name: "slow") { call in
        await call.progress(1)
        began.fire()
        await release.wait()
        wasCancelled.withLock { $0 = Task.isCancelled }
        return ToolResult(text: "here it is")
      })
    let session = await fixture.session()
    try await fixture.serving { port in
      let first = try RawSocket(port: port)
      let body: JSONValue = ["jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": ["name": "slow", "_meta": ["progressToken": 1]]]
      first.send(StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session)]))
      let opening = await first.read { $0.contains("notifications/progress") && $0.hasSuffix("\r\n") }
      await began.wait()
      let id = try #require(opening.split(whereSeparator: \.isNewline).last { $0.hasPrefix("id: ") }?.dropFirst(4))
      first.disconnect()
      let second = try RawSocket(port: port)
      second.send(StreamableFixture.wire("GET", "", [("Mcp-Session-Id", session), ("Last-Event-ID", String(id))]))
      _ = await second.read { $0.hasSuffix("\r\n\r\n") }
      release.fire()
      let rest = await second.read { $0.hasSuffix("0\r\n\r\n") }
      #expect(rest.events.map { $0["id"] } == [8])
      #expect(rest.events.first?["result"]?["content"]?.array?.first?["text"] == "here it is")
      #expect(!wasCancelled.withLock { $0 })
    }
  }

  @Test("No two events of a session have the same id, on whichever stream")
  func eventIDs() async throws {
    let fixture = StreamableFixture { $0.isResumable = true }
    let session = await fixture.session()
    let ids = try await fixture.serving { port in
      var ids: [Substring] = []
      for number in 1...3 {
        let socket = try RawSocket(port: port)
        let body: JSONValue = ["jsonrpc": "2.0", "id": .int(number), "method": "tools/call", "params": ["name": "talk", "_meta": ["progressToken": .int(number)]]]
        socket.send(StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session)]))
        let text = await socket.read { $0.hasSuffix("0\r\n\r\n") }
        ids += text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("id: ") }
      }
      return ids
    }
    #expect(ids.count >= 9 && Set(ids).count == ids.count)
  }

  @Test("A session id goes to its server, in its header, and nowhere else")
  func sessionID() async throws {
    let secret = "s3ss10n-S3CR3T"
    let logged = HeardLines()
    let peer = RecordingPeer.legacy(session: secret) { request in
      request.rpc == "tools/list" ? .full(.internalServerError, HTTPHeaders(), body: ByteBuffer()) : RecordingPeer.error(-32603, to: request)
    }
    let said = Mutex<[String]>([])
    try await peer.serving { wire in
      let transport = ClientTransport { _ in wire }
      let client = Client(transport, logger: logged.logger)
      try await client.connect()
      do throws(ClientError) { _ = try await client.callTool("t") } catch { said.withLock { $0.append("\(error) \(error.description)") } }
      do throws(ClientError) { _ = try await client.listTools() } catch { said.withLock { $0.append("\(error) \(error.description)") } }
      said.withLock { $0.append("\(client) \(String(describing: client.server))") }
      await client.close()
    }
    let requests = peer.requests.filter { $0.headers["Mcp-Session-Id"] != nil }
    #expect(requests.count >= 3 && requests.allSatisfy { $0.headers["Mcp-Session-Id"] == secret })
    for request in peer.requests {
      #expect(!request.body.text.contains(secret) && !request.path.contains(secret) && request.query == nil)
      #expect(request.headers.pairs.filter { $0.value.contains(secret) }.allSatisfy { $0.name.lowercased() == "mcp-session-id" })
    }
    #expect(said.withLock { $0 }.count == 3)
    for text in said.withLock({ $0 }) + logged.all { #expect(!text.contains(secret)) }
  }

  @Test("The reason of a legacy cancellation is logged")
  func reason() async throws {
    let logged = HeardLines()
    let fixture = StreamableFixture { $0.logger = logged.logger }
    let session = await fixture.session()
    #expect(await fixture.legacy(session, "notifications/cancelled", ["requestId": 8, "reason": "took too long"], id: nil).status == 202)
    #expect(await fixture.legacy(session, "notifications/cancelled", ["requestId": 9], id: nil).status == 202)
    #expect(logged.all.count == 1 && logged.all.first?.contains("took too long") == true)
  }

  @Test("Unless told otherwise an endpoint is reached from this machine alone")
  func defaultAddress() async throws {
    let endpoint = HTTPEndpoint(Server(name: "s", version: "1"), port: 0, logger: quiet)
    let port = try await endpoint.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await endpoint.run() }
      let socket = try RawSocket(port: port)
      let body = StreamableFixture.modernBody("tools/list")
      socket.send(StreamableFixture.wire("POST", body.text, StreamableFixture.modernHeaders("tools/list") + [("Connection", "close")]))
      #expect(await socket.readToEnd().hasPrefix("HTTP/1.1 404"), "it answers: there are no tools")
      // Bound to all addresses, it would be reached by any; this one is of the same machine, and not 127.0.0.1.
      #expect(throws: (any Error).self) { try RawSocket(port: port, address: 0x7F00_0002) }
      // And who is led here by a name that is not this machine's is refused.
      let other = try RawSocket(port: port)
      other.send("POST /mcp HTTP/1.1\r\nHost: rebound.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      #expect(await other.readToEnd().hasPrefix("HTTP/1.1 403"))
      group.cancelAll()
    }
  }
}

/// How streams bear what is on the other side of them.
@Suite("Requirements of slow readers")
struct SlowReaderRequirements {
  @Test("A client that does not read its stream makes the handler wait, and misses nothing", arguments: [Era.modern, .legacy])
  func backPressure(_ era: Era) async throws {
    let sent = Counter()
    let text = String(repeating: "x", count: 10_000)
    let server = Server(
      name: "s", version: "1", settings: .init(notificationRate: NotificationRate(perSecond: 1_000_000, burst: 1_000_000)))
    server.add(
      Tool(name: "flood") { call in
        for _ in 0..<2000 {
          await call.log(.error, .string(text))
          sent.increment()
        }
        return ToolResult(text: "done")
      })
    let responder = StreamableHTTPResponder(server, configuration: StreamableHTTPConfiguration(sessionKey: StreamableFixture.key))
    let session = await StreamableFixture().session()
    try await withServer(Responder { await responder.respond(to: $0) }) { port in
      let socket = try RawSocket(port: port)
      let params: JSONValue = ["name": "flood"]
      if era == .modern {
        var meta = StreamableFixture.meta
        meta[MetaKey.logLevel] = "error"
        let body = StreamableFixture.modernBody("tools/call", ["name": "flood", "_meta": meta])
        socket.send(StreamableFixture.wire("POST", body.text, StreamableFixture.modernHeaders("tools/call", name: "flood") + [("Connection", "close")]))
      } else {
        let body: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params]
        socket.send(StreamableFixture.wire("POST", body.text, [("Mcp-Session-Id", session), ("Connection", "close")]))
      }
      await sent.waitUntilStill()
      // What fits into the buffers of the system, and no more.
      #expect(sent.value < 2000)
      let all = await socket.readToEnd()
      #expect(sent.value == 2000 && all.count(of: "notifications/message") == 2000 && all.count(of: "\"done\"") == 1)
    }
  }

  @Test("Changes that wait for a client are told once, however many there were")
  func changes() async throws {
    let fixture = StreamableFixture()
    try await fixture.serving { port in
      let socket = try RawSocket(port: port, receiveBuffer: 4096)
      let listen = StreamableFixture.modernBody("subscriptions/listen", ["notifications": ["toolsListChanged": true]], id: "sub")
      socket.send(StreamableFixture.wire("POST", listen.text, StreamableFixture.modernHeaders("subscriptions/listen")))
      _ = await socket.read { !$0.events.isEmpty }
      // Each is a change of the list; one of them waits at a time, whatever is on its way.
      for number in 0..<20_000 { fixture.server.add(Tool(name: "t\(number % 7)") { _ in ToolResult(text: "") }) }
      let before = await socket.read { !$0.events.isEmpty }
      #expect((1..<20_000).contains(before.events.count))
      #expect(before.events.allSatisfy { $0["method"] == "notifications/tools/list_changed" })
    }
  }
}
