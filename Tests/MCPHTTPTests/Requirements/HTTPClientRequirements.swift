import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

/// What the Streamable HTTP pages of both revisions ask of a client, seen from the server.
@Suite("Requirements of HTTP clients")
struct HTTPClientRequirements {
  private static func connection(_ wire: HTTPWire) -> ClientConnection {
    ClientConnection(wire: wire, identity: ["name": "tests", "version": "2"], capabilities: ["roots": [:]])
  }

  private static func call(_ name: String, _ arguments: JSONValue = [:]) -> ClientConnection.RequestBody {
    var members = ByteBuffer()
    members.writeString("\"name\":\(JSONValue.string(name).text),\"arguments\":\(arguments.text)")
    return ClientConnection.RequestBody(members: members, name: name)
  }

  private static let done: JSONValue = ["resultType": "complete", "content": []]

  // MARK: Modern

  @Test("Every modern message is a POST of one request with its headers and what it must say of itself")
  func modernRequests() async throws {
    let peer = RecordingPeer.modern { RecordingPeer.result(Self.done, to: $0) }
    try await peer.serving(headers: { [HTTPHint.Header("Authorization", "Bearer t-1")] }) { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      _ = try await connection.request(.toolsCall, Self.call("echo"), deadline: farOff)
      _ = try await connection.request(.toolsCall, Self.call("café"), deadline: farOff)
      _ = try await connection.request(.toolsList, .init(), deadline: farOff)
    }
    #expect(peer.methods == ["server/discover", "tools/call", "tools/call", "tools/list"])
    for request in peer.requests {
      #expect(request.method == .post && request.path == "/mcp" && request.query == nil)
      #expect(request.headers["Content-Type"] == "application/json")
      #expect(request.headers["Accept"]?.contains("application/json") == true && request.headers["Accept"]?.contains("text/event-stream") == true)
      #expect(request.headers["MCP-Protocol-Version"] == "2026-07-28" && request.headers["Mcp-Method"] == request.rpc)
      #expect(request.headers["Mcp-Session-Id"] == nil)
      // The credential is in its header, on every request, and nowhere else.
      #expect(request.headers["Authorization"] == "Bearer t-1" && !request.body.text.contains("t-1"))
      let meta = request.body["params"]?["_meta"]
      #expect(meta?[MetaKey.protocolVersion] == "2026-07-28" && meta?[MetaKey.clientCapabilities] == ["roots": [:]])
      #expect(meta?[MetaKey.clientInfo] == ["name": "tests", "version": "2"])
      #expect(request.body["jsonrpc"] == "2.0" && request.body["id"]?.int != nil)
    }
    #expect(peer.requests.map { $0.headers["Mcp-Name"] } == [nil, "echo", "=?base64?Y2Fmw6k=?=", nil])
  }

  @Test("Requests about a task name it in a header")
  func taskHeaders() async throws {
    let task: JSONValue = [
      "taskId": "t-1", "status": "working", "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00Z", "ttlMs": nil, "pollIntervalMs": 10,
    ]
    let asking: JSONValue = ["status": "input_required", "inputRequests": ["who": ["method": "roots/list"]]]
    let looks = Mutex(0)
    let peer = RecordingPeer.modern { request in
      var state = task
      state["resultType"] = "complete"
      if request.rpc == "tasks/get" {
        let look = looks.withLock { looks in
          looks += 1
          return looks
        }
        if look == 1 { for (name, value) in asking.object ?? JSONObject() { state[name] = value } } else { state["status"] = "cancelled" }
      } else {
        state = ["resultType": "complete"]
      }
      return RecordingPeer.result(state, to: request)
    }
    try await peer.serving { wire in
      let client = Client(ClientTransport { _ in wire }, handlers: ClientHandlers(roots: { [] }))
      await #expect(throws: ClientError.self) { try await client.task("t-1").result() }
      try await client.task("t-1").cancel()
    }
    let named = peer.requests.filter { $0.rpc.hasPrefix("tasks/") }
    #expect(Set(named.map(\.rpc)) == ["tasks/get", "tasks/update", "tasks/cancel"])
    #expect(named.allSatisfy { $0.headers["Mcp-Name"] == "t-1" && $0.headers["Mcp-Method"] == $0.rpc })
  }

