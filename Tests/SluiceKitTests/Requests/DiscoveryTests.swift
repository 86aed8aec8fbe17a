import JSON
import MCP
import Testing

@testable import Gateway
@testable import SluiceKit

/// Upstreams with more tools than a model should be shown: `find_tools` and `call_tool` in their place.
@Suite("Progressive discovery at the gateway", .timeLimit(.minutes(2)))
struct DiscoveryTests {
  /// A server whose `count` tools are of several words each; `note_7` echoes its arguments.
  private static func library(_ count: Int) -> Server {
    let server = Server(name: "library", version: "1")
    for number in 0..<count {
      server.add(
        Tool(
          name: "note_\(number)",
          description: "Reads note \(number) of the shelf \(number == 7 ? "of ornithology" : "of law"). \(String(repeating: "Long. ", count: 60))",
          inputSchema: [
            "type": "object", "properties": ["page": ["type": "integer"], "place": ["type": "string", "x-mcp-header": "Place"]], "additionalProperties": false,
          ],
          annotations: SDKUpstream.reading
        ) { call in ToolResult(text: "note \(number), \(call.arguments.text)") })
    }
    return server
  }

  private static func names(_ response: Reply) -> [String] { response.result?["tools"]?.array?.compactMap { $0["name"]?.string } ?? [] }

  @Test("A list that is too long is the pair, which says whose tools they are; small upstreams stay listed, and both can be called by name")
  func automatic() async throws {
    try await withUpstream(Self.library(300)) { large in
      try await withUpstream(SDKUpstream.echo()) { small in
        var configuration = TestConfiguration()
        configuration.add("library", port: large)
        configuration.add("echo", port: small)
        try await withGateway(configuration) { gateway in
          let ada = try await gateway.client("ada")
          for list in [try await ada.modern("tools/list"), try await ada.initialize().request("tools/list")] {
            #expect(Self.names(list) == ["find_tools", "call_tool", "echo__say", "echo__structure"])
            #expect(list.result?["tools"]?.array?.first?["description"]?.string?.contains("300 of library") == true)
          }
          let found = try await ada.modern("tools/call", ["name": "find_tools", "arguments": ["query": "ornithology notes", "limit": 2]])
          #expect(found.result?["structuredContent"]?["tools"]?.array?.first?["name"] == "library__note_7", "\(found)")
          #expect(found.result?["structuredContent"]?["tools"]?.array?.first?["inputSchema"]?["properties"]?["page"] != nil)
          let called = try await ada.call("call_tool", ["name": "library__note_7", "arguments": ["page": 3, "place": "Ghent"]])
          #expect(called.content == #"note 7, {"page":3,"place":"Ghent"}"#)
          #expect(try await ada.call("library__note_8").content == "note 8, {}")
          #expect(try await ada.call("call_tool", ["name": "echo__say", "arguments": ["text": "hi"]]).content == "hi")
          let leaves = try gateway.leaves().of("intent")
          #expect(leaves.map { $0["what"]?["name"]?.string } == ["library__note_7", "library__note_8", "echo__say"])
          #expect(leaves.map { $0["via"]?.string } == ["call_tool", nil, "call_tool"])
          #expect(try gateway.leaves().of("access").last?["what"]?["name"] == "find_tools")
        }
      }
    }
  }

  @Test("What a caller may not call is neither found nor counted nor called, and without any there is no pair")
  func policy() async throws {
    try await withUpstream(Self.library(12)) { port in
      var configuration = TestConfiguration()
      configuration.policies = """
        permit (principal == User::"ada", action, resource) unless { action == Action::"library__note_7" };
        permit (principal == User::"bob", action in [Action::"library__note_1", Action::"library__note_7"], resource);
        @purpose("required") permit (principal == User::"bob", action == Action::"library__note_2", resource);
        permit (principal == User::"bob", action == Action::"library__note_3", resource) when { context.arguments has page && context.arguments.page < 10 };
        """
      configuration.add("library", port: port, ["discovery": "always"])
      try await withGateway(configuration) { gateway in
        let (ada, bob, eve) = (try await gateway.client("ada"), try await gateway.client("bob"), try await gateway.client("eve"))
        #expect(Self.names(try await eve.modern("tools/list")) == [])
        #expect(try await ada.modern("tools/list").result?["tools"]?.array?.first?["description"]?.string?.contains("11 of library") == true)
        let query: JSONValue = ["name": "find_tools", "arguments": ["query": "read a note", "limit": 20]]
        func found(_ client: MCPClient) async throws -> [String] {
          Set(try await client.modern("tools/call", query).result?["structuredContent"]?["tools"]?.array?.compactMap { $0["name"]?.string } ?? []).sorted()
        }
        #expect(try await found(ada).contains("library__note_7") == false)
        #expect(try await found(ada).count == 11)
        #expect(try await found(bob) == ["library__note_1", "library__note_2", "library__note_3", "library__note_7"])
        #expect(try await found(eve) == [])
        #expect(try await ada.call("call_tool", ["name": "library__note_7"]).code == "not_found")
        // Purpose and arguments are those of the tool that is called.
        #expect(try await bob.call("call_tool", ["name": "library__note_2", "arguments": ["page": 1]]).code == "purpose_required")
        let told = try await bob.call("call_tool", ["name": "library__note_2", "arguments": ["page": 1, "purpose": "to know"]])
        #expect(told.content == #"note 2, {"page":1}"#)
        #expect(try await bob.call("call_tool", ["name": "library__note_3", "arguments": ["page": 11]]).code == "forbidden")
        #expect(try await bob.call("call_tool", ["name": "library__note_3", "arguments": ["page": 9]]).content == #"note 3, {"page":9}"#)
      }
    }
  }

  @Test("never lists all, and then the pair does not exist")
  func never() async throws {
    try await withUpstream(Self.library(300)) { port in
      var configuration = TestConfiguration()
      configuration.add("library", port: port, ["discovery": "never"])
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        #expect(Self.names(try await ada.modern("tools/list")).count == 300)
        #expect(try await ada.call("find_tools", ["query": "x"]).code == "not_found")
        #expect(try await ada.call("call_tool", ["name": "library__note_1"]).code == "not_found")
      }
    }
  }

  @Test(
    "What is wrong with a use of the pair is said",
    arguments: [
      ("find_tools", [:], "query"), ("find_tools", ["query": 3], "query"), ("call_tool", [:], "name"), ("call_tool", ["name": "library__none"], "Unknown tool"),
      ("call_tool", ["name": "call_tool"], "Unknown tool"), ("call_tool", ["name": "library__note_1", "arguments": [1]], "object"),
      ("call_tool", ["name": "library__note_1", "arguments": ["pages": 1]], "pages"),
    ] as [(String, JSONValue, String)])
  func mistakes(_ tool: String, _ arguments: JSONValue, _ complaint: String) async throws {
    try await withUpstream(Self.library(3)) { port in
      var configuration = TestConfiguration()
      configuration.add("library", port: port, ["discovery": "always"])
      try await withGateway(configuration) { gateway in
        let answer = try await gateway.client("ada").modern("tools/call", ["name": .string(tool), "arguments": arguments])
        #expect(answer.text.contains(complaint), "\(answer)")
        #expect(answer.result == nil || answer.result?["isError"] == true)
      }
    }
  }
}
