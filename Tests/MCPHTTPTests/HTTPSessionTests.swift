import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

@Suite("The session of an HTTP wire")
struct HTTPSessionTests {
  private static func initialize(_ wire: HTTPWire, id: Int) async throws(WireError) {
    let message: JSONValue = ["jsonrpc": "2.0", "id": .int(id), "method": "initialize", "params": ["protocolVersion": "2025-11-25"]]
    _ = try await wire.roundTrip(WireRequest(id: id, method: .initialize, version: .v2025_11_25, message: ByteBuffer(message), deadline: farOff))
  }

  private static func list(_ wire: HTTPWire, id: Int) async throws(WireError) {
    let message: JSONValue = ["jsonrpc": "2.0", "id": .int(id), "method": "tools/list"]
    _ = try await wire.roundTrip(WireRequest(id: id, method: .toolsList, version: .v2025_11_25, message: ByteBuffer(message), deadline: farOff))
  }

  /// Answers what is sent in a session that `number` names.
  private static func answer(_ request: HTTPRequest, session number: Int) -> HTTPReply {
    let id = request.message["id"] ?? .null
    return RecordingPeer.json(["jsonrpc": "2.0", "id": id, "result": [:]], headers: request.rpcMethod == "initialize" ? [("Mcp-Session-Id", "session-\(number)")] : [])
  }

  @Test("stays until there is another: requests beside initialize carry it", arguments: [true, false])
  func renewal(isRefused: Bool) async throws {
    let (began, gate) = (Signal(), Signal())
    let count = Counter()
    let sessions = Mutex<[String?]>([])
    let responder = Responder { request in
      if request.rpcMethod == "initialize" {
        count.increment()
        guard count.value > 1 else { return Self.answer(request, session: 1) }
        began.fire()
        await gate.wait()
        let error: JSONValue = ["jsonrpc": "2.0", "id": request.message["id"] ?? .null, "error": ["code": -32603, "message": "Not now."]]
        return isRefused ? RecordingPeer.json(error) : Self.answer(request, session: 2)
      }
      sessions.withLock { $0.append(request.headers["Mcp-Session-Id"]) }
      return Self.answer(request, session: 0)
    }
    try await withServer(responder) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let wire = HTTPWire(.init(origin: origin(port), path: "/mcp"), client: client)
      try await Self.initialize(wire, id: 1)
      async let again: Void = Self.initialize(wire, id: 2)
      await began.wait()
      try await Self.list(wire, id: 3)
      gate.fire()
      try await again
      try await Self.list(wire, id: 4)
      await client.shutdown()
    }
    #expect(sessions.withLock { $0 } == ["session-1", isRefused ? "session-1" : "session-2"])
  }

  @Test(
    "is over when the server answers 404, whatever it says with it",
    arguments: ["", "<html>Not Found</html>", "Session not found", "{}", #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}"#])
  func notFound(_ body: String) async throws {
    let responder = Responder { request in
      request.rpcMethod == "initialize" ? Self.answer(request, session: 1) : .full(.notFound, HTTPHeaders(), body: ByteBuffer(string: body))
    }
    try await withServer(responder) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let wire = HTTPWire(.init(origin: origin(port), path: "/mcp"), client: client)
      try await Self.initialize(wire, id: 1)
      let request = await #expect(throws: WireError.self) { try await Self.list(wire, id: 2) }
      let notification = await #expect(throws: WireError.self) { try await wire.send(ByteBuffer(string: #"{"jsonrpc":"2.0","method":"x"}"#), version: .v2025_11_25) }
      #expect(request?.code == .sessionEnded && notification?.code == .sessionEnded)
      // Without a session it is only a status.
      let fresh = HTTPWire(.init(origin: origin(port), path: "/mcp"), client: client)
      let other = await #expect(throws: WireError.self) { try await fresh.send(ByteBuffer(string: #"{"jsonrpc":"2.0","method":"x"}"#), version: .v2025_11_25) }
      #expect(other?.code == .status(404))
      await client.shutdown()
    }
  }
  @Test("that is over when the client comes back for an answer does not have the request sent again")
  func overMeanwhile() async throws {
    let responder = Responder { request in
      switch (request.method, request.rpcMethod) {
      case (.post, "tools/list"): .full(.ok, HTTPHeaders([("Content-Type", "text/event-stream")]), body: ByteBuffer(string: "retry: 1\nid: 1\ndata: \n\n"))
      case (.post, _): Self.answer(request, session: 1)
      default: .full(.notFound, HTTPHeaders(), body: ByteBuffer())
      }
    }
    try await withServer(responder) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let wire = HTTPWire(.init(origin: origin(port), path: "/mcp"), client: client)
      try await Self.initialize(wire, id: 1)
      let error = await #expect(throws: WireError.self) { try await Self.list(wire, id: 2) }
      #expect(error?.code == .closed && error?.mayHaveHadEffect == true)
      await client.shutdown()
    }
  }
}
