import JSON
import Logging
import MCP
import NIOCore
import NIOPosix
import Testing

/// What the stdio pages ask of a client. The server is a shell script that tells in each answer to `tools/list` what it has read.
@Suite("Requirements of stdio clients", .serialized, .timeLimit(.minutes(2)))
struct StdioClientRequirements {
  /// Answers `server/discover` and the handshake in the ways of servers, and what a test adds.
  private static func script(_ cases: String, discover: String = modern) -> String {
    #"""
    while IFS= read -r line; do
      seen="$seen,$line"
      id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
      case "$line" in
      \#(cases)
      *server/discover*) \#(discover);;
      *'"initialize"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}\n' "$id";;
      *tools/list*) printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","tools":[],"ttlMs":0,"cacheScope":"private","seen":[%s]}}\n' "$id" "${seen#,}";;
      esac
    done
    """#
  }

  private static let modern =
    #"printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"ttlMs":0,"cacheScope":"private"}}\n' "$id""#

  private static func error(_ code: Int) -> String { #"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":\#(code),"message":"No."}}\n' "$id""# }

  /// Runs `body` with a connection to the script.
  private func withServer(_ script: String, _ body: (ClientConnection) async throws -> Void) async throws {
    let wire = StdioWire(
      name: "script", command: shell(script), on: MultiThreadedEventLoopGroup.singleton.next(), configuration: .quick,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    wire.start()
    do { try await body(ClientConnection(wire: wire, identity: ["name": "tests", "version": "2"])) } catch {
      await wire.stop()
      throw error
    }
    await wire.stop()
  }

  private static var farOff: NIODeadline { .now() + .seconds(60) }

  /// All messages that the server has read, that of the question included.
  private static func seen(_ connection: ClientConnection) async throws -> [JSONValue] {
    let answer = try await connection.request(.toolsList, .init(), deadline: farOff)
    return (answer.result?["seen"]).map { JSONValue($0).array ?? [] } ?? []
  }

  private static let call = ClientConnection.RequestBody(
    members: ByteBuffer(string: "\"name\":\"slow\",\"arguments\":{\"text\":\"a\\nb\"}"), name: "slow", wantsProgress: true)

  @Test("server/discover comes first, in the preferred version, and every message is one line that says what it must")
  func modernMessages() async throws {
    try await withServer(Self.script("")) { connection in
      let found = try await connection.connect()
      #expect(found.version == .v2026_07_28)
      let messages = try await Self.seen(connection)
      #expect(messages.map { $0["method"] } == ["server/discover", "tools/list"])
      for message in messages {
        #expect(message["jsonrpc"] == "2.0" && message["id"]?.int != nil)
        let meta = message["params"]?["_meta"]
        #expect(meta?[MetaKey.protocolVersion] == "2026-07-28" && meta?[MetaKey.clientCapabilities]?.object != nil)
        #expect(meta?[MetaKey.clientInfo] == ["name": "tests", "version": "2"])
      }
    }
  }

  @Test("Any error to server/discover leads to the handshake of the legacy era", arguments: [-32601, -32602, -32600, -32000, 1])
  func fallback(_ code: Int) async throws {
    try await withServer(Self.script("", discover: Self.error(code))) { connection in
      let found = try await connection.connect()
      #expect(found.version == .v2025_11_25)
      let messages = try await Self.seen(connection)
      #expect(messages.map { $0["method"] } == ["server/discover", "initialize", "notifications/initialized", "tools/list"])
      let params = messages.first { $0["method"] == "initialize" }?["params"]
      #expect(params?["protocolVersion"] == "2025-11-25" && params?["clientInfo"] == ["name": "tests", "version": "2"])
    }
  }

  @Test("A server that does not answer server/discover is greeted in the legacy way")
  func silence() async throws {
    try await withServer(Self.script("", discover: ":")) { connection in
      let found = try await connection.connect(timeout: .seconds(10))
      #expect(found.version == .v2025_11_25)
      let methods = try await Self.seen(connection).compactMap { $0["method"]?.string }.filter { $0 != "notifications/cancelled" }
      #expect(methods == ["server/discover", "initialize", "notifications/initialized", "tools/list"])
    }
  }

  @Test(
    "A request that is given up, or whose time is over, is cancelled by its id, and a late answer is ignored",
    arguments: [true, false], [Era.modern, .legacy])
  func cancellation(_ isDeadline: Bool, _ era: Era) async throws {
    // The answer to the request comes when it is cancelled: too late.
    let cases = #"""
      *tools/call*) late=$id; printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":1}}\n' "$id";;
      *notifications/cancelled*) printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}\n' "$late";;
      """#
    try await withServer(Self.script(cases, discover: era == .modern ? Self.modern : Self.error(-32601))) { connection in
      try await connection.connect()
      let began = Recorder()
      let call = Task {
        try await connection.request(
          .toolsCall, Self.call, deadline: isDeadline ? .now() + .milliseconds(200) : Self.farOff,
          onNotification: { _ in began.record(.started(1)) })
      }
      if !isDeadline {
        try await began.wait(for: .started(1))
        call.cancel()
      }
      await #expect(throws: ClientError.self) { try await call.value }
      let messages = try await Self.seen(connection)
      let sent = messages.first { $0["method"] == "tools/call" }
      let cancelled = messages.filter { $0["method"] == "notifications/cancelled" }
      #expect(cancelled.count == 1 && cancelled.first?["params"]?["requestId"] == sent?["id"] && cancelled.first?["id"] == nil)
    }
  }

  @Test("What is written to standard error is no error, and what is no message is passed over")
  func noise() async throws {
    let cases = #"*tools/call*) echo 'ERROR: all is well' >&2; echo 'not a message'; printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}\n' "$id";;"#
    try await withServer(Self.script(cases)) { connection in
      try await connection.connect()
      let answer = try await connection.request(.toolsCall, Self.call, deadline: Self.farOff)
      #expect(answer.result?["content"] != nil)
    }
  }

  @Test("A modern server that asks something is not answered, a legacy one is", arguments: [Era.modern, .legacy])
  func noResponses(_ era: Era) async throws {
    let cases = #"*tools/call*) printf '{"jsonrpc":"2.0","id":"q","method":"ping"}\n{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}\n' "$id";;"#
    try await withServer(Self.script(cases, discover: era == .modern ? Self.modern : Self.error(-32601))) { connection in
      try await connection.connect()
      _ = try await connection.request(.toolsCall, Self.call, deadline: Self.farOff)
      // A legacy answer may come a little later than what we send next.
      var isAnswered = false
      for _ in 0..<(era == .modern ? 3 : 200) where !isAnswered {
        isAnswered = try await Self.seen(connection).contains { $0["id"] == "q" }
      }
      #expect(isAnswered == (era == .legacy))
    }
  }

  @Test("Notifications of subscriptions that share the pipe are told apart by their id")
  func subscriptions() async throws {
    // The second subscription hears of prompts, and then the first of tools.
    let cases = #"""
      *toolsListChanged*) first=$id
        printf '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":{"toolsListChanged":true}}}\n' "$id";;
      *promptsListChanged*) printf '{"jsonrpc":"2.0","method":"notifications/prompts/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s}}}\n' "$id"
        printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s}}}\n' "$first";;
      """#
    try await withServer(Self.script(cases)) { connection in
      try await connection.connect()
      let (tools, prompts) = (Recorder(), Recorder())
      let first = Task { try await connection.listen(filter: ["toolsListChanged": true]) { tools.record(.line(0, $0.methodName?.string ?? "")) } }
      try await tools.waitForLine("notifications/subscriptions/acknowledged")
      let second = Task { try await connection.listen(filter: ["promptsListChanged": true]) { prompts.record(.line(0, $0.methodName?.string ?? "")) } }
      try await prompts.waitForLine("notifications/prompts/list_changed")
      try await tools.waitForLine("notifications/tools/list_changed")
      #expect(tools.lines.count == 2 && prompts.lines.count == 1)
      first.cancel()
      second.cancel()
      _ = (await first.result, await second.result)
    }
  }
}
