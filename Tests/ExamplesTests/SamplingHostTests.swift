import Testing

@Suite("The example sampling-host", .timeLimit(.minutes(2)))
struct SamplingHostTests {
  private static let host = ExampleProgram("sampling-host")
  private static let server = ExampleProgram("elicitation-server")

  @Test("the model uses the server's tool and answers, over both transports", arguments: Way.allCases)
  func answers(_ way: Way) async throws {
    let call = ["suggest_outing", "{\"city\": \"Ghent\"}", "--yes"]
    let outcome =
      switch way {
      case .stdio: try await Self.host.run(call + ["--", Self.server.path])
      case .http: try await Self.server.serving(["--port", "0"]) { try await Self.host.run(call + ["--url", $0]) }
      }
    #expect(outcome.status == 0)
    #expect(outcome.output == "Visit the river (Ghent: sun, 21 degrees).\n")
  }

  @Test("the user sees both, each way, and lets them pass")
  func review() async throws {
    let outcome = try await Self.host.run(["suggest_outing", "{\"city\": \"Oslo\"}", "--", Self.server.path], input: "y\ny\ny\ny\n")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("tools: look_up_weather"))
    #expect(outcome.output.contains("use look_up_weather {\"city\":\"Oslo\"}"))
    #expect(outcome.output.contains("result Oslo: rain, 12 degrees"))
    #expect(outcome.output.hasSuffix("Visit a museum (Oslo: rain, 12 degrees).\n"))
  }

  @Test("without a yes nothing goes to the model, nor to the server", arguments: ["n\n", "", "y\nn\n"])
  func refusal(_ input: String) async throws {
    let outcome = try await Self.host.run(["suggest_outing", "{\"city\": \"Oslo\"}", "--", Self.server.path], input: input)
    #expect(outcome.status != 0)
    #expect(!outcome.output.contains("Visit"))
  }
}
