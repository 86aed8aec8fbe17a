import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Questions of an upstream on the way to an answer (multi round-trip requests): the state between the rounds is sealed.
@Suite("Input that an upstream asks for", .timeLimit(.minutes(2)))
struct InputRequiredTests {
  /// A server whose tools ask for a name first, with a state of their own.
  private final class Asking: RequestHandler {
    let states = Seen<String>()

    func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
      switch request.method {
      case .toolsList:
        let tools: [JSONValue] = ["ask", "other"].map { ["name": .string($0), "inputSchema": ["type": "object"], "annotations": ["readOnlyHint": true]] }
        return .result(ByteBuffer(["resultType": "complete", "tools": .array(tools), "ttlMs": 0, "cacheScope": "private"] as JSONValue))
      case .toolsCall:
        if let state = request["requestState"]?.string {
          states.add(state)
          let name = request["inputResponses"]?["who"]?["content"]?["name"]?.string ?? "nobody"
          return .result(ByteBuffer(["resultType": "complete", "content": [["type": "text", "text": .string("hello \(name)")]]] as JSONValue))
        }
        let question: JSONValue = [
          "method": "elicitation/create",
          "params": ["message": "Who?", "requestedSchema": ["type": "object", "properties": ["name": ["type": "string"]]]],
        ]
        return .result(ByteBuffer(["resultType": "input_required", "inputRequests": ["who": question], "requestState": "upstream-state-1"] as JSONValue))
      default: return .failure(.methodNotFound(request.methodName?.string ?? ""))
      }
    }

    func receive(_ notification: Envelope, _ context: RequestContext) async {}
    func describe(_ context: RequestContext) async -> ServerDescription { ServerDescription(name: "asking", version: "1", capabilities: ["tools": [:]]) }
    func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation { Observation {} }
  }

  private static let capabilities: JSONObject = [MetaKey.clientCapabilities: ["elicitation": [:]]]

  private func again(_ tool: String, _ state: String, _ arguments: JSONValue = ["a": 1]) -> JSONValue {
    [
      "name": .string(tool), "arguments": arguments, "requestState": .string(state),
      "inputResponses": ["asking/who": ["action": "accept", "content": ["name": "Ada"]]],
    ]
  }

  @Test("the state comes back only from the same person, for the same tool and arguments, and unaltered")
  func sealing() async throws {
    let asking = Asking()
    try await withUpstream(asking) { port in
      var configuration = TestConfiguration()
      configuration.add("asking", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        let question = try await ada.modern("tools/call", ["name": "asking__ask", "arguments": ["a": 1]], meta: Self.capabilities)
        #expect(question.result?["resultType"] == "input_required", "\(question.text)")
        #expect(question.result?["inputRequests"]?["asking/who"]?["method"] == "elicitation/create")
        let state = try #require(question.result?["requestState"]?.string)
        #expect(!question.text.contains("upstream-state-1"))

        var bytes = Array(state.utf8)
        bytes[bytes.count / 2] = bytes[bytes.count / 2] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let altered = String(decoding: bytes, as: UTF8.self)
        let bob = try await gateway.client("bob")
        func attempt(_ client: MCPClient, _ params: JSONValue) async throws -> Reply {
          try await client.modern("tools/call", params, meta: Self.capabilities)
        }
        let attempts = [
          try await attempt(bob, again("asking__ask", state)), try await attempt(ada, again("asking__other", state)),
          try await attempt(ada, again("asking__ask", altered)), try await attempt(ada, again("asking__ask", "upstream-state-1")),
          try await attempt(ada, again("asking__ask", "")), try await attempt(ada, again("asking__ask", state, ["a": 2])),
        ]
        for (index, reply) in attempts.enumerated() {
          #expect(reply.code == "invalid_state", "attempt \(index): \(reply.text)")
          #expect(reply.status == 400)
          #expect(reply.error?["message"]?.string?.contains("Send the request again without it") == true)
        }
        #expect(asking.states.all.isEmpty, "none of these reached the upstream")

        let done = try await attempt(ada, again("asking__ask", state))
        #expect(done.content == "hello Ada", "\(done.text)")
        #expect(asking.states.all == ["upstream-state-1"])
      }
    }
  }

  @Test("a legacy client, which cannot be asked, is told so")
  func legacy() async throws {
    try await withUpstream(Asking()) { port in
      var configuration = TestConfiguration()
      configuration.add("asking", port: port)
      try await withGateway(configuration) { gateway in
        let reply = try await gateway.client("ada").initialize().call("asking__ask")
        #expect(reply.code == "input_not_supported")
        #expect(reply.isToolError)
      }
    }
  }
}
