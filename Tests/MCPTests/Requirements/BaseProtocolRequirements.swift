import JSON
import MCP
import NIOCore
import Testing

/// What 2026-07-28 basic/index and its legacy counterpart ask of any message.
@Suite("Requirements of the base protocol")
struct BaseProtocolRequirements {
  @Test(
    "A message is JSON-RPC 2.0, its id a string or an integer",
    arguments: [
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", nil), ("{\"jsonrpc\":\"2.0\",\"id\":-1,\"method\":\"tools/list\"}", nil),
      ("{\"jsonrpc\":\"2.0\",\"id\":\"\",\"method\":\"tools/list\"}", nil), ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", nil),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", nil), ("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"m\"}}", nil),
      ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"tools/list\"}", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"tools/list\"}", -32600),
      ("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"tools/list\"}", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"tools/list\"}", -32600),
      ("{\"id\":1,\"method\":\"tools/list\"}", -32600), ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"tools/list\"}", -32600),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":3}", -32600),
      ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"result\":{}}", -32600), ("[1]", -32600), ("{", -32700),
    ] as [(String, Int?)])
  func messages(_ text: String, _ code: Int?) {
    var refused: Int?
    do { _ = try Envelope(scanning: ByteBuffer(string: text)) } catch { refused = error.code.rawValue }
    #expect(refused == code)
  }

  @Test("Every modern result says its type and which server made it")
  func results() async throws {
    let fixture = try ServerFixture()
    let requests: [(String, JSONValue)] = [
      ("server/discover", [:]), ("tools/list", [:]), ("resources/list", [:]), ("resources/templates/list", [:]), ("prompts/list", [:]),
      ("tools/call", ["name": "talk"]), ("tools/call", ["name": "explode"]), ("resources/read", ["uri": "test://static"]),
      ("prompts/get", ["name": "greet", "arguments": ["who": "Ann"]]),
      ("completion/complete", ["ref": ["type": "ref/prompt", "name": "greet"], "argument": ["name": "who", "value": ""]]),
    ]
    for (method, params) in requests {
      let result = try await fixture.ask(method, params)
      #expect(result["resultType"] == "complete", "\(method)")
      #expect(result["_meta"]?[MetaKey.serverInfo]?["name"] == "fixture", "\(method)")
    }
  }

  @Test("Every error has an integer for a code and a message", arguments: [Era.modern, .legacy])
  func errors(_ era: Era) async throws {
    let fixture = try ServerFixture()
    let requests: [(String, JSONValue)] = [
      ("no/such", [:]), ("tools/call", [:]), ("tools/call", ["name": "nope"]), ("tools/call", ["name": "refuse"]), ("tools/call", ["name": "needs_sampling"]),
      ("tools/list", ["cursor": 1]), ("resources/read", ["uri": "test://nope"]), ("prompts/get", ["name": "nope"]), ("completion/complete", [:]),
    ]
    for (method, params) in requests {
      // Legacy revisions have no code for a missing capability: there the tool says it.
      if era == .legacy, params["name"] == "needs_sampling" { continue }
      let error = try await fixture.ask(method, params, era)["error"]
      #expect(error?["code"]?.int != nil && error?["message"]?.string?.isEmpty == false, "\(method) \(params.text)")
    }
    let response = try JSONValue(parsing: String(buffer: Message.error(RPCError(.invalidParams, "No."), id: JSONValue.int(7).raw)))
    #expect(response == ["jsonrpc": "2.0", "id": 7, "error": ["code": -32602, "message": "No."]])
  }

  @Test("An internal error tells nothing but that it is one", arguments: [Era.modern, .legacy])
  func internalErrors(_ era: Era) async throws {
    struct Broken: Error {}
    let fixture = try ServerFixture()
    fixture.server.add(Prompt(name: "broken") { _ in throw Broken() })
    fixture.server.add(Resource(uri: "test://broken", name: "broken") { _ in throw Broken() })
    fixture.server.addCompletion(for: .prompt("greet", argument: "tone")) { _ in throw Broken() }
    let completion: JSONValue = ["ref": ["type": "ref/prompt", "name": "greet"], "argument": ["name": "tone", "value": ""]]
    let requests: [(String, JSONValue)] = [
      ("prompts/get", ["name": "broken"]), ("resources/read", ["uri": "test://broken"]), ("completion/complete", completion),
    ]
    for (method, params) in requests {
      #expect(try await fixture.ask(method, params, era)["error"] == ["code": -32603, "message": "Internal error"], "\(method)")
    }
  }

  @Test("What a client says of its name changes nothing")
  func clientInfo() async throws {
    let server = try ServerFixture().server
    var answers: Set<String> = []
    for info: JSONValue in [["name": "a", "version": "1"], ["name": "admin", "version": "99", "title": "Trusted"], ["name": "", "version": ""]] {
      for method in ["tools/list", "resources/list", "server/discover"] {
        let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method)]
        let context = RequestContext(client: ClientDescription(version: .latest, info: info.raw), transport: .inProcess)
        guard case .result(let result) = await server.handle(try Envelope(request.raw), context) else {
          Issue.record("\(method) failed")
          continue
        }
        answers.insert(String(buffer: result))
      }
    }
    #expect(answers.count == 3, "one answer a method")
  }

  @Test("Reserved keys of _meta that nobody knows are passed over, whatever they hold", arguments: ["7", "null", "{\"x\":[]}", "\"text\""])
  func reservedKeys(_ value: String) async throws {
    let meta: JSONValue = ["io.modelcontextprotocol/unheardOf": try JSONValue(parsing: value), "mcp.example/x": 1]
    let result = try await ServerFixture().ask("tools/call", ["name": "add", "arguments": ["a": 1, "b": 2], "_meta": meta])
    #expect(result["structuredContent"] == ["sum": 3])
  }

  @Test(
    "The keys of _meta are a prefix of dotted labels and a name",
    arguments: [
      MetaKey.protocolVersion, MetaKey.clientInfo, MetaKey.clientCapabilities, MetaKey.logLevel, MetaKey.serverInfo, MetaKey.subscriptionID,
      MetaKey.progressToken, MetaKey.rows, MetaKey.clearance, MetaKey.records, MetaKey.categories,
    ])
  func keys(_ key: String) throws {
    let label = "[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    let grammar = try Regex("(?:\(label)(?:\\.\(label))*/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
    #expect(key.wholeMatch(of: grammar) != nil)
    // In reverse order of DNS: the top-level domain first.
    if key.contains("/") { #expect(key.hasPrefix("io.modelcontextprotocol/") || key.hasPrefix("dev.sluice/")) }
  }

  @Test("What a server says of itself is a notification without an id")
  func notifications() async throws {
    let heard = Heard()
    _ = try await ServerFixture().ask("tools/call", ["name": "talk", "_meta": [MetaKey.logLevel: "debug", MetaKey.progressToken: 1]]) { heard.add($0) }
    #expect(heard.messages.count == 3)
    for message in heard.messages { #expect(message["id"] == nil && message["jsonrpc"] == "2.0" && message["params"]?.object != nil) }
    for change: ServerChange in [.toolsListChanged, .promptsListChanged, .resourcesListChanged, .resourceUpdated(uri: "u:1")] {
      let message = try JSONValue(parsing: String(buffer: change.notification()))
      #expect(message["id"] == nil && message["method"]?.string?.hasPrefix("notifications/") == true)
    }
  }
}
