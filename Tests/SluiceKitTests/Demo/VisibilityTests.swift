import Demo
import JSON
import Testing

@testable import Gateway
@testable import SluiceKit

/// What a person may not use does not exist for them.
@Suite("Visible is callable", .timeLimit(.minutes(3)))
struct VisibilityTests {
  @Test("a tool is in the list if and only if it can be called; hidden ones answer exactly like unknown ones", arguments: DemoPeople.all.map(\.key))
  func tools(_ key: String) async throws {
    try await withDemo { demo in
      let client = try #require(demo.clients[key])
      let visible = Set(try await client.list("tools/list", "tools").compactMap { $0["name"]?.string })
      let all = demo.gateway.server.gateway.catalog.snapshot.toolList.map(\.name)
      #expect(!visible.isEmpty && visible.isSubset(of: all))
      let unknown = try await client.call("crm__no_such_tool", ["purpose": "x"])
      for tool in all {
        let reply = try await client.call(tool, ["purpose": "x"])
        if visible.contains(tool) {
          #expect(reply.error == nil, "\(tool) is listed and not callable: \(reply.text)")
          #expect(reply.code == nil)
        } else {
          #expect(reply.status == unknown.status)
          #expect(reply.text == unknown.text.replacing("crm__no_such_tool", with: tool))
        }
      }
    }
  }

  @Test("the legacy list is the modern one", arguments: DemoPeople.all.map(\.key))
  func eras(_ key: String) async throws {
    try await withDemo { demo in
      let client = try #require(demo.clients[key])
      let modern = try await client.list("tools/list", "tools").compactMap { $0["name"]?.string }
      let session = try await client.initialize()
      let legacy = try await session.request("tools/list").result?["tools"]?.array?.compactMap { $0["name"]?.string }
      #expect(legacy == modern)
    }
  }

  @Test("prompts and resources: the same, with the answers of their methods")
  func others() async throws {
    try await withDemo { demo in
      let finance = try demo.client(DemoPeople.finance)
      #expect(try await finance.list("prompts/list", "prompts").isEmpty)
      let hidden = try await finance.modern("prompts/get", ["name": "crm__pipeline_review"])
      let unknown = try await finance.modern("prompts/get", ["name": "crm__no_such_prompt"])
      #expect(hidden.status == unknown.status)
      #expect(hidden.text == unknown.text.replacing("crm__no_such_prompt", with: "crm__pipeline_review"))
      let completion: (String) -> JSONValue = { ["ref": ["type": "ref/prompt", "name": .string($0)], "argument": ["name": "owner", "value": "m"]] }
      #expect(try await finance.modern("completion/complete", completion("crm__pipeline_review")).code == "not_found")

      let rep = try demo.client(DemoPeople.rep)
      let prompt = try await rep.modern("prompts/get", ["name": "crm__pipeline_review"])
      #expect(prompt.result?["messages"]?.array?.isEmpty == false)
      let completed = try await rep.modern("completion/complete", completion("crm__pipeline_review"))
      #expect(completed.result?["completion"]?["values"]?.array?.isEmpty == false, "\(completed.text)")
      for resource in try await rep.list("resources/list", "resources") {
        let read = try await rep.modern("resources/read", ["uri": resource["uri"] ?? ""])
        #expect(read.result?["contents"]?.array?.isEmpty == false, "\(read.text)")
      }
      let missing = try await rep.modern("resources/read", ["uri": "sql://crm/nothing"])
      #expect(missing.code == "not_found")
      #expect(missing.error?["code"]?.int == -32602)
    }
  }

  @Test("a person without any role sees an empty house")
  func stranger() async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      try await withGateway(configuration) { gateway in
        let eve = try await gateway.client("eve")
        #expect(try await eve.list("tools/list", "tools").isEmpty)
        #expect(try await eve.call("echo__say", ["text": "x"]).code == "not_found")
        #expect(try await gateway.client("ada").list("tools/list", "tools").count == 2)
      }
    }
  }
}
