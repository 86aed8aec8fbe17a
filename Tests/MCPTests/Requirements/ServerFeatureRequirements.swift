import JSON
import MCP
import NIOCore
import Testing

/// What the pages under server/ ask of a server.
@Suite("Requirements of server features")
struct ServerFeatureRequirements {
  @Test("Lists are the same on every connection and whatever was asked before", arguments: [Era.modern, .legacy])
  func stableLists(_ era: Era) async throws {
    let fixture = try ServerFixture()
    for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
      let first = try await fixture.ask(method, [:], era)
      for tool in ["add", "talk", "explode", "nope"] { _ = try await fixture.ask("tools/call", ["name": .string(tool)], era) }
      _ = try await fixture.ask("prompts/get", ["name": "greet", "arguments": ["who": "Ann"]], era, capabilities: ["sampling": [:]])
      #expect(try await fixture.ask(method, [:], era, capabilities: ["elicitation": [:]]) == first, "\(method)")
    }
  }

  @Test("A feature is declared once there is something of it, and stays declared when that goes")
  func capabilities() async throws {
    let server = Server(name: "s", version: "1")
    func declared() async -> JSONValue { await server.describe(RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)).capabilities }
    var expected: JSONValue = ["logging": [:]]
    #expect(await declared() == expected)
    server.add(Tool(name: "t") { _ in ToolResult(text: "") })
    expected["tools"] = ["listChanged": true]
    #expect(await declared() == expected)
    server.removeTool("t")
    #expect(await declared() == expected)
    server.add(Prompt(name: "p") { _ in PromptResult([]) })
    expected["prompts"] = ["listChanged": true]
    #expect(await declared() == expected)
    server.add(Resource(uri: "test://r", name: "r") { _ in .text("") })
    expected["resources"] = ["subscribe": true, "listChanged": true]
    #expect(await declared() == expected)
    server.addCompletion(for: .prompt("p", argument: "a")) { _ in [] }
    expected["completions"] = [:]
    #expect(await declared() == expected)
  }

  @Test("Binary content is Base64 with its type, and an embedded resource has URI, type and content")
  func content() async throws {
    let bytes: [UInt8] = [0, 1, 2, 0xFE, 0xFF]
    let blocks: [Content] = [
      .image(bytes, mimeType: "image/png"), .audio(bytes, mimeType: "audio/wav"), .resource(.text("hello", mimeType: "text/plain", uri: "test://a")),
      .resource(.blob(bytes, mimeType: "application/x", uri: "test://b")),
    ]
    let expected: [JSONValue] = [
      ["type": "image", "data": "AAEC/v8=", "mimeType": "image/png"], ["type": "audio", "data": "AAEC/v8=", "mimeType": "audio/wav"],
      ["type": "resource", "resource": ["uri": "test://a", "mimeType": "text/plain", "text": "hello"]],
      ["type": "resource", "resource": ["uri": "test://b", "mimeType": "application/x", "blob": "AAEC/v8="]],
    ]
    let fixture = try ServerFixture()
    fixture.server.add(Tool(name: "blocks") { _ in ToolResult(blocks) })
    fixture.server.add(Prompt(name: "blocks") { _ in PromptResult(blocks.map { PromptResult.Message(.user, $0) }) })
    fixture.server.add(Resource(uri: "test://bytes", name: "bytes", mimeType: "application/x") { _ in .blob(bytes) })
    for era in [Era.modern, .legacy] {
      #expect(try await fixture.ask("tools/call", ["name": "blocks"], era)["content"]?.array == expected)
      #expect(try await fixture.ask("prompts/get", ["name": "blocks"], era)["messages"]?.array?.map { $0["content"] } == expected)
      let read = try await fixture.ask("resources/read", ["uri": "test://bytes"], era)
      #expect(read["contents"] == [["uri": "test://bytes", "mimeType": "application/x", "blob": "AAEC/v8="]])
    }
  }

  @Test("Tool names are told apart by case, and a second tool of a name takes the place of the first")
  func toolNames() async throws {
    let fixture = try ServerFixture()
    #expect(try await fixture.ask("tools/call", ["name": "ADD", "arguments": ["a": 1, "b": 1]])["error"]?["code"] == -32602)
    fixture.server.add(Tool(name: "ADD") { _ in ToolResult(text: "shouted") })
    #expect(try await fixture.ask("tools/call", ["name": "ADD"])["content"]?.array?.first?["text"] == "shouted")
    fixture.server.add(Tool(name: "ADD") { _ in ToolResult(text: "again") })
    let names = try await fixture.ask("tools/list")["tools"]?.array?.compactMap { $0["name"]?.string } ?? []
    #expect(names.count { $0 == "ADD" } == 1 && names.count { $0 == "add" } == 1)
    #expect(try await fixture.ask("tools/call", ["name": "ADD"])["content"]?.array?.first?["text"] == "again")
  }

  @Test("A tool without parameters has an object schema all the same")
  func noParameters() async throws {
    let tools = try await ServerFixture().ask("tools/list")["tools"]?.array ?? []
    #expect(!tools.isEmpty)
    for tool in tools { #expect(tool["inputSchema"]?["type"] == "object", "\(tool.text)") }
  }

  @Test("All pages of a list have one cache hint, which is never negative")
  func cacheHints() async throws {
    #expect(CacheHint(milliseconds: -5, scope: .private).milliseconds == 0)
    let fixture = try ServerFixture(pageSize: 3)
    var hints: Set<String> = []
    var params: JSONValue = [:]
    var pages = 0
    repeat {
      let page = try await fixture.ask("tools/list", params)
      hints.insert("\(page["ttlMs"]?.text ?? "-") \(page["cacheScope"]?.text ?? "-")")
      pages += 1
      params = page["nextCursor"].map { ["cursor": $0] } ?? [:]
    } while params["cursor"] != nil && pages < 10
    #expect(pages == 3 && hints == ["300 \"public\""])
  }

  @Test(
    "What is cacheable says for how long and for whom",
    arguments: ["server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"])
  func cacheable(_ method: String) async throws {
    let result = try await ServerFixture().ask(method, ["uri": "test://static"])
    #expect(result["ttlMs"]?.int.map { $0 >= 0 } == true)
    #expect(["public", "private"].contains(result["cacheScope"]?.string ?? ""))
  }

  @Test(
    "A resource that is not there is an error, never empty contents", arguments: ["test://nope", "", "test://item//data", "no uri at all", "file:///../../etc/passwd"])
  func missingResource(_ uri: String) async throws {
    for era in [Era.modern, .legacy] {
      let answer = try await ServerFixture().ask("resources/read", ["uri": .string(uri)], era)
      #expect(answer["error"]?["code"] == (era == .modern ? -32602 : -32002) && answer["contents"] == nil)
    }
  }

  @Test("Completion without the capability is an unknown method", arguments: [Era.modern, .legacy])
  func completionNotOffered(_ era: Era) async throws {
    let server = Server(name: "s", version: "1")
    server.add(Prompt(name: "p", arguments: [Prompt.Argument("a")]) { _ in PromptResult([]) })
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "completion/complete",
      "params": ["ref": ["type": "ref/prompt", "name": "p"], "argument": ["name": "a", "value": ""]],
    ]
    let context = RequestContext(client: ClientDescription(version: era == .modern ? .v2026_07_28 : .v2025_11_25), transport: .inProcess)
    guard case .failure(let error, _) = await server.handle(try Envelope(request.raw), context) else {
      Issue.record("it was answered")
      return
    }
    #expect(error.code == .methodNotFound)
  }

  @Test(
    "Completion inputs are validated",
    arguments: [
      "{}", "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"}}",
      "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"nope\"},\"argument\":{\"name\":\"who\",\"value\":\"\"}}",
      "{\"ref\":{\"type\":\"other\"},\"argument\":{\"name\":\"who\",\"value\":\"\"}}",
      "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"},\"argument\":{\"name\":\"who\",\"value\":5}}",
      "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"},\"argument\":{\"name\":\"who\",\"value\":\"\"},\"context\":{\"arguments\":{\"x\":1}}}",
      "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"test://none/{x}\"},\"argument\":{\"name\":\"x\",\"value\":\"\"}}",
    ])
  func completionInputs(_ params: String) async throws {
    for era in [Era.modern, .legacy] {
      #expect(try await ServerFixture().ask("completion/complete", try JSONValue(parsing: params), era)["error"]?["code"] == -32602)
    }
  }
}
