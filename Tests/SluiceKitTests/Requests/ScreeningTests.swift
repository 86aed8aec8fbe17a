import Gateway
import JSON
import MCP
import Testing

@testable import SluiceKit

/// What of an upstream's answer reaches whom.
@Suite("Screening of answers", .timeLimit(.minutes(2)))
struct ScreeningTests {
  /// Text with one of each; none is anybody's. Keys are put together here so that no scanner takes this file for a leak.
  static let samples: [(kind: String, value: String, placeholder: String)] = [
    ("email", "jane.doe@example.com", "[email]"), ("phone", "+1 202 555 0123", "[phone]"), ("card", "4111 1111 1111 1111", "[card]"),
    ("us_ssn", "987-65-4321", "[national id]"), ("aws_access_key", "AKIA" + "IOSFODNN7EXAMPLE", "[key]"),
    ("github_token", "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "[token]"),
  ]

  private static let policies = """
    permit (principal in Role::"reader", action, resource) unless { action == Action::"reveal" };
    permit (principal in Role::"cleared", action == Action::"reveal", resource) unless { resource == Category::"secret" };
    permit (principal in Role::"security", action == Action::"reveal", resource);
    @id("no-pii") @uncleared("refuse") forbid (principal in Role::"strict", action == Action::"reveal", resource == Category::"pii");
    """

  private func withScreening<R: Sendable>(
    _ limits: JSONObject = [:], server: Server = SDKUpstream.echo(), _ body: @Sendable (GatewayUnderTest) async throws -> R
  ) async throws -> R {
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.users = [
        "plain": ["roles": ["reader"]], "cleared": ["roles": ["reader", "cleared"]], "security": ["roles": ["reader", "security"]],
        "strict": ["roles": ["reader", "strict"]],
      ]
      configuration.policies = Self.policies
      configuration.limits = limits
      configuration.add("echo", port: port)
      return try await withGateway(configuration, body)
    }
  }

