import JSON
import MCP
import Testing

@Suite("Progressive discovery of tools")
struct ToolDiscoveryTests {
  private static let catalogue: [(name: String, description: String)] = [
    ("list_issues", "Lists the open issues of a repository."), ("create_issue", "Creates an issue in a repository."),
    ("merge_pull_request", "Merges a pull request into its base branch."), ("listBranches", "Shows all branches."),
    ("search_contacts", "Finds people by name or e-mail address."), ("send_message", "Posts a message to a channel."),
  ]

  private func server(listBytes: Int) -> Server {
    let server = Server(name: "big", version: "1", settings: .init(discovery: ToolDiscovery(listBytes: listBytes)))
    for tool in Self.catalogue {
      server.add(
        Tool(
          name: tool.name, description: tool.description,
          inputSchema: ["type": "object", "properties": ["repository": ["type": "string", "description": "owner/name"]], "additionalProperties": false]
        ) { call in ToolResult(structured: ["called": .string(call.name), "repository": .string(call.string("repository") ?? "")]) })
    }
    return server
  }

  private func found(_ query: String, limit: Int = 3, by client: Client) async throws -> [String] {
    let result = try await client.callTool("find_tools", ["query": .string(query), "limit": .int(limit)])
    return (result.structured?["tools"]?.array ?? []).compactMap { $0["name"]?.string }
  }

  @Test("A list within the bound is shown whole, a longer one as the pair")
  func listing() async throws {
    #expect(try await Client(.inProcess(server(listBytes: 1 << 20))).listTools().count == Self.catalogue.count)
    let client = Client(.inProcess(server(listBytes: 100)))
    #expect(try await client.listTools().map(\.name) == ["find_tools", "call_tool"])
  }

  @Test(
    "Tools are found by the words of their names, descriptions and parameters, the best first",
    arguments: [
      ("open issues", "list_issues"), ("branches", "listBranches"), ("branch", "listBranches"), ("e-mail of people", "search_contacts"),
      ("MERGE pull requests", "merge_pull_request"), ("post to channel", "send_message"), ("create issue", "create_issue"),
    ])
  func search(query: String, best: String) async throws {
    #expect(try await found(query, by: Client(.inProcess(server(listBytes: 0)))).first == best)
  }

  @Test("What matches nothing is an empty answer, and the limit holds")
  func bounds() async throws {
    let client = Client(.inProcess(server(listBytes: 0)))
    #expect(try await found("zebra", by: client) == [])
    #expect(try await found("repository", limit: 2, by: client).count == 2)
    await #expect(throws: (any Error).self) { try await client.callTool("find_tools", [:]) }
  }

  @Test("What was found is called by the pair or by its name, and its arguments are checked")
  func calling() async throws {
    let client = Client(.inProcess(server(listBytes: 0)))
    let arguments: JSONValue = ["name": "list_issues", "arguments": ["repository": "a/b"]]
    #expect(try await client.callTool("call_tool", arguments).structured == ["called": "list_issues", "repository": "a/b"])
    #expect(try await client.callTool("list_issues", ["repository": "a/b"]).structured == ["called": "list_issues", "repository": "a/b"])
    #expect(try await client.callTool("call_tool", ["name": "list_issues", "arguments": ["repo": "a/b"]]).isError)
    await #expect(throws: (any Error).self) { try await client.callTool("call_tool", ["name": "no_such_tool"]) }
    await #expect(throws: (any Error).self) { try await client.callTool("call_tool", ["arguments": [:]]) }
  }

  @Test("A tool that is added later is found")
  func changes() async throws {
    let server = server(listBytes: 0)
    let client = Client(.inProcess(server))
    #expect(try await found("weather", by: client) == [])
    server.add(Tool(name: "forecast", description: "Tells the weather.") { _ in ToolResult(text: "sunny") })
    #expect(try await found("weather", by: client) == ["forecast"])
  }
}
