import Foundation
import JSON
import MCP
import Synchronization
import Testing

/// A client and a child process that misbehaves. The servers are shell scripts; `answer TEXT` answers the line that was read last.
@Suite("A client over stdio")
struct StdioClientTests {
  private static let prelude = #"""
    answer() { id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/'); printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
    discover() { IFS= read -r line; answer '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}'; }
    """#

  private func client(_ script: String, versions: [ProtocolVersion] = [.v2026_07_28], timeout: Duration = .seconds(20)) -> Client {
    var configuration = ChildProcess.Configuration()
    // On a busy machine an exit is noticed late.
    configuration.timing.settling = .seconds(20)
    let command = ChildCommand("/bin/sh", arguments: ["-c", Self.prelude + "\n" + script])
    return Client(
      .stdio(command, configuration: configuration), settings: .init(versions: versions, timeout: timeout, connectTimeout: .seconds(20)))
  }

  /// The wire's error of a call that must fail.
  private func failure(_ client: Client) async -> WireError? {
    do throws(ClientError) {
      _ = try await client.callTool("t")
      return nil
    } catch {
      if case .wire(let error) = error { return error }
      return nil
    }
  }

  @Test(
    "A server that dies while a call waits fails the call at once, and says how it died",
    arguments: [("exit 3", "exit code 3"), ("kill -9 $$", "signal 9"), (#"printf '{"jsonrpc":"2.0","id":2,"resu'; exit 0"#, "exit code 0")])
  func death(end: String, says: String) async {
    let client = client("discover; IFS= read -r line; \(end)")
    let error = await failure(client)
    #expect(error?.code == .closed)
    #expect(error?.mayHaveHadEffect == true)
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "no error")")
    await client.close()
  }

  @Test("After a death the next call goes to the successor")
  func successor() async throws {
    let script = #"""
      while IFS= read -r line; do case $line in
        *server/discover*) answer '{"supportedVersions":["2026-07-28"],"capabilities":{}}';;
        *die*) exit 1;;
        *) answer '{"content":[{"type":"text","text":"alive"}]}';;
      esac; done
      """#
    let client = client(script)
    try await client.connect()
    await #expect(throws: ClientError.self) { try await client.callTool("die") }
    #expect(try await client.callTool("live").text == "alive")
    await client.close()
  }

  @Test("Lines that are no messages do not disturb a call")
  func garbage() async throws {
    let client = client(#"echo starting up; discover; IFS= read -r line; echo 'debug: {"half'; echo; echo '[1,2'; printf '\377\376\n'; answer '{"content":[]}'"#)
    _ = try await client.callTool("t")
    await client.close()
  }

  @Test("A server that hangs is timed out, and told", .timeLimit(.minutes(1)))
  func hang() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "sluice-hang-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let client = client(
      "discover; IFS= read -r line; IFS= read -r line; printf '%s' \"$line\" > '\(file.path).part'; mv '\(file.path).part' '\(file.path)'; sleep 60",
      timeout: .milliseconds(300))
    #expect(await failure(client)?.code == .timeout)
    // The script writes what it was told before it sleeps. Closing would end it after two seconds, written or not.
    while !FileManager.default.fileExists(atPath: file.path) { try await Task.sleep(for: .milliseconds(10)) }
    await client.close()
    let told = try String(contentsOf: file, encoding: .utf8)
    #expect(told.contains("notifications/cancelled") && told.contains(#""requestId":2"#))
  }

  @Test("A command that is not there is named")
  func missing() async {
    let client = Client(.stdio("no-such-command-anywhere"))
    let error = await failure(client)
    #expect(error?.code == .unreachable)
    #expect(error?.message.contains("no-such-command-anywhere") == true)
    await client.close()
  }

  @Test("A legacy server that dies of the probe is greeted when it runs again")
  func deadlyProbe() async throws {
    let script = """
      while IFS= read -r line; do case $line in
        *server/discover*) exit 1;;
        *'"initialize"'*) answer '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"old","version":"1"}}';;
        *tools/call*) answer '{"content":[{"type":"text","text":"old but alive"}]}';;
      esac; done
      """
    let client = client(script, versions: ProtocolVersion.allCases)
    #expect(try await client.callTool("t").text == "old but alive")
    #expect(client.server?.version == .v2025_06_18)
    await client.close()
  }

  @Test("A legacy server that died is greeted again, and called")
  func legacySuccessor() async throws {
    let script = """
      while IFS= read -r line; do case $line in
        *'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"old","version":"1"}}';;
        *die*) exit 1;;
        *tools/call*) answer '{"content":[{"type":"text","text":"back"}]}';;
      esac; done
      """
    let client = client(script, versions: [.v2025_11_25])
    try await client.connect()
    await #expect(throws: ClientError.self) { try await client.callTool("die") }
    #expect(try await client.callTool("t").text == "back")
    await client.close()
  }

  @Test("A subscription is made again with the successor of a server that died, and all that it is about is told as changed")
  func subscribedAgain() async throws {
    let script = #"""
      while IFS= read -r line; do case $line in
        *server/discover*) answer '{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}}';;
        *subscriptions/listen*) id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
          printf '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":{"toolsListChanged":true}}}\n' "$id"
          sub=$id;;
        *die*) exit 1;;
        *change*) printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s}}}\n' "$sub"
          answer '{"content":[]}';;
      esac; done
      """#
    let client = client(script)
    let subscription = try await client.subscribe(to: ChangeFilter(toolsList: true))
    var changes = subscription.makeAsyncIterator()
    _ = try await client.callTool("change")
    #expect(await changes.next() == .toolsListChanged)
    await #expect(throws: ClientError.self) { try await client.callTool("die") }
    // Nobody changed anything: it is told because it may have.
    #expect(await changes.next() == .toolsListChanged)
    _ = try await client.callTool("change")
    #expect(await changes.next() == .toolsListChanged)
    await client.close()
    #expect(await changes.next() == nil)
  }

  @Test("A legacy subscription is made again with the successor of a server that died, and all that it is about is told as changed", .timeLimit(.minutes(1)))
  func legacySubscribedAgain() async throws {
    let script = #"""
      while IFS= read -r line; do case $line in
        *'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{"resources":{"subscribe":true}},"serverInfo":{"name":"old","version":"1"}}';;
        *resources/subscribe*) answer '{}'; subscribed=1;;
        *die*) exit 1;;
        *change*) [ -n "$subscribed" ] && echo '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://r"}}'
          answer '{"content":[]}';;
      esac; done
      """#
    let client = client(script, versions: [.v2025_11_25])
    let subscription = try await client.subscribe(to: .resources("test://r"))
    var changes = subscription.makeAsyncIterator()
    await #expect(throws: ClientError.self) { try await client.callTool("die") }
    // Nobody said so: it is told because it may have changed.
    #expect(await changes.next() == .resourceUpdated(uri: "test://r"))
    _ = try await client.callTool("change")
    #expect(await changes.next() == .resourceUpdated(uri: "test://r"))
    await client.close()
  }

  @Test("A deadline that is over when the request goes out ends it all the same", .timeLimit(.minutes(1)))
  func pastDeadline() async throws {
    let client = client("discover; cat > /dev/null")
    try await client.connect()
    for _ in 0..<500 {
      let failure = await #expect(throws: ClientError.self) { try await client.callTool("t", options: RequestOptions(timeout: .zero)) }
      guard case .wire(let error) = failure, error.code == .timeout else {
        Issue.record("\(failure as Any)")
        break
      }
    }
    await client.close()
  }

  @Test("A subscription that the server takes down ends by its result, or is made again where there is none", arguments: [true, false])
  func takenDown(hasResult: Bool) async throws {
    let script = #"""
      while IFS= read -r line; do case $line in
        *server/discover*) answer '{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}}';;
        *subscriptions/listen*) id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
          printf '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":{"toolsListChanged":true}}}\n' "$id"
          [ -n "$sub" ] && continue
          sub=$id
          printf '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}\n' "$id"
          RESULT
      esac; done
      """#
    let result = #"printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete"}}\n' "$id";;"#
    let client = client(script.replacing("RESULT", with: hasResult ? result : ";;"))
    let subscription = try await client.subscribe(to: ChangeFilter(toolsList: true))
    var changes = subscription.makeAsyncIterator()
    #expect(await changes.next() == (hasResult ? nil : .toolsListChanged))
    await client.close()
  }

  @Test("A batch of a legacy server is taken apart")
  func batch() async throws {
    let script = """
      while IFS= read -r line; do case $line in
        *'"initialize"'*) answer '{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"old","version":"1"}}';;
        *tools/call*) id=$(printf '%s' "$line" | sed 's/.*"id":\\([0-9]*\\).*/\\1/')
          printf '[{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":1}},{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}]\\n' "$id" "$id";;
      esac; done
      """
    let client = client(script, versions: [.v2025_03_26])
    let heard = Mutex(0)
    _ = try await client.callTool("t", options: .init(onProgress: { _ in heard.withLock { $0 += 1 } }))
    #expect(heard.withLock { $0 } == 1)
    await client.close()
  }

  @Test("A question on the pipe is answered while a call waits")
  func question() async throws {
    let script = """
      while IFS= read -r line; do case $line in
        *'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"old","version":"1"}}';;
        *tools/call*) call=$line; echo '{"jsonrpc":"2.0","id":"q","method":"roots/list"}';;
        *file:///asked*) line=$call; answer '{"content":[{"type":"text","text":"thanks"}]}';;
      esac; done
      """
    let client = Client(
      .stdio("/bin/sh", ["-c", Self.prelude + "\n" + script]), handlers: ClientHandlers(roots: { [Root(uri: "file:///asked")] }),
      settings: .init(versions: [.v2025_11_25]))
    #expect(try await client.callTool("t").text == "thanks")
    await client.close()
  }
}