  @Test("detected values are masked for those without clearance and shown to those with it, in text and in structure, in both eras")
  func masking() async throws {
    try await withScreening { gateway in
      let text = "ssn and more: " + Self.samples.map(\.value).joined(separator: ", ") + " end"
      for user in ["plain", "cleared", "security"] {
        let client = try await gateway.client(user)
        let session = try await client.initialize()
        let nested: JSONValue = ["value": ["deep": [["note": .string(text)]]]]
        let replies = [
          try await client.call("echo__say", ["text": .string(text)]), try await session.call("echo__say", ["text": .string(text)]),
          try await client.call("echo__structure", nested), try await session.call("echo__structure", nested),
        ]
        for reply in replies {
          #expect(reply.status == 200)
          for (kind, value, placeholder) in Self.samples {
            let isSecret = ["aws_access_key", "github_token"].contains(kind)
            let isShown = user == "security" || user == "cleared" && !isSecret
            #expect(reply.text.contains(value) == isShown, "\(kind) for \(user): \(reply.text)")
            if !isShown { #expect(reply.text.contains(placeholder)) }
          }
          #expect(reply.text.contains(" end"), "what is not sensitive stays")
        }
      }
      let outcomes = try gateway.leaves().of("outcome")
      #expect(outcomes.count == 12)
      #expect(outcomes[0]["screening"]?["findings"]?["email"]?.int == 1)
      #expect(outcomes[0]["screening"]?["masked"]?.int == Self.samples.count)
      for sample in Self.samples { #expect(!outcomes.contains { $0.text.contains(sample.value) }, "the log holds no data") }
    }
  }

  @Test("where the policy says so, a result with uncleared data is refused as a whole and none of it is shown")
  func refusing() async throws {
    try await withScreening { gateway in
      let client = try await gateway.client("strict")
      let reply = try await client.call("echo__say", ["text": "write to jane.doe@example.com"])
      #expect(reply.isToolError)
      #expect(reply.code == "uncleared")
      #expect(!reply.text.contains("jane"))
      #expect(try await client.call("echo__say", ["text": "nothing to see"]).content == "nothing to see")
      #expect(try gateway.leaves().of("outcome").first?["result"]?["refused"] == "uncleared")
    }
  }

  @Test("sensitive text hidden by escapes or in member names is found as well")
  func escapes() async throws {
    let server = Server(name: "raw", version: "1")
    server.add(
      Tool(name: "structure", inputSchema: ["type": "object"], annotations: SDKUpstream.reading) { _ in
        ToolResult(
          [.text("jane\u{2e}doe\u{40}example.com")],
          structured: ["jane.doe@example.com": 1, "john.doe@example.com": ["4111-1111-1111-1111": 2], "text": "4111-1111-1111-1111"])
      })
    try await withScreening(server: server) { gateway in
      let reply = try await gateway.client("plain").call("echo__structure")
      #expect(!reply.text.contains("jane.doe@example.com"), "\(reply.text)")
      #expect(!reply.text.contains("4111-1111-1111-1111"))
      #expect(reply.structured == ["[email] 1": 1, "[email] 2": ["[card] 3": 2], "text": "[card]"])
    }
  }

  @Test("errors of an upstream are screened like results")
  func errors() async throws {
    let server = Server(name: "failing", version: "1")
    server.add(
      Tool(name: "say", annotations: SDKUpstream.reading) { _ in
        throw RPCError(.invalidParams, "no such customer: jane.doe@example.com", data: ["card": "4111 1111 1111 1111"])
      })
    try await withScreening(server: server) { gateway in
      let reply = try await gateway.client("plain").call("echo__say")
      #expect(reply.error?["message"] == "no such customer: [email]")
      #expect(!reply.text.contains("4111"))
    }
  }

  // MARK: Bounds

  @Test("items beyond the bound are cut off, and the result says so")
  func items() async throws {
    try await withScreening(["items": 3]) { gateway in
      let rows: JSONValue = .array((0..<10).map { .object(["id": .int($0)]) })
      let reply = try await gateway.client("security").call("echo__structure", ["value": ["rows": rows]])
      #expect(reply.structured?["rows"]?.array?.count == 3)
      #expect(reply.result?["_meta"]?["dev.sluice/truncated"]?["rows"]?.int == 7)
      #expect(!reply.content.contains("\"id\":4"), "the text does not show what the structure does not")
    }
  }

  @Test("a result of too many bytes or levels is refused, with what to do", arguments: ["bytes", "depth"])
  func tooLarge(_ bound: String) async throws {
    try await withScreening(bound == "bytes" ? ["bytes": 4096] : ["depth": 12]) { gateway in
      let client = try await gateway.client("security")
      var deep: JSONValue = 1
      for _ in 0..<20 { deep = [deep] }
      let value: JSONValue = bound == "bytes" ? ["text": .string(String(repeating: "x", count: 5000))] : ["value": ["deep": deep]]
      let reply = try await client.call(bound == "bytes" ? "echo__say" : "echo__structure", value)
      #expect(reply.code == "result_too_large", "\(reply.text.prefix(300))")
      #expect(reply.isToolError)
      #expect(reply.content.contains(bound == "bytes" ? "Ask for fewer" : "Ask for a part"))
      #expect(try await client.call("echo__say", ["text": "small"]).content == "small")
    }
  }

  @Test("who sees masks in place of fields is given no schema of results that they would break")
  func outputSchema() async throws {
    let server = Server(name: "people", version: "1")
    server.add(
      Tool(
        name: "person", inputSchema: ["type": "object"],
        outputSchema: ["type": "object", "properties": ["age": ["type": "integer"]], "required": ["age"]], annotations: SDKUpstream.reading,
        meta: [MetaKey.categories: ["/age": "pii"]]
      ) { _ in ToolResult(structured: ["age": 44]) })
    try await withScreening(server: server) { gateway in
      for (user, age, hasSchema) in [("plain", JSONValue.null, false), ("cleared", 44, true)] {
        let client = try await gateway.client(user)
        let tool = try await client.modern("tools/list").result?["tools"]?.array?.first
        #expect(tool?["name"] == "echo__person")
        #expect((tool?["outputSchema"] != nil) == hasSchema, "\(user)")
        #expect(try await client.call("echo__person").structured == ["age": age], "\(user)")
      }
    }
  }
}
