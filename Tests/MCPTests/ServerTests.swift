import JSON
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("Server")
struct ServerTests {
  // MARK: Lists

  @Test("Modern results say that they are complete, how long they may be kept and who made them; legacy ones do not")
  func eras() async throws {
    let fixture = try ServerFixture()
    for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
      let modern = try await fixture.ask(method)
      #expect(modern["resultType"] == "complete", "\(method)")
      #expect(modern["ttlMs"] == 300 && modern["cacheScope"] == "public", "\(method)")
      #expect(modern["_meta"]?[MetaKey.serverInfo] == ["name": "fixture", "version": "1"], "\(method)")
      let legacy = try await fixture.ask(method, [:], .legacy)
      #expect(legacy.object?.count == 1, "\(method)")
    }
  }

  @Test("Tool definitions carry schemas, hints and metadata; legacy clients see no output schema that is not an object")
  func definitions() async throws {
    let fixture = try ServerFixture()
    let modern = try await fixture.ask("tools/list")["tools"]?.array ?? []
    #expect(modern.map { $0["name"] } == ["add", "list", "explode", "refuse", "needs_sampling", "talk", "rows"])
    #expect(modern[0]["annotations"] == ["readOnlyHint": true])
    #expect(modern[0]["_meta"] == ["dev.sluice/x": 1])
    #expect(modern[0]["inputSchema"]?["required"] == ["a", "b"])
    #expect(modern[1]["outputSchema"] == ["type": "array"])
    let legacy = try await fixture.ask("tools/list", [:], .legacy)["tools"]?.array ?? []
    #expect(legacy[0]["outputSchema"] == ["type": "object"])
    #expect(legacy[1]["outputSchema"] == nil)
  }

  @Test("Lists come in pages whose cursors lead through all items once")
  func pages() async throws {
    let fixture = try ServerFixture(pageSize: 3)
    var names: [String] = []
    var params: JSONValue = [:]
    for _ in 0..<3 {
      let page = try await fixture.ask("tools/list", params)
      names += (page["tools"]?.array ?? []).compactMap { $0["name"]?.string }
      guard let next = page["nextCursor"] else { break }
      params = ["cursor": next]
    }
    #expect(names == ["add", "list", "explode", "refuse", "needs_sampling", "talk", "rows"])
  }

  @Test("Cursors that the list did not give out are refused", arguments: ["\"\"", "\"x\"", "\"MS4x\"", "\"OTk5LjE\"", "7", "null", "\"Ny45OTk\""])
  func badCursor(_ cursor: String) async throws {
    let fixture = try ServerFixture(pageSize: 3)
    let answer = try await fixture.ask("tools/list", ["cursor": try JSONValue(parsing: cursor)])
    #expect(answer["error"]?["code"] == -32602)
  }

  @Test("A cursor of a list that has changed since is refused")
  func staleCursor() async throws {
    let fixture = try ServerFixture(pageSize: 3)
    let next = try #require(try await fixture.ask("tools/list")["nextCursor"])
    fixture.server.removeTool("list")
    #expect(try await fixture.ask("tools/list", ["cursor": next])["error"]?["code"] == -32602)
  }

  @Test("What a server never offered is an unknown method")
  func notOffered() async throws {
    let server = Server(name: "empty", version: "1")
    for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
      let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method)]
      let context = RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)
      guard case .failure(let error, _) = await server.handle(try Envelope(request.raw), context) else {
        Issue.record("\(method) was answered")
        continue
      }
      #expect(error.code == .methodNotFound)
    }
    #expect(await server.describe(RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)).capabilities == ["logging": [:]])
  }

  @Test(
    "Methods of the other era are unknown",
    arguments: [
      ("ping", Era.modern), ("initialize", .modern), ("logging/setLevel", .modern), ("resources/subscribe", .modern),
      ("server/discover", .legacy), ("subscriptions/listen", .legacy), ("no/such", .modern), ("notifications/initialized", .legacy),
    ])
  func otherEra(_ method: String, _ era: Era) async throws {
    #expect(try await ServerFixture().ask(method, [:], era)["error"]?["code"] == -32601)
  }

  // MARK: Tools

  @Test("Structured content is also given as text")
  func structured() async throws {
    let result = try await ServerFixture().ask("tools/call", ["name": "add", "arguments": ["a": 2, "b": 3]])
    #expect(result["structuredContent"] == ["sum": 5])
    #expect(result["content"] == [["type": "text", "text": "{\"sum\":5}"]])
    #expect(result["resultType"] == "complete" && result["isError"] == nil && result["ttlMs"] == nil)
  }

  @Test("Legacy clients get structured content only if it is an object")
  func structuredArray() async throws {
    let fixture = try ServerFixture()
    #expect(try await fixture.ask("tools/call", ["name": "list"])["structuredContent"] == [1, 2])
    let legacy = try await fixture.ask("tools/call", ["name": "list"], .legacy)
    #expect(legacy["structuredContent"] == nil)
    #expect(legacy["content"]?.array?.first?["text"] == "[1,2]")
  }

  @Test(
    "Arguments that do not fit the schema are a tool error that says what would",
    arguments: [
      ("{}", "Missing required argument \"a\" (integer). Missing required argument \"b\" (integer or null)."),
      ("{\"a\":\"1\",\"b\":1}", "Argument \"a\" must be of type integer, not string."),
      ("{\"a\":1.5,\"b\":1}", "Argument \"a\" must be of type integer, not number."),
      ("{\"a\":1,\"b\":1,\"mode\":\"wild\"}", "Argument \"mode\" must be one of \"exact\", \"rough\"."),
      ("{\"a\":1,\"b\":1,\"c\":1}", "Unknown argument \"c\": known are a, b, mode."),
    ])
  func arguments(_ arguments: String, _ text: String) async throws {
    let result = try await ServerFixture().ask("tools/call", ["name": "add", "arguments": try JSONValue(parsing: arguments)])
    #expect(result["isError"] == true)
    #expect(result["content"]?.array?.first?["text"]?.string == text)
  }

  @Test("A whole number may be written with a fraction of zero, and null where the schema allows it")
  func wholeNumbers() async throws {
    let result = try await ServerFixture().ask("tools/call", ["name": "add", "arguments": try JSONValue(parsing: "{\"a\":1.0,\"b\":null}")])
    #expect(result["isError"] == nil)
  }

  @Test("Unknown tools and malformed calls are protocol errors in both eras", arguments: [Era.modern, .legacy])
  func unknownTool(_ era: Era) async throws {
    let fixture = try ServerFixture()
    let unknown = try await fixture.ask("tools/call", ["name": "nope"], era)
    #expect(unknown["error"]?["code"] == -32602 && unknown["error"]?["message"] == "Unknown tool: nope")
    #expect(try await fixture.ask("tools/call", [:], era)["error"]?["code"] == -32602)
    #expect(try await fixture.ask("tools/call", ["name": "add", "arguments": []], era)["error"]?["code"] == -32602)
  }

  @Test("A tool that fails says so without its reasons; one that throws a protocol error is answered with it")
  func failures() async throws {
    let fixture = try ServerFixture()
    let exploded = try await fixture.ask("tools/call", ["name": "explode"])
    #expect(exploded["isError"] == true && !exploded.text.contains("Failure"))
    let refused = try await fixture.ask("tools/call", ["name": "refuse"])
    #expect(refused["error"] == ["code": -32602, "message": "No.", "data": ["why": "so"]])
  }

  @Test("A tool that needs a client capability is refused without it")
  func capability() async throws {
    let fixture = try ServerFixture()
    let refused = try await fixture.ask("tools/call", ["name": "needs_sampling"])
    #expect(refused["error"]?["code"] == -32021)
    #expect(refused["error"]?["data"] == ["requiredCapabilities": ["sampling": [:]]])
    let served = try await fixture.ask("tools/call", ["name": "needs_sampling"], capabilities: ["sampling": [:]])
    #expect(served["isError"] == nil && served["content"] != nil)
  }

  @Test(
    "Notifications go to who asked for them",
    arguments: [
      ("{}", Era.modern, LogLevel?.none, [String]()),
      ("{\"progressToken\":\"p\"}", .modern, nil, ["notifications/progress"]),
      ("{\"io.modelcontextprotocol/logLevel\":\"info\"}", .modern, nil, ["notifications/message"]),
      (
        "{\"io.modelcontextprotocol/logLevel\":\"debug\",\"progressToken\":1}", .modern, nil,
        ["notifications/progress", "notifications/message", "notifications/message"]
      ),
      ("{}", .legacy, nil, ["notifications/message"]),
      ("{}", .legacy, .error, []),
    ])
  func notifications(_ meta: String, _ era: Era, _ level: LogLevel?, _ expected: [String]) async throws {
    let heard = Heard()
    _ = try await ServerFixture().ask(
      "tools/call", ["name": "talk", "_meta": try JSONValue(parsing: meta)], era, logLevel: level
    ) { heard.add($0) }
    #expect(heard.messages.compactMap { $0["method"]?.string } == expected)
    for message in heard.messages where message["method"] == "notifications/progress" {
      #expect(message["params"]?["progress"] == 1 && message["params"]?["total"] == 2 && message["params"]?["message"] == "half")
    }
  }

  @Test("An unknown log level is refused", arguments: [Era.modern, .legacy])
  func logLevels(_ era: Era) async throws {
    let fixture = try ServerFixture()
    if era == .modern {
      let answer = try await fixture.ask("tools/call", ["name": "list", "_meta": [MetaKey.logLevel: "loud"]])
      #expect(answer["error"]?["code"] == -32602)
    } else {
      #expect(try await fixture.ask("logging/setLevel", ["level": "loud"], era)["error"]?["code"] == -32602)
      #expect(try await fixture.ask("logging/setLevel", ["level": "notice"], era) == [:])
    }
  }

  @Test(
    "A row filter that is missing or unreadable in a governed request lets nothing through",
    arguments: [
      ("{}", "ungoverned"),
      ("{\"dev.sluice/rows\":{\"Deal\":[\"=\",\"owner\",\"ann\"]}}", "[\"=\",\"owner\",\"ann\"]"),
      ("{\"dev.sluice/rows\":{\"Deal\":[\"magic\"]}}", "[\"false\"]"),
      ("{\"dev.sluice/rows\":{}}", "[\"false\"]"),
      ("{\"dev.sluice/rows\":null}", "[\"false\"]"),
    ])
  func rowFilter(_ meta: String, _ expected: String) async throws {
    let result = try await ServerFixture().ask("tools/call", ["name": "rows", "_meta": try JSONValue(parsing: meta)])
    #expect(result["content"]?.array?.first?["text"]?.string == expected)
  }

  // MARK: Resources, prompts, completion

  @Test("Resources are read by URI or through a template")
  func resources() async throws {
    let fixture = try ServerFixture()
    let read = try await fixture.ask("resources/read", ["uri": "test://static"])
    #expect(read["contents"] == [["uri": "test://static", "mimeType": "text/plain", "text": "hello"]])
    #expect(read["ttlMs"] == 0 && read["cacheScope"] == "private")
    let item = try await fixture.ask("resources/read", ["uri": "test://item/4%202/data"], .legacy)
    #expect(item == ["contents": [["uri": "test://item/4%202/data", "mimeType": "application/octet-stream", "blob": "NCAy"]]])
  }

  @Test("A resource that is not there is told apart by its URI", arguments: [Era.modern, .legacy])
  func missingResource(_ era: Era) async throws {
    let fixture = try ServerFixture()
    for uri in ["test://nope", "test://item/0/data"] {
      let answer = try await fixture.ask("resources/read", ["uri": .string(uri)], era)
      #expect(answer["error"]?["code"] == (era == .modern ? -32602 : -32002))
      #expect(answer["error"]?["data"] == ["uri": .string(uri)])
    }
  }

  @Test("Prompts get their arguments, the required ones in any case")
  func prompts() async throws {
    let fixture = try ServerFixture()
    let got = try await fixture.ask("prompts/get", ["name": "greet", "arguments": ["who": "Ann"]])
    #expect(got["messages"] == [["role": "user", "content": ["type": "text", "text": "Greet Ann kindly"]]])
    for params: JSONValue in [["name": "greet"], ["name": "nope"], ["name": "greet", "arguments": ["who": 1]], [:]] {
      #expect(try await fixture.ask("prompts/get", params)["error"]?["code"] == -32602, "\(params.text)")
    }
  }

  @Test("Completions hold a hundred values and say that there are more")
  func completions() async throws {
    let fixture = try ServerFixture()
    let many = try await fixture.ask(
      "completion/complete", ["ref": ["type": "ref/prompt", "name": "greet"], "argument": ["name": "who", "value": "A"]])
    #expect(many["completion"]?["values"]?.array?.count == 100)
    #expect(many["completion"]?["total"] == 150 && many["completion"]?["hasMore"] == true)
    let one = try await fixture.ask(
      "completion/complete",
      [
        "ref": ["type": "ref/resource", "uri": "test://item/{id}/data"], "argument": ["name": "id", "value": "x"],
        "context": ["arguments": ["other": "y"]],
      ])
    #expect(one["completion"] == ["values": ["x-y"], "total": 1, "hasMore": false])
    let none = try await fixture.ask(
      "completion/complete", ["ref": ["type": "ref/prompt", "name": "greet"], "argument": ["name": "tone", "value": ""]])
    #expect(none["completion"]?["values"] == [])
    let unknown = try await fixture.ask(
      "completion/complete", ["ref": ["type": "ref/prompt", "name": "nope"], "argument": ["name": "who", "value": ""]])
    #expect(unknown["error"]?["code"] == -32602)
  }

  // MARK: Change

  @Test("Observers hear of every change until they cancel")
  func changes() async throws {
    let server = Server(name: "s", version: "1")
    let heard = Mutex<[ServerChange]>([])
    let observation = server.observe(for: nil) { change in heard.withLock { $0.append(change) } }
    server.add(Tool(name: "a") { _ in ToolResult(text: "") })
    server.removeTool("a")
    server.removeTool("a")
    server.add(Prompt(name: "p") { _ in PromptResult([]) })
    server.add(Resource(uri: "u:1", name: "r") { _ in .text("") })
    server.notifyResourceUpdated("u:1")
    observation.cancel()
    server.notifyResourceUpdated("u:1")
    #expect(
      heard.withLock { $0 } == [
        .toolsListChanged, .toolsListChanged, .promptsListChanged, .resourcesListChanged, .resourceUpdated(uri: "u:1"),
      ])
  }

  @Test("A queue of changes keeps each kind once, in order, and ends when closed")
  func queue() async {
    let queue = ChangeQueue()
    for change: ServerChange in [.toolsListChanged, .resourceUpdated(uri: "a"), .toolsListChanged, .resourceUpdated(uri: "b")] { queue.add(change) }
    #expect(await queue.next() == .change(.toolsListChanged))
    queue.add(.toolsListChanged)
    #expect(await queue.next() == .change(.resourceUpdated(uri: "a")))
    #expect(await queue.next() == .change(.resourceUpdated(uri: "b")))
    #expect(await queue.next() == .change(.toolsListChanged))
    let waiting = Task { await queue.next() }
    waiting.cancel()
    #expect(await waiting.value == .closed)
    queue.add(.promptsListChanged)
    #expect(await queue.next() == .closed)
  }

  @Test("The description follows what was added")
  func describe() async throws {
    let description = await (try ServerFixture()).server.describe(
      RequestContext(client: ClientDescription(version: .latest), transport: .inProcess))
    let discovered = try JSONValue(parsing: String(buffer: description.discoverResult(versions: [.v2026_07_28, .v2025_11_25])))
    #expect(discovered["supportedVersions"] == ["2026-07-28", "2025-11-25"])
    #expect(discovered["resultType"] == "complete" && discovered["ttlMs"] == 300 && discovered["instructions"] == "Be brief.")
    #expect(
      discovered["capabilities"] == [
        "logging": [:], "completions": [:], "prompts": ["listChanged": true], "tools": ["listChanged": true],
        "resources": ["subscribe": true, "listChanged": true],
      ])
    let initialized = try JSONValue(parsing: String(buffer: description.initializeResult(version: .v2025_06_18)))
    #expect(initialized["protocolVersion"] == "2025-06-18" && initialized["resultType"] == nil)
    #expect(initialized["serverInfo"] == ["name": "fixture", "version": "1"])
  }
}

/// Notifications that a handler sent.
final class Heard: Sendable {
  private let heard = Mutex<[ByteBuffer]>([])
  func add(_ message: ByteBuffer) { heard.withLock { $0.append(message) } }
  var messages: [JSONValue] { heard.withLock { $0 }.compactMap { try? JSONValue(parsing: String(buffer: $0)) } }
}
