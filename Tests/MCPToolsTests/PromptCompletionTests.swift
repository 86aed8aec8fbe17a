import JSON
import MCP
import MCPToolMacros
import MCPTools
import Testing

@Suite("Suggestions for prompts with types")
struct PromptCompletionTests {
  private func complete(_ client: Client, _ prompt: String, _ argument: String, _ typed: String) async throws -> [String] {
    try await client.complete(.prompt(prompt, argument: argument), typed).values
  }

  @Test("A parameter of an enum suggests the values that start as typed; others suggest nothing")
  func enums() async throws {
    let client = Client(.inProcess(Server(name: "shop", version: "1", Shop())))
    #expect(try await client.connect().capabilities["completions"] != nil)
    #expect(try await complete(client, "review", "unit", "") == ["celsius", "fahrenheit"])
    #expect(try await complete(client, "review", "unit", "FAH") == ["fahrenheit"])
    #expect(try await complete(client, "review", "unit", "kelvin") == [])
    #expect(try await complete(client, "review", "code", "c") == [])
    await client.close()
  }

  @Test("Enums of numbers suggest them as prompts take them; what the server is given takes their place")
  func precedence() async throws {
    let server = Server(name: "plan", version: "1") {
      Prompt(name: "plan", parameters: Parameter("priority", Priority.self), Parameter("unit", default: Unit.celsius)) { _, priority, unit in
        "\(priority.rawValue) \(unit.rawValue)"
      }
      Completions(for: .prompt("plan", argument: "unit")) { request in ["\(request.value)!"] }
    }
    let client = Client(.inProcess(server))
    #expect(try await complete(client, "plan", "priority", "") == ["1", "5"])
    #expect(try await client.getPrompt("plan", ["priority": "5"]).messages == [.user("5 celsius")])
    #expect(try await complete(client, "plan", "unit", "c") == ["c!"])
    await client.close()
  }

  @Test("A server whose prompts have no enums does not offer completion")
  func none() async throws {
    let server = Server(name: "plain", version: "1", Prompt(name: "greet", parameters: Parameter("who", String.self)) { _, who in "Greet \(who)" })
    let client = Client(.inProcess(server))
    #expect(try await client.connect().capabilities["completions"] == nil)
    await #expect(throws: ClientError.self) { try await complete(client, "greet", "who", "") }
    await client.close()
  }
}
