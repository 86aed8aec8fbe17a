import JSON
import MCP
import MCPHTTP
import Testing

@testable import SluiceKit

/// What an upstream asks on its way to the caller and back, whichever eras the two speak.
@Suite("Questions of upstreams across eras", .timeLimit(.minutes(3)))
struct QuestionTests {
  struct Eras: Sendable, CustomTestStringConvertible {
    let upstream: Era
    let client: Era
    var testDescription: String { "\(upstream) upstream, \(client) client" }
    static let all: [Eras] = [Era.modern, .legacy].flatMap { upstream in [Era.modern, .legacy].map { Eras(upstream: upstream, client: $0) } }
  }

  @Test("forms, pages, samples and roots reach the caller, and the answers reach the upstream", arguments: Eras.all)
  func kinds(eras: Eras) async throws {
    try await withAskingGateway(eras.upstream) { gateway in
      let answers = Answers()
      let client = try await gateway.sdk("ada", eras.client, answers.handlers)
      #expect(try await client.callTool("asking__greet").text == "hello Ada")
      #expect(try await client.callTool("asking__twice").text == "Ada Ada")
      #expect(try await client.callTool("asking__think").text == "something")
      #expect(try await client.callTool("asking__look").text == "file:///work")
      #expect(try await client.callTool("asking__visit").text == "accept")
      #expect(try await client.callTool("asking__maybe").text == "asked 1")
      #expect(answers.asked.all == ["What is your name?", "First?", "Second?", "Say something", "https://sign-in.example/a"])
      await client.close()

      let leaves = try gateway.outcomes(of: "asking__greet")
      let questions = leaves.flatMap { $0["questions"]?.array ?? [] }
      #expect(questions.last == ["method": "elicitation/create", "answer": "accept"], "\(leaves)")
      if eras.client == .modern {
        #expect(leaves.map { $0["result"]?.string } == ["input_required", "ok"])
        #expect(questions.first?["answer"] == "pending")
        #expect(leaves.last?["continues"] == leaves.first?["exchange"])
      } else {
        #expect(leaves.map { $0["result"]?.string } == ["ok"])
      }
      #expect(try !gateway.leaves().contains { $0.text.contains("Ada") }, "the log says that there was an answer, not which")
    }
  }

  @Test("a person may decline", arguments: Eras.all)
  func declined(eras: Eras) async throws {
    try await withAskingGateway(eras.upstream) { gateway in
      let client = try await gateway.sdk("ada", eras.client, ClientHandlers(form: { _ in .decline }))
      #expect(try await client.callTool("asking__greet").text == "declined")
      await client.close()
      #expect(try gateway.outcomes(of: "asking__greet").last?["questions"]?.array?.last?["answer"] == "decline")
    }
  }

  @Test("the time that a person takes is not the upstream's", arguments: Eras.all)
  func slowPeople(eras: Eras) async throws {
    try await withAskingGateway(eras.upstream, settings: ["timeout_seconds": 6, "retries": 0]) { gateway in
      let handlers = ClientHandlers(form: { _ in
        try await Task.sleep(for: .milliseconds(7500))
        return .accept(["name": "late"])
      })
      let client = try await gateway.sdk("ada", eras.client, handlers)
      #expect(try await client.callTool("asking__greet").text == "hello late")
      await client.close()
    }
  }

  @Test("nobody is asked what their client cannot answer", arguments: Eras.all)
  func incapable(eras: Eras) async throws {
    try await withAskingGateway(eras.upstream) { gateway in
      let asked = Seen<String>()
      // It can answer forms, and nothing else.
      let handlers = ClientHandlers(form: { form in
        asked.add(form.message)
        return .accept(["name": "x"])
      })
      let client = try await gateway.sdk("ada", eras.client, handlers)
      for tool in ["think", "look", "visit"] {
        let isRefused: Bool
        do { isRefused = try await client.callTool("asking__\(tool)").isError } catch { isRefused = true }
        #expect(isRefused, "\(tool)")
      }
      await client.close()
      // And nothing at all.
      let mute = try await gateway.sdk("ada", eras.client, ClientHandlers())
      let isRefused: Bool
      do { isRefused = try await mute.callTool("asking__greet").isError } catch { isRefused = true }
      #expect(isRefused)
      await mute.close()
      #expect(asked.all.isEmpty)
    }
  }

  @Test("an operator can keep an upstream from asking", arguments: Eras.all)
  func forbidden(eras: Eras) async throws {
    try await withAskingGateway(eras.upstream, settings: ["may_ask": ["sampling"]]) { gateway in
      let answers = Answers()
      let client = try await gateway.sdk("ada", eras.client, answers.handlers)
      #expect(try await client.callTool("asking__think").text == "something")
      #expect(try await client.callTool("asking__maybe").text == "not asked", "the upstream is told so before it asks")
      let isRefused: Bool
      do { isRefused = try await client.callTool("asking__greet").isError } catch { isRefused = true }
      #expect(isRefused)
      #expect(answers.asked.all == ["Say something"])
      await client.close()
    }
  }

  @Test("the texts of questions are screened like results, and are bounded", arguments: Eras.all)
  func screened(eras: Eras) async throws {
    let policies = """
      permit (principal in Role::"reader", action, resource) unless { action == Action::"reveal" };
      """
    try await withAskingGateway(eras.upstream, policies: policies) { gateway in
      let answers = Answers()
      let client = try await gateway.sdk("ada", eras.client, answers.handlers)
      #expect(try await client.callTool("asking__leak").text == "accept")
      let isRefused: Bool
      do { isRefused = try await client.callTool("asking__long").isError } catch { isRefused = true }
      #expect(isRefused, "a question of 100 KB is not asked")
      #expect(answers.asked.all == ["Is this theirs: [email]?"])
      await client.close()
    }
  }

  @Test("where a legacy client takes its call back, the upstream's question ends, and the log says so")
  func cancelled() async throws {
    let (reached, cancelled) = (Tally(), Tally())
    try await withAskingGateway(.legacy, server: AskingUpstream.server(reached: reached, cancelled: cancelled)) { gateway in
      let asked = Tally()
      let handlers = ClientHandlers(form: { _ in
        asked.add()
        try await Task.sleep(for: .seconds(20))
        return .cancel
      })
      let client = try await gateway.sdk("ada", .legacy, handlers)
      let call = Task { try await client.callTool("asking__order") }
      try await eventually("the person is asked") { asked.count == 1 }
      call.cancel()
      _ = try? await call.value
      try await eventually("the upstream's question ends") { cancelled.count == 1 }
      try await eventually("the outcome is written") { try gateway.outcomes(of: "asking__order").last?["result"]?["refused"] == "cancelled" }
      #expect(reached.count == 1)
      await client.close()
    }
  }

  @Test("a client that neither declares nor can be reached is refused with a reason", arguments: [Era.modern, .legacy])
  func unreachable(upstream: Era) async throws {
    try await withAskingGateway(upstream) { gateway in
      let reply = try await gateway.client("ada").initialize().call("asking__greet")
      #expect(reply.isToolError || reply.error != nil, "\(reply.text)")
    }
  }
}
