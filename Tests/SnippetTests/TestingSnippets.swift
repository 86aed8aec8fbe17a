import MCPTesting
import MCPToolMacros
import Testing

// snippet: tested-server
@Tools struct Till {
  /// Adds up prices.
  /// - Parameter cents: What each thing costs.
  @Tool(.readOnly, .closedWorld) func total(cents: [Int]) -> Int { cents.reduce(0, +) }

  /// Takes money, once the customer has agreed.
  @Tool(.additive) func charge(cents: Int, call: ToolCall) async throws -> String {
    let answer = try await call.elicit("Pay \(cents) cents?", ElicitationForm(.boolean("yes")))
    return answer["yes"]?.bool == true ? "Paid." : "Not paid."
  }
}
// snippet end

@Suite("The snippets on testing", .timeLimit(.minutes(3)))
struct TestingSnippets {
  // snippet: every-wire
  @Test("adds up, over every transport and in both eras", arguments: Wire.all)
  func total(over wire: Wire) async throws {
    try await withClient(of: Server(name: "till", Till()), over: wire) { client in
      let total = try await client.callTool("total", ["cents": [120, 80]], returning: Int.self)
      #expect(total == 200)
    }
  }
  // snippet end

  // snippet: scripted-answers
  @Test("charges only who says yes", arguments: Wire.all)
  func charge(over wire: Wire) async throws {
    let answers = ScriptedAnswers(forms: [.accept(["yes": true]), .decline])
    try await withClient(of: Server(name: "till", Till()), over: wire, answers: answers) { client, recording in
      let (first, second) = (try await client.callTool("charge", ["cents": 200]), try await client.callTool("charge", ["cents": 200]))
      #expect(first.text == "Paid." && second.text == "Not paid.")
      #expect(recording.asked.count == 2)
    }
  }
  // snippet end

  // snippet: scripted-server
  @Test("a client copes with a server that has no such tool")
  func client() async throws {
    let server = ScriptedServer { request in
      request.method == .toolsList ? ["tools": []] : nil
    }
    try await withClient(of: server, over: .memory) { client in
      let tools = try await client.listTools()
      #expect(tools.isEmpty)
    }
    #expect(server.requests.contains { $0.method == .toolsList })
  }
  // snippet end

  // snippet: compatibility
  @Test("is a sound server")
  func compatibility() async throws {
    let report = try await Compatibility.report(
      on: Server(name: "till", Till()), samples: [ToolSample("total", ["cents": [1, 2]]), ToolSample("total", ["cents": "many"], fails: true)])
    try report.check()
  }
  // snippet end
}
