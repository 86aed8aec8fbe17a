import JSON
import MCP
import MCPHTTP

/// A server made with the SDK whose tools ask their caller, in whichever era it is served.
enum AskingUpstream {
  static let form = ElicitationForm(.string("name"))

  /// - Parameter reached: counts how often `order` had its effect.
  static func server(reached: Tally = Tally(), cancelled: Tally = Tally()) -> Server {
    let server = Server(name: "asking", version: "1")
    func add(_ name: String, _ work: @escaping @Sendable (ToolCall) async throws -> ToolResult) {
      server.add(Tool(name: name, inputSchema: ["type": "object"], annotations: SDKUpstream.reading, run: work))
    }
    add("greet") { call in
      let answer = try await call.elicit("What is your name?", form, key: "name")
      return ToolResult(text: answer.isAccepted ? "hello \(answer["name"]?.string ?? "")" : "\(answer.action.rawValue)d")
    }
    add("twice") { call in
      let first = try await call.elicit("First?", form, key: "first")
      let second = try await call.elicit("Second?", form, key: "second")
      return ToolResult(text: "\(first["name"]?.string ?? "") \(second["name"]?.string ?? "")")
    }
    add("think") { call in ToolResult(text: try await call.sample("Say something", maxTokens: 10, key: "thought").text) }
    add("look") { call in ToolResult(text: try await call.roots(key: "roots").map(\.uri).joined(separator: " ")) }
    add("visit") { call in
      ToolResult(text: try await call.elicit("Please sign in", url: "https://sign-in.example/a", key: "page").action.rawValue)
    }
    add("leak") { call in
      let answer = try await call.elicit("Is this theirs: ada.andersen@copperpeak-foods.example.com?", form, key: "leak")
      return ToolResult(text: answer.action.rawValue)
    }
    add("long") { call in
      let answer = try await call.elicit(String(repeating: "long ", count: 20_000), form, key: "long")
      return ToolResult(text: answer.action.rawValue)
    }
    add("maybe") { call in
      guard call.canAsk(ListRoots()) else { return ToolResult(text: "not asked") }
      return ToolResult(text: "asked \(try await call.roots(key: "roots").count)")
    }
    add("order") { call in
      _ = try await call.once("order") {
        reached.add()
        return true
      }
      do {
        _ = try await call.elicit("Sure?", form, key: "sure")
      } catch {
        if call.context.era == .legacy { cancelled.add() }
        throw error
      }
      return ToolResult(text: "ordered")
    }
    return server
  }

  static func versions(_ era: Era) -> [ProtocolVersion] { era == .modern ? [.v2026_07_28] : [.v2025_11_25, .v2025_06_18] }
}

/// Handlers of a client that answers everything, and what it was asked.
struct Answers: Sendable {
  let asked = Seen<String>()
  var name = "Ada"

  var handlers: ClientHandlers {
    let (asked, name) = (asked, name)
    return ClientHandlers(
      form: { form in
        asked.add(form.message)
        return .accept(["name": .string(name)])
      },
      url: { page in
        asked.add(page.url)
        return .accept
      },
      sampling: { request in
        asked.add(request.messages.first?.text ?? "")
        return SamplingResult(text: "something", model: "test")
      },
      roots: { [Root(uri: "file:///work", name: "work")] })
  }
}

extension GatewayUnderTest {
  /// A client made with the SDK, in the name of `user`, that speaks one era.
  func sdk(_ user: String, _ era: Era, _ handlers: ClientHandlers) async throws -> Client {
    let token = try await client(user).token ?? ""
    return Client(
      .http("http://127.0.0.1:\(port)/mcp", bearer: token), handlers: handlers,
      settings: Client.Settings(versions: AskingUpstream.versions(era)))
  }

  /// The outcome leaves of calls of `tool`.
  func outcomes(of tool: String) throws -> [JSONValue] {
    let leaves = try leaves()
    let exchanges = Set(leaves.of("intent").filter { $0["what"]?["name"]?.string == tool }.compactMap { $0["exchange"]?.string })
    return leaves.of("outcome").filter { exchanges.contains($0["exchange"]?.string ?? "") }
  }
}

/// Serves the asking server in one era behind a gateway.
func withAskingGateway<R: Sendable>(
  _ era: Era, server: Server = AskingUpstream.server(), settings: JSONObject = [:], policies: String? = nil,
  _ body: @Sendable (GatewayUnderTest) async throws -> R
) async throws -> R {
  try await withUpstream(server, versions: AskingUpstream.versions(era)) { port in
    var configuration = TestConfiguration()
    configuration.add("asking", port: port, settings)
    if let policies { configuration.policies = policies }
    return try await withGateway(configuration, body)
  }
}
