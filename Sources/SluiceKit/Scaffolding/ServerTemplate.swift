/// A server with typed tools.
enum ServerTemplate {
  static func files(_ scaffold: Scaffold) -> [(path: String, text: String)] {
    let module = scaffold.module
    return [
      ("Sources/\(module)/\(module).swift", tools(scaffold)), ("Sources/\(module)/Server.swift", server(scaffold)),
      ("Tests/\(module)Tests/\(module)Tests.swift", tests(scaffold)),
    ]
  }

  private static func server(_ scaffold: Scaffold) -> String {
    """
    import MCPToolMacros

    /// The server, over whatever it is served.
    public func makeServer() -> Server {
      Server(name: "\(scaffold.name.text)", version: "1.0.0", instructions: "Say here what a model should know before it calls a tool.", \(scaffold.module)())
    }

    """
  }

  private static func tools(_ scaffold: Scaffold) -> String {
    """
    import MCPToolMacros

    /// What the server offers. Names, schemas and descriptions come from the functions and their comments.
    @Tools struct \(scaffold.module) {
      /// Counts the words and lines of a text.
      /// - Parameter text: The text to count.
      @Tool("count_words", .readOnly, .closedWorld)
      func count(@Length(1...100_000) text: String) throws -> TextCount {
        let words = text.split(whereSeparator: \\.isWhitespace).count
        // What a ToolError says is for the model: what is wrong, and what would be right.
        guard words > 0 else { throw ToolError("There is no word in the text. Give one with letters.") }
        return TextCount(words: words, lines: text.split(separator: "\\n").count)
      }

      /// Greets somebody. Asks the user for the name where it is not given.
      /// - Parameter name: Whom to greet.
      @Tool(.readOnly, .closedWorld)
      func greet(name: String?, call: ToolCall) async throws -> String {
        if let name { return "Hello, \\(name)!" }
        let answer = try await call.elicit("Whom shall I greet?", ElicitationForm(.string("name", title: "Name", length: 1...100)))
        guard answer.action == .accept, let name = answer.content?["name"]?.string else { return "Nobody was greeted." }
        return "Hello, \\(name)!"
      }

      /// What this server is.
      @Resource("\(scaffold.name.text)://about", mimeType: "text/plain")
      func about() -> String { "\(scaffold.name.text), made with Sluice." }

      /// Asks for a summary.
      /// - Parameter text: What to summarize.
      @Prompt
      func summarize(text: String) -> String { "Summarize in three sentences:\\n\\n\\(text)" }
    }

    /// How long a text is.
    @ToolInput struct TextCount {
      var words: Int
      var lines: Int
    }

    """
  }

  private static func tests(_ scaffold: Scaffold) -> String {
    """
    import MCP
    import MCPTesting
    import \(scaffold.module)
    import Testing

    @Suite("\(scaffold.name.text)")
    struct \(scaffold.module)Tests {
      @Test("words and lines are counted, over every wire", arguments: Wire.all)
      func count(over wire: Wire) async throws {
        try await withClient(of: makeServer(), over: wire) { client in
          let result = try await client.callTool("count_words", ["text": "one two\\nthree"])
          #expect(result.structured == ["words": 3, "lines": 2])
          let refused = try await client.callTool("count_words", ["text": "  "])
          #expect(refused.isError)
        }
      }

      @Test("who is not named is asked for", arguments: Wire.all)
      func greet(over wire: Wire) async throws {
        let answers = ScriptedAnswers(forms: [.accept(["name": "Ada"]), .decline])
        try await withClient(of: makeServer(), over: wire, answers: answers) { client, recording in
          let named = try await client.callTool("greet", ["name": "Bo"])
          #expect(named.text == "Hello, Bo!")
          #expect(recording.asked.isEmpty)
          let asked = try await client.callTool("greet")
          #expect(asked.text == "Hello, Ada!")
          let declined = try await client.callTool("greet")
          #expect(declined.text == "Nobody was greeted.")
        }
      }

      @Test("the server is what every client expects")
      func compatible() async throws {
        try await Compatibility.report(on: makeServer(), samples: [ToolSample("count_words", ["text": "a"]), ToolSample("greet", ["name": "Bo"])]).check()
      }
    }

    """
  }
}