  @Test("No id is used twice, however many requests are open")
  func ids() async throws {
    let peer = RecordingPeer.modern { RecordingPeer.result(Self.done, to: $0) }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<40 { group.addTask { _ = try await connection.request(.toolsCall, Self.call("echo"), deadline: farOff) } }
        try await group.waitForAll()
      }
    }
    let ids = peer.requests.compactMap { $0.body["id"]?.text }
    #expect(ids.count == 41 && Set(ids).count == 41)
  }

  @Test("Progress is asked for by a token that is a string or an integer and belongs to one request alone")
  func progressTokens() async throws {
    let peer = RecordingPeer.modern { RecordingPeer.result(Self.done, to: $0) }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          var body = Self.call("echo")
          body.wantsProgress = true
          group.addTask { [body] in _ = try await connection.request(.toolsCall, body, deadline: farOff) }
        }
        try await group.waitForAll()
      }
    }
    let tokens = peer.requests.compactMap { $0.body["params"]?["_meta"]?[MetaKey.progressToken] }
    #expect(tokens.count == 20 && Set(tokens.map(\.text)).count == 20)
    for token in tokens { #expect(token.string != nil || token.int != nil) }
  }

  @Test("An answer is understood as JSON and as a stream, its notifications first", arguments: [true, false])
  func bothForms(_ isStream: Bool) async throws {
    let peer = RecordingPeer.modern { request in
      guard isStream else { return RecordingPeer.result(Self.done, to: request) }
      let progress: JSONValue = ["jsonrpc": "2.0", "method": "notifications/progress", "params": ["progressToken": request.body["id"] ?? 0, "progress": 1]]
      return RecordingPeer.events([progress, ["jsonrpc": "2.0", "id": request.body["id"] ?? 0, "result": Self.done]])
    }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let heard = Mutex<[String]>([])
      var body = Self.call("echo")
      body.wantsProgress = true
      let answer = try await connection.request(
        .toolsCall, body, deadline: farOff, onNotification: { note in heard.withLock { $0.append(note.methodName?.string ?? "") } })
      #expect(answer.result?["content"] != nil)
      #expect(heard.withLock { $0 } == (isStream ? ["notifications/progress"] : []))
    }
  }

  @Test("An error is what it says, whatever its code", arguments: [-32002, -32042, -32010, -32000, -32099, 7, -32603])
  func errorCodes(_ code: Int) async throws {
    let peer = RecordingPeer.modern { request in
      request.rpc == "tools/call" ? RecordingPeer.error(code, to: request) : RecordingPeer.result(Self.done, to: request)
    }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let answer = try await connection.request(.toolsCall, Self.call("echo"), deadline: farOff)
      #expect(answer.error?["code"]?.int == code)
      #expect(try await connection.request(.toolsList, .init(), deadline: farOff).result != nil)
    }
    #expect(peer.methods == ["server/discover", "tools/call", "tools/list"], "no session is opened for it")
  }

  @Test("A modern request that is given up, or whose time is over, closes its connection and sends nothing more", arguments: [true, false])
  func modernCancellation(_ isDeadline: Bool) async throws {
    let peer = RecordingPeer.modern()
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let call = Task {
        let deadline = isDeadline ? near : farOff
        return try await connection.request(.toolsCall, Self.call("slow"), deadline: deadline)
      }
      await peer.isWaiting.wait()
      if !isDeadline { call.cancel() }
      await peer.wasLeft.wait()
      await #expect(throws: ClientError.self) { try await call.value }
    }
    #expect(peer.methods == ["server/discover", "tools/call"])
  }

  // MARK: Eras

  @Test(
    "A server that does not know server/discover is greeted in the legacy way, whatever it answers",
    arguments: [(200, -32601), (200, -32602), (200, -32000), (400, -32600), (404, -32601), (500, -32603), (400, nil), (404, nil), (405, nil)] as [(Int, Int?)])
  func fallback(_ status: Int, _ code: Int?) async throws {
    let peer = RecordingPeer { request in
      switch request.rpc {
      case "server/discover":
        return code.map { RecordingPeer.error($0, to: request, status: status) }
          ?? .full(HTTPStatus(status), HTTPHeaders([("Content-Type", "text/plain")]), body: ByteBuffer(string: "No."))
      case "initialize":
        return RecordingPeer.result(["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "p", "version": "1"]], to: request)
      default: return RecordingPeer.accepted
      }
    }
    try await peer.serving { wire in
      let found = try await Self.connection(wire).connect()
      #expect(found.version == .v2025_11_25)
    }
    #expect(peer.methods == ["server/discover", "initialize", "notifications/initialized"])
  }

  @Test("A result without a resultType, as legacy servers send it, is a result")
  func noResultType() async throws {
    let peer = RecordingPeer.legacy { RecordingPeer.result(["content": [["type": "text", "text": "hi"]]], to: $0) }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let answer = try await connection.request(.toolsCall, Self.call("echo"), deadline: farOff)
      #expect(answer.result?["content"]?.elements.map { $0["text"]?.string } == ["hi"])
    }
  }

  @Test("A batch is understood where the revision has them: its answer, its notifications and its questions", arguments: ["2025-03-26", "2025-06-18"], [true, false])
  func batches(_ version: String, _ isStream: Bool) async throws {
    let answered = Signal()
    let peer = RecordingPeer.legacy(version) { request in
      guard request.rpc == "tools/call" else {
        if request.body["result"] != nil { answered.fire() }
        return RecordingPeer.accepted
      }
      let batch: JSONValue = [
        ["jsonrpc": "2.0", "method": "notifications/progress", "params": ["progressToken": request.body["id"] ?? 0, "progress": 1]],
        ["jsonrpc": "2.0", "id": "q", "method": "ping"], ["jsonrpc": "2.0", "id": request.body["id"] ?? 0, "result": Self.done],
      ]
      return isStream ? RecordingPeer.events([batch]) : RecordingPeer.json(batch)
    }
    let hasBatches = version == "2025-03-26"
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let heard = Mutex(0)
      var body = Self.call("echo")
      body.wantsProgress = true
      let answer = try? await connection.request(.toolsCall, body, deadline: farOff, onNotification: { _ in heard.withLock { $0 += 1 } })
      #expect((answer?.result?["content"] != nil) == hasBatches && heard.withLock { $0 } == (hasBatches ? 1 : 0))
      if hasBatches { await answered.wait() }
    }
    #expect(peer.requests.contains { $0.body["id"] == "q" && $0.body["result"] == [:] } == hasBatches)
  }

  // MARK: Legacy

  @Test("A legacy session begins with initialize and initialized, and every request after carries its id and version", arguments: ["2025-11-25", "2025-06-18"])
  func legacySession(_ version: String) async throws {
    let peer = RecordingPeer.legacy(version) { RecordingPeer.result(["content": []], to: $0) }
    try await peer.serving(headers: { [HTTPHint.Header("Authorization", "Bearer t-1")] }) { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      _ = try await connection.request(.toolsCall, Self.call("echo"), deadline: farOff)
      _ = try await connection.request(.toolsList, .init(), deadline: farOff)
    }
    #expect(peer.methods == ["server/discover", "initialize", "notifications/initialized", "tools/call", "tools/list"])
    let initialize = try #require(peer.requests.first { $0.rpc == "initialize" })
    #expect(initialize.body["params"]?["protocolVersion"] == "2025-11-25", "the newest that a session can have")
    #expect(initialize.body["params"]?["capabilities"]?.object != nil && initialize.body["params"]?["clientInfo"] == ["name": "tests", "version": "2"])
    #expect(initialize.headers["Mcp-Session-Id"] == nil)
    for request in peer.requests {
      #expect(request.method == .post && request.headers["Authorization"] == "Bearer t-1")
      #expect(request.headers["Accept"]?.contains("application/json") == true && request.headers["Accept"]?.contains("text/event-stream") == true)
    }
    for request in peer.requests.dropFirst(2) {
      #expect(request.headers["Mcp-Session-Id"] == "session-1" && request.headers["MCP-Protocol-Version"] == version, "\(request.rpc)")
    }
    let ids = peer.requests.compactMap { $0.body["id"]?.text }
    #expect(Set(ids).count == ids.count)
  }

  @Test("A server that answers initialize with a version that is not spoken is left at once")
  func versionNotSpoken() async throws {
    let peer = RecordingPeer.legacy("1999-01-01")
    try await peer.serving { wire in
      await #expect(throws: ClientError.self) { try await Self.connection(wire).connect() }
    }
    #expect(peer.methods == ["server/discover", "initialize"])
  }

  @Test("A session that the server ended is opened anew, without its id, and the request sent again")
  func newSession() async throws {
    let count = Mutex(0)
    let peer = RecordingPeer { request in
      switch request.rpc {
      case "server/discover": return RecordingPeer.error(-32601, to: request)
      case "initialize":
        let number = count.withLock {
          $0 += 1
          return $0
        }
        return RecordingPeer.result(
          ["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "p", "version": "1"]], to: request,
          headers: [("Mcp-Session-Id", "session-\(number)")])
      case "tools/list":
        guard request.headers["Mcp-Session-Id"] == "session-2" else { return .full(.notFound, HTTPHeaders(), body: ByteBuffer()) }
        return RecordingPeer.result(["tools": []], to: request)
      default: return RecordingPeer.accepted
      }
    }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      #expect(try await connection.request(.toolsList, .init(), deadline: farOff).result != nil)
    }
    let greetings = peer.requests.filter { $0.rpc == "initialize" }
    #expect(greetings.count == 2 && greetings.allSatisfy { $0.headers["Mcp-Session-Id"] == nil })
    #expect(peer.requests.last?.rpc == "tools/list" && peer.requests.last?.headers["Mcp-Session-Id"] == "session-2")
  }

  @Test("A legacy request that is given up, or whose time is over, is taken back by its id", arguments: [true, false])
  func legacyCancellation(_ isDeadline: Bool) async throws {
    let told = Signal()
    let peer = RecordingPeer { request in
      switch request.rpc {
      case "server/discover": return RecordingPeer.error(-32601, to: request)
      case "initialize":
        return RecordingPeer.result(["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "p", "version": "1"]], to: request)
      case "notifications/cancelled":
        told.fire()
        return RecordingPeer.accepted
      case "notifications/initialized": return RecordingPeer.accepted
      default: return nil
      }
    }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let call = Task {
        let deadline = isDeadline ? near : farOff
        return try await connection.request(.toolsCall, Self.call("slow"), deadline: deadline)
      }
      await peer.isWaiting.wait()
      if !isDeadline { call.cancel() }
      await told.wait()
      await #expect(throws: ClientError.self) { try await call.value }
    }
    let call = peer.requests.first { $0.rpc == "tools/call" }
    let cancelled = peer.requests.filter { $0.rpc == "notifications/cancelled" }
    #expect(cancelled.count == 1 && cancelled.first?.body["params"]?["requestId"] == call?.body["id"] && cancelled.first?.body["id"] == nil)
  }

  @Test("initialize is never taken back")
  func initializeIsNotCancelled() async throws {
    let peer = RecordingPeer { request in
      request.rpc == "server/discover" ? RecordingPeer.error(-32601, to: request) : request.rpc == "initialize" ? nil : RecordingPeer.accepted
    }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      await #expect(throws: ClientError.self) { try await connection.connect(timeout: near - .now()) }
      await peer.wasLeft.wait()
    }
    #expect(peer.methods == ["server/discover", "initialize"])
  }

  @Test("Changes of a legacy server come over a GET that takes event streams, and belong to no request")
  func legacyStream() async throws {
    let peer = RecordingPeer.legacy { request in
      guard request.method == .get else { return RecordingPeer.result(["tools": []], to: request) }
      return RecordingPeer.events([["jsonrpc": "2.0", "method": "notifications/tools/list_changed"]])
    }
    try await peer.serving { wire in
      let connection = Self.connection(wire)
      try await connection.connect()
      let heard = Signal()
      let listening = Task { try await connection.listen(filter: ["toolsListChanged": true]) { if $0.method == .toolsListChanged { heard.fire() } } }
      await heard.wait()
      listening.cancel()
      _ = await listening.result
    }
    let get = try #require(peer.requests.first { $0.method == .get })
    #expect(get.headers["Accept"]?.contains("text/event-stream") == true && get.headers["Mcp-Session-Id"] == "session-1")
    #expect(get.headers["MCP-Protocol-Version"] == "2025-11-25")
  }
}
