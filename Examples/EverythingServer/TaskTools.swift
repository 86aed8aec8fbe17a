import JSON
import MCP

/// Tools whose calls become tasks.
enum TaskTools {
  static func add(to server: Server) {
    server.add(
      Tool(
        name: "greet", description: "Greets",
        inputSchema: ["type": "object", "properties": ["name": ["type": "string"]], "required": ["name"]]
      ) { call in ToolResult(text: "Hello, \(call.string("name") ?? "")!") })
    server.add(
      Tool(
        name: "slow_compute", description: "Takes its time",
        inputSchema: [
          "type": "object", "properties": ["seconds": ["type": "number", "minimum": 0], "label": ["type": "string"]], "required": ["seconds"],
        ], task: support(.optional)
      ) { call in
        try await Task.sleep(for: .seconds(min(call.double("seconds") ?? 0, 3600)))
        return ToolResult(text: "Computed \(call.string("label") ?? "nothing in particular").")
      })
    server.add(
      Tool(name: "failing_job", description: "Fails after a second", task: support(.required)) { _ in
        try await Task.sleep(for: .seconds(1))
        return .error("The job failed, as it always does.")
      })
    server.add(
      Tool(name: "protocol_error_job", description: "Ends with a protocol error", task: support(.optional)) { _ in
        throw RPCError(.internalError, "The job broke, as it always does.")
      })
    server.add(
      Tool(
        name: "confirm_delete", description: "Asks before it deletes",
        inputSchema: ["type": "object", "properties": ["filename": ["type": "string"]], "required": ["filename"]], task: support(.optional)
      ) { call in
        let file = call.string("filename") ?? ""
        let answer = try await call.elicit("Delete \(file)?", ElicitationForm(.boolean("confirm")), key: "confirm")
        return ToolResult(text: answer["confirm"]?.bool == true ? "Deleted \(file)." : "Kept \(file).")
      })
    server.add(
      Tool(name: "multi_input", description: "Asks two questions at once", task: support(.optional)) { call in
        let form = ElicitationForm(.string("name"), .boolean("confirm", required: false))
        let answers = try await call.ask([Elicitation("First?", form, key: "first"), Elicitation("Second?", form, key: "second")])
        return ToolResult(text: answers.map { $0["name"]?.string ?? "-" }.joined(separator: " and "))
      })
    var late = support(.required)
    late.startsAtOnce = false
    server.add(
      Tool(name: "test_tool_with_task", description: "Asks for a name, then goes on as a task", task: late) { call in
        let user = try await call.elicit("What is your name?", Samples.name, key: "user_name")
        try await call.continueAsTask("Greeting")
        return ToolResult(text: "Hello, \(user["name"]?.string ?? "nobody")!")
      })
  }

  private static func support(_ support: TaskSupport) -> TaskSupport {
    var support = support
    support.pollInterval = 200
    return support
  }
}
