import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// What 2025-11-25, client/elicitation, asks of the error for pages that must be visited first.
@Suite("Requirements of the error for pages to visit")
struct URLErrorRequirements {
  private static let page = URLElicitation(message: "Sign in at Example Co.", url: "https://mcp.example.com/connect", elicitationID: "visit-7")
  private static let visit: JSONValue = [
    "mode": "url", "message": "Sign in at Example Co.", "url": "https://mcp.example.com/connect", "elicitationId": "visit-7",
  ]
  private static let visitor: JSONValue = ["elicitation": ["url": [:]]]

  // MARK: Servers

  /// Its tool and its prompt want a page visited each time.
  private static let server: Server = {
    let server = Server(name: "s", version: "1")
    server.add(Tool(name: "t") { _ in throw RPCError.urlElicitationRequired([page]) })
    server.add(Tool(name: "nowhere") { _ in throw RPCError.urlElicitationRequired([]) })
    server.add(Prompt(name: "p") { _ in throw RPCError.urlElicitationRequired([page]) })
    return server
  }()

  private static func ask(
    _ method: String = "tools/call", _ params: JSONValue = ["name": "t"], version: ProtocolVersion, capabilities: JSONValue
  ) async throws -> JSONValue {
    let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
    let context = RequestContext(client: ClientDescription(version: version, capabilities: capabilities.raw), transport: .inProcess)
    switch await server.handle(try Envelope(request.raw), context) {
    case .result(let result): return try JSONValue(parsing: String(buffer: result))
    case .failure(let error, _):
      return ["error": ["code": .int(error.code.rawValue), "message": .string(error.message), "data": error.data ?? .null]]
    }
  }

  @Test("A tool that needs pages visited is refused with -32042, which lists them as URL elicitations with their ids")
  func refusal() async throws {
    let answer = try await Self.ask(version: .v2025_11_25, capabilities: Self.visitor)
    #expect(answer["error"]?["code"] == -32042)
    #expect(answer["error"]?["data"]?["elicitations"] == [Self.visit])
    // Without an id of its own a page has one all the same.
    let error = RPCError.urlElicitationRequired([URLElicitation(message: "Pay", url: "https://pay.example.com")])
    #expect(error.data?["elicitations"]?.array?.first?["elicitationId"]?.string?.isEmpty == false)
    #expect(error.requiredElicitations.map(\.url) == ["https://pay.example.com"])
  }

  @Test(
    "A client that can visit no page, or knows no such error, is told in words and not by -32042",
    arguments: [
      (.v2025_11_25, "{}"), (.v2025_11_25, "{\"elicitation\":{}}"), (.v2025_11_25, "{\"elicitation\":{\"form\":{}}}"),
      (.v2025_06_18, "{\"elicitation\":{\"url\":{}}}"),
    ] as [(ProtocolVersion, String)])
  func unable(_ version: ProtocolVersion, _ capabilities: String) async throws {
    let answer = try await Self.ask(version: version, capabilities: try JSONValue(parsing: capabilities))
    #expect(answer["isError"] == true && answer["error"] == nil)
  }

  @Test("An error -32042 that names no page is a fault of the server's")
  func nowhere() async throws {
    let answer = try await Self.ask("tools/call", ["name": "nowhere"], version: .v2025_11_25, capabilities: Self.visitor)
    #expect(answer["isError"] == true && answer["error"] == nil)
  }

  @Test("A modern client is asked for the visit, once, and is never told -32042")
  func modern() async throws {
    let first = try await Self.ask(version: .latest, capabilities: Self.visitor)
    #expect(first["resultType"] == "input_required")
    let key = try #require(first["inputRequests"]?.object?.map(\.name).first)
    let params: JSONValue = ["mode": "url", "message": "Sign in at Example Co.", "url": "https://mcp.example.com/connect"]
    #expect(first["inputRequests"]?[key] == ["method": "elicitation/create", "params": params])
    var retry: JSONValue = ["name": "t"]
    retry["requestState"] = first["requestState"]
    retry["inputResponses"] = [key: ["action": "accept"]]
    let second = try await Self.ask("tools/call", retry, version: .latest, capabilities: Self.visitor)
    #expect(second["resultType"] == "complete" && second["isError"] == true)
    let unable = try await Self.ask(version: .latest, capabilities: [:])
    #expect(unable["error"]?["code"] == -32021)
    let prompt = try await Self.ask("prompts/get", ["name": "p"], version: .latest, capabilities: Self.visitor)
    #expect(prompt["error"]?["code"] == -32603)
  }

  // MARK: Clients

  /// A script that refuses so many calls with these elicitations, and answers the later ones.
  private static func refusing(_ times: Int, _ elicitations: JSONValue) -> ScriptedServer.Script {
    let calls = Mutex(0)
    return { _, _ in
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      guard call > times else { throw RPCError(.urlElicitationRequired, "First sign in.", data: ["elicitations": elicitations]) }
      return ["content": [["type": "text", "text": "done"]]]
    }
  }

  @Test("What a legacy server refuses until pages are visited is put to the user, and sent once more when every visit is accepted")
  func retried() async throws {
    let shown = Mutex<[URLElicitation]>([])
    let server = ScriptedServer.legacy("2025-11-25", Self.refusing(1, [Self.visit, Self.visit]))
    let handlers = ClientHandlers(
      url: { page in
        shown.withLock { $0.append(page) }
        return ElicitationResult(.accept)
      })
    let client = Client(server.transport, handlers: handlers)
    #expect(try await client.callTool("t", ["x": 1]).text == "done")
    #expect(shown.withLock { $0 } == [Self.page, Self.page])
    let calls = server.messages.filter { $0["method"] == "tools/call" }
    try #require(calls.count == 2)
    #expect(calls[0]["params"] == calls[1]["params"] && calls[0]["id"] != calls[1]["id"])
    await client.close()
  }

  @Test(
    "A refusal that no visit settles is thrown as it came",
    arguments: [("declined", 1, 1), ("refused again", 1, 2), ("a form", 0, 1), ("no page", 0, 1), ("no handler", 0, 1), ("a modern server", 0, 1)])
  func unsettled(_ how: String, _ visits: Int, _ calls: Int) async throws {
    let form: JSONValue = ["mode": "form", "message": "m", "requestedSchema": ["type": "object", "properties": [:]]]
    var elicitations: JSONValue = [Self.visit]
    if how == "declined" { elicitations = [Self.visit, Self.visit] }
    if how == "a form" { elicitations = [Self.visit, form] }
    if how == "no page" { elicitations = [] }
    let shown = Mutex(0)
    var handlers = ClientHandlers(
      form: { form in form.accept() },
      url: { _ in
        shown.withLock { $0 += 1 }
        return ElicitationResult(how == "declined" ? .decline : .accept)
      })
    if how == "no handler" { handlers.url = nil }
    let script = Self.refusing(3, elicitations)
    let server = how == "a modern server" ? ScriptedServer.modern(script) : ScriptedServer.legacy("2025-11-25", script)
    let client = Client(server.transport, handlers: handlers)
    do throws(ClientError) {
      _ = try await client.callTool("t")
      Issue.record("answered")
    } catch {
      guard case .server(let refusal) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(refusal.code.rawValue == -32042 && refusal.message == "First sign in." && refusal.data?["elicitations"] == elicitations)
    }
    #expect(shown.withLock { $0 } == visits)
    #expect(server.methods.filter { $0 == "tools/call" }.count == calls)
    await client.close()
  }
}
