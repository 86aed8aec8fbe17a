import JSON
import Logging
import MCP
import NIOCore
import NIOPosix
import Testing

/// What the stdio pages ask of a client. The server is a shell script that notes what it reads.
@Suite("Requirements of stdio clients", .timeLimit(.minutes(2)))
struct StdioClientRequirements {
  /// Answers `server/discover` and the handshake in the ways of servers, then what a test adds.
  private static func script(_ cases: String, discover: String = modern) -> String {
    #"""
    tee "$SEEN" | while IFS= read -r line; do
      id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
      case "$line" in
      \#(cases)
      *server/discover*) \#(discover);;
      *'"initialize"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}\n' "$id";;
      *tools/list*) printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","tools":[],"ttlMs":0,"cacheScope":"private"}}\n' "$id";;
      esac
    done
    """#
  }

  private static let modern =
    #"printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"ttlMs":0,"cacheScope":"private"}}\n' "$id""#

  private static func error(_ code: Int) -> String { #"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":\#(code),"message":"No."}}\n' "$id""# }

  /// Runs `body` with a connection to the script, and what it read so far.
  private func withServer(
    _ script: String, _ body: (ClientConnection, @Sendable () -> [JSONValue], Lifeline) async throws -> Void
  ) async throws {
    let seen = try await Lifeline()
    let wire = StdioWire(
      name: "script", command: shell(script, environment: ["SEEN": seen.path]), on: MultiThreadedEventLoopGroup.singleton.next(), configuration: .quick,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    wire.start()
    let connection = ClientConnection(wire: wire, identity: ["name": "tests", "version": "2"])
    let read: @Sendable () -> [JSONValue] = { seen.recorder.lines.map { (try? JSONValue(parsing: $0)) ?? .string("no JSON: \($0)") } }
    do { try await body(connection, read, seen) } catch {
      await wire.stop()
      throw error
    }
    await wire.stop()
  }

  private static var soon: NIODeadline { .now() + .seconds(20) }

  private static func call(_ name: String) -> ClientConnection.RequestBody {
    ClientConnection.RequestBody(members: ByteBuffer(string: "\"name\":\"\(name)\",\"arguments\":{\"text\":\"a\\nb\"}"), name: name)
  }

  @Test("server/discover comes first, in the preferred version, and every message is one line that says what it must")
  func modernMessages() async throws {
    try await withServer(Self.script("")) { connection, read, _ in
      #expect(try await connection.connect().version == .v2026_07_28)
      _ = try await connection.request(.toolsList, .init(), deadline: Self.soon)
      #expect(read().map { $0["method"] } == ["server/discover", "tools/list"])
      for message in read() {
        #expect(message["jsonrpc"] == "2.0" && message["id"]?.int != nil)
        let meta = message["params"]?["_meta"]
        #expect(meta?[MetaKey.protocolVersion] == "2026-07-28" && meta?[MetaKey.clientCapabilities]?.object != nil)
        #expect(meta?[MetaKey.clientInfo] == ["name": "tests", "version": "2"])
      }
    }
  }

  @Test("Any error to server/discover leads to the handshake of the legacy era", arguments: [-32601, -32602, -32600, -32000, 1])
  func fallback(_ code: Int) async throws {
    try await withServer(Self.script("", discover: Self.error(code))) { connection, read, _ in
      #expect(try await connection.connect().version == .v2025_11_25)
      _ = try await connection.request(.toolsList, .init(), deadline: Self.soon)
      #expect(read().map { $0["method"] } == ["server/discover", "initialize", "notifications/initialized", "tools/list"])
      #expect(read()[1]["params"]?["protocolVersion"] == "2025-11-25" && read()[1]["params"]?["clientInfo"] == ["name": "tests", "version": "2"])
    }
  }

  @Test("A server that does not answer server/discover is greeted in the legacy way")
  func silence() async throws {
    try await withServer(Self.script("", discover: ":")) { connection, read, _ in
      let found = try await connection.connect(timeout: .seconds(2))
      #expect(found.version == .v2025_11_25)
      // Its answer shows that all before it was read.
      _ = try await connection.request(.toolsList, .init(), deadline: Self.soon)
      #expect(
        read().compactMap { $0["method"]?.string }.filter { $0 != "notifications/cancelled" } == [
          "server/discover", "initialize", "notifications/initialized", "tools/list",
        ])
    }
  }

  @Test("A request that is given up, or whose time is over, is cancelled by its id, and a late answer is ignored", arguments: [true, false], [Era.modern, .legacy])
  func cancellation(_ isDeadline: Bool, _ era: Era) async throws {
    // Answers the cancelled request when the cancellation comes: too late.
    let cases = #"*tools/call*) late=$id;; *notifications/cancelled*) printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}\n' "$late";;"#
    try await withServer(Self.script(cases, discover: era == .modern ? Self.modern : Self.error(-32601))) { connection, read, seen in
      try await connection.connect()
      let call = Task {
        try await connection.request(.toolsCall, Self.call("slow"), deadline: isDeadline ? .now() + .milliseconds(200) : Self.soon)
      }
      try await seen.recorder.wait { if case .line(_, let text) = $0 { text.contains("tools/call") } else { false } }
      if !isDeadline { call.cancel() }
      try await seen.recorder.wait { if case .line(_, let text) = $0 { text.contains("notifications/cancelled") } else { false } }
      await #expect(throws: ClientError.self) { try await call.value }
      #expect(try await connection.request(.toolsList, .init(), deadline: Self.soon).result?["tools"] != nil)
      let sent = read().first { $0["method"] == "tools/call" }
      let cancelled = read().filter { $0["method"] == "notifications/cancelled" }
      #expect(cancelled.count == 1 && cancelled[0]["params"]?["requestId"] == sent?["id"] && cancelled[0]["id"] == nil)
    }
  }

  @Test("What is written to standard error is no error, and what is no message is passed over")
  func noise() async throws {
    let cases = #"*tools/call*) echo 'ERROR: all is well' >&2; echo 'not a message'; printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}\n' "$id";;"#
    try await withServer(Self.script(cases)) { connection, _, _ in
      try await connection.connect()
      #expect(try await connection.request(.toolsCall, Self.call("noisy"), deadline: Self.soon).result?["content"] != nil)
    }
  }

  @Test("Notifications of subscriptions that share the pipe are told apart by their id")
  func subscriptions() async throws {
    // The second subscription hears of prompts, the first of tools; the wrong way round in time.
    let cases = #"""
      *toolsListChanged*) first=$id;;
      *promptsListChanged*) printf '{"jsonrpc":"2.0","method":"notifications/prompts/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s}}}\n' "$id"
        printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s}}}\n' "$first";;
      """#
    try await withServer(Self.script(cases)) { connection, _, seen in
      try await connection.connect()
      let (tools, prompts) = (Recorder(), Recorder())
      let first = Task { try await connection.listen(filter: ["toolsListChanged": true]) { tools.record(.line(0, $0.methodName?.string ?? "")) } }
      try await seen.recorder.wait { if case .line(_, let text) = $0 { text.contains("toolsListChanged") } else { false } }
      let second = Task { try await connection.listen(filter: ["promptsListChanged": true]) { prompts.record(.line(0, $0.methodName?.string ?? "")) } }
      try await prompts.waitForLine("notifications/prompts/list_changed")
      try await tools.waitForLine("notifications/tools/list_changed")
      #expect(tools.lines.count == 1 && prompts.lines.count == 1)
      first.cancel()
      second.cancel()
      _ = (await first.result, await second.result)
    }
  }
}
