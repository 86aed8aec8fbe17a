import JSON
import MCP
import MCPHTTP
import Testing

@testable import SluiceKit

/// A call that stays open at a legacy upstream while a modern client gathers the answers.
@Suite("Calls that wait for modern clients", .timeLimit(.minutes(2)))
struct SuspendedCallTests {
  private static let capabilities: JSONObject = [MetaKey.clientCapabilities: ["elicitation": ["form": [:]]]]

  private func call(_ client: MCPClient, _ tool: String, _ more: JSONObject = [:], arguments: JSONValue = ["a": 1]) async throws -> Reply {
    var params: JSONObject = ["name": .string(tool), "arguments": arguments]
    for (name, value) in more { params[name] = value }
    return try await client.modern("tools/call", .object(params), meta: Self.capabilities)
  }

  private func answer(_ question: Reply, _ content: JSONValue = ["action": "accept", "content": ["name": "Ada"]]) throws -> JSONObject {
    let key = try #require(question.result?["inputRequests"]?.object?.first { _ in true }?.name)
    return ["requestState": .string(try #require(question.result?["requestState"]?.string)), "inputResponses": [key: content]]
  }

  @Test("the same call goes on with the answer; it is not sent again")
  func once() async throws {
    let reached = Tally()
    try await withAskingGateway(.legacy, server: AskingUpstream.server(reached: reached)) { gateway in
      let ada = try await gateway.client("ada")
      let question = try await call(ada, "asking__order")
      #expect(question.result?["resultType"] == "input_required", "\(question.text)")
      let key = try #require(question.result?["inputRequests"]?.object?.first { _ in true })
      #expect(key.name.hasPrefix("asking/"))
      #expect(key.value["method"] == "elicitation/create")
      #expect(key.value["params"]?["message"] == "Sure?")
      let done = try await call(ada, "asking__order", answer(question))
      #expect(done.content == "ordered", "\(done.text)")
      #expect(reached.count == 1)

      let again = try await call(ada, "asking__order", answer(question))
      #expect(again.code == "call_lost", "\(again.text)")
      #expect(again.content.contains("check before you send it again"))
      #expect(reached.count == 1, "nothing is repeated")
    }
  }

  @Test("nobody else can answer, nor for another tool or other arguments; and the question stays open")
  func bound() async throws {
    try await withAskingGateway(.legacy) { gateway in
      let (ada, bob) = (try await gateway.client("ada"), try await gateway.client("bob"))
      let question = try await call(ada, "asking__greet")
      let given = try answer(question)
      for reply in [
        try await call(bob, "asking__greet", given), try await call(ada, "asking__order", given),
        try await call(ada, "asking__greet", given, arguments: ["a": 2]),
      ] {
        #expect(reply.code == "invalid_state", "\(reply.text)")
      }
      #expect(try await call(ada, "asking__greet", given).content == "hello Ada")
    }
  }

  @Test("what is not answered, or not with an answer, is asked again")
  func incomplete() async throws {
    try await withAskingGateway(.legacy) { gateway in
      let ada = try await gateway.client("ada")
      let first = try await call(ada, "asking__greet")
      let second = try await call(ada, "asking__greet", ["requestState": first.result?["requestState"] ?? .null])
      #expect(second.result?["inputRequests"] == first.result?["inputRequests"])
      let third = try await call(ada, "asking__greet", answer(second, ["nonsense": true]))
      #expect(third.result?["inputRequests"] == first.result?["inputRequests"], "\(third.text)")
      #expect(try await call(ada, "asking__greet", answer(third)).content == "hello Ada")
    }
  }

  @Test("after a restart the client learns that the call is lost")
  func restart() async throws {
    let reached = Tally()
    try await withUpstream(AskingUpstream.server(reached: reached), versions: AskingUpstream.versions(.legacy)) { port in
      var configuration = TestConfiguration()
      configuration.add("asking", port: port)
      try await withDirectory { [configuration] state in
        let (token, given) = try await withGateway(configuration.parsed(state: state)) { gateway in
          let ada = try await gateway.client("ada")
          return (ada.token, try answer(try await call(ada, "asking__order")))
        }
        try await withGateway(configuration.parsed(state: state)) { gateway in
          let reply = try await call(gateway.stranger.with(token: token), "asking__order", given)
          #expect(reply.code == "call_lost", "\(reply.text)")
          #expect(reached.count == 1)
        }
      }
    }
  }

  @Test("one person cannot keep any number of calls open")
  func many() async throws {
    try await withAskingGateway(.legacy) { gateway in
      let ada = try await gateway.client("ada")
      var codes: [String?] = []
      for number in 0..<17 { codes.append(try await call(ada, "asking__greet", arguments: ["a": .int(number)]).code) }
      #expect(codes.prefix(16).allSatisfy { $0 == nil })
      #expect(codes.last == "limited")
      // Others have room of their own.
      #expect(try await call(gateway.client("bob"), "asking__greet").result?["resultType"] == "input_required")
    }
  }
}
