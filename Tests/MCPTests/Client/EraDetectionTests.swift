import JSON
import MCP
import Testing

@Suite("Era detection")
struct EraDetectionTests {
  private func connect(_ server: ScriptedServer, versions: [ProtocolVersion] = ProtocolVersion.allCases) async throws -> ProtocolVersion {
    let client = Client(server.transport, settings: .init(versions: versions, connectTimeout: .seconds(2)))
    defer { Task { await client.close() } }
    return try await client.connect().version
  }

  @Test("A server that answers server/discover with our version is modern, and is not greeted")
  func modern() async throws {
    let server = ScriptedServer.modern { _, _ in [:] }
    #expect(try await connect(server) == .v2026_07_28)
    #expect(server.methods == ["server/discover"])
  }

  @Test(
    "Any answer that is not a modern server's means the handshake",
    arguments: [
      RPCError(.methodNotFound, "x"), RPCError(.invalidParams, "x"), RPCError(.invalidRequest, "x"), RPCError(.init(rawValue: -32000), "not initialized"),
    ] as [any Error & Sendable] + [
      WireError(.status(400), "x", mayHaveHadEffect: false), WireError(.status(404), "x", mayHaveHadEffect: false),
      WireError(.status(405), "x", mayHaveHadEffect: false), WireError(.status(500), "x", mayHaveHadEffect: true),
      WireError(.timeout, "silence", mayHaveHadEffect: true), WireError(.closed, "it died of it", mayHaveHadEffect: true),
      WireError(.invalidAnswer, "x", mayHaveHadEffect: true),
    ])
  func fallback(error: any Error & Sendable) async throws {
    let server = ScriptedServer { message, request in
      if request.method == .discover { throw error }
      #expect(message["params"]?["protocolVersion"] == "2025-11-25")
      return ["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "s", "version": "1"]]
    }
    #expect(try await connect(server) == .v2025_11_25)
    #expect(server.methods == ["server/discover", "initialize", "notifications/initialized"])
  }

  @Test(
    "Over HTTP a server that is down, slow or cut off is neither greeted nor taken for a legacy one",
    arguments: [WireError.Code.status(429), .status(500), .status(502), .status(503), .timeout, .closed])
  func undecided(code: WireError.Code) async throws {
    let server = ScriptedServer(carriesHeaders: true) { _, request in
      if request.id == 1 { throw WireError(code, "not now", mayHaveHadEffect: true) }
      return ["resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": [:]]
    }
    let client = Client(server.transport)
    await #expect(throws: ClientError.self) { try await client.connect() }
    #expect(try await client.connect().version == .v2026_07_28)
    #expect(server.methods == ["server/discover", "server/discover"])
    await client.close()
  }

  @Test("A probe that came too late or too early is sent again, once, and settles nothing if it does again", arguments: [408, 425])
  func again(status: Int) async throws {
    func server(_ failures: Int, _ answer: JSONValue) -> ScriptedServer {
      ScriptedServer(carriesHeaders: true) { _, request in
        if request.method == .discover {
          if request.id <= failures { throw WireError(.status(status), "not now", mayHaveHadEffect: false) }
          guard answer["supportedVersions"] != nil else { throw WireError(.status(400), "x", mayHaveHadEffect: false) }
        }
        return answer
      }
    }
    let modern: JSONValue = ["resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": [:]]
    let legacy: JSONValue = ["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "s", "version": "1"]]
    let (late, older, busy) = (server(1, modern), server(1, legacy), server(2, modern))
    #expect(try await connect(late) == .v2026_07_28)
    #expect(late.methods == ["server/discover", "server/discover"])
    #expect(try await connect(older) == .v2025_11_25)
    #expect(older.methods == ["server/discover", "server/discover", "initialize", "notifications/initialized"])
    await #expect(throws: ClientError.self) { try await connect(busy) }
    #expect(busy.methods == ["server/discover", "server/discover"])
  }

  @Test("Over HTTP a refusal of the probe means the handshake", arguments: [400, 404, 405, 406])
  func refusedProbe(status: Int) async throws {
    let server = ScriptedServer(carriesHeaders: true) { message, request in
      if request.method == .discover { throw WireError(.status(status), "x", mayHaveHadEffect: false) }
      return ["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "s", "version": "1"]]
    }
    #expect(try await connect(server) == .v2025_11_25)
  }

  @Test("Older revisions that a legacy server agrees on are spoken", arguments: ["2025-06-18", "2025-03-26", "2024-11-05"])
  func older(version: String) async throws {
    #expect(try await connect(ScriptedServer.legacy(version) { _, _ in [:] }).rawValue == version)
  }

  @Test("A modern server that refuses the version once is asked again, not greeted")
  func retry() async throws {
    let server = ScriptedServer { message, request in
      if request.id == 1 { throw RPCError.unsupported(version: "2026-07-28", supported: [.v2026_07_28]) }
      return ["resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": [:]]
    }
    #expect(try await connect(server) == .v2026_07_28)
    #expect(server.methods == ["server/discover", "server/discover"])
  }

  @Test("A modern server that goes on refusing is given up")
  func refused() async {
    let server = ScriptedServer { _, _ in throw RPCError.unsupported(version: "2026-07-28", supported: [.v2026_07_28]) }
    await #expect(throws: ClientError.self) { try await connect(server) }
    #expect(server.methods.count == 2)
  }

  @Test("Of a list of supported versions the newest common one is taken", arguments: [["2025-06-18", "2025-11-25"], ["2031-01-01", "2025-11-25"]])
  func listed(supported: [String]) async throws {
    let server = ScriptedServer { message, request in
      if request.method == .discover {
        throw RPCError(.unsupportedProtocolVersion, "no", data: ["supported": .array(supported.map { .string($0) })])
      }
      return ["protocolVersion": message["params"]?["protocolVersion"] ?? "", "capabilities": [:]]
    }
    #expect(try await connect(server) == .v2025_11_25)
  }

  @Test("Without a common version the error names what both speak")
  func incompatible() async {
    let server = ScriptedServer { _, _ in throw RPCError(.unsupportedProtocolVersion, "no", data: ["supported": ["2031-01-01"]]) }
    do {
      _ = try await connect(server)
      Issue.record("connected")
    } catch {
      #expect("\(error)".contains("2031-01-01") && "\(error)".contains("2026-07-28"))
    }
    #expect(server.methods == ["server/discover"])
  }

  @Test("Other errors of modern servers are no reason to fall back", arguments: [RPCError.Code.headerMismatch, .missingClientCapability])
  func modernErrors(code: RPCError.Code) async {
    let server = ScriptedServer { _, _ in throw RPCError(code, "no") }
    await #expect(throws: ClientError.self) { try await connect(server) }
    #expect(server.methods == ["server/discover"])
  }

  @Test("Who is not let in is not greeted either", arguments: [401, 403, 407, 429])
  func unauthorized(status: Int) async {
    let server = ScriptedServer(carriesHeaders: true) { _, _ in throw WireError(.status(status), "no", mayHaveHadEffect: false) }
    await #expect(throws: ClientError.self) { try await connect(server) }
    #expect(server.methods == ["server/discover"])
  }

  @Test("A client of one era neither probes for the other nor falls back to it")
  func oneEra() async throws {
    let legacy = ScriptedServer.legacy { _, _ in [:] }
    #expect(try await connect(legacy, versions: [.v2025_11_25, .v2025_06_18]) == .v2025_11_25)
    #expect(legacy.methods.first == "initialize")
    let old = ScriptedServer.legacy { _, _ in [:] }
    await #expect(throws: ClientError.self) { try await connect(old, versions: [.v2026_07_28]) }
    #expect(old.methods == ["server/discover"])
  }

  @Test("A legacy session that the server forgot is opened anew without another probe, and the request sent again")
  func sessionEnded() async throws {
    let server = ScriptedServer.legacy { _, request in
      if request.id == 3 { throw WireError(.sessionEnded, "gone", mayHaveHadEffect: false) }
      return ["content": [["type": "text", "text": "ok"]]]
    }
    let client = Client(server.transport)
    #expect(try await client.callTool("t").text == "ok")
    #expect(
      server.methods == [
        "server/discover", "initialize", "notifications/initialized", "tools/call", "initialize", "notifications/initialized", "tools/call",
      ])
    await client.close()
  }
}
