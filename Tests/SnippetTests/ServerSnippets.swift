import JSON
import MCP
import MCPToolMacros
import MCPTools
import Testing

// snippet: typed-values
/// How urgent something is.
@ToolInput enum Urgency: String {
  case low
  /// Somebody waits for it.
  case high
}

/// Something to do.
@ToolInput struct Chore {
  /// In a few words.
  @Length(1...80) var title: String
  var urgency: Urgency = .low
  /// Whoever takes it, if anybody has.
  var owner: String?
}

@Tools struct Chores {
  let store: ChoreStore

  /// Adds something to do.
  @Tool(.additive) func add(chore: Chore) async -> Int { await store.add(chore) }

  /// Lists what is to be done.
  /// - Parameter urgency: Only chores that are this urgent.
  @Tool(.readOnly) func list(urgency: Urgency?) async -> [Chore] { await store.all.filter { urgency == nil || $0.urgency == urgency } }

  /// Takes a chore.
  /// - Parameter number: What adding it gave.
  @Tool(.idempotent) func take(number: Int, owner: String) async throws -> Chore {
    guard let chore = await store.assign(number, to: owner) else {
      throw ToolError("There is no chore \(number). List the chores for those that there are.")
    }
    return chore
  }
}
// snippet end

// snippet: given-schema
/// Only encodes.
struct Reading: Encodable {
  var celsius: Double
}

@Tools struct Thermometer {
  /// Tells how warm it is.
  @Tool(.readOnly, .outputSchema(["type": "object", "properties": ["celsius": ["type": "number"]], "required": ["celsius"]]))
  func read() -> Reading { Reading(celsius: 21.5) }
}
// snippet end

actor ChoreStore {
  private(set) var all: [Chore] = []

  func add(_ chore: Chore) -> Int {
    all.append(chore)
    return all.count
  }

  func assign(_ number: Int, to owner: String) -> Chore? {
    guard all.indices.contains(number - 1) else { return nil }
    all[number - 1].owner = owner
    return all[number - 1]
  }
}

@Suite("The snippets on servers")
struct ServerSnippets {
  @Test("types become schemas, arguments and structured content")
  func typedValues() async throws {
    let client = Client(.inProcess(Server(name: "chores", Chores(store: ChoreStore()))))
    #expect(try await client.callTool("add", ["chore": ["title": "Sweep"]], returning: Int.self) == 1)
    #expect(try await client.callTool("take", ["number": 7, "owner": "Ada"]).isError)
    let taken = try await client.callTool("take", ["number": 1, "owner": "Ada"], returning: JSONValue.self)
    #expect(taken["owner"] == "Ada")
    let wrong = try await client.callTool("add", ["chore": ["title": "Sweep", "urgency": "soon"]])
    #expect(wrong.isError)
  }

  @Test("a type that only encodes has the schema that its tool is given")
  func givenSchema() async throws {
    let client = Client(.inProcess(Server(name: "thermometer", Thermometer())))
    #expect(try await client.listTools().first?.outputSchema?["required"] == ["celsius"])
    #expect(try await client.callTool("read").structured?["celsius"] == 21.5)
  }

  @Test("without macros")
  func withoutMacros() async throws {
    // snippet: without-macros
    let server = Server(name: "sums") {
      Tool(
        name: "add", description: "Adds.", traits: [.readOnly],
        parameters: Parameter("a", Int.self), Parameter("b", default: 1, constraints: .range(0...100))
      ) { _, a, b in a + b }
      Resource(uri: "sums://about", name: "about", mimeType: "text/plain") { _ in .text("It adds.") }
      Prompt(name: "practise", description: "Asks for a sum.") { _ in PromptResult([.user("Give me a sum to solve.")]) }
    }
    // snippet end
    let client = Client(.inProcess(server))
    #expect(try await client.callTool("add", ["a": 2], returning: Int.self) == 3)
    #expect(try await client.listPrompts().map(\.name) == ["practise"])
  }

  @Test("resources and prompts")
  func resourcesAndPrompts() async throws {
    let client = Client(.inProcess(Server(name: "library", Library())))
    #expect(try await client.readResource("library://books/7").contents.first?.body == .text("Book 7"))
    #expect(try await client.getPrompt("recommend", ["topic": "birds"]).messages.count == 1)
  }

  @Test("suggestions for arguments")
  func completions() async throws {
    // snippet: completions
    let server = Server(name: "library") {
      Library()
      Completions(for: .prompt("recommend", argument: "topic")) { request in
        Completion(["birds", "boats", "bread"].filter { $0.hasPrefix(request.value) })
      }
    }
    // snippet end
    let client = Client(.inProcess(server))
    #expect(try await client.complete(.prompt("recommend", argument: "topic"), "b").values == ["birds", "boats", "bread"])
    #expect(try await client.complete(.prompt("recommend", argument: "topic"), "bo").values == ["boats"])
  }

  @Test("what is offered may change")
  func changing() async throws {
    // snippet: changing
    let server = Server(name: "plugins", version: "1.0.0")
    server.add(Tool(name: "reload") { _ in ToolResult(text: "Nothing new.") })
    // Later, while it serves: clients that subscribed are told.
    server.removeTool("reload")
    server.notifyResourceUpdated("plugins://status")
    // snippet end
    let client = Client(.inProcess(server))
    #expect(try await client.listTools().isEmpty)
  }

  @Test("progress and logs")
  func progress() async throws {
    let client = Client(.inProcess(Server(name: "import", Imports())))
    #expect(try await client.callTool("import_rows", ["count": 3], returning: Int.self) == 3)
  }
}

// snippet: resources-prompts
@Tools struct Library {
  /// The opening hours.
  @Resource("library://hours", mimeType: "text/plain") func hours() -> String { "Nine to five." }

  /// A book of the library.
  @Resource("library://books/{number}") func book(number: Int) -> String { "Book \(number)" }

  /// Asks for a book to read.
  /// - Parameter topic: What it is about.
  @Prompt(title: "Recommend a book") func recommend(topic: String) -> String { "Recommend a book about \(topic)." }
}
// snippet end

// snippet: progress
@Tools struct Imports {
  /// Imports rows.
  @Tool("import_rows") func importRows(count: Int, call: ToolCall) async throws -> Int {
    for row in 1...max(count, 1) {
      // Throws when the client cancels the call, or goes.
      try Task.checkCancellation()
      await call.progress(Double(row), total: Double(count), message: "row \(row)")
    }
    await call.log(.info, ["imported": .int(count)])
    return count
  }
}
// snippet end
