import JSON
import MCP
import MCPHTTP
import MCPToolMacros
import Synchronization
import Testing

@Suite("The snippets on clients")
struct ClientSnippets {
  private let weather = Server(name: "weather", Weather())

  @Test("listing and calling")
  func calling() async throws {
    let transport = ClientTransport.inProcess(weather)
    // snippet: calling
    let client = Client(transport)
    for try await tool in client.tools() { print(tool.name, tool.description ?? "") }

    let result = try await client.callTool("forecast", ["city": "Ghent", "days": 2])
    print(result.isError ? "It failed: \(result.text)" : result.text)

    let days = try await client.callTool("forecast", Query(city: "Ghent", days: 2), returning: [Day].self)
    await client.close()
    // snippet end
    #expect(days.count == 2)
  }

  @Test("options")
  func options() async throws {
    let client = Client(.inProcess(weather))
    // snippet: options
    let options = RequestOptions(
      timeout: .seconds(10), maximumTimeout: .seconds(120), logLevel: .warning,
      onProgress: { progress in print("\(progress.progress) of \(progress.total ?? 0)") },
      onLog: { message in print(message.level, message.data) })
    let result = try await client.callTool("forecast", ["city": "Ghent", "days": 7], options: options)
    // snippet end
    #expect(!result.isError)
  }

  @Test("resources and changes", .timeLimit(.minutes(1)))
  func changes() async throws {
    let client = Client(.inProcess(weather))
    let tell = Task { [weather] in
      while !Task.isCancelled {
        weather.notifyResourceUpdated("weather://units")
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    // snippet: changes
    let units = try await client.readResource("weather://units")
    let changes = try await client.subscribe(to: .resources("weather://units"))
    for await change in changes {
      print("changed: \(change)")
      break
    }
    // snippet end
    tell.cancel()
    #expect(units.contents.count == 1)
  }

  @Test("errors")
  func errors() async throws {
    let client = Client(.inProcess(weather))
    let seen = Mutex<[String]>([])
    func say(_ text: String) { seen.withLock { $0.append(text) } }
    // snippet: errors
    do {
      let days = try await client.callTool("forecast", ["city": "Atlantis"], returning: [Day].self)
      say("\(days.count) days")
    } catch let failure as ToolFailure {
      // The tool ran and says what is wrong, in words for a model.
      say("tool: \(failure)")
    } catch let error as ClientError {
      switch error {
      case .server(let refusal): say("the server refuses: \(refusal)")
      case .wire(let problem): say("no answer: \(problem)")
      case .input(let reason): say("a question stayed open: \(reason)")
      }
    }
    // snippet end
    #expect(seen.withLock { $0 } == ["tool: No city is called Atlantis."])
  }

  @Test("transports are made without connecting")
  func transports() {
    // snippet: transports
    let program = ClientTransport.stdio("weather-server", ["--verbose"], environment: ["UNITS": "metric"])
    let endpoint = ClientTransport.http("https://mcp.example.com/mcp", bearer: "secret")
    let direct = ClientTransport.inProcess(Server(name: "weather", Weather()))
    // snippet end
    for transport in [program, endpoint, direct] { _ = transport }
  }

  @Test("handlers for what servers ask")
  func handlers() async throws {
    let transport = ClientTransport.inProcess(weather)
    // snippet: handlers
    let handlers = ClientHandlers(
      form: { form in form.accept(["city": "Ghent"]) },
      url: { page in page.url.hasPrefix("https://trusted.example.com/") ? .accept : .decline },
      sampling: { request in SamplingResult(text: "Sunny.", model: "my-model") },
      roots: { [Root(uri: "file:///home/ada/project", name: "project")] })
    let client = Client(transport, handlers: handlers)
    // snippet end
    #expect(try await client.listTools().count == 1)
  }
}

private struct Query: Encodable, Sendable { var city: String, days: Int }
private struct Day: Decodable { var number: Int }

@Tools private struct Weather {
  @ToolInput struct Day { var number: Int }

  /// Forecasts.
  @Tool(.readOnly) func forecast(city: String, days: Int = 1, call: ToolCall) async throws -> [Day] {
    guard city != "Atlantis" else { throw ToolError("No city is called Atlantis.") }
    await call.progress(1, total: 1)
    return (0..<days).map { Day(number: $0) }
  }

  @Resource("weather://units") func units() -> String { "metric" }
}
