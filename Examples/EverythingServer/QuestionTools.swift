import JSON
import MCP

/// Tools that ask the client: the user, the model, or for roots. Each runs in both eras.
enum QuestionTools {
  static func add(to server: Server) {
    addLegacyFixtures(to: server)
    server.add(
      Tool(name: "test_missing_capability", description: "Needs a client that samples") { call in
        try call.requireClient("sampling")
        return ToolResult(text: "The client samples.")
      })
    server.add(
      Tool(name: "test_streaming_elicitation", description: "Asks the user after it has begun to tell its progress") { call in
        await call.progress(0, total: 1)
        let answer = try await call.elicit("Shall it go on?", ElicitationForm(.boolean("ok")), key: "go_on")
        return ToolResult(text: text(of: answer))
      })
    server.add(
      Tool(name: "test_input_required_result_elicitation", description: "Asks for a name, or is told it at once") { call in
        let answer = try await call.ask(Elicitation("What is your name?", Samples.name, key: "user_name", acceptsUnasked: true))
        return ToolResult(text: "Hello, \(name(answer))!")
      })
    server.add(
      Tool(name: "test_input_required_result_sampling", description: "Asks the model") { call in
        let answer = try await call.sample("What is the capital of France?", maxTokens: 100, key: "capital_question")
        return ToolResult(text: answer.text)
      })
    server.add(
      Tool(name: "test_input_required_result_list_roots", description: "Asks for the roots") { call in
        let roots = try await call.roots(key: "client_roots")
        return ToolResult(text: "Roots: \(roots.map(\.uri).joined(separator: ", "))")
      })
    server.add(
      Tool(name: "test_input_required_result_request_state", description: "Asks for a confirmation and has its state back") { call in
        let key = call.idempotencyKey
        let recorded = try await call.once("key") { key }
        let answer = try await call.elicit("Please confirm", ElicitationForm(.boolean("ok")), key: "confirm")
        guard answer.isAccepted, recorded == call.idempotencyKey else { return .error("Not confirmed.") }
        return ToolResult(text: "state-ok")
      })
    server.add(
      Tool(name: "test_input_required_result_multiple_inputs", description: "Asks three questions in one round") { call in
        let (user, greeting, roots) = try await call.ask(
          Elicitation("What is your name?", Samples.name, key: "user_name"), Sampling("Generate a greeting", maxTokens: 50, key: "greeting"),
          ListRoots(key: "client_roots"))
        return ToolResult(text: "\(greeting.text) \(name(user)), \(roots.count) roots")
      })
    server.add(
      Tool(name: "test_input_required_result_multi_round", description: "Asks in two rounds") { call in
        let first = try await call.elicit("Step 1: What is your name?", Samples.name, key: "step1")
        let second = try await call.elicit("Step 2: What is your favorite color?", ElicitationForm(.string("color")), key: "step2")
        return ToolResult(text: "\(name(first)) likes \(second["color"]?.string ?? "nothing")")
      })
    server.add(
      Tool(name: "test_input_required_result_tampered_state", description: "Asks with a state that nobody can change") { call in
        let answer = try await call.elicit("Please confirm", ElicitationForm(.boolean("ok")), key: "confirm")
        return ToolResult(text: text(of: answer))
      })
    server.add(
      Tool(name: "test_input_required_result_capabilities", description: "Asks what the client can be asked") { call in
        let elicitation = Elicitation("What is your name?", Samples.name, key: "user_name")
        let sampling = Sampling("Say hello", maxTokens: 50, key: "greeting")
        if call.canAsk(elicitation) { return ToolResult(text: name(try await call.ask(elicitation))) }
        if call.canAsk(sampling) { return ToolResult(text: try await call.ask(sampling).text) }
        return ToolResult(text: "There is nothing that this client can be asked.")
      })
  }

  private static func addLegacyFixtures(to server: Server) {
    server.add(
      Tool(
        name: "test_sampling", description: "Asks the model",
        inputSchema: ["type": "object", "properties": ["prompt": ["type": "string"]], "required": ["prompt"]]
      ) { call in
        ToolResult(text: "LLM response: \(try await call.sample(call.string("prompt") ?? "", maxTokens: 100).text)")
      })
    server.add(
      Tool(
        name: "test_elicitation", description: "Asks the user",
        inputSchema: ["type": "object", "properties": ["message": ["type": "string"]], "required": ["message"]]
      ) { call in
        let form = ElicitationForm(
          .string("username", description: "User's response"), .string("email", description: "User's email address", format: .email))
        return ToolResult(text: "User response: \(text(of: try await call.elicit(call.string("message") ?? "", form)))")
      })
    server.add(
      Tool(name: "test_elicitation_sep1034_defaults", description: "Asks with a default for each kind of field") { call in
        let form = ElicitationForm(
          .string("name", description: "User name", required: false, default: "John Doe"),
          .integer("age", description: "User age", required: false, default: 30),
          .number("score", description: "User score", required: false, default: 95.5),
          .choice("status", of: ["active", "inactive", "pending"], description: "User status", required: false, default: "active"),
          .boolean("verified", description: "Verification status", required: false, default: true))
        return ToolResult(text: "Elicitation completed: \(text(of: try await call.elicit("Please review the defaults", form)))")
      })
    server.add(
      Tool(name: "test_elicitation_sep1330_enums", description: "Asks with each form of an enum") { call in
        let values = ["option1", "option2", "option3"]
        func options(_ values: [String], _ titles: [String]) -> [ElicitationForm.Option] { zip(values, titles).map { .init($0, title: $1) } }
        let named = options(["value1", "value2", "value3"], ["First Option", "Second Option", "Third Option"])
        let old = options(["opt1", "opt2", "opt3"], ["Option One", "Option Two", "Option Three"])
        let choices = options(["value1", "value2", "value3"], ["First Choice", "Second Choice", "Third Choice"])
        let form = ElicitationForm(
          .choice("untitledSingle", of: values, description: "One of them", required: false),
          .choice("titledSingle", of: named, description: "One of them", required: false),
          .legacyChoice("legacyEnum", of: old, description: "One of them", required: false),
          .choices("untitledMulti", of: values, description: "Some of them", required: false),
          .choices("titledMulti", of: choices, description: "Some of them", required: false))
        return ToolResult(text: "Elicitation completed: \(text(of: try await call.elicit("Please choose", form)))")
      })
  }

  private static func name(_ answer: ElicitationResult) -> String { answer["name"]?.string ?? "nobody" }

  static func text(of answer: ElicitationResult) -> String {
    "action=\(answer.action.rawValue), content=\(JSONValue.object(answer.content ?? JSONObject()).text)"
  }
}
