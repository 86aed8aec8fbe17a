import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Decisions that need the call itself: its arguments, its purpose, its headers.
@Suite("Decisions on the call", .timeLimit(.minutes(2)))
struct ContextTests {
  @Test("a rule on arguments or purpose shows the tool and is applied to each call")
  func arguments() async throws {
    let policies = """
      @purpose("optional") permit (principal in Role::"reader", action == Action::"echo__structure", resource)
      when { context.arguments.value.amount < 100 || (context has purpose && context.purpose == "approved") };
      permit (principal in Role::"reader", action == Action::"reveal", resource);
      """
    try await withEcho({ $0.policies = policies }) { gateway in
      let ada = try await gateway.client("ada")
      #expect(try await ada.list("tools/list", "tools").compactMap { $0["name"]?.string } == ["echo__structure"])
      #expect(try await ada.call("echo__structure", ["value": ["amount": 5]]).structured?["amount"]?.int == 5)
      #expect(try await ada.call("echo__structure", ["value": ["amount": 500], "purpose": "approved"]).structured?["amount"]?.int == 500)
      let refused: [JSONValue] = [
        ["value": ["amount": 500]], ["value": ["amount": 500], "purpose": "other"], [:], ["value": ["amount": "5"]], ["value": ["amount": 99.5e300]], ["value": []],
      ]
      for arguments in refused {
        let reply = try await ada.call("echo__structure", arguments)
        #expect(reply.code == "forbidden", "\(arguments.text): \(reply.text)")
        #expect(reply.isToolError)
      }
      #expect(try await ada.call("echo__say").code == "not_found")
      #expect(try gateway.leaves().of("refusal").count == refused.count + 1)
      #expect(try gateway.leaves().of("intent").count == 2)
    }
  }

  @Test("arguments that a tool wants in headers are compared with them, and sent on")
  func parameterHeaders() async throws {
    let regions = Seen<String>()
    let server = Server(name: "db", version: "1")
    let properties: JSONValue = ["region": ["type": "string", "x-mcp-header": "Region"], "n": ["type": "integer"]]
    server.add(
      Tool(name: "run", inputSchema: ["type": "object", "properties": properties], annotations: SDKUpstream.reading) { call in
        regions.add(call.context.header?("Mcp-Param-Region") ?? "none")
        return ToolResult(text: call.string("region") ?? "")
      })
    // Breaks the rules of the annotation: the tool is no tool.
    let broken: JSONValue = ["a": ["type": "object", "x-mcp-header": "A"]]
    server.add(Tool(name: "broken", inputSchema: ["type": "object", "properties": broken], annotations: SDKUpstream.reading) { _ in ToolResult(text: "x") })
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("db", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        #expect(try await ada.list("tools/list", "tools").compactMap { $0["name"]?.string } == ["db__run"])
        let params: JSONValue = ["name": "db__run", "arguments": ["region": "eu west", "n": 1]]
        #expect(try await ada.modern("tools/call", params, headers: [("Mcp-Param-Region", "eu west")]).content == "eu west")
        let unicode: JSONValue = ["name": "db__run", "arguments": ["region": "süd"]]
        #expect(try await ada.modern("tools/call", unicode, headers: [("Mcp-Param-Region", "=?base64?c8O8ZA==?=")]).content == "süd")
        for header in [nil, "us", "EU WEST", "=?base64?!!?="] as [String?] {
          let reply = try await ada.modern("tools/call", params, headers: [("Mcp-Param-Region", header)])
          #expect(reply.status == 400, "\(header ?? "none"): \(reply.text)")
          #expect(reply.error?["code"]?.int == -32020)
          #expect(reply.code == "header_mismatch")
        }
        // Legacy clients know no such headers.
        let session = try await ada.initialize()
        #expect(try await session.request("tools/call", params).content == "eu west")
        #expect(regions.all == ["eu west", "=?base64?c8O8ZA==?=", "eu west"])
      }
    }
  }

  @Test("a client's secrets and metadata stay at the gateway: the upstream gets its own credentials, and only what a call is made of")
  func forwarded() async throws {
    let upstream = try await RawUpstream(tools: ["look"]) { call in [RawUpstream.text(call.id, "seen")] }
    var configuration = TestConfiguration()
    configuration.add("raw", port: upstream.port, ["headers": ["Authorization": "Bearer for-the-upstream"]])
    try await withGateway(configuration) { gateway in
      let ada = try await gateway.client("ada")
      let reply = try await ada.modern(
        "tools/call", ["name": "raw__look", "arguments": ["a": 1], "extra": "x"], id: "client-id",
        meta: ["dev.sluice/rows": ["T": ["true"]], "com.example/trace": "t-1", "progressToken": "client-token"],
        headers: [("Cookie", "session=1"), ("X-Forwarded-For", "10.0.0.1"), ("Accept", "application/json")])
      #expect(reply.content == "seen")
      let call = try #require(upstream.calls.all.first)
      #expect(call.request["params"]?["name"] == "look")
      #expect(call.request["params"]?["arguments"] == ["a": 1])
      #expect(call.head.contains("Bearer for-the-upstream"))
      let sent = call.head + call.request.text
      for secret in [ada.token ?? "-", "Cookie", "10.0.0.1", "client-id", "client-token", "dev.sluice", "ada"] {
        #expect(!sent.contains(secret), "the upstream is sent \(secret): \(sent)")
      }
    }
  }
}
